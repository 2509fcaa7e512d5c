//! Matrices whose products are exact, and products that several kernels share.

use nalgebra::DMatrix;
use pulp::{Arch, WithSimd};

use super::{Real, Strided, Workspace, product};

/// Returns integers from -8 to 8 without a simple pattern, which `salt` moves. Every order of summation gives the
/// same bits of their products.
pub(super) fn matrix<T: Real>(rows: usize, columns: usize, salt: usize) -> DMatrix<T> {
    DMatrix::from_fn(rows, columns, |i, j| T::of(((i * 7 + j * 13 + salt) % 17) as f64 - 8.0))
}

/// Runs an operation with AVX2 where the processor has it, to compare with wider registers.
pub(super) fn with_avx2<O: WithSimd>(operation: O) -> O::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        return pulp::Simd::vectorize(v3, operation);
    }
    Arch::new().dispatch(operation)
}

fn check<T: Real>(columns: usize) {
    let (rows, inner) = (9, 70);
    let (a, b) = (matrix::<T>(inner, rows, 1), matrix::<T>(inner, columns, 2));
    let mut found = DMatrix::from_element(rows, columns, T::of(f64::NAN));
    let left = Strided::from(&a).transposed();
    product(left, Strided::from(&b), (found.as_mut_slice(), rows), false, &mut Workspace::default());
    let entry = |i: usize, j: usize| (0..inner).fold(T::zero(), |sum, k| sum + a[(k, i)] * b[(k, j)]);
    assert_eq!(found, DMatrix::from_fn(rows, columns, entry), "{columns} columns");
}

/// Rows that are read in place meet panels of two registers, of which the last may be filled in part.
#[test]
fn the_last_panel_may_have_any_number_of_columns() {
    for columns in 17..=66 {
        check::<f64>(columns);
        check::<f32>(columns);
    }
}
