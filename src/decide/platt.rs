//! Platt scaling: a logistic regression of the true class on the score.

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::linear::LogisticRegression;
use crate::penalty::Penalty;
use crate::scalar::Real;

/// Platt scaling: the probability σ(slope z + offset) of a score z, fitted by maximum likelihood.
///
/// # Formula
/// Targets lie slightly inside 0 and 1, so the fit exists even if scores separate the rows. With total
/// weights p of the rows that have the label and n of the others, the targets are (p + 1)/(p + 2) and 1/(n +
/// 2).
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

impl PlattScaling {
    /// The scaling that leaves scores unchanged.
    pub(crate) const NONE: PlattScaling =
        PlattScaling { slope: 1.0, offset: 0.0, center: 0.0, at_center: 0.0 };

    pub(super) fn new(slope: f64, offset: f64) -> Self {
        PlattScaling { slope, offset, center: 0.0, at_center: offset }
    }

    /// Fits the scaling to the scores of rows and whether they have the label, weighted if there are weights.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the lengths differ, [`Error::Empty`] if there are no rows,
    /// [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`] if the weights are not valid,
    /// [`Error::NotFinite`] if a score is not finite, and [`Error::NotConverged`] if the fit does not
    /// converge.
    pub fn fit<T: Real>(scores: &[T], truth: &[bool], weights: Option<&[T]>) -> Result<Self, Error> {
        check::count("scores", "entries", truth.len(), scores.len())?;
        let rows = scores.len();
        if rows == 0 {
            return Err(Error::Empty { argument: "scores", axis: "entries" });
        }
        check::weights(weights, rows)?;
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row].as_f64());
        let sum = |has: bool| (0..rows).filter(|&row| truth[row] == has).map(weight).sum::<f64>();
        let (positives, negatives) = (sum(true), sum(false));
        let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0));
        // Each row appears twice, with and without the label, weighted by its target.
        let x = DMatrix::from_fn(2 * rows, 1, |row, _| scores[row % rows].as_f64());
        check::finite("scores", &x)?;
        let y: Vec<bool> = (0..2 * rows).map(|row| row < rows).collect();
        let target = |row: usize| if truth[row] { high } else { low };
        let share = |row: usize| if row < rows { target(row) } else { 1.0 - target(row - rows) };
        let both: Vec<f64> = (0..2 * rows).map(|row| weight(row % rows) * share(row)).collect();
        let counted = || (0..rows).filter(|&row| weight(row) > 0.0).map(|row| x[row]);
        let first = counted().next().unwrap_or(0.0);
        if counted().all(|score| score == first) {
            // If all scores are equal, only the fraction of the targets can be learned.
            let share = both[..rows].iter().sum::<f64>() / both.iter().sum::<f64>();
            return Ok(PlattScaling::new(0.0, (share / (1.0 - share)).ln()));
        }
        let model = LogisticRegression::new(Penalty::None).fit_weighted(&x, &y, &both)?;
        if !model.report().converged() {
            let gradient = model.report().gradient_norm.unwrap_or(f64::NAN);
            return Err(Error::NotConverged { what: "the calibration", gradient });
        }
        let (slope, offset) = (model.coefficients()[0], model.intercept()[0]);
        let (center, scores) = model.center_and_scores();
        Ok(PlattScaling {
            slope,
            offset,
            center: center.map_or(0.0, |center| center[0]),
            at_center: scores[0],
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
        T::of(self.slope) * T::of(score.as_f64() - self.center) + T::of(self.at_center)
    }

    /// Returns the probability of the label for a score.
    pub fn probability<T: Real>(&self, score: T) -> T {
        crate::Activation::Sigmoid.evaluate(self.log_odds(score)).0
    }
}
