//! Checks and look-ups of category codes, which are sorted.

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// The code of an unknown category that the source of the codes, such as a [`Schema`](crate::data::Schema),
/// accepted.
///
/// An encoder that was fitted to codes with names encodes it as zeros, unless it occurs in the training rows.
pub(crate) const UNKNOWN_CODE: f64 = -1.0;

/// Checks that each column has at least one category, and that its categories are finite and strictly
/// ascending.
pub(super) fn check_categories<T: Real>(categories: &[Vec<T>]) -> Result<(), Error> {
    for column in categories {
        if column.is_empty() {
            return Err(Error::Empty { argument: "categories", axis: "entries" });
        }
        check::finite("categories", &DMatrix::from_column_slice(column.len(), 1, column))?;
        if let Some(pair) = column.windows(2).find(|pair| pair[0] >= pair[1]) {
            let (first, second) = (format!("{:?}", pair[0]), format!("{:?}", pair[1]));
            return Err(Error::UnsortedClasses { first, second });
        }
    }
    Ok(())
}

/// Returns the index of a category among those of its column.
pub(super) fn category_index<T: Real>(categories: &[T], value: T) -> Option<usize> {
    let index = categories.partition_point(|category| *category < value);
    (categories.get(index) == Some(&value)).then_some(index)
}

/// Returns an error for a value that is not a category of its column, if `refuse` is set.
pub(super) fn check_unknown<T: Real>(
    categories: &[T],
    (row, column): (usize, usize),
    value: T,
    refuse: bool,
) -> Result<(), Error> {
    if !refuse {
        return Ok(());
    }
    Err(Error::UnknownCategory { row, column, name: None, value: value.as_f64(), known: categories.len() })
}
