//! The IDX format, in which MNIST and its relatives are distributed.
//!
//! Two zero bytes, a byte for the type of the numbers, a byte for how many sizes there are, the sizes as big-endian
//! integers of four bytes, then the numbers, big-endian, the last index fastest.
//!
//! What is read may come from anywhere: the header is checked before memory is taken, memory grows with what arrives, and
//! no more is unpacked than the header announces.

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

/// How many columns a data set may have: each has a name, which takes some fifty bytes.
const MOST_COLUMNS: usize = 1 << 20;

/// Reads arrays in the IDX format, plain or packed with gzip, which is seen from the bytes and not from the name.
///
/// Files packed with gzip need the feature `gzip`.
///
/// # Errors
/// [`Error::File`] where a file cannot be read, [`Error::Read`] where another source fails, [`Error::InvalidFile`] for bytes
/// that are no IDX array, are cut short, or go on after its end, and for more than
/// [`max_bytes`](IdxReader::max_bytes); [`Error::Unsupported`] for gzip without the feature.
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
/// A pair of files, as MNIST has them:
/// ```no_run
/// use logit::data::IdxReader;
///
/// let reader = IdxReader::new().rows(1000);
/// let mut digits = reader.read_pair::<f32>("train-images-idx3-ubyte", "train-labels-idx1-ubyte")?;
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
    /// Reads whole arrays of up to a gigabyte.
    pub fn new() -> Self {
        IdxReader::default()
    }

    /// Reads the first rows only, and no byte after them. Defaults to all.
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = Some(rows);
        self
    }

    /// How many bytes the numbers may have that are read. Defaults to 2^30.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Reads a file.
    ///
    /// # Errors
    /// See the type; [`Error::InvalidParameter`] for no rows, or more than there are.
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

    /// Reads from any source of bytes.
    ///
    /// # Errors
    /// See the type; [`Error::InvalidParameter`] for no rows, or more than there are.
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
        // No overflow: the header has checked the size of all rows.
        let length = header.row_bytes() * rows as u64;
        if length > self.max_bytes {
            return Err(invalid(format!(
                "it announces {length} bytes of numbers and the reader takes up to {}: raise `max_bytes`, or read fewer \
                 `rows`",
                self.max_bytes
            )));
        }
        let bytes = source::exactly(&mut *source, length)?;
        if self.rows.is_none() && !source::exhausted(&mut *source)? {
            return Err(invalid(format!("more follows after the {length} bytes that it announces")));
        }
        Ok(IdxArray::new(header, rows, bytes))
    }

    /// Reads rows and their labels from two files, as MNIST has them: the labels are a list of bytes.
    ///
    /// The columns are named `pixel (0, 0)` and so on if the rows are images.
    ///
    /// # Errors
    /// See the type; [`Error::ShapeMismatch`] for another number of labels than of rows; [`Error::InvalidParameter`] for no
    /// rows, or more than there are.
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
                "its rows have {columns} numbers, and data sets up to {MOST_COLUMNS}"
            )));
        }
        let (set, names) = (Dataset::new(rows.matrix(), labels.labels()?)?, rows.column_names());
        if names.is_empty() { Ok(set) } else { set.with_feature_names(names) }
    }
}
