//! The values of fields: text, numbers, flags, or missing values.

use std::borrow::Cow;

use super::{Categories, Format};
use crate::column::shown;
use crate::preprocess::{UNKNOWN_CODE, UnknownCategory};

/// A named value of a row, for [`Schema::row`](super::Schema::row).
///
/// Text is read as in a table: it may be a number or a marker of a missing value. Numbers and flags are valid
/// in columns of numbers (`true` is 1), and in columns of categories whose text is the same, such as `3` or
/// `true`.
///
/// ```
/// use logit::data::FieldValue;
///
/// assert_eq!(FieldValue::from(2), FieldValue::Integer(2));
/// assert_eq!(FieldValue::from(None::<f64>), FieldValue::Missing);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FieldValue<'a> {
    /// Text, as in a table.
    Text(Cow<'a, str>),
    /// A number; NaN is a missing value.
    Number(f64),
    /// A whole number.
    Integer(i128),
    /// True or false.
    Flag(bool),
    /// A missing value.
    Missing,
}

impl FieldValue<'_> {
    /// Returns the value of a column of numbers; NaN for a missing value.
    pub(super) fn number(&self, format: &Format) -> Result<f64, String> {
        match self {
            FieldValue::Text(text) if format.is_missing(text.trim()) => Ok(f64::NAN),
            FieldValue::Text(text) => format.number(text.trim()),
            FieldValue::Number(number) if number.is_nan() => format.missing_number(),
            FieldValue::Number(number) if number.is_finite() => Ok(*number),
            FieldValue::Number(number) => Err(format!("{number} is not finite")),
            FieldValue::Integer(number) => Ok(*number as f64),
            FieldValue::Flag(flag) => Ok(f64::from(u8::from(*flag))),
            FieldValue::Missing => format.missing_number(),
        }
    }

    /// Returns the code in a column of categories; NaN for a missing value.
    pub(super) fn code(&self, format: &Format, categories: &Categories, coded: bool) -> Result<f64, String> {
        let of_text = |text: &str| format.code(Some(text), categories, coded);
        match self {
            FieldValue::Text(text) => of_text(text.trim()),
            FieldValue::Number(number) if number.is_nan() => format.code(None, categories, coded),
            FieldValue::Number(number) => of_text(&number.to_string()),
            FieldValue::Integer(number) => of_text(&number.to_string()),
            FieldValue::Flag(flag) => of_text(if *flag { "true" } else { "false" }),
            FieldValue::Missing => format.code(None, categories, coded),
        }
    }
}

impl Format {
    /// Parses a finite number.
    pub(in crate::data) fn number(&self, text: &str) -> Result<f64, String> {
        let found = match self.decimal_comma {
            false => text.parse::<f64>().ok(),
            true if text.contains('.') => None,
            true => text.replacen(',', ".", 1).parse().ok(),
        };
        match found {
            Some(number) if number.is_finite() => Ok(number),
            Some(_) => Err(format!("`{}` is not finite", shown(text))),
            None if text.is_empty() => Err("the field is empty".to_owned()),
            None => Err(format!("`{}` is not a number", shown(text))),
        }
    }

    pub(in crate::data) fn is_missing(&self, text: &str) -> bool {
        self.missing.iter().any(|marker| marker.trim() == text)
    }

    /// Returns NaN if values may be missing, and an error otherwise.
    fn missing_number(&self) -> Result<f64, String> {
        if self.missing.is_empty() {
            return Err(
                "the value is missing, but the schema was learned without `missing` markers".to_owned()
            );
        }
        Ok(f64::NAN)
    }

    /// Returns the code of a category: NaN for a missing value, [`UNKNOWN_CODE`] for an unknown category that
    /// is accepted.
    pub(in crate::data) fn code(
        &self,
        text: Option<&str>,
        categories: &Categories,
        coded: bool,
    ) -> Result<f64, String> {
        let Some(text) = text.filter(|text| !self.is_missing(text)) else {
            return match (coded, self.unknown) {
                (true, _) => self.missing_number(),
                (false, UnknownCategory::Refuse) if !categories.missing => Err(
                    "the value is missing, but the column had no missing values when the schema was learned"
                        .to_owned(),
                ),
                _ => Ok(f64::NAN),
            };
        };
        match (categories.code(text), self.unknown) {
            (Some(code), _) => Ok(code as f64),
            (None, UnknownCategory::Zeros) => Ok(UNKNOWN_CODE),
            (None, UnknownCategory::Refuse) => {
                let known = categories.names.len();
                Err(format!("`{}` is not one of the {known} known categories", shown(text)))
            }
        }
    }
}

/// The marks between thousands in use, and the decimal marks.
#[cfg(feature = "csv")]
const MARKS: [char; 7] = [',', '.', '\'', '_', ' ', '\u{a0}', '\u{202f}'];

/// Returns what to do about a text that is not a number, but would be one with other marks: a decimal comma
/// instead of a point or the reverse, or without marks between thousands.
#[cfg(feature = "csv")]
pub(in crate::data) fn marks(text: &str, decimal_comma: bool) -> Option<&'static str> {
    let is_number = |text: String| text.parse::<f64>().is_ok_and(f64::is_finite);
    let plain = !text.contains('.') && text.matches(',').count() == 1;
    if !decimal_comma && plain && is_number(text.replace(',', ".")) {
        return Some(
            "if the comma is the decimal mark, set `CsvReader::decimal_comma`; if it is between thousands, \
             remove it from the table",
        );
    }
    if decimal_comma && text.parse::<f64>().is_ok_and(f64::is_finite) {
        return Some(
            "the decimal mark is a comma; if the point is between thousands, remove it from the table, else \
             do not set `CsvReader::decimal_comma`",
        );
    }
    let parts: Vec<&str> = text.trim_start_matches(['-', '+']).split(MARKS).collect();
    let [first, thousands @ .., last] = parts.as_slice() else { return None };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let three = |part: &&str| part.len() == 3;
    let grouped = first.len() <= 3 && thousands.iter().all(three) && (!thousands.is_empty() || three(last));
    (grouped && parts.iter().all(|part| digits(part)))
        .then_some("write numbers without marks between thousands")
}

impl<'a> From<&'a str> for FieldValue<'a> {
    fn from(text: &'a str) -> Self {
        FieldValue::Text(text.into())
    }
}

impl<'a> From<&'a String> for FieldValue<'a> {
    fn from(text: &'a String) -> Self {
        FieldValue::Text(text.into())
    }
}

impl From<String> for FieldValue<'_> {
    fn from(text: String) -> Self {
        FieldValue::Text(text.into())
    }
}

impl From<bool> for FieldValue<'_> {
    fn from(flag: bool) -> Self {
        FieldValue::Flag(flag)
    }
}

impl<'a, V: Into<FieldValue<'a>>> From<Option<V>> for FieldValue<'a> {
    fn from(value: Option<V>) -> Self {
        value.map_or(FieldValue::Missing, Into::into)
    }
}

macro_rules! from_numbers {
    ($variant:ident: $($number:ty),*) => {
        $(
            impl From<$number> for FieldValue<'_> {
                fn from(number: $number) -> Self {
                    FieldValue::$variant(number as _)
                }
            }
        )*
    };
}

from_numbers!(Number: f64, f32);
from_numbers!(Integer: i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);
