//! The coefficients of a fit as a direction to try.

use nalgebra::DMatrix;

use super::budget::Budget;
use super::design::{BLOCK, Block, Design};
use super::search::Search;
use crate::error::Error;
use crate::scalar::{Real, dot};

/// The coefficients of a fit that maximises the likelihood, up to its accuracy, in the units of `x`.
pub(in crate::linear) struct Estimate<'a, T: Real> {
    /// The slopes, d x score columns.
    pub(in crate::linear) slopes: &'a DMatrix<T>,
    /// One intercept for each score column.
    pub(in crate::linear) intercepts: &'a [T],
    /// The slopes of all columns of the rows beside those that are looked at, which have zeros here. What they add to
    /// the scores is like an offset: whatever it is, an optimum exists with it if one exists without.
    pub(in crate::linear) beside: Option<&'a DMatrix<T>>,
}

/// A direction of unit length that meets many constraints by far, and its length before.
pub(super) struct Hint {
    pub(super) direction: Vec<f64>,
    length: f64,
}

/// The log-odds above which a constraint may be met by as much as one likes.
const LARGE: f64 = 4.0;

impl<T: Real> Design<'_, T> {
    /// Returns the coefficients as a hint, or `None` if they are all zero or out of range.
    pub(super) fn hint(&self, estimate: &Estimate<'_, T>) -> Option<Hint> {
        let mut direction = Vec::with_capacity(self.size());
        for k in 0..self.score_columns {
            let intercept = estimate.intercepts.get(k).map_or(0.0, |b| b.as_f64());
            direction.extend(self.part(|j| estimate.slopes[(j, k)].as_f64(), intercept));
        }
        let unit = self.normalised(direction.clone())?;
        // The unit vector is orthogonal to what the scores have in common.
        let length = dot(&direction, &unit);
        Some(Hint { direction: unit, length })
    }

    /// Returns the coordinates that a direction has in another design of the same columns.
    pub(super) fn moved_to(&self, other: &Self, direction: &[f64]) -> Vec<f64> {
        let (slopes, intercepts) = self.to_user(direction);
        let slope = |j: usize, k: usize| slopes[k * self.features() + j];
        (0..self.score_columns).flat_map(|k| other.part(|j| slope(j, k), intercepts[k])).collect()
    }

    /// Makes the parts of a direction sum to zero, as scores do not depend on what they share, and its length
    /// one. Returns `None` if that is impossible.
    pub(super) fn normalised(&self, mut direction: Vec<f64>) -> Option<Vec<f64>> {
        let largest = direction.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        direction.iter_mut().for_each(|v| *v /= largest);
        if self.score_columns > 1 {
            let width = self.width();
            for j in 0..width {
                let mean = direction.iter().skip(j).step_by(width).sum::<f64>() / self.score_columns as f64;
                direction.iter_mut().skip(j).step_by(width).for_each(|v| *v -= mean);
            }
        }
        let length = dot(&direction, &direction).sqrt();
        direction.iter_mut().for_each(|v| *v /= length);
        (length > 0.0 && direction.iter().all(|v| v.is_finite())).then_some(direction)
    }
}

impl<T: Real> Search<'_, T> {
    /// Returns which constraints a direction meets barely, if at all. The bound is where the largest ratio is
    /// between one margin and the next: as a fit goes to infinity, some margins grow and the others do not.
    pub(super) fn barely_met(&self, hint: &Hint, budget: &mut Budget<'_>) -> Result<Vec<bool>, Error> {
        let design = &self.design;
        let mut margins = vec![f64::INFINITY; self.settled.len()];
        let (mut block, mut scores) = (Block::default(), Vec::new());
        for first in (0..design.count()).step_by(BLOCK) {
            let range = first..(first + BLOCK).min(design.count());
            budget.spend(range.len() * (design.size() + 20 * design.score_columns))?;
            design.fill(range.clone(), &mut block);
            block.scores(&hint.direction, &mut scores);
            for (i, row) in range.enumerate().filter(|&(_, row)| design.counts(row)) {
                for rival in design.rivals(row) {
                    let margin = design.margin(row, rival, |k| scores[k * block.count + i]);
                    margins[self.index(row, rival)] = margin * block.sizes[i] * hint.length;
                }
            }
        }
        let mut sorted: Vec<f64> = margins.iter().copied().filter(|m| m.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let ratios = sorted.windows(2).map(|pair| (pair[1] / pair[0].max(LARGE), pair[0]));
        let bound = ratios.filter(|&(ratio, _)| ratio > 1.0).max_by(|a, b| a.0.total_cmp(&b.0));
        let bound = bound.map_or(f64::INFINITY, |(_, below)| below);
        Ok(margins.iter().map(|&margin| margin <= bound).collect())
    }
}
