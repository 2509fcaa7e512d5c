//! Pipelines in files.

use nalgebra::DMatrix;

use super::FittedPipeline;
use super::range::{OutsideRange, Range};
use crate::classifier::Classifier;
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{GoldenRows, Persist, Record};
use crate::preprocess::Transform;
use crate::scalar::Real;

impl<P, C> Persist for FittedPipeline<P, C>
where
    P: Persist<Scalar = C::Scalar> + Transform<C::Scalar>,
    C: Persist + Classifier<C::Scalar>,
{
    type Scalar = C::Scalar;

    fn to_record(&self) -> Record {
        Record::new("pipeline")
            .with_part("steps", self.steps.to_record())
            .with_part("classifier", self.classifier.to_record())
            .with_part("range", self.range.to_record())
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("pipeline")?;
        let steps = P::from_record(record.take_part("steps")?)?;
        let classifier = C::from_record(record.take_part("classifier")?)?;
        let range = Range::from_record(record.take_part("range")?, steps.inputs())?;
        record.finish()?;
        let (outputs, features) = (steps.outputs(), classifier.features());
        if outputs != features {
            return Err(invalid(format!(
                "its steps give {outputs} columns, its classifier takes {features}"
            )));
        }
        Ok(FittedPipeline::new(steps, classifier, range))
    }

    /// Of its own choice: rows within the range of the training rows.
    fn golden_rows(&self, rows: Option<&DMatrix<C::Scalar>>) -> Result<Option<GoldenRows>, Error> {
        match rows {
            Some(rows) => GoldenRows::of(self, Some(rows)),
            None => Ok(GoldenRows::of(self, Some(&self.range.corners())).unwrap_or_default()),
        }
    }
}

impl Range {
    /// The lowest, the highest and the middle value of each column; 0 for columns that had none.
    fn corners<T: Real>(&self) -> DMatrix<T> {
        DMatrix::from_fn(3, self.low.len(), |row, column| {
            let (low, high) = (self.low[column], self.high[column]);
            let value = [low, high, low / 2.0 + high / 2.0][row];
            T::of(if low <= high { value } else { 0.0 })
        })
    }

    fn to_record(&self) -> Record {
        let record = Record::new("range").with_array("low", &self.low).with_array("high", &self.high);
        match self.outside {
            OutsideRange::Accept | OutsideRange::Warn { .. } => record.with_text("outside", "accept"),
            OutsideRange::Refuse { beyond } => {
                record.with_text("outside", "refuse").with_number("factor", beyond)
            }
        }
    }

    fn from_record(record: Record, columns: usize) -> Result<Self, Error> {
        let mut record = record.open("range")?;
        let outside = match record.take_text("outside")?.as_str() {
            "accept" => OutsideRange::Accept,
            "refuse" => OutsideRange::Refuse { beyond: record.take_number("factor")? },
            other => return Err(invalid(format!("`{other}` is nothing to do with rows outside of a range"))),
        };
        outside.check().map_err(|error| invalid(error.to_string()))?;
        let (low, high): (Vec<f64>, Vec<f64>) = (record.take_any("low")?, record.take_any("high")?);
        record.finish()?;
        let empty = |low: f64, high: f64| low == f64::INFINITY && high == f64::NEG_INFINITY;
        let range = |(&low, &high): (&f64, &f64)| {
            low.is_finite() && high.is_finite() && low <= high || empty(low, high)
        };
        if low.len() != columns || high.len() != columns || !low.iter().zip(&high).all(range) {
            return Err(invalid(format!("its `range` is not one of {columns} columns")));
        }
        Ok(Range { low, high, outside })
    }
}
