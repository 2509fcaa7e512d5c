//! Platt scaling: a logistic regression of the true class on the score.

use super::platt_fit::{self, Line, Row};
use crate::check;
use crate::error::Error;
use crate::scalar::{Real, is_constant, power_of_two};

/// Platt scaling: the probability σ(slope z + offset) of a score z, fitted by maximum likelihood.
///
/// # Formula
/// Targets lie slightly inside 0 and 1, so the fit exists even if scores separate the rows. With total
/// weights p of the rows that have the label and n of the others, the targets are (p + 1)/(p + 2) and 1/(n +
/// 2). If all scores are equal up to rounding, the slope is 0.
///
/// # Precision
/// The fit ends when no digit changes. Scores multiplied by a power of two give the same probabilities.
///
/// # References
/// Platt (1999), "Probabilistic outputs for support vector machines"; Lin, Lin and Weng (2007), "A note on
/// Platt's probabilistic outputs for support vector machines".
///
/// # Examples
/// ```
/// use logit::decide::PlattScaling;
///
/// let scaling =
///     PlattScaling::fit(&[-2.0, -1.0, 1.0, 2.0], &[false, true, false, true], None)?;
/// assert!(scaling.probability(2.0) > 0.5 && scaling.probability(2.0) < 0.9);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlattScaling {
    pub(super) slope: f64,
    pub(super) offset: f64,
    /// A score, which is 0 unless the scores of the fit are far from 0, and its log-odds.
    pub(super) center: f64,
    pub(super) at_center: f64,
}

/// The largest offset of a scaling that keeps no centre.
const FAR: f64 = 30.0;

impl PlattScaling {
    /// The scaling that leaves scores unchanged.
    pub(crate) const NONE: PlattScaling =
        PlattScaling { slope: 1.0, offset: 0.0, center: 0.0, at_center: 0.0 };

    pub(super) fn new(slope: f64, offset: f64) -> Self {
        PlattScaling { slope, offset, center: 0.0, at_center: offset }
    }

    /// Fits the scaling to the scores of rows and whether they have the label, weighted if there are weights.
    ///
    /// If all rows with positive weight have the label, or none has it, the scores say nothing and the slope
    /// is 0.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the lengths differ, [`Error::Empty`] if there are no rows,
    /// [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`] if the weights are not valid,
    /// [`Error::NotFinite`] if a score is not finite, and [`Error::CalibrationFailed`] if the slope or the
    /// offset is beyond the range of numbers.
    pub fn fit<T: Real>(scores: &[T], truth: &[bool], weights: Option<&[T]>) -> Result<Self, Error> {
        check::count("scores", "entries", truth.len(), scores.len())?;
        let rows = scores.len();
        if rows == 0 {
            return Err(Error::Empty { argument: "scores", axis: "entries" });
        }
        check::weights(weights, rows)?;
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row].as_f64());
        if let Some(row) = scores.iter().position(|z| !z.is_finite()) {
            let value = scores[row].as_f64();
            return Err(Error::NotFinite { argument: "scores", row, column: 0, name: None, value });
        }
        let sum = |has: bool| (0..rows).filter(|&row| truth[row] == has).map(weight).sum::<f64>();
        let (positives, negatives) = (sum(true), sum(false));
        // A target and its distance from 1 are computed alike, because large weights bring it close to 1.
        let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0));
        let (not_high, not_low) = (1.0 / (positives + 2.0), (negatives + 1.0) / (negatives + 2.0));
        let counted = || (0..rows).filter(|&row| weight(row) > 0.0);
        let largest = |of: &dyn Fn(usize) -> f64| counted().map(of).fold(0.0, f64::max);
        // Powers of two round nothing, so the answer is the same in every unit of the scores.
        let unit = power_of_two(largest(&|row| scores[row].as_f64().abs()));
        let heaviest = power_of_two(largest(&weight));
        let row = |row: usize| Row {
            score: scores[row].as_f64() / unit,
            weight: weight(row) / heaviest,
            has: if truth[row] { high } else { low },
            has_not: if truth[row] { not_high } else { not_low },
        };
        let counted: Vec<Row> = counted().map(row).filter(|row| row.weight > 0.0).collect();
        let ends = counted.iter().map(|row| row.score);
        let ends = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), z| (low.min(z), high.max(z)));
        if is_constant::<T>(ends.0, ends.1) || positives == 0.0 || negatives == 0.0 {
            // If all scores are equal up to rounding, or all targets, only the fraction of the targets can be
            // learned.
            let sum = |of: fn(&Row) -> f64| counted.iter().map(|row| row.weight * of(row)).sum::<f64>();
            let (has, has_not) = (sum(|row| row.has), sum(|row| row.has_not));
            let odds = has / has_not;
            let offset = if odds.is_normal() { odds.ln() } else { has.ln() - has_not.ln() };
            return PlattScaling::new(0.0, offset).checked();
        }
        let Line { center, slope, middle } = platt_fit::fit(&counted).ok_or(Error::CalibrationFailed {
            what: "Platt scaling",
            reason: "its optimum was not found: subtract a constant from the scores, such as their mean",
        })?;
        let offset = middle - slope * center;
        // Beyond, the offset has lost digits.
        if offset.abs().max(middle.abs()) <= FAR {
            return PlattScaling::new(slope / unit, offset).checked();
        }
        PlattScaling { slope: slope / unit, offset, center: center * unit, at_center: middle }.checked()
    }

    /// Checks that both numbers are finite.
    fn checked(self) -> Result<Self, Error> {
        if self.slope.is_finite() && self.offset.is_finite() {
            return Ok(self);
        }
        Err(Error::CalibrationFailed {
            what: "Platt scaling",
            reason: "its slope or offset is beyond the range of numbers: multiply the scores by a constant",
        })
    }

    /// Returns the factor by which scores are multiplied.
    pub fn slope(&self) -> f64 {
        self.slope
    }

    /// Returns the number added to the product of slope and score.
    ///
    /// For scores far from 0, that sum cancels. [`log_odds`](Self::log_odds) keeps the digits, because it
    /// starts from the centre of the scores of the fit.
    pub fn offset(&self) -> f64 {
        self.offset
    }

    /// Returns the log-odds of the label for a score.
    pub fn log_odds<T: Real>(&self, score: T) -> T {
        // In double precision, because the terms may cancel or be out of the range of `T`.
        T::of(self.slope * (score.as_f64() - self.center) + self.at_center)
    }

    /// Returns the probability of the label for a score.
    pub fn probability<T: Real>(&self, score: T) -> T {
        crate::Activation::Sigmoid.evaluate(self.log_odds(score)).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_suffices() {
        let none = PlattScaling::fit::<f64>(&[], &[], None);
        assert!(matches!(none, Err(Error::Empty { argument: "scores", .. })), "{none:?}");
        // The target of a single row that has the label is 2 / 3.
        let one = PlattScaling::fit(&[5.0], &[true], None).expect("a fit");
        approx::assert_relative_eq!(one.slope() * 5.0 + one.offset(), 2f64.ln(), max_relative = 1e-12);
    }
}
