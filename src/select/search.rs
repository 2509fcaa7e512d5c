//! The best of several configurations.

use std::fmt;

use super::cross_validation::{CrossValidation, mean, standard_error};
use super::fold_stops::FoldStops;
use super::parallel;
use super::splitter::Splitter;
use crate::check;
use crate::classifier::{Classifier, classifies_as};
use crate::error::Error;
use crate::estimator::{Estimator, FitOptions};
use crate::label::Label;
use crate::metrics::{LogLoss, Metric};
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::Real;

/// Tries configurations by cross-validation and fits the best to all rows.
///
/// Any configuration of any estimator can be tried: the settings are values of a type of yours, and a function makes the
/// estimator of them. A search is an estimator itself, so that it can be cross-validated in turn: that is the honest
/// estimate of what searching gives, because the best score among many is too good.
///
/// With the feature `rayon` all threads are used; the results are the same.
///
/// # Observers
/// An observer sees the last fit, to all rows; if it stops that, the model so far is returned. Fits to folds have no
/// observer, because they may run on several threads.
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
///     Pipeline::new((PolynomialFeatures::new(degree), StandardScaler::new()), LogisticRegression::new(Penalty::c(c)))
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
}

impl<P, F> Search<P, F> {
    /// Tries all of `candidates`; `build` makes an estimator of each. It is judged by [`LogLoss`] in five stratified
    /// folds, unless something else is asked for.
    pub fn grid<E>(candidates: impl Into<Vec<P>>, build: F) -> Self
    where
        F: Fn(&P) -> E,
    {
        Search { candidates: candidates.into(), build, metric: LogLoss, splitter: Splitter::default() }
    }

    /// Tries `count` settings that `draw` makes of random numbers: with several settings of which few matter, better than
    /// a grid of as many.
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
    /// What is compared. Defaults to [`LogLoss`].
    pub fn metric<N: Metric>(self, metric: N) -> Search<P, F, N> {
        let Search { candidates, build, splitter, .. } = self;
        Search { candidates, build, metric, splitter }
    }

    /// The splits. Default to five stratified folds.
    pub fn splitter(mut self, splitter: impl Into<Splitter>) -> Self {
        self.splitter = splitter.into();
        self
    }
}

/// All pairs of `a` and `b`, `b` changing faster: the grid of two settings, or of more by calling it again.
///
/// ```
/// assert_eq!(logit::select::grid2([1, 2], ['a', 'b']), [(1, 'a'), (1, 'b'), (2, 'a'), (2, 'b')]);
/// ```
pub fn grid2<A: Clone, B: Clone>(a: impl AsRef<[A]>, b: impl AsRef<[B]>) -> Vec<(A, B)> {
    let pairs = |first: &A| -> Vec<(A, B)> {
        b.as_ref().iter().map(|second| (first.clone(), second.clone())).collect()
    };
    a.as_ref().iter().flat_map(pairs).collect()
}

/// Settings and how good they were: a row of [`FittedSearch::table`].
///
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Search, data};
///
/// let iris = data::iris();
/// let search = Search::grid([0.01, 1.0], |&c| LogisticRegression::new(Penalty::c(c)));
/// for candidate in search.fit(&iris.x, &iris.y)?.table() {
///     println!("C = {}: {:.3} ± {:.3}", candidate.settings, candidate.mean, candidate.standard_error);
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
    /// Their mean.
    pub mean: f64,
    /// The standard error of the mean; NaN of a single split.
    pub standard_error: f64,
    /// Why the fit of each split stopped.
    pub stops: FoldStops,
}

/// What a [`Search`] found: a classifier, the best settings fitted to all rows.
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
/// let bytes = found.into_model().to_bytes()?; // what is kept of a search is its model
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedSearch<P, C> {
    pub(super) table: Vec<Candidate<P>>,
    pub(super) best: usize,
    pub(super) model: C,
}

impl<P, C> FittedSearch<P, C> {
    /// All settings that were tried, in their order.
    pub fn table(&self) -> &[Candidate<P>] {
        &self.table
    }

    /// The best of them, the first of equals.
    pub fn best(&self) -> &Candidate<P> {
        &self.table[self.best]
    }

    /// The best settings fitted to all rows.
    pub fn model(&self) -> &C {
        &self.model
    }

    /// The same, by itself.
    pub fn into_model(self) -> C {
        self.model
    }
}

impl<T, P, F, M, E> Estimator<T> for Search<P, F, M>
where
    T: Real,
    P: Clone + Send + Sync,
    F: Fn(&P) -> E + Sync,
    M: Metric,
    E: Estimator<T> + Sync,
{
    type Fitted<L: Label> = FittedSearch<P, E::Fitted<L>>;

    /// Weights go to fits and metrics; the observer sees the last fit, to all rows.
    ///
    /// # Errors
    /// [`Error::Empty`] for no settings; those of splitting, fitting and judging.
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
        check::count("y", "labels", x.nrows(), y.len())?;
        check::weights(options.weights, x.nrows())?;
        let weights = options.weights;
        let splits = self.splitter.splits_of_counted(y, weights)?;
        let table = parallel::map(self.candidates.len(), |index| {
            let settings = self.candidates[index].clone();
            let mut validation = CrossValidation::new(splits.clone()).metric("score", &self.metric);
            if let Some(weights) = weights {
                validation = validation.weights(weights);
            }
            let (scores, stops) = validation.scores_of(&(self.build)(&settings), x, y)?;
            let (mean, standard_error) = (mean(&scores), standard_error(&scores));
            Ok(Candidate { settings, scores, mean, standard_error, stops })
        });
        let table: Vec<Candidate<P>> = table.into_iter().collect::<Result<_, Error>>()?;
        let better = |a: f64, b: f64| if self.metric.greater_is_better() { a > b } else { a < b };
        let best = (1..table.len()).fold(0, |best, index| {
            let (found, so_far) = (table[index].mean, table[best].mean);
            if better(found, so_far) || so_far.is_nan() && !found.is_nan() { index } else { best }
        });
        let model = (self.build)(&table[best].settings).fit_rows(x, y, options)?;
        Ok(FittedSearch { table, best, model })
    }
}

impl<T: Real, P, C: Classifier<T>> Classifier<T> for FittedSearch<P, C> {
    type Label = C::Label;

    classifies_as!(self => self.model);
}

/// A line for each of the settings, the best marked with a star; `converged` counts the fits to folds that did.
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
