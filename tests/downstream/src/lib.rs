//! A layer, a loss and a source of rows that `logit` does not have.

use std::error::Error;
use std::ops::Range;

use logit::nn::{Gradient, Layer, Loss, Shape, Tape, Targets};
use logit::source::{RowBlock, RowSource};
use logit::{Real, Rng};
use nalgebra::DMatrix;

/// Swish with a learned slope: y = x σ(s x), one s per column.
#[derive(Debug, Clone)]
pub struct Swish {
    pub width: usize,
}

impl Shape for Swish {
    fn inputs(&self) -> usize {
        self.width
    }
    fn outputs(&self) -> usize {
        self.width
    }
    fn parameter_count(&self) -> usize {
        self.width
    }
    /// Shrinking a slope means nothing: no penalty.
    fn penalized(&self) -> Vec<std::ops::Range<usize>> {
        Vec::new()
    }
}

fn sigmoid<T: Real>(z: T) -> T {
    T::one() / (T::one() + (-z).exp())
}

impl<T: Real> Layer<T> for Swish {
    fn init(&self, params: &mut [T], _rng: &mut Rng) {
        params.fill(T::one());
    }

    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        let output = tape.output_mut();
        for ((mut y, x), &s) in output.column_iter_mut().zip(x.column_iter()).zip(params) {
            y.zip_apply(&x, |y, x| *y = x * sigmoid(s * x));
        }
    }

    fn backward(
        &self,
        params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        mut dx: Option<&mut DMatrix<T>>,
    ) {
        let dy = tape.output_gradient();
        for (j, (&s, grad)) in params.iter().zip(grad).enumerate() {
            *grad = T::zero();
            for i in 0..x.nrows() {
                let (x, dy) = (x[(i, j)], dy[(i, j)]);
                let p = sigmoid(s * x);
                let slope = p * (T::one() - p);
                *grad += dy * x * x * slope;
                if let Some(dx) = &mut dx {
                    dx[(i, j)] = dy * (p + s * x * slope);
                }
            }
        }
    }
}

/// The squared hinge loss max(0, 1 - s z)^2 with s = ±1 for the second and first class.
#[derive(Debug, Clone, Copy)]
pub struct SquaredHinge;

impl<T: Real> Loss<T> for SquaredHinge {
    fn score_columns(&self, classes: usize) -> usize {
        if classes == 2 { 1 } else { classes }
    }

    fn accumulate(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        mut gradient: Option<Gradient<'_, T>>,
    ) -> f64 {
        let (rows, columns) = scores.shape();
        let mut sum = 0.0;
        for column in 0..columns {
            for row in 0..rows {
                let weight = weights.map_or(T::one(), |w| w[row]);
                let target = targets.value(row, column, columns);
                let sign = target + target - T::one();
                let gap = (T::one() - sign * scores[(row, column)]).max(T::zero());
                sum += (weight * gap * gap).as_f64();
                if let Some(gradient) = &mut gradient {
                    gradient.out[(row, column)] = -gradient.scale * weight * (gap + gap) * sign;
                }
            }
        }
        sum
    }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        for row in 0..scores.nrows() {
            let p = ((scores[row] + T::one()) * T::of(0.5)).clamp(T::zero(), T::one());
            (out[(row, 0)], out[(row, 1)]) = (T::one() - p, p);
        }
    }
}

/// Rows that are computed when they are read: numbers of a sequence, and whether a noisy threshold is passed.
#[derive(Debug, Clone)]
pub struct Sequence {
    pub rows: usize,
}

impl Sequence {
    /// The entries of a row between -1 and 1, and its label.
    fn row(row: usize) -> ([f64; 2], &'static str) {
        let turn = |step: f64| 2.0 * (row as f64 * step).fract() - 1.0;
        let x = [turn(0.618_033_988_749), turn(0.754_877_666_246)];
        (x, if x[0] + turn(0.569_840_290_998) > 0.0 { "above" } else { "below" })
    }
}

impl RowSource<f64> for Sequence {
    type Label = &'static str;

    fn rows(&self) -> usize {
        self.rows
    }

    fn columns(&self) -> usize {
        2
    }

    fn read(
        &self,
        rows: Range<usize>,
        block: &mut RowBlock<f64, &'static str>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        for (place, row) in rows.enumerate() {
            let (x, label) = Sequence::row(row);
            (block.column_mut(0)[place], block.column_mut(1)[place]) = (x[0], x[1]);
            block.labels_mut().push(label);
        }
        Ok(())
    }
}
