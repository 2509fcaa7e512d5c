//! Fit reports in files.

use super::file::invalid;
use super::{Persist, Record, string_keys};
use crate::error::Error;
use crate::report::{Divergence, FitReport, NonFinite, StopReason};

string_keys! {
    StopReason:
    Converged = "converged",
    IterationLimit = "iteration_limit",
    Stalled = "stalled",
    EarlyStopped = "early_stopped",
    Separated = "separated",
    Diverged = "diverged",
    Cancelled = "cancelled",
    Given = "given",
}

string_keys! {
    NonFinite, usize:
    Loss = "loss",
    Gradient { layer } = "gradient",
    Parameters { layer } = "parameters",
    Penalty = "penalty",
    Statistics = "statistics",
    ValidationLoss = "validation_loss",
}

impl Persist for FitReport {
    type Scalar = f64;
    const KIND: &'static str = "fit report";

    fn write_record(&self, record: Record) -> Record {
        let record = record
            .with_text("stop", self.stop.key())
            .with_count("iterations", self.iterations)
            .with_count("evaluations", self.evaluations)
            .with_array("objective", &[self.objective])
            .with_optional("gradient_norm", self.gradient_norm)
            .with_optional("duality_gap", self.duality_gap)
            .with_optional("hessian_condition", self.hessian_condition)
            .with_array("objective_curve", &self.objective_curve)
            .with_array("validation_curve", &self.validation_curve);
        match &self.divergence {
            Some(divergence) => record.with("divergence", divergence),
            None => record,
        }
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let stop = StopReason::from_key(&record.take_text("stop")?)?;
        let objective = record.take_optional("objective")?;
        let objective = objective.ok_or_else(|| invalid("its `fit report` has no objective"))?;
        Ok(FitReport {
            iterations: record.take_count("iterations")?,
            evaluations: record.take_count("evaluations")?,
            gradient_norm: record.take_optional("gradient_norm")?,
            duality_gap: record.take_optional("duality_gap")?,
            hessian_condition: record.take_optional("hessian_condition")?,
            divergence: record.take_optional_part("divergence").map(Divergence::from_record).transpose()?,
            objective_curve: record.take_any("objective_curve")?,
            validation_curve: record.take_any("validation_curve")?,
            ..FitReport::new(stop, objective, None)
        })
    }
}

impl Persist for Divergence {
    type Scalar = f64;
    const KIND: &'static str = "divergence";

    fn write_record(&self, record: Record) -> Record {
        let (what, layer) = self.what.key();
        let record = record.with_integer("step", self.step).with_count("epoch", self.epoch);
        record.with_text("what", what).with_counts("layer", layer.as_slice())
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let what = record.take_text("what")?;
        let layer = match *record.take_counts("layer")? {
            [] => None,
            [layer] => Some(layer),
            ref more => {
                return Err(invalid(format!("`layer` has {} entries, expected at most one", more.len())));
            }
        };
        Ok(Divergence {
            step: record.take_integer("step")?,
            epoch: record.take_count("epoch")?,
            what: NonFinite::from_key(&what, layer)?,
        })
    }
}
