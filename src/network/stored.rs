//! Networks in files.

use nalgebra::DMatrix;

use super::architecture::Network;
use super::fitted::FittedMlp;
use crate::check;
use crate::error::Error;
use crate::layer::{Layer, Shape};
use crate::loss::{ClassificationLoss, Loss};
use crate::persist::file::invalid;
use crate::persist::{GoldenRows, Persist, Record, StoredLabel};
use crate::report::FitReport;
use crate::scalar::Real;
use crate::train::History;

const KIND: &str = "multi-layer perceptron";

impl<T: Real, L: StoredLabel> Persist for FittedMlp<T, L> {
    type Scalar = T;

    fn to_record(&self) -> Record {
        self.to_labelled_record("classes")
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open(KIND)?;
        let classes: Vec<L> = record.take_classes("classes")?;
        let count = classes.len();
        Self::from_labelled_record(record, classes, |loss| Loss::<T>::score_columns(loss, count))
    }

    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        GoldenRows::of(self, rows)
    }
}

impl<T: Real, L: StoredLabel> FittedMlp<T, L> {
    /// With the labels of the columns, classes or not, under this name.
    pub(crate) fn to_labelled_record(&self, name: &str) -> Record {
        Record::new(KIND)
            .with_labels(name, &self.classes)
            .with_part("network", self.network.to_record(&self.params))
            .with_array("running_statistics", &self.statistics)
            .with_part("loss", self.loss.to_record())
            .with_part("report", self.report.to_record())
            .with_part("history", self.history.to_record())
    }

    /// What is left of a record when the labels are taken; `outputs` says how many scores the network must have.
    ///
    /// # Errors
    /// [`Error::InvalidFile`].
    pub(crate) fn from_labelled_record(
        mut record: Record,
        classes: Vec<L>,
        outputs: impl FnOnce(&ClassificationLoss) -> usize,
    ) -> Result<Self, Error> {
        let refused = |error: Error| match error {
            Error::InvalidFile { .. } => error,
            other => invalid(other.to_string()),
        };
        let mut params: Vec<T> = Vec::new();
        let network = Network::from_record(record.take_part("network")?, &mut params).map_err(refused)?;
        let loss = ClassificationLoss::from_record(record.take_part("loss")?)?;
        Loss::<T>::check_parameters(&loss, network.outputs()).map_err(refused)?;
        check::count("network", "outputs", outputs(&loss), network.outputs()).map_err(refused)?;
        let statistics = record.take_array("running_statistics", statistic_count::<T>(&network))?;
        let report = FitReport::from_record(record.take_part("report")?)?;
        let history = History::from_record(record.take_part("history")?)?;
        record.finish()?;
        Ok(FittedMlp { classes, names: None, network, loss, params, statistics, report, history })
    }
}

fn statistic_count<T: Real>(network: &Network) -> usize {
    Layer::<T>::tape(network, 0).statistic_count()
}
