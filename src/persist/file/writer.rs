//! The writer of a file's bytes.

use super::checksum::Crc64;
use super::{CHECKSUM, FORMAT, PREFIX};
use crate::error::{Error, unsupported};
use crate::scalar::Values;

/// A builder of a file from named arrays. The same arrays give the same bytes.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    description: String,
    arrays: Vec<Array<'a>>,
}

#[derive(Debug)]
struct Array<'a> {
    name: String,
    /// The length of each dimension; empty for a single number.
    shape: Vec<usize>,
    values: Values<'a>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(description: String) -> Self {
        let placeholder = Array { name: CHECKSUM.into(), shape: vec![], values: Values::U64(&[0]) };
        Writer { description, arrays: vec![placeholder] }
    }

    /// Adds an array under a unique name of letters, digits, dots and underscores. The product of the lengths
    /// is the number of values.
    pub(crate) fn array(mut self, name: String, shape: Vec<usize>, values: Values<'a>) -> Self {
        self.arrays.push(Array { name, shape, values });
        self
    }

    /// Returns the bytes of the file.
    ///
    /// # Errors
    /// Returns [`Error::Unsupported`] if the header would be longer than readers accept.
    pub(crate) fn into_bytes(self) -> Result<Vec<u8>, Error> {
        // The order of the arrays changes only the lengths of their offsets, which have at most 20 digits
        // each.
        let longest = self.header().0.len() + 40 * self.arrays.len();
        if longest as u64 > FORMAT.longest_header {
            return Err(unsupported(
                "a model with this many parts",
                "the format of model files",
                "save its parts separately",
            ));
        }
        Ok(self.encode())
    }

    /// Encodes the file. Arrays of wide numbers come first, so that each array is aligned to the size of its
    /// numbers.
    fn encode(mut self) -> Vec<u8> {
        self.arrays.sort_by_cached_key(|array| (std::cmp::Reverse(array.values.kind()), array.name.clone()));
        let (header, data) = self.header();
        let mut bytes = Vec::with_capacity(PREFIX + header.len() + data);
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header.as_bytes());
        let mut checksum = bytes.len()..bytes.len();
        for Array { name, values, .. } in &self.arrays {
            let start = bytes.len();
            values.encode(&mut bytes);
            if name == CHECKSUM {
                checksum = start..bytes.len();
            }
        }
        let rest = Crc64::new().update(&bytes[..checksum.start]).update(&bytes[checksum.end..]);
        bytes[checksum].copy_from_slice(&rest.value().to_le_bytes());
        bytes
    }

    /// Returns the header, and the number of bytes after it.
    fn header(&self) -> (String, usize) {
        let metadata = serde_json::json!({
            "format": FORMAT.name,
            "version": FORMAT.version(),
            "description": self.description,
        });
        let mut text = format!("{{\"__metadata__\":{metadata}");
        let mut data = 0;
        for Array { name, shape, values } in &self.arrays {
            let (kind, start) = (values.kind(), data);
            data += values.count() * kind.size();
            text += &format!(
                ",\"{name}\":{{\"dtype\":\"{kind}\",\"shape\":{},\"data_offsets\":[{start},{data}]}}",
                serde_json::json!(shape)
            );
        }
        text.push('}');
        let padding = text.len().next_multiple_of(PREFIX) - text.len();
        text.extend(std::iter::repeat_n(' ', padding));
        (text, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persist::file::Reader;

    /// Beside the header, there must be room for two offsets of 20 digits for each array.
    #[test]
    fn a_header_is_no_longer_than_readers_accept() {
        let file = |length: usize| {
            let names = (0..8).map(|k| format!("a{k}"));
            let add = |file: Writer<'static>, name| file.array(name, vec![], Values::U64(&[0]));
            names.fold(Writer::new("d".repeat(length)), add).into_bytes()
        };
        let header = |bytes: &[u8]| u64::from_le_bytes(*bytes.first_chunk().unwrap());
        let most = FORMAT.longest_header - 9 * 2 * 20;
        // Headers are padded to a multiple of eight bytes, as `most` is.
        let rest = (most - header(&file(0).unwrap())) as usize;
        let longest = file(rest).unwrap();
        assert_eq!(header(&longest), most);
        assert!(Reader::new(&longest).is_ok());
        assert!(matches!(file(rest + PREFIX), Err(Error::Unsupported { .. })));
    }
}
