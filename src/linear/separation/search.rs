//! The search for a direction that is strict on as many constraints as any.

use super::budget::{Budget, undecided};
use super::design::{BLOCK, Block, Design};
use super::estimate::Hint;
use super::nearest::Nearest;
use super::span::{Outside, Span};
use super::working::Working;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::dot;

/// The number of times that rows are added before the search gives up; a handful is usual.
const ROUNDS: usize = 1000;

/// The ratio by which a nonzero margin must exceed margins that count as zero.
const DISTINCT: f64 = 10.0;

/// Parts of unit vectors longer than this never count as zero.
const COARSEST: f64 = 1e-7;

/// The smallest margin of a row that counts, relative to the size of the row and of the direction.
pub(super) const MARGIN: f64 = 1e-10;

/// Thresholds below which quantities count as zero, for vectors and directions of unit length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    /// The rounding error of a margin, with a safety factor.
    rounding: f64,
    /// The largest margin that counts as zero.
    pub(super) margin: f64,
    /// The largest distance from the origin of a hull that contains it.
    distance: f64,
    /// The largest length of a constraint's part outside a span that contains it.
    pub(super) part: f64,
}

impl Tolerance {
    fn new(size: usize) -> Self {
        let rounding = 8.0 * (size as f64 + 8.0) * f64::EPSILON;
        Tolerance {
            rounding: 8.0 * rounding,
            margin: MARGIN.max(8.0 * rounding),
            // Above the margin, so that a direction found on a few rows meets them by more than the margin.
            distance: (2.0 * MARGIN).max(1e2 * rounding),
            part: 1e4 * rounding,
        }
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
    pub(super) outside: Outside,
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
    /// The constraints to which the search for dependent ones is limited; empty for all.
    focus: Vec<bool>,
}

impl<'a, T: Real> Search<'a, T> {
    /// Creates a search without working rows and with these constraints settled, whose span is `span`.
    fn with_span(design: Design<'a, T>, settled: Vec<bool>, span: Outside) -> Self {
        Search {
            tolerance: Tolerance::new(design.size()),
            outside: span,
            working: Working::new(design.count()),
            settled,
            settled_more: false,
            leak: 0.0,
            least: f64::INFINITY,
            cursor: 0,
            focus: Vec::new(),
            design,
        }
    }

    /// Creates a search without working rows and settled constraints.
    ///
    /// # Errors
    /// Returns an error if the budget does not suffice, like all functions of this type.
    pub(super) fn new(design: Design<'a, T>, budget: &mut Budget<'_>) -> Result<Self, Error> {
        let constraints = design.count() * design.score_columns;
        budget.spend(constraints)?;
        let span = Outside::new(&Span::new(design.size()), budget)?;
        Ok(Search::with_span(design, vec![false; constraints], span))
    }

    /// Creates a search in which these constraints, and no others, are met strictly by no direction.
    pub(super) fn settled(
        design: Design<'a, T>,
        settled: Vec<bool>,
        budget: &mut Budget<'_>,
    ) -> Result<Self, Error> {
        let mut search = Search::new(design, budget)?;
        search.settled = settled;
        let (size, part) = (search.design.size(), search.tolerance.part);
        let mut span = Span::new(size);
        let mut vectors = Vec::new();
        let mut block = Block::default();
        let mut unit = vec![0.0; search.design.width()];
        for first in (0..search.design.count()).step_by(BLOCK) {
            let range = first..(first + BLOCK).min(search.design.count());
            search.design.fill(range.clone(), &mut block);
            for (i, row) in range.enumerate().filter(|&(_, row)| search.design.counts(row)) {
                unit.iter_mut().zip(block.unit(i)).for_each(|(out, x)| *out = x);
                for rival in search.design.rivals(row) {
                    if !search.settled[search.index(row, rival)] {
                        continue;
                    }
                    let mut constraint = vec![0.0; size];
                    search.design.constraint(row, rival, &unit, &mut constraint);
                    budget.spend(4 * size * (span.dimension() + 1))?;
                    let mut rest = constraint.clone();
                    span.remove(&mut rest);
                    if dot(&rest, &rest).sqrt() > part {
                        vectors.push(constraint);
                    }
                }
                if vectors.len() > 2 * size.min(64) {
                    span.extend(std::mem::take(&mut vectors), part, budget)?;
                }
            }
        }
        span.extend(vectors, part, budget)?;
        search.outside = Outside::new(&span, budget)?;
        Ok(search)
    }

    /// Creates a search without some columns that settles the same constraints.
    pub(super) fn without(&self, dropped: &[usize], budget: &mut Budget<'_>) -> Result<Self, Error> {
        let design = self.design.without(dropped);
        let keep = |at: usize| {
            let j = at % design.width();
            f64::from(u8::from(j == design.features() || design.keeps(j)))
        };
        let masked = |q: &[f64]| q.iter().enumerate().map(|(at, q)| q * keep(at)).collect();
        let mut span = Span::new(design.size());
        let vectors = self.outside.span().vectors().map(masked).collect();
        span.extend(vectors, self.tolerance.part, budget)?;
        let span = Outside::new(&span, budget)?;
        let mut search = Search::with_span(design, self.settled.clone(), span);
        search.tolerance = self.tolerance;
        search.add(&self.working.rows, budget)?;
        search.settle_working(budget)?;
        Ok(search)
    }

    /// Adds working rows. Returns `false` if all of them were present.
    fn add(&mut self, rows: &[usize], budget: &mut Budget<'_>) -> Result<bool, Error> {
        budget.spend(rows.len() * self.design.width())?;
        Ok(self.working.add(rows, &self.design))
    }

    /// Finds a direction that is strict on as many constraints as any, or `None` if no direction is strict on
    /// one. A hint is a direction that meets many constraints by far.
    pub(super) fn widest(
        &mut self,
        hint: Option<&Hint>,
        budget: &mut Budget<'_>,
    ) -> Result<Option<Vec<f64>>, Error> {
        match hint {
            Some(hint) => self.settle_likely(hint, budget)?,
            None => {
                let rows = self.representatives();
                self.add(&rows, budget)?;
                self.settle_working(budget)?;
            }
        }
        loop {
            if let Some(hint) = hint {
                match self.projected(&hint.direction, budget)? {
                    Some(Alternative::Strict(direction)) => return Ok(Some(direction)),
                    Some(Alternative::Nothing) => return Ok(None),
                    _ => {}
                }
            }
            match self.alternative(budget)? {
                Alternative::Strict(direction) if DISTINCT * self.leak <= self.least => {
                    return Ok(Some(direction));
                }
                // The margins that the direction separates are barely distinguishable from zero.
                Alternative::Strict(_) if self.tolerance.part < COARSEST => {
                    self.tolerance.part *= DISTINCT;
                    self.settle_working(budget)?;
                }
                Alternative::Strict(_) => {
                    return Err(undecided("some rows are nearly, but not quite, in the span of others"));
                }
                Alternative::Nothing => return Ok(None),
                Alternative::Dependent(vectors) => {
                    if !self.widen(vectors, budget)? {
                        return Err(undecided("rows are linearly dependent only up to rounding errors"));
                    }
                    if self.outside.span().dimension() == self.design.dimension() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Adds vectors to the span. Returns `false` if they were in it.
    fn widen(&mut self, vectors: Vec<Vec<f64>>, budget: &mut Budget<'_>) -> Result<bool, Error> {
        let mut span = self.outside.span().clone();
        span.extend(vectors, self.tolerance.part, budget)?;
        let wider = span.dimension() > self.outside.span().dimension();
        self.outside = Outside::new(&span, budget)?;
        self.settle_working(budget)?;
        Ok(wider)
    }

    /// Settles constraints that a hint meets barely, if at all, as far as they depend on each other. Those
    /// that the hint meets by far are left out, which saves most of the search.
    fn settle_likely(&mut self, hint: &Hint, budget: &mut Budget<'_>) -> Result<(), Error> {
        self.focus = self.barely_met(hint, budget)?;
        let rows = self.representatives();
        self.add(&rows, budget)?;
        loop {
            let mut nearest = Nearest::new(self.design.size());
            self.approach(&mut nearest, budget)?;
            if nearest.length() > self.tolerance.distance {
                break;
            }
            let vectors = self.members(nearest, budget)?;
            if !self.widen(vectors, budget)? {
                break;
            }
        }
        self.focus.clear();
        Ok(())
    }

    /// Returns the part of a hint outside the span if it is strict on all remaining constraints, and
    /// `Nothing` if none remains. Otherwise adds the rows that it violates.
    fn projected(&mut self, hint: &[f64], budget: &mut Budget<'_>) -> Result<Option<Alternative>, Error> {
        budget.spend(4 * hint.len() * (self.outside.span().dimension() + 1))?;
        let before = dot(hint, hint).sqrt();
        let mut direction = self.outside_span(hint.to_vec());
        let length = dot(&direction, &direction).sqrt();
        if length <= COARSEST * before || length.is_nan() {
            return Ok(None);
        }
        direction.iter_mut().for_each(|v| *v /= length);
        let violated = self.collect(Some(&direction), budget)?;
        if !violated.is_empty() {
            self.add(&violated, budget)?;
            return Ok(None);
        }
        if self.least == f64::INFINITY {
            return Ok(Some(Alternative::Nothing));
        }
        Ok((DISTINCT * self.leak <= self.least).then_some(Alternative::Strict(direction)))
    }

    /// Returns the members of a hull that contains the origin.
    fn members(&self, mut nearest: Nearest, budget: &mut Budget<'_>) -> Result<Vec<Vec<f64>>, Error> {
        nearest.prune(self.tolerance.distance, budget)?;
        if nearest.distance() > 10.0 * self.tolerance.distance {
            return Err(undecided("a combination of rows is zero only up to rounding errors"));
        }
        let mut vectors: Vec<_> = nearest.members.into_iter().map(|member| member.vector).collect();
        vectors.iter_mut().for_each(|vector| vector.truncate(self.design.size()));
        Ok(vectors)
    }

    /// Decides between the alternatives for the unsettled constraints.
    pub(super) fn alternative(&mut self, budget: &mut Budget<'_>) -> Result<Alternative, Error> {
        let mut nearest = Nearest::new(self.design.size());
        for _ in 0..ROUNDS {
            self.approach(&mut nearest, budget)?;
            let direction = &nearest.residual[..self.design.size()];
            let length = dot(direction, direction).sqrt();
            if nearest.length() <= self.tolerance.distance {
                return Ok(Alternative::Dependent(self.members(nearest, budget)?));
            }
            let violated = if nearest.members.is_empty() {
                self.collect(None, budget)?
            } else {
                let direction: Vec<f64> = direction.iter().map(|r| -r / length).collect();
                let violated = self.collect(Some(&direction), budget)?;
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
            if !self.add(&violated, budget)? {
                return Err(undecided("margins are smaller than rounding errors"));
            }
        }
        Err(undecided("too many rows are needed to decide"))
    }

    /// Returns a direction that is strict on all constraints that are not settled already, if one is found.
    pub(super) fn strict(&mut self, budget: &mut Budget<'_>) -> Option<Vec<f64>> {
        if self.settled_more {
            return None;
        }
        match self.alternative(budget) {
            Ok(Alternative::Strict(direction)) if !self.settled_more => Some(direction),
            _ => None,
        }
    }

    /// Returns whether every constraint of a row is met strictly.
    pub(super) fn is_strict(&self, row: usize) -> bool {
        self.design.rivals(row).all(|rival| !self.settled[self.index(row, rival)])
    }

    /// Returns whether `direction` is strict on all unsettled constraints, and zero on the settled ones.
    pub(super) fn confirms(&mut self, direction: &[f64], budget: &mut Budget<'_>) -> Result<bool, Error> {
        let length = dot(direction, direction).sqrt();
        let unit: Vec<f64> = direction.iter().map(|v| v / length).collect();
        let orthogonal = self.outside.span().vectors().all(|q| dot(q, &unit).abs() <= self.tolerance.part);
        if !orthogonal || !unit.iter().all(|v| v.is_finite()) {
            return Ok(false);
        }
        let strict = self.collect(Some(&unit), budget)?.is_empty() && !self.settled_more;
        Ok(strict && self.least < f64::INFINITY && DISTINCT * self.leak <= self.least)
    }

    /// Returns whether `confirms` holds and the margins of settled constraints are zero up to the rounding
    /// errors of this direction.
    pub(super) fn confirms_exactly(
        &mut self,
        direction: &[f64],
        budget: &mut Budget<'_>,
    ) -> Result<bool, Error> {
        Ok(self.confirms(direction, budget)? && self.leak <= self.tolerance.rounding)
    }

    /// Returns the part of a direction outside the span.
    pub(super) fn outside_span(&self, mut direction: Vec<f64>) -> Vec<f64> {
        self.outside.span().remove(&mut direction);
        direction
    }

    /// Moves `nearest` to the nearest point of the convex hull of the working rows.
    fn approach(&mut self, nearest: &mut Nearest, budget: &mut Budget<'_>) -> Result<(), Error> {
        let size = self.design.size();
        let mut refused: Vec<(usize, usize)> = Vec::new();
        let mut scores = vec![0.0; self.design.score_columns];
        for _ in 0..50 * (size + 20) {
            let (residual, distance) = (&nearest.residual, nearest.length());
            if distance <= self.tolerance.distance {
                return Ok(());
            }
            budget.spend(
                self.working.rows.len() * size
                    + 4 * size * (nearest.members.len() + self.outside.span().dimension()),
            )?;
            let mut best = (self.tolerance.rounding * distance, None);
            for slot in 0..self.working.rows.len() {
                self.working.scores(slot, residual, &mut scores);
                let row = self.working.rows[slot];
                for rival in self.design.rivals(row) {
                    let gain = self.design.margin(row, rival, |k| scores[k]) + residual[size];
                    if gain > best.0
                        && self.searches(self.index(row, rival))
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
            budget.spend(nearest.work - before)?;
        }
        Err(undecided("the search for the nearest point of the rows' convex hull did not finish"))
    }

    /// Returns evenly spaced rows of every class. In general position, twice as many rows as parameters
    /// overlap, if any do. With a focus, only rows with a constraint in it.
    fn representatives(&self) -> Vec<usize> {
        let count = self.design.score_columns.max(2);
        let share = self.capacity().div_ceil(count).max(2);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
        let searched =
            |&row: &usize| self.design.rivals(row).any(|rival| self.searches(self.index(row, rival)));
        let rows = self.design.counted().filter(searched);
        rows.for_each(|row| members[self.design.class(row)].push(row));
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
    fn settle_working(&mut self, budget: &mut Budget<'_>) -> Result<(), Error> {
        let outside = &self.outside;
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
                budget.spend(outside.work)?;
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
        Ok(())
    }

    /// Returns the part of a working row's constraint outside the span.
    fn working_part(&self, slot: usize, rival: usize) -> Vec<f64> {
        let mut part = vec![0.0; self.design.size()];
        self.design.constraint(self.working.rows[slot], rival, self.working.unit(slot), &mut part);
        self.outside.span().remove(&mut part);
        part
    }

    /// Returns whether a constraint is open and, if there is a focus, in it.
    fn searches(&self, index: usize) -> bool {
        !self.settled[index] && self.focus.get(index).is_none_or(|&inside| inside)
    }

    pub(super) fn index(&self, row: usize, rival: usize) -> usize {
        row * self.design.score_columns + rival
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use nalgebra::DMatrix;

    use super::*;
    use crate::examples::ClassExamples;

    fn search<R>(
        x: &[f64],
        classes: &[usize],
        count: usize,
        check: impl FnOnce(Search<'_, f64>, &mut Budget<'_>) -> R,
    ) -> R {
        let x = DMatrix::from_column_slice(x.len(), 1, x);
        let rows = ClassExamples::new((&x).into(), classes, None).unwrap();
        let mut observer = || ControlFlow::Continue(());
        let mut budget = Budget::new(usize::MAX, &mut observer);
        let search = Search::new(Design::new(rows.into(), count, true), &mut budget).unwrap();
        check(search, &mut budget)
    }

    #[test]
    fn rows_with_large_margins_are_forgotten() {
        let x: Vec<f64> = (0..21).map(|row| f64::from(row * 8 % 21 - 10)).collect();
        let classes: Vec<usize> = (0..21).map(|row| row % 3).collect();
        search(&x, &classes, 3, |mut search, budget| {
            let all: Vec<usize> = (0..21).rev().collect();
            search.add(&all, budget).unwrap();
            // One constraint of row 18, and all of row 15. Without that, their margins are the smallest.
            for (row, rival) in [(18, 2), (15, 1), (15, 2)] {
                let index = search.index(row, rival);
                search.settled[index] = true;
            }
            // A residual is the opposite of a direction. Each class has a slope and an intercept.
            search.forget(&[1.0, 0.0, 0.0, 0.0, -2.0, 0.0]);
            let mut block = Block::default();
            let mut margin = |row: usize| {
                search.design.fill(row..row + 1, &mut block);
                let score = |class: usize| -block.units[0] * [1.0, 0.0, -2.0][class];
                let open =
                    search.design.rivals(row).filter(|&rival| !search.settled[search.index(row, rival)]);
                open.map(|rival| score(row % 3) - score(rival)).fold(f64::INFINITY, f64::min)
            };
            let mut wanted: Vec<(f64, usize)> = (0..21).map(|row| (margin(row), row)).collect();
            wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(wanted[9].0 < wanted[10].0);
            let mut kept = search.working.rows.clone();
            kept.sort_unstable();
            let mut wanted: Vec<usize> = wanted[..10].iter().map(|&(_, row)| row).collect();
            wanted.sort_unstable();
            assert_eq!(kept, wanted);
            // A row that was forgotten can come back.
            assert!(!search.add(&kept, budget).unwrap() && search.add(&[15], budget).unwrap());
        });
    }

    /// The rows of the first class end at 0.6, and those of the second begin at 1. The working rows of the
    /// first class end at -1.
    #[test]
    fn a_search_with_many_working_rows_forgets_some_and_ends() {
        let x = |row: usize| match row {
            0..450 => -1.0 - row as f64 / 450.0,
            450..900 => row as f64 / 450.0,
            _ => 0.5 + (row - 900) as f64 / 1000.0,
        };
        let x: Vec<f64> = (0..1000).map(x).collect();
        let classes: Vec<usize> = (0..1000).map(|row| usize::from((450..900).contains(&row))).collect();
        search(&x, &classes, 2, |mut search, budget| {
            search.add(&(0..900).collect::<Vec<usize>>(), budget).unwrap();
            let found = search.alternative(budget).unwrap();
            assert!(search.working.rows.len() < 900 / 2 + 100, "{}", search.working.rows.len());
            let Alternative::Strict(direction) = found else { panic!("{found:?}") };
            assert!(search.confirms(&direction, budget).unwrap());
        });
    }
}
