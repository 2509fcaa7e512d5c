//! Columns of mean 0 and standard deviation 1.

use nalgebra::DMatrix;

use super::{Transform, Transformer, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::real::Real;

/// Moves each column to mean 0 and scales it to standard deviation 1.
///
/// # Formula
/// z = (x - μ) / σ, with μ = Σ w x / Σ w and σ² = Σ w (x - μ)² / Σ w over the training rows, weighted if there are
/// weights (the population's variance). A column that is constant up to rounding has σ = 1, so that it becomes exactly 0 on
/// the training rows.
///
/// # Precision
/// Sums run in `f64`, in two passes, with the second correcting the first: an offset of 10⁹ costs no digits of σ.
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
    /// A scaler that centres and scales.
    pub fn new() -> Self {
        StandardScaler { center: true, scale: true }
    }

    /// Whether the mean is taken away. Defaults to `true`.
    pub fn center(mut self, center: bool) -> Self {
        self.center = center;
        self
    }

    /// Whether columns are divided by their standard deviation. Defaults to `true`.
    pub fn scale(mut self, scale: bool) -> Self {
        self.scale = scale;
        self
    }
}

/// A fitted [`StandardScaler`].
#[derive(Debug, Clone, PartialEq)]
pub struct FittedStandardScaler<T> {
    mean: Vec<T>,
    scale: Vec<T>,
}

impl<T: Real> FittedStandardScaler<T> {
    /// What moves columns by `mean` and divides them by `scale`.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for different lengths, [`Error::InvalidParameter`] for a scale that is not above 0.
    pub fn new(mean: Vec<T>, scale: Vec<T>) -> Result<Self, Error> {
        check::count("scale", "entries", mean.len(), scale.len())?;
        for scale in &scale {
            check::positive("scale", scale.as_f64())?;
        }
        Ok(FittedStandardScaler { mean, scale })
    }

    /// What is taken away from each column.
    pub fn mean(&self) -> &[T] {
        &self.mean
    }

    /// What each column is divided by.
    pub fn scale(&self) -> &[T] {
        &self.scale
    }
}

impl<T: Real> Transformer<T> for StandardScaler {
    type Fitted = FittedStandardScaler<T>;

    fn fit_weighted(&self, x: &DMatrix<T>, weights: Option<&[T]>) -> Result<FittedStandardScaler<T>, Error> {
        check::training_matrix(x)?;
        let total = check::weights(weights, x.nrows())?;
        let (mut mean, mut scale) = (Vec::with_capacity(x.ncols()), Vec::with_capacity(x.ncols()));
        for column in x.column_iter() {
            let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
                let weight = |row: usize| weights.map_or(1.0, |weights| weights[row].as_f64());
                column.iter().enumerate().map(|(row, v)| weight(row) * of(v.as_f64())).sum::<f64>() / total
            };
            let rough = sum(&|v| v);
            let center = rough + sum(&|v| v - rough);
            let deviation = sum(&|v| (v - center) * (v - center)).sqrt();
            let constant = deviation <= x.nrows() as f64 * T::EPSILON.as_f64() * center.abs();
            mean.push(T::of(if self.center { center } else { 0.0 }));
            scale.push(T::of(if self.scale && !constant { deviation } else { 1.0 }));
        }
        Ok(FittedStandardScaler { mean, scale })
    }
}

impl<T: Real> Transform<T> for FittedStandardScaler<T> {
    fn inputs(&self) -> usize {
        self.mean.len()
    }
    fn outputs(&self) -> usize {
        self.mean.len()
    }
    fn transform_owned(&self, mut x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        checked(&x, self.inputs())?;
        for ((mut column, &mean), &scale) in x.column_iter_mut().zip(&self.mean).zip(&self.scale) {
            column.iter_mut().for_each(|v| *v = (*v - mean) / scale);
        }
        check::scores(&x)?;
        Ok(x)
    }
    fn inverse_transform(&self, z: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        checked(z, self.outputs())?;
        let mut x = z.clone();
        for ((mut column, &mean), &scale) in x.column_iter_mut().zip(&self.mean).zip(&self.scale) {
            column.iter_mut().for_each(|v| *v = *v * scale + mean);
        }
        check::scores(&x)?;
        Ok(x)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        checked_names(names, self.inputs()).map(<[String]>::to_vec)
    }
}
