//! Reads whose results are checked, so that a fit can rely on them.

use std::ops::Range;

use super::block::Shape;
use super::encoded::Width;
use super::{RowBlock, RowSource};
use crate::check;
use crate::error::Error;
use crate::parallel::attempt;
use crate::scalar::Real;

/// Reads rows of a source that said to have this width at the start, and checks them. What an error says about rows counts from the first row of the
/// source.
///
/// # Errors
/// Returns [`Error::Source`] if the source does not return the rows, [`Error::Panicked`] if it panics, and an
/// error if a number is not finite or a weight is negative.
pub(crate) fn read_checked<T: Real, S: RowSource<T> + ?Sized>(
    source: &S,
    width: Width,
    rows: Range<usize>,
    block: &mut RowBlock<T, S::Label>,
) -> Result<(), Error> {
    let names = attempt("the source of the rows", || {
        let failed = |reason: String| Error::Source { rows: rows.clone(), reason };
        if Width::of(source) != width {
            let reason = "the source has other columns, weights or offsets than at the start: it must say the same \
                          each time";
            return Err(failed(reason.to_owned()));
        }
        let shape = Shape::new(rows.len(), width);
        block.prepare(shape);
        source.read(rows.clone(), block).map_err(|error| failed(error.to_string()))?;
        // A source could put another block in the place of this one.
        block.check(shape).map_err(|error| failed(error.to_string()))?;
        match block.labels().len() {
            labels if labels == rows.len() => Ok(source.names()),
            labels => Err(failed(format!(
                "the source wrote {labels} labels for {} rows: it must push one for each",
                rows.len()
            ))),
        }
    })?;
    contents(names, block).map_err(|error| error.in_rows(|row| Some(rows.start + row)))
}

/// Checks the numbers.
fn contents<T: Real, L>(names: Option<&[String]>, block: &RowBlock<T, L>) -> Result<(), Error> {
    check::finite("x", block.contiguous().or_names(names))?;
    let weights = block.weights().unwrap_or_default();
    if let Some((row, w)) = weights.iter().enumerate().find(|(_, w)| !w.is_finite() || **w < T::zero()) {
        return Err(Error::InvalidWeight { row, value: w.as_f64() });
    }
    block.offset().map_or(Ok(()), |offset| check::finite("offset", offset))
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::super::{LabelledRows, ReadError};
    use super::*;

    /// Ten rows in memory, with a fault when they are read.
    struct Faulty<F>(F);

    impl<F: Fn(&mut RowBlock<f64, u8>) -> Result<(), ReadError> + Sync> RowSource<f64> for Faulty<F> {
        type Label = u8;

        fn rows(&self) -> usize {
            10
        }

        fn columns(&self) -> usize {
            2
        }

        fn names(&self) -> Option<&[String]> {
            use std::sync::LazyLock;
            static NAMES: LazyLock<[String; 2]> = LazyLock::new(|| ["height".to_owned(), "width".to_owned()]);
            Some(&*NAMES)
        }

        fn has_weights(&self) -> bool {
            true
        }

        fn offset_columns(&self) -> usize {
            3
        }

        fn read(&self, rows: Range<usize>, block: &mut RowBlock<f64, u8>) -> Result<(), ReadError> {
            block.x_mut().fill(1.0);
            block.weights_mut().fill(0.0);
            block.offset_mut().fill(1.0);
            block.labels_mut().extend(rows.map(|row| row as u8));
            (self.0)(block)
        }
    }

    fn faulty<F: Fn(&mut RowBlock<f64, u8>) -> Result<(), ReadError> + Sync>(fault: F) -> Faulty<F> {
        Faulty(fault)
    }

    fn read<T: Real, S: RowSource<T>>(
        source: &S,
        rows: Range<usize>,
        block: &mut RowBlock<T, S::Label>,
    ) -> Result<(), Error> {
        read_checked(source, Width::of(source), rows, block)
    }

    /// The message about rows 4 to 7.
    fn text(fault: impl Fn(&mut RowBlock<f64, u8>) -> Result<(), ReadError> + Sync) -> String {
        read(&Faulty(fault), 4..8, &mut RowBlock::default()).unwrap_err().to_string()
    }

    #[test]
    fn good_rows_are_read() {
        let mut block = RowBlock::default();
        for rows in [0..10, 3..5, 6..6] {
            assert_eq!(read(&faulty(|_| Ok(())), rows.clone(), &mut block), Ok(()));
            assert_eq!(block.labels(), rows.map(|row| row as u8).collect::<Vec<_>>());
        }
    }

    #[test]
    fn failures_say_which_rows() {
        assert_eq!(text(|_| Err("the disk is gone".into())), "reading rows 4 to 7 failed: the disk is gone");
        let error = read(&faulty(|_| Err("no".into())), 4..5, &mut RowBlock::default()).unwrap_err();
        assert_eq!(error.to_string(), "reading row 4 failed: no");
        assert_eq!(text(|_| panic!("a bug")), "the source of the rows panicked: a bug");
        assert_eq!(
            text(|block| {
                block.labels_mut().push(1);
                Ok(())
            }),
            "reading rows 4 to 7 failed: the source wrote 5 labels for 4 rows: it must push one for each"
        );
        let x = DMatrix::zeros(4, 3);
        assert_eq!(
            text(|block| {
                *block = RowBlock::for_rows(&LabelledRows::new(&x, &[0; 4]).unwrap(), 4);
                Ok(())
            }),
            "reading rows 4 to 7 failed: `block` has 3 columns, expected 2"
        );
    }

    #[test]
    fn numbers_are_checked_and_named_by_their_rows_in_the_source() {
        let infinite = f64::INFINITY;
        let wrote = |write: fn(&mut RowBlock<f64, u8>, f64), value| {
            text(move |block| {
                write(block, value);
                Ok(())
            })
        };
        assert_eq!(
            wrote(|block, value| block.x_mut()[(2, 1)] = value, infinite),
            "column 1 (`width`) of `x` is not finite at row 6 (inf): remove or impute it first"
        );
        for value in [-1.0, f64::NAN, infinite] {
            assert_eq!(
                wrote(|block, value| block.weights_mut()[3] = value, value),
                format!("weight {value} at row 7: weights must be finite and at least 0")
            );
        }
        assert_eq!(
            wrote(|block, value| block.offset_mut()[(0, 2)] = value, f64::NAN),
            "column 2 of `offset` is not finite at row 4 (NaN): remove or impute it first"
        );
    }

    /// What a source leaves out is not what was there before.
    #[test]
    fn entries_that_are_not_written_are_errors() {
        struct Lazy;
        impl RowSource<f32> for Lazy {
            type Label = bool;

            fn rows(&self) -> usize {
                4
            }

            fn columns(&self) -> usize {
                1
            }

            fn read(&self, rows: Range<usize>, block: &mut RowBlock<f32, bool>) -> Result<(), ReadError> {
                block.labels_mut().extend(rows.clone().map(|_| true));
                block.column_mut(0)[..2 - rows.start / 2].fill(1.0);
                Ok(())
            }
        }
        let mut block = RowBlock::default();
        assert_eq!(read(&Lazy, 0..2, &mut block), Ok(()));
        let error = read(&Lazy, 2..4, &mut block).unwrap_err();
        assert!(matches!(error, Error::NotFinite { row: 3, column: 0, .. }), "{error}");
    }
}
