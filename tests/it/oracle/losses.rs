//! Losses, their gradients and their links: mpmath with 60 digits, rounded to `f64`, and checked there with
//! PyTorch.

mod cases;

use logit::nalgebra::DMatrix;
use logit::nn::{
    BinaryCrossEntropy, Focal, Gradient, Hinge, Loss, MeanSquaredError, SigmoidSquaredError,
    SoftmaxCrossEntropy, SoftmaxSquaredError, SquaredHinge, Targets,
};

use self::cases::{DIFFERENCE, Reduction, Row, slope};
use crate::oracle::compare::Within;

/// A few units in the last place, in both tails and for tiny gradients too.
const CLOSE: Within = Within::relative(1e-15);
/// Softmax starts with differences of scores, which are rounded already: exp(-11.3) is off by up to 8e-16.
const SOFTMAX: Within = Within::relative(1.5e-15);

/// Probabilities that start with rounded differences of scores, and their squares and products.
const SQUARED: Within = Within::relative(4e-15);

/// The mean loss of `scores` and its gradient, which is written over NaN.
fn evaluate(loss: &dyn Loss<f64>, scores: &DMatrix<f64>, targets: Targets<'_, f64>) -> (f64, DMatrix<f64>) {
    let mut gradient = DMatrix::from_element(scores.nrows(), scores.ncols(), f64::NAN);
    let value = loss.mean_and_gradient(scores, targets, None, &mut gradient).expect("valid targets");
    let alone = loss.mean(scores, targets, None).expect("valid targets");
    assert_eq!(value.to_bits(), alone.to_bits(), "the value does not depend on whether there is a gradient");
    (value, gradient)
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
            CLOSE.plus(row.room.0).one(format_args!("{name}, loss"), value, row.loss);
            let name = format_args!("{name}, gradient");
            CLOSE.plus(row.room.1).all(name, gradient.as_slice(), &row.gradient);
        }
    }
}

/// Compares the rows with this number of scores as one batch, each by a weight of 1 on its row and 0 on all
/// others; returns how many there are.
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
        CLOSE.plus(row.room.0).one(format_args!("{} in a batch, loss", row.name), sum, row.loss);

        let found: Vec<f64> = gradient.row(chosen).iter().copied().collect();
        let wanted: Vec<f64> = row.gradient.iter().map(|g| 2.0 * g).collect();
        CLOSE.plus(2.0 * row.room.1).all(format_args!("{} in a batch, gradient", row.name), &found, &wanted);
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
    compare_rows(&SoftmaxCrossEntropy::new(), &rows);
    assert_eq!(rows.iter().filter(|row| row.class.is_some()).count(), 66);
    let counts = [1, 2, 3, 4, 5, 7].map(|columns| compare_batch(&SoftmaxCrossEntropy::new(), &rows, columns));
    assert_eq!(counts, [2, 31, 66, 19, 8, 12]);
    assert_eq!(counts.iter().sum::<usize>(), 138);
}

#[test]
fn label_smoothing_agrees_for_classes_and_for_values() {
    let mut smoothed = 0;
    for case in &cases::read().softmax_ce {
        let columns = case.logits.len();
        let loss = SoftmaxCrossEntropy::new().label_smoothing(case.label_smoothing);
        let scores = DMatrix::from_row_slice(1, columns, &case.logits);
        let values = DMatrix::from_fn(1, columns, |_, k| f64::from(u8::from(k == case.target)));
        let Row { name, room, .. } = Row::from(case);
        for targets in [Targets::Classes(&[case.target]), Targets::Values(&values)] {
            let (value, gradient) = evaluate(&loss, &scores, targets);
            CLOSE.one(format_args!("{name}, loss"), value, case.loss);
            CLOSE.plus(room.1).all(format_args!("{name}, gradient"), gradient.as_slice(), &case.grad);
        }
        smoothed += usize::from(case.label_smoothing > 0.0);
    }
    assert_eq!(smoothed, 66);
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
        SoftmaxCrossEntropy::new().probabilities(&scores, &mut found);
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

/// The curvature of a row of its own.
fn curvature(loss: &dyn Loss<f64>, scores: &[f64], target: &[f64]) -> DMatrix<f64> {
    let columns = scores.len();
    let (z, t) = (DMatrix::from_row_slice(1, columns, scores), DMatrix::from_row_slice(1, columns, target));
    let mut out = DMatrix::from_element(columns, columns, f64::NAN);
    assert!(loss.curvature(&z, Targets::Values(&t), 0, &mut out));
    out
}

#[test]
fn curvatures_are_the_second_derivatives() {
    let cases = cases::read();
    for case in &cases.bce_logits {
        let found = curvature(&BinaryCrossEntropy, &[case.z], &[case.t]);
        CLOSE.one(format_args!("curvature at {:?}", case.z), found[0], case.d2z);
    }
    for case in &cases.softmax_ce {
        let Row { name, scores, target, .. } = case.into();
        let found = curvature(&SoftmaxCrossEntropy::new(), &scores, &target);
        let found: Vec<f64> = found.diagonal().iter().copied().collect();
        // p and 1 - p both start from differences of scores.
        Within::relative(2e-15).all(format_args!("{name}, curvature"), &found, &case.hess_diag);
    }
    for case in &cases.mse_raw {
        assert_eq!(curvature(&MeanSquaredError, &[case.y], &[case.t])[0], 2.0);
    }
    for case in &cases.squared_hinge {
        let found = curvature(&SquaredHinge, &[case.z], &[0.5 + 0.5 * case.y]);
        assert_eq!(Some(found[0]), case.d2z, "{}", case.z);
    }
    // The Gauss-Newton matrix of squared error leaves out residual times second derivative of σ.
    for case in &cases.mse_sigmoid {
        let rest = 2.0 * (case.prob - case.t) * slope(case.z) * (1.0 - 2.0 * case.prob);
        let found = curvature(&SigmoidSquaredError, &[case.z], &[case.t])[0] + rest;
        CLOSE.plus(DIFFERENCE * slope(case.z)).one(
            format_args!("curvature at {:?}", case.z),
            found,
            case.d2z,
        );
    }
}

#[test]
fn half_a_squared_error_is_half_of_it() {
    for case in &cases::read().mse_raw {
        CLOSE.all(case.y, &[0.5 * case.loss, 0.5 * case.dy], &[case.loss_half, case.dy_half]);
    }
}

#[test]
fn squared_error_of_sigmoids_agrees() {
    let cases = cases::read().mse_sigmoid;
    let rows: Vec<Row> = cases.iter().map(Row::from).collect();
    compare_rows(&SigmoidSquaredError, &rows);
    assert_eq!(compare_batch(&SigmoidSquaredError, &rows, 1), 129);
    let scores = DMatrix::from_fn(cases.len(), 1, |i, _| cases[i].z);
    let mut found = DMatrix::from_element(cases.len(), 2, f64::NAN);
    SigmoidSquaredError.probabilities(&scores, &mut found);
    let wanted: Vec<f64> = cases.iter().map(|case| case.prob).collect();
    CLOSE.all("probability", found.column(1).into_owned().as_slice(), &wanted);
}

#[test]
fn squared_error_of_softmax_agrees_as_mean_and_as_sum() {
    let cases = cases::read().mse_softmax;
    for case in &cases {
        let row = Row::from(case);
        let columns = row.scores.len();
        let scores = DMatrix::from_row_slice(1, columns, &row.scores);
        let values = DMatrix::from_row_slice(1, columns, &row.target);
        for targets in [Targets::Values(&values), Targets::Classes(&[case.target])] {
            let (value, gradient) = evaluate(&SoftmaxSquaredError, &scores, targets);
            SQUARED.one(&row.name, value, row.loss);
            SQUARED.one(&row.name, columns as f64 * value, case.loss_sum);
            // p_j times a difference of residuals, which are up to 1.
            let mut p = scores.clone();
            SoftmaxSquaredError.probabilities(&scores, &mut p);
            for (j, wanted) in case.grad_of_loss_sum.iter().enumerate() {
                let within = SQUARED.plus(2.0 * DIFFERENCE * p[j]);
                within.one(format_args!("{}, {j}", row.name), columns as f64 * gradient[j], *wanted);
            }
        }
    }
    assert_eq!(cases.len(), 45);
}

#[test]
fn hinges_agree_at_their_kinks_too() {
    let cases = cases::read();
    for (loss, cases) in [(&Hinge as &dyn Loss<f64>, cases.hinge), (&SquaredHinge, cases.squared_hinge)] {
        let rows: Vec<Row> = cases.iter().map(Row::from).collect();
        compare_rows(loss, &rows);
        assert_eq!(compare_batch(loss, &rows, 1), 86);
        assert_eq!(cases.iter().filter(|case| case.kink).count(), 2);
    }
}

#[test]
fn focal_loss_keeps_its_digits_in_both_tails() {
    let cases = cases::read().focal;
    for case in &cases {
        let loss = Focal::new(case.gamma);
        let loss = if case.alpha < 0.0 { loss } else { loss.alpha(case.alpha) };
        compare_rows(&loss, &[case.into()]);
        if case.gamma == 0.0 && case.alpha < 0.0 {
            compare_rows(&BinaryCrossEntropy, &[case.into()]);
        }
    }
    assert_eq!(cases.len(), 172);
}

/// The sum over rows, its gradient, and both divided by the number of rows and by the sum of weights.
fn compare_reductions(loss: &dyn Loss<f64>, weights: Option<&[f64]>, case: &Reduction, names: &[&str]) {
    let scores = case.logits.matrix();
    let hinge = case.loss.ends_with("hinge");
    let classes: Vec<usize> =
        case.target.iter().map(|&t| if hinge { 0.5 + 0.5 * t } else { t } as usize).collect();
    let values = DMatrix::from_column_slice(case.target.len(), 1, &case.target);
    let certain = case.loss != "mse_raw";
    let targets = if certain { Targets::Classes(&classes) } else { Targets::Values(&values) };
    // Weights by class are found, not read.
    let by_class = case.class_weight.as_ref().map(|by_class| {
        let found = targets.class_weighted(by_class, weights).expect("valid weights");
        CLOSE.all(format_args!("{} with {}", case.loss, case.weighting), &found, &case.effective_weight);
        found
    });
    let weights = by_class.as_deref().or(weights);
    let mut gradient = scores.clone();
    for &name in names {
        let wanted = &case.reductions[name];
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
}

const REDUCTIONS: [&str; 3] = ["mean_by_n", "mean_by_weight_sum", "sum"];

#[test]
fn sums_and_both_means_agree_with_every_kind_of_weight() {
    let mut compared = 0;
    for case in &cases::read().reductions {
        let loss: &dyn Loss<f64> = match case.loss.as_str() {
            "bce_logits" => &BinaryCrossEntropy,
            "softmax_ce" => &SoftmaxCrossEntropy::new(),
            "mse_raw" => &MeanSquaredError,
            "hinge" => &Hinge,
            "squared_hinge" => &SquaredHinge,
            other => panic!("{other} is not a known loss"),
        };
        assert!(case.reductions.keys().eq(REDUCTIONS), "{}", case.weighting);
        match case.weighting.as_str() {
            "unweighted"
            | "sample_weight"
            | "sample_weight_with_zero"
            | "class_weight"
            | "sample_and_class_weight" => {
                compare_reductions(loss, case.sample_weight.as_deref(), case, &REDUCTIONS)
            }
            "pos_weight" => {
                let weight = case.pos_weight.expect("a weight");
                let positive = BinaryCrossEntropy.positive_weights([weight]);
                compare_reductions(&positive, None, case, &["mean_by_n", "sum"]);
                // Its own mean is the one by rows.
                let (scores, classes): (_, Vec<usize>) =
                    (case.logits.matrix(), case.target.iter().map(|&t| t as usize).collect());
                let mean = positive.mean(&scores, Targets::Classes(&classes), None).expect("valid weights");
                CLOSE.one("mean with positive weights", mean, case.reductions["mean_by_n"].value);
                let by_class = Targets::Classes(&classes).class_weighted(&[1.0, weight], None);
                compare_reductions(loss, Some(&by_class.expect("valid weights")), case, &REDUCTIONS);
            }
            other => panic!("{other} is not a known weighting"),
        }
        compared += 1;
    }
    assert_eq!(compared, 13);
}
