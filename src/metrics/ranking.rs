//! Rows in order of falling scores, with cumulative counts at every threshold.

use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::metric::{EVALUATED, double};
use crate::scalar::Real;

/// For every distinct score in falling order, the weights of positive and of other rows at or above it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ranking {
    pub(super) thresholds: Vec<f64>,
    pub(super) right: Vec<f64>,
    pub(super) wrong: Vec<f64>,
}

impl Ranking {
    /// Ranks rows by their scores for the class `positive`.
    ///
    /// # Errors
    /// Returns an error if the lengths differ, there are no rows, a score is not finite or the weights are
    /// not valid.
    pub(super) fn of_labels<T: Real, L: Label>(
        truth: &[L],
        scores: &[T],
        positive: &L,
        weights: Option<&[T]>,
    ) -> Result<Self, Error> {
        check::count("scores", "entries", truth.len(), scores.len())?;
        if truth.is_empty() {
            return Err(Error::Empty { argument: "truth", axis: "labels" });
        }
        check::weights(weights, truth.len())?;
        let scores: Vec<f64> = scores.iter().map(|z| z.as_f64()).collect();
        if let Some(row) = scores.iter().position(|z| !z.is_finite()) {
            return Err(Error::NotFinite {
                argument: "scores",
                row,
                column: 0,
                name: None,
                value: scores[row],
            });
        }
        let yes: Vec<bool> = truth.iter().map(|label| label == positive).collect();
        Ok(Ranking::new(&yes, &scores, double(weights).as_deref()))
    }

    /// Ranks rows with finite scores; rows of weight 0 are left out.
    pub(super) fn new(yes: &[bool], scores: &[f64], weights: Option<&[f64]>) -> Self {
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let counted = (0..yes.len()).filter(|&row| weight(row) > 0.0);
        let mut rows: Vec<(f64, bool, f64)> =
            counted.map(|row| (scores[row], yes[row], weight(row))).collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut ranking = Ranking { thresholds: vec![], right: vec![], wrong: vec![] };
        let (mut right, mut wrong) = (0.0, 0.0);
        for tied in rows.chunk_by(|a, b| a.0 == b.0) {
            for &(_, yes, weight) in tied {
                *(if yes { &mut right } else { &mut wrong }) += weight;
            }
            ranking.thresholds.push(tied[0].0);
            ranking.right.push(right);
            ranking.wrong.push(wrong);
        }
        ranking
    }

    pub(super) fn positives(&self) -> f64 {
        self.right.last().copied().unwrap_or(0.0)
    }

    pub(super) fn negatives(&self) -> f64 {
        self.wrong.last().copied().unwrap_or(0.0)
    }

    /// Checks that the positive class has rows.
    pub(super) fn check_positive<L: Label>(&self, positive: &L) -> Result<(), Error> {
        if self.positives() > 0.0 {
            return Ok(());
        }
        Err(Error::MissingClass { class: format!("{positive:?}"), index: 1, among: EVALUATED })
    }

    /// Checks that the positive class and the other classes together have rows.
    pub(super) fn check_both<L: Label>(&self, positive: &L) -> Result<(), Error> {
        self.check_positive(positive)?;
        if self.negatives() > 0.0 {
            return Ok(());
        }
        Err(Error::MissingClass { class: format!("other than {positive:?}"), index: 0, among: EVALUATED })
    }

    /// Returns the step sum Σ (recall_i - recall_{i-1}) precision_i.
    pub(super) fn average_precision(&self) -> f64 {
        let (mut sum, mut before) = (0.0, 0.0);
        for (&right, &wrong) in self.right.iter().zip(&self.wrong) {
            if right > before {
                sum += (right - before) / self.positives() * (right / (right + wrong));
            }
            before = right;
        }
        // Rounding of sums of weights must not lead beyond 1.
        sum.min(1.0)
    }
}
