//! The choice of the instruction set, at run time.

use pulp::WithSimd;

/// Runs an operation with the best instruction set up to AVX2, with eight `f32` or four `f64` a register on
/// x86-64.
///
/// Sums over the lanes of registers depend on their number, so wider registers would give other bits.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn dispatch<O: WithSimd>(operation: O) -> O::Output {
    use pulp::x86::V3;
    use pulp::{Scalar, Simd};

    match V3::try_new() {
        Some(v3) => Simd::vectorize(v3, operation),
        None => operation.with_simd(Scalar),
    }
}

/// Runs an operation with the best instruction set of this processor, AVX-512 included.
///
/// The operation must give the same bits for every number of lanes: each entry of the result has a sum of its
/// own, in an order that the lanes do not change, with fused operations up to the last entry.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn dispatch_widest<O: WithSimd>(operation: O) -> O::Output {
    use pulp::Simd;
    use pulp::x86::V4;

    match V4::try_new() {
        Some(v4) => Simd::vectorize(v4, operation),
        None => dispatch(operation),
    }
}

/// Runs an operation with the best instruction set of this processor.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) fn dispatch<O: WithSimd>(operation: O) -> O::Output {
    pulp::Arch::new().dispatch(operation)
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) use dispatch as dispatch_widest;
