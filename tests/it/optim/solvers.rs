//! Solvers and update rules stop for the reason they name, never end worse than they began, and agree.

use approx::{assert_abs_diff_eq, assert_relative_eq};
use logit::nn::{BinaryCrossEntropy, Layer, Loss, Targets};
use logit::optim::{
    Decay, Evaluation, HasHessian, HessianProduct, LevenbergMarquardt, MinimizeResult, Newton, NewtonCg,
    Objective, Optimizer, Step,
};
use logit::prelude::*;
use logit::report::NonFinite;
use logit::{
    Activation, Adam, Error, FitReport, Lbfgs, LogisticRegression, MlpClassifier, Penalty, Real, Rng, Sgd,
    Solver, StopReason, data,
};
use nalgebra::{DMatrix, DVector};

const SOLVERS: [Solver; 2] = [Solver::Newton, Solver::Lbfgs];

fn normal(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    let mut rng = Rng::new(seed);
    DMatrix::from_fn(rows, columns, |_, _| rng.standard_normal())
}

/// The largest entry of the gradient of mean cross-entropy plus λ/2 ‖w‖², written down once more: from the
/// probabilities of a model and its coefficients.
fn steepness(p: &DMatrix<f64>, w: &DMatrix<f64>, (x, y): (&DMatrix<f64>, &[usize]), lambda: f64) -> f64 {
    let n = x.nrows() as f64;
    let residuals =
        DMatrix::from_fn(p.nrows(), p.ncols(), |row, k| p[(row, k)] - f64::from(u8::from(y[row] == k)));
    let residuals = residuals.columns(p.ncols() - w.ncols(), w.ncols()).into_owned();
    let slopes = x.transpose() * &residuals / n + w * lambda;
    slopes.amax().max(residuals.row_sum().amax() / n)
}

/// Convergence is certified: the gradient, computed independently, is within the tolerance.
#[test]
fn converged_means_that_the_gradient_is_small() {
    let iris = data::iris();
    let species: Vec<usize> = (0..150).map(|row| row / 50).collect();
    let late: Vec<usize> = (0..150).map(|row| usize::from(row >= 100)).collect();
    let (mut converged, mut not) = (0, 0);
    for (y, scale) in [(&species, 1.0), (&late, 1.0), (&species, 1e3), (&late, 1e-3)] {
        let x = &iris.x * scale;
        for (solver, lambda) in SOLVERS.into_iter().flat_map(|s| [0.0, 1e-6, 0.01, 1.0].map(|l| (s, l))) {
            for (tolerance, limit) in [(1e-2, 100), (1e-5, 5), (1e-8, 1000), (1e-12, 1000), (1e-15, 50)] {
                let model = LogisticRegression::new(Penalty::l2(lambda)).solver(solver).tolerance(tolerance);
                let model = model.max_iterations(limit).fit(&x, y).expect("good data");
                let report = model.report();
                let p = model.predict_proba(&x).expect("good data");
                let own = steepness(&p, model.coefficients(), (&x, y), lambda);
                let rounding = 1e-15 * x.amax().max(1.0);
                let told = report.gradient_norm.expect("measured on all rows");
                assert!((own - told).abs() <= 10.0 * rounding, "{own:e}, not {told:e}");
                match report.stop {
                    StopReason::Converged => {
                        let limited = report.rounding_limit.is_some();
                        // The gradient of a column is at most the decrement times half of the column's size.
                        let unit = if scale > 1.0 { 0.5 * x.amax() } else { 1.0 };
                        assert!(limited || told.max(own) <= tolerance * unit + rounding, "{own:e}, {told:e}")
                    }
                    StopReason::IterationLimit => assert_eq!(report.iterations, limit),
                    StopReason::Stalled | StopReason::Separated => assert!(report.iterations <= limit),
                    other => panic!("{other:?}"),
                }
                // The decrement is at least the gradient of columns of this size.
                assert!(
                    report.converged() || told > 0.01 * tolerance || report.stop == StopReason::Separated
                );
                *(if report.converged() { &mut converged } else { &mut not }) += 1;
            }
        }
    }
    assert!(converged > 60 && not > 30, "{converged} and {not}");
}

#[test]
fn a_network_that_converged_has_a_small_gradient() {
    let x = normal(90, 3, 54);
    let y: Vec<usize> =
        (0..90).map(|row| usize::from(x[(row, 0)] * x[(row, 1)] + 0.3 * x[(row, 2)] > 0.0)).collect();
    for tolerance in [1e-3, 1e-6, 1e-9] {
        let network = MlpClassifier::new([4]).activation(Activation::Tanh).l2(0.01).seed(3);
        let model = network.optimizer(Lbfgs::new().tolerance(tolerance)).fit(&x, &y).expect("good data");
        assert!(model.report().converged(), "{}", model.report());
        let network = model.network();
        let mut tape = network.tape(90);
        network.forward(model.params(), &x, &mut tape);
        let (scores, out) = tape.split();
        let loss =
            BinaryCrossEntropy.mean_and_gradient(scores, Targets::Classes(&y), None, out).expect("valid");
        let mut gradient = vec![0.0; model.params().len()];
        network.backward(model.params(), &x, &mut tape, &mut gradient, None);
        let mut penalty = 0.0;
        for index in (0..12).chain(16..20) {
            gradient[index] += 0.01 * model.params()[index];
            penalty += 0.005 * model.params()[index].powi(2);
        }
        let own = gradient.iter().fold(0.0, |max: f64, g| max.max(g.abs()));
        assert!(own <= tolerance + 1e-15, "{own:e}");
        assert_relative_eq!(model.report().objective, loss + penalty, max_relative = 1e-14);
    }
}

#[test]
fn running_out_of_iterations_is_counted_and_reported() {
    let iris = data::iris();
    for (solver, limit) in SOLVERS.into_iter().flat_map(|s| [1, 2, 3, 4].map(|l| (s, l))) {
        let model =
            LogisticRegression::new(Penalty::c(1.0)).solver(solver).tolerance(1e-15).max_iterations(limit);
        let model = model.fit(&iris.x, &iris.y).expect("a model");
        let report = model.report();
        assert_eq!((report.stop, report.iterations), (StopReason::IterationLimit, limit));
        assert_eq!(report.objective_curve.len(), limit);
        assert!(report.gradient_norm > Some(1e-6));
    }
}

/// Functions that make line searches fail.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hostile {
    /// The gradient points uphill.
    Uphill,
    /// The gradient has nothing to do with the value.
    Unrelated,
    /// No number beyond a wall close to the start.
    Wall,
    /// Infinite everywhere but at the start.
    Spike,
    /// Falls for ever.
    Bottomless,
    /// Steps instead of slopes.
    Stairs,
    /// Finite value, no number for a gradient.
    NoGradient,
}
const HOSTILE: [Hostile; 7] = [
    Hostile::Uphill,
    Hostile::Unrelated,
    Hostile::Wall,
    Hostile::Spike,
    Hostile::Bottomless,
    Hostile::Stairs,
    Hostile::NoGradient,
];
const START: [f64; 2] = [1.0, -2.0];

impl Hostile {
    fn value(&self, p: &[f64], gradient: &mut [f64]) -> f64 {
        let bowl = p[0] * p[0] + 3.0 * p[1] * p[1];
        gradient.copy_from_slice(&[2.0 * p[0], 6.0 * p[1]]);
        match self {
            Hostile::Uphill => gradient.iter_mut().for_each(|g| *g = -*g),
            Hostile::Unrelated => gradient.copy_from_slice(&[(1e3 * p[1]).sin(), (1e3 * p[0]).cos()]),
            Hostile::Wall if p[1] > -1.99 => return f64::NAN,
            Hostile::Spike if p != START => return f64::INFINITY,
            Hostile::NoGradient => gradient.fill(f64::NAN),
            Hostile::Stairs => return bowl.floor(),
            Hostile::Bottomless => {
                gradient.copy_from_slice(&[-1.0, -1.0]);
                return -p[0] - p[1];
            }
            Hostile::Wall | Hostile::Spike => {}
        }
        bowl
    }
}
impl Objective<f64> for Hostile {
    fn parameter_count(&self) -> usize {
        2
    }
    fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
        Evaluation::of(self.value(p, gradient), gradient)
    }
}
impl HasHessian<f64> for Hostile {
    fn hessian(&mut self, p: &[f64], hessian: &mut DMatrix<f64>) {
        let h = if *self == Hostile::Unrelated { -p[0] } else { 2.0 };
        hessian.copy_from_slice(&[h, 0.0, 0.0, 6.0]);
    }
}
impl HessianProduct<f64> for Hostile {
    fn linearize(&mut self, _p: &[f64]) {}
    fn hessian_product(&mut self, v: &[f64], out: &mut [f64]) {
        let h = if *self == Hostile::Unrelated { -1.0 } else { 2.0 };
        out.copy_from_slice(&[h * v[0], 6.0 * v[1]]);
    }
}

#[test]
fn a_failed_line_search_returns_the_best_point_and_the_reason() {
    type Solve = fn(&mut Hostile) -> Result<MinimizeResult<f64>, Error>;
    let solves: [Solve; 3] = [
        |objective| Newton::new().max_iterations(50).minimize(objective, START.to_vec()),
        |objective| NewtonCg::new().max_iterations(50).minimize(objective, START.to_vec()),
        |objective| Lbfgs::new().max_iterations(50).minimize(objective, START.to_vec()),
    ];
    for (mut objective, solve) in HOSTILE.into_iter().flat_map(|o| solves.map(|s| (o, s))) {
        let start = objective.evaluate(&START, &mut [0.0; 2]).value;
        let MinimizeResult { params, report, .. } = solve(&mut objective).expect("a point and a reason");
        let name = format!("{objective:?}: {report}");
        let value = objective.evaluate(&params, &mut [0.0; 2]).value;
        assert!(params.iter().all(|p| p.is_finite()) && value <= start + 1e-14 * start.abs(), "{name}");
        assert_eq!(report.objective, value, "{name}");
        assert!(!report.converged() || objective == Hostile::Stairs, "{name}");
        assert!(report.iterations <= 50 && report.evaluations <= 2 * 62 * 51, "{name}");
        if objective == Hostile::NoGradient {
            assert_eq!((report.stop, report.iterations), (StopReason::Diverged, 0));
        }
    }
}

/// Counts evaluations of the objective inside.
struct Counting {
    inner: Hostile,
    evaluations: usize,
}

impl Objective<f64> for Counting {
    fn parameter_count(&self) -> usize {
        self.inner.parameter_count()
    }
    fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
        self.evaluations += 1;
        self.inner.evaluate(p, gradient)
    }
}
impl HasHessian<f64> for Counting {
    fn hessian(&mut self, p: &[f64], hessian: &mut DMatrix<f64>) {
        self.inner.hessian(p, hessian);
    }
}
impl HessianProduct<f64> for Counting {
    fn linearize(&mut self, p: &[f64]) {
        self.inner.linearize(p);
    }
    fn hessian_product(&mut self, v: &[f64], out: &mut [f64]) {
        self.inner.hessian_product(v, out);
    }
}

/// Also where line searches fail, steps are taken back, and an earlier point is returned than the one
/// evaluated last.
#[test]
fn the_report_counts_every_evaluation() {
    type Solve = fn(&mut Counting) -> Result<MinimizeResult<f64>, Error>;
    // Too small a tolerance for this arithmetic: runs end in a search that fails.
    let solves: [Solve; 4] = [
        |objective| Newton::new().tolerance(1e-300).minimize(objective, START.to_vec()),
        |objective| NewtonCg::new().tolerance(1e-300).minimize(objective, START.to_vec()),
        |objective| Lbfgs::new().tolerance(1e-300).max_iterations(300).minimize(objective, START.to_vec()),
        |objective| LevenbergMarquardt::new().tolerance(1e-300).minimize(objective, START.to_vec()),
    ];
    for (inner, solve) in HOSTILE.into_iter().flat_map(|o| solves.map(|s| (o, s))) {
        let mut objective = Counting { inner, evaluations: 0 };
        let report = solve(&mut objective).expect("a point and a reason").report;
        assert_eq!(report.evaluations, objective.evaluations, "{inner:?}: {report}");
    }
}

/// `&mut O` forwards everything to `O`.
#[test]
fn borrowed_objectives_answer_as_the_owned_ones() {
    struct Tells;
    impl Objective<f64> for Tells {
        fn parameter_count(&self) -> usize {
            1
        }
        fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
            gradient[0] = 2.0 * p[0];
            Evaluation::of(p[0] * p[0], gradient).optimality(0.25 * p[0].abs()).magnitude(1e3)
        }
    }
    impl HasHessian<f64> for Tells {
        fn hessian(&mut self, _p: &[f64], hessian: &mut DMatrix<f64>) {
            hessian[0] = 2.0;
        }
        fn is_exact(&self) -> bool {
            false
        }
    }
    fn answers(mut objective: impl HasHessian<f64>) -> (usize, Evaluation, f64, bool) {
        let evaluation = objective.evaluate(&[3.0], &mut [0.0]);
        let mut hessian = DMatrix::zeros(1, 1);
        objective.hessian(&[3.0], &mut hessian);
        (objective.parameter_count(), evaluation, hessian[0], objective.is_exact())
    }
    let wanted = answers(Tells);
    assert_eq!((wanted.1.value, wanted.1.optimality, wanted.1.magnitude), (9.0, 0.75, 1e3));
    assert_eq!(answers(&mut Tells), wanted);
    assert_eq!(answers(&mut &mut Tells), wanted);
    // The optimality that an objective names decides, not the largest entry of its gradient.
    let minimum = Lbfgs::new().tolerance(0.75).minimize(&mut Tells, vec![3.0]).expect("a start");
    assert_eq!((minimum.report.iterations, minimum.report.gradient_norm), (0, Some(0.75)));
}

/// Up to rounding.
fn assert_descends(report: &FitReport, start: f64) {
    let values = [&[start], report.objective_curve.as_slice(), &[report.objective]].concat();
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(values.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-13)), "{values:?}");
    assert!(report.objective <= lowest * (1.0 + 1e-13), "{values:?}");
}

#[test]
fn the_objective_never_rises_above_its_start() {
    let iris = data::iris();
    for scale in [1e-6, 1.0, 1e6] {
        let x = &iris.x * scale;
        for (solver, lambda) in SOLVERS.into_iter().flat_map(|s| [0.0, 1e-9, 0.1, 1e6].map(|l| (s, l))) {
            let model = LogisticRegression::new(Penalty::l2(lambda)).solver(solver).tolerance(1e-14);
            let model = model.max_iterations(200).fit(&x, &iris.y).expect("good data");
            assert_descends(model.report(), 3f64.ln());
        }
    }
    let network = MlpClassifier::new([5]).optimizer(Lbfgs::new().max_iterations(100));
    let start =
        network.clone().optimizer(Lbfgs::new().max_iterations(0)).fit(&iris.x, &iris.y).expect("good data");
    let model = network.fit(&iris.x, &iris.y).expect("good data");
    assert_descends(model.report(), start.report().objective);
}

#[test]
fn all_solvers_find_the_same_optimum() {
    for seed in 0..20 {
        let x = normal(20, 20, seed);
        let y: Vec<usize> = (0..20).map(|row| (row * 7 + seed as usize) % 3).collect();
        let (penalty, tight) = (Penalty::c(1.0), 1e-10);
        let newton = LogisticRegression::new(penalty).solver(Solver::Newton).tolerance(tight);
        let newton = newton.fit(&x, &y).expect("good data");
        let lbfgs = LogisticRegression::new(penalty).solver(Solver::Lbfgs).tolerance(tight);
        let lbfgs = lbfgs.fit(&x, &y).expect("good data");
        assert!(newton.report().converged() && lbfgs.report().converged());
        assert_abs_diff_eq!(newton.coefficients(), lbfgs.coefficients(), epsilon = 1e-8);
        assert_abs_diff_eq!(newton.intercept(), lbfgs.intercept(), epsilon = 1e-8);
        // Gradient descent on all rows; λ is 1/20 beside the mean.
        let descent = MlpClassifier::new([]).l2(0.05).optimizer(Sgd::new(0.5)).batch_size(20).epochs(2000);
        let descent = descent.fit(&x, &y).expect("good data");
        let weights = descent.weights(0).expect("one layer").into_owned();
        assert_abs_diff_eq!(weights, newton.coefficients(), epsilon = 1e-6);
        let biases = descent.biases(0).expect("one layer").into_owned();
        assert_abs_diff_eq!(biases, newton.intercept(), epsilon = 1e-6);
    }
}

/// The logistic loss of nine rows plus 9/2 ‖w‖², as a sum: (intercept, a, b).
struct NineRows {
    x: DMatrix<f64>,
    y: DVector<f64>,
    at: DMatrix<f64>,
}

impl NineRows {
    fn new() -> Self {
        let b = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0];
        let x = DMatrix::from_fn(9, 3, |row, column| [1.0, row as f64 - 4.0, b[row]][column]);
        let y = DVector::from_fn(9, |row, _| if row < 3 { 0.0 } else { 1.0 });
        NineRows { x, y, at: DMatrix::zeros(3, 3) }
    }
}

impl Objective<f64> for NineRows {
    fn parameter_count(&self) -> usize {
        3
    }
    fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
        let z = &self.x * DVector::from_column_slice(p);
        let residuals = z.map(|z| Activation::Sigmoid.evaluate(z).0) - &self.y;
        gradient.copy_from_slice((self.x.transpose() * residuals).as_slice());
        gradient.iter_mut().zip(p).skip(1).for_each(|(g, p)| *g += 9.0 * p);
        let softplus = |z: f64| z.max(0.0) + (-z.abs()).exp().ln_1p();
        let losses = z.zip_map(&self.y, |z, y| softplus(if y == 1.0 { -z } else { z }));
        Evaluation::of(losses.sum() + 4.5 * (p[1] * p[1] + p[2] * p[2]), gradient)
    }
}

impl HasHessian<f64> for NineRows {
    fn hessian(&mut self, p: &[f64], hessian: &mut DMatrix<f64>) {
        let z = &self.x * DVector::from_column_slice(p);
        let curvature = DMatrix::from_diagonal(&z.map(|z| Activation::Sigmoid.evaluate(z).1));
        hessian.copy_from(&(self.x.transpose() * curvature * &self.x));
        (1..3).for_each(|j| hessian[(j, j)] += 9.0);
    }
}

impl HessianProduct<f64> for NineRows {
    fn linearize(&mut self, p: &[f64]) {
        let mut hessian = DMatrix::zeros(3, 3);
        self.hessian(p, &mut hessian);
        self.at = hessian;
    }
    fn hessian_product(&mut self, v: &[f64], out: &mut [f64]) {
        out.copy_from_slice((&self.at * DVector::from_column_slice(v)).as_slice());
    }
}

/// From afar all p (1 - p) underflow, and with them the curvature of the intercept.
#[test]
fn solvers_find_the_optimum_from_afar() {
    // Newton's method with 60 digits.
    let wanted = [0.8923040566417846, 0.44464569317678837, 0.014575634329614503];
    for w in [0.0, 5.0, 10.0, 50.0, -50.0, 500.0] {
        let start = vec![w; 3];
        let newton =
            Newton::new().tolerance(1e-12).minimize(&mut NineRows::new(), start.clone()).expect("a start");
        let cg =
            NewtonCg::new().tolerance(1e-12).minimize(&mut NineRows::new(), start.clone()).expect("a start");
        let lbfgs = Lbfgs::new().tolerance(1e-12).minimize(&mut NineRows::new(), start).expect("a start");
        for minimum in [newton, cg, lbfgs] {
            assert!(minimum.report.converged(), "from {w}: {}", minimum.report);
            assert_abs_diff_eq!(minimum.params[..], wanted[..], epsilon = 1e-10);
        }
    }
}

#[test]
fn two_single_steps_of_newtons_method_are_one_run_of_two() {
    let steps = |count, start| {
        let newton = Newton::new().tolerance(1e-15).max_iterations(count);
        newton.minimize(&mut NineRows::new(), start).expect("a start").params
    };
    let (once, twice) = (steps(1, vec![0.0; 3]), steps(2, vec![0.0; 3]));
    assert_ne!(once, twice);
    assert_abs_diff_eq!(steps(1, once)[..], twice[..], epsilon = 1e-12);
}

fn step<T: Real>(rule: &dyn Optimizer<T>, number: u64, params: &mut [T], grad: &[T], state: &mut [T]) {
    let decayed = std::slice::from_ref(&(0..1));
    rule.step(Step::new(number, rule.learning_rate()).decayed(decayed), params, grad, state);
}

#[test]
fn adam_stays_sane_on_odd_gradients() {
    for epsilon in [1e-8, 0.0] {
        let adam = Adam::new(0.1).epsilon(epsilon);
        let (mut params, mut state) = ([0.7, -3.0], adam.state(2));
        (1..=1000).for_each(|t| step(&adam, t, &mut params, &[0.0, -0.0], &mut state));
        assert_eq!(params, [0.7, -3.0], "a gradient that is always zero moves nothing");
    }
    for g in [1e-3f64, -1.0, 1e6] {
        let (adam, mut params) = (Adam::new(0.1), [0.0]);
        step(&adam, 1, &mut params, &[g], &mut adam.state(1));
        assert_relative_eq!(-params[0], 0.1 * g.signum(), max_relative = 1e-5);
    }
    for t in [10_000_000, u64::from(u32::MAX), u64::MAX] {
        let (adam, mut params) = (Adam::new(0.1), [0.0]);
        step(&adam, t, &mut params, &[1.0], &mut adam.state(1));
        // All corrections are 1: 0.1 * 0.1 / √0.001.
        assert_relative_eq!(params[0], -0.01 / 0.001f64.sqrt(), max_relative = 1e-6);
    }
    // The square of the gradient is infinite.
    for decay in [Decay::None, Decay::Coupled(0.1), Decay::Decoupled(0.1)] {
        let adam = Adam::new(0.1).weight_decay(decay);
        let (mut params, mut state) = ([1f64], adam.state(1));
        (1..=50).for_each(|t| step(&adam, t, &mut params, &[if t == 3 { 1e200 } else { 0.5 }], &mut state));
        assert!(params[0].is_finite() && state[0].is_finite(), "{params:?}, {state:?}");
        let (mut params, mut state) = ([1f32], adam.state(1));
        (1..=50).for_each(|t| step(&adam, t, &mut params, &[if t == 3 { 1e30 } else { 0.5 }], &mut state));
        assert!(params[0].is_finite() && state[0].is_finite(), "{params:?}, {state:?}");
    }
}

/// The square of the gradient underflows, the gradient does not: without ε the ratio is infinite.
#[test]
fn adam_without_epsilon_survives_tiny_gradients() {
    let adam = Adam::new(0.1).epsilon(0.0);
    let (mut params, mut state) = ([1f64], adam.state(1));
    (1..=50).for_each(|t| step(&adam, t, &mut params, &[1e-170], &mut state));
    assert!(params[0].is_finite(), "{params:?}");
    let (mut params, mut state) = ([1f32], adam.state(1));
    (1..=50).for_each(|t| step(&adam, t, &mut params, &[1e-25], &mut state));
    assert!(params[0].is_finite(), "{params:?}");
}

#[test]
fn weight_decay_shrinks_weights_and_spares_biases() {
    let rules: [(&dyn Optimizer<f64>, f64); 3] = [
        (&Sgd::new(0.1).weight_decay(0.5), 2.0 * (1.0 - 0.05)),
        (&Adam::new(0.1).weight_decay(Decay::Decoupled(0.5)), 2.0 * (1.0 - 0.05)),
        (&Adam::new(0.1).weight_decay(Decay::Coupled(0.5)), 2.0 - 0.1),
    ];
    for (rule, weight) in rules {
        let mut params = [2.0, 2.0];
        step(rule, 1, &mut params, &[0.0, 0.0], &mut rule.state(2));
        assert_relative_eq!(params[0], weight, max_relative = 1e-7);
        assert_eq!(params[1], 2.0, "the bias");
    }
    // A column of zeros teaches nothing: its weight decays, while the bias finds the log-odds, ln 3.
    let network = MlpClassifier::new([]).optimizer(Sgd::new(0.5).weight_decay(0.5)).batch_size(4).epochs(400);
    let model = network.fit(&DMatrix::<f64>::zeros(4, 1), &[0, 1, 1, 1]).expect("good data");
    assert!(model.params()[0].abs() < 1e-30, "{:?}", model.params());
    assert_abs_diff_eq!(model.params()[1], 3f64.ln(), epsilon = 1e-12);
}

#[test]
fn divergence_stops_training_and_keeps_the_last_finite_parameters() {
    let mut rng = Rng::new(63);
    let x = DMatrix::from_fn(30, 2, |_, _| rng.standard_normal());
    let y: Vec<bool> = (0..30).map(|row| x[(row, 0)] + 0.1 * x[(row, 1)] > 0.0).collect();
    for hidden in [vec![], vec![5]] {
        let network = MlpClassifier::new(hidden).activation(Activation::Tanh).l2(0.01).batch_size(30);
        let network = network.optimizer(Sgd::new(1e6));
        let model = network.clone().epochs(10_000).fit(&x, &y).expect("a report instead of an error");
        let report = model.report();
        assert_eq!(report.stop, StopReason::Diverged);
        assert!((2..1000).contains(&report.iterations), "{report}");
        // One step an epoch, and the one that was seen to diverge counts as none.
        let divergence = report.divergence.expect("an account of it");
        assert_eq!(divergence.step as usize, report.iterations + 1);
        assert_eq!(
            (report.evaluations, report.objective_curve.len()),
            (report.iterations, report.iterations)
        );
        assert!(report.objective_curve.iter().all(|v| v.is_finite()));
        assert!(model.params().iter().all(|p| p.is_finite()));
        let early = network.clone().epochs(1).fit(&x, &y).expect("good data");
        assert_ne!(early.params(), model.params());
        // What is kept is from before the step that led out: that of the penalty, or the one before a bad
        // loss.
        let whole =
            if divergence.what == NonFinite::Loss { report.iterations - 1 } else { report.iterations };
        let until = network.epochs(whole).fit(&x, &y).expect("good data");
        assert_eq!((until.params(), until.report().stop), (model.params(), StopReason::IterationLimit));
    }
}
