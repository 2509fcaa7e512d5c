//! A fitted classifier of any registered type.

use std::fmt::Debug;

use nalgebra::DMatrix;

use super::models;
use crate::classifier::{Classifier, classifies_as};
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{GoldenRows, Persist, Reader, Record, Registry, StoredLabel};
use crate::scalar::Real;

/// A fitted classifier whose type is known only when it is loaded.
///
/// Use it in services that load any kind of model. Files are read as the types of this crate. A [`Registry`]
/// adds types of other crates.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{
///     AnyClassifier, LogisticRegression, Penalty, Pipeline, StandardScaler, data,
/// };
///
/// let iris = data::iris();
/// let pipeline =
///     Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
/// let bytes = pipeline.fit(&iris.x, &iris.y)?.to_bytes()?;
///
/// let model = AnyClassifier::<f64, String>::from_bytes(&bytes)?;
/// assert_eq!(model.kind(), "pipeline");
/// assert!(
///     model
///         .predict(&iris.x)?
///         .iter()
///         .eq(&pipeline.fit(&iris.x, &iris.y)?.predict(&iris.x)?)
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug)]
pub struct AnyClassifier<T, L>(Box<dyn StoredClassifier<T, L>>);

/// A storable classifier of any type.
trait StoredClassifier<T: Real, L>: Classifier<T, Label = L> + Debug + Send + Sync {
    fn kind(&self) -> &str;
    fn write_record(&self, record: Record) -> Record;
    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error>;
    fn boxed_clone(&self) -> Box<dyn StoredClassifier<T, L>>;
}

impl<T: Real, L: StoredLabel, C> StoredClassifier<T, L> for C
where
    C: Classifier<T, Label = L> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
{
    fn kind(&self) -> &str {
        Persist::kind(self)
    }
    fn write_record(&self, record: Record) -> Record {
        Persist::write_record(self, record)
    }
    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        Persist::golden_rows(self, rows)
    }
    fn boxed_clone(&self) -> Box<dyn StoredClassifier<T, L>> {
        Box::new(self.clone())
    }
}

impl<T: Real, L: StoredLabel + 'static> AnyClassifier<T, L> {
    /// Wraps a storable classifier.
    pub fn new<C>(classifier: C) -> Self
    where
        C: Classifier<T, Label = L> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
    {
        AnyClassifier(Box::new(classifier))
    }

    /// Reads a classifier of type `C`.
    pub(super) fn read<C>(record: &mut Record) -> Result<Self, Error>
    where
        C: Classifier<T, Label = L> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
    {
        C::read_record(record).map(Self::new)
    }
}

impl<T: Real, L: StoredLabel + 'static> Persist for AnyClassifier<T, L> {
    type Scalar = T;
    const KIND: &'static str = "";

    fn kind(&self) -> &str {
        self.0.kind()
    }

    fn write_record(&self, record: Record) -> Record {
        self.0.write_record(record)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let kind = record.kind();
        let reader: Option<Reader<Self>> =
            models::classifier(kind).or_else(|| record.registry().reader(kind));
        match reader {
            Some(reader) => reader(record),
            None => Err(invalid(format!("it contains `{kind}` where a classifier is expected"))),
        }
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        record.read(Self::read_record)
    }

    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        self.0.golden_rows(rows)
    }
}

impl Registry {
    /// Adds a type of classifiers with its number type and its label type.
    ///
    /// Add a classifier with generic labels once for each label type that occurs in files. Classifiers inside
    /// [`OneVsRest`](crate::OneVsRest) and [`OneVsOne`](crate::OneVsOne) have labels of type `bool`.
    ///
    /// # Errors
    /// Returns [`Error::KindTaken`] if its [`KIND`](Persist::KIND) is that of a type of this crate or was
    /// added before, and [`Error::Empty`] if the kind is empty.
    pub fn with_classifier<C>(self) -> Result<Self, Error>
    where
        C: Classifier<C::Scalar> + Persist + Clone + Debug + Send + Sync + 'static,
        C::Label: StoredLabel + 'static,
    {
        models::check_not_standard::<C::Scalar, C::Label>(C::KIND)?;
        self.with(C::KIND, AnyClassifier::<C::Scalar, C::Label>::read::<C>)
    }
}

impl<T: Real, L: StoredLabel + 'static> Clone for AnyClassifier<T, L> {
    fn clone(&self) -> Self {
        AnyClassifier(self.0.boxed_clone())
    }
}

/// Classifiers are equal if they have the same kind and the same contents.
impl<T: Real, L: StoredLabel + 'static> PartialEq for AnyClassifier<T, L> {
    fn eq(&self, other: &Self) -> bool {
        self.to_record() == other.to_record()
    }
}

impl<T: Real, L: StoredLabel + 'static> Classifier<T> for AnyClassifier<T, L> {
    type Label = L;

    classifies_as!(self => self.0);
}
