//! One classifier per pair of classes.

use nalgebra::DMatrix;

use crate::check;
use crate::classifier::{Classifier, Estimator, FitOptions};
use crate::error::Error;
use crate::label::Label;
use crate::rows::{Rows, checked};
use crate::scalar::Real;

/// Fits any estimator once for each pair of classes, on the rows of those two.
///
/// # Formula
/// Scores are the number of pairs that a class wins, plus its summed log-odds squeezed into (-1/3, 1/3) so that they
/// decide between equal numbers only. Probabilities p minimise Σ_{i<j} (r_ji p_i - r_ij p_j)^2 with r_ij the
/// probability that the pair's classifier gives to i; they follow from the fixed-point iteration of the reference.
/// Two classes need one fit, which is used as it is.
///
/// # References
/// Wu, Lin and Weng (2004), "Probability estimates for multi-class classification by pairwise coupling", algorithm 2.
///
/// # Observers
/// An observer sees the fits one after the other; if it stops one, the next begins.
///
/// # Examples
/// ```
/// use logit::{Classifier, Estimator, LogisticRegression, OneVsOne, Penalty, data};
///
/// let iris = data::iris();
/// let model = OneVsOne::new(LogisticRegression::new(Penalty::c(1.0))).fit(&iris.x, &iris.y)?;
/// assert_eq!(model.models().len(), 3);
/// assert!(model.score(&iris.x, &iris.y)? > 0.95);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneVsOne<E> {
    estimator: E,
}

impl<E> OneVsOne<E> {
    /// One fit of `estimator` per pair of classes.
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
    /// The fitted classifiers of the pairs (0, 1), (0, 2), ..., (1, 2), ...; `true` is the later class.
    pub fn models(&self) -> &[C] {
        &self.models
    }

    /// The pairs of class indices in the order of the models.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<C, L> {
        pairs(self.classes.len())
    }
}

fn pairs(classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..classes).flat_map(move |i| (i + 1..classes).map(move |j| (i, j)))
}

impl<T: Real, E: Estimator<T>> Estimator<T> for OneVsOne<E> {
    type Fitted<L: Label> = FittedOneVsOne<E::Fitted<bool>, L>;

    fn fit_with<L: Label>(
        &self,
        x: &DMatrix<T>,
        y: &[L],
        mut options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        options.without_offset("OneVsOne")?;
        let (encoded, total_weight) = checked(x, y, options.weights)?;
        let rows = Rows { x, classes: &encoded.indices, weights: options.weights, total_weight };
        let counted = rows.counted();
        let mut models = Vec::new();
        for (i, j) in pairs(encoded.classes.len()) {
            let of_pair = |row: &usize| encoded.indices[*row] == i || encoded.indices[*row] == j;
            let numbers: Vec<usize> = counted.iter().copied().filter(of_pair).collect();
            let selected = rows.select(&numbers);
            let pair = selected.rows();
            let labels: Vec<bool> = pair.classes.iter().map(|&class| class == j).collect();
            let options = FitOptions { weights: pair.weights, ..options.reborrow() };
            models.push(self.estimator.fit_with(pair.x, &labels, options)?);
        }
        Ok(FittedOneVsOne { classes: encoded.classes, models })
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

    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check::count("x", "columns", self.features(), x.ncols())?;
        if let [only] = self.models.as_slice() {
            return only.decision_function(x);
        }
        let (rows, classes) = (x.nrows(), self.classes.len());
        let (mut wins, mut odds) = (DMatrix::<T>::zeros(rows, classes), DMatrix::<T>::zeros(rows, classes));
        for ((i, j), model) in self.pairs().zip(&self.models) {
            for (row, &z) in model.decision_function(x)?.iter().enumerate() {
                wins[(row, if z > T::zero() { j } else { i })] += T::one();
                odds[(row, j)] += z;
                odds[(row, i)] -= z;
            }
        }
        let third = T::of(1.0 / 3.0);
        let scores = wins.zip_map(&odds, |wins, z| wins + third * z / (z.abs() + T::one()));
        check::scores(&scores).map(|()| scores)
    }

    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check::count("x", "columns", self.features(), x.ncols())?;
        if let [only] = self.models.as_slice() {
            return only.predict_proba(x);
        }
        let classes = self.classes.len();
        let mut of_pairs = Vec::with_capacity(self.models.len());
        for model in &self.models {
            of_pairs.push(model.predict_proba(x)?);
        }
        let mut probabilities = DMatrix::zeros(x.nrows(), classes);
        for row in 0..x.nrows() {
            let mut duels = DMatrix::<f64>::zeros(classes, classes);
            for ((i, j), p) in self.pairs().zip(&of_pairs) {
                duels[(i, j)] = p[(row, 0)].as_f64();
                duels[(j, i)] = p[(row, 1)].as_f64();
            }
            for (class, p) in couple(&duels).into_iter().enumerate() {
                probabilities[(row, class)] = T::of(p);
            }
        }
        Ok(probabilities)
    }
}

/// Probabilities of classes from those of pairs: `duels[(i, j)]` is that of i against j.
fn couple(duels: &DMatrix<f64>) -> Vec<f64> {
    let classes = duels.nrows();
    // Q_ii = Σ_s r_si^2, Q_ij = -r_ji r_ij; the minimum has Q p equal to p'Qp in every entry.
    let q = DMatrix::from_fn(classes, classes, |i, j| {
        if i == j {
            (0..classes).map(|s| duels[(s, i)].powi(2)).sum()
        } else {
            -duels[(j, i)] * duels[(i, j)]
        }
    });
    let mut p = vec![1.0 / classes as f64; classes];
    let product = |p: &[f64], i: usize| (0..classes).map(|j| q[(i, j)] * p[j]).sum::<f64>();
    for _ in 0..100 * classes {
        let level: f64 = (0..classes).map(|i| p[i] * product(&p, i)).sum();
        if (0..classes).all(|i| (product(&p, i) - level).abs() < 1e-12 / classes as f64) {
            break;
        }
        for t in 0..classes {
            let level: f64 = (0..classes).map(|i| p[i] * product(&p, i)).sum();
            let change = if q[(t, t)] > 0.0 { (level - product(&p, t)) / q[(t, t)] } else { 0.0 };
            p[t] = (p[t] + change).max(0.0);
            let sum: f64 = p.iter().sum();
            p.iter_mut().for_each(|p| *p /= sum);
        }
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;

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
