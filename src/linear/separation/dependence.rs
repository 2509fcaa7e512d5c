//! Columns that depend on columns before them, up to rounding.

use super::budget::Budget;
use super::design::{BLOCK, Block, Dependent, Design};
use super::search::MARGIN;
use crate::scalar::{Real, Strided, Workspace, axpy, dot, product};

/// The number of columns beyond which dependence is not looked for: the matrix of their products is stored.
const COLUMNS: usize = 2000;

/// The squared part of a column outside the others, relative to its square, below which sums of products say
/// too little about it.
const VAGUE: f64 = 1e-9;

/// The rounding error of an entry of `x`, relative to the largest entry of its column in units of the machine
/// epsilon: what computing it from a few other numbers leaves.
const UNITS: f64 = 8.0;

impl<T: Real> Design<'_, T> {
    /// Returns the rounding error of the entries of column `j`, centred and scaled.
    pub(super) fn noise(&self, j: usize) -> f64 {
        UNITS * T::EPSILON.as_f64() * self.largest(j)
    }

    /// Drops columns that are combinations of columns before them, unless that would take much of the budget.
    ///
    /// A direction along which the margins of all rows count as zero does not separate, but rounding errors
    /// may give these margins any sign. Without the column there is no such direction.
    pub(super) fn drop_dependent(&mut self, budget: &mut Budget<'_>) {
        let (width, rows) = (self.width(), self.count());
        let all = self.intercept.then_some(self.features()).into_iter();
        let order: Vec<usize> = all.chain((0..self.features()).filter(|&j| self.keeps(j))).collect();
        let work = (rows / 8 * width + order.len() * order.len() / 2).saturating_mul(width);
        if order.len() < 2 || width > COLUMNS || !budget.affords(work.saturating_mul(2)) {
            return;
        }
        let Some(squares) = self.squares(budget) else { return };
        let mut triangle = Triangle::default();
        for &j in &order {
            let entry = squares[j * width + j];
            let products: Vec<f64> = triangle.columns.iter().map(|&k| squares[k * width + j]).collect();
            let row = triangle.forward(&products);
            let rest = entry - dot(&row, &row);
            if !rest.is_finite() {
                return;
            }
            if rest > VAGUE * entry {
                triangle.push(j, row, rest.sqrt());
                continue;
            }
            // The intercept vanishes beside huge entries of all rows. It is no column that could be dropped.
            if j == self.features() {
                continue;
            }
            match self.combination(j, triangle.backward(&row), &triangle, budget) {
                Some(Combination::Zero(factors)) => {
                    let mut whole = vec![0.0; width];
                    triangle.columns.iter().zip(&factors).for_each(|(&k, &factor)| whole[k] = factor);
                    self.drop(Dependent { column: j, factors: whole });
                }
                Some(Combination::Independent(length)) => triangle.push(j, row, length),
                None => return,
            }
        }
    }

    /// Returns the sums of products of the columns over all rows.
    fn squares(&self, budget: &mut Budget<'_>) -> Option<Vec<f64>> {
        let width = self.width();
        let mut squares = vec![0.0; width * width];
        let (mut block, mut workspace) = (Block::default(), Workspace::default());
        for first in (0..self.count()).step_by(BLOCK) {
            let range = first..(first + BLOCK).min(self.count());
            budget.spend(range.len() * width * width / 8).ok()?;
            self.fill(range.clone(), &mut block);
            let units = Strided::columns(&block.units, range.len(), width);
            product(units.transposed(), units, (&mut squares, width), true, &mut workspace);
        }
        Some(squares)
    }

    /// Decides whether column `j` is a combination of other columns, given approximate factors.
    fn combination(
        &self,
        j: usize,
        mut factors: Vec<f64>,
        others: &Triangle,
        budget: &mut Budget<'_>,
    ) -> Option<Combination> {
        let width = self.width();
        let mut block = Block::default();
        let mut square = 0.0;
        // Products have lost half of the digits; the rest of the column gives the others.
        for _ in 0..3 {
            let terms = || others.columns.iter().copied().zip(factors.iter().copied());
            let length = (1.0 + dot(&factors, &factors)).sqrt();
            let own = self.features();
            let rounding = |k: usize| if k == own { 0.0 } else { self.noise(k) };
            let noise = rounding(j) + terms().map(|(k, factor)| factor.abs() * rounding(k)).sum::<f64>();
            let (mut negligible, mut products) = (true, vec![0.0; factors.len()]);
            square = 0.0;
            for first in (0..self.count()).step_by(BLOCK) {
                let range = first..(first + BLOCK).min(self.count());
                if !budget.affords(3 * range.len() * width) || budget.spend(2 * range.len() * width).is_err()
                {
                    return None;
                }
                self.fill(range.clone(), &mut block);
                let column = |k: usize| &block.units[k * range.len()..][..range.len()];
                let mut rest = column(j).to_vec();
                terms().for_each(|(k, factor)| axpy(-factor, column(k), &mut rest));
                let zero = |(rest, inverse): (&f64, &f64)| rest.abs() <= MARGIN * length + noise * inverse;
                negligible &= rest.iter().zip(&block.inverses).all(zero);
                square += dot(&rest, &rest);
                products.iter_mut().zip(&others.columns).for_each(|(p, &k)| *p += dot(column(k), &rest));
            }
            if negligible {
                return Some(Combination::Zero(factors));
            }
            let more = others.backward(&others.forward(&products));
            factors.iter_mut().zip(&more).for_each(|(factor, more)| *factor += more);
        }
        (square > 0.0 && square.is_finite()).then(|| Combination::Independent(square.sqrt()))
    }
}

enum Combination {
    /// The column minus these multiples of others is zero up to rounding.
    Zero(Vec<f64>),
    /// The length of the part outside the others.
    Independent(f64),
}

/// The triangle L of a Cholesky factorisation L Lᵀ, row by row, that grows.
#[derive(Default)]
struct Triangle {
    columns: Vec<usize>,
    /// The rows without their last entry, and that entry.
    rows: Vec<(Vec<f64>, f64)>,
}

impl Triangle {
    fn push(&mut self, column: usize, row: Vec<f64>, last: f64) {
        self.columns.push(column);
        self.rows.push((row, last));
    }

    /// Solves L y = b.
    fn forward(&self, b: &[f64]) -> Vec<f64> {
        let mut y: Vec<f64> = Vec::with_capacity(b.len());
        for ((row, last), b) in self.rows.iter().zip(b) {
            y.push((b - dot(row, &y)) / last);
        }
        y
    }

    /// Solves Lᵀ c = y.
    fn backward(&self, y: &[f64]) -> Vec<f64> {
        let mut c = y.to_vec();
        for (at, (row, last)) in self.rows.iter().enumerate().rev() {
            c[at] /= last;
            let factor = c[at];
            axpy(-factor, row, &mut c[..at]);
        }
        c
    }
}
