//! A fitted transformation of any registered type.

use std::fmt::Debug;

use nalgebra::DMatrix;

use super::models;
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{Persist, Reader, Record, Registry};
use crate::scalar::Real;
use crate::transformer::{Transform, transforms_as};

/// A fitted transformation whose type is known only when it is loaded.
///
/// Files are read as the types of this crate. A [`Registry`] adds types of other crates.
///
/// # Examples
/// ```
/// use logit::StandardScaler;
/// use logit::prelude::*;
/// use logit::registry::AnyTransform;
/// use nalgebra::dmatrix;
///
/// let bytes = StandardScaler::new().fit(&dmatrix![1.0; 3.0])?.to_bytes()?;
/// let loaded = AnyTransform::<f64>::from_bytes(&bytes)?;
/// assert_eq!(loaded.kind(), "standard scaler");
/// assert_eq!(loaded.transform(&dmatrix![4.0])?, dmatrix![2.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug)]
pub struct AnyTransform<T>(Box<dyn StoredTransform<T>>);

/// A storable transformation of any type.
trait StoredTransform<T: Real>: Transform<T> + Debug + Send + Sync {
    fn kind(&self) -> &str;
    fn write_record(&self, record: Record) -> Record;
    fn boxed_clone(&self) -> Box<dyn StoredTransform<T>>;
}

impl<T: Real, P> StoredTransform<T> for P
where
    P: Transform<T> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
{
    fn kind(&self) -> &str {
        Persist::kind(self)
    }
    fn write_record(&self, record: Record) -> Record {
        Persist::write_record(self, record)
    }
    fn boxed_clone(&self) -> Box<dyn StoredTransform<T>> {
        Box::new(self.clone())
    }
}

impl<T: Real> AnyTransform<T> {
    /// Wraps a storable transformation.
    pub fn new<P>(transform: P) -> Self
    where
        P: Transform<T> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
    {
        AnyTransform(Box::new(transform))
    }

    /// Reads a transformation of type `P`.
    pub(super) fn read<P>(record: &mut Record) -> Result<Self, Error>
    where
        P: Transform<T> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
    {
        P::read_record(record).map(Self::new)
    }
}

impl<T: Real> Persist for AnyTransform<T> {
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
        let reader: Option<Reader<Self>> = models::transform(kind).or_else(|| record.registry().reader(kind));
        match reader {
            Some(reader) => reader(record),
            None => Err(invalid(format!("it contains `{kind}` where a transformation is expected"))),
        }
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        record.read(Self::read_record)
    }
}

impl Registry {
    /// Adds a type of transformations with its number type.
    ///
    /// # Errors
    /// Returns [`Error::KindTaken`] if its [`KIND`](Persist::KIND) is that of a type of this crate or was
    /// added before, and [`Error::Empty`] if the kind is empty.
    pub fn with_transform<P>(self) -> Result<Self, Error>
    where
        P: Transform<P::Scalar> + Persist + Clone + Debug + Send + Sync + 'static,
    {
        models::check_not_standard::<P::Scalar, String>(P::KIND)?;
        self.with(P::KIND, AnyTransform::<P::Scalar>::read::<P>)
    }
}

impl<T: Real> Clone for AnyTransform<T> {
    fn clone(&self) -> Self {
        AnyTransform(self.0.boxed_clone())
    }
}

/// Transformations are equal if they have the same kind and the same contents.
impl<T: Real> PartialEq for AnyTransform<T> {
    fn eq(&self, other: &Self) -> bool {
        self.to_record() == other.to_record()
    }
}

impl<T: Real> Transform<T> for AnyTransform<T> {
    transforms_as!(self => self.0);
}
