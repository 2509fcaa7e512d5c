//! How other tables are read like the first.

use std::fmt::Display;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use super::categories::Categories;
use super::column::{CsvColumn, Head};
use super::layout::{Feature, Layout, Position, Source};
use super::records::Records;
use super::{Format, encode, opened, table};
use crate::data::Dataset;
use crate::error::{Error, unsupported};
use crate::label::Label;

/// What a [`CsvReader`](super::CsvReader) has learned from a table: which columns there are, and which categories they have.
///
/// Other tables are read to the same columns. Where there is a header, columns are found by their names, whatever their
/// order, and others are passed over. Without a header they have the same positions; labels and weights may be left
/// out, both if there are both.
///
/// It is stored with [`Persist`](crate::Persist), as models are.
///
/// # Examples
/// ```
/// use logit::Persist;
/// use logit::data::{CsvReader, CsvSchema};
///
/// let text = "colour,size,kind\nred,3,a\nblue,5,b\n";
/// let table = CsvReader::new().label("kind").categorical(["colour"]).read_from::<String>(text.as_bytes())?;
/// assert_eq!(table.schema.feature_names(), ["colour=blue", "colour=red", "size"]);
///
/// let schema = CsvSchema::from_bytes(&table.schema.to_bytes()?)?;
/// let new = schema.read_unlabelled_from("size,colour\n4,red\n".as_bytes())?;
/// assert_eq!(new.x, nalgebra::dmatrix![0.0, 1.0, 4.0]);
/// let error = schema.read_unlabelled_from("size,colour\n4,green\n".as_bytes()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 2, column `colour`: `green` is none of the 2 categories that are known"
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CsvSchema {
    pub(super) format: Format,
    pub(super) width: usize,
    pub(super) features: Vec<Position>,
    pub(super) kinds: Vec<Kind>,
    pub(super) label: Option<Position>,
    pub(super) weights: Option<Position>,
}

/// What the values of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Numbers,
    /// Categories with a column for each.
    Columns(Categories),
    /// Categories as codes.
    Codes(Categories),
}

impl CsvSchema {
    pub(super) fn new(format: Format, layout: &Layout, kinds: Vec<Kind>) -> Self {
        CsvSchema {
            format,
            width: layout.width,
            features: layout.features.iter().map(|feature| feature.place.clone()).collect(),
            kinds,
            label: layout.label.clone(),
            weights: layout.weights.clone(),
        }
    }

    /// The names of the columns that matrices have.
    pub fn feature_names(&self) -> Vec<String> {
        let of_column = |(place, kind): (&Position, &Kind)| match kind {
            Kind::Numbers | Kind::Codes(_) => vec![place.name.clone()],
            Kind::Columns(categories) => categories.column_names(&place.name, self.format.drop),
        };
        self.features.iter().zip(&self.kinds).flat_map(of_column).collect()
    }

    /// The categories of a column of the table, in ascending order; nothing if it has none.
    pub fn categories(&self, column: &str) -> Option<&[String]> {
        let index = self.features.iter().position(|place| place.name == column)?;
        match &self.kinds[index] {
            Kind::Numbers => None,
            Kind::Columns(categories) | Kind::Codes(categories) => Some(&categories.names),
        }
    }

    /// How many columns of the matrix come of a column of the table.
    pub(super) fn width_of(&self, kind: &Kind) -> usize {
        match kind {
            Kind::Numbers | Kind::Codes(_) => 1,
            Kind::Columns(categories) => categories.column_names("", self.format.drop).len(),
        }
    }

    /// Reads a file with labels. Weights are read if the schema has them and the file has their column.
    ///
    /// # Errors
    /// Those of [`CsvReader`](super::CsvReader); [`Error::Unsupported`] if the schema has no labels.
    pub fn read<L>(&self, path: impl AsRef<Path>) -> Result<Dataset<L>, Error>
    where
        L: Label + FromStr<Err: Display>,
    {
        opened(path.as_ref(), |file| self.read_from(file))
    }

    /// Reads a table with labels from any source.
    ///
    /// # Errors
    /// As [`read`](CsvSchema::read).
    pub fn read_from<L>(&self, source: impl Read) -> Result<Dataset<L>, Error>
    where
        L: Label + FromStr<Err: Display>,
    {
        if self.label.is_none() {
            return Err(unsupported(
                "labels, because the table that it was learned from had none",
                "CsvSchema",
                "use `read_unlabelled`, or learn it with `label`",
            ));
        }
        self.apply(source, true, &table::parsed::<L>)
    }

    /// Reads a file without labels, for prediction; a column of labels or weights is passed over.
    ///
    /// # Errors
    /// Those of [`CsvReader`](super::CsvReader).
    pub fn read_unlabelled(&self, path: impl AsRef<Path>) -> Result<Dataset<()>, Error> {
        opened(path.as_ref(), |file| self.read_unlabelled_from(file))
    }

    /// Reads a table without labels from any source.
    ///
    /// # Errors
    /// Those of [`CsvReader`](super::CsvReader).
    pub fn read_unlabelled_from(&self, source: impl Read) -> Result<Dataset<()>, Error> {
        self.apply(source, false, &|_| Ok(()))
    }

    fn apply<L: Label>(
        &self,
        source: impl Read,
        labelled: bool,
        label: table::Parse<'_, L>,
    ) -> Result<Dataset<L>, Error> {
        let mut records = Records::new(source, self.format.delimiter, self.format.max_bytes)?;
        let head = table::head(&mut records, self.format.header)?;
        let layout = self.layout(&head, labelled)?;
        let (values, _) = table::read(&mut records, &self.format, &layout, label)?;
        encode::dataset(values, self)
    }

    /// The layout of another table.
    fn layout(&self, head: &Head, labelled: bool) -> Result<Layout, Error> {
        let passed_over: Vec<&Position> = [&self.label, &self.weights].into_iter().flatten().collect();
        let without_them = head.width + passed_over.len() == self.width && !labelled;
        if head.names.is_none() && head.width != self.width && !without_them {
            let reason =
                format!("{} fields, wanted {} as in the table of the schema", head.width, self.width);
            return Err(Error::InvalidLine { line: head.line, reason });
        }
        let find = |place: &Position| -> Result<Position, Error> {
            let position = if head.names.is_some() {
                head.find(&CsvColumn::Name(place.name.clone()))?
            } else if without_them {
                place.position - passed_over.iter().filter(|other| other.position < place.position).count()
            } else {
                place.position
            };
            Ok(Position { position, name: place.name.clone() })
        };
        let feature = |(place, kind): (&Position, &Kind)| -> Result<Feature, Error> {
            let source = match kind {
                Kind::Numbers => Source::Numbers,
                Kind::Columns(categories) => {
                    Source::KnownCategories { categories: categories.clone(), coded: false }
                }
                Kind::Codes(categories) => {
                    Source::KnownCategories { categories: categories.clone(), coded: true }
                }
            };
            Ok(Feature { place: find(place)?, source })
        };
        let features = self.features.iter().zip(&self.kinds).map(feature).collect::<Result<_, _>>()?;
        let label = self.label.as_ref().filter(|_| labelled).map(find).transpose()?;
        let weights = match &self.weights {
            Some(place) if labelled && (head.names.is_none() || head.named(&place.name)?.is_some()) => {
                Some(find(place)?)
            }
            _ => None,
        };
        Ok(Layout { width: head.width, features, label, weights })
    }
}
