//! Scaling of columns to a range.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::affine::ColumnMap;
use super::constant_columns::{ConstantColumns, difference};
use super::of_columns::of_columns;
use super::{Transform, Transformer, TransformerOptions, affine, checked_names};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::{Real, all_finite, is_constant};
use crate::scratch::Scratch;

/// Scales each column so that its smallest training value maps to the lower end of a range and its largest to
/// the upper end.
///
/// # Formula
/// z = a + (b - a) (x - min) / (max - min). In a column that is constant up to rounding (see
/// [`StandardScaler`](crate::StandardScaler)), values as close to min become exactly a, and for others
/// max - min is taken as 1.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::MinMaxScaler;
/// use nalgebra::dmatrix;
///
/// let scaler = MinMaxScaler::new().clip(true).fit(&dmatrix![10.0; 20.0])?;
/// assert_eq!(scaler.transform(&dmatrix![15.0; 30.0])?, dmatrix![0.5; 1.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinMaxScaler {
    low: f64,
    high: f64,
    clip: bool,
}

impl Default for MinMaxScaler {
    fn default() -> Self {
        MinMaxScaler::new()
    }
}

impl MinMaxScaler {
    /// Creates a scaler to the range from 0 to 1.
    pub fn new() -> Self {
        MinMaxScaler { low: 0.0, high: 1.0, clip: false }
    }

    /// Sets the ends of the output range. Defaults to 0 and 1.
    pub fn range(mut self, low: f64, high: f64) -> Self {
        (self.low, self.high) = (low, high);
        self
    }

    /// Sets whether results outside the output range are moved to its nearest end. Defaults to `false`.
    pub fn clip(mut self, clip: bool) -> Self {
        self.clip = clip;
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let (low, high) = (self.low, self.high);
        check::parameter("low", low, low.is_finite(), "finite")?;
        check::parameter(
            "high",
            high,
            high.is_finite() && high > low && (high - low).is_finite(),
            "finite and above `low`",
        )
    }
}

/// A fitted [`MinMaxScaler`].
///
/// ```
/// use logit::prelude::*;
/// use logit::MinMaxScaler;
/// use nalgebra::dmatrix;
///
/// let fitted = MinMaxScaler::new().range(-1.0, 1.0).fit(&dmatrix![10.0; 14.0])?;
/// assert_eq!(
///     (fitted.minimum(), fitted.maximum(), fitted.scale()),
///     (&[10.0][..], &[14.0][..], vec![0.5])
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedMinMaxScaler<T> {
    pub(super) minimum: Vec<T>,
    pub(super) maximum: Vec<T>,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) clip: bool,
    pub(super) constant: ConstantColumns,
}

impl<T: Real> FittedMinMaxScaler<T> {
    /// # Errors
    /// Returns an error for settings out of range, and [`Error::FitOverflow`] if the minimum of a column is
    /// above its maximum or their difference is not finite.
    pub(super) fn new(
        settings: MinMaxScaler,
        minimum: Vec<T>,
        maximum: Vec<T>,
        constant: ConstantColumns,
    ) -> Result<Self, Error> {
        settings.check()?;
        check::count("maximum", "entries", minimum.len(), maximum.len())?;
        if minimum.iter().zip(&maximum).any(|(&low, &high)| low > high || !(high - low).is_finite()) {
            return Err(Error::FitOverflow);
        }
        let MinMaxScaler { low, high, clip } = settings;
        Ok(FittedMinMaxScaler { minimum, maximum, low, high, clip, constant })
    }

    /// Returns the smallest training value of each column.
    pub fn minimum(&self) -> &[T] {
        &self.minimum
    }

    /// Returns the largest training value of each column.
    pub fn maximum(&self) -> &[T] {
        &self.maximum
    }

    /// Returns the columns that were constant up to rounding in the fit, in ascending order.
    pub fn constant_columns(&self) -> &[usize] {
        self.constant.indices()
    }

    /// Returns the factor by which each column is multiplied.
    pub fn scale(&self) -> Vec<T> {
        (0..self.minimum.len()).map(|column| T::of(self.high - self.low) / self.width(column)).collect()
    }

    /// Returns the difference between the largest and the smallest training value of a column; 1 for a
    /// constant column.
    fn width(&self, column: usize) -> T {
        let width = self.maximum[column] - self.minimum[column];
        if width < T::MIN_POSITIVE || self.constant.contains(column) { T::one() } else { width }
    }
}

/// The map of the entries of each column to the output range.
impl<T: Real> ColumnMap<T> for FittedMinMaxScaler<T> {
    #[inline(always)]
    fn column(&self, column: usize, from: &[T], to: &mut [T]) -> bool {
        let (low, high) = (T::of(self.low), T::of(self.high));
        let (minimum, width) = (self.minimum[column], self.width(column));
        let finite = if self.constant.contains(column) {
            affine::each(from, to, |v| low + (high - low) * (difference(v, minimum) / width))
        } else {
            affine::each(
                from,
                to,
                #[inline(always)]
                |v| low + (high - low) * ((v - minimum) / width),
            )
        };
        if !self.clip {
            return finite;
        }
        to.iter_mut().for_each(|z| *z = z.max(low).min(high));
        // Results beyond the range of the type were clipped, too, unless the bounds are beyond it themselves.
        finite || (all_finite(from) && all_finite(to))
    }
}

/// The inverse of the map.
struct Backward<'a, T>(&'a FittedMinMaxScaler<T>);

impl<T: Real> ColumnMap<T> for Backward<'_, T> {
    #[inline(always)]
    fn column(&self, column: usize, from: &[T], to: &mut [T]) -> bool {
        let (low, high) = (T::of(self.0.low), T::of(self.0.high));
        let (minimum, width) = (self.0.minimum[column], self.0.width(column));
        affine::each(
            from,
            to,
            #[inline(always)]
            |z| minimum + width * ((z - low) / (high - low)),
        )
    }
}

/// The multiplications that take as long as an entry of a fit.
const OPERATIONS: f64 = 6.0;

impl<T: Real> Transformer<T> for MinMaxScaler {
    type Fitted = FittedMinMaxScaler<T>;

    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedMinMaxScaler<T>, Error> {
        let weights = options.weights;
        check::training_matrix(x)?;
        check::weights(weights, x.nrows())?;
        let counts = |row: usize| weights.is_none_or(|weights| weights[row] > T::zero());
        let range = |_: usize, column: &[T]| {
            let counted = column.iter().enumerate().filter(|(row, _)| counts(*row));
            // Some row has a positive weight, because the weights have a positive sum.
            let (low, high) = counted.fold((None, None), |(low, high): (Option<T>, Option<T>), (_, &v)| {
                (Some(low.map_or(v, |low| low.min(v))), Some(high.map_or(v, |high| high.max(v))))
            });
            Ok((low.unwrap_or(T::zero()), high.unwrap_or(T::zero())))
        };
        let (minimum, maximum): (Vec<T>, Vec<T>) =
            of_columns(x.view(), OPERATIONS, range)?.into_iter().unzip();
        let ends = minimum.iter().zip(&maximum);
        let constant = ends.map(|(low, high)| is_constant::<T>(low.as_f64(), high.as_f64()));
        let constant = ConstantColumns::new(constant);
        FittedMinMaxScaler::new(*self, minimum, maximum, constant)
    }
}

impl<T: Real> Transform<T> for FittedMinMaxScaler<T> {
    fn inputs(&self) -> usize {
        self.minimum.len()
    }
    fn outputs(&self) -> usize {
        self.minimum.len()
    }
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        _: &mut Scratch<T>,
    ) -> Result<(), Error> {
        affine::change_into(x.view(), out, self.inputs(), self)
    }
    fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        affine::change(x, self.inputs(), self)
    }
    /// Maps the rows back. A clipped value becomes the nearest end of the training range.
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        affine::changed(z, self.outputs(), &Backward(self))
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        checked_names(names, self.inputs()).map(<[String]>::to_vec)
    }
    fn source_column(&self, output: usize) -> Option<usize> {
        Some(output)
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;
    use crate::transformer::TransformExt;

    /// A quotient beyond the range of the type is beyond the bounds, too.
    #[test]
    fn results_that_overflow_are_clipped() {
        let train: DMatrix<f32> = dmatrix![0.0; 1e-30];
        let far = dmatrix![1e30; -1e30; 0.0];
        let clipped = MinMaxScaler::new().clip(true).fit(&train).unwrap();
        assert_eq!(clipped.transform(&far).unwrap(), dmatrix![1.0; 0.0; 0.0]);
        let plain = MinMaxScaler::new().fit(&train).unwrap();
        assert_eq!(plain.transform(&far).unwrap_err(), Error::Overflow { row: 0 });
    }
}
