//! Data sets: matrices with labels, from files, from memory, bundled with the crate, or drawn at random.
//!
//! - Data sets: a [`Dataset`] is a matrix with its labels, column names and optional weights. Estimators take
//!   `x` and `y` directly; a data set only keeps the parts together.
//! - Memory: [`matrix_from_rows`], [`matrix_from_row_major`], and conversions from and to the crates
//!   `ndarray` and `faer`, behind the features of these names.
//! - Files: [`IdxReader`] reads the format of MNIST, and `CsvReader`, behind the feature `csv`, reads tables
//!   of text. The [`Schema`] of a table reads further tables in the same way, and single rows of named
//!   values.
//! - Bundled data: [`iris()`], [`wine()`], [`breast_cancer()`], [`digits()`].
//! - Data drawn from a seed: [`Blobs`], [`Moons`], [`Circles`], [`Xor`], [`Spirals`], [`GaussianMixture`],
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
