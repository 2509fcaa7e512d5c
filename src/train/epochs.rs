//! The history of a run as columns: an array for each thing that is written down.

use std::time::Duration;

use super::history::{Epoch, History, LayerUpdate};
use crate::artifact::Record;
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

    /// For a checkpoint.
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

    /// Of a checkpoint: so many epochs.
    ///
    /// # Errors
    /// For columns that are missing or have other lengths than wanted.
    pub(super) fn read(reader: &mut Reader<'_>, epochs: usize) -> Result<Vec<Epoch>, Error> {
        let whole = [epochs];
        let validated: Vec<u8> = reader.array("history.validated", &whole)?;
        let metric_counts: Vec<u64> = reader.array("history.metric_counts", &whole)?;
        let update_counts: Vec<u64> = reader.array("history.update_counts", &whole)?;
        let validations = [validated.iter().filter(|&&mark| mark == 1).count()];
        let metrics = [sum("history.metric_counts", &metric_counts)?];
        let updates = [sum("history.update_counts", &update_counts)?];
        let columns = Columns {
            numbers: reader.array("history.number", &whole)?,
            steps: reader.array("history.steps", &whole)?,
            train_losses: reader.array("history.train_loss", &whole)?,
            validated,
            validation_losses: reader.array("history.validation_loss", &validations)?,
            metric_counts,
            metrics: reader.array("history.metrics", &metrics)?,
            learning_rates: reader.array("history.learning_rate", &whole)?,
            update_counts,
            gradient_norms: reader.array("history.gradient_norms", &updates)?,
            update_ratios: reader.array("history.update_ratios", &updates)?,
            elapsed: reader.array("history.elapsed_nanoseconds", &whole)?,
        };
        columns.into_epochs()
    }

    /// For a model.
    pub(super) fn into_record(self, kind: &str) -> Record {
        Record::new(kind)
            .with_numbers("number", self.numbers)
            .with_numbers("steps", self.steps)
            .with_numbers("train_loss", self.train_losses)
            .with_numbers("validated", self.validated)
            .with_numbers("validation_loss", self.validation_losses)
            .with_numbers("metric_counts", self.metric_counts)
            .with_numbers("metrics", self.metrics)
            .with_numbers("learning_rate", self.learning_rates)
            .with_numbers("update_counts", self.update_counts)
            .with_numbers("gradient_norms", self.gradient_norms)
            .with_numbers("update_ratios", self.update_ratios)
            .with_numbers("elapsed_nanoseconds", self.elapsed)
    }

    /// Of a model.
    ///
    /// # Errors
    /// For columns that are missing or do not go together.
    pub(super) fn from_record(record: &mut Record) -> Result<Vec<Epoch>, Error> {
        let columns = Columns {
            numbers: record.take_numbers("number")?,
            steps: record.take_numbers("steps")?,
            train_losses: record.take_numbers("train_loss")?,
            validated: record.take_numbers("validated")?,
            validation_losses: record.take_numbers("validation_loss")?,
            metric_counts: record.take_numbers("metric_counts")?,
            metrics: record.take_numbers("metrics")?,
            learning_rates: record.take_numbers("learning_rate")?,
            update_counts: record.take_numbers("update_counts")?,
            gradient_norms: record.take_numbers("gradient_norms")?,
            update_ratios: record.take_numbers("update_ratios")?,
            elapsed: record.take_numbers("elapsed_nanoseconds")?,
        };
        columns.into_epochs()
    }

    /// # Errors
    /// For columns whose lengths do not go together, and for numbers that none has.
    fn into_epochs(self) -> Result<Vec<Epoch>, Error> {
        let epochs = self.numbers.len();
        if let Some(found) = self.validated.iter().find(|&&mark| mark > 1) {
            return Err(invalid(format!("`history.validated` holds {found}, wanted 0 or 1")));
        }
        let validations = self.validated.iter().map(|&mark| usize::from(mark)).sum();
        let metrics = sum("history.metric_counts", &self.metric_counts)?;
        let updates = sum("history.update_counts", &self.update_counts)?;
        for (name, found, wanted) in [
            ("steps", self.steps.len(), epochs),
            ("train_loss", self.train_losses.len(), epochs),
            ("validated", self.validated.len(), epochs),
            ("validation_loss", self.validation_losses.len(), validations),
            ("metric_counts", self.metric_counts.len(), epochs),
            ("metrics", self.metrics.len(), metrics),
            ("learning_rate", self.learning_rates.len(), epochs),
            ("update_counts", self.update_counts.len(), epochs),
            ("gradient_norms", self.gradient_norms.len(), updates),
            ("update_ratios", self.update_ratios.len(), updates),
            ("elapsed_nanoseconds", self.elapsed.len(), epochs),
        ] {
            if found != wanted {
                return Err(invalid(format!("array `history.{name}` has {found} entries, wanted {wanted}")));
            }
        }
        let (mut validation_losses, mut metrics) =
            (self.validation_losses.into_iter(), self.metrics.into_iter());
        let updates = self.gradient_norms.into_iter().zip(self.update_ratios);
        let mut updates =
            updates.map(|(gradient_norm, update_ratio)| LayerUpdate { gradient_norm, update_ratio });
        let epoch = |index: usize| -> Option<Epoch> {
            Some(Epoch {
                number: usize::try_from(self.numbers[index]).ok()?,
                steps: self.steps[index],
                train_loss: self.train_losses[index],
                validation_loss: if self.validated[index] == 1 { validation_losses.next() } else { None },
                // Not more than their sum, which is a size.
                metrics: metrics.by_ref().take(self.metric_counts[index] as usize).collect(),
                learning_rate: self.learning_rates[index],
                updates: updates.by_ref().take(self.update_counts[index] as usize).collect(),
                elapsed: Duration::from_nanos(self.elapsed[index]),
            })
        };
        let epochs: Option<Vec<Epoch>> = (0..epochs).map(epoch).collect();
        epochs.ok_or_else(|| invalid("`history.number` is too large for this machine"))
    }
}

fn sum(name: &str, counts: &[u64]) -> Result<usize, Error> {
    let sum = counts.iter().try_fold(0, |sum: u64, &count| sum.checked_add(count));
    let size = sum.and_then(|sum| usize::try_from(sum).ok());
    size.ok_or_else(|| invalid(format!("`{name}` sums to more than this machine can address")))
}

impl History {
    /// The history as a part of a model.
    pub(crate) fn to_record(&self) -> Record {
        Columns::new(&self.epochs)
            .into_record("history")
            .with_count("layers", self.layers.len())
            .with_texts("layer_names", &self.layers)
    }

    /// # Errors
    /// [`Error::InvalidFile`].
    pub(crate) fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("history")?;
        let count = record.take_count("layers")?;
        let layers = record.take_texts("layer_names", count)?;
        let epochs = Columns::from_record(&mut record)?;
        record.finish()?;
        Ok(History { layers, epochs })
    }
}
