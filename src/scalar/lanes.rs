//! Vector operations of the processor, for either scalar type.

use pulp::{Arch, NullaryFnOnce, Simd, WithSimd};

use super::square::{self, SIDE};

/// The vector operations that the kernels use.
///
/// It is public in a private module, so that it seals [`Real`](crate::Real) without appearing in it.
pub trait Lanes: Copy + Sized {
    /// A register of numbers under the instruction set `S`.
    type Vector<S: Simd>: Copy;

    /// Splits the slice into whole registers and the remaining numbers.
    fn registers<S: Simd>(slice: &[Self]) -> (&[Self::Vector<S>], &[Self]);
    /// Splits the slice into whole registers and the remaining numbers.
    fn registers_mut<S: Simd>(slice: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);
    /// Returns a register that begins with the numbers of a slice shorter than a register; the others are 0.
    fn load_part<S: Simd>(simd: S, slice: &[Self]) -> Self::Vector<S>;
    /// Stores the first numbers of a register to a slice shorter than a register.
    fn store_part<S: Simd>(simd: S, slice: &mut [Self], value: Self::Vector<S>);
    /// Returns a register with the same number in every lane.
    fn broadcast<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// Returns `a + b`.
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// Returns `a * b + c`, rounded once if the processor can.
    fn fused<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>)
    -> Self::Vector<S>;
    /// Returns the sum of all lanes.
    fn reduce_sum<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;

    /// Returns the transpose of a square.
    fn transposed(square: [&[Self; SIDE]; SIDE]) -> [[Self; SIDE]; SIDE];
    /// Returns 2 to the power of an integer-valued `k` within the exponents of normal numbers.
    fn power_of_two(k: Self) -> Self;
    /// Returns the integer nearest to `self`, for moderate values; NaN stays NaN.
    fn nearest_integer(self) -> Self;
}

macro_rules! lanes {
    ($type:ident, $vector:ident, $split:ident, $split_mut:ident, $load:ident, $store:ident, $splat:ident,
     $add:ident, $mul_add:ident, $reduce:ident, $transposed:ident, $magic:expr, $bias:expr, $mantissa:expr) => {
        impl Lanes for $type {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn registers<S: Simd>(slice: &[Self]) -> (&[S::$vector], &[Self]) {
                S::$split(slice)
            }
            #[inline(always)]
            fn registers_mut<S: Simd>(slice: &mut [Self]) -> (&mut [S::$vector], &mut [Self]) {
                S::$split_mut(slice)
            }
            #[inline(always)]
            fn load_part<S: Simd>(simd: S, slice: &[Self]) -> S::$vector {
                simd.$load(slice)
            }
            #[inline(always)]
            fn store_part<S: Simd>(simd: S, slice: &mut [Self], value: S::$vector) {
                simd.$store(slice, value)
            }
            #[inline(always)]
            fn broadcast<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn fused<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn reduce_sum<S: Simd>(simd: S, a: S::$vector) -> Self {
                simd.$reduce(a)
            }
            #[inline(always)]
            fn transposed(rows: [&[Self; SIDE]; SIDE]) -> [[Self; SIDE]; SIDE] {
                square::$transposed(rows)
            }
            // Adding 1.5 * 2^mantissa leaves the integer in the low bits, without a conversion instruction.
            #[inline(always)]
            fn power_of_two(k: Self) -> Self {
                $type::from_bits((k + ($magic + $bias)).to_bits() << $mantissa)
            }
            #[inline(always)]
            fn nearest_integer(self) -> Self {
                (self + $magic) - $magic
            }
        }
    };
}

lanes!(
    f32,
    f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    partial_load_f32s,
    partial_store_f32s,
    splat_f32s,
    add_f32s,
    mul_add_e_f32s,
    reduce_sum_f32s,
    of_singles,
    12_582_912.0,
    127.0,
    23
);
lanes!(
    f64,
    f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    partial_load_f64s,
    partial_store_f64s,
    splat_f64s,
    add_f64s,
    mul_add_e_f64s,
    reduce_sum_f64s,
    of_doubles,
    6_755_399_441_055_744.0,
    1023.0,
    52
);

/// Runs a loop compiled for the best instruction set of this processor.
///
/// Functions that the closure calls must be `#[inline(always)]` to benefit. The closure must not use
/// `mul_add`, which is a slow library call where the instruction is missing. Without it, results have the
/// same bits on every processor.
///
/// Inside the closure, make slices whose lengths the loop needs, and copy captured numbers and closures to
/// locals (`let slope = slope;`). They are captured by reference, and the compiler must assume that a store in
/// the loop changes what is behind a reference. A number that only one arm of a choice reads then keeps the
/// choice a branch.
#[inline(always)]
pub(crate) fn vectorize<R>(body: impl FnMut() -> R) -> R {
    Arch::new().dispatch(Loop(body))
}

/// Runs a closure that consumes its captures, compiled for the best instruction set of this processor.
///
/// Such a closure implements only `FnOnce`, so the separate function described at [`Loop`] does not exist.
/// The rules of [`vectorize`] apply.
#[inline(always)]
pub(crate) fn vectorize_once<R>(body: impl NullaryFnOnce<Output = R>) -> R {
    Arch::new().dispatch(body)
}

/// A loop that runs with vector instructions enabled.
///
/// The bound is `FnMut`, not `FnOnce`. For a closure that could be called again, the compiler implements
/// `FnOnce` with a separate function, which is not always inlined here; loops then took three to forty times
/// as long.
struct Loop<F>(F);

impl<R, F: FnMut() -> R> WithSimd for Loop<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _simd: S) -> R {
        (self.0)()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_exact() {
        for k in -1022..=1023 {
            assert_eq!(f64::power_of_two(f64::from(k)), 2f64.powi(k), "{k}");
        }
        for k in -126i16..=127 {
            assert_eq!(f32::power_of_two(f32::from(k)), 2f32.powi(i32::from(k)), "{k}");
        }
    }

    #[test]
    fn nearest_integers_round_and_keep_nan() {
        assert_eq!([1.4, -1.6, 700.2].map(Lanes::nearest_integer), [1.0, -2.0, 700.0]);
        assert!(f64::NAN.nearest_integer().is_nan());
    }
}
