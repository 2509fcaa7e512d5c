//! A column for each category.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::categories::{UNKNOWN_CODE, category_index, check_categories, check_unknown};
use super::{Transform, Transformer, TransformerOptions, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::{Real, columns};
use crate::scratch::Scratch;

/// Replaces each column of category codes by a column for each category, which is 1 where the row has it and else 0.
///
/// Categories are the distinct values of the training rows, in ascending order. A value that is none of them is
/// [unknown](OneHotEncoder::unknown). In columns whose codes have names, the code -1 becomes zeros: a
/// [`Schema`](crate::data::Schema) has it for what its own rule let pass. All columns are taken for codes: choose some with a [`ColumnTransformer`](crate::preprocess::ColumnTransformer).
///
/// # Names
/// A column `island` becomes `island=0`, `island=1` and so on; `island=Biscoe` where the rows know what the codes mean:
/// [`Rows::with_categories`].
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::UnknownCategory;
/// use logit::OneHotEncoder;
/// use nalgebra::dmatrix;
///
/// let encoder = OneHotEncoder::new().unknown(UnknownCategory::Zeros).fit(&dmatrix![3.0; 7.0])?;
/// assert_eq!(encoder.transform(&dmatrix![7.0; 5.0])?, dmatrix![0.0, 1.0; 0.0, 0.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OneHotEncoder {
    pub(super) unknown: UnknownCategory,
    pub(super) drop: DropCategory,
}

/// What becomes of a category that no training row had.
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
    /// An [`Error::UnknownCategory`].
    #[default]
    Refuse,
    /// Zeros in all columns of the category (which is what a dropped category has, too).
    Zeros,
}

/// Whether a category goes without a column, because the others say what it would.
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::DropCategory;
/// use logit::OneHotEncoder;
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![0.0, 3.0; 1.0, 7.0; 1.0, 9.0]; // two categories, and three
/// let columns = |drop| OneHotEncoder::new().drop(drop).fit(&x).map(|fitted| fitted.outputs());
/// assert_eq!(columns(DropCategory::None)?, 5);
/// assert_eq!((columns(DropCategory::First)?, columns(DropCategory::FirstOfTwo)?), (3, 4));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DropCategory {
    /// All have one: right with a penalty, and for networks.
    #[default]
    None,
    /// The first of each column: right for estimates without a penalty, which the sum of all columns makes singular.
    First,
    /// The first where there are two.
    FirstOfTwo,
}

impl OneHotEncoder {
    /// A column for each category; unknown ones are errors.
    pub fn new() -> Self {
        OneHotEncoder::default()
    }

    /// What becomes of a category that no training row had. Defaults to [`UnknownCategory::Refuse`].
    pub fn unknown(mut self, unknown: UnknownCategory) -> Self {
        self.unknown = unknown;
        self
    }

    /// Whether a category goes without a column. Defaults to [`DropCategory::None`].
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
    /// What the codes 0, 1 and so on of each column are called; nothing where that is not known.
    pub(super) category_names: Vec<Vec<String>>,
}

impl<T: Real> FittedOneHotEncoder<T> {
    /// # Errors
    /// For a column without categories, and categories that are not finite or not strictly ascending.
    pub(super) fn new(
        settings: OneHotEncoder,
        categories: Vec<Vec<T>>,
        category_names: Vec<Vec<String>>,
    ) -> Result<Self, Error> {
        check_categories(&categories)?;
        check::count("category_names", "entries", categories.len(), category_names.len())?;
        Ok(FittedOneHotEncoder { settings, categories, category_names })
    }

    /// The categories of each column, in ascending order.
    pub fn categories(&self) -> &[Vec<T>] {
        &self.categories
    }

    /// What a category is called: by its name if its column has codes that are known, else by its number.
    fn category_name(&self, column: usize, category: f64) -> String {
        let named = self.category_names[column].iter().enumerate().find(|(code, _)| *code as f64 == category);
        named.map_or_else(|| category.to_string(), |(_, name)| name.clone())
    }

    /// How many categories at the front of a column's have no column.
    fn dropped(&self, column: usize) -> usize {
        match self.settings.drop {
            DropCategory::None => 0,
            DropCategory::First => 1,
            DropCategory::FirstOfTwo => usize::from(self.categories[column].len() == 2),
        }
    }

    /// The first column that comes out of each column, and how many.
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
        let distinct = |column: &[T]| {
            let counted = column.iter().enumerate().filter(|(row, _)| counts(*row));
            let mut values: Vec<T> = counted.map(|(_, &v)| v).collect();
            values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
            values.dedup();
            values
        };
        let unnamed = || vec![Vec::new(); x.ncols()];
        let category_names = x.categories().map_or_else(unnamed, <[_]>::to_vec);
        FittedOneHotEncoder::new(*self, columns(&x).map(distinct).collect(), category_names)
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
            // Codes with names are those of a schema, whose own rule has let pass what it calls unknown.
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
    /// The category whose column is largest; of zeros the dropped one.
    ///
    /// # Errors
    /// [`Error::InvalidTarget`] for zeros where no category was dropped.
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
                    requires: "one of the columns of a category must be above 0",
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
