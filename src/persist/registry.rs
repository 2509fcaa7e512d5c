//! The registry of types of other crates for reading files.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use super::Record;
use crate::error::Error;

/// A function that reads a value from a record of its kind, as
/// [`Persist::read_record`](super::Persist::read_record) does.
pub(crate) type Reader<M> = fn(&mut Record) -> Result<M, Error>;

/// The types that [`AnyClassifier`](crate::AnyClassifier) and [`AnyTransform`](crate::registry::AnyTransform)
/// can load: all types of this crate, and added ones.
///
/// Pass a registry to [`Persist::load_with`](crate::Persist::load_with) or
/// [`Persist::from_bytes_with`](crate::Persist::from_bytes_with). It applies to every part of the file, at
/// any depth of pipelines and wrappers. Cloning a registry is cheap.
///
/// # Examples
/// A pipeline with a step of another crate, loaded without naming its type:
/// ```
/// use logit::nalgebra::DMatrixViewMut;
/// use logit::persist::Record;
/// use logit::prelude::*;
/// use logit::preprocess::TransformerOptions;
/// use logit::registry::Registry;
/// use logit::{
///     AnyClassifier, Error, LogisticRegression, Penalty, Pipeline, Rows, Scratch,
///     data,
/// };
///
/// #[derive(Debug, Clone)]
/// struct Logarithms(usize);
///
/// impl Transformer<f64> for Logarithms {
///     type Fitted = Logarithms;
///     fn fit_rows(
///         &self,
///         x: Rows<'_, f64>,
///         _: TransformerOptions<'_, f64>,
///     ) -> Result<Logarithms, Error> {
///         Ok(Logarithms(x.ncols()))
///     }
/// }
///
/// impl Transform<f64> for Logarithms {
///     fn inputs(&self) -> usize {
///         self.0
///     }
///     fn outputs(&self) -> usize {
///         self.0
///     }
///     fn transform_into(
///         &self,
///         x: Rows<'_, f64>,
///         mut out: DMatrixViewMut<'_, f64>,
///         _: &mut Scratch<f64>,
///     ) -> Result<(), Error> {
///         out.zip_apply(&*x, |out, v: f64| *out = v.abs().ln_1p().copysign(v));
///         Ok(())
///     }
///     fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
///         Ok(names.iter().map(|name| format!("log {name}")).collect())
///     }
/// }
///
/// impl Persist for Logarithms {
///     type Scalar = f64;
///     const KIND: &'static str = "my logarithms";
///
///     fn write_record(&self, record: Record) -> Record {
///         record.with_count("columns", self.0)
///     }
///     fn read_record(record: &mut Record) -> Result<Self, Error> {
///         record.take_count("columns").map(Logarithms)
///     }
/// }
///
/// let iris = data::iris();
/// let pipeline =
///     Pipeline::new(Logarithms(4), LogisticRegression::new(Penalty::c(1.0)));
/// let model = pipeline.fit(&iris.x, &iris.y)?;
/// let bytes = model.to_bytes()?;
///
/// let registry = Registry::standard().with_transform::<Logarithms>()?;
/// let loaded = AnyClassifier::<f64, String>::from_bytes_with(&bytes, &registry)?;
/// assert_eq!(loaded.predict(&iris.x)?, model.predict(&iris.x)?);
/// // Without the registry, the kind `my logarithms` is unknown:
/// assert!(AnyClassifier::<f64, String>::from_bytes(&bytes).is_err());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    added: Arc<Vec<Entry>>,
}

#[derive(Clone)]
struct Entry {
    kind: &'static str,
    /// The type that the reader returns, for example `AnyClassifier<f64, String>`.
    value: TypeId,
    /// The [`Reader`] of this type.
    reader: Arc<dyn Any + Send + Sync>,
}

impl Registry {
    /// Creates a registry of the types of this crate.
    pub fn standard() -> Self {
        Registry::default()
    }

    /// Adds a type that is read as an `M`.
    ///
    /// # Errors
    /// Returns [`Error::KindTaken`] if the kind was added before, and [`Error::Empty`] if the kind is empty.
    pub(crate) fn with<M: 'static>(mut self, kind: &'static str, reader: Reader<M>) -> Result<Self, Error> {
        if kind.is_empty() {
            return Err(Error::Empty { argument: "KIND", axis: "letters" });
        }
        if self.reader::<M>(kind).is_some() {
            return Err(Error::KindTaken { kind });
        }
        let entry = Entry { kind, value: TypeId::of::<M>(), reader: Arc::new(reader) };
        Arc::make_mut(&mut self.added).push(entry);
        Ok(self)
    }

    /// Returns the reader that was added for this kind of `M`.
    pub(crate) fn reader<M: 'static>(&self, kind: &str) -> Option<Reader<M>> {
        let entry = self.added.iter().find(|entry| entry.kind == kind && entry.value == TypeId::of::<M>())?;
        entry.reader.downcast_ref::<Reader<M>>().copied()
    }
}

/// Shows the kinds that were added.
impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.added.iter().map(|entry| entry.kind)).finish()
    }
}
