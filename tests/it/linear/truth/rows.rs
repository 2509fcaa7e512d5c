//! The rows of a problem, without units, and their probabilities.

use super::{Problem, exponent, scaled};
use crate::common::double_double::DoubleDouble as Exact;

/// The rows that count, with columns of unit size (or smaller beside a large penalty), centred if there is an intercept.
pub(super) struct Rows {
    /// Column by column.
    pub(super) x: Vec<Vec<Exact>>,
    pub(super) centers: Vec<f64>,
    pub(super) exponents: Vec<i32>,
    /// Weights that sum to 1, and their sum before.
    pub(super) weights: Vec<Exact>,
    pub(super) total: f64,
    pub(super) kept: Vec<usize>,
}

impl Rows {
    pub(super) fn new(problem: &Problem) -> Self {
        let weight = |row: usize| problem.weights.as_ref().map_or(1.0, |weights| weights[row]);
        let kept: Vec<usize> = (0..problem.y.len()).filter(|&row| weight(row) > 0.0).collect();
        let largest = kept.iter().map(|&row| weight(row)).fold(0.0, f64::max);
        let relative: Vec<Exact> =
            kept.iter().map(|&row| Exact::from(weight(row)) / Exact::from(largest)).collect();
        let sum: Exact = relative.iter().copied().sum();
        let weights: Vec<Exact> = relative.iter().map(|&w| w / sum).collect();
        let (mut x, mut centers, mut exponents) = (Vec::new(), Vec::new(), Vec::new());
        for (j, column) in problem.x.column_iter().enumerate() {
            // A penalty may be far larger than the square of the column.
            let penalty = problem.l2.get(j).map_or(0.0, |l2| l2.sqrt());
            let e = exponent(kept.iter().map(|&row| column[row].abs()).fold(penalty, f64::max));
            let values: Vec<f64> = kept.iter().map(|&row| scaled(column[row], -e)).collect();
            let mean: Exact = values.iter().zip(&weights).map(|(&x, &w)| Exact::from(x) * w).sum();
            let center = if problem.intercept { mean.value() } else { 0.0 };
            x.push(values.iter().map(|&x| Exact::difference(x, center)).collect());
            centers.push(center);
            exponents.push(e);
        }
        Rows { x, centers, exponents, weights, total: sum.value() * largest, kept }
    }
}

/// The probabilities of one row, and what they lack to 1.
pub(super) struct Probabilities {
    pub(super) p: Vec<Exact>,
    pub(super) rest: Vec<Exact>,
}

impl Probabilities {
    /// Of scores of all classes; no digits are lost where a probability is near 1.
    pub(super) fn new(scores: &[Exact]) -> Self {
        let top = scores.iter().copied().fold(scores[0], |a, b| if b > a { b } else { a });
        let powers: Vec<Exact> = scores.iter().map(|&z| (z - top).exp()).collect();
        let sum: Exact = powers.iter().copied().sum();
        let others = |k: usize| -> Exact { (0..powers.len()).filter(|&l| l != k).map(|l| powers[l]).sum() };
        let rest = (0..powers.len()).map(|k| others(k) / sum).collect();
        Probabilities { p: powers.iter().map(|&power| power / sum).collect(), rest }
    }
}
