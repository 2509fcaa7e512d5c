//! Fitted models as files.

mod bytes;
mod description;
pub(crate) mod file;
mod golden;
pub(crate) mod keys;
mod label;
mod model_file;
mod numbers;
mod record;
mod registry;
mod report;
#[cfg(feature = "serde")]
mod serialization;

pub use golden::GoldenRows;
pub(crate) use keys::{string_keys, unknown_key};
pub use label::StoredLabel;
pub use model_file::ModelFile;
pub use record::Record;
pub(crate) use registry::Reader;
pub use registry::Registry;
#[cfg(feature = "serde")]
pub(crate) use serialization::{deserialize_model, serialize_model};

use std::path::Path;

use nalgebra::DMatrix;

use crate::error::Error;
use crate::scalar::Real;

/// Values that can be saved and loaded: fitted models, transformations, pipelines, training runs and their reports.
///
/// # Format
/// [safetensors](https://github.com/huggingface/safetensors), which Python and other languages read: arrays under names
/// such as `model.coefficients`, and a description in JSON. The same value gives the same bytes. What else belongs to a
/// model, such as the names of its columns, goes into a [`ModelFile`]. [The guide](crate::guide::model_files) describes
/// the format and how Python reads it.
///
/// # What is promised
/// Bytes that are read may come from anywhere. They are checked before they are used, by their checksum and piece by piece:
/// sizes agree with each other, numbers are finite, classes are in order, nothing is missing or unknown. A classifier
/// also predicts a few [golden rows](GoldenRows) again. Anything else is refused with [`Error::InvalidFile`].
///
/// Saving is safe from crashes: at any time either the old file or the new one is there, complete.
///
/// # Implementing this trait
/// `read_record` returns the value that `write_record` wrote, to the last bit, and refuses every record that no value
/// writes. The caller has compared the kind, and refuses whatever `read_record` leaves in the record; an error of a
/// constructor becomes an [`Error::InvalidFile`] there.
///
/// ```
/// use logit::persist::Record;
/// use logit::prelude::*;
/// use logit::Error;
///
/// #[derive(Debug, PartialEq)]
/// struct Interval { lower: f64, upper: f64 }
///
/// impl Persist for Interval {
///     type Scalar = f64;
///     const KIND: &'static str = "interval";
///
///     fn write_record(&self, record: Record) -> Record {
///         record.with_number("lower", self.lower).with_number("upper", self.upper)
///     }
///     fn read_record(record: &mut Record) -> Result<Self, Error> {
///         Ok(Interval { lower: record.take_number("lower")?, upper: record.take_number("upper")? })
///     }
/// }
/// let interval = Interval { lower: -1.0, upper: 2.5 };
/// assert_eq!(Interval::from_bytes(&interval.to_bytes()?)?, interval);
/// # Ok::<(), Error>(())
/// ```
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{FittedLogistic, LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y)?;
/// let bytes = model.to_bytes()?;
/// let loaded = FittedLogistic::<f64, String>::from_bytes(&bytes)?;
/// assert_eq!(loaded.coefficients(), model.coefficients());
/// assert_eq!(loaded.predict(&iris.x)?, model.predict(&iris.x)?);
/// # Ok::<(), logit::Error>(())
/// ```
pub trait Persist: Sized {
    /// The number type of the value.
    type Scalar: Real;

    /// The name that files have for values of this type. It is empty for [`AnyClassifier`](crate::AnyClassifier) and
    /// [`AnyTransform`](crate::registry::AnyTransform), whose values have kinds of their own.
    const KIND: &'static str;

    /// The kind of this value. Defaults to [`KIND`](Persist::KIND).
    fn kind(&self) -> &str {
        Self::KIND
    }

    /// Adds the contents of the value to an empty record.
    fn write_record(&self, record: Record) -> Record;

    /// Takes the contents of a value out of a record of its kind.
    ///
    /// # Errors
    /// [`Error::InvalidFile`] for a record that no value has written.
    fn read_record(record: &mut Record) -> Result<Self, Error>;

    /// The value as a record of its kind.
    fn to_record(&self) -> Record {
        self.write_record(Record::new(self.kind()))
    }

    /// The value of which [`to_record`](Persist::to_record) made this record.
    ///
    /// # Errors
    /// [`Error::InvalidFile`], also for a record of another kind.
    fn from_record(record: Record) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(Self::read_record)
    }

    /// Scores of the given rows, or of rows that the model chooses: classifiers return [`GoldenRows::of`]. Defaults to
    /// `None`, for values that do not predict.
    ///
    /// # Errors
    /// Those of predicting rows that are given.
    fn golden_rows(&self, rows: Option<&DMatrix<Self::Scalar>>) -> Result<Option<GoldenRows>, Error> {
        let _ = rows;
        Ok(None)
    }

    /// The value as the bytes of a file.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a model with more parts than a file can be read with, some ten thousand.
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        model_file::to_bytes(self, model_file::Extras::of(self)?)
    }

    /// The value that [`to_bytes`](Persist::to_bytes) made these bytes of.
    ///
    /// # Errors
    /// [`Error::InvalidFile`].
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        ModelFile::from_bytes(bytes).map(ModelFile::into_model)
    }

    /// Like [`from_bytes`](Persist::from_bytes), for bytes that may have types of other crates where the type is known only
    /// when it is loaded.
    ///
    /// # Errors
    /// [`Error::InvalidFile`].
    fn from_bytes_with(bytes: &[u8], registry: &Registry) -> Result<Self, Error> {
        ModelFile::from_bytes_with(bytes, registry).map(ModelFile::into_model)
    }

    /// Writes the value to a file. The extension is yours to choose; `.safetensors` tells other programs what it is.
    ///
    /// # Errors
    /// [`Error::File`], and those of [`to_bytes`](Persist::to_bytes).
    fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        crate::persist::file::save(path.as_ref(), &self.to_bytes()?)
    }

    /// Reads the value from a file.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be read; [`Error::InvalidFile`].
    fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        ModelFile::load(path).map(ModelFile::into_model)
    }

    /// Like [`load`](Persist::load), for files that may have types of other crates where the type is known only when it is
    /// loaded.
    ///
    /// # Errors
    /// As [`load`](Persist::load).
    fn load_with(path: impl AsRef<Path>, registry: &Registry) -> Result<Self, Error> {
        ModelFile::load_with(path, registry).map(ModelFile::into_model)
    }
}
