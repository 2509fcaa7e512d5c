//! Storage of paths of penalties.

use super::FittedLogisticPath;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::linear::fitted::FittedLogistic;
use crate::persist::file::invalid;
use crate::persist::{Persist, Record, StoredLabel};
use crate::scalar::Real;

impl<T: Real, L: StoredLabel> Persist for FittedLogisticPath<T, L> {
    type Scalar = T;
    const KIND: &'static str = "logistic path";

    fn write_record(&self, record: Record) -> Record {
        record
            .with_array("lambdas", &self.lambdas)
            .with_array("deviance_ratios", &self.deviance_ratios)
            .with_all("model", &self.models)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let lambdas: Vec<f64> = record.take_vector("lambdas")?;
        let deviance_ratios = record.take_array("deviance_ratios", lambdas.len())?;
        if lambdas.is_empty() || !lambdas.is_sorted_by(|a, b| a >= b) || lambdas.iter().any(|&l| l < 0.0) {
            return Err(invalid("its `lambdas` are not at least 0 and in descending order"));
        }
        let models: Vec<FittedLogistic<T, L>> = record.take_all("model", lambdas.len())?;
        let (classes, names) = (models[0].classes(), models[0].feature_names());
        let like_the_first = |model: &FittedLogistic<T, L>| {
            model.features() == models[0].features()
                && model.classes() == classes
                && model.feature_names() == names
        };
        if let Some(index) = models.iter().position(|model| !like_the_first(model)) {
            return Err(invalid(format!("model {index} has different columns or classes from the first")));
        }
        Ok(FittedLogisticPath { lambdas, models, deviance_ratios })
    }
}
