//! Predictions: labels of every type, probabilities and scores, and their agreement.

use crate::common::{largest, normal, overlapping, pick, shuffled};
use approx::{assert_abs_diff_eq, assert_relative_eq};
use logit::nn::{Loss, SoftmaxCrossEntropy};
use logit::prelude::*;
use logit::{Activation, Label, Lbfgs, LogisticRegression, MlpClassifier, Penalty, Real, Rng};
use nalgebra::{DMatrix, dmatrix};

fn probabilities<L: Label>(model: &impl Classifier<f64, Label = L>, x: &DMatrix<f64>) -> DMatrix<f64> {
    model.predict_proba(x).expect("good data")
}

#[test]
fn labels_of_every_type_come_back_in_their_order() {
    fn check<L: Label + PartialEq>(sorted: &[L]) {
        let classes = sorted.len();
        let y: Vec<L> = (0..6 * classes).map(|row| sorted[(7 * row + 1) % classes].clone()).collect();
        let class = |row: usize| sorted.iter().position(|l| *l == y[row]).expect("one of them");
        let x = DMatrix::from_fn(y.len(), classes, |row, k| {
            f64::from(u8::from(class(row) == k)) + 0.01 * (row % 5) as f64
        });
        fn one<L: Label>(model: &impl Classifier<f64, Label = L>, x: &DMatrix<f64>, y: &[L], sorted: &[L]) {
            assert_eq!(model.classes(), sorted);
            assert_eq!(model.predict(x).expect("good data"), y);
            assert_eq!(probabilities(model, x).shape(), (y.len(), sorted.len()));
        }
        one(&LogisticRegression::new(Penalty::c(10.0)).fit(&x, &y).expect("good data"), &x, &y, sorted);
        one(&MlpClassifier::new([8]).optimizer(Lbfgs::new()).fit(&x, &y).expect("good data"), &x, &y, sorted);
    }
    check(&[-5, 7, 1_000_000]);
    check(&[i64::MIN, 0, i64::MAX]);
    check(&[u128::MIN, u128::MAX]);
    check(&[0u8, 255]);
    check(&[false, true]);
    check(&["", "a", "Ä", "日本"].map(String::from));
    check(&["", "\"quoted\"", "z"]);
    check(&['a', 'ß']);
    check(&[None, Some((1, "x")), Some((1, "y")), Some((2, ""))]);
}

#[test]
fn the_order_of_rows_and_the_majority_decide_nothing_about_columns() {
    let centers = [("ant", -4.0), ("bee", 0.0), ("cat", 4.0)];
    for counts in [[3, 5, 9], [9, 5, 3], [5, 9, 3]] {
        let rows: Vec<(&str, f64)> =
            centers.iter().zip(counts).flat_map(|(&c, count)| std::iter::repeat_n(c, count)).collect();
        for seed in 0..3 {
            let rows = pick(&rows, &shuffled(rows.len(), seed));
            let x = DMatrix::from_fn(rows.len(), 1, |row, _| rows[row].1);
            let y: Vec<&str> = rows.iter().map(|row| row.0).collect();
            let queries = dmatrix![-4.0; 0.0; 4.0];
            let check = |model: &dyn Classifier<f64, Label = &'static str>| {
                assert_eq!(model.classes(), ["ant", "bee", "cat"]);
                assert_eq!(model.predict(&queries).expect("good data"), ["ant", "bee", "cat"]);
                let p = model.predict_proba(&queries).expect("good data");
                assert!((0..3).all(|k| p[(k, k)] > 0.6), "{p}");
            };
            check(&LogisticRegression::new(Penalty::c(10.0)).fit(&x, &y).expect("good data"));
            check(&MlpClassifier::new([8]).optimizer(Lbfgs::new()).fit(&x, &y).expect("good data"));
        }
    }
}

/// The scores of the rows, predicted in blocks of this size.
fn in_batches<T: Real, L: Label>(
    model: &impl Classifier<T, Label = L>,
    x: &DMatrix<T>,
    size: usize,
) -> DMatrix<T> {
    let mut scores = model.decision_function(&x.rows(0, 0).into_owned()).expect("no rows");
    for first in (0..x.nrows()).step_by(size) {
        let batch = x.rows(first, size.min(x.nrows() - first)).into_owned();
        let part = model.decision_function(&batch).expect("good data");
        let rows = scores.nrows();
        scores = scores.insert_rows(rows, part.nrows(), T::zero());
        scores.rows_mut(rows, part.nrows()).copy_from(&part);
    }
    scores
}

#[test]
fn rows_are_scored_alike_in_batches_of_any_size() {
    fn check<T: Real>(features: usize, classes: usize) {
        let (x, y) = overlapping(600, features, classes, 41);
        let x = x.map(T::of);
        let linear = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &y).expect("good data");
        let network = MlpClassifier::new([9, 5]).epochs(2).activation(Activation::Tanh).fit(&x, &y);
        let network = network.expect("good data");
        let whole = linear.decision_function(&x).expect("good data");
        // The rounding of a sum of p + 1 terms, twice.
        let bound = x.map(|v| v.abs()) * linear.coefficients().map(|w| w.abs());
        let bound = bound.map(|sum| T::of(4.0 * (features as f64 + 2.0)) * T::EPSILON * sum);
        let deep = network.decision_function(&x).expect("good data");
        for size in [1, 3, 7, 255, 256, 257, 600] {
            let difference = (in_batches(&linear, &x, size) - &whole).abs();
            let excess = difference.zip_map(&bound, |d, b| d.as_f64() - b.as_f64()).max();
            assert!(excess <= 0.0, "{features} x {classes}, batches of {size}: {excess:e}");
            let difference = (in_batches(&network, &x, size) - &deep).amax().as_f64();
            assert!(difference <= 50.0 * T::EPSILON.as_f64() * deep.amax().as_f64(), "{difference:e}");
        }
    }
    for (features, classes) in [(2, 2), (33, 2), (5, 3), (40, 7)] {
        check::<f64>(features, classes);
        check::<f32>(features, classes);
    }
}

#[test]
fn softmax_does_not_see_a_shift_of_all_scores() {
    let mut rng = Rng::new(81);
    let link = |scores: &DMatrix<f64>| {
        let mut p = scores.map(|_| f64::NAN);
        SoftmaxCrossEntropy::new().probabilities(scores, &mut p);
        p
    };
    for classes in [2, 3, 9] {
        let exact = DMatrix::from_fn(200, classes, |_, _| {
            (rng.below(1 << 24) as f64 - 8_388_608.0) * 0.5f64.powi(20)
        });
        let any = DMatrix::from_fn(200, classes, |_, _| 5.0 * rng.standard_normal());
        for (shift, again) in [(1024.0f64, -1024.0), (-1024.0, 1e3), (1e3, -1e3)] {
            if shift.abs() == 1024.0 {
                assert_eq!(link(&exact.add_scalar(shift)), link(&exact));
            }
            let (one, other) = (link(&any.add_scalar(shift)), link(&any.add_scalar(again)));
            assert_abs_diff_eq!(one, link(&any), epsilon = 1e-12);
            assert_abs_diff_eq!(other, link(&any), epsilon = 1e-12);
        }
        for row in link(&any).row_iter().chain(link(&(any.clone() * 1e300)).row_iter()) {
            assert!(row.iter().all(|p| (0.0..=1.0).contains(p)), "{row}");
            assert!((row.sum() - 1.0).abs() <= classes as f64 * f64::EPSILON, "{row}");
        }
    }
}

/// All methods of a model agree on `x`.
fn assert_agreement(model: &impl Classifier<f64, Label = usize>, x: &DMatrix<f64>) {
    let scores = model.decision_function(x).expect("good data");
    let (p, labels) = (probabilities(model, x), model.predict(x).expect("good data"));
    let logs = model.predict_log_proba(x).expect("good data");
    assert_eq!((p.shape(), logs.shape()), ((x.nrows(), model.classes().len()), p.shape()));
    for row in 0..x.nrows() {
        let odds = |k: usize| if scores.ncols() > 1 { scores[(row, k)] } else { scores[row] * k as f64 };
        assert_eq!(largest((0..p.ncols()).map(odds)), labels[row], "scores and labels");
        assert_eq!(largest(p.row(row).iter().copied()), labels[row], "probabilities and labels");
        assert_eq!(largest(logs.row(row).iter().copied()), labels[row], "log-probabilities and labels");
        for (a, b) in (0..p.ncols()).flat_map(|a| (0..a).map(move |b| (a, b))) {
            assert!(odds(a) < odds(b) || p[(row, a)] >= p[(row, b)], "the rank of probabilities");
            assert!(odds(a) > odds(b) || p[(row, a)] <= p[(row, b)], "the rank of probabilities");
            assert_abs_diff_eq!(logs[(row, a)] - logs[(row, b)], odds(a) - odds(b), epsilon = 1e-12);
        }
        (0..p.ncols())
            .for_each(|k| assert_relative_eq!(logs[(row, k)].exp(), p[(row, k)], max_relative = 1e-13));
    }
    let right = labels.iter().filter(|label| **label == 1).count() as f64 / x.nrows() as f64;
    assert_eq!(model.score(x, &vec![1; x.nrows()]).expect("good data"), right);
}

#[test]
fn all_methods_agree_and_ties_go_to_the_lower_class() {
    for classes in [2, 3, 5] {
        let (x, y) = overlapping(150, 4, classes, 121);
        // Rows of zeros, and rows that have an exact tie without bias.
        let queries = normal(70, 4, 5).insert_rows(20, 3, 0.0);
        let linear = LogisticRegression::new(Penalty::c(1.0));
        assert_agreement(&linear.fit(&x, &y).expect("good data"), &queries);
        assert_agreement(&linear.intercept(false).fit(&x, &y).expect("good data"), &queries);
        assert_agreement(&MlpClassifier::new([6]).epochs(3).fit(&x, &y).expect("good data"), &queries);
        let untrained = MlpClassifier::new([]).optimizer(Lbfgs::new().max_iterations(0));
        let untrained = untrained.fit(&x, &y).expect("good data");
        assert_agreement(&untrained, &queries);
        let zeros = DMatrix::zeros(2, 4);
        assert_eq!(untrained.predict(&zeros).expect("good data"), [0, 0]);
        let even = LogisticRegression::new(Penalty::c(1.0)).intercept(false).fit(&x, &y).expect("good data");
        assert_eq!(even.predict(&zeros).expect("good data"), [0, 0]);
        assert!(probabilities(&even, &zeros).iter().all(|&p| (p - 1.0 / classes as f64).abs() < 1e-16));
    }
}
