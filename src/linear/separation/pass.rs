//! One pass over all rows of a search.

use super::budget::Budget;
use super::design::{BLOCK, Block};
use super::search::Search;
use crate::error::Error;
use crate::scalar::Real;

impl<T: Real> Search<'_, T> {
    /// Passes over the rows, settles constraints in the span, and returns a selection of rows with a
    /// constraint outside the span that the direction, if given, does not meet strictly. Stops early if there
    /// are plenty.
    ///
    /// # Errors
    /// Returns an error if the budget does not suffice.
    pub(super) fn collect(
        &mut self,
        direction: Option<&[f64]>,
        budget: &mut Budget<'_>,
    ) -> Result<Vec<usize>, Error> {
        let (design, tolerance, outside) = (&self.design, self.tolerance, &self.outside);
        let mut block = Block::default();
        let (mut scores, mut unit) = (Vec::new(), vec![0.0; design.width()]);
        let mut constraint = vec![0.0; design.size()];
        let mut found: Vec<(usize, f64)> = Vec::new();
        (self.leak, self.least) = (0.0, f64::INFINITY);
        let (blocks, rows) = (design.blocks(), design.rows.targets.len());
        for offset in 0..blocks {
            let first = (self.cursor + offset) % blocks * BLOCK;
            let range = first..(first + BLOCK).min(rows);
            budget.spend(range.len() * design.size())?;
            design.fill(range.clone(), &mut block);
            if let Some(direction) = direction {
                block.scores(direction, &mut scores);
            }
            for (i, row) in range.enumerate().filter(|&(_, row)| design.rows.counts(row)) {
                let mut known = false;
                let mut worst = f64::INFINITY;
                for rival in design.rivals(row) {
                    let index = row * design.score_columns + rival;
                    let count = block.count;
                    let margin = match direction {
                        Some(_) => design.margin(row, rival, |k| scores[k * count + i]),
                        None => 0.0,
                    };
                    if self.settled[index] {
                        self.leak = self.leak.max(margin.abs());
                        continue;
                    }
                    if margin.abs() <= tolerance.part {
                        if !known {
                            unit.iter_mut().zip(block.unit(i)).for_each(|(out, x)| *out = x);
                            known = true;
                        }
                        design.constraint(row, rival, &unit, &mut constraint);
                        budget.spend(outside.work)?;
                        if outside.length(&mut constraint) <= tolerance.part {
                            self.settled[index] = true;
                            self.settled_more = true;
                            self.leak = self.leak.max(margin.abs());
                            continue;
                        }
                    }
                    worst = worst.min(margin);
                }
                self.least = self.least.min(worst);
                if worst <= tolerance.margin {
                    found.push((row, worst));
                }
            }
            if found.len() >= 8 * self.capacity() {
                self.cursor = (self.cursor + offset + 1) % blocks;
                break;
            }
        }
        Ok(self.choose(&found))
    }

    /// Returns all rows found, or the worst row of each of several stretches if there are too many.
    fn choose(&self, found: &[(usize, f64)]) -> Vec<usize> {
        let stretch = found.len().div_ceil(self.capacity()).max(1);
        let worst =
            |part: &[(usize, f64)]| part.iter().min_by(|a, b| a.1.total_cmp(&b.1)).map(|&(row, _)| row);
        found.chunks(stretch).filter_map(worst).collect()
    }
}
