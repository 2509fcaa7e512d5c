//! Step-by-step fits of the multi-layer perceptron.

use std::ops::ControlFlow;

use super::architecture::Network;
use super::config::MlpClassifier;
use super::mlp::FittedMlp;
use super::prepare::{Prepared, hold_out, named};
use crate::compiled::compiled;
use crate::error::{Error, unsupported};
use crate::estimator::FitOptions;
use crate::examples::{CheckedExamples, EncodedExamples, Labelled};
use crate::label::Label;
use crate::layer::Layer;
use crate::loss::{ClassificationLoss, Loss};
use crate::metrics::Metric;
use crate::optim::{Optimizer, UpdateRule};
use crate::report::Progress;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::train::{
    Attendance, CheckedOptions, Checkpoint, Epoch, History, NetworkFit, Run, StepOutcome, Trained, Trainer,
    Weights,
};

/// Optional inputs to a mini-batch fit: sample weights, validation rows, metrics and a model to start from.
///
/// # Examples
///
/// ```
/// use logit::metrics::Accuracy;
/// use logit::nn::MlpOptions;
/// use logit::{MlpClassifier, data, train_test_split};
///
/// let iris = data::iris();
/// let split = train_test_split(&iris.y, 0.3, 1)?;
/// let rows = |rows: &[usize]| -> (_, Vec<_>) {
///     (iris.x.select_rows(rows), rows.iter().map(|&row| iris.y[row]).collect())
/// };
/// let ((x, y), (x_held, y_held)) = (rows(&split.train), rows(&split.test));
///
/// let options = MlpOptions::default().validation(&x_held, &y_held).metric(Accuracy);
/// let mut run = MlpClassifier::new([10]).epochs(30).start(&x, &y, options)?;
/// run.run_to_end(|epoch| {
///     if epoch.metrics[0] > 0.97 {
///         std::ops::ControlFlow::Break(())
///     } else {
///         std::ops::ControlFlow::Continue(())
///     }
/// })?;
/// let model = run.finish();
/// # assert!(model.history().epochs.len() <= 30);
/// # Ok::<(), logit::Error>(())
/// ```
#[non_exhaustive]
pub struct MlpOptions<'a, T: Real, L> {
    pub(super) weights: Option<&'a [T]>,
    pub(super) validation: Option<(Rows<'a, T>, &'a [L])>,
    pub(super) validation_weights: Option<&'a [T]>,
    pub(super) metrics: Vec<Box<dyn Metric>>,
    pub(super) start: Option<&'a FittedMlp<T, L>>,
}

impl<T: Real, L> Default for MlpOptions<'_, T, L> {
    fn default() -> Self {
        MlpOptions::new()
    }
}

impl<T: Real, L> std::fmt::Debug for MlpOptions<'_, T, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MlpOptions")
            .field("weights", &self.weights.is_some())
            .field("validation", &self.validation.is_some())
            .field("validation_weights", &self.validation_weights.is_some())
            .field("metrics", &self.metrics.len())
            .field("start", &self.start.is_some())
            .finish()
    }
}

impl<'a, T: Real, L> MlpOptions<'a, T, L> {
    /// Creates options without weights, validation rows or metrics, and with random initial weights.
    pub fn new() -> Self {
        MlpOptions {
            weights: None,
            validation: None,
            validation_weights: None,
            metrics: Vec::new(),
            start: None,
        }
    }

    /// Sets one weight per row, finite and at least 0. A weight of 2 counts a row twice, and 0 removes it.
    /// Defaults to 1 for every row.
    pub fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Sets the rows and labels to measure the loss on after each epoch.
    ///
    /// They replace the [fraction](MlpClassifier::validation_fraction) of the training rows. Class weights
    /// apply to them too. Defaults to none.
    pub fn validation(mut self, x: impl Into<Rows<'a, T>>, y: &'a [L]) -> Self {
        self.validation = Some((x.into(), y));
        self
    }

    /// Sets one weight per validation row, finite and at least 0, for the validation loss and the metrics.
    ///
    /// A weight of 2 counts a row twice, and 0 removes it. Class weights multiply them. They require
    /// validation rows. Defaults to 1 for every row.
    pub fn validation_weights(mut self, weights: &'a [T]) -> Self {
        self.validation_weights = Some(weights);
        self
    }

    /// Adds a metric to record after each epoch; it requires validation rows.
    pub fn metric(mut self, metric: impl Metric + 'static) -> Self {
        self.metrics.push(Box::new(metric));
        self
    }

    /// Sets a model to start from, which must have the same layers, columns and classes. Defaults to random
    /// initial weights.
    pub fn start(mut self, model: &'a FittedMlp<T, L>) -> Self {
        self.start = Some(model);
        self
    }
}

/// A network fit that is driven one step at a time; it can be stopped, saved and resumed at any step.
///
/// It is a [`Run`] that knows the classes.
///
/// # Examples
///
/// ```
/// use logit::nn::MlpOptions;
/// use logit::{MlpClassifier, data};
///
/// let iris = data::iris();
/// let network = MlpClassifier::new([8]).epochs(5);
/// let mut run = network.start(&iris.x, &iris.y, MlpOptions::default())?;
/// for _ in 0..7 {
///     run.step()?;
/// }
/// let mut resumed =
///     network.resume(&iris.x, &iris.y, MlpOptions::default(), run.checkpoint())?;
/// run.run_to_end(|_| std::ops::ControlFlow::Continue(()))?;
/// resumed.run_to_end(|_| std::ops::ControlFlow::Continue(()))?;
/// assert_eq!(run.finish(), resumed.finish());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug)]
pub struct MlpRun<T: Real, L> {
    classes: Vec<L>,
    names: Option<Vec<String>>,
    pub(super) run: Run<T, Network, ClassificationLoss, UpdateRule>,
}

impl MlpClassifier {
    /// Begins a mini-batch fit, without taking a step.
    ///
    /// # Errors
    /// Returns the errors of [`Estimator::fit_with`](crate::Estimator::fit_with). Returns
    /// [`Error::Unsupported`] for a full-batch minimiser, which has no steps, and for validation weights
    /// without validation rows. Returns [`Error::WarmStart`] if the model to start from does not match, and
    /// [`Error::MissingClass`] if a metric needs a class that no validation row has.
    pub fn start<'a, T: Real, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        options: MlpOptions<'_, T, L>,
    ) -> Result<MlpRun<T, L>, Error> {
        let x = x.into();
        self.begin(x, y, options, None)
    }

    /// Resumes a fit from `checkpoint`, with the same settings, rows, labels and options.
    ///
    /// A run that its observer stopped can be resumed too, and so can one that stopped early, with more
    /// patience. [`Trainer::resume`] lists what may change between the two; the classes may not.
    ///
    /// # Errors
    /// Returns the errors of [`start`](Self::start), and [`Error::Checkpoint`] if the checkpoint belongs to
    /// another run.
    pub fn resume<'a, T: Real, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        options: MlpOptions<'_, T, L>,
        checkpoint: Checkpoint<T>,
    ) -> Result<MlpRun<T, L>, Error> {
        let x = x.into();
        self.begin(x, y, options, Some(checkpoint))
    }

    fn begin<T: Real, L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: MlpOptions<'_, T, L>,
        checkpoint: Option<Checkpoint<T>>,
    ) -> Result<MlpRun<T, L>, Error> {
        let MlpOptions { weights, validation, validation_weights, metrics, start } = options;
        if validation.is_none() && validation_weights.is_some() {
            return Err(unsupported(
                "validation weights",
                "a run without validation rows of its own",
                "give validation rows, or leave the weights out",
            ));
        }
        let Prepared { labelled, network, loss } = self.prepare(x, y, weights)?;
        self.check_steps()?;
        if let Some(model) = start {
            model.check_start(&labelled.classes, &network)?;
        }
        let start = start.map(|model| (model.params.as_slice(), model.statistics.as_slice()));
        let fraction = self.validation_fraction;
        let setup = Setup { validation, validation_weights, fraction, metrics, start, checkpoint };
        let run = begin_on(&self.trainer, network, loss, &labelled, setup)
            .map_err(|error| error.with_labels(&labelled.classes))?;
        Ok(MlpRun { classes: labelled.classes, names: x.names().map(<[String]>::to_vec), run })
    }
}

impl<T: Real, L: Label> MlpRun<T, L> {
    /// Takes one step of the optimizer.
    ///
    /// # Errors
    /// Returns an error if a metric is not defined for the validation rows.
    pub fn step(&mut self) -> Result<StepOutcome, Error> {
        self.run.step().map_err(|error| error.with_labels(&self.classes))
    }

    /// Runs all remaining steps, and shows each epoch to `observer`, which can stop the run with
    /// [`ControlFlow::Break`].
    ///
    /// # Errors
    /// Returns the errors of [`step`](Self::step).
    pub fn run_to_end(&mut self, observer: impl FnMut(&Epoch) -> ControlFlow<()>) -> Result<(), Error> {
        self.run.run_to_end(observer).map_err(|error| error.with_labels(&self.classes))
    }

    /// Returns whether no steps are left.
    pub fn is_finished(&self) -> bool {
        self.run.is_finished()
    }

    /// Returns a snapshot of the run, to save and to [`resume`](MlpClassifier::resume) from.
    pub fn checkpoint(&self) -> Checkpoint<T> {
        self.run.checkpoint()
    }

    /// Returns the history of the epochs so far.
    pub fn history(&self) -> &History {
        self.run.history()
    }

    /// Ends the run and returns the model: with validation rows that of the best epoch, else that of the last
    /// step.
    ///
    /// A run that is not finished counts as cancelled.
    pub fn finish(self) -> FittedMlp<T, L> {
        let (network, loss, trained) = self.run.into_trained();
        FittedMlp::new(self.classes, self.names, network, loss, trained)
    }
}

/// The inputs of a run besides network, loss and rows.
pub(super) struct Setup<'a, T: Real, L> {
    pub(super) validation: Option<(Rows<'a, T>, &'a [L])>,
    pub(super) validation_weights: Option<&'a [T]>,
    /// The fraction of the rows to hold out, if there are no validation rows.
    pub(super) fraction: Option<f64>,
    pub(super) metrics: Vec<Box<dyn Metric>>,
    pub(super) start: Option<(&'a [T], &'a [T])>,
    pub(super) checkpoint: Option<Checkpoint<T>>,
}

impl<T: Real, L> Default for Setup<'_, T, L> {
    fn default() -> Self {
        Setup {
            validation: None,
            validation_weights: None,
            fraction: None,
            metrics: Vec::new(),
            start: None,
            checkpoint: None,
        }
    }
}

/// Calls `with` with the rows to train on, and with the options of the run.
fn with_parts<T: Real, L: Label, A>(
    labelled: &Labelled<'_, T, L>,
    seed: u64,
    setup: Setup<'_, T, L>,
    with: impl FnOnce(CheckedExamples<'_, T>, CheckedOptions<'_, T>) -> Result<A, Error>,
) -> Result<A, Error> {
    let Labelled { examples, classes, class_weights } = labelled;
    let Setup { validation, validation_weights, fraction, metrics, start, .. } = setup;
    let given = validation
        .map(|(x, y)| {
            EncodedExamples::of_classes(x, y, validation_weights, classes, class_weights.as_deref())
        })
        .transpose()?;
    let all = CheckedExamples::from(examples.examples());
    let parts = match (&given, fraction) {
        (None, Some(fraction)) => {
            let (learnt, held) = hold_out(examples.examples(), classes, fraction, seed)?;
            Some((all.select(&learnt)?, all.select(&held)?))
        }
        _ => None,
    };
    let held = parts.as_ref().map(|(_, held)| held.examples());
    let validation = held.or(given.as_ref().map(|given| given.examples().into()));
    let options = CheckedOptions { validation, metrics, start, classes: named(classes) };
    with(parts.as_ref().map_or(all, |(learnt, _)| learnt.examples()), options)
}

/// Begins a run of a checked trainer on labelled rows, or resumes it from the checkpoint.
pub(super) fn begin_on<T, L, N, S, O>(
    trainer: &Trainer<O>,
    network: N,
    loss: S,
    labelled: &Labelled<'_, T, L>,
    mut setup: Setup<'_, T, L>,
) -> Result<Run<T, N, S, O>, Error>
where
    T: Real,
    L: Label,
    N: Layer<T>,
    S: Loss<T>,
    O: Optimizer<T> + Clone,
{
    let checkpoint = setup.checkpoint.take();
    with_parts(labelled, trainer.seed, setup, |learnt, options| match checkpoint {
        None => trainer.start_on_checked(network, loss, learnt, options),
        Some(checkpoint) => trainer.resume_on_checked(network, loss, learnt, options, checkpoint),
    })
}

/// Runs a checked trainer on labelled rows to the end, with the observer and the attendant of the options of a
/// fit.
pub(super) fn fit_on<T, L, N, S, O>(
    trainer: &Trainer<O>,
    (network, loss): (&N, &S),
    labelled: &Labelled<'_, T, L>,
    setup: Setup<'_, T, L>,
    options: FitOptions<'_, T>,
) -> Result<Trained<T>, Error>
where
    T: Real,
    L: Label,
    N: Layer<T>,
    S: Loss<T>,
    O: Optimizer<T> + Clone,
{
    with_parts(labelled, trainer.seed, setup, |examples, run| {
        run_on(trainer, (network, loss), examples, run, options)
    })
}

/// Runs a checked trainer on checked examples to the end, with the observer and the attendant of the options of
/// a fit.
#[inline(never)]
pub(super) fn run_on<T, N, S, O>(
    trainer: &Trainer<O>,
    (network, loss): (&N, &S),
    examples: CheckedExamples<'_, T>,
    run: CheckedOptions<'_, T>,
    mut options: FitOptions<'_, T>,
) -> Result<Trained<T>, Error>
where
    T: Real,
    N: Layer<T>,
    S: Loss<T>,
    O: Optimizer<T> + Clone,
{
    let held = run.validation;
    let mut run = trainer.start_on_checked(network, loss, examples, run)?;
    let fit = NetworkFit { network, loss, examples, held, method: trainer };
    let mut attending = Attendance::begin(options.attendance.take(), fit, run.weights())?;
    run.run_steps(|weights, epoch| {
        if let Some(attending) = &mut attending {
            attending.step(weights.params);
        }
        let Some(epoch) = epoch else { return ControlFlow::Continue(()) };
        if let Some(attending) = &mut attending {
            attending.epoch(epoch, weights);
        }
        options.observe(&Progress {
            iteration: epoch.number,
            limit: trainer.epochs,
            objective: epoch.train_loss,
            validation: epoch.validation_loss,
        })
    })?;
    let trained = run.finish();
    if let Some(attending) = attending {
        let end = Weights { params: &trained.params, statistics: &trained.statistics };
        attending.finish(&trained.report, end)?;
    }
    Ok(trained)
}

compiled!(T: run_on::<T, Network, ClassificationLoss, UpdateRule> as fn(_, (&_, &_), _, _, _) -> _);
