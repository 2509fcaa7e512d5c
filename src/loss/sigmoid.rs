//! The logistic function, accurate in both tails, and the link based on it.

use nalgebra::{DMatrixView, DMatrixViewMut};

use crate::scalar::Real;
use crate::scalar::{Exponential, log_one_plus, vectorize};

/// σ(z) and σ(-z), from one exponential of a negative number; neither is computed as 1 minus the other.
#[derive(Clone, Copy)]
pub(super) struct Sigmoid<T> {
    /// σ(z)
    pub(super) rises: T,
    /// σ(-z)
    pub(super) falls: T,
    /// exp(-|z|)
    e: T,
}

impl<T: Real> Sigmoid<T> {
    #[inline(always)]
    pub(super) fn new(z: T) -> Self {
        let e = Exponential::new(-z.abs()).value();
        let larger = T::one() / (T::one() + e);
        let smaller = e * larger;
        let (rises, falls) = if z >= T::zero() { (larger, smaller) } else { (smaller, larger) };
        Sigmoid { rises, falls, e }
    }

    /// Returns ln(1 + exp(-|z|)): softplus(z) without its linear part max(z, 0).
    #[inline(always)]
    pub(super) fn log(self) -> T {
        log_one_plus(self.e)
    }

    /// Returns the derivative, σ(z) σ(-z).
    #[inline(always)]
    pub(super) fn slope(self) -> T {
        self.rises * self.falls
    }

    /// Returns σ(z) - t, without cancellation for targets of 0 and 1.
    #[inline(always)]
    pub(super) fn less(self, t: T) -> T {
        (T::one() - t) * self.rises - t * self.falls
    }
}

/// Writes the probabilities: (σ(-z), σ(z)) for a single column and two classes, otherwise σ(z) of each
/// column.
pub(super) fn link<'a, T: Real>(
    scores: impl Into<DMatrixView<'a, T>>,
    out: impl Into<DMatrixViewMut<'a, T>>,
) {
    let (scores, mut out) = (scores.into(), out.into());
    assert_eq!(scores.nrows(), out.nrows(), "rows of probabilities");
    if scores.ncols() == 1 && out.ncols() == 2 {
        if scores.nrows() == 1 {
            let sigmoid = Sigmoid::new(scores[(0, 0)]);
            (out[(0, 0)], out[(0, 1)]) = (sigmoid.falls, sigmoid.rises);
            return;
        }
        let (mut no, mut yes) = out.columns_range_pair_mut(0, 1);
        let (z, no, yes) = (scores.column(0), no.as_mut_slice(), yes.as_mut_slice());
        let z = z.as_slice();
        vectorize(
            #[inline(always)]
            || {
                for ((no, yes), &z) in no.iter_mut().zip(yes.iter_mut()).zip(z) {
                    let sigmoid = Sigmoid::new(z);
                    (*no, *yes) = (sigmoid.falls, sigmoid.rises);
                }
            },
        );
        return;
    }
    assert_eq!(scores.ncols(), out.ncols(), "columns of probabilities");
    for (z, mut p) in scores.column_iter().zip(out.column_iter_mut()) {
        let (z, p) = (z.as_slice(), p.as_mut_slice());
        vectorize(
            #[inline(always)]
            || {
                for (p, &z) in p.iter_mut().zip(z) {
                    *p = Sigmoid::new(z).rises;
                }
            },
        );
    }
}
