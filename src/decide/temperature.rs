//! Temperature scaling: one factor for all scores.

use nalgebra::DMatrix;

use crate::error::Error;
use crate::scalar::{Pair, max_abs, power_of_two};

/// The factor for scores that classify every row correctly, and the reciprocal of that for scores that are
/// worse than none, where the mean range of the scores of a row is 1.
const MOST: f64 = 22026.465794806718; // e^10

/// The most iterations. Ten are usual.
const ITERATIONS: usize = 500;

/// Returns the factor β = 1 / T that minimises the mean of -ln softmax(β z)_y.
///
/// `scores` are n x K. The mean is convex in β, so Newton steps in ln β within a shrinking bracket find the
/// minimum. They end when no digit changes.
///
/// If the mean falls for ever with β or 1/β, the factor is e^10 or e^-10, divided by the mean range of the
/// scores of a row.
///
/// # Errors
/// Returns [`Error::CalibrationFailed`] if the factor or its reciprocal is beyond the range of numbers.
pub(super) fn fit(scores: &DMatrix<f64>, truth: &[usize], weights: Option<&[f64]>) -> Result<f64, Error> {
    // A power of two rounds nothing, and differences of scores are finite in its units.
    let unit = power_of_two(max_abs(scores.as_slice()));
    let factor = Mean::new(&(scores / unit), truth, weights).minimum() / unit;
    if factor.is_normal() && factor.recip().is_normal() {
        return Ok(factor);
    }
    Err(Error::CalibrationFailed {
        what: "temperature scaling",
        reason: "the temperature is beyond the range of numbers: multiply the scores by a constant",
    })
}

/// The mean of -ln softmax(β z)_y as a function of β.
struct Mean {
    /// For each row its weight as a share, and its score of the true class less the largest.
    rows: Vec<(f64, f64)>,
    /// The scores less the largest of their row, row by row.
    differences: Vec<f64>,
    classes: usize,
}

impl Mean {
    fn new(scores: &DMatrix<f64>, truth: &[usize], weights: Option<&[f64]>) -> Self {
        let total = weights.map_or(truth.len() as f64, |weights| weights.iter().sum());
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let mut mean = Mean { rows: vec![], differences: vec![], classes: scores.ncols() };
        for row in (0..truth.len()).filter(|&row| weight(row) > 0.0) {
            let largest = scores.row(row).iter().copied().fold(f64::NEG_INFINITY, f64::max);
            mean.rows.push((weight(row) / total, scores[(row, truth[row])] - largest));
            mean.differences.extend(scores.row(row).iter().map(|z| z - largest));
        }
        mean
    }

    /// Returns the weight, the score of the true class and all scores of each row.
    fn rows(&self) -> impl Iterator<Item = (f64, f64, &[f64])> {
        let differences = self.differences.chunks_exact(self.classes);
        self.rows.iter().zip(differences).map(|(&(weight, own), all)| (weight, own, all))
    }

    /// Returns the first and the second derivative at β.
    fn derivatives(&self, beta: f64) -> (f64, f64) {
        let (mut first, mut second) = (Pair { high: 0.0, low: 0.0 }, 0.0);
        for (weight, own, differences) in self.rows() {
            let (mut sum, mut mean) = (0.0, 0.0);
            for &z in differences {
                let share = (beta * z).exp();
                sum += share;
                mean += share * z;
            }
            let mean = mean / sum;
            let spread = differences.iter().map(|z| (beta * z).exp() * (z - mean) * (z - mean));
            first = first.plus(weight * mean).plus(-weight * own);
            second += weight * (spread.sum::<f64>() / sum);
        }
        (first.high + first.low, second)
    }

    fn minimum(&self) -> f64 {
        let range = |differences: &[f64]| differences.iter().fold(0.0, |range: f64, z| range.max(-z));
        let size: f64 = self.rows().map(|(weight, _, differences)| weight * range(differences)).sum();
        let size = if size > 0.0 { size } else { 1.0 };
        if self.derivatives(0.0).0 >= 0.0 {
            return 1.0 / MOST / size;
        }
        if self.rows().all(|(_, own, _)| own == 0.0) {
            return MOST / size;
        }
        let (mut low, mut high, mut beta) = (0.0, f64::INFINITY, 1.0 / size);
        let (mut before, mut factor) = (f64::INFINITY, 2.0);
        for _ in 0..ITERATIONS {
            let (first, second) = self.derivatives(beta);
            if first == 0.0 {
                break;
            }
            *(if first > 0.0 { &mut high } else { &mut low }) = beta;
            let change = -first / (beta * second);
            // The number of right digits doubles with every step, so this one finds all.
            if change.abs() <= 1e-9 {
                return beta * change.exp();
            }
            let step = beta * change.exp();
            let next = if low == 0.0 || high == f64::INFINITY {
                // No bracket yet. The factor is squared, because the minimum may be far away.
                factor *= factor;
                if first > 0.0 { beta / factor } else { beta * factor }
            } else if step > low && step < high && first.abs() <= 0.5 * before {
                step
            } else {
                // The step leaves the bracket, or the last one helped little.
                low.sqrt() * high.sqrt()
            };
            before = first.abs();
            if !(next > low && next < high) {
                break;
            }
            beta = next;
        }
        beta
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    /// The first derivative against the mean, and the second against the first.
    #[test]
    fn derivatives_are_those_of_the_mean() {
        let scores = dmatrix![1.0, 3.0, -2.0; 0.5, 0.25, 4.0; -1.0, -1.5, -0.5; 2.0, 2.0, 1.0];
        let (truth, weights) = ([1, 0, 2, 1], [1.0, 2.0, 0.5, 3.0]);
        let mean = Mean::new(&scores, &truth, Some(&weights));
        let loss = |beta: f64| {
            let of_row = |row: usize| {
                let z = scores.row(row) * beta;
                weights[row] * (z.map(f64::exp).sum().ln() - z[truth[row]])
            };
            (0..4).map(of_row).sum::<f64>() / 6.5
        };
        let h = 1e-4;
        for beta in [0.3, 1.0, 2.5] {
            let (first, second) = mean.derivatives(beta);
            let slope = (loss(beta + h) - loss(beta - h)) / (2.0 * h);
            let bend = (mean.derivatives(beta + h).0 - mean.derivatives(beta - h).0) / (2.0 * h);
            approx::assert_relative_eq!(first, slope, max_relative = 1e-6);
            approx::assert_relative_eq!(second, bend, max_relative = 1e-6);
        }
    }

    /// Scores that do not differ say nothing: the factor is the one for scores that are worse than none.
    #[test]
    fn equal_scores_have_a_finite_temperature() {
        let factor = fit(&dmatrix![1.0, 1.0; 2.0, 2.0], &[0, 1], None).expect("a finite factor");
        approx::assert_relative_eq!(factor, 0.5 / MOST, max_relative = 1e-15);
    }
}
