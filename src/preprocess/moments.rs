//! Means and variances of columns, in one pass over blocks of rows.

use super::FittedStandardScaler;
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::{Real, columns};

/// The mean and the variance of each column of rows that come in blocks, each weighted if there are weights: what a scaler
/// learns of rows that are never all at hand.
///
/// # Formula
/// Two blocks with weights a and b, means μ and ν and sums of squared deviations S and T have together the weight
/// a + b, the mean μ + b/(a + b) (ν - μ) and the sum S + T + ab/(a + b) (ν - μ)².
///
/// # Precision
/// Within a block two passes, in `f64`, the second correcting the first; squares in units of the column's largest
/// value. An offset of 10⁹ costs no digits of the variance, and neither 10³⁰⁰ nor 10⁻³⁰⁰ leaves the range.
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
}

/// The moments of one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Column {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) mean: f64,
    /// A power of two near the largest deviation.
    pub(super) unit: f64,
    /// The weighted sum of squared deviations, in squared units.
    pub(super) squares: f64,
}

impl Moments {
    /// Of no rows yet, with this number of columns.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for no columns.
    pub fn new(columns: usize) -> Result<Self, Error> {
        check::parameter("columns", columns as f64, columns > 0, "at least 1")?;
        let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        let column = Column { low, high, mean: 0.0, unit: 1.0, squares: 0.0 };
        Ok(Moments { rows: 0, weight: 0.0, columns: vec![column; columns] })
    }

    /// Of these rows.
    ///
    /// # Errors
    /// As [`update`](Self::update), and for no rows.
    pub fn of<'a, T>(x: impl Into<Rows<'a, T>>, weights: Option<&[T]>) -> Result<Self, Error>
    where
        T: Real + 'a,
    {
        let x = x.into();
        check::training_matrix(x)?;
        check::weights(weights, x.nrows())?;
        let mut moments = Moments::new(x.ncols())?;
        moments.update(x, weights)?;
        Ok(moments)
    }

    /// The mean of the entries of one column, which are finite, with a weight for each if there are weights.
    pub(super) fn of_column<T: Real>(entries: &[T], weights: Option<&[T]>) -> Result<f64, Error> {
        let weight = check::weights(weights, entries.len())?;
        Ok(Column::of(entries, weights, weight).mean)
    }

    /// Takes in more rows, with one weight per row if there are weights.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for another number of columns, [`Error::NotFinite`], and bad weights (but all may be 0).
    /// Nothing is taken in then.
    pub fn update<'a, T>(&mut self, x: impl Into<Rows<'a, T>>, weights: Option<&[T]>) -> Result<(), Error>
    where
        T: Real + 'a,
    {
        let x = x.into();
        check::count("x", "columns", self.columns.len(), x.ncols())?;
        check::finite("x", x)?;
        if x.nrows() == 0 {
            return Ok(());
        }
        if weights.is_some_and(|weights| weights.len() == x.nrows() && weights.iter().all(|w| w.is_zero())) {
            return Ok(());
        }
        let weight = check::weights(weights, x.nrows())?;
        let columns = columns(&x).map(|column| Column::of(column, weights, weight)).collect();
        self.merge(&Moments { rows: x.nrows(), weight, columns })
    }

    /// Takes in what others have seen.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for another number of columns.
    pub fn merge(&mut self, other: &Moments) -> Result<(), Error> {
        check::count("other", "columns", self.columns.len(), other.columns.len())?;
        if other.weight > 0.0 {
            let total = self.weight + other.weight;
            for (column, more) in self.columns.iter_mut().zip(&other.columns) {
                *column = if self.weight > 0.0 {
                    column.with(self.weight, more, other.weight, total)
                } else {
                    *more
                };
            }
            self.weight = total;
        }
        self.rows += other.rows;
        Ok(())
    }

    /// How many rows were taken in.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The sum of their weights.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The mean of each column; 0 of no rows.
    pub fn mean(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.mean).collect()
    }

    /// The variance of each column, divided by the sum of weights; infinite where that is beyond the range.
    pub fn variance(&self) -> Vec<f64> {
        self.deviation().into_iter().map(|deviation| deviation * deviation).collect()
    }

    /// The standard deviation of each column.
    pub fn deviation(&self) -> Vec<f64> {
        let weight = if self.weight > 0.0 { self.weight } else { 1.0 };
        self.columns.iter().map(|column| column.unit * (column.squares / weight).sqrt()).collect()
    }

    /// Which columns are constant, up to a few units in the last place of their values, or vary so little that their
    /// variance underflows.
    pub fn constant(&self) -> Vec<bool> {
        let constant = |(column, deviation): (&Column, f64)| {
            let largest = column.low.abs().max(column.high.abs());
            column.low >= column.high
                || deviation * deviation == 0.0
                || deviation <= 8.0 * f64::EPSILON * largest
        };
        self.columns.iter().zip(self.deviation()).map(constant).collect()
    }

    /// The scaler that a [`StandardScaler`](crate::StandardScaler) with its defaults learns from all rows so far.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows.
    pub fn scaler<T: Real>(&self) -> Result<FittedStandardScaler<T>, Error> {
        if self.weight == 0.0 {
            return Err(Error::Empty { argument: "x", axis: "rows" });
        }
        let scale = self.deviation().into_iter().zip(self.constant()).map(|(deviation, constant)| {
            let scale = T::of(deviation);
            if constant || scale < T::MIN_POSITIVE { T::one() } else { scale }
        });
        FittedStandardScaler::new(self.mean().into_iter().map(T::of).collect(), scale.collect())
    }
}

impl Column {
    fn of<T: Real>(entries: &[T], weights: Option<&[T]>, total: f64) -> Self {
        let (low, high) = range(entries, weights);
        let unit = power_of_two(low.abs().max(high.abs()));
        // In units, so that differences and squares stay within the range; one over a power of two is exact.
        let inverse = 1.0 / unit;
        let means = |shift: f64| means(entries, weights, total, inverse, shift);
        let rough = means(0.0).0;
        let (off, square) = means(rough);
        let mean = if low == high { low * inverse } else { rough + off };
        // About the mean itself, where the rough one was too far off to be accounted for.
        let square = if off * off > 1e-3 * square { means(mean).1 } else { square - off * off };
        // Deviations may be far smaller than the values.
        let smaller = power_of_two((low * inverse - mean).abs().max((high * inverse - mean).abs()));
        let squares = if low < high { total * (square / smaller / smaller) } else { 0.0 };
        let squares = if squares.is_finite() { squares } else { 0.0 };
        Column { low, high, mean: mean * unit, unit: (unit * smaller).max(f64::from_bits(1)), squares }
    }

    fn with(&self, weight: f64, more: &Column, more_weight: f64, total: f64) -> Self {
        let apart = more.mean / 2.0 - self.mean / 2.0;
        let unit = self.unit.max(more.unit).max(power_of_two(apart.abs()));
        let squares = |column: &Column| column.squares * (column.unit / unit) * (column.unit / unit);
        let between = 2.0 * (apart / unit);
        let more_share = more_weight / total;
        Column {
            low: self.low.min(more.low),
            high: self.high.max(more.high),
            mean: self.mean + 2.0 * (more_share * apart),
            unit,
            squares: squares(self) + squares(more) + weight * more_share * between * between,
        }
    }
}

/// The smallest and the largest entry that counts.
fn range<T: Real>(entries: &[T], weights: Option<&[T]>) -> (f64, f64) {
    let Some(weights) = weights else {
        let (chunks, rest) = entries.as_chunks::<8>();
        let (mut low, mut high) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
        for chunk in chunks {
            for ((low, high), v) in low.iter_mut().zip(&mut high).zip(chunk) {
                let v = v.as_f64();
                *low = if v < *low { v } else { *low };
                *high = if v > *high { v } else { *high };
            }
        }
        let rest = rest.iter().map(|v| v.as_f64());
        return (
            low.into_iter().chain(rest.clone()).fold(f64::INFINITY, f64::min),
            high.into_iter().chain(rest).fold(f64::NEG_INFINITY, f64::max),
        );
    };
    let counted = entries.iter().zip(weights).filter(|(_, weight)| **weight > T::zero());
    counted.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (v, _)| {
        (low.min(v.as_f64()), high.max(v.as_f64()))
    })
}

/// The means of v `factor` - `shift` and of its square, in eight interleaved sums.
fn means<T: Real>(entries: &[T], weights: Option<&[T]>, total: f64, factor: f64, shift: f64) -> (f64, f64) {
    let (mut first, mut second) = ([0.0; 8], [0.0; 8]);
    match weights {
        None => {
            let (chunks, rest) = entries.as_chunks::<8>();
            let mut add = |lane: usize, v: T| {
                let deviation = v.as_f64() * factor - shift;
                first[lane] += deviation;
                second[lane] += deviation * deviation;
            };
            for chunk in chunks {
                for (lane, &v) in chunk.iter().enumerate() {
                    add(lane, v);
                }
            }
            rest.iter().enumerate().for_each(|(lane, &v)| add(lane, v));
            (first.iter().sum::<f64>() / total, second.iter().sum::<f64>() / total)
        }
        Some(weights) => {
            // Shares of the whole, whose sums stay within the range. What does not count may be out of it.
            for (index, (v, weight)) in entries.iter().zip(weights).enumerate() {
                if *weight > T::zero() {
                    let (share, deviation) = (weight.as_f64() / total, v.as_f64() * factor - shift);
                    first[index % 8] += share * deviation;
                    second[index % 8] += share * (deviation * deviation);
                }
            }
            (first.iter().sum(), second.iter().sum())
        }
    }
}

/// The normal power of two at most this far below; 1 for 0.
pub(super) fn power_of_two(value: f64) -> f64 {
    if value == 0.0 { 1.0 } else { 2f64.powi(value.log2().floor().clamp(-1022.0, 1023.0) as i32) }
}
