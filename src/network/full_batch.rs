//! The loss of a network over all rows: to look at, or as an objective for a minimiser.

use std::ops::Range;

use super::BLOCK;
use crate::kernel::{Strided, axpy};
use crate::layer::{Dense, Layer, Sequential, Shape, Tape};
use crate::loss::{Gradient, Loss, Targets};
use crate::optim::Objective;
use crate::penalty::{add_l2_gradient_of, l2_of};
use crate::real::Real;
use crate::rows::Rows;

/// Mean loss plus penalty over all rows, block by block and in order.
pub(super) struct FullBatch<'a, T: Real> {
    network: &'a Sequential<Dense>,
    loss: &'static dyn Loss<T>,
    rows: Rows<'a, T>,
    lambda: f64,
    penalized: Vec<Range<usize>>,
    /// Of a whole block and, for the rows that are left over, of a smaller one.
    tapes: [Tape<T>; 2],
    partial: Vec<T>,
}

impl<'a, T: Real> FullBatch<'a, T> {
    pub(super) fn new(
        network: &'a Sequential<Dense>,
        loss: &'static dyn Loss<T>,
        rows: Rows<'a, T>,
        lambda: f64,
    ) -> Self {
        let count = rows.x.nrows();
        let size = BLOCK.min(count);
        FullBatch {
            network,
            loss,
            rows,
            lambda,
            penalized: network.penalized(),
            tapes: [network.tape(size), network.tape(count % size)],
            partial: Vec::new(),
        }
    }

    /// The mean loss, without penalty and gradient.
    pub(super) fn mean_loss(&mut self, params: &[T]) -> f64 {
        self.sum(params, None) / self.rows.total_weight
    }

    /// The sum of losses; adds the gradient of their mean to `gradient`.
    fn sum(&mut self, params: &[T], mut gradient: Option<&mut [T]>) -> f64 {
        let rows = self.rows;
        let size = BLOCK.min(rows.x.nrows());
        let mut sum = 0.0;
        for first in (0..rows.x.nrows()).step_by(size) {
            let range = first..rows.x.nrows().min(first + size);
            let tape = &mut self.tapes[usize::from(range.len() < size)];
            let x = Strided::from(rows.x).rows(first, range.len());
            self.network.forward_rows(params, x, tape);
            let (scores, out) = tape.split();
            let out =
                gradient.is_some().then(|| Gradient { scale: T::of(1.0 / self.rows.total_weight), out });
            let targets = Targets::Classes(&rows.classes[range.clone()]);
            sum += self.loss.accumulate(scores, targets, rows.weights.map(|w| &w[range]), out);
            if let Some(gradient) = &mut gradient {
                self.partial.resize(params.len(), T::zero());
                self.network.backward_rows(params, x, tape, &mut self.partial);
                axpy(T::one(), &self.partial, gradient);
            }
        }
        sum
    }
}

impl<T: Real> Objective<T> for FullBatch<'_, T> {
    fn parameter_count(&self) -> usize {
        self.network.parameter_count()
    }

    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> f64 {
        gradient.fill(T::zero());
        let sum = self.sum(params, Some(gradient));
        add_l2_gradient_of(self.lambda, &self.penalized, params, gradient);
        sum / self.rows.total_weight + l2_of(self.lambda, &self.penalized, params)
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    use super::*;
    use crate::gradcheck::GradCheck;
    use crate::layer::Activation;
    use crate::loss::cross_entropy;
    use crate::rng::Rng;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn the_gradient_over_all_blocks_is_the_derivative(
            rows in prop_oneof![1usize..20, 250usize..300], classes in 2usize..4, lambda in 0.0f64..1.0, weighted: bool,
            seed: u64,
        ) {
            let mut rng = Rng::new(seed);
            let loss = cross_entropy::<f64>(classes);
            let network = Sequential::perceptron(&[2, 3, loss.score_columns(classes)], Activation::Tanh).unwrap();
            let x = DMatrix::from_fn(rows, 2, |_, _| rng.standard_normal());
            let y: Vec<usize> = (0..rows).map(|_| rng.below(classes)).collect();
            let weights: Vec<f64> = (0..rows).map(|_| rng.uniform(0.5, 2.0)).collect();
            let total_weight = if weighted { weights.iter().sum() } else { rows as f64 };
            let weights = weighted.then_some(weights.as_slice());
            let rows = Rows { x: &x, classes: &y, weights, total_weight };
            let mut objective = FullBatch::new(&network, loss, rows, lambda);
            let params: Vec<f64> = (0..network.parameter_count()).map(|_| rng.standard_normal()).collect();
            let check = GradCheck::new().relative_tolerance(1e-8).absolute_tolerance(1e-10);
            let agreement = check.objective(&mut objective, &params);
            prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
        }
    }
}
