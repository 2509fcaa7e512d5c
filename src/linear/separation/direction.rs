//! What separates the classes, in the units of the user.

use std::fmt;

use nalgebra::{DMatrix, DVector};

use super::search::Search;
use crate::error::Error;
use crate::scalar::Real;

/// How far the classes can be separated.
///
/// ```
/// assert_eq!(logit::linear::SeparationKind::Quasi.to_string(), "quasi-complete separation");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeparationKind {
    /// Every row lies strictly on the side of its class.
    Complete,
    /// No row lies on the wrong side, but some can only lie on the boundary.
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

/// A direction along which the likelihood of a logistic regression grows without end, so that no maximum-likelihood
/// estimate exists.
///
/// # Formula
/// With scores z = x W + b, the score of a row's class is never below that of another class: z_y >= z_k; for two classes
/// z >= 0 for rows of the second and z <= 0 for rows of the first. Rows for which this is strict for all other classes
/// are [separated](Separation::separated_rows), the others [overlap](Separation::overlapping_rows). No other direction
/// is strict where this one is not.
///
/// # Shapes
/// The direction is d x 1 for two classes and d x K for more, where rows sum to 0. Its largest entry is 1 in units of
/// a column's typical deviation.
///
/// # References
/// Albert and Anderson (1984), *On the existence of maximum likelihood estimates in logistic regression models*.
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
            design.rows.counted().into_iter().partition(|&row| search.is_strict(row));
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

    /// The same direction among `features` columns, of which it was found in `columns`.
    pub(in crate::linear) fn in_columns(self, columns: &[usize], features: usize) -> Self {
        let mut direction = DMatrix::zeros(features, self.direction.ncols());
        for (row, &column) in self.direction.row_iter().zip(columns) {
            direction.row_mut(column).copy_from(&row);
        }
        Separation { direction, columns: self.columns.iter().map(|&j| columns[j]).collect(), ..self }
    }

    /// Whether every row is separated.
    pub fn kind(&self) -> SeparationKind {
        self.kind
    }

    /// The slopes of the direction: d x 1 for two classes, d x K for more.
    pub fn direction(&self) -> &DMatrix<T> {
        &self.direction
    }

    /// The intercepts of the direction: one for two classes, K for more. Zero if the model has none.
    pub fn intercept(&self) -> &DVector<T> {
        &self.intercept
    }

    /// The columns of `x` that the direction uses, in ascending order; empty if the intercept alone separates, because
    /// a class has no rows.
    ///
    /// Each is needed: the others alone separate fewer rows. Other sets of columns may do as well. Where finding out
    /// would take much longer than finding the direction (some hundred columns), columns may be left that are not needed.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The rows that lie strictly on their side, in ascending order.
    pub fn separated_rows(&self) -> &[usize] {
        &self.separated_rows
    }

    /// The rows with weight that tie with another class along every separating direction, in ascending order.
    pub fn overlapping_rows(&self) -> &[usize] {
        &self.overlapping_rows
    }
}

impl<T: Real> fmt::Display for Separation<T> {
    /// A sentence: what is separated, and by which columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More columns than these are counted, not listed.
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
