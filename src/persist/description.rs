//! Records in JSON and other human-readable formats, with or without their arrays.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::numbers;
use super::record::{Array, Record, Setting};
use crate::error::{Error, unsupported};
use crate::persist::file::invalid;

/// The largest depth of nested records. JSON readers stop at 128 levels, and a record takes two of them. The
/// remaining levels are for the value that contains the model.
pub(super) const DEEPEST: usize = 50;

/// The serialised form of a record: kind, settings, arrays if requested, and parts. Empty lists are left out.
pub(super) struct Node<'a> {
    pub(super) record: &'a Record,
    pub(super) arrays: bool,
}

/// Returns the JSON text of a record without its arrays.
///
/// # Errors
/// Returns [`Error::Unsupported`] for a record that is too deep to be read again.
pub(super) fn to_json(record: &Record) -> Result<String, Error> {
    check_depth(record)?;
    let node = Node { record, arrays: false };
    serde_json::to_string(&node).map_err(|error| invalid(error.to_string()))
}

/// Reads a record without its arrays from JSON.
///
/// # Errors
/// Returns [`Error::InvalidFile`] for a text that [`to_json`] does not write.
pub(super) fn from_json(text: &str) -> Result<Record, Error> {
    let failed = |error: serde_json::Error| invalid(format!("in its description: {error}"));
    let mut json = serde_json::Deserializer::from_str(text);
    let record = RecordSeed::new(false).deserialize(&mut json).map_err(failed)?;
    json.end().map(|()| record).map_err(failed)
}

/// Checks that a record is not too deep to be read again.
///
/// # Errors
/// Returns [`Error::Unsupported`] if it is.
pub(super) fn check_depth(record: &Record) -> Result<(), Error> {
    fn fits(record: &Record, depth: usize) -> bool {
        depth > 0 && record.parts.iter().all(|(_, part)| fits(part, depth - 1))
    }
    if fits(record, DEEPEST) {
        return Ok(());
    }
    Err(unsupported(
        "a model whose parts are nested this deeply",
        "the format of model files",
        "save its parts separately",
    ))
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record { kind, settings, arrays, parts, .. } = self.record;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", kind)?;
        if !settings.is_empty() {
            map.serialize_entry("settings", &Entries(settings, |setting| setting))?;
        }
        if self.arrays && !arrays.is_empty() {
            map.serialize_entry("arrays", &Entries(arrays, numbers::WrittenArray))?;
        }
        if !parts.is_empty() {
            let node = |record| Node { record, arrays: self.arrays };
            map.serialize_entry("parts", &Entries(parts, node))?;
        }
        map.end()
    }
}

/// A list of named values that is serialised as a map.
struct Entries<'a, V, F>(&'a [(String, V)], F);

impl<'a, V, W: Serialize, F: Fn(&'a V) -> W> Serialize for Entries<'a, V, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, (self.1)(value))))
    }
}

impl Serialize for Setting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Setting::Flag(flag) => serializer.serialize_bool(*flag),
            Setting::Count(count) => serializer.serialize_u64(*count),
            Setting::Number(number) => serializer.serialize_f64(*number),
            Setting::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// A deserialiser seed for a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordSeed {
    arrays: bool,
    /// The number of further levels of records that are allowed.
    depth: usize,
}

impl RecordSeed {
    /// Creates a seed for a record with or without its arrays.
    pub(super) fn new(arrays: bool) -> Self {
        RecordSeed { arrays, depth: DEEPEST }
    }
}

impl<'de> DeserializeSeed<'de> for RecordSeed {
    type Value = Record;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Record, D::Error> {
        deserializer.deserialize_map(self)
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Kind,
    Settings,
    Arrays,
    Parts,
}

impl<'de> Visitor<'de> for RecordSeed {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of kind, settings and parts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(A::Error::custom(format!("parts are nested more than {DEEPEST} deep")));
        };
        let (mut kind, mut settings, mut arrays, mut parts) = (None, None, None, None);
        while let Some(key) = map.next_key()? {
            match key {
                Key::Kind => set(&mut kind, "kind", map.next_value()?)?,
                Key::Settings => {
                    set(
                        &mut settings,
                        "settings",
                        map.next_value_seed(NamedEntries(PhantomData::<Setting>))?,
                    )?;
                }
                Key::Arrays if self.arrays => {
                    set(&mut arrays, "arrays", map.next_value_seed(NamedEntries(PhantomData::<Array>))?)?;
                }
                Key::Arrays => return Err(A::Error::custom("arrays are not allowed here")),
                Key::Parts => {
                    let inside = NamedEntries(RecordSeed { depth, ..self });
                    set(&mut parts, "parts", map.next_value_seed(inside)?)?;
                }
            }
        }
        Ok(Record::of(
            kind.ok_or_else(|| A::Error::missing_field("kind"))?,
            settings.unwrap_or_default(),
            arrays.unwrap_or_default(),
            parts.unwrap_or_default(),
        ))
    }
}

fn set<V, E: serde::de::Error>(slot: &mut Option<V>, name: &'static str, value: V) -> Result<(), E> {
    if slot.replace(value).is_some() { Err(E::duplicate_field(name)) } else { Ok(()) }
}

/// A seed that reads a map as a list of named values, each with the inner seed. Names must be distinct.
struct NamedEntries<S>(S);

impl<'de, S: DeserializeSeed<'de> + Copy> DeserializeSeed<'de> for NamedEntries<S> {
    type Value = Vec<(String, S::Value)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de> + Copy> Visitor<'de> for NamedEntries<S> {
    type Value = Vec<(String, S::Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs: Self::Value = vec![];
        while let Some(name) = map.next_key::<String>()? {
            if !Record::is_name(&name) {
                return Err(A::Error::custom(format!("`{name}` is not a valid name")));
            }
            pairs.push((name, map.next_value_seed(self.0)?));
        }
        let mut names: Vec<&String> = pairs.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(A::Error::custom(format!("it has `{}` twice", pair[0]))),
            None => Ok(pairs),
        }
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;
        impl Visitor<'_> for Value {
            type Value = Setting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, a number or a text")
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Setting, E> {
                Ok(Setting::Flag(flag))
            }
            fn visit_u64<E>(self, count: u64) -> Result<Setting, E> {
                Ok(Setting::Count(count))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Setting, E> {
                Ok(Setting::Number(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Setting, E> {
                Ok(Setting::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_no_arrays() {
        let record = Record::new("model").with_array("values", &[1.0, 2.0]);
        let text = serde_json::to_string(&Node { record: &record, arrays: true }).expect("JSON");
        assert!(text.contains("values") && from_json(&text).is_err(), "{text}");
        assert_eq!(to_json(&record).and_then(|text| from_json(&text)), Ok(Record::new("model")));
    }

    /// What is not too deep to be saved can be read, and nothing else.
    #[test]
    fn the_deepest_record_is_read_again() {
        let nested = |depth: usize| {
            (1..depth).fold(Record::new("inner"), |record, _| Record::new("outer").with_part("part", record))
        };
        let reads = |record: &Record| to_json(record).is_ok_and(|text| from_json(&text).is_ok());
        for (depth, fits) in [(1, true), (DEEPEST, true), (DEEPEST + 1, false)] {
            let record = nested(depth);
            assert_eq!((check_depth(&record).is_ok(), reads(&record)), (fits, fits), "{depth}");
        }
    }
}
