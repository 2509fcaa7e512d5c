//! The logistic function to the last digits on both sides, and the link made of it.

use nalgebra::DMatrix;

use crate::scalar::Real;
use crate::scalar::{Exponential, log_one_plus, vectorize};

/// σ(z) and σ(-z), from one exponential of a negative number; neither is 1 minus the other.
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

    /// ln(1 + exp(-|z|)): softplus(z) without its linear part max(z, 0).
    #[inline(always)]
    pub(super) fn log(self) -> T {
        log_one_plus(self.e)
    }

    /// σ(z) σ(-z), the derivative.
    #[inline(always)]
    pub(super) fn slope(self) -> T {
        self.rises * self.falls
    }

    /// σ(z) - t, without cancellation for targets of 0 and 1.
    #[inline(always)]
    pub(super) fn less(self, t: T) -> T {
        (T::one() - t) * self.rises - t * self.falls
    }
}

/// The link: (σ(-z), σ(z)) of a single column for two classes, σ(z) of each otherwise.
pub(super) fn link<T: Real>(scores: &DMatrix<T>, out: &mut DMatrix<T>) {
    assert_eq!(scores.nrows(), out.nrows(), "rows of probabilities");
    let rows = scores.nrows();
    if scores.ncols() == 1 && out.ncols() == 2 {
        let (no, yes) = out.as_mut_slice().split_at_mut(rows);
        vectorize(
            #[inline(always)]
            || {
                for ((no, yes), &z) in no.iter_mut().zip(yes.iter_mut()).zip(scores.as_slice()) {
                    let sigmoid = Sigmoid::new(z);
                    (*no, *yes) = (sigmoid.falls, sigmoid.rises);
                }
            },
        );
    } else {
        assert_eq!(scores.ncols(), out.ncols(), "columns of probabilities");
        vectorize(
            #[inline(always)]
            || {
                for (p, &z) in out.as_mut_slice().iter_mut().zip(scores.as_slice()) {
                    *p = Sigmoid::new(z).rises;
                }
            },
        );
    }
}
