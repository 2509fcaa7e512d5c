//! Multi-class classifiers in files.

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
            const KIND: &'static str = $kind;

            fn write_record(&self, record: Record) -> Record {
                record.with_labels("classes", &self.classes).with_all("model", &self.models)
            }

            fn read_record(record: &mut Record) -> Result<Self, Error> {
                let classes: Vec<L> = record.take_classes("classes")?;
                let models = models(record, $models(classes.len()))?;
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

/// Takes out `count` models, and checks that they have the same number of columns and the same column names.
fn models<C>(record: &mut Record, count: usize) -> Result<Vec<C>, Error>
where
    C: Persist + Classifier<C::Scalar>,
{
    let models: Vec<C> = record.take_all("model", count)?;
    let names = models.first().and_then(Classifier::feature_names);
    if let Some(index) = models.iter().position(|model| model.feature_names() != names) {
        return Err(invalid(format!("model {index} has other column names than the first")));
    }
    let wanted = models.first().map_or(0, Classifier::features);
    match models.iter().map(Classifier::features).enumerate().find(|(_, found)| *found != wanted) {
        Some((index, found)) => {
            Err(invalid(format!("model {index} has {found} columns, but the first has {wanted}")))
        }
        None => Ok(models),
    }
}
