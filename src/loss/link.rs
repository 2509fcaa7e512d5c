//! What scores say about classes.

/// How the scores of a loss relate to the probabilities of classes: what a classifier makes its
/// [decision function](crate::ClassifierExt::decision_function) and its log-probabilities of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Link {
    /// A single score is the log-odds of the second of two classes; several are the logarithms of the probabilities, up to
    /// a constant for the row.
    LogOdds,
    /// Scores are ordered as the probabilities of their classes are.
    Ordered,
    /// A score is a probability, or an estimate of one that may leave 0 to 1.
    Probability,
    /// Nothing is known: probabilities themselves are compared.
    #[default]
    Unknown,
}
