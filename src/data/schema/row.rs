//! One row of a matrix from named values.

use super::{FieldValue, Kind, Position, Schema};
use crate::check;
use crate::column::{shown, unknown};
use crate::error::Error;

impl Schema {
    /// Returns the row of the matrix that these values make, each given with the name of its column of the
    /// table, in any order.
    ///
    /// All features must be given. Labels and weights may be given, and are ignored. Text is read as in a
    /// table: a marker of a missing value becomes NaN, and categories become columns or codes. In tables
    /// without a header, the names of columns are their positions: `0`, `1` and so on.
    ///
    /// # Errors
    /// Returns [`Error::UnknownColumn`] if a given name is not that of a column. Returns
    /// [`Error::InvalidValue`], which names the column, if a value is not given or given twice, if it is
    /// missing and must not be, if it is not a number in a column of numbers, or if it is an unknown category
    /// and the schema rejects these.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "csv")] {
    /// use logit::data::{CsvReader, FieldValue};
    ///
    /// let text = "island,bill,sex,species\nDream,39.1,male,a\nBiscoe,46.5,?,b\n";
    /// let reader =
    ///     CsvReader::new().label("species").categorical(["island", "sex"]).missing(["?"]);
    /// let schema = reader.read_from::<String>(text.as_bytes())?.schema;
    ///
    /// let row = schema.row([("bill", "40.2"), ("island", "Dream"), ("sex", "?")])?;
    /// assert_eq!(
    ///     schema.feature_names(),
    ///     ["island=Biscoe", "island=Dream", "bill", "sex=male", "sex is missing"]
    /// );
    /// assert_eq!(row, [0.0, 1.0, 40.2, 0.0, 1.0]);
    /// let values: [(&str, FieldValue); 3] = [
    ///     ("bill", 40.2.into()),
    ///     ("island", "Dream".into()),
    ///     ("sex", None::<f64>.into()),
    /// ];
    /// assert_eq!(schema.row(values)?, row);
    ///
    /// let error = schema
    ///     .row([("bill", "40.2"), ("island", "Torgersen"), ("sex", "male")])
    ///     .unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "column `island`: `Torgersen` is not one of the 2 known categories"
    /// );
    /// # }
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn row<'a, N: AsRef<str>, V: Into<FieldValue<'a>>>(
        &self,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Vec<f64>, Error> {
        let values: Vec<(N, FieldValue<'a>)> =
            values.into_iter().map(|(name, value)| (name, value.into())).collect();
        let mut row = vec![0.0; self.features()];
        self.row_into(&values, &mut row).map(|()| row)
    }

    /// Writes the [`row`](Schema::row) that these values make to `out`, which has
    /// [`features`](Schema::features) entries.
    ///
    /// The method allocates nothing, unless a category is given as a number.
    ///
    /// # Errors
    /// Returns the errors of [`row`](Schema::row), and [`Error::ShapeMismatch`] if `out` has another length.
    pub fn row_into<N: AsRef<str>>(
        &self,
        values: &[(N, FieldValue<'_>)],
        out: &mut [f64],
    ) -> Result<(), Error> {
        check::count("out", "entries", self.features(), out.len())?;
        if let Some((name, _)) = values.iter().find(|(name, _)| !self.has(name.as_ref())) {
            let names: Vec<&str> = self.columns().collect();
            return Err(unknown(name.as_ref(), &names, names.len()));
        }
        let mut rest = out;
        for (place, kind) in self.features.iter().zip(&self.kinds) {
            let (columns, after) = rest.split_at_mut(self.width_of(kind));
            let value = value_of(place, values)?;
            self.write(value, kind, columns).map_err(|reason| invalid(place, reason))?;
            rest = after;
        }
        Ok(())
    }

    /// Returns whether the schema uses a column with this name.
    fn has(&self, name: &str) -> bool {
        self.features.iter().chain(&self.label).chain(&self.weights).any(|place| place.name == name)
    }

    /// Writes the columns of the matrix that a value becomes.
    fn write(&self, value: &FieldValue<'_>, kind: &Kind, columns: &mut [f64]) -> Result<(), String> {
        match kind {
            Kind::Numbers => columns.fill(value.number(&self.format)?),
            Kind::Codes(categories) => columns.fill(value.code(&self.format, categories, true)?),
            Kind::Columns(categories) => {
                let code = value.code(&self.format, categories, false)?;
                columns.fill(0.0);
                if let Some(index) = categories.index(code, self.format.drop) {
                    columns[index] = 1.0;
                }
            }
        }
        Ok(())
    }
}

/// Returns the value of a column, which must be given exactly once.
fn value_of<'a, 'b, N: AsRef<str>>(
    place: &Position,
    values: &'a [(N, FieldValue<'b>)],
) -> Result<&'a FieldValue<'b>, Error> {
    let mut found = values.iter().filter(|(name, _)| name.as_ref() == place.name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Ok(value),
        (Some(_), Some(_)) => Err(invalid(place, "its value is given more than once".to_owned())),
        (None, _) => Err(invalid(place, "no value is given: every feature needs one".to_owned())),
    }
}

fn invalid(place: &Position, reason: String) -> Error {
    Error::InvalidValue { column: shown(&place.name), reason }
}
