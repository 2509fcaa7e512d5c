//! Columns that are constant up to rounding.

use crate::error::Error;
use crate::persist::Record;
use crate::persist::file::invalid;
use crate::scalar::{Real, is_constant, vectorize};

/// The name of the part in files. It is missing where no column is known to be constant, as in all files of
/// version 1.0.
const PART: &str = "constant";

/// The kind of the part.
const KIND: &str = "constant columns";

/// The columns that a fit found constant up to rounding, in ascending order.
///
/// Subtracting the centre of such a column leaves the rounding errors, which a later step could no longer
/// tell from a column that varies. So values within the rounding of the centre become exactly 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ConstantColumns(Vec<usize>);

impl ConstantColumns {
    /// No columns.
    pub(super) const NONE: &'static ConstantColumns = &ConstantColumns(Vec::new());

    /// Takes the columns whose entry is true.
    pub(super) fn new(constant: impl IntoIterator<Item = bool>) -> Self {
        let found = constant.into_iter().enumerate().filter(|(_, constant)| *constant);
        ConstantColumns(found.map(|(column, _)| column).collect())
    }

    /// Returns the indices of the columns.
    pub(super) fn indices(&self) -> &[usize] {
        &self.0
    }

    /// Returns whether `column` is among them.
    pub(super) fn contains(&self, column: usize) -> bool {
        self.0.binary_search(&column).is_ok()
    }

    /// Subtracts the centre from the entries of a column.
    pub(super) fn center<T: Real>(&self, column: usize, center: T, entries: &mut [T]) {
        if self.contains(column) {
            return entries.iter_mut().for_each(|v| *v = difference(*v, center));
        }
        vectorize(
            #[inline(always)]
            || {
                entries.iter_mut().for_each(|v| *v -= center);
            },
        );
    }

    pub(super) fn write(&self, record: Record) -> Record {
        if self.0.is_empty() {
            return record;
        }
        record.with_part(PART, Record::new(KIND).with_counts("columns", &self.0))
    }

    /// # Errors
    /// Returns [`Error::InvalidFile`] unless the columns ascend and are below `columns`.
    pub(super) fn read(record: &mut Record, columns: usize) -> Result<Self, Error> {
        let Some(part) = record.take_optional_part(PART) else { return Ok(ConstantColumns::default()) };
        let found = part.open(KIND)?.read(|part| part.take_counts("columns"))?;
        let ascend = found.is_sorted_by(|a, b| a < b);
        if !ascend || found.last().is_none_or(|&last| last >= columns) {
            return Err(invalid(format!("its `{KIND}` are not ascending columns below {columns}")));
        }
        Ok(ConstantColumns(found))
    }
}

/// Returns `v - center`, or 0 if the difference is rounding.
pub(super) fn difference<T: Real>(v: T, center: T) -> T {
    let (v64, center64) = (v.as_f64(), center.as_f64());
    if is_constant::<T>(v64.min(center64), v64.max(center64)) { T::zero() } else { v - center }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hold_ascending_columns() {
        let read = |columns: &[usize]| {
            let record = ConstantColumns(columns.to_vec()).write(Record::new("test"));
            record.read(|record| ConstantColumns::read(record, 4))
        };
        assert_eq!(read(&[0, 3]), Ok(ConstantColumns::new([true, false, false, true])));
        for wrong in [&[3, 0][..], &[1, 1], &[4]] {
            assert!(matches!(read(wrong), Err(Error::InvalidFile { .. })), "{wrong:?}");
        }
        let none = Record::new("test").read(|record| ConstantColumns::read(record, 4));
        assert_eq!(none.as_ref(), Ok(ConstantColumns::NONE));
        assert_eq!(ConstantColumns::NONE.write(Record::new("test")), Record::new("test"));
    }
}
