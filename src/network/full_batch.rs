//! The loss of a network over all rows, as an objective for a minimiser.

use std::ops::Range;

use nalgebra::DMatrix;

use super::{BLOCK, copy_rows};
use crate::kernel::axpy;
use crate::layer::{Dense, Layer, Sequential, Shape, Tape};
use crate::loss::{Gradient, Loss, Targets};
use crate::optim::Objective;
use crate::penalty::add_l2;
use crate::real::Real;

/// Mean loss plus penalty over all rows, block by block and in order.
pub(super) struct FullBatch<'a, T: Real> {
    network: &'a Sequential<Dense>,
    loss: &'static dyn Loss<T>,
    x: &'a DMatrix<T>,
    classes: &'a [usize],
    weights: Option<&'a [T]>,
    total_weight: f64,
    lambda: f64,
    penalized: Vec<Range<usize>>,
    /// A whole block and, for the rows that are left over, a smaller one.
    blocks: [(DMatrix<T>, Tape<T>); 2],
    partial: Vec<T>,
}

impl<'a, T: Real> FullBatch<'a, T> {
    pub(super) fn new(
        network: &'a Sequential<Dense>,
        loss: &'static dyn Loss<T>,
        x: &'a DMatrix<T>,
        classes: &'a [usize],
        (weights, total_weight): (Option<&'a [T]>, f64),
        lambda: f64,
    ) -> Self {
        let size = BLOCK.min(x.nrows());
        let block = |rows: usize| (DMatrix::zeros(rows, x.ncols()), network.tape(rows));
        FullBatch {
            network,
            loss,
            x,
            classes,
            weights,
            total_weight,
            lambda,
            penalized: network.penalized(),
            blocks: [block(size), block(x.nrows() % size)],
            partial: vec![T::zero(); network.parameter_count()],
        }
    }
}

impl<T: Real> Objective<T> for FullBatch<'_, T> {
    fn parameter_count(&self) -> usize {
        self.network.parameter_count()
    }

    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> f64 {
        gradient.fill(T::zero());
        let (rows, size) = (self.x.nrows(), self.blocks[0].0.nrows());
        let mut sum = 0.0;
        for first in (0..rows).step_by(size) {
            let range = first..rows.min(first + size);
            let (x, tape) = &mut self.blocks[usize::from(range.len() < size)];
            copy_rows(self.x, first, x);
            self.network.forward(params, x, tape);
            let (scores, out) = tape.split();
            let out = Gradient { scale: T::of(1.0 / self.total_weight), out };
            let targets = Targets::Classes(&self.classes[range.clone()]);
            sum += self.loss.accumulate(scores, targets, self.weights.map(|w| &w[range]), Some(out));
            self.network.backward(params, x, tape, &mut self.partial, None);
            axpy(T::one(), &self.partial, gradient);
        }
        sum / self.total_weight + add_l2(self.lambda, &self.penalized, params, gradient)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gradcheck::GradCheck;
    use crate::layer::Activation;
    use crate::network::cross_entropy;
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
            let total = if weighted { weights.iter().sum() } else { rows as f64 };
            let weights = (weighted.then_some(weights.as_slice()), total);
            let mut objective = FullBatch::new(&network, loss, &x, &y, weights, lambda);
            let params: Vec<f64> = (0..network.parameter_count()).map(|_| rng.standard_normal()).collect();
            let check = GradCheck::new().relative_tolerance(1e-8).absolute_tolerance(1e-10);
            let agreement = check.objective(&mut objective, &params);
            prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
        }
    }
}
