//! A matrix with its labels, names and weights.

use nalgebra::DMatrix;

use super::matrix::{matrix_from_row_major, matrix_from_rows};
use crate::check;
use crate::error::Error;
use crate::estimator::{Estimator, FitOptions};
use crate::label::{Label, distinct};
use crate::rows::Rows;
use crate::scalar::Real;
use crate::select::{Split, train_test_split};

/// A matrix with its labels, the names of its columns and, optionally, the weights of its rows.
///
/// A data set is never required: estimators and metrics take `x` and `y` from any source. A data set keeps
/// the parts together when rows are selected, and checks that their sizes agree.
///
/// # Shapes
/// `x` is n x d, one sample per row. `y` has n labels, `feature_names` has d names or none, and `weights` has
/// n numbers.
///
/// # Names
/// A model that is fitted on a data set with names stores them, and rejects rows with other names; see
/// [`Rows`]. Columns have no names unless you name them.
///
/// # Examples
/// ```
/// use logit::data::Dataset;
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty};
/// use nalgebra::dmatrix;
///
/// let heights = Dataset::new(
///     dmatrix![1.1; 1.3; 1.7; 1.8],
///     ["child", "child", "adult", "adult"],
/// )?
/// .with_feature_names(["height (m)"])?
/// .with_weights(vec![1.0, 1.0, 2.0, 1.0])?;
/// let model = heights.fit(&LogisticRegression::new(Penalty::c(100.0)))?;
/// assert_eq!(model.predict(&heights.x)?, heights.y);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Dataset<L, T = f64> {
    /// The features, n x d.
    pub x: DMatrix<T>,
    /// The labels, one per row.
    pub y: Vec<L>,
    /// The names of the columns, with units where applicable; empty if the columns have no names.
    pub feature_names: Vec<String>,
    /// The names of the categories 0, 1 and so on of each column of codes, and an empty list for each column
    /// of numbers; empty if no column has named codes.
    ///
    /// See [`Rows::with_categories`].
    pub categories: Vec<Vec<String>>,
    /// One weight per row, or `None` if all rows count the same. A weight of 2 counts a row twice, 0 removes
    /// it.
    pub weights: Option<Vec<T>>,
}

impl<L: Label, T: Real> Dataset<L, T> {
    /// Creates a data set from a matrix and its labels, without names and weights.
    ///
    /// Entries may be missing (NaN); an [`Imputer`](crate::Imputer) fills them.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of labels is not the number of rows.
    pub fn new(x: DMatrix<T>, y: impl Into<Vec<L>>) -> Result<Self, Error> {
        let y = y.into();
        check::labels(&x, y.len())?;
        Ok(Dataset { x, y, feature_names: Vec::new(), categories: Vec::new(), weights: None })
    }

    /// Creates a data set from rows (arrays, vectors or slices) and their labels.
    ///
    /// ```
    /// use logit::data::Dataset;
    ///
    /// let set = Dataset::from_rows([[1.0, 10.0], [2.0, 20.0]], ["a", "b"])?;
    /// assert_eq!(set.x, nalgebra::dmatrix![1.0, 10.0; 2.0, 20.0]);
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`matrix_from_rows`] and [`new`](Dataset::new).
    pub fn from_rows<R: AsRef<[T]>>(
        rows: impl IntoIterator<Item = R>,
        y: impl Into<Vec<L>>,
    ) -> Result<Self, Error> {
        Self::new(matrix_from_rows(rows)?, y)
    }

    /// Creates a data set from numbers stored row by row, `columns` numbers per row, and the labels of the
    /// rows.
    ///
    /// # Errors
    /// Returns the errors of [`matrix_from_row_major`] and [`new`](Dataset::new).
    pub fn from_row_major(values: &[T], columns: usize, y: impl Into<Vec<L>>) -> Result<Self, Error> {
        Self::new(matrix_from_row_major(values, columns)?, y)
    }

    /// Names the columns.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of names is not the number of columns.
    pub fn with_feature_names<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Self, Error> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        check::count("feature_names", "entries", self.x.ncols(), names.len())?;
        self.feature_names = names;
        Ok(self)
    }

    /// Names the categories of columns of codes: a list of names for each column, empty for a column of
    /// numbers.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of lists is not the number of columns.
    pub fn with_categories(mut self, categories: Vec<Vec<String>>) -> Result<Self, Error> {
        check::count("categories", "entries", self.x.ncols(), categories.len())?;
        self.categories = categories;
        Ok(self)
    }

    /// Gives each row a weight.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of weights is not the number of rows,
    /// [`Error::InvalidWeight`] if a weight is negative or not finite, and [`Error::InvalidWeightSum`] if the
    /// weights are all zero or their sum is not finite.
    pub fn with_weights(mut self, weights: impl Into<Vec<T>>) -> Result<Self, Error> {
        let weights = weights.into();
        check::weights(Some(&weights), self.x.nrows())?;
        self.weights = Some(weights);
        Ok(self)
    }

    /// Fits an estimator to all rows, with their weights if there are any.
    ///
    /// # Errors
    /// Returns the errors of [`Estimator::fit_with`].
    pub fn fit<E: Estimator<T>>(&self, estimator: &E) -> Result<E::Fitted<L>, Error> {
        estimator.fit_with(self, &self.y, self.options())
    }

    /// Returns the options for a fit to these rows, which hold their weights.
    pub fn options(&self) -> FitOptions<'_, T> {
        let options = FitOptions::new();
        match &self.weights {
            Some(weights) => options.weights(weights),
            None => options,
        }
    }

    /// Returns the data set with only the rows of the indices `numbers`, in this order. An index may occur
    /// more than once.
    ///
    /// # Errors
    /// Returns [`Error::NoSuchIndex`] if a row does not exist.
    pub fn rows(&self, numbers: &[usize]) -> Result<Self, Error> {
        // The fields are public, so their sizes may disagree.
        let weighted = self.weights.as_ref().map_or(usize::MAX, Vec::len);
        check::indices("numbers", "row", numbers, self.x.nrows().min(self.y.len()).min(weighted))?;
        Ok(Dataset {
            x: self.x.select_rows(numbers),
            y: numbers.iter().map(|&row| self.y[row].clone()).collect(),
            feature_names: self.feature_names.clone(),
            categories: self.categories.clone(),
            weights: self.weights.as_ref().map(|weights| numbers.iter().map(|&row| weights[row]).collect()),
        })
    }

    /// Returns the training rows and the test rows of a split.
    ///
    /// ```
    /// use logit::select::k_fold;
    /// use logit::data;
    ///
    /// let iris = data::iris();
    /// let (train, test) = iris.split(&k_fold(iris.y.len(), 5)?[0])?;
    /// assert_eq!((train.y.len(), test.y.len()), (120, 30));
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::NoSuchIndex`] if the split has a row that does not exist.
    pub fn split(&self, split: &Split) -> Result<(Self, Self), Error> {
        Ok((self.rows(&split.train)?, self.rows(&split.test)?))
    }

    /// Splits the rows at random into training rows and test rows, with the same fraction of every class on
    /// both sides.
    ///
    /// The split is drawn by [`train_test_split`].
    ///
    /// ```
    /// let (train, test) = logit::data::iris().train_test_split(0.2, 42)?;
    /// assert_eq!((train.x.shape(), test.x.shape()), ((120, 4), (30, 4)));
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`train_test_split`].
    pub fn train_test_split(&self, test_fraction: f64, seed: u64) -> Result<(Self, Self), Error> {
        self.split(&train_test_split(&self.y, test_fraction, seed)?)
    }

    /// Replaces each label by the result of `label`.
    ///
    /// ```
    /// let iris = logit::data::iris().map_labels(|species| species == "setosa");
    /// assert_eq!(iris.class_counts(), [(false, 100), (true, 50)]);
    /// ```
    pub fn map_labels<M: Label>(self, label: impl FnMut(L) -> M) -> Dataset<M, T> {
        Dataset {
            x: self.x,
            y: self.y.into_iter().map(label).collect(),
            feature_names: self.feature_names,
            categories: self.categories,
            weights: self.weights,
        }
    }

    /// Converts the features and weights to another number type, each to the nearest number of the type.
    ///
    /// ```
    /// let iris = logit::data::iris().cast::<f32>();
    /// assert_eq!(iris.x[(0, 0)], 5.1f32);
    /// ```
    pub fn cast<U: Real>(self) -> Dataset<L, U> {
        Dataset {
            x: self.x.map(|value| U::of(value.as_f64())),
            y: self.y,
            feature_names: self.feature_names,
            categories: self.categories,
            weights: self.weights.map(|weights| weights.iter().map(|w| U::of(w.as_f64())).collect()),
        }
    }

    /// Returns the classes in ascending order, each with its number of rows.
    pub fn class_counts(&self) -> Vec<(L, usize)> {
        let classes = distinct(self.y.iter());
        let mut counts = vec![0; classes.len()];
        for label in &self.y {
            if let Ok(class) = classes.binary_search(label) {
                counts[class] += 1;
            }
        }
        classes.into_iter().zip(counts).collect()
    }
}

/// Converts to the features, with the names of the columns and of their categories.
impl<'a, L, T: Real> From<&'a Dataset<L, T>> for Rows<'a, T> {
    fn from(set: &'a Dataset<L, T>) -> Self {
        let rows = Rows::from(&set.x);
        // Names that are missing or of the wrong number are left out: the fields are public, so sizes may
        // disagree.
        let rows = rows.with_names(&set.feature_names).unwrap_or(rows);
        rows.with_categories(&set.categories).unwrap_or(rows)
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    fn set() -> Dataset<&'static str> {
        let x = dmatrix![1.0, 10.0; 2.0, 20.0; 3.0, f64::NAN];
        Dataset::new(x, ["b", "a", "b"]).unwrap().with_weights([1.0, 0.0, 3.0]).unwrap()
    }

    #[test]
    fn rows_take_everything_along() {
        let rows = set().rows(&[1, 0, 1]).unwrap();
        assert_eq!(rows.x, dmatrix![2.0, 20.0; 1.0, 10.0; 2.0, 20.0]);
        assert_eq!((rows.y, rows.weights.unwrap()), (vec!["a", "b", "a"], vec![0.0, 1.0, 0.0]));
        assert!(set().feature_names.is_empty() && Rows::from(&set()).names().is_none());
        assert_eq!(set().class_counts(), [("a", 1), ("b", 2)]);
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let x = dmatrix![1.0; 2.0];
        assert!(matches!(Dataset::new(x.clone(), [1]), Err(Error::ShapeMismatch { argument: "y", .. })));
        let set = Dataset::new(x, [1, 2]).unwrap();
        let error = set.clone().with_feature_names(["a", "b"]).unwrap_err();
        assert!(matches!(error, Error::ShapeMismatch { argument: "feature_names", .. }), "{error}");
        assert!(matches!(set.clone().with_weights([1.0]), Err(Error::ShapeMismatch { .. })));
        assert!(matches!(set.clone().with_weights([1.0, -1.0]), Err(Error::InvalidWeight { row: 1, .. })));
        let error = set.rows(&[0, 2]).unwrap_err();
        assert_eq!(error.to_string(), "`numbers` refers to row 2, but there are only 2 rows (0 to 1)");
    }

    #[test]
    fn open_fields_that_no_longer_fit_are_no_panic() {
        let mut broken = set();
        broken.y.pop();
        assert!(matches!(broken.rows(&[2]), Err(Error::NoSuchIndex { .. })));
        let mut broken = set();
        broken.weights = Some(vec![1.0]);
        assert!(matches!(broken.rows(&[1]), Err(Error::NoSuchIndex { .. })));
    }

    #[test]
    fn weights_reach_the_fit() {
        use crate::{LogisticRegression, Penalty};
        let x = dmatrix![0.0; 1.0; 2.0; 3.0; 4.0];
        let unweighted = Dataset::new(x, [0, 1, 0, 1, 1]).unwrap();
        let weighted = unweighted.clone().with_weights([2.0, 1.0, 1.0, 0.0, 1.0]).unwrap();
        let estimator = LogisticRegression::new(Penalty::c(1.0));
        let by_hand = estimator.fit_weighted(&weighted.x, &weighted.y, &[2.0, 1.0, 1.0, 0.0, 1.0]).unwrap();
        assert_eq!(weighted.fit(&estimator).unwrap().coefficients(), by_hand.coefficients());
        assert_ne!(unweighted.fit(&estimator).unwrap().coefficients(), by_hand.coefficients());
    }
}
