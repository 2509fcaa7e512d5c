//! Mini-batches gathered from shuffled rows.

use nalgebra::DMatrix;

use crate::kernel::transpose_into;
use crate::layer::{Layer, Tape};
use crate::real::Real;
use crate::rows::Rows;

/// The training rows, with each sample contiguous, so that gathering a batch reads whole cache lines.
///
/// This is the one copy of `x` that mini-batch training makes.
pub(super) struct Samples<T> {
    features: usize,
    values: Vec<T>,
    classes: Vec<usize>,
    /// Divided by their mean, so that a batch's mean gradient is an unbiased estimate of the whole one.
    weights: Option<Vec<T>>,
}

impl<T: Real> Samples<T> {
    /// The samples that `rows` names.
    pub(super) fn new(all: Rows<'_, T>, rows: &[usize]) -> Self {
        let Rows { x, classes, weights, .. } = all;
        let features = x.ncols();
        let mut whole = vec![T::zero(); features * x.nrows()];
        transpose_into(x.as_slice().chunks_exact(x.nrows().max(1)), &mut whole, features);
        let values = if rows.len() == x.nrows() {
            whole
        } else {
            rows.iter().flat_map(|&row| &whole[row * features..(row + 1) * features]).copied().collect()
        };
        let classes = rows.iter().map(|&row| classes[row]).collect();
        let weights = weights.map(|weights| {
            let chosen = || rows.iter().map(|&row| weights[row].as_f64());
            let mean = chosen().sum::<f64>() / rows.len() as f64;
            chosen().map(|w| T::of(w / mean)).collect()
        });
        Samples { features, values, classes, weights }
    }

    pub(super) fn count(&self) -> usize {
        self.classes.len()
    }

    fn sample(&self, row: usize) -> &[T] {
        &self.values[row * self.features..(row + 1) * self.features]
    }

    /// Fills `batch` with the samples that `rows` names, as many as it has room for.
    pub(super) fn fill(&self, rows: &[usize], batch: &mut Batch<T>) {
        let samples = rows.iter().map(|&row| self.sample(row));
        transpose_into(samples, batch.x.as_mut_slice(), rows.len());
        for (class, &row) in batch.classes.iter_mut().zip(rows) {
            *class = self.classes[row];
        }
        if let (Some(weights), Some(out)) = (&self.weights, &mut batch.weights) {
            for (weight, &row) in out.iter_mut().zip(rows) {
                *weight = weights[row];
            }
        }
    }
}

/// Memory of one training step.
pub(super) struct Batch<T> {
    pub(super) x: DMatrix<T>,
    pub(super) classes: Vec<usize>,
    pub(super) weights: Option<Vec<T>>,
    pub(super) tape: Tape<T>,
}

impl<T: Real> Batch<T> {
    pub(super) fn new(rows: usize, samples: &Samples<T>, network: &impl Layer<T>) -> Self {
        Batch {
            x: DMatrix::zeros(rows, samples.features),
            classes: vec![0; rows],
            weights: samples.weights.as_ref().map(|_| vec![T::one(); rows]),
            tape: network.tape(rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Activation, Sequential};

    #[test]
    fn a_batch_holds_the_rows_that_were_asked_for() {
        let x = DMatrix::from_fn(40, 3, |i, j| (10 * i + j) as f64);
        let classes: Vec<usize> = (0..40).map(|i| i % 2).collect();
        let weights: Vec<f64> = (0..40).map(|i| f64::from(i % 3)).collect();
        let rows: Vec<usize> = (5..35).collect();
        let all = Rows { x: &x, classes: &classes, weights: Some(&weights), total_weight: 1.0 };
        let samples = Samples::new(all, &rows);
        let network = Sequential::perceptron(&[3, 1], Activation::Relu).unwrap();
        let mut batch = Batch::new(18, &samples, &network);
        let chosen: Vec<usize> = (0..18).map(|i| (7 * i) % 30).collect();
        samples.fill(&chosen, &mut batch);
        for (i, &row) in chosen.iter().enumerate() {
            assert_eq!(batch.x.row(i), x.row(row + 5));
            assert_eq!(batch.classes[i], (row + 5) % 2);
            assert_eq!(batch.weights.as_ref().unwrap()[i], f64::from((row as i32 + 5) % 3));
        }
    }
}
