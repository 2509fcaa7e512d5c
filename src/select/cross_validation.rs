//! Cross-validation of any estimator with any metrics.

use std::fmt;

use super::fold_stops::FoldStops;
use super::part::Part;
use super::split::Split;
use super::splitter::Splitter;
use super::trained_classes::{self, Needed};
use crate::check;
use crate::classifier::{Classifier, ClassifierExt};
use crate::error::{Error, ErrorContext};
use crate::estimator::{Estimator, FitOptions};
use crate::label::Label;
use crate::metrics::{Metric, decisions};
use crate::parallel::{Threads, attempt, available, try_map};
use crate::report::StopReason;
use crate::rows::Rows;
use crate::scalar::Real;

/// Cross-validation: fits an estimator to the training rows of each split and evaluates it on the test rows.
///
/// Any number of metrics can be computed. Put preprocessing into the estimator, as a
/// [`Pipeline`](crate::Pipeline): each split then learns it anew, and nothing leaks from test rows.
/// [`CrossValidationResult::stops`] and the printed table report the fits that did not converge. Fits have no
/// observer, because they may run on several threads.
///
/// # Threads
/// Splits are fitted and evaluated beside one another, on all threads unless [`threads`](Self::threads) sets
/// a limit. Results and errors do not depend on the number of threads. A panic in the estimator or in a
/// metric is [`Error::Panicked`].
///
/// # Examples
/// ```
/// use logit::metrics::{Accuracy, LogLoss};
/// use logit::select::Splitter;
/// use logit::{
///     CrossValidation, LogisticRegression, Penalty, Pipeline, StandardScaler, data,
/// };
///
/// let iris = data::iris();
/// let pipeline =
///     Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
/// let scores = CrossValidation::new(Splitter::Stratified { k: 5, seed: 1 })
///     .metric("accuracy", Accuracy)
///     .metric("log-loss", LogLoss)
///     .run(&pipeline, &iris.x, &iris.y)?;
/// assert!(scores.mean("accuracy").unwrap() > 0.93);
/// println!("{scores}");
/// # Ok::<(), logit::Error>(())
/// ```
pub struct CrossValidation<'a, T> {
    splitter: Splitter,
    metrics: Vec<(String, Box<dyn Metric + 'a>)>,
    weights: Option<&'a [T]>,
    train_scores: bool,
    keep_models: bool,
    threads: Threads,
}

impl<T> fmt::Debug for CrossValidation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.metrics.iter().map(|(name, _)| name).collect();
        f.debug_struct("CrossValidation")
            .field("splitter", &self.splitter)
            .field("metrics", &names)
            .field("weighted", &self.weights.is_some())
            .field("train_scores", &self.train_scores)
            .field("keep_models", &self.keep_models)
            .field("threads", &self.threads)
            .finish()
    }
}

impl<'a, T: Real> CrossValidation<'a, T> {
    /// Creates a cross-validation on the given splits, without metrics.
    pub fn new(splitter: impl Into<Splitter>) -> Self {
        CrossValidation {
            splitter: splitter.into(),
            metrics: vec![],
            weights: None,
            train_scores: false,
            keep_models: false,
            threads: Threads::default(),
        }
    }

    /// Adds a metric under a name. Without metrics, no scores are computed.
    pub fn metric(mut self, name: &str, metric: impl Metric + 'a) -> Self {
        self.metrics.push((name.to_owned(), Box::new(metric)));
        self
    }

    /// Sets a weight for each row, for fits and metrics; rows of weight 0 are left out. Defaults to no
    /// weights.
    pub fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Sets whether the models are also evaluated on their training rows. Defaults to `false`.
    ///
    /// A model that scores much better on training rows than on test rows overfits.
    pub fn train_scores(mut self, train_scores: bool) -> Self {
        self.train_scores = train_scores;
        self
    }

    /// Sets whether the fitted models are kept. Defaults to `false`.
    pub fn keep_models(mut self, keep_models: bool) -> Self {
        self.keep_models = keep_models;
        self
    }

    /// Sets the largest number of threads. Defaults to all of the machine.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::at_most(threads);
        self
    }

    /// Fits the estimator to the training rows of each split and evaluates it on the test rows.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if `x`, `y` and the weights differ in length, and
    /// [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`] if the weights are not valid. Returns the
    /// error of the splitter. If there are metrics, returns [`Error::ClassNotInSplit`] if a class of the test
    /// rows of a split is in none of its training rows: metrics are defined for the classes of the model, and
    /// scores of models with other classes cannot be compared. Returns [`Error::Within`] for the first split
    /// whose fit or metrics fail or panic, with the split, and with rows and columns of `x`. Returns
    /// [`Error::InvalidParameter`] if the number of threads is 0.
    pub fn run<'r, E, L>(
        &self,
        estimator: &E,
        x: impl Into<Rows<'r, T>>,
        y: &[L],
    ) -> Result<CrossValidationResult<E::Fitted<L>>, Error>
    where
        E: Estimator<T, Fitted<L>: Send> + Sync,
        L: Label,
    {
        let x = x.into();
        let (splits, outcomes) = self.threads.run(|| {
            let splits = self.splits(x, y)?;
            let outcomes = try_map(splits.len(), available(), |index| {
                self.evaluate_model(estimator, x, y, (index, &splits[index]))
            });
            Ok((splits, outcomes?))
        })?;
        let (mut test, mut train, mut models, mut stops) = (vec![], vec![], vec![], vec![]);
        for outcome in outcomes {
            let Outcome { test: on_test, train: on_train, model, stop } = outcome;
            test.push(on_test);
            train.extend(on_train);
            models.extend(model);
            stops.push(stop);
        }
        let metrics = self.metrics.iter().map(|(name, metric)| (name.clone(), metric.greater_is_better()));
        let (metrics, stops) = (metrics.collect(), stops.into_iter().collect());
        Ok(CrossValidationResult { metrics, test, train, models, splits, stops })
    }

    fn splits<L: Label>(&self, x: Rows<'_, T>, y: &[L]) -> Result<Vec<Split>, Error> {
        check::labels(x, y.len())?;
        check::weights(self.weights, x.nrows())?;
        let splits = self.splitter.splits_of_counted(y, self.weights)?;
        if !self.metrics.is_empty() {
            trained_classes::check(&splits, y, Needed::Tested)?;
        }
        Ok(splits)
    }

    /// Fits the estimator to one split and evaluates it.
    pub(super) fn evaluate_model<E: Estimator<T>, L: Label>(
        &self,
        estimator: &E,
        x: Rows<'_, T>,
        y: &[L],
        (index, split): (usize, &Split),
    ) -> Result<Outcome<E::Fitted<L>>, Error> {
        let [train, test] = [&split.train, &split.test].map(|rows| Part::of(x, y, self.weights, rows));
        let options = FitOptions { weights: train.weights(), ..FitOptions::new() };
        let training = |error| train.translate(error).within(ErrorContext::TrainingRows { split: index });
        let testing = |error| test.translate(error).within(ErrorContext::TestRows { split: index });
        let fit = attempt("the fit", || estimator.fit_rows(train.rows(), &train.y, options));
        let model = fit.map_err(training)?;
        let test = self.scores(&model, &test).map_err(testing)?;
        let train =
            if self.train_scores { Some(self.scores(&model, &train).map_err(training)?) } else { None };
        let stop = model.report().map(|report| report.stop);
        Ok(Outcome { test, train, model: self.keep_models.then_some(model), stop })
    }

    fn scores<C: Classifier<T>>(&self, model: &C, part: &Part<'_, T, C::Label>) -> Result<Vec<f64>, Error> {
        let any = self.metrics.iter().any(|(_, metric)| metric.uses_labels());
        let (probabilities, decided) = attempt("the prediction", || {
            let probabilities = model.predict_proba(part.rows())?;
            Ok((probabilities, if any { Some(decisions(model, part.rows())?) } else { None }))
        })?;
        let score = |(name, metric): &(String, Box<dyn Metric + 'a>)| {
            let judged = decided.as_ref().filter(|_| metric.uses_labels()).unwrap_or(&probabilities);
            let value =
                attempt("the metric", || metric.evaluate(&part.y, judged, model.classes(), part.weights()));
            value.map_err(|error| error.within(ErrorContext::Metric { name: name.clone() }))
        };
        self.metrics.iter().map(score).collect()
    }
}

/// The scores of a split by metric, and its model if it is kept.
pub(super) struct Outcome<C> {
    pub(super) test: Vec<f64>,
    pub(super) train: Option<Vec<f64>>,
    model: Option<C>,
    pub(super) stop: Option<StopReason>,
}

impl<C> Outcome<C> {
    pub(super) fn without_model(self) -> Outcome<()> {
        Outcome { test: self.test, train: self.train, model: None, stop: self.stop }
    }
}

/// The scores, splits and models of a [`CrossValidation`].
///
/// ```
/// use logit::metrics::{LogLoss, Metric};
/// use logit::select::Splitter;
/// use logit::{CrossValidation, LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let found = CrossValidation::new(Splitter::default())
///     .metric("log-loss", LogLoss)
///     .keep_models(true)
///     .run(&LogisticRegression::new(Penalty::c(1.0)), &iris.x, &iris.y)?;
/// let (split, model) = (&found.splits()[0], &found.models()[0]);
/// let y: Vec<&str> = split.test.iter().map(|&row| iris.y[row]).collect();
/// let by_hand =
///     LogLoss.evaluate_model(model, &iris.x.select_rows(&split.test), &y, None)?;
/// assert_eq!(found.scores("log-loss").unwrap()[0], by_hand);
/// assert!(found.mean("log-loss").unwrap() < 0.25 && found.scores("f1").is_none());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidationResult<C> {
    /// The name of each metric, and whether greater values are better.
    metrics: Vec<(String, bool)>,
    /// The scores, by split and then by metric.
    test: Vec<Vec<f64>>,
    train: Vec<Vec<f64>>,
    models: Vec<C>,
    splits: Vec<Split>,
    stops: FoldStops,
}

impl<C> CrossValidationResult<C> {
    /// Returns the test scores of a metric, one per split; `None` if no metric has this name.
    pub fn scores(&self, metric: &str) -> Option<Vec<f64>> {
        let at = self.position(metric)?;
        Some(self.test.iter().map(|scores| scores[at]).collect())
    }

    /// Returns the training scores of a metric, one per split; `None` if no metric has this name or there are
    /// none.
    ///
    /// Training scores need [`CrossValidation::train_scores`].
    pub fn train_scores(&self, metric: &str) -> Option<Vec<f64>> {
        let at = self.position(metric)?;
        (!self.train.is_empty()).then(|| self.train.iter().map(|scores| scores[at]).collect())
    }

    /// Returns the mean test score of a metric; `None` if no metric has this name.
    pub fn mean(&self, metric: &str) -> Option<f64> {
        self.scores(metric).map(|scores| mean(&scores))
    }

    /// Returns the standard error of the mean test score: the standard deviation of the scores over √k.
    ///
    /// It is slightly too small, because folds share training rows. Returns `None` if no metric has this
    /// name.
    pub fn standard_error(&self, metric: &str) -> Option<f64> {
        self.scores(metric).map(|scores| standard_error(&scores))
    }

    /// Returns the fitted models, one per split; empty unless [`CrossValidation::keep_models`] was set.
    pub fn models(&self) -> &[C] {
        &self.models
    }

    /// Returns the splits.
    pub fn splits(&self) -> &[Split] {
        &self.splits
    }

    /// Returns why the fit to the training rows of each split stopped.
    pub fn stops(&self) -> &FoldStops {
        &self.stops
    }

    fn position(&self, metric: &str) -> Option<usize> {
        self.metrics.iter().position(|(name, _)| name == metric)
    }
}

pub(super) fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len() as f64
}

/// Returns the standard error of the mean; NaN for a single score.
pub(super) fn standard_error(scores: &[f64]) -> f64 {
    let (mean, count) = (mean(scores), scores.len() as f64);
    let squares: f64 = scores.iter().map(|score| (score - mean) * (score - mean)).sum();
    (squares / (count - 1.0) / count).sqrt()
}

/// Formats a table with one line per metric: its mean, the standard error, the smallest and the largest
/// score.
///
/// If some fits did not converge, a further line names their splits.
impl<C> fmt::Display for CrossValidationResult<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.metrics.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(6);
        write!(f, "{:<width$} {:>10} {:>10} {:>10} {:>10}", "metric", "mean", "std error", "min", "max")?;
        for (at, (name, _)) in self.metrics.iter().enumerate() {
            let scores: Vec<f64> = self.test.iter().map(|scores| scores[at]).collect();
            let (least, most) = (
                scores.iter().copied().fold(f64::INFINITY, f64::min),
                scores.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            );
            let (mean, error) = (mean(&scores), standard_error(&scores));
            write!(f, "\n{name:<width$} {mean:>10.4} {error:>10.4} {least:>10.4} {most:>10.4}")?;
        }
        if self.stops.unconverged().is_empty() { Ok(()) } else { write!(f, "\n{}", self.stops) }
    }
}

#[cfg(test)]
mod tests {
    use super::{CrossValidationResult, standard_error};

    #[test]
    fn results_are_a_table() {
        let result = CrossValidationResult::<()> {
            metrics: vec![("auc".to_owned(), true), ("log loss".to_owned(), false)],
            test: vec![vec![0.5, 1.0], vec![0.75, 3.0]],
            train: vec![],
            models: vec![],
            splits: vec![],
            stops: [None, None].into_iter().collect(),
        };
        let wanted = "\
metric         mean  std error        min        max
auc          0.6250     0.1250     0.5000     0.7500
log loss     2.0000     1.0000     1.0000     3.0000";
        assert_eq!(result.to_string(), wanted);
        // The heading is wider than short names.
        let short = CrossValidationResult { metrics: result.metrics[..1].to_vec(), ..result };
        assert_eq!(
            short.to_string(),
            "metric       mean  std error        min        max\n\
             auc        0.6250     0.1250     0.5000     0.7500"
        );
    }

    #[test]
    fn the_standard_error_is_that_of_a_sample() {
        // The variance of 1, 2, 3 and 4 is 5 / 3.
        approx::assert_relative_eq!(standard_error(&[1.0, 2.0, 3.0, 4.0]), (5.0f64 / 12.0).sqrt());
        assert_eq!(standard_error(&[1.0, 3.0]), 1.0);
        assert!(standard_error(&[1.0]).is_nan());
    }
}
