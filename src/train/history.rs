//! The record of a training run, epoch by epoch.

use std::fmt;
use std::time::Duration;

/// The record of a training run, epoch by epoch.
///
/// Two histories are equal if everything except the times is equal.
///
/// ```
/// use logit::prelude::*;
/// use logit::{MlpClassifier, data};
///
/// let iris = data::iris();
/// let model = MlpClassifier::new([8]).epochs(3).fit(&iris.x, &iris.y)?;
/// let history = model.history();
/// assert_eq!(history.epochs.len(), 3);
/// assert!(history.epochs[2].train_loss < history.epochs[0].train_loss);
/// assert_eq!(history.layers, ["Dense, Relu", "Dense"]);
/// println!("{history}");
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct History {
    /// The descriptions of the layers that have parameters, as given by
    /// [`Shape::describe`](crate::nn::Shape::describe).
    pub layers: Vec<String>,
    /// One entry per epoch, in order.
    pub epochs: Vec<Epoch>,
}

impl History {
    /// Returns the number of the epoch with the lowest validation loss, the first of several; `None` without
    /// validation rows.
    ///
    /// The model of a run with validation rows has the weights of this epoch.
    pub fn best_epoch(&self) -> Option<usize> {
        let losses = self.epochs.iter().filter_map(|epoch| Some((epoch.number, epoch.validation_loss?)));
        losses.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(number, _)| number)
    }
}

/// The record of one epoch, which is one pass over the training rows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Epoch {
    /// The number of the epoch, from 1.
    pub number: usize,
    /// The number of optimizer steps so far.
    pub steps: u64,
    /// The mean loss of the epoch, averaged while the weights changed, plus the penalty at its end.
    pub train_loss: f64,
    /// The mean loss on the validation rows after the epoch, if there are any.
    pub validation_loss: Option<f64>,
    /// The metrics on the validation rows after the epoch, in the order in which they were added.
    pub metrics: Vec<f64>,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// The effect of the last step on each layer that has parameters.
    pub updates: Vec<LayerUpdate>,
    /// The time since training started or was resumed.
    pub elapsed: Duration,
}

/// The effect of one step on a layer.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LayerUpdate {
    /// The Euclidean norm of the gradient, with the penalty and before clipping.
    pub gradient_norm: f64,
    /// The Euclidean norm of the change of the parameters, divided by that of the parameters before; infinite
    /// if those are zero.
    ///
    /// Around 1e-3 is usual: with much smaller values learning is slow, with much larger values it is
    /// unstable.
    pub update_ratio: f64,
}

impl PartialEq for Epoch {
    fn eq(&self, other: &Self) -> bool {
        let Epoch { number, steps, train_loss, validation_loss, metrics, learning_rate, updates, elapsed: _ } =
            self;
        (number, steps, train_loss, validation_loss)
            == (&other.number, &other.steps, &other.train_loss, &other.validation_loss)
            && (metrics, learning_rate, updates) == (&other.metrics, &other.learning_rate, &other.updates)
    }
}

/// Formats a table of at most 20 epochs, evenly chosen, but always with the best. A star marks its validation
/// loss. Metrics and layers are numbered in their order.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LINES: usize = 20;
        let count = self.epochs.len();
        write!(f, "{:>6} {:>11} {:>11} {:>10}", "epoch", "train", "validation", "rate")?;
        let metrics = self.epochs.first().map_or(0, |epoch| epoch.metrics.len());
        for metric in 1..=metrics {
            write!(f, " {:>11}", format!("metric {metric}"))?;
        }
        for layer in 0..self.layers.len() {
            write!(f, " {:>10} {:>10}", format!("gradient {}", layer + 1), format!("update {}", layer + 1))?;
        }
        writeln!(f, " {:>9}", "seconds")?;
        let lines = LINES.min(count);
        let best = self.best_epoch();
        let best = self.epochs.iter().position(|epoch| Some(epoch.number) == best);
        for line in 0..lines {
            let start = |line: usize| if lines > 1 { line * (count - 1) / (lines - 1) } else { 0 };
            // The best epoch takes the place of one that is near it.
            let epochs = start(line)..if line + 1 < lines { start(line + 1) } else { count };
            let index = best.filter(|best| epochs.contains(best)).unwrap_or(epochs.start);
            let epoch = &self.epochs[index];
            let mark = if best == Some(index) { "*" } else { "" };
            let validation = epoch.validation_loss.map_or(String::new(), |loss| format!("{loss:.6}{mark}"));
            write!(f, "{:>6} {:>11.6} {validation:>11}", epoch.number, epoch.train_loss)?;
            write!(f, " {:>10.3e}", epoch.learning_rate)?;
            for metric in &epoch.metrics {
                write!(f, " {metric:>11.6}")?;
            }
            for update in &epoch.updates {
                write!(f, " {:>10.3e} {:>10.3e}", update.gradient_norm, update.update_ratio)?;
            }
            writeln!(f, " {:>9.3}", epoch.elapsed.as_secs_f64())?;
        }
        Ok(())
    }
}
