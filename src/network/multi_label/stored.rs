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
        let network = Record::new(FittedMlp::<T, L>::KIND);
        let record = record.with_part("network", self.model.write_with_labels("labels", network));
        PlattScaling::write_all(&self.calibration, record, "calibration_")
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
        let calibration = PlattScaling::read_all(record, "calibration_", count)?;
        let thresholds: Vec<f64> = record.take_array("thresholds", count)?;
        let loaded = FittedMultiLabel { calibration, ..FittedMultiLabel::new(model) };
        loaded.with_thresholds(thresholds)
    }

    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        GoldenRows::of_scores(self.features(), rows, |x| self.decision_function(x))
    }
}
