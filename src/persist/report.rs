//! The account of a fit in files.

use super::record::Record;
use crate::error::Error;
use crate::persist::file::invalid;
use crate::report::{Divergence, FitReport, NonFinite, StopReason};

impl FitReport {
    pub(crate) fn to_record(&self) -> Record {
        let record = Record::new("fit report")
            .with_text("stop", self.stop.key())
            .with_count("iterations", self.iterations)
            .with_count("evaluations", self.evaluations)
            .with_array("objective", &[self.objective])
            .with_optional("gradient_norm", self.gradient_norm)
            .with_optional("duality_gap", self.duality_gap)
            .with_optional("hessian_condition", self.hessian_condition)
            .with_array("objective_curve", &self.objective_curve)
            .with_array("validation_curve", &self.validation_curve);
        match self.divergence {
            Some(divergence) => record.with_part("divergence", divergence_record(divergence)),
            None => record,
        }
    }

    pub(crate) fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("fit report")?;
        let stop = record.take_text("stop")?;
        let stop =
            StopReason::from_key(&stop).ok_or_else(|| invalid(format!("`{stop}` is no reason to stop")))?;
        let objective = record.take_optional("objective")?;
        let objective = objective.ok_or_else(|| invalid("its `fit report` has no objective"))?;
        let report = FitReport {
            iterations: record.take_count("iterations")?,
            evaluations: record.take_count("evaluations")?,
            gradient_norm: record.take_optional("gradient_norm")?,
            duality_gap: record.take_optional("duality_gap")?,
            hessian_condition: record.take_optional("hessian_condition")?,
            divergence: record.take_optional_part("divergence").map(divergence).transpose()?,
            objective_curve: record.take_any("objective_curve")?,
            validation_curve: record.take_any("validation_curve")?,
            ..FitReport::new(stop, objective, None)
        };
        record.finish().map(|()| report)
    }
}

fn divergence_record(Divergence { step, epoch, what }: Divergence) -> Record {
    let (what, layer) = match what {
        NonFinite::Loss => ("loss", 0),
        NonFinite::Gradient { layer } => ("gradient", layer),
        NonFinite::Parameters { layer } => ("parameters", layer),
        NonFinite::Penalty => ("penalty", 0),
        NonFinite::Statistics => ("statistics", 0),
        NonFinite::ValidationLoss => ("validation_loss", 0),
    };
    let record = Record::new("divergence").with_count("step", step as usize).with_count("epoch", epoch);
    record.with_text("what", what).with_count("layer", layer)
}

fn divergence(record: Record) -> Result<Divergence, Error> {
    let mut record = record.open("divergence")?;
    let (step, epoch) = (record.take_count("step")? as u64, record.take_count("epoch")?);
    let (what, layer) = (record.take_text("what")?, record.take_count("layer")?);
    record.finish()?;
    let what = match (what.as_str(), layer) {
        ("loss", 0) => NonFinite::Loss,
        ("gradient", layer) => NonFinite::Gradient { layer },
        ("parameters", layer) => NonFinite::Parameters { layer },
        ("penalty", 0) => NonFinite::Penalty,
        ("statistics", 0) => NonFinite::Statistics,
        ("validation_loss", 0) => NonFinite::ValidationLoss,
        (other, _) => return Err(invalid(format!("`{other}` is nothing that diverges"))),
    };
    Ok(Divergence { step, epoch, what })
}
