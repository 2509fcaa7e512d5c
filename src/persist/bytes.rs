//! Conversion between records and the bytes of a file.

use super::description;
use super::file::{Reader, Writer, invalid};
use super::record::{Array, Record};
use crate::error::Error;
use crate::scalar::Stored;

/// Encodes a record as the bytes of a file.
///
/// # Errors
/// Returns [`Error::Unsupported`] if the header would be longer than readers accept.
pub(super) fn to_bytes(record: &Record) -> Result<Vec<u8>, Error> {
    let mut arrays = Vec::new();
    flatten(record, "", &mut arrays);
    let mut writer = Writer::new(description::to_json(record)?);
    for (name, array) in arrays {
        writer = writer.array(name, array.shape.clone(), array.numbers.values());
    }
    writer.into_bytes()
}

/// Decodes the record that [`to_bytes`] encoded.
///
/// # Errors
/// Returns [`Error::InvalidFile`] for bytes that [`to_bytes`] would not write for any record.
pub(super) fn from_bytes(bytes: &[u8]) -> Result<Record, Error> {
    let reader = Reader::new(bytes)?;
    let mut record = description::from_json(reader.description())?;
    for (name, shape, numbers) in reader.into_arrays() {
        place(&mut record, name, shape, numbers)?;
    }
    Ok(record)
}

/// Collects all arrays of a record and its parts, each under its path.
pub(super) fn flatten<'a>(record: &'a Record, path: &str, arrays: &mut Vec<(String, &'a Array)>) {
    arrays.extend(record.arrays.iter().map(|(name, array)| (format!("{path}{name}"), array)));
    for (name, part) in &record.parts {
        flatten(part, &format!("{path}{name}."), arrays);
    }
}

/// Adds an array to the part of the record that its path names.
pub(super) fn place(
    record: &mut Record,
    path: &str,
    shape: Vec<usize>,
    numbers: Stored,
) -> Result<(), Error> {
    let mut names = path.split('.');
    let last = names.next_back().unwrap_or_default();
    let mut inner = record;
    for name in names {
        let part = inner.parts.iter_mut().find(|(found, _)| found == name);
        inner =
            part.map(|(_, part)| part).ok_or_else(|| invalid(format!("array `{path}` is not expected")))?;
    }
    inner.arrays.push((last.to_owned(), Array { shape, numbers }));
    Ok(())
}
