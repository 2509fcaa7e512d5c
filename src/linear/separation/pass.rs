//! One pass over all rows of a search.

use std::ops::Range;

use super::budget::Budget;
use super::design::{BLOCK, Block, Design};
use super::search::Search;
use crate::error::Error;
use crate::parallel::{available, for_each, resized, workers_for};
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
        let (mut unit, mut constraint) = (vec![0.0; design.width()], vec![0.0; design.size()]);
        let mut found: Vec<(usize, f64)> = Vec::new();
        (self.leak, self.least) = (0.0, f64::INFINITY);
        let (blocks, rows) = (design.blocks(), design.count());
        let mut ahead = Ahead::default();
        for offset in 0..blocks {
            let range_of = |offset: usize| {
                let first = (self.cursor + offset) % blocks * BLOCK;
                first..(first + BLOCK).min(rows)
            };
            let range = range_of(offset);
            budget.spend(range.len() * design.size())?;
            let (block, scores) = ahead.get(offset, blocks, |offset| (range_of(offset), direction), design);
            for (i, row) in range.enumerate().filter(|&(_, row)| design.counts(row)) {
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

/// Blocks that are computed before they are needed, on several threads.
#[derive(Default)]
struct Ahead {
    blocks: Vec<(Block, Vec<f64>)>,
    /// The offset of the first of them.
    first: usize,
    /// How many of them are computed.
    count: usize,
}

impl Ahead {
    /// Returns the block at an offset, of `end`, and the scores of its rows along the direction, if there is one. `of`
    /// returns the rows of a block and the direction.
    fn get<'d, T: Real>(
        &mut self,
        offset: usize,
        end: usize,
        of: impl Fn(usize) -> (Range<usize>, Option<&'d [f64]>) + Sync,
        design: &Design<'_, T>,
    ) -> (&Block, &[f64]) {
        if !(self.first..self.first + self.count).contains(&offset) {
            // Two blocks for each thread, so that one that is held up does not hold up the others.
            let most = design.rows.at_once(if available() > 1 { 2 * available() } else { 1 });
            self.count = most.min(end - offset);
            self.first = offset;
            let operations = (self.count * BLOCK) as f64 * (4 * design.width() + design.size()) as f64;
            let mut workers = vec![(); workers_for(self.count, operations)];
            let ahead = resized(&mut self.blocks, self.count, Default::default).iter_mut().enumerate();
            for_each(&mut workers, ahead, |(), (at, (block, scores))| {
                let (range, direction) = of(offset + at);
                design.fill(range, block);
                if let Some(direction) = direction {
                    block.scores(direction, scores);
                }
            });
        }
        let (block, scores) = &self.blocks[offset - self.first];
        (block, scores)
    }
}
