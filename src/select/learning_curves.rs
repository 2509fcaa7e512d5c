//! Learning curves and validation curves.

use std::fmt;

use super::cross_validation::{CrossValidation, mean};
use super::split::Split;
use super::splitter::Splitter;
use super::trained_classes::{self, Needed};
use super::trials::Trial;
use crate::check;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::label::Label;
use crate::metrics::Metric;
use crate::parallel::attempt;
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::Real;

/// Scores on training and test rows at several points: numbers of rows, or values of a setting.
///
/// If training scores are far better than test scores, the model overfits: more rows or a stronger penalty
/// would help. If both are bad, it underfits: a richer model would help.
///
/// ```
/// use logit::metrics::LogLoss;
/// use logit::select::{ScoreCurve, Splitter, validation_curve};
/// use logit::{LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let build = |&c: &f64| LogisticRegression::new(Penalty::c(c));
/// let curve: ScoreCurve<f64> = validation_curve(
///     &[0.1, 10.0],
///     build,
///     &iris.x,
///     &iris.y,
///     &Splitter::default(),
///     &LogLoss,
/// )?;
/// assert_eq!((curve.points.as_slice(), curve.test[0].len()), (&[0.1, 10.0][..], 5));
/// // The weaker the penalty, the better the fit to the training rows.
/// assert!(curve.train_means()[1] < curve.train_means()[0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScoreCurve<V> {
    /// The numbers of rows or the values of the setting.
    pub points: Vec<V>,
    /// The scores on training rows, by point and then by split.
    pub train: Vec<Vec<f64>>,
    /// The scores on test rows, by point and then by split.
    pub test: Vec<Vec<f64>>,
}

impl<V> ScoreCurve<V> {
    /// Creates a curve from your own scores, to print or draw it: one list of scores per point, with one
    /// score per split.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of lists differs from the number of points.
    ///
    /// # Examples
    /// ```
    /// use logit::select::ScoreCurve;
    ///
    /// let curve = ScoreCurve::new(
    ///     vec![100, 200],
    ///     vec![vec![0.9], vec![0.9]],
    ///     vec![vec![0.6, 0.8], vec![0.8, 0.9]],
    /// )?;
    /// assert_eq!(curve.test_means(), [0.7, 0.8500000000000001]);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn new(points: Vec<V>, train: Vec<Vec<f64>>, test: Vec<Vec<f64>>) -> Result<Self, Error> {
        check::count("train", "lists", points.len(), train.len())?;
        check::count("test", "lists", points.len(), test.len())?;
        Ok(ScoreCurve { points, train, test })
    }

    /// Returns the mean training score at each point.
    pub fn train_means(&self) -> Vec<f64> {
        self.train.iter().map(|scores| mean(scores)).collect()
    }

    /// Returns the mean test score at each point.
    pub fn test_means(&self) -> Vec<f64> {
        self.test.iter().map(|scores| mean(scores)).collect()
    }
}

/// Formats a table with one line per point.
impl<V: fmt::Debug> fmt::Display for ScoreCurve<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>12} {:>10} {:>10}", "at", "train", "test")?;
        for ((point, train), test) in self.points.iter().zip(self.train_means()).zip(self.test_means()) {
            write!(f, "\n{:>12} {train:>10.4} {test:>10.4}", format!("{point:?}"))?;
        }
        Ok(())
    }
}

/// Returns the scores of fits to growing subsets of the training rows of each split.
///
/// The subsets are drawn at random. Each contains the smaller ones, and two rows of every class come first,
/// as far as the training rows have them.
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] if `x` and `y` differ in length, [`Error::Empty`] if there are no sizes,
/// and [`Error::InvalidParameter`] if a size is 0 or above the number of training rows. Returns the errors of
/// the splitter, of fits and of the metric.
///
/// # Examples
/// ```
/// use logit::metrics::Accuracy;
/// use logit::select::{Splitter, learning_curve};
/// use logit::{LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let estimator = LogisticRegression::new(Penalty::c(1.0));
/// let curve = learning_curve(
///     &estimator,
///     &iris.x,
///     &iris.y,
///     &[20, 60, 120],
///     &Splitter::default(),
///     &Accuracy,
/// )?;
/// assert!(curve.test_means()[2] > 0.93);
/// println!("{curve}");
/// # Ok::<(), logit::Error>(())
/// ```
pub fn learning_curve<'a, T, E, L>(
    estimator: &E,
    x: impl Into<Rows<'a, T>>,
    y: &[L],
    sizes: &[usize],
    splitter: &Splitter,
    metric: &impl Metric,
) -> Result<ScoreCurve<usize>, Error>
where
    T: Real,
    E: Estimator<T, Fitted<L>: Send> + Sync,
    L: Label,
{
    let x = x.into();
    check::labels(x, y.len())?;
    if sizes.is_empty() {
        return Err(Error::Empty { argument: "sizes", axis: "entries" });
    }
    let splits = splitter.splits(y)?;
    let smallest = splits.iter().map(|split| split.train.len()).min().unwrap_or(0);
    for &size in sizes {
        let valid = (1..=smallest).contains(&size);
        check::parameter("sizes", size as f64, valid, "at least 1 and at most the number of training rows")?;
    }
    let orders: Vec<Vec<usize>> =
        splits.iter().enumerate().map(|(index, split)| spread(&split.train, y, index as u64)).collect();
    let part = |order: &[usize], split: &Split| Split { train: order.to_vec(), test: split.test.clone() };
    let of_size = |&size: &usize| -> Vec<Split> {
        orders.iter().zip(&splits).map(|(order, split)| part(&order[..size], split)).collect()
    };
    let parts: Vec<Vec<Split>> = sizes.iter().map(of_size).collect();
    let estimator = Ok(estimator);
    let checked: Vec<Result<(), Error>> =
        parts.iter().map(|parts| trained_classes::check(parts, y, Needed::Tested)).collect();
    let trials: Vec<_> =
        parts.iter().zip(&checked).map(|(parts, checked)| Trial::new(&estimator, parts, checked)).collect();
    let named =
        |at: usize, error: Error| error.of_candidate(at, &format_args!("{} training rows", sizes[at]));
    ScoreCurve::of(sizes.to_vec(), &trials, (x, y), metric, named)
}

/// Returns the scores of fits with several values of a setting.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no values. Returns the errors of the splitter, of fits and of the
/// metric.
///
/// # Examples
/// ```
/// use logit::metrics::LogLoss;
/// use logit::select::{Splitter, validation_curve};
/// use logit::{LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let build = |&c: &f64| LogisticRegression::new(Penalty::c(c));
/// let curve = validation_curve(
///     &[0.001, 1.0],
///     build,
///     &iris.x,
///     &iris.y,
///     &Splitter::default(),
///     &LogLoss,
/// )?;
/// assert!(curve.test_means()[1] < curve.test_means()[0]);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn validation_curve<'a, T, E, L, V>(
    values: &[V],
    build: impl Fn(&V) -> E,
    x: impl Into<Rows<'a, T>>,
    y: &[L],
    splitter: &Splitter,
    metric: &impl Metric,
) -> Result<ScoreCurve<V>, Error>
where
    T: Real,
    E: Estimator<T, Fitted<L>: Send> + Sync,
    L: Label,
    V: Clone + fmt::Debug,
{
    if values.is_empty() {
        return Err(Error::Empty { argument: "values", axis: "entries" });
    }
    let (x, splits) = (x.into(), splitter.splits(y)?);
    check::labels(x, y.len()).map_err(|error| error.of_candidate(0, &values[0]))?;
    let checked = trained_classes::check(&splits, y, Needed::Tested);
    let built = |value: &V| attempt("the function that builds estimators", || Ok(build(value)));
    let estimators: Vec<Result<E, Error>> = values.iter().map(built).collect();
    let trials: Vec<_> =
        estimators.iter().map(|estimator| Trial::new(estimator, &splits, &checked)).collect();
    let named = |at: usize, error: Error| error.of_candidate(at, &values[at]);
    ScoreCurve::of(values.to_vec(), &trials, (x, y), metric, named)
}

impl<V> ScoreCurve<V> {
    /// Evaluates the trials of all points. `named` adds the point to an error.
    fn of<T, E, L>(
        points: Vec<V>,
        trials: &[Trial<'_, E>],
        (x, y): (Rows<'_, T>, &[L]),
        metric: &impl Metric,
        named: impl Fn(usize, Error) -> Error,
    ) -> Result<Self, Error>
    where
        T: Real,
        E: Estimator<T> + Sync,
        L: Label,
    {
        let validation =
            CrossValidation::new(Splitter::Given(vec![])).metric("score", metric).train_scores(true);
        let outcomes = validation.outcomes_of(trials, x, y).map_err(|(at, error)| named(at, error))?;
        let mut curve = ScoreCurve { points, train: vec![], test: vec![] };
        for outcomes in outcomes {
            curve.train.push(outcomes.iter().filter_map(|outcome| outcome.train.clone()).flatten().collect());
            curve.test.push(outcomes.into_iter().flat_map(|outcome| outcome.test).collect());
        }
        Ok(curve)
    }
}

/// Returns the rows in random order, with two rows of each class first.
fn spread<L: Label>(rows: &[usize], y: &[L], seed: u64) -> Vec<usize> {
    let mut order = rows.to_vec();
    Rng::at(seed, 1, 0).shuffle(&mut order);
    let mut seen: std::collections::BTreeMap<&L, usize> = std::collections::BTreeMap::new();
    let (mut first, mut rest) = (vec![], vec![]);
    for row in order {
        let count = seen.entry(&y[row]).or_default();
        *count += 1;
        if *count <= 2 { first.push(row) } else { rest.push(row) }
    }
    first.extend(rest);
    first
}
