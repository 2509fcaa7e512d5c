//! Storage of logistic regression models.

use nalgebra::{DMatrix, DVector};

use super::fitted::{FittedLogistic, Terms};
use super::origin::Origin;
use super::problem::ColumnPenalty;
use super::separation::{Separation, SeparationKind};
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{GoldenRows, Persist, Record, StoredLabel};
use crate::scalar::Real;

impl<T: Real, L: StoredLabel> Persist for FittedLogistic<T, L> {
    type Scalar = T;
    const KIND: &'static str = "logistic regression";

    fn write_record(&self, record: Record) -> Record {
        let record = record
            .with_labels("classes", &self.classes)
            .with_matrix("coefficients", &self.coefficients)
            .with_array("intercept", self.intercept.as_slice())
            .with_part("objective", self.terms.to_record())
            .with("report", &self.report)
            .with_feature_names(self.names.as_deref());
        let record = match &self.origin {
            Some(origin) => record.with_part("origin", origin.to_record()),
            None => record,
        };
        match &self.separation {
            Some(separation) => record.with_part("separation", separation.to_record()),
            None => record,
        }
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let coefficients: DMatrix<T> = record.take_matrix("coefficients")?;
        let intercept = DVector::from_vec(record.take_vector("intercept")?);
        let classes = record.take_classes("classes")?;
        // The only constructor from numbers validates them.
        let (features, columns) = coefficients.shape();
        let given = FittedLogistic::from_coefficients(classes, coefficients, intercept)?;
        let terms = Terms::from_record(record.take_part("objective")?, features)?;
        if terms.class_weights.as_ref().is_some_and(|weights| weights.len() != given.classes.len()) {
            return Err(invalid(format!(
                "it has {} classes but a different number of class weights",
                given.classes.len()
            )));
        }
        let report = record.take("report")?;
        let names = record.take_feature_names(features)?;
        let separation = record
            .take_optional_part("separation")
            .map(|part| Separation::from_record(part, features, columns))
            .transpose()?;
        let origin =
            record.take_optional_part("origin").map(|part| Origin::from_record(part, &given)).transpose()?;
        Ok(FittedLogistic { names, origin, terms, report, separation, ..given })
    }

    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        GoldenRows::of(self, rows)
    }
}

impl<T: Real> Origin<T> {
    const KIND: &'static str = "origin";

    fn to_record(&self) -> Record {
        Record::new(Self::KIND).with_array("center", &self.center).with_array("scores", &self.scores)
    }

    /// Reads the origin of a model with the coefficients and intercepts of `model`.
    fn from_record<L: StoredLabel>(record: Record, model: &FittedLogistic<T, L>) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(|record| Self::read_record(record, model))
    }

    fn read_record<L: StoredLabel>(record: &mut Record, model: &FittedLogistic<T, L>) -> Result<Self, Error> {
        let (features, columns) = model.coefficients.shape();
        let origin = Origin {
            center: record.take_array("center", features)?,
            scores: record.take_array("scores", columns)?,
        };
        let computed = origin.intercepts(&model.coefficients);
        // Another version of this library may round the last digit differently.
        let agree = |((&stored, &computed), &score): ((&T, &T), &T)| {
            (stored - computed).abs() <= T::of(16.0) * T::EPSILON * computed.abs().max(score.abs())
        };
        if model.intercept.iter().zip(&computed).zip(&origin.scores).all(agree) {
            Ok(origin)
        } else {
            Err(invalid("its `intercept` is not that of its `origin`"))
        }
    }
}

impl Terms {
    const KIND: &'static str = "logistic objective";

    fn to_record(&self) -> Record {
        let record = Record::new(Self::KIND)
            .with_array("l1", &self.penalty.l1)
            .with_array("l2", &self.penalty.l2)
            .with_flag("jeffreys", self.jeffreys)
            .with_flag("intercept", self.intercept);
        match &self.class_weights {
            Some(weights) => record.with_array("class_weights", weights),
            None => record,
        }
        .with_flag("weighted_classes", self.class_weights.is_some())
    }

    fn from_record(record: Record, features: usize) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(|record| Self::read_record(record, features))
    }

    fn read_record(record: &mut Record, features: usize) -> Result<Self, Error> {
        let penalty =
            ColumnPenalty { l1: record.take_array("l1", features)?, l2: record.take_array("l2", features)? };
        let weighted = record.take_flag("weighted_classes")?;
        let class_weights = weighted.then(|| record.take_vector("class_weights")).transpose()?;
        let negative = |values: &[f64]| values.iter().any(|value| *value < 0.0);
        if negative(&penalty.l1) || negative(&penalty.l2) || class_weights.as_deref().is_some_and(negative) {
            return Err(invalid("a penalty or class weight is negative"));
        }
        Ok(Terms {
            penalty,
            jeffreys: record.take_flag("jeffreys")?,
            intercept: record.take_flag("intercept")?,
            class_weights,
        })
    }
}

impl<T: Real> Separation<T> {
    const KIND: &'static str = "separation";

    fn to_record(&self) -> Record {
        Record::new(Self::KIND)
            .with_flag("complete", self.kind == SeparationKind::Complete)
            .with_matrix("direction", &self.direction)
            .with_array("intercept", self.intercept.as_slice())
            .with_counts("columns", &self.columns)
            .with_counts("separated_rows", &self.separated_rows)
            .with_counts("overlapping_rows", &self.overlapping_rows)
    }

    fn from_record(record: Record, features: usize, score_columns: usize) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(|record| Self::read_record(record, features, score_columns))
    }

    fn read_record(record: &mut Record, features: usize, score_columns: usize) -> Result<Self, Error> {
        let kind =
            if record.take_flag("complete")? { SeparationKind::Complete } else { SeparationKind::Quasi };
        let separation = Separation {
            kind,
            direction: record.take_matrix("direction")?,
            intercept: DVector::from_vec(record.take_array("intercept", score_columns)?),
            columns: record.take_counts("columns")?,
            separated_rows: record.take_counts("separated_rows")?,
            overlapping_rows: record.take_counts("overlapping_rows")?,
        };
        let Separation { direction, columns, separated_rows, overlapping_rows, .. } = &separation;
        let ascending = |rows: &[usize]| rows.is_sorted_by(|a, b| a < b);
        let consistent = direction.shape() == (features, score_columns)
            && ascending(columns)
            && columns.last().is_none_or(|&column| column < features)
            && ascending(separated_rows)
            && ascending(overlapping_rows)
            && (kind == SeparationKind::Complete) == overlapping_rows.is_empty();
        if consistent {
            Ok(separation)
        } else {
            Err(invalid("its `separation` is inconsistent with itself or with the model"))
        }
    }
}
