//! Scaling of columns to median 0 and quantile range 1.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::affine::{self, transform_by_shift_and_scale};
use super::constant_columns::ConstantColumns;
use super::of_columns::{OF_SORTING, of_columns};
use super::{Transform, Transformer, TransformerOptions};
use crate::check;
use crate::error::Error;
use crate::quantile::Sorted;
use crate::rows::Rows;
use crate::scalar::{Real, is_constant};
use crate::scratch::Scratch;

/// Subtracts the median of each column and divides by the distance between two quantiles, so that outliers
/// have no influence.
///
/// # Formula
/// z = (x - median) / (q_b - q_a). Quantiles are interpolated between rows: for n sorted rows, counted from
/// 0, the quantile at p is at position p (n - 1). A column whose two quantiles are equal up to rounding is
/// divided by 1. A weight of w counts a row w times. Columns that are constant up to rounding are treated as
/// by [`StandardScaler`](crate::StandardScaler).
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::RobustScaler;
/// use nalgebra::dmatrix;
///
/// let scaler = RobustScaler::new().fit(&dmatrix![1.0; 2.0; 3.0; 4.0; 1e9])?;
/// assert_eq!(scaler.transform(&dmatrix![5.0])?, dmatrix![1.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RobustScaler {
    center: bool,
    scale: bool,
    low: f64,
    high: f64,
}

impl Default for RobustScaler {
    fn default() -> Self {
        RobustScaler::new()
    }
}

impl RobustScaler {
    /// Creates a scaler by the median and the quartiles.
    pub fn new() -> Self {
        RobustScaler { center: true, scale: true, low: 0.25, high: 0.75 }
    }

    /// Sets whether the median is subtracted. Defaults to `true`.
    pub fn center(mut self, center: bool) -> Self {
        self.center = center;
        self
    }

    /// Sets whether columns are divided by the distance between the quantiles. Defaults to `true`.
    pub fn scale(mut self, scale: bool) -> Self {
        self.scale = scale;
        self
    }

    /// Sets the two quantiles, each from 0 to 1. Defaults to 0.25 and 0.75.
    pub fn quantiles(mut self, low: f64, high: f64) -> Self {
        (self.low, self.high) = (low, high);
        self
    }
}

/// A fitted [`RobustScaler`].
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::RobustScaler;
/// use nalgebra::dmatrix;
///
/// let fitted = RobustScaler::new().fit(&dmatrix![1.0; 2.0; 3.0; 4.0; 1e9])?;
/// assert_eq!((fitted.center(), fitted.scale()), (&[3.0][..], &[2.0][..]));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedRobustScaler<T> {
    center: Vec<T>,
    scale: Vec<T>,
    constant: ConstantColumns,
}

impl<T: Real> FittedRobustScaler<T> {
    /// Creates a fitted scaler that subtracts `center` from the columns and divides them by `scale`.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the lengths differ, [`Error::NotFinite`] if a centre is not
    /// finite, and [`Error::InvalidParameter`] if a scale is not finite and above 0.
    pub fn new(center: Vec<T>, scale: Vec<T>) -> Result<Self, Error> {
        affine::checked_parameters(&center, &scale)?;
        Ok(FittedRobustScaler { center, scale, constant: ConstantColumns::default() })
    }

    /// Makes known which columns are constant.
    pub(super) fn with_constant(self, constant: ConstantColumns) -> Self {
        FittedRobustScaler { constant, ..self }
    }

    /// Returns the number that is subtracted from each column.
    pub fn center(&self) -> &[T] {
        &self.center
    }

    /// Returns the divisor of each column.
    pub fn scale(&self) -> &[T] {
        &self.scale
    }

    /// Returns the columns that were constant up to rounding in the fit, in ascending order; none if the
    /// scaler was made by [`new`](Self::new).
    pub fn constant_columns(&self) -> &[usize] {
        self.constant.indices()
    }

    pub(super) fn constant(&self) -> &ConstantColumns {
        &self.constant
    }

    /// Returns the map of the entries of each column.
    fn forward(&self) -> affine::Forward<'_, T> {
        affine::Forward { shift: &self.center, scale: &self.scale, constant: &self.constant }
    }
}

impl<T: Real> Transformer<T> for RobustScaler {
    type Fitted = FittedRobustScaler<T>;

    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedRobustScaler<T>, Error> {
        let weights = options.weights;
        check::training_matrix(x)?;
        check::weights(weights, x.nrows())?;
        let (low, high) = (self.low, self.high);
        check::parameter("low", low, (0.0..=1.0).contains(&low), "from 0 to 1")?;
        check::parameter("high", high, high > low && high <= 1.0, "above `low` and at most 1")?;
        let learn = |_: usize, column: &[T]| {
            let sorted = Sorted::new(column, weights);
            // Some row has a positive weight, because the weights have a positive sum.
            let [low, median, high] =
                [self.low, 0.5, self.high].map(|p| sorted.quantile(p).unwrap_or_default());
            let width = T::of(high - low);
            if !width.is_finite() {
                return Err(Error::FitOverflow);
            }
            let spread = width >= T::MIN_POSITIVE && !is_constant::<T>(low, high);
            let center = if self.center { T::of(median) } else { T::zero() };
            let scale = if self.scale && spread { width } else { T::one() };
            let constant = sorted.range().is_some_and(|(low, high)| is_constant::<T>(low, high));
            Ok(((center, scale), constant))
        };
        let learned = of_columns(x.view(), OF_SORTING, learn)?;
        let (columns, constant): (Vec<(T, T)>, Vec<bool>) = learned.into_iter().unzip();
        let (center, scale) = columns.into_iter().unzip();
        Ok(FittedRobustScaler::new(center, scale)?.with_constant(ConstantColumns::new(constant)))
    }
}

transform_by_shift_and_scale!(FittedRobustScaler, center);
