//! How good the predictions of a network are, beside those of the best constant predictor.

use nalgebra::DMatrix;

use super::classes::{Classes, entropy};
use super::losses::LossEvidence;
use super::view::View;
use crate::scalar::Real;

/// How good predictions are.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Outcome {
    /// The number of rows.
    pub(crate) rows: usize,
    /// The mean loss.
    pub(crate) loss: f64,
    /// The share of the loss of the best constant predictor that the predictions remove: 0 for the best
    /// constant, 1 for the smallest loss that there is, negative for worse than constant.
    pub(crate) skill: f64,
    /// The same, of the cross-entropy of the probabilities.
    pub(crate) likelihood_skill: f64,
    /// The standard deviation of the probabilities over rows, relative to that of perfect ones: 0 if they
    /// ignore the input.
    pub(crate) dependence: f64,
    /// The share of rows that are predicted right. Decisions are counted without the weights of the rows, which
    /// may be there to change them.
    pub(crate) accuracy: f64,
    /// The share of rows of the most frequent class.
    pub(crate) majority: f64,
    /// The share of rows of each class that are predicted right; NaN for classes without rows.
    pub(crate) recalls: Vec<f64>,
    /// The share of rows that are predicted as the class that is predicted most.
    pub(crate) favourite: f64,
    /// For two classes, the area under the ROC curve.
    pub(crate) area: Option<f64>,
    /// For two classes, the largest mean recall over all thresholds, and the threshold.
    pub(crate) best_threshold: Option<(f64, f64)>,
    /// The smallest score of the right class above the others.
    pub(crate) margin: f64,
    /// The smallest and the largest probability of the last class.
    pub(crate) range: (f64, f64),
}

impl Outcome {
    /// Returns the mean recall over the classes that occur.
    pub(crate) fn balanced(&self) -> f64 {
        let found: Vec<f64> = self.recalls.iter().copied().filter(|recall| !recall.is_nan()).collect();
        found.iter().sum::<f64>() / found.len().max(1) as f64
    }

    /// Returns the smallest recall.
    pub(crate) fn least_recall(&self) -> f64 {
        self.recalls.iter().copied().filter(|recall| !recall.is_nan()).fold(1.0, f64::min)
    }

    /// Judges the scores of the rows of `view`. A row is predicted as the second of two classes if its
    /// probability is above `threshold`.
    pub(crate) fn of<T: Real>(
        view: &View<'_, T>,
        scores: &DMatrix<T>,
        classes: Option<&Classes<T>>,
        losses: &LossEvidence,
        threshold: f64,
    ) -> Self {
        let loss = view.mean_loss(scores);
        let skill = losses.skill(loss);
        let Some(classes) = classes else {
            return Outcome { loss, skill, margin: f64::NAN, ..Outcome::default() };
        };
        let count = scores.ncols().max(2);
        let mut p = DMatrix::<T>::zeros(scores.nrows(), count);
        view.loss.probabilities(scores, &mut p);
        let p = p.map(|p| if p.is_finite() { p.as_f64() } else { 1.0 / count as f64 });
        let weights = view.rows.examples().weights;
        let weights = weights.map(|weights| weights.iter().map(|weight| weight.as_f64()).collect());
        let decisions = Decisions {
            predicted: &decide(&p, threshold),
            p: &p,
            of_row: &classes.of_row,
            shares: &classes.shares,
            weights,
        };
        let margin = margin(scores, &classes.of_row);
        Outcome { loss, skill, margin, ..Outcome::of_decisions(decisions) }
    }

    /// Judges probabilities and decisions by the cross-entropy.
    pub(crate) fn of_decisions(decisions: Decisions<'_>) -> Self {
        let Decisions { p, predicted, of_row, shares, weights } = decisions;
        let (rows, count) = p.shape();
        let weight = |row: usize| weights.as_ref().map_or(1.0, |weights: &Vec<f64>| weights[row]);
        let total: f64 = (0..rows).map(weight).sum();
        let mean =
            |of: &dyn Fn(usize) -> f64| (0..rows).map(|row| weight(row) * of(row)).sum::<f64>() / total;
        let right = |row: usize| if of_row[row] < count { p[(row, of_row[row])] } else { 0.0 };
        let loss = mean(&|row| -right(row).clamp(1e-12, 1.0).ln());
        let skill = 1.0 - loss / entropy(shares).max(f64::MIN_POSITIVE);

        let spread: f64 = (0..count)
            .map(|class| {
                let middle = mean(&|row| p[(row, class)]);
                mean(&|row| (p[(row, class)] - middle).powi(2))
            })
            .sum();
        let perfect: f64 = shares.iter().map(|share| share * (1.0 - share)).sum();
        let dependence = (spread / perfect.max(1e-12)).sqrt();

        let kinds = shares.len().max(count);
        let (mut hits, mut all, mut named) = (vec![0.0; kinds], vec![0.0; kinds], vec![0.0; kinds]);
        for (&found, &class) in predicted.iter().zip(of_row) {
            all[class] += 1.0;
            named[found] += 1.0;
            hits[class] += if found == class { 1.0 } else { 0.0 };
        }
        let binary = count == 2 && shares.len() == 2;
        let second: Vec<(f64, bool, f64)> = match binary {
            true => (0..rows).map(|row| (p[(row, 1)], of_row[row] == 1, 1.0)).collect(),
            false => Vec::new(),
        };
        let ranking = ranking(second);
        let last = p.column(count - 1);
        Outcome {
            rows,
            loss,
            skill,
            likelihood_skill: skill,
            dependence,
            accuracy: hits.iter().sum::<f64>() / rows as f64,
            majority: all.iter().copied().fold(0.0, f64::max) / rows as f64,
            recalls: hits.iter().zip(&all).map(|(hits, all)| hits / all).collect(),
            favourite: named.iter().copied().fold(0.0, f64::max) / rows as f64,
            area: ranking.map(|ranking| ranking.area),
            best_threshold: ranking.map(|ranking| (ranking.balanced, ranking.threshold)),
            margin: f64::NAN,
            range: (last.min(), last.max()),
        }
    }
}

/// The probabilities and decisions of a model, and the classes of the rows.
pub(crate) struct Decisions<'a> {
    pub(crate) p: &'a DMatrix<f64>,
    pub(crate) predicted: &'a [usize],
    pub(crate) of_row: &'a [usize],
    pub(crate) shares: &'a [f64],
    pub(crate) weights: Option<Vec<f64>>,
}

/// Returns the class of the largest probability; of two classes, the second above `threshold`.
fn decide(p: &DMatrix<f64>, threshold: f64) -> Vec<usize> {
    let best =
        |row: usize| (1..p.ncols()).fold(0, |best, k| if p[(row, k)] > p[(row, best)] { k } else { best });
    let decide = |row: usize| if p.ncols() == 2 { usize::from(p[(row, 1)] > threshold) } else { best(row) };
    (0..p.nrows()).map(decide).collect()
}

#[derive(Debug, Clone, Copy)]
struct Ranking {
    area: f64,
    balanced: f64,
    threshold: f64,
}

/// Returns the area under the ROC curve and the best threshold, from one sort of (score, positive, weight).
fn ranking(mut rows: Vec<(f64, bool, f64)>) -> Option<Ranking> {
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let sum = |positive: bool| rows.iter().filter(|row| row.1 == positive).map(|row| row.2).sum::<f64>();
    let (positives, negatives) = (sum(true), sum(false));
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let (mut area, mut balanced, mut threshold) = (0.0, 0.5, 0.5);
    let (mut hits, mut alarms) = (0.0, 0.0);
    let mut start = 0;
    while start < rows.len() {
        let end = start + rows[start..].iter().take_while(|row| row.0 == rows[start].0).count();
        let before = (hits, alarms);
        for row in &rows[start..end] {
            if row.1 { hits += row.2 } else { alarms += row.2 }
        }
        area += (alarms - before.1) * (hits + before.0) / 2.0;
        let mean = 0.5 * (hits / positives + 1.0 - alarms / negatives);
        if mean > balanced {
            balanced = mean;
            threshold = rows.get(end).map_or(rows[start].0, |next| 0.5 * (rows[start].0 + next.0));
        }
        start = end;
    }
    Some(Ranking { area: area / (positives * negatives), balanced, threshold })
}

/// Returns the smallest score of the right class above all others; of a single column, with the sign of the
/// class.
fn margin<T: Real>(scores: &DMatrix<T>, classes: &[usize]) -> f64 {
    let of_row = |(row, &class): (usize, &usize)| {
        if scores.ncols() == 1 {
            let z = scores[(row, 0)].as_f64();
            return if class == 1 { z } else { -z };
        }
        if class >= scores.ncols() {
            return f64::NEG_INFINITY;
        }
        let others = (0..scores.ncols()).filter(|&k| k != class).map(|k| scores[(row, k)].as_f64());
        scores[(row, class)].as_f64() - others.fold(f64::NEG_INFINITY, f64::max)
    };
    classes.iter().enumerate().map(of_row).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranking_counts_ties_half() {
        let rows = vec![(0.9, true, 1.0), (0.5, true, 1.0), (0.5, false, 1.0), (0.1, false, 1.0)];
        let found = ranking(rows).unwrap();
        assert_eq!(found.area, 0.875);
        assert_eq!((found.balanced, found.threshold), (0.75, 0.7));
        assert!(ranking(vec![(0.5, true, 1.0)]).is_none());
    }

    #[test]
    fn margins_are_those_of_the_worst_row() {
        let scores = nalgebra::dmatrix![2.0, 0.5, 0.0; 0.0, 3.0, 2.5];
        assert_eq!(margin(&scores, &[0, 1]), 0.5);
        assert_eq!(margin(&nalgebra::dmatrix![2.0; -1.0], &[1, 0]), 1.0);
        assert_eq!(margin(&nalgebra::dmatrix![2.0; -1.0], &[1, 1]), -1.0);
    }
}
