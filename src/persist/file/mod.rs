//! Files with named arrays of numbers in the safetensors format, with a strict reader and crash-safe writing.
//!
//! A file consists of eight bytes with the length of the header, the header in JSON, and the numbers, which
//! are little-endian and without gaps. The header contains the format and its version, a description (itself
//! JSON, defined by the writer of the file) and a list of the arrays. The array `checksum` is the CRC-64/XZ
//! of all other bytes.
//!
//! The bytes of a file are not trusted. Sizes are compared with the length of the file before memory is
//! allocated, and every deviation from the format is an [`Error::InvalidFile`](crate::Error). Other readers
//! of the format are laxer: if two arrays have the same name they keep the last, and they accept headers of
//! 100 MB, which need many times that memory.

mod checksum;
mod disk;
mod header;
mod reader;
#[cfg(test)]
mod scene;
mod target;
mod temporary;
mod writer;

pub(crate) use disk::{load, save};
pub(crate) use reader::Reader;
pub(crate) use writer::Writer;

use crate::error::Error;

/// The format of model files. A header of 4 MiB has room for a pairwise classifier of a hundred classes,
/// which consists of thousands of models with a few arrays each.
pub(crate) const FORMAT: Format = Format { name: "logit model", major: 1, minor: 0, longest_header: 1 << 22 };

/// The name and the version of a format. Files of a newer major version are rejected. A minor version adds
/// optional contents that older files do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) major: u32,
    pub(crate) minor: u32,
    /// The longest header that is read, in bytes. The limit is low because reading takes several times the
    /// size of the header. Names and texts that may be long belong in arrays of bytes.
    pub(crate) longest_header: u64,
}

impl Format {
    /// Returns the version as files contain it, `major.minor`.
    pub(crate) fn version(&self) -> String {
        format!("{}.{}", self.major, self.minor)
    }

    /// Checks the name of a file's format.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] for another format.
    pub(crate) fn check_name(&self, found: &str) -> Result<(), Error> {
        if found == self.name {
            return Ok(());
        }
        Err(invalid(format!("its format is `{found}`, expected `{}`", self.name)))
    }

    /// Checks the version of a file.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] for a version that cannot be read.
    pub(crate) fn check_version(&self, version: &str) -> Result<(), Error> {
        let Format { major, minor, .. } = self;
        let numbers = version.split_once('.');
        let parsed = numbers.and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
        match parsed {
            None => Err(invalid(format!(
                "its version is `{version}`, expected two numbers such as `{major}.{minor}`"
            ))),
            Some((found, _)) if found > *major => Err(invalid(format!(
                "its version is {version}, but this library reads {major}.{minor}: use a newer version of \
                 this library"
            ))),
            Some((found, _)) if found < *major => {
                Err(invalid(format!("its version is {version}, expected {major}.0 to {major}.{minor}")))
            }
            Some(_) => Ok(()),
        }
    }
}

/// Parses a number that consists of digits only.
fn number(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// The name of the array with the checksum.
const CHECKSUM: &str = "checksum";

/// The number of bytes before the header, which hold its length.
const PREFIX: usize = size_of::<u64>();

/// The number of bytes of a reason that a message shows.
const SHOWN: usize = 300;

/// Returns an [`Error::InvalidFile`] with this reason, cut to a length that can be shown.
pub(crate) fn invalid(reason: impl Into<String>) -> Error {
    let mut reason: String = reason.into();
    if reason.len() > SHOWN {
        let end = (0..=SHOWN).rev().find(|&end| reason.is_char_boundary(end)).unwrap_or(0);
        reason.truncate(end);
        reason.push_str(" ...");
        reason.shrink_to_fit();
    }
    Error::InvalidFile { reason }
}
