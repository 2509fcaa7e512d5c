//! An array read from an IDX file.

use nalgebra::DMatrix;

use super::header::{Header, IdxElement};
use crate::error::{Error, counted};
use crate::persist::file::invalid;
use crate::scalar::Real;

/// An array of numbers read by an [`IdxReader`](super::IdxReader).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxArray {
    element: IdxElement,
    /// The number of rows that the header announces.
    announced: usize,
    sizes: Vec<usize>,
    bytes: Vec<u8>,
}

impl IdxArray {
    /// Creates the array of the first `rows` rows of the array that `header` announces.
    pub(super) fn new(header: Header, rows: usize, bytes: Vec<u8>) -> Self {
        let (announced, mut sizes) = (header.rows(), header.sizes);
        sizes[0] = rows;
        IdxArray { element: header.element, announced, sizes, bytes }
    }

    /// Returns the number of numbers per row.
    pub(super) fn columns(&self) -> usize {
        self.sizes[1..].iter().product()
    }

    pub(super) fn announced_rows(&self) -> usize {
        self.announced
    }

    /// Returns the type of the numbers.
    pub fn element(&self) -> IdxElement {
        self.element
    }

    /// Returns the size of each dimension; the first is the number of rows that were read.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// Returns the array as a matrix, with a row for each value of the first index.
    ///
    /// A row holds all numbers of that index, the last index varying fastest. Each number is converted to the
    /// nearest number of the type. Numbers that are not finite stay so.
    pub fn matrix<T: Real>(&self) -> DMatrix<T> {
        let (rows, columns) = (self.sizes[0], self.columns());
        let numbers = self.bytes.chunks_exact(self.element.bytes());
        DMatrix::from_row_iterator(rows, columns, numbers.map(|bytes| T::of(number(self.element, bytes))))
    }

    /// Returns the bytes of a one-dimensional array, such as labels.
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
    /// Returns [`Error::InvalidFile`] if the array has several dimensions, or holds numbers other than bytes
    /// from 0 to 255.
    pub fn labels(&self) -> Result<Vec<u8>, Error> {
        match (self.element, self.sizes.len()) {
            (IdxElement::U8, 1) => Ok(self.bytes.clone()),
            (element, sizes) => Err(invalid(format!(
                "labels must be a one-dimensional IDX array of type U8, but this array has the type \
                 {element:?} and {}",
                counted(sizes, "dimensions")
            ))),
        }
    }

    /// Returns the names of the columns of the matrix, which are the positions of pixels; empty if the rows
    /// are not images.
    pub(super) fn column_names(&self) -> Vec<String> {
        match self.sizes[1..] {
            [height, width] => (0..height * width)
                .map(|pixel| format!("pixel ({}, {})", pixel / width, pixel % width))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Decodes one big-endian number of the given type.
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
