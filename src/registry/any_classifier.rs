//! A fitted classifier of any kind that files have.

use std::fmt::Debug;

use nalgebra::DMatrix;

use super::AnyTransform;
use crate::classifier::{Classifier, classifies_as};
use crate::decide::{
    Conformal, FittedCalibration, FittedThreshold, MinimumCost, PriorCorrected, RejectOption,
};
use crate::error::Error;
use crate::linear::{FittedLogistic, FittedLogisticCv};
use crate::multiclass::{FittedOneVsOne, FittedOneVsRest};
use crate::network::FittedMlp;
use crate::persist::file::invalid;
use crate::persist::{GoldenRows, Persist, Record, StoredLabel};
use crate::pipeline::FittedPipeline;
use crate::scalar::Real;
use crate::select::FittedSearch;

/// A fitted classifier of this crate whose kind is known only when it is loaded: what a service wants that is to take
/// whatever model its file has.
///
/// # Examples
/// ```
/// use logit::{
///     AnyClassifier, Classifier, Estimator, LogisticRegression, Penalty, Persist, Pipeline,
///     StandardScaler, data,
/// };
///
/// let iris = data::iris();
/// let pipeline = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
/// let bytes = pipeline.fit(&iris.x, &iris.y)?.to_bytes()?;
///
/// let model = AnyClassifier::<f64, String>::from_bytes(&bytes)?;
/// assert_eq!(model.kind(), "pipeline");
/// assert!(model.predict(&iris.x)?.iter().eq(&pipeline.fit(&iris.x, &iris.y)?.predict(&iris.x)?));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug)]
pub struct AnyClassifier<T, L>(Box<dyn StoredClassifier<T, L>>);

/// A classifier that can be stored, whatever its type.
trait StoredClassifier<T: Real, L>: Classifier<T, Label = L> + Debug + Send + Sync {
    fn record(&self) -> Record;
    fn golden(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error>;
    fn boxed_clone(&self) -> Box<dyn StoredClassifier<T, L>>;
}

impl<T: Real, L: StoredLabel, C> StoredClassifier<T, L> for C
where
    C: Classifier<T, Label = L> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
{
    fn record(&self) -> Record {
        self.to_record()
    }
    fn golden(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        self.golden_rows(rows)
    }
    fn boxed_clone(&self) -> Box<dyn StoredClassifier<T, L>> {
        Box::new(self.clone())
    }
}

impl<T: Real, L: StoredLabel + 'static> AnyClassifier<T, L> {
    /// Any classifier that can be stored.
    pub fn new<C>(classifier: C) -> Self
    where
        C: Classifier<T, Label = L> + Persist<Scalar = T> + Clone + Debug + Send + Sync + 'static,
    {
        AnyClassifier(Box::new(classifier))
    }

    /// Of what kind it is, as files call it.
    pub fn kind(&self) -> String {
        self.to_record().kind().to_owned()
    }
}

impl<T: Real, L: StoredLabel + 'static> Persist for AnyClassifier<T, L> {
    type Scalar = T;

    fn to_record(&self) -> Record {
        self.0.record()
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        Ok(match record.kind() {
            "logistic regression" => Self::new(FittedLogistic::<T, L>::from_record(record)?),
            "cross-validated logistic regression" => {
                Self::new(FittedLogisticCv::<T, L>::from_record(record)?)
            }
            "multi-layer perceptron" => Self::new(FittedMlp::<T, L>::from_record(record)?),
            "one vs rest" => Self::new(FittedOneVsRest::<AnyClassifier<T, bool>, L>::from_record(record)?),
            "one vs one" => Self::new(FittedOneVsOne::<AnyClassifier<T, bool>, L>::from_record(record)?),
            "pipeline" => {
                Self::new(FittedPipeline::<AnyTransform<T>, AnyClassifier<T, L>>::from_record(record)?)
            }
            "calibrated" => Self::new(FittedCalibration::<AnyClassifier<T, L>>::from_record(record)?),
            "conformal" => Self::new(Conformal::<AnyClassifier<T, L>>::from_record(record)?),
            "minimum cost" => Self::new(MinimumCost::<AnyClassifier<T, L>>::from_record(record)?),
            "prior corrected" => Self::new(PriorCorrected::<AnyClassifier<T, L>>::from_record(record)?),
            "reject option" => Self::new(RejectOption::<AnyClassifier<T, L>>::from_record(record)?),
            "search" => Self::new(FittedSearch::<Record, AnyClassifier<T, L>>::from_record(record)?),
            "thresholded" => Self::new(FittedThreshold::<AnyClassifier<T, L>>::from_record(record)?),
            other => return Err(invalid(format!("it has a `{other}` where a classifier is wanted"))),
        })
    }

    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        self.0.golden(rows)
    }
}

impl<T: Real, L: StoredLabel + 'static> Clone for AnyClassifier<T, L> {
    fn clone(&self) -> Self {
        AnyClassifier(self.0.boxed_clone())
    }
}

/// Equal are those of the same kind with the same contents.
impl<T: Real, L: StoredLabel + 'static> PartialEq for AnyClassifier<T, L> {
    fn eq(&self, other: &Self) -> bool {
        self.to_record() == other.to_record()
    }
}

impl<T: Real, L: StoredLabel + 'static> Classifier<T> for AnyClassifier<T, L> {
    type Label = L;

    classifies_as!(self => self.0);
}
