//! Classifiers for many classes, made of classifiers for two.

mod one_vs_one;
mod one_vs_rest;
mod stored;

pub use one_vs_one::{FittedOneVsOne, OneVsOne};
pub use one_vs_rest::{FittedOneVsRest, OneVsRest};

use crate::report::FitReport;

/// The first report that says something other than converged, or the first.
fn first_unconverged<'a>(
    reports: impl Iterator<Item = Option<&'a FitReport>> + Clone,
) -> Option<&'a FitReport> {
    let mut reports = reports.flatten();
    reports.clone().find(|report| !report.converged()).or_else(|| reports.next())
}
