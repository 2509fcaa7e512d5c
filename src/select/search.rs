//! Hyper-parameter search over grids and random draws.

use std::fmt;

use super::cross_validation::{CrossValidation, Outcome, mean, standard_error};
use super::fold_stops::FoldStops;
use super::splitter::Splitter;
use super::trained_classes::{self, Needed};
use super::trials::Trial;
use crate::check;
use crate::classifier::{Classifier, classifies_as};
use crate::error::Error;
use crate::estimator::{Estimator, FitOptions};
use crate::label::Label;
use crate::metrics::{LogLoss, Metric};
use crate::parallel::{Threads, attempt};
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::Real;

/// A hyper-parameter search: compares settings by cross-validation and fits the best to all rows.
///
/// Any settings of any estimator can be compared: the settings are values of your own type, and a function
/// builds the estimator from them. A search is an estimator itself, so it can be cross-validated in turn. The
/// score of that outer cross-validation is an honest estimate; the best score within a search is too
/// optimistic.
///
/// # Threads
/// The folds of all settings are fitted beside one another, on all threads unless
/// [`threads`](Self::threads) sets a limit. Results and errors do not depend on the number of threads. A panic in
/// an estimator, the metric or the function that builds estimators is [`Error::Panicked`].
///
/// # Observers
/// An observer sees the last fit, to all rows. If it stops that fit, the model so far is returned. Fits to
/// folds have no observer, because they may run on several threads.
///
/// # Examples
/// ```
/// use logit::preprocess::PolynomialFeatures;
/// use logit::select::grid2;
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Pipeline, Search, StandardScaler, data};
///
/// let iris = data::iris();
/// let search = Search::grid(grid2([1, 2], [0.01, 1.0]), |&(degree, c)| {
///     Pipeline::new(
///         (PolynomialFeatures::new(degree), StandardScaler::new()),
///         LogisticRegression::new(Penalty::c(c)),
///     )
/// });
/// let found = search.fit(&iris.x, &iris.y)?;
/// assert_eq!(found.table().len(), 4);
/// assert_eq!(found.best().settings.1, 1.0);
/// println!("{found}");
/// assert!(found.model().score(&iris.x, &iris.y)? > 0.95);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Search<P, F, M = LogLoss> {
    candidates: Vec<P>,
    build: F,
    metric: M,
    splitter: Splitter,
    threads: Threads,
}

impl<P, F> Search<P, F> {
    /// Creates a search over all of `candidates`; `build` makes an estimator from each.
    ///
    /// By default, candidates are compared by [`LogLoss`] in five stratified folds.
    pub fn grid<E>(candidates: impl Into<Vec<P>>, build: F) -> Self
    where
        F: Fn(&P) -> E,
    {
        Search {
            candidates: candidates.into(),
            build,
            metric: LogLoss,
            splitter: Splitter::default(),
            threads: Threads::default(),
        }
    }

    /// Creates a search over `count` random settings, each returned by `draw`.
    ///
    /// If only a few of several settings matter, this is better than a grid of the same size.
    ///
    /// # References
    /// Bergstra and Bengio (2012), "Random search for hyper-parameter optimization".
    pub fn random<E>(count: usize, seed: u64, mut draw: impl FnMut(&mut Rng) -> P, build: F) -> Self
    where
        F: Fn(&P) -> E,
    {
        let mut rng = Rng::new(seed);
        Search::grid((0..count).map(|_| draw(&mut rng)).collect::<Vec<P>>(), build)
    }
}

impl<P, F, M> Search<P, F, M> {
    /// Sets the metric by which candidates are compared. Defaults to [`LogLoss`].
    pub fn metric<N: Metric>(self, metric: N) -> Search<P, F, N> {
        let Search { candidates, build, splitter, threads, .. } = self;
        Search { candidates, build, metric, splitter, threads }
    }

    /// Sets the splits. Defaults to five stratified folds.
    pub fn splitter(mut self, splitter: impl Into<Splitter>) -> Self {
        self.splitter = splitter.into();
        self
    }

    /// Sets the largest number of threads. Defaults to all of the machine.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::at_most(threads);
        self
    }
}

/// Returns all pairs of `a` and `b`, with `b` changing faster: a grid of two settings.
///
/// Call it again on the result to add a third setting.
///
/// ```
/// assert_eq!(
///     logit::select::grid2([1, 2], ['a', 'b']),
///     [(1, 'a'), (1, 'b'), (2, 'a'), (2, 'b')]
/// );
/// ```
pub fn grid2<A: Clone, B: Clone>(a: impl AsRef<[A]>, b: impl AsRef<[B]>) -> Vec<(A, B)> {
    let pairs = |first: &A| -> Vec<(A, B)> {
        b.as_ref().iter().map(|second| (first.clone(), second.clone())).collect()
    };
    a.as_ref().iter().flat_map(pairs).collect()
}

/// Settings and their scores: a row of [`FittedSearch::table`].
///
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Search, data};
///
/// let iris = data::iris();
/// let search = Search::grid([0.01, 1.0], |&c| LogisticRegression::new(Penalty::c(c)));
/// for candidate in search.fit(&iris.x, &iris.y)?.table() {
///     println!(
///         "C = {}: {:.3} ± {:.3}",
///         candidate.settings, candidate.mean, candidate.standard_error
///     );
///     assert_eq!(candidate.scores.len(), 5);
///     assert!(candidate.stops.unconverged().is_empty());
/// }
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Candidate<P> {
    /// The settings.
    pub settings: P,
    /// The score of each split.
    pub scores: Vec<f64>,
    /// The mean of the scores.
    pub mean: f64,
    /// The standard error of the mean; NaN for a single split.
    pub standard_error: f64,
    /// The reason why the fit of each split stopped.
    pub stops: FoldStops,
}

/// The result of a [`Search`]: a classifier with the best settings, fitted to all rows.
///
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Search, data};
///
/// let iris = data::iris();
/// let search = Search::grid([0.01, 1.0], |&c| LogisticRegression::new(Penalty::c(c)));
/// let found = search.fit(&iris.x, &iris.y)?;
/// assert_eq!(found.best().settings, 1.0);
/// assert_eq!(found.predict(&iris.x)?, found.model().predict(&iris.x)?);
/// let bytes = found.into_model().to_bytes()?; // store the model, not the search
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedSearch<P, C> {
    pub(super) table: Vec<Candidate<P>>,
    pub(super) best: usize,
    pub(super) model: C,
}

impl<P, C> FittedSearch<P, C> {
    /// Returns the scores of all settings, in the order in which they were given.
    pub fn table(&self) -> &[Candidate<P>] {
        &self.table
    }

    /// Returns the settings with the best mean score; the first if several are equal.
    pub fn best(&self) -> &Candidate<P> {
        &self.table[self.best]
    }

    /// Returns the model with the best settings, fitted to all rows.
    pub fn model(&self) -> &C {
        &self.model
    }

    /// Consumes the search and returns its model.
    pub fn into_model(self) -> C {
        self.model
    }
}

impl<T, P, F, M, E> Estimator<T> for Search<P, F, M>
where
    T: Real,
    P: Clone + fmt::Debug + Send + Sync,
    F: Fn(&P) -> E + Sync,
    M: Metric,
    E: Estimator<T> + Sync,
{
    type Fitted<L: Label> = FittedSearch<P, E::Fitted<L>>;

    /// Compares the settings and fits the best to all rows.
    ///
    /// Weights are used in fits and metrics. The observer sees the last fit, to all rows.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if there are no settings, [`Error::Unsupported`] if there are offsets,
    /// [`Error::ShapeMismatch`] if `x`, `y` and the weights differ in length, and [`Error::InvalidWeight`] or
    /// [`Error::InvalidWeightSum`] if the weights are not valid, and [`Error::InvalidParameter`] if the number
    /// of threads is 0. Returns the errors of the splitter, and those of [`CrossValidation::run`] within the
    /// settings for which they occurred.
    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        options.without_offset("Search")?;
        if self.candidates.is_empty() {
            return Err(Error::Empty { argument: "candidates", axis: "entries" });
        }
        check::labels(x, y.len())?;
        check::weights(options.weights, x.nrows())?;
        self.threads.run(|| {
            let table = self.table(x, y, options.weights)?;
            let best = self.best(&table);
            let settings = &table[best].settings;
            let model = self
                .estimator(settings)
                .and_then(|estimator| attempt("the fit", || estimator.fit_rows(x, y, options)));
            let model = model.map_err(|error| error.of_candidate(best, settings))?;
            Ok(FittedSearch { table, best, model })
        })
    }
}

impl<P: Clone + fmt::Debug, F, M: Metric> Search<P, F, M> {
    /// Builds the estimator with these settings.
    fn estimator<E>(&self, settings: &P) -> Result<E, Error>
    where
        F: Fn(&P) -> E,
    {
        attempt("the function that builds estimators", || Ok((self.build)(settings)))
    }

    /// Evaluates all settings.
    fn table<T, E, L>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        weights: Option<&[T]>,
    ) -> Result<Vec<Candidate<P>>, Error>
    where
        T: Real,
        F: Fn(&P) -> E,
        E: Estimator<T> + Sync,
        L: Label,
    {
        let splits = self.splitter.splits_of_counted(y, weights)?;
        let checked = trained_classes::check(&splits, y, Needed::Tested);
        let estimators: Vec<Result<E, Error>> =
            self.candidates.iter().map(|settings| self.estimator(settings)).collect();
        let trials: Vec<Trial<'_, E>> =
            estimators.iter().map(|estimator| Trial::new(estimator, &splits, &checked)).collect();
        let mut validation = CrossValidation::new(Splitter::Given(vec![])).metric("score", &self.metric);
        if let Some(weights) = weights {
            validation = validation.weights(weights);
        }
        let outcomes = validation.outcomes_of(&trials, x, y);
        let outcomes = outcomes.map_err(|(at, error)| error.of_candidate(at, &self.candidates[at]))?;
        let candidate = |(settings, outcomes): (&P, Vec<Outcome<()>>)| {
            let scores: Vec<f64> =
                outcomes.iter().flat_map(|outcome| outcome.test.first().copied()).collect();
            let (mean, standard_error) = (mean(&scores), standard_error(&scores));
            let stops = outcomes.iter().map(|outcome| outcome.stop).collect();
            Candidate { settings: settings.clone(), scores, mean, standard_error, stops }
        };
        Ok(self.candidates.iter().zip(outcomes).map(candidate).collect())
    }

    /// Returns the position of the best mean; the first if several are equal.
    fn best(&self, table: &[Candidate<P>]) -> usize {
        let better = |a: f64, b: f64| if self.metric.greater_is_better() { a > b } else { a < b };
        (1..table.len()).fold(0, |best, index| {
            let (found, so_far) = (table[index].mean, table[best].mean);
            if better(found, so_far) || so_far.is_nan() && !found.is_nan() { index } else { best }
        })
    }
}

impl<T: Real, P, C: Classifier<T>> Classifier<T> for FittedSearch<P, C> {
    type Label = C::Label;

    classifies_as!(self => self.model);
}

/// Formats a table with one line per settings. A star marks the best; `converged` counts the converged fits
/// to folds.
impl<P: fmt::Debug, C> fmt::Display for FittedSearch<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>12} {:>10} {:>10}  settings", "mean score", "std error", "converged")?;
        for (index, candidate) in self.table.iter().enumerate() {
            let Candidate { settings, mean, standard_error, stops, .. } = candidate;
            let mark = if index == self.best { " *" } else { "" };
            write!(f, "\n{mean:>12.6} {standard_error:>10.6} {:>10}  {settings:?}{mark}", stops.share())?;
        }
        Ok(())
    }
}
