//! The reader of a file's bytes.

use super::checksum::Crc64;
use super::header::{self, Array, Header, Metadata};
use super::{CHECKSUM, FORMAT, invalid};
use crate::error::Error;
use crate::scalar::{Element, Stored};

/// A file whose header and checksum have been verified.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    metadata: Metadata,
    /// The arrays, without the checksum.
    arrays: Vec<Array<'a>>,
    data: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads the header of a file and verifies the checksum.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] for bytes that are not a complete file of a supported version.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let range = header::range(bytes, bytes.len() as u64)?;
        let (before, data) = bytes.split_at(range.end);
        let header = Header::parse(&before[range])?;
        FORMAT.check_name(&header.metadata.format)?;
        FORMAT.check_version(&header.metadata.version)?;
        header.check_length(before.len(), bytes.len() as u64)?;
        let Header { metadata, mut arrays, .. } = header;
        let at = arrays.iter().position(|array| array.name == CHECKSUM);
        let at = at.ok_or_else(|| invalid(format!("it has no array `{CHECKSUM}`")))?;
        let checksum = arrays.remove(at);
        let found = stored_checksum(&checksum, data)?;
        let (first, rest) = (&data[..checksum.bytes.start], &data[checksum.bytes.end..]);
        let wanted = Crc64::new().update(before).update(first).update(rest).value();
        if wanted != found {
            return Err(invalid(format!(
                "its checksum is {found:016x}, but that of its bytes is {wanted:016x}: it was damaged, or written \
                 again by another program; use the file as it was saved"
            )));
        }
        Ok(Reader { metadata, arrays, data })
    }

    /// Returns the description that the writer of the file added.
    pub(crate) fn description(&self) -> &str {
        &self.metadata.description
    }

    /// Consumes the reader and returns the name, the lengths and the numbers of each array.
    pub(crate) fn into_arrays(self) -> impl Iterator<Item = (&'a str, Vec<usize>, Stored)> {
        let data = self.data;
        self.arrays.into_iter().map(move |array| {
            let numbers = Stored::decode(array.kind, &data[array.bytes]);
            (array.name, array.shape.lengths().to_vec(), numbers)
        })
    }
}

/// Returns the checksum that a file contains.
///
/// # Errors
/// Returns [`Error::InvalidFile`] if the array is not a single `u64`.
fn stored_checksum(array: &Array<'_>, data: &[u8]) -> Result<u64, Error> {
    let Array { name, kind, shape, bytes } = array;
    if *kind != u64::KIND {
        return Err(invalid(format!("array `{name}` has the type {kind}, expected {}", u64::KIND)));
    }
    if !shape.lengths().is_empty() {
        return Err(invalid(format!("array `{name}` has the shape {shape}, expected []")));
    }
    u64::decode(&data[bytes.clone()]).next().ok_or_else(|| invalid(format!("array `{name}` is empty")))
}
