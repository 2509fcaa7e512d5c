//! Rows that were divided by their own lengths, so that only their directions are left.

use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::rows::Rows;
use crate::scalar::{Real, column};

/// The least number of different sizes of the entries of a column. Columns of few values, such as those of an
/// encoder, have rows of one length by themselves.
const VALUES: usize = 10;

/// The difference between lengths, in units of rounding, up to which they are equal.
const ROUNDINGS: f64 = 64.0;

/// The common length of all rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EqualLengths {
    pub(crate) length: f64,
    /// How the length of a row is measured.
    pub(crate) measure: &'static str,
}

impl EqualLengths {
    /// Returns the length of finite rows if all have the same; `None` for a single column.
    pub(super) fn find<T: Real>(x: Rows<'_, T>) -> Option<Self> {
        if x.ncols() < 2 || x.nrows() < VALUES {
            return None;
        }
        let size = |row: usize, j: usize| x[(row, j)].as_f64().abs();
        let entries = |row: usize| (0..x.ncols()).map(move |j| size(row, j));
        let slack = ROUNDINGS * T::EPSILON.as_f64();
        let common = |length: &dyn Fn(usize) -> f64| {
            let first = length(0);
            let equal = |row: usize| (length(row) - first).abs() <= slack * first;
            (first > 0.0 && first.is_finite() && (1..x.nrows()).all(equal)).then_some(first)
        };
        let euclidean = common(&|row| entries(row).map(|v| v * v).sum::<f64>().sqrt());
        let measured = [
            (euclidean, "length"),
            (common(&|row| entries(row).sum()), "sum of sizes"),
            (common(&|row| entries(row).fold(0.0, f64::max)), "largest size"),
        ];
        let (length, measure) =
            measured.into_iter().find_map(|(length, measure)| Some((length?, measure)))?;
        let varied = (0..x.ncols()).any(|j| {
            let mut values: Vec<f64> = Vec::new();
            for value in column(&x, j).iter().map(|v| v.as_f64().abs()) {
                if values.len() < VALUES && !values.contains(&value) {
                    values.push(value);
                }
            }
            values.len() >= VALUES
        });
        varied.then_some(EqualLengths { length, measure })
    }

    pub(super) fn finding(&self, columns: usize) -> Finding {
        let EqualLengths { length, measure } = *self;
        let left = if columns == 2 { "one angle per row" } else { "the proportions of the columns" };
        let why = format!(
            "every row has the same {measure}, as if rows had been divided by it: only {left} is left, and rows in \
             one direction cannot be told apart"
        );
        let change = "divide columns, not rows (`StandardScaler`), unless only proportions matter, as in counts of \
                      words";
        Finding::new(Code::RedundantColumns, Severity::Info, why, change)
            .saw(format!("{measure} of each row"), length)
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::Rng;
    use crate::preprocess::{NormKind, Normalizer};
    use crate::transformer::{TransformExt, Transformer};

    fn rows() -> DMatrix<f64> {
        let mut rng = Rng::new(1);
        DMatrix::from_fn(60, 3, |_, _| rng.standard_normal())
    }

    fn measure(x: &DMatrix<f64>) -> Option<&'static str> {
        EqualLengths::find(Rows::from(x)).map(|found| found.measure)
    }

    #[test]
    fn rows_of_one_length_are_found_in_every_norm() {
        let x = rows();
        assert_eq!(measure(&x), None);
        let norms =
            [(NormKind::L2, "length"), (NormKind::L1, "sum of sizes"), (NormKind::Max, "largest size")];
        for (norm, wanted) in norms {
            let normalizer = Normalizer::new().norm(norm);
            let mut divided = normalizer.fit(&x).unwrap().transform(&x).unwrap();
            assert_eq!(measure(&divided), Some(wanted));
            let single: DMatrix<f32> = divided.clone().cast();
            assert!(EqualLengths::find(Rows::from(&single)).is_some());
            divided[(7, 1)] *= 1.01;
            assert_eq!(measure(&divided), None);
        }
    }

    /// Categories in columns of 0 and 1, signs, and grades have one length by themselves.
    #[test]
    fn columns_of_few_values_are_no_directions() {
        let one_hot = DMatrix::from_fn(60, 4, |row, j| f64::from(u8::from(row % 4 == j)));
        let signs = DMatrix::from_fn(60, 4, |row, j| if row % (j + 2) == 0 { 1.0 } else { -1.0 });
        assert_eq!((measure(&one_hot), measure(&signs)), (None, None));
        assert_eq!(measure(&rows().columns(0, 1).into_owned()), None);
    }
}
