//! A fitted transformation of any kind that files have.

use std::fmt::Debug;

use nalgebra::DMatrix;

use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{Persist, Record};
use crate::preprocess::{
    Chain, FittedImputer, FittedMaxAbsScaler, FittedMinMaxScaler, FittedNormalizer, FittedOnColumns,
    FittedOneHotEncoder, FittedPca, FittedPolynomialFeatures, FittedRobustScaler, FittedSelectColumns,
    FittedStandardScaler, Identity, Transform,
};
use crate::scalar::Real;
use crate::transformer::transforms_as;

/// A fitted transformation of this crate whose kind is known only when it is loaded.
///
/// # Examples
/// ```
/// use logit::registry::AnyTransform;
/// use logit::{Persist, StandardScaler, Transform, Transformer};
/// use nalgebra::dmatrix;
///
/// let bytes = StandardScaler::new().fit(&dmatrix![1.0; 3.0])?.to_bytes()?;
/// let loaded = AnyTransform::<f64>::from_bytes(&bytes)?;
/// assert_eq!(loaded.transform(&dmatrix![4.0])?, dmatrix![2.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug)]
pub struct AnyTransform<T>(Box<dyn StoredTransform<T>>);

/// A transformation that can be stored, whatever its type.
trait StoredTransform<T: Real>: Transform<T> + Debug + Send + Sync {
    fn record(&self) -> Record;
    fn boxed_clone(&self) -> Box<dyn StoredTransform<T>>;
}

impl<T: Real, P> StoredTransform<T> for P
where
    P: Transform<T> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
{
    fn record(&self) -> Record {
        self.to_record()
    }
    fn boxed_clone(&self) -> Box<dyn StoredTransform<T>> {
        Box::new(self.clone())
    }
}

impl<T: Real> AnyTransform<T> {
    /// Any transformation that can be stored.
    pub fn new<P>(transform: P) -> Self
    where
        P: Transform<T> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
    {
        AnyTransform(Box::new(transform))
    }

    /// Of what kind it is, as files call it.
    pub fn kind(&self) -> String {
        self.to_record().kind().to_owned()
    }

    fn read<P>(record: Record) -> Result<Self, Error>
    where
        P: Transform<T> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
    {
        P::from_record(record).map(Self::new)
    }
}

impl<T: Real> Persist for AnyTransform<T> {
    type Scalar = T;

    fn to_record(&self) -> Record {
        self.0.record()
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        match record.kind() {
            "chain" => Self::read::<Chain<AnyTransform<T>, AnyTransform<T>>>(record),
            "identity" => Self::read::<Identity<T>>(record),
            "imputer" => Self::read::<FittedImputer<T>>(record),
            "max-abs scaler" => Self::read::<FittedMaxAbsScaler<T>>(record),
            "min-max scaler" => Self::read::<FittedMinMaxScaler<T>>(record),
            "normalizer" => Self::read::<FittedNormalizer<T>>(record),
            "on columns" => Self::read::<FittedOnColumns<AnyTransform<T>>>(record),
            "one-hot encoder" => Self::read::<FittedOneHotEncoder<T>>(record),
            "pca" => Self::read::<FittedPca<T>>(record),
            "polynomial features" => Self::read::<FittedPolynomialFeatures<T>>(record),
            "robust scaler" => Self::read::<FittedRobustScaler<T>>(record),
            "selected columns" => Self::read::<FittedSelectColumns<T>>(record),
            "standard scaler" => Self::read::<FittedStandardScaler<T>>(record),
            other => Err(invalid(format!("it has a `{other}` where a transformation is wanted"))),
        }
    }
}

impl<T: Real> Clone for AnyTransform<T> {
    fn clone(&self) -> Self {
        AnyTransform(self.0.boxed_clone())
    }
}

/// Equal are those of the same kind with the same contents.
impl<T: Real> PartialEq for AnyTransform<T> {
    fn eq(&self, other: &Self) -> bool {
        self.to_record() == other.to_record()
    }
}

impl<T: Real> Transform<T> for AnyTransform<T> {
    transforms_as!(self => self.0);
}
