//! Transformers applied in sequence.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::{
    Transform, Transformer, TransformerOptions, before, checked_names, with_names_after, with_transformed,
};
use crate::error::{Error, ErrorContext, type_name};
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// Two transformations applied in sequence: the fitted form of a tuple of transformers.
///
/// Longer tuples nest, as in `Chain<A, Chain<B, C>>`.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::StandardScaler;
/// use nalgebra::dmatrix;
///
/// let chain =
///     (StandardScaler::new(), StandardScaler::new()).fit(&dmatrix![1.0; 5.0])?;
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
    /// Creates a chain that applies `first`, then `second`.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of inputs of `second` is not the number of outputs of
    /// `first`.
    pub fn new<T: Real>(first: A, second: B) -> Result<Self, Error>
    where
        A: Transform<T>,
        B: Transform<T>,
    {
        crate::check::count("second", "inputs", first.outputs(), second.inputs())?;
        Ok(Chain { first, second })
    }

    /// Returns the transformation that is applied first.
    pub fn first(&self) -> &A {
        &self.first
    }

    /// Returns the transformation that is applied to the result of the first.
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
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        let in_first = |error| of_first(error, self.first.step_name());
        with_transformed(&self.first, x, scratch, in_first, |z, scratch| {
            let done = self.second.transform_into(z, out, scratch);
            done.map_err(|error| error.in_step(1, self.second.step_name()))
        })
    }
    fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let z = self.first.transform_owned(x).map_err(|error| of_first(error, self.first.step_name()))?;
        let in_second = |error: Error| error.in_step(1, self.second.step_name());
        self.second.transform_owned(z).map_err(|error| before(in_second(error), &self.first, None))
    }
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        self.first.inverse_rows(self.second.inverse_rows(z)?.as_view())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let between = self.first.output_names(checked_names(names, self.first.inputs())?)?;
        self.second.output_names(&between)
    }
    fn source_column(&self, output: usize) -> Option<usize> {
        self.second.source_column(output).and_then(|between| self.first.source_column(between))
    }
}

/// Adds the first step to an error. If it is a chain itself, its own steps are counted apart.
fn of_first(error: Error, name: &'static str) -> Error {
    error.within(ErrorContext::Step { index: 0, name })
}

/// Fits the first transformer, then calls `rest` with the training rows that it passes on. `rest_name` is the
/// type of the rest.
fn fit_in_order<T: Real, A: Transformer<T>, B>(
    first: &A,
    x: Rows<'_, T>,
    options: TransformerOptions<'_, T>,
    rest_name: &'static str,
    rest: impl FnOnce(Rows<'_, T>) -> Result<B, Error>,
) -> Result<(A::Fitted, B), Error> {
    let fitted = first.fit_transform_rows(x, options);
    let (first, z) = fitted.map_err(|error| of_first(error, type_name::<A>()))?;
    let in_rest = |error: Error| error.in_step(1, rest_name);
    let rest = with_names_after(&first, x, &z, |z| rest(z).map_err(in_rest))?;
    Ok((first, rest))
}

macro_rules! tuples {
    ($($first:ident, $($rest:ident $field:tt),+ as $tail:ty;)*) => {
        $(
            /// Each transformer learns from the training rows that the one before it passes on.
            impl<T: Real, $first: Transformer<T>, $($rest: Transformer<T>),+> Transformer<T>
                for ($first, $($rest),+)
            {
                type Fitted = Chain<$first::Fitted, <$tail as Transformer<T>>::Fitted>;

                fn fit_rows(
                    &self,
                    x: Rows<'_, T>,
                    options: TransformerOptions<'_, T>,
                ) -> Result<Self::Fitted, Error> {
                    let rest = ($(&self.$field),+);
                    let name = type_name::<$tail>();
                    let (first, rest) =
                        fit_in_order(&self.0, x, options, name, |z| rest.fit_rows(z, options))?;
                    Chain::new(first, rest)
                }
                fn fit_transform_rows(
                    &self,
                    x: Rows<'_, T>,
                    options: TransformerOptions<'_, T>,
                ) -> Result<(Self::Fitted, DMatrix<T>), Error> {
                    let rest = ($(&self.$field),+);
                    let name = type_name::<$tail>();
                    let (first, (rest, z)) =
                        fit_in_order(&self.0, x, options, name, |z| rest.fit_transform_rows(z, options))?;
                    Ok((Chain::new(first, rest)?, z))
                }
            }
        )*
    };
}

tuples! {
    A, B 1 as B;
    A, B 1, C 2 as (B, C);
    A, B 1, C 2, D 3 as (B, C, D);
    A, B 1, C 2, D 3, E 4 as (B, C, D, E);
}
