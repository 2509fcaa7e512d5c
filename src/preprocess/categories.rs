//! Categories as sorted codes.

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// The code of a category that is unknown to whoever made the codes, such as a [`Schema`](crate::data::Schema), and that
/// they let pass: an encoder that was fitted to codes with names makes zeros of it, unless training rows have it.
pub(crate) const UNKNOWN_CODE: f64 = -1.0;

/// The categories of each column must be finite and strictly ascending, at least one of them.
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

/// The index of a category among those of its column.
pub(super) fn category_index<T: Real>(categories: &[T], value: T) -> Option<usize> {
    let index = categories.partition_point(|category| *category < value);
    (categories.get(index) == Some(&value)).then_some(index)
}

/// A value that is none of the categories of its column is refused, if that is wanted.
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
