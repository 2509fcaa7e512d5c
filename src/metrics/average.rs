//! How numbers of classes become one number.

/// Over which classes a number is averaged.
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
