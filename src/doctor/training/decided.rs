//! What the decisions and the report of a fitted classifier show.

use super::classes::entropy;
use super::evidence::Held;
use super::outcome::{Decisions, Outcome};
use super::rules::{self, Achieved};
use super::view::spread;
use crate::classifier::{Classifier, ClassifierExt, predictions};
use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::error::Error;
use crate::report::{FitReport, StopReason};
use crate::rows::Rows;
use crate::scalar::Real;

/// The largest number of rows that are predicted.
const MOST: usize = 4096;
/// The skill from which no cause is looked for.
const GOOD: f64 = 0.9;

/// What the decisions and the report of a classifier show.
pub(in crate::doctor) struct Decided {
    /// The findings about the decisions.
    pub(in crate::doctor) findings: Vec<Finding>,
    /// The finding about the reason why the fit stopped.
    pub(in crate::doctor) of_stop: Option<Finding>,
    /// Whether the probabilities are so good that no cause is to be looked for.
    pub(in crate::doctor) is_good: bool,
}

/// Judges a classifier by its decisions on evenly chosen rows of positive weight, and on held-out rows.
///
/// # Errors
/// Returns the errors of predictions.
pub(in crate::doctor) fn decided<T: Real, C: Classifier<T>>(
    model: &C,
    x: Rows<'_, T>,
    y: &[C::Label],
    weights: Option<&[T]>,
    held_out: Option<(Rows<'_, T>, &[C::Label])>,
) -> Result<Decided, Error> {
    let Some((_, outcome, constant)) = judge(model, x, y, weights)? else {
        return Ok(Decided { findings: Vec::new(), of_stop: None, is_good: false });
    };
    let held = held_out.map(|(x, y)| judge(model, x, y, None)).transpose()?.flatten();
    let held = held.map(|(rows, outcome, _)| Held { rows, outcome, best: None });
    let weighted = weights.is_some_and(|weights| weights.windows(2).any(|pair| pair[0] != pair[1]));
    let achieved =
        Achieved { outcome: &outcome, constant, floor: 0.0, held: held.as_ref(), weighted, controls: None };
    let heart = rules::by_heart(achieved);
    let unlearnt = if heart.is_some() { None } else { rules::no_skill(achieved) };
    let findings = heart.into_iter().chain(unlearnt).chain(rules::threshold(achieved)).collect();
    let of_stop = model.report().and_then(of_stop);
    Ok(Decided { findings, of_stop, is_good: outcome.likelihood_skill > GOOD })
}

/// Returns the number of rows that were judged, the outcome, and the loss of the best constant; `None` without
/// rows of a class of the model.
fn judge<T: Real, C: Classifier<T>>(
    model: &C,
    x: Rows<'_, T>,
    y: &[C::Label],
    weights: Option<&[T]>,
) -> Result<Option<(usize, Outcome, f64)>, Error> {
    let classes = model.classes();
    let class_of = |row: usize| classes.binary_search(&y[row]).ok();
    let counts =
        |row: &usize| weights.is_none_or(|weights| weights[*row] > T::zero()) && class_of(*row).is_some();
    let counted: Vec<usize> = (0..y.len()).filter(counts).collect();
    let chosen = spread(&counted, MOST);
    if chosen.is_empty() {
        return Ok(None);
    }
    let part = match chosen.len() == x.nrows() {
        true => None,
        false => Some(x.view().select_rows(&chosen)),
    };
    let rows: Rows<'_, T> = match &part {
        None => x,
        Some(part) => Rows::from(part).labelled_like(x),
    };
    let p = model.predict_proba(rows)?.map(Real::as_f64);
    let predicted = predictions(model, rows)?;
    let of_row: Vec<usize> = chosen.iter().filter_map(|&row| class_of(row)).collect();
    let weights: Option<Vec<f64>> =
        weights.map(|weights| chosen.iter().map(|&row| weights[row].as_f64()).collect());
    let mut shares = vec![0.0; classes.len()];
    for (at, &class) in of_row.iter().enumerate() {
        shares[class] += weights.as_ref().map_or(1.0, |weights| weights[at]);
    }
    let total: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= total);
    let decisions = Decisions { p: &p, predicted: &predicted, of_row: &of_row, shares: &shares, weights };
    Ok(Some((chosen.len(), Outcome::of_decisions(decisions), entropy(&shares))))
}

/// Returns the finding about the reason why a fit stopped.
pub(in crate::doctor) fn of_stop(report: &FitReport) -> Option<Finding> {
    let stop = report.stop;
    let finding = match stop {
        StopReason::IterationLimit | StopReason::Stalled => {
            let why = format!("the fit ended before it was within the tolerance: {stop}");
            let change = "raise the limit of iterations, or standardise the columns";
            Finding::new(Code::NotConverged, Severity::Info, why, change)
                .saw("iterations", report.iterations as f64)
        }
        StopReason::Diverged => {
            let change = "lower the learning rate, or standardise the columns";
            Finding::new(Code::NotFinite, Severity::Error, stop.to_string(), change)
        }
        stop => rules::separation(stop)?,
    };
    Some(finding)
}
