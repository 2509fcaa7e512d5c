//! Rows as unit vectors with centred and scaled columns, computed block by block and never stored.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::scale::{Measured, NOTHING, Scale, wider};
use crate::linear::rows::{Chunk, TrainingRows};
use crate::parallel::Tally;
use crate::scalar::{Real, axpy};

/// The number of rows sampled to find the centre and scale of a column.
const SAMPLE: usize = 1024;

/// The number of operations for each entry of a column, to find its scale.
const OPERATIONS: usize = 6;

/// The number of rows in a block.
pub(super) const BLOCK: usize = 256;

/// The rows with centred and scaled columns.
///
/// A row x̃ has unit length. It holds (x_j - m_j) / s_j times a positive number, and that number itself if
/// there is an intercept. Directions that separate the rows x̃ are those that separate x, in other
/// coordinates. Scales are powers of two and centres are entries of the column, so x̃ is as exact as division
/// by its length allows.
///
/// # Layout
/// A direction holds, for each score column, d slopes and then the intercept, if there is one.
#[derive(Debug, Clone)]
pub(super) struct Design<'a, T: Real> {
    pub(super) rows: TrainingRows<'a, T>,
    /// The class of each row.
    classes: Cow<'a, [usize]>,
    /// The rows that count, if not all do.
    members: Option<Members>,
    /// The number of score columns: one for two classes, otherwise the number of classes.
    pub(super) score_columns: usize,
    pub(super) intercept: bool,
    scales: Vec<Scale>,
    /// The columns dropped because they depend on others.
    dependent: Vec<Dependent>,
}

/// A column that is a combination of others: the factor of each, and of the intercept.
#[derive(Debug, Clone)]
pub(super) struct Dependent {
    pub(super) column: usize,
    pub(super) factors: Vec<f64>,
}

impl<'a, T: Real> Design<'a, T> {
    pub(super) fn new(rows: TrainingRows<'a, T>, classes: usize, intercept: bool) -> Self {
        let counted = rows.weighted().then(|| Members::weighted(rows.counted()));
        Self::of(rows, rows.classes(), counted, classes, intercept)
    }

    /// Creates the design of some of the rows, each with the same weight.
    pub(super) fn of_open(&self, open: &[bool]) -> Self {
        let (classes, members) = (self.classes.clone(), Some(Members::even(open.to_vec())));
        Self::of(self.rows, classes, members, self.score_columns.max(2), self.intercept)
    }

    fn of(
        rows: TrainingRows<'a, T>,
        of_rows: Cow<'a, [usize]>,
        members: Option<Members>,
        classes: usize,
        intercept: bool,
    ) -> Self {
        let score_columns = if classes > 2 { classes } else { 1 };
        let scales = Vec::new();
        let design = Design {
            rows,
            classes: of_rows,
            members,
            score_columns,
            intercept,
            scales,
            dependent: Vec::new(),
        };
        let measured = design.measured();
        let scales = (0..rows.columns()).map(|j| measured.scale::<T>(j, intercept)).collect();
        Design { scales, ..design }
    }

    /// Measures the columns of the rows that count.
    fn measured(&self) -> Measured {
        let columns = self.rows.columns();
        let stretch = self.rows.count().div_ceil(SAMPLE).max(1);
        let leaf = self.rows.wide_leaf();
        let mut workers = vec![(); self.rows.workers(leaf, OPERATIONS * columns)];
        let empty = |_| Measured { ranges: vec![NOTHING; columns], sample: Vec::new() };
        self.rows.sum(&mut Tally::default(), &mut workers, (leaf, leaf), (), empty, |(), chunk, sum, ()| {
            let places = chunk.places();
            for j in 0..columns {
                let counted = chunk.column(j).iter().zip(places.clone()).filter(|&(_, row)| self.counts(row));
                sum.ranges[j] = counted.fold(sum.ranges[j], |range, (x, _)| wider(range, x.as_f64()));
            }
            let mut row = places.start;
            while row < places.end {
                let next = ((row / stretch + 1) * stretch).min(places.end);
                if let Some(first) = (row..next).find(|&row| self.counts(row)) {
                    let entry = |j: usize| chunk.column(j)[first - places.start].as_f64();
                    sum.take(first / stretch, (0..columns).map(entry).collect());
                }
                row = next;
            }
        })
    }

    /// Returns the number of rows, whether they count or not.
    pub(super) fn count(&self) -> usize {
        self.classes.len()
    }

    /// Returns the class of a row.
    pub(super) fn class(&self, row: usize) -> usize {
        self.classes[row]
    }

    /// Returns whether a row counts.
    pub(super) fn counts(&self, row: usize) -> bool {
        self.members.as_ref().is_none_or(|members| members.counted[row])
    }

    /// Returns the rows that count.
    pub(super) fn counted(&self) -> impl Iterator<Item = usize> {
        (0..self.count()).filter(|&row| self.counts(row))
    }

    /// Returns the share of a row in the weight of all rows that count.
    pub(super) fn share(&self, chunk: &Chunk<'_, T>, row: usize) -> f64 {
        match &self.members {
            Some(Members { counted, even: Some(share) }) => {
                if counted[chunk.places().start + row] {
                    *share
                } else {
                    0.0
                }
            }
            _ => chunk.share(row),
        }
    }

    /// The same rows with the dropped columns set to zero.
    pub(super) fn without(&self, dropped: &[usize]) -> Self {
        let mut design = self.clone();
        dropped.iter().for_each(|&j| design.scales[j].kept = false);
        design
    }

    /// Returns a direction with zeros for the dropped columns.
    pub(super) fn masked(&self, direction: &[f64], dropped: &[usize]) -> Vec<f64> {
        let mut masked = direction.to_vec();
        for part in masked.chunks_exact_mut(self.width()) {
            dropped.iter().for_each(|&j| part[j] = 0.0);
        }
        masked
    }

    /// Drops a column that depends on others.
    pub(super) fn drop(&mut self, dependent: Dependent) {
        self.scales[dependent.column].kept = false;
        self.dependent.push(dependent);
    }

    /// Returns whether columns were dropped because they depend on others.
    pub(super) fn has_dependent(&self) -> bool {
        !self.dependent.is_empty()
    }

    /// Returns the columns that take part, and the index of the intercept if there is one.
    pub(super) fn kept(&self) -> Vec<usize> {
        let columns = (0..self.features()).filter(|&j| self.keeps(j));
        columns.chain(self.intercept.then_some(self.features())).collect()
    }

    /// Returns the largest absolute entry of column `j` before centring, in the units of its scale.
    pub(super) fn largest(&self, j: usize) -> f64 {
        self.scales[j].largest
    }

    /// Returns an entry of column `j`, centred and scaled.
    pub(super) fn entry(&self, j: usize, x: T) -> f64 {
        self.scales[j].entry(x.as_f64())
    }

    pub(super) fn features(&self) -> usize {
        self.scales.len()
    }

    /// Returns whether column `j` takes part.
    pub(super) fn keeps(&self, j: usize) -> bool {
        self.scales[j].kept
    }

    /// Returns the length of x̃.
    pub(super) fn width(&self) -> usize {
        self.features() + usize::from(self.intercept)
    }

    /// Returns the length of a direction.
    pub(super) fn size(&self) -> usize {
        self.width() * self.score_columns
    }

    /// Returns the dimension of the space that constraints can span. With K > 2 score columns, a direction
    /// common to all is orthogonal to every constraint.
    pub(super) fn dimension(&self) -> usize {
        self.width() * (self.score_columns - 1).max(1)
    }

    /// Returns the classes that row `row` is compared with. For two classes there is one comparison, with
    /// index 0.
    pub(super) fn rivals(&self, row: usize) -> impl Iterator<Item = usize> + use<T> {
        let (columns, class) = (self.score_columns, self.classes[row]);
        (0..columns).filter(move |&k| columns == 1 || k != class)
    }

    /// Returns the margin a·v, from the scores x̃ v.
    pub(super) fn margin(&self, row: usize, rival: usize, score: impl Fn(usize) -> f64) -> f64 {
        let class = self.classes[row];
        match self.score_columns {
            1 if class == 1 => score(0),
            1 => -score(0),
            _ => (score(class) - score(rival)) * std::f64::consts::FRAC_1_SQRT_2,
        }
    }

    /// Writes the unit vector a of one constraint; `unit` is x̃.
    pub(super) fn constraint(&self, row: usize, rival: usize, unit: &[f64], out: &mut [f64]) {
        let width = self.width();
        out.fill(0.0);
        self.step(row, rival, 1.0, |k, factor| {
            out[k * width..][..width].iter_mut().zip(unit).for_each(|(out, &x)| *out = factor * x);
        });
    }

    /// Calls `put` with each score column that a constraint has a part for, and the multiple of x̃ there, for
    /// a vector of the given length.
    pub(super) fn step(&self, row: usize, rival: usize, length: f64, mut put: impl FnMut(usize, f64)) {
        let class = self.classes[row];
        match self.score_columns {
            1 => put(0, if class == 1 { length } else { -length }),
            _ => {
                put(class, length * std::f64::consts::FRAC_1_SQRT_2);
                put(rival, -length * std::f64::consts::FRAC_1_SQRT_2);
            }
        }
    }

    pub(super) fn blocks(&self) -> usize {
        self.count().div_ceil(BLOCK)
    }

    /// Computes x̃ for a range of rows. Rows that do not count are zero.
    pub(super) fn fill(&self, range: Range<usize>, block: &mut Block) {
        self.rows.with(range, |chunk| self.fill_from(chunk, block));
    }

    /// Computes x̃ for the rows of a chunk.
    pub(super) fn fill_from(&self, chunk: &Chunk<'_, T>, block: &mut Block) {
        let range = chunk.places();
        let count = range.len();
        block.count = count;
        block.units.resize(count * self.width(), 0.0);
        block.sizes.clear();
        block.sizes.resize(count, if self.intercept { 1.0 } else { 0.0 });
        for (j, (scale, out)) in self.scales.iter().zip(block.units.chunks_exact_mut(count)).enumerate() {
            if !scale.kept {
                out.fill(0.0);
                continue;
            }
            for ((out, &x), square) in out.iter_mut().zip(chunk.column(j)).zip(&mut block.sizes) {
                *out = scale.entry(x.as_f64());
                *square += *out * *out;
            }
        }
        if self.intercept {
            block.units[self.features() * count..].fill(1.0);
        }
        for (i, row) in range.enumerate() {
            let square = block.sizes[i];
            block.sizes[i] = if !self.counts(row) {
                (i..block.units.len()).step_by(count).for_each(|at| block.units[at] = 0.0);
                0.0
            } else if square > 1e-250 && square < f64::INFINITY {
                square.sqrt()
            } else {
                // The squares may have underflowed or overflowed. Dividing by the largest entry first keeps
                // the quotient finite.
                let entries = || (i..block.units.len()).step_by(count);
                let largest = entries().fold(0.0, |m: f64, at| m.max(block.units[at].abs()));
                let relative = |at: usize| if largest > 0.0 { block.units[at] / largest } else { 0.0 };
                largest * entries().map(relative).map(|x| x * x).sum::<f64>().sqrt()
            };
        }
        block.inverses.clear();
        block
            .inverses
            .extend(block.sizes.iter().map(|&s| if s >= f64::MIN_POSITIVE { s.recip() } else { 0.0 }));
        for column in block.units.chunks_exact_mut(count) {
            column.iter_mut().zip(&block.inverses).for_each(|(x, &inverse)| *x *= inverse);
        }
    }

    /// Returns the part of a direction for one score column, from slopes and intercept in the units of `x`.
    pub(super) fn part(&self, slope: impl Fn(usize) -> f64, intercept: f64) -> Vec<f64> {
        // The scales of columns without spread are zero.
        let scaled = |(j, scale): (usize, &Scale)| match scale.after {
            0.0 => 0.0,
            after => slope(j) / scale.before / after,
        };
        let whole: Vec<f64> = self.scales.iter().enumerate().map(scaled).collect();
        let mut part: Vec<f64> =
            whole.iter().zip(&self.scales).map(|(&v, scale)| if scale.kept { v } else { 0.0 }).collect();
        if self.intercept {
            let shift = |(j, scale): (usize, &Scale)| slope(j) * (scale.center / scale.before);
            part.push(intercept + self.scales.iter().enumerate().map(shift).sum::<f64>());
        }
        for Dependent { column, factors } in &self.dependent {
            axpy(whole[*column], factors, &mut part);
        }
        part
    }

    /// Returns the direction in the units of `x`: slopes (d x score columns) and intercepts.
    pub(super) fn to_user(&self, direction: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut slopes = Vec::with_capacity(self.features() * self.score_columns);
        let mut intercepts = Vec::with_capacity(self.score_columns);
        for part in direction.chunks_exact(self.width()) {
            slopes.extend(part.iter().zip(&self.scales).map(|(&v, scale)| v * scale.after * scale.before));
            let shift = |(&v, scale): (&f64, &Scale)| v * scale.after * scale.center;
            let terms = part.iter().zip(&self.scales).map(shift);
            let start = if self.intercept { part[self.features()] } else { 0.0 };
            let (b, size) = terms.fold((start, start.abs()), |(b, size), term| (b - term, size + term.abs()));
            // The remainder of cancelling terms is rounding error.
            intercepts.push(if b.abs() <= 1e-13 * size { 0.0 } else { b });
        }
        (slopes, intercepts)
    }
}

/// Scratch memory for the vectors x̃ of a range of rows.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The vectors x̃, column by column.
    pub(super) units: Vec<f64>,
    /// The lengths of the rows before normalisation.
    pub(super) sizes: Vec<f64>,
    /// The reciprocals of the sizes, or 0.
    pub(super) inverses: Vec<f64>,
    pub(super) count: usize,
}

impl Block {
    /// Writes x̃ v for each score column of a direction: `count` scores per score column.
    pub(super) fn scores(&self, direction: &[f64], scores: &mut Vec<f64>) {
        let width = self.units.len() / self.count.max(1);
        scores.clear();
        scores.resize(self.count * (direction.len() / width.max(1)), 0.0);
        for (out, part) in scores.chunks_exact_mut(self.count).zip(direction.chunks_exact(width)) {
            for (&v, column) in part.iter().zip(self.units.chunks_exact(self.count)) {
                if v != 0.0 {
                    axpy(v, column, out);
                }
            }
        }
    }

    /// Returns the vector x̃ of row `i` of the block.
    pub(super) fn unit(&self, i: usize) -> impl Iterator<Item = f64> {
        self.units[i..].iter().step_by(self.count).copied()
    }
}

/// Which rows count.
#[derive(Debug, Clone)]
struct Members {
    counted: Arc<[bool]>,
    /// The share of each, if all have the same.
    even: Option<f64>,
}

impl Members {
    /// Rows that count with their weights.
    fn weighted(counted: Vec<bool>) -> Self {
        Members { counted: counted.into(), even: None }
    }

    /// Rows that count alike.
    fn even(counted: Vec<bool>) -> Self {
        let count = counted.iter().filter(|&&counts| counts).count();
        Members { counted: counted.into(), even: Some(1.0 / count.max(1) as f64) }
    }
}
