//! One classifier per pair of classes.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::first_unconverged;
use crate::check;
use crate::classifier::Classifier;
use crate::error::{Error, ErrorContext};
use crate::estimator::{Estimator, FitOptions, Watch};
use crate::examples::Labelled;
use crate::label::Label;
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;
use crate::select::Part;

/// An estimator that fits another estimator once for each pair of classes, to the rows of the two classes.
///
/// # Formula
/// The score of a class is the number of pairs that it wins, plus its summed log-odds scaled to (-1/3, 1/3),
/// which decide only between equal numbers. The probabilities p minimise Σ_{i<j} (r_ji p_i - r_ij p_j)^2,
/// where r_ij is the probability that the pair's classifier gives to i. They are computed by the fixed-point
/// iteration of the reference. Two classes need one fit, whose scores and probabilities are returned
/// unchanged.
///
/// # References
/// Wu, Lin and Weng (2004), "Probability estimates for multi-class classification by pairwise coupling",
/// algorithm 2.
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
}

impl<E> OneVsOne<E> {
    /// Creates an estimator that fits `estimator` once per pair of classes.
    pub fn new(estimator: E) -> Self {
        OneVsOne { estimator }
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

impl<T: Real, E: Estimator<T>> Estimator<T> for OneVsOne<E> {
    type Fitted<L: Label> = FittedOneVsOne<E::Fitted<bool>, L>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        options.without_offset("OneVsOne")?;
        let Labelled { examples, classes, .. } = Labelled::new(x, y, options.weights, None)?;
        let FitOptions { weights, observer, .. } = options;
        let mut watch = Watch::new(observer);
        let counts = |row: usize| weights.is_none_or(|weights| weights[row] > T::zero());
        let mut models = Vec::new();
        for (i, j) in pairs(classes.len()) {
            let of_pair = |&row: &usize| counts(row) && [i, j].contains(&examples.classes()[row]);
            let numbers: Vec<usize> = (0..y.len()).filter(of_pair).collect();
            let part = Part::of(x, examples.classes(), weights, &numbers);
            let labels: Vec<bool> = part.y.iter().map(|&class| class == j).collect();
            let fit =
                watch.fit(part.weights(), |options| self.estimator.fit_rows(part.rows(), &labels, options));
            let [first, second] = [i, j].map(|class| format!("{:?}", classes[class]));
            let of_pair = |error| {
                let error = part.translate(error).of_two(&first, &second);
                error.within(ErrorContext::Pair { first, second })
            };
            models.push(fit.map_err(of_pair)?);
        }
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
        // The columns are the wins of each class, the summed log-odds of each class, and the scores of one
        // pair.
        let (rows, classes) = (x.nrows(), self.classes.len());
        let write = |mut sums: DMatrixViewMut<'_, T>, scratch: &mut Scratch<T>| {
            for ((i, j), model) in self.pairs().zip(&self.models) {
                model.scores_into(x, sums.columns_mut(2 * classes, 1), scratch)?;
                for row in 0..rows {
                    let z = sums[(row, 2 * classes)];
                    sums[(row, if z > T::zero() { j } else { i })] += T::one();
                    sums[(row, classes + j)] += z;
                    sums[(row, classes + i)] -= z;
                }
            }
            Ok(())
        };
        let third = T::of(1.0 / 3.0);
        scratch.with_matrix((rows, 2 * classes + 1), write, |sums| {
            let (wins, odds) = (sums.columns(0, classes), sums.columns(classes, classes));
            out.zip_zip_apply(&wins, &odds, |score, wins, z| {
                *score = wins + third * z / (z.abs() + T::one())
            });
        })?;
        check::scores(out.as_view())
    }

    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        if let [only] = self.models.as_slice() {
            return only.probabilities_into(x, out, scratch);
        }
        let classes = self.classes.len();
        let kept = scratch.take_kept(|coupling: &Coupling| coupling.p.len() == classes);
        let mut coupling = kept.unwrap_or_else(|| Box::new(Coupling::new(classes)));
        let write = |mut of_pairs: DMatrixViewMut<'_, T>, scratch: &mut Scratch<T>| {
            let mut models = self.models.iter().enumerate();
            models.try_for_each(|(pair, model)| {
                model.probabilities_into(x, of_pairs.columns_mut(2 * pair, 2), scratch)
            })
        };
        let shape = (x.nrows(), 2 * self.models.len());
        let done = scratch.with_matrix(shape, write, |of_pairs| self.couple(of_pairs, out, &mut coupling));
        scratch.keep(coupling);
        done
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
        self.probabilities_into(x, out.as_view_mut(), scratch)?;
        out.iter_mut().for_each(|p| *p = p.ln());
        Ok(())
    }
}

impl<C, L> FittedOneVsOne<C, L> {
    /// Writes the class probabilities that follow from the probabilities of the pairs, which have two columns
    /// per pair.
    fn couple<T: Real>(
        &self,
        of_pairs: DMatrixView<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        coupling: &mut Coupling,
    ) {
        for row in 0..of_pairs.nrows() {
            for (pair, (i, j)) in self.pairs().enumerate() {
                coupling.duels[(i, j)] = of_pairs[(row, 2 * pair)].as_f64();
                coupling.duels[(j, i)] = of_pairs[(row, 2 * pair + 1)].as_f64();
            }
            for (class, &p) in coupling.solve().iter().enumerate() {
                out[(row, class)] = T::of(p);
            }
        }
    }
}

/// Working memory for the class probabilities of one row.
#[derive(Debug)]
struct Coupling {
    /// The probability of class i against class j, in row i and column j.
    duels: DMatrix<f64>,
    q: DMatrix<f64>,
    p: Vec<f64>,
}

impl Coupling {
    fn new(classes: usize) -> Self {
        let square = DMatrix::zeros(classes, classes);
        Coupling { duels: square.clone(), q: square, p: vec![0.0; classes] }
    }

    /// Returns the class probabilities that fit the duels best.
    fn solve(&mut self) -> &[f64] {
        let Coupling { duels, q, p } = self;
        let classes = p.len();
        // Q_ii = Σ_s r_si^2, Q_ij = -r_ji r_ij; the minimum has Q p equal to p'Qp in every entry.
        for (i, j) in (0..classes).flat_map(|i| (0..classes).map(move |j| (i, j))) {
            q[(i, j)] = if i == j {
                (0..classes).map(|s| duels[(s, i)].powi(2)).sum()
            } else {
                -duels[(j, i)] * duels[(i, j)]
            };
        }
        p.fill(1.0 / classes as f64);
        let product = |p: &[f64], i: usize| (0..classes).map(|j| q[(i, j)] * p[j]).sum::<f64>();
        for _ in 0..100 * classes {
            let level: f64 = (0..classes).map(|i| p[i] * product(p, i)).sum();
            if (0..classes).all(|i| (product(p, i) - level).abs() < 1e-12 / classes as f64) {
                break;
            }
            for t in 0..classes {
                let level: f64 = (0..classes).map(|i| p[i] * product(p, i)).sum();
                let change = if q[(t, t)] > 0.0 { (level - product(p, t)) / q[(t, t)] } else { 0.0 };
                p[t] = (p[t] + change).max(0.0);
                let sum: f64 = p.iter().sum();
                p.iter_mut().for_each(|p| *p /= sum);
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
            approx::assert_abs_diff_eq!(*found, wanted, epsilon = 1e-9);
        }
    }

    #[test]
    fn certain_duels_give_certainty_without_nan() {
        let duels = DMatrix::from_row_slice(3, 3, &[0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        let p = couple(&duels);
        assert!((p[0] - 1.0).abs() < 1e-9 && p.iter().all(|p| p.is_finite()), "{p:?}");
        let cycle = DMatrix::from_row_slice(3, 3, &[0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert!(couple(&cycle).iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-9));
    }
}
