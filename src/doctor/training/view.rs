//! A network, its loss and some rows, as the doctor evaluates them.

use nalgebra::DMatrix;

use crate::error::Error;
use crate::examples::{CheckedExamples, OwnedExamples};
use crate::layer::{Layer, Mode, Tape};
use crate::loss::Loss;
use crate::rng::Rng;
use crate::scalar::Real;
use crate::train::Weights;

/// A network, its loss and some rows with their targets.
pub(crate) struct View<'a, T: Real> {
    pub(crate) network: &'a dyn Layer<T>,
    pub(crate) loss: &'a dyn Loss<T>,
    pub(crate) rows: OwnedExamples<T>,
    x: DMatrix<T>,
}

impl<'a, T: Real> View<'a, T> {
    /// Copies at most `limit` evenly chosen rows of positive weight.
    pub(crate) fn new(
        network: &'a dyn Layer<T>,
        loss: &'a dyn Loss<T>,
        examples: CheckedExamples<'_, T>,
        limit: usize,
    ) -> Result<Self, Error> {
        let rows = examples.select(&spread(&examples.counted(), limit))?;
        let x = rows.examples().x.clone_owned();
        Ok(View { network, loss, rows, x })
    }

    /// Returns the number of rows.
    pub(crate) fn count(&self) -> usize {
        self.x.nrows()
    }

    pub(crate) fn x(&self) -> &DMatrix<T> {
        &self.x
    }

    /// Returns the memory of a forward pass over all rows, as in prediction.
    pub(crate) fn forward(&self, weights: Weights<'_, T>) -> Tape<T> {
        let mut tape = self.network.tape(self.count());
        if tape.statistic_count() == weights.statistics.len() {
            tape.load_statistics(weights.statistics);
        }
        self.network.forward(weights.params, &self.x, &mut tape);
        tape
    }

    /// Returns the memory of a forward pass over all rows, as in training: normalisation takes the statistics
    /// of these rows.
    pub(crate) fn forward_in_training(&self, weights: Weights<'_, T>) -> Tape<T> {
        let mut tape = self.network.tape(self.count());
        tape.set_mode(Mode::Train);
        self.network.sample_masks(&mut tape, &mut Rng::new(0));
        self.network.forward(weights.params, &self.x, &mut tape);
        tape
    }

    /// Returns the mean loss of scores of these rows.
    pub(crate) fn mean_loss(&self, scores: &DMatrix<T>) -> f64 {
        let rows = self.rows.examples();
        self.loss.accumulate(scores, rows.targets, rows.weights, None) / rows.total_weight
    }
}

/// Returns at most `limit` of the items, evenly chosen.
pub(crate) fn spread(items: &[usize], limit: usize) -> Vec<usize> {
    if items.len() <= limit {
        return items.to_vec();
    }
    (0..limit).map(|at| items[(at as u128 * items.len() as u128 / limit as u128) as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_items_are_even() {
        assert_eq!(spread(&[5, 6, 7], 3), [5, 6, 7]);
        assert_eq!(spread(&(0..10).collect::<Vec<_>>(), 4), [0, 2, 5, 7]);
    }
}
