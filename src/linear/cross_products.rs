//! The cross products of columns in the solver's coordinates, and their Cholesky factor.

use super::coordinates::{Coordinates, SHARE};
use super::problem::Problem;
use super::rows::Chunk;
use super::triangle::Triangle;
use crate::parallel::wire::{Wire, wire};
use crate::parallel::{Sum, Tally, resized, zeros};
use crate::scalar::{Factor, Real, Strided, Workspace, product_lower, vectorize};

/// The number of rows that are processed together.
const BLOCK: usize = 256;

/// The largest number of columns for which the cross products are computed whatever the penalty. They cost
/// about as much as the Hessian of one iteration of Newton's method.
const ALWAYS: usize = 256;

/// The largest number of columns for which they are computed at all: if some columns have no penalty, because the
/// data alone must then determine the coefficients, or if the fit will be faster.
const MOST: usize = 1024;

/// The largest number of products with the second derivative that may take as long. Without the cross products,
/// conjugate gradients take hundreds.
const WORTHWHILE: usize = 64;

/// Returns the number of products with the second derivative that take as long as the cross products and their
/// factor.
fn products(rows: usize, size: usize, columns: usize) -> usize {
    size / (4 * columns) + size * size / (12 * rows * columns)
}

/// Returns whether cross products of `size` columns are computed. `needed` says that the data alone determine
/// some coefficients, `columns` is the number of score columns.
pub(super) fn worthwhile(rows: usize, size: usize, columns: usize, needed: bool) -> bool {
    let pays = || needed || products(rows, size, columns) <= WORTHWHILE;
    size <= ALWAYS || (size <= MOST && rows >= size && pays())
}

/// Columns whose cross products are computed, with the rows that their penalties add.
pub(super) struct Design<'a, 'b, T: Real> {
    problem: &'a Problem<'b, T>,
    pub(super) coordinates: &'a Coordinates<T>,
    pub(super) members: Vec<usize>,
    /// [`SHARE`] times the penalty of each member, in the solver's coordinates.
    pub(super) bends: Vec<f64>,
    /// The share of each row, if they are not those of the weights.
    shares: Option<&'a [f64]>,
}

/// The weighted mean products of the members, of which the upper triangle counts, column by column, and the
/// length of the longest row.
pub(super) struct CrossProducts {
    pub(super) entries: Vec<f64>,
    pub(super) longest: f64,
}

/// Scratch memory of a thread.
#[derive(Default)]
pub(super) struct Scratch<T: Real> {
    pub(super) block: Vec<T>,
    squares: Vec<T>,
    workspace: Workspace<T>,
}

/// The cross products of some rows, and the largest square of their lengths.
struct Products<T> {
    sum: Vec<T>,
    largest: f64,
}

wire!(Products<T: Real> { sum, largest });

impl<T: Real> Sum for Products<T> {
    fn add(&mut self, next: &Self) {
        self.sum.add(&next.sum);
        self.largest = self.largest.max(next.largest);
    }
}

/// Returns the triangle R of columns without an L1 penalty, with RᵀR their cross products weighted with these
/// shares of the rows, plus [`SHARE`] times the penalty. Returns `None` if that is nearly singular.
pub(super) fn weighted_triangle<T: Real>(
    problem: &Problem<'_, T>,
    coordinates: &Coordinates<T>,
    shares: &[f64],
) -> Option<Triangle<T>> {
    let members: Vec<usize> = (0..coordinates.features()).filter(|&j| coordinates.takes_part(j)).collect();
    let design = Design { shares: Some(shares), ..Design::new(problem, coordinates, members) };
    let products = design.cross_products().entries;
    design.triangle_of(&products, T::EPSILON.as_f64().sqrt()).filter(Triangle::is_finite)
}

impl<'a, 'b, T: Real> Design<'a, 'b, T> {
    pub(super) fn new(
        problem: &'a Problem<'b, T>,
        coordinates: &'a Coordinates<T>,
        members: Vec<usize>,
    ) -> Self {
        let scale = |j: usize| coordinates.scale[j].as_f64();
        let bend = |&j: &usize| SHARE * (problem.penalty.l2[j] / scale(j) / scale(j));
        let bends = members.iter().map(bend).collect();
        Design { problem, coordinates, members, bends, shares: None }
    }

    pub(super) fn size(&self) -> usize {
        self.members.len()
    }

    /// Returns the share of a row.
    pub(super) fn share(&self, rows: &Chunk<'_, T>, row: usize) -> f64 {
        self.shares.map_or_else(
            || rows.share(row),
            |shares| shares[rows.places().start - self.problem.rows.own().start + row],
        )
    }

    /// Returns the triangle R of all columns, with RᵀR the sum of these cross products and the penalties. Returns `None`
    /// if what is left of a column beside those before it is less than `smallest` of its square.
    pub(super) fn triangle_of(&self, products: &[f64], smallest: f64) -> Option<Triangle<T>> {
        let size = self.size();
        let bend = |i: usize, j: usize| if i == j { self.bends[j] } else { 0.0 };
        // The products have the upper triangle, the factor is the lower one.
        let entry = |i: usize, j: usize| products[i * size + j] + bend(i, j);
        let mut factor = Factor::default();
        if !factor.compute_if(size, entry, |j, rest| rest > smallest * entry(j, j)) {
            return None;
        }
        let mut triangle = Triangle::identity(self.coordinates.features());
        for (j, &column) in self.members.iter().enumerate() {
            (0..=j).for_each(|i| triangle.set(self.members[i], column, T::of(factor.entry(j, i))));
        }
        Some(triangle)
    }

    /// Computes the weighted mean products of the members.
    pub(super) fn cross_products(&self) -> CrossProducts {
        let size = self.size();
        let weighted = self.shares.is_some() || self.problem.rows.weighted();
        let zero = |old: Option<Products<T>>| Products {
            sum: zeros(old.map(|old| old.sum), size * size),
            largest: 0.0,
        };
        let Products { sum, largest } = self.sum(size * size / 2, zero, |scratch, rows, products| {
            let (Scratch { block, squares, workspace }, count) = (scratch, rows.len());
            self.fill(rows, block);
            squares.clear();
            squares.resize(count, T::zero());
            block.chunks_exact(count).for_each(|column| add_squares(column, squares));
            products.largest = squares.iter().fold(products.largest, |m, square| m.max(square.as_f64()));
            if weighted {
                // Half of a small weight on each side does not underflow.
                let roots: Vec<T> = (0..count).map(|row| T::of(self.share(rows, row).sqrt())).collect();
                for column in block.chunks_exact_mut(count) {
                    column.iter_mut().zip(&roots).for_each(|(x, &root)| *x *= root);
                }
            }
            let rows = Strided::columns(block, count, size);
            product_lower(rows, rows, &mut products.sum, true, workspace);
        });
        let share = if weighted { 1.0 } else { 1.0 / self.problem.rows.total_weight };
        let mut products = vec![0.0; size * size];
        for j in 0..size {
            // The product has the lower triangle.
            (0..=j).for_each(|i| products[j * size + i] = share * sum[i * size + j].as_f64());
        }
        let intercept = if self.coordinates.intercept { 1.0 } else { 0.0 };
        CrossProducts { entries: products, longest: (largest + intercept).sqrt() }
    }

    /// Returns the sum of what `each` adds for some rows at a time. A row takes this number of operations.
    pub(super) fn sum<A: Sum + Wire + Send>(
        &self,
        operations: usize,
        zero: impl Fn(Option<A>) -> A + Sync,
        each: impl Fn(&mut Scratch<T>, &Chunk<'_, T>, &mut A) + Sync,
    ) -> A {
        let rows = &self.problem.rows;
        let mut workers: Vec<Scratch<T>> = Vec::new();
        let workers = resized(&mut workers, rows.workers(rows.wide_leaf(), operations), Scratch::default);
        let leaf = (rows.wide_leaf(), BLOCK);
        rows.sum(&mut Tally::default(), workers, leaf, (), zero, |scratch, rows, sum, ()| {
            each(scratch, rows, sum)
        })
    }

    /// Writes some rows of the members, column by column. Rows without weight are zero.
    pub(super) fn fill(&self, rows: &Chunk<'_, T>, out: &mut Vec<T>) {
        out.clear();
        self.members.iter().for_each(|&j| self.coordinates.scale_column(rows, j, out));
        for i in (0..rows.len()).filter(|&i| !rows.counts(i)) {
            (i..out.len()).step_by(rows.len()).for_each(|at| out[at] = T::zero());
        }
    }
}

/// Adds the square of each entry.
fn add_squares<T: Real>(x: &[T], squares: &mut [T]) {
    vectorize(
        #[inline(always)]
        || {
            for (square, &x) in squares.iter_mut().zip(x) {
                *square += x * x;
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::super::coordinates::tests::coordinates;
    use super::super::problem::ColumnPenalty;
    use super::super::rows::tests::chunk;
    use crate::rng::Rng;

    #[test]
    fn products_and_lengths_are_those_of_the_rows_that_count() {
        let mut rng = Rng::new(9);
        let mut x = DMatrix::from_fn(300, 3, |_, j| 10f64.powi(j as i32) * rng.standard_normal());
        let mut weights: Vec<f64> = (0..300).map(|_| rng.uniform(0.5, 2.0)).collect();
        (weights[7], x[(7, 1)]) = (0.0, 1e9);
        let found = coordinates(&x, Some(&weights), 2, &ColumnPenalty::none(3));
        let mut own = Vec::new();
        found.scale_rows(&chunk(&x), &mut own);
        let (own, total) = (DMatrix::from_vec(300, 3, own), weights.iter().sum::<f64>());
        let products = found.cross_products().unwrap();
        for j in 0..3 {
            for i in 0..=j {
                let terms = (0..300).map(|row| weights[row] * own[(row, i)] * own[(row, j)]);
                approx::assert_abs_diff_eq!(products[3 * j + i], terms.sum::<f64>() / total, epsilon = 1e-12);
            }
        }
        let length = |row: usize| (1.0 + own.row(row).norm_squared()).sqrt();
        let longest = (0..300).filter(|&row| row != 7).map(length).fold(0.0, f64::max);
        approx::assert_relative_eq!(found.longest_row().unwrap(), longest, max_relative = 1e-12);
    }
}
