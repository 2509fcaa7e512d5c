//! What the columns of a table are, and how its fields become the columns of a matrix.
//!
//! `categories` holds the categories of a column, `value` what a field is, `row` makes one row of named fields, `stored`
//! puts schemas into files. The reader of whole tables lives in `csv`.

mod categories;
mod row;
mod stored;
mod value;

pub(in crate::data) use categories::Categories;
pub use value::FieldValue;
#[cfg(feature = "csv")]
pub(in crate::data) use value::number;

use crate::check;
use crate::error::Error;
use crate::preprocess::{DropCategory, UnknownCategory};

/// The columns of a table, with their categories, and the columns of the matrix that they make.
///
/// A `CsvReader` (feature `csv`) learns a schema from a table. The schema then reads other tables to the same columns, and
/// [single rows](Schema::row) of named values, which need no feature. [`ModelFile::with_schema`](crate::ModelFile::with_schema)
/// puts it into the file of a model, so that one file serves new tables; alone it is stored with
/// [`Persist`](crate::Persist).
///
/// # Tables
/// Where there is a header, columns are found by their names, whatever their order, and others are passed over. Without a
/// header they have the same positions; labels and weights may be left out, both if there are both.
///
/// # Names
/// Columns of numbers and of codes keep their names; columns of categories have names such as `city=Oslo`. Columns of a
/// table without a header have no names.
///
/// # Unknown categories
/// One rule, [`CsvReader::unknown`](crate::data::CsvReader::unknown), applies to whatever is read with the schema: a
/// category that the first table did not have is an error that names its column, or has zeros in all columns. A coded
/// column has the code -1 then, of which a [`OneHotEncoder`](crate::OneHotEncoder) makes zeros whatever its own rule: that
/// one is for categories that the schema knows and the training rows of the encoder lacked.
///
/// # Examples
/// ```
/// # #[cfg(feature = "csv")] {
/// use logit::prelude::*;
/// use logit::data::{CsvReader, Schema};
///
/// let text = "colour,size,kind\nred,3,a\nblue,5,b\n";
/// let table = CsvReader::new().label("kind").categorical(["colour"]).read_from::<String>(text.as_bytes())?;
/// assert_eq!(table.schema.feature_names(), ["colour=blue", "colour=red", "size"]);
///
/// let schema = Schema::from_bytes(&table.schema.to_bytes()?)?;
/// let new = schema.read_unlabelled_from("size,colour\n4,red\n".as_bytes())?;
/// assert_eq!(new.x, nalgebra::dmatrix![0.0, 1.0, 4.0]);
/// assert_eq!(schema.row([("colour", "red"), ("size", "4")])?, [0.0, 1.0, 4.0]);
/// let error = schema.read_unlabelled_from("size,colour\n4,green\n".as_bytes()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 2, column `colour`: `green` is none of the 2 categories that are known"
/// );
/// # }
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    pub(in crate::data) format: Format,
    /// How many columns the table has.
    pub(in crate::data) width: usize,
    pub(in crate::data) features: Vec<Position>,
    /// One for each of the features.
    pub(in crate::data) kinds: Vec<Kind>,
    pub(in crate::data) label: Option<Position>,
    pub(in crate::data) weights: Option<Position>,
}

/// How text becomes values, for all tables that are read alike.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::data) struct Format {
    pub(in crate::data) header: bool,
    pub(in crate::data) delimiter: u8,
    pub(in crate::data) missing: Vec<String>,
    pub(in crate::data) unknown: UnknownCategory,
    pub(in crate::data) drop: DropCategory,
    pub(in crate::data) max_bytes: u64,
    pub(in crate::data) max_values: usize,
}

/// A column of the table. Without a header it is called by its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) struct Position {
    pub(in crate::data) position: usize,
    pub(in crate::data) name: String,
}

/// What the values of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) enum Kind {
    Numbers,
    /// Categories with a column for each.
    Columns(Categories),
    /// Categories as codes.
    Codes(Categories),
}

impl Schema {
    /// The names of the columns of the matrix; empty for a table without a header.
    pub fn feature_names(&self) -> Vec<String> {
        if !self.format.header {
            return Vec::new();
        }
        let of_column = |(place, kind): (&Position, &Kind)| match kind {
            Kind::Numbers | Kind::Codes(_) => vec![place.name.clone()],
            Kind::Columns(categories) => categories.column_names(&place.name, self.format.drop),
        };
        self.features.iter().zip(&self.kinds).flat_map(of_column).collect()
    }

    /// The number of columns of the matrix.
    pub fn features(&self) -> usize {
        self.kinds.iter().map(|kind| self.width_of(kind)).sum()
    }

    /// The names of the columns of the table that are features, in the order of the matrix. Columns of a table without a
    /// header are called by their positions: `0`, `1` and so on.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(|place| place.name.as_str())
    }

    /// The categories of a column of the table, in ascending order; `None` for other columns.
    pub fn categories(&self, column: &str) -> Option<&[String]> {
        let index = self.features.iter().position(|place| place.name == column)?;
        match &self.kinds[index] {
            Kind::Numbers => None,
            Kind::Columns(categories) | Kind::Codes(categories) => Some(&categories.names),
        }
    }

    /// The names of the categories of each column of the matrix that holds codes, if there is one.
    #[cfg(feature = "csv")]
    pub(in crate::data) fn category_names(&self) -> Option<Vec<Vec<String>>> {
        let of_column = |kind: &Kind| match kind {
            Kind::Codes(categories) => vec![categories.names.clone()],
            Kind::Numbers | Kind::Columns(_) => vec![Vec::new(); self.width_of(kind)],
        };
        let coded = self.kinds.iter().any(|kind| matches!(kind, Kind::Codes(_)));
        coded.then(|| self.kinds.iter().flat_map(of_column).collect())
    }

    /// How many columns of the matrix come of a column of the table.
    pub(in crate::data) fn width_of(&self, kind: &Kind) -> usize {
        match kind {
            Kind::Numbers | Kind::Codes(_) => 1,
            Kind::Columns(categories) => categories.columns(self.format.drop),
        }
    }
}

impl Format {
    pub(in crate::data) fn check(&self) -> Result<(), Error> {
        let delimiter = self.delimiter;
        let valid = delimiter.is_ascii() && !b"\"\r\n\0".contains(&delimiter);
        check::parameter(
            "delimiter",
            f64::from(delimiter),
            valid,
            "a byte of ASCII, no quote and no end of a line",
        )
    }
}
