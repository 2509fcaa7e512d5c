//! The IDX format, in which MNIST and similar data sets are distributed.
//!
//! A file consists of two zero bytes, a byte for the type of the numbers, a byte for the number of
//! dimensions, the sizes as big-endian integers of four bytes, and then the numbers, big-endian, with the
//! last index varying fastest.
//!
//! Input is not trusted: the header is checked before memory is allocated, memory grows with the data that
//! arrives, and no more is unpacked than the header announces.

mod array;
mod header;
mod source;

pub use array::IdxArray;
pub use header::IdxElement;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Dataset;
use crate::check;
use crate::error::Error;
use crate::persist::file::invalid;
use crate::scalar::Real;
use header::Header;

/// The largest number of columns of a data set. Each column has a name, which takes some fifty bytes.
const MOST_COLUMNS: usize = 1 << 20;

/// Reads arrays in the IDX format, plain or compressed with gzip.
///
/// Compression is detected from the bytes, not from the file name. Files compressed with gzip need the
/// feature `gzip`.
///
/// # Errors
/// The methods return [`Error::File`] if a file cannot be read, and [`Error::Read`] if another source fails.
/// They return [`Error::InvalidFile`] if the bytes are not an IDX array, are cut short, go on after its end,
/// or hold more than [`max_bytes`](IdxReader::max_bytes) bytes of numbers. They return [`Error::Unsupported`]
/// for gzip without the feature, and [`Error::InvalidParameter`] if the number of [`rows`](IdxReader::rows)
/// is not from 1 to that of the file.
///
/// # Examples
/// ```
/// use logit::data::IdxReader;
///
/// // Two images of 1 x 2 pixels: bytes (8), three sizes (3), 2 x 1 x 2.
/// let images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 51, 255, 102];
/// let images = IdxReader::new().read_from(&images[..])?;
/// assert_eq!(images.sizes(), [2, 1, 2]);
/// assert_eq!(images.matrix::<f64>(), nalgebra::dmatrix![0.0, 51.0; 255.0, 102.0]);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// Reading a pair of files, as MNIST has them:
/// ```no_run
/// use logit::data::IdxReader;
///
/// let reader = IdxReader::new().rows(1000);
/// let mut digits = reader
///     .read_pair::<f32>("train-images-idx3-ubyte", "train-labels-idx1-ubyte")?;
/// digits.x /= 255.0;
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdxReader {
    rows: Option<usize>,
    max_bytes: u64,
}

impl Default for IdxReader {
    fn default() -> Self {
        IdxReader { rows: None, max_bytes: 1 << 30 }
    }
}

impl IdxReader {
    /// Creates a reader of whole arrays of up to a gigabyte.
    pub fn new() -> Self {
        IdxReader::default()
    }

    /// Sets the number of rows to read from the start of the file; nothing is read after them. Defaults to
    /// all rows.
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = Some(rows);
        self
    }

    /// Sets the maximum number of bytes that the numbers may take. Defaults to 2^30.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Reads an array from a file.
    ///
    /// # Errors
    /// Returns the errors that [`IdxReader`] lists.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<IdxArray, Error> {
        let path = path.as_ref();
        let failed = |kind, message| Error::File { action: "load", path: path.to_path_buf(), kind, message };
        let file = File::open(path).map_err(|error| failed(error.kind(), error.to_string()))?;
        self.read_from(file).map_err(|error| match error {
            Error::Read { kind, message } => failed(kind, message),
            Error::InvalidFile { reason } => invalid(format!("{reason}, in `{}`", path.display())),
            other => other,
        })
    }

    /// Reads an array from any source of bytes.
    ///
    /// # Errors
    /// Returns the errors that [`IdxReader`] lists.
    pub fn read_from(&self, source: impl Read) -> Result<IdxArray, Error> {
        let mut source = source::unpacked(source)?;
        let header = Header::read(&mut *source)?;
        let rows = match self.rows {
            Some(rows) => {
                let valid = (1..=header.rows()).contains(&rows);
                check::parameter("rows", rows as f64, valid, "from 1 to the number of rows in the file")?;
                rows
            }
            None => header.rows(),
        };
        // The product does not overflow, because the header has checked the size of all rows.
        let length = header.row_bytes() * rows as u64;
        if length > self.max_bytes {
            return Err(invalid(format!(
                "its rows take {length} bytes, and the limit is {}: raise `max_bytes`, or read fewer `rows`",
                self.max_bytes
            )));
        }
        let bytes = source::exactly(&mut *source, length)?;
        if self.rows.is_none() && !source::exhausted(&mut *source)? {
            return Err(invalid(format!("more follows after the {length} bytes that its header announces")));
        }
        Ok(IdxArray::new(header, rows, bytes))
    }

    /// Reads rows and their labels from two files, as MNIST has them.
    ///
    /// The labels are a one-dimensional array of bytes. If the rows are images, the columns are named
    /// `pixel (0, 0)` and so on.
    ///
    /// # Errors
    /// Returns the errors that [`IdxReader`] lists, and [`Error::ShapeMismatch`] if the number of labels is
    /// not the number of rows. Also returns [`Error::InvalidFile`] if the labels are not a one-dimensional
    /// array of bytes from 0 to 255, or if the rows have more than 2^20 numbers.
    pub fn read_pair<T: Real>(
        &self,
        rows: impl AsRef<Path>,
        labels: impl AsRef<Path>,
    ) -> Result<Dataset<u8, T>, Error> {
        let (rows, labels) = (self.read(rows)?, self.read(labels)?);
        check::count("labels", "entries", rows.announced_rows(), labels.announced_rows())?;
        let columns = rows.columns();
        if columns > MOST_COLUMNS {
            return Err(invalid(format!(
                "its rows have {columns} numbers each, and a data set has at most {MOST_COLUMNS} columns"
            )));
        }
        let (set, names) = (Dataset::new(rows.matrix(), labels.labels()?)?, rows.column_names());
        if names.is_empty() { Ok(set) } else { set.with_feature_names(names) }
    }
}
