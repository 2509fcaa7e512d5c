//! Models through serde, by the same door as files.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, Visitor};
use serde::ser::{Error as _, Serialize, SerializeStruct, Serializer};

use super::bytes::FORMAT;
use super::description::{Node, Reading};
use super::model_file::Extras;
use super::record::Record;
use super::{AnyClassifier, AnyTransform, ModelFile, Persist, StoredLabel, description};
#[cfg(feature = "csv")]
use crate::data::CsvSchema;
use crate::decide::{
    Calibrated, Conformal, IsotonicRegression, MinimumCost, PlattScaling, PriorCorrected, Rejecting,
    Thresholded,
};
use crate::linear::{FittedLogistic, FittedLogisticCv, FittedLogisticPath};
use crate::multiclass::{FittedOneVsOne, FittedOneVsRest};
use crate::multilabel::FittedMultiLabel;
use crate::network::FittedMlp;
use crate::pipeline::FittedPipeline;
use crate::preprocess::{
    Chain, FittedImputer, FittedMaxAbsScaler, FittedMinMaxScaler, FittedNormalizer, FittedOnColumns,
    FittedOneHotEncoder, FittedPca, FittedPolynomialFeatures, FittedRobustScaler, FittedSelectColumns,
    FittedStandardScaler, Identity, LabelEncoder, Moments,
};
use crate::real::Real;
use crate::select::FittedSearch;
use crate::train::Trained;

/// In formats that people read a table of `format`, `version` and `file`; in others the bytes of a file.
fn serialize<M: Persist, S: Serializer>(model: &M, extras: Extras, serializer: S) -> Result<S::Ok, S::Error> {
    let record = super::model_file::to_record(model, &extras).map_err(S::Error::custom)?;
    if !serializer.is_human_readable() {
        return serializer.serialize_bytes(&super::bytes::to_bytes(&record).map_err(S::Error::custom)?);
    }
    description::check_depth(&record).map_err(S::Error::custom)?;
    let mut file = serializer.serialize_struct("ModelFile", 3)?;
    file.serialize_field("format", FORMAT.name)?;
    file.serialize_field("version", &FORMAT.version())?;
    file.serialize_field("file", &Node { record: &record, arrays: true })?;
    file.end()
}

fn deserialize<'de, M: Persist, D: Deserializer<'de>>(deserializer: D) -> Result<ModelFile<M>, D::Error> {
    if deserializer.is_human_readable() {
        let Readable { format: Name, version: Version, file: Whole(record) } =
            Readable::deserialize(deserializer)?;
        return ModelFile::from_record(record).map_err(D::Error::custom);
    }
    deserializer
        .deserialize_byte_buf(File)
        .and_then(|file| ModelFile::from_record(file).map_err(D::Error::custom))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename = "ModelFile")]
struct Readable {
    format: Name,
    version: Version,
    file: Whole,
}

/// The name of the format, checked as soon as it is read; so is the version.
struct Name;

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FORMAT.check_name(&String::deserialize(deserializer)?).map(|()| Name).map_err(D::Error::custom)
    }
}

struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FORMAT.check_version(&String::deserialize(deserializer)?).map(|()| Version).map_err(D::Error::custom)
    }
}

/// A record with its arrays.
struct Whole(Record);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Reading::new(true).deserialize(deserializer).map(Whole)
    }
}

/// The bytes of a file.
struct File;

impl Visitor<'_> for File {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of a model file")
    }
    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Record, E> {
        super::bytes::from_bytes(bytes).map_err(E::custom)
    }
}

impl<M: Persist> Serialize for ModelFile<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let extras = self.complete_extras().map_err(S::Error::custom)?;
        serialize(self.model(), extras, serializer)
    }
}

impl<'de, M: Persist> Deserialize<'de> for ModelFile<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

/// A model alone is a file of it.
macro_rules! models {
    ($([$($generics:tt)*] $model:ty;)*) => {
        $(
            impl<$($generics)*> Serialize for $model
            where
                Self: Persist,
            {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serialize(self, Extras::of(self).map_err(S::Error::custom)?, serializer)
                }
            }

            impl<'de, $($generics)*> Deserialize<'de> for $model
            where
                Self: Persist,
            {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserialize(deserializer).map(ModelFile::into_model)
                }
            }
        )*
    };
}

models! {
    [T: Real, L: StoredLabel + 'static] AnyClassifier<T, L>;
    [T: Real] AnyTransform<T>;
    [C] Calibrated<C>;
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
    [C] Rejecting<C>;
    [C] Thresholded<C>;
    [T: Real] Trained<T>;
}

#[cfg(feature = "csv")]
models! {
    [] CsvSchema;
}
