//! Logistic regression with a penalty chosen by cross-validation.

mod fitted;
mod stored;

use std::ops::ControlFlow;

use nalgebra::DMatrix;

use self::fitted::Selection;
pub use self::fitted::{FittedLogisticCv, LambdaScore};
use crate::check;
use crate::classifier::Classifier;
use crate::classifier::ClassifierExt;
use crate::error::{Error, ErrorContext};
use crate::estimator::{Estimator, FitOptions};
use crate::examples::Labelled;
use crate::label::{Label, indices};
use crate::linear::fitted::FittedLogistic;
use crate::linear::path::LogisticPath;
use crate::linear::sample::RowOptions;
use crate::loss::probabilities;
use crate::metrics::{LogLoss, Metric};
use crate::parallel::{attempt, try_map, workers_for};
use crate::report::{Observer, Progress};
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::select::{Split, folds};

/// The rule that chooses λ from the cross-validation scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SelectionRule {
    /// The λ with the best mean score; among ties, the largest.
    #[default]
    Best,
    /// The largest λ whose mean score is within one standard error of the best: the simplest model that the
    /// folds cannot distinguish from the best (Breiman et al., 1984).
    OneStandardError,
}

/// Logistic regression with λ chosen by stratified k-fold cross-validation.
///
/// # Formula
/// For each fold, a path over one common grid is fitted to the rows of all other folds, and each model is
/// scored on the rows of the fold. Each λ has the mean m of its k scores and their standard error s / √k,
/// where s is their sample standard deviation. The [`SelectionRule`] chooses a λ, and the final model is the
/// one at that λ of the path over all rows.
///
/// # Data use
/// - The default grid is computed from all rows: it determines where to search, not the result. Nothing else
///   that a fold's models see comes from its test rows.
/// - Rows of weight 0 are in no fold. Weights count in the fits and, without class weights, in the scores.
///   All folds count equally in the mean.
/// - `Balanced` class weights are computed from each fit's own training rows.
/// - Offsets are also added to the scores of test rows.
/// - A metric may require every class in every fold. Then k is at most the number of rows of the smallest
///   class.
///
/// # Memory
/// The fit holds a copy of the rows for each fold that is fitted at the same time, one for each thread, and as many
/// models as the grid has values.
///
/// # References
/// Hastie, Tibshirani and Friedman (2009), section 7.10.
///
/// # Examples
/// ```
/// use logit::data;
/// use logit::linear::{LogisticPath, LogisticRegressionCv, SelectionRule};
/// use logit::prelude::*;
///
/// let iris = data::iris();
/// let search = LogisticRegressionCv::new(LogisticPath::l1().count(20))
///     .rule(SelectionRule::OneStandardError);
/// let chosen = search.fit(&iris.x, &iris.y)?;
/// println!("{chosen}");
/// assert!(chosen.score(&iris.x, &iris.y)? > 0.9);
/// assert!(chosen.lambda() >= chosen.scores()[chosen.best()].lambda);
/// println!("{}", chosen.model().coefficients());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegressionCv<M = LogLoss> {
    path: LogisticPath,
    folds: usize,
    seed: u64,
    metric: M,
    rule: SelectionRule,
}

impl LogisticRegressionCv {
    /// Creates a cross-validation over the models of a path, such as [`LogisticPath::l1`] or a path with
    /// other settings.
    pub fn new(path: LogisticPath) -> Self {
        LogisticRegressionCv { path, folds: 5, seed: 0, metric: LogLoss, rule: SelectionRule::Best }
    }
}

impl<M> LogisticRegressionCv<M> {
    /// Sets the number of folds k, from 2 to the number of rows. Defaults to 5.
    pub fn folds(mut self, folds: usize) -> Self {
        self.folds = folds;
        self
    }

    /// Sets the largest number of threads, at least 1. The result has the same bits on any number of them.
    ///
    /// Folds are fitted side by side, unless an observer watches the fits. Defaults to that of the path.
    pub fn threads(mut self, threads: usize) -> Self {
        self.path = self.path.threads(threads);
        self
    }

    /// Sets the seed of the folds, which come from [`stratified_k_fold`](crate::select::stratified_k_fold).
    /// Defaults to 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the metric that scores a model on the rows of a fold. Defaults to [`LogLoss`].
    pub fn metric<N: Metric>(self, metric: N) -> LogisticRegressionCv<N> {
        let LogisticRegressionCv { path, folds, seed, rule, .. } = self;
        LogisticRegressionCv { path, folds, seed, metric, rule }
    }

    /// Sets the rule that chooses λ. Defaults to [`SelectionRule::Best`].
    pub fn rule(mut self, rule: SelectionRule) -> Self {
        self.rule = rule;
        self
    }
}

impl<T: Real, M: Metric> Estimator<T> for LogisticRegressionCv<M> {
    type Fitted<L: Label> = FittedLogisticCv<T, L>;

    /// Fits the paths and chooses λ.
    ///
    /// An observer is called after each fit of a path, over all rows first. If it stops the search, λ is
    /// chosen from the folds that are complete, or is the smallest fitted λ if there are none. The model's
    /// [`is_complete`](FittedLogisticCv::is_complete) is then false.
    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<FittedLogisticCv<T, L>, Error> {
        self.path.setting().run(|| self.fit_here(x, y, options))
    }
}

impl<M: Metric> LogisticRegressionCv<M> {
    fn fit_here<T: Real, L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<FittedLogisticCv<T, L>, Error> {
        let data = Data { x, y, rows: RowOptions { weights: options.weights, offset: options.offset } };
        let splits = data.splits(self.folds, self.seed)?;
        let mut nobody = ignore;
        let watched = options.observer.is_some();
        let observer: &mut Observer<'_> = match options.observer {
            Some(observer) => observer,
            None => &mut nobody,
        };
        let fits = splits.len() + 1;
        let mut stopped = false;
        let mut whole = |progress: &Progress| {
            let flow = observer(&Progress { limit: progress.limit * fits, ..*progress });
            stopped = flow.is_break();
            flow
        };
        let whole_options = FitOptions {
            weights: data.rows.weights,
            offset: data.rows.offset,
            ..FitOptions::new().observer(&mut whole)
        };
        let path = self.path.fit_with(x, y, whole_options)?;

        let (lambdas, config) = (path.lambdas(), (&self.path, &self.metric));
        let mut folds: Vec<Fold> = Vec::with_capacity(splits.len());
        if watched {
            for (index, split) in splits.iter().enumerate() {
                if stopped {
                    break;
                }
                let mut watch = |progress: &Progress| {
                    let iteration = progress.iteration + (index + 1) * lambdas.len();
                    let flow = observer(&Progress { iteration, limit: lambdas.len() * fits, ..*progress });
                    stopped = flow.is_break();
                    flow
                };
                let Some(fold) = data.fold(config, lambdas, (index, split), &mut watch)? else { break };
                folds.push(fold);
            }
        } else {
            let workers = workers_for(splits.len(), (x.len() * lambdas.len() * OPERATIONS) as f64);
            let found = try_map(splits.len(), workers, |index| {
                data.fold(config, lambdas, (index, &splits[index]), &mut { ignore })
            })?;
            folds.extend(found.into_iter().flatten());
        }
        let mut converged = vec![true; path.len()];
        for fold in &folds {
            converged.iter_mut().zip(&fold.converged).for_each(|(all, own)| *all &= own);
        }
        let scores: Vec<Vec<f64>> = folds.into_iter().map(|fold| fold.scores).collect();
        let complete = scores.len() == splits.len();
        let nonzero = path.nonzero();
        let of_lambda = |at: usize| {
            let folds = scores.iter().map(|fold| fold[at]).collect();
            LambdaScore::new(path.lambdas()[at], folds, nonzero[at], converged[at])
        };
        let table: Vec<LambdaScore> = (0..path.len()).map(of_lambda).collect();
        let selection = Selection::new(&table, self.metric.greater_is_better());
        Ok(FittedLogisticCv::new(path, table, selection, self.rule, complete))
    }
}

/// The number of operations that a fit takes at least, for each entry of `x`.
const OPERATIONS: usize = 10;

/// What the models of a fold tell, one for each λ.
struct Fold {
    scores: Vec<f64>,
    converged: Vec<bool>,
}

fn ignore(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The rows, labels and options of the cross-validation.
struct Data<'a, T: Real, L> {
    x: Rows<'a, T>,
    y: &'a [L],
    rows: RowOptions<'a, T>,
}

impl<T: Real, L: Label> Data<'_, T, L> {
    /// Returns the folds of the rows with positive weight.
    fn splits(&self, k: usize, seed: u64) -> Result<Vec<Split>, Error> {
        let Labelled { examples, classes, .. } = Labelled::new(self.x, self.y, self.rows.weights, None)?;
        let examples = examples.examples();
        let counted = examples.counted();
        let possible = (2..=counted.len()).contains(&k);
        check::parameter("folds", k as f64, possible, "at least 2 and at most the number of rows")?;
        let indices: Vec<usize> = counted.iter().map(|&row| examples.targets[row]).collect();
        let mut splits = folds(&indices, &classes, k, &mut Rng::new(seed))?;
        for row in splits.iter_mut().flat_map(|split| split.train.iter_mut().chain(&mut split.test)) {
            *row = counted[*row];
        }
        Ok(splits)
    }

    /// Fits and scores the models of a fold. Returns `None` if the observer stopped the fits.
    fn fold<M: Metric>(
        &self,
        (path, metric): (&LogisticPath, &M),
        lambdas: &[f64],
        (index, split): (usize, &Split),
        observer: &mut Observer<'_>,
    ) -> Result<Option<Fold>, Error> {
        let in_rows = |error: Error, rows: &[usize]| error.in_rows(|row| rows.get(row).copied());
        let models = self.train(path, lambdas, split, observer).map_err(|error| {
            in_rows(error, &split.train).within(ErrorContext::TrainingRows { split: index })
        })?;
        if models.len() < lambdas.len() {
            return Ok(None);
        }
        let scores = self
            .test(&models, split, metric)
            .map_err(|error| in_rows(error, &split.test).within(ErrorContext::TestRows { split: index }))?;
        let converged = models.iter().map(|model| model.report().converged()).collect();
        Ok(Some(Fold { scores, converged }))
    }

    /// Fits the models of a fold.
    fn train(
        &self,
        path: &LogisticPath,
        lambdas: &[f64],
        Split { train, .. }: &Split,
        observer: &mut Observer<'_>,
    ) -> Result<Vec<FittedLogistic<T, L>>, Error> {
        let y: Vec<L> = train.iter().map(|&row| self.y[row].clone()).collect();
        let weights = self.weights(train);
        let offset = self.rows.offset.map(|offset| offset.select_rows(train));
        let rows = RowOptions { weights: weights.as_deref(), offset: offset.as_ref().map(DMatrix::as_view) };
        let x = self.x.select_rows(train);
        Ok(path.fit_grid(lambdas, (&x).into(), &y, rows, observer)?.into_models())
    }

    /// Scores each model on the rows of its fold.
    fn test<M: Metric>(
        &self,
        models: &[FittedLogistic<T, L>],
        Split { test, .. }: &Split,
        metric: &M,
    ) -> Result<Vec<f64>, Error> {
        let x = self.x.select_rows(test);
        let y: Vec<L> = test.iter().map(|&row| self.y[row].clone()).collect();
        let offset = self.rows.offset.map(|offset| offset.select_rows(test));
        let weights = self.weights(test).map(|w| w.iter().map(|w| w.as_f64()).collect::<Vec<f64>>());
        let score = |model: &FittedLogistic<T, L>| {
            let mut scores = model.decision_function(&x)?;
            if let Some(offset) = &offset {
                scores += offset;
            }
            let classes = model.classes();
            let p = probabilities(&scores, classes.len()).map(|p| p.as_f64());
            let labels = indices(classes, &y)?;
            let value =
                attempt("the metric", || metric.evaluate_indices(&labels, p.as_view(), weights.as_deref()));
            value.map_err(|error| error.with_labels(classes))
        };
        models.iter().map(score).collect()
    }

    fn weights(&self, rows: &[usize]) -> Option<Vec<T>> {
        self.rows.weights.map(|weights| rows.iter().map(|&row| weights[row]).collect())
    }
}
