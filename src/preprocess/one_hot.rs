//! One-hot encoding: a column for each category.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::categories::{UNKNOWN_CODE, category_index, check_categories, check_unknown};
use super::of_columns::{OF_SORTING, of_columns};
use super::{Transform, Transformer, TransformerOptions, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// Replaces each column of category codes by a column for each category, which is 1 where the row has it and
/// 0 elsewhere.
///
/// The categories of a column are its distinct values in the training rows, in ascending order. Any other
/// value is [unknown](OneHotEncoder::unknown). In columns whose codes have names, the code -1 becomes zeros
/// even if unknown categories are rejected: a [`Schema`](crate::data::Schema) uses it for unknown categories
/// that its own rule accepts. All columns are treated as codes; to choose some, use a
/// [`ColumnTransformer`](crate::preprocess::ColumnTransformer).
///
/// # Names
/// A column `island` becomes `island=0`, `island=1` and so on. If the rows have category names
/// ([`Rows::with_categories`]), it becomes `island=Biscoe` and so on.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::UnknownCategory;
/// use logit::OneHotEncoder;
/// use nalgebra::dmatrix;
///
/// let encoder = OneHotEncoder::new()
///     .unknown(UnknownCategory::Zeros)
///     .fit(&dmatrix![3.0; 7.0])?;
/// assert_eq!(encoder.transform(&dmatrix![7.0; 5.0])?, dmatrix![0.0, 1.0; 0.0, 0.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OneHotEncoder {
    pub(super) unknown: UnknownCategory,
    pub(super) drop: DropCategory,
}

/// The treatment of a category that no training row has.
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::UnknownCategory;
/// use logit::OneHotEncoder;
/// use nalgebra::dmatrix;
///
/// let (x, new) = (dmatrix![3.0; 7.0], dmatrix![5.0]);
/// assert!(OneHotEncoder::new().fit(&x)?.transform(&new).is_err());
/// let lenient = OneHotEncoder::new().unknown(UnknownCategory::Zeros).fit(&x)?;
/// assert_eq!(lenient.transform(&new)?, dmatrix![0.0, 0.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UnknownCategory {
    /// Returns [`Error::UnknownCategory`].
    #[default]
    Refuse,
    /// Writes zeros to all columns of the categories. A dropped category is encoded in the same way.
    Zeros,
}

/// The category that gets no column of its own, because the other columns determine it.
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::DropCategory;
/// use logit::OneHotEncoder;
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![0.0, 3.0; 1.0, 7.0; 1.0, 9.0]; // two categories, and three
/// let columns =
///     |drop| OneHotEncoder::new().drop(drop).fit(&x).map(|fitted| fitted.outputs());
/// assert_eq!(columns(DropCategory::None)?, 5);
/// assert_eq!(
///     (columns(DropCategory::First)?, columns(DropCategory::FirstOfTwo)?),
///     (3, 4)
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DropCategory {
    /// Every category gets a column: suitable for penalised models and for networks.
    #[default]
    None,
    /// The first category of each column is dropped: suitable for estimates without a penalty, which the sum
    /// of all columns makes singular.
    First,
    /// The first category is dropped in columns with exactly two categories.
    FirstOfTwo,
}

impl OneHotEncoder {
    /// Creates an encoder with a column for each category, which rejects unknown categories.
    pub fn new() -> Self {
        OneHotEncoder::default()
    }

    /// Sets the treatment of a category that no training row has. Defaults to [`UnknownCategory::Refuse`].
    pub fn unknown(mut self, unknown: UnknownCategory) -> Self {
        self.unknown = unknown;
        self
    }

    /// Sets which category of a column gets no column of its own. Defaults to [`DropCategory::None`].
    pub fn drop(mut self, drop: DropCategory) -> Self {
        self.drop = drop;
        self
    }
}

/// A fitted [`OneHotEncoder`].
///
/// ```
/// use logit::prelude::*;
/// use logit::OneHotEncoder;
/// use nalgebra::dmatrix;
///
/// let fitted = OneHotEncoder::new().fit(&dmatrix![7.0; 3.0; 7.0])?;
/// assert_eq!(fitted.categories(), [[3.0, 7.0]]);
/// assert_eq!(fitted.output_names(&["city".into()])?, ["city=3", "city=7"]);
/// assert_eq!(fitted.inverse_transform(&dmatrix![0.0, 1.0])?, dmatrix![7.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedOneHotEncoder<T> {
    pub(super) settings: OneHotEncoder,
    pub(super) categories: Vec<Vec<T>>,
    /// The names of the codes 0, 1 and so on of each column; empty for a column without names.
    pub(super) category_names: Vec<Vec<String>>,
}

impl<T: Real> FittedOneHotEncoder<T> {
    /// # Errors
    /// Returns an error if a column has no categories, if its categories are not finite or not strictly
    /// ascending, or if the number of lists of names is not the number of columns.
    pub(super) fn new(
        settings: OneHotEncoder,
        categories: Vec<Vec<T>>,
        category_names: Vec<Vec<String>>,
    ) -> Result<Self, Error> {
        check_categories(&categories)?;
        check::count("category_names", "entries", categories.len(), category_names.len())?;
        Ok(FittedOneHotEncoder { settings, categories, category_names })
    }

    /// Returns the categories of each column, in ascending order.
    pub fn categories(&self) -> &[Vec<T>] {
        &self.categories
    }

    /// Returns the name of a category: its name if the codes of the column have names, its value otherwise.
    fn category_name(&self, column: usize, category: f64) -> String {
        let named = self.category_names[column].iter().enumerate().find(|(code, _)| *code as f64 == category);
        named.map_or_else(|| category.to_string(), |(_, name)| name.clone())
    }

    /// Returns the number of categories at the front of a column's list that have no output column.
    fn dropped(&self, column: usize) -> usize {
        match self.settings.drop {
            DropCategory::None => 0,
            DropCategory::First => 1,
            DropCategory::FirstOfTwo => usize::from(self.categories[column].len() == 2),
        }
    }

    /// Returns the first output column of each input column, and the number of its output columns.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.categories.len()).scan(0, |start, column| {
            let width = self.categories[column].len() - self.dropped(column);
            *start += width;
            Some((*start - width, width))
        })
    }
}

impl<T: Real> Transformer<T> for OneHotEncoder {
    type Fitted = FittedOneHotEncoder<T>;

    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedOneHotEncoder<T>, Error> {
        let weights = options.weights;
        check::training_matrix(x)?;
        check::weights(weights, x.nrows())?;
        let counts = |row: usize| weights.is_none_or(|weights| weights[row] > T::zero());
        let distinct = |_: usize, column: &[T]| {
            let counted = column.iter().enumerate().filter(|(row, _)| counts(*row));
            let mut values: Vec<T> = counted.map(|(_, &v)| v).collect();
            values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
            values.dedup();
            Ok(values)
        };
        let unnamed = || vec![Vec::new(); x.ncols()];
        let category_names = x.categories().map_or_else(unnamed, <[_]>::to_vec);
        FittedOneHotEncoder::new(*self, of_columns(x.view(), OF_SORTING, distinct)?, category_names)
    }
}

impl<T: Real> Transform<T> for FittedOneHotEncoder<T> {
    fn inputs(&self) -> usize {
        self.categories.len()
    }
    fn outputs(&self) -> usize {
        self.blocks().map(|(_, width)| width).sum()
    }
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        _: &mut Scratch<T>,
    ) -> Result<(), Error> {
        checked(x, self.inputs())?;
        out.fill(T::zero());
        for (column, (start, _)) in self.blocks().enumerate() {
            let (categories, dropped) = (&self.categories[column], self.dropped(column));
            // Codes with names come from a schema, which accepts unknown categories by its own rule.
            let coded = !self.category_names[column].is_empty();
            let refuse = self.settings.unknown == UnknownCategory::Refuse;
            for (row, &value) in x.column(column).iter().enumerate() {
                let refuse = refuse && !(coded && value.as_f64() == UNKNOWN_CODE);
                match category_index(categories, value) {
                    Some(index) if index >= dropped => out[(row, start + index - dropped)] = T::one(),
                    Some(_) => {}
                    None => check_unknown(categories, (row, column), value, refuse)?,
                }
            }
        }
        Ok(())
    }
    /// Returns the category whose column is largest. If no column is above 0, returns the dropped category.
    ///
    /// # Errors
    /// Returns [`Error::InvalidTarget`] if no column is above 0 and no category was dropped.
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        checked(z, self.outputs())?;
        let mut x = DMatrix::zeros(z.nrows(), self.inputs());
        for (column, (start, width)) in self.blocks().enumerate() {
            let dropped = self.dropped(column);
            for row in 0..z.nrows() {
                let mut best = (T::zero(), None);
                for index in 0..width {
                    if z[(row, start + index)] > best.0 {
                        best = (z[(row, start + index)], Some(index + dropped));
                    }
                }
                let index = best.1.or((dropped > 0).then_some(0));
                let index = index.ok_or(Error::InvalidTarget {
                    row,
                    value: 0.0,
                    requires: "at least one category of each encoded column must be above 0",
                })?;
                x[(row, column)] = self.categories[column][index];
            }
        }
        Ok(x)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let names = checked_names(names, self.inputs())?;
        let of_column = |(column, name): (usize, &String)| -> Vec<String> {
            let kept = self.categories[column].iter().skip(self.dropped(column));
            kept.map(|category| format!("{name}={}", self.category_name(column, category.as_f64()))).collect()
        };
        Ok(names.iter().enumerate().flat_map(of_column).collect())
    }
    fn source_column(&self, output: usize) -> Option<usize> {
        self.blocks().position(|(start, width)| (start..start + width).contains(&output))
    }
}
