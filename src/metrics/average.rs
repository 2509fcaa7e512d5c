//! How numbers of classes become one number.

/// Over which classes a number is averaged.
///
/// ```
/// use logit::metrics::{Average, ConfusionMatrix, ZeroDivision};
///
/// let matrix = ConfusionMatrix::new(&["no", "no", "no", "yes"], &["no", "no", "yes", "yes"])?;
/// let recall = |average| matrix.recall(average, ZeroDivision::Zero);
/// assert_eq!(recall(Average::Class(1)), 1.0);
/// assert_eq!(recall(Average::Macro), (2.0 / 3.0 + 1.0) / 2.0);
/// assert_eq!((recall(Average::Micro), recall(Average::Weighted)), (0.75, 0.75));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Average {
    /// The number of one class, by its index in ascending order: 1 is the second class, "yes" of "no" and "yes".
    Class(usize),
    /// The mean over classes, each counting the same: rare classes matter as much as frequent ones.
    Macro,
    /// From the counts of all classes together. For precision, recall and F that is the accuracy.
    Micro,
    /// The mean over classes, each counting by its rows.
    Weighted,
}

/// What a ratio without anything to divide by is: the precision of a class that is never predicted, the recall of one that
/// has no rows.
///
/// ```
/// use logit::metrics::{Average, ConfusionMatrix, ZeroDivision};
///
/// let matrix = ConfusionMatrix::new(&["no", "yes"], &["no", "no"])?; // nobody is called "yes"
/// let precision = |zero| matrix.precision(Average::Class(1), zero);
/// assert_eq!((precision(ZeroDivision::Zero), precision(ZeroDivision::One)), (0.0, 1.0));
/// assert!(precision(ZeroDivision::NaN).is_nan());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ZeroDivision {
    /// 0.
    #[default]
    Zero,
    /// 1.
    One,
    /// NaN, which averages over classes leave out.
    NaN,
}

impl ZeroDivision {
    /// `part / whole`.
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
