//! A snapshot of a training run.

use super::state::RunState;
use super::trained::Trained;
use crate::report::StopReason;
use crate::scalar::Real;

/// A snapshot of a training [`Run`](crate::nn::Run), from which the run can be resumed bit for bit.
///
/// [`Persist`](crate::Persist) saves and loads it. A file holds the parameters, the running statistics and
/// the state of the optimizer, both now and at the start of the epoch. It also holds the best parameters so
/// far and the history. All numbers are exact to the bit. The file does not hold the rows, the network and
/// the settings; supply them again to resume. It describes them, so that only the same run can be resumed:
/// [`Trainer::resume`](crate::nn::Trainer::resume) lists what is compared.
///
/// A run whose parameters are no longer finite stops as diverged before its epoch ends. Its checkpoint is
/// saved as of the start of that epoch, and the resumed run reaches the same end from there.
///
/// # Format
/// The format is that of [model files](crate::guide::model_files), with arrays of the number type `T`, and of
/// `f64` and `u64` for the history. In Python,
/// `safetensors.numpy.load_file("run.safetensors")["model.position.parameters"]` is the array of the
/// parameters.
///
/// # Examples
/// ```
/// use logit::nn::{StepOutcome, Checkpoint, MlpOptions};
/// use logit::prelude::*;
/// use logit::{Adam, MlpClassifier, data};
///
/// let iris = data::iris();
/// let network = MlpClassifier::new([8]).optimizer(Adam::new(0.01)).epochs(6);
/// let mut run = network.start(&iris.x, &iris.y, MlpOptions::default())?;
/// for _ in 0..13 {
///     run.step()?;
/// }
/// let file =
///     std::env::temp_dir().join(format!("iris-{}.safetensors", std::process::id()));
/// run.checkpoint().save(&file)?;
///
/// // Another day, another process.
/// let checkpoint = Checkpoint::load(&file)?;
/// let mut resumed =
///     network.resume(&iris.x, &iris.y, MlpOptions::default(), checkpoint)?;
/// while resumed.step()? != StepOutcome::Finished {}
///
/// while run.step()? != StepOutcome::Finished {}
/// assert_eq!(resumed.finish(), run.finish()); // to the bit
/// # std::fs::remove_file(&file).ok();
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint<T>(pub(super) RunState<T>);

impl<T> Checkpoint<T> {
    /// Creates the snapshot of a run in this state.
    pub(crate) fn of(state: RunState<T>) -> Self {
        Checkpoint(state)
    }

    /// Returns the number of optimizer steps so far.
    pub fn steps(&self) -> u64 {
        self.0.cursor.steps
    }

    /// Returns the number of completed epochs.
    pub fn epochs(&self) -> usize {
        self.0.cursor.epoch
    }

    /// Returns the reason why the run stopped, or `None` if it has none yet.
    pub fn stop(&self) -> Option<StopReason> {
        self.0.stop
    }

    /// Returns the parameters at this point of the run.
    pub fn params(&self) -> &[T] {
        &self.0.cursor.params
    }
}

impl<T: Real> Checkpoint<T> {
    /// Returns the model at this point, without the rows; see [`Run::finish`](crate::nn::Run::finish).
    ///
    /// A run without a stop reason counts as cancelled. This includes a run that has completed all its
    /// epochs, because a checkpoint does not hold their number.
    ///
    /// # Examples
    /// A checkpoint stores the model of a custom network in a file:
    /// ```
    /// use logit::nn::{
    ///     Checkpoint, Examples, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions,
    ///     Trainer,
    /// };
    /// use logit::prelude::*;
    /// use logit::{Activation, Adam, data};
    ///
    /// let iris = data::iris();
    /// let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
    /// let examples = Examples::new(&iris.x, Targets::Classes(&classes));
    /// let network = Sequential::perceptron(&[4, 6, 3], Activation::Tanh)?;
    /// let trainer = Trainer::new(Adam::new(0.01)).epochs(3);
    /// let mut run = trainer.start(
    ///     &network,
    ///     SoftmaxCrossEntropy::new(),
    ///     examples,
    ///     TrainOptions::default(),
    /// )?;
    /// run.run_to_end(|_| std::ops::ControlFlow::Continue(()))?;
    /// let bytes = run.checkpoint().to_bytes()?; // or save(path)
    ///
    /// let trained = Checkpoint::<f64>::from_bytes(&bytes)?.finish(); // or load(path)
    /// let scores = trained.scores(&network, &iris.x)?;
    /// assert_eq!(scores, run.finish().scores(&network, &iris.x)?);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn finish(self) -> Trained<T> {
        self.0.into_trained(StopReason::Cancelled)
    }
}
