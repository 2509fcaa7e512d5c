//! The search for a direction that is strict on as many constraints as any.

use super::design::Design;
use super::nearest::Nearest;
use super::span::{Outside, Span};
use super::working::Working;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::dot;

/// The number of times that rows are added before the search gives up; a handful is usual.
const ROUNDS: usize = 1000;

/// The number of multiplications after which the search gives up: some seconds. The number grows with the
/// third power of the number of parameters (a thousand is still feasible), and hardly with the number of
/// rows.
const WORK: usize = 10_000_000_000;

/// The ratio by which a nonzero margin must exceed margins that count as zero.
const DISTINCT: f64 = 10.0;

/// Parts of unit vectors longer than this never count as zero.
const COARSEST: f64 = 1e-7;

/// Thresholds below which quantities count as zero, for vectors and directions of unit length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    /// The rounding error of a margin, with a safety factor.
    pub(super) margin: f64,
    /// The largest distance from the origin of a hull that contains it.
    distance: f64,
    /// The largest length of a constraint's part outside a span that contains it.
    pub(super) part: f64,
}

impl Tolerance {
    fn new(size: usize) -> Self {
        let rounding = 8.0 * (size as f64 + 8.0) * f64::EPSILON;
        Tolerance { margin: 8.0 * rounding, distance: 1e2 * rounding, part: 1e4 * rounding }
    }
}

/// Gordan's alternative for the remaining constraints.
#[derive(Debug)]
pub(super) enum Alternative {
    /// A direction of unit length, orthogonal to the span, that is strict on all remaining constraints.
    Strict(Vec<f64>),
    /// No constraint is left.
    Nothing,
    /// Constraints with a positive combination that is zero.
    Dependent(Vec<Vec<f64>>),
}

/// The state of a search.
#[derive(Debug)]
pub(super) struct Search<'a, T: Real> {
    pub(super) design: Design<'a, T>,
    pub(super) tolerance: Tolerance,
    /// The span of constraints that no separating direction meets strictly.
    pub(super) span: Span,
    /// Whether a constraint lies in the span, for each row and each score column.
    pub(super) settled: Vec<bool>,
    /// Whether this search has settled a constraint that the search it was derived from has not.
    pub(super) settled_more: bool,
    working: Working,
    /// The largest absolute margin of a settled constraint in the last pass.
    pub(super) leak: f64,
    /// The smallest margin of the other constraints in the last pass.
    pub(super) least: f64,
    /// The block at which the next pass starts.
    pub(super) cursor: usize,
    /// The approximate number of multiplications of the search.
    pub(super) work: usize,
}

impl<'a, T: Real> Search<'a, T> {
    /// Creates a search that starts from some rows of every class.
    pub(super) fn new(design: Design<'a, T>) -> Self {
        let rows = design.rows.targets.len();
        let mut search = Search {
            tolerance: Tolerance::new(design.size()),
            span: Span::new(design.size()),
            settled: vec![false; rows * design.score_columns],
            settled_more: false,
            working: Working::new(rows),
            leak: 0.0,
            least: f64::INFINITY,
            cursor: 0,
            work: 0,
            design,
        };
        search.working.add(&search.representatives(), &search.design);
        search.settle_working();
        search
    }

    /// Creates a search without some columns that settles the same constraints.
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
            working: Working::new(self.design.rows.targets.len()),
            leak: 0.0,
            least: f64::INFINITY,
            cursor: 0,
            work: 0,
        };
        search.working.add(&self.working.rows, &search.design);
        search.settle_working();
        search
    }

    /// Finds a direction that is strict on as many constraints as any, or `None` if no direction is strict on
    /// one.
    pub(super) fn widest(&mut self) -> Result<Option<Vec<f64>>, Error> {
        loop {
            match self.alternative()? {
                Alternative::Strict(direction) if DISTINCT * self.leak <= self.least => {
                    return Ok(Some(direction));
                }
                // The margins that the direction separates are barely distinguishable from zero.
                Alternative::Strict(_) if self.tolerance.part < COARSEST => {
                    self.tolerance.part *= DISTINCT;
                    self.settle_working();
                }
                Alternative::Strict(_) => {
                    return Err(undecided("some rows are nearly, but not quite, in the span of others"));
                }
                Alternative::Nothing => return Ok(None),
                Alternative::Dependent(vectors) => {
                    let before = self.span.dimension();
                    self.span.extend(vectors, self.tolerance.part);
                    if self.span.dimension() == before {
                        return Err(undecided("rows are linearly dependent only up to rounding errors"));
                    }
                    if self.span.dimension() == self.design.dimension() {
                        return Ok(None);
                    }
                    self.settle_working();
                }
            }
        }
    }

    /// Decides between the alternatives for the unsettled constraints.
    pub(super) fn alternative(&mut self) -> Result<Alternative, Error> {
        let mut nearest = Nearest::new(self.design.size());
        for _ in 0..ROUNDS {
            self.approach(&mut nearest)?;
            let direction = &nearest.residual[..self.design.size()];
            let length = dot(direction, direction).sqrt();
            if nearest.length() <= self.tolerance.distance {
                nearest.prune(self.tolerance.distance);
                if nearest.distance() > 10.0 * self.tolerance.distance {
                    return Err(undecided("a combination of rows is zero only up to rounding errors"));
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
            if !self.working.add(&violated, &self.design) {
                return Err(undecided("margins are smaller than rounding errors"));
            }
        }
        Err(undecided("too many rows are needed to decide"))
    }

    /// Returns a direction that is strict on all constraints that are not settled already, if one is found.
    pub(super) fn strict(&mut self) -> Option<Vec<f64>> {
        if self.settled_more {
            return None;
        }
        match self.alternative() {
            Ok(Alternative::Strict(direction)) if !self.settled_more => Some(direction),
            _ => None,
        }
    }

    /// Returns whether every constraint of a row is met strictly.
    pub(super) fn is_strict(&self, row: usize) -> bool {
        self.design.rivals(row).all(|rival| !self.settled[self.index(row, rival)])
    }

    /// Returns whether `direction` is strict on all unsettled constraints, and zero on the settled ones.
    pub(super) fn confirms(&mut self, direction: &[f64]) -> bool {
        let length = dot(direction, direction).sqrt();
        let unit: Vec<f64> = direction.iter().map(|v| v / length).collect();
        let orthogonal = self.span.vectors().all(|q| dot(q, &unit).abs() <= self.tolerance.part);
        orthogonal && self.collect(Some(&unit)).is_empty() && !self.settled_more
    }

    /// Moves `nearest` to the nearest point of the convex hull of the working rows.
    fn approach(&mut self, nearest: &mut Nearest) -> Result<(), Error> {
        let size = self.design.size();
        let mut refused: Vec<(usize, usize)> = Vec::new();
        let mut scores = vec![0.0; self.design.score_columns];
        for _ in 0..50 * (size + 20) {
            if self.work > WORK {
                return Err(undecided("there are too many parameters"));
            }
            let (residual, distance) = (&nearest.residual, nearest.length());
            if distance <= self.tolerance.distance {
                return Ok(());
            }
            self.work += self.working.rows.len() * size;
            let mut best = (self.tolerance.margin * distance, None);
            for slot in 0..self.working.rows.len() {
                self.working.scores(slot, residual, &mut scores);
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
        Err(undecided("the search for the nearest point of the rows' convex hull did not finish"))
    }

    /// Returns evenly spaced rows of every class. In general position, twice as many rows as parameters
    /// overlap, if any do.
    fn representatives(&self) -> Vec<usize> {
        let classes = self.design.rows.targets;
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

    /// Returns the number of rows added at a time.
    pub(super) fn capacity(&self) -> usize {
        4 * (self.design.width() + 1)
    }

    /// Keeps the half of the working rows with the smallest margins.
    fn forget(&mut self, residual: &[f64]) {
        let mut scores = vec![0.0; self.design.score_columns];
        let mut margins: Vec<(f64, usize)> = Vec::with_capacity(self.working.rows.len());
        for (slot, &row) in self.working.rows.iter().enumerate() {
            self.working.scores(slot, residual, &mut scores);
            let open = self.design.rivals(row).filter(|&rival| !self.settled[self.index(row, rival)]);
            let margin = open.map(|rival| -self.design.margin(row, rival, |k| scores[k]));
            margins.push((margin.fold(f64::INFINITY, f64::min), row));
        }
        margins.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let kept: Vec<usize> = margins[..margins.len() / 2].iter().map(|&(_, row)| row).collect();
        self.working.keep(&kept, &self.design);
    }

    /// Settles the working rows' constraints that lie in the span, and drops rows that have no other
    /// constraint.
    fn settle_working(&mut self) {
        let outside = Outside::new(&self.span);
        let mut constraint = vec![0.0; self.design.size()];
        let mut kept = Vec::new();
        for (slot, &row) in self.working.rows.iter().enumerate() {
            let mut open = false;
            for rival in self.design.rivals(row) {
                let index = row * self.design.score_columns + rival;
                if self.settled[index] {
                    continue;
                }
                self.design.constraint(row, rival, self.working.unit(slot), &mut constraint);
                self.work += outside.work;
                if outside.length(&mut constraint) <= self.tolerance.part {
                    self.settled[index] = true;
                    self.settled_more = true;
                } else {
                    open = true;
                }
            }
            if open {
                kept.push(row);
            }
        }
        self.working.keep(&kept, &self.design);
    }

    /// Returns the part of a working row's constraint outside the span.
    fn working_part(&self, slot: usize, rival: usize) -> Vec<f64> {
        let mut part = vec![0.0; self.design.size()];
        self.design.constraint(self.working.rows[slot], rival, self.working.unit(slot), &mut part);
        self.span.remove(&mut part);
        part
    }

    fn index(&self, row: usize, rival: usize) -> usize {
        row * self.design.score_columns + rival
    }
}

fn undecided(reason: &'static str) -> Error {
    Error::SeparationUndecided { reason }
}
