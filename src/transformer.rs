//! Transformers, which learn a transformation of columns, and fitted transformations.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use crate::check;
use crate::error::{Error, type_name, unsupported};
use crate::label::{Label, encode, plain};
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// Optional inputs to the fit of a transformer: the classes and the weights of the rows.
///
/// A [`Pipeline`](crate::Pipeline) passes both to each of its steps. [`Transformer::fit_supervised`] encodes
/// labels as classes.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TransformerOptions<'a, T> {
    /// The class of each row, below [`class_count`](TransformerOptions::class_count).
    pub classes: Option<&'a [usize]>,
    /// The number of classes; 0 if they are unknown.
    pub class_count: usize,
    /// The name of each class, in order, if known. Output columns that belong to classes use them in their
    /// names.
    pub class_names: Option<&'a [String]>,
    /// One weight per row, finite and at least 0. A weight of 2 counts a row twice, 0 removes it.
    pub weights: Option<&'a [T]>,
}

impl<'a, T: Real> TransformerOptions<'a, T> {
    /// Creates options without classes and weights.
    pub fn new() -> Self {
        TransformerOptions { classes: None, class_count: 0, class_names: None, weights: None }
    }

    /// Sets the class of each row, as an index below `count`. Defaults to none.
    pub fn classes(mut self, classes: &'a [usize], count: usize) -> Self {
        (self.classes, self.class_count) = (Some(classes), count);
        self
    }

    /// Sets the name of each class, in order. Defaults to the index of each class.
    pub fn class_names(mut self, names: &'a [String]) -> Self {
        self.class_names = Some(names);
        self
    }

    /// Sets one weight per row, finite and at least 0. Defaults to 1 for every row.
    pub fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Returns the class of each row and the number of classes, for a transformer that requires classes.
    ///
    /// # Errors
    /// Returns [`Error::Unsupported`] if there are no classes, [`Error::ShapeMismatch`] if their number is
    /// not `rows`, and [`Error::NoSuchIndex`] for a class that is not below the number of classes.
    pub fn required_classes(&self, rows: usize, by: &'static str) -> Result<(&'a [usize], usize), Error> {
        let Some(classes) = self.classes else {
            return Err(unsupported(
                "rows without classes",
                by,
                "put it in a Pipeline, or call fit_supervised",
            ));
        };
        check::count("classes", "entries", rows, classes.len())?;
        check::indices("classes", "class", classes, self.class_count)?;
        Ok((classes, self.class_count))
    }
}

impl<T: Real> Default for TransformerOptions<'_, T> {
    fn default() -> Self {
        TransformerOptions::new()
    }
}

/// An algorithm that learns a transformation from training rows.
///
/// A transformer is a plain value of settings. [`fit`](Transformer::fit) returns the [`Transform`]. A tuple
/// of transformers, such as `(Imputer::median(), StandardScaler::new())`, is a transformer that applies them
/// in order. Tuples can be nested. A [`Pipeline`](crate::Pipeline) combines a transformer and an estimator,
/// and passes the classes to the transformer. References, boxes and `Arc`s of transformers are transformers.
///
/// # Shapes
/// `x` is n x d, one sample per row.
///
/// # Implementing this trait
/// Only [`fit_rows`](Transformer::fit_rows) is required. Its result must depend only on its arguments. A
/// weight of 2 counts a row twice, and a weight of 0 removes it. Data that cannot be used is an [`Error`]. A
/// transformer that learns from classes should return cross-fitted rows from
/// [`fit_transform_rows`](Transformer::fit_transform_rows). Otherwise the transformed training rows contain
/// their own labels, and later steps overfit to them.
///
/// # Examples
/// ```
/// use logit::StandardScaler;
/// use logit::prelude::*;
/// use nalgebra::dmatrix;
///
/// let scaler = StandardScaler::new().fit(&dmatrix![1.0, 200.0; 3.0, 600.0])?;
/// assert_eq!(scaler.transform(&dmatrix![2.0, 800.0])?, dmatrix![0.0, 2.0]);
/// # Ok::<(), logit::Error>(())
/// ```
pub trait Transformer<T: Real> {
    /// The transformation that a fit returns.
    type Fitted: Transform<T>;

    /// Learns from borrowed rows. All other methods call this one.
    ///
    /// # Errors
    /// Returns an [`Error`] for empty data, entries that are not finite (unless the transformer accepts
    /// them), invalid weights and settings out of range, and [`Error::Unsupported`] if the transformer
    /// requires classes and there are none.
    fn fit_rows(&self, x: Rows<'_, T>, options: TransformerOptions<'_, T>) -> Result<Self::Fitted, Error>;

    /// Learns from borrowed rows, and also returns the transformed training rows for the following steps.
    ///
    /// Defaults to transforming the rows. Transformers that learn from classes return cross-fitted rows
    /// instead.
    ///
    /// # Errors
    /// Returns the errors of [`fit_rows`](Transformer::fit_rows) and of transforming.
    fn fit_transform_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<(Self::Fitted, DMatrix<T>), Error> {
        let fitted = self.fit_rows(x, options)?;
        let z = fitted.transform_owned(x.clone_owned())?;
        Ok((fitted, z))
    }

    /// Learns from the rows of `x`.
    ///
    /// # Errors
    /// Returns the errors of [`fit_rows`](Transformer::fit_rows).
    fn fit<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<Self::Fitted, Error> {
        self.fit_with(x, TransformerOptions::new())
    }

    /// Learns from the rows of `x` with weights or classes.
    ///
    /// # Errors
    /// Returns the errors of [`fit_rows`](Transformer::fit_rows).
    fn fit_with<'a>(
        &self,
        x: impl Into<Rows<'a, T>>,
        options: TransformerOptions<'_, T>,
    ) -> Result<Self::Fitted, Error> {
        let x = x.into();
        self.fit_rows(x, options).map_err(|error| error.with_column_name(x.names()))
    }

    /// Learns from the rows of `x` and their labels.
    ///
    /// # Errors
    /// Returns the errors of [`fit_rows`](Transformer::fit_rows), [`Error::ShapeMismatch`] if `y` does not
    /// have one label per row, and [`Error::OneClass`] if there are fewer than two classes.
    fn fit_supervised<'a, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
    ) -> Result<Self::Fitted, Error> {
        let x = x.into();
        check::labels(x, y.len())?;
        let encoded = encode(y, |_| true)?;
        let names: Vec<String> = encoded.classes.iter().map(plain).collect();
        let options = TransformerOptions::new().classes(&encoded.indices, names.len());
        self.fit_with(x, options.class_names(&names))
    }
}

/// A fitted transformation of rows, with the dyn-compatible methods that implementations provide.
///
/// [`TransformExt`], which all transformations implement, adds the convenient methods. The trait works as
/// `Box<dyn Transform<f64>>`. Boxes, references and `Arc`s of transformations are transformations.
///
/// # Shapes
/// `x` is n x [`inputs`](Transform::inputs); the result is n x [`outputs`](Transform::outputs).
///
/// # Errors
/// Every method that takes a matrix returns [`Error::ShapeMismatch`] for the wrong number of columns,
/// [`Error::NotFinite`] for NaN and infinities (unless the transformation accepts them, as an imputer does),
/// and [`Error::Overflow`] if finite input overflows the number type. Methods that return a matrix return
/// [`Error::OutOfMemory`] if it is too large. A matrix without rows is not an error.
///
/// # Panics
/// Methods that write to `out` may panic if `out` does not have the shape above.
///
/// # Implementing this trait
/// The result for a row must depend only on that row and on what the fit learned from the training rows. It
/// must not use statistics of the batch, because then the result for a row would depend on the other rows.
/// [`Pipeline`](crate::Pipeline) checks this.
///
/// # Examples
/// A logarithm, for columns whose values differ by orders of magnitude:
/// ```
/// use logit::nalgebra::{DMatrixViewMut, dmatrix};
/// use logit::prelude::*;
/// use logit::preprocess::TransformerOptions;
/// use logit::{Error, Rows, Scratch};
///
/// #[derive(Clone)]
/// struct Logarithms(usize);
///
/// impl Transformer<f64> for Logarithms {
///     type Fitted = Logarithms;
///     fn fit_rows(
///         &self,
///         x: Rows<'_, f64>,
///         _: TransformerOptions<'_, f64>,
///     ) -> Result<Logarithms, Error> {
///         Ok(Logarithms(x.ncols()))
///     }
/// }
///
/// impl Transform<f64> for Logarithms {
///     fn inputs(&self) -> usize {
///         self.0
///     }
///     fn outputs(&self) -> usize {
///         self.0
///     }
///     fn transform_into(
///         &self,
///         x: Rows<'_, f64>,
///         mut out: DMatrixViewMut<'_, f64>,
///         _: &mut Scratch<f64>,
///     ) -> Result<(), Error> {
///         out.zip_apply(&*x, |out, v: f64| *out = v.abs().ln_1p().copysign(v));
///         Ok(())
///     }
///     fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
///         Ok(names.iter().map(|name| format!("log {name}")).collect())
///     }
/// }
///
/// let x = dmatrix![0.0, 1e6; -1.0, 10.0];
/// assert_eq!(Logarithms(2).fit(&x)?.transform(&x)?[(1, 0)], -(2f64.ln()));
/// # Ok::<(), Error>(())
/// ```
pub trait Transform<T: Real> {
    /// Returns the number of input columns.
    fn inputs(&self) -> usize;

    /// Returns the number of output columns.
    fn outputs(&self) -> usize;

    /// Writes the transformed rows to `out`, n x [`outputs`](Transform::outputs).
    ///
    /// # Errors
    /// Returns the errors that the [trait](Transform#errors) lists.
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error>;

    /// Transforms rows that it owns, and reuses the memory of `x` if possible. Defaults to new memory.
    ///
    /// # Errors
    /// Returns the errors that the [trait](Transform#errors) lists.
    fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        transformed(self, Rows::from(&x))
    }

    /// Returns rows whose transformation is `z`, as far as they are determined. Defaults to an error.
    ///
    /// # Errors
    /// Returns the errors that the [trait](Transform#errors) lists, and [`Error::Unsupported`] if the
    /// transformation has no inverse.
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        let _ = z;
        Err(unsupported("inverse_transform", "this transformation", "keep the rows that were transformed"))
    }

    /// Returns the names of the output columns, given the names of the input columns.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of names is not that of the input columns.
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error>;

    /// Returns the input column from which the column `output` is computed, if it depends on a single one.
    /// Errors of later steps name it. Defaults to `None`.
    fn source_column(&self, output: usize) -> Option<usize> {
        let _ = output;
        None
    }

    /// Returns the name of the transformation in errors. Defaults to the name of the type, without its module
    /// and the prefix `Fitted`.
    fn step_name(&self) -> &'static str {
        type_name::<Self>()
    }
}

/// Convenient methods of transformations. Every [`Transform`] implements them, including `dyn Transform`.
pub trait TransformExt<T: Real>: Transform<T> {
    /// Returns the transformed rows, n x [`outputs`](Transform::outputs).
    ///
    /// # Errors
    /// Returns the errors that [`Transform`] lists.
    fn transform<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        transformed(self, x.into())
    }

    /// Returns rows whose transformation is `z`, as far as they are determined.
    ///
    /// # Errors
    /// Returns the errors that [`Transform`] lists, and [`Error::Unsupported`] if the transformation has no
    /// inverse.
    fn inverse_transform<'a>(&self, z: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        self.inverse_rows(z.into().view())
    }

    /// Writes the transformed row to `out`, which has [`outputs`](Transform::outputs) entries. Does not
    /// allocate once `scratch` has grown.
    ///
    /// # Errors
    /// Returns the errors that [`Transform`] lists, and [`Error::ShapeMismatch`] if `out` has another length.
    fn transform_row(&self, row: &[T], out: &mut [T], scratch: &mut Scratch<T>) -> Result<(), Error> {
        check::count("out", "entries", self.outputs(), out.len())?;
        let columns = out.len();
        self.transform_into(Rows::of_row(row), DMatrixViewMut::from_slice(out, 1, columns), scratch)
    }
}

impl<T: Real, P: Transform<T> + ?Sized> TransformExt<T> for P {}

fn transformed<T: Real, P: Transform<T> + ?Sized>(
    transform: &P,
    x: Rows<'_, T>,
) -> Result<DMatrix<T>, Error> {
    check::count("x", "columns", transform.inputs(), x.ncols())?;
    let mut out = check::zeros("the transformed rows", x.nrows(), transform.outputs())?;
    let done = transform.transform_into(x, out.as_view_mut(), &mut Scratch::new());
    done.map(|()| out).map_err(|error| error.with_column_name(x.names()))
}

/// Implements all methods of a [`Transform`] by those of the transformation `$inner` of `$this`.
macro_rules! transforms_as {
    ($this:ident => $inner:expr) => {
        fn inputs(&$this) -> usize {
            $inner.inputs()
        }
        fn outputs(&$this) -> usize {
            $inner.outputs()
        }
        fn transform_into(
            &$this,
            x: $crate::Rows<'_, T>,
            out: nalgebra::DMatrixViewMut<'_, T>,
            scratch: &mut $crate::Scratch<T>,
        ) -> Result<(), Error> {
            $inner.transform_into(x, out, scratch)
        }
        fn transform_owned(&$this, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
            $inner.transform_owned(x)
        }
        fn inverse_rows(&$this, z: nalgebra::DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
            $inner.inverse_rows(z)
        }
        fn output_names(&$this, names: &[String]) -> Result<Vec<String>, Error> {
            $inner.output_names(names)
        }
        fn source_column(&$this, output: usize) -> Option<usize> {
            $inner.source_column(output)
        }
        fn step_name(&$this) -> &'static str {
            $inner.step_name()
        }
    };
}

pub(crate) use transforms_as;

macro_rules! through_pointer {
    ($($pointer:ty),*) => {
        $(
            impl<T: Real, P: Transform<T> + ?Sized> Transform<T> for $pointer {
                transforms_as!(self => (**self));
            }

            impl<T: Real, P: Transformer<T>> Transformer<T> for $pointer {
                type Fitted = P::Fitted;

                fn fit_rows(
                    &self,
                    x: Rows<'_, T>,
                    options: TransformerOptions<'_, T>,
                ) -> Result<P::Fitted, Error> {
                    (**self).fit_rows(x, options)
                }
                fn fit_transform_rows(
                    &self,
                    x: Rows<'_, T>,
                    options: TransformerOptions<'_, T>,
                ) -> Result<(P::Fitted, DMatrix<T>), Error> {
                    (**self).fit_transform_rows(x, options)
                }
            }
        )*
    };
}

through_pointer!(&P, Box<P>, std::sync::Arc<P>);
