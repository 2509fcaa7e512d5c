//! Writing a file to bytes.

use super::checksum::Crc64;
use super::element::{Element, Values};
use super::{CHECKSUM, Format, PREFIX};

/// The arrays of a file to be. The same arrays give the same bytes.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    format: Format,
    description: String,
    arrays: Vec<Array<'a>>,
}

#[derive(Debug)]
struct Array<'a> {
    name: &'static str,
    /// The length; a single number has none.
    length: Option<usize>,
    values: Values<'a>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(format: Format, description: String) -> Self {
        let placeholder = Array { name: CHECKSUM, length: None, values: Values::U64(&[0]) };
        Writer { format, description, arrays: vec![placeholder] }
    }

    /// Adds an array under a name of its own, of letters, digits, dots and underscores.
    pub(crate) fn array<T: Element>(mut self, name: &'static str, array: &'a [T]) -> Self {
        self.arrays.push(Array { name, length: Some(array.len()), values: T::values(array) });
        self
    }

    /// Adds a single number.
    pub(crate) fn number<T: Element>(mut self, name: &'static str, number: &'a T) -> Self {
        let values = T::values(std::slice::from_ref(number));
        self.arrays.push(Array { name, length: None, values });
        self
    }

    /// Large numbers first, so that each array lies at a multiple of the size of its numbers.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.arrays.sort_by_key(|array| (std::cmp::Reverse(array.values.kind()), array.name));
        let (header, data) = self.header();
        let mut bytes = Vec::with_capacity(PREFIX + header.len() + data);
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header.as_bytes());
        let mut checksum = bytes.len()..bytes.len();
        for Array { name, values, .. } in &self.arrays {
            let start = bytes.len();
            values.encode(&mut bytes);
            if *name == CHECKSUM {
                checksum = start..bytes.len();
            }
        }
        let rest = Crc64::new().update(&bytes[..checksum.start]).update(&bytes[checksum.end..]);
        bytes[checksum].copy_from_slice(&rest.value().to_le_bytes());
        bytes
    }

    /// The header, and the size of what comes after it.
    fn header(&self) -> (String, usize) {
        let Format { name, major, minor } = self.format;
        let metadata = serde_json::json!({
            "format": name,
            "version": format!("{major}.{minor}"),
            "description": self.description,
        });
        let mut text = format!("{{\"__metadata__\":{metadata}");
        let mut data = 0;
        for Array { name, length, values } in &self.arrays {
            let (kind, start) = (values.kind(), data);
            data += values.count() * kind.size();
            let shape = length.map_or(String::new(), |length| length.to_string());
            text += &format!(
                ",\"{name}\":{{\"dtype\":\"{kind}\",\"shape\":[{shape}],\"data_offsets\":[{start},{data}]}}"
            );
        }
        text.push('}');
        let padding = text.len().next_multiple_of(PREFIX) - text.len();
        text.extend(std::iter::repeat_n(' ', padding));
        (text, data)
    }
}
