//! Small real data sets, bundled, for examples and tests.
//!
//! Both are from the UCI Machine Learning Repository under the licence CC BY 4.0, with the values that scikit-learn
//! 1.9.1 ships, packed as one byte per value:
//! - *Iris*: R. A. Fisher (1936), <https://doi.org/10.24432/C56C76>.
//! - *Optical Recognition of Handwritten Digits*: E. Alpaydin and C. Kaynak (1998), its test set,
//!   <https://doi.org/10.24432/C50P49>.

use nalgebra::DMatrix;

/// A matrix with its labels and the names of its columns.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Dataset<L> {
    /// The features, n x d.
    pub x: DMatrix<f64>,
    /// The labels, one per row.
    pub y: Vec<L>,
    /// The names of the columns, with units where they have any.
    pub feature_names: Vec<String>,
}

/// Fisher's irises: 150 flowers of three species, 50 each, four measures in centimetres.
///
/// ```
/// let iris = logit::data::iris();
/// assert_eq!(iris.x.shape(), (150, 4));
/// assert_eq!((iris.x[(0, 0)], iris.y[0]), (5.1, "setosa"));
/// ```
pub fn iris() -> Dataset<&'static str> {
    const NAMES: [&str; 4] =
        ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"];
    const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];
    let (x, y) = unpack::<4>(include_bytes!("iris.bin"), 10.0);
    let y = y.into_iter().map(|label| SPECIES[usize::from(label)]).collect();
    Dataset { x, y, feature_names: NAMES.map(str::to_owned).to_vec() }
}

/// Handwritten digits: 1,797 images of 8 x 8 pixels with 17 shades, 0 (white) to 16 (black), row by row.
///
/// ```
/// let digits = logit::data::digits();
/// assert_eq!(digits.x.shape(), (1797, 64));
/// assert_eq!(digits.y[..3], [0, 1, 2]);
/// assert_eq!(digits.x.max(), 16.0);
/// ```
pub fn digits() -> Dataset<u8> {
    let (x, y) = unpack::<64>(include_bytes!("digits.bin"), 1.0);
    let names = (0..64).map(|pixel| format!("pixel ({}, {})", pixel / 8, pixel % 8));
    Dataset { x, y, feature_names: names.collect() }
}

/// Rows of D values, as multiples of 1 / `unit`, each followed by its label.
fn unpack<const D: usize>(bytes: &[u8], unit: f64) -> (DMatrix<f64>, Vec<u8>) {
    let rows: Vec<&[u8]> = bytes.chunks_exact(D + 1).collect();
    let x = DMatrix::from_fn(rows.len(), D, |row, column| f64::from(rows[row][column]) / unit);
    (x, rows.iter().map(|row| row[D]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iris_is_fishers_and_not_the_file_with_two_wrong_rows() {
        let iris = iris();
        // Rows 35 and 38 (from 1) are wrong in the repository's own file; these are Fisher's values.
        assert_eq!(iris.x.row(34).iter().copied().collect::<Vec<_>>(), [4.9, 3.1, 1.5, 0.2]);
        assert_eq!(iris.x.row(37).iter().copied().collect::<Vec<_>>(), [4.9, 3.6, 1.4, 0.1]);
        let means: Vec<f64> = iris.x.row_mean().iter().copied().collect();
        for (found, wanted) in
            means.iter().zip([5.843333333333334, 3.0573333333333337, 3.758, 1.1993333333333336])
        {
            approx::assert_relative_eq!(*found, wanted, max_relative = 1e-14);
        }
        assert_eq!(iris.y.iter().filter(|y| **y == "versicolor").count(), 50);
    }

    #[test]
    fn digits_are_complete() {
        let digits = digits();
        assert_eq!(digits.x.sum(), 561_718.0);
        let counts: Vec<usize> = (0..10).map(|d| digits.y.iter().filter(|y| **y == d).count()).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }
}
