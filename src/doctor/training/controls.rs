//! Short fits that tell what a run without skill lacks: a training that works, or columns that say something.

use super::classes::Classes;
use super::losses::LossEvidence;
use super::outcome::Outcome;
use super::outputs::{OutputEvidence, fresh_statistics};
use super::view::{View, spread};
use crate::examples::{CheckedExamples, OwnedExamples};
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::train::{NetworkFit, Remade, Weights};

/// The number of rows to learn by heart.
pub(crate) const FEW: usize = 16;

/// The skill of control fits on the rows that they were fitted to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Controls {
    /// The skill on sixteen rows.
    pub(crate) few_rows: f64,
    /// The skill with columns of zeros, which is at most about 0.
    pub(crate) zeroed: f64,
    /// The skill with labels in a random order.
    pub(crate) shuffled: f64,
    /// The skill with all as it is.
    pub(crate) plain: f64,
}

impl Controls {
    /// Returns the number of row gradients of the fits.
    pub(crate) fn cost<T: Real>(fit: &NetworkFit<'_, T>, rows: usize, steps: usize) -> usize {
        let all = fit.method.steps_of(rows, steps).saturating_mul(3);
        all.saturating_add(fit.method.steps_of(FEW.min(rows), steps))
    }

    /// Makes the control fits. Each takes `steps` steps and starts from the parameters `first`. Returns `None`
    /// if a fit fails.
    pub(crate) fn measure<T: Real>(
        fit: &NetworkFit<'_, T>,
        rows: &OwnedExamples<T>,
        first: &[T],
        (steps, seed): (usize, u64),
    ) -> Option<Self> {
        let given = rows.examples();
        let all: Vec<usize> = (0..given.x.nrows()).collect();
        let few = given.select(&spread(&all, FEW)).ok()?;
        let zeros = nalgebra::DMatrix::zeros(given.x.nrows(), given.x.ncols());
        let zeroed = CheckedExamples::new(Rows::from(&zeros), given.targets, given.weights).ok()?;
        let mut order = all;
        Rng::new(seed).shuffle(&mut order);
        let elsewhere = given.select(&order).ok()?;
        let shuffled = CheckedExamples::new(given.x, elsewhere.examples().targets, None).ok()?;
        let skill = |examples| skill(fit, examples, first, steps);
        Some(Controls {
            few_rows: skill(few.examples())?,
            zeroed: skill(zeroed)?,
            shuffled: skill(shuffled)?,
            plain: skill(given)?,
        })
    }
}

/// Fits the network to rows, and returns its skill on them.
fn skill<T: Real>(
    fit: &NetworkFit<'_, T>,
    examples: CheckedExamples<'_, T>,
    first: &[T],
    steps: usize,
) -> Option<f64> {
    let NetworkFit { network, loss, method, .. } = *fit;
    let view = View::new(network, loss, examples, usize::MAX).ok()?;
    let classes = Classes::new(examples.targets, examples.weights, network.outputs())?;
    let few = View::new(network, loss, examples, 32).ok()?;
    let losses = LossEvidence::measure(loss, &classes, &OutputEvidence::measure(&few));
    let (params, statistics) = method.again(Remade {
        network,
        loss,
        examples,
        params: first.to_vec(),
        statistics: fresh_statistics(network),
        rate: 1.0,
        penalty: 1.0,
        without_schedule: false,
        shuffled: false,
        steps,
    })?;
    let tape = view.forward(Weights { params: &params, statistics: &statistics });
    let outcome = Outcome::of(&view, tape.output(), Some(&classes), &losses, 0.5);
    outcome.skill.is_finite().then_some(outcome.skill)
}
