//! Saving and loading of networks.

use nalgebra::DMatrix;

use super::architecture::Network;
use super::mlp::FittedMlp;
use crate::check;
use crate::error::Error;
use crate::layer::{Layer, Shape};
use crate::loss::{ClassificationLoss, Loss};
use crate::persist::{GoldenRows, Persist, Record, StoredLabel};
use crate::scalar::Real;
use crate::train::Trained;

impl<T: Real, L: StoredLabel> Persist for FittedMlp<T, L> {
    type Scalar = T;
    const KIND: &'static str = "multi-layer perceptron";

    fn write_record(&self, record: Record) -> Record {
        self.write_with_labels("classes", record)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let classes: Vec<L> = record.take_classes("classes")?;
        let count = classes.len();
        Self::read_with_labels(record, classes, |loss| Loss::<T>::score_columns(loss, count))
    }

    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        GoldenRows::of(self, rows)
    }
}

impl<T: Real, L: StoredLabel> FittedMlp<T, L> {
    /// Writes the model, with the labels of its outputs (classes or not) under this name.
    pub(crate) fn write_with_labels(&self, name: &str, record: Record) -> Record {
        record
            .with_labels(name, &self.classes)
            .with_part("network", self.network.to_record(&self.params))
            .with_array("running_statistics", &self.statistics)
            .with_part("loss", self.loss.to_record())
            .with("report", &self.report)
            .with("history", &self.history)
            .with_feature_names(self.names.as_deref())
    }

    /// Reads the model after its labels were taken out; `outputs` returns the number of scores that the
    /// network must have.
    ///
    /// # Errors
    /// Returns the errors of [`Persist::read_record`].
    pub(crate) fn read_with_labels(
        record: &mut Record,
        classes: Vec<L>,
        outputs: impl FnOnce(&ClassificationLoss) -> usize,
    ) -> Result<Self, Error> {
        let mut params: Vec<T> = Vec::new();
        let network = Network::from_record(record.take_part("network")?, &mut params)?;
        let loss = ClassificationLoss::from_record(record.take_part("loss")?)?;
        Loss::<T>::check_parameters(&loss, network.outputs())?;
        check::count("network", "outputs", outputs(&loss), network.outputs())?;
        let statistics = record.take_array("running_statistics", statistic_count::<T>(&network))?;
        let (report, history) = (record.take("report")?, record.take("history")?);
        let names = record.take_feature_names(network.inputs())?;
        let trained = Trained { params, statistics, report, history };
        Ok(FittedMlp::new(classes, names, network, loss, trained))
    }
}

fn statistic_count<T: Real>(network: &Network) -> usize {
    Layer::<T>::tape(network, 0).statistic_count()
}
