//! Decision thresholds other than one half.

use nalgebra::{DMatrix, DMatrixViewMut};

use crate::check;
use crate::classifier::{Classifier, ClassifierExt, estimates_as};
use crate::error::Error;
use crate::label::indices;
use crate::metrics::{Metric, double};
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;
use crate::select::FoldStops;

/// A two-class classifier that predicts the second class if its probability is at least a threshold.
///
/// # Formula
/// Scores are the log-odds minus the log-odds of the threshold, so their sign decides. Probabilities are
/// those of the inner classifier. If the threshold is not 1/2, the predicted class need not be the more
/// probable one. At a threshold of 1/2, rows of probability 1/2 get the second class, and from the inner
/// classifier the first.
///
/// # Examples
/// ```
/// use logit::metrics::{Average, FBeta};
/// use logit::decide::FittedThreshold;
/// use logit::prelude::*;
/// use logit::FittedLogistic;
/// use nalgebra::{dmatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(
///     vec!["no", "yes"],
///     dmatrix![1.0],
///     dvector![0.0],
/// )?;
/// let careful = FittedThreshold::new(model.clone(), 0.9)?;
/// assert_eq!(careful.predict(&dmatrix![1.0; 3.0])?, ["no", "yes"]);
///
/// let (x, y) = (dmatrix![-3.0; -2.0; -1.0; 0.0], ["no", "yes", "yes", "yes"]);
/// let tuned = FittedThreshold::tuned(
///     model,
///     &FBeta::new(1.0, Average::Class(1)),
///     &x,
///     &y,
///     None,
/// )?;
/// assert_eq!(tuned.predict(&x)?, y);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedThreshold<C> {
    pub(super) classifier: C,
    pub(super) threshold: f64,
    pub(super) stops: FoldStops,
}

impl<C> FittedThreshold<C> {
    /// Wraps `classifier` with this threshold on the probability of the second class.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `threshold` is not from 0 to 1, or if there are more than two
    /// classes.
    pub fn new<T: Real>(classifier: C, threshold: f64) -> Result<Self, Error>
    where
        C: Classifier<T>,
    {
        check_two(classifier.classes().len())?;
        check::parameter("threshold", threshold, (0.0..=1.0).contains(&threshold), "from 0 to 1")?;
        Ok(FittedThreshold { classifier, threshold, stops: FoldStops::default() })
    }

    /// Wraps `classifier` with the threshold that is best for a metric on rows that it was not fitted to.
    ///
    /// The metric can be F1 or the [`MeanCost`](crate::metrics::MeanCost) of mistakes, for example. Rows
    /// count by their weights if there are weights. The candidates are 0, 1/2, 1 and all midpoints of
    /// neighbouring probabilities; of equally good thresholds, the nearest to 1/2 is taken.
    ///
    /// # Errors
    /// Returns the errors of [`new`](Self::new). Returns [`Error::Empty`] if there are no rows or columns,
    /// [`Error::NotFinite`] if `x` is not finite, [`Error::ShapeMismatch`] if the sizes differ,
    /// [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`] if the weights are not valid, and
    /// [`Error::UnknownLabel`] if a label is not a class of `classifier`. Returns the errors of `classifier`,
    /// and the error of the metric if it is not defined at any threshold.
    pub fn tuned<'a, T: Real>(
        classifier: C,
        metric: &impl Metric,
        x: impl Into<Rows<'a, T>>,
        y: &[C::Label],
        weights: Option<&[T]>,
    ) -> Result<Self, Error>
    where
        C: Classifier<T>,
    {
        let (x, mut model) = (x.into(), FittedThreshold::new(classifier, 0.5)?);
        check::training_matrix(x.or_names(model.classifier.feature_names()))?;
        check::labels(x, y.len())?;
        check::weights(weights, y.len())?;
        let truth = indices(model.classifier.classes(), y)?;
        let p: Vec<f64> = model.classifier.predict_proba(x)?.column(1).iter().map(|p| p.as_f64()).collect();
        model.threshold = best_threshold(metric, &p, &truth, double(weights).as_deref())
            .map_err(|error| error.with_labels(model.classifier.classes()))?;
        Ok(model)
    }

    /// Returns the threshold on the probability of the second class.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Returns the inner classifier, whose probabilities are compared with the threshold.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }

    /// Returns why the fits to folds stopped on whose probabilities the threshold was tuned.
    ///
    /// It is empty unless [`TuneThreshold`](crate::decide::TuneThreshold) made the model.
    pub fn fold_stops(&self) -> &FoldStops {
        &self.stops
    }
}

impl<T: Real, C: Classifier<T>> Classifier<T> for FittedThreshold<C> {
    type Label = C::Label;

    estimates_as!(self => self.classifier);

    fn scores_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        let write = |mut both: DMatrixViewMut<'_, T>, scratch: &mut Scratch<T>| {
            let (p, log_p) = both.columns_range_pair_mut(0..2, 2..4);
            self.classifier.probabilities_into(x, p, scratch)?;
            self.classifier.log_probabilities_into(x, log_p, scratch)
        };
        let at = (self.threshold / (1.0 - self.threshold)).ln();
        scratch.with_matrix((x.nrows(), 4), write, |both| {
            for (row, z) in out.iter_mut().enumerate() {
                let [p, log_p_no, log_p_yes] = [1, 2, 3].map(|column| both[(row, column)].as_f64());
                let score = (log_p_yes - log_p_no - at).clamp(-1e30, 1e30);
                // At the threshold itself the second class is predicted, but a score of 0 means the first.
                let above = p >= self.threshold;
                *z = T::of(if above { score.max(f64::from(f32::MIN_POSITIVE)) } else { score.min(0.0) });
            }
        })
    }
}

/// Checks that there are two classes.
pub(super) fn check_two(classes: usize) -> Result<(), Error> {
    let requires = "2: a threshold decides between two classes";
    check::parameter("classes", classes as f64, classes == 2, requires)
}

/// Returns the threshold on the probability `p` of the second class that is best for a metric.
///
/// A metric cannot distinguish rows of one class with the same prediction, so four rows with summed weights
/// stand for all.
pub(super) fn best_threshold(
    metric: &impl Metric,
    p: &[f64],
    truth: &[usize],
    weights: Option<&[f64]>,
) -> Result<f64, Error> {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let mut order: Vec<usize> = (0..p.len()).filter(|&row| weight(row) > 0.0).collect();
    order.sort_unstable_by(|&a, &b| p[a].total_cmp(&p[b]).then(a.cmp(&b)));
    // For each position in that order, and the end: the weights of each class from it on, and before it.
    let sums = |rows: &mut dyn Iterator<Item = usize>| {
        let mut sums = vec![[0.0; 2]];
        let mut sum = [0.0; 2];
        for row in rows {
            sum[truth[row]] += weight(row);
            sums.push(sum);
        }
        sums
    };
    let before = sums(&mut order.iter().copied());
    let mut after = sums(&mut order.iter().rev().copied());
    after.reverse();
    let certain = DMatrix::from_row_slice(4, 2, &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
    let middle = |at: usize| {
        let (low, high) = (p[order[at - 1]], p[order[at]]);
        let middle = low + (high - low) / 2.0;
        (low < high).then_some(if middle > low { middle } else { high })
    };
    let candidates = (1..order.len()).filter_map(middle).chain([0.0, 1.0, 0.5]);
    let (mut best, mut undefined): (Option<(f64, f64)>, Option<Error>) = (None, None);
    for threshold in candidates {
        let first = order.partition_point(|&row| p[row] < threshold);
        let ([no_below, yes_below], [no_above, yes_above]) = (before[first], after[first]);
        let weights = [no_below, no_above, yes_below, yes_above];
        let value = match metric.evaluate_indices(&[0, 0, 1, 1], certain.as_view(), Some(&weights)) {
            Ok(value) if metric.greater_is_better() => value,
            Ok(value) => -value,
            Err(error) => {
                undefined = Some(error);
                continue;
            }
        };
        let nearer = |other: f64| (threshold - 0.5).abs() < (other - 0.5).abs();
        if !value.is_nan() && best.is_none_or(|(most, at)| value > most || value == most && nearer(at)) {
            best = Some((value, threshold));
        }
    }
    match (best, undefined) {
        (None, Some(error)) => Err(error),
        (best, _) => Ok(best.map_or(0.5, |(_, threshold)| threshold)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Accuracy;

    #[test]
    fn thresholds_lie_between_neighbouring_probabilities() {
        let best = |p: [f64; 2]| best_threshold(&Accuracy, &p, &[0, 1], None).unwrap();
        assert_eq!(best([0.125, 0.25]), 0.1875);
        assert_eq!(best([0.625, 0.875]), 0.75);
        // There is no number between these, and the middle is rounded to one of them.
        let mut low: f64 = 0.3;
        for _ in 0..20 {
            let high = low.next_up();
            assert_eq!(best([low, high]), high);
            low = high;
        }
    }
}
