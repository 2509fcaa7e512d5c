//! The header of a file: what it is of, and where its arrays lie.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{FORMAT, PREFIX, invalid};
use crate::error::Error;
use crate::scalar::Kind;

/// The most dimensions of an array.
const MOST_DIMENSIONS: usize = 2;

/// What the header says.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) metadata: Metadata,
    /// By name.
    pub(super) arrays: Vec<Array<'a>>,
    /// The bytes of all arrays.
    pub(super) data: usize,
}

/// What the file is of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    pub(super) format: String,
    pub(super) version: String,
    pub(super) description: String,
}

/// Where an array lies.
#[derive(Debug)]
pub(super) struct Array<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    pub(super) shape: Shape,
    /// From the end of the header.
    pub(super) bytes: Range<usize>,
}

/// The range of the header that begins a file of `length` bytes, from the first of them.
///
/// # Errors
/// For a file that has no room for it.
pub(super) fn range(start: &[u8], length: u64) -> Result<Range<usize>, Error> {
    let Some(prefix) = start.first_chunk::<PREFIX>() else {
        return Err(invalid(format!("it has {} bytes, wanted at least {PREFIX}", start.len())));
    };
    let (header, room) = (u64::from_le_bytes(*prefix), length.saturating_sub(PREFIX as u64));
    let most = room.min(FORMAT.longest_header);
    if header > most {
        return Err(invalid(format!("its header is said to have {header} bytes, wanted at most {most}")));
    }
    // Below 4 GiB, which any `usize` holds.
    Ok(PREFIX..PREFIX + header as usize)
}

impl<'a> Header<'a> {
    /// # Errors
    /// For anything but a well-formed header whose arrays lie one behind the other.
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, Error> {
        let Listed { metadata, mut arrays } =
            serde_json::from_slice(text).map_err(|error| invalid(format!("in its header: {error}")))?;
        arrays.sort_unstable_by_key(|array| (array.bytes.start, array.bytes.end));
        let mut data = 0;
        for Array { name, kind, shape, bytes, .. } in &arrays {
            let wanted = shape.numbers().and_then(|count| count.checked_mul(kind.size()));
            let length = bytes.end.checked_sub(bytes.start);
            if bytes.start != data || length.is_none() || length != wanted {
                return Err(invalid(format!(
                    "array `{name}` ({kind}, {shape}) is said to lie at {bytes:?}, wanted {} bytes from {data}",
                    wanted.map_or("fewer".to_owned(), |bytes| bytes.to_string())
                )));
            }
            data = bytes.end;
        }
        arrays.sort_unstable_by_key(|array| array.name);
        match arrays.windows(2).find(|pair| pair[0].name == pair[1].name) {
            Some(pair) => Err(invalid(format!("it has two arrays `{}`", pair[0].name))),
            None => Ok(Header { metadata, arrays, data }),
        }
    }

    /// # Errors
    /// When a file of `length` bytes with this many before its arrays is shorter or longer than they are.
    pub(super) fn check_length(&self, before: usize, length: u64) -> Result<(), Error> {
        let wanted = before as u64 + self.data as u64;
        if length == wanted {
            return Ok(());
        }
        Err(invalid(format!("it has {length} bytes, wanted {wanted}")))
    }
}

/// The header before its arrays are compared with each other.
struct Listed<'a> {
    metadata: Metadata,
    arrays: Vec<Array<'a>>,
}

/// An entry of the header.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    dtype: Kind,
    shape: Shape,
    data_offsets: [usize; 2],
}

impl<'de: 'a, 'a> Deserialize<'de> for Listed<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Listed<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of arrays")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed<'de>, A::Error> {
                let (mut metadata, mut arrays) = (None, Vec::new());
                while let Some(name) = map.next_key::<&str>()? {
                    if name == "__metadata__" {
                        if metadata.replace(map.next_value::<Metadata>()?).is_some() {
                            return Err(A::Error::duplicate_field("__metadata__"));
                        }
                        continue;
                    }
                    let Entry { dtype: kind, shape, data_offsets: [start, end] } = map.next_value()?;
                    arrays.push(Array { name, kind, shape, bytes: start..end });
                }
                let metadata = metadata.ok_or_else(|| A::Error::missing_field("__metadata__"))?;
                Ok(Listed { metadata, arrays })
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// The dimensions of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape {
    lengths: [usize; MOST_DIMENSIONS],
    dimensions: usize,
}

impl Shape {
    /// The dimensions.
    pub(super) fn lengths(&self) -> &[usize] {
        &self.lengths[..self.dimensions]
    }

    /// How many numbers; `None` where that cannot be counted.
    fn numbers(&self) -> Option<usize> {
        self.lengths().iter().try_fold(1, |product: usize, &length| product.checked_mul(length))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.lengths())
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lengths;
        impl<'de> Visitor<'de> for Lengths {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {MOST_DIMENSIONS} dimensions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Shape, A::Error> {
                let mut shape = Shape::default();
                while let Some(length) = sequence.next_element()? {
                    let Some(slot) = shape.lengths.get_mut(shape.dimensions) else {
                        return Err(A::Error::invalid_length(shape.dimensions + 1, &self));
                    };
                    *slot = length;
                    shape.dimensions += 1;
                }
                Ok(shape)
            }
        }
        deserializer.deserialize_seq(Lengths)
    }
}
