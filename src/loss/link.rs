//! The relation between scores and class probabilities.

/// The relation between the scores of a loss and class probabilities.
///
/// A classifier derives its [decision function](crate::ClassifierExt::decision_function) and its
/// log-probabilities from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Link {
    /// Log-odds: a single score is the log-odds of the second of two classes, and several scores are the
    /// logarithms of the probabilities, up to a constant for the row.
    LogOdds,
    /// Scores with the same order as the probabilities of their classes.
    Ordered,
    /// Scores that are probabilities, or estimates of them that may lie outside 0 to 1.
    Probability,
    /// Unknown: the probabilities themselves are compared.
    #[default]
    Unknown,
}
