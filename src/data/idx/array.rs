//! An array that has been read.

use nalgebra::DMatrix;

use super::header::{Header, IdxElement};
use crate::error::Error;
use crate::persist::file::invalid;
use crate::scalar::Real;

/// An array of numbers that was read by an [`IdxReader`](super::IdxReader).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxArray {
    element: IdxElement,
    /// How many rows the header announces.
    announced: usize,
    sizes: Vec<usize>,
    bytes: Vec<u8>,
}

impl IdxArray {
    /// The first `rows` rows of what `header` announces.
    pub(super) fn new(header: Header, rows: usize, bytes: Vec<u8>) -> Self {
        let (announced, mut sizes) = (header.rows(), header.sizes);
        sizes[0] = rows;
        IdxArray { element: header.element, announced, sizes, bytes }
    }

    /// How many numbers a row has.
    pub(super) fn columns(&self) -> usize {
        self.sizes[1..].iter().product()
    }

    pub(super) fn announced_rows(&self) -> usize {
        self.announced
    }

    /// The type of its numbers.
    pub fn element(&self) -> IdxElement {
        self.element
    }

    /// Its sizes, of which the first is the number of rows that were read.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// A row for each first index, with all numbers behind it, the last index fastest; each is the nearest number of the
    /// type. Numbers that are not finite stay so.
    pub fn matrix<T: Real>(&self) -> DMatrix<T> {
        let (rows, columns) = (self.sizes[0], self.columns());
        let numbers = self.bytes.chunks_exact(self.element.bytes());
        DMatrix::from_row_iterator(rows, columns, numbers.map(|bytes| T::of(number(self.element, bytes))))
    }

    /// The bytes of an array of one size, such as labels.
    ///
    /// ```
    /// use logit::data::IdxReader;
    ///
    /// let labels = IdxReader::new().read_from(&[0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4][..])?;
    /// assert_eq!(labels.labels()?, [5, 0, 4]);
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidFile`] for several sizes, and for numbers other than bytes from 0 to 255.
    pub fn labels(&self) -> Result<Vec<u8>, Error> {
        match (self.element, self.sizes.len()) {
            (IdxElement::U8, 1) => Ok(self.bytes.clone()),
            (element, sizes) => Err(invalid(format!(
                "labels are an IDX array of bytes (U8) with one size, and this one is of {element:?} with {sizes}"
            ))),
        }
    }

    /// The names of the columns of the matrix: the places of pixels; none for arrays that are no pictures.
    pub(super) fn column_names(&self) -> Vec<String> {
        match self.sizes[1..] {
            [height, width] => (0..height * width)
                .map(|pixel| format!("pixel ({}, {})", pixel / width, pixel % width))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The number that is in as many bytes as its type has.
fn number(element: IdxElement, bytes: &[u8]) -> f64 {
    let bits = bytes.iter().fold(0, |bits: u64, &byte| bits << 8 | u64::from(byte));
    match element {
        IdxElement::U8 => bits as f64,
        IdxElement::I8 => f64::from(bits as u8 as i8),
        IdxElement::I16 => f64::from(bits as u16 as i16),
        IdxElement::I32 => f64::from(bits as u32 as i32),
        IdxElement::F32 => f64::from(f32::from_bits(bits as u32)),
        IdxElement::F64 => f64::from_bits(bits),
    }
}
