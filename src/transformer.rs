//! What learns a transformation of columns, and what transforms them.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use crate::check;
use crate::error::{Error, unsupported};
use crate::label::{Label, encode, plain};
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// What a transformer may learn from besides the rows: their classes and their weights.
///
/// A [`Pipeline`](crate::Pipeline) gives both to each of its steps. [`Transformer::fit_supervised`] makes classes of
/// labels.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TransformerOptions<'a, T> {
    /// The class of each row, below [`class_count`](TransformerOptions::class_count).
    pub classes: Option<&'a [usize]>,
    /// The number of classes; 0 if they are unknown.
    pub class_count: usize,
    /// What each class is called, in order, if that is known: for the names of columns that are made of classes.
    pub class_names: Option<&'a [String]>,
    /// One weight per row, finite and at least 0. A weight of 2 counts a row twice, 0 removes it.
    pub weights: Option<&'a [T]>,
}

impl<'a, T: Real> TransformerOptions<'a, T> {
    /// No classes and no weights.
    pub fn new() -> Self {
        TransformerOptions { classes: None, class_count: 0, class_names: None, weights: None }
    }

    /// The class of each row, as an index below `count`. Defaults to none.
    pub fn classes(mut self, classes: &'a [usize], count: usize) -> Self {
        (self.classes, self.class_count) = (Some(classes), count);
        self
    }

    /// What each class is called, in order. Defaults to nothing: classes are called by their index then.
    pub fn class_names(mut self, names: &'a [String]) -> Self {
        self.class_names = Some(names);
        self
    }

    /// One weight per row. Defaults to 1 for every row.
    pub fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// The class of each row, for a transformer that cannot do without, and how many classes there are.
    ///
    /// # Errors
    /// [`Error::Unsupported`] without classes, [`Error::ShapeMismatch`] for another number of them than of rows,
    /// [`Error::NoSuchIndex`] for a class that is not below the count.
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

/// Learns a transformation from training rows.
///
/// A transformer is a plain value that holds settings; [`fit`](Transformer::fit) returns the [`Transform`]. Several in a
/// row are a tuple, `(Imputer::median(), StandardScaler::new())`, which is a transformer itself; tuples nest. Before an
/// estimator they make a [`Pipeline`](crate::Pipeline), which shows them the classes too. References, boxes and `Arc`s of
/// transformers are transformers.
///
/// # Shapes
/// `x` is n x d, one sample per row.
///
/// # Implementing this trait
/// Only [`fit_rows`](Transformer::fit_rows) is required. It leaves its arguments untouched and depends on nothing else. A
/// weight of 2 counts a row twice, 0 removes it. Data that cannot be used is an [`Error`]. A transformer that learns from
/// classes should hand back cross-fitted rows from [`fit_transform_rows`](Transformer::fit_transform_rows): training rows that
/// have seen their own label look better to later steps than any new row will.
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

    /// Learns from borrowed rows; what all other methods call.
    ///
    /// # Errors
    /// A typed [`Error`] for empty data, entries that are not finite (where the transformer has no use for them), bad
    /// weights and settings out of range; [`Error::Unsupported`] if it needs classes and has none.
    fn fit_rows(&self, x: Rows<'_, T>, options: TransformerOptions<'_, T>) -> Result<Self::Fitted, Error>;

    /// Learns, and returns the training rows as later steps are to see them. Defaults to transforming them; transformers that
    /// learn from classes return cross-fitted rows instead.
    ///
    /// # Errors
    /// As [`fit_rows`](Transformer::fit_rows), and those of transforming.
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
    /// As [`fit_rows`](Transformer::fit_rows).
    fn fit<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<Self::Fitted, Error> {
        self.fit_rows(x.into(), TransformerOptions::new())
    }

    /// Learns with weights or classes.
    ///
    /// # Errors
    /// As [`fit_rows`](Transformer::fit_rows).
    fn fit_with<'a>(
        &self,
        x: impl Into<Rows<'a, T>>,
        options: TransformerOptions<'_, T>,
    ) -> Result<Self::Fitted, Error> {
        self.fit_rows(x.into(), options)
    }

    /// Learns from the rows of `x` and their labels.
    ///
    /// # Errors
    /// As [`fit_rows`](Transformer::fit_rows); also for labels of fewer than two classes.
    fn fit_supervised<'a, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
    ) -> Result<Self::Fitted, Error> {
        let x = x.into();
        check::count("y", "labels", x.nrows(), y.len())?;
        let encoded = encode(y, |_| true)?;
        let names: Vec<String> = encoded.classes.iter().map(plain).collect();
        let options = TransformerOptions::new().classes(&encoded.indices, names.len());
        self.fit_rows(x, options.class_names(&names))
    }
}

/// A transformation of rows that has been learned: the core that `dyn Transform` works with.
///
/// [`TransformExt`], which every transformation has, adds what programs call. `Box<dyn Transform<f64>>` works, and is a
/// transformation too, as are references and `Arc`s.
///
/// # Shapes
/// `x` is n x [`inputs`](Transform::inputs); the result is n x [`outputs`](Transform::outputs).
///
/// # Errors
/// Every method that takes a matrix returns [`Error::ShapeMismatch`] for the wrong number of columns,
/// [`Error::NotFinite`] for NaN and infinities (unless it is made for them, as an imputer is), and [`Error::Overflow`]
/// when finite input leads out of the range of the number type. No rows are no error.
///
/// # Panics
/// Methods that write may panic when `out` does not have the shape above.
///
/// # Implementing this trait
/// Each row is transformed by itself, with what was learned in training: never with statistics of the rows at hand, which
/// would make the same row something else in other company. [`Pipeline`](crate::Pipeline) checks that.
///
/// # Examples
/// Logarithms, for columns whose values are of very different sizes:
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
///     fn fit_rows(&self, x: Rows<'_, f64>, _: TransformerOptions<'_, f64>) -> Result<Logarithms, Error> {
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
///         &self, x: Rows<'_, f64>, mut out: DMatrixViewMut<'_, f64>, _: &mut Scratch<f64>,
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
    /// The number of columns that it was fitted on.
    fn inputs(&self) -> usize;

    /// The number of columns that it makes of them.
    fn outputs(&self) -> usize;

    /// Writes the transformed rows.
    ///
    /// # Errors
    /// See the trait.
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error>;

    /// The transformed rows, in the memory of `x` where that has room. Defaults to new memory.
    ///
    /// # Errors
    /// See the trait.
    fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        transformed(self, Rows::from(&x))
    }

    /// Rows that transforming makes `z` of, as far as that is determined. Defaults to an error.
    ///
    /// # Errors
    /// See the trait; [`Error::Unsupported`] where there is no way back.
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        let _ = z;
        Err(unsupported("inverse_transform", "this transformation", "keep the rows that were transformed"))
    }

    /// The names of the columns that come out, given the names of those that go in.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for another number of names than of columns.
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error>;

    /// The column that goes in of which the column `output` is made, if it is made of one alone: errors of later steps name
    /// it. Defaults to unknown.
    fn source_column(&self, output: usize) -> Option<usize> {
        let _ = output;
        None
    }
}

/// What programs call on a transformation; every [`Transform`] has it, `dyn` ones included.
pub trait TransformExt<T: Real>: Transform<T> {
    /// The transformed rows.
    ///
    /// # Errors
    /// Those of [`Transform`].
    fn transform<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        transformed(self, x.into())
    }

    /// Rows that [`transform`](TransformExt::transform) makes `z` of, as far as that is determined.
    ///
    /// # Errors
    /// Those of [`Transform`]; [`Error::Unsupported`] where there is no way back.
    fn inverse_transform<'a>(&self, z: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        self.inverse_rows(z.into().view())
    }

    /// Writes the transformed row to `out`, which has [`outputs`](Transform::outputs) entries. Allocates nothing once
    /// `scratch` has grown.
    ///
    /// # Errors
    /// Those of [`Transform`]; [`Error::ShapeMismatch`] for another length of `out`.
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
    let mut out = DMatrix::zeros(x.nrows(), transform.outputs());
    transform.transform_into(x, out.as_view_mut(), &mut Scratch::new()).map(|()| out)
}

/// The methods of a [`Transform`] that is another one, `$inner` of `$this`.
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
