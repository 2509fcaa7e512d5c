//! Means and variances of columns, in one pass over blocks of rows.

use nalgebra::DMatrix;

use super::FittedStandardScaler;
use crate::check;
use crate::error::Error;
use crate::real::Real;

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
/// use logit::Moments;
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
    /// Of no rows yet, with so many columns.
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
    pub fn of<T: Real>(x: &DMatrix<T>, weights: Option<&[T]>) -> Result<Self, Error> {
        check::training_matrix(x)?;
        let mut moments = Moments::new(x.ncols())?;
        moments.update(x, weights)?;
        Ok(moments)
    }

    /// Takes in more rows, with one weight per row if there are weights.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for another number of columns, [`Error::NotFinite`], and bad weights. Nothing is taken
    /// in then.
    pub fn update<T: Real>(&mut self, x: &DMatrix<T>, weights: Option<&[T]>) -> Result<(), Error> {
        check::count("x", "columns", self.columns.len(), x.ncols())?;
        check::finite("x", x)?;
        if x.nrows() == 0 {
            return Ok(());
        }
        let weight = check::weights(weights, x.nrows())?;
        let columns = x.column_iter().map(|column| Column::of(column.as_slice(), weights, weight)).collect();
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

    /// Which columns are constant, up to the rounding of their mean, or vary so little that their variance underflows.
    pub fn constant(&self) -> Vec<bool> {
        let rounding = self.rows as f64 * f64::EPSILON;
        let constant = |(column, deviation): (&Column, f64)| {
            column.low >= column.high
                || deviation * deviation == 0.0
                || deviation <= rounding * column.mean.abs()
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
        let share = |row: usize| weights.map_or(1.0, |weights| weights[row].as_f64()) / total;
        let counted = || {
            let entries = entries.iter().map(|v| v.as_f64()).enumerate();
            entries.filter(|(row, _)| weights.is_none_or(|weights| weights[*row] > T::zero()))
        };
        let (low, high) = counted()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, v)| (low.min(v), high.max(v)));
        let unit = power_of_two(low.abs().max(high.abs()));
        // In units, so that differences and squares stay within the range.
        let mean_of =
            |of: &dyn Fn(f64) -> f64| counted().map(|(row, v)| share(row) * of(v / unit)).sum::<f64>();
        let rough = mean_of(&|y| y);
        let mean = rough + mean_of(&|y| y - rough);
        let mean = if low == high { low / unit } else { mean };
        let squares = total * mean_of(&|y| (y - mean) * (y - mean));
        // Deviations may be far smaller than the values.
        let smaller = power_of_two((low / unit - mean).abs().max((high / unit - mean).abs()));
        let squares = if smaller > 0.0 { squares / smaller / smaller } else { 0.0 };
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

/// The power of two at most this far below; 1 for 0.
fn power_of_two(value: f64) -> f64 {
    if value == 0.0 {
        return 1.0;
    }
    let exponent = value.log2().floor().clamp(-1074.0, 1023.0);
    // Twice, because half of the range is the most that one factor spans.
    2f64.powi((exponent / 2.0).floor() as i32) * 2f64.powi((exponent - (exponent / 2.0).floor()) as i32)
}
