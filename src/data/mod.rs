//! Data: matrices with their labels, from files, from memory, bundled, and drawn at random.
//!
//! - [`Dataset`]: a matrix with its labels, the names of its columns and, if there are any, weights. Estimators take `x`
//!   and `y` as they are; a data set only keeps together what belongs together.
//! - Memory: [`matrix_from_rows`], [`matrix_from_row_major`], and views of the crates `ndarray` and `faer` behind features
//!   of these names.
//! - Files: [`IdxReader`] for the format of MNIST; `CsvReader` behind the feature `csv`. A [`Schema`] reads other tables
//!   like the first, and single rows of named values.
//! - Bundled: [`iris()`], [`wine()`], [`breast_cancer()`], [`digits()`].
//! - Drawn from a seed: [`Blobs`], [`Moons`], [`Circles`], [`Xor`], [`Spirals`], [`GaussianMixture`],
//!   [`GaussianQuantiles`], [`Classification`] and [`MultiLabel`].

mod bundled;
mod columns;
#[cfg(feature = "csv")]
mod csv;
mod dataset;
#[cfg(feature = "faer")]
mod faer;
mod generate;
mod idx;
mod matrix;
#[cfg(feature = "ndarray")]
mod ndarray;
mod schema;

pub use crate::column::Column;
pub use bundled::{breast_cancer, digits, iris, wine};
#[cfg(feature = "csv")]
pub use csv::{CsvReader, CsvTable};
pub use dataset::Dataset;
#[cfg(feature = "faer")]
pub use faer::{faer_view, matrix_from_faer};
pub use generate::{
    Blobs, Circles, Classification, Component, GaussianMixture, GaussianQuantiles, Moons, MultiLabel,
    Spirals, Xor,
};
pub use idx::{IdxArray, IdxElement, IdxReader};
pub use matrix::{matrix_from_row_major, matrix_from_rows};
#[cfg(feature = "ndarray")]
pub use ndarray::{matrix_from_ndarray, matrix_from_owned_ndarray, ndarray_view, view_of_ndarray};
pub use schema::{FieldValue, Schema};
