//! Progress bars in the terminal.

use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressStyle};

use crate::report::Progress;
use crate::train::Epoch;

/// Returns an observer that draws a progress bar of a fit on standard error.
///
/// The bar shows iterations or epochs, the time left, the objective and the validation loss. Nothing is drawn
/// if standard error is not a terminal. Needs the feature `progress`.
///
/// ```
/// use logit::progress::progress_bar;
/// use logit::prelude::*;
/// use logit::{MlpClassifier, data};
///
/// let iris = data::iris();
/// let model = MlpClassifier::new([8]).epochs(5).fit_observed(
///     &iris.x,
///     &iris.y,
///     progress_bar(),
/// )?;
/// # assert_eq!(model.report().iterations, 5);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn progress_bar() -> impl FnMut(&Progress) -> ControlFlow<()> {
    let bar = Bar::new();
    move |progress| {
        bar.show(progress.iteration, progress.limit, progress.objective, progress.validation);
        ControlFlow::Continue(())
    }
}

/// Returns an observer that draws a progress bar of a [`Trainer`](crate::nn::Trainer) run on standard error.
///
/// `epochs` is the number of epochs of the run. Nothing is drawn if standard error is not a terminal.
///
/// ```
/// use logit::nn::MlpOptions;
/// use logit::progress::epoch_bar;
/// use logit::{MlpClassifier, data};
///
/// let iris = data::iris();
/// let mut run = MlpClassifier::new([8]).epochs(5).start(
///     &iris.x,
///     &iris.y,
///     MlpOptions::default(),
/// )?;
/// run.run_to_end(epoch_bar(5))?;
/// # assert_eq!(run.history().epochs.len(), 5);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn epoch_bar(epochs: usize) -> impl FnMut(&Epoch) -> ControlFlow<()> {
    let bar = Bar::new();
    move |epoch| {
        bar.show(epoch.number, epochs, epoch.train_loss, epoch.validation_loss);
        ControlFlow::Continue(())
    }
}

/// A progress bar that leaves its last state on the screen.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let template = "{bar:30} {pos}/{len} [{elapsed} < {eta}] {msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Bar(ProgressBar::no_length().with_style(style))
    }

    fn show(&self, done: usize, limit: usize, objective: f64, validation: Option<f64>) {
        self.0.set_length(limit as u64);
        self.0.set_position(done as u64);
        let held = validation.map_or(String::new(), |loss| format!(", validation {loss:.5}"));
        self.0.set_message(format!("objective {objective:.5}{held}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
