//! Paths of penalties in files.

use super::FittedLogisticPath;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::linear::fitted::FittedLogistic;
use crate::persist::file::invalid;
use crate::persist::{Persist, Record, StoredLabel};
use crate::scalar::Real;

impl<T: Real, L: StoredLabel> Persist for FittedLogisticPath<T, L> {
    type Scalar = T;

    fn to_record(&self) -> Record {
        let record = Record::new("logistic path")
            .with_array("lambdas", &self.lambdas)
            .with_array("deviance_ratios", &self.deviance_ratios);
        self.models.iter().enumerate().fold(record, |record, (index, model)| {
            record.with_part(&format!("model_{index}"), model.to_record())
        })
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("logistic path")?;
        let lambdas: Vec<f64> = record.take_vector("lambdas")?;
        let deviance_ratios = record.take_array("deviance_ratios", lambdas.len())?;
        if lambdas.is_empty() || !lambdas.is_sorted_by(|a, b| a >= b) || lambdas.iter().any(|&l| l < 0.0) {
            return Err(invalid("its values of lambda do not descend to 0 at the lowest"));
        }
        let mut models: Vec<FittedLogistic<T, L>> = Vec::new();
        for index in 0..lambdas.len() {
            let model = FittedLogistic::from_record(record.take_part(&format!("model_{index}"))?)?;
            let first = models.first().unwrap_or(&model);
            if (model.features(), model.classes()) != (first.features(), first.classes()) {
                return Err(invalid(format!("model {index} has other columns or classes than the first")));
            }
            models.push(model);
        }
        record.finish()?;
        Ok(FittedLogisticPath { lambdas, models, deviance_ratios })
    }
}
