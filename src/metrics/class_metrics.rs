//! What is judged by the predicted class, as metrics.

use nalgebra::DMatrixView;

use super::average::{Average, ZeroDivision};
use super::counts::{Counts, Disagreement, Hits};
use crate::error::Error;
use crate::metric::{EVALUATED, Metric};

/// Metrics that count the most probable class of each row, the lower of equals.
macro_rules! by_class {
    ($metric:ty, |$self:ident, $counts:ident| $value:expr) => {
        impl Metric for $metric {
            fn greater_is_better(&self) -> bool {
                true
            }

            fn uses_labels(&self) -> bool {
                true
            }

            fn evaluate_indices(
                &self,
                truth: &[usize],
                probabilities: DMatrixView<'_, f64>,
                weights: Option<&[f64]>,
            ) -> Result<f64, Error> {
                let ($self, $counts) = (self, Counts::of_probabilities(truth, probabilities, weights));
                $value
            }
        }
    };
}

/// The number, if it is one. Where it is NaN, there is no such class, a class has no rows or something else is never
/// counted.
fn defined(value: f64, counts: &Counts, average: Average) -> Result<f64, Error> {
    if !value.is_nan() {
        return Ok(value);
    }
    let is_missing = |class: &usize| counts.support(*class) == 0.0;
    let missing = match average {
        Average::Class(index) if index >= counts.classes() => {
            let count = counts.classes();
            return Err(Error::NoSuchIndex { argument: "average", axis: "class", index, count });
        }
        Average::Class(class) => Some(class).filter(is_missing),
        _ => (0..counts.classes()).find(is_missing),
    };
    let reason = "it divides by zero";
    Err(missing.map_or(Error::UndefinedMetric { reason }, |class| Error::missing_class(class, EVALUATED)))
}

/// A metric of precision and recall: an average over classes, and what divisions by zero give.
macro_rules! averaged {
    ($(#[$doc:meta])* $metric:ident, |$hits:ident, $zero:ident| $value:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $metric {
            average: Average,
            zero: ZeroDivision,
        }

        impl $metric {
            /// Averaged so.
            pub fn new(average: Average) -> Self {
                $metric { average, zero: ZeroDivision::Zero }
            }

            /// What a ratio without anything to divide by is. Defaults to [`ZeroDivision::Zero`].
            pub fn zero_division(mut self, zero: ZeroDivision) -> Self {
                self.zero = zero;
                self
            }
        }

        by_class!($metric, |metric, counts| {
            let $zero = metric.zero;
            let value = |$hits: Hits| $value;
            defined(counts.average(metric.average, $zero, value), &counts, metric.average)
        });
    };
}

averaged! {
    /// Of the rows called by a class, the share that belong to it.
    ///
    /// ```
    /// use logit::metrics::{Average, Metric, Precision};
    /// use nalgebra::dmatrix;
    ///
    /// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8];
    /// assert_eq!(Precision::new(Average::Class(1)).evaluate(&[0, 0, 1], &p, &[0, 1], None)?, 0.5);
    /// # Ok::<(), logit::Error>(())
    /// ```
    Precision, |hits, zero| hits.precision(zero)
}

averaged! {
    /// Of the rows that belong to a class, the share that were called by it.
    ///
    /// ```
    /// use logit::metrics::{Average, Metric, Recall};
    /// use nalgebra::dmatrix;
    ///
    /// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8];
    /// assert_eq!(Recall::new(Average::Macro).evaluate(&[0, 0, 1], &p, &[0, 1], None)?, 0.75);
    /// # Ok::<(), logit::Error>(())
    /// ```
    Recall, |hits, zero| hits.recall(zero)
}

averaged! {
    /// Of the rows that belong to a class or were called by it, the share for which both hold.
    ///
    /// ```
    /// use logit::metrics::{Average, Jaccard, Metric};
    /// use nalgebra::dmatrix;
    ///
    /// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8];
    /// assert_eq!(Jaccard::new(Average::Class(1)).evaluate(&[0, 0, 1], &p, &[0, 1], None)?, 0.5);
    /// # Ok::<(), logit::Error>(())
    /// ```
    Jaccard, |hits, zero| hits.jaccard(zero)
}

/// The harmonic mean of precision and recall, in which recall counts β times as much as precision.
///
/// ```
/// use logit::metrics::{Average, FBeta, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8];
/// let f1 = FBeta::new(1.0, Average::Class(1)).evaluate(&[0, 0, 1], &p, &[0, 1], None)?;
/// assert_eq!(f1, 2.0 / 3.0);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FBeta {
    beta: f64,
    average: Average,
    zero: ZeroDivision,
}

impl FBeta {
    /// With this β, above 0; 1 for F1, 2 where misses are worse than false alarms.
    pub fn new(beta: f64, average: Average) -> Self {
        FBeta { beta, average, zero: ZeroDivision::Zero }
    }

    /// What a ratio without anything to divide by is. Defaults to [`ZeroDivision::Zero`].
    pub fn zero_division(mut self, zero: ZeroDivision) -> Self {
        self.zero = zero;
        self
    }
}

by_class!(FBeta, |metric, counts| {
    crate::check::positive("beta", metric.beta)?;
    let value = counts.average(metric.average, metric.zero, |hits| hits.f_beta(metric.beta, metric.zero));
    defined(value, &counts, metric.average)
});

/// The mean recall over the classes that have rows: accuracy where every class counts the same.
///
/// ```
/// use logit::metrics::{BalancedAccuracy, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8];
/// assert_eq!(BalancedAccuracy::new().evaluate(&[0, 0, 1], &p, &[0, 1], None)?, 0.75);
/// assert_eq!(BalancedAccuracy::new().adjusted(true).evaluate(&[0, 0, 1], &p, &[0, 1], None)?, 0.5);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BalancedAccuracy {
    adjusted: bool,
}

impl BalancedAccuracy {
    /// From 0 to 1.
    pub fn new() -> Self {
        BalancedAccuracy::default()
    }

    /// Whether it is shifted and scaled so that guessing is 0 and all right 1. Defaults to `false`.
    pub fn adjusted(mut self, adjusted: bool) -> Self {
        self.adjusted = adjusted;
        self
    }
}

by_class!(BalancedAccuracy, |metric, counts| {
    let value =
        if metric.adjusted { counts.adjusted_balanced_accuracy() } else { counts.balanced_accuracy() };
    // One class alone has no chance to be compared with.
    if value.is_finite() { Ok(value) } else { defined(f64::NAN, &counts, Average::Macro) }
});

/// The correlation of truth and prediction, from -1 to 1; 0 if either has a single class.
///
/// ```
/// use logit::metrics::{MatthewsCorrelation, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8; 0.6, 0.4];
/// assert_eq!(MatthewsCorrelation.evaluate(&[0, 1, 1, 0], &p, &[0, 1], None)?, 1.0);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MatthewsCorrelation;

by_class!(MatthewsCorrelation, |_metric, counts| Ok(counts.matthews_correlation()));

/// How much better than by chance truth and prediction agree; 1 is always, 0 is chance.
///
/// ```
/// use logit::metrics::{CohenKappa, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8; 0.6, 0.4];
/// assert_eq!(CohenKappa::default().evaluate(&[0, 1, 0, 1], &p, &[0, 1], None)?, 0.0);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CohenKappa {
    disagreement: Disagreement,
}

impl CohenKappa {
    /// With disagreements that count so.
    pub fn new(disagreement: Disagreement) -> Self {
        CohenKappa { disagreement }
    }
}

by_class!(CohenKappa, |metric, counts| {
    defined(counts.cohen_kappa(metric.disagreement), &counts, Average::Macro)
});
