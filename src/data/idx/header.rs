//! What an IDX array says of itself.

use std::io::Read;

use super::source;
use crate::error::Error;
use crate::persist::file::invalid;

/// The type of the numbers in an IDX array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdxElement {
    /// Bytes, from 0 to 255.
    U8,
    /// Bytes with a sign.
    I8,
    /// Integers of two bytes.
    I16,
    /// Integers of four bytes.
    I32,
    /// Numbers of four bytes.
    F32,
    /// Numbers of eight bytes.
    F64,
}

impl IdxElement {
    fn of(code: u8) -> Option<Self> {
        match code {
            0x08 => Some(IdxElement::U8),
            0x09 => Some(IdxElement::I8),
            0x0B => Some(IdxElement::I16),
            0x0C => Some(IdxElement::I32),
            0x0D => Some(IdxElement::F32),
            0x0E => Some(IdxElement::F64),
            _ => None,
        }
    }

    /// How many bytes a number has.
    pub(super) fn bytes(self) -> usize {
        match self {
            IdxElement::U8 | IdxElement::I8 => 1,
            IdxElement::I16 => 2,
            IdxElement::I32 | IdxElement::F32 => 4,
            IdxElement::F64 => 8,
        }
    }
}

/// A header whose sizes multiply to a number of bytes that can be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) element: IdxElement,
    /// At least one, none of them 0.
    pub(super) sizes: Vec<usize>,
}

impl Header {
    pub(super) fn read(source: &mut dyn Read) -> Result<Self, Error> {
        let start = source::exactly(source, 4)?;
        let &[0, 0, code, count] = start.as_slice() else {
            return Err(invalid(format!("an IDX file begins with two zeros, this one with {start:?}")));
        };
        let element = IdxElement::of(code).ok_or_else(|| {
            invalid(format!("its numbers are of type {code}, which the format does not have"))
        })?;
        let bytes = source::exactly(source, 4 * u64::from(count))?;
        let size = |bytes: &[u8]| bytes.iter().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
        let sizes: Vec<u64> = bytes.chunks_exact(4).map(size).collect();
        if sizes.is_empty() || sizes.contains(&0) {
            return Err(invalid(format!("its sizes are {sizes:?}: there are no numbers in it")));
        }
        let product = |product: u64, &size: &u64| product.checked_mul(size);
        let total = sizes.iter().try_fold(element.bytes() as u64, product);
        let addressable = total.is_some_and(|total| total <= isize::MAX as u64);
        let small: Option<Vec<usize>> = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
        match small {
            Some(sizes) if addressable => Ok(Header { element, sizes }),
            _ => Err(invalid(format!("its sizes {sizes:?} are more than this machine can address"))),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.sizes[0]
    }

    /// How many numbers a row has.
    pub(super) fn columns(&self) -> usize {
        self.sizes[1..].iter().product()
    }

    pub(super) fn row_bytes(&self) -> u64 {
        (self.columns() * self.element.bytes()) as u64
    }
}
