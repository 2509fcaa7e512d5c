//! Separations by one column at a time, found without a search.

use super::budget::Budget;
use super::design::{BLOCK, Block, Design};
use super::scale::{NOTHING, wider};
use super::search::MARGIN;
use crate::error::Error;
use crate::parallel::wire::wire;
use crate::parallel::{Sum, Tally};
use crate::scalar::Real;

/// The number of times that columns are tried again on the rows that are left.
const LEVELS: usize = 20;

/// A direction that separates, by single columns.
pub(super) struct Cuts {
    /// The direction, in the coordinates of the design.
    pub(super) direction: Vec<f64>,
    /// Whether the direction is strict, for each row and each score column. It is zero on all other
    /// constraints.
    pub(super) strict: Vec<bool>,
    /// Whether a row has a constraint that the direction does not meet strictly.
    pub(super) open: Vec<bool>,
}

/// A value of a column with all rows of some classes on one side and all rows of the others on the other.
struct Cut {
    column: usize,
    /// Whether the rows of a class are above the value.
    above: Vec<bool>,
    value: f64,
}

/// Finds a direction that is strict where columns alone are: first on all rows, then on those that are left,
/// and so on. Returns `None` if no column separates.
///
/// A direction that separates the rows left is made one for all rows by adding a multiple of the direction
/// that separates the others.
pub(super) fn cuts<T: Real>(design: &Design<'_, T>, budget: &mut Budget<'_>) -> Result<Option<Cuts>, Error> {
    let rows = design.count();
    let classes = design.score_columns.max(2);
    let occurs = |class: usize| (0..rows).any(|row| design.class(row) == class && design.counts(row));
    if !(0..classes).all(occurs) {
        // The intercept separates a class without rows.
        return Ok(None);
    }
    let open: Vec<bool> = (0..rows).map(|row| design.counts(row)).collect();
    let strict = vec![false; rows * design.score_columns];
    let mut found = Cuts { direction: vec![0.0; design.size()], strict, open };
    let mut some = false;
    for _ in 0..LEVELS {
        let mut level = vec![0.0; design.size()];
        let mut won = found.strict.clone();
        let mut more = false;
        for cut in candidates(design, &found.open, budget)? {
            more |= cut.apply(design, &found.open, &mut won, &mut level, budget)?;
        }
        if !more {
            break;
        }
        some = true;
        let Some(direction) = design.combined(&found.direction, &found.strict, &level, budget)? else {
            break;
        };
        (found.direction, found.strict) = (direction, won);
        for row in 0..rows {
            let strict = |rival| found.strict[row * design.score_columns + rival];
            found.open[row] = found.open[row] && !design.rivals(row).all(strict);
        }
        if !found.open.contains(&true) {
            break;
        }
    }
    Ok(some.then_some(found))
}

/// Returns all cuts of the open rows.
fn candidates<T: Real>(
    design: &Design<'_, T>,
    open: &[bool],
    budget: &mut Budget<'_>,
) -> Result<Vec<Cut>, Error> {
    let classes = design.score_columns.max(2);
    let mut cuts = Vec::new();
    let kept: Vec<usize> = (0..design.features()).filter(|&j| design.keeps(j)).collect();
    budget.spend((2 * open.len()).saturating_mul(kept.len()))?;
    let ranges = design.ranges(&kept, open, classes);
    for (&j, ranges) in kept.iter().zip(ranges.chunks_exact(classes)) {
        let scaled = |x: f64| if x.is_finite() { design.entry(j, T::of(x)) } else { x };
        let ranges: Vec<(f64, f64)> = ranges.iter().map(|&(low, high)| (scaled(low), scaled(high))).collect();
        let mut order: Vec<usize> = (0..classes).filter(|&k| ranges[k].0 <= ranges[k].1).collect();
        order.sort_by(|&a, &b| ranges[a].0.total_cmp(&ranges[b].0).then(ranges[a].1.total_cmp(&ranges[b].1)));
        let noise = design.noise(j);
        let mut below = f64::NEG_INFINITY;
        for at in 1..order.len() {
            below = below.max(ranges[order[at - 1]].1);
            // Classes are in the order of their lowest entries.
            let above = ranges[order[at]].0;
            let value = if design.intercept { 0.5 * below + 0.5 * above } else { 0.0 };
            if below <= value + noise && value <= above + noise {
                let mut upper = vec![false; classes];
                order[at..].iter().for_each(|&k| upper[k] = true);
                cuts.push(Cut { column: j, above: upper, value });
            }
        }
    }
    Ok(cuts)
}

/// The ranges of columns, one for each class of each column.
struct Ranges(Vec<(f64, f64)>);

wire!(Ranges { 0 });

impl Sum for Ranges {
    fn add(&mut self, next: &Self) {
        self.0
            .iter_mut()
            .zip(&next.0)
            .for_each(|(range, &(low, high))| *range = wider(wider(*range, low), high));
    }
}

impl<T: Real> Design<'_, T> {
    /// Returns the range of each class of some columns, over the open rows, in the units of `x`.
    fn ranges(&self, columns: &[usize], open: &[bool], classes: usize) -> Vec<(f64, f64)> {
        let leaf = self.rows.wide_leaf();
        let mut workers = vec![(); self.rows.workers(leaf, 2 * columns.len())];
        let empty = |_| Ranges(vec![NOTHING; columns.len() * classes]);
        let tally = &mut Tally::default();
        let Ranges(ranges) =
            self.rows.sum(tally, &mut workers, (leaf, leaf), (), empty, |(), chunk, Ranges(ranges), ()| {
                let open: Vec<(usize, usize)> = chunk
                    .places()
                    .enumerate()
                    .filter(|&(_, row)| open[row])
                    .map(|(at, row)| (at, self.class(row)))
                    .collect();
                for (&j, ranges) in columns.iter().zip(ranges.chunks_exact_mut(classes)) {
                    let column = chunk.column(j);
                    for &(at, class) in &open {
                        ranges[class] = wider(ranges[class], column[at].as_f64());
                    }
                }
            });
        ranges
    }
}

impl Cut {
    /// Adds the cut to a direction if it is strict on constraints that are not strict yet, and marks these.
    /// Returns whether it did. A cut with margins that are neither clear nor zero is left to the search.
    fn apply<T: Real>(
        &self,
        design: &Design<'_, T>,
        open: &[bool],
        strict: &mut [bool],
        direction: &mut [f64],
        budget: &mut Budget<'_>,
    ) -> Result<bool, Error> {
        let (noise, length) = (design.noise(self.column), 1f64.hypot(self.value));
        let mut block = Block::default();
        let mut won = Vec::new();
        for first in (0..open.len()).step_by(BLOCK) {
            let range = first..(first + BLOCK).min(open.len());
            budget.spend(range.len() * (2 + design.score_columns))?;
            let distances: Vec<f64> = design.rows.with(range.clone(), |chunk| {
                let distance = |&x: &T| (design.entry(self.column, x) - self.value).abs();
                chunk.column(self.column).iter().map(distance).collect()
            });
            let far =
                |(row, distance): (usize, f64)| (open[row] && distance > noise).then_some((row, distance));
            let different: Vec<(usize, f64)> = range.clone().zip(distances).filter_map(far).collect();
            if different.is_empty() {
                continue;
            }
            budget.spend(range.len() * design.width())?;
            design.fill(range, &mut block);
            for (row, distance) in different {
                if distance <= 2.0 * MARGIN * length * block.sizes[row - first] {
                    return Ok(false);
                }
                let class = design.class(row);
                let opposite =
                    |&rival: &usize| design.score_columns == 1 || self.above[class] != self.above[rival];
                won.extend(design.rivals(row).filter(opposite).map(|k| row * design.score_columns + k));
            }
        }
        if won.iter().all(|&at| strict[at]) {
            return Ok(false);
        }
        won.into_iter().for_each(|at| strict[at] = true);
        let width = design.width();
        for (k, part) in direction.chunks_exact_mut(width).enumerate() {
            let sign = match (design.score_columns, self.above[k]) {
                (1, _) => {
                    if self.above[1] {
                        1.0
                    } else {
                        -1.0
                    }
                }
                (_, above) => f64::from(u8::from(above)),
            };
            part[self.column] += sign;
            if design.intercept {
                part[design.features()] -= sign * self.value;
            }
        }
        Ok(true)
    }
}

impl<T: Real> Design<'_, T> {
    /// Adds to a direction a multiple of another one, so that the sum stays positive where the other one is
    /// strict. Returns `None` if it would drown in it.
    pub(super) fn combined(
        &self,
        first: &[f64],
        strict: &[bool],
        second: &[f64],
        budget: &mut Budget<'_>,
    ) -> Result<Option<Vec<f64>>, Error> {
        let mut multiple: f64 = 1.0;
        let mut block = Block::default();
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for start in (0..self.count()).step_by(BLOCK) {
            let range = start..(start + BLOCK).min(self.count());
            budget.spend(3 * range.len() * self.size())?;
            self.fill(range.clone(), &mut block);
            block.scores(first, &mut old);
            block.scores(second, &mut new);
            for (i, row) in range.enumerate() {
                for rival in self.rivals(row).filter(|k| strict[row * self.score_columns + k]) {
                    let margin = |scores: &[f64]| self.margin(row, rival, |k| scores[k * block.count + i]);
                    multiple = multiple.max(-2.0 * margin(&new) / margin(&old));
                }
            }
        }
        let sum = first.iter().zip(second).map(|(a, b)| multiple * a + b).collect();
        Ok(if multiple <= LARGEST { self.normalised(sum) } else { None })
    }
}

/// The largest multiple of a direction beside which another one keeps its digits.
const LARGEST: f64 = 1e6;
