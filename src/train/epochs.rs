//! The history of a run as columns: an array for each thing that is written down.

use std::time::Duration;

use super::history::{Epoch, History, LayerUpdate};
use crate::error::Error;
use crate::persist::Record;
use crate::persist::file::{Reader, Writer, invalid};
use crate::scalar::Element;

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
}

/// Columns that are read from front to back, whatever they lie in.
struct Streams<'a> {
    count: usize,
    numbers: Stream<'a, u64>,
    steps: Stream<'a, u64>,
    train_losses: Stream<'a, f64>,
    validated: Stream<'a, u8>,
    validation_losses: Stream<'a, f64>,
    metric_counts: Stream<'a, u64>,
    metrics: Stream<'a, f64>,
    learning_rates: Stream<'a, f64>,
    update_counts: Stream<'a, u64>,
    gradient_norms: Stream<'a, f64>,
    update_ratios: Stream<'a, f64>,
    elapsed: Stream<'a, u64>,
}

type Stream<'a, E> = Box<dyn Iterator<Item = E> + 'a>;

impl<'a> Streams<'a> {
    /// So many epochs; `column` gives a column of so many entries, by its name.
    fn new<S: Source<'a>>(source: &mut S, count: usize) -> Result<Self, Error> {
        if let Some(found) = source.numbers::<u8>("validated", count)?.find(|&mark| mark > 1) {
            return Err(invalid(format!("`history.validated` holds {found}, wanted 0 or 1")));
        }
        let marks = source.numbers::<u8>("validated", count)?;
        let validations = sum("history.validated", marks.map(u64::from))?;
        let metrics = sum("history.metric_counts", source.numbers("metric_counts", count)?)?;
        let updates = sum("history.update_counts", source.numbers("update_counts", count)?)?;
        Ok(Streams {
            count,
            numbers: source.column("number", count)?,
            steps: source.column("steps", count)?,
            train_losses: source.column("train_loss", count)?,
            validated: source.column("validated", count)?,
            validation_losses: source.column("validation_loss", validations)?,
            metric_counts: source.column("metric_counts", count)?,
            metrics: source.column("metrics", metrics)?,
            learning_rates: source.column("learning_rate", count)?,
            update_counts: source.column("update_counts", count)?,
            gradient_norms: source.column("gradient_norms", updates)?,
            update_ratios: source.column("update_ratios", updates)?,
            elapsed: source.column("elapsed_nanoseconds", count)?,
        })
    }

    fn next(&mut self) -> Option<Epoch> {
        let updates = self.gradient_norms.by_ref().zip(self.update_ratios.by_ref());
        let updates =
            updates.map(|(gradient_norm, update_ratio)| LayerUpdate { gradient_norm, update_ratio });
        Some(Epoch {
            number: usize::try_from(self.numbers.next()?).ok()?,
            steps: self.steps.next()?,
            train_loss: self.train_losses.next()?,
            validation_loss: if self.validated.next()? == 1 {
                Some(self.validation_losses.next()?)
            } else {
                None
            },
            // Not more than their sum, which is a size.
            metrics: self.metrics.by_ref().take(self.metric_counts.next()? as usize).collect(),
            learning_rate: self.learning_rates.next()?,
            updates: updates.take(self.update_counts.next()? as usize).collect(),
            elapsed: Duration::from_nanos(self.elapsed.next()?),
        })
    }

    fn epochs(mut self) -> Result<Vec<Epoch>, Error> {
        let mut epochs = Vec::with_capacity(self.count);
        for index in 0..self.count {
            let epoch = self.next();
            epochs.push(epoch.ok_or_else(|| invalid(format!("`history.number` is too large at {index}")))?);
        }
        Ok(epochs)
    }
}

/// What columns lie in.
trait Source<'a> {
    /// The numbers of a column of so many entries, which stays.
    ///
    /// # Errors
    /// Where there is none, or one of another type or length.
    fn numbers<E: Element>(
        &mut self,
        name: &str,
        length: usize,
    ) -> Result<Box<dyn Iterator<Item = E> + '_>, Error>;

    /// Takes out a column of so many entries.
    ///
    /// # Errors
    /// As [`numbers`](Self::numbers).
    fn column<E: Element>(&mut self, name: &str, length: usize) -> Result<Stream<'a, E>, Error>;
}

impl<'a> Source<'a> for Reader<'a> {
    fn numbers<E: Element>(
        &mut self,
        name: &str,
        length: usize,
    ) -> Result<Box<dyn Iterator<Item = E> + '_>, Error> {
        Ok(Box::new(self.values(&format!("history.{name}"), &[length])?))
    }

    fn column<E: Element>(&mut self, name: &str, length: usize) -> Result<Stream<'a, E>, Error> {
        Ok(Box::new(self.values(&format!("history.{name}"), &[length])?))
    }
}

impl<'a> Source<'a> for Record {
    fn numbers<E: Element>(
        &mut self,
        name: &str,
        length: usize,
    ) -> Result<Box<dyn Iterator<Item = E> + '_>, Error> {
        Ok(Box::new(Record::numbers::<E>(self, name, length)?.iter().copied()))
    }

    fn column<E: Element>(&mut self, name: &str, length: usize) -> Result<Stream<'a, E>, Error> {
        Record::numbers::<E>(self, name, length)?;
        Ok(Box::new(self.take_numbers::<E>(name)?.into_iter()))
    }
}

/// So many epochs of a checkpoint.
///
/// # Errors
/// For columns that are missing or have other lengths than wanted.
pub(super) fn read(reader: &mut Reader<'_>, epochs: usize) -> Result<Vec<Epoch>, Error> {
    Streams::new(reader, epochs)?.epochs()
}

fn sum(name: &str, mut counts: impl Iterator<Item = u64>) -> Result<usize, Error> {
    let sum = counts.try_fold(0, |sum: u64, count| sum.checked_add(count));
    let size = sum.and_then(|sum| usize::try_from(sum).ok());
    size.ok_or_else(|| invalid(format!("`{name}` sums to more than this machine can address")))
}

impl History {
    /// The history as a part of a model.
    pub(crate) fn to_record(&self) -> Record {
        Columns::new(&self.epochs)
            .into_record("history")
            .with_count("epochs", self.epochs.len())
            .with_count("layers", self.layers.len())
            .with_texts("layer_names", &self.layers)
    }

    /// # Errors
    /// [`Error::InvalidFile`].
    pub(crate) fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("history")?;
        let count = record.take_count("layers")?;
        let layers = record.take_texts("layer_names", count)?;
        let count = record.take_count("epochs")?;
        let epochs = Streams::new(&mut record, count)?.epochs()?;
        record.finish()?;
        Ok(History { layers, epochs })
    }
}
