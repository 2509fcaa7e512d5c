//! Bytes, unpacked if they are packed, and never more than asked for.

use std::io::{self, ErrorKind, Read};

use crate::error::Error;
use crate::persist::file::invalid;

/// How many bytes are read at once, so that memory is taken for what has arrived and not for what was announced.
const PIECE: usize = 1 << 16;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The bytes of `source`, or what is packed in them.
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
        "a file packed with gzip",
        "this build of logit",
        "enable its feature `gzip`, or unpack the file",
    ))
}

/// So many bytes.
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

/// Whether there is nothing more. Of what is packed, it is known then that its checksum is right.
pub(super) fn exhausted(source: &mut dyn Read) -> Result<bool, Error> {
    let mut one = Vec::new();
    source.take(1).read_to_end(&mut one).map(|count| count == 0).map_err(|error| failure(&error))
}

/// What is packed wrongly is a matter of the bytes; everything else is one of the source.
fn failure(error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
            invalid(format!("it cannot be unpacked ({error})"))
        }
        kind => Error::Read { kind, message: error.to_string() },
    }
}
