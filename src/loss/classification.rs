//! An enum over all losses, as a hyper-parameter of classifiers.

use nalgebra::DMatrix;

use super::{
    BinaryCrossEntropy, CustomLoss, Focal, Gradient, Hinge, Link, Loss, MeanSquaredError,
    SigmoidSquaredError, SoftmaxCrossEntropy, SoftmaxSquaredError, SquaredHinge, Targets,
    WeightedBinaryCrossEntropy, softmax,
};
use crate::compiled::compiled;
use crate::error::Error;
use crate::scalar::Real;

/// The loss of a classifier of exclusive classes: any loss of this crate, or your own.
///
/// Use it where the loss is chosen at run time, or where it is a hyper-parameter to compare and to print.
/// [`From`] converts each loss of this crate, and [`custom`](ClassificationLoss::custom) takes your own.
///
/// # Link
/// The link is that of the loss inside, with one difference. A row has exactly one class here, so where a
/// loss gives each column a separate σ(z), several columns are divided by their sum. The probabilities of a
/// row sum to 1 for every loss.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{
///     BinaryCrossEntropy, ClassificationLoss, Focal, Loss, SoftmaxCrossEntropy,
///     Targets,
/// };
///
/// let scores = dmatrix![0.5, -0.2, 1.0];
/// let losses: [ClassificationLoss; 3] = [
///     SoftmaxCrossEntropy::new().label_smoothing(0.1).into(),
///     Focal::new(2.0).into(),
///     BinaryCrossEntropy.into(),
/// ];
/// for loss in losses {
///     println!("{loss:?}: {}", loss.mean(&scores, Targets::Classes(&[2]), None)?);
/// }
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ClassificationLoss {
    /// The binary cross-entropy; see [`BinaryCrossEntropy`].
    BinaryCrossEntropy(BinaryCrossEntropy),
    /// The weighted binary cross-entropy; see [`WeightedBinaryCrossEntropy`].
    WeightedBinaryCrossEntropy(WeightedBinaryCrossEntropy),
    /// The softmax cross-entropy; see [`SoftmaxCrossEntropy`].
    SoftmaxCrossEntropy(SoftmaxCrossEntropy),
    /// The focal loss; see [`Focal`].
    Focal(Focal),
    /// The hinge loss; see [`Hinge`].
    Hinge(Hinge),
    /// The squared hinge loss; see [`SquaredHinge`].
    SquaredHinge(SquaredHinge),
    /// The mean squared error of the scores; see [`MeanSquaredError`].
    MeanSquaredError(MeanSquaredError),
    /// The mean squared error of sigmoid probabilities; see [`SigmoidSquaredError`].
    SigmoidSquaredError(SigmoidSquaredError),
    /// The mean squared error of softmax probabilities; see [`SoftmaxSquaredError`].
    SoftmaxSquaredError(SoftmaxSquaredError),
    /// Your own loss; see [`ClassificationLoss::custom`].
    Custom(CustomLoss),
}

macro_rules! variants {
    ($($loss:ident),*) => {
        $(
            impl From<$loss> for ClassificationLoss {
                fn from(loss: $loss) -> Self {
                    ClassificationLoss::$loss(loss)
                }
            }
        )*

        impl ClassificationLoss {
            #[inline(never)]
            fn inner<T: Real>(&self) -> &dyn Loss<T> {
                match self {
                    $(ClassificationLoss::$loss(loss) => loss,)*
                    ClassificationLoss::Custom(loss) => loss.inner(),
                }
            }
        }
    };
}

variants!(
    BinaryCrossEntropy,
    WeightedBinaryCrossEntropy,
    SoftmaxCrossEntropy,
    Focal,
    Hinge,
    SquaredHinge,
    MeanSquaredError,
    SigmoidSquaredError,
    SoftmaxSquaredError
);

compiled!(T: ClassificationLoss::inner::<T> as fn(&_) -> &dyn Loss<T>);

impl ClassificationLoss {
    /// Returns whether the loss links each column to a separate probability.
    fn links_columns_alone(&self) -> bool {
        matches!(
            self,
            ClassificationLoss::BinaryCrossEntropy(_)
                | ClassificationLoss::WeightedBinaryCrossEntropy(_)
                | ClassificationLoss::Focal(_)
                | ClassificationLoss::SigmoidSquaredError(_)
        )
    }
}

impl<T: Real> Loss<T> for ClassificationLoss {
    fn score_columns(&self, classes: usize) -> usize {
        self.inner::<T>().score_columns(classes)
    }

    fn describe(&self) -> String {
        self.inner::<T>().describe()
    }

    fn check(&self, targets: Targets<'_, T>) -> Result<(), Error> {
        self.inner().check(targets)
    }

    fn check_parameters(&self, columns: usize) -> Result<(), Error> {
        self.inner::<T>().check_parameters(columns)
    }

    fn accumulate(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        gradient: Option<Gradient<'_, T>>,
    ) -> f64 {
        self.inner().accumulate(scores, targets, weights, gradient)
    }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        self.inner().probabilities(scores, out);
        if scores.ncols() > 1 && self.links_columns_alone() {
            share_out(scores, out);
        }
    }

    fn link(&self, columns: usize) -> Link {
        self.inner::<T>().link(columns)
    }

    fn curvature(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        row: usize,
        out: &mut DMatrix<T>,
    ) -> bool {
        self.inner().curvature(scores, targets, row, out)
    }
}

/// Divides each row of σ(z) by its sum.
///
/// Where the sum is so small that digits are lost, σ(z) equals exp(z), and the result is the softmax of the
/// scores. The largest score has the largest probability.
fn share_out<T: Real>(scores: &DMatrix<T>, p: &mut DMatrix<T>) {
    let smallest = T::MIN_POSITIVE / T::EPSILON;
    for row in 0..scores.nrows() {
        let sum = p.row(row).iter().fold(T::zero(), |sum, &p| sum + p);
        if sum < smallest {
            softmax::of_row(scores, row, p);
        } else {
            p.row_mut(row).iter_mut().for_each(|p| *p /= sum);
            // Rounding may order nearly equal scores in another way than their links.
            let largest = p.row(row).iter().fold(T::zero(), |largest, &p| largest.max(p));
            let own = &mut p[(row, best(scores, row))];
            if *own < largest {
                *own = largest;
            }
        }
    }
}

/// Returns the column of the largest score of a row, the first of several.
fn best<T: Real>(scores: &DMatrix<T>, row: usize) -> usize {
    (1..scores.ncols()).fold(0, |best, k| if scores[(row, k)] > scores[(row, best)] { k } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The links of scores that differ in the last digits are rounded in another order.
    #[test]
    fn the_largest_score_has_the_largest_probability() {
        let mut rng = crate::rng::Rng::new(7);
        let mut reordered = 0;
        for _ in 0..4000 {
            let center = rng.uniform(-1.0, 1.0);
            let scores = DMatrix::from_fn(1, 3, |_, _| center * (1.0 + 4e-16 * rng.uniform(-1.0, 1.0)));
            let mut p = DMatrix::zeros(1, 3);
            let loss = ClassificationLoss::from(BinaryCrossEntropy);
            loss.inner::<f64>().probabilities(&scores, &mut p);
            let best = best(&scores, 0);
            reordered += usize::from(p[best] < p.max());
            loss.probabilities(&scores, &mut p);
            assert_eq!(p[best], p.max(), "{scores} {p}");
        }
        assert!(reordered > 0);
    }

    #[test]
    fn rows_of_every_loss_sum_to_one_in_the_order_of_their_scores() {
        let losses: [ClassificationLoss; 9] = [
            BinaryCrossEntropy.into(),
            BinaryCrossEntropy.positive_weights([3.0]).into(),
            SoftmaxCrossEntropy::new().into(),
            Focal::default().into(),
            Hinge.into(),
            SquaredHinge.into(),
            MeanSquaredError.into(),
            SigmoidSquaredError.into(),
            SoftmaxSquaredError.into(),
        ];
        let rows = [[0.3, -1.0, 0.6], [-800.0, -801.0, -790.0], [-740.0, -741.0, -735.0], [0.2, 0.2, 0.2]];
        let scores = DMatrix::from_fn(4, 3, |row, column| rows[row][column]);
        for loss in losses {
            let mut p = DMatrix::from_element(4, 3, f64::NAN);
            loss.probabilities(&scores, &mut p);
            for (row, z) in rows.iter().enumerate() {
                approx::assert_relative_eq!(p.row(row).sum(), 1.0, max_relative = 1e-15);
                // Squared error cuts scores below 0 off.
                let cut = matches!(loss, ClassificationLoss::MeanSquaredError(_));
                for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                    let order = if cut { f64::max(z[a], 0.0) - f64::max(z[b], 0.0) } else { z[a] - z[b] };
                    let found = p[(row, a)] - p[(row, b)];
                    assert!(found == 0.0 && order == 0.0 || found * order > 0.0, "{loss:?}: {p}");
                }
            }
            if loss.links_columns_alone() {
                approx::assert_relative_eq!(p[(1, 0)] / p[(1, 2)], (-10f64).exp(), max_relative = 1e-13);
                approx::assert_relative_eq!(p[(2, 0)] / p[(2, 2)], (-5f64).exp(), max_relative = 1e-13);
            }
        }
    }
}
