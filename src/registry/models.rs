//! The list of the types of this crate that files can contain.

use super::{AnyClassifier, AnyTransform};
use crate::decide::{
    Conformal, FittedCalibration, FittedThreshold, MinimumCost, PriorCorrected, RejectOption,
};
use crate::error::Error;
use crate::linear::{FittedLogistic, FittedLogisticCv};
use crate::multiclass::{FittedOneVsOne, FittedOneVsRest};
use crate::network::FittedMlp;
use crate::persist::{Persist, Reader, StoredLabel};
use crate::pipeline::FittedPipeline;
use crate::preprocess::{
    Chain, FittedColumnTransformer, FittedImputer, FittedMaxAbsScaler, FittedMinMaxScaler, FittedNormalizer,
    FittedOneHotEncoder, FittedPca, FittedPolynomialFeatures, FittedRobustScaler, FittedSelectBest,
    FittedSelectColumns, FittedStandardScaler, FittedTargetEncoder, Identity,
};
use crate::scalar::Real;

/// Defines the readers of all types. Each line is a type with its parameters. The arguments after `as` are
/// those with which the type is read if it is known only when the file is loaded.
macro_rules! models {
    (
        classifiers { $($classifier:ident $classifier_parameters:tt as [$($classifier_argument:ty),*];)* }
        transforms { $($transform:ident $transform_parameters:tt as [$($transform_argument:ty),*];)* }
        others { $($(#[$condition:meta])* $other:ident $other_parameters:tt;)* }
    ) => {
        /// Returns the reader of a kind of classifiers.
        pub(super) fn classifier<T: Real, L: StoredLabel + 'static>(
            kind: &str,
        ) -> Option<Reader<AnyClassifier<T, L>>> {
            $(if kind == <$classifier<$($classifier_argument),*> as Persist>::KIND {
                return Some(AnyClassifier::read::<$classifier<$($classifier_argument),*>>);
            })*
            None
        }

        /// Returns the reader of a kind of transformations.
        pub(super) fn transform<T: Real>(kind: &str) -> Option<Reader<AnyTransform<T>>> {
            $(if kind == <$transform<$($transform_argument),*> as Persist>::KIND {
                return Some(AnyTransform::read::<$transform<$($transform_argument),*>>);
            })*
            None
        }

        #[cfg(feature = "serde")]
        mod serialization {
            use super::*;
            use crate::data::Schema;
            use crate::decide::{IsotonicRegression, PlattScaling};
            use crate::linear::FittedLogisticPath;
            use crate::network::FittedMultiLabel;
            use crate::preprocess::{LabelEncoder, Moments};
            use crate::report::FitReport;
            use crate::train::{Checkpoint, History, Trained};

            $(serialized!($classifier $classifier_parameters);)*
            $(serialized!($transform $transform_parameters);)*
            $($(#[$condition])* serialized!($other $other_parameters);)*
        }
    };
}

/// Implements `Serialize` and `Deserialize` with [`Persist`]. A model is serialised as a model file.
#[cfg(feature = "serde")]
macro_rules! serialized {
    ($model:ident [$($parameter:ident $(: $bound:ident $(+ $lifetime:lifetime)?)?),*]) => {
        impl<$($parameter $(: $bound $(+ $lifetime)?)?),*> serde::Serialize for $model<$($parameter),*>
        where
            Self: Persist,
        {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::persist::serialize_model(self, serializer)
            }
        }

        impl<'de, $($parameter $(: $bound $(+ $lifetime)?)?),*> serde::Deserialize<'de> for $model<$($parameter),*>
        where
            Self: Persist,
        {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::persist::deserialize_model(deserializer)
            }
        }
    };
}

models! {
    classifiers {
        Conformal [C] as [AnyClassifier<T, L>];
        FittedCalibration [C] as [AnyClassifier<T, L>];
        FittedLogistic [T: Real, L: StoredLabel] as [T, L];
        FittedLogisticCv [T: Real, L: StoredLabel] as [T, L];
        FittedMlp [T: Real, L: StoredLabel] as [T, L];
        FittedOneVsOne [C, L] as [AnyClassifier<T, bool>, L];
        FittedOneVsRest [C, L] as [AnyClassifier<T, bool>, L];
        FittedPipeline [P, C] as [AnyTransform<T>, AnyClassifier<T, L>];
        FittedThreshold [C] as [AnyClassifier<T, L>];
        MinimumCost [C] as [AnyClassifier<T, L>];
        PriorCorrected [C] as [AnyClassifier<T, L>];
        RejectOption [C] as [AnyClassifier<T, L>];
    }
    transforms {
        Chain [A, B] as [AnyTransform<T>, AnyTransform<T>];
        FittedColumnTransformer [T, B] as [T, Vec<AnyTransform<T>>];
        FittedImputer [T: Real] as [T];
        FittedMaxAbsScaler [T: Real] as [T];
        FittedMinMaxScaler [T: Real] as [T];
        FittedNormalizer [T: Real] as [T];
        FittedOneHotEncoder [T: Real] as [T];
        FittedPca [T: Real] as [T];
        FittedPolynomialFeatures [T: Real] as [T];
        FittedRobustScaler [T: Real] as [T];
        FittedSelectBest [T: Real] as [T];
        FittedSelectColumns [T: Real] as [T];
        FittedStandardScaler [T: Real] as [T];
        FittedTargetEncoder [T: Real] as [T];
        Identity [T: Real] as [T];
    }
    others {
        AnyClassifier [T: Real, L: StoredLabel + 'static];
        AnyTransform [T: Real];
        Checkpoint [T: Real];
        FitReport [];
        FittedLogisticPath [T: Real, L: StoredLabel];
        FittedMultiLabel [T: Real, L: StoredLabel];
        History [];
        IsotonicRegression [];
        LabelEncoder [L: StoredLabel];
        Moments [];
        PlattScaling [];
        Schema [];
        Trained [T: Real];
    }
}

/// Checks that a kind is not that of a type of this crate.
///
/// # Errors
/// Returns [`Error::KindTaken`] if it is the kind of a classifier or a transformation of this crate.
pub(super) fn check_not_standard<T: Real, L: StoredLabel + 'static>(kind: &'static str) -> Result<(), Error> {
    if classifier::<T, L>(kind).is_some() || transform::<T>(kind).is_some() {
        return Err(Error::KindTaken { kind });
    }
    Ok(())
}
