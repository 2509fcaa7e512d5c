//! Tables of text: comma-separated values and variants.
//!
//! `records` splits the text, `column` finds columns, `layout` decides how each column is read, `table` reads
//! the rows (`seen` collects new categories), `encode` makes a matrix of them, and `read` reads other tables
//! with a schema.

mod column;
mod encode;
mod layout;
mod quotes;
mod read;
mod records;
mod seen;
mod table;

use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use super::Dataset;
use super::schema::{Format, Schema};
use crate::column::Column;
use crate::error::{Error, unsupported};
use crate::label::Label;
use crate::preprocess::{DropCategory, UnknownCategory};

/// Reads data sets from tables of text: comma-separated values (RFC 4180), or values with another delimiter.
///
/// By default, all columns are features that hold numbers. One column may hold the labels and one the weights
/// of the rows. Other columns may be left out or hold categories. Everything learned from the file, above all
/// its categories, is stored in a [`Schema`], which reads other files in the same way.
///
/// Fields in quotes may hold delimiters and line breaks; quotes inside them are doubled. Spaces around fields
/// are removed, and empty lines are skipped. A quote that is never closed is an error. The text must be
/// UTF-8.
///
/// # Errors
/// The methods return [`Error::InvalidField`], with the line and the name of the column, if a field cannot be
/// used, and [`Error::InvalidLine`] if a line cannot be used. They return [`Error::UnknownColumn`] if a
/// column does not exist, [`Error::Unsupported`] if settings contradict each other,
/// [`Error::InvalidParameter`] if the delimiter is not valid, and [`Error::Empty`] if the table has no rows
/// or no features. They return [`Error::File`] or [`Error::Read`] if the source fails. A table with weights
/// can also return [`Error::InvalidWeightSum`], if these are all zero or their sum is not finite.
///
/// Memory is bounded: see [`max_bytes`](CsvReader::max_bytes), [`max_values`](CsvReader::max_values) and
/// [`max_categories`](CsvReader::max_categories). A table that exceeds one of these limits is an error.
///
/// # Examples
/// ```
/// use logit::data::CsvReader;
/// use logit::prelude::*;
/// use logit::{Imputer, LogisticRegression, Penalty, Pipeline, StandardScaler};
///
/// let text = "age,city,member,buys\n\
///         31,Oslo,1,yes\n\
///         52,Rome,0,no\n\
///         NA,Oslo,1,yes\n\
///         47,Rome,1,no\n";
/// let reader =
///     CsvReader::new().label("buys").categorical(["city"]).missing(["", "NA"]);
/// let table = reader.read_from::<String>(text.as_bytes())?;
/// assert_eq!(
///     table.dataset.feature_names,
///     ["age", "city=Oslo", "city=Rome", "member"]
/// );
/// assert!(table.dataset.x[(2, 0)].is_nan());
///
/// let pipeline = Pipeline::new(
///     (Imputer::median(), StandardScaler::new()),
///     LogisticRegression::new(Penalty::c(1.0)),
/// );
/// let model = table.dataset.fit(&pipeline)?;
///
/// // Other rows, without labels and with their columns in another order.
/// let new =
///     table.schema.read_unlabelled_from("city,age,member\nRome,60,0\n".as_bytes())?;
/// assert_eq!(model.predict(&new)?, ["no"]);
///
/// let error = reader
///     .read_from::<String>("age,city,member,buys\n31,Oslo,x,yes\n".as_bytes())
///     .unwrap_err();
/// assert!(
///     error.to_string().starts_with("line 2, column `member`: `x` is not a number")
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CsvReader {
    format: Format,
    label: Option<Column>,
    weights: Option<Column>,
    columns: Option<Vec<Column>>,
    left_out: Vec<Column>,
    categorical: Vec<Column>,
    coded: Vec<Column>,
    max_categories: usize,
}

/// A data set read from a table, and the schema that reads other tables in the same way.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CsvTable<L> {
    /// The rows.
    pub dataset: Dataset<L>,
    /// The columns of the table and their categories.
    pub schema: Schema,
}

impl Default for CsvReader {
    fn default() -> Self {
        CsvReader {
            format: Format {
                header: true,
                delimiter: b',',
                decimal_comma: false,
                missing: Vec::new(),
                unknown: UnknownCategory::Refuse,
                drop: DropCategory::None,
                max_bytes: 1 << 30,
                max_values: 1 << 27,
            },
            label: None,
            weights: None,
            columns: None,
            left_out: Vec::new(),
            categorical: Vec::new(),
            coded: Vec::new(),
            max_categories: 1000,
        }
    }
}

fn columns<C: Into<Column>>(columns: impl IntoIterator<Item = C>) -> Vec<Column> {
    columns.into_iter().map(Into::into).collect()
}

impl CsvReader {
    /// Creates a reader of comma-separated tables with a header, in which all columns are numbers and no
    /// value is missing.
    pub fn new() -> Self {
        CsvReader::default()
    }

    /// Sets whether the first line holds the names of the columns. Without a header, the columns of the data
    /// set have no names. Defaults to `true`.
    pub fn header(mut self, header: bool) -> Self {
        self.format.header = header;
        self
    }

    /// Sets the delimiter between fields: any ASCII byte other than a quote, a line break or NUL. Defaults to
    /// `b','`.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.format.delimiter = delimiter;
        self
    }

    /// Sets whether numbers have a decimal comma, as in `3,5`, instead of a point. Defaults to `false`.
    ///
    /// The delimiter of such tables is usually `b';'`. Marks between thousands are an error in any case.
    ///
    /// ```
    /// use logit::data::CsvReader;
    ///
    /// let reader = CsvReader::new().delimiter(b';').decimal_comma(true);
    /// let table = reader.read_unlabelled_from("height;width\n1,75;-2e3\n".as_bytes())?;
    /// assert_eq!(table.dataset.x.as_slice(), [1.75, -2000.0]);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn decimal_comma(mut self, decimal_comma: bool) -> Self {
        self.format.decimal_comma = decimal_comma;
        self
    }

    /// Sets the column of the labels, by name or by position from 0. Defaults to none.
    pub fn label(mut self, column: impl Into<Column>) -> Self {
        self.label = Some(column.into());
        self
    }

    /// Sets the column of the weights of the rows. Defaults to none.
    pub fn weights(mut self, column: impl Into<Column>) -> Self {
        self.weights = Some(column.into());
        self
    }

    /// Sets the columns that are features, in this order. Defaults to all columns except labels and weights.
    pub fn columns<C: Into<Column>>(mut self, chosen: impl IntoIterator<Item = C>) -> Self {
        self.columns = Some(columns(chosen));
        self
    }

    /// Sets the columns to exclude from the features. Defaults to none.
    pub fn without<C: Into<Column>>(mut self, left_out: impl IntoIterator<Item = C>) -> Self {
        self.left_out = columns(left_out);
        self
    }

    /// Sets the features that hold categories and become a column for each category.
    ///
    /// The column of a category is 1 where a row has it and 0 elsewhere, and is named `city=Oslo`. A missing
    /// value is a category of its own, `city is missing`. Defaults to none.
    pub fn categorical<C: Into<Column>>(mut self, chosen: impl IntoIterator<Item = C>) -> Self {
        self.categorical = columns(chosen);
        self
    }

    /// Sets the features that hold categories and become codes: 0 for the first category in ascending order,
    /// and so on.
    ///
    /// Codes are input for a [`OneHotEncoder`](crate::OneHotEncoder) in a [`Pipeline`](crate::Pipeline),
    /// which then learns from training rows only. The data set stores the names of the codes, so that columns
    /// made from them are named `city=Oslo`. Missing values are NaN. Defaults to none.
    pub fn coded<C: Into<Column>>(mut self, chosen: impl IntoIterator<Item = C>) -> Self {
        self.coded = columns(chosen);
        self
    }

    /// Sets the texts that mark a missing value, such as "", "NA" or "?".
    ///
    /// Missing values become NaN; an [`Imputer`](crate::Imputer) fills them. Labels and weights must not be
    /// missing. Defaults to no markers, so that an empty field is an error.
    pub fn missing<S: Into<String>>(mut self, markers: impl IntoIterator<Item = S>) -> Self {
        self.format.missing = markers.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the treatment of a category that this table does not have, in everything that is read later with
    /// the schema.
    ///
    /// It is an error, or is encoded as zeros in all columns. In a [`coded`](CsvReader::coded) column it then
    /// has the code -1, which a [`OneHotEncoder`](crate::OneHotEncoder) encodes as zeros, so that the rule is
    /// set only here. Defaults to [`UnknownCategory::Refuse`].
    pub fn unknown(mut self, unknown: UnknownCategory) -> Self {
        self.format.unknown = unknown;
        self
    }

    /// Sets which category of a column gets no column of its own. Defaults to [`DropCategory::None`].
    pub fn drop(mut self, drop: DropCategory) -> Self {
        self.format.drop = drop;
        self
    }

    /// Sets the maximum number of categories per column. Defaults to 1,000.
    pub fn max_categories(mut self, categories: usize) -> Self {
        self.max_categories = categories;
        self
    }

    /// Sets the maximum size of a table in bytes. Defaults to 2^30.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.format.max_bytes = bytes;
        self
    }

    /// Sets the maximum number of entries of the matrix. Defaults to 2^27, which take a gigabyte.
    pub fn max_values(mut self, values: usize) -> Self {
        self.format.max_values = values;
        self
    }

    /// Reads a file with labels, of any type that can be parsed from text.
    ///
    /// A `bool` is parsed from `true` and `false` only. Read `0` and `1` as `u8`, other texts as `String`, and
    /// turn them into labels of your own with [`Dataset::map_labels`](crate::data::Dataset::map_labels).
    ///
    /// # Errors
    /// Returns the errors that [`CsvReader`] lists, and [`Error::Unsupported`] if no
    /// [`label`](CsvReader::label) column is set.
    pub fn read<L>(&self, path: impl AsRef<Path>) -> Result<CsvTable<L>, Error>
    where
        L: Label + FromStr<Err: Display>,
    {
        opened(path.as_ref(), |file| self.read_from(file))
    }

    /// Reads a table with labels from any source, such as a byte slice.
    ///
    /// # Errors
    /// Returns the errors that [`CsvReader`] lists, and [`Error::Unsupported`] if no
    /// [`label`](CsvReader::label) column is set.
    pub fn read_from<L>(&self, source: impl Read) -> Result<CsvTable<L>, Error>
    where
        L: Label + FromStr<Err: Display>,
    {
        if self.label.is_none() {
            return Err(unsupported(
                "labels without a label column",
                "CsvReader",
                "name the column with `label`, or use `read_unlabelled`",
            ));
        }
        self.learn(source, true, &table::parsed::<L>)
    }

    /// Reads a file without labels; a label column is left out.
    ///
    /// # Errors
    /// Returns the errors that [`CsvReader`] lists.
    pub fn read_unlabelled(&self, path: impl AsRef<Path>) -> Result<CsvTable<()>, Error> {
        opened(path.as_ref(), |file| self.read_unlabelled_from(file))
    }

    /// Reads a table without labels from any source; a label column is left out.
    ///
    /// # Errors
    /// Returns the errors that [`CsvReader`] lists.
    pub fn read_unlabelled_from(&self, source: impl Read) -> Result<CsvTable<()>, Error> {
        self.learn(source, false, &|_| Ok(()))
    }

    fn learn<L: Label>(
        &self,
        source: impl Read,
        labelled: bool,
        label: table::Parse<'_, L>,
    ) -> Result<CsvTable<L>, Error> {
        self.format.check()?;
        let mut records = records::Records::new(source, self.format.delimiter, self.format.max_bytes)?;
        let head = table::head(&mut records, self.format.header)?;
        let layout = layout::Layout::of(self, &head)?;
        let mut read = layout.clone();
        if !labelled {
            read.label = None;
        }
        let (values, kinds) = table::read(&mut records, &self.format, &read, label)?;
        let schema = Schema {
            format: self.format.clone(),
            width: layout.width,
            features: layout.features.into_iter().map(|feature| feature.place).collect(),
            kinds,
            label: layout.label,
            weights: layout.weights,
        };
        Ok(CsvTable { dataset: encode::dataset(values, &schema)?, schema })
    }
}

/// Opens a file and passes it to `read`. A failure to read becomes [`Error::File`] with the path.
fn opened<A>(path: &Path, read: impl FnOnce(File) -> Result<A, Error>) -> Result<A, Error> {
    let failed = |kind, message| Error::File { action: "load", path: path.to_path_buf(), kind, message };
    let file = File::open(path).map_err(|error| failed(error.kind(), error.to_string()))?;
    read(file).map_err(|error| match error {
        Error::Read { kind, message } => failed(kind, message),
        other => other,
    })
}
