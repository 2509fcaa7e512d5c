//! One classifier per pair of classes.

use nalgebra::{DMatrix, DMatrixViewMut};

use super::{first_unconverged, fit_all};
use crate::classifier::Classifier;
use crate::error::{Error, ErrorContext};
use crate::estimator::{Estimator, FitOptions, Watch};
use crate::examples::Labelled;
use crate::label::Label;
use crate::parallel::{Threads, attempt};
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;
use crate::select::Part;

/// An estimator that fits another estimator once for each pair of classes, to the rows of the two classes.
///
/// # Formula
/// The probabilities p minimise Σ_{i<j} (r_ji p_i - r_ij p_j)^2, where r_ij is the probability that the
/// pair's classifier gives to i, but at least 1e-100. They are computed by the fixed-point iteration of the
/// reference. The score of a class is its log-odds, ln(p_i / Σ_{j≠i} p_j), from -709 to 709, so the predicted
/// class is the most probable one. It need not be the class that wins the most pairs. Two classes need one
/// fit, whose scores and probabilities are returned unchanged.
///
/// # References
/// Wu, Lin and Weng (2004), "Probability estimates for multi-class classification by pairwise coupling",
/// algorithm 2.
///
/// # Threads
/// The fits run beside one another, on all threads unless [`threads`](Self::threads) sets a limit. With an
/// observer, they run one after another on the thread of the caller. A panic in a fit is
/// [`Error::Panicked`].
///
/// # Observers
/// An observer receives the progress of one fit after the other. If it stops one, the remaining fits stop at
/// their first call. The estimator then returns the current model, whose report says
/// [`Cancelled`](crate::StopReason::Cancelled).
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, OneVsOne, Penalty, data};
///
/// let iris = data::iris();
/// let model = OneVsOne::new(LogisticRegression::new(Penalty::c(1.0)))
///     .fit(&iris.x, &iris.y)?;
/// assert_eq!(model.models().len(), 3);
/// assert!(model.score(&iris.x, &iris.y)? > 0.95);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneVsOne<E> {
    estimator: E,
    threads: Threads,
}

impl<E> OneVsOne<E> {
    /// Creates an estimator that fits `estimator` once per pair of classes.
    pub fn new(estimator: E) -> Self {
        OneVsOne { estimator, threads: Threads::default() }
    }

    /// Sets the largest number of threads. Defaults to all of the machine.
    ///
    /// The models do not depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::at_most(threads);
        self
    }
}

/// A fitted [`OneVsOne`].
#[derive(Debug, Clone, PartialEq)]
pub struct FittedOneVsOne<C, L> {
    pub(super) classes: Vec<L>,
    pub(super) models: Vec<C>,
}

impl<C, L> FittedOneVsOne<C, L> {
    /// Returns the fitted classifiers of the pairs (0, 1), (0, 2), ..., (1, 2), .... The label `true` is the
    /// later class of a pair.
    pub fn models(&self) -> &[C] {
        &self.models
    }

    /// Returns the pairs of class indices in the order of the models.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<C, L> {
        pairs(self.classes.len())
    }
}

fn pairs(classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..classes).flat_map(move |i| (i + 1..classes).map(move |j| (i, j)))
}

impl<T: Real, E: Estimator<T, Fitted<bool>: Send> + Sync> Estimator<T> for OneVsOne<E> {
    type Fitted<L: Label> = FittedOneVsOne<E::Fitted<bool>, L>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        options.without_offset("OneVsOne")?;
        let Labelled { examples, classes, .. } = Labelled::new(x, y, options.weights, None)?;
        let weights = options.weights;
        let counts = |row: usize| weights.is_none_or(|weights| weights[row] > T::zero());
        let pairs: Vec<(usize, usize)> = pairs(classes.len()).collect();
        let fit = |pair: usize, watch: &mut Watch<'_>| {
            let (i, j) = pairs[pair];
            let of_pair = |&row: &usize| counts(row) && [i, j].contains(&examples.classes()[row]);
            let numbers: Vec<usize> = (0..y.len()).filter(of_pair).collect();
            let part = Part::of(x, examples.classes(), weights, &numbers);
            let labels: Vec<bool> = part.y.iter().map(|&class| class == j).collect();
            let fit = attempt("the fit", || {
                watch.fit(part.weights(), |options| self.estimator.fit_rows(part.rows(), &labels, options))
            });
            let [first, second] = [i, j].map(|class| format!("{:?}", classes[class]));
            let of_pair = |error| {
                let error = part.translate(error).of_two(&first, &second);
                error.within(ErrorContext::Pair { first, second })
            };
            fit.map_err(of_pair)
        };
        let models = self.threads.run(|| fit_all(pairs.len(), &mut Watch::new(options), fit))?;
        Ok(FittedOneVsOne { classes, models })
    }
}

impl<T: Real, C: Classifier<T, Label = bool>, L: Label> Classifier<T> for FittedOneVsOne<C, L> {
    type Label = L;

    fn classes(&self) -> &[L] {
        &self.classes
    }

    fn features(&self) -> usize {
        self.models.first().map_or(0, Classifier::features)
    }

    fn feature_names(&self) -> Option<&[String]> {
        self.models.first().and_then(Classifier::feature_names)
    }

    fn report(&self) -> Option<&FitReport> {
        first_unconverged(self.models.iter().map(Classifier::report))
    }

    fn scores_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        if let [only] = self.models.as_slice() {
            return only.scores_into(x, out, scratch);
        }
        self.couple(x, scratch, |row, p| {
            let (mut best, mut top) = (0, 0);
            for class in 0..p.len() {
                let others: f64 = p[..class].iter().chain(&p[class + 1..]).sum();
                out[(row, class)] = T::of(logarithm(p[class]) - logarithm(others));
                best = if T::of(p[class]) > T::of(p[best]) { class } else { best };
                top = if out[(row, class)] > out[(row, top)] { class } else { top };
            }
            // Classes of nearly the same probability can have the same score after rounding.
            if top != best {
                let score = out[(row, top)];
                out[(row, best)] = score + T::EPSILON * (score.abs() + T::MIN_POSITIVE);
            }
        })
    }

    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        if let [only] = self.models.as_slice() {
            return only.probabilities_into(x, out, scratch);
        }
        let write = |row: usize, (class, &p): (usize, &f64)| out[(row, class)] = T::of(p);
        self.couple(x, scratch, each(write))
    }

    fn log_probabilities_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        if let [only] = self.models.as_slice() {
            return only.log_probabilities_into(x, out, scratch);
        }
        let write = |row: usize, (class, &p): (usize, &f64)| out[(row, class)] = T::of(logarithm(p));
        self.couple(x, scratch, each(write))
    }
}

/// Returns the logarithm of a number from 0 to 1; finite for 0 too.
fn logarithm(p: f64) -> f64 {
    p.max(f64::MIN_POSITIVE).ln()
}

/// Returns a function of a row number and its probabilities that calls `write` for each class.
fn each(mut write: impl FnMut(usize, (usize, &f64))) -> impl FnMut(usize, &[f64]) {
    move |row, p| p.iter().enumerate().for_each(|entry| write(row, entry))
}

impl<C, L> FittedOneVsOne<C, L> {
    /// Calls `write` with the number of each row and its class probabilities, which follow from the
    /// probabilities of the pairs.
    fn couple<T: Real>(
        &self,
        x: Rows<'_, T>,
        scratch: &mut Scratch<T>,
        mut write: impl FnMut(usize, &[f64]),
    ) -> Result<(), Error>
    where
        C: Classifier<T>,
    {
        let classes = self.classes.len();
        let kept = scratch.take_kept(|coupling: &Coupling| coupling.p.len() == classes);
        let mut coupling = kept.unwrap_or_else(|| Box::new(Coupling::new(classes)));
        // Two columns per pair.
        let fill = |mut of_pairs: DMatrixViewMut<'_, T>, scratch: &mut Scratch<T>| {
            let mut models = self.models.iter().enumerate();
            models.try_for_each(|(pair, model)| {
                model.probabilities_into(x, of_pairs.columns_mut(2 * pair, 2), scratch)
            })
        };
        let shape = (x.nrows(), 2 * self.models.len());
        let done = scratch.with_matrix(shape, fill, |of_pairs| {
            for row in 0..of_pairs.nrows() {
                for (pair, (i, j)) in self.pairs().enumerate() {
                    coupling.duels[(i, j)] = of_pairs[(row, 2 * pair)].as_f64().max(LEAST);
                    coupling.duels[(j, i)] = of_pairs[(row, 2 * pair + 1)].as_f64().max(LEAST);
                }
                write(row, coupling.solve());
            }
        });
        scratch.keep(coupling);
        done
    }
}

/// The least probability of a class in a pair. Squares of smaller ones lose digits, or are 0.
const LEAST: f64 = 1e-100;

/// Working memory for the class probabilities of one row.
#[derive(Debug)]
struct Coupling {
    /// The probability of class i against class j, in row i and column j.
    duels: DMatrix<f64>,
    p: Vec<f64>,
}

impl Coupling {
    fn new(classes: usize) -> Self {
        Coupling { duels: DMatrix::zeros(classes, classes), p: vec![0.0; classes] }
    }

    /// Returns the class probabilities that fit the duels best.
    ///
    /// With Q_ii = Σ_s r_si^2 and Q_ij = -r_ji r_ij, the minimum has Q p equal to the level p'Qp in every
    /// entry. All sums are of positive numbers, so small probabilities have all their digits.
    fn solve(&mut self) -> &[f64] {
        let Coupling { duels, p } = self;
        let classes = p.len();
        let others = |of: usize| (0..classes).filter(move |&class| class != of);
        p.fill(1.0 / classes as f64);
        for _ in 0..100 * classes {
            let mut largest = 0.0;
            for t in 0..classes {
                let square: f64 = others(t).map(|s| duels[(s, t)] * duels[(s, t)]).sum();
                let (mut level, mut pull) = (0.0, 0.0);
                for i in 0..classes {
                    let miss = |j: usize| duels[(j, i)] * p[i] - duels[(i, j)] * p[j];
                    level += (0..i).map(|j| miss(j) * miss(j)).sum::<f64>();
                }
                for j in others(t) {
                    pull += duels[(j, t)] * duels[(t, j)] * p[j];
                }
                let before = p[t];
                p[t] = (level + pull) / square;
                let sum: f64 = p.iter().sum();
                p.iter_mut().for_each(|p| *p /= sum);
                largest = f64::max(largest, (p[t] - before).abs() / p[t].max(before).max(f64::MIN_POSITIVE));
            }
            if largest <= 8.0 * f64::EPSILON * classes as f64 {
                break;
            }
        }
        p
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn couple(duels: &DMatrix<f64>) -> Vec<f64> {
        Coupling { duels: duels.clone(), ..Coupling::new(duels.nrows()) }.solve().to_vec()
    }

    /// Duels that come from probabilities, r_ij = p_i / (p_i + p_j), give those back.
    #[test]
    fn consistent_duels_are_coupled_exactly() {
        let wanted = [0.5, 0.3, 0.15, 0.05];
        let duels =
            DMatrix::from_fn(4, 4, |i, j| if i == j { 0.0 } else { wanted[i] / (wanted[i] + wanted[j]) });
        for (found, wanted) in couple(&duels).iter().zip(wanted) {
            approx::assert_relative_eq!(*found, wanted, max_relative = 1e-12);
        }
        let wanted = [1e-60, 1e-5, 1.0, 1e-30];
        let duels =
            DMatrix::from_fn(4, 4, |i, j| if i == j { 0.0 } else { wanted[i] / (wanted[i] + wanted[j]) });
        for (found, wanted) in couple(&duels).iter().zip(wanted) {
            approx::assert_relative_eq!(*found, wanted / (1.0 + 1e-5), max_relative = 1e-12);
        }
    }

    #[test]
    fn certain_duels_give_certainty_without_nan() {
        let duels = DMatrix::from_row_slice(3, 3, &[0.0, 1.0, 1.0, LEAST, 0.0, 1.0, LEAST, LEAST, 0.0]);
        let p = couple(&duels);
        assert!((p[0] - 1.0).abs() < 1e-9 && p.iter().all(|p| p.is_finite()), "{p:?}");
        let cycle = DMatrix::from_row_slice(3, 3, &[0.0, 1.0, LEAST, LEAST, 0.0, 1.0, 1.0, LEAST, 0.0]);
        assert!(couple(&cycle).iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-9));
    }
}
