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
    const KIND: &'static str = "pipeline";

    fn write_record(&self, record: Record) -> Record {
        record
            .with("steps", &self.steps)
            .with("classifier", &self.classifier)
            .with_part("range", self.range.to_record())
            .with_feature_names(self.names.as_deref())
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let (steps, classifier): (P, C) = (record.take("steps")?, record.take("classifier")?);
        let range = Range::from_record(record.take_part("range")?, steps.inputs())?;
        let (outputs, features) = (steps.outputs(), classifier.features());
        if outputs != features {
            return Err(invalid(format!(
                "its steps return {outputs} columns, but its classifier takes {features}"
            )));
        }
        let names = record.take_feature_names(steps.inputs())?;
        if let (Some(names), Some(inner)) = (&names, classifier.feature_names())
            && steps.output_names(names)? != inner
        {
            return Err(invalid("its steps and its classifier name the columns between them differently"));
        }
        Ok(FittedPipeline { steps, classifier, range, names })
    }

    /// Returns the scores of the given rows. Without given rows it chooses rows within the range of the
    /// training rows.
    fn golden_rows(&self, rows: Option<&DMatrix<C::Scalar>>) -> Result<Option<GoldenRows>, Error> {
        match rows {
            Some(rows) => GoldenRows::of(self, Some(rows)),
            None => Ok(GoldenRows::of(self, Some(&self.range.corners())).unwrap_or_default()),
        }
    }
}

impl Range {
    const KIND: &'static str = "range";

    /// Returns rows of the lowest, the highest and the middle value of each column, or 0 for columns without
    /// values.
    fn corners<T: Real>(&self) -> DMatrix<T> {
        DMatrix::from_fn(3, self.lower.len(), |row, column| {
            let (lower, upper) = (self.lower[column], self.upper[column]);
            let value = [lower, upper, lower / 2.0 + upper / 2.0][row];
            T::of(if lower <= upper { value } else { 0.0 })
        })
    }

    fn to_record(&self) -> Record {
        let record =
            Record::new(Self::KIND).with_array("lower", &self.lower).with_array("upper", &self.upper);
        match self.outside {
            OutsideRange::Accept | OutsideRange::Warn { .. } => record.with_text("outside", "accept"),
            OutsideRange::Refuse { beyond } => {
                record.with_text("outside", "refuse").with_number("factor", beyond)
            }
        }
    }

    fn from_record(record: Record, columns: usize) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(|record| Self::read_record(record, columns))
    }

    fn read_record(record: &mut Record, columns: usize) -> Result<Self, Error> {
        let outside = match record.take_text("outside")?.as_str() {
            "accept" => OutsideRange::Accept,
            "refuse" => OutsideRange::Refuse { beyond: record.take_number("factor")? },
            other => return Err(invalid(format!("`{other}` is not a rule for rows outside the range"))),
        };
        outside.check()?;
        let (lower, upper): (Vec<f64>, Vec<f64>) = (record.take_any("lower")?, record.take_any("upper")?);
        let empty = |lower: f64, upper: f64| lower == f64::INFINITY && upper == f64::NEG_INFINITY;
        let range = |(&lower, &upper): (&f64, &f64)| {
            lower.is_finite() && upper.is_finite() && lower <= upper || empty(lower, upper)
        };
        if lower.len() != columns || upper.len() != columns || !lower.iter().zip(&upper).all(range) {
            return Err(invalid(format!("its `range` is not a valid range of {columns} columns")));
        }
        Ok(Range { lower, upper, outside })
    }
}
