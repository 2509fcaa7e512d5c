//! Transformers, which learn a transformation of the columns of a matrix from training rows.
//!
//! | Task | Transformer |
//! |---|---|
//! | Scale columns | [`StandardScaler`], [`MinMaxScaler`], [`MaxAbsScaler`], [`RobustScaler`] |
//! | Scale rows to length 1 | [`Normalizer`] |
//! | Fill in missing values | [`Imputer`] |
//! | Encode categories | [`OneHotEncoder`], [`TargetEncoder`] |
//! | Select columns | [`SelectColumns`], [`SelectBest`], [`VarianceThreshold`] |
//! | Derive columns | [`PolynomialFeatures`], [`Pca`] |
//! | Treat blocks of columns differently | [`ColumnTransformer`] |
//!
//! A tuple of transformers applies them one after another. Combine them with an estimator in a
//! [`Pipeline`](crate::Pipeline).

mod affine;
mod categories;
mod chain;
mod column_transformer;
mod constant_columns;
mod feature_scores;
mod identity;
mod imputer;
mod label_encoder;
mod max_abs_scaler;
mod min_max_scaler;
mod moments;
mod normalizer;
mod of_columns;
mod one_hot;
mod pca;
mod polynomial;
mod principal_axes;
mod robust_scaler;
mod select_best;
mod select_columns;
mod standard_scaler;
mod stored;
mod target_encoder;
#[cfg(test)]
mod tests;
mod variance_threshold;

pub use crate::column::Column;
pub use crate::transformer::{Transform, TransformExt, Transformer, TransformerOptions};
pub(crate) use categories::UNKNOWN_CODE;
pub use chain::Chain;
pub use column_transformer::{
    Beside, BlockFit, ColumnTransformer, FitBlocks, FittedBlocks, FittedColumnTransformer, Remainder,
};
pub use feature_scores::FeatureScore;
pub use identity::Identity;
pub use imputer::{FittedImputer, Imputer};
pub use label_encoder::LabelEncoder;
pub use max_abs_scaler::{FittedMaxAbsScaler, MaxAbsScaler};
pub use min_max_scaler::{FittedMinMaxScaler, MinMaxScaler};
pub use moments::Moments;
pub use normalizer::{FittedNormalizer, NormKind, Normalizer};
pub use one_hot::{DropCategory, FittedOneHotEncoder, OneHotEncoder, UnknownCategory};
pub use pca::{FittedPca, Pca};
pub use polynomial::{FittedPolynomialFeatures, PolynomialFeatures};
pub use robust_scaler::{FittedRobustScaler, RobustScaler};
pub use select_best::{FittedSelectBest, SelectBest};
pub use select_columns::{FittedSelectColumns, SelectColumns};
pub use standard_scaler::{FittedStandardScaler, StandardScaler};
pub use target_encoder::{FittedTargetEncoder, Smoothing, TargetEncoder};
pub use variance_threshold::VarianceThreshold;

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// Checks the rows to transform: they have `columns` columns, and all entries are finite.
pub(crate) fn checked<'a, T: Real>(x: impl Into<Rows<'a, T>>, columns: usize) -> Result<(), Error> {
    let x = x.into();
    check::count("x", "columns", columns, x.ncols())?;
    check::finite("x", x)
}

/// Checks that there is one name for each input column, and returns the names.
pub(crate) fn checked_names(names: &[String], inputs: usize) -> Result<&[String], Error> {
    check::count("names", "entries", inputs, names.len()).map(|()| names)
}

/// Checks that the training rows have at least one row and one column.
pub(crate) fn check_not_empty<T: Real>(x: DMatrixView<'_, T>) -> Result<(), Error> {
    for (axis, count) in [("rows", x.nrows()), ("columns", x.ncols())] {
        if count == 0 {
            return Err(Error::Empty { argument: "x", axis });
        }
    }
    Ok(())
}

/// Translates an error about the result of `transform` for the rows of `x` into one about `x`.
pub(crate) fn before<T: Real, P: Transform<T> + ?Sized>(
    error: Error,
    transform: &P,
    x: Option<Rows<'_, T>>,
) -> Error {
    let names = x.and_then(|x| x.names());
    let made = |column: usize| transform.output_names(names?).ok()?.get(column).cloned();
    let entry = |row: usize, column: usize| Some(x?.view().get((row, column))?.as_f64());
    error.through(|column| transform.source_column(column), made, entry).with_column_name(names)
}

/// Calls `then` with the transformed rows, which are held in memory of `scratch`. `own` completes an error of
/// the transformation; an error of `then` is translated into one about `x`.
pub(crate) fn with_transformed<T: Real, A>(
    transform: &impl Transform<T>,
    x: Rows<'_, T>,
    scratch: &mut Scratch<T>,
    own: impl FnOnce(Error) -> Error,
    then: impl FnOnce(Rows<'_, T>, &mut Scratch<T>) -> Result<A, Error>,
) -> Result<A, Error> {
    let (rows, columns) = (x.nrows(), transform.outputs());
    check::room::<T>("the transformed rows", rows, columns)?;
    let mut z = scratch.take(rows * columns);
    let done = transform.transform_into(x, DMatrixViewMut::from_slice(&mut z, rows, columns), scratch);
    let result = done.map_err(own).and_then(|()| {
        let done = then(Rows::of_slice(&z, rows, columns), scratch);
        done.map_err(|error| before(error, transform, Some(x)))
    });
    scratch.give_back(z);
    result
}

/// Attaches column names and category names to the rows of `x`, where they are known.
pub(crate) fn labelled<'a, T: Real>(
    x: &'a DMatrix<T>,
    names: Option<&'a [String]>,
    categories: Option<&'a [Vec<String>]>,
) -> Result<Rows<'a, T>, Error> {
    let mut rows = Rows::from(x);
    if let Some(names) = names {
        rows = rows.with_names(names)?;
    }
    if let Some(categories) = categories {
        rows = rows.with_categories(categories)?;
    }
    Ok(rows)
}

/// Calls `then` with `z`, the result of `transform` for the rows of `x`, and with its names.
///
/// If the column names of `x` are known, `z` has the names of the output columns. If the category names of
/// `x` are known, `z` has those of the columns whose codes are unchanged. An error of `then` is translated
/// into one about `x`.
pub(crate) fn with_names_after<T: Real, A>(
    transform: &impl Transform<T>,
    x: Rows<'_, T>,
    z: &DMatrix<T>,
    then: impl FnOnce(Rows<'_, T>) -> Result<A, Error>,
) -> Result<A, Error> {
    let names = x.names().map(|names| transform.output_names(names)).transpose()?;
    let categories = x.categories().map(|categories| {
        let kept = |output| kept_categories(transform, x, z, output, categories).unwrap_or_default();
        (0..z.ncols()).map(kept).collect::<Vec<_>>()
    });
    let z = labelled(z, names.as_deref(), categories.as_deref())?;
    then(z).map_err(|error| before(error, transform, Some(x)))
}

/// Returns the category names of a column of `z` if its codes are those of a column of `x`, except where they
/// are missing.
fn kept_categories<T: Real>(
    transform: &impl Transform<T>,
    x: Rows<'_, T>,
    z: &DMatrix<T>,
    output: usize,
    categories: &[Vec<String>],
) -> Option<Vec<String>> {
    let source = transform.source_column(output)?;
    let names = categories.get(source).filter(|names| !names.is_empty())?;
    let (before, after) = (x.column(source), z.column(output));
    let same = before.iter().zip(after.iter()).all(|(x, z)| x == z || x.as_f64().is_nan());
    same.then(|| names.clone())
}
