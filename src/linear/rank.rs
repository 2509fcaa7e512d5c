//! The rank of the columns: which of them depend on columns before them, and how nearly the others do.

use nalgebra::DMatrix;

use super::coordinates::{Coordinates, SHARE};
use super::objective::LogisticObjective;
use super::problem::{ColumnPenalty, Problem};
use super::triangle::Triangle;
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::{Strided, Workspace, all_finite, axpy, constant_range, dot, product_lower, vectorize};

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

/// The rounding error of an entry, in units in the last place of the column's largest entry, up to which a
/// column counts as a combination of others.
const ROUNDING: f64 = 8.0;

/// The dependences among columns that take part: neither constant nor with an L1 penalty.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rank<T> {
    /// R, with RᵀR the mean cross products of the independent columns (centred and scaled), plus [`SHARE`]
    /// times the penalty. Rows and columns of the others are those of the identity.
    pub(super) triangle: Triangle<T>,
    /// Whether some independent column is so close to a combination of others that second derivatives do not
    /// see the difference.
    pub(super) nearly_dependent: bool,
    pub(super) combinations: Vec<Combination<T>>,
    /// The weighted mean cross products of all columns, of which the upper triangle counts, column by column;
    /// empty if they are not known for all.
    pub(super) products: Vec<f64>,
    /// The length of the longest row that counts, with a 1 for the intercept.
    pub(super) longest: f64,
}

/// A column that is a combination of independent columns before it, up to rounding.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Combination<T> {
    pub(super) column: usize,
    /// The coefficients of all columns, centred and scaled; 0 for those that are not independent.
    pub(super) of: Vec<T>,
}

impl<T: Real> Rank<T> {
    /// Decides which columns depend on columns before them.
    ///
    /// # Method
    /// A column depends on others if what they leave of it is at most 1e-11 of its standard deviation (for
    /// `f32` 32 units in the last place), or no more than rounding of its entries explains. Rows count with
    /// their weight. The Cholesky factor of the cross products, which loses half of the digits, proves that
    /// there is nothing to decide in most cases. Otherwise a QR decomposition, block by block of rows,
    /// decides.
    ///
    /// Returns `None` if there are too many columns, or none that take part, or if numbers overflow.
    ///
    /// # References
    /// Golub and Van Loan (2013), *Matrix Computations*, section 5.2; the tolerance is that of `glm` in R.
    pub(super) fn new(problem: &Problem<'_, T>, coordinates: &Coordinates<T>) -> Option<Self> {
        let penalty = problem.penalty;
        let (rows, features) = problem.rows.x.shape();
        let members: Vec<usize> =
            (0..features).filter(|&j| penalty.l1[j] == 0.0 && coordinates.takes_part(j)).collect();
        let free = members.iter().any(|&j| penalty.l2[j] == 0.0);
        let size = members.len();
        let pays = || free || products(rows, size, coordinates.columns) <= WORTHWHILE;
        let few = size <= ALWAYS || (size <= MOST && rows >= size && pays());
        // Beside an L1 penalty the triangle has no use, only dependences among columns without any penalty.
        let smooth = penalty.is_smooth();
        if size == 0 || !few || !(smooth || free) {
            return None;
        }
        let bends = bends(penalty, coordinates, &members);
        let design = Design { problem, coordinates, members: &members, bends: &bends, shares: None };
        let suspicious = T::EPSILON.as_f64().sqrt();
        let mut triangle = Triangle::identity(features);
        let CrossProducts { entries, longest } = design.cross_products();
        let mut factor = entries.clone();
        let products = if size == features { entries } else { Vec::new() };
        if let Some(triangle) = design.triangle_of(&mut factor, suspicious) {
            let combinations = Vec::new();
            if !triangle.is_finite() {
                return None;
            }
            return Some(Rank { triangle, nearly_dependent: false, combinations, products, longest });
        }
        let decided = design.decide();
        let mut combinations = Vec::new();
        for (j, column) in decided.columns.iter().enumerate() {
            match column {
                Decided::Independent(entries) => {
                    for (&i, &entry) in decided.independent.iter().zip(entries) {
                        triangle.set(members[i], members[j], T::of(entry));
                    }
                }
                Decided::Dependent(shares) => {
                    let mut of = vec![T::zero(); features];
                    for (&i, &share) in decided.independent.iter().zip(shares) {
                        of[members[i]] = T::of(share);
                    }
                    combinations.push(Combination { column: members[j], of });
                }
            }
        }
        let finite = |c: &Combination<T>| all_finite(&c.of);
        if !triangle.is_finite() || !combinations.iter().all(finite) {
            return None;
        }
        let nearly_dependent = smooth && decided.closest < suspicious.sqrt();
        Some(Rank { triangle, nearly_dependent, combinations, products: Vec::new(), longest })
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
    let bends = bends(problem.penalty, coordinates, &members);
    let design = Design { problem, coordinates, members: &members, bends: &bends, shares: Some(shares) };
    let mut factor = design.cross_products().entries;
    design.triangle_of(&mut factor, T::EPSILON.as_f64().sqrt()).filter(Triangle::is_finite)
}

/// Returns [`SHARE`] times the penalty of each member, in the solver's coordinates.
fn bends<T: Real>(penalty: &ColumnPenalty, coordinates: &Coordinates<T>, members: &[usize]) -> Vec<f64> {
    let scale = |j: usize| coordinates.scale[j].as_f64();
    members.iter().map(|&j| SHARE * (penalty.l2[j] / scale(j) / scale(j))).collect()
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Checks that the information matrix is not singular, and that it fits into memory.
    ///
    /// It is singular if neither the data nor the L2 penalty determine a coefficient.
    ///
    /// # Errors
    /// Returns [`Error::Singular`] with the columns that are constant or depend on columns before them, and
    /// [`Error::OutOfMemory`].
    pub(super) fn check_information(&self) -> Result<(), Error> {
        let Problem { rows, penalty, .. } = self.problem;
        let constant = self.coordinates.constant.iter().copied().filter(|&j| penalty.l2[j] == 0.0);
        let mut columns: Vec<usize> = constant.chain(self.coordinates.dependent()).collect();
        if columns.is_empty() {
            return check::second_derivative::<T>(self.problem.parameter_count());
        }
        columns.sort_unstable();
        let names =
            rows.x.names().map_or(Vec::new(), |names| columns.iter().map(|&j| names[j].clone()).collect());
        Err(Error::Singular { reason: "drop columns, or use an L2 penalty", columns, names })
    }
}

/// The columns whose rank is decided, with the rows that their penalties add.
struct Design<'a, 'b, T: Real> {
    problem: &'a Problem<'b, T>,
    coordinates: &'a Coordinates<T>,
    members: &'a [usize],
    /// [`SHARE`] times the penalty of each member, in the solver's coordinates.
    bends: &'a [f64],
    /// The share of each row, if they are not those of the weights.
    shares: Option<&'a [f64]>,
}

/// The weighted mean products of the members, of which the upper triangle counts, column by column, and the
/// length of the longest row.
struct CrossProducts {
    entries: Vec<f64>,
    longest: f64,
}

/// The decision about each member.
struct Decisions {
    columns: Vec<Decided>,
    /// The independent members.
    independent: Vec<usize>,
    /// The smallest part of an independent member outside the others, relative to its length.
    closest: f64,
}

enum Decided {
    /// The entries of its column of R.
    Independent(Vec<f64>),
    /// Its coefficients as a combination of the independent members before it.
    Dependent(Vec<f64>),
}

impl<T: Real> Design<'_, '_, T> {
    fn size(&self) -> usize {
        self.members.len()
    }

    /// Returns the share of a row.
    fn weight(&self, row: usize) -> f64 {
        if let Some(shares) = self.shares {
            return shares[row];
        }
        let rows = &self.problem.rows;
        rows.weights.map_or(1.0, |w| w[row].as_f64()) / rows.total_weight
    }

    /// Replaces cross products by the triangle of their sum with the penalties, column by column. Returns
    /// `false` if what is left of a column beside those before it is less than `smallest` of its square.
    fn cholesky(&self, factor: &mut [f64], smallest: f64) -> bool {
        let size = self.size();
        for j in 0..size {
            let diagonal = factor[j * size + j] + self.bends[j];
            factor[j * size + j] = diagonal;
            for i in 0..=j {
                let (before, column) = factor.split_at_mut(j * size);
                let own = if i < j { &before[i * size..] } else { &*column };
                let rest = column[i] - dot(&own[..i], &column[..i]);
                if i < j {
                    column[i] = rest / own[i];
                } else if rest > smallest * diagonal && rest.is_finite() {
                    column[i] = rest.sqrt();
                } else {
                    return false;
                }
            }
        }
        true
    }

    /// Replaces cross products like [`cholesky`](Self::cholesky), and returns the triangle of all columns.
    fn triangle_of(&self, factor: &mut [f64], smallest: f64) -> Option<Triangle<T>> {
        if !self.cholesky(factor, smallest) {
            return None;
        }
        let mut triangle = Triangle::identity(self.coordinates.features());
        for (j, &column) in self.members.iter().enumerate() {
            (0..=j).for_each(|i| triangle.set(self.members[i], column, T::of(factor[j * self.size() + i])));
        }
        Some(triangle)
    }

    /// Computes the weighted mean products of the members.
    fn cross_products(&self) -> CrossProducts {
        let (rows, size) = (self.problem.rows.x.nrows(), self.size());
        let (mut block, mut squares) = (Vec::new(), Vec::new());
        let mut largest = 0.0f64;
        let mut sum = vec![T::zero(); size * size];
        let mut workspace = Workspace::default();
        let weighted = self.shares.is_some() || self.problem.rows.weights.is_some();
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            self.fill(first, count, &mut block);
            squares.clear();
            squares.resize(count, T::zero());
            block.chunks_exact(count).for_each(|column| add_squares(column, &mut squares));
            largest = squares.iter().fold(largest, |m, square| m.max(square.as_f64()));
            if weighted {
                // Half of a small weight on each side does not underflow.
                let roots: Vec<T> =
                    (first..first + count).map(|row| T::of(self.weight(row).sqrt())).collect();
                for column in block.chunks_exact_mut(count) {
                    column.iter_mut().zip(&roots).for_each(|(x, &root)| *x *= root);
                }
            }
            let rows = Strided::columns(&block, count, size);
            product_lower(rows, rows, &mut sum, true, &mut workspace);
        }
        let share = if weighted { 1.0 } else { self.weight(0) };
        let mut products = vec![0.0; size * size];
        for j in 0..size {
            // The product has the lower triangle.
            (0..=j).for_each(|i| products[j * size + i] = share * sum[i * size + j].as_f64());
        }
        let intercept = if self.coordinates.intercept { 1.0 } else { 0.0 };
        CrossProducts { entries: products, longest: (largest + intercept).sqrt() }
    }

    /// Writes some rows of the members, column by column. Rows without weight are zero.
    fn fill(&self, first: usize, count: usize, out: &mut Vec<T>) {
        out.clear();
        let x = self.problem.rows.x;
        self.members.iter().for_each(|&j| self.coordinates.scale_column(x, j, first..first + count, out));
        for i in (0..count).filter(|i| !self.problem.rows.counts(first + i)) {
            (i..out.len()).step_by(count).for_each(|at| out[at] = T::zero());
        }
    }

    /// Returns the triangle of the QR decomposition of the weighted rows, with the rows of the penalties. The
    /// first row and column belong to the intercept.
    fn triangle(&self) -> DMatrix<f64> {
        let (rows, width) = (self.problem.rows.x.nrows(), self.size() + 1);
        let mut triangle = DMatrix::from_diagonal(&nalgebra::DVector::from_iterator(
            width,
            std::iter::once(0.0).chain(self.bends.iter().map(|bend| bend.sqrt())),
        ));
        let (mut narrow, mut block) = (Vec::new(), Vec::new());
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            self.fill(first, count, &mut narrow);
            let roots: Vec<f64> = (first..first + count).map(|row| self.weight(row).sqrt()).collect();
            block.clear();
            let ones = if self.coordinates.intercept { 1.0 } else { 0.0 };
            block.extend(roots.iter().map(|root| ones * root));
            for column in narrow.chunks_exact(count) {
                block.extend(column.iter().zip(&roots).map(|(x, root)| x.as_f64() * root));
            }
            eliminate(&mut triangle, &mut block, count);
        }
        triangle
    }

    /// Decides about each member from the triangle of all.
    fn decide(&self) -> Decisions {
        let triangle = self.triangle();
        let mut basis: Vec<Vec<f64>> = Vec::new();
        if triangle[(0, 0)] != 0.0 {
            let mut first = vec![0.0; triangle.nrows()];
            first[0] = 1.0;
            basis.push(first);
        }
        let shift = basis.len();
        let mut decisions =
            Decisions { columns: Vec::new(), independent: Vec::new(), closest: f64::INFINITY };
        for (j, &column) in self.members.iter().enumerate() {
            let mut rest: Vec<f64> = triangle.column(j + 1).iter().copied().collect();
            let length = norm(&rest[shift..]);
            let mut shares = vec![0.0; basis.len()];
            for _ in 0..2 {
                for (q, share) in basis.iter().zip(&mut shares) {
                    let part = dot(q, &rest);
                    *share += part;
                    axpy(-part, q, &mut rest);
                }
            }
            let left = norm(&rest);
            let mut entries = shares.split_off(shift);
            if left <= self.tolerance(column) * length || left == 0.0 {
                decisions.solve(&mut entries);
                decisions.columns.push(Decided::Dependent(entries));
                continue;
            }
            rest.iter_mut().for_each(|r| *r /= left);
            basis.push(rest);
            entries.push(left);
            decisions.closest = decisions.closest.min(left / length);
            decisions.independent.push(j);
            decisions.columns.push(Decided::Independent(entries));
        }
        decisions
    }

    /// Returns the relative length below which what is left of a column counts as rounding.
    fn tolerance(&self, column: usize) -> f64 {
        let rounding = ROUNDING * T::EPSILON.as_f64() * self.coordinates.farthest(column);
        constant_range::<T>().max(rounding)
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

impl Decisions {
    /// Replaces the entries of a column of R by its coefficients as a combination of the independent members.
    fn solve(&self, entries: &mut [f64]) {
        for (at, &j) in self.independent.iter().enumerate().rev() {
            let Decided::Independent(column) = &self.columns[j] else { continue };
            let (above, rest) = entries.split_at_mut(at);
            rest[0] /= column[at];
            axpy(-rest[0], &column[..at], above);
        }
    }
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

/// Adds rows to a triangle R: replaces R by the triangle of the QR decomposition of R above the rows.
///
/// `rows` holds `count` rows column by column, and is overwritten. Column j of R is zero below the diagonal,
/// so the reflection of column j moves row j of R and the rows alone.
fn eliminate(triangle: &mut DMatrix<f64>, rows: &mut [f64], count: usize) {
    let width = triangle.ncols();
    for j in 0..width {
        let (own, later) = rows[j * count..].split_at_mut(count);
        let square = dot(own, own);
        if square == 0.0 {
            continue;
        }
        let top = triangle[(j, j)];
        let length = top.hypot(square.sqrt());
        let pivot = top + if top < 0.0 { -length } else { length };
        // The reflection is I - v vᵀ 2/(vᵀv) with v = (pivot, own).
        let factor = 2.0 / (pivot * pivot + square);
        triangle[(j, j)] = top - factor * pivot * (pivot * top + square);
        for (at, column) in later.chunks_exact_mut(count).enumerate() {
            let k = j + 1 + at;
            let share = factor * (pivot * triangle[(j, k)] + dot(own, column));
            triangle[(j, k)] -= share * pivot;
            axpy(-share, own, column);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::coordinates::tests::coordinates;
    use super::*;
    use crate::examples::ClassExamples;
    use crate::rng::Rng;

    /// To all digits, whatever the sign of the diagonal.
    #[test]
    fn reflections_keep_the_products_of_columns() {
        for top in [-1.0, 1.0] {
            let mut triangle = nalgebra::dmatrix![top, 2.0; 0.0, 0.5];
            eliminate(&mut triangle, &mut [1e-9, 3.0], 1);
            let products = triangle.transpose() * &triangle;
            for (at, wanted) in [((0, 0), 1.0), ((0, 1), 2.0 * top + 3e-9), ((1, 1), 13.25)] {
                approx::assert_relative_eq!(products[at], wanted, max_relative = 1e-14);
            }
        }
    }

    #[test]
    fn the_triangle_has_the_cross_products_of_the_rows() {
        let mut rng = Rng::new(8);
        let x = DMatrix::from_fn(70, 4, |_, j| rng.standard_normal() * 10f64.powi(3 * j as i32));
        let mut triangle = DMatrix::zeros(4, 4);
        for first in (0..70).step_by(16) {
            let count = 16.min(70 - first);
            let mut rows = x.rows(first, count).into_owned().as_slice().to_vec();
            eliminate(&mut triangle, &mut rows, count);
        }
        let (found, wanted) = (triangle.transpose() * &triangle, x.transpose() * &x);
        for i in 0..4 {
            for j in 0..4 {
                let size = (wanted[(i, i)] * wanted[(j, j)]).sqrt();
                approx::assert_abs_diff_eq!(found[(i, j)] / size, wanted[(i, j)] / size, epsilon = 1e-14);
            }
        }
    }

    /// A row that is small in a column moves it as little, without cancellation.
    #[test]
    fn small_entries_are_eliminated_exactly() {
        let mut triangle = DMatrix::identity(2, 2);
        eliminate(&mut triangle, &mut [1e-9, 1.0], 1);
        let found = triangle.transpose() * &triangle;
        approx::assert_relative_eq!(found[(0, 0)], 1.0, max_relative = 1e-15);
        approx::assert_relative_eq!(found[(0, 1)], 1e-9, max_relative = 1e-7);
        approx::assert_relative_eq!(found[(1, 1)], 2.0, max_relative = 1e-15);
    }

    #[test]
    fn products_and_lengths_are_those_of_the_rows_that_count() {
        let mut rng = Rng::new(9);
        let mut x = DMatrix::from_fn(300, 3, |_, j| 10f64.powi(j as i32) * rng.standard_normal());
        let mut weights: Vec<f64> = (0..300).map(|_| rng.uniform(0.5, 2.0)).collect();
        (weights[7], x[(7, 1)]) = (0.0, 1e9);
        let found = coordinates(&x, Some(&weights), 2, &ColumnPenalty::none(3));
        let mut own = Vec::new();
        found.scale_rows((&x).into(), 0..300, &mut own);
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

    /// What rounding leaves of a column far from the origin is nothing; as much near the origin is something.
    #[test]
    fn rounding_far_from_the_origin_is_no_rank() {
        let mut rng = Rng::new(10);
        let base = DMatrix::from_fn(60, 2, |_, _| rng.standard_normal());
        for (offset, wanted) in [(1e8, vec![2]), (0.0, vec![])] {
            let x = DMatrix::from_fn(60, 3, |row, j| match j {
                2 => base[(row, 0)] + offset + base[(row, 1)] + 2e-8 * f64::from(row as u8 % 2),
                _ => base[(row, j)] + offset,
            });
            let found = coordinates(&x, None, 2, &ColumnPenalty::none(3));
            assert_eq!(found.dependent().collect::<Vec<usize>>(), wanted, "{offset}");
        }
    }

    /// Even where the centre is not the mean.
    #[test]
    fn columns_that_differ_by_a_constant_depend_beside_an_intercept() {
        let x = DMatrix::from_fn(20, 2, |row, j| (row * 7 % 20) as f64 + 5.0 * j as f64);
        let classes: Vec<usize> = (0..20).map(|row| row % 2).collect();
        let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
        let penalty = ColumnPenalty::none(2);
        let problem = Problem { rows, offset: None, classes: 2, intercept: false, penalty: &penalty };
        let mut coordinates = Coordinates::new(&problem, 1);
        assert_eq!(coordinates.center, [0.0; 2]);
        for intercept in [false, true] {
            coordinates.intercept = intercept;
            let (members, bends) = (&[0, 1][..], &[0.0; 2][..]);
            let decided =
                Design { problem: &problem, coordinates: &coordinates, members, bends, shares: None }
                    .decide();
            assert_eq!(decided.independent.len(), if intercept { 1 } else { 2 });
        }
    }

    /// A penalty determines the coefficient of a constant column, and nothing else does.
    #[test]
    fn constant_columns_need_a_penalty() {
        let x = DMatrix::from_fn(20, 2, |row, j| if j == 0 { 3.0 } else { (row * 7 % 20) as f64 });
        let classes: Vec<usize> = (0..20).map(|row| row % 2).collect();
        let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
        for l2 in [0.0, 0.1] {
            let penalty = ColumnPenalty { l1: vec![0.0; 2], l2: vec![l2; 2] };
            let problem = Problem { rows, offset: None, classes: 2, intercept: true, penalty: &penalty };
            let checked = LogisticObjective::new(problem).check_information();
            match checked {
                Ok(()) => assert_eq!(l2, 0.1),
                Err(Error::Singular { columns, .. }) => assert_eq!((l2, columns), (0.0, vec![0])),
                Err(other) => panic!("{other}"),
            }
        }
    }
}
