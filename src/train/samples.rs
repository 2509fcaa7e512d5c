//! Mini-batches gathered from shuffled rows.

use nalgebra::DMatrix;

use super::state::Parts;
use crate::examples::{CheckedExamples, OwnedTargets, Targets};
use crate::layer::{Layer, Mode, Tape};
use crate::parallel::{Entries, for_each, for_each_part, workers_awake};
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scalar::{columns, transpose_into};

/// The training rows, each contiguous, so that gathering a batch reads whole cache lines.
///
/// This is the only copy of `x` that mini-batch training makes.
#[derive(Debug)]
pub(super) struct Samples<T> {
    features: usize,
    values: Vec<T>,
    targets: SampleTargets<T>,
    /// The weights divided by their mean, so that the mean gradient of a batch is an unbiased estimate of
    /// that of all rows. If rows arrive in parts, the mean is that of all rows so far.
    weights: Option<Vec<T>>,
}

#[derive(Debug)]
enum SampleTargets<T> {
    Classes(Vec<usize>),
    /// The values of all samples, and the number of values per sample.
    Values(Vec<T>, usize),
}

impl<T: Real> Samples<T> {
    /// Copies the samples whose weight is not zero.
    pub(super) fn new(all: CheckedExamples<'_, T>) -> Self {
        let mean = Parts::default().with(&all).mean_weight;
        Samples::divided(all, mean)
    }

    /// Copies the samples whose weight is not zero, and divides the weights by `mean`.
    pub(super) fn divided(all: CheckedExamples<'_, T>, mean: f64) -> Self {
        let rows = all.counted();
        let targets = match all.targets {
            Targets::Classes(classes) => {
                SampleTargets::Classes(rows.iter().map(|&row| classes[row]).collect())
            }
            Targets::Values(values) => SampleTargets::Values(by_sample(values.into(), &rows), values.ncols()),
        };
        let weight = |&row: &usize| all.weights.map_or(1.0, |weights| weights[row].as_f64());
        let even = all.weights.is_none() && mean == 1.0;
        let weights = (!even).then(|| rows.iter().map(|row| T::of(weight(row) / mean)).collect());
        Samples { features: all.x.ncols(), values: by_sample(all.x, &rows), targets, weights }
    }

    pub(super) fn count(&self) -> usize {
        self.values.len() / self.features.max(1)
    }

    /// Fills `batch` with the samples at `rows`, as many as it has room for.
    pub(super) fn fill(&self, rows: &[usize], batch: &mut Batch<T>) {
        if batch.in_columns {
            self.copy(rows, batch.x.as_mut_slice());
        } else {
            gather(&self.values, self.features, rows, &mut batch.x);
        }
        match (&self.targets, &mut batch.targets) {
            (SampleTargets::Classes(all), OwnedTargets::Classes(classes)) => {
                for (class, &row) in classes.iter_mut().zip(rows) {
                    *class = all[row];
                }
            }
            (SampleTargets::Values(all, columns), OwnedTargets::Values(values)) => {
                gather(all, *columns, rows, values);
            }
            _ => {}
        }
        if let (Some(weights), Some(out)) = (&self.weights, &mut batch.weights) {
            for (weight, &row) in out.iter_mut().zip(rows) {
                *weight = weights[row];
            }
        }
    }

    /// Copies the samples at `rows`, one after the other.
    fn copy(&self, rows: &[usize], out: &mut [T]) {
        let copies = OPERATIONS * out.len() as f64;
        let workers = workers_awake(rows.len().div_ceil(TOGETHER), copies);
        let pieces = out.chunks_mut(TOGETHER * self.features.max(1)).zip(rows.chunks(TOGETHER));
        for_each(&mut vec![(); workers], pieces, |(), (out, rows)| {
            for (out, &row) in out.chunks_exact_mut(self.features).zip(rows) {
                out.copy_from_slice(&self.values[row * self.features..][..self.features]);
            }
        });
    }
}

/// The number of samples that a thread copies at a time.
const TOGETHER: usize = 16;

/// The time to copy a number from memory, as a number of multiplications in a matrix product.
const OPERATIONS: f64 = 8.0;

/// The number of rows that a thread transposes at a time.
const TRANSPOSED: usize = 256;

/// Returns the given rows of a matrix, one after the other.
fn by_sample<T: Real>(matrix: Rows<'_, T>, rows: &[usize]) -> Vec<T> {
    let width = matrix.ncols();
    let mut whole = vec![T::zero(); matrix.len()];
    // Most of the time goes into the first touch of new memory.
    let operations = OPERATIONS * matrix.len() as f64;
    let sides = Entries::new(&mut whole, width);
    for_each_part(
        (matrix.nrows(), TRANSPOSED),
        operations,
        sides,
        || (),
        |(), range, out| {
            transpose_into(columns(&matrix).map(|column| &column[range.clone()]), out.into_slice(), width);
        },
    );
    if rows.len() == matrix.nrows() {
        return whole;
    }
    rows.iter().flat_map(|&row| &whole[row * width..(row + 1) * width]).copied().collect()
}

fn gather<T: Real>(samples: &[T], width: usize, rows: &[usize], out: &mut DMatrix<T>) {
    let samples = rows.iter().map(|&row| &samples[row * width..(row + 1) * width]);
    transpose_into(samples, out.as_mut_slice(), rows.len());
}

/// The rows of a batch, and the memory of a pass over them.
#[derive(Debug)]
pub(super) struct Batch<T> {
    /// The samples, rows x features; features x rows if they are in columns.
    pub(super) x: DMatrix<T>,
    in_columns: bool,
    targets: OwnedTargets<T>,
    pub(super) weights: Option<Vec<T>>,
    pub(super) tape: Tape<T>,
}

impl<T: Real> Batch<T> {
    /// Creates a batch with room for `rows` samples, for training.
    pub(super) fn for_training<N: Layer<T> + ?Sized>(rows: usize, samples: &Samples<T>, network: &N) -> Self {
        let mut tape = network.tape(rows);
        tape.set_mode(Mode::Train);
        let in_columns = network.reads_samples();
        let shape = if in_columns { (samples.features, rows) } else { (rows, samples.features) };
        Batch {
            x: DMatrix::zeros(shape.0, shape.1),
            in_columns,
            targets: match &samples.targets {
                SampleTargets::Classes(_) => OwnedTargets::Classes(vec![0; rows]),
                SampleTargets::Values(_, columns) => OwnedTargets::Values(DMatrix::zeros(rows, *columns)),
            },
            weights: samples.weights.as_ref().map(|_| vec![T::one(); rows]),
            tape,
        }
    }

    /// Creates a batch of the rows `first` to `first + rows`, for evaluation.
    pub(super) fn of_rows<N: Layer<T> + ?Sized>(
        all: CheckedExamples<'_, T>,
        first: usize,
        rows: usize,
        network: &N,
    ) -> Self {
        Batch {
            x: all.x.rows(first, rows).into_owned(),
            in_columns: false,
            targets: match all.targets {
                Targets::Classes(classes) => OwnedTargets::Classes(classes[first..first + rows].to_vec()),
                Targets::Values(values) => OwnedTargets::Values(values.rows(first, rows).into_owned()),
            },
            weights: all.weights.map(|weights| weights[first..first + rows].to_vec()),
            tape: network.tape(rows),
        }
    }

    pub(super) fn rows(&self) -> usize {
        if self.in_columns { self.x.ncols() } else { self.x.nrows() }
    }

    /// Runs the forward pass of a network over the samples.
    pub(super) fn forward<N: Layer<T> + ?Sized>(&mut self, network: &N, params: &[T]) {
        if self.in_columns {
            network.forward_samples(params, &self.x, &mut self.tape);
        } else {
            network.forward(params, &self.x, &mut self.tape);
        }
    }

    /// Runs the backward pass of a network over the samples, down to its parameters.
    pub(super) fn backward<N: Layer<T> + ?Sized>(&mut self, network: &N, params: &[T], grad: &mut [T]) {
        if self.in_columns {
            network.backward_samples(params, &self.x, &mut self.tape, grad);
        } else {
            network.backward(params, &self.x, &mut self.tape, grad, None);
        }
    }

    /// Returns the inputs of a loss after a forward pass: scores, room for their gradient, targets and
    /// weights.
    pub(super) fn loss_inputs(&mut self) -> LossInputs<'_, T> {
        let (scores, gradient) = self.tape.split();
        LossInputs { scores, gradient, targets: self.targets.borrowed(), weights: self.weights.as_deref() }
    }
}

pub(super) struct LossInputs<'a, T> {
    pub(super) scores: &'a DMatrix<T>,
    pub(super) gradient: &'a mut DMatrix<T>,
    pub(super) targets: Targets<'a, T>,
    pub(super) weights: Option<&'a [T]>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::Examples;
    use crate::layer::{Activation, Sequential};

    /// Layers of many inputs get the samples in columns.
    #[test]
    fn wide_samples_become_columns() {
        let x = DMatrix::from_fn(6, 70, |i, j| (100 * i + j) as f64);
        let samples = Samples::new(Examples::new(&x, Targets::Classes(&[0; 6])).checked().unwrap());
        let network = Sequential::perceptron(&[70, 1], Activation::Relu).unwrap();
        let mut batch = Batch::for_training(3, &samples, &network);
        samples.fill(&[4, 0, 5], &mut batch);
        assert_eq!((batch.rows(), batch.x.shape()), (3, (70, 3)));
        assert_eq!(batch.x.column(0), x.row(4).transpose());
        assert_eq!(batch.x.column(2), x.row(5).transpose());
    }

    #[test]
    fn a_batch_holds_the_rows_that_were_asked_for() {
        let x = DMatrix::from_fn(40, 3, |i, j| (10 * i + j) as f64);
        let values = DMatrix::from_fn(40, 2, |i, j| (100 * i + j) as f64);
        let classes: Vec<usize> = (0..40).map(|i| i % 2).collect();
        // Rows 0, 3, 6, ... have no weight: sample s is row s + s/2 + 1.
        let weights: Vec<f64> = (0..40).map(|i| f64::from(i % 3)).collect();
        let row_of = |sample: usize| sample + sample / 2 + 1;
        let network = Sequential::perceptron(&[3, 2], Activation::Relu).unwrap();
        let chosen: Vec<usize> = (0..18).map(|i| (7 * i) % 26).collect();
        for targets in [Targets::Classes(&classes), Targets::Values(&values)] {
            let samples = Samples::new(Examples::new(&x, targets).weights(&weights).checked().unwrap());
            assert_eq!(samples.count(), 26);
            let mut batch = Batch::for_training(18, &samples, &network);
            samples.fill(&chosen, &mut batch);
            for (i, &sample) in chosen.iter().enumerate() {
                let row = row_of(sample);
                assert_eq!(batch.x.row(i), x.row(row));
                match batch.targets.borrowed() {
                    Targets::Classes(found) => assert_eq!(found[i], row % 2),
                    Targets::Values(found) => assert_eq!(found.row(i), values.row(row)),
                }
                assert_eq!(batch.weights.as_ref().unwrap()[i] * 1.5, f64::from(row as i32 % 3));
            }
        }
    }
}
