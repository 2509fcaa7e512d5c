//! Matrices from numbers in row order, whereas nalgebra stores matrices column by column.

use nalgebra::DMatrix;

use crate::error::Error;
use crate::scalar::Real;

/// Returns the matrix with the given rows, which are arrays, vectors or slices of one length.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no rows, because the number of columns is then unknown, and
/// [`Error::RaggedRow`] if a row has another length than the first.
///
/// # Examples
/// ```
/// use logit::data::matrix_from_rows;
/// use nalgebra::dmatrix;
///
/// assert_eq!(
///     matrix_from_rows([[1.0, 2.0], [3.0, 4.0]])?,
///     dmatrix![1.0, 2.0; 3.0, 4.0]
/// );
/// let lines = ["1 2 3", "4 5 6"];
/// let numbers = |line: &str| {
///     line.split(' ').map(|word| word.parse().unwrap_or(f32::NAN)).collect::<Vec<_>>()
/// };
/// assert_eq!(
///     matrix_from_rows(lines.map(numbers))?,
///     dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0]
/// );
///
/// let error = matrix_from_rows([&[1.0, 2.0][..], &[3.0]]).unwrap_err();
/// assert_eq!(error.to_string(), "row 1 has 1 value, but row 0 has 2");
/// # Ok::<(), logit::Error>(())
/// ```
pub fn matrix_from_rows<T: Real, R: AsRef<[T]>>(
    rows: impl IntoIterator<Item = R>,
) -> Result<DMatrix<T>, Error> {
    let (mut values, mut columns, mut count) = (Vec::new(), None, 0);
    for (row, entries) in rows.into_iter().enumerate() {
        let entries = entries.as_ref();
        let expected = *columns.get_or_insert(entries.len());
        if entries.len() != expected {
            return Err(Error::RaggedRow { row, expected, found: entries.len() });
        }
        values.extend_from_slice(entries);
        count = row + 1;
    }
    let columns = columns.ok_or(Error::Empty { argument: "rows", axis: "rows" })?;
    Ok(DMatrix::from_row_slice(count, columns, &values))
}

/// Returns the matrix whose entries are stored row by row in `values`, with `columns` entries per row.
///
/// # Errors
/// Returns [`Error::Empty`] if `columns` is 0, and [`Error::RaggedRow`] if the last row is incomplete. An
/// empty slice gives a matrix without rows.
///
/// # Examples
/// ```
/// use logit::data::matrix_from_row_major;
/// use nalgebra::dmatrix;
///
/// let x = matrix_from_row_major(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3)?;
/// assert_eq!(x, dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0]);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn matrix_from_row_major<T: Real>(values: &[T], columns: usize) -> Result<DMatrix<T>, Error> {
    if columns == 0 {
        return Err(Error::Empty { argument: "values", axis: "columns" });
    }
    match values.len() % columns {
        0 => Ok(DMatrix::from_row_slice(values.len() / columns, columns, values)),
        found => Err(Error::RaggedRow { row: values.len() / columns, expected: columns, found }),
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    #[test]
    fn rows_of_all_kinds_make_the_same_matrix() {
        let wanted = dmatrix![1.0, 2.0; 3.0, 4.0; 5.0, 6.0];
        let vectors = vec![vec![1.0, 2.0], vec![3.0, 4.0], vec![5.0, 6.0]];
        assert_eq!(matrix_from_rows(&vectors).unwrap(), wanted);
        assert_eq!(matrix_from_rows(vectors.concat().chunks(2)).unwrap(), wanted);
        assert_eq!(matrix_from_row_major(&vectors.concat(), 2).unwrap(), wanted);
        assert_eq!(matrix_from_rows(vectors).unwrap(), wanted);
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        assert_eq!(
            matrix_from_rows::<f64, Vec<f64>>([]).unwrap_err(),
            Error::Empty { argument: "rows", axis: "rows" }
        );
        let ragged = [vec![1.0], vec![2.0], vec![3.0, 4.0]];
        let error = matrix_from_rows(ragged).unwrap_err();
        assert_eq!(error, Error::RaggedRow { row: 2, expected: 1, found: 2 });
        let error = matrix_from_row_major(&[1.0, 2.0, 3.0], 2).unwrap_err();
        assert_eq!(error, Error::RaggedRow { row: 1, expected: 2, found: 1 });
        assert!(matches!(matrix_from_row_major(&[1.0], 0), Err(Error::Empty { axis: "columns", .. })));
        assert_eq!(matrix_from_row_major::<f64>(&[], 3).unwrap().shape(), (0, 3));
        assert_eq!(matrix_from_rows::<f64, [f64; 0]>([[], []]).unwrap().shape(), (2, 0));
    }
}
