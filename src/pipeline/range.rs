//! The range of the training rows, and rules for rows outside it.

use std::fmt;

use nalgebra::DMatrixView;

use crate::check;
use crate::error::Error;
use crate::scalar::{Real, columns, is_constant};

/// The rule of a pipeline's model for rows outside the range of the training rows, column by column.
///
/// No model has learned anything there: a logistic regression extrapolates linearly, and a network
/// arbitrarily. Distances are measured in widths of the range of the column. A limit of 0 applies to every
/// value outside the range; 1 is far.
///
/// ```
/// use logit::pipeline::OutsideRange;
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Pipeline, StandardScaler};
/// use nalgebra::dmatrix;
///
/// let (x, y) = (dmatrix![20.0; 30.0; 40.0; 60.0], ["no", "no", "yes", "yes"]);
/// let pipeline =
///     Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
///
/// let warning = pipeline.clone().outside_range(OutsideRange::Warn {
///     beyond: 1.0,
///     tell: |report| eprintln!("{report}"),
/// });
/// // Prints "column 0: outside 20 to 60 in 1 of 1 rows; ...":
/// warning.fit(&x, &y)?.predict(&dmatrix![300.0])?;
///
/// let strict =
///     pipeline.outside_range(OutsideRange::Refuse { beyond: 1.0 }).fit(&x, &y)?;
/// assert!(
///     strict.predict(&dmatrix![90.0]).is_ok()
///         && strict.predict(&dmatrix![300.0]).is_err()
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub enum OutsideRange {
    /// Predicts them like all other rows.
    #[default]
    Accept,
    /// Predicts them and reports them to a function.
    ///
    /// The function is not saved with a model, so a loaded model accepts such rows until
    /// [`with_outside_range`](crate::FittedPipeline::with_outside_range) sets another rule.
    Warn {
        /// The distance beyond which rows are reported.
        beyond: f64,
        /// The function that every predicting method calls with a report of such rows.
        tell: fn(&RangeReport),
    },
    /// Returns [`Error::OutsideRange`].
    Refuse {
        /// The distance beyond which rows are rejected.
        beyond: f64,
    },
}

/// Functions are equal if their addresses are equal.
impl PartialEq for OutsideRange {
    fn eq(&self, other: &Self) -> bool {
        use OutsideRange::{Accept, Refuse, Warn};
        match (*self, *other) {
            (Accept, Accept) => true,
            (Warn { beyond: a, tell: f }, Warn { beyond: b, tell: g }) => {
                a == b && std::ptr::fn_addr_eq(f, g)
            }
            (Refuse { beyond: a }, Refuse { beyond: b }) => a == b,
            _ => false,
        }
    }
}

impl OutsideRange {
    pub(super) fn check(self) -> Result<(), Error> {
        match self {
            OutsideRange::Accept => Ok(()),
            OutsideRange::Warn { beyond, .. } | OutsideRange::Refuse { beyond } => {
                check::not_negative("outside_range", beyond)
            }
        }
    }
}

/// The range of each column of the training rows, in raw units. Entries that are not finite do not count.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Range {
    pub(super) lower: Vec<f64>,
    pub(super) upper: Vec<f64>,
    pub(super) outside: OutsideRange,
}

impl Range {
    /// Creates the range of unknown training rows, for which no value is outside.
    pub(super) fn unknown(columns: usize) -> Self {
        let lower = vec![f64::INFINITY; columns];
        Range { lower, upper: vec![f64::NEG_INFINITY; columns], outside: OutsideRange::Accept }
    }

    /// Computes the range of the rows of `x` whose weight is not zero.
    pub(super) fn of<T: Real>(x: DMatrixView<'_, T>, weights: Option<&[T]>, outside: OutsideRange) -> Self {
        let counts = |row: usize| weights.is_none_or(|weights| weights[row] > T::zero());
        let extreme = |start: f64, of: fn(f64, f64) -> f64| -> Vec<f64> {
            let column = |entries: &[T]| {
                let counted = entries.iter().enumerate().filter(|(row, v)| v.is_finite() && counts(*row));
                counted.fold(start, |most, (_, v)| of(most, v.as_f64()))
            };
            columns(&x).map(column).collect()
        };
        Range {
            lower: extreme(f64::INFINITY, f64::min),
            upper: extreme(f64::NEG_INFINITY, f64::max),
            outside,
        }
    }

    /// Returns the distance of `value` from the range of `column`, in widths of the range.
    ///
    /// It is 0 inside the range and for columns without finite entries. For a column that is constant up to
    /// rounding, it is 0 for values as close, and infinite for others.
    fn distance<T: Real>(&self, column: usize, value: T) -> f64 {
        let (lower, upper, value) = (self.lower[column], self.upper[column], value.as_f64());
        let beyond = (lower - value).max(value - upper);
        // NaN, and columns of NaN, are left to the imputer.
        if beyond <= 0.0 || beyond.is_nan() || lower > upper {
            return 0.0;
        }
        if !is_constant::<T>(lower, upper) {
            return beyond / (upper - lower);
        }
        if is_constant::<T>(lower.min(value), upper.max(value)) { 0.0 } else { f64::INFINITY }
    }

    /// Applies the rule to rows that are about to be predicted.
    ///
    /// # Errors
    /// Returns [`Error::OutsideRange`] for the first row that is further outside than allowed.
    pub(super) fn admit<T: Real>(&self, x: DMatrixView<'_, T>) -> Result<(), Error> {
        match self.outside {
            OutsideRange::Accept => Ok(()),
            OutsideRange::Warn { beyond, tell } => {
                if self.is_left_by(x, beyond) {
                    tell(&self.report(x, beyond));
                }
                Ok(())
            }
            OutsideRange::Refuse { beyond } => self.refuse(x, beyond),
        }
    }

    /// Returns whether an entry is further outside than `beyond`.
    fn is_left_by<T: Real>(&self, x: DMatrixView<'_, T>, beyond: f64) -> bool {
        let leaves = |(column, entries): (usize, &[T])| {
            entries.iter().any(|value| self.distance(column, *value) > beyond)
        };
        columns(&x).enumerate().any(leaves)
    }

    fn refuse<T: Real>(&self, x: DMatrixView<'_, T>, beyond: f64) -> Result<(), Error> {
        if !self.is_left_by(x, beyond) {
            return Ok(());
        }
        for row in 0..x.nrows() {
            for column in 0..x.ncols() {
                if self.distance(column, x[(row, column)]) > beyond {
                    let (lower, upper) = (self.lower[column], self.upper[column]);
                    let value = x[(row, column)].as_f64();
                    return Err(Error::OutsideRange { row, column, name: None, value, lower, upper });
                }
            }
        }
        Ok(())
    }

    /// Reports the entries that are further outside than `beyond`.
    pub(super) fn report<T: Real>(&self, x: DMatrixView<'_, T>, beyond: f64) -> RangeReport {
        let column = |(column, entries): (usize, &[T])| {
            let mut found = ColumnRange {
                column,
                lower: self.lower[column],
                upper: self.upper[column],
                rows: 0,
                farthest: 0,
                value: f64::NAN,
                distance: 0.0,
            };
            for (row, value) in entries.iter().enumerate() {
                let distance = self.distance(column, *value);
                found.rows += usize::from(distance > beyond);
                if distance > found.distance.max(beyond) {
                    (found.farthest, found.value, found.distance) = (row, value.as_f64(), distance);
                }
            }
            (found.rows > 0).then_some(found)
        };
        RangeReport { rows: x.nrows(), columns: columns(&x).enumerate().filter_map(column).collect() }
    }
}

/// A report of the columns in which some rows are outside the range of the training rows, to print or to log.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Pipeline, StandardScaler};
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![20.0, 1.0; 30.0, 2.0; 40.0, 3.0; 60.0, 3.0];
/// let model =
///     Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)))
///         .fit(&x, &["no", "no", "yes", "yes"])?;
/// let report = model.range_report(&dmatrix![35.0, 2.5; 300.0, 2.0; 70.0, 2.0])?;
/// assert!(!report.is_inside());
/// assert_eq!(
///     report.to_string(),
///     "column 0: outside 20 to 60 in 2 of 3 rows; row 1 is farthest \
///      (300, beyond by 6.0 times the range)"
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RangeReport {
    rows: usize,
    columns: Vec<ColumnRange>,
}

/// A column with entries outside the range of the training rows, in a [`RangeReport`].
///
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Pipeline};
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![20.0; 30.0; 40.0; 60.0];
/// let model = Pipeline::new((), LogisticRegression::new(Penalty::c(1.0)))
///     .fit(&x, &[0, 0, 1, 1])?;
/// let report = model.range_report(&dmatrix![10.0; 50.0; 80.0])?;
/// let age = report.columns()[0];
/// assert_eq!(
///     (age.column, age.rows, age.farthest, age.value, age.distance),
///     (0, 2, 2, 80.0, 0.5)
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ColumnRange {
    /// The column, from 0.
    pub column: usize,
    /// The smallest value of the training rows.
    pub lower: f64,
    /// The largest value of the training rows.
    pub upper: f64,
    /// The number of rows that are outside.
    pub rows: usize,
    /// The row that is farthest outside, from 0.
    pub farthest: usize,
    /// The value of that row.
    pub value: f64,
    /// The distance of that value from the range, in widths of the range; infinite if the column was
    /// constant.
    pub distance: f64,
}

impl RangeReport {
    /// Returns whether all rows are within the range of the training rows.
    pub fn is_inside(&self) -> bool {
        self.columns.is_empty()
    }

    /// Returns the columns with rows outside the range, in ascending order.
    pub fn columns(&self) -> &[ColumnRange] {
        &self.columns
    }

    /// Returns the distance of the farthest entry, in widths of the range of its column, or 0 if all entries
    /// are inside.
    pub fn distance(&self) -> f64 {
        self.columns.iter().fold(0.0, |most: f64, column| most.max(column.distance))
    }
}

/// Writes one line per column.
impl fmt::Display for RangeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_inside() {
            return write!(f, "all {} rows are within the range of the training rows", self.rows);
        }
        for (index, found) in self.columns.iter().enumerate() {
            let ColumnRange { column, lower, upper, rows, farthest, value, distance } = found;
            let separator = if index == 0 { "" } else { "\n" };
            write!(
                f,
                "{separator}column {column}: outside {lower} to {upper} in {rows} of {} rows; row \
                 {farthest} is farthest ({value}, beyond by {distance:.1} times the range)",
                self.rows
            )?;
        }
        Ok(())
    }
}
