//! Multi-class classifiers that are composed of binary classifiers.
//!
//! [`OneVsRest`] fits one classifier per class, [`OneVsOne`] one per pair of classes, over any
//! [`Estimator`](crate::Estimator).

mod one_vs_one;
mod one_vs_rest;
mod stored;

pub use one_vs_one::{FittedOneVsOne, OneVsOne};
pub use one_vs_rest::{FittedOneVsRest, OneVsRest};

use crate::error::Error;
use crate::estimator::Watch;
use crate::report::FitReport;

/// Returns the models of `count` fits, in order, or the first error.
fn fit_all<C: Send>(
    count: usize,
    watch: &mut Watch<'_>,
    fit: impl Fn(usize, &mut Watch<'_>) -> Result<C, Error> + Sync,
) -> Result<Vec<C>, Error> {
    let (models, error) = watch.each(count, fit);
    error.map_or(Ok(models), Err)
}

/// Returns the first report that is not converged, or the first report if all have converged.
fn first_unconverged<'a>(
    reports: impl Iterator<Item = Option<&'a FitReport>> + Clone,
) -> Option<&'a FitReport> {
    let mut reports = reports.flatten();
    reports.clone().find(|report| !report.converged()).or_else(|| reports.next())
}
