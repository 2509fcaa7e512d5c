//! Small real data sets, bundled with the crate for examples and tests.
//!
//! All are from the UCI Machine Learning Repository under the licence CC BY 4.0, with the values of
//! scikit-learn 1.9.1, in a packed format:
//! - *Iris*: R. A. Fisher (1936), <https://doi.org/10.24432/C56C76>.
//! - *Wine*: S. Aeberhard and M. Forina (1991), <https://doi.org/10.24432/C5PC7J>.
//! - *Breast Cancer Wisconsin (Diagnostic)*: W. Wolberg, O. Mangasarian, N. Street and W. Street (1995),
//!   <https://doi.org/10.24432/C5DW2B>.
//! - *Optical Recognition of Handwritten Digits*: E. Alpaydin and C. Kaynak (1998), its test set,
//!   <https://doi.org/10.24432/C50P49>.

mod packed;

use super::Dataset;
use packed::unpack;

fn dataset<L>(
    (x, y): (nalgebra::DMatrix<f64>, Vec<u8>),
    label: impl Fn(u8) -> L,
    names: impl IntoIterator<Item = impl Into<String>>,
) -> Dataset<L> {
    let y = y.into_iter().map(label).collect();
    Dataset {
        x,
        y,
        feature_names: names.into_iter().map(Into::into).collect(),
        categories: Vec::new(),
        weights: None,
    }
}

/// Returns Fisher's iris data: 150 flowers, 50 of each of three species, with four measurements in
/// centimetres.
///
/// From the UCI Machine Learning Repository (R. A. Fisher, 1936, <https://doi.org/10.24432/C56C76>), CC BY
/// 4.0.
///
/// ```
/// let iris = logit::data::iris();
/// assert_eq!(iris.x.shape(), (150, 4));
/// assert_eq!((iris.x[(0, 0)], iris.y[0]), (5.1, "setosa"));
/// ```
pub fn iris() -> Dataset<&'static str> {
    const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];
    dataset(
        unpack(include_bytes!("iris.bin"), &[1; 4]),
        |label| SPECIES[usize::from(label)],
        ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"],
    )
}

/// Returns the wine data: 178 Italian wines of three cultivars (0, 1 and 2, with 59, 71 and 48 wines) and 13
/// results of chemical analysis.
///
/// The columns have very different scales. From the UCI Machine Learning Repository (S. Aeberhard and M.
/// Forina, 1991, <https://doi.org/10.24432/C5PC7J>), CC BY 4.0.
///
/// ```
/// let wine = logit::data::wine();
/// assert_eq!(wine.x.shape(), (178, 13));
/// assert_eq!(
///     (wine.feature_names[0].as_str(), wine.x[(0, 0)], wine.y[0]),
///     ("alcohol", 14.23, 0)
/// );
/// ```
pub fn wine() -> Dataset<u8> {
    const NAMES: [&str; 13] = [
        "alcohol",
        "malic acid",
        "ash",
        "alcalinity of ash",
        "magnesium",
        "total phenols",
        "flavanoids",
        "nonflavanoid phenols",
        "proanthocyanins",
        "color intensity",
        "hue",
        "od280/od315 of diluted wines",
        "proline",
    ];
    let values = unpack(include_bytes!("wine.bin"), &[2, 2, 2, 1, 0, 2, 2, 2, 2, 6, 3, 2, 0]);
    dataset(values, |label| label, NAMES)
}

/// Returns the breast cancer data: 569 breast tumours (212 malignant, 357 benign) with 30 measurements of the
/// cell nuclei in an image.
///
/// The columns are the mean, the standard error and the worst value (the mean of the three largest) of ten
/// features.
///
/// From the UCI Machine Learning Repository (W. Wolberg, O. Mangasarian, N. Street and W. Street, 1995,
/// <https://doi.org/10.24432/C5DW2B>), CC BY 4.0.
///
/// ```
/// let cancer = logit::data::breast_cancer();
/// assert_eq!(cancer.x.shape(), (569, 30));
/// assert_eq!(cancer.class_counts(), [("benign", 357), ("malignant", 212)]);
/// assert_eq!(
///     (cancer.feature_names[0].as_str(), cancer.x[(0, 0)]),
///     ("mean radius", 17.99)
/// );
/// ```
pub fn breast_cancer() -> Dataset<&'static str> {
    const FEATURES: [&str; 10] = [
        "radius",
        "texture",
        "perimeter",
        "area",
        "smoothness",
        "compactness",
        "concavity",
        "concave points",
        "symmetry",
        "fractal dimension",
    ];
    const DECIMALS: [i32; 30] =
        [3, 2, 2, 1, 5, 5, 7, 6, 4, 5, 4, 4, 4, 3, 6, 6, 7, 6, 6, 7, 3, 2, 2, 1, 5, 5, 6, 6, 4, 5];
    let names = FEATURES.iter().map(|feature| format!("mean {feature}"));
    let names = names.chain(FEATURES.iter().map(|feature| format!("{feature} error")));
    let names = names.chain(FEATURES.iter().map(|feature| format!("worst {feature}")));
    let label = |label| if label == 0 { "malignant" } else { "benign" };
    dataset(unpack(include_bytes!("breast_cancer.bin"), &DECIMALS), label, names)
}

/// Returns the handwritten digits: 1,797 images of 8 x 8 pixels with 17 shades, 0 (white) to 16 (black), row
/// by row.
///
/// From the UCI Machine Learning Repository (E. Alpaydin and C. Kaynak, 1998, the test set,
/// <https://doi.org/10.24432/C50P49>), CC BY 4.0.
///
/// ```
/// let digits = logit::data::digits();
/// assert_eq!(digits.x.shape(), (1797, 64));
/// assert_eq!(digits.y[..3], [0, 1, 2]);
/// assert_eq!(digits.x.max(), 16.0);
/// ```
pub fn digits() -> Dataset<u8> {
    let names = (0..64).map(|pixel| format!("pixel ({}, {})", pixel / 8, pixel % 8));
    dataset(unpack(include_bytes!("digits.bin"), &[0; 64]), |label| label, names)
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
        assert_eq!(iris.class_counts(), [("setosa", 50), ("versicolor", 50), ("virginica", 50)]);
    }

    #[test]
    fn digits_are_complete() {
        let digits = digits();
        assert_eq!(digits.x.sum(), 561_718.0);
        let counts: Vec<usize> = digits.class_counts().into_iter().map(|(_, count)| count).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }
}
