//! A source of bytes that unpacks gzip, and reads no more than requested.

use std::io::{self, ErrorKind, Read};

use crate::error::Error;
use crate::persist::file::invalid;

/// The number of bytes read at once, so that memory grows with the data that arrives and not with the
/// announced size.
const PIECE: usize = 1 << 16;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Returns the bytes of `source`, unpacked if they are compressed with gzip.
pub(super) fn unpacked<'a>(mut source: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Error> {
    let mut start = Vec::with_capacity(GZIP.len());
    source.by_ref().take(GZIP.len() as u64).read_to_end(&mut start).map_err(|error| failure(&error))?;
    let packed = start == GZIP;
    let whole = io::Cursor::new(start).chain(source);
    if packed { gunzip(whole) } else { Ok(Box::new(whole)) }
}

#[cfg(feature = "gzip")]
fn gunzip<'a>(source: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Error> {
    Ok(Box::new(flate2::read::MultiGzDecoder::new(source)))
}

#[cfg(not(feature = "gzip"))]
fn gunzip<'a>(_source: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Error> {
    Err(crate::error::unsupported(
        "a file compressed with gzip",
        "this build of logit",
        "enable the feature `gzip`, or unpack the file first",
    ))
}

/// Reads exactly `length` bytes.
pub(super) fn exactly(source: &mut dyn Read, length: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < length {
        let missing = length - bytes.len() as u64;
        let piece = missing.min(PIECE.max(bytes.len()) as u64);
        let out_of_memory = |_| failure(&io::Error::from(ErrorKind::OutOfMemory));
        bytes.try_reserve_exact(piece as usize).map_err(out_of_memory)?;
        let read = source.take(piece).read_to_end(&mut bytes).map_err(|error| failure(&error))?;
        if (read as u64) < piece {
            return Err(invalid(format!("it ends after {} of {length} bytes", bytes.len())));
        }
    }
    Ok(bytes)
}

/// Returns whether the source has ended. At the end of gzip data, the checksum has been verified.
pub(super) fn exhausted(source: &mut dyn Read) -> Result<bool, Error> {
    let mut one = Vec::new();
    source.take(1).read_to_end(&mut one).map(|count| count == 0).map_err(|error| failure(&error))
}

/// Converts an I/O error: bad gzip data is an invalid file, and everything else a failure of the source.
fn failure(error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
            invalid(format!("it cannot be unpacked ({error})"))
        }
        kind => Error::Read { kind, message: error.to_string() },
    }
}
