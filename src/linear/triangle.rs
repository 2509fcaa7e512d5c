//! Upper triangular matrices: changes of coordinates that make columns independent.

use crate::parallel::{for_each, workers_for};
use crate::scalar::Real;
use crate::scalar::{Strided, Workspace, all_finite, axpy, dot, product};

/// An upper triangular matrix R with a diagonal without zeros, column by column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Triangle<T> {
    size: usize,
    /// Column j has `size` entries, of which the first j + 1 count.
    entries: Vec<T>,
}

/// The number of columns that are solved together: half of the entries of their triangle are on the diagonal
/// block, which a product cannot do.
const BLOCK: usize = 48;

/// The number of vectors that are solved together, on one thread: for ten vectors, two threads take half each.
const GROUP: usize = 5;

impl<T: Real> Triangle<T> {
    /// Creates the identity.
    pub(super) fn identity(size: usize) -> Self {
        let mut entries = vec![T::zero(); size * size];
        entries.iter_mut().step_by(size + 1).for_each(|diagonal| *diagonal = T::one());
        Triangle { size, entries }
    }

    pub(super) fn set(&mut self, row: usize, column: usize, value: T) {
        self.entries[column * self.size + row] = value;
    }

    /// Returns the entries of a column down to the diagonal.
    fn column(&self, j: usize) -> &[T] {
        &self.entries[j * self.size..][..=j]
    }

    /// Returns whether all entries are finite.
    pub(super) fn is_finite(&self) -> bool {
        all_finite(&self.entries)
    }

    /// Returns ln |det R|.
    pub(super) fn log_determinant(&self) -> f64 {
        (0..self.size).map(|j| self.column(j)[j].as_f64().abs().ln()).sum()
    }

    /// Replaces each run of `size` entries v by R⁻¹ v.
    pub(super) fn solve(&self, vectors: &mut [T]) {
        self.in_groups(vectors, |group| self.solve_group(group));
    }

    /// Replaces each run of `size` entries v by R⁻ᵀ v.
    pub(super) fn solve_transposed(&self, vectors: &mut [T]) {
        self.in_groups(vectors, |group| self.solve_transposed_group(group));
    }

    /// Calls `each` with some vectors at a time, on several threads.
    fn in_groups(&self, vectors: &mut [T], each: impl Fn(&mut [T]) + Sync) {
        let (length, operations) = (self.size * GROUP, vectors.len() as f64 * self.size as f64);
        let groups = vectors.chunks_mut(length.max(1));
        let mut workers = vec![(); workers_for(groups.len(), operations)];
        for_each(&mut workers, groups, |(), group| each(group));
    }

    fn solve_group(&self, vectors: &mut [T]) {
        let size = self.size;
        let (mut workspace, mut block) = (Workspace::default(), Vec::new());
        for first in (0..size).step_by(BLOCK).rev() {
            let end = (first + BLOCK).min(size);
            for j in (first..end).rev() {
                let column = &self.column(j)[first..];
                for v in vectors.chunks_exact_mut(size) {
                    let (above, rest) = v[first..].split_at_mut(j - first);
                    rest[0] /= column[j - first];
                    axpy(-rest[0], &column[..j - first], above);
                }
            }
            if first > 0 {
                block.clear();
                vectors.chunks_exact(size).for_each(|v| block.extend(v[first..end].iter().map(|&v| -v)));
                let (left, width) = (self.above(first, end), block.len() / (end - first));
                let right = Strided::columns(&block, end - first, width);
                product(left, right, (vectors, size), true, &mut workspace);
            }
        }
    }

    fn solve_transposed_group(&self, vectors: &mut [T]) {
        let size = self.size;
        let (mut workspace, mut block) = (Workspace::default(), Vec::new());
        for first in (0..size).step_by(BLOCK) {
            let end = (first + BLOCK).min(size);
            if first > 0 {
                block.clear();
                vectors.chunks_exact(size).for_each(|v| block.extend(v[..first].iter().map(|&v| -v)));
                let (left, width) = (self.above(first, end).transposed(), block.len() / first);
                let right = Strided::columns(&block, first, width);
                product(left, right, (&mut vectors[first..], size), true, &mut workspace);
            }
            for j in first..end {
                let column = &self.column(j)[first..];
                for v in vectors.chunks_exact_mut(size) {
                    let (above, rest) = v[first..].split_at_mut(j - first);
                    rest[0] = (rest[0] - dot(&column[..j - first], above)) / column[j - first];
                }
            }
        }
    }

    /// Returns the part of columns `first` to `end` above row `first`.
    fn above(&self, first: usize, end: usize) -> Strided<'_, T> {
        Strided::columns(&self.entries, self.size, self.size).columns_from(first, end - first).rows(0, first)
    }

    /// Replaces each run of `size` entries v by R v.
    pub(super) fn multiply(&self, vectors: &mut [T]) {
        for v in vectors.chunks_exact_mut(self.size.max(1)) {
            for j in 0..self.size {
                let column = self.column(j);
                let (above, rest) = v.split_at_mut(j);
                axpy(rest[0], &column[..j], above);
                rest[0] *= column[j];
            }
        }
    }

    /// Replaces each run of `size` entries v by Rᵀ v.
    pub(super) fn multiply_transposed(&self, vectors: &mut [T]) {
        for v in vectors.chunks_exact_mut(self.size.max(1)) {
            for j in (0..self.size).rev() {
                v[j] = dot(self.column(j), &v[..=j]);
            }
        }
    }

    /// Replaces the matrix X, `rows` x size and column by column, by X R⁻¹.
    pub(super) fn divide(&self, x: &mut [T], rows: usize) {
        for j in 0..self.size {
            let column = self.column(j);
            let (before, rest) = x.split_at_mut(j * rows);
            let own = &mut rest[..rows];
            for (done, &r) in before.chunks_exact(rows.max(1)).zip(column) {
                if r != T::zero() {
                    axpy(-r, done, own);
                }
            }
            let inverse = T::one() / column[j];
            own.iter_mut().for_each(|x| *x *= inverse);
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::rng::Rng;

    #[test]
    fn products_and_quotients_are_those_of_the_matrix() {
        // Several blocks, the last of them not full.
        let (size, mut rng) = (2 * BLOCK + 5, Rng::new(3));
        let mut triangle = Triangle::identity(size);
        let mut full = DMatrix::identity(size, size);
        for j in 0..size {
            for i in 0..=j {
                let value = if i == j { [3.0, -4.0][i % 2] } else { 0.2 * rng.standard_normal() };
                triangle.set(i, j, value);
                full[(i, j)] = value;
            }
        }
        let v = DMatrix::from_fn(size, 2, |_, _| rng.standard_normal());
        type Change = fn(&Triangle<f64>, &mut [f64]);
        let inverse = full.clone().try_inverse().unwrap();
        let changes: [(Change, DMatrix<f64>); 4] = [
            (Triangle::multiply, full.clone()),
            (Triangle::multiply_transposed, full.transpose()),
            (Triangle::solve, inverse.clone()),
            (Triangle::solve_transposed, inverse.transpose()),
        ];
        for (change, matrix) in changes {
            let mut found = v.clone();
            change(&triangle, found.as_mut_slice());
            approx::assert_relative_eq!(found, matrix * &v, epsilon = 1e-13);
        }
        let mut rows = v.transpose();
        triangle.divide(rows.as_mut_slice(), 2);
        approx::assert_relative_eq!(rows, v.transpose() * inverse, epsilon = 1e-13);
        approx::assert_relative_eq!(
            triangle.log_determinant(),
            full.determinant().abs().ln(),
            max_relative = 1e-12
        );
    }
}
