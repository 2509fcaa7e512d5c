//! Averages over classes, and the value of an undefined ratio.

use crate::metric::weighted_mean;

/// The classes over which a metric is averaged.
///
/// ```
/// use logit::metrics::{Average, ConfusionMatrix, ZeroDivision};
///
/// let matrix =
///     ConfusionMatrix::new(&["no", "no", "no", "yes"], &["no", "no", "yes", "yes"])?;
/// let recall = |average| matrix.recall(average, ZeroDivision::Zero);
/// assert_eq!(recall(Average::Class(1)), 1.0);
/// assert_eq!(recall(Average::Macro), (2.0 / 3.0 + 1.0) / 2.0);
/// assert_eq!((recall(Average::Micro), recall(Average::Weighted)), (0.75, 0.75));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Average {
    /// One class alone, by its index in ascending order: 1 is the second class, "yes" of "no" and "yes".
    Class(usize),
    /// The mean over classes with equal weight: rare classes matter as much as frequent ones.
    Macro,
    /// The metric of the pooled counts of all classes. For precision, recall and F this is the accuracy.
    Micro,
    /// The mean over classes, each weighted by its number of rows.
    Weighted,
}

/// The value of a ratio whose denominator is zero.
///
/// Such ratios are the precision of a class that is never predicted and the recall of a class without rows.
///
/// ```
/// use logit::metrics::{Average, ConfusionMatrix, ZeroDivision};
///
/// // No row is predicted as "yes".
/// let matrix = ConfusionMatrix::new(&["no", "yes"], &["no", "no"])?;
/// let precision = |zero| matrix.precision(Average::Class(1), zero);
/// assert_eq!(
///     (precision(ZeroDivision::Zero), precision(ZeroDivision::One)),
///     (0.0, 1.0)
/// );
/// assert!(precision(ZeroDivision::NaN).is_nan());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ZeroDivision {
    /// The value 0.
    #[default]
    Zero,
    /// The value 1.
    One,
    /// The value NaN; averages over classes skip it.
    NaN,
}

impl ZeroDivision {
    /// Returns the mean of `(weight, value)` pairs, or this value if no weight is positive.
    pub(super) fn mean(self, pairs: &[(f64, f64)]) -> f64 {
        if pairs.iter().any(|(weight, _)| *weight > 0.0) {
            weighted_mean(pairs)
        } else {
            self.ratio(0.0, 0.0)
        }
    }

    /// Returns `part / whole`, or this value if `whole` is not positive.
    pub(super) fn ratio(self, part: f64, whole: f64) -> f64 {
        if whole > 0.0 {
            return part / whole;
        }
        match self {
            ZeroDivision::Zero => 0.0,
            ZeroDivision::One => 1.0,
            ZeroDivision::NaN => f64::NAN,
        }
    }
}
