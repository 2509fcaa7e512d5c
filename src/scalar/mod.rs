//! Matrix products, vector loops and elementary functions: the only place that knows strides and thresholds.
//!
//! Written here, in safe Rust, because a training step must not allocate (the products of nalgebra allocate a
//! packing buffer on every call) and must reach the vector units without `-C target-cpu=native`: `pulp` picks
//! the instruction set at run time. Everything is sequential and in a fixed order, so results depend on the
//! inputs and the processor type only.

mod element;
mod elementary;
mod lanes;
mod normal;
mod pair;
mod product;
mod real;
mod small;
mod transpose;
mod vector;
mod view;

pub(crate) use element::{Element, Kind, Stored, Values};
pub(crate) use elementary::{Exponential, log_one_plus};
pub(crate) use lanes::{Lanes, vectorize, vectorize_once};
pub(crate) use normal::NormalTail;
pub(crate) use pair::Pair;
pub(crate) use product::{Strided, Workspace, product, product_lower};
pub use real::Real;
pub(crate) use transpose::transpose_into;
pub(crate) use vector::{all_finite, axpy, dot, max_abs, moments, sum};
pub(crate) use view::{column, column_mut, columns, is_finite};
