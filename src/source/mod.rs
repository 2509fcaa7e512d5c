//! Rows that are read block by block: from files, from several places, or computed on the way.
//!
//! `LogisticRegression::fit_source` fits to a [`RowSource`], and `fit_ranks` to those of several processes. A
//! fit asks for blocks of rows in order, once for each pass over the data, and holds only a few of them at a
//! time. So the rows need not fit into memory. The model has the same bits as a fit to the same rows in
//! memory.
//!
//! | type | contents |
//! |---|---|
//! | [`RowSource`] | what a fit asks for: implement it for rows of your own |
//! | [`RowBlock`] | the memory that a source writes rows to |
//! | [`LabelledRows`] | rows in memory, with labels, weights and offsets |
//! | [`Chain`] | several sources, one after another |
//!
//! # Examples
//! A source that computes its rows:
//!
//! ```
//! use std::error::Error;
//! use std::ops::Range;
//!
//! use logit::source::{RowBlock, RowSource};
//!
//! /// Numbers and their squares, and whether they are even.
//! struct Squares;
//!
//! impl RowSource<f64> for Squares {
//!     type Label = bool;
//!
//!     fn rows(&self) -> usize {
//!         1_000_000
//!     }
//!
//!     fn columns(&self) -> usize {
//!         2
//!     }
//!
//!     fn read(
//!         &self,
//!         rows: Range<usize>,
//!         block: &mut RowBlock<f64, bool>,
//!     ) -> Result<(), Box<dyn Error + Send + Sync>> {
//!         for (place, row) in rows.enumerate() {
//!             block.column_mut(0)[place] = row as f64;
//!             block.column_mut(1)[place] = (row as f64).powi(2);
//!             block.labels_mut().push(row % 2 == 0);
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let mut block = RowBlock::for_rows(&Squares, 3);
//! Squares.read(1000..1003, &mut block)?;
//! assert_eq!(block.x()[(2, 1)], 1_004_004.0);
//! assert_eq!(block.labels(), [true, false, true]);
//! # Ok::<(), Box<dyn Error + Send + Sync>>(())
//! ```

mod ahead;
mod block;
mod chain;
mod checked;
mod encoded;
mod labelled;
mod ranks;
mod stream;
mod survey;

use std::ops::Range;
use std::sync::Arc;

pub use block::RowBlock;
pub use chain::Chain;
pub use labelled::LabelledRows;

pub(crate) use encoded::{EncodedBlock, EncodedSource, Width};
pub(crate) use ranks::{Agreement, AlignedRows};
pub(crate) use stream::Stream;
pub(crate) use survey::{Described, labels};

use crate::label::Label;
use crate::scalar::Real;

/// The error of a source: that of a file, a connection, or a text.
type ReadError = Box<dyn std::error::Error + Send + Sync>;

/// Rows of samples with their labels, read block by block as often as a fit asks.
///
/// All methods but [`read`](RowSource::read) describe the rows, and must say the same each time. A fit reads
/// from one thread at a time, but several fits may share a source. So a source that has one file needs a lock,
/// or reads at a position.
///
/// References, boxes and `Arc`s of sources are sources, and `Box<dyn RowSource<f64, Label = String>>` is one.
/// The [module](self) has an example.
pub trait RowSource<T: Real>: Sync {
    /// The type of the labels.
    type Label: Label;

    /// Returns the number of rows.
    fn rows(&self) -> usize;

    /// Returns the number of columns.
    fn columns(&self) -> usize;

    /// Returns the names of the columns. Defaults to `None`.
    fn names(&self) -> Option<&[String]> {
        None
    }

    /// Returns whether each row has a weight. Defaults to no: all rows have the weight 1.
    fn has_weights(&self) -> bool {
        false
    }

    /// Returns the number of columns of offsets, which are added to the scores: 1 for two classes, K for K >
    /// 2 classes. Defaults to 0: no offsets.
    fn offset_columns(&self) -> usize {
        0
    }

    /// Writes the rows `rows.start` to `rows.end - 1` to `block`, which has room for exactly that many, and
    /// pushes their labels.
    ///
    /// The range is within the rows of the source. It has about 2 MB of entries, more if there are many columns,
    /// and fewer where a fit looks at some rows. The same range gives the same rows each time: a fit passes over
    /// them again and again. The code may use rayon. It then runs in a pool of one thread.
    ///
    /// # Errors
    /// Returns an error if the rows cannot be read. A fit ends with [`Error::Source`](crate::Error::Source),
    /// which has the message. A panic is [`Error::Panicked`](crate::Error::Panicked).
    fn read(
        &self,
        rows: Range<usize>,
        block: &mut RowBlock<T, Self::Label>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// Returns all rows, if they are in memory: a fit then reads them where they are. Defaults to `None`.
    fn in_memory(&self) -> Option<LabelledRows<'_, T, Self::Label>> {
        None
    }
}

macro_rules! forward {
    () => {
        type Label = S::Label;

        fn rows(&self) -> usize {
            (**self).rows()
        }

        fn columns(&self) -> usize {
            (**self).columns()
        }

        fn names(&self) -> Option<&[String]> {
            (**self).names()
        }

        fn has_weights(&self) -> bool {
            (**self).has_weights()
        }

        fn offset_columns(&self) -> usize {
            (**self).offset_columns()
        }

        fn read(&self, rows: Range<usize>, block: &mut RowBlock<T, S::Label>) -> Result<(), ReadError> {
            (**self).read(rows, block)
        }

        fn in_memory(&self) -> Option<LabelledRows<'_, T, S::Label>> {
            (**self).in_memory()
        }
    };
}

impl<T: Real, S: RowSource<T> + ?Sized> RowSource<T> for &S {
    forward!();
}

impl<T: Real, S: RowSource<T> + ?Sized> RowSource<T> for Box<S> {
    forward!();
}

/// An `Arc` is `Sync` only if its contents are `Send`, too.
impl<T: Real, S: RowSource<T> + Send + ?Sized> RowSource<T> for Arc<S> {
    forward!();
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    /// Every method of a source is passed on.
    #[test]
    fn pointers_are_the_sources_that_they_point_to() {
        let (x, names) = (dmatrix![1.0, 2.0; 3.0, 4.0], ["a".to_owned(), "b".to_owned()]);
        let rows = crate::Rows::from(&x).with_names(&names).unwrap();
        let weights = [5.0, 6.0];
        let plain = LabelledRows::new(rows, &["no", "yes"]).unwrap();
        let plain = plain.weights(&weights).unwrap().offset(&x).unwrap();
        fn check(source: impl RowSource<f64, Label = &'static str>) {
            assert_eq!((source.rows(), source.columns(), source.offset_columns()), (2, 2, 2));
            assert!(source.has_weights());
            assert_eq!(source.names().unwrap(), ["a", "b"]);
            assert_eq!(source.in_memory().unwrap().rows(), 2);
            let mut block = RowBlock::for_rows(&source, 1);
            source.read(1..2, &mut block).unwrap();
            assert_eq!((block.labels(), block.weights().unwrap()), (&["yes"][..], &[6.0][..]));
        }
        let boxed: Box<dyn RowSource<f64, Label = &'static str> + Send + '_> = Box::new(plain);
        check(&*boxed);
        check(boxed);
        check(Arc::new(plain));
        check(plain);
    }
}
