//! A boxed transformation is a transformation, and a reference to a transformer is a transformer.

use nalgebra::DMatrix;

use super::{Transform, Transformer};
use crate::error::Error;
use crate::scalar::Real;

impl<T: Real, P: Transform<T> + ?Sized> Transform<T> for Box<P> {
    fn inputs(&self) -> usize {
        (**self).inputs()
    }
    fn outputs(&self) -> usize {
        (**self).outputs()
    }
    fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        (**self).transform_owned(x)
    }
    fn transform(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        (**self).transform(x)
    }
    fn inverse_transform(&self, z: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        (**self).inverse_transform(z)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        (**self).output_names(names)
    }
}

impl<T: Real, P: Transformer<T> + ?Sized> Transformer<T> for &P {
    type Fitted = P::Fitted;

    fn fit_weighted(&self, x: &DMatrix<T>, weights: Option<&[T]>) -> Result<P::Fitted, Error> {
        (**self).fit_weighted(x, weights)
    }
}
