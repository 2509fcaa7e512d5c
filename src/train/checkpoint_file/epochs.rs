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
        let mut validated = reader.values::<u8>("history.validated", &whole)?;
        if let Some(found) = validated.clone().find(|&mark| mark > 1) {
            return Err(invalid(format!("`history.validated` holds {found}, wanted 0 or 1")));
        }
        let mut metric_counts = reader.values::<u64>("history.metric_counts", &whole)?;
        let mut update_counts = reader.values::<u64>("history.update_counts", &whole)?;
        let validations = [validated.clone().map(usize::from).sum()];
        let metric_sum = [sum("history.metric_counts", metric_counts.clone())?];
        let update_sum = [sum("history.update_counts", update_counts.clone())?];
        let mut numbers = reader.values::<u64>("history.number", &whole)?;
        let mut steps = reader.values::<u64>("history.steps", &whole)?;
        let mut train_losses = reader.values("history.train_loss", &whole)?;
        let mut validation_losses = reader.values("history.validation_loss", &validations)?;
        let mut metrics = reader.values("history.metrics", &metric_sum)?;
        let mut learning_rates = reader.values("history.learning_rate", &whole)?;
        let gradient_norms = reader.values("history.gradient_norms", &update_sum)?;
        let update_ratios = reader.values("history.update_ratios", &update_sum)?;
        let mut elapsed = reader.values::<u64>("history.elapsed_nanoseconds", &whole)?;
        let mut updates = gradient_norms
            .zip(update_ratios)
            .map(|(gradient_norm, update_ratio)| LayerUpdate { gradient_norm, update_ratio });
        let mut next = || -> Option<Epoch> {
            Some(Epoch {
                number: usize::try_from(numbers.next()?).ok()?,
                steps: steps.next()?,
                train_loss: train_losses.next()?,
                validation_loss: if validated.next()? == 1 { Some(validation_losses.next()?) } else { None },
                // Not more than their sum, which is a size.
                metrics: metrics.by_ref().take(metric_counts.next()? as usize).collect(),
                learning_rate: learning_rates.next()?,
                updates: updates.by_ref().take(update_counts.next()? as usize).collect(),
                elapsed: Duration::from_nanos(elapsed.next()?),
            })
        };
        let mut read = Vec::with_capacity(epochs);
        for index in 0..epochs {
            read.push(next().ok_or_else(|| invalid(format!("`history.number` is too large at {index}")))?);
        }
        Ok(read)
    }
}

fn sum(name: &str, mut counts: impl Iterator<Item = u64>) -> Result<usize, Error> {
    let sum = counts.try_fold(0, |sum: u64, count| sum.checked_add(count));
    let size = sum.and_then(|sum| usize::try_from(sum).ok());
    size.ok_or_else(|| invalid(format!("`{name}` sums to more than this machine can address")))
}
