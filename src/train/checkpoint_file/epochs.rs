//! The history of a run as columns: an array for each thing that is written down.

use std::time::Duration;

use super::super::history::{Epoch, LayerUpdate};
use crate::error::Error;
use crate::file::{Reader, Writer, invalid};

/// One entry per epoch, but for the values that an epoch may have none or several of: those are one behind the other,
/// and counted.
#[derive(Debug, Default)]
pub(super) struct Columns {
    numbers: Vec<u64>,
    steps: Vec<u64>,
    train_losses: Vec<f64>,
    /// Whether an epoch has one: 0 or 1.
    validated: Vec<u8>,
    validation_losses: Vec<f64>,
    metric_counts: Vec<u64>,
    metrics: Vec<f64>,
    learning_rates: Vec<f64>,
    update_counts: Vec<u64>,
    gradient_norms: Vec<f64>,
    update_ratios: Vec<f64>,
    /// In nanoseconds.
    elapsed: Vec<u64>,
}

impl Columns {
    pub(super) fn new(epochs: &[Epoch]) -> Self {
        let mut columns = Columns::default();
        for epoch in epochs {
            columns.numbers.push(epoch.number as u64);
            columns.steps.push(epoch.steps);
            columns.train_losses.push(epoch.train_loss);
            columns.validated.push(u8::from(epoch.validation_loss.is_some()));
            columns.validation_losses.extend(epoch.validation_loss);
            columns.metric_counts.push(epoch.metrics.len() as u64);
            columns.metrics.extend(&epoch.metrics);
            columns.learning_rates.push(epoch.learning_rate);
            columns.update_counts.push(epoch.updates.len() as u64);
            columns.gradient_norms.extend(epoch.updates.iter().map(|update| update.gradient_norm));
            columns.update_ratios.extend(epoch.updates.iter().map(|update| update.update_ratio));
            // 64 bits of nanoseconds are 584 years.
            columns.elapsed.push(u64::try_from(epoch.elapsed.as_nanos()).unwrap_or(u64::MAX));
        }
        columns
    }

    pub(super) fn write<'a>(&'a self, writer: Writer<'a>) -> Writer<'a> {
        writer
            .array("history.number", &self.numbers)
            .array("history.steps", &self.steps)
            .array("history.train_loss", &self.train_losses)
            .array("history.validated", &self.validated)
            .array("history.validation_loss", &self.validation_losses)
            .array("history.metric_counts", &self.metric_counts)
            .array("history.metrics", &self.metrics)
            .array("history.learning_rate", &self.learning_rates)
            .array("history.update_counts", &self.update_counts)
            .array("history.gradient_norms", &self.gradient_norms)
            .array("history.update_ratios", &self.update_ratios)
            .array("history.elapsed_nanoseconds", &self.elapsed)
    }

    /// So many epochs.
    ///
    /// # Errors
    /// For columns that are missing or have other lengths than wanted.
    pub(super) fn read(reader: &mut Reader<'_>, epochs: usize) -> Result<Vec<Epoch>, Error> {
        let whole = [epochs];
        let validated: Vec<u8> = reader.array("history.validated", &whole)?;
        if let Some(found) = validated.iter().find(|&&mark| mark > 1) {
            return Err(invalid(format!("`history.validated` holds {found}, wanted 0 or 1")));
        }
        let metric_counts = reader.array("history.metric_counts", &whole)?;
        let update_counts = reader.array("history.update_counts", &whole)?;
        let (metrics, updates) =
            (sum("history.metric_counts", &metric_counts)?, sum("history.update_counts", &update_counts)?);
        let validations = validated.iter().map(|&mark| usize::from(mark)).sum();
        let columns = Columns {
            numbers: reader.array("history.number", &whole)?,
            steps: reader.array("history.steps", &whole)?,
            train_losses: reader.array("history.train_loss", &whole)?,
            validation_losses: reader.array("history.validation_loss", &[validations])?,
            metrics: reader.array("history.metrics", &[metrics])?,
            learning_rates: reader.array("history.learning_rate", &whole)?,
            gradient_norms: reader.array("history.gradient_norms", &[updates])?,
            update_ratios: reader.array("history.update_ratios", &[updates])?,
            elapsed: reader.array("history.elapsed_nanoseconds", &whole)?,
            validated,
            metric_counts,
            update_counts,
        };
        columns.into_epochs()
    }

    fn into_epochs(self) -> Result<Vec<Epoch>, Error> {
        let mut validation_losses = self.validation_losses.into_iter();
        let mut metrics = self.metrics.into_iter();
        let mut updates = self
            .gradient_norms
            .into_iter()
            .zip(self.update_ratios)
            .map(|(gradient_norm, update_ratio)| LayerUpdate { gradient_norm, update_ratio });
        let mut epochs = Vec::with_capacity(self.numbers.len());
        for (index, &number) in self.numbers.iter().enumerate() {
            epochs.push(Epoch {
                number: count("history.number", number)?,
                steps: self.steps[index],
                train_loss: self.train_losses[index],
                validation_loss: if self.validated[index] == 1 { validation_losses.next() } else { None },
                metrics: metrics
                    .by_ref()
                    .take(count("history.metric_counts", self.metric_counts[index])?)
                    .collect(),
                learning_rate: self.learning_rates[index],
                updates: updates
                    .by_ref()
                    .take(count("history.update_counts", self.update_counts[index])?)
                    .collect(),
                elapsed: Duration::from_nanos(self.elapsed[index]),
            });
        }
        Ok(epochs)
    }
}

fn count(name: &str, value: u64) -> Result<usize, Error> {
    usize::try_from(value).map_err(|_| invalid(format!("`{name}` holds {value}, too large for this machine")))
}

fn sum(name: &str, counts: &[u64]) -> Result<usize, Error> {
    let sum = counts.iter().try_fold(0, |sum: u64, &count| sum.checked_add(count));
    count(name, sum.unwrap_or(u64::MAX))
}
