//! Golden rows: predictions that are repeated when a model is loaded.

use nalgebra::DMatrix;

use super::{Persist, Record};
use crate::check;
use crate::classifier::{Classifier, ClassifierExt};
use crate::error::Error;
use crate::persist::file::invalid;
use crate::rng::Rng;
use crate::scalar::Real;

/// The default number of rows.
const ROWS: usize = 4;

/// The largest number of rows. Loading predicts all of them, and should not take long.
const MOST_ROWS: usize = 100;

/// Rows and the scores that a model gives them, to verify that a loaded model predicts as the saved one did.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldenRows {
    x: DMatrix<f64>,
    scores: DMatrix<f64>,
    /// The allowed difference of scores, relative to the largest score or to 1, whichever is greater.
    /// Products and elementary functions differ in their last digits from one processor to another.
    tolerance: f64,
}

impl GoldenRows {
    /// Predicts the scores of the given rows, each row alone.
    ///
    /// Without given rows, it predicts a few rows around zero, and returns `None` if the model rejects them.
    ///
    /// # Errors
    /// Returns the errors of [`ClassifierExt::decision_function`] for the given rows, and
    /// [`Error::InvalidParameter`] if there are more than 100 of them.
    pub fn of<T: Real, C: Classifier<T>>(
        model: &C,
        rows: Option<&DMatrix<T>>,
    ) -> Result<Option<Self>, Error> {
        Self::of_scores(model.features(), rows, |x| model.decision_function(x))
    }

    /// Predicts the scores of the given rows with any function that scores rows.
    pub(crate) fn of_scores<T: Real>(
        features: usize,
        rows: Option<&DMatrix<T>>,
        scores: impl Fn(&DMatrix<T>) -> Result<DMatrix<T>, Error>,
    ) -> Result<Option<Self>, Error> {
        let made;
        let x = match rows {
            Some(rows) => rows,
            None => {
                made = around_zero(features);
                &made
            }
        };
        let count = x.nrows();
        check::parameter("golden rows", count as f64, count <= MOST_ROWS, "at most 100")?;
        let tolerance = T::EPSILON.as_f64().sqrt();
        match row_by_row(x, scores) {
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

    /// Returns the rows.
    pub fn rows(&self) -> &DMatrix<f64> {
        &self.x
    }

    /// Returns the scores of the rows.
    pub fn scores(&self) -> &DMatrix<f64> {
        &self.scores
    }

    /// Compares the saved scores with the scores that the loaded model gives the same rows.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if they differ by more than the tolerance.
    pub(super) fn compare(&self, again: &GoldenRows) -> Result<(), Error> {
        if self.scores.shape() != again.scores.shape() {
            let (wanted, found) = (self.scores.shape(), again.scores.shape());
            return Err(invalid(format!(
                "its golden rows have scores of shape {wanted:?}, but its model returns {found:?}"
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
}

impl Persist for GoldenRows {
    type Scalar = f64;
    const KIND: &'static str = "golden rows";

    fn write_record(&self, record: Record) -> Record {
        record.with_matrix("rows", &self.x).with_matrix("scores", &self.scores)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        // Some models accept rows with NaN.
        let (x, scores) = (record.take_any_matrix("rows")?, record.take_matrix("scores")?);
        if x.nrows() > MOST_ROWS {
            return Err(invalid(format!("it has {} golden rows, expected at most {MOST_ROWS}", x.nrows())));
        }
        Ok(GoldenRows { x, scores, tolerance: 0.0 })
    }
}

/// Scores each row alone, so that loading a file needs little memory even if the model expands its rows.
fn row_by_row<T: Real>(
    x: &DMatrix<T>,
    scores: impl Fn(&DMatrix<T>) -> Result<DMatrix<T>, Error>,
) -> Result<DMatrix<T>, Error> {
    let mut all = scores(&DMatrix::zeros(0, x.ncols()))?.resize_vertically(x.nrows(), T::zero());
    for row in 0..x.nrows() {
        let of_row = scores(&x.rows(row, 1).into_owned()).map_err(|error| match error {
            Error::Overflow { .. } => Error::Overflow { row },
            Error::NotFinite { argument, column, name, value, .. } => {
                Error::NotFinite { argument, row, column, name, value }
            }
            other => other,
        })?;
        all.row_mut(row).copy_from(&of_row.row(0));
    }
    Ok(all)
}

/// Returns a row of zeros, a row of ones, and rows of uniform numbers from -1 to 1.
fn around_zero<T: Real>(features: usize) -> DMatrix<T> {
    let mut rng = Rng::new(0);
    DMatrix::from_fn(ROWS, features, |row, _| match row {
        0 => T::zero(),
        1 => T::one(),
        _ => T::of(rng.uniform(-1.0, 1.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_rows_are_the_most() {
        let of = |count: usize| {
            let rows = DMatrix::<f64>::zeros(count, 2);
            GoldenRows::of_scores(2, Some(&rows), |x| Ok(DMatrix::zeros(x.nrows(), 1)))
        };
        let stored = |count: usize| {
            let (x, scores) = (DMatrix::zeros(count, 2), DMatrix::zeros(count, 1));
            GoldenRows::from_record(GoldenRows { x, scores, tolerance: 0.0 }.to_record())
        };
        assert_eq!(of(100).unwrap().unwrap().rows().nrows(), 100);
        assert_eq!(stored(100).unwrap().rows().nrows(), 100);
        assert!(matches!(of(101), Err(Error::InvalidParameter { name: "golden rows", .. })));
        let error = stored(101).unwrap_err().to_string();
        assert!(error.ends_with("it has 101 golden rows, expected at most 100"), "{error}");
    }
}
