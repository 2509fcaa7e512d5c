//! The columns of a table, and the conversion of its fields to the columns of a matrix.
//!
//! `categories` holds the categories of a column, `value` converts a field, `row` makes one row from named
//! fields, and `stored` writes schemas to files. The reader of whole tables is in `csv`.

mod categories;
mod row;
mod stored;
mod value;

pub(in crate::data) use categories::Categories;
pub use value::FieldValue;
#[cfg(feature = "csv")]
pub(in crate::data) use value::marks;

use crate::check;
use crate::error::Error;
use crate::preprocess::{DropCategory, UnknownCategory};

/// The columns of a table with their categories, and the columns of the matrix made from them.
///
/// A `CsvReader` (feature `csv`) learns a schema from a table. The schema then reads other tables to the same
/// columns, as well as [single rows](Schema::row) of named values, which need no feature.
/// [`ModelFile::with_schema`](crate::ModelFile::with_schema) stores a schema in the file of a model, so that
/// one file is enough to process new tables. A schema can also be stored alone, with
/// [`Persist`](crate::Persist).
///
/// # Tables
/// In tables with a header, columns are found by name, in any order, and other columns are ignored. In tables
/// without a header, columns have the same positions as in the first table. When reading without labels, the
/// columns of labels and weights may be left out, but not only one of two.
///
/// # Names
/// Columns of numbers and of codes keep their names. Columns of categories have names such as `city=Oslo`.
/// Columns of a table without a header have no names.
///
/// # Unknown categories
/// The rule set by [`CsvReader::unknown`](crate::data::CsvReader::unknown) applies to everything that is read
/// with the schema. A category that is not in the first table is either an error that names its column, or is
/// encoded as zeros in all columns. In a coded column it has the code -1, which a
/// [`OneHotEncoder`](crate::OneHotEncoder) encodes as zeros regardless of its own rule. The encoder's rule
/// applies to categories that the schema knows but the encoder's training rows lack.
///
/// # Examples
/// ```
/// # #[cfg(feature = "csv")] {
/// use logit::prelude::*;
/// use logit::data::{CsvReader, Schema};
///
/// let text = "colour,size,kind\nred,3,a\nblue,5,b\n";
/// let table = CsvReader::new()
///     .label("kind")
///     .categorical(["colour"])
///     .read_from::<String>(text.as_bytes())?;
/// assert_eq!(table.schema.feature_names(), ["colour=blue", "colour=red", "size"]);
///
/// let schema = Schema::from_bytes(&table.schema.to_bytes()?)?;
/// let new = schema.read_unlabelled_from("size,colour\n4,red\n".as_bytes())?;
/// assert_eq!(new.x, nalgebra::dmatrix![0.0, 1.0, 4.0]);
/// assert_eq!(schema.row([("colour", "red"), ("size", "4")])?, [0.0, 1.0, 4.0]);
/// let error =
///     schema.read_unlabelled_from("size,colour\n4,green\n".as_bytes()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 2, column `colour`: `green` is not one of the 2 known categories"
/// );
/// # }
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    pub(in crate::data) format: Format,
    /// The number of columns of the table.
    pub(in crate::data) width: usize,
    pub(in crate::data) features: Vec<Position>,
    /// The kind of each feature.
    pub(in crate::data) kinds: Vec<Kind>,
    pub(in crate::data) label: Option<Position>,
    pub(in crate::data) weights: Option<Position>,
}

/// The settings that convert text to values, shared by all tables that are read with one schema.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::data) struct Format {
    pub(in crate::data) header: bool,
    pub(in crate::data) delimiter: u8,
    pub(in crate::data) decimal_comma: bool,
    pub(in crate::data) missing: Vec<String>,
    pub(in crate::data) unknown: UnknownCategory,
    pub(in crate::data) drop: DropCategory,
    pub(in crate::data) max_bytes: u64,
    pub(in crate::data) max_values: usize,
}

/// The position and the name of a column of the table. Without a header, the name is the position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) struct Position {
    pub(in crate::data) position: usize,
    pub(in crate::data) name: String,
}

/// The kind of values in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) enum Kind {
    Numbers,
    /// Categories that become one column each.
    Columns(Categories),
    /// Categories that become codes.
    Codes(Categories),
}

impl Schema {
    /// Returns the names of the columns of the matrix; empty for a table without a header.
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

    /// Returns the number of columns of the matrix.
    pub fn features(&self) -> usize {
        self.kinds.iter().map(|kind| self.width_of(kind)).sum()
    }

    /// Returns the names of the columns of the table that are features, in the order of the matrix. Without a
    /// header, the names are the positions: `0`, `1` and so on.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(|place| place.name.as_str())
    }

    /// Returns the categories of a column of the table, in ascending order, or `None` for other columns.
    pub fn categories(&self, column: &str) -> Option<&[String]> {
        let index = self.features.iter().position(|place| place.name == column)?;
        match &self.kinds[index] {
            Kind::Numbers => None,
            Kind::Columns(categories) | Kind::Codes(categories) => Some(&categories.names),
        }
    }

    /// Returns the category names of each column of the matrix, or `None` if no column holds codes.
    #[cfg(feature = "csv")]
    pub(in crate::data) fn category_names(&self) -> Option<Vec<Vec<String>>> {
        let of_column = |kind: &Kind| match kind {
            Kind::Codes(categories) => vec![categories.names.clone()],
            Kind::Numbers | Kind::Columns(_) => vec![Vec::new(); self.width_of(kind)],
        };
        let coded = self.kinds.iter().any(|kind| matches!(kind, Kind::Codes(_)));
        coded.then(|| self.kinds.iter().flat_map(of_column).collect())
    }

    /// Returns the number of columns of the matrix that a column of the table becomes.
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
            "an ASCII byte other than a quote, a line break or NUL",
        )
    }
}
