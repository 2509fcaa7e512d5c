//! Leave-one-out estimates by one Newton step, leverages, residuals, suspicious labels.

use crate::common::{normal, overlapping, pick};
use logit::linear::{Influence, RowOptions};
use logit::metrics::{BrierScore, Metric};
use logit::prelude::*;
use logit::{ClassWeight, Error, FitOptions, FittedLogistic, LogisticRegression, Penalty, data};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;

type Model = FittedLogistic<f64, usize>;

/// A fit written out: every parameter of every class (or of the one score column), the intercept last.
struct Explicit<'a> {
    x: DMatrix<f64>,
    y: &'a [usize],
    weights: Vec<f64>,
    offset: Option<&'a DMatrix<f64>>,
    columns: usize,
    /// The parameters that may move.
    free: Vec<usize>,
    /// Of each parameter, times the sum of weights.
    l2: Vec<f64>,
    params: DVector<f64>,
}

impl<'a> Explicit<'a> {
    fn new(
        model: &Model,
        x: &DMatrix<f64>,
        y: &'a [usize],
        weights: Option<&[f64]>,
        offset: Option<&'a DMatrix<f64>>,
        (l1, l2): (f64, f64),
    ) -> Self {
        let weights = weights.map_or(vec![1.0; y.len()], <[f64]>::to_vec);
        let total: f64 = weights.iter().sum();
        let (width, columns) = (x.ncols() + 1, model.coefficients().ncols());
        let value = |at: usize| match at % width {
            j if j + 1 < width => model.coefficients()[(j, at / width)],
            _ => model.intercept()[at / width],
        };
        let slope = |at: &usize| at % width + 1 < width;
        let all = 0..width * columns;
        Explicit {
            x: x.clone().insert_column(x.ncols(), 1.0),
            y,
            weights,
            offset,
            columns,
            free: all.clone().filter(|at| l1 == 0.0 || !slope(at) || value(*at) != 0.0).collect(),
            l2: all.clone().map(|at| if slope(&at) { l2 * total } else { 0.0 }).collect(),
            params: DVector::from_iterator(width * columns, all.map(value)),
        }
    }

    /// Probabilities of the score columns' classes.
    fn p(&self, params: &DVector<f64>, row: usize) -> (Vec<f64>, DVector<f64>) {
        let width = self.x.ncols();
        let score = |k: usize| {
            let offset = self.offset.map_or(0.0, |o| o[(row, k)]);
            offset + (0..width).map(|j| self.x[(row, j)] * params[k * width + j]).sum::<f64>()
        };
        let scores: Vec<f64> = (0..self.columns).map(score).collect();
        let sum: f64 =
            scores.iter().map(|z| z.exp()).sum::<f64>() + if self.columns == 1 { 1.0 } else { 0.0 };
        let p = DVector::from_iterator(self.columns, scores.iter().map(|z| z.exp() / sum));
        (scores, p)
    }

    /// Gradient (without an L1 part, which stays) and Hessian of the objective of all rows but one.
    fn derivatives(&self, without: Option<usize>) -> (DVector<f64>, DMatrix<f64>) {
        let (width, size) = (self.x.ncols(), self.params.len());
        let mut gradient = self.params.component_mul(&DVector::from_column_slice(&self.l2));
        let mut hessian = DMatrix::from_diagonal(&DVector::from_column_slice(&self.l2));
        for row in (0..self.y.len()).filter(|row| Some(*row) != without) {
            let (_, p) = self.p(&self.params, row);
            for a in 0..size {
                let (k, i) = (a / width, a % width);
                let class = if self.columns == 1 { 1 } else { k };
                let residual = p[k] - f64::from(u8::from(self.y[row] == class));
                gradient[a] += self.weights[row] * residual * self.x[(row, i)];
                for b in 0..size {
                    let (l, j) = (b / width, b % width);
                    let w = p[k] * (f64::from(u8::from(k == l)) - p[l]);
                    hessian[(a, b)] += self.weights[row] * w * self.x[(row, i)] * self.x[(row, j)];
                }
            }
        }
        (gradient, hessian)
    }

    /// A Newton step without `row`, from the optimum, and its square in the metric of the whole Hessian.
    fn step(&self, row: usize, at_optimum: &(DVector<f64>, DMatrix<f64>)) -> (DVector<f64>, f64) {
        let (gradient, hessian) = self.derivatives(Some(row));
        // With an L1 part the gradient of the optimum is minus that of the absolute values.
        let change = (gradient - &at_optimum.0).select_rows(&self.free);
        let part = hessian.select_rows(&self.free).select_columns(&self.free);
        let step = -(part.pseudo_inverse(1e-10).unwrap() * change);
        let mut full = DVector::zeros(self.params.len());
        for (at, d) in self.free.iter().zip(step.iter()) {
            full[*at] = *d;
        }
        let square = (full.transpose() * &at_optimum.1 * &full)[(0, 0)];
        (full, square)
    }
}

fn check_against_newton(
    influence: &Influence<usize>,
    explicit: &Explicit<'_>,
    degrees_of_freedom: f64,
) -> Result<(), TestCaseError> {
    let at_optimum = explicit.derivatives(None);
    let part = at_optimum.1.select_rows(&explicit.free).select_columns(&explicit.free);
    let inverse = part.pseudo_inverse(1e-10).unwrap();
    for row in 0..explicit.y.len() {
        let (step, square) = explicit.step(row, &at_optimum);
        let (scores, p) = explicit.p(&(&explicit.params + step), row);
        for (k, score) in scores.iter().enumerate() {
            let found = influence.leave_one_out_scores()[(row, k)];
            // Rows of scores are the same up to a shift.
            let (found, score) = if scores.len() == 1 {
                (found, *score)
            } else {
                (found - influence.leave_one_out_scores()[(row, 0)], score - scores[0])
            };
            prop_assert!((found - score).abs() <= 1e-10 * (1.0 + score.abs()), "{row}: {found} {score}");
            let class = if scores.len() == 1 { 1 } else { k };
            prop_assert!((influence.leave_one_out_probabilities()[(row, class)] - p[k]).abs() <= 1e-10);
        }
        let cook = influence.cooks_distances()[row];
        prop_assert!((cook - square / degrees_of_freedom).abs() <= 1e-9 * (1.0 + cook), "{cook} {square}");

        // The leverage as the trace of W X H⁻¹ Xᵀ.
        let (width, columns) = (explicit.x.ncols(), explicit.columns);
        let place = |at: usize| explicit.free.iter().position(|&f| f == at);
        let form = |k: usize, l: usize| {
            let mut sum = 0.0;
            for i in 0..width {
                for j in 0..width {
                    if let (Some(a), Some(b)) = (place(k * width + i), place(l * width + j)) {
                        sum += explicit.x[(row, i)] * inverse[(a, b)] * explicit.x[(row, j)];
                    }
                }
            }
            sum
        };
        let (_, p) = explicit.p(&explicit.params, row);
        let mut wanted = 0.0;
        for a in 0..columns {
            for b in 0..columns {
                wanted += explicit.weights[row] * p[a] * (f64::from(u8::from(a == b)) - p[b]) * form(b, a);
            }
        }
        let found = influence.leverages()[row];
        prop_assert!((found - wanted).abs() <= 1e-10, "{row}: {found} {wanted}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// The formula is a Newton step with the row removed, written out: with ridge, without, with L1 and both.
    #[test]
    fn one_step_is_newtons(
        classes in 2usize..5, l1 in prop_oneof![Just(0.0), Just(0.02)], l2 in prop_oneof![Just(0.0), 0.01f64..0.5],
        weighted: bool, shifted: bool, seed in 0u64..1000,
    ) {
        let (x, y) = overlapping(60, 4, classes, seed);
        prop_assume!((0..classes).all(|k| y.contains(&k)));
        let columns = if classes == 2 { 1 } else { classes };
        let weights: Vec<f64> = (0..60).map(|i| 0.5 * f64::from(i % 5)).collect();
        let weights = weighted.then_some(weights.as_slice());
        let offset = normal(60, columns, seed + 3) * 0.5;
        let offset = shifted.then_some(&offset);
        let penalty = match (l1 > 0.0, l2 > 0.0) {
            (true, true) => Penalty::elastic_net(l1 + l2, l1 / (l1 + l2)),
            (true, false) => Penalty::l1(l1),
            (false, true) => Penalty::l2(l2),
            _ => Penalty::None,
        };
        let options = { let mut options = FitOptions::new(); options.weights = weights; options.offset = offset.map(|m| m.as_view()); options };
        let model = LogisticRegression::new(penalty).tolerance(1e-13).fit_with(&x, &y, options).unwrap();
        prop_assume!(model.report().gradient_norm.unwrap() < 1e-11);
        let influence = match model.influence_with(&x, &y, { let mut options = RowOptions::new(); options.weights = weights; options.offset = offset.map(|m| m.as_view()); options }) {
            // Some draws are separable.
            Err(Error::Singular { .. }) if l1 == 0.0 && l2 == 0.0 => return Ok(()),
            other => other.unwrap(),
        };
        let explicit = Explicit::new(&model, &x, &y, weights, offset, (l1, l2));
        let everywhere = (0..5).filter(|j| columns > 1 && (0..columns).all(|k| explicit.free.contains(&(k * 5 + j))));
        check_against_newton(&influence, &explicit, (explicit.free.len() - everywhere.count()) as f64)?;
    }

    /// A weight of m is the row m times, where all m go together; a row of weight 0 is only looked at.
    #[test]
    fn weights_are_repetitions(classes in 2usize..4, seed in 0u64..1000) {
        let (x, y) = overlapping(40, 3, classes, seed);
        let weights: Vec<f64> = (0..40).map(|i| f64::from(i % 4)).collect();
        let model = LogisticRegression::new(Penalty::c(0.5)).tolerance(1e-12);
        let repeated: Vec<usize> = (0..40).flat_map(|i| vec![i; i % 4]).collect();
        let (xs, ys) = (x.select_rows(&repeated), pick(&y, &repeated));
        let fitted = model.fit_weighted(&x, &y, &weights).unwrap();
        let options = RowOptions::new().weights(weights.as_slice());
        let weighted = fitted.influence_with(&x, &y, options).unwrap();
        let copies = model.fit(&xs, &ys).unwrap().influence(&xs, &ys).unwrap();
        for row in 0..40 {
            let of_copies: f64 =
                repeated.iter().zip(copies.leverages()).filter(|(i, _)| **i == row).map(|(_, h)| h).sum();
            prop_assert!((weighted.leverages()[row] - of_copies).abs() < 1e-9);
            if row % 4 == 1 {
                let at = repeated.iter().position(|&i| i == row).unwrap();
                let (a, b) = (weighted.leave_one_out_probabilities().row(row), copies.leave_one_out_probabilities().row(at));
                prop_assert!((a - b).amax() < 1e-9);
                prop_assert!((weighted.cooks_distances()[row] - copies.cooks_distances()[at]).abs() < 1e-9);
                prop_assert!((weighted.deviance_residuals()[row] - copies.deviance_residuals()[at]).abs() < 1e-9);
            }
            if row % 4 == 0 {
                let p = fitted.predict_proba(&x).unwrap();
                prop_assert!((weighted.leave_one_out_probabilities().row(row) - p.row(row)).amax() < 1e-12);
                prop_assert_eq!(weighted.leverages()[row], 0.0);
                prop_assert_eq!(weighted.cooks_distances()[row], 0.0);
            }
        }
        prop_assert!((weighted.effective_parameters() - copies.effective_parameters()).abs() < 1e-8);
    }
}

/// With an even number of classes and L1 alone, all coefficients of a column may be nonzero. Neither the loss
/// nor the penalty then depends on their common shift.
#[test]
fn shifts_that_an_l1_penalty_does_not_see_do_not_matter() {
    let (x, y) = overlapping(200, 4, 4, 2);
    let model = LogisticRegression::new(Penalty::l1(0.001)).tolerance(1e-13).fit(&x, &y).unwrap();
    assert!(model.coefficients().row_iter().any(|row| row.iter().all(|&w| w != 0.0)));
    let influence = model.influence(&x, &y).unwrap();
    let explicit = Explicit::new(&model, &x, &y, None, None, (0.001, 0.0));
    let full = |j: &usize| (0..4).all(|k| explicit.free.contains(&(k * 5 + j)));
    let degrees = explicit.free.len() - (0..5).filter(full).count();
    check_against_newton(&influence, &explicit, degrees as f64).unwrap();
}

/// Against refits without each row: close, and four times as close with twice as many rows.
#[test]
fn one_step_is_close_to_a_refit() {
    for classes in [2, 3] {
        let mut errors = Vec::new();
        for rows in [60, 120, 240] {
            let (x, y) = overlapping(rows, 4, classes, 21);
            let c = 1.0;
            let fit = |x: &DMatrix<f64>, y: &[usize]| {
                LogisticRegression::new(Penalty::c(c)).tolerance(1e-11).fit(x, y).unwrap()
            };
            let influence = fit(&x, &y).influence(&x, &y).unwrap();
            let (mut loss, mut away) = (0.0, 0.0);
            let mut movements = Vec::new();
            let inside = fit(&x, &y).predict_proba(&x).unwrap();
            for row in 0..rows {
                let rest: Vec<usize> = (0..rows).filter(|&i| i != row).collect();
                let p = fit(&x.select_rows(&rest), &pick(&y, &rest))
                    .predict_proba(&x.select_rows(&[row]))
                    .unwrap();
                let found = influence.leave_one_out_probabilities()[(row, y[row])];
                away += (found - p[(0, y[row])]).abs() / rows as f64;
                loss -= p[(0, y[row])].ln() / rows as f64;
                movements.push((found - inside[(row, y[row])], p[(0, y[row])] - inside[(row, y[row])]));
            }
            errors.push(away);
            let found = influence.leave_one_out_log_loss();
            let optimism = loss - (0..rows).map(|i| -inside[(i, y[i])].ln()).sum::<f64>() / rows as f64;
            assert!((found - loss).abs() < 0.1 * optimism, "{rows}: {found} for {loss}, optimism {optimism}");
            let product: f64 = movements.iter().map(|(a, b)| a * b).sum();
            let squares = |f: fn(&(f64, f64)) -> f64| movements.iter().map(|m| f(m) * f(m)).sum::<f64>();
            let correlation = product / (squares(|m| m.0) * squares(|m| m.1)).sqrt();
            assert!(correlation > 0.999, "{correlation}");
        }
        assert!(errors[0] < 2e-3 && errors[1] < 0.4 * errors[0] && errors[2] < 0.4 * errors[1], "{errors:?}");
    }
}

/// Without columns that matter: n rows, m of them ones, and everything is a formula of m and n.
#[test]
fn a_constant_column_has_a_closed_form() {
    let y = [0, 1, 1, 0, 1, 1, 1];
    let x = DMatrix::<f64>::zeros(7, 1);
    let model = LogisticRegression::new(Penalty::l2(1.0)).tolerance(1e-14).fit(&x, &y).unwrap();
    let influence = model.influence(&x, &y).unwrap();
    let (p, h): (f64, f64) = (5.0 / 7.0, 1.0 / 7.0);
    let score = (p / (1.0 - p)).ln();
    for (row, &class) in y.iter().enumerate() {
        let r = p - class as f64;
        let close =
            |found: f64, wanted: f64| approx::assert_relative_eq!(found, wanted, max_relative = 1e-12);
        close(influence.leverages()[row], h);
        close(influence.leave_one_out_scores()[row], score + r / (7.0 * p * (1.0 - p) * (1.0 - h)));
        let pearson = -r / (p * (1.0 - p) * (1.0 - h)).sqrt();
        close(influence.pearson_residuals()[row], pearson);
        let own = if class == 1 { p } else { 1.0 - p };
        close(influence.deviance_residuals()[row], -r.signum() * (-2.0 * own.ln() / (1.0 - h)).sqrt());
        // Two parameters are free, of which one moves.
        close(influence.cooks_distances()[row], pearson * pearson * h / (1.0 - h) / 2.0);
    }
    approx::assert_relative_eq!(influence.effective_parameters(), 1.0, max_relative = 1e-12);
}

/// Without a penalty leverages sum to the number of coefficients; with one to less.
#[test]
fn leverages_sum_to_the_effective_parameters() {
    let iris = data::iris();
    for (classes, parameters) in [(2, 4.0), (3, 8.0)] {
        let (x, y) = overlapping(150, 3, classes, 31);
        let free = LogisticRegression::new(Penalty::None).fit(&x, &y).unwrap().influence(&x, &y).unwrap();
        approx::assert_relative_eq!(free.effective_parameters(), parameters, max_relative = 1e-9);
        let ridge = LogisticRegression::new(Penalty::l2(0.1)).fit(&x, &y).unwrap().influence(&x, &y).unwrap();
        assert!(ridge.effective_parameters() < 0.8 * parameters);
        assert!(ridge.leverages().iter().all(|&h| h > 0.0));
    }
    // Columns far from the origin and of different scales change nothing.
    let far = DMatrix::from_fn(150, 4, |i, j| 1e6 + iris.x[(i, j)] * 10f64.powi(j as i32));
    let model = LogisticRegression::new(Penalty::l1(0.01));
    let factors = [1.0, 10.0, 100.0, 1000.0];
    let near = model.clone().fit(&iris.x, &iris.y).unwrap().influence(&iris.x, &iris.y).unwrap();
    let moved = model.penalty_factors(factors).fit(&far, &iris.y).unwrap().influence(&far, &iris.y).unwrap();
    approx::assert_relative_eq!(near.leverages(), moved.leverages(), max_relative = 1e-4);
}

/// Class weights are part of the fit, and not of the estimates of its quality.
#[test]
fn class_weights_are_remembered() {
    let (x, y) = overlapping(80, 3, 2, 14);
    let balanced = LogisticRegression::new(Penalty::l2(0.01)).class_weight(ClassWeight::map([(1usize, 3.0)]));
    let weights: Vec<f64> = y.iter().map(|&c| if c == 1 { 3.0 } else { 1.0 }).collect();
    let a = balanced.fit(&x, &y).unwrap().influence(&x, &y).unwrap();
    let plain = LogisticRegression::new(Penalty::l2(0.01)).fit_weighted(&x, &y, &weights).unwrap();
    let b = plain.influence_with(&x, &y, RowOptions::new().weights(&weights)).unwrap();
    approx::assert_relative_eq!(a.leave_one_out_scores(), b.leave_one_out_scores(), max_relative = 1e-9);
    let p = a.leave_one_out_probabilities();
    let mean = (0..80).map(|i| -p[(i, y[i])].ln()).sum::<f64>() / 80.0;
    approx::assert_relative_eq!(a.leave_one_out_log_loss(), mean, max_relative = 1e-12);
    let right = (0..80).filter(|&i| p[(i, y[i])] > 0.5).count() as f64 / 80.0;
    approx::assert_relative_eq!(a.leave_one_out_accuracy(), right, max_relative = 1e-12);
    let brier = BrierScore.evaluate(&y, p, &[0, 1], None).unwrap();
    assert_eq!(a.leave_one_out(&BrierScore).unwrap(), brier);
    let weighted =
        (0..80).map(|i| -weights[i] * p[(i, y[i])].ln()).sum::<f64>() / weights.iter().sum::<f64>();
    approx::assert_relative_eq!(b.leave_one_out_log_loss(), weighted, max_relative = 1e-9);
}

#[test]
fn flipped_labels_are_the_most_suspicious() {
    for classes in [2, 3] {
        let shift = |class: usize, j: usize| if j == class { 4.0 } else { 0.0 };
        let mut y: Vec<usize> = (0..150).map(|i| i % classes).collect();
        let noise = normal(150, 3, 8);
        let x = DMatrix::from_fn(150, 3, |i, j| shift(i % classes, j) + noise[(i, j)]);
        let flipped = [7, 30, 64, 101, 143];
        let right: Vec<usize> = flipped.iter().map(|&row| y[row]).collect();
        flipped.iter().for_each(|&row| y[row] = (y[row] + 1) % classes);
        let model = LogisticRegression::new(Penalty::l2(0.01)).fit(&x, &y).unwrap();
        let influence = model.influence(&x, &y).unwrap();
        let found = influence.suspicious_labels(1.0).unwrap();
        assert_eq!(found.len(), 150);
        assert!(found.is_sorted_by(|a, b| a.probability <= b.probability));
        for worst in &found[..5] {
            let at = flipped.iter().position(|&row| row == worst.row).expect("a flipped row");
            assert_eq!((worst.label, worst.suggested), (y[worst.row], right[at]));
            assert!(worst.suggested_probability > 0.5 && worst.probability < 0.3);
        }
        let few = influence.suspicious_labels(0.1).unwrap();
        assert_eq!(few, &found[..few.len()]);
        assert!(!few.is_empty() && few.iter().all(|row| row.probability < 0.1));
        assert!(few.len() == found.len() || found[few.len()].probability >= 0.1);
        // They are influential too.
        let mut order: Vec<usize> = (0..150).collect();
        order.sort_by(|&a, &b| influence.cooks_distances()[b].total_cmp(&influence.cooks_distances()[a]));
        assert!(flipped.iter().all(|row| order[..12].contains(row)), "{order:?}");
        // A weight of 0 silences a row.
        let weights: Vec<f64> = (0..150).map(|i| f64::from(u8::from(i != 7))).collect();
        let options = RowOptions::new().weights(weights.as_slice());
        let silent = LogisticRegression::new(Penalty::l2(0.01)).fit_weighted(&x, &y, &weights).unwrap();
        let silent = silent.influence_with(&x, &y, options).unwrap().suspicious_labels(1.0).unwrap();
        assert!(silent.len() == 149 && silent.iter().all(|found| found.row != 7));
    }
}

/// A row that alone determines a coefficient: without a penalty, there is no estimate without the row.
#[test]
fn a_row_that_decides_alone_stays_finite() {
    let mut x = normal(40, 2, 3);
    x.column_mut(1).fill(0.0);
    x[(5, 1)] = 1.0;
    let y: Vec<usize> = (0..40).map(|i| usize::from(x[(i, 0)] + 0.8 * (i % 3) as f64 > 0.8)).collect();
    let model = LogisticRegression::new(Penalty::l2(1e-9)).fit(&x, &y).unwrap();
    let influence = model.influence(&x, &y).unwrap();
    assert!(influence.leave_one_out_scores().iter().all(|z| z.is_finite()));
    assert!(influence.cooks_distances().iter().all(|d| d.is_finite()));
}

#[test]
fn single_precision_agrees() {
    for classes in [2, 3] {
        let (x, y) = overlapping(100, 4, classes, 17);
        let narrow = x.map(|v| v as f32);
        let model = LogisticRegression::new(Penalty::l2(0.05));
        let a = model.fit(&x, &y).unwrap().influence(&x, &y).unwrap();
        let b = model.fit(&narrow, &y).unwrap().influence(&narrow, &y).unwrap();
        approx::assert_relative_eq!(a.leave_one_out_scores(), b.leave_one_out_scores(), epsilon = 1e-3);
        approx::assert_relative_eq!(a.leverages(), b.leverages(), max_relative = 1e-3);
    }
}

/// Rows in several blocks and chunks give the same results as a few of them.
#[test]
fn many_rows_are_taken_in_parts() {
    let (x, y) = overlapping(60, 3, 3, 19);
    let times = 100;
    let repeated: Vec<usize> = (0..60 * times).map(|i| i % 60).collect();
    let (xs, ys) = (x.select_rows(&repeated), pick(&y, &repeated));
    let weights = vec![times as f64; 60];
    let model = LogisticRegression::new(Penalty::l2(0.05)).tolerance(1e-12);
    let options = RowOptions::new().weights(weights.as_slice());
    let few = model.fit_weighted(&x, &y, &weights).unwrap().influence_with(&x, &y, options).unwrap();
    let many = model.fit(&xs, &ys).unwrap().influence(&xs, &ys).unwrap();
    for (row, &leverage) in many.leverages().iter().enumerate() {
        approx::assert_relative_eq!(leverage * times as f64, few.leverages()[row % 60], max_relative = 1e-8);
    }
}

#[test]
fn the_summary_names_the_most_influential_row() {
    let x = dmatrix![-2.0; -1.5; -1.0; 1.0; 1.5; 2.0; 3.0];
    let y = ["no", "no", "no", "yes", "yes", "yes", "no"];
    let model = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &y).unwrap();
    let influence = model.influence(&x, &y).unwrap();
    let summary = influence.to_string();
    let first = summary.lines().nth(6).unwrap();
    assert_eq!(first.split_whitespace().next(), Some("6"), "{summary}");
    assert!(summary.contains("leave-one-out log-loss"), "{summary}");
    // Negative for the lower class, positive for the higher.
    assert!(influence.deviance_residuals()[6] < -1.0 && influence.deviance_residuals()[3] > 0.0);
}

#[test]
fn what_has_no_influence_is_refused() {
    let (x, y) = overlapping(50, 3, 2, 4);
    let model = LogisticRegression::new(Penalty::l2(0.1)).fit(&x, &y).unwrap();
    assert!(matches!(model.influence(&x, &y[1..]), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(model.influence(&normal(50, 2, 1), &y), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(model.influence(&x, &[7; 50]), Err(Error::UnknownLabel { .. })));
    let mut spoiled = x.clone();
    spoiled[(1, 1)] = f64::INFINITY;
    assert!(matches!(model.influence(&spoiled, &y), Err(Error::NotFinite { .. })));
    for bad in [-0.1, 1.1, f64::NAN] {
        let error = model.influence(&x, &y).unwrap().suspicious_labels(bad).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter { name: "threshold", .. }), "{error}");
    }
    let given =
        FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; 0.0; 0.0], dvector![0.0]).unwrap();
    assert!(matches!(given.influence(&x, &y), Err(Error::Unsupported { .. })));
    let firth = LogisticRegression::new(Penalty::Jeffreys).fit(&x, &y).unwrap();
    assert!(matches!(firth.influence(&x, &y), Err(Error::Unsupported { .. })));
    let twice = DMatrix::from_fn(50, 2, |i, _| x[(i, 0)]);
    let dependent = LogisticRegression::new(Penalty::None).fit(&twice, &y).unwrap();
    assert!(matches!(dependent.influence(&twice, &y), Err(Error::Singular { .. })));
}
