//! Scaling of columns to a largest absolute value of 1.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::affine::{self, transform_by_shift_and_scale};
use super::constant_columns::ConstantColumns;
use super::of_columns::of_columns;
use super::{Transform, Transformer, TransformerOptions};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// Divides each column by its largest absolute value. Zeros stay zeros, and a column of zeros is unchanged.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::MaxAbsScaler;
/// use nalgebra::dmatrix;
///
/// let scaler = MaxAbsScaler::new().fit(&dmatrix![1.0, 0.0; -4.0, 0.0])?;
/// assert_eq!(scaler.transform(&dmatrix![2.0, 3.0])?, dmatrix![0.5, 3.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MaxAbsScaler;

impl MaxAbsScaler {
    /// Creates the scaler, which has no settings.
    pub fn new() -> Self {
        MaxAbsScaler
    }
}

/// A fitted [`MaxAbsScaler`].
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::FittedMaxAbsScaler;
/// use nalgebra::dmatrix;
///
/// let scaler = FittedMaxAbsScaler::new(vec![4.0, 2.0])?;
/// assert_eq!(scaler.inverse_transform(&dmatrix![0.5, -1.0])?, dmatrix![2.0, -2.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedMaxAbsScaler<T> {
    zero: Vec<T>,
    scale: Vec<T>,
}

impl<T: Real> FittedMaxAbsScaler<T> {
    /// Creates a fitted scaler that divides each column by its entry of `scale`.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a scale is not finite and above 0.
    pub fn new(scale: Vec<T>) -> Result<Self, Error> {
        let zero = vec![T::zero(); scale.len()];
        affine::checked_parameters(&zero, &scale)?;
        Ok(FittedMaxAbsScaler { zero, scale })
    }

    /// Returns the divisor of each column.
    pub fn scale(&self) -> &[T] {
        &self.scale
    }

    /// Returns the map of the entries of each column. Division leaves a column constant up to rounding if it
    /// was, so none has to be known.
    fn forward(&self) -> affine::Forward<'_, T> {
        affine::Forward { shift: &self.zero, scale: &self.scale, constant: ConstantColumns::NONE }
    }
}

/// The multiplications that take as long as an entry of a fit.
const OPERATIONS: f64 = 6.0;

impl<T: Real> Transformer<T> for MaxAbsScaler {
    type Fitted = FittedMaxAbsScaler<T>;

    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedMaxAbsScaler<T>, Error> {
        let weights = options.weights;
        check::training_matrix(x)?;
        check::weights(weights, x.nrows())?;
        let counts = |row: usize| weights.is_none_or(|weights| weights[row] > T::zero());
        let largest = |_: usize, column: &[T]| {
            let counted = column.iter().enumerate().filter(|(row, _)| counts(*row));
            let largest = counted.fold(T::zero(), |most, (_, v)| most.max(v.abs()));
            Ok(if largest < T::MIN_POSITIVE { T::one() } else { largest })
        };
        FittedMaxAbsScaler::new(of_columns(x.view(), OPERATIONS, largest)?)
    }
}

transform_by_shift_and_scale!(FittedMaxAbsScaler, zero);
