//! How good the predictions of a network are, beside those of the best constant predictor.

use nalgebra::DMatrix;

use super::classes::Classes;
use super::losses::LossEvidence;
use super::view::View;
use crate::scalar::Real;

/// How good predictions are.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Outcome {
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
        let given = view.rows.examples();
        let weight = |row: usize| given.weights.map_or(1.0, |weights| weights[row].as_f64());
        let total: f64 = (0..scores.nrows()).map(weight).sum();
        let count = scores.ncols().max(2);
        let mut p = DMatrix::<T>::zeros(scores.nrows(), count);
        view.loss.probabilities(scores, &mut p);
        let p = p.map(|p| if p.is_finite() { p.as_f64() } else { 1.0 / count as f64 });
        let of_class =
            |row: usize| if classes.of_row[row] < count { p[(row, classes.of_row[row])] } else { 0.0 };
        let cross: f64 =
            (0..p.nrows()).map(|row| -weight(row) * of_class(row).clamp(1e-12, 1.0).ln()).sum::<f64>()
                / total;
        let likelihood_skill = 1.0 - cross / classes.entropy().max(f64::MIN_POSITIVE);

        let mut spread = 0.0;
        for class in 0..count {
            let mean = (0..p.nrows()).map(|row| weight(row) * p[(row, class)]).sum::<f64>() / total;
            spread +=
                (0..p.nrows()).map(|row| weight(row) * (p[(row, class)] - mean).powi(2)).sum::<f64>() / total;
        }
        let perfect: f64 = classes.shares.iter().map(|share| share * (1.0 - share)).sum();
        let dependence = (spread / perfect.max(1e-12)).sqrt();

        let best =
            |row: usize| (1..count).fold(0, |best, k| if p[(row, k)] > p[(row, best)] { k } else { best });
        let predicted: Vec<usize> = (0..p.nrows())
            .map(|row| if count == 2 { usize::from(p[(row, 1)] > threshold) } else { best(row) })
            .collect();
        let kinds = classes.shares.len().max(count);
        let (mut right, mut all, mut named) = (vec![0.0; kinds], vec![0.0; kinds], vec![0.0; kinds]);
        for (&found, &class) in predicted.iter().zip(&classes.of_row) {
            all[class] += 1.0;
            named[found] += 1.0;
            right[class] += if found == class { 1.0 } else { 0.0 };
        }
        let rows = p.nrows() as f64;
        let binary = count == 2 && classes.shares.len() == 2;
        let second: Vec<(f64, bool, f64)> = match binary {
            true => (0..p.nrows()).map(|row| (p[(row, 1)], classes.of_row[row] == 1, 1.0)).collect(),
            false => Vec::new(),
        };
        let ranking = ranking(second);
        let last = p.column(count - 1);
        Outcome {
            loss,
            skill,
            likelihood_skill,
            dependence,
            accuracy: right.iter().sum::<f64>() / rows,
            majority: all.iter().copied().fold(0.0, f64::max) / rows,
            recalls: right.iter().zip(&all).map(|(right, all)| right / all).collect(),
            favourite: named.iter().copied().fold(0.0, f64::max) / rows,
            area: ranking.map(|ranking| ranking.area),
            best_threshold: ranking.map(|ranking| (ranking.balanced, ranking.threshold)),
            margin: margin(scores, &classes.of_row),
            range: (last.min(), last.max()),
        }
    }
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
