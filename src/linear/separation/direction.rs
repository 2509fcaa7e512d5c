//! Directions that separate the classes, in the user's units.

use std::fmt;

use nalgebra::{DMatrix, DVector};

use super::search::Search;
use crate::error::Error;
use crate::scalar::Real;

/// The kind of a separation: complete or quasi-complete.
///
/// ```
/// assert_eq!(
///     logit::linear::SeparationKind::Quasi.to_string(),
///     "quasi-complete separation"
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeparationKind {
    /// Every row lies strictly on the side of its class.
    Complete,
    /// No row lies on the wrong side, but some rows necessarily lie on the boundary.
    Quasi,
}

impl fmt::Display for SeparationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SeparationKind::Complete => "complete separation",
            SeparationKind::Quasi => "quasi-complete separation",
        })
    }
}

/// A direction along which the likelihood of a logistic regression increases without end, so that no
/// maximum-likelihood estimate exists.
///
/// # Formula
/// With scores z = x W + b, the score of a row's class is never below that of another class: z_y >= z_k. For
/// two classes, z >= 0 for rows of the second class and z <= 0 for rows of the first. Rows for which this is
/// strict for all other classes are [separated](Separation::separated_rows); the others
/// [overlap](Separation::overlapping_rows). No other separating direction is strict where this one is not.
///
/// # Shapes
/// The direction is d x 1 for two classes and d x K for more, where rows sum to 0. Its largest entry is 1 in
/// units of a column's typical deviation.
///
/// # References
/// Albert and Anderson (1984), *On the existence of maximum likelihood estimates in logistic regression
/// models*.
#[derive(Debug, Clone, PartialEq)]
pub struct Separation<T: Real> {
    pub(in crate::linear) kind: SeparationKind,
    pub(in crate::linear) direction: DMatrix<T>,
    pub(in crate::linear) intercept: DVector<T>,
    pub(in crate::linear) columns: Vec<usize>,
    pub(in crate::linear) separated_rows: Vec<usize>,
    pub(in crate::linear) overlapping_rows: Vec<usize>,
}

impl<T: Real> Separation<T> {
    pub(super) fn new(search: &Search<'_, T>, direction: &[f64]) -> Result<Self, Error> {
        let design = &search.design;
        let (slopes, intercepts) = design.to_user(direction);
        let represented = |&value: &f64| {
            let rounded = T::of(value);
            rounded.is_finite() && (value == 0.0 || rounded != T::zero())
        };
        let features = design.features();
        if !slopes.iter().chain(&intercepts).all(represented) {
            return Err(Error::FitOverflow);
        }
        let (separated_rows, overlapping_rows): (Vec<usize>, Vec<usize>) =
            design.counted().partition(|&row| search.is_strict(row));
        let kind = if overlapping_rows.is_empty() { SeparationKind::Complete } else { SeparationKind::Quasi };
        let moves = |&j: &usize| slopes.chunks_exact(features.max(1)).any(|part| part[j] != 0.0);
        Ok(Separation {
            kind,
            columns: (0..features).filter(moves).collect(),
            direction: DMatrix::from_iterator(
                features,
                design.score_columns,
                slopes.iter().map(|&v| T::of(v)),
            ),
            intercept: DVector::from_iterator(intercepts.len(), intercepts.iter().map(|&b| T::of(b))),
            separated_rows,
            overlapping_rows,
        })
    }

    /// Maps a direction found in `columns` to all `features` columns.
    pub(in crate::linear) fn in_columns(self, columns: &[usize], features: usize) -> Self {
        let mut direction = DMatrix::zeros(features, self.direction.ncols());
        for (row, &column) in self.direction.row_iter().zip(columns) {
            direction.row_mut(column).copy_from(&row);
        }
        Separation { direction, columns: self.columns.iter().map(|&j| columns[j]).collect(), ..self }
    }

    /// Returns the kind of separation: complete if every row is separated, otherwise quasi-complete.
    pub fn kind(&self) -> SeparationKind {
        self.kind
    }

    /// Returns the slopes of the direction: d x 1 for two classes, d x K for more.
    pub fn direction(&self) -> &DMatrix<T> {
        &self.direction
    }

    /// Returns the intercepts of the direction: one for two classes, K for more. They are zero if the model
    /// has no intercept.
    pub fn intercept(&self) -> &DVector<T> {
        &self.intercept
    }

    /// Returns the columns of `x` that the direction uses, in ascending order. Empty if the intercept alone
    /// separates, because a class has no rows.
    ///
    /// Each column is needed: the others alone separate fewer rows. Other sets of columns may also separate.
    /// The list may contain columns that are not needed if checking this would take much longer than finding
    /// the direction (some hundred columns).
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Returns the rows that lie strictly on the side of their class, in ascending order.
    pub fn separated_rows(&self) -> &[usize] {
        &self.separated_rows
    }

    /// Returns the rows with positive weight that tie with another class along every separating direction, in
    /// ascending order.
    pub fn overlapping_rows(&self) -> &[usize] {
        &self.overlapping_rows
    }
}

impl<T: Real> fmt::Display for Separation<T> {
    /// Formats one sentence: the separated rows, and the columns that separate them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The largest number of columns that are listed by index.
        const LISTED: usize = 10;
        let (separated, all) =
            (self.separated_rows.len(), self.separated_rows.len() + self.overlapping_rows.len());
        write!(f, "{}: ", self.kind)?;
        match self.columns.as_slice() {
            [] => write!(f, "the intercept alone separates ")?,
            [column] => write!(f, "column {column} of `x` separates ")?,
            columns => {
                let names: Vec<String> = columns.iter().take(LISTED).map(usize::to_string).collect();
                write!(f, "columns {}", names.join(", "))?;
                if columns.len() > LISTED {
                    write!(f, " and {} more", columns.len() - LISTED)?;
                }
                write!(f, " of `x` separate ")?;
            }
        }
        match self.kind {
            SeparationKind::Complete => write!(f, "the classes of all {all} rows"),
            // With several classes a row may tie with one and be separated from another.
            SeparationKind::Quasi if separated == 0 => write!(f, "each of the {all} rows from some classes"),
            SeparationKind::Quasi => write!(f, "{separated} of {all} rows from the other classes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_ten_columns_are_listed() {
        let shown = |count: usize| {
            let separation = Separation {
                kind: SeparationKind::Complete,
                direction: DMatrix::from_element(count, 1, 1.0),
                intercept: DVector::zeros(1),
                columns: (0..count).collect(),
                separated_rows: vec![0, 1],
                overlapping_rows: vec![],
            };
            separation.to_string()
        };
        let ten = "complete separation: columns 0, 1, 2, 3, 4, 5, 6, 7, 8, 9";
        assert_eq!(shown(10), format!("{ten} of `x` separate the classes of all 2 rows"));
        assert_eq!(shown(12), format!("{ten} and 2 more of `x` separate the classes of all 2 rows"));
    }
}
