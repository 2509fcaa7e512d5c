//! Metrics of the predicted class.

use nalgebra::DMatrixView;

use super::average::{Average, ZeroDivision};
use super::counts::{Counts, Disagreement, Hits};
use crate::error::Error;
use crate::metric::{EVALUATED, Metric};

/// Implements a metric from the counts of the most probable class of each row; ties go to the lower class.
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
                let ($self, $counts) = (self, Counts::of_probabilities(truth, probabilities, weights)?);
                $value
            }
        }
    };
}

/// Returns `value` unless it is NaN. Otherwise returns the reason: the class does not exist, a class has no
/// rows, or a denominator is zero.
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
    let reason = "a denominator is zero";
    Err(missing.map_or(Error::UndefinedMetric { reason }, |class| Error::missing_class(class, EVALUATED)))
}

/// Defines a metric of precision and recall, with an average over classes and a value for divisions by zero.
macro_rules! averaged {
    ($(#[$doc:meta])* $metric:ident, |$hits:ident, $zero:ident| $value:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $metric {
            average: Average,
            zero: ZeroDivision,
        }

        impl $metric {
            /// Creates the metric with this average over classes.
            pub fn new(average: Average) -> Self {
                $metric { average, zero: ZeroDivision::Zero }
            }

            /// Sets the value of a ratio whose denominator is zero. Defaults to [`ZeroDivision::Zero`].
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
    /// The fraction of the rows predicted as a class that belong to it.
    ///
    /// ```
    /// use logit::metrics::{Average, Metric, Precision};
    /// use nalgebra::dmatrix;
    ///
    /// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8];
    /// assert_eq!(
    ///     Precision::new(Average::Class(1)).evaluate(&[0, 0, 1], &p, &[0, 1], None)?,
    ///     0.5
    /// );
    /// # Ok::<(), logit::Error>(())
    /// ```
    Precision, |hits, zero| hits.precision(zero)
}

averaged! {
    /// The fraction of the rows of a class that are predicted as it.
    ///
    /// ```
    /// use logit::metrics::{Average, Metric, Recall};
    /// use nalgebra::dmatrix;
    ///
    /// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8];
    /// assert_eq!(
    ///     Recall::new(Average::Macro).evaluate(&[0, 0, 1], &p, &[0, 1], None)?,
    ///     0.75
    /// );
    /// # Ok::<(), logit::Error>(())
    /// ```
    Recall, |hits, zero| hits.recall(zero)
}

averaged! {
    /// The fraction of the rows that belong to a class or are predicted as it for which both hold.
    ///
    /// ```
    /// use logit::metrics::{Average, Jaccard, Metric};
    /// use nalgebra::dmatrix;
    ///
    /// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8];
    /// assert_eq!(
    ///     Jaccard::new(Average::Class(1)).evaluate(&[0, 0, 1], &p, &[0, 1], None)?,
    ///     0.5
    /// );
    /// # Ok::<(), logit::Error>(())
    /// ```
    Jaccard, |hits, zero| hits.jaccard(zero)
}

/// The weighted harmonic mean of precision and recall, in which recall counts β times as much as precision.
///
/// ```
/// use logit::metrics::{Average, FBeta, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8];
/// let f1 =
///     FBeta::new(1.0, Average::Class(1)).evaluate(&[0, 0, 1], &p, &[0, 1], None)?;
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
    /// Creates the metric with this β, above 0: 1 for F1, 2 if misses are worse than false alarms.
    pub fn new(beta: f64, average: Average) -> Self {
        FBeta { beta, average, zero: ZeroDivision::Zero }
    }

    /// Sets the value of a ratio whose denominator is zero. Defaults to [`ZeroDivision::Zero`].
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

/// The geometric mean of the recalls of all classes (G-mean), from 0 to 1: 0 if a class is never predicted
/// correctly.
///
/// Use it if classes differ in size and no class may be neglected. It is at most the
/// [`BalancedAccuracy`], which is the arithmetic mean. Ties between probabilities go
/// to the lower class.
///
/// # Formula
/// (r_1 ... r_K)^(1/K), where the recall r_k is the fraction of the rows of class k that are predicted as k.
/// Rows count by their weights.
///
/// # Errors
/// [`evaluate`](Metric::evaluate) returns [`Error::MissingClass`] if a class has no row with positive weight,
/// because its recall is not defined.
///
/// # Examples
/// ```
/// use logit::metrics::{GeometricMean, Metric};
/// use nalgebra::dmatrix;
///
/// // Both rows of class 0 are predicted correctly, and one of four rows of class 1.
/// let y = [0, 0, 1, 1, 1, 1];
/// let p = dmatrix![0.9, 0.1; 0.7, 0.3; 0.8, 0.2; 0.6, 0.4; 0.7, 0.3; 0.1, 0.9];
/// let mean = GeometricMean.evaluate(&y, &p, &[0, 1], None)?;
/// assert!((mean - 0.5).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # References
/// Kubat and Matwin (1997), "Addressing the curse of imbalanced training sets: one-sided selection", for two
/// classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GeometricMean;

by_class!(GeometricMean, |_metric, counts| defined(counts.geometric_mean(), &counts, Average::Macro));

/// The mean recall over the classes that have rows: accuracy in which every class counts the same.
///
/// ```
/// use logit::metrics::{BalancedAccuracy, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8];
/// assert_eq!(BalancedAccuracy::new().evaluate(&[0, 0, 1], &p, &[0, 1], None)?, 0.75);
/// assert_eq!(
///     BalancedAccuracy::new().adjusted(true).evaluate(
///         &[0, 0, 1],
///         &p,
///         &[0, 1],
///         None
///     )?,
///     0.5
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BalancedAccuracy {
    adjusted: bool,
}

impl BalancedAccuracy {
    /// Creates the metric on the scale from 0 to 1.
    pub fn new() -> Self {
        BalancedAccuracy::default()
    }

    /// Sets whether the value is rescaled, with 0 for guessing and 1 for perfect predictions. Defaults to
    /// `false`.
    pub fn adjusted(mut self, adjusted: bool) -> Self {
        self.adjusted = adjusted;
        self
    }
}

by_class!(BalancedAccuracy, |metric, counts| {
    let value =
        if metric.adjusted { counts.adjusted_balanced_accuracy() } else { counts.balanced_accuracy() };
    // A single class has no chance level to compare with.
    if value.is_finite() { Ok(value) } else { defined(f64::NAN, &counts, Average::Macro) }
});

/// The Matthews correlation coefficient of true and predicted classes, from -1 to 1; 0 if either has a single
/// class.
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

/// Cohen's kappa: the agreement of true and predicted classes beyond chance. Perfect agreement is 1, chance
/// is 0.
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
    /// Creates the metric with these weights for disagreements.
    pub fn new(disagreement: Disagreement) -> Self {
        CohenKappa { disagreement }
    }
}

by_class!(CohenKappa, |metric, counts| {
    defined(counts.cohen_kappa(metric.disagreement), &counts, Average::Macro)
});
