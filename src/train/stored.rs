//! Storage of training results in files.

use super::trained::Trained;
use crate::error::Error;
use crate::persist::{Persist, Record};
use crate::scalar::Real;

/// Stores everything but the network, which may have layers of any type.
impl<T: Real> Persist for Trained<T> {
    type Scalar = T;
    const KIND: &'static str = "trained parameters";

    fn write_record(&self, record: Record) -> Record {
        record
            .with_array("parameters", &self.params)
            .with_array("running_statistics", &self.statistics)
            .with("report", &self.report)
            .with("history", &self.history)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        Ok(Trained {
            params: record.take_vector("parameters")?,
            statistics: record.take_vector("running_statistics")?,
            report: record.take("report")?,
            history: record.take("history")?,
        })
    }
}
