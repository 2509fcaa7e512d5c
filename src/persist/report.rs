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
    SeparationUndecided = "separation_undecided",
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

/// The kind of the record with the measures of a logistic regression's optimum.
const CERTIFICATE: &str = "certificate";

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
        let record = match &self.divergence {
            Some(divergence) => record.with("divergence", divergence),
            None => record,
        };
        if self.decrement.is_none() && self.constant_columns.is_empty() && self.dependent_columns.is_empty() {
            return record;
        }
        let certificate = Record::new(CERTIFICATE)
            .with_optional("decrement", self.decrement)
            .with_optional("rounding_limit", self.rounding_limit)
            .with_counts("constant_columns", &self.constant_columns)
            .with_counts("dependent_columns", &self.dependent_columns);
        record.with_part("certificate", certificate)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let stop = StopReason::from_key(&record.take_text("stop")?)?;
        let objective = record.take_optional("objective")?;
        let objective = objective.ok_or_else(|| invalid("its `fit report` has no objective"))?;
        let report = FitReport {
            iterations: record.take_count("iterations")?,
            evaluations: record.take_count("evaluations")?,
            gradient_norm: record.take_optional("gradient_norm")?,
            duality_gap: record.take_optional("duality_gap")?,
            hessian_condition: record.take_optional("hessian_condition")?,
            divergence: record.take_optional_part("divergence").map(Divergence::from_record).transpose()?,
            objective_curve: record.take_any("objective_curve")?,
            validation_curve: record.take_any("validation_curve")?,
            ..FitReport::new(stop, objective, None)
        };
        // Files of version 1.0 have no such part.
        let Some(part) = record.take_optional_part("certificate") else { return Ok(report) };
        part.open(CERTIFICATE)?.read(|part| {
            Ok(FitReport {
                decrement: part.take_optional("decrement")?,
                rounding_limit: part.take_optional("rounding_limit")?,
                constant_columns: part.take_counts("constant_columns")?,
                dependent_columns: part.take_counts("dependent_columns")?,
                ..report
            })
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
