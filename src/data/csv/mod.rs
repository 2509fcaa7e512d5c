//! Tables in text: comma-separated values and their relatives.
//!
//! `records` splits the text, `column` finds columns, `layout` says what each is read as, `table` reads the rows (`seen`
//! holds categories that are new), `encode` makes a matrix of them, `read` reads other tables with a schema.

mod column;
mod encode;
mod layout;
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

/// Reads data sets from tables in text: comma-separated values (RFC 4180) and the same with other delimiters.
///
/// All columns are features that hold numbers, unless something else is said: one may hold the labels and one the weights
/// of the rows, some may be left out, and some may hold categories. What is learned from the file, above all its
/// categories, is a [`Schema`], which reads other files alike.
///
/// Fields may be in quotes, which are doubled inside them, and then hold delimiters and line breaks. Spaces around fields
/// are removed, empty lines are passed over. The text is UTF-8.
///
/// # Errors
/// A field that cannot be used is an [`Error::InvalidField`] with its line and the name of its column, and a line that
/// cannot an [`Error::InvalidLine`]; [`Error::UnknownColumn`] for a column that there is not, [`Error::Unsupported`] for
/// settings that contradict each other, [`Error::Empty`] for a table without rows or features; [`Error::File`] and
/// [`Error::Read`] where the source fails. Memory is bounded: see [`max_bytes`](CsvReader::max_bytes),
/// [`max_values`](CsvReader::max_values) and [`max_categories`](CsvReader::max_categories).
///
/// # Examples
/// ```
/// use logit::data::CsvReader;
/// use logit::prelude::*;
/// use logit::{Imputer, LogisticRegression, Penalty, Pipeline, StandardScaler};
///
/// let text = "age,city,member,buys\n\
///             31,Oslo,1,yes\n\
///             52,Rome,0,no\n\
///             NA,Oslo,1,yes\n\
///             47,Rome,1,no\n";
/// let reader = CsvReader::new().label("buys").categorical(["city"]).missing(["", "NA"]);
/// let table = reader.read_from::<String>(text.as_bytes())?;
/// assert_eq!(table.dataset.feature_names, ["age", "city=Oslo", "city=Rome", "member"]);
/// assert!(table.dataset.x[(2, 0)].is_nan());
///
/// let pipeline = Pipeline::new(
///     (Imputer::median(), StandardScaler::new()),
///     LogisticRegression::new(Penalty::c(1.0)),
/// );
/// let model = table.dataset.fit(&pipeline)?;
///
/// // Other rows, without labels and with their columns in another order.
/// let new = table.schema.read_unlabelled_from("city,age,member\nRome,60,0\n".as_bytes())?;
/// assert_eq!(model.predict(&new)?, ["no"]);
///
/// let error = reader.read_from::<String>("age,city,member,buys\n31,Oslo,x,yes\n".as_bytes()).unwrap_err();
/// assert!(error.to_string().starts_with("line 2, column `member`: `x` is no number"));
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

/// A data set that was read from a table, and how to read others alike.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CsvTable<L> {
    /// The rows.
    pub dataset: Dataset<L>,
    /// What the columns are and which categories they have.
    pub schema: Schema,
}

impl Default for CsvReader {
    fn default() -> Self {
        CsvReader {
            format: Format {
                header: true,
                delimiter: b',',
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
    /// Reads tables with a header, delimited by commas, in which all columns are numbers and no value is missing.
    pub fn new() -> Self {
        CsvReader::default()
    }

    /// Whether the first line holds the names of the columns; without them, columns of the data set have no names. Defaults
    /// to `true`.
    pub fn header(mut self, header: bool) -> Self {
        self.format.header = header;
        self
    }

    /// What stands between fields: any byte of ASCII but quotes and ends of lines. Defaults to `b','`.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.format.delimiter = delimiter;
        self
    }

    /// The column of the labels, by name or position (from 0). Defaults to none.
    pub fn label(mut self, column: impl Into<Column>) -> Self {
        self.label = Some(column.into());
        self
    }

    /// The column of the weights of the rows. Defaults to none.
    pub fn weights(mut self, column: impl Into<Column>) -> Self {
        self.weights = Some(column.into());
        self
    }

    /// The columns that are features, in this order. Defaults to all that are not labels or weights.
    pub fn columns<C: Into<Column>>(mut self, chosen: impl IntoIterator<Item = C>) -> Self {
        self.columns = Some(columns(chosen));
        self
    }

    /// Columns that are no features. Defaults to none.
    pub fn without<C: Into<Column>>(mut self, left_out: impl IntoIterator<Item = C>) -> Self {
        self.left_out = columns(left_out);
        self
    }

    /// Features that hold categories; each becomes a column for each category, 1 where a row has it and else 0, named
    /// `city=Oslo`. A missing value is a category of its own, `city is missing`. Defaults to none.
    pub fn categorical<C: Into<Column>>(mut self, chosen: impl IntoIterator<Item = C>) -> Self {
        self.categorical = columns(chosen);
        self
    }

    /// Features that hold categories and become codes, 0 for the first of the categories in ascending order, for a
    /// [`OneHotEncoder`](crate::OneHotEncoder) in a [`Pipeline`](crate::Pipeline) to learn from training rows alone. The data
    /// set knows what they mean, so that columns that come of them are named `city=Oslo`. Missing
    /// values are NaN. Defaults to none.
    pub fn coded<C: Into<Column>>(mut self, chosen: impl IntoIterator<Item = C>) -> Self {
        self.coded = columns(chosen);
        self
    }

    /// What stands in the place of a missing value, such as "", "NA" or "?": those values are NaN, for an
    /// [`Imputer`](crate::Imputer) to fill. Labels and weights must not be missing. Defaults to nothing, so that a gap is an
    /// error.
    pub fn missing<S: Into<String>>(mut self, markers: impl IntoIterator<Item = S>) -> Self {
        self.format.missing = markers.into_iter().map(Into::into).collect();
        self
    }

    /// What becomes, in whatever is read later with the schema, of a category that this table does not have: an error, or
    /// zeros in all its columns. A column that is [`coded`](CsvReader::coded) has the code -1 then, of which a
    /// [`OneHotEncoder`](crate::OneHotEncoder) makes zeros, so that this is the one place where the rule is set. Defaults to
    /// [`UnknownCategory::Refuse`].
    pub fn unknown(mut self, unknown: UnknownCategory) -> Self {
        self.format.unknown = unknown;
        self
    }

    /// Whether a category goes without a column. Defaults to [`DropCategory::None`].
    pub fn drop(mut self, drop: DropCategory) -> Self {
        self.format.drop = drop;
        self
    }

    /// How many categories a column may have. Defaults to 1,000.
    pub fn max_categories(mut self, categories: usize) -> Self {
        self.max_categories = categories;
        self
    }

    /// How many bytes a table may have. Defaults to 2^30.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.format.max_bytes = bytes;
        self
    }

    /// How many entries the matrix may have. Defaults to 2^27, which are a gigabyte.
    pub fn max_values(mut self, values: usize) -> Self {
        self.format.max_values = values;
        self
    }

    /// Reads a file with labels of any type that text can be parsed to.
    ///
    /// # Errors
    /// See the type; [`Error::Unsupported`] when no column is named as that of the labels.
    pub fn read<L>(&self, path: impl AsRef<Path>) -> Result<CsvTable<L>, Error>
    where
        L: Label + FromStr<Err: Display>,
    {
        opened(path.as_ref(), |file| self.read_from(file))
    }

    /// Reads a table with labels from any source, such as bytes.
    ///
    /// # Errors
    /// As [`read`](CsvReader::read).
    pub fn read_from<L>(&self, source: impl Read) -> Result<CsvTable<L>, Error>
    where
        L: Label + FromStr<Err: Display>,
    {
        if self.label.is_none() {
            return Err(unsupported(
                "labels without a column of them",
                "CsvReader",
                "say which it is with `label`, or use `read_unlabelled`",
            ));
        }
        self.learn(source, true, &table::parsed::<L>)
    }

    /// Reads a file for its features alone; a column of labels is left out.
    ///
    /// # Errors
    /// See the type.
    pub fn read_unlabelled(&self, path: impl AsRef<Path>) -> Result<CsvTable<()>, Error> {
        opened(path.as_ref(), |file| self.read_unlabelled_from(file))
    }

    /// Reads a table for its features alone from any source.
    ///
    /// # Errors
    /// See the type.
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

/// What is made of a file; a failure to read it becomes one of the file.
fn opened<A>(path: &Path, read: impl FnOnce(File) -> Result<A, Error>) -> Result<A, Error> {
    let failed = |kind, message| Error::File { action: "load", path: path.to_path_buf(), kind, message };
    let file = File::open(path).map_err(|error| failed(error.kind(), error.to_string()))?;
    read(file).map_err(|error| match error {
        Error::Read { kind, message } => failed(kind, message),
        other => other,
    })
}
