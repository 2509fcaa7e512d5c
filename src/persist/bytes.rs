//! Records as the bytes of a file.

use super::description;
use super::file::{Reader, Writer, invalid};
use super::record::{Array, Record};
use crate::error::Error;
use crate::scalar::Stored;

/// # Errors
/// For a record whose header is longer than those that are read.
pub(super) fn to_bytes(record: &Record) -> Result<Vec<u8>, Error> {
    let mut arrays = Vec::new();
    flatten(record, "", &mut arrays);
    let mut writer = Writer::new(description::to_json(record)?);
    for (name, array) in arrays {
        writer = writer.array(name, array.shape.clone(), array.numbers.values());
    }
    writer.into_bytes()
}

/// # Errors
/// For bytes that are not exactly what [`to_bytes`] makes of some record.
pub(super) fn from_bytes(bytes: &[u8]) -> Result<Record, Error> {
    let reader = Reader::new(bytes)?;
    let mut record = description::from_json(reader.description())?;
    for (name, shape, numbers) in reader.into_arrays() {
        place(&mut record, name, shape, numbers)?;
    }
    Ok(record)
}

/// All arrays of a record and its parts, with the path to each as a name.
pub(super) fn flatten<'a>(record: &'a Record, path: &str, arrays: &mut Vec<(String, &'a Array)>) {
    arrays.extend(record.arrays.iter().map(|(name, array)| (format!("{path}{name}"), array)));
    for (name, part) in &record.parts {
        flatten(part, &format!("{path}{name}."), arrays);
    }
}

/// Puts an array where the path to it says.
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
        inner = part
            .map(|(_, part)| part)
            .ok_or_else(|| invalid(format!("array `{path}` has no place in it")))?;
    }
    inner.arrays.push((last.to_owned(), Array { shape, numbers }));
    Ok(())
}
