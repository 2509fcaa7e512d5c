//! Reading of other tables with a schema.

use std::fmt::Display;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use super::column::Head;
use super::layout::{Feature, Layout, Source};
use super::records::Records;
use super::{encode, opened, table};
use crate::column::Column;
use crate::data::Dataset;
use crate::data::schema::{Kind, Position, Schema};
use crate::error::{Error, counted, unsupported};
use crate::label::Label;

/// Reading of tables, with the feature `csv`.
impl Schema {
    /// Reads a file with labels, and with weights if the schema has them and the file has their column.
    ///
    /// # Errors
    /// Returns the errors of [`CsvReader`](super::CsvReader), and [`Error::Unsupported`] if the schema has no
    /// labels.
    pub fn read<L>(&self, path: impl AsRef<Path>) -> Result<Dataset<L>, Error>
    where
        L: Label + FromStr<Err: Display>,
    {
        opened(path.as_ref(), |file| self.read_from(file))
    }

    /// Reads a table with labels from any source, and with weights if the schema has them and the table has
    /// their column.
    ///
    /// # Errors
    /// Returns the errors of [`CsvReader`](super::CsvReader), and [`Error::Unsupported`] if the schema has no
    /// labels.
    pub fn read_from<L>(&self, source: impl Read) -> Result<Dataset<L>, Error>
    where
        L: Label + FromStr<Err: Display>,
    {
        if self.label.is_none() {
            return Err(unsupported(
                "labels, because it was learned from a table without them",
                "Schema",
                "use `read_unlabelled`, or learn the schema with `CsvReader::label`",
            ));
        }
        self.apply(source, true, &table::parsed::<L>)
    }

    /// Reads a file without labels, for prediction; columns of labels and weights are ignored.
    ///
    /// # Errors
    /// Returns the errors of [`CsvReader`](super::CsvReader).
    pub fn read_unlabelled(&self, path: impl AsRef<Path>) -> Result<Dataset<()>, Error> {
        opened(path.as_ref(), |file| self.read_unlabelled_from(file))
    }

    /// Reads a table without labels from any source; columns of labels and weights are ignored.
    ///
    /// # Errors
    /// Returns the errors of [`CsvReader`](super::CsvReader).
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

    /// Returns the layout of another table.
    fn layout(&self, head: &Head, labelled: bool) -> Result<Layout, Error> {
        let passed_over: Vec<&Position> = [&self.label, &self.weights].into_iter().flatten().collect();
        let without_them = head.width + passed_over.len() == self.width && !labelled;
        if head.names.is_none() && head.width != self.width && !without_them {
            let reason = format!(
                "found {}, expected {} as in the table that the schema was learned from",
                counted(head.width, "fields"),
                self.width
            );
            return Err(Error::InvalidLine { line: head.line, reason });
        }
        let find = |place: &Position| -> Result<Position, Error> {
            let position = if head.names.is_some() {
                head.find(&Column::Name(place.name.clone()))?
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
