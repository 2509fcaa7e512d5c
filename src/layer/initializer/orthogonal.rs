//! Random matrices with orthonormal columns or rows.

use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::{axpy, dot};

/// Fills a matrix of `columns` columns with `gain` times orthonormal columns, or rows if it has fewer rows
/// than columns.
///
/// Normal vectors are orthonormalised by the Gram-Schmidt process. Its triangular factor has a positive
/// diagonal, so the basis is uniformly distributed without the sign correction that Householder reflections
/// need (Mezzadri, 2007).
pub(super) fn fill<T: Real>(gain: f64, values: &mut [T], columns: usize, rng: &mut Rng) {
    let rows = values.len() / columns.max(1);
    if rows == 0 {
        return;
    }
    let upright = rows >= columns;
    let (length, count) = if upright { (rows, columns) } else { (columns, rows) };
    let basis = orthonormal(length, count, rng);
    for (index, value) in values.iter_mut().enumerate() {
        let (row, column) = (index % rows, index / rows);
        let entry = if upright { column * length + row } else { row * length + column };
        *value = T::of(gain * basis[entry]);
    }
}

/// Returns `count` orthonormal vectors of `length` entries, for `count <= length`.
fn orthonormal(length: usize, count: usize, rng: &mut Rng) -> Vec<f64> {
    let mut basis = vec![0.0; length * count];
    for index in 0..count {
        let (before, rest) = basis.split_at_mut(index * length);
        let vector = &mut rest[..length];
        loop {
            vector.fill_with(|| rng.standard_normal());
            let size = dot(vector, vector).sqrt();
            // Two passes suffice: the second removes the rounding errors of the first (Kahan; Parlett, 1980).
            for _ in 0..2 {
                for other in before.chunks_exact(length) {
                    axpy(-dot(other, vector), other, vector);
                }
            }
            let left = dot(vector, vector).sqrt();
            // A remainder this small is rounding error. A vector is drawn again once in a hundred million
            // times.
            if left > 1e-8 * size {
                vector.iter_mut().for_each(|entry| *entry /= left);
                break;
            }
        }
    }
    basis
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    fn drawn(rows: usize, columns: usize, gain: f64, seed: u64) -> DMatrix<f64> {
        let mut matrix = DMatrix::from_element(rows, columns, f64::NAN);
        fill(gain, matrix.as_mut_slice(), columns, &mut Rng::new(seed));
        matrix
    }

    #[test]
    fn the_shorter_side_is_orthonormal() {
        for (rows, columns) in [(1, 1), (7, 3), (3, 7), (20, 20), (64, 10), (1, 5), (5, 1)] {
            let w = drawn(rows, columns, 1.5, 4);
            let gram = if rows >= columns { w.transpose() * &w } else { &w * w.transpose() };
            let wanted = DMatrix::identity(gram.nrows(), gram.nrows()) * 2.25;
            assert!((gram - wanted).amax() < 1e-14, "{rows} x {columns}");
        }
    }

    /// Under Haar measure, every entry of a random rotation or reflection has mean 0 and variance 1/n, and
    /// the trace has mean 0 and variance 1. A sign convention other than a positive diagonal would show here.
    #[test]
    fn square_matrices_are_spread_evenly() {
        let draws = 4000;
        let mut traces = (0.0, 0.0);
        let mut first = (0.0, 0.0);
        let mut reflections = 0;
        for seed in 0..draws {
            let w = drawn(3, 3, 1.0, seed);
            let trace = w.trace();
            traces = (traces.0 + trace, traces.1 + trace * trace);
            first = (first.0 + w[(0, 0)], first.1 + w[(0, 0)] * w[(0, 0)]);
            reflections += i32::from(w.determinant() < 0.0);
        }
        let n = draws as f64;
        assert!((traces.0 / n).abs() < 0.06 && (traces.1 / n - 1.0).abs() < 0.08, "{traces:?}");
        assert!((first.0 / n).abs() < 0.04 && (first.1 / n - 1.0 / 3.0).abs() < 0.02, "{first:?}");
        assert!((1850..2150).contains(&reflections), "{reflections}");
    }
}
