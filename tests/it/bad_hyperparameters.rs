//! Hyper-parameters out of range are rejected where they are used; the error has the name, the value and the
//! range.

use std::time::{Duration, Instant};

use logit::nn::{
    Activate, AnyLayer, BatchNorm, BinaryCrossEntropy, Dense, Dropout, Examples, Focal, Initializer, Layer,
    LayerNorm, Loss, NetworkObjective, PRelu, Residual, Sequential, Shape, SoftmaxCrossEntropy, Targets,
    TrainOptions, Trainer,
};
use logit::optim::{Clip, Decay, Evaluation, Newton, Objective, Optimizer};
use logit::prelude::*;
use logit::{
    Activation, Adam, Error, GradCheck, Lbfgs, LogisticRegression, MlpClassifier, Penalty, Real, Schedule,
    Sgd, Solver, StopReason, train_test_split,
};
use nalgebra::{DMatrix, dmatrix};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;
const BELOW_ZERO: [f64; 5] = [-1.0, -1e-300, NAN, INF, -INF];
const NOT_POSITIVE: [f64; 6] = [0.0, -1.0, -5e-324, NAN, INF, -INF];
const NO_FRACTION: [f64; 6] = [1.0, 1.5, -0.1, NAN, INF, -INF];

fn data<T: Real>() -> (DMatrix<T>, [u8; 6]) {
    let x = [0.0, 1.0, 2.0, 2.5, 3.0, 5.0, 1.0, 0.0, -1.0, 0.5, 2.0, 1.0].map(T::of);
    (DMatrix::from_column_slice(6, 2, &x), [0, 1, 0, 1, 0, 1])
}

/// The result of an estimator for both number types, which must agree.
#[track_caller]
fn refusal<E: Estimator<f32> + Estimator<f64>>(estimator: &E) -> String {
    let ((x32, y), (x64, _)) = (data::<f32>(), data::<f64>());
    let single = Estimator::<f32>::fit(estimator, &x32, &y).err().expect("must be refused for f32");
    let double = Estimator::<f64>::fit(estimator, &x64, &y).err().expect("must be refused for f64");
    assert_eq!(single.to_string(), double.to_string());
    double.to_string()
}

/// Every value of `values` is refused by name, with the value and the range.
#[track_caller]
fn assert_each_refused<E: Estimator<f32> + Estimator<f64>>(
    values: &[f64],
    build: impl Fn(f64) -> E,
    name: &str,
    requires: &str,
) {
    for &value in values {
        assert_eq!(refusal(&build(value)), format!("`{name}` is {value}, but must be {requires}"));
    }
}

const POSITIVE: &str = "finite and above 0";
const AT_LEAST_ZERO: &str = "finite and at least 0";
const FRACTION: &str = "at least 0 and below 1";

fn network() -> MlpClassifier {
    MlpClassifier::new([2]).epochs(2)
}

#[test]
fn logistic_regression_checks_penalty_and_tolerance() {
    for solver in [Solver::Auto, Solver::Newton, Solver::Lbfgs] {
        let with = |penalty| LogisticRegression::new(penalty).solver(solver);
        assert_each_refused(&BELOW_ZERO, |v| with(Penalty::l2(v)), "lambda", AT_LEAST_ZERO);
        assert_each_refused(&NOT_POSITIVE, |v| with(Penalty::c(v)), "C", POSITIVE);
        let tolerance = |v| with(Penalty::None).tolerance(v);
        assert_each_refused(&NOT_POSITIVE, tolerance, "tolerance", POSITIVE);
    }
}

/// The penalty λ = 1 / (C Σ u) of so small a C is infinite.
#[test]
fn a_c_whose_penalty_is_infinite_is_refused_by_name() {
    let (x, y) = data::<f64>();
    let error = LogisticRegression::new(Penalty::c(1e-320)).fit(&x, &y).expect_err("an infinite penalty");
    assert!(matches!(error, Error::InvalidParameter { name: "C", .. }), "{error}");
}

/// Beyond the range of `f32` a penalty is infinite; times a coefficient of zero it is no number, and no
/// optimum.
#[test]
fn a_penalty_beyond_single_precision_is_no_certificate_of_an_optimum() {
    let (x, y) = data::<f32>();
    for (solver, penalty) in [(Solver::Newton, Penalty::l2(1e39)), (Solver::Lbfgs, Penalty::c(1e-40))] {
        match LogisticRegression::new(penalty).solver(solver).fit(&x, &y) {
            Err(error) => assert!(matches!(error, Error::InvalidParameter { .. }), "{error}"),
            // Where all coefficients are zero the mean loss has a slope of 0.29.
            Ok(model) => assert!(
                model.coefficients().amax() > 0.0 || !model.report().converged(),
                "no step was taken: {}",
                model.report()
            ),
        }
    }
}

#[test]
fn networks_check_sizes_penalty_slope_and_fractions() {
    let whole = |name: &'static str, network: MlpClassifier| {
        assert_eq!(refusal(&network), format!("`{name}` is 0, but must be at least 1"));
    };
    whole("hidden", MlpClassifier::new([0]));
    whole("hidden", MlpClassifier::new([4, 0, 4]));
    whole("batch_size", network().batch_size(0));
    whole("epochs", network().epochs(0));
    whole("patience", network().patience(0));
    whole("accumulate", network().accumulate(0));
    whole("threads", network().threads(0));
    assert_each_refused(&NO_FRACTION, |v| network().dropout(v), "dropout", FRACTION);
    assert_each_refused(&BELOW_ZERO, |v| network().min_improvement(v), "min_improvement", AT_LEAST_ZERO);
    for clip in [Clip::norm(0.0), Clip::norm(NAN), Clip::value(-1.0), Clip::value(INF)] {
        assert!(refusal(&network().clip(clip)).contains("must be"), "{clip:?}");
    }
    for schedule in [Schedule::cosine(0), Schedule::exponential(NAN), Schedule::step(0, 0.5)] {
        assert!(refusal(&network().schedule(schedule.clone())).contains("must be"), "{schedule:?}");
    }
    for initializer in [Initializer::Uniform { low: 1.0, high: 1.0 }, Initializer::Constant(NAN)] {
        assert!(refusal(&network().initializer(initializer)).contains("must be"), "{initializer:?}");
        assert!(refusal(&network().bias_initializer(initializer)).contains("must be"), "{initializer:?}");
    }
    // A constant that `f32` cannot represent.
    let (x, y) = (DMatrix::from_fn(4, 2, |row, column| (row + column) as f32), [0, 1, 0, 1]);
    let large = network().epochs(1).bias_initializer(Initializer::Constant(1e39));
    let message = large.fit(&x, &y).unwrap_err().to_string();
    assert_eq!(message, format!("`constant` is {}, but must be finite in the number type", 1e39));
    assert!(large.fit(&x.map(f64::from), &y).is_ok());
    let wide = Initializer::Normal { mean: 0.0, standard_deviation: 1e39 };
    let message = network().initializer(wide).fit(&x, &y).unwrap_err().to_string();
    assert!(message.contains("all initial parameters are finite in the number type"), "{message}");
    let focal = refusal(&network().loss(Focal::new(NAN)));
    assert!(focal.contains("must be"), "{focal}");
    assert_each_refused(&BELOW_ZERO, |v| network().l2(v), "l2", AT_LEAST_ZERO);
    let leaky = |v| network().activation(Activation::LeakyRelu(v));
    assert_each_refused(&[NAN, INF, -INF], leaky, "slope", "finite");
    let held_out = |v| network().validation_fraction(v);
    assert_each_refused(&NO_FRACTION, held_out, "validation_fraction", "above 0 and below 1");
    assert_each_refused(&[0.0], held_out, "validation_fraction", "above 0 and below 1");
    let full_batch = MlpClassifier::new([2]).optimizer(Lbfgs::new()).validation_fraction(0.5);
    let message = "`validation_fraction` is 0.5, but must be absent for a minimiser, which has no epochs";
    assert_eq!(refusal(&full_batch), message);
}

#[test]
fn update_rules_are_checked_before_training() {
    let sgd = |rule: Sgd| network().optimizer(rule);
    let adam = |rule: Adam| network().optimizer(rule);
    assert_each_refused(&NOT_POSITIVE, |v| sgd(Sgd::new(v)), "learning_rate", POSITIVE);
    assert_each_refused(&NO_FRACTION, |v| sgd(Sgd::new(0.1).momentum(v)), "momentum", FRACTION);
    assert_each_refused(&BELOW_ZERO, |v| sgd(Sgd::new(0.1).weight_decay(v)), "weight_decay", AT_LEAST_ZERO);
    let nesterov = sgd(Sgd::new(0.1).nesterov(true));
    assert_eq!(refusal(&nesterov), "`momentum` is 0, but must be above 0 with nesterov");
    assert_each_refused(&NOT_POSITIVE, |v| adam(Adam::new(v)), "learning_rate", POSITIVE);
    assert_each_refused(&NO_FRACTION, |v| adam(Adam::new(0.1).beta1(v)), "beta1", FRACTION);
    assert_each_refused(&NO_FRACTION, |v| adam(Adam::new(0.1).beta2(v)), "beta2", FRACTION);
    assert_each_refused(&BELOW_ZERO, |v| adam(Adam::new(0.1).epsilon(v)), "epsilon", AT_LEAST_ZERO);
    for decay in [Decay::Coupled, Decay::Decoupled] {
        let decayed = |v| adam(Adam::new(0.1).weight_decay(decay(v)));
        assert_each_refused(&BELOW_ZERO, decayed, "weight_decay", AT_LEAST_ZERO);
    }
    // The limits themselves are in range.
    let (x, y) = data::<f64>();
    for rule in [
        Adam::new(1e-3).beta1(0.0).beta2(0.0).epsilon(0.0),
        Adam::new(1e-3).weight_decay(Decay::Coupled(0.0)),
    ] {
        adam(rule).fit(&x, &y).expect("in range");
    }
    sgd(Sgd::new(1e-300).momentum(0.0).weight_decay(0.0)).fit(&x, &y).expect("in range");
    assert!(Optimizer::<f32>::check(&Sgd::new(0.1).momentum(1.0)).is_err(), "also without an estimator");
}

/// (p - 3)^2 in every parameter, twice differentiable.
struct Bowl(usize);
impl Objective<f64> for Bowl {
    fn parameter_count(&self) -> usize {
        self.0
    }
    fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
        gradient.iter_mut().zip(params).for_each(|(g, p)| *g = 2.0 * (p - 3.0));
        Evaluation::of(params.iter().map(|p| (p - 3.0).powi(2)).sum(), gradient)
    }
}
impl logit::optim::HasHessian<f64> for Bowl {
    fn hessian(&mut self, _params: &[f64], hessian: &mut DMatrix<f64>) {
        hessian.fill_with_identity();
        *hessian *= 2.0;
    }
}

#[test]
fn minimisers_check_settings_and_starting_points() {
    for value in NOT_POSITIVE {
        let message = format!("`tolerance` is {value}, but must be finite and above 0");
        let lbfgs = Lbfgs::new().tolerance(value).minimize(&mut Bowl(2), vec![0.0; 2]);
        assert_eq!(lbfgs.expect_err("out of range").to_string(), message);
        let newton = Newton::new().tolerance(value).minimize(&mut Bowl(2), vec![0.0; 2]);
        assert_eq!(newton.expect_err("out of range").to_string(), message);
    }
    let no_memory = Lbfgs::new().memory(0);
    let error = no_memory.minimize(&mut Bowl(2), vec![0.0; 2]).expect_err("out of range");
    assert_eq!(error.to_string(), "`memory` is 0, but must be at least 1");
    assert_eq!(refusal(&network().optimizer(no_memory)), "`memory` is 0, but must be at least 1");
    for (start, message) in [
        (vec![0.0; 3], "`start` has 3 parameters, expected 2"),
        (vec![0.0, NAN], "column 0 of `start` is not finite at row 1 (NaN): remove or impute it first"),
    ] {
        let lbfgs = Lbfgs::new().minimize(&mut Bowl(2), start.clone()).expect_err("no start");
        let newton = Newton::new().minimize(&mut Bowl(2), start).expect_err("no start");
        assert_eq!([lbfgs.to_string(), newton.to_string()], [message, message]);
    }
    let nothing = Lbfgs::new().minimize(&mut Bowl(0), vec![]).expect("nothing to minimise");
    assert!(nothing.report.converged() && nothing.report.objective == 0.0);
    assert!(Newton::new().minimize(&mut Bowl(0), vec![]).expect("nothing to minimise").report.converged());
}

/// More memory than steps is enough. More memory than the machine has may be rejected, but does not panic.
#[test]
fn an_lbfgs_that_remembers_every_step_needs_no_more_memory_than_it_uses() {
    match Lbfgs::new().memory(usize::MAX).minimize(&mut Bowl(2), vec![0.0; 2]) {
        Err(error) => assert!(matches!(error, Error::InvalidParameter { name: "memory", .. }), "{error}"),
        Ok(minimum) => assert!(minimum.report.converged(), "{}", minimum.report),
    }
}

#[test]
fn no_iterations_leave_probabilities_of_exactly_one_half() {
    let (x, y) = data::<f64>();
    for solver in [Solver::Auto, Solver::Newton, Solver::Lbfgs] {
        let none = LogisticRegression::new(Penalty::c(1.0)).solver(solver).max_iterations(0);
        let model = none.fit(&x, &y).expect("a model");
        assert!(model.predict_proba(&x).expect("good data").iter().all(|&p| p == 0.5));
        assert_eq!(model.predict(&x).expect("good data"), [0; 6]);
        assert_eq!((model.report().stop, model.report().iterations), (StopReason::IterationLimit, 0));
        // Without a step nothing is separated yet, penalty or not.
        let free = LogisticRegression::new(Penalty::None).solver(solver).max_iterations(0);
        let free = free.fit(&x.columns(0, 1).into_owned(), &[0, 0, 1, 1, 1, 1]).expect("a model");
        assert_eq!(free.report().stop, StopReason::IterationLimit);
        let model = none.fit(&x, &["a", "b", "c", "d", "a", "b"]).expect("a model");
        assert!(model.predict_proba(&x).expect("good data").iter().all(|&p| p == 0.25));
        let single = none.fit(&x.map(|v| v as f32), &y).expect("a model");
        assert!(single.predict_proba(&x.map(|v| v as f32)).expect("good data").iter().all(|&p| p == 0.5));
    }
    let start = Lbfgs::new().max_iterations(0).minimize(&mut Bowl(2), vec![1.0, -0.5]).expect("a start");
    assert_eq!((start.params, start.report.stop), (vec![1.0, -0.5], StopReason::IterationLimit));
    assert_eq!((start.report.objective, start.report.gradient_norm), (16.25, Some(7.0)));
}

#[test]
fn layers_check_their_sizes() {
    let message = |layer: Result<Dense, Error>| layer.expect_err("out of range").to_string();
    assert_eq!(message(Dense::new(0, 3)), "`inputs` is 0, but must be at least 1");
    assert_eq!(message(Dense::new(3, 0)), "`outputs` is 0, but must be at least 1");
    for (inputs, outputs) in [(usize::MAX, 1), (1, usize::MAX), (usize::MAX / 8, 2), (usize::MAX, usize::MAX)]
    {
        let found = message(Dense::new(inputs, outputs));
        assert!(
            found.starts_with("`inputs x outputs` is ") && found.ends_with(", but must be addressable"),
            "{found}"
        );
    }
    let layer = Dense::new(2, 1).expect("valid sizes").initializer(Initializer::HeNormal);
    let error = layer.apply(&[0.0; 2], &dmatrix![1.0, 2.0]).expect_err("the bias is missing");
    assert_eq!(error.to_string(), "`params` has 2 parameters, expected 3");
    let error = layer.apply(&[0.0; 3], &dmatrix![1.0]).expect_err("a column is missing");
    assert_eq!(error.to_string(), "`x` has 1 column, expected 2");
}

/// Setters take everything; `Shape::check` refuses, also from the inside of chains, and everything that runs
/// a layer asks it.
#[test]
fn layer_settings_are_refused_where_layers_are_used() {
    let cases: [(AnyLayer, &str); 7] = [
        (
            BatchNorm::new(1).expect("a width").epsilon(0.0).into(),
            "`epsilon` is 0, but must be finite and above 0",
        ),
        (
            BatchNorm::new(1).expect("a width").momentum(1.5).into(),
            "`momentum` is 1.5, but must be from 0 to 1",
        ),
        (
            LayerNorm::new(1).expect("a width").epsilon(NAN).into(),
            "`epsilon` is NaN, but must be finite and above 0",
        ),
        (
            Dropout::new(1, 1.0).expect("a width").into(),
            "`probability` is 1, but must be at least 0 and below 1",
        ),
        (
            PRelu::new(1).expect("a width").initial_slope(INF).into(),
            "`initial_slope` is inf, but must be finite",
        ),
        (
            Activate::new(1, Activation::Elu(NAN)).expect("a width").into(),
            "`alpha` is NaN, but must be finite",
        ),
        (
            Dense::new(1, 1).expect("sizes").activation(Activation::LeakyRelu(NAN)).into(),
            "`slope` is NaN, but must be finite",
        ),
    ];
    let (x, targets) = (dmatrix![0.5; -1.0], Targets::Classes(&[0, 1]));
    for (bad, message) in cases {
        let inside = Sequential::<AnyLayer>::new(vec![bad.clone()]).and_then(Residual::new).expect("a block");
        let network = Sequential::<AnyLayer>::new(vec![inside.into()]).expect("a chain");
        let params = vec![0.5; network.parameter_count()];
        let fit = Trainer::new(Adam::new(0.1)).fit(
            &network,
            BinaryCrossEntropy,
            Examples::new(&x, targets),
            TrainOptions::default(),
        );
        let objective = NetworkObjective::new(&network, BinaryCrossEntropy, Examples::new(&x, targets), 0.0);
        let checked = GradCheck::new().layer(&network, &params, &x);
        let refusals = [
            bad.check().map_err(|error| error.to_string()),
            network.check().map_err(|error| error.to_string()),
            network.apply(&params, &x).map(drop).map_err(|error| error.to_string()),
            fit.map(drop).map_err(|error| error.to_string()),
            objective.map(drop).map_err(|error| error.to_string()),
            checked.map(drop).map_err(|mismatch| mismatch.to_string()),
        ];
        for (way, refusal) in refusals.into_iter().enumerate() {
            assert_eq!(refusal, Err(message.to_owned()), "{way}");
        }
    }
}

#[test]
fn chains_check_that_their_layers_fit() {
    let message = |chain: Result<Sequential<Dense>, Error>| chain.expect_err("no chain").to_string();
    let dense = |inputs, outputs| Dense::new(inputs, outputs).expect("valid sizes");
    let nothing = "`layers` has no entries: at least one is needed";
    assert_eq!(message(Sequential::new(vec![])), nothing);
    let gap = message(Sequential::new(vec![dense(2, 3), dense(4, 1)]));
    assert_eq!(gap, "layer 1 (Dense) has 4 inputs, but layer 0 (Dense) has 3 outputs: they must be equal");
    assert_eq!(message(Sequential::perceptron(&[], Activation::Relu)), nothing);
    assert_eq!(message(Sequential::perceptron(&[5], Activation::Relu)), nothing);
    let zero = message(Sequential::perceptron(&[5, 0, 2], Activation::Relu));
    assert_eq!(zero, "`outputs` is 0, but must be at least 1");
}

/// Each layer is addressable, but all of them together are not.
#[test]
fn a_network_that_no_memory_can_hold_is_refused() {
    let (x, y) = data::<f64>();
    let size = (isize::MAX as usize / 8).isqrt() - 2;
    let error = MlpClassifier::new([size; 3]).fit(&x, &y).expect_err("16 EiB of weights");
    assert!(matches!(error, Error::InvalidParameter { .. }), "{error}");
}

#[test]
fn splits_check_fraction_and_labels() {
    let y = [0, 0, 0, 1, 1, 1];
    let message = |y: &[i32], fraction| train_test_split(y, fraction, 1).expect_err("no split").to_string();
    for fraction in NO_FRACTION {
        let wanted = format!("`test_fraction` is {fraction}, but must be above 0 and below 1");
        assert_eq!(message(&y, fraction), wanted);
    }
    assert_eq!(message(&y, 0.0), "`test_fraction` is 0, but must be above 0 and below 1");
    assert_eq!(message(&[], 0.5), "`y` has no labels: at least one is needed");
    assert_eq!(
        message(&[7, 7], 0.5),
        "`y` contains only the class 7: a classifier needs rows of at least two classes"
    );
    let small =
        "cannot split off 2 of 4 rows: class -3 needs one for training and one for testing, but has 1";
    assert_eq!(message(&[1, 1, -3, 1], 0.5), small);
    // The smallest and largest fractions leave a row of every class on each side.
    for (fraction, test) in [(1e-300, 2), (0.999_999, 4)] {
        let split = train_test_split(&y, fraction, 1).expect("two of each class");
        assert_eq!((split.train.len(), split.test.len()), (6 - test, test));
    }
    let (x, y) = (data::<f64>().0, [0, 1, 1, 1, 1, 1]);
    let alone = network().validation_fraction(0.5).fit(&x, &y).expect_err("class 0 has one row").to_string();
    assert!(alone.starts_with("cannot split off 3 of 6 rows: class 0 needs one for training"), "{alone}");
}

#[test]
fn losses_name_the_row_whose_target_is_out_of_range() {
    let scores = dmatrix![0.0, 1.0; 2.0, 3.0];
    let message =
        |targets| SoftmaxCrossEntropy::new().mean(&scores, targets, None).expect_err("no target").to_string();
    assert_eq!(message(Targets::Classes(&[1])), "`targets` has 1 row, expected 2");
    let beyond = "target 2 at row 1: a class index must be below the number of classes";
    assert_eq!(message(Targets::Classes(&[1, 2])), beyond);
    let negative = dmatrix![0.0, 1.0; -0.5, 1.5];
    assert_eq!(
        message(Targets::Values(&negative)),
        "target -0.5 at row 1: a probability must be from 0 to 1"
    );
    let heavy = dmatrix![0.5, 0.75; 0.5, 0.5];
    assert_eq!(message(Targets::Values(&heavy)), "target 1.25 at row 0: a target row must sum to 1");
    let narrow = dmatrix![1.0; 1.0];
    assert_eq!(message(Targets::Values(&narrow)), "`targets` has 1 column, expected 2");
    let nan = dmatrix![0.5, 0.5; NAN, 0.5];
    assert_eq!(message(Targets::Values(&nan)), "target NaN at row 1: a probability must be from 0 to 1");
    let mut gradient = DMatrix::zeros(2, 3);
    let found =
        SoftmaxCrossEntropy::new().mean_and_gradient(&scores, Targets::Classes(&[0, 1]), None, &mut gradient);
    assert_eq!(found.expect_err("too wide").to_string(), "`gradient` has 3 columns, expected 2");
}

#[test]
fn a_score_out_of_range_names_its_row() {
    let x = dmatrix![0.0; 1e-3; 2e-3; 3e-3];
    let model = LogisticRegression::new(Penalty::c(1e9)).fit(&x, &[0, 1, 0, 1]).expect("good data");
    assert!(model.coefficients()[0] > 100.0);
    let error = model.predict(&dmatrix![0.0; 1e-3; 1e307]).expect_err("out of range");
    assert_eq!(error.to_string(), "the score of row 2 overflows the number type: rescale the columns of `x`");
}

/// Unusual values within the range do not make a fit hang.
#[test]
fn extreme_hyper_parameters_end_in_time() {
    let (x, y) = data::<f64>();
    let start = Instant::now();
    for solver in [Solver::Newton, Solver::Lbfgs] {
        for penalty in [1e-300, 1e300, f64::MAX, 5e-324].map(Penalty::l2) {
            let fit = LogisticRegression::new(penalty).solver(solver).tolerance(1e-300).fit(&x, &y);
            let model = fit.expect("in range");
            let report = model.report();
            assert!(
                !report.converged() || report.decrement <= Some(1e-300) || report.rounding_limit.is_some()
            );
            assert!(model.coefficients().iter().all(|w| w.is_finite()));
        }
    }
    for batch_size in [1, usize::MAX] {
        let model = network().batch_size(batch_size).patience(usize::MAX).fit(&x, &y).expect("in range");
        assert_eq!(model.report().iterations, 2);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
