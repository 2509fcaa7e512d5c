//! Matrix products, vector loops and elementary functions: the only module that deals with strides and
//! thresholds.
//!
//! The kernels are written here, in safe Rust, for two reasons. A training step must not allocate, but the
//! products of nalgebra allocate a packing buffer on every call. The kernels must also reach the vector units
//! without `-C target-cpu=native`: `pulp` picks the instruction set at run time. Every sum has a
//! fixed order, on several threads too, so results depend only on the inputs and the instruction set.

mod binade;
mod by_rows;
mod cholesky;
mod columns;
mod element;
mod elementary;
mod lanes;
mod normal;
mod packed;
mod pair;
mod product;
mod real;
mod share;
mod shared;
mod small;
mod square;
mod streams;
#[cfg(test)]
mod tests;
mod transpose;
mod vector;
mod view;

pub(crate) use binade::{LARGEST_POWER, power_of_two};
pub(crate) use cholesky::Factor;
pub(crate) use element::{Element, Kind, Stored, Values};
pub(crate) use elementary::{Exponential, log_one_plus};
pub(crate) use lanes::{Lanes, vectorize, vectorize_once};
pub(crate) use normal::NormalTail;
pub(crate) use pair::Pair;
pub(crate) use product::{Strided, Workspace, product, product_lower};
pub use real::Real;
pub(crate) use share::share;
pub(crate) use streams::product_with_column;
pub(crate) use transpose::transpose_into;
pub(crate) use vector::{all_finite, axpy, constant_range, dot, is_constant, max_abs, range, sum};
pub(crate) use view::{column, column_mut, columns, columns_mut, is_finite, row, row_mut};
