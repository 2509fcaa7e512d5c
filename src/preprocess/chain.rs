//! Transformers one after the other.

use nalgebra::DMatrix;

use super::{Transform, Transformer, checked_names};
use crate::error::Error;
use crate::scalar::Real;

/// Two transformations, the first and then the second: what a tuple of transformers learns. Longer tuples nest, as
/// `Chain<A, Chain<B, C>>`.
///
/// # Examples
/// ```
/// use logit::{StandardScaler, Transform, Transformer};
/// use nalgebra::dmatrix;
///
/// let chain = (StandardScaler::new(), StandardScaler::new()).fit(&dmatrix![1.0; 5.0])?;
/// assert_eq!(chain.first().mean(), [3.0]);
/// assert_eq!(chain.second().mean(), [0.0]);
/// assert_eq!(chain.inverse_transform(&dmatrix![1.0])?, dmatrix![5.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chain<A, B> {
    first: A,
    second: B,
}

impl<A, B> Chain<A, B> {
    /// `first`, then `second`.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] when the second does not take what the first gives.
    pub fn new<T: Real>(first: A, second: B) -> Result<Self, Error>
    where
        A: Transform<T>,
        B: Transform<T>,
    {
        crate::check::count("second", "inputs", first.outputs(), second.inputs())?;
        Ok(Chain { first, second })
    }

    /// What is applied first.
    pub fn first(&self) -> &A {
        &self.first
    }

    /// What is applied to the result.
    pub fn second(&self) -> &B {
        &self.second
    }
}

impl<T: Real, A: Transform<T>, B: Transform<T>> Transform<T> for Chain<A, B> {
    fn inputs(&self) -> usize {
        self.first.inputs()
    }
    fn outputs(&self) -> usize {
        self.second.outputs()
    }
    fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.second.transform_owned(self.first.transform_owned(x)?)
    }
    fn transform(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.second.transform_owned(self.first.transform(x)?)
    }
    fn inverse_transform(&self, z: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.first.inverse_transform(&self.second.inverse_transform(z)?)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let between = self.first.output_names(checked_names(names, self.first.inputs())?)?;
        self.second.output_names(&between)
    }
}

/// Each learns from what the ones before it make of the rows.
impl<T: Real, A: Transformer<T>, B: Transformer<T>> Transformer<T> for (A, B) {
    type Fitted = Chain<A::Fitted, B::Fitted>;

    fn fit_weighted(&self, x: &DMatrix<T>, weights: Option<&[T]>) -> Result<Self::Fitted, Error> {
        let first = self.0.fit_weighted(x, weights)?;
        let second = self.1.fit_weighted(&first.transform(x)?, weights)?;
        Chain::new(first, second)
    }
}

macro_rules! longer_tuples {
    ($($first:ident, $($rest:ident $field:tt),+;)*) => {
        $(
            /// Each learns from what the ones before it make of the rows.
            impl<T: Real, $first: Transformer<T>, $($rest: Transformer<T>),+> Transformer<T>
                for ($first, $($rest),+)
            {
                type Fitted = Chain<$first::Fitted, <($($rest),+) as Transformer<T>>::Fitted>;

                fn fit_weighted(&self, x: &DMatrix<T>, weights: Option<&[T]>) -> Result<Self::Fitted, Error> {
                    let first = self.0.fit_weighted(x, weights)?;
                    let rest = ($(&self.$field),+);
                    let second = rest.fit_weighted(&first.transform(x)?, weights)?;
                    Chain::new(first, second)
                }
            }
        )*
    };
}

longer_tuples! {
    A, B 1, C 2;
    A, B 1, C 2, D 3;
    A, B 1, C 2, D 3, E 4;
}
