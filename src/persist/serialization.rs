//! Serialisation of model files with serde, with the same checks as for files on disk.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, Visitor};
use serde::ser::{Error as _, Serialize, SerializeStruct, Serializer};

use super::description::{Node, RecordSeed};
use super::file::FORMAT;
use super::model_file::Extras;
use super::record::Record;
use super::{ModelFile, Persist, description};

/// Serialises a model file: a table of `format`, `version` and `file` in human-readable formats, and the
/// bytes of a file in other formats.
pub(super) fn serialize<M: Persist, S: Serializer>(
    model: &M,
    extras: Extras,
    serializer: S,
) -> Result<S::Ok, S::Error> {
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

pub(super) fn deserialize<'de, M: Persist, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<ModelFile<M>, D::Error> {
    if deserializer.is_human_readable() {
        let Readable { format: Name, version: Version, file: RecordWithArrays(record) } =
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
    file: RecordWithArrays,
}

/// The name of the format. The name and the version are checked as soon as they are read.
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
struct RecordWithArrays(Record);

impl<'de> Deserialize<'de> for RecordWithArrays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RecordSeed::new(true).deserialize(deserializer).map(RecordWithArrays)
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

/// Serialises a model as a model file.
pub(crate) fn serialize_model<M: Persist, S: Serializer>(
    model: &M,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serialize(model, Extras::of(model).map_err(S::Error::custom)?, serializer)
}

/// Deserialises a model from a model file.
pub(crate) fn deserialize_model<'de, M: Persist, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<M, D::Error> {
    deserialize(deserializer).map(ModelFile::into_model)
}
