//! Storage of column transformers in files.

use super::super::Transform;
use super::super::stored::split_by;
use super::{Beside, FittedBlocks, FittedColumnTransformer};
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{Persist, Record};
use crate::scalar::Real;

/// Blocks that can be stored in a file.
///
/// Each block is a part of the record, `block_0`, `block_1` and so on, whatever type holds the blocks.
pub trait StoredBlocks<T: Real>: FittedBlocks<T> + Sized {
    /// Adds all blocks to the record.
    fn write(&self, record: Record) -> Record;

    /// Takes `count` blocks out of the record.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if a block is invalid, or if the type has another number of blocks.
    fn read(record: &mut Record, count: usize) -> Result<Self, Error>;
}

impl<T: Real> StoredBlocks<T> for () {
    fn write(&self, record: Record) -> Record {
        record
    }
    fn read(_: &mut Record, count: usize) -> Result<Self, Error> {
        if count == 0 {
            Ok(())
        } else {
            Err(invalid(format!("it has {count} more blocks than the type it is read as")))
        }
    }
}

impl<T: Real, A: StoredBlocks<T>, P: Persist<Scalar = T> + Transform<T>> StoredBlocks<T> for Beside<A, P> {
    fn write(&self, record: Record) -> Record {
        self.rest().write(record).with(&format!("block_{}", self.rest().count()), self.last())
    }
    fn read(record: &mut Record, count: usize) -> Result<Self, Error> {
        let before =
            count.checked_sub(1).ok_or_else(|| invalid("it has fewer blocks than the type it is read as"))?;
        Ok(Beside::new(A::read(record, before)?, record.take(&format!("block_{before}"))?))
    }
}

impl<T: Real, P: Persist<Scalar = T> + Transform<T>> StoredBlocks<T> for Vec<P> {
    fn write(&self, record: Record) -> Record {
        record.with_all("block", self)
    }
    fn read(record: &mut Record, count: usize) -> Result<Self, Error> {
        record.take_all("block", count)
    }
}

impl<T: Real, B: StoredBlocks<T>> Persist for FittedColumnTransformer<T, B> {
    type Scalar = T;
    const KIND: &'static str = "column transformer";

    fn write_record(&self, record: Record) -> Record {
        let widths: Vec<usize> = self.columns().iter().map(Vec::len).collect();
        let record = record
            .with_counts("widths", &widths)
            .with_counts("columns", &self.columns().concat())
            .with_counts("passed", self.passed())
            .with_counts("dropped", self.dropped())
            .with_feature_names(self.names());
        self.blocks().write(record)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let (widths, all) = (record.take_counts("widths")?, record.take_counts("columns")?);
        let (passed, dropped) = (record.take_counts("passed")?, record.take_counts("dropped")?);
        let columns = split_by(&all, &widths)?;
        let mut inputs = [all, passed.clone(), dropped.clone()].concat();
        inputs.sort_unstable();
        inputs.dedup();
        let names = record.take_feature_names(inputs.len())?;
        let blocks = B::read(record, columns.len())?;
        FittedColumnTransformer::new(blocks, columns, passed, dropped, names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_are_left_are_an_error() {
        let read = |count| <() as StoredBlocks<f64>>::read(&mut Record::new("blocks"), count);
        assert!(read(0).is_ok());
        assert!(matches!(read(1), Err(Error::InvalidFile { .. })));
    }
}
