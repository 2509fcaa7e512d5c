//! Losses that are sums over scores, each compared with a separate target.

use nalgebra::DMatrix;

use super::{CHUNK, Gradient, LANES, Targets, chunk_weights, weighted_sum};
use crate::scalar::Real;
use crate::scalar::vectorize;

/// The loss of one score.
pub(super) trait Elementwise<T>: Copy {
    /// Returns the loss of score `z` for target `t`, and its derivative in z. It is inlined into vectorised
    /// loops, so it must not branch.
    fn value_and_slope(self, z: T, t: T) -> (T, T);
}

/// Implements [`Loss::accumulate`](super::Loss::accumulate) for a sum over score columns, each with a
/// separate loss.
pub(super) fn accumulate<T: Real, E: Elementwise<T>>(
    scores: &DMatrix<T>,
    targets: Targets<'_, T>,
    weights: Option<&[T]>,
    mut gradient: Option<Gradient<'_, T>>,
    of_column: impl Fn(usize) -> E,
) -> f64 {
    let (rows, columns) = scores.shape();
    // One dispatch for all rows: with the slices made inside, their lengths are known to the loops.
    vectorize(
        #[inline(always)]
        || {
            let mut sum = 0.0;
            for column in 0..columns {
                let loss = of_column(column);
                let span = column * rows..(column + 1) * rows;
                let z = &scores.as_slice()[span.clone()];
                let mut out =
                    gradient.as_mut().map(|Gradient { scale, out }| (*scale, &mut out.as_mut_slice()[span]));
                for (index, z) in z.chunks(CHUNK).enumerate() {
                    let rows = index * CHUNK..index * CHUNK + z.len();
                    let chunk = Chunk::new(z, targets, weights, rows.start, (column, columns));
                    let out = out.as_mut().map(|(scale, out)| (*scale, &mut out[rows]));
                    sum += chunk.accumulate(loss, out);
                }
            }
            sum
        },
    )
}

/// The scores, targets and weights of a chunk of rows.
struct Chunk<T> {
    z: [T; CHUNK],
    target: [T; CHUNK],
    weight: [T; CHUNK],
    count: usize,
}

impl<T: Real> Chunk<T> {
    #[inline(always)]
    fn new(
        scores: &[T],
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        first: usize,
        (column, columns): (usize, usize),
    ) -> Self {
        let count = scores.len();
        let (mut z, mut target) = ([T::zero(); CHUNK], [T::zero(); CHUNK]);
        z[..count].copy_from_slice(scores);
        targets.copy_column(first, (column, columns), &mut target[..count]);
        Chunk { z, target, weight: chunk_weights(weights, first, count), count }
    }

    /// Returns the sum of weight times loss, and writes the slopes times weight and scale.
    ///
    /// The arrays are filled up to whole registers: rows left over by a vector loop would take as long one
    /// by one as all others together.
    #[inline(always)]
    fn accumulate<E: Elementwise<T>>(&self, loss: E, out: Option<(T, &mut [T])>) -> f64 {
        let padded = self.count.next_multiple_of(LANES).min(CHUNK);
        let mut losses = [T::zero(); CHUNK];
        let pairs = self.z[..padded].iter().zip(&self.target[..padded]);
        if let Some((scale, out)) = out {
            let mut slopes = [T::zero(); CHUNK];
            let results = losses[..padded].iter_mut().zip(&mut slopes[..padded]);
            for ((&z, &t), (value, slope)) in pairs.zip(results) {
                (*value, *slope) = loss.value_and_slope(z, t);
            }
            for (slope, &weight) in slopes[..padded].iter_mut().zip(&self.weight[..padded]) {
                // A weight of zero removes its row, even if the slope is not finite.
                *slope = if weight != T::zero() { scale * weight * *slope } else { T::zero() };
            }
            out.copy_from_slice(&slopes[..out.len()]);
        } else {
            for ((&z, &t), value) in pairs.zip(&mut losses[..padded]) {
                *value = loss.value_and_slope(z, t).0;
            }
        }
        weighted_sum(&self.weight, &losses, self.count)
    }
}

/// Implements [`Loss::curvature`](super::Loss::curvature) for a sum over score columns: fills a diagonal
/// matrix with `second` of each column, its score and its target.
pub(super) fn curvature<T: Real>(
    scores: &DMatrix<T>,
    targets: Targets<'_, T>,
    row: usize,
    out: &mut DMatrix<T>,
    second: impl Fn(usize, T, T) -> T,
) -> bool {
    let columns = scores.ncols();
    assert_eq!(out.shape(), (columns, columns), "shape of the curvature");
    out.fill(T::zero());
    for column in 0..columns {
        out[(column, column)] = second(column, scores[(row, column)], targets.value(row, column, columns));
    }
    true
}

/// Implements the methods of [`Loss`](super::Loss) that elementwise losses share: one score column for two
/// classes, the link, the check of the targets, and `accumulate`.
///
/// With `targets: probabilities`, targets are probabilities and scores are their log-odds. With
/// `targets: any`, targets are arbitrary numbers that the scores estimate.
///
/// The loss of a row is the sum over score columns of `|loss, column| ...`, or their mean. For a mean, the
/// closure receives the share of a column, for the slope; the value is multiplied by it afterwards.
macro_rules! elementwise_loss {
    (@common) => {
        fn score_columns(&self, classes: usize) -> usize {
            if classes == 2 { 1 } else { classes }
        }
    };
    (@check any) => {
        fn link(&self, _columns: usize) -> $crate::loss::Link {
            $crate::loss::Link::Probability
        }
    };
    (@check probabilities) => {
        fn link(&self, columns: usize) -> $crate::loss::Link {
            if columns == 1 { $crate::loss::Link::LogOdds } else { $crate::loss::Link::Ordered }
        }

        fn check(&self, targets: $crate::loss::Targets<'_, T>) -> Result<(), $crate::error::Error> {
            $crate::examples::check_probabilities(targets)
        }
    };
    (targets: $targets:ident, sum of |$loss:ident, $column:pat_param| $of_column:expr) => {
        elementwise_loss! { @common }
        elementwise_loss! { @check $targets }

        fn accumulate(
            &self,
            scores: &nalgebra::DMatrix<T>,
            targets: $crate::loss::Targets<'_, T>,
            weights: Option<&[T]>,
            gradient: Option<$crate::loss::Gradient<'_, T>>,
        ) -> f64 {
            let $loss = self;
            $crate::loss::elementwise::accumulate(scores, targets, weights, gradient, |$column| $of_column)
        }
    };
    (targets: $targets:ident, mean of |$share:ident| $of_column:expr) => {
        elementwise_loss! { @common }
        elementwise_loss! { @check $targets }

        fn accumulate(
            &self,
            scores: &nalgebra::DMatrix<T>,
            targets: $crate::loss::Targets<'_, T>,
            weights: Option<&[T]>,
            gradient: Option<$crate::loss::Gradient<'_, T>>,
        ) -> f64 {
            let $share = $crate::loss::elementwise::share(scores.ncols());
            let of_column = |_| $of_column;
            $crate::loss::elementwise::accumulate(scores, targets, weights, gradient, of_column) * $share
        }
    };
}
pub(super) use elementwise_loss;

/// Returns the share of one of `columns` score columns in their mean.
pub(super) fn share(columns: usize) -> f64 {
    1.0 / columns.max(1) as f64
}

/// Returns `factor * value`, and 0 for a factor of 0: a case that a target excludes must not become 0 * ∞.
#[inline(always)]
pub(super) fn part<T: Real>(factor: T, value: T) -> T {
    if factor == T::zero() { T::zero() } else { factor * value }
}
