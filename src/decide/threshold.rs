//! Another threshold than one half.

use nalgebra::DMatrix;

use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::label::indices;
use crate::metrics::Metric;
use crate::real::Real;

/// A classifier of two classes that predicts the second where its probability is at least a threshold.
///
/// # Formula
/// Scores are the log-odds less those of the threshold, so that their sign decides; probabilities are those of the
/// classifier inside. Where the threshold is not 1/2, the more probable class need not be the predicted one.
///
/// # Examples
/// ```
/// use logit::metrics::{Average, FBeta};
/// use logit::{Classifier, FittedLogistic, Thresholded};
/// use nalgebra::{dmatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(vec!["no", "yes"], dmatrix![1.0], dvector![0.0])?;
/// let careful = Thresholded::new(model.clone(), 0.9)?;
/// assert_eq!(careful.predict(&dmatrix![1.0; 3.0])?, ["no", "yes"]);
///
/// let (x, y) = (dmatrix![-3.0; -2.0; -1.0; 0.0], ["no", "yes", "yes", "yes"]);
/// let tuned = Thresholded::tuned(model, &FBeta::new(1.0, Average::Class(1)), &x, &y, None)?;
/// assert_eq!(tuned.predict(&x)?, y);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholded<C> {
    pub(super) classifier: C,
    pub(super) threshold: f64,
}

/// The most thresholds that are tried.
const MOST: usize = 1000;

impl<C> Thresholded<C> {
    /// `classifier` with this threshold on the probability of the second class.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a threshold that is not from 0 to 1, and for more than two classes.
    pub fn new<T: Real>(classifier: C, threshold: f64) -> Result<Self, Error>
    where
        C: Classifier<T>,
    {
        let classes = classifier.classes().len();
        check::parameter(
            "classes",
            classes as f64,
            classes == 2,
            "2: a threshold decides between two classes",
        )?;
        check::parameter("threshold", threshold, (0.0..=1.0).contains(&threshold), "from 0 to 1")?;
        Ok(Thresholded { classifier, threshold })
    }

    /// `classifier` with the threshold that is best for a metric on rows that it was not fitted to, with a weight for each
    /// if there are weights. Thresholds are tried in the middle between neighbouring probabilities, at most 1,000 of them,
    /// evenly chosen; of equally good ones the nearest to 1/2 is taken.
    ///
    /// # Errors
    /// For rows and labels that do not fit, and where the metric is not defined for them; as [`new`](Self::new).
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
        let mut model = Thresholded::new(classifier, 0.5)?;
        check::training_matrix(x)?;
        check::count("y", "labels", x.nrows(), y.len())?;
        check::weights(weights, y.len())?;
        let truth = indices(model.classifier.classes(), y)?;
        let weights: Option<Vec<f64>> = weights.map(|weights| weights.iter().map(|w| w.as_f64()).collect());
        let p: Vec<f64> = model.classifier.predict_proba(x)?.column(1).iter().map(|p| p.as_f64()).collect();
        let mut sorted = p.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.dedup();
        let middles = sorted.windows(2).map(|pair| pair[0] + (pair[1] - pair[0]) / 2.0);
        let all: Vec<f64> = std::iter::once(0.0).chain(middles).chain([1.0, 0.5]).collect();
        let step = all.len().div_ceil(MOST).max(1);
        let mut best: Option<(f64, f64)> = None;
        for &threshold in all.iter().step_by(step).chain(&[0.5]) {
            let called = DMatrix::from_fn(p.len(), 2, |row, class| {
                if usize::from(p[row] >= threshold) == class { 1.0 } else { 0.0 }
            });
            let value = metric.evaluate_indices(&truth, &called, weights.as_deref())?;
            let value = if metric.greater_is_better() { value } else { -value };
            let nearer = |other: f64| (threshold - 0.5).abs() < (other - 0.5).abs();
            if best.is_none_or(|(most, at)| value > most || value == most && nearer(at)) {
                best = Some((value, threshold));
            }
        }
        model.threshold = best.map_or(0.5, |(_, threshold)| threshold);
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

impl<T: Real, C: Classifier<T>> Classifier<T> for Thresholded<C> {
    type Label = C::Label;

    fn classes(&self) -> &[C::Label] {
        self.classifier.classes()
    }
    fn features(&self) -> usize {
        self.classifier.features()
    }
    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let log_p = self.classifier.predict_log_proba(x)?;
        let at = (self.threshold / (1.0 - self.threshold)).ln();
        let threshold = T::of(self.threshold);
        let score = |row: usize, _| {
            let odds = log_p[(row, 1)].as_f64() - log_p[(row, 0)].as_f64();
            let score = odds - at;
            // At the threshold itself the second class is meant, and scores of 0 are those of the first.
            let above = log_p[(row, 1)].exp() >= threshold;
            let finite = score.clamp(-1e30, 1e30);
            T::of(if above { finite.max(f64::from(f32::MIN_POSITIVE)) } else { finite.min(0.0) })
        };
        Ok(DMatrix::from_fn(log_p.nrows(), 1, score))
    }
    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.classifier.predict_proba(x)
    }
    fn predict_log_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.classifier.predict_log_proba(x)
    }
}
