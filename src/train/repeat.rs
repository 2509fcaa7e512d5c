//! Fits that are repeated with changes.

use super::attended::Settings;
use super::config::Trainer;
use super::objective::NetworkObjective;
use super::options::CheckedOptions;
use super::run::StepOutcome;
use crate::examples::CheckedExamples;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::optim::{Optimizer, Schedule, Step};
use crate::scalar::Real;

/// A fit to make again, with changes.
pub(crate) struct Remade<'a, T: Real> {
    pub(crate) network: &'a dyn Layer<T>,
    pub(crate) loss: &'a dyn Loss<T>,
    pub(crate) examples: CheckedExamples<'a, T>,
    /// The parameters and running statistics to start from.
    pub(crate) params: Vec<T>,
    pub(crate) statistics: Vec<T>,
    /// The factor on the learning rate.
    pub(crate) rate: f64,
    /// The factor on the penalty. With 0, the update rule does not shrink weights either.
    pub(crate) penalty: f64,
    pub(crate) without_schedule: bool,
    pub(crate) shuffled: bool,
    pub(crate) steps: usize,
}

/// A way to fit networks that can be repeated with changes.
pub(crate) trait Repeat<T: Real> {
    /// Returns the settings of the fit to these rows.
    fn settings(&self, examples: &CheckedExamples<'_, T>) -> Settings;

    /// Returns the number of row gradients that `steps` steps on `rows` rows take.
    fn steps_of(&self, rows: usize, steps: usize) -> usize;

    /// Fits again, and returns the parameters and running statistics at the end; `None` if that fails.
    fn again(&self, remade: Remade<'_, T>) -> Option<(Vec<T>, Vec<T>)>;
}

impl<T: Real, O: Optimizer<T> + Clone> Repeat<T> for Trainer<O> {
    fn settings(&self, examples: &CheckedExamples<'_, T>) -> Settings {
        let count = examples.counted().len();
        Settings {
            batch: self.batch_of::<T>(count).min(count),
            limit: self.epochs,
            l2: self.l2,
            decays: decays::<T, O>(&self.optimizer),
            scheduled: self.schedule != Schedule::constant(),
            in_order: !self.shuffle && self.batch_of::<T>(count) < count,
            rate: Some(self.optimizer.learning_rate()),
            weighted: differ(examples),
        }
    }

    fn steps_of(&self, rows: usize, steps: usize) -> usize {
        steps.saturating_mul(self.batch_of::<T>(rows).min(rows))
    }

    fn again(&self, remade: Remade<'_, T>) -> Option<(Vec<T>, Vec<T>)> {
        let Remade { network, loss, examples, params, statistics, .. } = &remade;
        let rows = examples.counted().len();
        let per_epoch = rows.div_ceil(self.batch_of::<T>(rows).min(rows).max(1));
        let mut trainer = self.clone().epochs(remade.steps.div_ceil(per_epoch.max(1)).max(1));
        trainer = trainer.l2(remade.penalty * self.l2);
        if remade.without_schedule {
            trainer = trainer.schedule(Schedule::constant());
        }
        if remade.shuffled {
            trainer = trainer.shuffle(true);
        }
        let start = Some((params.as_slice(), statistics.as_slice()));
        let options = CheckedOptions { start, ..CheckedOptions::default() };
        let mut run = trainer.start_on_checked(network, loss, *examples, options).ok()?;
        run.scale_rate(remade.rate);
        if remade.penalty == 0.0 {
            run.stop_decay();
        }
        for _ in 0..remade.steps {
            if run.step().ok()? == StepOutcome::Finished {
                break;
            }
        }
        let weights = run.weights();
        Some((weights.params.to_vec(), weights.statistics.to_vec()))
    }
}

/// The objective of a network that is known by its traits alone.
pub(crate) type AnyObjective<'a, T> = NetworkObjective<T, &'a dyn Layer<T>, &'a dyn Loss<T>>;

/// A minimiser with its penalty: a function of the objective, the start and the limit of iterations.
pub(crate) struct Minimizing<F> {
    pub(crate) minimize: F,
    pub(crate) limit: usize,
    pub(crate) lambda: f64,
    /// Whether the minimiser keeps the weights small by other means than λ.
    pub(crate) bounded: bool,
}

impl<T, F> Repeat<T> for Minimizing<F>
where
    T: Real,
    F: Fn(&mut AnyObjective<'_, T>, Vec<T>, usize) -> Option<Vec<T>>,
{
    fn settings(&self, examples: &CheckedExamples<'_, T>) -> Settings {
        Settings {
            batch: examples.counted().len(),
            limit: self.limit,
            l2: self.lambda,
            decays: self.bounded,
            scheduled: false,
            in_order: false,
            rate: None,
            weighted: differ(examples),
        }
    }

    fn steps_of(&self, rows: usize, steps: usize) -> usize {
        steps.saturating_mul(rows)
    }

    fn again(&self, remade: Remade<'_, T>) -> Option<(Vec<T>, Vec<T>)> {
        let Remade { network, loss, examples, params, steps, penalty, .. } = remade;
        let lambda = penalty * self.lambda;
        let mut objective = NetworkObjective::on_checked(network, loss, examples, lambda).ok()?;
        Some(((self.minimize)(&mut objective, params, steps)?, Vec::new()))
    }
}

/// Returns whether an update rule shrinks a weight that has no gradient.
fn decays<T: Real, O: Optimizer<T>>(optimizer: &O) -> bool {
    let ranges = [std::ops::Range { start: 0, end: 1 }];
    let (mut params, mut state) = ([T::one()], optimizer.state(1));
    let step = Step::new(1, optimizer.learning_rate()).decayed(&ranges);
    optimizer.step(step, &mut params, &[T::zero()], &mut state);
    params[0] != T::one()
}

/// Returns whether rows of positive weight have different weights.
fn differ<T: Real>(examples: &CheckedExamples<'_, T>) -> bool {
    let mut weights = examples.weights.iter().flat_map(|weights| weights.iter()).filter(|w| **w > T::zero());
    let first = weights.next();
    weights.any(|weight| Some(weight) != first)
}
