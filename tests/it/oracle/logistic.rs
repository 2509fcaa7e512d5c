//! Optima of logistic regression: Newton's method in 80-bit arithmetic, checked there with scikit-learn and
//! statsmodels.

mod cases;
mod datasets;
mod inference;
mod robust;
mod separation;

use logit::prelude::*;
use logit::{FittedLogistic, Solver};

use self::cases::{Fit, Logistic};
use self::datasets::Dataset;
use crate::oracle::compare::Within;
use crate::oracle::json;

/// How close a solver has to come.
struct Demands {
    solver: Solver,
    /// On max|gradient| of the mean loss, for each unit of the largest entry of `x`, as its rounding is.
    tolerance: f64,
    /// Relative to the largest coefficient or intercept, or to 1.
    coefficients: f64,
    objective: f64,
    probabilities: f64,
}

/// A fit with the name and the weights of its rows.
struct Fitted<'a> {
    name: String,
    case: &'a Fit,
    data: &'a Dataset,
    weights: Option<Vec<f64>>,
    model: FittedLogistic<f64, usize>,
}

impl<'a> Fitted<'a> {
    fn new(case: &'a Fit, data: &'a Dataset, demands: &Demands) -> Self {
        let model = case.model(demands.solver, demands.tolerance * data.x.amax());
        let weights = case.weights(data);
        let model = match &weights {
            Some(weights) => model.fit_weighted(&data.x, &data.y, weights),
            None => model.fit(&data.x, &data.y),
        };
        let model = model.expect("a model");
        Fitted { name: case.name(demands.solver), case, data, weights, model }
    }

    /// The objective of the file as a mean over rows.
    fn wanted_objective(&self) -> f64 {
        let total = self.weights.as_ref().map_or(self.data.y.len() as f64, |weights| weights.iter().sum());
        self.case.objective / (self.case.c.unwrap_or(1.0) * total)
    }

    fn compare(&self, demands: &Demands) {
        let Fitted { name, case, model, .. } = self;
        let (found, wanted) = (model.report().objective, self.wanted_objective());
        Within::relative(demands.objective).one(format_args!("{name}, objective"), found, wanted);

        if case.unique_coef {
            self.compare_coefficients(demands);
        }

        let within = Within::relative(demands.probabilities);
        let wanted = json::matrix(&case.proba_first5);
        let found = model.predict_proba(&self.data.x.rows(0, wanted.nrows()).into_owned());
        within.matrix(format_args!("{name}, probabilities"), &found.expect("scores in range"), &wanted);
        let probabilities = model.predict_proba(&self.data.x).expect("scores in range");
        let sum = self.sum_of_losses(|row, class| probabilities[(row, class)].ln());
        within.one(format_args!("{name}, sum of losses"), sum, case.sum_loss);
    }

    fn compare_coefficients(&self, demands: &Demands) {
        let Fitted { name, case, model, .. } = self;
        let numbers = case.coef.iter().flatten().chain(&case.intercept);
        let largest = numbers.fold(1.0, |max: f64, number| max.max(number.abs()));
        let within = Within::relative(0.0).plus(demands.coefficients * largest);
        let wanted = json::matrix(&case.coef).transpose();
        within.matrix(format_args!("{name}, coefficients"), model.coefficients(), &wanted);
        within.all(format_args!("{name}, intercept"), model.intercept().as_slice(), &case.intercept);
    }

    /// The weighted sum over rows of minus the logarithm of the probability of the row's class.
    fn sum_of_losses(&self, log_probability: impl Fn(usize, usize) -> f64) -> f64 {
        let weight = |row| self.weights.as_ref().map_or(1.0, |weights| weights[row]);
        self.data.y.iter().enumerate().map(|(row, &class)| -weight(row) * log_probability(row, class)).sum()
    }
}

/// Fits all cases with an L2 penalty and all without a penalty and hands them over; or those with an L1
/// penalty.
fn each(demands: &Demands, mut check: impl FnMut(&Fitted<'_>)) {
    let Logistic { datasets, fits, unpenalised } = cases::read();
    let absolute = demands.solver == Solver::ProximalNewton;
    let has_absolute = |case: &&Fit| case.penalty == "l1" || case.penalty == "elasticnet";
    let chosen: Vec<&Fit> = fits.iter().filter(|case| has_absolute(case) == absolute).collect();
    assert_eq!((chosen.len(), fits.len(), unpenalised.len()), (if absolute { 30 } else { 60 }, 90, 6));
    let unpenalised = unpenalised.iter().filter(|_| !absolute);
    for case in chosen.into_iter().chain(unpenalised) {
        assert_eq!(case.c.is_none(), case.penalty == "none");
        let data = datasets[&case.dataset].load(&datasets);
        let data = if case.standardize { data.standardized() } else { data };
        check(&Fitted::new(case, &data, demands));
    }
}

/// Optima with absolute values, whose zeros have to be exact where the reference's are.
const PROXIMAL: Demands = Demands { solver: Solver::ProximalNewton, ..NEWTON };

#[test]
fn l1_and_elastic_net_fits_reach_every_optimum_to_eleven_digits() {
    let mut compared = 0;
    each(&PROXIMAL, |fitted| {
        let Fitted { name, case, model, .. } = fitted;
        assert!(model.report().converged(), "{name}: {}", model.report());
        fitted.compare(&PROXIMAL);
        if case.unique_coef {
            let wanted = json::matrix(&case.coef).transpose();
            let same = |(found, wanted): (&f64, &f64)| (*found == 0.0) == (*wanted == 0.0);
            assert!(model.coefficients().iter().zip(wanted.iter()).all(same), "{name}: other zeros");
        }
        let gap = model.report().duality_gap.expect("a gap");
        assert!(gap <= 1e-12 * model.report().objective.max(1.0), "{name}: gap {gap}");
        compared += 1;
    });
    assert_eq!(compared, 30);
}

const NEWTON: Demands = Demands {
    solver: Solver::Newton,
    tolerance: 1e-14,
    coefficients: 1e-11,
    objective: 5e-15,
    probabilities: 5e-10,
};

/// The way there decides which gradient within the tolerance a fit ends with, and the coefficients of large C
/// follow the gradient by its inverse curvature: hence the room.
const LBFGS: Demands = Demands {
    solver: Solver::Lbfgs,
    tolerance: 1e-11,
    coefficients: 1e-6,
    objective: 1e-13,
    probabilities: 1e-5,
};

#[test]
fn newtons_method_reaches_every_optimum_to_eleven_digits() {
    let mut compared = 0;
    each(&NEWTON, |fitted| {
        assert!(fitted.model.report().converged(), "{}: {}", fitted.name, fitted.model.report());
        fitted.compare(&NEWTON);
        compared += 1;
    });
    assert_eq!(compared, 66);
}

/// Among them data in raw units, with standard deviations from 0.003 to 570.
#[test]
fn lbfgs_reaches_the_same_optima() {
    let mut compared = 0;
    each(&LBFGS, |fitted| {
        assert!(fitted.model.report().converged(), "{}: {}", fitted.name, fitted.model.report());
        fitted.compare(&LBFGS);
        compared += 1;
    });
    assert_eq!(compared, 66);
}

const NEWTON_CG: Demands =
    Demands { solver: Solver::NewtonCg, tolerance: 1e-13, coefficients: 1e-8, probabilities: 1e-7, ..LBFGS };

#[test]
fn newton_with_conjugate_gradients_reaches_the_same_optima() {
    let mut compared = 0;
    each(&NEWTON_CG, |fitted| {
        assert!(fitted.model.report().converged(), "{}: {}", fitted.name, fitted.model.report());
        fitted.compare(&NEWTON_CG);
        compared += 1;
    });
    assert_eq!(compared, 66);
}

/// Compares the sum of losses by logarithms of probabilities for the cases with two classes or with more.
fn compare_log_probabilities(two_classes: bool) -> usize {
    let mut compared = 0;
    each(&NEWTON, |fitted| {
        if (fitted.model.classes().len() == 2) == two_classes {
            let logs = fitted.model.predict_log_proba(&fitted.data.x).expect("scores in range");
            assert_eq!(logs.shape(), (fitted.data.y.len(), fitted.model.classes().len()), "{}", fitted.name);
            let sum = fitted.sum_of_losses(|row, class| logs[(row, class)]);
            let name = format_args!("{}, sum of logarithms", fitted.name);
            Within::relative(NEWTON.probabilities).one(name, sum, fitted.case.sum_loss);
            compared += 1;
        }
    });
    compared
}

#[test]
fn log_probabilities_of_several_classes_sum_to_the_loss() {
    assert_eq!(compare_log_probabilities(false), 28);
}

#[test]
fn log_probabilities_of_two_classes_sum_to_the_loss() {
    assert_eq!(compare_log_probabilities(true), 38);
}
