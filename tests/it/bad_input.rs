//! Data that cannot be used is rejected with the cause, and no data makes a fit or a prediction panic.

use std::fmt::Debug;

use logit::nn::MlpOptimizer;
use logit::prelude::*;
use logit::{
    Adam, Error, FitOptions, FitReport, Label, Lbfgs, LogisticRegression, MlpClassifier, Penalty, Real, Rng,
    Sgd, Solver, StopReason,
};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

/// A model of either kind with its report, or the error.
type Fit<T, L> = Result<(Box<dyn Classifier<T, Label = L>>, FitReport), Error>;

/// The limit on iterations of every fit here.
const LIMIT: usize = 30;

/// The results of both estimators for the same data, with each of their solvers.
fn fits<T: Real, L: Label + 'static>(x: &DMatrix<T>, y: &[L], weights: Option<&[T]>) -> Vec<Fit<T, L>> {
    let logistic = |solver, penalty| -> Fit<T, L> {
        let model = LogisticRegression::new(penalty).solver(solver).max_iterations(LIMIT);
        let model = model.fit_with(x, y, {
            let mut options = FitOptions::new();
            options.weights = weights;
            options
        })?;
        let report = model.report().clone();
        Ok((Box::new(model), report))
    };
    let network = |optimizer: MlpOptimizer| -> Fit<T, L> {
        let network = match optimizer {
            // A minimiser has neither epochs nor batches, and refuses them.
            MlpOptimizer::FullBatch(_) => MlpClassifier::new([3]),
            _ => MlpClassifier::new([3]).epochs(5).batch_size(4),
        };
        let network = network.optimizer(optimizer);
        let model = network.fit_with(x, y, {
            let mut options = FitOptions::new();
            options.weights = weights;
            options
        })?;
        let report = model.report().clone();
        Ok((Box::new(model), report))
    };
    vec![
        logistic(Solver::Newton, Penalty::c(1.0)),
        logistic(Solver::Newton, Penalty::None),
        logistic(Solver::Lbfgs, Penalty::c(1.0)),
        logistic(Solver::Lbfgs, Penalty::None),
        network(Adam::new(0.01).into()),
        network(Sgd::new(0.1).momentum(0.9).into()),
        network(Lbfgs::new().max_iterations(LIMIT).into()),
    ]
}

/// Every fit must be refused with exactly this message.
#[track_caller]
fn assert_refused<T: Real, L: Label + 'static>(
    x: &DMatrix<T>,
    y: &[L],
    weights: Option<&[T]>,
    message: &str,
) {
    for fit in fits(x, y, weights) {
        match fit {
            Err(error) => assert_eq!(error.to_string(), message),
            Ok((_, report)) => panic!("accepted ({report}), not refused with: {message}"),
        }
    }
}

/// The messages of every method that takes rows.
fn messages<T: Real, L: Label>(model: &dyn Classifier<T, Label = L>, x: &DMatrix<T>, y: &[L]) -> [String; 5] {
    fn message<A: Debug>(result: Result<A, Error>) -> String {
        result.map_or_else(|error| error.to_string(), |ok| format!("no error but {ok:?}"))
    }
    [
        message(model.decision_function(x)),
        message(model.predict_proba(x)),
        message(model.predict_log_proba(x)),
        message(model.predict(x)),
        message(model.score(x, y)),
    ]
}

fn normal<T: Real>(rows: usize, columns: usize, seed: u64) -> DMatrix<T> {
    let mut rng = Rng::new(seed);
    DMatrix::from_fn(rows, columns, |_, _| T::of(rng.standard_normal()))
}

/// Labels 0, 1, ..., K - 1, 0, 1, ...
fn cyclic(rows: usize, classes: usize) -> Vec<usize> {
    (0..rows).map(|row| row % classes).collect()
}

fn non_finite_cells_are_named<T: Real>() {
    for (rows, columns, cell) in [(10, 3, (0, 0)), (1000, 50, (999, 49)), (10, 3, (4, 1))] {
        let good = normal::<T>(rows, columns, 1);
        let y = cyclic(rows, 2);
        let models = fits(&good, &y, None);
        for (bad, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
            let mut x = good.clone();
            x[cell] = T::of(bad);
            let (row, column) = cell;
            let message = format!(
                "column {column} of `x` is not finite at row {row} ({shown}): remove or impute it first"
            );
            assert_refused(&x, &y, None, &message);
            for model in &models {
                let (model, _) = model.as_ref().expect("good data");
                assert_eq!(messages(model.as_ref(), &x, &y), [(); 5].map(|()| message.clone()));
            }
        }
    }
}

#[test]
fn the_first_cell_that_is_not_finite_is_named_by_every_method() {
    non_finite_cells_are_named::<f64>();
    non_finite_cells_are_named::<f32>();
    // The first in the order of rows, though the other is first in memory.
    let x = dmatrix![0.0, f64::NAN; f64::INFINITY, 1.0];
    let message = "column 1 of `x` is not finite at row 0 (NaN): remove or impute it first";
    assert_refused(&x, &[0, 1], None, message);
}

#[test]
fn nothing_to_learn_from_is_refused() {
    assert_refused::<f64, bool>(&DMatrix::zeros(0, 3), &[], None, "`x` has no rows: at least one is needed");
    let y = cyclic(12, 2);
    assert_refused::<f32, _>(&DMatrix::zeros(12, 0), &y, None, "`x` has no columns: at least one is needed");
    assert_refused::<f64, bool>(&DMatrix::zeros(0, 0), &[], None, "`x` has no rows: at least one is needed");
}

#[test]
fn no_rows_to_predict_give_an_empty_result_of_the_right_shape() {
    for (classes, scores) in [(2, 1), (3, 3)] {
        for model in fits(&normal::<f64>(12, 3, 2), &cyclic(12, classes), None) {
            let (model, _) = model.expect("good data");
            let none = DMatrix::zeros(0, 3);
            assert_eq!(model.decision_function(&none).expect("no rows").shape(), (0, scores));
            assert_eq!(model.predict_proba(&none).expect("no rows").shape(), (0, classes));
            assert_eq!(model.predict_log_proba(&none).expect("no rows").shape(), (0, classes));
            assert!(model.predict(&none).expect("no rows").is_empty());
            let error = model.score(&none, &[]).expect_err("no rows have no share");
            assert_eq!(error.to_string(), "`y` has no labels: at least one is needed");
        }
    }
}

#[test]
fn one_class_is_refused_and_named() {
    let x = normal::<f64>(10, 3, 3);
    let message = "`y` contains only the class \"ham\": a classifier needs rows of at least two classes";
    assert_refused(&x.rows(0, 1).into_owned(), &["ham"], None, message);
    assert_refused(&x, &["ham"; 10], None, message);
    // Weights of zero leave one class.
    let y: Vec<&str> = (0..10).map(|row| if row % 2 == 0 { "ham" } else { "spam" }).collect();
    let weights: Vec<f64> = (0..10).map(|row| f64::from(u8::from(row % 2 == 0))).collect();
    assert_refused(&x, &y, Some(&weights), message);
}

#[test]
fn sizes_that_disagree_are_named_with_both_numbers() {
    let x = normal::<f64>(300, 2, 4);
    let y = cyclic(300, 2);
    assert_refused(&x, &y[1..], None, "`y` has 299 labels, expected 300");
    assert_refused(&x, &y, Some(&[1.0; 600]), "`weights` has 600 entries, expected 300");
    assert_refused(&x, &y, Some(&[1.0; 299]), "`weights` has 299 entries, expected 300");
    assert_refused(&x, &y, Some(&[]), "`weights` has 0 entries, expected 300");
}

#[test]
fn the_wrong_number_of_columns_is_refused_by_every_method() {
    let (x, y) = (normal::<f32>(20, 4, 5), cyclic(20, 3));
    for model in fits(&x, &y, None) {
        let (model, _) = model.expect("good data");
        let others = [x.columns(0, 3).into_owned(), normal(20, 5, 6), normal(20, 1, 7), normal(20, 0, 8)];
        for other in others.iter().chain([&x.transpose()]) {
            let columns = if other.ncols() == 1 { "column" } else { "columns" };
            let message = format!("`x` has {} {columns}, expected 4", other.ncols());
            let y = cyclic(other.nrows(), 3);
            assert_eq!(messages(model.as_ref(), other, &y), [(); 5].map(|()| message.clone()));
        }
        let error = model.score(&x, &y[..19]).expect_err("a label is missing");
        assert_eq!(error.to_string(), "`y` has 19 labels, expected 20");
        let mut unseen = y.clone();
        unseen[7] = 9;
        let error = model.score(&x, &unseen).expect_err("class 9 is new");
        assert_eq!(
            error.to_string(),
            "`y` contains the label 9 at row 7, which is not one of the model's 3 classes"
        );
    }
}

fn bad_weights_are_refused<T: Real>() {
    let (x, y) = (normal::<T>(6, 2, 9), cyclic(6, 2));
    for (bad, shown) in [(-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")]
    {
        let mut weights = [T::one(); 6];
        weights[4] = T::of(bad);
        let message = format!("weight {shown} at row 4: weights must be finite and at least 0");
        assert_refused(&x, &y, Some(&weights), &message);
    }
    let refused_sum = |weights: &[T], why: &str| {
        for fit in fits(&x, &y, Some(weights)) {
            let found = fit.map(|(_, report)| report);
            assert!(matches!(found, Err(Error::InvalidWeightSum { .. })), "{why}: {found:?}");
        }
    };
    refused_sum(&[T::zero(); 6], "all zero");
    refused_sum(&[T::max_value().expect("a float"); 6], "an infinite sum");
    refused_sum(&[T::MIN_POSITIVE * T::of(0.01); 6], "a subnormal sum");
}

#[test]
fn weights_that_weigh_nothing_or_too_much_are_refused() {
    bad_weights_are_refused::<f64>();
    let message = "the weights sum to 0: the sum must be a positive, finite number";
    assert_refused(&normal::<f64>(4, 1, 1), &cyclic(4, 2), Some(&[0.0; 4]), message);
}

/// The sum of subnormal `f32` weights is a normal `f64`, but its reciprocal is no `f32`.
#[test]
fn weights_that_weigh_nothing_or_too_much_in_single_precision_are_refused() {
    bad_weights_are_refused::<f32>();
}

#[test]
fn fits_leave_their_arguments_as_they_are() {
    let x = normal::<f64>(20, 3, 10);
    let (y, weights) = (cyclic(20, 3), normal::<f64>(20, 1, 11).abs());
    let before = (x.clone(), y.clone(), weights.clone());
    for fit in fits(&x, &y, Some(weights.as_slice())) {
        fit.expect("good data");
    }
    let bits = |m: &DMatrix<f64>| m.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!((bits(&x), &y, bits(&weights)), (bits(&before.0), &before.1, bits(&before.2)));
}

/// Probabilities are from 0 to 1 and sum to 1 in every row, logarithms and predictions agree with them; or it
/// is an error.
#[track_caller]
fn assert_sane<T: Real, L: Label>(model: &dyn Classifier<T, Label = L>, x: &DMatrix<T>) {
    let (rows, classes) = (x.nrows(), model.classes().len());
    let results = (
        model.decision_function(x),
        model.predict_proba(x),
        model.predict_log_proba(x),
        model.predict(x),
        model.score(x, &vec![model.classes()[0].clone(); rows]),
    );
    let (Ok(scores), Ok(probabilities), Ok(logs), Ok(predictions), score) = results else {
        let (scores, probabilities, logs, predictions, score) = results;
        assert!(
            scores.is_err() && probabilities.is_err() && logs.is_err(),
            "one method refuses, another not"
        );
        assert!(predictions.is_err() && score.is_err(), "one method refuses, another not");
        return;
    };
    assert_eq!(scores.shape(), (rows, if classes == 2 { 1 } else { classes }));
    assert!(scores.iter().all(|z| z.is_finite()), "{scores}");
    assert_eq!(probabilities.shape(), (rows, classes));
    assert_eq!(logs.shape(), (rows, classes));
    for (logs, scores) in logs.row_iter().zip(scores.row_iter()) {
        assert!(logs.iter().all(|l| *l <= T::zero()), "{logs}");
        // Only a difference of scores that is out of range is minus infinity.
        assert!(logs.iter().all(|l| l.is_finite()) || !(scores.max() - scores.min()).is_finite(), "{logs}");
    }
    assert_eq!((predictions.len(), score.is_ok()), (rows, rows > 0));
    for (row, label) in probabilities.row_iter().zip(predictions) {
        assert!(row.iter().all(|p| (T::zero()..=T::one()).contains(p)), "{row}");
        let sum: f64 = row.iter().map(|p| p.as_f64()).sum();
        assert!((sum - 1.0).abs() <= classes as f64 * T::EPSILON.as_f64(), "{row} sums to {sum}");
        let class = model.classes().binary_search(&label).expect("a known class");
        assert!(row.iter().all(|p| *p <= row[class]), "{row}: {label:?}");
    }
}

/// Checks that a fit is rejected or has finite parameters and a truthful report; then predicts at `queries`.
fn assert_all_sane<T: Real>(x: &DMatrix<T>, y: &[usize], weights: Option<&[T]>, queries: &[DMatrix<T>]) {
    for (model, report) in fits(x, y, weights).into_iter().flatten() {
        // A line search may take 60 evaluations, twice in an iteration that discards its history.
        assert!(report.iterations <= LIMIT && report.evaluations <= 2 * 61 * (LIMIT + 1), "{report:?}");
        assert!(report.gradient_norm.is_none_or(|norm| norm >= 0.0) || !report.converged(), "{report:?}");
        assert!(report.objective >= 0.0 || report.stop == StopReason::Diverged, "{report:?}");
        queries.iter().chain([x]).for_each(|x| assert_sane(model.as_ref(), x));
    }
}

#[test]
fn huge_and_tiny_finite_numbers_give_finite_models_or_errors() {
    let mut rng = Rng::new(12);
    let fractions = DMatrix::from_fn(10, 2, |_, _| rng.uniform(0.0, 1.0));
    let signs = DMatrix::from_fn(10, 3, |_, _| if rng.below(2) == 0 { 1e300 } else { -1e300 });
    let queries = |columns| [1e300, -1e300, f64::MAX, 5e-324].map(|v| DMatrix::from_element(2, columns, v));
    for x in [
        dmatrix![0.0; 1e100],
        &fractions * f64::MAX,
        signs,
        DMatrix::from_fn(10, 2, |i, j| if (i + j) % 3 == 0 { f64::MAX } else { -f64::MAX }),
        DMatrix::from_element(10, 1, 5e-324),
        DMatrix::from_fn(10, 2, |i, _| i as f64 * 5e-324),
        &fractions * 1e-310,
        DMatrix::from_fn(10, 2, |i, j| if (i + j) % 2 == 0 { 1e-310 } else { 1.0 }),
        DMatrix::from_fn(10, 2, |i, j| if j == 0 { 1e-310 * i as f64 } else { fractions[(i, 1)] }),
    ] {
        let y: Vec<usize> = (0..x.nrows()).map(|row| usize::from(row % 3 == 1)).collect();
        assert_all_sane(&x, &y, None, &queries(x.ncols()));
        let single = x.map(|v| v.clamp(-3e38, 3e38) as f32);
        let queries = queries(x.ncols()).map(|q| q.map(|v| v.clamp(-3e38, 3e38) as f32));
        assert_all_sane(&single, &y, None, &queries);
    }
}

/// A column whose numbers are subnormal says nothing that a coefficient of sane size could use: the others
/// are fitted as if it were absent.
#[test]
fn a_column_of_subnormal_numbers_does_not_disturb_the_others() {
    let x = normal::<f64>(30, 2, 13);
    let y: Vec<bool> = (0..30).map(|row| x[(row, 0)] + 0.5 * x[(29 - row, 1)] > 0.0).collect();
    let model = LogisticRegression::new(Penalty::c(1.0)).tolerance(1e-12);
    let alone = model.fit(&x, &y).expect("good data");
    for tiny in [5e-324, 1e-310] {
        let beside = model.fit(&x.clone().insert_column(1, tiny), &y).expect("good data");
        assert!(beside.report().converged(), "{}", beside.report());
        let found = beside.coefficients().clone().remove_row(1);
        approx::assert_relative_eq!(found, alone.coefficients().clone(), max_relative = 1e-10);
        assert!(beside.coefficients()[1].abs() <= 1e-10, "{}", beside.coefficients()[1]);
    }
}

/// Numbers of a palette, which half of the time has finite ones only, and then moderate ones half of the
/// time.
fn hostile<T: Real>(count: usize) -> impl Strategy<Value = Vec<T>> {
    let smallest = T::of(5e-324).max(T::MIN_POSITIVE * T::of(0.5));
    let largest = T::max_value().expect("a float");
    let tame = vec![T::zero(), -T::zero(), smallest, T::one(), T::of(-3.5)];
    let finite = [tame.clone(), vec![largest, -largest, largest * T::of(1e-8)]].concat();
    let any = [finite.clone(), [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(T::of).to_vec()].concat();
    let draw = move |palette: Vec<T>| prop::collection::vec(prop::sample::select(palette), count);
    prop_oneof![draw(tame), draw(finite), draw(any)]
}

#[derive(Debug)]
struct Case<T: Real> {
    x: DMatrix<T>,
    y: Vec<usize>,
    weights: Option<Vec<T>>,
    query: DMatrix<T>,
}

fn cases<T: Real>() -> impl Strategy<Value = Case<T>> {
    let length = |rows: usize| prop_oneof![9 => Just(rows), 1 => 0usize..10];
    let sizes = (0usize..8, 0usize..6, 0usize..4).prop_flat_map(move |(rows, columns, queries)| {
        (Just((rows, columns, queries)), length(rows), length(rows), length(columns))
    });
    sizes.prop_flat_map(|((rows, columns, queries), labels, weights, query_columns)| {
        let parts = (
            hostile(rows * columns),
            prop::collection::vec(0usize..4, labels),
            prop::option::of(hostile::<T>(weights)),
            hostile(queries * query_columns),
            any::<bool>(),
        );
        parts.prop_map(move |(x, y, weights, query, absolute)| Case {
            x: DMatrix::from_vec(rows, columns, x),
            y,
            weights: weights.map(|w| if absolute { w.iter().map(|w| w.abs()).collect() } else { w }),
            query: DMatrix::from_vec(queries, query_columns, query),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_data_nothing_panics(case in cases::<f64>()) {
        assert_all_sane(&case.x, &case.y, case.weights.as_deref(), &[case.query]);
    }

    #[test]
    fn whatever_the_data_in_single_precision_nothing_panics(case in cases::<f32>()) {
        assert_all_sane(&case.x, &case.y, case.weights.as_deref(), &[case.query]);
    }
}
