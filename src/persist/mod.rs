//! Model files: saving and loading of fitted models.
//!
//! A [`ModelFile`] stores a model with whatever belongs to it, such as the schema of its tables and rows that
//! are predicted again at load. A type becomes storable by implementing [`Persist`].
//! [The guide](crate::guide::model_files) describes the format and what is guaranteed.

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
#[cfg(feature = "serde")]
pub(crate) use numbers::Float;
pub use record::Record;
pub(crate) use registry::Reader;
pub use registry::Registry;
#[cfg(feature = "serde")]
pub(crate) use serialization::{deserialize_model, serialize_model};

use std::path::Path;

use nalgebra::DMatrix;

use crate::error::Error;
use crate::scalar::Real;

/// Values that can be saved and loaded: fitted models, transformations, pipelines, training runs and their
/// reports.
///
/// # Format
/// Files have the [safetensors](https://github.com/huggingface/safetensors) format, which Python and other
/// languages read. They contain arrays under names such as `model.coefficients`, and a description in JSON.
/// The same value gives the same bytes. A [`ModelFile`] adds further contents, such as a note or the schema
/// of a table. [The guide](crate::guide::model_files) describes the format and how Python reads it.
///
/// # Guarantees
/// The bytes of a file are not trusted. Loading verifies the checksum and then every part: sizes agree with
/// each other, numbers are finite, classes are in order, and nothing is missing or unknown. A classifier also
/// predicts a few [golden rows](GoldenRows) again. Anything else is rejected with [`Error::InvalidFile`].
///
/// Saving is safe from crashes. At any time, the path names either the complete old file or the complete new
/// one.
///
/// # Implementing this trait
/// `read_record` returns the value that `write_record` wrote, to the last bit. It rejects every record that
/// `write_record` does not write for any value. Before the call, the caller compares the kind. After the
/// call, it rejects the record if `read_record` has left anything in it, and converts errors of constructors
/// to [`Error::InvalidFile`].
///
/// ```
/// use logit::Error;
/// use logit::persist::Record;
/// use logit::prelude::*;
///
/// #[derive(Debug, PartialEq)]
/// struct Interval {
///     lower: f64,
///     upper: f64,
/// }
///
/// impl Persist for Interval {
///     type Scalar = f64;
///     const KIND: &'static str = "interval";
///
///     fn write_record(&self, record: Record) -> Record {
///         record.with_number("lower", self.lower).with_number("upper", self.upper)
///     }
///     fn read_record(record: &mut Record) -> Result<Self, Error> {
///         Ok(Interval {
///             lower: record.take_number("lower")?,
///             upper: record.take_number("upper")?,
///         })
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

    /// The name of this type in files. It is empty for [`AnyClassifier`](crate::AnyClassifier) and
    /// [`AnyTransform`](crate::registry::AnyTransform), whose values have kinds of their own.
    const KIND: &'static str;

    /// Returns the kind of this value. Defaults to [`KIND`](Persist::KIND).
    fn kind(&self) -> &str {
        Self::KIND
    }

    /// Adds the contents of the value to an empty record.
    fn write_record(&self, record: Record) -> Record;

    /// Takes the contents of a value out of a record of its kind.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] for a record that [`write_record`](Persist::write_record) does not
    /// write.
    fn read_record(record: &mut Record) -> Result<Self, Error>;

    /// Converts the value to a record of its kind.
    fn to_record(&self) -> Record {
        self.write_record(Record::new(self.kind()))
    }

    /// Converts a record back to the value of which [`to_record`](Persist::to_record) made it.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the record has another kind or invalid contents.
    fn from_record(record: Record) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(Self::read_record)
    }

    /// Returns the scores of the given rows, or of rows that the model chooses.
    ///
    /// Classifiers return [`GoldenRows::of`]. Defaults to `None`, for values that do not predict.
    ///
    /// # Errors
    /// Returns the errors of predicting the given rows.
    fn golden_rows(&self, rows: Option<&DMatrix<Self::Scalar>>) -> Result<Option<GoldenRows>, Error> {
        let _ = rows;
        Ok(None)
    }

    /// Encodes the value as the bytes of a file.
    ///
    /// # Errors
    /// Returns [`Error::Unsupported`] for a model with more parts than a reader accepts, about ten thousand.
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        model_file::to_bytes(self, model_file::Extras::of(self)?)
    }

    /// Decodes a value from the bytes that [`to_bytes`](Persist::to_bytes) returned.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] for any other bytes.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        ModelFile::from_bytes(bytes).map(ModelFile::into_model)
    }

    /// Decodes a value from the bytes of a file that may contain registered types of other crates.
    ///
    /// The registry is used where the type is known only when it is loaded, as in an
    /// [`AnyClassifier`](crate::AnyClassifier).
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] for bytes that [`to_bytes`](Persist::to_bytes) did not return, and for
    /// a kind that is not registered.
    fn from_bytes_with(bytes: &[u8], registry: &Registry) -> Result<Self, Error> {
        ModelFile::from_bytes_with(bytes, registry).map(ModelFile::into_model)
    }

    /// Writes the value to a file. Any extension works; `.safetensors` tells other programs the format.
    ///
    /// # Errors
    /// Returns [`Error::File`] if the file cannot be written, and the errors of
    /// [`to_bytes`](Persist::to_bytes).
    fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        crate::persist::file::save(path.as_ref(), &self.to_bytes()?)
    }

    /// Reads a value from a file.
    ///
    /// # Errors
    /// Returns [`Error::File`] if the file cannot be read, and [`Error::InvalidFile`] if its contents are
    /// invalid.
    fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        ModelFile::load(path).map(ModelFile::into_model)
    }

    /// Reads a value from a file that may contain registered types of other crates.
    ///
    /// The registry is used where the type is known only when it is loaded, as in an
    /// [`AnyClassifier`](crate::AnyClassifier).
    ///
    /// # Errors
    /// Returns [`Error::File`] if the file cannot be read, and [`Error::InvalidFile`] if its contents are
    /// invalid or of a kind that is not registered.
    fn load_with(path: impl AsRef<Path>, registry: &Registry) -> Result<Self, Error> {
        ModelFile::load_with(path, registry).map(ModelFile::into_model)
    }
}
