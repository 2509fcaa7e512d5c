//! The area under the ROC curve.

use nalgebra::DMatrixView;

use crate::error::Error;
use crate::label::Label;
use crate::metric::{EVALUATED, Metric, checked};
use crate::scalar::{Real, power_of_two};

/// Returns the area under the ROC curve; greater is better, 1/2 is guessing.
///
/// The area is the probability that a row of the second class has a greater score than a row of the first
/// class, where equal scores count half. `scores` are probabilities (n x K) or raw scores of any range, as
/// [`Classifier`](crate::Classifier) returns them: only their order counts. For two classes, a single column
/// with the score of the second class is enough. For more than two classes, the result is the mean over
/// classes of the area of each class against all others. [`RocAuc`] also takes weights.
///
/// # Algorithm
/// The Mann-Whitney statistic over all pairs, from one sort (Hanley and McNeil 1982); exact with ties.
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] if the sizes differ, [`Error::Empty`] if there are no rows,
/// [`Error::NotFinite`] if a score is not finite, [`Error::UnsortedClasses`] if `classes` are not in
/// ascending order, [`Error::UnknownLabel`] if a label is not one of `classes`, and [`Error::MissingClass`]
/// unless every class has a row.
///
/// # Examples
/// ```
/// use logit::metrics::roc_auc;
/// use nalgebra::dmatrix;
///
/// let scores = dmatrix![0.1; 0.4; 0.35; 0.8];
/// assert_eq!(roc_auc(&["no", "no", "yes", "yes"], &scores, &["no", "yes"])?, 0.75);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn roc_auc<'a, T: Real, L: Label>(
    truth: &[L],
    scores: impl Into<DMatrixView<'a, T>>,
    classes: &[L],
) -> Result<f64, Error> {
    let scores = scores.into();
    let columns = if classes.len() == 2 && scores.ncols() == 1 { 1 } else { classes.len() };
    let truth = checked("scores", truth, (scores, columns), classes)?;
    let area = RocAuc.evaluate_indices(&truth, scores.map(|z| z.as_f64()).as_view(), None);
    area.map_err(|error| error.with_labels(classes))
}

/// The area under the ROC curve as a [`Metric`]; see [`roc_auc`].
///
/// With sample weights, a pair of rows counts by the product of its weights.
///
/// ```
/// use logit::metrics::{Metric, RocAuc};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.6, 0.4; 0.65, 0.35; 0.2, 0.8];
/// assert_eq!(
///     RocAuc.evaluate(&[0, 0, 1, 1], &p, &[0, 1], Some(&[3.0, 1.0, 1.0, 1.0]))?,
///     0.875
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RocAuc;

impl Metric for RocAuc {
    fn greater_is_better(&self) -> bool {
        true
    }

    fn evaluate_indices(
        &self,
        truth: &[usize],
        scores: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error> {
        let classes = scores.ncols().max(2);
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let mut present = vec![false; classes];
        for (row, &class) in truth.iter().enumerate() {
            present[class] |= weight(row) > 0.0;
        }
        if let Some(class) = present.iter().position(|present| !present) {
            return Err(Error::missing_class(class, EVALUATED));
        }
        let area_of = |class: usize, column: usize| {
            let row = |(row, &score): (usize, &f64)| (score, truth[row] == class, weight(row));
            area(scores.column(column).iter().enumerate().map(row).collect())
        };
        if classes == 2 {
            return Ok(area_of(1, scores.ncols() - 1));
        }
        Ok((0..classes).map(|class| area_of(class, class)).sum::<f64>() / classes as f64)
    }
}

/// Returns the area for rows with a score, whether they are positive, and a weight. Both sides must have a
/// positive weight.
///
/// Each side has its own sums, in units of a power of two near its largest weight. Nothing is subtracted and
/// no product overflows or vanishes, however different the weights are.
fn area(mut rows: Vec<(f64, bool, f64)>) -> f64 {
    let unit = |side: bool| {
        let own = rows.iter().filter(|row| row.1 == side);
        power_of_two(own.map(|row| row.2).fold(0.0, f64::max))
    };
    let units = [unit(false), unit(true)];
    rows.iter_mut().for_each(|(_, own, weight)| *weight /= units[usize::from(*own)]);
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut pairs, mut above, mut below) = (0.0, 0.0, 0.0);
    for tied in rows.chunk_by(|a, b| a.0 == b.0) {
        let (mut inside, mut outside) = (0.0, 0.0);
        for &(_, own, weight) in tied {
            *(if own { &mut inside } else { &mut outside }) += weight;
        }
        pairs += inside * (below + 0.5 * outside);
        above += inside;
        below += outside;
    }
    // Rounding of sums of weights must not lead beyond 1.
    (pairs / (above * below)).min(1.0)
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    use super::*;

    /// Every pair of a row of `class` and one of another, by its definition.
    fn pairs(truth: &[usize], scores: &[f64], weights: &[f64], class: usize) -> f64 {
        let (mut won, mut total) = (0.0, 0.0);
        for a in (0..truth.len()).filter(|&row| truth[row] == class) {
            for b in (0..truth.len()).filter(|&row| truth[row] != class) {
                let share = if scores[a] > scores[b] { 1.0 } else { 0.0 };
                let share = if scores[a] == scores[b] { 0.5 } else { share };
                won += weights[a] * weights[b] * share;
                total += weights[a] * weights[b];
            }
        }
        won / total
    }

    proptest! {
        #[test]
        fn every_pair_is_counted(
            rows in prop::collection::vec((0usize..3, [-3i8..3, -3i8..3, -3i8..3], 0u8..4), 12..40),
        ) {
            let mut truth: Vec<usize> = rows.iter().map(|row| row.0).collect();
            truth[..6].copy_from_slice(&[0, 1, 2, 0, 1, 2]);
            // Signed zeros tie.
            let value = |v: i8| if v == -1 { -0.0 } else { f64::from(v.max(0)) };
            let scores = DMatrix::from_fn(rows.len(), 3, |row, column| value(rows[row].1[column]));
            let mut weights: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
            weights[..3].fill(1.0);
            let of = |truth: &[usize], column: usize, class: usize, weights: &[f64]| {
                pairs(truth, scores.column(column).as_slice(), weights, class)
            };
            let found = RocAuc.evaluate_indices(&truth, scores.as_view(), Some(&weights)).unwrap();
            let wanted = (0..3).map(|k| of(&truth, k, k, &weights)).sum::<f64>() / 3.0;
            prop_assert!((found - wanted).abs() < 1e-14, "{} and {}", found, wanted);
            // Two classes, with one column and with two.
            let truth: Vec<usize> = truth.iter().map(|&class| class.min(1)).collect();
            let ones = vec![1.0; truth.len()];
            for first in [0, 1] {
                let some = scores.columns(first, 2 - first);
                let found = RocAuc.evaluate_indices(&truth, some, None).unwrap();
                prop_assert_eq!(found, of(&truth, 1, 1, &ones), "exact without weights");
            }
        }
    }

    #[test]
    fn extreme_weights_do_not_overflow() {
        let scores = DMatrix::from_column_slice(4, 1, &[0.1, 0.4, 0.35, 0.8]);
        for scale in [1e-307, 1e-200, 1e200, 1e307] {
            let weights = [scale, 3.0 * scale, scale, scale];
            let area = RocAuc.evaluate_indices(&[0, 0, 1, 1], scores.as_view(), Some(&weights)).unwrap();
            approx::assert_relative_eq!(area, 0.625, max_relative = 1e-15);
        }
    }

    /// Weights whose ratio is beyond the digits of a number, or beyond its range.
    #[test]
    fn a_heavy_side_leaves_the_area_as_it_is() {
        let scores = DMatrix::from_column_slice(4, 1, &[0.1, 0.4, 0.35, 0.8]);
        for (light, heavy) in [(1e-20, 1.0), (1.0, 1e17), (5e-324, 1e307), (1e-300, 1e300)] {
            for weights in [[light, light, heavy, heavy], [heavy, heavy, light, light]] {
                let area = RocAuc.evaluate_indices(&[0, 0, 1, 1], scores.as_view(), Some(&weights));
                approx::assert_relative_eq!(area.unwrap(), 0.75, max_relative = 1e-15);
            }
            // A row of each class decides.
            let weights = [heavy, light, light, heavy];
            let area = RocAuc.evaluate_indices(&[0, 1, 1, 0], scores.as_view(), Some(&weights)).unwrap();
            assert!((area - 0.5).abs() < 1e-15, "{area} of {weights:?}");
        }
        let p = DMatrix::from_row_slice(4, 3, &[0.6, 0.3, 0.1, 0.2, 0.5, 0.3, 0.3, 0.3, 0.4, 0.7, 0.2, 0.1]);
        let of =
            |weights: &[f64]| RocAuc.evaluate_indices(&[0, 1, 2, 1], p.as_view(), Some(weights)).unwrap();
        let light = of(&[1e-200, 1.0, 1e-200, 1.0]);
        approx::assert_relative_eq!(light, of(&[1e-14, 1.0, 1e-14, 1.0]), max_relative = 1e-13);
    }

    #[test]
    fn every_class_needs_a_row_that_counts() {
        let scores = DMatrix::from_row_slice(3, 3, &[0.2, 0.3, 0.5, 0.1, 0.1, 0.8, 0.6, 0.2, 0.2]);
        let area = |truth: &[usize], weights: Option<&[f64]>| {
            RocAuc.evaluate_indices(truth, scores.as_view(), weights)
        };
        assert!(area(&[2, 0, 1], None).is_ok());
        assert_eq!(area(&[2, 0, 2], None), Err(Error::missing_class(1, EVALUATED)));
        assert_eq!(area(&[2, 0, 1], Some(&[1.0, 0.0, 1.0])), Err(Error::missing_class(0, EVALUATED)));
        let of_one = |truth: &[usize]| RocAuc.evaluate_indices(truth, scores.columns(0, 1), None);
        assert_eq!(of_one(&[1, 1, 1]), Err(Error::missing_class(0, EVALUATED)));
        assert_eq!(of_one(&[0, 0, 0]), Err(Error::missing_class(1, EVALUATED)));
    }
}
