//! Networks for several labels a row in files.

use nalgebra::DMatrix;

use super::fitted::FittedMultiLabel;
use crate::decide::PlattScaling;
use crate::error::Error;
use crate::network::FittedMlp;
use crate::persist::file::invalid;
use crate::persist::{GoldenRows, Persist, Record, StoredLabel};
use crate::scalar::Real;

impl<T: Real, L: StoredLabel> Persist for FittedMultiLabel<T, L> {
    type Scalar = T;

    fn to_record(&self) -> Record {
        let numbers =
            |of: fn(&PlattScaling) -> f64| -> Vec<f64> { self.calibration.iter().map(of).collect() };
        Record::new("multi-label network")
            .with_part("network", self.model.to_labelled_record("labels"))
            .with_array("calibration_slopes", &numbers(|platt| platt.slope))
            .with_array("calibration_offsets", &numbers(|platt| platt.offset))
            .with_array("thresholds", &self.thresholds)
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("multi-label network")?;
        let mut inner = record.take_part("network")?.open("multi-layer perceptron")?;
        let labels: Vec<L> = inner.take_labels("labels")?;
        let count = labels.len();
        let model = FittedMlp::from_labelled_record(inner, labels, |_| count)?;
        let slopes: Vec<f64> = record.take_array("calibration_slopes", count)?;
        let offsets: Vec<f64> = record.take_array("calibration_offsets", count)?;
        let calibration =
            slopes.into_iter().zip(offsets).map(|(slope, offset)| PlattScaling { slope, offset });
        let thresholds: Vec<f64> = record.take_array("thresholds", count)?;
        record.finish()?;
        let loaded = FittedMultiLabel { calibration: calibration.collect(), ..FittedMultiLabel::new(model) };
        loaded.with_thresholds(thresholds).map_err(|error| invalid(error.to_string()))
    }

    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        GoldenRows::of_scores(self.features(), rows, |x| self.decision_function(x))
    }
}
