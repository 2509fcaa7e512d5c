//! The settings of a training run.

use crate::check;
use crate::error::Error;
use crate::optim::{Clip, Optimizer, Schedule};
use crate::parallel::Threads;
use crate::scalar::Real;

/// A trainer of any [`Layer`](crate::nn::Layer) on any [`Loss`](crate::nn::Loss) with any first-order
/// [`Optimizer`], by mini-batches.
///
/// A step consists of the forward pass, the loss, the backward pass, the penalty, clipping and the update.
/// Rows are [shuffled](Trainer::shuffle) before each epoch. Random numbers (shuffles, dropout masks) depend
/// only on the seed and the number of the epoch or step. The same settings therefore give the same bits,
/// whatever ran before and wherever a run was interrupted.
///
/// # Divergence
/// If the loss or the weights become infinite or NaN, training stops with
/// [`StopReason::Diverged`](crate::StopReason) and keeps the weights from before the step that caused it
/// (with validation rows: the best weights). [`FitReport::divergence`](crate::FitReport) reports at which
/// step this happened, and what was no longer finite.
///
/// # Examples
/// ```
/// use logit::nn::{
///     Examples, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer,
/// };
/// use logit::{Activation, Adam, Schedule, data};
///
/// let iris = data::iris();
/// let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
/// let network = Sequential::perceptron(&[4, 10, 3], Activation::Tanh)?;
///
/// let trainer = Trainer::new(Adam::new(0.02))
///     .epochs(40)
///     .batch_size(25)
///     .schedule(Schedule::cosine(240));
/// let examples = Examples::new(&iris.x, Targets::Classes(&classes));
/// let trained = trainer.fit(
///     &network,
///     &SoftmaxCrossEntropy::new(),
///     examples,
///     TrainOptions::default(),
/// )?;
/// assert!(trained.report.objective < 0.2, "{}", trained.history);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Trainer<O> {
    pub(crate) optimizer: O,
    /// `None` for the default, which depends on the rule.
    pub(crate) batch_size: Option<usize>,
    pub(crate) epochs: usize,
    pub(crate) accumulate: usize,
    pub(crate) shuffle: bool,
    pub(crate) l2: f64,
    pub(crate) clip: Option<Clip>,
    pub(crate) schedule: Schedule,
    pub(crate) patience: usize,
    pub(crate) min_improvement: f64,
    pub(crate) seed: u64,
    pub(crate) threads: Threads,
}

/// The default number of rows in a batch.
const BATCH: usize = 32;

impl<O> Trainer<O> {
    /// Creates a trainer with this optimizer.
    pub fn new(optimizer: O) -> Self {
        Trainer {
            optimizer,
            batch_size: None,
            epochs: 100,
            accumulate: 1,
            shuffle: true,
            l2: 0.0,
            clip: None,
            schedule: Schedule::constant(),
            patience: 10,
            min_improvement: 0.0,
            seed: 0,
            threads: Threads::default(),
        }
    }

    /// Sets the number of rows in a mini-batch, at least 1; the last mini-batch of an epoch may have fewer.
    /// Defaults to 32, and to all rows for a rule that [needs them](Optimizer::needs_full_batches).
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = Some(batch_size);
        self
    }

    /// Sets the number of epochs, which are passes over the training rows, at least 1. Defaults to 100.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Sets the number of mini-batches whose gradients are accumulated for one step, at least 1.
    ///
    /// The step is that of a batch `batches` times as large, in the memory of a single mini-batch. Defaults
    /// to 1.
    pub fn accumulate(mut self, batches: usize) -> Self {
        self.accumulate = batches;
        self
    }

    /// Sets whether rows are shuffled before each epoch. Defaults to `true`.
    ///
    /// Without shuffling, mini-batches are consecutive rows, the same in each epoch. If the rows are sorted by
    /// class, a batch then has rows of a single class, and training is poor or fails. A batch of all rows is
    /// never shuffled.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Sets λ of the penalty λ/2 ‖w‖² that is added to the mean loss, at least 0. Biases and the parameters
    /// of normalisation are not penalised. Defaults to 0.
    pub fn l2(mut self, lambda: f64) -> Self {
        self.l2 = lambda;
        self
    }

    /// Sets how gradients are clipped before a step. Defaults to no clipping.
    pub fn clip(mut self, clip: Clip) -> Self {
        self.clip = Some(clip);
        self
    }

    /// Sets the schedule of the learning rate. Defaults to [`Schedule::constant`].
    ///
    /// A [plateau](Schedule::reduce_on_plateau) observes the validation loss, or the training loss if there
    /// are no validation rows. A plateau for which larger is better is refused.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets the patience of early stopping: the number of epochs without a better validation loss, at least
    /// 1, after which training stops.
    ///
    /// It has an effect only with validation rows. The weights of the epoch with the lowest validation loss
    /// are kept in any case ([`History::best_epoch`](crate::nn::History::best_epoch)). Defaults to 10.
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// Sets the decrease of the validation loss that counts as an improvement for the patience, at least 0.
    ///
    /// The loss must be lower by more than this than at the last improvement. The setting decides only when
    /// training stops. It does not decide which weights are kept: these are always those of the lowest loss.
    /// It has an effect only with validation rows. Defaults to 0: any decrease counts.
    pub fn min_improvement(mut self, min_improvement: f64) -> Self {
        self.min_improvement = min_improvement;
        self
    }

    /// Sets the seed of initial weights, shuffles and dropout masks. Defaults to 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the largest number of threads. Defaults to all of the machine; short computations use one.
    ///
    /// Results do not depend on it, to the bit, and a run can be resumed with another number.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::at_most(threads);
        self
    }

    /// Returns the number of rows in a batch, for this number of training rows.
    pub(crate) fn batch_of<T: Real>(&self, rows: usize) -> usize
    where
        O: Optimizer<T>,
    {
        let all = self.optimizer.needs_full_batches();
        self.batch_size.unwrap_or(if all { rows } else { BATCH })
    }

    /// Checks that all settings are in range.
    pub(crate) fn check<T: Real>(&self) -> Result<(), Error>
    where
        O: Optimizer<T>,
    {
        for (name, value) in [
            ("batch_size", self.batch_size.unwrap_or(BATCH)),
            ("epochs", self.epochs),
            ("accumulate", self.accumulate),
            ("patience", self.patience),
        ] {
            check::parameter(name, value as f64, value > 0, "at least 1")?;
        }
        check::not_negative("l2", self.l2)?;
        check::not_negative("min_improvement", self.min_improvement)?;
        self.clip.map_or(Ok(()), |clip| clip.check())?;
        self.schedule.check_for_losses()?;
        self.threads.check()?;
        self.optimizer.check()
    }
}
