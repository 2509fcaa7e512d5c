//! Different transformations for different columns.

mod blocks;
mod fitted;
mod stored;

pub use blocks::{Beside, BlockFit, FitBlocks, FittedBlocks};
pub use fitted::FittedColumnTransformer;

use nalgebra::DMatrix;

use super::{Transformer, TransformerOptions, check_not_empty};
use crate::check;
use crate::column::{Column, listed};
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// Applies a transformer to each block of columns, and a rule to all other columns.
///
/// A block consists of columns, given by name or by position, and what transforms them: a [`Transformer`], or
/// a tuple of several. Names and positions refer to the input table, regardless of the other blocks. Names
/// require rows that have names: a [`Dataset`](crate::data::Dataset), or [`Rows::with_names`].
///
/// # Shapes
/// The output holds the columns of the blocks, block by block, then the columns that pass through, in their
/// order.
///
/// Two blocks may share a column, for example one that is both scaled and cut into categories. Within a
/// block, each column occurs once. If two output columns would have the same name, the later one becomes
/// `name (2)`.
///
/// # Names
/// A fit to rows with names stores the names. From then on, columns are found by position, and rows with
/// other names are rejected with [`Error::ColumnNames`]. Errors of the blocks name the column of the input
/// table.
///
/// # Errors
/// A fit returns [`Error::UnknownColumn`] if a column does not exist, and [`Error::ColumnNames`] if a column
/// is given by a name and the rows have no names, or two columns with this name. It returns
/// [`Error::RemainingColumns`] if some columns are in no block, unless
/// [`remainder`](ColumnTransformer::remainder) is set. It returns [`Error::Empty`] if a block has no columns,
/// [`Error::InvalidParameter`] if a block lists a column twice, and the errors of the blocks.
///
/// # Examples
/// ```
/// use logit::data::Dataset;
/// use logit::prelude::*;
/// use logit::preprocess::{ColumnTransformer, Remainder};
/// use logit::{
///     Imputer, LogisticRegression, OneHotEncoder, Penalty, Pipeline, StandardScaler,
/// };
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![
///     0.0, 39.1, 2007.0; 1.0, f64::NAN, 2008.0; 0.0, 46.5, 2008.0; 1.0, 50.0, 2009.0
/// ];
/// let penguins = Dataset::new(x, ["adelie", "adelie", "gentoo", "gentoo"])?
///     .with_feature_names(["island", "bill_length", "year"])?;
///
/// let columns = ColumnTransformer::new()
///     .block(["island"], OneHotEncoder::new())
///     .block(["bill_length"], (Imputer::median(), StandardScaler::new()))
///     .remainder(Remainder::Drop);
/// let model = Pipeline::new(columns, LogisticRegression::new(Penalty::c(1.0)))
///     .fit(&penguins, &penguins.y)?;
/// let names = model.steps().output_names(&penguins.feature_names)?;
/// assert_eq!(names, ["island=0", "island=1", "bill_length"]);
///
/// let error = model.predict(&dmatrix![2.0, 39.1, 2007.0]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "step 0 (ColumnTransformer), block 0 (OneHotEncoder): column 0 (`island`) of `x` \
///      is 2 at row 0, which is not one of the 2 categories of the training rows"
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnTransformer<B = ()> {
    blocks: B,
    columns: Vec<Vec<Column>>,
    remainder: Remainder,
}

/// The treatment of the columns that are in no block of a [`ColumnTransformer`].
///
/// ```
/// use logit::StandardScaler;
/// use logit::prelude::*;
/// use logit::preprocess::{ColumnTransformer, Remainder};
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![1.0, 7.0; 3.0, 8.0];
/// let scale = ColumnTransformer::new().block([0], StandardScaler::new());
/// assert!(scale.fit(&x).is_err());
/// let pass = scale.clone().remainder(Remainder::Pass).fit(&x)?;
/// assert_eq!(pass.transform(&x)?, dmatrix![-1.0, 7.0; 1.0, 8.0]);
/// assert_eq!(
///     scale.remainder(Remainder::Drop).fit(&x)?.transform(&x)?,
///     dmatrix![-1.0; 1.0]
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Remainder {
    /// The fit returns [`Error::RemainingColumns`], which names the columns.
    #[default]
    Refuse,
    /// The columns pass through unchanged, missing values included.
    Pass,
    /// The columns are left out, and may hold anything.
    Drop,
}

impl ColumnTransformer {
    /// Creates a transformer without blocks.
    pub fn new() -> Self {
        ColumnTransformer::default()
    }
}

impl Default for ColumnTransformer {
    fn default() -> Self {
        ColumnTransformer { blocks: (), columns: Vec::new(), remainder: Remainder::default() }
    }
}

/// A fitted transformer, and the training rows that each of its blocks passes on.
type Learned<T, F> = (FittedColumnTransformer<T, F>, Vec<DMatrix<T>>);

impl<B> ColumnTransformer<B> {
    /// Adds a block: `transformer` for these columns, by name (`["island", "sex"]`) or by position from 0
    /// (`[0, 3]`, `2..5`), in this order.
    pub fn block<P>(
        mut self,
        columns: impl IntoIterator<Item: Into<Column>>,
        transformer: P,
    ) -> ColumnTransformer<Beside<B, P>> {
        self.columns.push(columns.into_iter().map(Into::into).collect());
        let blocks = Beside::new(self.blocks, transformer);
        ColumnTransformer { blocks, columns: self.columns, remainder: self.remainder }
    }

    /// Sets the treatment of the columns that are in no block.
    ///
    /// Defaults to [`Remainder::Refuse`]: whether a forgotten column is lost, or passes through unscaled with
    /// category codes treated as amounts, should be an explicit choice.
    pub fn remainder(mut self, remainder: Remainder) -> Self {
        self.remainder = remainder;
        self
    }

    /// Returns the transformers of the blocks, which are not fitted.
    pub fn blocks(&self) -> &B {
        &self.blocks
    }

    /// Returns the positions of the columns of each block.
    fn positions<T: Real>(&self, x: Rows<'_, T>) -> Result<Vec<Vec<usize>>, Error> {
        let of_block = |columns: &Vec<Column>| -> Result<Vec<usize>, Error> {
            columns.iter().map(|column| column.position(x.names(), x.ncols())).collect()
        };
        self.columns.iter().map(of_block).collect()
    }

    /// Fits the blocks. If `hand_on` is set, also returns the training rows that each block passes on.
    fn learn<T: Real>(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
        hand_on: bool,
    ) -> Result<Learned<T, B::Fitted>, Error>
    where
        B: FitBlocks<T>,
    {
        check_not_empty(x.view())?;
        check::weights(options.weights, x.nrows())?;
        let positions = self.positions(x)?;
        positions.iter().try_for_each(|columns| fitted::check_block(columns))?;
        let others = fitted::others(&positions, x.ncols());
        let (passed, dropped) = match self.remainder {
            Remainder::Pass => (others, vec![]),
            Remainder::Drop => (vec![], others),
            Remainder::Refuse if others.is_empty() => (vec![], vec![]),
            Remainder::Refuse => {
                let name =
                    |&column: &usize| x.names().map_or(column.to_string(), |names| names[column].clone());
                let names: Vec<String> = others.iter().map(name).collect();
                let what = if names.len() == 1 { "the column" } else { "the columns" };
                return Err(Error::RemainingColumns {
                    columns: format!("{what} {}", listed(&names, x.ncols())),
                });
            }
        };
        let mut fit = BlockFit::new(x, options, &positions, hand_on);
        let blocks = self.blocks.fit_blocks(&mut fit)?;
        let handed_on = fit.into_handed_on();
        let names = x.names().map(<[String]>::to_vec);
        Ok((FittedColumnTransformer::new(blocks, positions, passed, dropped, names)?, handed_on))
    }
}

impl<T: Real, B: FitBlocks<T>> Transformer<T> for ColumnTransformer<B> {
    type Fitted = FittedColumnTransformer<T, B::Fitted>;

    fn fit_rows(&self, x: Rows<'_, T>, options: TransformerOptions<'_, T>) -> Result<Self::Fitted, Error> {
        self.learn(x, options, false).map(|(fitted, _)| fitted)
    }

    /// Fits the blocks, and joins the training rows that they pass on.
    fn fit_transform_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<(Self::Fitted, DMatrix<T>), Error> {
        let (fitted, handed_on) = self.learn(x, options, true)?;
        let z = fitted.side_by_side(x, &handed_on)?;
        Ok((fitted, z))
    }
}
