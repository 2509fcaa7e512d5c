//! Saving and loading of multi-label networks.

use nalgebra::DMatrix;

use super::fitted::FittedMultiLabel;
use crate::decide::PlattScaling;
use crate::error::Error;
use crate::network::FittedMlp;
use crate::persist::{GoldenRows, Persist, Record, StoredLabel};
use crate::scalar::Real;

impl<T: Real, L: StoredLabel> Persist for FittedMultiLabel<T, L> {
    type Scalar = T;
    const KIND: &'static str = "multi-label network";

    fn write_record(&self, record: Record) -> Record {
        let numbers =
            |of: fn(&PlattScaling) -> f64| -> Vec<f64> { self.calibration.iter().map(of).collect() };
        let network = Record::new(FittedMlp::<T, L>::KIND);
        record
            .with_part("network", self.model.write_with_labels("labels", network))
            .with_array("calibration_slopes", &numbers(|platt| platt.slope))
            .with_array("calibration_offsets", &numbers(|platt| platt.offset))
            .with_array("thresholds", &self.thresholds)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let network = record.take_part("network")?.open(FittedMlp::<T, L>::KIND)?;
        let model = network.read(|network| {
            let labels: Vec<L> = network.take_labels("labels")?;
            let count = labels.len();
            FittedMlp::read_with_labels(network, labels, |_| count)
        })?;
        let count = model.classes.len();
        let slopes: Vec<f64> = record.take_array("calibration_slopes", count)?;
        let offsets: Vec<f64> = record.take_array("calibration_offsets", count)?;
        let calibration =
            slopes.into_iter().zip(offsets).map(|(slope, offset)| PlattScaling { slope, offset });
        let thresholds: Vec<f64> = record.take_array("thresholds", count)?;
        let loaded = FittedMultiLabel { calibration: calibration.collect(), ..FittedMultiLabel::new(model) };
        loaded.with_thresholds(thresholds)
    }

    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        GoldenRows::of_scores(self.features(), rows, |x| self.decision_function(x))
    }
}
