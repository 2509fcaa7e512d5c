//! The rank of the columns: which of them depend on columns before them, and how nearly the others do.

use nalgebra::DMatrix;

use super::coordinates::Coordinates;
use super::cross_products::{CrossProducts, Design, worthwhile};
use super::objective::LogisticObjective;
use super::problem::Problem;
use super::triangle::Triangle;
use crate::check;
use crate::error::Error;
use crate::parallel::Sum;
use crate::parallel::wire::Wire;
use crate::scalar::{Real, all_finite, axpy, constant_range, dot};

/// The rounding error of an entry, in units in the last place of the column's largest entry, up to which a
/// column counts as a combination of others.
const ROUNDING: f64 = 8.0;

/// The dependences among columns that take part: neither constant nor with an L1 penalty.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rank<T> {
    /// R, with RᵀR the mean cross products of the independent columns (centred and scaled), plus `SHARE`
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
        let (rows, features) = (problem.rows.count(), problem.rows.columns());
        let members: Vec<usize> =
            (0..features).filter(|&j| penalty.l1[j] == 0.0 && coordinates.takes_part(j)).collect();
        let free = members.iter().any(|&j| penalty.l2[j] == 0.0);
        let size = members.len();
        let few = worthwhile(rows, size, coordinates.columns, free);
        // Beside an L1 penalty the triangle has no use, only dependences among columns without any penalty.
        let smooth = penalty.is_smooth();
        if size == 0 || !few || !(smooth || free) {
            return None;
        }
        let design = Design::new(problem, coordinates, members);
        let suspicious = T::EPSILON.as_f64().sqrt();
        let CrossProducts { entries, longest } = design.cross_products();
        let triangle = design.triangle_of(&entries, suspicious);
        let products = if size == features { entries } else { Vec::new() };
        if let Some(triangle) = triangle {
            let combinations = Vec::new();
            if !triangle.is_finite() {
                return None;
            }
            return Some(Rank { triangle, nearly_dependent: false, combinations, products, longest });
        }
        let mut triangle = Triangle::identity(features);
        let (decided, members) = (design.decide(), &design.members);
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
            rows.names().map_or(Vec::new(), |names| columns.iter().map(|&j| names[j].clone()).collect());
        Err(Error::Singular { reason: "drop columns, or use an L2 penalty", columns, names })
    }
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
    /// Returns the triangle of the QR decomposition of the weighted rows, with the rows of the penalties. The
    /// first row and column belong to the intercept.
    fn triangle(&self) -> DMatrix<f64> {
        let width = self.size() + 1;
        let empty = |_| Reduced(DMatrix::zeros(width, width));
        let rows = self.sum(width * width, empty, |scratch, rows, triangle| {
            let count = rows.len();
            self.fill(rows, &mut scratch.block);
            let roots: Vec<f64> = (0..count).map(|row| self.share(rows, row).sqrt()).collect();
            let ones = if self.coordinates.intercept { 1.0 } else { 0.0 };
            let mut block: Vec<f64> = roots.iter().map(|root| ones * root).collect();
            for column in scratch.block.chunks_exact(count) {
                block.extend(column.iter().zip(&roots).map(|(x, root)| x.as_f64() * root));
            }
            eliminate(&mut triangle.0, &mut block, count);
        });
        let bends = std::iter::once(0.0).chain(self.bends.iter().map(|bend| bend.sqrt()));
        let mut triangle = Reduced(DMatrix::from_diagonal(&nalgebra::DVector::from_iterator(width, bends)));
        triangle.add(&rows);
        triangle.0
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

/// The triangle of the QR decomposition of some rows.
struct Reduced(DMatrix<f64>);

impl Wire for Reduced {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.as_slice().to_vec().write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let entries: Vec<f64> = Wire::read(bytes)?;
        let width = entries.len().isqrt();
        (width * width == entries.len()).then(|| Reduced(DMatrix::from_vec(width, width, entries)))
    }
}

impl Sum for Reduced {
    fn add(&mut self, next: &Self) {
        let mut rows = next.0.clone();
        eliminate(&mut self.0, rows.as_mut_slice(), next.0.nrows());
    }
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
    use super::super::problem::ColumnPenalty;
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
        let problem = Problem { rows: rows.into(), classes: 2, intercept: false, penalty: &penalty };
        let mut coordinates = Coordinates::new(&problem, 1);
        assert_eq!(coordinates.center, [0.0; 2]);
        for intercept in [false, true] {
            coordinates.intercept = intercept;
            let decided = Design::new(&problem, &coordinates, vec![0, 1]).decide();
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
            let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
            let checked = LogisticObjective::new(problem).check_information();
            match checked {
                Ok(()) => assert_eq!(l2, 0.1),
                Err(Error::Singular { columns, .. }) => assert_eq!((l2, columns), (0.0, vec![0])),
                Err(other) => panic!("{other}"),
            }
        }
    }
}
