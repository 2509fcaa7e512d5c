//! Separation against exact arithmetic, known cases, planted directions and hostile data.

mod bounded;
mod bruteforce;
mod certificates;
mod cuts;
mod dependence;
mod exact;
mod hostile;
mod known;
mod planted;
mod relaxation;
mod rounding;

use std::ops::ControlFlow;

use nalgebra::DMatrix;

use super::{Budget, Estimate, Separation, SeparationKind};
use crate::error::Error;
use crate::examples::ClassExamples;
use crate::scalar::Real;

fn rows<'a, T: Real>(
    x: &'a DMatrix<T>,
    classes: &'a [usize],
    weights: Option<&'a [T]>,
) -> ClassExamples<'a, T> {
    ClassExamples::new(x.into(), classes, weights).unwrap()
}

/// The separation of rows that all have weight 1.
fn find<T: Real>(
    x: &DMatrix<T>,
    classes: &[usize],
    count: usize,
    intercept: bool,
) -> Result<Option<Separation<T>>, Error> {
    separation(rows(x, classes, None), count, intercept)
}

/// The separation of rows without an estimate and with a budget that always suffices.
fn separation<T: Real>(
    rows: ClassExamples<'_, T>,
    count: usize,
    intercept: bool,
) -> Result<Option<Separation<T>>, Error> {
    with_budget(usize::MAX, |budget| super::separation(rows.into(), count, intercept, None, budget))
}

/// Calls `search` with a budget of that many multiplications.
fn with_budget<R>(multiplications: usize, search: impl FnOnce(&mut Budget<'_>) -> R) -> R {
    let mut observer = || ControlFlow::Continue(());
    search(&mut Budget::new(multiplications, &mut observer))
}

fn kind<T: Real>(found: &Option<Separation<T>>) -> Option<SeparationKind> {
    found.as_ref().map(Separation::kind)
}

/// Checks the direction against every row, in the units of `x`: margins of separated rows are positive, those
/// of the others zero for at least one class and never negative; and it keeps the conventions.
fn assert_separates<T: Real>(found: &Separation<T>, x: &DMatrix<T>, classes: &[usize], rounding: f64) {
    let (w, b) = (found.direction(), found.intercept());
    let separated = |row: usize| found.separated_rows().contains(&row);
    assert!(!found.separated_rows().is_empty() || found.kind() == SeparationKind::Quasi);
    assert_eq!(found.kind() == SeparationKind::Complete, found.overlapping_rows().is_empty());
    let mut some = false;
    for row in found.separated_rows().iter().chain(found.overlapping_rows()).copied() {
        let terms = |k: usize| (0..x.ncols()).map(move |j| x[(row, j)].as_f64() * w[(j, k)].as_f64());
        let score = |k: usize| terms(k).sum::<f64>() + b[k].as_f64();
        let size = (0..w.ncols()).map(|k| terms(k).map(f64::abs).sum::<f64>() + b[k].as_f64().abs());
        let tolerance = rounding * size.fold(0.0, f64::max);
        let class = classes[row];
        let margins: Vec<f64> = match w.ncols() {
            1 => vec![if class == 1 { score(0) } else { -score(0) }],
            _ => (0..w.ncols()).filter(|&k| k != class).map(|k| score(class) - score(k)).collect(),
        };
        let smallest = margins.iter().copied().fold(f64::INFINITY, f64::min);
        some |= margins.iter().any(|&margin| margin > tolerance);
        if separated(row) {
            assert!(smallest > tolerance, "row {row}: {smallest} <= {tolerance} in {found:?}");
        } else {
            assert!(smallest.abs() <= tolerance, "row {row}: {smallest} > {tolerance} in {found:?}");
        }
    }
    assert!(some, "{found:?} separates nothing");
    for j in 0..x.ncols() {
        let used = w.row(j).iter().any(|v| *v != T::zero());
        assert_eq!(used, found.columns().contains(&j), "column {j} of {found:?}");
    }
    if w.ncols() > 1 {
        let size = w.iter().chain(b.iter()).fold(0.0, |m: f64, v| m.max(v.as_f64().abs()));
        let sums = w.row_iter().map(|row| row.sum().as_f64()).chain([b.sum().as_f64()]);
        sums.for_each(|sum| assert!(sum.abs() <= rounding * size * w.ncols() as f64, "{sum} in {found:?}"));
    }
}
