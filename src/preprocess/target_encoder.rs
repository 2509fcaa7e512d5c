//! Target encoding: categories as the frequencies of classes.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::categories::{category_index, check_categories, check_unknown};
use super::{Transform, Transformer, TransformerOptions, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::{Real, columns};
use crate::scratch::Scratch;
use crate::select::folds;

/// Replaces each category code by the frequency of a class among the training rows of the category.
///
/// The frequency is shrunk towards the frequency among all rows. The encoding gives few columns for many
/// categories. With two classes, each column becomes one column, the frequency of the second class. With K >
/// 2 classes, each column becomes K columns, one for each class. All columns are treated as codes; to choose
/// some, use a [`ColumnTransformer`](crate::preprocess::ColumnTransformer).
///
/// # Formula
/// A category c of weight n_c (its number of rows, without weights), in which a class has the frequency μ_c,
/// becomes λ μ_c + (1 - λ) μ. Here μ is the frequency of the class among all rows, and λ = n_c / (n_c + m).
/// [`Smoothing`] defines m.
///
/// # Target leakage
/// In a category with few rows, the frequency of a class consists mostly of the labels of these rows. A model
/// fitted to such frequencies learns to trust a column that contains the answer, which new rows do not have.
/// Therefore a fit inside a [`Pipeline`](crate::Pipeline) or a tuple
/// ([`fit_transform_rows`](Transformer::fit_transform_rows)) passes on *cross-fitted* training rows: the rows
/// of each stratified [fold](TargetEncoder::folds) are encoded by the frequencies among the rows of the other
/// folds. New rows are encoded by the frequencies among all training rows. Fitting and then transforming the
/// training rows in two calls loses this protection.
///
/// # Errors
/// A fit returns [`Error::Unsupported`] if it has no classes, and [`Error::InvalidParameter`] if the
/// smoothing is negative or not finite. [`fit_transform_rows`](Transformer::fit_transform_rows) also returns
/// [`Error::InvalidParameter`] if the number of folds is below 2 or above the number of rows of positive
/// weight, and [`Error::SplitTooSmall`] if a class has a single row.
///
/// # References
/// Micci-Barreca (2001), "A preprocessing scheme for high-cardinality categorical attributes in
/// classification and prediction problems". The encodings by all rows equal those of scikit-learn's
/// `TargetEncoder`; folds are drawn differently.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::{Smoothing, TargetEncoder};
/// use nalgebra::dmatrix;
///
/// let (city, y) = (dmatrix![7.0; 7.0; 9.0; 9.0], ["no", "yes", "yes", "yes"]);
/// let encoder = TargetEncoder::new()
///     .smoothing(Smoothing::Fixed(2.0))
///     .fit_supervised(&city, &y)?;
/// // 1/2 is shrunk halfway to 3/4. An unknown city has the frequency of all rows.
/// assert_eq!(encoder.transform(&dmatrix![7.0; 8.0])?, dmatrix![0.625; 0.75]);
/// assert_eq!(encoder.output_names(&["city".into()])?, ["city: P(yes)"]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TargetEncoder {
    smoothing: Smoothing,
    folds: usize,
    seed: u64,
    refuse_unknown: bool,
}

/// The amount m by which a [`TargetEncoder`] shrinks a category's frequency: the weight of the frequency
/// among all rows, in rows.
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::{Smoothing, TargetEncoder};
/// use nalgebra::dmatrix;
///
/// let (x, y) = (dmatrix![1.0; 1.0; 2.0; 2.0], [false, true, false, false]);
/// let share =
///     |m| TargetEncoder::new().smoothing(Smoothing::Fixed(m)).fit_supervised(&x, &y);
/// assert_eq!(share(0.0)?.encoding(0, 1.0), Some(&[0.5][..]));
/// assert_eq!(share(2.0)?.encoding(0, 1.0), Some(&[0.375][..]));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Smoothing {
    /// Empirical Bayes: m = σ_c² / τ², where σ_c² = μ_c (1 - μ_c) is the variance of the class within the
    /// category and τ² = μ (1 - μ) its variance among all rows.
    ///
    /// A category whose rows are all of one class is not shrunk.
    #[default]
    Auto,
    /// A fixed number of rows; 0 means no shrinkage.
    Fixed(f64),
}

impl Default for TargetEncoder {
    fn default() -> Self {
        TargetEncoder { smoothing: Smoothing::Auto, folds: 5, seed: 0, refuse_unknown: false }
    }
}

impl TargetEncoder {
    /// Creates an encoder that shrinks by empirical Bayes and encodes unknown categories as the frequency
    /// among all rows.
    pub fn new() -> Self {
        TargetEncoder::default()
    }

    /// Sets the amount of shrinkage. Defaults to [`Smoothing::Auto`].
    pub fn smoothing(mut self, smoothing: Smoothing) -> Self {
        self.smoothing = smoothing;
        self
    }

    /// Sets the number of folds for the cross-fitted training rows, at least 2. Defaults to 5.
    pub fn folds(mut self, folds: usize) -> Self {
        self.folds = folds;
        self
    }

    /// Sets the seed from which the folds are drawn. Defaults to 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets whether a category that no training row has is an [`Error::UnknownCategory`]. Otherwise it is
    /// encoded as the frequency among all rows. Defaults to `false`.
    pub fn refuse_unknown(mut self, refuse: bool) -> Self {
        self.refuse_unknown = refuse;
        self
    }

    /// Fits the encoder to the rows with the indices `numbers`, which must all have positive weight.
    fn learn<T: Real>(
        &self,
        x: DMatrixView<'_, T>,
        options: TransformerOptions<'_, T>,
        numbers: &[usize],
    ) -> Result<FittedTargetEncoder<T>, Error> {
        let (classes, class_count) = options.required_classes(x.nrows(), "TargetEncoder")?;
        check::parameter("class_count", class_count as f64, class_count >= 2, "at least 2")?;
        let weight = |row: usize| options.weights.map_or(1.0, |weights| weights[row].as_f64());
        let counted = |row: usize| (classes[row], weight(row));
        let means = Shares::of(class_count, numbers.iter().map(|&row| counted(row)));
        let (mut categories, mut encodings) = (Vec::new(), Vec::new());
        for column in columns(&x) {
            let mut sorted = numbers.to_vec();
            let order = |a: &T, b: &T| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal);
            sorted.sort_by(|&a, &b| order(&column[a], &column[b]));
            let (mut values, mut encoded) = (Vec::new(), Vec::new());
            for rows in sorted.chunk_by(|&a, &b| column[a] == column[b]) {
                values.push(column[rows[0]]);
                let shares = Shares::of(class_count, rows.iter().map(|&row| counted(row)));
                encoded.extend(shares.shrunk(&means, self.smoothing).map(T::of));
            }
            categories.push(values);
            encodings.push(encoded);
        }
        let unnamed = || (0..class_count).map(|class| format!("class {class}")).collect();
        let names = options.class_names.filter(|names| names.len() == class_count);
        let names = names.map_or_else(unnamed, <[String]>::to_vec);
        let means = means.shares.into_iter().map(T::of).collect();
        FittedTargetEncoder::new(names, categories, encodings, means, self.refuse_unknown)
    }

    /// Checks the arguments of a fit, and returns the indices of the rows of positive weight.
    fn check<T: Real>(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<Vec<usize>, Error> {
        check::training_matrix(x)?;
        check::weights(options.weights, x.nrows())?;
        if let Smoothing::Fixed(m) = self.smoothing {
            check::not_negative("smoothing", m)?;
        }
        let counts = |row: &usize| options.weights.is_none_or(|weights| weights[*row] > T::zero());
        Ok((0..x.nrows()).filter(counts).collect())
    }
}

/// Returns the number of output columns per input column: 1 for two classes (the second), one per class for
/// more.
fn width(class_count: usize) -> usize {
    if class_count == 2 { 1 } else { class_count }
}

/// The total weight of some rows, and the frequencies of the classes among them.
struct Shares {
    weight: f64,
    shares: Vec<f64>,
}

impl Shares {
    /// Returns the frequencies among rows with these classes and weights.
    fn of(class_count: usize, rows: impl Iterator<Item = (usize, f64)>) -> Self {
        let (mut weight, mut sums) = (0.0, vec![0.0; class_count]);
        for (class, of_row) in rows {
            weight += of_row;
            sums[class] += of_row;
        }
        let first = class_count - width(class_count);
        Shares { weight, shares: sums.drain(first..).map(|sum| sum / weight).collect() }
    }

    /// Returns the frequencies of a category, shrunk towards those among all rows.
    fn shrunk(self, all: &Shares, smoothing: Smoothing) -> impl Iterator<Item = f64> {
        let weight = self.weight;
        self.shares.into_iter().zip(&all.shares).map(move |(share, &mean)| {
            let m = match smoothing {
                Smoothing::Fixed(m) => m,
                Smoothing::Auto => {
                    let (within, among) = (share * (1.0 - share), mean * (1.0 - mean));
                    // All rows or no rows are of the class, so there is nothing to shrink.
                    if among == 0.0 { 0.0 } else { within / among }
                }
            };
            let lambda = weight / (weight + m);
            lambda * share + (1.0 - lambda) * mean
        })
    }
}

/// A fitted [`TargetEncoder`].
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::TargetEncoder;
/// use nalgebra::dmatrix;
///
/// let (x, y) = (dmatrix![1.0; 1.0; 2.0; 2.0; 2.0], ['a', 'b', 'c', 'c', 'c']);
/// let fitted = TargetEncoder::new().fit_supervised(&x, &y)?;
/// assert_eq!(
///     (fitted.categories(), fitted.means()),
///     (&[vec![1.0, 2.0]][..], &[0.2, 0.2, 0.6][..])
/// );
/// assert_eq!(fitted.encoding(0, 2.0), Some(&[0.0, 0.0, 1.0][..]));
/// assert_eq!(
///     fitted.output_names(&["x".into()])?,
///     ["x: P('a')", "x: P('b')", "x: P('c')"]
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedTargetEncoder<T> {
    pub(super) class_names: Vec<String>,
    pub(super) categories: Vec<Vec<T>>,
    /// The encodings of each column: those of its first category, then those of its second, and so on.
    pub(super) encodings: Vec<Vec<T>>,
    /// The encoding of unknown categories.
    pub(super) means: Vec<T>,
    pub(super) refuse_unknown: bool,
}

impl<T: Real> FittedTargetEncoder<T> {
    /// # Errors
    /// Returns an error if there are fewer than two classes or no columns, if sizes disagree, if a frequency
    /// is not from 0 to 1, or if categories are not finite or not strictly ascending.
    pub(super) fn new(
        class_names: Vec<String>,
        categories: Vec<Vec<T>>,
        encodings: Vec<Vec<T>>,
        means: Vec<T>,
        refuse_unknown: bool,
    ) -> Result<Self, Error> {
        let classes = class_names.len();
        check::parameter("classes", classes as f64, classes >= 2, "at least 2")?;
        check::parameter("columns", categories.len() as f64, !categories.is_empty(), "at least 1")?;
        check::count("means", "entries", width(classes), means.len())?;
        check::count("encodings", "entries", categories.len(), encodings.len())?;
        check_categories(&categories)?;
        for (categories, encodings) in categories.iter().zip(&encodings) {
            check::count("encodings", "entries", categories.len() * means.len(), encodings.len())?;
        }
        for share in encodings.iter().flatten().chain(&means) {
            let valid = (T::zero()..=T::one()).contains(share);
            check::parameter("encodings", share.as_f64(), valid, "from 0 to 1")?;
        }
        Ok(FittedTargetEncoder { class_names, categories, encodings, means, refuse_unknown })
    }

    /// Returns the categories of each column, in ascending order.
    pub fn categories(&self) -> &[Vec<T>] {
        &self.categories
    }

    /// Returns the frequencies among all training rows: that of the second of two classes, or those of all of
    /// more classes.
    pub fn means(&self) -> &[T] {
        &self.means
    }

    /// Returns the encoding of a category of a column, or `None` if no training row has the category.
    pub fn encoding(&self, column: usize, category: T) -> Option<&[T]> {
        let index = category_index(self.categories.get(column)?, category)?;
        self.encodings[column].chunks_exact(self.means.len()).nth(index)
    }

    /// Writes the encoded rows to `out`.
    fn encode(
        &self,
        x: DMatrixView<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        refuse: bool,
    ) -> Result<(), Error> {
        let width = self.means.len();
        for (column, categories) in self.categories.iter().enumerate() {
            for (row, &value) in x.column(column).iter().enumerate() {
                let shares = match self.encoding(column, value) {
                    Some(shares) => shares,
                    None => {
                        check_unknown(categories, (row, column), value, refuse)?;
                        &self.means
                    }
                };
                for (index, &share) in shares.iter().enumerate() {
                    out[(row, column * width + index)] = share;
                }
            }
        }
        Ok(())
    }
}

impl<T: Real> Transformer<T> for TargetEncoder {
    type Fitted = FittedTargetEncoder<T>;

    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedTargetEncoder<T>, Error> {
        let counted = self.check(x, options)?;
        self.learn(x.view(), options, &counted)
    }

    /// Fits the encoder, and returns the cross-fitted training rows.
    ///
    /// A category that occurs in one fold only has the frequency among all rows of the other folds there.
    /// Rows of weight 0 are in no fold, and are encoded like new rows.
    fn fit_transform_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<(FittedTargetEncoder<T>, DMatrix<T>), Error> {
        let counted = self.check(x, options)?;
        let fitted = self.learn(x.view(), options, &counted)?;
        let (classes, class_count) = options.required_classes(x.nrows(), "TargetEncoder")?;
        let possible = (2..=counted.len()).contains(&self.folds);
        let requires = "at least 2 and at most the number of rows";
        check::parameter("folds", self.folds as f64, possible, requires)?;

        check::room::<T>("the transformed rows", x.nrows(), fitted.outputs())?;
        let mut z = DMatrix::zeros(x.nrows(), fitted.outputs());
        fitted.encode(x.view(), z.as_view_mut(), false)?;
        let of_counted: Vec<usize> = counted.iter().map(|&row| classes[row]).collect();
        let names: Vec<usize> = (0..class_count).collect();
        for split in folds(&of_counted, &names, self.folds, &mut Rng::new(self.seed))? {
            let others: Vec<usize> = split.train.iter().map(|&index| counted[index]).collect();
            let of_others = self.learn(x.view(), options, &others)?;
            for row in split.test.iter().map(|&index| counted[index]) {
                of_others.encode(x.view().rows(row, 1), z.rows_mut(row, 1), false)?;
            }
        }
        Ok((fitted, z))
    }
}

impl<T: Real> Transform<T> for FittedTargetEncoder<T> {
    fn inputs(&self) -> usize {
        self.categories.len()
    }
    fn outputs(&self) -> usize {
        self.categories.len() * self.means.len()
    }
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        _: &mut Scratch<T>,
    ) -> Result<(), Error> {
        checked(x, self.inputs())?;
        self.encode(x.view(), out, self.refuse_unknown)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let names = checked_names(names, self.inputs())?;
        let classes = &self.class_names[self.class_names.len() - self.means.len()..];
        let of_column = |name: &String| classes.iter().map(|class| format!("{name}: P({class})")).collect();
        Ok(names.iter().flat_map::<Vec<String>, _>(of_column).collect())
    }
    fn source_column(&self, output: usize) -> Option<usize> {
        (output < self.outputs()).then(|| output / self.means.len())
    }
}
