//! The header of a file: its metadata and the positions of its arrays.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{FORMAT, PREFIX, invalid};
use crate::error::Error;
use crate::scalar::Kind;

/// The largest number of dimensions of an array.
const MOST_DIMENSIONS: usize = 2;

/// A parsed header.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) metadata: Metadata,
    /// The arrays, sorted by name.
    pub(super) arrays: Vec<Array<'a>>,
    /// The number of bytes of all arrays.
    pub(super) data: usize,
}

/// The format, the version and the description of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    pub(super) format: String,
    pub(super) version: String,
    pub(super) description: String,
}

/// The name, the type, the shape and the position of an array.
#[derive(Debug)]
pub(super) struct Array<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    pub(super) shape: Shape,
    /// The range of its bytes, from the end of the header.
    pub(super) bytes: Range<usize>,
}

/// Returns the range of the header in a file of `length` bytes, given the first bytes of the file.
///
/// # Errors
/// Returns [`Error::InvalidFile`] if the file is too short for the header.
pub(super) fn range(start: &[u8], length: u64) -> Result<Range<usize>, Error> {
    let Some(prefix) = start.first_chunk::<PREFIX>() else {
        return Err(invalid(format!("it has {} bytes, expected at least {PREFIX}", start.len())));
    };
    let (header, room) = (u64::from_le_bytes(*prefix), length.saturating_sub(PREFIX as u64));
    let most = room.min(FORMAT.longest_header);
    if header > most {
        return Err(invalid(format!("its header declares {header} bytes, expected at most {most}")));
    }
    // The header is below 4 GiB, so its length fits any `usize`.
    Ok(PREFIX..PREFIX + header as usize)
}

impl<'a> Header<'a> {
    /// Parses a header.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] unless the header is well formed and its arrays are contiguous.
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
                    "array `{name}` ({kind}, {shape}) is at {bytes:?}, expected {} bytes from {data}",
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

    /// Checks that a file of `length` bytes, with `before` bytes before its arrays, ends with its arrays.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the file is shorter or longer.
    pub(super) fn check_length(&self, before: usize, length: u64) -> Result<(), Error> {
        let wanted = before as u64 + self.data as u64;
        if length == wanted {
            return Ok(());
        }
        Err(invalid(format!("it has {length} bytes, expected {wanted}")))
    }
}

/// A header whose arrays have not been compared with each other.
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
    /// Returns the dimensions.
    pub(super) fn lengths(&self) -> &[usize] {
        &self.lengths[..self.dimensions]
    }

    /// Returns the number of numbers in the array, or `None` if it overflows.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of two arrays of bytes at these places.
    fn header(first: [usize; 2], second: [usize; 2]) -> String {
        let array = |[start, end]: [usize; 2]| {
            let length = end.saturating_sub(start);
            format!(r#"{{"dtype":"U8","shape":[{length}],"data_offsets":[{start},{end}]}}"#)
        };
        let metadata = r#""__metadata__":{"format":"f","version":"1.0","description":"d"}"#;
        format!(r#"{{{metadata},"a":{},"b":{}}}"#, array(first), array(second))
    }

    #[test]
    fn arrays_follow_each_other_without_gaps() {
        for (first, second) in [([0, 4], [4, 6]), ([2, 6], [0, 2]), ([0, 0], [0, 3]), ([0, 3], [3, 3])] {
            let text = header(first, second);
            let parsed = Header::parse(text.as_bytes()).unwrap();
            assert_eq!(parsed.data, first[1].max(second[1]));
            assert_eq!(parsed.arrays[0].bytes, first[0]..first[1]);
        }
        let refusal =
            |first, second| Header::parse(header(first, second).as_bytes()).unwrap_err().to_string();
        for (first, second, wanted) in [
            ([0, 4], [5, 7], "array `b` (U8, [2]) is at 5..7, expected 2 bytes from 4"),
            ([0, 4], [3, 5], "array `b` (U8, [2]) is at 3..5, expected 2 bytes from 4"),
            ([1, 4], [4, 6], "array `a` (U8, [3]) is at 1..4, expected 3 bytes from 0"),
            ([0, 4], [4, 3], "array `b` (U8, [0]) is at 4..3, expected 0 bytes from 4"),
        ] {
            let found = refusal(first, second);
            assert!(found.ends_with(wanted), "{found}");
        }
    }
}
