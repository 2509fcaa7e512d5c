//! Scaling of columns to mean 0 and standard deviation 1.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::affine::{self, transform_by_shift_and_scale};
use super::constant_columns::ConstantColumns;
use super::{Moments, Transform, Transformer, TransformerOptions};
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// Scales each column to mean 0 and standard deviation 1.
///
/// # Formula
/// z = (x - μ) / σ, with μ = Σ w x / Σ w and σ² = Σ w (x - μ)² / Σ w over the training rows; all w are 1
/// without weights. σ² is the population variance.
///
/// # Constant columns
/// A column whose range is at most 10⁻¹¹ of its largest absolute value (32 units in the last place for
/// `f32`) is constant up to rounding. It has σ = 1, and values that are as close to μ become exactly 0, so
/// that later steps see no rounding errors. Values further off are centred.
///
/// # Precision
/// The precision is that of [`Moments`], which learns the same from rows that come in blocks.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::StandardScaler;
/// use nalgebra::dmatrix;
///
/// let scaler = StandardScaler::new().fit(&dmatrix![1.0, 5.0; 3.0, 5.0])?;
/// assert_eq!((scaler.mean(), scaler.scale()), (&[2.0, 5.0][..], &[1.0, 1.0][..]));
/// assert_eq!(scaler.inverse_transform(&dmatrix![1.0, 0.0])?, dmatrix![3.0, 5.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardScaler {
    center: bool,
    scale: bool,
}

impl Default for StandardScaler {
    fn default() -> Self {
        StandardScaler::new()
    }
}

impl StandardScaler {
    /// Creates a scaler that centres and scales.
    pub fn new() -> Self {
        StandardScaler { center: true, scale: true }
    }

    /// Sets whether the mean is subtracted. Defaults to `true`.
    pub fn center(mut self, center: bool) -> Self {
        self.center = center;
        self
    }

    /// Sets whether columns are divided by their standard deviation. Defaults to `true`.
    pub fn scale(mut self, scale: bool) -> Self {
        self.scale = scale;
        self
    }
}

/// A fitted [`StandardScaler`].
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::FittedStandardScaler;
/// use nalgebra::dmatrix;
///
/// // Numbers from another system.
/// let scaler = FittedStandardScaler::new(vec![10.0], vec![2.0])?;
/// assert_eq!(scaler.transform(&dmatrix![14.0])?, dmatrix![2.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedStandardScaler<T> {
    mean: Vec<T>,
    scale: Vec<T>,
    constant: ConstantColumns,
}

impl<T: Real> FittedStandardScaler<T> {
    /// Creates a fitted scaler that subtracts `mean` from the columns and divides them by `scale`.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the lengths differ, [`Error::NotFinite`] if a mean is not finite,
    /// and [`Error::InvalidParameter`] if a scale is not finite and above 0.
    pub fn new(mean: Vec<T>, scale: Vec<T>) -> Result<Self, Error> {
        affine::checked_parameters(&mean, &scale)?;
        Ok(FittedStandardScaler { mean, scale, constant: ConstantColumns::default() })
    }

    /// Makes known which columns are constant.
    pub(super) fn with_constant(self, constant: ConstantColumns) -> Self {
        FittedStandardScaler { constant, ..self }
    }

    /// Returns the number that is subtracted from each column.
    pub fn mean(&self) -> &[T] {
        &self.mean
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
        affine::Forward { shift: &self.mean, scale: &self.scale, constant: &self.constant }
    }
}

impl<T: Real> Transformer<T> for StandardScaler {
    type Fitted = FittedStandardScaler<T>;

    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedStandardScaler<T>, Error> {
        let mut fitted: FittedStandardScaler<T> = Moments::of(x, options.weights)?.scaler()?;
        if !self.center {
            fitted.mean.fill(T::zero());
        }
        if !self.scale {
            fitted.scale.fill(T::one());
        }
        Ok(fitted)
    }
}

transform_by_shift_and_scale!(FittedStandardScaler, mean);
