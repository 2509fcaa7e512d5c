//! Scaling of rows to length 1.

use nalgebra::{DMatrix, DMatrixViewMut};

use super::{Transform, Transformer, TransformerOptions, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// The norm that measures the length of a row.
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::{NormKind, Normalizer};
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![1.0, -3.0];
/// let of = |norm| Normalizer::new().norm(norm).fit(&x)?.transform(&x);
/// assert_eq!(of(NormKind::L1)?, dmatrix![0.25, -0.75]);
/// assert_eq!(of(NormKind::Max)?, dmatrix![1.0 / 3.0, -1.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NormKind {
    /// The sum of absolute values.
    L1,
    /// The Euclidean length.
    #[default]
    L2,
    /// The largest absolute value.
    Max,
}

/// Divides each row by its length. Rows of zeros are unchanged. A fit learns only the number of columns.
///
/// Normalising discards the sizes of rows. It is useful if only the proportions of columns matter, as with
/// word counts, and wrong if sizes matter. To bring columns to one scale, use a
/// [`StandardScaler`](crate::StandardScaler).
///
/// # Precision
/// Lengths are computed in units of the row's largest entry, so entries of 10³⁰⁰ or 10⁻³⁰⁰ neither overflow
/// nor underflow.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::Normalizer;
/// use nalgebra::dmatrix;
///
/// let normalizer = Normalizer::new().fit(&dmatrix![1.0, 1.0])?;
/// assert_eq!(
///     normalizer.transform(&dmatrix![3.0, 4.0; 0.0, 0.0])?,
///     dmatrix![0.6, 0.8; 0.0, 0.0]
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Normalizer {
    norm: NormKind,
}

impl Normalizer {
    /// Creates a normaliser to Euclidean length 1.
    pub fn new() -> Self {
        Normalizer::default()
    }

    /// Sets the norm that measures the length of a row. Defaults to [`NormKind::L2`].
    pub fn norm(mut self, norm: NormKind) -> Self {
        self.norm = norm;
        self
    }
}

/// A fitted [`Normalizer`].
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::{NormKind, Normalizer};
/// use nalgebra::dmatrix;
///
/// let fitted = Normalizer::new().fit(&dmatrix![1.0, 1.0])?;
/// assert_eq!((fitted.norm(), fitted.inputs()), (NormKind::L2, 2));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FittedNormalizer<T> {
    pub(super) norm: NormKind,
    pub(super) columns: usize,
    pub(super) scalar: std::marker::PhantomData<T>,
}

impl<T> FittedNormalizer<T> {
    pub(super) fn new(norm: NormKind, columns: usize) -> Self {
        FittedNormalizer { norm, columns, scalar: std::marker::PhantomData }
    }

    /// Returns the norm that measures the length of a row.
    pub fn norm(&self) -> NormKind {
        self.norm
    }
}

impl<T: Real> FittedNormalizer<T> {
    /// Divides each row by its length. The loops run column by column, which is memory order.
    fn normalize(&self, mut x: DMatrixViewMut<'_, T>, scratch: &mut Scratch<T>) {
        let (mut largest, mut lengths) = (scratch.take(x.nrows()), scratch.take(x.nrows()));
        for column in x.column_iter() {
            largest.iter_mut().zip(column.iter()).for_each(|(most, v)| *most = most.max(v.abs()));
        }
        largest.iter_mut().filter(|most| most.is_zero()).for_each(|most| *most = T::one());
        for mut column in x.column_iter_mut() {
            for ((v, &most), length) in column.iter_mut().zip(&largest).zip(&mut lengths) {
                *v /= most;
                match self.norm {
                    NormKind::L1 => *length += v.abs(),
                    NormKind::L2 => *length += *v * *v,
                    NormKind::Max => *length = T::one(),
                }
            }
        }
        for length in &mut lengths {
            if self.norm == NormKind::L2 {
                *length = length.sqrt();
            }
            // A row of zeros was divided by 1 above, and is left as it is.
            if length.is_zero() {
                *length = T::one();
            }
        }
        for mut column in x.column_iter_mut() {
            column.iter_mut().zip(&lengths).for_each(|(v, &length)| *v /= length);
        }
        scratch.give_back(lengths);
        scratch.give_back(largest);
    }
}

impl<T: Real> Transformer<T> for Normalizer {
    type Fitted = FittedNormalizer<T>;

    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedNormalizer<T>, Error> {
        check::training_matrix(x)?;
        check::weights(options.weights, x.nrows())?;
        Ok(FittedNormalizer::new(self.norm, x.ncols()))
    }
}

impl<T: Real> Transform<T> for FittedNormalizer<T> {
    fn inputs(&self) -> usize {
        self.columns
    }
    fn outputs(&self) -> usize {
        self.columns
    }
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        checked(x, self.columns)?;
        out.copy_from(&x.view());
        self.normalize(out, scratch);
        Ok(())
    }
    fn transform_owned(&self, mut x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        checked(&x, self.columns)?;
        self.normalize(x.as_view_mut(), &mut Scratch::new());
        Ok(x)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        checked_names(names, self.columns).map(<[String]>::to_vec)
    }
}
