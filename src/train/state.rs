//! Where a training run stands.

use super::history::{Epoch, History};
use super::trained::Trained;
use crate::error::Error;
use crate::optim::PlateauState;
use crate::report::{Divergence, FitReport, StopReason};
use crate::scalar::Real;

/// Everything that a training run needs to go on to the same bits: a snapshot of [`Run`](crate::nn::Run), taken at any step.
///
/// [`save`](Checkpoint::save) writes it to a file and [`load`](Checkpoint::load) reads it; [`to_bytes`](Self::to_bytes)
/// and [`from_bytes`](Checkpoint::from_bytes) do the same in memory. A file holds parameters, running statistics and
/// the state of the optimizer, now and at the start of the epoch, the best parameters so far and the history, all to
/// the bit. It does not hold the rows, the network and the settings: whoever resumes gives them again.
///
/// # Format
/// [Safetensors](https://github.com/huggingface/safetensors): arrays of the number type `T`, and of `f64` and `u64` for
/// the history. In Python, `safetensors.numpy.load_file("run.safetensors")["parameters"]` are the parameters.
/// The metadata has the keys `format` ("logit checkpoint"), `version` ("1.0") and `description` (positions and sizes,
/// in JSON). The array `checksum` is the CRC-64/XZ of all other bytes.
///
/// # Examples
/// ```
/// use logit::nn::{StepOutcome, Checkpoint, MlpOptions};
/// use logit::{Adam, MlpClassifier, data};
///
/// let iris = data::iris();
/// let network = MlpClassifier::new([8]).optimizer(Adam::new(0.01)).epochs(6);
/// let mut run = network.start(&iris.x, &iris.y, MlpOptions::default())?;
/// for _ in 0..13 {
///     run.step()?;
/// }
/// let file = std::env::temp_dir().join(format!("iris-{}.safetensors", std::process::id()));
/// run.checkpoint().save(&file)?;
///
/// // Another day, another process.
/// let checkpoint = Checkpoint::load(&file)?;
/// let mut resumed = network.resume(&iris.x, &iris.y, MlpOptions::default(), checkpoint)?;
/// while resumed.step()? != StepOutcome::Finished {}
///
/// while run.step()? != StepOutcome::Finished {}
/// assert_eq!(resumed.finish(), run.finish()); // to the bit
/// # std::fs::remove_file(&file).ok();
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checkpoint<T> {
    pub(super) identity: RunFingerprint,
    pub(super) cursor: Cursor<T>,
    /// The sum of losses in the epoch at hand.
    pub(super) loss_sum: f64,
    /// The start of the epoch at hand.
    pub(super) snapshot: Cursor<T>,
    /// Parameters before the last step of the last whole epoch.
    pub(super) before_last: Vec<T>,
    pub(super) best: Option<Best<T>>,
    pub(super) history: History,
    pub(super) stop: Option<StopReason>,
    pub(super) divergence: Option<Divergence>,
}

impl<T> Checkpoint<T> {
    /// Steps of the optimizer so far.
    pub fn steps(&self) -> u64 {
        self.cursor.steps
    }

    /// Whole epochs so far.
    pub fn epochs(&self) -> usize {
        self.cursor.epoch
    }

    /// Why the run stopped, if it did.
    pub fn stop(&self) -> Option<StopReason> {
        self.stop
    }

    /// The parameters at this point of the run.
    pub fn params(&self) -> &[T] {
        &self.cursor.params
    }
}

impl<T: Real> Checkpoint<T> {
    pub(super) fn new(identity: RunFingerprint, cursor: Cursor<T>, layers: Vec<String>) -> Self {
        Checkpoint {
            identity,
            snapshot: cursor.clone(),
            before_last: cursor.params.clone(),
            cursor,
            loss_sum: 0.0,
            best: None,
            history: History { layers, epochs: Vec::new() },
            stop: None,
            divergence: None,
        }
    }

    pub(super) fn keep_best(&mut self, loss: f64, epoch: usize, min_improvement: f64) {
        let Cursor { params, statistics, .. } = &self.cursor;
        match &mut self.best {
            None => {
                let (params, statistics) = (params.clone(), statistics.clone());
                self.best = Some(Best { loss, epoch, params, statistics });
            }
            Some(best) if loss < best.loss - min_improvement => {
                (best.loss, best.epoch) = (loss, epoch);
                best.params.copy_from_slice(params);
                best.statistics.copy_from_slice(statistics);
            }
            Some(_) => {}
        }
    }

    /// The model at this point, without the rows: what [`Run::finish`](crate::nn::Run::finish) would have given. A run that
    /// had no reason to stop yet counts as cancelled.
    ///
    /// # Examples
    /// A network of your own is kept in a file by its checkpoint:
    /// ```
    /// use logit::nn::{
    ///     Checkpoint, Examples, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer,
    /// };
    /// use logit::{Activation, Adam, data};
    ///
    /// let iris = data::iris();
    /// let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
    /// let examples = Examples::new(&iris.x, Targets::Classes(&classes));
    /// let network = Sequential::perceptron(&[4, 6, 3], Activation::Tanh)?;
    /// let trainer = Trainer::new(Adam::new(0.01)).epochs(3);
    /// let mut run = trainer.start(&network, SoftmaxCrossEntropy::new(), examples, TrainOptions::default())?;
    /// run.run_to_end(|_| std::ops::ControlFlow::Continue(()))?;
    /// let bytes = run.checkpoint().to_bytes(); // or save(path)
    ///
    /// let trained = Checkpoint::<f64>::from_bytes(&bytes)?.finish(); // or load(path)
    /// let scores = trained.scores(&network, &iris.x)?;
    /// assert_eq!(scores, run.finish().scores(&network, &iris.x)?);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn finish(self) -> Trained<T> {
        self.into_trained(StopReason::Cancelled)
    }

    /// The model at this point; `unfinished` is why a run that has no reason to stop ended.
    pub(crate) fn into_trained(self, unfinished: StopReason) -> Trained<T> {
        let Checkpoint { cursor, best, history, divergence, stop, .. } = self;
        let stop = stop.unwrap_or(unfinished);
        let kept = best.as_ref().map_or(history.epochs.len(), |best| best.epoch);
        let loss = |epoch: &Epoch| epoch.train_loss;
        let objective = kept.checked_sub(1).and_then(|at| history.epochs.get(at)).map_or(f64::INFINITY, loss);
        let mut report = FitReport::new(stop, objective, None);
        report.iterations = history.epochs.len();
        report.evaluations = usize::try_from(cursor.steps).unwrap_or(usize::MAX);
        report.divergence = divergence;
        report.objective_curve = history.epochs.iter().map(loss).collect();
        report.validation_curve = history.epochs.iter().filter_map(|epoch| epoch.validation_loss).collect();
        let (params, statistics) = match best {
            Some(best) => (best.params, best.statistics),
            None => (cursor.params, cursor.statistics),
        };
        Trained { params, statistics, report, history }
    }
}

/// What must not change between a checkpoint and the run that resumes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RunFingerprint {
    pub(super) seed: u64,
    pub(super) rows: usize,
    pub(super) batch_size: usize,
    pub(super) accumulate: usize,
    pub(super) parameters: usize,
    pub(super) statistics: usize,
    pub(super) optimizer_state: usize,
}

impl RunFingerprint {
    /// # Errors
    /// [`Error::Checkpoint`] that names the first difference.
    pub(super) fn check(&self, found: &RunFingerprint) -> Result<(), Error> {
        let pairs = [
            ("seed", self.seed, found.seed),
            ("training rows", self.rows as u64, found.rows as u64),
            ("batch_size", self.batch_size as u64, found.batch_size as u64),
            ("accumulate", self.accumulate as u64, found.accumulate as u64),
            ("parameters", self.parameters as u64, found.parameters as u64),
            ("running statistics", self.statistics as u64, found.statistics as u64),
            ("optimizer state", self.optimizer_state as u64, found.optimizer_state as u64),
        ];
        match pairs.into_iter().find(|(_, expected, found)| expected != found) {
            Some((what, expected, found)) => Err(Error::Checkpoint { what, expected, found }),
            None => Ok(()),
        }
    }
}

/// The part of the state that a step reads and writes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Cursor<T> {
    pub(super) params: Vec<T>,
    pub(super) statistics: Vec<T>,
    pub(super) optimizer_state: Vec<T>,
    pub(super) plateau: PlateauState,
    /// Steps done.
    pub(super) steps: u64,
    /// Whole epochs done.
    pub(super) epoch: usize,
    /// Rows of the epoch at hand that have been used.
    pub(super) row: usize,
}

impl<T: Copy> Cursor<T> {
    /// Copies all of `other`, which has the same sizes.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.params.copy_from_slice(&other.params);
        self.statistics.copy_from_slice(&other.statistics);
        self.optimizer_state.copy_from_slice(&other.optimizer_state);
        self.plateau = other.plateau.clone();
        (self.steps, self.epoch, self.row) = (other.steps, other.epoch, other.row);
    }
}

/// The weights of the epoch with the lowest validation loss.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Best<T> {
    pub(super) loss: f64,
    pub(super) epoch: usize,
    pub(super) params: Vec<T>,
    pub(super) statistics: Vec<T>,
}
