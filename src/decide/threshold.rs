//! Another threshold than one half.

use nalgebra::DMatrix;

use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::label::indices;
use crate::metrics::{Metric, double};
use crate::scalar::Real;

/// A classifier of two classes that predicts the second where its probability is at least a threshold.
///
/// # Formula
/// Scores are the log-odds less those of the threshold, so that their sign decides; probabilities are those of the
/// classifier inside. Where the threshold is not 1/2, the more probable class need not be the predicted one.
///
/// # Examples
/// ```
/// use logit::metrics::{Average, FBeta};
/// use logit::decide::FittedThreshold;
/// use logit::{Classifier, FittedLogistic};
/// use nalgebra::{dmatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(vec!["no", "yes"], dmatrix![1.0], dvector![0.0])?;
/// let careful = FittedThreshold::new(model.clone(), 0.9)?;
/// assert_eq!(careful.predict(&dmatrix![1.0; 3.0])?, ["no", "yes"]);
///
/// let (x, y) = (dmatrix![-3.0; -2.0; -1.0; 0.0], ["no", "yes", "yes", "yes"]);
/// let tuned = FittedThreshold::tuned(model, &FBeta::new(1.0, Average::Class(1)), &x, &y, None)?;
/// assert_eq!(tuned.predict(&x)?, y);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedThreshold<C> {
    pub(super) classifier: C,
    pub(super) threshold: f64,
}

impl<C> FittedThreshold<C> {
    /// `classifier` with this threshold on the probability of the second class.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a threshold that is not from 0 to 1, and for more than two classes.
    pub fn new<T: Real>(classifier: C, threshold: f64) -> Result<Self, Error>
    where
        C: Classifier<T>,
    {
        check_two(classifier.classes().len())?;
        check::parameter("threshold", threshold, (0.0..=1.0).contains(&threshold), "from 0 to 1")?;
        Ok(FittedThreshold { classifier, threshold })
    }

    /// `classifier` with the threshold that is best for a metric on rows that it was not fitted to, with a weight for each
    /// if there are weights: F1, say, or the [`MeanCost`](crate::metrics::MeanCost) of mistakes. All thresholds in the middle
    /// between neighbouring probabilities are tried, and 0, 1/2 and 1; of equally good ones the nearest to 1/2 is taken.
    ///
    /// # Errors
    /// For rows and labels that do not fit, and where the metric is defined at no threshold; as [`new`](Self::new).
    pub fn tuned<T: Real>(
        classifier: C,
        metric: &impl Metric,
        x: &DMatrix<T>,
        y: &[C::Label],
        weights: Option<&[T]>,
    ) -> Result<Self, Error>
    where
        C: Classifier<T>,
    {
        let mut model = FittedThreshold::new(classifier, 0.5)?;
        check::training_matrix(x)?;
        check::count("y", "labels", x.nrows(), y.len())?;
        check::weights(weights, y.len())?;
        let truth = indices(model.classifier.classes(), y)?;
        let p: Vec<f64> = model.classifier.predict_proba(x)?.column(1).iter().map(|p| p.as_f64()).collect();
        model.threshold = best_threshold(metric, &p, &truth, double(weights).as_deref())?;
        Ok(model)
    }

    /// The threshold.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// The classifier whose probabilities are compared with it.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }
}

impl<T: Real, C: Classifier<T>> Classifier<T> for FittedThreshold<C> {
    type Label = C::Label;

    fn classes(&self) -> &[C::Label] {
        self.classifier.classes()
    }
    fn features(&self) -> usize {
        self.classifier.features()
    }
    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let (p, log_p) = (self.classifier.predict_proba(x)?, self.classifier.predict_log_proba(x)?);
        let at = (self.threshold / (1.0 - self.threshold)).ln();
        let score = |row: usize, _| {
            let score = log_p[(row, 1)].as_f64() - log_p[(row, 0)].as_f64() - at;
            // At the threshold itself the second class is meant, and scores of 0 are those of the first.
            let above = p[(row, 1)].as_f64() >= self.threshold;
            let finite = score.clamp(-1e30, 1e30);
            T::of(if above { finite.max(f64::from(f32::MIN_POSITIVE)) } else { finite.min(0.0) })
        };
        Ok(DMatrix::from_fn(p.nrows(), 1, score))
    }
    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.classifier.predict_proba(x)
    }
    fn predict_log_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.classifier.predict_log_proba(x)
    }
}

/// A threshold decides between two classes.
pub(super) fn check_two(classes: usize) -> Result<(), Error> {
    let requires = "2: a threshold decides between two classes";
    check::parameter("classes", classes as f64, classes == 2, requires)
}

/// The threshold on the probability `p` of the second class that is best for a metric.
///
/// Rows of a class that are called alike are the same to a metric, so there are four rows, with the sums of their weights.
pub(super) fn best_threshold(
    metric: &impl Metric,
    p: &[f64],
    truth: &[usize],
    weights: Option<&[f64]>,
) -> Result<f64, Error> {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let mut order: Vec<usize> = (0..p.len()).filter(|&row| weight(row) > 0.0).collect();
    order.sort_unstable_by(|&a, &b| p[a].total_cmp(&p[b]).then(a.cmp(&b)));
    // For every row in that order, and the end: the weights of each class from it on, and before it.
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
        let value = match metric.evaluate_indices(&[0, 0, 1, 1], &certain, Some(&weights)) {
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
