//! The end of a training run in files.

use super::history::History;
use super::trained::Trained;
use crate::error::Error;
use crate::persist::{Persist, Record};
use crate::report::FitReport;
use crate::scalar::Real;

/// The network itself is not stored: it may have layers of any type.
impl<T: Real> Persist for Trained<T> {
    type Scalar = T;

    fn to_record(&self) -> Record {
        Record::new("trained parameters")
            .with_array("parameters", &self.params)
            .with_array("running_statistics", &self.statistics)
            .with_part("report", self.report.to_record())
            .with_part("history", self.history.to_record())
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("trained parameters")?;
        let trained = Trained {
            params: record.take_vector("parameters")?,
            statistics: record.take_vector("running_statistics")?,
            report: FitReport::from_record(record.take_part("report")?)?,
            history: History::from_record(record.take_part("history")?)?,
        };
        record.finish().map(|()| trained)
    }
}
