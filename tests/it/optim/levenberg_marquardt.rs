//! The Levenberg-Marquardt method: known minima, singular and hostile objectives, and what its report
//! certifies.

use std::ops::ControlFlow;

use approx::assert_abs_diff_eq;
use logit::nn::{
    BinaryCrossEntropy, ClassificationLoss, Dense, Examples, Initializer, NetworkObjective, Sequential,
    SoftmaxCrossEntropy,
};
use logit::nn::{Loss, Targets};
use logit::optim::{Evaluation, HasHessian, LevenbergMarquardt, Newton, Objective};
use logit::prelude::*;
use logit::{Activation, MlpClassifier, StopReason};
use nalgebra::{DMatrix, DVector};

/// Residuals, and the rows of their derivatives.
type Residuals = fn(&[f64]) -> (Vec<f64>, Vec<Vec<f64>>);

/// Half the sum of squares of residuals.
struct Squares {
    residuals: Residuals,
    parameters: usize,
    evaluations: usize,
}

impl Squares {
    fn new(parameters: usize, residuals: Residuals) -> Self {
        Squares { residuals, parameters, evaluations: 0 }
    }

    fn jacobian(&self, p: &[f64]) -> (DVector<f64>, DMatrix<f64>) {
        let (residuals, rows) = (self.residuals)(p);
        let jacobian = DMatrix::from_fn(rows.len(), self.parameters, |i, j| rows[i][j]);
        (DVector::from_vec(residuals), jacobian)
    }
}

impl Objective<f64> for Squares {
    fn parameter_count(&self) -> usize {
        self.parameters
    }
    fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
        self.evaluations += 1;
        let (residuals, jacobian) = self.jacobian(p);
        gradient.copy_from_slice((jacobian.transpose() * &residuals).as_slice());
        Evaluation::of(0.5 * residuals.norm_squared(), gradient)
    }
}

impl HasHessian<f64> for Squares {
    fn hessian(&mut self, p: &[f64], hessian: &mut DMatrix<f64>) {
        let (_, jacobian) = self.jacobian(p);
        hessian.copy_from(&(jacobian.transpose() * jacobian));
    }
    fn is_exact(&self) -> bool {
        false
    }
}

fn rosenbrock(p: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    (vec![10.0 * (p[1] - p[0] * p[0]), 1.0 - p[0]], vec![vec![-20.0 * p[0], 10.0], vec![-1.0, 0.0]])
}

/// Singular at its minimum, 0.
fn powell(p: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (five, ten) = (5f64.sqrt(), 10f64.sqrt());
    let (a, b) = (p[1] - 2.0 * p[2], p[0] - p[3]);
    let residuals = vec![p[0] + 10.0 * p[1], five * (p[2] - p[3]), a * a, ten * b * b];
    let rows = vec![
        vec![1.0, 10.0, 0.0, 0.0],
        vec![0.0, 0.0, five, -five],
        vec![0.0, 2.0 * a, -4.0 * a, 0.0],
        vec![2.0 * ten * b, 0.0, 0.0, -2.0 * ten * b],
    ];
    (residuals, rows)
}

fn beale(p: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (x, y) = (p[0], p[1]);
    let term = |i: i32, c: f64| c - x * (1.0 - y.powi(i));
    let row = |i: i32| vec![-(1.0 - y.powi(i)), x * f64::from(i) * y.powi(i - 1)];
    (vec![term(1, 1.5), term(2, 2.25), term(3, 2.625)], vec![row(1), row(2), row(3)])
}

/// Minima at (1, 10, 1), (10, 1, -1) and wherever x = y and z = 0.
fn box3d(p: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let times = (1..=10).map(|i| 0.1 * f64::from(i));
    let row = |t: f64| {
        let c = (-t).exp() - (-10.0 * t).exp();
        let (a, b) = ((-t * p[0]).exp(), (-t * p[1]).exp());
        (a - b - p[2] * c, vec![-t * a, t * b, -c])
    };
    times.map(row).unzip()
}

#[test]
fn known_minima_are_found_and_certified() {
    type Case = (&'static str, Residuals, Vec<f64>, Vec<f64>, usize);
    let cases: [Case; 3] = [
        ("Rosenbrock", rosenbrock, vec![-1.2, 1.0], vec![1.0, 1.0], 50),
        ("Beale", beale, vec![1.0, 1.0], vec![3.0, 0.5], 50),
        ("Box", box3d, vec![0.0, 10.0, 20.0], vec![1.0, 10.0, 1.0], 50),
    ];
    for (name, residuals, start, wanted, limit) in cases {
        for damping in [0.0, 1e-3, 10.0] {
            let mut objective = Squares::new(start.len(), residuals);
            let method = LevenbergMarquardt::new().tolerance(1e-12).damping(damping);
            let minimum = method.minimize(&mut objective, start.clone()).expect("a start");
            let report = &minimum.report;
            assert!(report.converged() && report.iterations < limit, "{name}, {damping}: {report}");
            assert_eq!(report.evaluations, objective.evaluations, "{name}");
            let mut gradient = vec![0.0; start.len()];
            assert_eq!(report.objective, objective.evaluate(&minimum.params, &mut gradient).value, "{name}");
            let steepest = gradient.iter().fold(0.0, |max: f64, g| max.max(g.abs()));
            assert_eq!(report.gradient_norm, Some(steepest), "{name}");
            assert!(steepest <= 1e-12, "{name}");
            assert_abs_diff_eq!(minimum.params[..], wanted[..], epsilon = 1e-10);
            assert!(report.objective_curve.windows(2).all(|pair| pair[1] < pair[0]), "{name} rises");
        }
    }
}

/// Convergence is linear there; the tolerance is on the gradient, which is cubic in the distance.
#[test]
fn powells_singular_function_is_minimised_all_the_same() {
    let mut objective = Squares::new(4, powell);
    let start = vec![3.0, -1.0, 0.0, 1.0];
    let minimum =
        LevenbergMarquardt::new().tolerance(1e-15).minimize(&mut objective, start).expect("a start");
    assert!(minimum.report.converged() && minimum.report.iterations < 60, "{}", minimum.report);
    assert_abs_diff_eq!(minimum.params[..], [0.0; 4][..], epsilon = 1e-4);
    assert!(minimum.report.objective < 1e-19, "{}", minimum.report.objective);
}

/// A pure Gauss-Newton step solves a linear problem at once, whatever its units.
#[test]
fn linear_problems_take_one_step_without_damping() {
    let linear = |p: &[f64]| {
        let rows = vec![vec![1.0, 0.0], vec![1.0, 1e6], vec![1.0, 2e6]];
        let residual = |row: &Vec<f64>| row[0] * p[0] + row[1] * p[1] - if row[1] > 0.0 { 3.0 } else { 0.0 };
        (rows.iter().map(residual).collect(), rows)
    };
    let mut objective = Squares::new(2, linear);
    let method = LevenbergMarquardt::new().damping(0.0).tolerance(1e-6);
    let minimum = method.minimize(&mut objective, vec![5.0, 5.0]).expect("a start");
    assert!(minimum.report.converged() && minimum.report.iterations <= 2, "{}", minimum.report);
    assert_abs_diff_eq!(minimum.params[0], 0.5, epsilon = 1e-9);
    assert_abs_diff_eq!(minimum.params[1], 1.5e-6, epsilon = 1e-15);
}

/// Steps do not depend on the units of the parameters: with powers of two, to the bit.
#[test]
fn other_units_give_the_same_steps() {
    const UNIT: f64 = 1048576.0;
    let scaled = |p: &[f64]| {
        let (residuals, rows) = rosenbrock(&[p[0], p[1] * UNIT]);
        (residuals, rows.into_iter().map(|row| vec![row[0], row[1] * UNIT]).collect())
    };
    let run = |residuals: Residuals, start: Vec<f64>| {
        let method = LevenbergMarquardt::new().max_iterations(8);
        method.minimize(&mut Squares::new(2, residuals), start).expect("a start")
    };
    let (plain, other) = (run(rosenbrock, vec![-1.2, 1.0]), run(scaled, vec![-1.2, 1.0 / UNIT]));
    assert_eq!(plain.report.objective_curve, other.report.objective_curve);
    assert_eq!((plain.params[0], plain.params[1]), (other.params[0], other.params[1] * UNIT));
}

/// Two parameters of which only the sum matters, and one that does not matter at all.
#[test]
fn singular_matrices_do_no_harm() {
    let singular = |p: &[f64]| {
        let sum = p[0] + p[1];
        (vec![sum.exp() - 2.0, sum - 0.5], vec![vec![sum.exp(), sum.exp(), 0.0], vec![1.0, 1.0, 0.0]])
    };
    for damping in [0.0, 1e-3] {
        let mut objective = Squares::new(3, singular);
        let method = LevenbergMarquardt::new().tolerance(1e-11).damping(damping);
        let minimum = method.minimize(&mut objective, vec![0.0, 3.0, 7.0]).expect("a start");
        assert!(minimum.report.converged() && minimum.report.iterations < 30, "{}", minimum.report);
        assert_eq!(minimum.params[2], 7.0, "there is no reason to move it");
        assert_eq!(minimum.report.hessian_condition, Some(f64::INFINITY));
    }
}

/// Mean loss of a linear model plus a penalty, with the curvature of the loss in the middle.
struct Linear<'a> {
    loss: &'a dyn Loss<f64>,
    x: DMatrix<f64>,
    classes: Vec<usize>,
    columns: usize,
}

impl Linear<'_> {
    fn scores(&self, p: &[f64]) -> DMatrix<f64> {
        &self.x * DMatrix::from_column_slice(self.x.ncols(), self.columns, p)
    }
}

impl Objective<f64> for Linear<'_> {
    fn parameter_count(&self) -> usize {
        self.x.ncols() * self.columns
    }
    fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
        let scores = self.scores(p);
        let mut slopes = scores.clone();
        let targets = Targets::Classes(&self.classes);
        let value = self.loss.mean_and_gradient(&scores, targets, None, &mut slopes).expect("valid targets");
        gradient.copy_from_slice((self.x.transpose() * slopes).as_slice());
        gradient.iter_mut().zip(p).for_each(|(g, p)| *g += 0.02 * p);
        Evaluation::of(value + 0.01 * p.iter().map(|p| p * p).sum::<f64>(), gradient)
    }
}

impl HasHessian<f64> for Linear<'_> {
    fn hessian(&mut self, p: &[f64], hessian: &mut DMatrix<f64>) {
        let (scores, width) = (self.scores(p), self.x.ncols());
        hessian.fill(0.0);
        let mut block = DMatrix::zeros(self.columns, self.columns);
        for row in 0..self.x.nrows() {
            let targets = Targets::Classes(&self.classes);
            assert!(self.loss.curvature(&scores, targets, row, &mut block));
            for (a, b) in (0..self.columns).flat_map(|a| (0..self.columns).map(move |b| (a, b))) {
                for (i, j) in (0..width).flat_map(|i| (0..width).map(move |j| (i, j))) {
                    hessian[(a * width + i, b * width + j)] +=
                        block[(a, b)] * self.x[(row, i)] * self.x[(row, j)] / self.x.nrows() as f64;
                }
            }
        }
        (0..hessian.nrows()).for_each(|i| hessian[(i, i)] += 0.02);
    }
}

#[test]
fn logistic_regression_agrees_with_newtons_method() {
    let x = DMatrix::from_fn(40, 3, |i, j| if j == 0 { 1.0 } else { ((i * (j + 2) * 7) % 11) as f64 - 5.0 });
    for classes in [2, 3] {
        let loss: &dyn Loss<f64> =
            if classes == 2 { &BinaryCrossEntropy } else { &SoftmaxCrossEntropy::new() };
        let labels = (0..40).map(|i| (i * i + 1) % classes).collect();
        let mut objective =
            Linear { loss, x: x.clone(), classes: labels, columns: loss.score_columns(classes) };
        let start = vec![0.5; objective.parameter_count()];
        let newton = Newton::new().tolerance(1e-13).minimize(&mut objective, start.clone()).expect("a start");
        let found =
            LevenbergMarquardt::new().tolerance(1e-13).minimize(&mut objective, start).expect("a start");
        assert!(newton.report.converged() && found.report.converged(), "{}", found.report);
        assert!(found.report.iterations < 15, "{}", found.report);
        assert_abs_diff_eq!(newton.params[..], found.params[..], epsilon = 1e-10);
    }
}

/// σ(p)² and similar objectives, each with a defect.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hostile {
    /// Infinite beyond 2: the first full step lands there.
    Wall,
    /// NaN beyond 2.
    Hole,
    /// Lowest beyond 2, where the gradient is NaN.
    Torn,
    /// The curvature is NaN.
    NoCurvature,
    /// The curvature is 0.
    Flat,
    /// The gradient points uphill.
    Uphill,
    /// The value does not change.
    Constant,
}

impl Hostile {
    /// Smallest at 1.9, and flat far from there, so that Gauss-Newton steps are too long.
    fn value(&self, p: &[f64], gradient: &mut [f64]) -> f64 {
        let away = p[0] - 1.9;
        let root = (1.0 + away * away).sqrt();
        gradient[0] = away / root;
        if p[0] > 2.0 && matches!(self, Hostile::Wall | Hostile::Hole) {
            gradient[0] = f64::NAN;
            return if *self == Hostile::Wall { f64::INFINITY } else { f64::NAN };
        }
        match self {
            Hostile::Torn if p[0] > 2.0 => {
                gradient[0] = f64::NAN;
                return 0.5;
            }
            Hostile::Uphill => gradient[0] = -gradient[0],
            Hostile::Constant => return 1.0,
            _ => {}
        }
        root
    }
}

impl Objective<f64> for Hostile {
    fn parameter_count(&self) -> usize {
        1
    }
    fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
        Evaluation::of(self.value(p, gradient), gradient)
    }
}

impl HasHessian<f64> for Hostile {
    fn hessian(&mut self, p: &[f64], hessian: &mut DMatrix<f64>) {
        let away = p[0] - 1.9;
        hessian[0] = match self {
            Hostile::NoCurvature => f64::NAN,
            Hostile::Flat => 0.0,
            _ => (1.0 + away * away).powf(-1.5),
        };
    }
}

#[test]
fn hostile_objectives_end_no_higher_than_they_began() {
    use Hostile::*;
    for mut objective in [Wall, Hole, Torn, NoCurvature, Flat, Uphill, Constant] {
        for damping in [0.0, 1e-3] {
            let start = objective.evaluate(&[-3.0], &mut [0.0]).value;
            let method = LevenbergMarquardt::new().damping(damping).max_iterations(100);
            let minimum = method.minimize(&mut objective, vec![-3.0]).expect("a start");
            let report = &minimum.report;
            assert!(report.objective <= start && minimum.params[0].is_finite(), "{objective:?}: {report}");
            assert_eq!(report.objective, objective.evaluate(&minimum.params, &mut [0.0]).value);
            if matches!(objective, Uphill | Constant) {
                assert_eq!((report.stop, minimum.params[0]), (StopReason::Stalled, -3.0), "{objective:?}");
                assert!(report.evaluations <= 42, "{report}");
            } else {
                assert!(report.converged(), "{objective:?}: {report}");
                assert_abs_diff_eq!(minimum.params[0], 1.9, epsilon = 1e-7);
            }
        }
    }
    let diverged = LevenbergMarquardt::new().minimize(&mut Wall, vec![3.0]).expect("a start");
    assert_eq!((diverged.report.stop, diverged.report.iterations), (StopReason::Diverged, 0));
}

#[test]
fn limits_and_observers_stop_it_where_it_is() {
    let start = vec![-1.2, 1.0];
    let mut objective = Squares::new(2, rosenbrock);
    let none = LevenbergMarquardt::new().max_iterations(0).minimize(&mut objective, start.clone()).unwrap();
    assert_eq!((none.params, none.report.stop), (start.clone(), StopReason::IterationLimit));
    assert_eq!((none.report.evaluations, none.report.hessian_condition), (1, None));
    let three = LevenbergMarquardt::new().max_iterations(3).minimize(&mut objective, start.clone()).unwrap();
    assert_eq!((three.report.iterations, three.report.stop), (3, StopReason::IterationLimit));
    let mut seen = Vec::new();
    let cancelled =
        LevenbergMarquardt::new().minimize_observed(&mut objective, start.clone(), &mut |progress| {
            seen.push(progress.objective);
            if progress.iteration == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    let cancelled = cancelled.unwrap();
    assert_eq!(cancelled.report.stop, StopReason::Cancelled);
    assert_eq!((cancelled.params, seen), (three.params, three.report.objective_curve));
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let refuse = |method: LevenbergMarquardt| {
        method.minimize(&mut Squares::new(2, rosenbrock), vec![0.0; 2]).expect_err("out of range").to_string()
    };
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(refuse(LevenbergMarquardt::new().tolerance(bad)).contains("`tolerance`"));
    }
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(refuse(LevenbergMarquardt::new().damping(bad)).contains("`damping`"));
    }
    let mut objective = Squares::new(2, rosenbrock);
    assert!(LevenbergMarquardt::new().minimize(&mut objective, vec![0.0; 3]).is_err());
    assert!(LevenbergMarquardt::new().minimize(&mut objective, vec![0.0, f64::NAN]).is_err());
}

#[test]
fn single_precision_has_its_own_tolerance() {
    struct Valley;
    impl Objective<f32> for Valley {
        fn parameter_count(&self) -> usize {
            1
        }
        fn evaluate(&mut self, p: &[f32], gradient: &mut [f32]) -> Evaluation {
            let (value, slope) = (Activation::Tanh.evaluate(f64::from(p[0])), 0.3);
            gradient[0] = ((value.0 - slope) * value.1) as f32;
            Evaluation::of(0.5 * (value.0 - slope).powi(2), gradient)
        }
    }
    impl HasHessian<f32> for Valley {
        fn hessian(&mut self, p: &[f32], hessian: &mut DMatrix<f32>) {
            hessian[0] = (Activation::Tanh.evaluate(f64::from(p[0])).1 as f32).powi(2);
        }
    }
    let minimum = LevenbergMarquardt::new().minimize(&mut Valley, vec![2.0]).expect("a start");
    assert!(minimum.report.converged(), "{}", minimum.report);
    assert!((f64::from(minimum.params[0]) - 0.3f64.atanh()).abs() < 1e-4);
}

/// The damping that a flat region asked for is forgotten once steps no longer move: of the networks that the
/// method leaves as stalled, none has a step against the gradient that is better.
#[test]
fn a_stall_is_said_only_where_no_step_against_the_gradient_is_better() {
    let (wine, cancer) = (logit::data::wine(), logit::data::breast_cancer());
    fn classes<L: Ord + Clone>(labels: &[L]) -> Vec<usize> {
        let sorted: std::collections::BTreeSet<L> = labels.iter().cloned().collect();
        labels.iter().map(|label| sorted.iter().position(|other| other == label).expect("a class")).collect()
    }
    let (of_wine, of_cancer) = (classes(&wine.y), classes(&cancer.y));
    let (mut stalled, mut all) = (0, 0);
    let mut seen = |x: &DMatrix<f64>, targets: Targets<'_, f64>, network: Sequential<Dense>, seed: u64| {
        let outputs = logit::nn::Shape::outputs(&network);
        let loss: ClassificationLoss =
            if outputs == 1 { BinaryCrossEntropy.into() } else { SoftmaxCrossEntropy::new().into() };
        let mut objective =
            NetworkObjective::new(&network, &loss, Examples::new(x, targets), 0.0).expect("an objective");
        let start = objective.initial(seed);
        let method = LevenbergMarquardt::new().floor(1.0).max_iterations(25);
        let found = method.minimize(&mut objective, start).expect("a result");
        all += 1;
        if found.report.stop != StopReason::Stalled {
            return;
        }
        stalled += 1;
        let mut gradient = vec![0.0; found.params.len()];
        let here = objective.evaluate(&found.params, &mut gradient);
        for power in -60..40 {
            let length = 2f64.powi(power);
            let moved: Vec<f64> = found.params.iter().zip(&gradient).map(|(p, g)| p - length * g).collect();
            let value = objective.evaluate(&moved, &mut vec![0.0; moved.len()]).value;
            let least = 1e-12 * here.value.abs().max(1.0);
            let better = value < here.value - least;
            assert!(!better, "seed {seed}: {} after 2^{power}, {}", value, found.report);
        }
    };
    for seed in 0..40 {
        let network = |sizes: &[usize], activation| Sequential::perceptron(sizes, activation).expect("sizes");
        seen(&wine.x, Targets::Classes(&of_wine), network(&[13, 3, 3], Activation::Relu), seed);
        seen(&wine.x, Targets::Classes(&of_wine), network(&[13, 2, 3], Activation::Sigmoid), seed);
        if seed < 8 {
            seen(&cancer.x, Targets::Classes(&of_cancer), network(&[30, 2, 1], Activation::Relu), seed);
        }
        let xor = nalgebra::dmatrix![0.0, 0.0; 0.0, 1.0; 1.0, 0.0; 1.0, 1.0];
        let saturated = Sequential::new(vec![
            Dense::new(2, 3)
                .expect("sizes")
                .activation(Activation::Sigmoid)
                .initializer(Initializer::Orthogonal { gain: 1e3 }),
            Dense::new(3, 1).expect("sizes").initializer(Initializer::Orthogonal { gain: 1e3 }),
        ]);
        seen(&xor, Targets::Classes(&[0, 1, 1, 0]), saturated.expect("a network"), seed);
    }
    assert!(all == 128 && stalled < 20, "{stalled} of {all} stalled");
}

/// Any step along the gradient of the last biases is better than the point at which the method gave up.
#[test]
fn unscaled_columns_do_not_stall_it() {
    let wine = logit::data::wine();
    let network = |seed| MlpClassifier::new([3]).seed(seed).optimizer(LevenbergMarquardt::new());
    let model = network(2).fit(&wine.x, &wine.y).expect("a fit");
    assert!(model.report().converged(), "{}", model.report());
    assert_abs_diff_eq!(model.report().objective, 1.086038, epsilon = 1e-6);
}
