//! Losses on raw scores: value, gradient, and the link to probabilities.

mod binary_cross_entropy;
mod classification;
mod custom;
mod elementwise;
mod focal;
mod hinge;
mod link;
mod mean_squared_error;
mod pointers;
mod sigmoid;
mod sigmoid_squared_error;
mod softmax;
mod softmax_cross_entropy;
mod softmax_squared_error;
mod squared_hinge;
mod stored;

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

pub use binary_cross_entropy::{BinaryCrossEntropy, WeightedBinaryCrossEntropy};
pub use classification::ClassificationLoss;
pub use custom::CustomLoss;
pub use focal::Focal;
pub use hinge::Hinge;
pub use link::Link;
pub use mean_squared_error::MeanSquaredError;
pub use sigmoid_squared_error::SigmoidSquaredError;
pub use softmax_cross_entropy::SoftmaxCrossEntropy;
pub use softmax_squared_error::SoftmaxSquaredError;
pub use squared_hinge::SquaredHinge;

use crate::check;
use crate::compiled::compiled;
use crate::error::{Error, type_name};
pub(crate) use crate::examples::Targets;
use crate::scalar::Real;

/// The destination of the gradient in [`Loss::accumulate`], and the factor on it.
#[derive(Debug)]
pub struct Gradient<'a, T> {
    /// The factor on every row: 1/n for the gradient of a mean over n rows.
    pub scale: T,
    /// The gradient with respect to the scores, of the same shape; it is overwritten.
    pub out: &'a mut DMatrix<T>,
}

/// A loss on raw scores.
///
/// Scores are "logits": unbounded numbers, one column per class, or a single column for two classes (the
/// log-odds of the second class). Working on scores instead of probabilities keeps both tails exact.
///
/// # Implementing this trait
/// - `accumulate` returns the *sum* over rows of weight times loss, in `f64`, and overwrites the gradient
///   with `scale` times weight times the derivative of each row's loss. Sums can be merged over blocks of
///   rows; means cannot.
/// - It handles any finite score without NaN and does not allocate. It may rely on everything that `check`
///   and `check_parameters` have accepted.
/// - The gradient of a row depends on that row alone, and a weight of 0 removes its row.
///
/// [`GradCheck::loss`](crate::GradCheck::loss) verifies the gradient against the value, and
/// [`GradCheck::loss_curvature`](crate::GradCheck::loss_curvature) verifies a curvature that is a second
/// derivative.
///
/// References, boxes and `Arc`s of losses implement this trait, so `Box<dyn Loss<T>>` is a loss too.
///
/// # Examples
/// A custom loss, |s - t| smoothed at zero:
/// ```
/// use nalgebra::{DMatrix, dmatrix};
/// use logit::nn::{Gradient, Loss, Targets};
/// use logit::{GradCheck, Real};
///
/// struct PseudoHuber;
/// impl<T: Real> Loss<T> for PseudoHuber {
///     fn score_columns(&self, classes: usize) -> usize {
///         if classes == 2 { 1 } else { classes }
///     }
///     fn accumulate(
///         &self,
///         scores: &DMatrix<T>,
///         targets: Targets<'_, T>,
///         weights: Option<&[T]>,
///         mut gradient: Option<Gradient<'_, T>>,
///     ) -> f64 {
///         let mut sum = 0.0;
///         for row in 0..scores.nrows() {
///             let weight = weights.map_or(T::one(), |w| w[row]);
///             for column in 0..scores.ncols() {
///                 let residual = scores[(row, column)]
///                     - targets.value(row, column, scores.ncols());
///                 let root = (T::one() + residual * residual).sqrt();
///                 sum += (weight * (root - T::one())).as_f64();
///                 if let Some(gradient) = &mut gradient {
///                     gradient.out[(row, column)] =
///                         gradient.scale * weight * residual / root;
///                 }
///             }
///         }
///         sum
///     }
///     fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
///         // Scores are predictions of 0 and 1. A single column is that of the second
///         // of two classes.
///         for row in 0..scores.nrows() {
///             for class in 0..out.ncols() {
///                 let score = scores[(row, class.min(scores.ncols() - 1))]
///                     .max(T::zero())
///                     .min(T::one());
///                 let first_of_two = scores.ncols() == 1 && class == 0;
///                 out[(row, class)] =
///                     if first_of_two { T::one() - score } else { score };
///             }
///         }
///     }
/// }
///
/// let scores = dmatrix![0.3; -1.2; 2.0];
/// GradCheck::new()
///     .loss(&PseudoHuber, &scores, Targets::Classes(&[1, 0, 1]), None)
///     .expect("right");
/// ```
pub trait Loss<T: Real>: Send + Sync {
    /// Returns the number of score columns for `classes` classes.
    fn score_columns(&self, classes: usize) -> usize;

    /// Returns a description of the loss, with all of its settings.
    ///
    /// A checkpoint stores it, and only a loss with the same description can resume the run. Defaults to the
    /// name of the type.
    fn describe(&self) -> String {
        type_name::<Self>().to_owned()
    }

    /// Checks the values of the targets, whose shapes have been checked before. Defaults to accepting all.
    ///
    /// # Errors
    /// Returns [`Error::InvalidTarget`] if a target is out of range.
    fn check(&self, _targets: Targets<'_, T>) -> Result<(), Error> {
        Ok(())
    }

    /// Checks the hyper-parameters of the loss for the given number of score columns. Defaults to accepting
    /// all.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a hyper-parameter is out of range, and [`Error::ShapeMismatch`]
    /// if the hyper-parameters are for another number of columns.
    fn check_parameters(&self, _columns: usize) -> Result<(), Error> {
        Ok(())
    }

    /// Returns the sum over rows of weight times loss, and writes the scaled gradient if one is requested.
    ///
    /// `scores` is rows x columns. `weights` has one entry per row.
    ///
    /// # Panics
    /// Panics if a size disagrees with that of `scores`. [`mean`](Loss::mean) and
    /// [`mean_and_gradient`](Loss::mean_and_gradient) check the sizes first.
    fn accumulate(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        gradient: Option<Gradient<'_, T>>,
    ) -> f64;

    /// Writes the probabilities (rows x classes) that the link assigns to `scores` (rows x columns) to `out`.
    ///
    /// # Panics
    /// Panics if `out` does not have the rows of `scores`, or does not have one column per class.
    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>);

    /// Returns the relation of scores with the given number of columns to probabilities.
    ///
    /// The default is right for any loss. A more specific link gives a classifier better scores, and
    /// log-probabilities that do not underflow. Defaults to [`Link::Unknown`].
    fn link(&self, _columns: usize) -> Link {
        Link::Unknown
    }

    /// Writes the curvature of the loss of one row in its scores to `out` (columns x columns), and returns
    /// whether there is one.
    ///
    /// The curvature is a positive semidefinite matrix, without the weight of the row. It is the second
    /// derivative where that is positive semidefinite, and otherwise a substitute that each loss documents.
    /// Both triangles are filled. If the loss has no curvature, the method returns `false` and leaves `out`
    /// unchanged. Defaults to `false`.
    ///
    /// Let J be the derivatives of the scores of row i with respect to the parameters, C the curvature and u
    /// the weight of the row. Then the sum over rows of u JᵀCJ is the (generalised) Gauss-Newton matrix that
    /// [`LevenbergMarquardt`](crate::optim::LevenbergMarquardt) needs.
    ///
    /// # Panics
    /// Panics if `out` is not columns x columns, or if the row does not exist.
    ///
    /// # Examples
    /// ```
    /// use nalgebra::{DMatrix, dmatrix};
    /// use logit::nn::{Loss, SoftmaxCrossEntropy, Targets};
    ///
    /// let (scores, mut curvature) = (dmatrix![0.0, 0.0], DMatrix::zeros(2, 2));
    /// assert!(SoftmaxCrossEntropy::new().curvature(
    ///     &scores,
    ///     Targets::Classes(&[1]),
    ///     0,
    ///     &mut curvature
    /// ));
    /// assert_eq!(curvature, dmatrix![0.25, -0.25; -0.25, 0.25]);
    /// ```
    fn curvature(
        &self,
        _scores: &DMatrix<T>,
        _targets: Targets<'_, T>,
        _row: usize,
        _out: &mut DMatrix<T>,
    ) -> bool {
        false
    }

    /// Returns the mean loss: the sum of weight times loss, divided by the sum of the weights; 0 for no rows.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if sizes disagree, [`Error::InvalidParameter`] if a hyper-parameter
    /// is out of range, [`Error::InvalidTarget`] if a target is out of range, and [`Error::InvalidWeight`] or
    /// [`Error::InvalidWeightSum`] if the weights are negative, not finite or sum to zero.
    fn mean(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
    ) -> Result<f64, Error> {
        let Some(total) = checked_total(self, scores, targets, weights)? else { return Ok(0.0) };
        Ok(self.accumulate(scores, targets, weights, None) / total)
    }

    /// Returns the mean loss, and writes its gradient with respect to the scores to `gradient`.
    ///
    /// # Errors
    /// Returns the errors of [`mean`](Loss::mean), and [`Error::ShapeMismatch`] if `gradient` does not have
    /// the shape of `scores`.
    fn mean_and_gradient(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        gradient: &mut DMatrix<T>,
    ) -> Result<f64, Error> {
        check::count("gradient", "rows", scores.nrows(), gradient.nrows())?;
        check::count("gradient", "columns", scores.ncols(), gradient.ncols())?;
        let Some(total) = checked_total(self, scores, targets, weights)? else { return Ok(0.0) };
        let gradient = Gradient { scale: T::of(1.0 / total), out: gradient };
        Ok(self.accumulate(scores, targets, weights, Some(gradient)) / total)
    }
}

/// Returns the cross-entropy for the number of classes: binary for two, softmax for more.
pub(crate) fn cross_entropy<T: Real>(classes: usize) -> &'static dyn Loss<T> {
    if classes == 2 { &BinaryCrossEntropy } else { const { &SoftmaxCrossEntropy::new() } }
}

/// Writes the probabilities (n x K) of scores (n x K, or n x 1 for two classes).
#[inline(never)]
pub(crate) fn probabilities_of<T: Real>(scores: DMatrixView<'_, T>, out: DMatrixViewMut<'_, T>) {
    if out.ncols() == 2 { sigmoid::link(scores, out) } else { softmax::link(scores, out) }
}

/// Writes the log-probabilities of scores, which are finite even where a probability underflows.
#[inline(never)]
pub(crate) fn log_probabilities_of<T: Real>(scores: DMatrixView<'_, T>, out: DMatrixViewMut<'_, T>) {
    softmax::log_probabilities(scores, out);
}

compiled!(
    T: probabilities_of::<T> as fn(_, _),
    log_probabilities_of::<T> as fn(_, _)
);

/// Returns the probabilities (n x K) of the scores of a model with K classes.
pub(crate) fn probabilities<T: Real>(scores: &DMatrix<T>, classes: usize) -> DMatrix<T> {
    let mut out = DMatrix::zeros(scores.nrows(), classes);
    probabilities_of(scores.as_view(), out.as_view_mut());
    out
}

/// Checks the hyper-parameters of a loss, and the targets for scores of `rows` x `columns`.
pub(crate) fn checked_targets<T: Real, L: Loss<T> + ?Sized>(
    loss: &L,
    (rows, columns): (usize, usize),
    targets: Targets<'_, T>,
) -> Result<(), Error> {
    // A single column stands for two classes, unless the loss has a column for each.
    let classes = if columns == loss.score_columns(2) { 2 } else { columns };
    loss.check_parameters(columns)?;
    targets.check_shape((rows, columns), classes)?;
    loss.check(targets)
}

/// Checks a batch and returns the sum of its weights, or `None` for no rows.
fn checked_total<T: Real, L: Loss<T> + ?Sized>(
    loss: &L,
    scores: &DMatrix<T>,
    targets: Targets<'_, T>,
    weights: Option<&[T]>,
) -> Result<Option<f64>, Error> {
    checked_targets(loss, scores.shape(), targets)?;
    if scores.nrows() == 0 {
        return Ok(None);
    }
    check::weights(weights, scores.nrows()).map(Some)
}

/// The number of rows that are processed together, in arrays on the stack.
const CHUNK: usize = 64;

/// The number of rows that loops over a chunk are filled up to, a multiple of the numbers in a register.
const LANES: usize = 16;

/// Returns the weights of a chunk of rows, all 1 if there are no weights, and 0 beyond its rows.
#[inline(always)]
fn chunk_weights<T: Real>(weights: Option<&[T]>, first: usize, rows: usize) -> [T; CHUNK] {
    let mut chunk = [T::zero(); CHUNK];
    match weights {
        Some(weights) => chunk[..rows].copy_from_slice(&weights[first..first + rows]),
        None => chunk[..rows].fill(T::one()),
    }
    chunk
}

/// Returns `Σ w l` of a chunk, in f64 and in eight interleaved sums.
#[inline(always)]
fn weighted_sum<T: Real>(weights: &[T; CHUNK], losses: &[T; CHUNK], rows: usize) -> f64 {
    const SUMS: usize = 8;
    let mut sums = [0.0; SUMS];
    let (weights, losses) = (weights.as_chunks::<SUMS>().0, losses.as_chunks::<SUMS>().0);
    for (weights, losses) in weights.iter().zip(losses).take(rows.div_ceil(SUMS)) {
        for ((sum, &w), &l) in sums.iter_mut().zip(weights).zip(losses) {
            // A zero weight removes its row, even if the loss is not finite.
            *sum += if w == T::zero() { 0.0 } else { w.as_f64() * l.as_f64() };
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More rows than a block has, with ties, infinite differences and both signs.
    fn scores(columns: usize) -> DMatrix<f64> {
        let value = |row: usize, column: usize| ((row * 7 + column * 13) % 29) as f64 - 14.0;
        let scale = |row: usize| [0.0, 1e-9, 0.3, 1.0, 60.0, 1e300][row % 6];
        DMatrix::from_fn(150, columns, |row, column| scale(row) * value(row, column))
    }

    fn log_probabilities(scores: &DMatrix<f64>) -> DMatrix<f64> {
        let mut out = DMatrix::zeros(scores.nrows(), scores.ncols().max(2));
        log_probabilities_of(scores.as_view(), out.as_view_mut());
        out
    }

    #[test]
    fn views_have_the_bits_of_matrices() {
        for columns in [1, 3] {
            let (all, classes) = (scores(columns), columns.max(2));
            for (first, count) in [(0, 150), (3, 1), (60, 70), (150, 0)] {
                let (view, owned) = (all.rows(first, count), all.rows(first, count).into_owned());
                let (mut p, mut log_p) = (DMatrix::zeros(151, classes + 1), DMatrix::zeros(151, classes + 1));
                probabilities_of(view, p.view_mut((1, 1), (count, classes)));
                log_probabilities_of(view, log_p.view_mut((1, 1), (count, classes)));
                assert_eq!(p.view((1, 1), (count, classes)), probabilities(&owned, classes));
                assert_eq!(log_p.view((1, 1), (count, classes)), log_probabilities(&owned));
                assert!(p.column(0).iter().chain(p.row(0).iter()).all(|&p| p == 0.0));
            }
        }
    }

    #[test]
    fn probabilities_are_the_links_of_cross_entropy() {
        for columns in [1, 3] {
            let (scores, classes) = (scores(columns), columns.max(2));
            let mut linked = DMatrix::zeros(150, classes);
            cross_entropy(classes).probabilities(&scores, &mut linked);
            assert_eq!(probabilities(&scores, classes), linked);
        }
    }

    #[test]
    fn a_single_score_is_the_softmax_of_itself_and_zero() {
        let single = scores(1);
        let both = DMatrix::from_fn(150, 2, |row, class| if class == 0 { 0.0 } else { single[row] });
        let mut wanted = DMatrix::zeros(150, 2);
        softmax::log_probabilities(both.as_view(), wanted.as_view_mut());
        assert_eq!(log_probabilities(&single), wanted);
    }
}
