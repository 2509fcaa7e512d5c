//! A direction that meets a few constraints barely, moved until it meets all.

use super::budget::Budget;
use super::design::{BLOCK, Block};
use super::search::Search;
use crate::error::Error;
use crate::scalar::{Real, axpy, dot};

/// The largest number of passes over the rows.
const PASSES: usize = 1000;

/// The margin that is asked for, relative to the length of the direction.
const WANTED: f64 = 1e-3;

/// How far a step goes, in units of the step that meets the constraint with equality.
const STEP: f64 = 1.5;

impl<T: Real> Search<'_, T> {
    /// Moves a direction of unit length towards one that meets all constraints strictly, by the method of
    /// Agmon and of Motzkin and Schoenberg (1954): one step for the worst constraint of each row that is not
    /// met, along that constraint. Returns the direction if it gets there while the passes take no more than
    /// that many multiplications.
    ///
    /// It is quick where the fit ended early but on its way, and does not need a matrix.
    pub(super) fn relaxed(
        &self,
        hint: &[f64],
        mut multiplications: usize,
        budget: &mut Budget<'_>,
    ) -> Result<Option<Vec<f64>>, Error> {
        let design = &self.design;
        let (rows, width) = (design.count(), design.width());
        let mut direction = hint.to_vec();
        let mut scores = vec![0.0; design.score_columns];
        let mut unit = vec![0.0; width];
        let mut block = Block::default();
        for _ in 0..PASSES {
            let pass = rows.saturating_mul(design.size());
            if pass > multiplications {
                break;
            }
            multiplications -= pass;
            let mut moved = false;
            for first in (0..rows).step_by(BLOCK) {
                let range = first..(first + BLOCK).min(rows);
                budget.spend(range.len() * design.size())?;
                design.fill(range.clone(), &mut block);
                for (i, row) in range.enumerate().filter(|&(_, row)| design.counts(row)) {
                    unit.iter_mut().zip(block.unit(i)).for_each(|(out, x)| *out = x);
                    let parts = direction.chunks_exact(width);
                    scores.iter_mut().zip(parts).for_each(|(score, part)| *score = dot(&unit, part));
                    let margins = design.rivals(row).map(|k| (design.margin(row, k, |k| scores[k]), k));
                    let Some((margin, rival)) = margins.min_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
                    if margin >= WANTED {
                        continue;
                    }
                    moved = true;
                    // The constraint is a unit vector, with parts for at most two score columns.
                    let step = STEP * (WANTED - margin);
                    design.step(row, rival, step, |k, factor| {
                        axpy(factor, &unit, &mut direction[k * width..][..width]);
                    });
                }
            }
            if !moved {
                return Ok(Some(direction));
            }
        }
        Ok(None)
    }
}
