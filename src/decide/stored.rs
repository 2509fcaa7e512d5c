//! Files of the classifiers in this module.

use nalgebra::DMatrix;

use super::calibrated::Calibration;
use super::{
    Conformal, FittedCalibration, FittedThreshold, IsotonicRegression, MinimumCost, NonconformityScore,
    PlattScaling, PriorCorrected, RejectOption,
};
use crate::classifier::Classifier;
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{GoldenRows, Persist, Record};
use crate::select::FoldStops;

/// Implements [`Persist`] for a wrapper: what it writes besides the inner classifier, and how it is read.
macro_rules! around {
    ($wrapper:ident, $kind:literal, |$self:ident, $record:ident| $write:expr, |$inner:ident, $read:ident| $made:expr) => {
        impl<C: Persist + Classifier<C::Scalar>> Persist for $wrapper<C> {
            type Scalar = C::Scalar;
            const KIND: &'static str = $kind;

            fn write_record(&self, record: Record) -> Record {
                let ($self, $record) = (self, record.with("classifier", &self.classifier));
                $write
            }

            fn read_record(record: &mut Record) -> Result<Self, Error> {
                let $inner: C = record.take("classifier")?;
                let $read = record;
                $made
            }

            fn golden_rows(&self, rows: Option<&DMatrix<C::Scalar>>) -> Result<Option<GoldenRows>, Error> {
                // Default rows come from the inner classifier, which knows its training rows.
                let inside = if rows.is_none() { self.classifier.golden_rows(None)? } else { None };
                let chosen = inside.map(|golden| golden.rows().map(<C::Scalar as crate::Real>::of));
                match (rows, &chosen) {
                    (None, Some(chosen)) => Ok(GoldenRows::of(self, Some(chosen)).unwrap_or_default()),
                    _ => GoldenRows::of(self, rows),
                }
            }
        }
    };
}

around!(
    FittedThreshold,
    "thresholded",
    |model, record| record.with_number("threshold", model.threshold).with_text("stops", &model.stops.keys()),
    |inner, record| {
        let stops = stops(record)?;
        Ok(FittedThreshold { stops, ..FittedThreshold::new(inner, record.take_number("threshold")?)? })
    }
);

around!(
    RejectOption,
    "reject option",
    |model, record| record.with_number("min_probability", model.min_probability),
    |inner, record| RejectOption::new(inner, record.take_number("min_probability")?)
);

around!(
    MinimumCost,
    "minimum cost",
    |model, record| record.with_matrix("costs", &model.costs),
    |inner, record| MinimumCost::new(inner, record.take_matrix("costs")?)
);

around!(
    PriorCorrected,
    "prior corrected",
    |model, record| record.with_array("shifts", &model.shifts),
    |inner, record| {
        let classes = inner.classes().len();
        Ok(PriorCorrected { shifts: record.take_array("shifts", classes)?, classifier: inner })
    }
);

around!(
    Conformal,
    "conformal",
    |model, record| record
        .with_flag("cumulative", model.nonconformity == NonconformityScore::Aps)
        .with_array("largest_score", &[model.largest]),
    |inner, record| {
        let cumulative = record.take_flag("cumulative")?;
        let nonconformity = if cumulative { NonconformityScore::Aps } else { NonconformityScore::Lac };
        match record.take_optional("largest_score")? {
            Some(largest) if (-1.0 - 1e-9..=0.0).contains(&largest) || largest == f64::INFINITY => {
                Ok(Conformal { classifier: inner, nonconformity, largest })
            }
            other => Err(invalid(format!("its largest score is {other:?}, expected from -1 to 0"))),
        }
    }
);

around!(
    FittedCalibration,
    "calibrated",
    |model, record| record
        .with_part("calibration", model.calibration.to_record())
        .with_text("stops", &model.stops.keys()),
    |inner, record| {
        let count = inner.classes().len();
        let part = record.take_part("calibration")?;
        let calibration = Calibration::from_record(part, if count == 2 { 1 } else { count })?;
        Ok(FittedCalibration { classifier: inner, calibration, stops: stops(record)? })
    }
);

/// Reads why the fits to folds stopped.
fn stops(record: &mut Record) -> Result<FoldStops, Error> {
    FoldStops::from_keys(&record.take_text("stops")?)
}

impl Calibration {
    fn to_record(&self) -> Record {
        match self {
            Calibration::Temperature(beta) => Record::new("temperature").with_number("factor", *beta),
            Calibration::Platt(scalings) => PlattScaling::write_all(scalings, Record::new("platt"), ""),
            Calibration::Isotonic(functions) => Record::new("isotonic").with_all("class", functions),
        }
    }

    fn from_record(record: Record, count: usize) -> Result<Self, Error> {
        record.read(|record| Self::read_record(record, count))
    }

    fn read_record(record: &mut Record, count: usize) -> Result<Self, Error> {
        Ok(match record.kind() {
            "temperature" => match record.take_number("factor")? {
                factor if factor > 0.0 => Calibration::Temperature(factor),
                factor => return Err(invalid(format!("its factor is {factor}, expected above 0"))),
            },
            "platt" => Calibration::Platt(PlattScaling::read_all(record, "", count)?),
            "isotonic" => {
                let functions: Vec<IsotonicRegression> = record.take_all("class", count)?;
                if !functions.iter().all(rises_from_0_to_1) {
                    return Err(invalid("its isotonic function does not rise from 0 to 1"));
                }
                Calibration::Isotonic(functions)
            }
            other => return Err(invalid(format!("it contains `{other}` where a calibration is expected"))),
        })
    }
}

fn rises_from_0_to_1(function: &IsotonicRegression) -> bool {
    function.y.is_sorted() && function.y.iter().all(|y| (0.0..=1.0).contains(y))
}

impl Persist for IsotonicRegression {
    type Scalar = f64;
    const KIND: &'static str = "isotonic regression";

    fn write_record(&self, record: Record) -> Record {
        record.with_array("x", &self.x).with_array("y", &self.y)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let x: Vec<f64> = record.take_vector("x")?;
        let y: Vec<f64> = record.take_array("y", x.len())?;
        let monotone = y.is_sorted() || y.is_sorted_by(|a, b| a >= b);
        if x.is_empty() || !x.is_sorted_by(|a, b| a < b) || !monotone {
            return Err(invalid("its isotonic function is not monotone, or its x values do not rise"));
        }
        Ok(IsotonicRegression { x, y })
    }
}

impl Persist for PlattScaling {
    type Scalar = f64;
    const KIND: &'static str = "platt scaling";

    fn write_record(&self, record: Record) -> Record {
        let record = record.with_number("slope", self.slope).with_number("offset", self.offset);
        with_origins(record, std::slice::from_ref(self), "")
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let (slope, offset) = (record.take_number("slope")?, record.take_number("offset")?);
        let mut scaling = [PlattScaling::new(slope, offset)];
        take_origins(record, &mut scaling, "")?;
        let [scaling] = scaling;
        Ok(scaling)
    }
}

impl PlattScaling {
    /// Adds scalings as arrays and parts whose names begin with `prefix`.
    pub(crate) fn write_all(scalings: &[Self], record: Record, prefix: &str) -> Record {
        let record = record
            .with_array(&format!("{prefix}slopes"), &numbers(scalings, |scaling| scaling.slope))
            .with_array(&format!("{prefix}offsets"), &numbers(scalings, |scaling| scaling.offset));
        with_origins(record, scalings, prefix)
    }

    /// Takes out `count` scalings.
    pub(crate) fn read_all(record: &mut Record, prefix: &str, count: usize) -> Result<Vec<Self>, Error> {
        let slopes: Vec<f64> = record.take_array(&format!("{prefix}slopes"), count)?;
        let offsets: Vec<f64> = record.take_array(&format!("{prefix}offsets"), count)?;
        let pairs = slopes.into_iter().zip(offsets);
        let mut scalings: Vec<Self> = pairs.map(|(slope, offset)| PlattScaling::new(slope, offset)).collect();
        take_origins(record, &mut scalings, prefix)?;
        Ok(scalings)
    }
}

fn numbers(scalings: &[PlattScaling], of: fn(&PlattScaling) -> f64) -> Vec<f64> {
    scalings.iter().map(of).collect()
}

/// Adds the scores from which the scalings start, if one of them is not 0.
fn with_origins(record: Record, scalings: &[PlattScaling], prefix: &str) -> Record {
    if scalings.iter().all(|scaling| scaling.center == 0.0) {
        return record;
    }
    let origin = Record::new("origin")
        .with_array("center", &numbers(scalings, |scaling| scaling.center))
        .with_array("log_odds", &numbers(scalings, |scaling| scaling.at_center));
    record.with_part(&format!("{prefix}origin"), origin)
}

fn take_origins(record: &mut Record, scalings: &mut [PlattScaling], prefix: &str) -> Result<(), Error> {
    let Some(origin) = record.take_optional_part(&format!("{prefix}origin")) else { return Ok(()) };
    let read = |origin: &mut Record| -> Result<[Vec<f64>; 2], Error> {
        Ok([origin.take_array("center", scalings.len())?, origin.take_array("log_odds", scalings.len())?])
    };
    let [centers, log_odds] = origin.open("origin")?.read(read)?;
    for (scaling, (center, at_center)) in scalings.iter_mut().zip(centers.into_iter().zip(log_odds)) {
        let offset = at_center - scaling.slope * center;
        // The offset was rounded at another step.
        let size = (scaling.slope * center).abs().max(at_center.abs());
        let agrees = (offset - scaling.offset).abs() <= 16.0 * f64::EPSILON * size;
        if !agrees {
            return Err(invalid("an offset of its calibration is not that of its origin"));
        }
        (scaling.center, scaling.at_center) = (center, at_center);
    }
    Ok(())
}
