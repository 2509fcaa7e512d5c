//! Changes of the data that must not change a model, or must change it in a known way.

use std::fmt::Debug;

use crate::common::{overlapping, pick, shuffled};
use approx::{assert_abs_diff_eq, assert_relative_eq};
use logit::nn::{Dense, Layer, Loss, Shape, SoftmaxCrossEntropy, Tape, Targets};
use logit::optim::{Evaluation, Objective};
use logit::prelude::*;
use logit::{
    Adam, FittedLogistic, Label, Lbfgs, LogisticRegression, MlpClassifier, Penalty, Sgd, Solver, data,
};
use nalgebra::DMatrix;

const SOLVERS: [Solver; 2] = [Solver::Newton, Solver::Lbfgs];

fn logistic(penalty: Penalty, solver: Solver) -> LogisticRegression {
    LogisticRegression::new(penalty).solver(solver).tolerance(1e-12)
}

fn fit<L: Label>(model: &LogisticRegression, x: &DMatrix<f64>, y: &[L]) -> FittedLogistic<f64, L> {
    let model = model.fit(x, y).expect("good data");
    assert!(model.report().converged(), "{}", model.report());
    model
}

/// A network without hidden layers, fitted to the last digits.
fn linear_network(l2: f64) -> MlpClassifier {
    MlpClassifier::new([]).l2(l2).optimizer(Lbfgs::new().tolerance(1e-12))
}

fn probabilities<L: Label>(model: &impl Classifier<f64, Label = L>, x: &DMatrix<f64>) -> DMatrix<f64> {
    model.predict_proba(x).expect("good data")
}

#[test]
fn a_weight_of_k_is_the_row_k_times() {
    for classes in [2, 3] {
        let (x, y) = overlapping(15, 30, classes, 21);
        let counts: Vec<usize> = (0..15).map(|row| (row * 7 + 3) % 5).collect();
        let weights: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
        let repeated: Vec<usize> = (0..15).flat_map(|row| std::iter::repeat_n(row, counts[row])).collect();
        let repeated = pick(&repeated, &shuffled(repeated.len(), 1));
        let (x_repeated, y_repeated) = (x.select_rows(&repeated), pick(&y, &repeated));
        fn compare<E: Estimator<f64>>(
            estimator: &E,
            (x, y, u): (&DMatrix<f64>, &[usize], &[f64]),
            (x2, y2): (&DMatrix<f64>, &[usize]),
        ) {
            let weighted = estimator.fit_weighted(x, y, u).expect("good data");
            let repeated = estimator.fit(x2, y2).expect("good data");
            let (found, wanted) = (probabilities(&weighted, x), probabilities(&repeated, x));
            assert_relative_eq!(found, wanted, max_relative = 1e-9, epsilon = 1e-300);
        }
        let (weighted, repeated) =
            ((&x, y.as_slice(), weights.as_slice()), (&x_repeated, y_repeated.as_slice()));
        for solver in SOLVERS {
            compare(&logistic(Penalty::c(1.0), solver), weighted, repeated);
            compare(&logistic(Penalty::l2(0.1), solver).intercept(false), weighted, repeated);
        }
        compare(&linear_network(0.05), weighted, repeated);
        let descent = MlpClassifier::new([3]).optimizer(Sgd::new(0.2)).batch_size(1000).epochs(30).l2(0.01);
        compare(&descent, weighted, repeated);
    }
}

/// Also where its numbers would swamp all others.
#[test]
fn a_weight_of_zero_removes_the_row_whatever_is_in_it() {
    let (x, y) = overlapping(40, 2, 2, 24);
    for outlier in [1.0, 1e6, 1e12, 1e200] {
        let (beside, labels) = (x.clone().insert_row(17, outlier), [&y[..17], &[1], &y[17..]].concat());
        let mut weights = [1.0; 41];
        weights[17] = 0.0;
        for solver in SOLVERS {
            let model = logistic(Penalty::c(1.0), solver).tolerance(1e-11);
            let wanted = fit(&model, &x, &y);
            let found = model.fit_weighted(&beside, &labels, &weights).expect("good data");
            let report = found.report();
            assert!(report.converged(), "{solver:?}, {outlier:e}: {report}");
            assert_relative_eq!(found.coefficients(), wanted.coefficients(), max_relative = 1e-8);
            assert_relative_eq!(found.intercept(), wanted.intercept(), max_relative = 1e-8);
        }
        // Mini-batches are drawn from the other rows: bit for bit the same training.
        for network in [MlpClassifier::new([3]), MlpClassifier::new([]).validation_fraction(0.25)] {
            let network = network.epochs(3).optimizer(Adam::new(0.01));
            let (found, wanted) = (network.fit_weighted(&beside, &labels, &weights), network.fit(&x, &y));
            assert_eq!(found.expect("good data").params(), wanted.expect("good data").params());
        }
    }
}

/// Rows are worked on in blocks of hundreds to thousands: here are several, and a rest.
#[test]
fn all_rows_many_times_over_are_the_same_problem() {
    for classes in [2, 3] {
        let (x, y) = overlapping(97, 3, classes, 27);
        let weights: Vec<f64> = (0..97).map(|row| f64::from(row % 5) / 2.0).collect();
        let rows: Vec<usize> = (0..97 * 101).map(|row| row % 97).collect();
        let (x_many, y_many, weights_many) = (x.select_rows(&rows), pick(&y, &rows), pick(&weights, &rows));
        for solver in SOLVERS {
            let model = logistic(Penalty::l2(0.02), solver).tolerance(1e-11);
            let (a, b) = (fit(&model, &x, &y), fit(&model, &x_many, &y_many));
            assert_abs_diff_eq!(a.coefficients(), b.coefficients(), epsilon = 1e-9);
            let a = model.fit_weighted(&x, &y, &weights).expect("good data");
            let b = model.fit_weighted(&x_many, &y_many, &weights_many).expect("good data");
            assert_abs_diff_eq!(a.coefficients(), b.coefficients(), epsilon = 1e-9);
            assert_abs_diff_eq!(a.intercept(), b.intercept(), epsilon = 1e-9);
            // Newton's method needs as many steps, because its Hessian is that of all rows.
            let (few, many) = (a.report().iterations, b.report().iterations);
            assert!(few.abs_diff(many) <= 1 || solver == Solver::Lbfgs, "{few} and {many}");
        }
        let network = linear_network(0.02);
        let a = network.fit_weighted(&x, &y, &weights).expect("good data");
        let b = network.fit_weighted(&x_many, &y_many, &weights_many).expect("good data");
        assert_abs_diff_eq!(a.params(), b.params(), epsilon = 1e-9);
    }
}

#[test]
fn permuted_rows_give_the_same_model_and_permuted_predictions() {
    for classes in [2, 3] {
        let (x, y) = overlapping(200, 4, classes, 31);
        let order = shuffled(200, 2);
        let (x2, y2) = (x.select_rows(&order), pick(&y, &order));
        for solver in SOLVERS {
            let model = logistic(Penalty::c(1.0), solver);
            let (a, b) = (fit(&model, &x, &y), fit(&model, &x2, &y2));
            assert_relative_eq!(a.coefficients(), b.coefficients(), max_relative = 1e-9);
            assert_relative_eq!(a.intercept(), b.intercept(), max_relative = 1e-9);
            let permuted = probabilities(&a, &x).select_rows(&order);
            assert_relative_eq!(probabilities(&a, &x2), permuted, max_relative = 1e-12);
        }
        let network = linear_network(0.05);
        let (a, b) = (network.fit(&x, &y).expect("good data"), network.fit(&x2, &y2).expect("good data"));
        assert_relative_eq!(probabilities(&a, &x), probabilities(&b, &x), max_relative = 1e-9);
    }
}

#[test]
fn reversed_labels_negate_or_permute_coefficients() {
    for solver in SOLVERS {
        let model = logistic(Penalty::c(1.0), solver);
        let (x, y) = overlapping(60, 3, 2, 51);
        let reversed: Vec<usize> = y.iter().map(|class| 1 - class).collect();
        let (a, b) = (fit(&model, &x, &y), fit(&model, &x, &reversed));
        assert_abs_diff_eq!(a.coefficients(), &-b.coefficients(), epsilon = 1e-10);
        assert_abs_diff_eq!(a.intercept(), &-b.intercept(), epsilon = 1e-10);

        let (x, y) = overlapping(60, 3, 4, 52);
        let reversed: Vec<usize> = y.iter().map(|class| 3 - class).collect();
        let (a, b) = (fit(&model, &x, &y), fit(&model, &x, &reversed));
        assert_abs_diff_eq!(
            a.coefficients(),
            &b.coefficients().select_columns(&[3, 2, 1, 0]),
            epsilon = 1e-10
        );
        assert_abs_diff_eq!(a.intercept(), &b.intercept().select_rows(&[3, 2, 1, 0]), epsilon = 1e-10);
    }
}

#[test]
fn only_the_intercept_is_spared_by_the_penalty() {
    let (x, y) = overlapping(50, 2, 2, 64);
    let ones = x.clone().insert_column(2, 1.0);
    let labels = DMatrix::from_fn(50, 1, |row, _| y[row] as f64);
    for (solver, lambda) in SOLVERS.into_iter().flat_map(|s| [0.01, 0.3].map(|l| (s, l))) {
        let model = logistic(Penalty::l2(lambda), solver);
        let free = fit(&model, &x, &y);
        let penalized = fit(&model.intercept(false), &ones, &y);
        assert_eq!(penalized.intercept()[0], 0.0);
        let (b, shrunk) = (free.intercept()[0], penalized.coefficients()[2]);
        assert!(b.abs() > 0.05 && shrunk.abs() < 0.99 * b.abs(), "{b} and {shrunk}");
        // At the optimum the mean residual is 0 for the intercept, and -λb for the penalised column of ones.
        let mean_residual = |p: DMatrix<f64>| (p.columns(1, 1) - &labels).sum() / 50.0;
        assert_abs_diff_eq!(50.0 * mean_residual(probabilities(&free, &x)), 0.0, epsilon = 1e-9);
        assert_abs_diff_eq!(
            mean_residual(probabilities(&penalized, &ones)),
            -lambda * shrunk,
            epsilon = 1e-11
        );
        // And the objective is the penalised one: mean loss plus λ/2 b² with the rest.
        for (model, x) in [(&free, &x), (&penalized, &ones)] {
            let p = probabilities(model, x);
            let loss = logit::metrics::log_loss(&y, &p, &[0, 1]).expect("good data");
            let wanted = loss + 0.5 * lambda * model.coefficients().norm_squared();
            assert_relative_eq!(model.report().objective, wanted, max_relative = 1e-12);
        }
    }
}

/// Softmax regression with two columns of scores, from public parts only.
struct TwoColumns<'a> {
    layer: Dense,
    x: &'a DMatrix<f64>,
    y: &'a [usize],
    lambda: f64,
    tape: Tape<f64>,
}

impl Objective<f64> for TwoColumns<'_> {
    fn parameter_count(&self) -> usize {
        self.layer.parameter_count()
    }

    fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
        self.layer.forward(params, self.x, &mut self.tape);
        let (scores, out) = self.tape.split();
        let targets = Targets::Classes(self.y);
        let mut value =
            SoftmaxCrossEntropy::new().mean_and_gradient(scores, targets, None, out).expect("valid targets");
        self.layer.backward(params, self.x, &mut self.tape, gradient, None);
        for index in self.layer.penalized().into_iter().flatten() {
            value += 0.5 * self.lambda * params[index] * params[index];
            gradient[index] += self.lambda * params[index];
        }
        Evaluation::of(value, gradient)
    }
}

#[test]
fn two_columns_of_softmax_are_binary_regression_with_half_the_penalty() {
    let (x, y) = overlapping(80, 3, 2, 71);
    let (layer, lambda) = (Dense::new(3, 2).expect("valid sizes"), 0.04);
    let mut objective = TwoColumns { tape: layer.tape(80), layer, x: &x, y: &y, lambda };
    let minimum = Lbfgs::new().tolerance(1e-12).minimize(&mut objective, vec![0.0; 8]).expect("a start");
    assert!(minimum.report.converged(), "{}", minimum.report);
    let binary = fit(&logistic(Penalty::l2(lambda / 2.0), Solver::Newton), &x, &y);
    let (w, b) = minimum.params.split_at(6);
    for j in 0..3 {
        assert_abs_diff_eq!(w[3 + j] - w[j], binary.coefficients()[j], epsilon = 1e-10);
        assert_abs_diff_eq!(w[3 + j] + w[j], 0.0, epsilon = 1e-10);
    }
    assert_abs_diff_eq!(b[1] - b[0], binary.intercept()[0], epsilon = 1e-10);
}

#[test]
fn a_network_without_hidden_layers_is_logistic_regression() {
    for (classes, lambda) in [(2, 0.02), (3, 0.02), (3, 0.5)] {
        let (x, y) = overlapping(120, 4, classes, 91);
        let network = linear_network(lambda).fit(&x, &y).expect("good data");
        assert!(network.report().converged(), "{}", network.report());
        let linear = fit(&logistic(Penalty::l2(lambda), Solver::Newton), &x, &y);
        let weights = network.weights(0).expect("one layer").into_owned();
        assert_abs_diff_eq!(weights, linear.coefficients(), epsilon = 1e-6);
        // The biases of softmax are unique up to a shift.
        let biases = network.biases(0).expect("one layer").into_owned();
        let mean = if classes == 2 { 0.0 } else { biases.mean() };
        assert_abs_diff_eq!(biases.add_scalar(-mean), linear.intercept().clone(), epsilon = 1e-6);
        assert_abs_diff_eq!(probabilities(&network, &x), probabilities(&linear, &x), epsilon = 1e-6);
        assert_relative_eq!(network.report().objective, linear.report().objective, max_relative = 1e-10);
    }
}

#[test]
fn single_precision_finds_the_same_model() {
    let iris = data::iris();
    let mut x = iris.x.clone();
    for mut column in x.column_iter_mut() {
        let mean = column.mean();
        column.add_scalar_mut(-mean);
        let deviation = (column.norm_squared() / 150.0).sqrt();
        column /= deviation;
    }
    let single: DMatrix<f32> = x.map(|v| v as f32);
    for solver in SOLVERS {
        let model = LogisticRegression::new(Penalty::c(1.0)).solver(solver);
        let double = model.clone().tolerance(1e-10).fit(&x, &iris.y).expect("good data");
        let narrow: FittedLogistic<f32, &str> =
            model.tolerance(1e-6).fit(&single, &iris.y).expect("good data");
        assert!(narrow.report().converged(), "{}", narrow.report());
        assert_abs_diff_eq!(narrow.coefficients().map(f64::from), double.coefficients(), epsilon = 1e-3);
        assert_abs_diff_eq!(narrow.intercept().map(f64::from), double.intercept(), epsilon = 1e-3);
        let p: DMatrix<f32> = narrow.predict_proba(&single).expect("good data");
        assert_abs_diff_eq!(p.map(f64::from), probabilities(&double, &x), epsilon = 1e-4);
    }
}

#[test]
fn a_refit_gives_the_same_bits() {
    fn check<E: Estimator<f64>>(estimator: &E)
    where
        E::Fitted<usize>: PartialEq + Debug,
    {
        for classes in [2, 3] {
            let (x, y) = overlapping(300, 5, classes, 101);
            let weights: Vec<f64> = (0..300).map(|row| f64::from(row % 4)).collect();
            let model = estimator.fit(&x, &y).expect("good data");
            assert_eq!(estimator.fit(&x.clone(), &y).expect("good data"), model);
            let weighted = || estimator.fit_weighted(&x, &y, &weights).expect("good data");
            assert_eq!(weighted(), weighted());
            assert_ne!(weighted(), model);
            let bits = |p: DMatrix<f64>| p.iter().map(|p| p.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(probabilities(&model, &x)), bits(probabilities(&model, &x)));
        }
    }
    SOLVERS.iter().for_each(|&solver| check(&LogisticRegression::new(Penalty::c(1.0)).solver(solver)));
    let network = MlpClassifier::new([7, 3]).epochs(3).seed(5);
    check(&network);
    check(&network.clone().optimizer(Sgd::new(0.1).momentum(0.9)).validation_fraction(0.2));
    check(&MlpClassifier::new([7, 3]).seed(5).optimizer(Lbfgs::new().max_iterations(20)));
}

#[test]
fn a_stronger_penalty_never_makes_coefficients_larger() {
    for classes in [2, 3] {
        let (x, y) = overlapping(90, 4, classes, 111);
        for solver in SOLVERS {
            let norms: Vec<f64> = (-4..=4)
                .map(|exponent| {
                    fit(&logistic(Penalty::l2(10f64.powi(exponent)), solver), &x, &y).coefficients().norm()
                })
                .collect();
            assert!(norms.windows(2).all(|pair| pair[1] < pair[0]), "{norms:?}");
            let model = fit(&logistic(Penalty::l2(1e12), solver), &x, &y);
            assert!(model.coefficients().norm() < 1e-9);
            let logs: Vec<f64> = (0..classes)
                .map(|k| (y.iter().filter(|class| **class == k).count() as f64 / 90.0).ln())
                .collect();
            let mean = logs.iter().sum::<f64>() / classes as f64;
            let wanted =
                if classes == 2 { vec![logs[1] - logs[0]] } else { logs.iter().map(|l| l - mean).collect() };
            for (found, wanted) in model.intercept().iter().zip(wanted) {
                assert_abs_diff_eq!(*found, wanted, epsilon = 1e-9);
            }
        }
    }
}
