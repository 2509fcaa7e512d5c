//! The header of an IDX array.

use std::io::Read;

use super::source;
use crate::error::Error;
use crate::persist::file::invalid;

/// The type of the numbers in an IDX array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdxElement {
    /// An unsigned byte, from 0 to 255.
    U8,
    /// A signed byte, from -128 to 127.
    I8,
    /// A signed integer of two bytes.
    I16,
    /// A signed integer of four bytes.
    I32,
    /// A floating-point number of four bytes.
    F32,
    /// A floating-point number of eight bytes.
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

    /// Returns the number of bytes per number.
    pub(super) fn bytes(self) -> usize {
        match self {
            IdxElement::U8 | IdxElement::I8 => 1,
            IdxElement::I16 => 2,
            IdxElement::I32 | IdxElement::F32 => 4,
            IdxElement::F64 => 8,
        }
    }
}

/// A header whose total size in bytes does not overflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) element: IdxElement,
    /// The size of each dimension: at least one size, none of them 0.
    pub(super) sizes: Vec<usize>,
}

impl Header {
    pub(super) fn read(source: &mut dyn Read) -> Result<Self, Error> {
        let start = source::exactly(source, 4)?;
        let &[0, 0, code, count] = start.as_slice() else {
            return Err(invalid(format!(
                "an IDX file begins with two zero bytes, but this one begins with {start:?}"
            )));
        };
        let element = IdxElement::of(code).ok_or_else(|| {
            invalid(format!("its number type is {code}, but the IDX types are 8, 9, 11, 12, 13 and 14"))
        })?;
        let bytes = source::exactly(source, 4 * u64::from(count))?;
        let size = |bytes: &[u8]| bytes.iter().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
        let sizes: Vec<u64> = bytes.chunks_exact(4).map(size).collect();
        if sizes.is_empty() || sizes.contains(&0) {
            return Err(invalid(format!("its sizes are {sizes:?}, so it holds no numbers")));
        }
        let product = |product: u64, &size: &u64| product.checked_mul(size);
        let total = sizes.iter().try_fold(element.bytes() as u64, product);
        let addressable = total.is_some_and(|total| total <= isize::MAX as u64);
        let small: Option<Vec<usize>> = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
        match small {
            Some(sizes) if addressable => Ok(Header { element, sizes }),
            _ => Err(invalid(format!("its sizes {sizes:?} exceed what this machine can address"))),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.sizes[0]
    }

    /// Returns the number of numbers per row.
    pub(super) fn columns(&self) -> usize {
        self.sizes[1..].iter().product()
    }

    pub(super) fn row_bytes(&self) -> u64 {
        (self.columns() * self.element.bytes()) as u64
    }
}
