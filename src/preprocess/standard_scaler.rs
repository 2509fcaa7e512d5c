//! Scaling of columns to mean 0 and standard deviation 1.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::affine::{self, transform_by_shift_and_scale};
use super::{Moments, Transform, Transformer, TransformerOptions};
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// Scales each column to mean 0 and standard deviation 1.
///
/// # Formula
/// z = (x - μ) / σ, with μ = Σ w x / Σ w and σ² = Σ w (x - μ)² / Σ w over the training rows; all w are 1
/// without weights. σ² is the population variance. A column that is constant up to rounding has σ = 1; an
/// exactly constant column becomes exactly 0 on the training rows.
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
}

impl<T: Real> FittedStandardScaler<T> {
    /// Creates a fitted scaler that subtracts `mean` from the columns and divides them by `scale`.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the lengths differ, [`Error::NotFinite`] if a mean is not finite,
    /// and [`Error::InvalidParameter`] if a scale is not finite and above 0.
    pub fn new(mean: Vec<T>, scale: Vec<T>) -> Result<Self, Error> {
        affine::checked_parameters(&mean, &scale)?;
        Ok(FittedStandardScaler { mean, scale })
    }

    /// Returns the number that is subtracted from each column.
    pub fn mean(&self) -> &[T] {
        &self.mean
    }

    /// Returns the divisor of each column.
    pub fn scale(&self) -> &[T] {
        &self.scale
    }
}

impl<T: Real> Transformer<T> for StandardScaler {
    type Fitted = FittedStandardScaler<T>;

    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedStandardScaler<T>, Error> {
        let FittedStandardScaler { mean, scale } = Moments::of(x, options.weights)?.scaler()?;
        Ok(FittedStandardScaler {
            mean: if self.center { mean } else { vec![T::zero(); x.ncols()] },
            scale: if self.scale { scale } else { vec![T::one(); x.ncols()] },
        })
    }
}

transform_by_shift_and_scale!(FittedStandardScaler, mean);
