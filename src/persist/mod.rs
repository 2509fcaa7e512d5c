//! Fitted models as files.

mod bytes;
mod description;
pub(crate) mod file;
mod golden;
mod label;
mod model_file;
mod numbers;
mod record;
mod report;
#[cfg(feature = "serde")]
mod serialization;

pub use golden::GoldenRows;
pub use label::StoredLabel;
pub use model_file::ModelFile;
pub use record::Record;
#[cfg(feature = "serde")]
pub(crate) use serialization::{deserialize_model, serialize_model};

use std::path::Path;

use nalgebra::DMatrix;

use crate::error::Error;
use crate::scalar::Real;

/// What can be saved and loaded: every fitted model, transformation and pipeline of this crate.
///
/// # Format
/// [safetensors](https://github.com/huggingface/safetensors), which Python and other languages read: arrays under names
/// such as `model.coefficients`, and a description in JSON. The same model gives the same bytes. What else belongs to a
/// model, such as the names of its columns, goes into a [`ModelFile`]. [The guide](crate::guide::model_files) has all of it, and how
/// Python reads the files.
///
/// # What is promised
/// Bytes that are read may come from anywhere. They are checked before they are used, by their checksum and piece by piece:
/// sizes agree with each other, numbers are finite, classes are in order, nothing is missing or unknown. A classifier
/// also predicts a few [golden rows](GoldenRows) again. What is not right is an [`Error::InvalidFile`].
///
/// Saving is safe from crashes: at any time there is the old file or the new one under the name, whole.
///
/// # What an implementor owes
/// `from_record` gives back what `to_record` was made of, to the last bit, and refuses every record that no value has.
///
/// # Examples
/// ```
/// use logit::{Classifier, Estimator, FittedLogistic, LogisticRegression, Penalty, Persist, data};
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
    /// The type of its numbers.
    type Scalar: Real;

    /// What the value consists of.
    fn to_record(&self) -> Record;

    /// The value that consists of this.
    ///
    /// # Errors
    /// [`Error::InvalidFile`].
    fn from_record(record: Record) -> Result<Self, Error>;

    /// Scores of these rows, or of rows of its own choice: for classifiers, which return [`GoldenRows::of`]. Nothing for
    /// what does not predict.
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
    /// [`Error::Unsupported`] for a model of so many parts that its file could not be read again, which takes some ten
    /// thousand.
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
}
