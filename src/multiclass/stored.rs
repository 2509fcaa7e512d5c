//! Classifiers for many classes, made of classifiers for two, in files.

use nalgebra::DMatrix;

use super::{FittedOneVsOne, FittedOneVsRest};
use crate::classifier::Classifier;
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{GoldenRows, Persist, Record, StoredLabel};

macro_rules! stored {
    ($fitted:ident, $kind:literal, $models:expr) => {
        impl<C, L> Persist for $fitted<C, L>
        where
            C: Persist + Classifier<C::Scalar, Label = bool>,
            L: StoredLabel,
        {
            type Scalar = C::Scalar;

            fn to_record(&self) -> Record {
                let record = Record::new($kind).with_labels("classes", &self.classes);
                self.models.iter().enumerate().fold(record, |record, (index, model)| {
                    record.with_part(&format!("model_{index}"), model.to_record())
                })
            }

            fn from_record(record: Record) -> Result<Self, Error> {
                let mut record = record.open($kind)?;
                let classes: Vec<L> = record.take_classes("classes")?;
                let models = models(&mut record, $models(classes.len()))?;
                record.finish()?;
                Ok($fitted { classes, models })
            }

            fn golden_rows(&self, rows: Option<&DMatrix<C::Scalar>>) -> Result<Option<GoldenRows>, Error> {
                GoldenRows::of(self, rows)
            }
        }
    };
}

stored!(FittedOneVsRest, "one vs rest", |classes: usize| if classes == 2 { 1 } else { classes });
stored!(FittedOneVsOne, "one vs one", |classes: usize| classes * (classes - 1) / 2);

/// So many models, all of the same columns.
fn models<C>(record: &mut Record, count: usize) -> Result<Vec<C>, Error>
where
    C: Persist + Classifier<C::Scalar>,
{
    let mut models: Vec<C> = Vec::new();
    for index in 0..count {
        let model = C::from_record(record.take_part(&format!("model_{index}"))?)?;
        let wanted = models.first().map_or(model.features(), Classifier::features);
        if model.features() != wanted {
            let found = model.features();
            return Err(invalid(format!("model {index} has {found} columns, the first {wanted}")));
        }
        models.push(model);
    }
    Ok(models)
}
