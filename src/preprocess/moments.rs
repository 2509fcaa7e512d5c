//! Means and variances of columns, in one pass over blocks of rows.

use super::FittedStandardScaler;
use super::constant_columns::ConstantColumns;
use super::of_columns::of_columns;
use crate::check;
use crate::compiled::compiled;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::{LARGEST_POWER, Real, all_finite, constant_range, is_constant, power_of_two, vectorize};

/// The mean and the variance of each column, computed from blocks of rows that need not be in memory
/// together.
///
/// Rows can have weights. A [`FittedStandardScaler`] can be made from the result: see
/// [`scaler`](Moments::scaler).
///
/// # Formula
/// Two blocks with weights a and b, means μ and ν and sums of squared deviations S and T combine to the
/// weight a + b, the mean μ + b/(a + b) (ν - μ) and the sum S + T + ab/(a + b) (ν - μ)².
///
/// # Precision
/// Each block takes two passes in `f64`, of which the second corrects the first. Squares are computed in
/// units of the column's largest value. An offset of 10⁹ costs no digits of the variance, and neither 10³⁰⁰
/// nor 10⁻³⁰⁰ leaves the range.
///
/// # References
/// Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance".
///
/// # Examples
/// ```
/// use logit::preprocess::Moments;
/// use nalgebra::dmatrix;
///
/// let mut moments = Moments::new(1)?;
/// moments.update(&dmatrix![1e9 + 4.0; 1e9 + 7.0], None)?;
/// let mut others = Moments::new(1)?;
/// others.update(&dmatrix![1e9 + 13.0; 1e9 + 16.0], None)?;
/// moments.merge(&others)?;
/// assert_eq!((moments.mean(), moments.variance()), (vec![1e9 + 10.0], vec![22.5]));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    pub(super) rows: usize,
    pub(super) weight: f64,
    pub(super) columns: Vec<Column>,
    /// Whether some rows were in `f32`.
    pub(super) single: bool,
}

/// The moments of one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Column {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) mean: f64,
    /// A power of two above the largest deviation, so that the mean square in these units is at most 1.
    pub(super) unit: f64,
    /// The weighted sum of squared deviations, in squared units.
    pub(super) squares: f64,
}

/// The multiplications that take as long as an entry: it is read three times.
const OPERATIONS: f64 = 6.0;

impl Moments {
    /// Creates the moments of no rows, for `columns` columns.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `columns` is 0, and [`Error::OutOfMemory`] if there is no
    /// memory for so many.
    pub fn new(columns: usize) -> Result<Self, Error> {
        check::parameter("columns", columns as f64, columns > 0, "at least 1")?;
        check::room::<Column>("the moments of the columns", columns, 1)?;
        let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        let column = Column { low, high, mean: 0.0, unit: 1.0, squares: 0.0 };
        Ok(Moments { rows: 0, weight: 0.0, columns: vec![column; columns], single: false })
    }

    /// Returns the moments of the rows of `x`, each weighted if there are weights.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if `x` has no rows or no columns, [`Error::NotFinite`] if an entry is not
    /// finite, and an error if the weights have another length than the rows, are negative or not finite, or
    /// have no positive, finite sum.
    pub fn of<'a, T>(x: impl Into<Rows<'a, T>>, weights: Option<&[T]>) -> Result<Self, Error>
    where
        T: Real + 'a,
    {
        let x = x.into();
        for (axis, count) in [("rows", x.nrows()), ("columns", x.ncols())] {
            if count == 0 {
                return Err(Error::Empty { argument: "x", axis });
            }
        }
        check::weights(weights, x.nrows()).or_else(|error| check::finite("x", x).and(Err(error)))?;
        let mut moments = Moments::new(x.ncols())?;
        moments.update(x, weights)?;
        Ok(moments)
    }

    /// Returns the mean of the entries of one column, each weighted if there are weights. The entries must be
    /// finite.
    pub(super) fn of_column<T: Real>(entries: &[T], weights: Option<&[T]>) -> Result<f64, Error> {
        let weight = check::weights(weights, entries.len())?;
        Ok(Column::of(entries, weights, weight).mean)
    }

    /// Adds the rows of `x`, with one weight per row if there are weights.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of columns or of weights is wrong, [`Error::NotFinite`]
    /// if an entry is not finite, and an error if a weight is negative or not finite, or if the weights sum
    /// to infinity or a subnormal number. Weights that are all 0 are no error: the rows are ignored. After an
    /// error, the moments are unchanged.
    pub fn update<'a, T>(&mut self, x: impl Into<Rows<'a, T>>, weights: Option<&[T]>) -> Result<(), Error>
    where
        T: Real + 'a,
    {
        self.add(x.into(), weights)
    }

    /// Does what [`update`](Moments::update) does.
    #[inline(never)]
    fn add<T: Real>(&mut self, x: Rows<'_, T>, weights: Option<&[T]>) -> Result<(), Error> {
        check::count("x", "columns", self.columns.len(), x.ncols())?;
        if x.nrows() == 0 {
            return Ok(());
        }
        if weights.is_some_and(|weights| weights.len() == x.nrows() && weights.iter().all(|w| w.is_zero())) {
            return check::finite("x", x);
        }
        let weight =
            check::weights(weights, x.nrows()).or_else(|error| check::finite("x", x).and(Err(error)))?;
        // A column is checked when it is read first, while it comes from memory.
        let of = |_: usize, column: &[T]| {
            if all_finite(column) { Ok(Column::of(column, weights, weight)) } else { Err(()) }
        };
        let columns = match of_columns(x.view(), OPERATIONS, of) {
            Ok(columns) => columns,
            Err(()) => return check::finite("x", x),
        };
        let single = constant_range::<T>() > constant_range::<f64>();
        self.merge(&Moments { rows: x.nrows(), weight, columns, single })
    }

    /// Adds the rows that `other` has seen.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if `other` has another number of columns, and
    /// [`Error::InvalidWeightSum`] if the sum of all weights is beyond the range of `f64`. After an error,
    /// the moments are unchanged.
    pub fn merge(&mut self, other: &Moments) -> Result<(), Error> {
        check::count("other", "columns", self.columns.len(), other.columns.len())?;
        if other.weight > 0.0 {
            let total = self.weight + other.weight;
            let both = |(column, more): (&Column, &Column)| {
                if self.weight > 0.0 { column.with(self.weight, more, other.weight, total) } else { *more }
            };
            let columns: Vec<Column> = self.columns.iter().zip(&other.columns).map(both).collect();
            if !total.is_finite() || columns.iter().any(|column| !column.squares.is_finite()) {
                return Err(Error::InvalidWeightSum { sum: total });
            }
            (self.columns, self.weight) = (columns, total);
            self.single |= other.single;
        }
        self.rows += other.rows;
        Ok(())
    }

    /// Returns the number of rows seen.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the sum of the weights of the rows seen.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Returns the mean of each column; 0 if no rows were seen.
    pub fn mean(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.mean).collect()
    }

    /// Returns the variance of each column: the weighted sum of squared deviations divided by the sum of
    /// weights. A variance beyond the range of `f64` is infinite.
    pub fn variance(&self) -> Vec<f64> {
        self.deviation().into_iter().map(|deviation| deviation * deviation).collect()
    }

    /// Returns the standard deviation of each column.
    pub fn deviation(&self) -> Vec<f64> {
        let weight = if self.weight > 0.0 { self.weight } else { 1.0 };
        self.columns.iter().map(|column| column.unit * (column.squares / weight).sqrt()).collect()
    }

    /// Returns, for each column, whether it is constant.
    ///
    /// A column is constant if its range is rounding: at most 10⁻¹¹ of its largest absolute value, or 32
    /// units in the last place if there were rows in `f32`.
    pub fn constant(&self) -> Vec<bool> {
        let constant = if self.single { Column::is_constant::<f32> } else { Column::is_constant::<f64> };
        self.columns.iter().map(constant).collect()
    }

    /// Returns the columns that are constant up to the rounding of `T`.
    pub(super) fn constant_columns<T: Real>(&self) -> ConstantColumns {
        ConstantColumns::new(self.columns.iter().map(Column::is_constant::<T>))
    }

    /// Returns the scaler that a default [`StandardScaler`](crate::StandardScaler) learns from all rows seen
    /// so far. Columns are constant up to the rounding of `T`.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if no rows were seen, or only rows of weight 0, and an error if a mean or a
    /// deviation is beyond the range of `T`.
    pub fn scaler<T: Real>(&self) -> Result<FittedStandardScaler<T>, Error> {
        if self.weight == 0.0 {
            return Err(Error::Empty { argument: "x", axis: "rows" });
        }
        let constant = self.constant_columns::<T>();
        let scale = self.deviation().into_iter().enumerate().map(|(column, deviation)| {
            let scale = T::of(deviation);
            if constant.contains(column) || scale < T::MIN_POSITIVE { T::one() } else { scale }
        });
        let mean = self.mean().into_iter().map(T::of).collect();
        Ok(FittedStandardScaler::new(mean, scale.collect())?.with_constant(constant))
    }
}

compiled!(T: Moments::add::<T> as fn(&mut _, _, Option<&_>) -> _);

impl Column {
    fn of<T: Real>(entries: &[T], weights: Option<&[T]>, total: f64) -> Self {
        let (low, high) = range(entries, weights);
        let unit = power_of_two(low.abs().max(high.abs()));
        // In units of a power of two, differences and squares do not overflow. Its inverse is exact.
        let inverse = 1.0 / unit;
        let means = |shift: f64| means(entries, weights, total, inverse, shift);
        let rough = means(0.0).0;
        let (off, square) = means(rough);
        let mean = if low == high { low * inverse } else { rough + off };
        // The rough mean was too far off to correct for, so squares are taken about the mean itself.
        let square = if off * off > 1e-3 * square { means(mean).1 } else { square - off * off };
        // Deviations may be far smaller than the values.
        let largest = (low * inverse - mean).abs().max((high * inverse - mean).abs());
        let smaller = (2.0 * power_of_two(largest) * unit).clamp(f64::from_bits(1), LARGEST_POWER);
        let ratio = smaller * inverse;
        let squares = if low < high { total * (square / ratio / ratio) } else { 0.0 };
        // Rounding must not move the mean out of the range.
        Column { low, high, mean: (mean * unit).max(low).min(high), unit: smaller, squares }
    }

    fn is_constant<T: Real>(&self) -> bool {
        is_constant::<T>(self.low, self.high)
    }

    fn with(&self, weight: f64, more: &Column, more_weight: f64, total: f64) -> Self {
        let apart = more.mean / 2.0 - self.mean / 2.0;
        let unit = self.unit.max(more.unit).max((4.0 * power_of_two(apart)).min(LARGEST_POWER));
        let squares = |column: &Column| column.squares * (column.unit / unit) * (column.unit / unit);
        let between = 2.0 * (apart / unit);
        let more_share = more_weight / total;
        let (low, high) = (self.low.min(more.low), self.high.max(more.high));
        Column {
            low,
            high,
            mean: (self.mean + 2.0 * (more_share * apart)).max(low).min(high),
            unit,
            squares: squares(self) + squares(more) + weight * more_share * between * between,
        }
    }
}

/// Returns the smallest and the largest entry of positive weight.
fn range<T: Real>(entries: &[T], weights: Option<&[T]>) -> (f64, f64) {
    let Some(weights) = weights else {
        return vectorize(
            #[inline(always)]
            || {
                let (chunks, rest) = entries.as_chunks::<16>();
                let first = entries.first().copied().unwrap_or(T::zero());
                let (mut low, mut high) = ([first; 16], [first; 16]);
                for chunk in chunks {
                    for ((low, high), &v) in low.iter_mut().zip(&mut high).zip(chunk) {
                        *low = if v < *low { v } else { *low };
                        *high = if v > *high { v } else { *high };
                    }
                }
                let all = low.iter().chain(&high).chain(rest).map(|v| v.as_f64());
                (all.clone().fold(f64::INFINITY, f64::min), all.fold(f64::NEG_INFINITY, f64::max))
            },
        );
    };
    let counted = entries.iter().zip(weights).filter(|(_, weight)| **weight > T::zero());
    counted.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (v, _)| {
        (low.min(v.as_f64()), high.max(v.as_f64()))
    })
}

/// Returns the weighted means of `v * factor - shift` and of its square, in eight interleaved sums.
fn means<T: Real>(entries: &[T], weights: Option<&[T]>, total: f64, factor: f64, shift: f64) -> (f64, f64) {
    let Some(weights) = weights else {
        let (first, second) = vectorize(
            #[inline(always)]
            || sums(entries, factor, shift),
        );
        return (first / total, second / total);
    };
    let (mut first, mut second) = ([0.0; 8], [0.0; 8]);
    // Shares of the total weight have sums within the range. Entries of weight 0 may be out of range.
    for (index, (v, weight)) in entries.iter().zip(weights).enumerate() {
        if *weight > T::zero() {
            let (share, deviation) = (weight.as_f64() / total, v.as_f64() * factor - shift);
            first[index % 8] += share * deviation;
            second[index % 8] += share * (deviation * deviation);
        }
    }
    (first.iter().sum(), second.iter().sum())
}

/// Returns the sums of `v * factor - shift` and of its square, in eight interleaved sums.
#[inline(always)]
fn sums<T: Real>(entries: &[T], factor: f64, shift: f64) -> (f64, f64) {
    let (chunks, rest) = entries.as_chunks::<8>();
    let (mut first, mut second) = ([0.0; 8], [0.0; 8]);
    for chunk in chunks {
        for ((first, second), v) in first.iter_mut().zip(&mut second).zip(chunk) {
            let deviation = v.as_f64() * factor - shift;
            *first += deviation;
            *second += deviation * deviation;
        }
    }
    for ((first, second), v) in first.iter_mut().zip(&mut second).zip(rest) {
        let deviation = v.as_f64() * factor - shift;
        *first += deviation;
        *second += deviation * deviation;
    }
    (first.iter().sum(), second.iter().sum())
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    /// Bad entries are named before bad weights, and even if no row counts.
    #[test]
    fn bad_entries_are_named_whatever_the_weights() {
        let x = dmatrix![1.0, 2.0; 3.0, f64::NAN];
        for weights in [[0.0, 0.0], [-1.0, 1.0], [1.0, 1.0]] {
            let of = Moments::of(&x, Some(&weights)).unwrap_err();
            let updated = Moments::new(2).unwrap().update(&x, Some(&weights)).unwrap_err();
            for error in [of, updated] {
                let named = matches!(error, Error::NotFinite { argument: "x", row: 1, column: 1, .. });
                assert!(named, "{weights:?}: {error}");
            }
        }
    }
}
