//! A model file: a model with a note, golden rows and further parts.

use std::path::Path;

use super::golden::GoldenRows;
use super::record::Record;
use super::{Persist, Registry, bytes};
use crate::error::{Error, unsupported};
use crate::persist::file;
use crate::rows::Rows;
use crate::scalar::Real;

/// The kind of the record of a file.
const KIND: &str = "model file";
/// The kind of the record of the parts that users add.
const PARTS: &str = "parts";

/// A model and the accompanying contents of its file: golden rows, a note, and parts of any kind, such as the
/// [schema](ModelFile::with_schema) of the tables that the model reads.
///
/// The names of the columns that a model was fitted on are part of the model, and are in every file.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{FittedLogistic, LogisticRegression, ModelFile, Penalty, data};
///
/// let iris = data::iris();
/// let model = iris.fit(&LogisticRegression::new(Penalty::c(1.0)))?;
/// let bytes = ModelFile::new(model)
///     .note("Fisher's irises, all of them")
///     .golden_rows(&iris.x.rows(0, 3).into_owned())?
///     .to_bytes()?;
///
/// let file = ModelFile::<FittedLogistic<f64, String>>::from_bytes(&bytes)?;
/// assert_eq!(file.model().feature_names().unwrap()[0], "sepal length (cm)");
/// assert_eq!(file.model().coefficients().shape(), (4, 3));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile<M> {
    model: M,
    extras: Extras,
}

/// The contents of a file other than the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Extras {
    note: String,
    parts: Vec<(String, Record)>,
    golden: Option<GoldenRows>,
}

impl Extras {
    /// Returns the default contents for a model: its own golden rows, and nothing else.
    pub(super) fn of<M: Persist>(model: &M) -> Result<Self, Error> {
        Ok(Extras { golden: model.golden_rows(None)?, ..Extras::default() })
    }
}

impl<M: Persist> ModelFile<M> {
    /// Creates a file of this model.
    pub fn new(model: M) -> Self {
        ModelFile { model, extras: Extras::default() }
    }

    /// Sets a note for readers of the file. Defaults to an empty text.
    pub fn note(mut self, note: &str) -> Self {
        self.extras.note = note.to_owned();
        self
    }

    /// Sets a few typical rows, at most 100, that are predicted now and whenever the file is loaded, to
    /// compare the scores.
    ///
    /// They are stored in the file, so do not use confidential rows. Defaults to rows around zero.
    ///
    /// # Errors
    /// Returns the errors of predicting the rows, [`Error::InvalidParameter`] for too many rows, and
    /// [`Error::Unsupported`] for a value that does not predict.
    pub fn golden_rows<'a>(mut self, x: impl Into<Rows<'a, M::Scalar>>) -> Result<Self, Error> {
        self.extras.golden = self.model.golden_rows(Some(&x.into().clone_owned()))?;
        if self.extras.golden.is_none() {
            return Err(unsupported(
                "golden rows",
                "a value that does not predict",
                "leave them out, because there is nothing to compare",
            ));
        }
        Ok(self)
    }

    /// Adds a part under a name of letters, digits and underscores. It replaces a part of the same name.
    ///
    /// ```
    /// use logit::persist::ModelFile;
    /// use logit::prelude::*;
    /// use logit::preprocess::LabelEncoder;
    /// use logit::{FittedLogistic, LogisticRegression, Penalty, data};
    ///
    /// let iris = data::iris();
    /// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris, &iris.y)?;
    /// let bytes = ModelFile::new(model)
    ///     .with_part("species", &LabelEncoder::new(&iris.y)?)?
    ///     .to_bytes()?;
    /// let file = ModelFile::<FittedLogistic<f64, String>>::from_bytes(&bytes)?;
    /// let species: LabelEncoder<String> = file.part("species")?;
    /// assert_eq!(species.classes().len(), 3);
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::Unsupported`] for a name with other characters.
    pub fn with_part<P: Persist>(mut self, name: &str, part: &P) -> Result<Self, Error> {
        if !Record::is_name(name) {
            let instead = "use ASCII letters, digits and underscores";
            return Err(unsupported("this name for a part", "ModelFile", instead));
        }
        self.extras.parts.retain(|(other, _)| other != name);
        self.extras.parts.push((name.to_owned(), part.to_record()));
        Ok(self)
    }

    /// Reads and checks the part with this name.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the file has no such part, or if the part has another kind or
    /// invalid contents.
    pub fn part<P: Persist>(&self, name: &str) -> Result<P, Error> {
        let found = self.extras.parts.iter().find(|(other, _)| other == name);
        let (_, record) = found.ok_or_else(|| file::invalid(format!("it has no part `{name}`")))?;
        P::from_record(record.clone())
    }

    /// Returns the names of the parts.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.extras.parts.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the note for readers of the file.
    pub fn note_text(&self) -> &str {
        &self.extras.note
    }

    /// Returns the rows that were predicted when the file was made, with their scores.
    pub fn golden(&self) -> Option<&GoldenRows> {
        self.extras.golden.as_ref()
    }

    /// Returns the model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// Consumes the file and returns the model.
    pub fn into_model(self) -> M {
        self.model
    }

    /// Encodes the file as bytes.
    ///
    /// # Errors
    /// Returns [`Error::Unsupported`] for a model with more parts than a reader accepts, as
    /// [`Persist::to_bytes`] does.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        to_bytes(&self.model, self.complete_extras()?)
    }

    /// Returns the contents with golden rows, which the model chooses if none were given.
    pub(super) fn complete_extras(&self) -> Result<Extras, Error> {
        let mut extras = self.extras.clone();
        if extras.golden.is_none() {
            extras.golden = self.model.golden_rows(None)?;
        }
        Ok(extras)
    }

    /// Decodes a file from its bytes.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the bytes are not a valid file of such a model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_bytes_with(bytes, &Registry::standard())
    }

    /// Decodes a file that may contain registered types of other crates from its bytes.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the bytes are not a valid file of such a model, or contain a kind
    /// that is not registered.
    pub fn from_bytes_with(bytes: &[u8], registry: &Registry) -> Result<Self, Error> {
        Self::from_record(bytes::from_bytes(bytes)?.with_registry(registry))
    }

    /// Writes the file to disk.
    ///
    /// # Errors
    /// Returns [`Error::File`] if the file cannot be written, and the errors of
    /// [`to_bytes`](ModelFile::to_bytes).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        file::save(path.as_ref(), &self.to_bytes()?)
    }

    /// Reads a file from disk.
    ///
    /// # Errors
    /// Returns [`Error::File`] if the file cannot be read, and [`Error::InvalidFile`] if its contents are
    /// invalid.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::load_with(path, &Registry::standard())
    }

    /// Reads a file that may contain registered types of other crates from disk.
    ///
    /// # Errors
    /// Returns [`Error::File`] if the file cannot be read, and [`Error::InvalidFile`] if its contents are
    /// invalid or of a kind that is not registered.
    pub fn load_with(path: impl AsRef<Path>, registry: &Registry) -> Result<Self, Error> {
        Self::from_bytes_with(&file::load(path.as_ref())?, registry)
    }

    pub(super) fn from_record(record: Record) -> Result<Self, Error> {
        record.open(KIND)?.read(Self::read_record)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        // The version of the crate that wrote the file is information for people only.
        record.take_text("written_by")?;
        let model: M = record.take("model")?;
        let golden = record.take_optional_part("golden").map(GoldenRows::from_record).transpose()?;
        if let Some(golden) = &golden {
            check_golden(&model, golden)?;
        }
        let note = record.take_texts("note", 1)?.concat();
        let parts = match record.take_optional_part("parts") {
            Some(parts) => parts.open(PARTS)?.into_parts()?,
            None => Vec::new(),
        };
        Ok(ModelFile { model, extras: Extras { note, parts, golden } })
    }
}

/// Checks that the model gives the golden rows the scores that it gave them when it was saved.
fn check_golden<M: Persist>(model: &M, golden: &GoldenRows) -> Result<(), Error> {
    let refused = |error: Error| file::invalid(format!("its model rejects its golden rows: {error}"));
    match model.golden_rows(Some(&golden.rows().map(M::Scalar::of))).map_err(refused)? {
        Some(again) => golden.compare(&again),
        None => Err(file::invalid("it has golden rows for a value that does not predict")),
    }
}

pub(super) fn to_record<M: Persist>(model: &M, extras: &Extras) -> Result<Record, Error> {
    let Extras { note, parts, golden } = extras;
    let mut record = Record::new(KIND)
        .with_text("written_by", concat!("logit ", env!("CARGO_PKG_VERSION")))
        .with_texts("note", &[note])
        .with("model", model);
    if let Some(golden) = golden {
        record = record.with("golden", golden);
    }
    if !parts.is_empty() {
        let all =
            parts.iter().fold(Record::new(PARTS), |all, (name, part)| all.with_part(name, part.clone()));
        record = record.with_part("parts", all);
    }
    match record.refusal() {
        Some((what, instead)) => Err(unsupported(what, "a model file", instead)),
        None => Ok(record),
    }
}

pub(super) fn to_bytes<M: Persist>(model: &M, extras: Extras) -> Result<Vec<u8>, Error> {
    bytes::to_bytes(&to_record(model, &extras)?)
}
