//! Every model through serde: `Serialize` and `Deserialize` by way of [`Persist`].

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::{AnyClassifier, AnyTransform};
#[cfg(feature = "csv")]
use crate::data::CsvSchema;
use crate::decide::{
    Conformal, FittedCalibration, FittedThreshold, IsotonicRegression, MinimumCost, PlattScaling,
    PriorCorrected, RejectOption,
};
use crate::linear::{FittedLogistic, FittedLogisticCv, FittedLogisticPath};
use crate::multiclass::{FittedOneVsOne, FittedOneVsRest};
use crate::network::{FittedMlp, FittedMultiLabel};
use crate::persist::{Persist, StoredLabel, deserialize_model, serialize_model};
use crate::pipeline::FittedPipeline;
use crate::preprocess::{
    Chain, FittedImputer, FittedMaxAbsScaler, FittedMinMaxScaler, FittedNormalizer, FittedOnColumns,
    FittedOneHotEncoder, FittedPca, FittedPolynomialFeatures, FittedRobustScaler, FittedSelectColumns,
    FittedStandardScaler, Identity, LabelEncoder, Moments,
};
use crate::scalar::Real;
use crate::select::FittedSearch;
use crate::train::Trained;

/// A model alone is a file of it.
macro_rules! models {
    ($([$($generics:tt)*] $model:ty;)*) => {
        $(
            impl<$($generics)*> Serialize for $model
            where
                Self: Persist,
            {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serialize_model(self, serializer)
                }
            }

            impl<'de, $($generics)*> Deserialize<'de> for $model
            where
                Self: Persist,
            {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserialize_model(deserializer)
                }
            }
        )*
    };
}

models! {
    [T: Real, L: StoredLabel + 'static] AnyClassifier<T, L>;
    [T: Real] AnyTransform<T>;
    [C] FittedCalibration<C>;
    [A, B] Chain<A, B>;
    [C] Conformal<C>;
    [T: Real] FittedImputer<T>;
    [T: Real, L: StoredLabel] FittedLogistic<T, L>;
    [T: Real, L: StoredLabel] FittedLogisticCv<T, L>;
    [T: Real, L: StoredLabel] FittedLogisticPath<T, L>;
    [T: Real] FittedMaxAbsScaler<T>;
    [T: Real] FittedMinMaxScaler<T>;
    [T: Real, L: StoredLabel] FittedMlp<T, L>;
    [T: Real, L: StoredLabel] FittedMultiLabel<T, L>;
    [T: Real] FittedNormalizer<T>;
    [P] FittedOnColumns<P>;
    [T: Real] FittedOneHotEncoder<T>;
    [C, L] FittedOneVsOne<C, L>;
    [C, L] FittedOneVsRest<C, L>;
    [T: Real] FittedPca<T>;
    [P, C] FittedPipeline<P, C>;
    [T: Real] FittedPolynomialFeatures<T>;
    [T: Real] FittedRobustScaler<T>;
    [P, C] FittedSearch<P, C>;
    [T: Real] FittedSelectColumns<T>;
    [T: Real] FittedStandardScaler<T>;
    [T: Real] Identity<T>;
    [] IsotonicRegression;
    [L: StoredLabel] LabelEncoder<L>;
    [C] MinimumCost<C>;
    [] Moments;
    [] PlattScaling;
    [C] PriorCorrected<C>;
    [C] RejectOption<C>;
    [C] FittedThreshold<C>;
    [T: Real] Trained<T>;
}

#[cfg(feature = "csv")]
models! {
    [] CsvSchema;
}
