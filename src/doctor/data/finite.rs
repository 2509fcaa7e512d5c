//! Entries that are not finite, and the rows that are left without them.

use nalgebra::DMatrix;

use super::terms::{Terms, rows};
use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::rows::Rows;
use crate::scalar::{Real, columns, is_finite};

/// The entries that are not finite.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NotFinite {
    /// The number of such entries.
    pub(crate) entries: usize,
    /// The number of rows with such an entry.
    pub(crate) rows: usize,
    /// The first of them, row by row: its row, its column and its value.
    pub(crate) first: (usize, usize, f64),
}

/// The rows that can be measured: finite, and of positive weight.
pub(super) struct Measurable<T> {
    pub(super) not_finite: Option<NotFinite>,
    /// The indices of the rows, if they are not all.
    pub(super) kept: Option<Vec<usize>>,
    /// The rows, if they are not all.
    pub(super) copy: Option<DMatrix<T>>,
}

impl<T: Real> Measurable<T> {
    pub(super) fn new(x: Rows<'_, T>, weights: Option<&[T]>) -> Self {
        let finite = finite_rows(x);
        let whole = |row: usize| finite.as_ref().is_none_or(|finite| finite[row]);
        let counts = |row: usize| weights.is_none_or(|w| w.get(row).is_some_and(|w| *w > T::zero()));
        let not_finite = if finite.is_some() { NotFinite::among(x, counts) } else { None };
        let kept: Vec<usize> = (0..x.nrows()).filter(|&row| counts(row) && whole(row)).collect();
        if kept.len() == x.nrows() {
            return Measurable { not_finite, kept: None, copy: None };
        }
        let copy = x.select_rows(&kept);
        Measurable { not_finite, kept: Some(kept), copy: Some(copy) }
    }

    /// Returns the row of the caller's table.
    pub(super) fn original(&self, row: usize) -> usize {
        self.kept.as_ref().and_then(|kept| kept.get(row)).copied().unwrap_or(row)
    }
}

/// Returns whether each row is finite, or `None` if all are.
fn finite_rows<T: Real>(x: Rows<'_, T>) -> Option<Vec<bool>> {
    if is_finite(&*x) {
        return None;
    }
    let mut finite = vec![true; x.nrows()];
    for column in columns(&*x) {
        finite.iter_mut().zip(column).for_each(|(finite, v)| *finite &= v.is_finite());
    }
    Some(finite)
}

impl NotFinite {
    /// Returns the entries that are not finite among the rows that count.
    pub(super) fn among<T: Real>(x: Rows<'_, T>, counts: impl Fn(usize) -> bool) -> Option<Self> {
        let (mut entries, mut bad) = (0, vec![false; x.nrows()]);
        let mut first: Option<(usize, usize, f64)> = None;
        for (j, column) in columns(&*x).enumerate() {
            for (row, v) in column.iter().enumerate().filter(|(row, v)| !v.is_finite() && counts(*row)) {
                entries += 1;
                bad[row] = true;
                if first.is_none_or(|(other, ..)| row < other) {
                    first = Some((row, j, v.as_f64()));
                }
            }
        }
        let rows = bad.iter().filter(|bad| **bad).count();
        first.map(|first| NotFinite { entries, rows, first })
    }

    /// Returns the finding about an argument, such as `x`.
    pub(super) fn finding(&self, argument: &str, terms: &Terms<'_>) -> Finding {
        let (row, column, value) = self.first;
        let why = format!(
            "{} of `{argument}` have an entry that is not finite, the first {value} in row {row}, {}: every \
             fit refuses them",
            rows(self.rows),
            terms.column(column)
        );
        let change = if value.is_nan() {
            "remove the rows, or put an `Imputer` first"
        } else {
            "find out where the infinite numbers come from, such as a division by 0 or a logarithm of 0"
        };
        Finding::new(Code::NotFinite, Severity::Error, why, change)
            .saw("entries that are not finite", self.entries as f64)
            .saw("rows with such entries", self.rows as f64)
    }
}
