//! The search for a direction that is strict on as many constraints as any.

use super::design::{BLOCK, Block, Design};
use super::nearest::Nearest;
use super::span::Span;
use crate::error::Error;
use crate::kernel::dot;
use crate::real::Real;

/// How often rows are added before the search gives up; a handful of times is usual.
const ROUNDS: usize = 1000;

/// What counts as zero, for vectors and directions of unit length.
#[derive(Debug, Clone, Copy)]
struct Tolerance {
    /// Rounding errors of a margin, with room to spare.
    margin: f64,
    /// The distance from the origin of a hull that holds it.
    distance: f64,
    /// The length of a constraint's part outside the span that it lies in.
    part: f64,
}

impl Tolerance {
    fn new(size: usize) -> Self {
        let rounding = 8.0 * (size as f64 + 8.0) * f64::EPSILON;
        Tolerance { margin: 8.0 * rounding, distance: 1e2 * rounding, part: 1e4 * rounding }
    }
}

/// Gordan's alternative for the constraints that are left.
#[derive(Debug)]
pub(super) enum Alternative {
    /// A direction of unit length, orthogonal to the span, that is strict on all of them.
    Strict(Vec<f64>),
    /// No constraint is left.
    Nothing,
    /// Constraints with a positive combination that is zero.
    Dependent(Vec<Vec<f64>>),
}

/// The state of a search.
#[derive(Debug)]
pub(super) struct Search<'a, T> {
    pub(super) design: Design<'a, T>,
    tolerance: Tolerance,
    /// The span of constraints that no separating direction meets strictly.
    span: Span,
    /// Whether a constraint lies in the span, for each row and each score column.
    settled: Vec<bool>,
    /// Whether a constraint has been settled in the search that is not settled elsewhere.
    settled_more: bool,
    working: Working,
    /// The block at which the next pass starts.
    cursor: usize,
    /// The multiplications of the search, roughly.
    pub(super) work: usize,
}

/// Some rows, with their vectors x̃ one after the other.
#[derive(Debug, Default)]
struct Working {
    rows: Vec<usize>,
    units: Vec<f64>,
    listed: Vec<bool>,
}

impl<'a, T: Real> Search<'a, T> {
    /// A search that starts from some rows of every class.
    pub(super) fn new(design: Design<'a, T>) -> Self {
        let rows = design.rows.classes.len();
        let mut search = Search {
            tolerance: Tolerance::new(design.size()),
            span: Span::new(design.size()),
            settled: vec![false; rows * design.score_columns],
            settled_more: false,
            working: Working { listed: vec![false; rows], ..Working::default() },
            cursor: 0,
            work: 0,
            design,
        };
        search.add(&search.representatives());
        search.settle_working();
        search
    }

    /// A search without some columns, where the same constraints are settled.
    pub(super) fn without(&self, dropped: &[usize]) -> Self {
        let design = self.design.without(dropped);
        let keep = |at: usize| {
            let j = at % design.width();
            f64::from(u8::from(j == design.features() || design.keeps(j)))
        };
        let masked = |q: &[f64]| q.iter().enumerate().map(|(at, q)| q * keep(at)).collect();
        let mut span = Span::new(design.size());
        span.extend(self.span.vectors().map(masked).collect(), self.tolerance.part);
        let mut search = Search {
            design,
            tolerance: self.tolerance,
            span,
            settled: self.settled.clone(),
            settled_more: false,
            working: Working { listed: vec![false; self.working.listed.len()], ..Working::default() },
            cursor: 0,
            work: 0,
        };
        search.add(&self.working.rows);
        search.settle_working();
        search
    }

    /// A direction that is strict on as many constraints as any, or `None` if there is none that is strict on one.
    pub(super) fn widest(&mut self) -> Result<Option<Vec<f64>>, Error> {
        while self.span.dimension() < self.design.dimension() {
            match self.alternative()? {
                Alternative::Strict(direction) => return Ok(Some(direction)),
                Alternative::Nothing => return Ok(None),
                Alternative::Dependent(vectors) => {
                    let before = self.span.dimension();
                    self.span.extend(vectors, self.tolerance.part);
                    if self.span.dimension() == before {
                        return Err(undecided("rows depend on each other by no more than rounding errors"));
                    }
                    self.settle_working();
                }
            }
        }
        Ok(None)
    }

    /// Decides between the alternatives for the constraints that are not settled.
    pub(super) fn alternative(&mut self) -> Result<Alternative, Error> {
        let mut nearest = Nearest::new(self.design.size());
        for _ in 0..ROUNDS {
            self.approach(&mut nearest)?;
            let direction = &nearest.residual[..self.design.size()];
            let length = dot(direction, direction).sqrt();
            if nearest.length() <= self.tolerance.distance {
                nearest.prune(self.tolerance.distance);
                if nearest.distance() > 10.0 * self.tolerance.distance {
                    return Err(undecided("a combination of rows is zero by rounding errors only"));
                }
                let size = self.design.size();
                let mut vectors: Vec<_> = nearest.members.into_iter().map(|member| member.vector).collect();
                vectors.iter_mut().for_each(|vector| vector.truncate(size));
                return Ok(Alternative::Dependent(vectors));
            }
            let violated = if nearest.members.is_empty() {
                self.collect(None)
            } else {
                let direction: Vec<f64> = direction.iter().map(|r| -r / length).collect();
                let violated = self.collect(Some(&direction));
                if violated.is_empty() {
                    return Ok(Alternative::Strict(direction));
                }
                violated
            };
            if violated.is_empty() {
                return Ok(Alternative::Nothing);
            }
            if self.working.rows.len() > 32 * self.capacity() {
                self.forget(&nearest.residual[..self.design.size()]);
            }
            if !self.add(&violated) {
                return Err(undecided("margins are smaller than rounding errors"));
            }
        }
        Err(undecided("too many rows decide"))
    }

    /// A direction that is strict on all constraints that are not settled already, if one is found.
    pub(super) fn strict(&mut self) -> Option<Vec<f64>> {
        if self.settled_more {
            return None;
        }
        match self.alternative() {
            Ok(Alternative::Strict(direction)) if !self.settled_more => Some(direction),
            _ => None,
        }
    }

    /// Whether every constraint of a row is met strictly.
    pub(super) fn is_strict(&self, row: usize) -> bool {
        self.design.rivals(row).all(|rival| !self.settled[self.index(row, rival)])
    }

    /// Whether `direction` is strict on all constraints that are not settled already, and zero on those that are.
    pub(super) fn confirms(&mut self, direction: &[f64]) -> bool {
        let length = dot(direction, direction).sqrt();
        let unit: Vec<f64> = direction.iter().map(|v| v / length).collect();
        let orthogonal = self.span.vectors().all(|q| dot(q, &unit).abs() <= self.tolerance.part);
        orthogonal && self.collect(Some(&unit)).is_empty() && !self.settled_more
    }

    /// Brings the nearest point of the working rows' hull.
    fn approach(&mut self, nearest: &mut Nearest) -> Result<(), Error> {
        let size = self.design.size();
        let mut refused: Vec<(usize, usize)> = Vec::new();
        let mut scores = vec![0.0; self.design.score_columns];
        for _ in 0..50 * (size + 20) {
            let (residual, distance) = (&nearest.residual, nearest.length());
            if distance <= self.tolerance.distance {
                return Ok(());
            }
            self.work += self.working.rows.len() * size;
            let mut best = (self.tolerance.margin * distance, None);
            for slot in 0..self.working.rows.len() {
                self.working_scores(slot, residual, &mut scores);
                let row = self.working.rows[slot];
                for rival in self.design.rivals(row) {
                    let gain = self.design.margin(row, rival, |k| scores[k]) + residual[size];
                    if gain > best.0
                        && !self.settled[self.index(row, rival)]
                        && !refused.contains(&(slot, rival))
                    {
                        best = (gain, Some((slot, rival)));
                    }
                }
            }
            let Some((slot, rival)) = best.1 else {
                return Ok(());
            };
            let mut vector = self.working_part(slot, rival);
            vector.push(1.0);
            let before = nearest.work;
            if !nearest.enter(vector) {
                refused.push((slot, rival));
            }
            self.work += nearest.work - before;
        }
        Err(undecided("the nearest point of the rows' hull was not found"))
    }

    /// Rows, evenly spaced, of every class: in general position twice as many as parameters overlap, if any do.
    fn representatives(&self) -> Vec<usize> {
        let classes = self.design.rows.classes;
        let count = classes.iter().max().map_or(1, |&largest| largest + 1);
        let share = self.capacity().div_ceil(count).max(2);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
        self.design.rows.counted().into_iter().for_each(|row| members[classes[row]].push(row));
        let spaced = |members: &Vec<usize>| {
            let step = members.len().div_ceil(share).max(1);
            members.iter().copied().step_by(step).collect::<Vec<usize>>()
        };
        members.iter().flat_map(spaced).collect()
    }

    /// How many rows are added at a time.
    fn capacity(&self) -> usize {
        4 * (self.design.width() + 1)
    }

    /// Passes over the rows, settles constraints in the span, and returns a choice of rows with a constraint outside it
    /// that the direction, if there is one, does not meet strictly. Stops early when there are plenty.
    fn collect(&mut self, direction: Option<&[f64]>) -> Vec<usize> {
        let (design, tolerance) = (&self.design, self.tolerance);
        let complement = (self.span.dimension() * 2 >= design.size()).then(|| self.span.complement());
        let mut block = Block::default();
        let (mut scores, mut unit) = (Vec::new(), vec![0.0; design.width()]);
        let mut constraint = vec![0.0; design.size()];
        let mut found: Vec<(usize, f64)> = Vec::new();
        let (blocks, rows) = (design.blocks(), design.rows.classes.len());
        for offset in 0..blocks {
            let first = (self.cursor + offset) % blocks * BLOCK;
            let range = first..(first + BLOCK).min(rows);
            design.fill(range.clone(), &mut block);
            self.work += block.count * design.size();
            if let Some(direction) = direction {
                block.scores(direction, &mut scores);
            }
            for (i, row) in range.enumerate().filter(|&(_, row)| design.rows.counts(row)) {
                let mut known = false;
                let mut worst = f64::INFINITY;
                for rival in design.rivals(row) {
                    let index = row * design.score_columns + rival;
                    if self.settled[index] {
                        continue;
                    }
                    let count = block.count;
                    let margin = match direction {
                        Some(_) => design.margin(row, rival, |k| scores[k * count + i]),
                        None => 0.0,
                    };
                    if margin.abs() <= tolerance.part {
                        if !known {
                            unit.iter_mut().zip(block.unit(i)).for_each(|(out, x)| *out = x);
                            known = true;
                        }
                        design.constraint(row, rival, &unit, &mut constraint);
                        if part_length(&self.span, complement.as_ref(), &mut constraint) <= tolerance.part {
                            self.settled[index] = true;
                            self.settled_more = true;
                            continue;
                        }
                    }
                    worst = worst.min(margin);
                }
                if worst <= tolerance.margin {
                    found.push((row, worst));
                }
            }
            if found.len() >= 8 * self.capacity() {
                self.cursor = (self.cursor + offset + 1) % blocks;
                break;
            }
        }
        self.choose(&found)
    }

    /// All of them, or the worst of each of several stretches if there are too many.
    fn choose(&self, found: &[(usize, f64)]) -> Vec<usize> {
        let stretch = found.len().div_ceil(self.capacity()).max(1);
        let worst =
            |part: &[(usize, f64)]| part.iter().min_by(|a, b| a.1.total_cmp(&b.1)).map(|&(row, _)| row);
        found.chunks(stretch).filter_map(worst).collect()
    }

    /// Adds rows to the working ones; false if all of them were there.
    fn add(&mut self, rows: &[usize]) -> bool {
        let mut block = Block::default();
        let before = self.working.rows.len();
        for &row in rows {
            if !std::mem::replace(&mut self.working.listed[row], true) {
                self.design.fill(row..row + 1, &mut block);
                self.working.rows.push(row);
                self.working.units.extend_from_slice(&block.units);
            }
        }
        self.working.rows.len() > before
    }

    /// Keeps the half of the working rows that is closest to deciding.
    fn forget(&mut self, residual: &[f64]) {
        let mut scores = vec![0.0; self.design.score_columns];
        let mut margins: Vec<(f64, usize)> = Vec::with_capacity(self.working.rows.len());
        for (slot, &row) in self.working.rows.iter().enumerate() {
            self.working_scores(slot, residual, &mut scores);
            let open = self.design.rivals(row).filter(|&rival| !self.settled[self.index(row, rival)]);
            let margin = open.map(|rival| -self.design.margin(row, rival, |k| scores[k]));
            margins.push((margin.fold(f64::INFINITY, f64::min), row));
        }
        margins.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let kept: Vec<usize> = margins[..margins.len() / 2].iter().map(|&(_, row)| row).collect();
        self.keep(&kept);
    }

    fn keep(&mut self, rows: &[usize]) {
        self.working.rows.iter().for_each(|&row| self.working.listed[row] = false);
        self.working.rows.clear();
        self.working.units.clear();
        self.add(rows);
    }

    /// Settles the working rows' constraints in the span, and forgets rows that have no other.
    fn settle_working(&mut self) {
        for slot in 0..self.working.rows.len() {
            let row = self.working.rows[slot];
            for rival in self.design.rivals(row) {
                let index = self.index(row, rival);
                if self.settled[index] {
                    continue;
                }
                let part = self.working_part(slot, rival);
                if dot(&part, &part).sqrt() <= self.tolerance.part {
                    self.settled[index] = true;
                    self.settled_more = true;
                }
            }
        }
        let open =
            |&&row: &&usize| self.design.rivals(row).any(|rival| !self.settled[self.index(row, rival)]);
        let kept: Vec<usize> = self.working.rows.iter().filter(open).copied().collect();
        self.keep(&kept);
    }

    /// The part of a working row's constraint outside the span.
    fn working_part(&self, slot: usize, rival: usize) -> Vec<f64> {
        let width = self.design.width();
        let mut part = vec![0.0; self.design.size()];
        let unit = &self.working.units[slot * width..][..width];
        self.design.constraint(self.working.rows[slot], rival, unit, &mut part);
        self.span.remove(&mut part);
        part
    }

    fn working_scores(&self, slot: usize, direction: &[f64], scores: &mut [f64]) {
        let width = self.design.width();
        let unit = &self.working.units[slot * width..][..width];
        for (score, part) in scores.iter_mut().zip(direction.chunks_exact(width)) {
            *score = dot(unit, part);
        }
    }

    fn index(&self, row: usize, rival: usize) -> usize {
        row * self.design.score_columns + rival
    }
}

/// The length of the part of `vector` outside a span whose complement may be known.
fn part_length(span: &Span, complement: Option<&Span>, vector: &mut [f64]) -> f64 {
    match complement {
        Some(complement) => complement.vectors().map(|q| dot(q, vector).powi(2)).sum::<f64>().sqrt(),
        None => {
            span.remove(vector);
            dot(vector, vector).sqrt()
        }
    }
}

fn undecided(reason: &'static str) -> Error {
    Error::SeparationUndecided { reason }
}
