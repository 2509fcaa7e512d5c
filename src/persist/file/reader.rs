//! Reading a file from bytes.

use super::checksum::Crc64;
use super::header::{self, Array, Header};
use super::{CHECKSUM, Format, invalid};
use crate::error::Error;
use crate::scalar::{Element, Stored};

/// A file whose arrays are taken out by name; all of them must be.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    header: Header<'a>,
    data: &'a [u8],
}

impl<'a> Reader<'a> {
    /// # Errors
    /// For bytes that are no whole file of this format, and of a version that can be read.
    pub(crate) fn new(bytes: &'a [u8], format: Format) -> Result<Self, Error> {
        let range = header::range(bytes, bytes.len() as u64, format.longest_header)?;
        let (before, data) = bytes.split_at(range.end);
        let header = Header::parse(&before[range])?;
        format.check_name(&header.metadata.format)?;
        format.check_version(&header.metadata.version)?;
        header.check_length(before.len(), bytes.len() as u64)?;
        let mut reader = Reader { header, data };
        let found: u64 = reader.number(CHECKSUM)?;
        let at = reader.find(CHECKSUM)?.bytes.clone();
        let wanted = Crc64::new().update(before).update(&data[..at.start]).update(&data[at.end..]).value();
        if wanted != found {
            return Err(invalid(format!("its checksum is {found:016x}, that of its bytes {wanted:016x}")));
        }
        Ok(reader)
    }

    /// What its writer says about it.
    pub(crate) fn description(&self) -> &str {
        &self.header.metadata.description
    }

    /// Takes out an array of this shape.
    ///
    /// # Errors
    /// Where there is none, or one of another type or shape.
    pub(crate) fn array<T: Element>(&mut self, name: &str, shape: &[usize]) -> Result<Vec<T>, Error> {
        self.values(name, shape).map(Iterator::collect)
    }

    /// Takes out an array of this shape, number by number.
    ///
    /// # Errors
    /// As [`array`](Self::array).
    pub(crate) fn values<T: Element>(
        &mut self,
        name: &str,
        shape: &[usize],
    ) -> Result<impl ExactSizeIterator<Item = T> + Clone + use<'a, T>, Error> {
        let data = self.data;
        let array = self.find(name)?;
        if array.kind != T::KIND {
            return Err(invalid(format!("array `{name}` is of {}, wanted {}", array.kind, T::KIND)));
        }
        if array.shape.lengths() != shape {
            return Err(invalid(format!("array `{name}` has the shape {}, wanted {shape:?}", array.shape)));
        }
        array.taken = true;
        Ok(T::decode(&data[array.bytes.clone()]))
    }

    /// Takes out a single number.
    ///
    /// # Errors
    /// As [`array`](Self::array).
    pub(crate) fn number<T: Element>(&mut self, name: &str) -> Result<T, Error> {
        let missing = || invalid(format!("array `{name}` is empty"));
        self.values(name, &[])?.next().ok_or_else(missing)
    }

    /// Takes out all arrays that are left: name, lengths, numbers.
    pub(crate) fn rest(&mut self) -> impl Iterator<Item = (&'a str, Vec<usize>, Stored)> + use<'a, '_> {
        let data = self.data;
        let left = self.header.arrays.iter_mut().filter(|array| !array.taken);
        left.map(move |array| {
            array.taken = true;
            let numbers = Stored::decode(array.kind, &data[array.bytes.clone()]);
            (array.name, array.shape.lengths().to_vec(), numbers)
        })
    }

    /// # Errors
    /// When an array is left.
    pub(crate) fn finish(self) -> Result<(), Error> {
        match self.header.arrays.iter().find(|array| !array.taken) {
            Some(array) => {
                Err(invalid(format!("it has an array `{}`, which has no place in it", array.name)))
            }
            None => Ok(()),
        }
    }

    fn find(&mut self, name: &str) -> Result<&mut Array<'a>, Error> {
        let found = self.header.arrays.iter_mut().find(|array| array.name == name);
        found.ok_or_else(|| invalid(format!("it has no array `{name}`")))
    }
}
