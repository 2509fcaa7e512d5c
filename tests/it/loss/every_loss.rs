//! Every loss of the crate: right gradients and curvatures, independent rows, and harmless results for odd
//! input.

use std::sync::Arc;

use approx::assert_relative_eq;
use logit::gradcheck::Mismatch;
use logit::nn::{
    BinaryCrossEntropy, ClassificationLoss, Focal, Gradient, Hinge, Loss, MeanSquaredError,
    SigmoidSquaredError, SoftmaxCrossEntropy, SoftmaxSquaredError, SquaredHinge, Targets,
};
use logit::{Activation, Error, GradCheck, Real, Rng};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

/// One of each, and more of those with settings. `columns` is the number of score columns.
fn all(columns: usize) -> Vec<ClassificationLoss> {
    let positive: Vec<f64> = (0..columns).map(|k| 0.5 + 1.5 * k as f64).collect();
    vec![
        BinaryCrossEntropy.into(),
        BinaryCrossEntropy.positive_weights(positive).into(),
        BinaryCrossEntropy.positive_weights([4.0]).into(),
        SoftmaxCrossEntropy::new().into(),
        SoftmaxCrossEntropy::new().label_smoothing(0.2).into(),
        Focal::new(0.0).into(),
        Focal::new(0.5).into(),
        Focal::new(2.0).alpha(0.25).into(),
        Focal::new(5.0).into(),
        Hinge.into(),
        SquaredHinge.into(),
        MeanSquaredError.into(),
        SigmoidSquaredError.into(),
        SoftmaxSquaredError.into(),
    ]
}

/// Losses for which scores of 1e3 and targets give numbers around 1, and of which `curvature` is the second
/// derivative.
fn is_exact(loss: &ClassificationLoss) -> bool {
    !matches!(
        loss,
        ClassificationLoss::Focal(_)
            | ClassificationLoss::SigmoidSquaredError(_)
            | ClassificationLoss::SoftmaxSquaredError(_)
    )
}

struct Batch {
    scores: DMatrix<f64>,
    values: DMatrix<f64>,
    classes: Vec<usize>,
    weights: Vec<f64>,
}

impl Batch {
    fn new(rows: usize, columns: usize, scale: f64, seed: u64) -> Batch {
        let mut rng = Rng::new(seed);
        let mut values = DMatrix::from_fn(rows, columns, |_, _| rng.uniform(0.01, 1.0));
        if columns > 1 {
            values.row_iter_mut().for_each(|mut row| row /= row.sum());
        }
        Batch {
            // Away from the kinks of the hinges, so that differences do not cross them.
            scores: DMatrix::from_fn(rows, columns, |_, _| {
                let z: f64 = scale * rng.standard_normal();
                if (z.abs() - 1.0).abs() < 0.01 { z + 0.05 } else { z }
            }),
            values,
            classes: (0..rows).map(|_| rng.below(columns.max(2))).collect(),
            weights: (0..rows).map(|i| if i % 4 == 1 { 0.0 } else { rng.uniform(0.5, 3.0) }).collect(),
        }
    }

    fn targets(&self, soft: bool) -> Targets<'_, f64> {
        if soft { Targets::Values(&self.values) } else { Targets::Classes(&self.classes) }
    }

    /// One row as a batch of its own.
    fn row(&self, row: usize) -> Batch {
        Batch {
            scores: self.scores.rows(row, 1).into_owned(),
            values: self.values.rows(row, 1).into_owned(),
            classes: vec![self.classes[row]],
            weights: vec![self.weights[row]],
        }
    }

    fn gradient(&self, loss: &dyn Loss<f64>, soft: bool, weights: Option<&[f64]>) -> (f64, DMatrix<f64>) {
        let mut gradient = self.scores.map(|_| f64::NAN);
        let value = loss.mean_and_gradient(&self.scores, self.targets(soft), weights, &mut gradient);
        (value.expect("valid input"), gradient)
    }
}

/// A single column of softmax scores is a single class.
fn fits(loss: &ClassificationLoss, columns: usize, soft: bool) -> bool {
    let single = matches!(
        loss,
        ClassificationLoss::SoftmaxCrossEntropy(_) | ClassificationLoss::SoftmaxSquaredError(_)
    );
    columns > 1 || !single || (soft && !matches!(loss, ClassificationLoss::SoftmaxCrossEntropy(_)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn gradients_are_derivatives(
        rows in 1usize..80, columns in 1usize..6, scale in prop_oneof![Just(3.0), Just(30.0)], soft: bool,
        weighted: bool, seed: u64,
    ) {
        let batch = Batch::new(rows, columns, scale, seed);
        let weights = weighted.then_some(batch.weights.as_slice());
        let check = GradCheck::new().relative_tolerance(1e-7).max_entries(40).seed(seed);
        for loss in all(columns).iter().filter(|loss| fits(loss, columns, soft)) {
            // Differences over steps of 1e-3 are rounded where the value is: squared errors reach 1e4.
            let value = loss.mean(&batch.scores, batch.targets(soft), weights).unwrap();
            let check = check.clone().absolute_tolerance(1e-10 + 1e-12 * value);
            let agreement = check.loss(loss, &batch.scores, batch.targets(soft), weights);
            prop_assert!(agreement.is_ok(), "{loss:?}: {}", agreement.unwrap_err());
        }
    }

    #[test]
    fn a_mean_over_a_batch_is_the_mean_of_its_rows(
        rows in 1usize..150, columns in 1usize..6, soft: bool, seed: u64,
    ) {
        let batch = Batch::new(rows, columns, 4.0, seed);
        for loss in all(columns).iter().filter(|loss| fits(loss, columns, soft)) {
            let (value, gradient) = batch.gradient(loss, soft, None);
            let (mut sum, mut largest) = (0.0, 0.0f64);
            for row in 0..rows {
                let (alone, slopes) = batch.row(row).gradient(loss, soft, None);
                sum += alone;
                largest = largest.max(slopes.amax());
                for column in 0..columns {
                    let wanted = slopes[column] / rows as f64;
                    let difference = (gradient[(row, column)] - wanted).abs();
                    prop_assert!(difference <= 1e-13 * wanted.abs() + 1e-300, "{loss:?}: {difference:e}");
                }
            }
            prop_assert!((value - sum / rows as f64).abs() <= 1e-13 * value, "{loss:?}");
        }
    }

    /// Moving one row, to NaN even, changes no bit of another row's gradient; without weight it changes no
    /// value either.
    #[test]
    fn rows_do_not_know_of_each_other(rows in 2usize..150, columns in 1usize..6, soft: bool, seed: u64) {
        let mut batch = Batch::new(rows, columns, 4.0, seed);
        let chosen = seed as usize % rows;
        batch.weights[chosen] = 0.0;
        batch.weights[(chosen + 1) % rows] = 1.0;
        for loss in all(columns).iter().filter(|loss| fits(loss, columns, soft)) {
            let (value, before) = batch.gradient(loss, soft, Some(&batch.weights));
            prop_assert!(before.row(chosen).iter().all(|&g| g == 0.0), "{loss:?}: a weight of zero");
            for odd in [1e3, -1e300, f64::NAN, f64::INFINITY] {
                let mut moved = batch.row(0);
                moved.scores = batch.scores.clone();
                moved.scores.row_mut(chosen).fill(odd);
                (moved.values, moved.classes) = (batch.values.clone(), batch.classes.clone());
                let (other, after) = moved.gradient(loss, soft, Some(&batch.weights));
                prop_assert_eq!(value, other, "{:?}", loss);
                let same = before.iter().zip(after.iter()).all(|(a, b)| a.to_bits() == b.to_bits());
                prop_assert!(same, "{loss:?} with a row of {odd} and no weight");
                // With a weight, the row itself feels it and no other does.
                let (_, all) = batch.gradient(loss, soft, None);
                let (_, all_moved) = moved.gradient(loss, soft, None);
                for row in (0..rows).filter(|&row| row != chosen) {
                    prop_assert_eq!(all.row(row), all_moved.row(row), "{:?}", loss);
                }
            }
        }
    }

    #[test]
    fn exact_curvatures_are_second_derivatives(
        rows in 1usize..6, columns in 1usize..6, scale in prop_oneof![Just(1.0), Just(4.0)], soft: bool, seed: u64,
    ) {
        let batch = Batch::new(rows, columns, scale, seed);
        let check = GradCheck::new().relative_tolerance(1e-7).absolute_tolerance(1e-10);
        for loss in all(columns).iter().filter(|loss| fits(loss, columns, soft) && is_exact(loss)) {
            let agreement = check.loss_curvature(loss, &batch.scores, batch.targets(soft));
            if *loss == ClassificationLoss::Hinge(Hinge) {
                let none = matches!(agreement, Err(Mismatch::Invalid(Error::Unsupported { .. })));
                prop_assert!(none);
            } else {
                prop_assert!(agreement.is_ok(), "{loss:?}: {}", agreement.unwrap_err());
            }
        }
    }

    /// Also where they stand in for a second derivative that is not.
    #[test]
    fn curvatures_are_symmetric_and_positive_semidefinite(
        columns in 1usize..6, scale in prop_oneof![Just(1.0), Just(8.0), Just(200.0)], soft: bool, seed: u64,
    ) {
        let batch = Batch::new(3, columns, scale, seed);
        for loss in all(columns).iter().filter(|loss| fits(loss, columns, soft)) {
            for row in 0..3 {
                let mut found = DMatrix::from_element(columns, columns, f64::NAN);
                if !loss.curvature(&batch.scores, batch.targets(soft), row, &mut found) {
                    prop_assert!(matches!(loss, ClassificationLoss::Hinge(_)) && found[0].is_nan());
                    continue;
                }
                prop_assert_eq!(&found, &found.transpose(), "{:?}", loss);
                let size = found.amax();
                if size > 1e-290 {
                    let raised = &found / size + DMatrix::identity(columns, columns) * 1e-14;
                    prop_assert!(raised.cholesky().is_some(), "{loss:?}: {found}");
                }
                // Softmax does not see shifts.
                if matches!(loss, ClassificationLoss::SoftmaxCrossEntropy(_) | ClassificationLoss::SoftmaxSquaredError(_)) {
                    let sums = found.column_sum();
                    prop_assert!(sums.amax() <= 1e-14 * found.amax().max(1e-300), "{loss:?}: {sums}");
                }
            }
        }
    }

    /// A wider range of scores than differences with fixed steps can take, entry by entry to 1e-8.
    #[test]
    fn curvatures_agree_with_five_points(columns in 1usize..5, soft: bool, seed: u64) {
        let mut rng = Rng::new(seed);
        let mut batch = Batch::new(1, columns, 1.0, seed);
        batch.scores.apply(|z| *z = rng.uniform(-30.0, 30.0));
        for loss in all(columns).iter().filter(|loss| fits(loss, columns, soft) && is_exact(loss)) {
            // Away from the kinks of the squared hinge.
            if batch.scores.iter().any(|z: &f64| (z.abs() - 1.0).abs() < 0.05) {
                continue;
            }
            let mut found = DMatrix::from_element(columns, columns, f64::NAN);
            if !loss.curvature(&batch.scores, batch.targets(soft), 0, &mut found) {
                continue;
            }
            for j in 0..columns {
                let h = 0.01;
                let at = |t: f64| {
                    let mut moved = batch.row(0);
                    moved.scores[j] += t * h;
                    moved.gradient(loss, soft, None).1
                };
                let numeric = (at(-2.0) - at(2.0) + 8.0 * (at(1.0) - at(-1.0))) / (12.0 * h);
                // Scores are rounded after they moved, and so are gradients of up to 60.
                let rounding = 1e-12 + 4e-15 / h * batch.scores.amax();
                for i in 0..columns {
                    let difference = (found[(i, j)] - numeric[i]).abs();
                    prop_assert!(difference <= rounding + 1e-8 * numeric[i].abs(), "{loss:?}, {i} {j}: {difference:e}");
                }
            }
        }
    }

    /// The positive part of the second derivative of the focal loss, and Gauss-Newton of the squared errors
    /// from differences of the link.
    #[test]
    fn curvatures_that_stand_in_are_what_they_say(columns in 2usize..5, soft: bool, seed: u64) {
        let batch = Batch::new(1, columns, 3.0, seed);
        let curvature = |loss: &dyn Loss<f64>| {
            let mut found = DMatrix::from_element(columns, columns, f64::NAN);
            assert!(loss.curvature(&batch.scores, batch.targets(soft), 0, &mut found));
            found
        };
        let h = 0.01;
        let differences = |f: &dyn Fn(&Batch) -> DMatrix<f64>, j: usize| {
            let at = |t: f64| {
                let mut moved = batch.row(0);
                moved.scores[j] += t * h;
                f(&moved)
            };
            (at(-2.0) - at(2.0) + 8.0 * (at(1.0) - at(-1.0))) / (12.0 * h)
        };
        for gamma in [0.0, 0.3, 1.0, 2.0, 6.0] {
            let focal = Focal::new(gamma).alpha(0.4);
            let found = curvature(&focal);
            for j in 0..columns {
                let numeric = differences(&|b| b.gradient(&focal, soft, None).1, j)[j].max(0.0);
                prop_assert!((found[(j, j)] - numeric).abs() <= 1e-8 * (1.0 + numeric), "γ = {gamma}");
            }
        }
        for loss in [&SigmoidSquaredError as &dyn Loss<f64>, &SoftmaxSquaredError] {
            let link = |b: &Batch| {
                let mut p = b.scores.clone();
                loss.probabilities(&b.scores, &mut p);
                p
            };
            let mut jacobian = DMatrix::zeros(columns, columns);
            for j in 0..columns {
                jacobian.column_mut(j).copy_from_slice(differences(&link, j).as_slice());
            }
            let wanted = jacobian.transpose() * jacobian * (2.0 / columns as f64);
            prop_assert!((curvature(loss) - wanted).amax() <= 1e-8);
        }
    }

    /// p_j Σ_k p_k (r_j - r_k), written out for three classes, none of whose terms cancel.
    #[test]
    fn squared_errors_of_confident_softmax_keep_the_digits_of_their_gradient(gap in 20.0f64..300.0) {
        let e = (-gap).exp();
        let sum = 1.0 + 2.0 * e;
        let (p, q) = (1.0 / sum, e / sum);
        let scores = dmatrix![gap, 0.0, 0.0];
        let (u, v) = (1.0 - q, 2.0 * q);
        let right = [-p * (v * v + 2.0 * q * q), q * p * (q + v), q * p * (q + v)];
        let wrong = [p * (q * (p + u) + q * (p - q)), -q * (u * u + p * p + q * q), q * (p * (q - p) + q * (q + u))];
        for (class, wanted) in [(0, right), (1, wrong)] {
            let mut gradient = scores.clone();
            let targets = Targets::Classes(std::slice::from_ref(&class));
            SoftmaxSquaredError.mean_and_gradient(&scores, targets, None, &mut gradient).unwrap();
            for (found, wanted) in gradient.iter().map(|g| 1.5 * g).zip(wanted) {
                prop_assert!((found - wanted).abs() <= 1e-14 * wanted.abs(), "{class}: {found:e}, {wanted:e}");
            }
        }
    }

    /// Without cancellation: relative errors of softmax Gauss-Newton matrices for confident predictions.
    #[test]
    fn gauss_newton_matrices_keep_their_digits_in_the_tails(gap in 20.0f64..300.0) {
        // Two classes: p q = e/(1 + e)² and 2/2 JᵀJ = 2 (p q)² [1, -1; -1, 1].
        let scores = dmatrix![gap, 0.0];
        let e = (-gap).exp();
        let slope = e / (1.0 + e).powi(2);
        let mut found = DMatrix::zeros(2, 2);
        SoftmaxSquaredError.curvature(&scores, Targets::Classes(&[0]), 0, &mut found);
        let wanted = 2.0 * slope * slope;
        for (found, sign) in found.iter().zip([1.0, -1.0, -1.0, 1.0]) {
            prop_assert!((found - sign * wanted).abs() <= 1e-13 * wanted, "{found:e}, {wanted:e}");
        }
    }
}

/// ln(1 + exp(-s z)) for s = ±1, with the derivative -s σ(-s z), is the loss of y = 0, 1 with σ(z) - y.
#[test]
fn the_logistic_loss_of_signs_is_binary_cross_entropy() {
    for i in -8000..=8000 {
        let z = 0.05 * f64::from(i);
        for s in [-1.0f64, 1.0] {
            let margin = s * z;
            let value = if margin > 0.0 { (-margin).exp().ln_1p() } else { margin.exp().ln_1p() - margin };
            let slope = -s * Activation::Sigmoid.evaluate(-margin).0;
            let class = usize::from(s > 0.0);
            let soft = dmatrix![class as f64];
            for targets in [Targets::Classes(&[class]), Targets::Values(&soft)] {
                let mut gradient = dmatrix![f64::NAN];
                let found = BinaryCrossEntropy.mean_and_gradient(&dmatrix![z], targets, None, &mut gradient);
                assert_relative_eq!(found.unwrap(), value, max_relative = 1e-15, epsilon = 1e-323);
                assert_relative_eq!(gradient[0], slope, max_relative = 1e-15, epsilon = 1e-323);
                // σ(z) - y is the same up to the rounding of the difference.
                let difference = Activation::Sigmoid.evaluate(z).0 - class as f64;
                assert_relative_eq!(gradient[0], difference, max_relative = 0.0, epsilon = 2e-16);
            }
        }
    }
}

#[test]
fn a_focal_loss_without_focus_is_binary_cross_entropy_to_the_bit() {
    let batch = Batch::new(500, 3, 200.0, 1);
    for soft in [false, true] {
        let (value, gradient) = batch.gradient(&Focal::new(0.0), soft, None);
        let (wanted, wanted_gradient) = batch.gradient(&BinaryCrossEntropy, soft, None);
        assert_relative_eq!(value, wanted, max_relative = 1e-15);
        assert_relative_eq!(gradient, wanted_gradient, max_relative = 1e-14, epsilon = 1e-19);
        if !soft {
            assert_eq!((value, gradient), (wanted, wanted_gradient));
        }
    }
}

/// p^γ where it can be had exactly: γ = 1, 2 and 1/2, up to the range of the number type.
#[test]
fn focal_loss_is_right_in_both_tails() {
    for i in -1400..=1400 {
        let z = 0.5 * f64::from(i);
        let (e, positive) = ((-z.abs()).exp(), z >= 0.0);
        let (p, q) =
            if positive { (1.0 / (1.0 + e), e / (1.0 + e)) } else { (e / (1.0 + e), 1.0 / (1.0 + e)) };
        let surprise = if positive { e.ln_1p() } else { e.ln_1p() - z };
        for (gamma, power) in [(1.0, q), (2.0, q * q), (0.5, q.sqrt()), (3.0, q * q * q)] {
            let mut gradient = dmatrix![f64::NAN];
            let targets = Targets::Classes(&[1]);
            let value =
                Focal::new(gamma).mean_and_gradient(&dmatrix![z], targets, None, &mut gradient).unwrap();
            let room = 2e-15;
            assert_relative_eq!(value, power * surprise, max_relative = room, epsilon = 1e-307);
            let slope = -power * (gamma * p * surprise + q);
            assert_relative_eq!(gradient[0], slope, max_relative = room, epsilon = 1e-307);
            // The mirror image.
            let mut mirrored = dmatrix![f64::NAN];
            let targets = Targets::Classes(&[0]);
            let other =
                Focal::new(gamma).mean_and_gradient(&dmatrix![-z], targets, None, &mut mirrored).unwrap();
            assert_eq!((other, mirrored[0]), (value, -gradient[0]));
        }
    }
    // σ(-1400)^(1/4) is exp(-350), though σ(-1400) is 0.
    let tail = Focal::new(0.25).mean(&dmatrix![-1400.0], Targets::Classes(&[0]), None).unwrap();
    assert_eq!(tail, 0.0, "softplus(-1400) is 0, and the product with it");
    let mut gradient = dmatrix![f64::NAN];
    Focal::new(0.25)
        .mean_and_gradient(&dmatrix![700.0], Targets::Classes(&[1]), None, &mut gradient)
        .unwrap();
    let wanted = -(-175f64).exp() * (0.25 * (-700f64).exp() + (-700f64).exp());
    assert_relative_eq!(gradient[0], wanted, max_relative = 1e-13);
}

fn odd_scores<T: Real>() {
    let of = |z: f64| T::of(z);
    let infinite = of(f64::INFINITY);
    for loss in all(1).iter().filter(|loss| fits(loss, 1, false)) {
        let at = |z: T, class: usize| {
            let mut gradient = DMatrix::from_element(1, 1, of(f64::NAN));
            let scores = DMatrix::from_element(1, 1, z);
            let value = loss.mean_and_gradient(&scores, Targets::Classes(&[class]), None, &mut gradient);
            (value.unwrap(), gradient[0].as_f64())
        };
        let (value, slope) = at(of(f64::NAN), 1);
        assert!(value.is_nan() && slope.is_nan(), "{loss:?}");
        if let ClassificationLoss::MeanSquaredError(_) = loss {
            continue; // Every target is infinitely far.
        }
        for (z, class) in [(infinite, 1), (-infinite, 0)] {
            assert_eq!(at(z, class), (0.0, 0.0), "{loss:?} at {z}");
            let (value, slope) = at(-z, class);
            assert!(!value.is_nan() && !slope.is_nan() && value > 0.0, "{loss:?} at {z}: {value}, {slope}");
        }
    }
    let (scores, mut p) =
        (DMatrix::from_row_slice(1, 3, &[0.5, f64::NAN, -1.0].map(of)), DMatrix::zeros(1, 3));
    MeanSquaredError.probabilities(&scores, &mut p);
    assert!(p.iter().all(|p: &T| p.as_f64().is_nan()));
    let losses = all(3);
    let wide = losses.iter().filter(|loss| !matches!(loss, ClassificationLoss::MeanSquaredError(_)));
    for loss in wide {
        for (row, class) in
            [([1.0, f64::INFINITY, -3.0], 1), ([f64::NEG_INFINITY, 2.0, f64::NEG_INFINITY], 1)]
        {
            let scores = DMatrix::from_row_slice(1, 3, &row.map(of));
            let mut p = DMatrix::from_element(1, 3, of(f64::NAN));
            loss.probabilities(&scores, &mut p);
            assert!(p.iter().all(|p| p.is_finite()), "{loss:?}: {p}");
            for target in 0..3 {
                let mut gradient = DMatrix::from_element(1, 3, of(f64::NAN));
                let value = loss
                    .mean_and_gradient(&scores, Targets::Classes(&[target]), None, &mut gradient)
                    .unwrap();
                assert!(!value.is_nan(), "{loss:?} at {row:?} for {target}");
                assert!(
                    !gradient.iter().any(|g| g.as_f64().is_nan()),
                    "{loss:?} at {row:?} for {target}: {gradient}"
                );
                if target == class && matches!(loss, ClassificationLoss::SoftmaxSquaredError(_)) {
                    assert_eq!(value, 0.0);
                }
            }
        }
        for place in 0..3 {
            let mut scores = DMatrix::from_element(1, 3, of(0.5));
            scores[place] = of(f64::NAN);
            let mut gradient = scores.clone();
            let value = loss.mean_and_gradient(&scores, Targets::Classes(&[0]), None, &mut gradient).unwrap();
            assert!(value.is_nan() && gradient[place].as_f64().is_nan(), "{loss:?}: {value}, {gradient}");
            let mut p = scores.clone();
            loss.probabilities(&scores, &mut p);
            assert!(p[place].as_f64().is_nan(), "{loss:?}: {p}");
        }
    }
}

#[test]
fn infinite_scores_are_certain_and_nan_stays_nan() {
    odd_scores::<f64>();
    odd_scores::<f32>();
}

#[test]
fn single_precision_agrees_with_double() {
    let batch = Batch::new(300, 4, 6.0, 7);
    let narrow = batch.scores.map(|z| z as f32);
    let wide = Batch { scores: narrow.map(f64::from), ..batch.row(0) };
    let targets = Targets::Classes(&batch.classes);
    for loss in all(4) {
        let (mut single, mut double) = (narrow.clone(), wide.scores.clone());
        let value = loss.mean_and_gradient(&narrow, targets, None, &mut single).unwrap();
        let wanted = loss
            .mean_and_gradient(&wide.scores, Targets::Classes(&batch.classes), None, &mut double)
            .unwrap();
        assert_relative_eq!(value, wanted, max_relative = 1e-6);
        assert_relative_eq!(single.map(f64::from), double, max_relative = 2e-6, epsilon = 1e-9);
    }
}

#[test]
fn no_rows_and_one_row_are_defined() {
    for loss in all(3) {
        let none = DMatrix::<f64>::zeros(0, 3);
        let mut gradient = none.clone();
        let value = loss.mean_and_gradient(&none, Targets::Classes(&[]), None, &mut gradient).unwrap();
        assert_eq!((value, loss.mean(&none, Targets::Values(&none), Some(&[])).unwrap()), (0.0, 0.0));
        loss.probabilities(&none, &mut gradient);
        let (value, gradient) = Batch::new(1, 3, 1.0, 3).gradient(&loss, false, None);
        assert!(value > 0.0 && gradient.iter().all(|g| g.is_finite()), "{loss:?}");
    }
    assert_eq!(Targets::<f64>::Classes(&[]).class_weighted(&[1.0, 2.0], None), Ok(vec![]));
}

#[test]
fn pointers_to_losses_are_losses() {
    fn takes<L: Loss<f64>>(loss: L, batch: &Batch) -> (f64, DMatrix<f64>, DMatrix<f64>, DMatrix<f64>) {
        let (value, gradient) = batch.gradient(&loss, true, None);
        let (mut p, mut curvature) = (batch.scores.clone(), DMatrix::zeros(2, 2));
        loss.probabilities(&batch.scores, &mut p);
        assert!(loss.curvature(&batch.scores, batch.targets(true), 0, &mut curvature));
        assert_eq!((loss.score_columns(2), loss.score_columns(7)), (2, 7));
        assert!(
            loss.check_parameters(2).is_ok() && loss.check(Targets::Values(&dmatrix![2.0, -1.0])).is_err()
        );
        (value, gradient, p, curvature)
    }
    let (batch, loss) = (Batch::new(5, 2, 2.0, 11), SoftmaxCrossEntropy::new().label_smoothing(0.1));
    let wanted = takes(loss, &batch);
    let boxed: Box<dyn Loss<f64>> = Box::new(loss);
    let shared: Arc<dyn Loss<f64>> = Arc::new(loss);
    let borrowed: &SoftmaxCrossEntropy = &loss;
    assert_eq!(takes(borrowed, &batch), wanted);
    assert_eq!(takes(&*boxed, &batch), wanted);
    assert_eq!(takes(boxed, &batch), wanted);
    assert_eq!(takes(shared, &batch), wanted);
    assert_eq!(takes(ClassificationLoss::from(loss), &batch), wanted);
    let wrong: Box<dyn Loss<f64>> = Box::new(Focal::new(f64::NAN));
    assert!(wrong.mean(&dmatrix![0.0], Targets::Classes(&[1]), None).is_err());
}

/// Each is refused by whatever looks at data, before it does.
#[test]
fn hyper_parameters_out_of_range_are_refused_by_name() {
    let refuse = |loss: ClassificationLoss| {
        let (scores, mut gradient) = (dmatrix![0.0, 1.0, 2.0], DMatrix::zeros(1, 3));
        let alone = loss.mean(&scores, Targets::Classes(&[1]), None).expect_err("out of range").to_string();
        let found = loss.mean_and_gradient(&scores, Targets::Classes(&[1]), None, &mut gradient);
        assert_eq!(found.expect_err("out of range").to_string(), alone);
        assert!(Loss::<f32>::check_parameters(&loss, 3).is_err());
        alone
    };
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    for bad in [nan, inf, -inf, -1e-300] {
        assert!(refuse(Focal::new(bad).into()).contains("`gamma`"));
    }
    for bad in [nan, inf, -1e-300, 1.0 + 1e-15] {
        assert!(refuse(Focal::new(1.0).alpha(bad).into()).contains("`alpha`"));
    }
    for bad in [nan, inf, -1e-300, 1.0] {
        let loss = SoftmaxCrossEntropy::new().label_smoothing(bad);
        assert!(refuse(loss.into()).contains("`label_smoothing`"));
    }
    for bad in [nan, inf, 0.0, -1.0] {
        assert!(
            refuse(BinaryCrossEntropy.positive_weights([1.0, bad, 1.0]).into())
                .contains("`positive_weights`")
        );
    }
    for bad in [vec![], vec![1.0, 2.0], vec![1.0; 4]] {
        let message = refuse(BinaryCrossEntropy.positive_weights(bad.clone()).into());
        assert_eq!(message, format!("`positive_weights` has {} entries, expected 3", bad.len()));
    }
    for good in [Focal::new(0.0).alpha(0.0), Focal::new(1e3).alpha(1.0)] {
        assert!(good.mean(&dmatrix![0.5], Targets::Classes(&[1]), None).is_ok());
    }
}

#[test]
fn targets_that_are_no_probabilities_are_refused() {
    let beyond = dmatrix![0.5, 1.5, -1.0];
    for loss in all(3) {
        let found = loss.mean(&dmatrix![0.0, 1.0, 2.0], Targets::Values(&beyond), None);
        let free = matches!(loss, ClassificationLoss::MeanSquaredError(_));
        assert_eq!(found.is_ok(), free, "{loss:?}");
    }
}

/// Each label has its own weight, which multiplies its "yes" and leaves its "no" alone.
#[test]
fn positive_weights_are_those_of_their_columns() {
    let (scores, weights) = (dmatrix![0.4, -1.5, 3.0], [2.0, 5.0, 0.25]);
    let loss = BinaryCrossEntropy.positive_weights(weights);
    for column in 0..3 {
        let mut yes = dmatrix![0.0, 0.0, 0.0];
        let none = loss.mean(&scores, Targets::Values(&yes), None).unwrap();
        assert_relative_eq!(none, BinaryCrossEntropy.mean(&scores, Targets::Values(&yes), None).unwrap());
        yes[column] = 1.0;
        let z = scores[column];
        let softplus = |z: f64| z.exp().ln_1p();
        let wanted = none - softplus(z) + weights[column] * softplus(-z);
        let found = loss.mean(&scores, Targets::Values(&yes), None).unwrap();
        assert_relative_eq!(found, wanted, max_relative = 1e-14);
    }
}

#[test]
fn class_weights_are_those_of_the_rows() {
    let classes = Targets::<f64>::Classes(&[2, 0, 1, 2]);
    assert_eq!(classes.class_weighted(&[1.0, 2.0, 5.0], None), Ok(vec![5.0, 1.0, 2.0, 5.0]));
    let samples = [1.0, 3.0, 0.0, 0.5];
    assert_eq!(classes.class_weighted(&[1.0, 2.0, 5.0], Some(&samples)), Ok(vec![5.0, 3.0, 0.0, 2.5]));
    let soft = dmatrix![0.5, 0.25, 0.25; 0.0, 1.0, 0.0];
    assert_eq!(Targets::Values(&soft).class_weighted(&[1.0, 2.0, 6.0], None), Ok(vec![2.5, 2.0]));
    let column = dmatrix![0.25; 1.0; 0.0f32];
    assert_eq!(Targets::Values(&column).class_weighted(&[2.0, 6.0], None), Ok(vec![3.0, 6.0, 2.0]));

    let message = |found: Result<Vec<f64>, Error>| found.expect_err("refused").to_string();
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(message(classes.class_weighted(&[1.0, bad, 1.0], None)).contains("`class_weight`"));
    }
    assert!(message(classes.class_weighted(&[1.0, 2.0], None)).contains("target 2 at row 0"));
    assert!(
        message(Targets::Values(&soft).class_weighted(&[1.0, 2.0], None)).contains("2 entries, expected 3")
    );
    let labels = dmatrix![1.0, 1.0];
    assert!(message(Targets::Values(&labels).class_weighted(&[1.0, 2.0], None)).contains("must sum to 1"));
    assert!(message(classes.class_weighted(&[1.0; 3], Some(&[1.0]))).contains("`weights`"));
}

/// A row of weight 3 is the row three times, for every loss.
#[test]
fn weights_are_repetitions() {
    for loss in all(2) {
        let scores = dmatrix![0.3, -0.6; 1.2, 0.1];
        let repeated = dmatrix![0.3, -0.6; 1.2, 0.1; 1.2, 0.1; 1.2, 0.1];
        let weighted = loss.mean(&scores, Targets::Classes(&[1, 0]), Some(&[1.0, 3.0])).unwrap();
        let wanted = loss.mean(&repeated, Targets::Classes(&[1, 0, 0, 0]), None).unwrap();
        assert_relative_eq!(weighted, wanted, max_relative = 1e-15);
    }
}

/// Order and ties of margins, which are no log-odds, survive the link.
#[test]
fn probabilities_of_margins_keep_order_and_ties() {
    let scores = dmatrix![0.5, 0.5, -2.0; 3.0, 2.0, 3.0];
    for loss in [ClassificationLoss::from(Hinge), SquaredHinge.into()] {
        let mut p = DMatrix::zeros(2, 3);
        loss.probabilities(&scores, &mut p);
        assert!(
            p[(0, 0)] == p[(0, 1)]
                && p[(0, 0)] > p[(0, 2)]
                && p[(1, 0)] == p[(1, 2)]
                && p[(1, 0)] > p[(1, 1)]
        );
        let (column, mut p) = (dmatrix![0.0; 2.0; -2.0], DMatrix::zeros(3, 2));
        loss.probabilities(&column, &mut p);
        assert!(p[(0, 0)] == 0.5 && p[(0, 1)] == 0.5 && p[(1, 1)] == p[(2, 0)] && p[(1, 1)] > 0.5);
    }
}

/// Targets of a smoothed loss are those of a plain one with targets smoothed by hand.
#[test]
fn label_smoothing_spreads_targets() {
    let batch = Batch::new(90, 4, 5.0, 21);
    for soft in [false, true] {
        let (value, gradient) = batch.gradient(&SoftmaxCrossEntropy::new().label_smoothing(0.3), soft, None);
        let mut by_hand = batch.row(0);
        by_hand.scores = batch.scores.clone();
        by_hand.values =
            DMatrix::from_fn(90, 4, |row, k| 0.7 * batch.targets(soft).value(row, k, 4) + 0.3 / 4.0);
        let (wanted, wanted_gradient) = by_hand.gradient(&SoftmaxCrossEntropy::default(), true, None);
        assert_relative_eq!(value, wanted, max_relative = 1e-14);
        assert_relative_eq!(gradient, wanted_gradient, epsilon = 1e-16, max_relative = 1e-13);
    }
}

#[test]
fn a_mean_takes_no_memory() {
    let batch = Batch::new(130, 3, 2.0, 2);
    let (mut gradient, mut curvature) = (batch.scores.clone(), DMatrix::zeros(3, 3));
    for loss in all(3) {
        let used = allocation_counter::measure(|| {
            for soft in [false, true] {
                let out = Gradient { scale: 1.0, out: &mut gradient };
                loss.accumulate(&batch.scores, batch.targets(soft), Some(&batch.weights), Some(out));
                loss.accumulate(&batch.scores, batch.targets(soft), None, None);
                loss.probabilities(&batch.scores, &mut gradient);
                loss.curvature(&batch.scores, batch.targets(soft), 7, &mut curvature);
            }
        });
        assert_eq!(used.count_total, 0, "{loss:?}");
    }
}

/// A softmax in `f32` is a distribution, however many classes it has, also after a conversion to `f64`.
#[test]
fn a_softmax_of_single_precision_is_a_distribution() {
    for (rows, columns) in [(64, 2), (64, 3), (64, 1000), (64, 2000), (8, 50_000)] {
        let mut rng = Rng::new(3);
        let z = DMatrix::from_fn(rows, columns, |_, _| 2.0 * rng.standard_normal() as f32);
        let mut soft = DMatrix::zeros(rows, columns);
        SoftmaxCrossEntropy::new().probabilities(&z, &mut soft);
        // The plain formula, whose sum rounds more.
        let mut plain = z.map(f32::exp);
        for mut row in plain.row_iter_mut() {
            let sum: f32 = row.iter().sum();
            row /= sum;
        }
        for targets in [&soft, &plain] {
            SoftmaxCrossEntropy::new().mean(&z, Targets::Values(targets), None).unwrap();
            SoftmaxSquaredError.mean(&z, Targets::Values(targets), None).unwrap();
            let (z, targets) = (z.map(f64::from), targets.map(f64::from));
            SoftmaxCrossEntropy::new().mean(&z, Targets::Values(&targets), None).unwrap();
        }
    }
}

#[test]
fn targets_may_be_a_few_units_in_the_last_place_outside() {
    fn check<T: Real>() {
        let (one, slip) = (T::one(), T::EPSILON);
        let z = DMatrix::from_element(2, 1, T::of(0.3));
        for target in [one + slip, one + slip + slip, -slip, -slip - slip, -T::MIN_POSITIVE] {
            let targets = DMatrix::from_element(2, 1, target);
            BinaryCrossEntropy.mean(&z, Targets::Values(&targets), None).unwrap();
            let both = DMatrix::from_fn(2, 2, |_, column| if column == 0 { target } else { one - target });
            let z = DMatrix::from_element(2, 2, T::of(0.3));
            SoftmaxCrossEntropy::new().mean(&z, Targets::Values(&both), None).unwrap();
        }
        for target in [one + T::of(1e-3), -T::of(1e-3), one + T::of(20.0) * slip, T::of(-20.0) * slip] {
            let targets = DMatrix::from_element(2, 1, target);
            let error = BinaryCrossEntropy.mean(&z, Targets::Values(&targets), None).unwrap_err();
            assert!(matches!(error, Error::InvalidTarget { row: 0, .. }), "{error}");
        }
        for sum in [T::of(0.999), T::of(1.001)] {
            let z = DMatrix::from_element(2, 3, T::of(0.3));
            let targets = DMatrix::from_element(2, 3, sum / T::of(3.0));
            let error = SoftmaxCrossEntropy::new().mean(&z, Targets::Values(&targets), None).unwrap_err();
            assert!(matches!(error, Error::InvalidTarget { row: 0, .. }), "{error}");
        }
    }
    check::<f32>();
    check::<f64>();
}
