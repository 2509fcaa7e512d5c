//! Losses, their gradients and their links: mpmath with 60 digits, rounded to `f64`, and checked there with PyTorch.

mod cases;

use logit::nalgebra::DMatrix;
use logit::{BinaryCrossEntropy, Gradient, Loss, MeanSquaredError, SoftmaxCrossEntropy, Targets};

use self::cases::{Reduction, Row};
use crate::compare::Within;

/// A few units in the last place, in both tails and for tiny gradients too.
const CLOSE: Within = Within::relative(1e-15);
/// Soft targets make the gradient a difference of numbers up to 1.
const DIFFERENCE: f64 = 4e-16;
/// Softmax starts with differences of scores, which are rounded already: exp(-11.3) is off by up to 8e-16.
const SOFTMAX: Within = Within::relative(1.5e-15);

/// The mean loss of `scores` and its gradient, which is written over NaN.
fn evaluate(loss: &dyn Loss<f64>, scores: &DMatrix<f64>, targets: Targets<'_, f64>) -> (f64, DMatrix<f64>) {
    let mut gradient = DMatrix::from_element(scores.nrows(), scores.ncols(), f64::NAN);
    let value = loss.mean_and_gradient(scores, targets, None, &mut gradient).expect("valid targets");
    let alone = loss.mean(scores, targets, None).expect("valid targets");
    assert_eq!(value.to_bits(), alone.to_bits(), "the value does not depend on whether there is a gradient");
    (value, gradient)
}

/// The tolerance on `factor` times the gradient of a row.
fn gradient_within(row: &Row, factor: f64) -> Within {
    if row.class.is_some() { CLOSE } else { CLOSE.plus(DIFFERENCE * factor) }
}

/// Compares each row as a batch of its own, with its targets as values and, where it has one, with its class.
fn compare_rows(loss: &dyn Loss<f64>, rows: &[Row]) {
    for row in rows {
        let scores = DMatrix::from_row_slice(1, row.scores.len(), &row.scores);
        let values = DMatrix::from_row_slice(1, row.target.len(), &row.target);
        let class = row.class.map(|class| [class]);
        let forms = [
            ("values", Some(Targets::Values(&values))),
            ("class", class.as_ref().map(|c| Targets::Classes(c))),
        ];
        for (form, targets) in forms {
            let Some(targets) = targets else { continue };
            let name = format!("{} as {form}", row.name);
            let (value, gradient) = evaluate(loss, &scores, targets);
            CLOSE.one(format_args!("{name}, loss"), value, row.loss);
            let name = format_args!("{name}, gradient");
            gradient_within(row, 1.0).all(name, gradient.as_slice(), &row.gradient);
        }
    }
}

/// Compares the rows with so many scores as one batch, each by a weight of 1 on its row and 0 on all others; returns
/// how many there are.
fn compare_batch(loss: &dyn Loss<f64>, rows: &[Row], columns: usize) -> usize {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.scores.len() == columns).collect();
    let scores = DMatrix::from_fn(rows.len(), columns, |i, k| rows[i].scores[k]);
    let values = DMatrix::from_fn(rows.len(), columns, |i, k| rows[i].target[k]);
    for (chosen, row) in rows.iter().enumerate() {
        let mut weights = vec![0.0; rows.len()];
        weights[chosen] = 1.0;
        let mut gradient = DMatrix::from_element(rows.len(), columns, f64::NAN);
        let out = Gradient { scale: 2.0, out: &mut gradient };
        let sum = loss.accumulate(&scores, Targets::Values(&values), Some(&weights), Some(out));
        CLOSE.one(format_args!("{} in a batch, loss", row.name), sum, row.loss);

        let found: Vec<f64> = gradient.row(chosen).iter().copied().collect();
        let wanted: Vec<f64> = row.gradient.iter().map(|g| 2.0 * g).collect();
        gradient_within(row, 2.0).all(format_args!("{} in a batch, gradient", row.name), &found, &wanted);
        gradient.row_mut(chosen).fill(0.0);
        assert!(gradient.iter().all(|&g| g == 0.0), "{}: rows of weight 0 have no gradient", row.name);
    }
    rows.len()
}

#[test]
fn binary_cross_entropy_keeps_its_digits_in_both_tails() {
    let rows: Vec<Row> = cases::read().bce_logits.iter().map(Row::from).collect();
    compare_rows(&BinaryCrossEntropy, &rows);
    assert_eq!(rows.iter().filter(|row| row.class.is_some()).count(), 86);
    assert_eq!(compare_batch(&BinaryCrossEntropy, &rows, 1), 258);
}

#[test]
fn binary_cross_entropy_in_single_precision_is_off_by_a_few_units_in_its_last_place() {
    let mut compared = 0;
    for case in &cases::read().bce_logits {
        let z = case.z as f32;
        let Some(class) = [0.0, 1.0].iter().position(|&t| t == case.t).filter(|_| z.is_finite()) else {
            continue;
        };
        let mut gradient = DMatrix::from_element(1, 1, f32::NAN);
        let scores = DMatrix::from_element(1, 1, z);
        let value =
            BinaryCrossEntropy.mean_and_gradient(&scores, Targets::Classes(&[class]), None, &mut gradient);
        // The second derivative is smaller than the first.
        let within = Within::single(1.5, 1.001 * (f64::from(z) - case.z).abs() * case.dz.abs());
        let name = format_args!("loss and gradient at {z:?} for {class}");
        within.all(name, &[value.expect("valid class"), gradient[0].into()], &[case.loss, case.dz]);
        compared += 1;
    }
    assert_eq!(compared, 82, "all but 1e300 and -1e300");
}

#[test]
fn probabilities_of_two_classes_keep_their_digits_in_both_tails() {
    // The gradient is the probability of class 1 for target 0, and less that of class 0 for target 1.
    let cases = cases::read().bce_logits;
    let hard: Vec<_> = cases.iter().filter(|case| case.t == 0.0 || case.t == 1.0).collect();
    let scores = DMatrix::from_fn(hard.len(), 1, |i, _| hard[i].z);
    let mut found = DMatrix::from_element(hard.len(), 2, f64::NAN);
    BinaryCrossEntropy.probabilities(&scores, &mut found);
    for (row, case) in hard.iter().enumerate() {
        let class = usize::from(case.t == 0.0);
        CLOSE.one(format_args!("probability of {class} at {}", case.z), found[(row, class)], case.dz.abs());
    }
    assert_eq!(hard.len(), 86);
}

#[test]
fn softmax_cross_entropy_agrees_for_classes_smoothed_and_soft_targets() {
    let cases = cases::read();
    let mut rows: Vec<Row> = cases.softmax_ce.iter().map(Row::from).collect();
    rows.extend(cases.softmax_ce_soft_target.iter().map(Row::from));
    compare_rows(&SoftmaxCrossEntropy, &rows);
    assert_eq!(rows.iter().filter(|row| row.class.is_some()).count(), 66);
    let counts = [1, 2, 3, 4, 5, 7].map(|columns| compare_batch(&SoftmaxCrossEntropy, &rows, columns));
    assert_eq!(counts, [2, 31, 66, 19, 8, 12]);
    assert_eq!(counts.iter().sum::<usize>(), 138);
}

#[test]
fn softmax_probabilities_keep_their_digits_down_to_the_smallest() {
    let cases = cases::read();
    let hard = cases.softmax_ce.iter().map(|case| (&case.logits, &case.prob));
    let soft = cases.softmax_ce_soft_target.iter().map(|case| (&case.logits, &case.prob));
    let mut compared = 0;
    for (logits, wanted) in hard.chain(soft) {
        let scores = DMatrix::from_row_slice(1, logits.len(), logits);
        let mut found = DMatrix::from_element(1, logits.len(), f64::NAN);
        SoftmaxCrossEntropy.probabilities(&scores, &mut found);
        SOFTMAX.all(format_args!("softmax of {logits:?}"), found.as_slice(), wanted);
        compared += 1;
    }
    assert_eq!(compared, 138);
}

#[test]
fn squared_error_agrees_up_to_overflow() {
    let rows: Vec<Row> = cases::read().mse_raw.iter().map(Row::from).collect();
    compare_rows(&MeanSquaredError, &rows);
    assert_eq!(compare_batch(&MeanSquaredError, &rows, 1), 129);
    assert_eq!(rows.iter().filter(|row| row.loss.is_infinite()).count(), 6);
}

/// The sum over rows, its gradient, and both divided by the number of rows and by the sum of weights.
fn compare_reductions(loss: &dyn Loss<f64>, case: &Reduction) {
    let scores = case.logits.matrix();
    let classes: Vec<usize> = case.target.iter().map(|&t| t as usize).collect();
    let values = DMatrix::from_column_slice(case.target.len(), 1, &case.target);
    let certain = case.loss != "mse_raw";
    let targets = if certain { Targets::Classes(&classes) } else { Targets::Values(&values) };
    let weights = Some(case.effective_weight.as_slice());
    let mut gradient = scores.clone();
    for (name, wanted) in &case.reductions {
        let scale = if name == "mean_by_n" { 1.0 / scores.nrows() as f64 } else { 1.0 };
        let value = if name == "mean_by_weight_sum" {
            loss.mean_and_gradient(&scores, targets, weights, &mut gradient).expect("valid weights")
        } else {
            scale * loss.accumulate(&scores, targets, weights, Some(Gradient { scale, out: &mut gradient }))
        };
        let name = format!("{} with {}, {name}", case.loss, case.weighting);
        CLOSE.one(format_args!("{name}, value"), value, wanted.value);
        CLOSE.matrix(format_args!("{name}, gradient"), &gradient, &wanted.grad.matrix());
    }
    assert_eq!(case.reductions.len(), 3);
}

#[test]
fn sums_and_both_means_agree_with_every_kind_of_weight() {
    let mut compared = [0; 3];
    for case in &cases::read().reductions {
        let losses: [&dyn Loss<f64>; 3] = [&BinaryCrossEntropy, &SoftmaxCrossEntropy, &MeanSquaredError];
        let Some(index) = ["bce_logits", "softmax_ce", "mse_raw"].iter().position(|name| *name == case.loss)
        else {
            continue; // hinge and squared_hinge
        };
        compare_reductions(losses[index], case);
        compared[index] += 1;
    }
    assert_eq!(compared, [6, 4, 1]);
}
