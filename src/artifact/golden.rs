//! Predictions that are made again when a model is loaded.

use nalgebra::DMatrix;

use super::record::Record;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::file::invalid;
use crate::real::Real;
use crate::rng::Rng;

/// How many rows there are if nobody gives any.
const ROWS: usize = 4;

/// Rows and the scores that a model gives them: proof that what was loaded is what was saved, by predicting.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldenRows {
    x: DMatrix<f64>,
    scores: DMatrix<f64>,
    /// How far scores may be off, relative to the largest and at least to 1. Products and elementary functions differ in
    /// their last digits from one processor to another.
    tolerance: f64,
}

impl GoldenRows {
    /// The scores of these rows; of a few rows around zero if there are none, or nothing where the model refuses those.
    ///
    /// # Errors
    /// Those of [`Classifier::decision_function`] for rows that are given.
    pub fn of<T: Real, C: Classifier<T>>(
        model: &C,
        rows: Option<&DMatrix<T>>,
    ) -> Result<Option<Self>, Error> {
        let made;
        let x = match rows {
            Some(rows) => rows,
            None => {
                made = around_zero(model.features());
                &made
            }
        };
        let tolerance = T::EPSILON.as_f64().sqrt();
        match model.decision_function(x) {
            Ok(scores) => Ok(Some(GoldenRows {
                x: x.map(|v| v.as_f64()),
                scores: scores.map(|z| z.as_f64()),
                tolerance,
            })),
            Err(error) => {
                if rows.is_some() {
                    Err(error)
                } else {
                    Ok(None)
                }
            }
        }
    }

    /// The rows.
    pub fn rows(&self) -> &DMatrix<f64> {
        &self.x
    }

    /// Their scores.
    pub fn scores(&self) -> &DMatrix<f64> {
        &self.scores
    }

    /// # Errors
    /// [`Error::InvalidFile`] where `again`, of the same rows, has other scores.
    pub(super) fn compare(&self, again: &GoldenRows) -> Result<(), Error> {
        if self.scores.shape() != again.scores.shape() {
            let (wanted, found) = (self.scores.shape(), again.scores.shape());
            return Err(invalid(format!(
                "its golden rows have scores of shape {wanted:?}, its model gives {found:?}"
            )));
        }
        let size = self.scores.iter().fold(1.0, |most: f64, z| most.max(z.abs()));
        for (index, (saved, found)) in self.scores.iter().zip(again.scores.iter()).enumerate() {
            if (saved - found).abs() > again.tolerance * size {
                let row = index % self.scores.nrows();
                return Err(invalid(format!(
                    "golden row {row} had the score {saved} when it was saved and has {found} now"
                )));
            }
        }
        Ok(())
    }

    pub(super) fn to_record(&self) -> Record {
        Record::new("golden rows").with_matrix("rows", &self.x).with_matrix("scores", &self.scores)
    }

    pub(super) fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("golden rows")?;
        let (x, scores) = (record.take_matrix("rows")?, record.take_matrix("scores")?);
        record.finish()?;
        Ok(GoldenRows { x, scores, tolerance: 0.0 })
    }
}

/// A row of zeros, one of ones, and uniform numbers from -1 to 1.
fn around_zero<T: Real>(features: usize) -> DMatrix<T> {
    let mut rng = Rng::new(0);
    DMatrix::from_fn(ROWS, features, |row, _| match row {
        0 => T::zero(),
        1 => T::one(),
        _ => T::of(rng.uniform(-1.0, 1.0)),
    })
}
