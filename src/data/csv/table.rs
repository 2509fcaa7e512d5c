//! Conversion of the rows of a table to values.

use std::fmt::Display;
use std::io::Read;
use std::str::FromStr;

use super::column::Head;
use super::layout::{Feature, Layout, Source};
use super::records::Records;
use super::seen::Seen;
use crate::column::shown;
use crate::data::schema::{Categories, Format, Kind, Position, marks};
use crate::error::{Error, counted};

/// A function that parses a label, or returns the reason why it cannot.
pub(super) type Parse<'a, L> = &'a dyn Fn(&str) -> Result<L, String>;

/// Parses a label of any type that implements `FromStr`.
pub(super) fn parsed<L: FromStr<Err: Display>>(text: &str) -> Result<L, String> {
    text.parse().map_err(|error| format!("`{}` is not a valid label: {error}", shown(text)))
}

/// The columns of a table as numbers, with categories as codes and missing values as NaN.
pub(super) struct Values<L> {
    pub(super) columns: Vec<Vec<f64>>,
    pub(super) labels: Vec<L>,
    pub(super) weights: Option<Vec<f64>>,
}

/// Reads the header. Without one, takes the number of columns from the first record.
pub(super) fn head<R: Read>(records: &mut Records<R>, header: bool) -> Result<Head, Error> {
    if !records.next()? {
        return Err(Error::Empty { argument: "table", axis: "rows" });
    }
    let (line, width) = (records.line(), records.len());
    if !header {
        records.repeat();
        return Ok(Head { line, names: None, width });
    }
    let name = |index: usize| match std::str::from_utf8(records.field(index)) {
        Ok(name) => Ok(name.trim().to_owned()),
        Err(_) => {
            let reason =
                format!("the name of column {index} (from 0) is not valid UTF-8: convert the table to UTF-8");
            Err(Error::InvalidLine { line: records.line_of(index), reason })
        }
    };
    let names: Vec<String> = (0..width).map(name).collect::<Result<_, _>>()?;
    Ok(Head { line, names: Some(names), width })
}

/// Reads all rows.
pub(super) fn read<R: Read, L>(
    records: &mut Records<R>,
    format: &Format,
    layout: &Layout,
    label: Parse<'_, L>,
) -> Result<(Values<L>, Vec<Kind>), Error> {
    let mut columns: Vec<Column<'_>> = layout.features.iter().map(Column::new).collect();
    let (mut labels, mut weights) = (Vec::new(), layout.weights.as_ref().map(|_| Vec::new()));
    let most_rows = format.max_values / columns.len().max(1);
    while records.next()? {
        let (line, found) = (records.line(), records.len());
        if found != layout.width {
            let found = counted(found, "fields");
            let reason = format!("found {found}, expected {} as in the first line", layout.width);
            return Err(Error::InvalidLine { line, reason });
        }
        if labels.len() >= most_rows {
            let reason = format!("the table has more than {} values: raise `max_values`", format.max_values);
            return Err(Error::InvalidLine { line, reason });
        }
        for column in &mut columns {
            let feature = column.feature;
            let field = Field { records, format, place: &feature.place };
            let value = column.value(field.text()?, format);
            column.values.push(value.map_err(|reason| field.refused(reason))?);
        }
        if let (Some(weights), Some(place)) = (&mut weights, &layout.weights) {
            let field = Field { records, format, place };
            weights.push(
                field
                    .present()?
                    .and_then(|text| weight(text, format))
                    .map_err(|reason| field.refused(reason))?,
            );
        }
        labels.push(match &layout.label {
            // Unlabelled rows have labels of the type `()`, which are parsed from nothing.
            None => label("").map_err(|reason| Error::InvalidLine { line, reason })?,
            Some(place) => {
                let field = Field { records, format, place };
                field.present()?.and_then(label).map_err(|reason| field.refused(reason))?
            }
        });
    }
    if labels.is_empty() {
        return Err(Error::Empty { argument: "table", axis: "rows" });
    }
    let (columns, kinds) = columns.into_iter().map(Column::finished).unzip();
    Ok((Values { columns, labels, weights }, kinds))
}

/// A field of the current record.
struct Field<'a, R> {
    records: &'a Records<R>,
    format: &'a Format,
    place: &'a Position,
}

impl<'a, R: Read> Field<'a, R> {
    fn text(&self) -> Result<&'a str, Error> {
        let bytes = self.records.field(self.place.position);
        let text = std::str::from_utf8(bytes).map_err(|_| {
            self.refused("the text is not valid UTF-8: convert the table to UTF-8".to_owned())
        })?;
        Ok(text.trim())
    }

    /// Returns the text, or the reason why it is invalid, where values must not be missing.
    fn present(&self) -> Result<Result<&'a str, String>, Error> {
        let text = self.text()?;
        let missing = self.format.is_missing(text);
        Ok(if missing {
            Err(format!(
                "the value is missing (`{}`): labels and weights are required in every row",
                shown(text)
            ))
        } else {
            Ok(text)
        })
    }

    fn refused(&self, reason: String) -> Error {
        let line = self.records.line_of(self.place.position);
        Error::InvalidField { line, column: shown(&self.place.name), reason }
    }
}

/// A column while it is read.
struct Column<'a> {
    feature: &'a Feature,
    values: Vec<f64>,
    /// The new categories.
    seen: Seen,
}

impl<'a> Column<'a> {
    fn new(feature: &'a Feature) -> Self {
        Column { feature, values: Vec::new(), seen: Seen::default() }
    }

    fn value(&mut self, text: &str, format: &Format) -> Result<f64, String> {
        match &self.feature.source {
            Source::KnownCategories { categories, coded } => format.code(Some(text), categories, *coded),
            _ if format.is_missing(text) => Ok(f64::NAN),
            Source::Numbers => format.number(text).map_err(|reason| {
                let instead = marks(text, format.decimal_comma).unwrap_or(
                    "add it to `CsvReader::missing`, or list the column in `categorical`, `coded` or `without`",
                );
                format!("{reason}: {instead}")
            }),
            Source::NewCategories { most, .. } => {
                let refused = || {
                    format!(
                        "`{}` exceeds the limit of {most} categories: raise `max_categories`, or list the \
                         column in `without` if it identifies rows",
                        shown(text)
                    )
                };
                self.seen.code(text, *most).map(|code| code as f64).ok_or_else(refused)
            }
        }
    }

    fn finished(self) -> (Vec<f64>, Kind) {
        let Column { feature, mut values, seen } = self;
        let kind = match &feature.source {
            Source::Numbers => Kind::Numbers,
            Source::NewCategories { coded, .. } => kind(seen.sorted(&mut values), *coded),
            Source::KnownCategories { categories, coded } => kind(categories.clone(), *coded),
        };
        (values, kind)
    }
}

fn kind(categories: Categories, coded: bool) -> Kind {
    if coded { Kind::Codes(categories) } else { Kind::Columns(categories) }
}

fn weight(text: &str, format: &Format) -> Result<f64, String> {
    match format.number(text) {
        Ok(weight) if weight >= 0.0 => Ok(weight),
        _ => Err(format!("`{}` is not a valid weight: weights must be finite and at least 0", shown(text))),
    }
}
