//! The judge is judged: by `f64`, for good data.

use logit::{FittedLogistic, LogisticRegression, Penalty, Solver};
use nalgebra::{DMatrix, DVector};

use super::{Problem, Scores};
use crate::linear::kit::{Data, numbers, penalty};

/// Gradient and decrement agree with those of the definitions in `f64`, for good data.
#[test]
fn the_truth_is_that_of_the_definitions() {
    for (classes, l1, l2) in [(2, 0.0, 0.0), (3, 0.0, 0.0), (2, 0.0, 0.03), (5, 0.0, 0.03), (3, 0.02, 0.01)] {
        let data = Data::full(80, 3, classes, 91);
        // Not at the optimum, where both would be zero.
        let solver = if l1 > 0.0 { Solver::ProximalNewton } else { Solver::Lbfgs };
        let way = LogisticRegression::new(penalty(l1, l2)).solver(solver).max_iterations(2);
        let model = data.try_fit(&way).expect("good data");
        let problem = Problem {
            x: data.x.clone(),
            y: data.y.clone(),
            classes,
            weights: data.weights.clone(),
            offset: data.offset.clone(),
            l1: vec![l1; 3],
            l2: vec![l2; 3],
            jeffreys: false,
            intercept: true,
        };
        let (_, norm) = data.conditions(&model, &[l1; 3], &[l2; 3], true);
        for at in [Scores::OfCoefficients, Scores::OfPredictions] {
            let truth = problem.judge(&model, at, &[]);
            let what = format!("{classes} classes, {l1}, {l2}, {at:?}: {truth:?}");
            assert!((truth.gradient_norm / norm - 1.0).abs() < 1e-9, "{what}, wanted {norm:e}");
            assert!(truth.decrement_rounding < 1e-14 && truth.arithmetic < 1e-14, "{what}");
            if l1 == 0.0 {
                let wanted = plain_decrement(&problem, &model);
                assert!((truth.decrement / wanted - 1.0).abs() < 1e-7, "{what}, wanted {wanted:e}");
            }
        }
    }
}

/// √(gᵀH⁻¹g) from finite differences of the gradient of the definition, with the common shift of all score
/// columns fixed.
fn plain_decrement(problem: &Problem, model: &FittedLogistic<f64, usize>) -> f64 {
    let (features, columns) = model.coefficients().shape();
    let size = (features + 1) * columns;
    let at = |params: &[f64]| -> DVector<f64> {
        let slopes = DMatrix::from_column_slice(features, columns, &params[..features * columns]);
        let intercept = DVector::from_column_slice(&params[features * columns..]);
        let classes = (0..problem.classes).collect();
        let moved = FittedLogistic::from_coefficients(classes, slopes.clone(), intercept).expect("finite");
        let data = Data {
            x: problem.x.clone(),
            y: problem.y.clone(),
            weights: problem.weights.clone(),
            offset: problem.offset.clone(),
        };
        let (_, mut gradient, intercepts) = data.mean_loss(&moved);
        gradient += slopes * problem.l2[0];
        DVector::from_iterator(size, gradient.iter().chain(intercepts.iter()).copied())
    };
    let params = numbers(model);
    let mut hessian = DMatrix::zeros(size, size);
    const STEP: f64 = 1e-4;
    for i in 0..size {
        let moved = |step: f64| {
            let mut params = params.clone();
            params[i] += step;
            at(&params)
        };
        // Differences of the fourth order.
        let near = (moved(STEP) - moved(-STEP)) * (8.0 / (12.0 * STEP));
        let far = (moved(2.0 * STEP) - moved(-2.0 * STEP)) / (12.0 * STEP);
        hessian.set_column(i, &(near - far));
    }
    if columns > 1 {
        for (a, b) in (0..size).flat_map(|a| (0..size).map(move |b| (a, b))) {
            let term = |i: usize| if i < features * columns { i % features } else { features };
            if term(a) == term(b) {
                hessian[(a, b)] += 1.0;
            }
        }
    }
    let gradient = at(&params);
    let step = hessian.lu().solve(&gradient).expect("a regular matrix");
    gradient.dot(&step).sqrt()
}

/// The gradient with Jeffreys' penalty vanishes at its optimum, which other tests compare with references.
#[test]
fn the_gradient_of_jeffreys_penalty_vanishes_at_the_references() {
    for classes in [2, 3] {
        let data = Data::plain(60, 2, classes, 95);
        let model = data.fit(&LogisticRegression::new(Penalty::Jeffreys).tolerance(1e-11));
        let problem = Problem {
            x: data.x.clone(),
            y: data.y.clone(),
            classes,
            weights: None,
            offset: None,
            l1: vec![0.0; 2],
            l2: vec![0.0; 2],
            jeffreys: true,
            intercept: true,
        };
        let truth = problem.judge(&model, Scores::OfCoefficients, &[]);
        assert!(truth.decrement < 1e-9, "{classes} classes: {truth:?}");
        let without = Problem { jeffreys: false, ..problem };
        assert!(without.judge(&model, Scores::OfCoefficients, &[]).decrement > 1e-3);
    }
}
