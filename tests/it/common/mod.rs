//! Random rows and labels for tests.

pub(crate) mod double_double;
pub(crate) mod file_parts;
pub(crate) mod fixed_network;

use logit::Rng;
use nalgebra::DMatrix;

pub(crate) fn normal(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    let mut rng = Rng::new(seed);
    DMatrix::from_fn(rows, columns, |_, _| rng.standard_normal())
}

/// Rows of classes that overlap: the first columns of `x`, plus noise, decide.
pub(crate) fn overlapping(
    rows: usize,
    columns: usize,
    classes: usize,
    seed: u64,
) -> (DMatrix<f64>, Vec<usize>) {
    let (x, noise) = (normal(rows, columns, seed), normal(rows, classes, seed + 1));
    let score = |row: usize, k: usize| x[(row, k % columns)] + noise[(row, k)] + 0.2 * k as f64;
    let y = (0..rows).map(|row| largest((0..classes).map(|k| score(row, k)))).collect();
    (x, y)
}

/// The index of the largest number, the lowest of equals.
pub(crate) fn largest(values: impl Iterator<Item = f64>) -> usize {
    values.enumerate().fold((0, f64::NEG_INFINITY), |best, (k, z)| if z > best.1 { (k, z) } else { best }).0
}

pub(crate) fn shuffled(rows: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    Rng::new(seed).shuffle(&mut order);
    order
}

pub(crate) fn pick<A: Clone>(of: &[A], rows: &[usize]) -> Vec<A> {
    rows.iter().map(|&row| of[row].clone()).collect()
}
