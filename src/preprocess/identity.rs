//! No preprocessing.

use nalgebra::DMatrix;

use super::{Transform, Transformer, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// What `()` learns as a transformer: the number of columns, which go through as they are.
///
/// ```
/// use logit::{Transform, Transformer};
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

    fn fit_weighted(&self, x: &DMatrix<T>, weights: Option<&[T]>) -> Result<Identity<T>, Error> {
        check::training_matrix(x)?;
        check::weights(weights, x.nrows())?;
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
    fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        checked(&x, self.columns).map(|()| x)
    }
    fn inverse_transform(&self, z: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        checked(z, self.columns).map(|()| z.clone())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        checked_names(names, self.columns).map(<[String]>::to_vec)
    }
}
