//! Storage of schemas in files, alone and with a model.

use super::{Categories, Format, Kind, Position, Schema};
use crate::check;
use crate::classifier::Classifier;
use crate::column::unknown;
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{ModelFile, Persist, Record};
use crate::preprocess::{DropCategory, UnknownCategory};

/// The name of the part of a model file that holds the schema.
const PART: &str = "schema";

impl<M: Persist + Classifier<M::Scalar>> ModelFile<M> {
    /// Adds the schema of the tables that the model processes, so that the file is enough to process new
    /// tables.
    ///
    /// The schema is stored as the [part](ModelFile::with_part) `schema`.
    ///
    /// ```
    /// # #[cfg(feature = "csv")] {
    /// use logit::data::CsvReader;
    /// use logit::prelude::*;
    /// use logit::{AnyClassifier, LogisticRegression, ModelFile, Penalty, Scratch};
    ///
    /// let text = "island,bill,species\nDream,39.1,a\nBiscoe,46.5,b\n\
    ///             Dream,38.0,a\nDream,45.0,b\n";
    /// let reader = CsvReader::new().label("species").categorical(["island"]);
    /// let table = reader.read_from::<String>(text.as_bytes())?;
    /// let model = table.dataset.fit(&LogisticRegression::new(Penalty::c(1.0)))?;
    /// let bytes = ModelFile::new(model).with_schema(&table.schema)?.to_bytes()?;
    ///
    /// // A service has these bytes, and nothing else.
    /// let file = ModelFile::<AnyClassifier<f64, String>>::from_bytes(&bytes)?;
    /// let schema = file.schema()?;
    /// let new = schema
    ///     .read_unlabelled_from("bill,island\n38.5,Dream\n47.0,Biscoe\n".as_bytes())?;
    /// assert_eq!(file.model().predict(&new)?, ["a", "b"]);
    /// let row = schema.row([("bill", "38.5"), ("island", "Dream")])?;
    /// assert_eq!(file.model().predict_row(&row, &mut Scratch::new())?, "a");
    /// # }
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::UnknownColumn`] if the model was fitted with a column name that the schema does not
    /// produce. If the model or the schema has no names, returns [`Error::ShapeMismatch`] if they differ in
    /// the number of columns.
    pub fn with_schema(self, schema: &Schema) -> Result<Self, Error> {
        let names = schema.feature_names();
        match self.model().feature_names().filter(|_| !names.is_empty()) {
            Some(wanted) => {
                if let Some(missing) = wanted.iter().find(|name| !names.contains(name)) {
                    return Err(unknown(missing, &names, names.len()));
                }
            }
            None => check::count("schema", "columns", self.model().features(), schema.features())?,
        }
        self.with_part(PART, schema)
    }
}

impl<M: Persist> ModelFile<M> {
    /// Returns the schema of the tables that the model processes.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the file has no schema, or an invalid one.
    pub fn schema(&self) -> Result<Schema, Error> {
        self.part(PART)
    }
}

const NUMBERS: usize = 0;
const COLUMNS: usize = 1;
const CODES: usize = 2;

/// The part of a schema whose numbers have a decimal comma.
const DECIMAL_COMMA: &str = "decimal_comma";

impl Persist for Schema {
    type Scalar = f64;
    const KIND: &'static str = "schema";

    fn write_record(&self, record: Record) -> Record {
        let format = &self.format;
        let categories = |kind: &Kind| match kind {
            Kind::Numbers => None,
            Kind::Columns(categories) | Kind::Codes(categories) => Some(categories.clone()),
        };
        let categories: Vec<Categories> = self.kinds.iter().filter_map(categories).collect();
        let kinds: Vec<usize> = self.kinds.iter().map(code).collect();
        let counts: Vec<usize> = categories.iter().map(|categories| categories.names.len()).collect();
        let missing: Vec<usize> = categories.iter().map(|c| usize::from(c.missing)).collect();
        let names: Vec<String> = categories.into_iter().flat_map(|categories| categories.names).collect();
        let record = record
            .with_flag("header", format.header)
            .with_count("delimiter", usize::from(format.delimiter))
            .with_text("unknown", format.unknown.key())
            .with_text("drop", format.drop.key())
            .with_count("max_bytes", usize::try_from(format.max_bytes).unwrap_or(usize::MAX))
            .with_count("max_values", format.max_values)
            .with_count("missing_markers", format.missing.len())
            .with_texts("missing", &format.missing)
            .with_count("width", self.width)
            .with_counts("kinds", &kinds)
            .with_counts("categories_per_column", &counts)
            .with_counts("missing_categories", &missing)
            .with_texts("categories", &names);
        // A part, so that schemas with points are the same files as before there were commas.
        let record = if format.decimal_comma {
            record.with_part(DECIMAL_COMMA, Record::new(DECIMAL_COMMA))
        } else {
            record
        };
        let record = with_places(record, "features", &self.features);
        let record = with_places(record, "label", self.label.as_slice());
        with_places(record, "weights", self.weights.as_slice())
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let markers = record.take_count("missing_markers")?;
        let delimiter = record.take_count("delimiter")?;
        let format = Format {
            header: record.take_flag("header")?,
            delimiter: u8::try_from(delimiter)
                .map_err(|_| invalid(format!("the delimiter {delimiter} is not a byte")))?,
            decimal_comma: record.take_optional_part(DECIMAL_COMMA).is_some(),
            missing: record.take_texts("missing", markers)?,
            unknown: UnknownCategory::from_key(&record.take_text("unknown")?)?,
            drop: DropCategory::from_key(&record.take_text("drop")?)?,
            max_bytes: record.take_count("max_bytes")? as u64,
            max_values: record.take_count("max_values")?,
        };
        format.check()?;
        let width = record.take_count("width")?;
        let features = take_places(record, "features")?;
        let kinds = take_kinds(record)?;
        let (label, weights) = (take_place(record, "label")?, take_place(record, "weights")?);
        let schema = Schema { format, width, features, kinds, label, weights };
        schema.check().map(|()| schema)
    }
}

impl Schema {
    /// Checks the properties that every learned schema has.
    fn check(&self) -> Result<(), Error> {
        if self.features.is_empty() || self.features.len() != self.kinds.len() {
            let (places, kinds) = (self.features.len(), self.kinds.len());
            return Err(invalid(format!(
                "the schema has {places} columns and {kinds} column kinds: expected equal counts, at least 1"
            )));
        }
        let places = || self.features.iter().chain(&self.label).chain(&self.weights);
        let mut positions: Vec<usize> = places().map(|place| place.position).collect();
        positions.sort_unstable();
        if positions.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(invalid("the schema uses a column twice"));
        }
        if positions.iter().any(|&position| position >= self.width) {
            return Err(invalid(format!(
                "the schema uses a column beyond the {} columns of its table",
                self.width
            )));
        }
        let mut names: Vec<&str> = places().map(|place| place.name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(invalid("two columns of the schema have the same name"));
        }
        Ok(())
    }
}

fn code(kind: &Kind) -> usize {
    match kind {
        Kind::Numbers => NUMBERS,
        Kind::Columns(_) => COLUMNS,
        Kind::Codes(_) => CODES,
    }
}

fn take_kinds(record: &mut Record) -> Result<Vec<Kind>, Error> {
    let kinds = record.take_counts("kinds")?;
    let counts = record.take_counts("categories_per_column")?;
    let missing = record.take_counts("missing_categories")?;
    let total = counts.iter().try_fold(0usize, |sum, &count| sum.checked_add(count));
    let total = total.ok_or_else(|| invalid("the schema has more categories than can be counted"))?;
    let mut names = record.take_texts("categories", total)?.into_iter();
    let mut columns = counts.iter().zip(&missing);
    let with_categories = kinds.iter().filter(|&&kind| kind != NUMBERS).count();
    if with_categories != counts.len() || counts.len() != missing.len() {
        return Err(invalid(format!(
            "the schema has {with_categories} columns of categories, {} category counts and {} missing \
             flags: expected equal counts",
            counts.len(),
            missing.len()
        )));
    }
    let mut next = || -> Result<Categories, Error> {
        let (&count, &missing) = columns.next().unwrap_or((&0, &0));
        let names: Vec<String> = names.by_ref().take(count).collect();
        if missing > 1 || names.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(invalid(
                "the categories of a column are not in ascending order, or its missing flag is not 0 or 1",
            ));
        }
        Ok(Categories { names, missing: missing == 1 })
    };
    let kind = |kind| match kind {
        NUMBERS => Ok(Kind::Numbers),
        COLUMNS => next().map(Kind::Columns),
        CODES => next().map(Kind::Codes),
        other => Err(invalid(format!("a column has the unknown kind {other}"))),
    };
    kinds.into_iter().map(kind).collect()
}

fn with_places(record: Record, name: &str, places: &[Position]) -> Record {
    let positions: Vec<usize> = places.iter().map(|place| place.position).collect();
    let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
    record.with_counts(&format!("{name}_positions"), &positions).with_texts(&format!("{name}_names"), &names)
}

fn take_places(record: &mut Record, name: &str) -> Result<Vec<Position>, Error> {
    let positions = record.take_counts(&format!("{name}_positions"))?;
    let names = record.take_texts(&format!("{name}_names"), positions.len())?;
    Ok(positions.into_iter().zip(names).map(|(position, name)| Position { position, name }).collect())
}

fn take_place(record: &mut Record, name: &str) -> Result<Option<Position>, Error> {
    let mut places = take_places(record, name)?;
    match places.len() {
        0 | 1 => Ok(places.pop()),
        count => Err(invalid(format!("the schema has {count} columns for `{name}`: expected at most one"))),
    }
}
