//! Storage of the history of a run in files: an array for each column of the table.

use std::time::Duration;

use super::history::{Epoch, History, LayerUpdate};
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{Persist, Record};
use crate::scalar::Element;

/// A column has one entry per epoch. Values of which an epoch may have none or several are concatenated, and
/// another column holds their counts.
impl Persist for History {
    type Scalar = f64;
    const KIND: &'static str = "history";

    fn write_record(&self, record: Record) -> Record {
        let epochs = &self.epochs;
        let updates = || epochs.iter().flat_map(|epoch| &epoch.updates);
        record
            .with_count("epochs", epochs.len())
            .with_count("layers", self.layers.len())
            .with_texts("layer_names", &self.layers)
            .with_numbers("number", column(epochs, |epoch| epoch.number as u64))
            .with_numbers("steps", column(epochs, |epoch| epoch.steps))
            .with_numbers("train_loss", column(epochs, |epoch| epoch.train_loss))
            .with_numbers(
                "validation_counts",
                column(epochs, |epoch| u64::from(epoch.validation_loss.is_some())),
            )
            .with_numbers(
                "validation_loss",
                epochs.iter().filter_map(|epoch| epoch.validation_loss).collect(),
            )
            .with_numbers("metric_counts", column(epochs, |epoch| epoch.metrics.len() as u64))
            .with_numbers("metrics", epochs.iter().flat_map(|epoch| epoch.metrics.iter().copied()).collect())
            .with_numbers("learning_rate", column(epochs, |epoch| epoch.learning_rate))
            .with_numbers("update_counts", column(epochs, |epoch| epoch.updates.len() as u64))
            .with_numbers("gradient_norms", updates().map(|update| update.gradient_norm).collect())
            .with_numbers("update_ratios", updates().map(|update| update.update_ratio).collect())
            // 64 bits of nanoseconds cover 584 years.
            .with_numbers(
                "elapsed_nanoseconds",
                column(epochs, |epoch| u64::try_from(epoch.elapsed.as_nanos()).unwrap_or(u64::MAX)),
            )
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let layers = record.take_count("layers")?;
        let layers = record.take_texts("layer_names", layers)?;
        let count = record.take_count("epochs")?;
        let number: Vec<u64> = record.take_column("number", count)?;
        let steps: Vec<u64> = record.take_column("steps", count)?;
        let train_loss: Vec<f64> = record.take_column("train_loss", count)?;
        let learning_rate: Vec<f64> = record.take_column("learning_rate", count)?;
        let elapsed: Vec<u64> = record.take_column("elapsed_nanoseconds", count)?;
        let validations = Counts::take(record, "validation_counts", count)?;
        if let Some(found) = validations.of_epochs.iter().find(|&&count| count > 1) {
            return Err(invalid(format!("`validation_counts` contains {found}, expected 0 or 1")));
        }
        let mut validation_loss = validations.column::<f64>(record, "validation_loss")?;
        let metric_counts = Counts::take(record, "metric_counts", count)?;
        let mut metrics = metric_counts.column::<f64>(record, "metrics")?;
        let update_counts = Counts::take(record, "update_counts", count)?;
        let gradient_norms = update_counts.column::<f64>(record, "gradient_norms")?;
        let mut updates = gradient_norms.zip(update_counts.column::<f64>(record, "update_ratios")?);
        let mut epoch = |index: usize| {
            let too_large = || invalid(format!("`number` is too large at index {index}"));
            let update = |(gradient_norm, update_ratio)| LayerUpdate { gradient_norm, update_ratio };
            Ok::<Epoch, Error>(Epoch {
                number: usize::try_from(number[index]).map_err(|_| too_large())?,
                steps: steps[index],
                train_loss: train_loss[index],
                validation_loss: if validations.of_epochs[index] == 1 {
                    validation_loss.next()
                } else {
                    None
                },
                metrics: metrics.by_ref().take(metric_counts.of_epochs[index]).collect(),
                learning_rate: learning_rate[index],
                updates: updates.by_ref().take(update_counts.of_epochs[index]).map(update).collect(),
                elapsed: Duration::from_nanos(elapsed[index]),
            })
        };
        // The columns have this length and are in memory already, so the capacity is safe to reserve.
        let mut epochs = Vec::with_capacity(count);
        for index in 0..count {
            epochs.push(epoch(index)?);
        }
        Ok(History { layers, epochs })
    }
}

/// Returns one entry per epoch.
fn column<E>(epochs: &[Epoch], value: impl Fn(&Epoch) -> E) -> Vec<E> {
    epochs.iter().map(value).collect()
}

/// The number of values of one kind in each epoch.
struct Counts {
    of_epochs: Vec<usize>,
    sum: usize,
}

impl Counts {
    fn take(record: &mut Record, name: &str, epochs: usize) -> Result<Self, Error> {
        let too_large = || invalid(format!("`{name}` sums to more than this machine can address"));
        let counts: Vec<u64> = record.take_column(name, epochs)?;
        let size = |count| usize::try_from(count).map_err(|_| too_large());
        let of_epochs = counts.into_iter().map(size).collect::<Result<Vec<usize>, Error>>()?;
        let sum = of_epochs.iter().try_fold(0, |sum: usize, &count| sum.checked_add(count));
        Ok(Counts { of_epochs, sum: sum.ok_or_else(too_large)? })
    }

    /// Reads the values of all epochs.
    fn column<E: Element>(&self, record: &mut Record, name: &str) -> Result<std::vec::IntoIter<E>, Error> {
        Ok(record.take_column(name, self.sum)?.into_iter())
    }
}
