//! Files: named arrays of numbers in the safetensors format, read strictly and written so that a crash loses nothing.
//!
//! A file is eight bytes with the length of a header, the header in JSON, and the numbers, little-endian and without
//! gaps. The header says of what format and version the file is, holds a description (itself JSON, which belongs to
//! whoever writes the file) and lists the arrays. The array `checksum` is the CRC-64/XZ of all other bytes.
//!
//! Bytes that are read may come from anywhere: sizes are compared with what is there before memory is taken, and what
//! is not exactly as wanted is an [`Error::InvalidFile`](crate::Error). The readers of the format that others wrote are
//! laxer: of two arrays with one name the last wins there, and a header may have 100 MB and take many times that to read.

mod checksum;
mod disk;
mod header;
mod reader;
mod writer;

pub(crate) use disk::{load, save};
pub(crate) use reader::Reader;
pub(crate) use writer::Writer;

use crate::error::Error;

/// The format of files. A header of 4 MiB has room for the thousands of models, each with a few arrays, in a pairwise
/// classifier of a hundred classes.
pub(crate) const FORMAT: Format = Format { name: "logit model", major: 1, minor: 0, longest_header: 1 << 22 };

/// A name and a version. Files of a newer major version are refused; a minor version adds what files of older ones do
/// without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) major: u32,
    pub(crate) minor: u32,
    /// The longest header that is read, in bytes. Reading takes several times its size, which therefore is little; names
    /// and texts that may be long belong into arrays of bytes.
    pub(crate) longest_header: u64,
}

impl Format {
    /// As files have it.
    pub(crate) fn version(&self) -> String {
        format!("{}.{}", self.major, self.minor)
    }

    /// # Errors
    /// For a file of another format.
    pub(crate) fn check_name(&self, found: &str) -> Result<(), Error> {
        if found == self.name {
            return Ok(());
        }
        Err(invalid(format!("it is a `{found}`, wanted a `{}`", self.name)))
    }

    /// # Errors
    /// For a version that cannot be read.
    pub(crate) fn check_version(&self, version: &str) -> Result<(), Error> {
        let Format { major, minor, .. } = self;
        let numbers = version.split_once('.');
        let parsed = numbers.and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
        match parsed {
            None => {
                Err(invalid(format!("its version is `{version}`, wanted two numbers as `{major}.{minor}`")))
            }
            Some((found, _)) if found > *major => Err(invalid(format!(
                "it is of version {version}, this is a reader of {major}.{minor}: use a newer version of this library"
            ))),
            Some((found, _)) if found < *major => {
                Err(invalid(format!("it is of version {version}, wanted {major}.0 to {major}.{minor}")))
            }
            Some(_) => Ok(()),
        }
    }
}

/// Digits, and nothing else.
fn number(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// The name of the array with the checksum.
const CHECKSUM: &str = "checksum";

/// Bytes before the header: its length.
const PREFIX: usize = size_of::<u64>();

/// The longest part of a reason that is shown.
const SHOWN: usize = 300;

/// A file that cannot be used, and why.
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
