//! Categories as sorted codes.

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::scalar::Real;

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

/// The error for a value that is none of the categories of its column.
pub(super) fn unknown_category<T: Real>(categories: &[T], row: usize, column: usize, value: T) -> Error {
    Error::UnknownCategory { row, column, name: None, value: value.as_f64(), known: categories.len() }
}
