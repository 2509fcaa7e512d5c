//! Records: the stored form of values.

use nalgebra::DMatrix;

use super::file::invalid;
use super::{Persist, Registry};
use crate::error::Error;
use crate::scalar::{Element, Kind, Real, Stored, all_finite};

/// The stored form of a value: a kind, and named settings, arrays and parts. A part is a record itself.
///
/// The `with_` methods build a record. The `take_` methods read it, and check what they return: numbers and
/// arrays are finite, counts and sizes fit. Reading takes every entry out; [`read`](Record::read) rejects a
/// record with entries left.
///
/// # Names
/// Names consist of letters, digits and underscores. Files contain the names of parts and arrays as paths,
/// such as `steps.scaler.mean`.
///
/// # Examples
/// ```
/// use logit::persist::Record;
///
/// let record = Record::new("interval")
///     .with_number("width", 2.5)
///     .with_array("ends", &[0.0f32, 2.5]);
/// let (width, ends) = record.open("interval")?.read(|record| {
///     Ok((record.take_number("width")?, record.take_array::<f32>("ends", 2)?))
/// })?;
/// assert_eq!((width, ends), (2.5, vec![0.0, 2.5]));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Record {
    pub(super) kind: String,
    pub(super) settings: Vec<(String, Setting)>,
    pub(super) arrays: Vec<(String, Array)>,
    pub(super) parts: Vec<(String, Record)>,
    /// The content that cannot be stored, and what to do instead.
    refusal: Option<(&'static str, &'static str)>,
    /// The types as which its parts can be read.
    registry: Registry,
}

/// Records are equal if their contents are equal.
impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        let Record { kind, settings, arrays, parts, refusal: _, registry: _ } = self;
        (kind, settings) == (&other.kind, &other.settings) && (arrays, parts) == (&other.arrays, &other.parts)
    }
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Setting {
    Flag(bool),
    Count(u64),
    Number(f64),
    Text(String),
}

/// An array of numbers. The product of the lengths in its shape is the number of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    pub(super) numbers: Stored,
}

/// The name of the array of column names.
const FEATURE_NAMES: &str = "feature_names";

impl Record {
    /// Creates an empty record of this kind.
    pub fn new(kind: &str) -> Self {
        Record::of(kind.to_owned(), vec![], vec![], vec![])
    }

    pub(super) fn of(
        kind: String,
        settings: Vec<(String, Setting)>,
        arrays: Vec<(String, Array)>,
        parts: Vec<(String, Record)>,
    ) -> Self {
        Record { kind, settings, arrays, parts, refusal: None, registry: Registry::standard() }
    }

    /// Returns whether a text is a valid name.
    pub(super) fn is_name(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    /// Returns the kind of the record.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Adds a setting that is a finite number.
    pub fn with_number(self, name: &str, number: f64) -> Self {
        self.with_setting(name, Setting::Number(number))
    }

    /// Adds a setting that is a count.
    pub fn with_count(self, name: &str, count: usize) -> Self {
        self.with_setting(name, Setting::Count(count as u64))
    }

    /// Adds a setting that is a 64-bit integer, such as a seed.
    pub fn with_integer(self, name: &str, integer: u64) -> Self {
        self.with_setting(name, Setting::Count(integer))
    }

    /// Adds a setting that is true or false.
    pub fn with_flag(self, name: &str, flag: bool) -> Self {
        self.with_setting(name, Setting::Flag(flag))
    }

    /// Adds a setting that is a short text. Use [`with_texts`](Record::with_texts) for long texts.
    pub fn with_text(self, name: &str, text: &str) -> Self {
        self.with_setting(name, Setting::Text(text.to_owned()))
    }

    fn with_setting(mut self, name: &str, setting: Setting) -> Self {
        self.settings.push((name.to_owned(), setting));
        self
    }

    /// Adds an array of numbers.
    pub fn with_array<T: Real>(self, name: &str, array: &[T]) -> Self {
        self.with_stored(name, vec![array.len()], T::store(array.to_vec()))
    }

    /// Adds a number that may be absent or not finite, as an array of length one or zero.
    pub fn with_optional(self, name: &str, number: Option<f64>) -> Self {
        let array: Vec<f64> = number.into_iter().collect();
        self.with_array(name, &array)
    }

    /// Adds an array of counts.
    pub fn with_counts(self, name: &str, counts: &[usize]) -> Self {
        let array = counts.iter().map(|&count| count as u64).collect();
        self.with_stored(name, vec![counts.len()], u64::store(array))
    }

    /// Adds a matrix, in column-major order. Readers that expect row-major order, such as NumPy, see the
    /// transpose: coefficients d x K become an array K x d.
    pub fn with_matrix<T: Real>(self, name: &str, matrix: &DMatrix<T>) -> Self {
        let shape = vec![matrix.ncols(), matrix.nrows()];
        self.with_stored(name, shape, T::store(matrix.as_slice().to_vec()))
    }

    /// Adds texts as two arrays: their bytes in UTF-8 under `name`, and their lengths in bytes under
    /// `{name}_lengths`.
    pub fn with_texts<S: AsRef<str>>(self, name: &str, texts: &[S]) -> Self {
        let bytes: Vec<u8> = texts.iter().flat_map(|text| text.as_ref().bytes()).collect();
        let lengths: Vec<usize> = texts.iter().map(|text| text.as_ref().len()).collect();
        let count = bytes.len();
        self.with_stored(name, vec![count], u8::store(bytes)).with_counts(&lengths_of(name), &lengths)
    }

    /// Adds the names of the columns that a model was fitted on, if they are known, as the texts
    /// `feature_names`.
    pub fn with_feature_names(self, names: Option<&[String]>) -> Self {
        match names {
            Some(names) => self.with_texts(FEATURE_NAMES, names),
            None => self,
        }
    }

    /// Adds a value as a part.
    pub fn with<P: Persist>(self, name: &str, value: &P) -> Self {
        self.with_part(name, value.to_record())
    }

    /// Adds values as the parts `{name}_0`, `{name}_1` and so on.
    pub fn with_all<'a, P: Persist + 'a>(self, name: &str, values: impl IntoIterator<Item = &'a P>) -> Self {
        values
            .into_iter()
            .enumerate()
            .fold(self, |record, (index, value)| record.with(&numbered(name, index), value))
    }

    /// Adds a record as a part.
    pub fn with_part(mut self, name: &str, part: Record) -> Self {
        self.parts.push((name.to_owned(), part));
        self
    }

    /// Marks the record, and all records that contain it, as impossible to store.
    pub(crate) fn refused(mut self, what: &'static str, instead: &'static str) -> Self {
        self.refusal = Some((what, instead));
        self
    }

    /// Returns the content of the record or its parts that cannot be stored, and what to do instead.
    pub(super) fn refusal(&self) -> Option<(&'static str, &'static str)> {
        self.refusal.or_else(|| self.parts.iter().find_map(|(_, part)| part.refusal()))
    }

    /// Adds numbers of any type, finite or not.
    pub(crate) fn with_numbers<E: Element>(self, name: &str, numbers: Vec<E>) -> Self {
        self.with_stored(name, vec![numbers.len()], E::store(numbers))
    }

    fn with_stored(mut self, name: &str, shape: Vec<usize>, numbers: Stored) -> Self {
        self.arrays.push((name.to_owned(), Array { shape, numbers }));
        self
    }
}

/// Methods that read a record.
///
/// # Errors
/// All of these methods return [`Error::InvalidFile`] if the entry is missing, has another type or size, or
/// is not finite although it must be.
impl Record {
    /// Checks the kind of the record, and returns the record.
    pub fn open(self, kind: &str) -> Result<Self, Error> {
        if self.kind == kind {
            return Ok(self);
        }
        Err(invalid(format!("it contains `{}` where `{kind}` is expected", self.kind)))
    }

    /// Takes out a finite number.
    pub fn take_number(&mut self, name: &str) -> Result<f64, Error> {
        match self.take_setting(name)? {
            Setting::Number(number) if number.is_finite() => Ok(number),
            other => Err(self.unexpected(name, &other, "a finite number")),
        }
    }

    /// Takes out a count.
    pub fn take_count(&mut self, name: &str) -> Result<usize, Error> {
        let count = self.take_integer(name)?;
        usize::try_from(count)
            .map_err(|_| invalid(format!("`{name}` is {count}, too large for this machine")))
    }

    /// Takes out a 64-bit integer.
    pub fn take_integer(&mut self, name: &str) -> Result<u64, Error> {
        match self.take_setting(name)? {
            Setting::Count(count) => Ok(count),
            other => Err(self.unexpected(name, &other, "a count")),
        }
    }

    /// Takes out a setting that is true or false.
    pub fn take_flag(&mut self, name: &str) -> Result<bool, Error> {
        match self.take_setting(name)? {
            Setting::Flag(flag) => Ok(flag),
            other => Err(self.unexpected(name, &other, "true or false")),
        }
    }

    /// Takes out a short text.
    pub fn take_text(&mut self, name: &str) -> Result<String, Error> {
        match self.take_setting(name)? {
            Setting::Text(text) => Ok(text),
            other => Err(self.unexpected(name, &other, "a text")),
        }
    }

    fn take_setting(&mut self, name: &str) -> Result<Setting, Error> {
        take(&mut self.settings, name).ok_or_else(|| self.missing("setting", name))
    }

    fn unexpected(&self, name: &str, found: &Setting, wanted: &str) -> Error {
        invalid(format!("`{name}` of its `{}` is {found:?}, expected {wanted}", self.kind))
    }

    fn missing(&self, what: &str, name: &str) -> Error {
        invalid(format!("its `{}` has no {what} `{name}`", self.kind))
    }

    /// Takes out an array of `length` finite numbers.
    pub fn take_array<T: Real>(&mut self, name: &str, length: usize) -> Result<Vec<T>, Error> {
        let array = self.take_any(name)?;
        self.check_shape(name, &[length], &[array.len()])?;
        finite(name, array)
    }

    /// Takes out an array of finite numbers of any length.
    pub fn take_vector<T: Real>(&mut self, name: &str) -> Result<Vec<T>, Error> {
        let array = self.take_any(name)?;
        finite(name, array)
    }

    /// Takes out an array that may hold infinities and NaN.
    pub fn take_any<T: Real>(&mut self, name: &str) -> Result<Vec<T>, Error> {
        self.take_numbers(name)
    }

    /// Takes out a number that may be absent or not finite.
    pub fn take_optional(&mut self, name: &str) -> Result<Option<f64>, Error> {
        match self.take_any::<f64>(name)?.as_slice() {
            [] => Ok(None),
            &[number] => Ok(Some(number)),
            more => Err(invalid(format!("`{name}` has {} entries, expected at most one", more.len()))),
        }
    }

    /// Takes out an array of counts.
    pub fn take_counts(&mut self, name: &str) -> Result<Vec<usize>, Error> {
        let counts: Vec<u64> = self.take_numbers(name)?;
        let size = |count: u64| {
            usize::try_from(count)
                .map_err(|_| invalid(format!("`{name}` holds {count}, too large for this machine")))
        };
        counts.into_iter().map(size).collect()
    }

    /// Takes out a matrix of finite numbers of any size.
    pub fn take_matrix<T: Real>(&mut self, name: &str) -> Result<DMatrix<T>, Error> {
        let matrix = self.take_any_matrix(name)?;
        if all_finite(matrix.as_slice()) { Ok(matrix) } else { Err(not_finite(name)) }
    }

    /// Takes out a matrix of any size that may hold infinities and NaN.
    pub(super) fn take_any_matrix<T: Real>(&mut self, name: &str) -> Result<DMatrix<T>, Error> {
        let (shape, array) = self.take_stored(name)?;
        match shape.as_slice() {
            &[columns, rows] => Ok(DMatrix::from_vec(rows, columns, array)),
            _ => Err(invalid(format!("array `{name}` has the shape {shape:?}, expected two dimensions"))),
        }
    }

    /// Takes out `count` texts.
    pub fn take_texts(&mut self, name: &str, count: usize) -> Result<Vec<String>, Error> {
        let lengths = self.take_counts(&lengths_of(name))?;
        self.check_shape(&lengths_of(name), &[count], &[lengths.len()])?;
        let bytes: Vec<u8> = self.take_numbers(name)?;
        let mut rest = bytes.as_slice();
        let mut texts = Vec::with_capacity(count);
        for length in lengths {
            let Some((text, after)) = rest.split_at_checked(length) else {
                return Err(invalid(format!("array `{name}` is shorter than the texts in it")));
            };
            let text = std::str::from_utf8(text);
            texts.push(
                text.map_err(|error| invalid(format!("array `{name}` is not valid text: {error}")))?
                    .to_owned(),
            );
            rest = after;
        }
        if rest.is_empty() {
            Ok(texts)
        } else {
            Err(invalid(format!("array `{name}` is longer than the texts in it")))
        }
    }

    /// Takes out the names of the columns that a model was fitted on, one for each of `columns`, if the
    /// record has them.
    pub fn take_feature_names(&mut self, columns: usize) -> Result<Option<Vec<String>>, Error> {
        let stored = self.arrays.iter().any(|(name, _)| name == FEATURE_NAMES);
        stored.then(|| self.take_texts(FEATURE_NAMES, columns)).transpose()
    }

    /// Takes out numbers of any type, finite or not.
    pub(crate) fn take_numbers<E: Element>(&mut self, name: &str) -> Result<Vec<E>, Error> {
        let (shape, numbers) = self.take_stored::<E>(name)?;
        self.check_shape(name, &[numbers.len()], &shape).map(|()| numbers)
    }

    /// Takes out `length` numbers of any type, finite or not.
    pub(crate) fn take_column<E: Element>(&mut self, name: &str, length: usize) -> Result<Vec<E>, Error> {
        let (shape, numbers) = self.take_stored::<E>(name)?;
        self.check_shape(name, &[length], &shape).map(|()| numbers)
    }

    /// Reads the whole record with `read`, and checks that nothing is left in it. Other errors of `read`,
    /// such as those of constructors, become [`Error::InvalidFile`].
    pub fn read<M>(mut self, read: impl FnOnce(&mut Self) -> Result<M, Error>) -> Result<M, Error> {
        let value = read(&mut self).map_err(|error| match error {
            Error::InvalidFile { .. } => error,
            other => invalid(other.to_string()),
        })?;
        self.finish().map(|()| value)
    }

    /// Takes out a part and reads it as a value.
    pub fn take<P: Persist>(&mut self, name: &str) -> Result<P, Error> {
        P::from_record(self.take_part(name)?)
    }

    /// Takes out the `count` parts `{name}_0`, `{name}_1` and so on, and reads them as values.
    pub fn take_all<P: Persist>(&mut self, name: &str, count: usize) -> Result<Vec<P>, Error> {
        // Memory is not reserved, because the count is not trusted.
        let mut values = Vec::new();
        for index in 0..count {
            values.push(self.take(&numbered(name, index))?);
        }
        Ok(values)
    }

    /// Takes out a part as a record.
    pub fn take_part(&mut self, name: &str) -> Result<Record, Error> {
        self.take_optional_part(name).ok_or_else(|| self.missing("part", name))
    }

    /// Returns all parts with their names, and checks that the record has no other entries.
    pub(super) fn into_parts(mut self) -> Result<Vec<(String, Record)>, Error> {
        let parts = std::mem::take(&mut self.parts);
        let registry = self.registry.clone();
        self.finish()?;
        Ok(parts.into_iter().map(|(name, part)| (name, part.with_registry(&registry))).collect())
    }

    /// Takes out a part as a record, or returns `None` if it is missing.
    pub fn take_optional_part(&mut self, name: &str) -> Option<Record> {
        take(&mut self.parts, name).map(|part| part.with_registry(&self.registry))
    }

    /// Returns the registry for the types of its parts.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(super) fn with_registry(self, registry: &Registry) -> Self {
        Record { registry: registry.clone(), ..self }
    }

    /// Checks that no entries are left.
    pub fn finish(self) -> Result<(), Error> {
        let names = self.settings.iter().map(|(name, _)| name);
        let names = names.chain(self.arrays.iter().map(|(name, _)| name));
        match names.chain(self.parts.iter().map(|(name, _)| name)).next() {
            Some(name) => Err(invalid(format!("its `{}` has an unexpected entry `{name}`", self.kind))),
            None => Ok(()),
        }
    }

    fn take_stored<T: Element>(&mut self, name: &str) -> Result<(Vec<usize>, Vec<T>), Error> {
        let Array { shape, numbers } =
            take(&mut self.arrays, name).ok_or_else(|| self.missing("array", name))?;
        let wrong = |stored: Stored| {
            let (found, expected) = (stored.values().kind(), T::KIND);
            let instead = match (found, expected) {
                (Kind::F64, Kind::F32) => ": load it with `f64` as the number type",
                (Kind::F32, Kind::F64) => ": load it with `f32` as the number type",
                _ => "",
            };
            invalid(format!("array `{name}` has the type {found}, expected {expected}{instead}"))
        };
        Ok((shape, T::unstore(numbers).map_err(wrong)?))
    }

    fn check_shape(&self, name: &str, wanted: &[usize], found: &[usize]) -> Result<(), Error> {
        if wanted == found {
            return Ok(());
        }
        let kind = &self.kind;
        Err(invalid(format!("array `{name}` of its `{kind}` has the shape {found:?}, expected {wanted:?}")))
    }
}

/// Returns the name of the part with this index among parts of the same name.
fn numbered(name: &str, index: usize) -> String {
    format!("{name}_{index}")
}

fn lengths_of(name: &str) -> String {
    format!("{name}_lengths")
}

fn take<V>(entries: &mut Vec<(String, V)>, name: &str) -> Option<V> {
    let at = entries.iter().position(|(found, _)| found == name)?;
    Some(entries.remove(at).1)
}

fn finite<T: Real>(name: &str, array: Vec<T>) -> Result<Vec<T>, Error> {
    if all_finite(&array) { Ok(array) } else { Err(not_finite(name)) }
}

fn not_finite(name: &str) -> Error {
    invalid(format!("array `{name}` is not finite"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_equal_if_all_of_their_contents_are() {
        let record = |kind: &str, rows: usize, values: &[f64], part: &str| {
            let record = Record::new(kind).with_count("rows", rows).with_array("values", values);
            record.with_part("part", Record::new(part))
        };
        let one = record("model", 3, &[1.0, 2.0], "inner");
        assert_eq!(one, record("model", 3, &[1.0, 2.0], "inner"));
        assert_ne!(one, record("other", 3, &[1.0, 2.0], "inner"));
        assert_ne!(one, record("model", 4, &[1.0, 2.0], "inner"));
        assert_ne!(one, record("model", 3, &[1.0, 2.5], "inner"));
        assert_ne!(one, record("model", 3, &[1.0, 2.0], "another"));
    }
}
