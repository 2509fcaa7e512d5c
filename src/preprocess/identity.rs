//! The transformer that changes nothing.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::{Transform, Transformer, TransformerOptions, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// The fitted form of the transformer `()`, which passes all columns through unchanged.
///
/// ```
/// use logit::prelude::*;
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![1.0, 2.0];
/// assert_eq!(().fit(&x)?.transform(&x)?, x);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<T> {
    columns: usize,
    scalar: std::marker::PhantomData<T>,
}

impl<T> Identity<T> {
    pub(super) fn new(columns: usize) -> Self {
        Identity { columns, scalar: std::marker::PhantomData }
    }
}

impl<T: Real> Transformer<T> for () {
    type Fitted = Identity<T>;

    fn fit_rows(&self, x: Rows<'_, T>, options: TransformerOptions<'_, T>) -> Result<Identity<T>, Error> {
        check::training_matrix(x)?;
        check::weights(options.weights, x.nrows())?;
        Ok(Identity::new(x.ncols()))
    }
}

impl<T: Real> Transform<T> for Identity<T> {
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
        _: &mut Scratch<T>,
    ) -> Result<(), Error> {
        checked(x, self.columns)?;
        out.copy_from(&x.view());
        Ok(())
    }
    fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        checked(&x, self.columns).map(|()| x)
    }
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        checked(z, self.columns).map(|()| z.clone_owned())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        checked_names(names, self.columns).map(<[String]>::to_vec)
    }
    fn source_column(&self, output: usize) -> Option<usize> {
        Some(output)
    }
}
