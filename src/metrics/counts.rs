//! Sums of weights by true and predicted class index, and the metrics that follow from them.

use nalgebra::{DMatrix, DMatrixView};

use super::average::{Average, ZeroDivision};
use crate::check;
use crate::error::Error;
use crate::scalar::power_of_two;

/// The sums of weights: entry `(i, j)` is for rows of class i that were predicted as j.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Counts(pub(super) DMatrix<f64>);

/// The sums of weights that ratios are made of, for one class or for all together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hits {
    right: f64,
    claimed: f64,
    there: f64,
}

impl Hits {
    fn new(right: f64, claimed: f64, there: f64) -> Self {
        Hits { right, claimed, there }
    }

    /// Divides the sums by a power of two near the largest, so that sums of them stay within the range. The
    /// smaller may vanish.
    fn scaled(self) -> Self {
        let unit = power_of_two(self.claimed.max(self.there));
        Hits { right: self.right / unit, claimed: self.claimed / unit, there: self.there / unit }
    }

    pub(super) fn precision(self, zero: ZeroDivision) -> f64 {
        zero.ratio(self.right, self.claimed)
    }

    pub(super) fn recall(self, zero: ZeroDivision) -> f64 {
        zero.ratio(self.right, self.there)
    }

    pub(super) fn f_beta(self, beta: f64, zero: ZeroDivision) -> f64 {
        let (square, Hits { right, claimed, there }) = (beta * beta, self.scaled());
        zero.ratio((1.0 + square) * right, square * there + claimed)
    }

    pub(super) fn jaccard(self, zero: ZeroDivision) -> f64 {
        let Hits { right, claimed, there } = self.scaled();
        zero.ratio(right, there + claimed - right)
    }
}

/// The weight of a disagreement between two classes in Cohen's kappa.
///
/// ```
/// use logit::metrics::{ConfusionMatrix, Disagreement};
///
/// // The grades differ by at most one: near misses count less if distance counts.
/// let grades = ConfusionMatrix::new(&[1, 2, 3, 4], &[1, 2, 4, 4])?;
/// assert!(
///     grades.cohen_kappa(Disagreement::Quadratic)
///         > grades.cohen_kappa(Disagreement::Equal)
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Disagreement {
    /// All disagreements count the same.
    #[default]
    Equal,
    /// Disagreements count by the distance of the classes in their order: for ordered classes, such as
    /// grades.
    Linear,
    /// Disagreements count by the square of that distance.
    Quadratic,
}

impl Counts {
    /// Sums the weights of pairs of class indices below `classes`.
    ///
    /// # Errors
    /// Returns [`Error::OutOfMemory`] if there are too many classes.
    pub(super) fn new(
        classes: usize,
        pairs: impl Iterator<Item = (usize, usize)>,
        weights: Option<&[f64]>,
    ) -> Result<Self, Error> {
        check::room::<f64>("the counts of pairs of classes", classes, classes)?;
        let mut counts = DMatrix::zeros(classes, classes);
        for (row, pair) in pairs.enumerate() {
            counts[pair] += weights.map_or(1.0, |weights| weights[row]);
        }
        Ok(Counts(counts))
    }

    /// Sums the weights of rows by true class and most probable class; ties go to the lower class.
    ///
    /// # Errors
    /// Returns [`Error::OutOfMemory`] if there are too many classes.
    pub(super) fn of_probabilities(
        truth: &[usize],
        probabilities: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<Self, Error> {
        let mut best = vec![0; truth.len()];
        for class in 1..probabilities.ncols() {
            for (row, best) in best.iter_mut().enumerate() {
                if probabilities[(row, class)] > probabilities[(row, *best)] {
                    *best = class;
                }
            }
        }
        Counts::new(probabilities.ncols(), truth.iter().copied().zip(best), weights)
    }

    pub(super) fn classes(&self) -> usize {
        self.0.nrows()
    }

    fn total(&self) -> f64 {
        self.0.sum()
    }

    pub(super) fn support(&self, class: usize) -> f64 {
        self.0.row(class).sum()
    }

    fn claimed(&self, class: usize) -> f64 {
        self.0.column(class).sum()
    }

    pub(super) fn hits(&self, class: usize) -> Hits {
        let (claimed, there) = (self.claimed(class), self.support(class));
        Hits::new(self.0[(class, class)], claimed, there)
    }

    pub(super) fn accuracy(&self) -> f64 {
        self.0.diagonal().sum() / self.total()
    }

    /// Returns the average of `of` over classes; NaN if there is nothing to average or the class does not
    /// exist.
    pub(super) fn average(&self, average: Average, zero: ZeroDivision, of: impl Fn(Hits) -> f64) -> f64 {
        let classes = 0..self.classes();
        let mean = |weight: &dyn Fn(usize) -> f64| {
            let defined = classes.clone().map(|class| (weight(class), of(self.hits(class))));
            zero.mean(&defined.filter(|(_, value)| !value.is_nan()).collect::<Vec<_>>())
        };
        match average {
            Average::Class(class) if class < self.classes() => of(self.hits(class)),
            Average::Class(_) => f64::NAN,
            Average::Macro => mean(&|_| 1.0),
            Average::Weighted => mean(&|class| self.support(class)),
            Average::Micro => {
                let all = self.total();
                of(Hits::new(self.0.diagonal().sum(), all, all))
            }
        }
    }

    /// Returns the mean recall over the classes that have rows.
    pub(super) fn balanced_accuracy(&self) -> f64 {
        let recalls = (0..self.classes()).map(|class| self.hits(class).recall(ZeroDivision::NaN));
        let defined: Vec<f64> = recalls.filter(|recall| !recall.is_nan()).collect();
        defined.iter().sum::<f64>() / defined.len() as f64
    }

    /// Returns the balanced accuracy, rescaled to 0 for guessing and 1 for perfect predictions.
    pub(super) fn adjusted_balanced_accuracy(&self) -> f64 {
        let present = (0..self.classes()).filter(|&class| self.support(class) > 0.0).count();
        let chance = 1.0 / present as f64;
        (self.balanced_accuracy() - chance) / (1.0 - chance)
    }

    /// Returns the geometric mean of the recalls of all classes; NaN if a class has no rows.
    pub(super) fn geometric_mean(&self) -> f64 {
        let recall = |class: usize| self.hits(class).recall(ZeroDivision::NaN);
        // The product of many recalls would underflow. The logarithm of 0 is -∞, whose exponential is 0.
        let sum: f64 = (0..self.classes()).map(|class| recall(class).ln()).sum();
        (sum / self.classes() as f64).exp()
    }

    /// Returns the counts times a power of two that lets products of small counts keep their digits.
    fn lifted(&self) -> Counts {
        let (mut counts, mut total, least) = (self.0.clone(), self.total(), 2f64.powi(1000));
        while total > 0.0 && total < least {
            let unit = power_of_two(2.0 * least / total);
            counts *= unit;
            total *= unit;
        }
        Counts(counts)
    }

    /// Returns the covariance of true and predicted classes over the root of their variances; 0 if either is
    /// constant.
    ///
    /// Each term is a sum over classes of products of weights. Nothing is subtracted from a sum, so rare
    /// classes keep their digits.
    pub(super) fn matthews_correlation(&self) -> f64 {
        let lifted = self.lifted();
        let (counts, total) = (&lifted.0, lifted.total());
        let claimed: Vec<f64> = (0..self.classes()).map(|class| lifted.claimed(class)).collect();
        let there: Vec<f64> = (0..self.classes()).map(|class| lifted.support(class)).collect();
        let rest = others_of_column(counts);
        let (mut together, mut of_claims, mut of_truth) = (0.0, 0.0, 0.0);
        for class in 0..self.classes() {
            let others = |of: &dyn Fn(usize) -> f64| -> f64 {
                (0..self.classes()).filter(|&other| other != class).map(of).sum()
            };
            let right = counts[(class, class)];
            let wrong = rest[(class, class)];
            let missed = others(&|other| counts[(class, other)]);
            let neither = others(&|other| rest[(class, other)]);
            together += product(right, neither, total) - product(wrong, missed, total);
            of_claims += product(claimed[class], others(&|other| claimed[other]), total);
            of_truth += product(there[class], others(&|other| there[other]), total);
        }
        if of_claims > 0.0 && of_truth > 0.0 {
            // The root of the product is exact if both factors are equal.
            let unit = power_of_two(of_claims.max(of_truth));
            let both = of_claims / unit * (of_truth / unit);
            let value = if both.is_normal() {
                together / unit / both.sqrt()
            } else {
                // The smaller factor is lost in units of the larger. Its root is at least |together| over the
                // root of the larger, so that the first quotient stays within the range.
                together / of_claims.min(of_truth).sqrt() / of_claims.max(of_truth).sqrt()
            };
            value.clamp(-1.0, 1.0)
        } else {
            0.0
        }
    }

    /// Returns Cohen's kappa; NaN if there is only one class, because chance then always agrees.
    pub(super) fn cohen_kappa(&self, disagreement: Disagreement) -> f64 {
        let lifted = self.lifted();
        let total = lifted.total();
        let there: Vec<f64> = (0..self.classes()).map(|class| lifted.support(class)).collect();
        let claimed: Vec<f64> = (0..self.classes()).map(|class| lifted.claimed(class)).collect();
        let (mut found, mut by_chance) = (0.0, 0.0);
        // A distance is at most 1 in these units, so no sum overflows.
        let unit = 2.0 * power_of_two(self.classes() as f64);
        for (i, &there) in there.iter().enumerate() {
            for (j, &claimed) in claimed.iter().enumerate() {
                let distance = i.abs_diff(j) as f64 / unit;
                let cost = match disagreement {
                    Disagreement::Equal if i == j => 0.0,
                    Disagreement::Equal => 1.0,
                    Disagreement::Linear => distance,
                    Disagreement::Quadratic => distance * distance,
                };
                found += cost * lifted.0[(i, j)];
                by_chance += cost * product(there, claimed, total);
            }
        }
        1.0 - found / by_chance
    }
}

/// Returns for each entry the sum of the other entries of its column, which keeps the digits of small ones
/// beside large ones.
fn others_of_column(counts: &DMatrix<f64>) -> DMatrix<f64> {
    let mut sums = DMatrix::zeros(counts.nrows(), counts.ncols());
    for (entries, mut sums) in counts.column_iter().zip(sums.column_iter_mut()) {
        let (mut above, mut below) = (0.0, 0.0);
        for row in 0..entries.len() {
            sums[row] = above;
            above += entries[row];
        }
        for row in (0..entries.len()).rev() {
            sums[row] += below;
            below += entries[row];
        }
    }
    sums
}

/// Returns `a * b / total` for sums of weights that are at most `total`. The larger is divided first, so that
/// the result underflows only if the smaller does.
fn product(a: f64, b: f64, total: f64) -> f64 {
    a.max(b) / total * a.min(b)
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use nalgebra::dmatrix;

    use super::*;

    /// The variances of true and predicted classes may have a quotient that no number holds, and small counts
    /// keep their digits beside large ones.
    #[test]
    fn a_correlation_is_a_number_whatever_the_sizes_of_counts() {
        for [right, wrong, neither] in [[1e-250, 1e160, 1e100], [1e-287, 1e202, 1e61], [1.0, 1e20, 3.0]] {
            // φ of right, wrong and neither, where nothing is missed.
            let wanted = f64::sqrt(right) * f64::sqrt(neither) / wrong;
            let found = Counts(dmatrix![neither, wrong; 0.0, right]).matthews_correlation();
            assert_relative_eq!(found, wanted, max_relative = 1e-14, epsilon = 1e-300);
            // The same the other way round, and for the opposite predictions.
            let turned = Counts(dmatrix![neither, 0.0; wrong, right]).matthews_correlation();
            assert_relative_eq!(turned, wanted, max_relative = 1e-14, epsilon = 1e-300);
            let opposite = Counts(dmatrix![wrong, neither; right, 0.0]).matthews_correlation();
            assert_relative_eq!(opposite, -wanted, max_relative = 1e-14, epsilon = 1e-300);
        }
    }
}
