//! Platt's calibration of the scores of one label.

use nalgebra::DMatrix;

use crate::classifier::Estimator;
use crate::error::Error;
use crate::linear::LogisticRegression;
use crate::penalty::Penalty;
use crate::real::Real;

/// The score whose sigmoid is the probability: `slope` z + `offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Platt {
    pub(super) slope: f64,
    pub(super) offset: f64,
}

impl Platt {
    /// Scores as they are.
    pub(super) const NONE: Platt = Platt { slope: 1.0, offset: 0.0 };

    /// Logistic regression of the truth on the score, with targets a little inside of 0 and 1: of p rows that have the
    /// label and n that have not, (p+1)/(p+2) and 1/(n+2).
    ///
    /// # References
    /// Platt (1999), "Probabilistic outputs for support vector machines".
    pub(super) fn fit<T: Real>(scores: &[T], truth: &[bool]) -> Result<Platt, Error> {
        let (rows, positives) = (scores.len(), truth.iter().filter(|has| **has).count());
        let high = (positives as f64 + 1.0) / (positives as f64 + 2.0);
        let low = 1.0 / ((rows - positives) as f64 + 2.0);
        // Every row twice: as one that has the label and as one that has not, weighted by the target.
        let x = DMatrix::from_fn(2 * rows, 1, |row, _| scores[row % rows].as_f64());
        let y: Vec<bool> = (0..2 * rows).map(|row| row < rows).collect();
        let target = |row: usize| if truth[row % rows] { high } else { low };
        let weights: Vec<f64> =
            (0..2 * rows).map(|row| if row < rows { target(row) } else { 1.0 - target(row) }).collect();
        let first = x[0];
        if x.iter().all(|score| *score == first) {
            // Nothing to tell rows apart: the share of the targets is all that is known.
            let share = weights[..rows].iter().sum::<f64>() / rows as f64;
            return Ok(Platt { slope: 0.0, offset: (share / (1.0 - share)).ln() });
        }
        let model = LogisticRegression::new(Penalty::None).fit_weighted(&x, &y, &weights)?;
        if !model.report().converged() {
            let gradient = model.report().gradient_norm.unwrap_or(f64::NAN);
            return Err(Error::NotConverged { what: "the calibration of a label", gradient });
        }
        Ok(Platt { slope: model.coefficients()[0], offset: model.intercept()[0] })
    }

    pub(super) fn apply<T: Real>(&self, score: T) -> T {
        T::of(self.slope) * score + T::of(self.offset)
    }
}
