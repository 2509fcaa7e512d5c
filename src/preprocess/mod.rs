//! Transformations of the columns of a matrix that are learned from training rows.

mod affine;
mod boxed;
mod chain;
mod identity;
mod imputer;
mod label_encoder;
mod max_abs_scaler;
mod min_max_scaler;
mod moments;
mod normalizer;
mod on_columns;
mod one_hot;
mod pca;
mod polynomial;
mod robust_scaler;
mod standard_scaler;
mod stored;
mod variance_threshold;

pub use chain::Chain;
pub use identity::Identity;
pub use imputer::{FittedImputer, Imputer};
pub use label_encoder::LabelEncoder;
pub use max_abs_scaler::{FittedMaxAbsScaler, MaxAbsScaler};
pub use min_max_scaler::{FittedMinMaxScaler, MinMaxScaler};
pub use moments::Moments;
pub use normalizer::{FittedNormalizer, NormKind, Normalizer};
pub use on_columns::{FittedOnColumns, FittedSelectColumns, OnColumns, SelectColumns};
pub use one_hot::{DropCategory, FittedOneHotEncoder, OneHotEncoder, UnknownCategory};
pub use pca::{FittedPca, Pca};
pub use polynomial::{FittedPolynomialFeatures, PolynomialFeatures};
pub use robust_scaler::{FittedRobustScaler, RobustScaler};
pub use standard_scaler::{FittedStandardScaler, StandardScaler};
pub use variance_threshold::VarianceThreshold;

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// Learns a transformation from training rows.
///
/// A transformer is a plain value that holds settings; [`fit`](Transformer::fit) returns the [`Transform`]. Several in a
/// row are a tuple, `(Imputer::median(), StandardScaler::new())`, which is a transformer itself; tuples nest. Before an
/// estimator they make a [`Pipeline`](crate::Pipeline).
///
/// # Shapes
/// `x` is n x d, one sample per row.
///
/// # What an implementor owes
/// `fit_weighted` leaves its arguments untouched and depends on nothing else. A weight of 2 counts a row twice, 0
/// removes it. Data that cannot be used is an [`Error`].
///
/// # Examples
/// ```
/// use logit::{StandardScaler, Transform, Transformer};
/// use nalgebra::dmatrix;
///
/// let scaler = StandardScaler::new().fit(&dmatrix![1.0, 200.0; 3.0, 600.0])?;
/// assert_eq!(scaler.transform(&dmatrix![2.0, 800.0])?, dmatrix![0.0, 2.0]);
/// # Ok::<(), logit::Error>(())
/// ```
pub trait Transformer<T: Real> {
    /// The transformation that a fit returns.
    type Fitted: Transform<T>;

    /// Learns from the rows of `x`, with one weight per row if there are weights.
    ///
    /// # Errors
    /// A typed [`Error`] for empty data, entries that are not finite (where the transformer has no use for them), bad
    /// weights and settings out of range.
    fn fit_weighted(&self, x: &DMatrix<T>, weights: Option<&[T]>) -> Result<Self::Fitted, Error>;

    /// Learns from the rows of `x`.
    ///
    /// # Errors
    /// As [`fit_weighted`](Transformer::fit_weighted).
    fn fit(&self, x: &DMatrix<T>) -> Result<Self::Fitted, Error> {
        self.fit_weighted(x, None)
    }
}

/// A transformation of rows that has been learned.
///
/// # Shapes
/// `x` is n x [`inputs`](Transform::inputs); the result is n x [`outputs`](Transform::outputs).
///
/// # Errors
/// Every method that takes a matrix returns [`Error::ShapeMismatch`] for the wrong number of columns,
/// [`Error::NotFinite`] for NaN and infinities (unless it is made for them, as an imputer is), and [`Error::Overflow`]
/// when finite input leads out of the range of the number type. No rows are no error.
///
/// # What an implementor owes
/// Each row is transformed by itself, with what was learned in training: never with statistics of the rows at hand, which
/// would make the same row something else in other company. [`Pipeline`](crate::Pipeline) checks that.
///
/// The trait is object-safe: `Box<dyn Transform<f64>>` works, and is a transformation too.
///
/// # Examples
/// Logarithms, for columns whose values are of very different sizes:
/// ```
/// use logit::{Error, Transform, Transformer};
/// use nalgebra::{DMatrix, dmatrix};
///
/// #[derive(Clone)]
/// struct Logarithms(usize);
///
/// impl Transformer<f64> for Logarithms {
///     type Fitted = Logarithms;
///     fn fit_weighted(&self, x: &DMatrix<f64>, _weights: Option<&[f64]>) -> Result<Logarithms, Error> {
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
///     fn transform_owned(&self, x: DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
///         Ok(x.map(|v| v.abs().ln_1p().copysign(v)))
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

    /// The transformed rows, in the memory of `x` where that has room.
    ///
    /// # Errors
    /// See the trait.
    fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error>;

    /// The transformed rows.
    ///
    /// # Errors
    /// See the trait.
    fn transform(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check::count("x", "columns", self.inputs(), x.ncols())?;
        self.transform_owned(x.clone())
    }

    /// Rows that [`transform`](Transform::transform) makes `z` of, as far as that is determined.
    ///
    /// # Errors
    /// See the trait; [`Error::Unsupported`] where there is no way back.
    fn inverse_transform(&self, z: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let _ = z;
        let instead = "keep the rows that were transformed";
        Err(Error::Unsupported { what: "inverse_transform", by: "this transformation", instead })
    }

    /// The names of the columns that come out, of the names of those that go in.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for another number of names than of columns.
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error>;
}

/// Rows to transform, of the right number of columns and finite.
pub(crate) fn checked<T: Real>(x: &DMatrix<T>, columns: usize) -> Result<(), Error> {
    check::count("x", "columns", columns, x.ncols())?;
    check::finite("x", x)
}

/// One name for each column that goes in.
pub(crate) fn checked_names(names: &[String], inputs: usize) -> Result<&[String], Error> {
    check::count("names", "entries", inputs, names.len()).map(|()| names)
}
