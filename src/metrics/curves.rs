//! What happens to errors as the threshold on a score moves.

use super::ranking::Ranking;
use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::scalar::Real;

/// The receiver operating characteristic: for each threshold, the share of negatives and of positives whose score is at
/// least that.
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
    /// Of the scores of rows for being `positive`, with a weight for each if there are weights. Scores are probabilities
    /// or anything else of which more speaks for the class.
    ///
    /// # Errors
    /// For different sizes, no rows, scores that are not finite and bad weights; [`Error::MissingClass`] unless there are
    /// positive and other rows.
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

    /// As [`new`](Self::new), without points on straight lines between others.
    ///
    /// # Errors
    /// As [`new`](Self::new).
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

    /// The share of negatives at or above each threshold, rising from 0 to 1.
    pub fn false_positive_rate(&self) -> &[f64] {
        &self.false_positive_rate
    }

    /// The share of positives at or above each threshold, rising from 0 to 1.
    pub fn true_positive_rate(&self) -> &[f64] {
        &self.true_positive_rate
    }

    /// The thresholds, falling from infinity.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// The area under the curve.
    pub fn area(&self) -> f64 {
        trapezoids(&self.false_positive_rate, &self.true_positive_rate)
    }

    /// The area up to a false positive rate, from 1/2 for guessing to 1.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a rate that is not above 0 and at most 1.
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

/// Precision and recall for each threshold on the score.
///
/// # Examples
/// ```
/// use logit::metrics::PrecisionRecallCurve;
///
/// let curve = PrecisionRecallCurve::new(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8], &1, None)?;
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
    /// Of the scores of rows for being `positive`, with a weight for each if there are weights.
    ///
    /// # Errors
    /// As [`RocCurve::new`], but other rows are not needed.
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

    /// Of rows at or above each threshold, the share that are positive; then 1.
    pub fn precision(&self) -> &[f64] {
        &self.precision
    }

    /// Of positive rows, the share at or above each threshold; then 0.
    pub fn recall(&self) -> &[f64] {
        &self.recall
    }

    /// The thresholds, rising; one fewer than the points, of which the last has none.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// The mean precision over recalls: Σ (recall_i - recall_{i-1}) precision_i, without interpolation.
    pub fn average_precision(&self) -> f64 {
        self.average_precision
    }

    /// The area under straight lines between the points, which is too optimistic: see
    /// [`average_precision`](Self::average_precision).
    pub fn area(&self) -> f64 {
        -trapezoids(&self.recall, &self.precision)
    }
}

/// The detection error tradeoff: for each threshold, the share of negatives at or above it and of positives below.
///
/// Points at which one of the two no longer changes are left out at both ends.
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
    /// Of the scores of rows for being `positive`, with a weight for each if there are weights.
    ///
    /// # Errors
    /// As [`RocCurve::new`].
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

    /// The share of negatives at or above each threshold, falling.
    pub fn false_positive_rate(&self) -> &[f64] {
        &self.false_positive_rate
    }

    /// The share of positives below each threshold, rising.
    pub fn false_negative_rate(&self) -> &[f64] {
        &self.false_negative_rate
    }

    /// The thresholds, rising; the last may be infinite.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }
}

/// The area under straight lines between points, negative if x falls.
fn trapezoids(x: &[f64], y: &[f64]) -> f64 {
    let width = x.windows(2).map(|pair| pair[1] - pair[0]);
    width.zip(y.windows(2)).map(|(width, pair)| width * 0.5 * (pair[0] + pair[1])).sum()
}
