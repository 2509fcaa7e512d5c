//! Error rates as a function of the threshold on a score.

use super::ranking::Ranking;
use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::scalar::Real;

/// The receiver operating characteristic (ROC): the false and true positive rates at each threshold.
///
/// A rate is the fraction of negatives or of positives whose score is at least the threshold.
///
/// # Examples
/// ```
/// use logit::metrics::RocCurve;
///
/// let curve = RocCurve::new(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8], &1, None)?;
/// assert_eq!(curve.false_positive_rate(), [0.0, 0.0, 0.5, 0.5, 1.0]);
/// assert_eq!(curve.true_positive_rate(), [0.0, 0.5, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.thresholds(), [f64::INFINITY, 0.8, 0.4, 0.35, 0.1]);
/// assert_eq!(curve.area(), 0.75);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    false_positive_rate: Vec<f64>,
    true_positive_rate: Vec<f64>,
    thresholds: Vec<f64>,
}

impl RocCurve {
    /// Computes the curve of the scores for the class `positive`, weighted if there are weights.
    ///
    /// Scores are probabilities or any other number that is greater if the class is more likely.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the lengths differ, [`Error::Empty`] if there are no rows,
    /// [`Error::NotFinite`] if a score is not finite, [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`]
    /// if the weights are not valid, and [`Error::MissingClass`] unless there are both positive and other
    /// rows.
    pub fn new<T: Real, L: Label>(
        truth: &[L],
        scores: &[T],
        positive: &L,
        weights: Option<&[T]>,
    ) -> Result<Self, Error> {
        let ranking = Ranking::of_labels(truth, scores, positive, weights)?;
        ranking.check_both(positive)?;
        Ok(RocCurve::of(&ranking, (0..ranking.thresholds.len()).collect()))
    }

    /// Computes the curve without the points that lie on a straight line between others.
    ///
    /// # Errors
    /// Returns the errors of [`new`](Self::new).
    pub fn corners<T: Real, L: Label>(
        truth: &[L],
        scores: &[T],
        positive: &L,
        weights: Option<&[T]>,
    ) -> Result<Self, Error> {
        let ranking = Ranking::of_labels(truth, scores, positive, weights)?;
        ranking.check_both(positive)?;
        let last = ranking.thresholds.len() - 1;
        let bends = |at: &usize| {
            // Sums of weights are rounded; counts are not.
            let second =
                |of: &[f64]| ((of[at + 1] - of[*at]) - (of[*at] - of[at - 1])).abs() > 1e-14 * of[last];
            *at == 0 || *at == last || second(&ranking.right) || second(&ranking.wrong)
        };
        Ok(RocCurve::of(&ranking, (0..=last).filter(bends).collect()))
    }

    fn of(ranking: &Ranking, points: Vec<usize>) -> Self {
        let rates = |of: &[f64], whole: f64| -> Vec<f64> {
            std::iter::once(0.0).chain(points.iter().map(|&at| of[at] / whole)).collect()
        };
        let thresholds = points.iter().map(|&at| ranking.thresholds[at]);
        RocCurve {
            false_positive_rate: rates(&ranking.wrong, ranking.negatives()),
            true_positive_rate: rates(&ranking.right, ranking.positives()),
            thresholds: std::iter::once(f64::INFINITY).chain(thresholds).collect(),
        }
    }

    /// Returns the fraction of negatives at or above each threshold, rising from 0 to 1.
    pub fn false_positive_rate(&self) -> &[f64] {
        &self.false_positive_rate
    }

    /// Returns the fraction of positives at or above each threshold, rising from 0 to 1.
    pub fn true_positive_rate(&self) -> &[f64] {
        &self.true_positive_rate
    }

    /// Returns the thresholds, in descending order from infinity.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// Returns the area under the curve.
    pub fn area(&self) -> f64 {
        trapezoids(&self.false_positive_rate, &self.true_positive_rate)
    }

    /// Returns the standardised area up to a false positive rate, from 1/2 for guessing to 1.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `largest_rate` is not above 0 and at most 1.
    ///
    /// # References
    /// McClish (1989), "Analyzing a portion of the ROC curve".
    pub fn partial_area(&self, largest_rate: f64) -> Result<f64, Error> {
        let valid = largest_rate > 0.0 && largest_rate <= 1.0;
        check::parameter("largest_rate", largest_rate, valid, "above 0 and at most 1")?;
        let (x, y) = (&self.false_positive_rate, &self.true_positive_rate);
        let beyond = x.partition_point(|&rate| rate <= largest_rate);
        let (mut some_x, mut some_y) = (x[..beyond].to_vec(), y[..beyond].to_vec());
        if beyond < x.len() {
            let share = (largest_rate - x[beyond - 1]) / (x[beyond] - x[beyond - 1]);
            some_x.push(largest_rate);
            some_y.push(y[beyond - 1] + share * (y[beyond] - y[beyond - 1]));
        }
        let (least, most) = (0.5 * largest_rate * largest_rate, largest_rate);
        Ok(0.5 * (1.0 + (trapezoids(&some_x, &some_y) - least) / (most - least)))
    }
}

/// The precision and recall at each threshold on a score.
///
/// # Examples
/// ```
/// use logit::metrics::PrecisionRecallCurve;
///
/// let curve =
///     PrecisionRecallCurve::new(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8], &1, None)?;
/// assert_eq!(curve.precision(), [0.5, 2.0 / 3.0, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.recall(), [1.0, 1.0, 0.5, 0.5, 0.0]);
/// assert_eq!(curve.thresholds(), [0.1, 0.35, 0.4, 0.8]);
/// assert!((curve.average_precision() - 0.8333333333333333).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecallCurve {
    precision: Vec<f64>,
    recall: Vec<f64>,
    thresholds: Vec<f64>,
    average_precision: f64,
}

impl PrecisionRecallCurve {
    /// Computes the curve of the scores for the class `positive`, weighted if there are weights.
    ///
    /// # Errors
    /// Returns the errors of [`RocCurve::new`], but does not require rows of other classes.
    pub fn new<T: Real, L: Label>(
        truth: &[L],
        scores: &[T],
        positive: &L,
        weights: Option<&[T]>,
    ) -> Result<Self, Error> {
        let ranking = Ranking::of_labels(truth, scores, positive, weights)?;
        ranking.check_positive(positive)?;
        let rising = || (0..ranking.thresholds.len()).rev();
        let precision = rising().map(|at| ranking.right[at] / (ranking.right[at] + ranking.wrong[at]));
        let recall = rising().map(|at| ranking.right[at] / ranking.positives());
        Ok(PrecisionRecallCurve {
            precision: precision.chain([1.0]).collect(),
            recall: recall.chain([0.0]).collect(),
            thresholds: rising().map(|at| ranking.thresholds[at]).collect(),
            average_precision: ranking.average_precision(),
        })
    }

    /// Returns the fraction of the rows at or above each threshold that are positive; the last entry is 1.
    pub fn precision(&self) -> &[f64] {
        &self.precision
    }

    /// Returns the fraction of the positive rows at or above each threshold; the last entry is 0.
    pub fn recall(&self) -> &[f64] {
        &self.recall
    }

    /// Returns the thresholds, in ascending order. There is one fewer than points: the last point has no
    /// threshold.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// Returns the average precision, Σ (recall_i - recall_{i-1}) precision_i, without interpolation.
    pub fn average_precision(&self) -> f64 {
        self.average_precision
    }

    /// Returns the area under straight lines between the points.
    ///
    /// This area is too optimistic; prefer [`average_precision`](Self::average_precision).
    pub fn area(&self) -> f64 {
        -trapezoids(&self.recall, &self.precision)
    }
}

/// The detection error trade-off (DET): the false positive and false negative rates at each threshold.
///
/// The false positive rate is the fraction of negatives at or above the threshold. The false negative rate is
/// the fraction of positives below it. At both ends, points at which one of the two no longer changes are
/// left out.
///
/// # Examples
/// ```
/// use logit::metrics::DetCurve;
///
/// let curve = DetCurve::new(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8], &1, None)?;
/// assert_eq!(curve.false_positive_rate(), [0.5, 0.5, 0.0]);
/// assert_eq!(curve.false_negative_rate(), [0.0, 0.5, 0.5]);
/// assert_eq!(curve.thresholds(), [0.35, 0.4, 0.8]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DetCurve {
    false_positive_rate: Vec<f64>,
    false_negative_rate: Vec<f64>,
    thresholds: Vec<f64>,
}

impl DetCurve {
    /// Computes the curve of the scores for the class `positive`, weighted if there are weights.
    ///
    /// # Errors
    /// Returns the errors of [`RocCurve::new`].
    pub fn new<T: Real, L: Label>(
        truth: &[L],
        scores: &[T],
        positive: &L,
        weights: Option<&[T]>,
    ) -> Result<Self, Error> {
        let RocCurve { false_positive_rate: wrong, true_positive_rate: right, thresholds } =
            RocCurve::new(truth, scores, positive, weights)?;
        let first = wrong.partition_point(|&rate| rate <= 0.0) - 1;
        let last = right.partition_point(|&rate| rate < 1.0);
        let points = || (first..=last.max(first)).rev();
        Ok(DetCurve {
            false_positive_rate: points().map(|at| wrong[at]).collect(),
            false_negative_rate: points().map(|at| 1.0 - right[at]).collect(),
            thresholds: points().map(|at| thresholds[at]).collect(),
        })
    }

    /// Returns the fraction of negatives at or above each threshold, falling.
    pub fn false_positive_rate(&self) -> &[f64] {
        &self.false_positive_rate
    }

    /// Returns the fraction of positives below each threshold, rising.
    pub fn false_negative_rate(&self) -> &[f64] {
        &self.false_negative_rate
    }

    /// Returns the thresholds, in ascending order; the last may be infinite.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }
}

/// Returns the area under straight lines between points; negative if x falls.
fn trapezoids(x: &[f64], y: &[f64]) -> f64 {
    let width = x.windows(2).map(|pair| pair[1] - pair[0]);
    width.zip(y.windows(2)).map(|(width, pair)| width * 0.5 * (pair[0] + pair[1])).sum()
}
