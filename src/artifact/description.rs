//! Records in JSON, apart from their arrays.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::record::{Record, Setting};
use crate::error::Error;
use crate::file::invalid;

/// What a record says in JSON: kind, settings and parts. Empty lists are left out.
struct Node<'a>(&'a Record);

pub(super) fn to_json(record: &Record) -> Result<String, Error> {
    serde_json::to_string(&Node(record)).map_err(|error| invalid(error.to_string()))
}

/// A record without its arrays.
///
/// # Errors
/// For anything but what [`to_json`] makes.
pub(super) fn from_json(text: &str) -> Result<Record, Error> {
    let Read(record) =
        serde_json::from_str(text).map_err(|error| invalid(format!("in its description: {error}")))?;
    Ok(record)
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record { kind, settings, parts, .. } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", kind)?;
        if !settings.is_empty() {
            map.serialize_entry("settings", &Entries(settings, |setting| setting))?;
        }
        if !parts.is_empty() {
            map.serialize_entry("parts", &Entries(parts, Node))?;
        }
        map.end()
    }
}

/// A list of named values as a map.
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

struct Read(Record);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Parts {
            kind: String,
            #[serde(default)]
            settings: Named<Setting>,
            #[serde(default)]
            parts: Named<Read>,
        }
        let Parts { kind, settings, parts } = Parts::deserialize(deserializer)?;
        let parts = parts.0.into_iter().map(|(name, Read(record))| (name, record)).collect();
        Ok(Read(Record { kind, settings: settings.0, arrays: vec![], parts }))
    }
}

/// A map as a list of named values; no name twice.
struct Named<V>(Vec<(String, V)>);

impl<V> Default for Named<V> {
    fn default() -> Self {
        Named(vec![])
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Named<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<V>(std::marker::PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Pairs<V> {
            type Value = Named<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<V>, A::Error> {
                let mut pairs: Vec<(String, V)> = vec![];
                while let Some((name, value)) = map.next_entry::<String, V>()? {
                    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                        return Err(A::Error::custom(format!("`{name}` is no name")));
                    }
                    pairs.push((name, value));
                }
                let mut names: Vec<&String> = pairs.iter().map(|(name, _)| name).collect();
                names.sort_unstable();
                match names.windows(2).find(|pair| pair[0] == pair[1]) {
                    Some(pair) => Err(A::Error::custom(format!("it has `{}` twice", pair[0]))),
                    None => Ok(Named(pairs)),
                }
            }
        }
        deserializer.deserialize_map(Pairs(std::marker::PhantomData))
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
