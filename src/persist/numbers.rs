//! The arrays of records in human-readable formats.
//!
//! An array is `{"F64": {"shape": [2], "numbers": [0.5, "inf"]}}`: its type, its lengths and its numbers.
//! Words stand for infinities and NaN, which such formats lack. Bytes that are a text are
//! `{"Text": "a text"}`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::ser::{Serialize, Serializer};

use super::record::Array;
use crate::scalar::{Element, Stored};

/// An array to serialise.
pub(super) struct WrittenArray<'a>(pub(super) &'a Array);

#[derive(serde::Serialize)]
struct Table<'a, N> {
    shape: &'a [usize],
    numbers: N,
}

impl Serialize for WrittenArray<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Array { shape, numbers } = self.0;
        let (name, index) = ("Array", 0);
        match numbers {
            Stored::F32(numbers) => {
                // Numbers are written as `f64`, so that reading rounds only once.
                let numbers = Floats(numbers.iter().map(|&number| f64::from(number)));
                serializer.serialize_newtype_variant(name, index, "F32", &Table { shape, numbers })
            }
            Stored::F64(numbers) => {
                let numbers = Floats(numbers.iter().copied());
                serializer.serialize_newtype_variant(name, index + 1, "F64", &Table { shape, numbers })
            }
            Stored::U64(numbers) => {
                serializer.serialize_newtype_variant(name, index + 2, "U64", &Table { shape, numbers })
            }
            Stored::U8(numbers) => match text(shape, numbers) {
                Some(text) => serializer.serialize_newtype_variant(name, index + 3, "Text", text),
                None => {
                    serializer.serialize_newtype_variant(name, index + 4, "U8", &Table { shape, numbers })
                }
            },
        }
    }
}

/// Returns the bytes as a text, if it is printable.
fn text<'a>(shape: &[usize], bytes: &'a [u8]) -> Option<&'a str> {
    let text = std::str::from_utf8(bytes).ok()?;
    (shape == [bytes.len()] && !text.chars().any(|c| c.is_control() && c != '\n')).then_some(text)
}

/// A sequence of numbers, with words for infinities and NaN.
struct Floats<I>(I);

impl<I: Iterator<Item = f64> + Clone> Serialize for Floats<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone().map(Float))
    }
}

/// A number of a human-readable format.
#[derive(Clone, Copy)]
pub(crate) struct Float(pub(crate) f64);

/// The words for infinities and NaN. The sign of NaN has no meaning, but it differs between processors.
const WORDS: [(&str, f64); 4] =
    [("inf", f64::INFINITY), ("-inf", f64::NEG_INFINITY), ("NaN", f64::NAN), ("-NaN", -f64::NAN)];

impl Serialize for Float {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Float(number) = *self;
        let alike = |word: f64| {
            word.is_nan() == number.is_nan() && word.is_sign_negative() == number.is_sign_negative()
        };
        match WORDS.iter().find(|(_, word)| !number.is_finite() && alike(*word)) {
            Some((word, _)) => serializer.serialize_str(word),
            None => serializer.serialize_f64(number),
        }
    }
}

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Float;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, `inf`, `-inf` or `NaN`")
            }
            fn visit_f64<E>(self, number: f64) -> Result<Float, E> {
                Ok(Float(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Float, E> {
                Ok(Float(number as f64))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Float, E> {
                Ok(Float(number as f64))
            }
            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Float, E> {
                let found = WORDS.iter().find(|(known, _)| *known == word);
                found
                    .map(|&(_, number)| Float(number))
                    .ok_or_else(|| E::custom(format!("`{word}` is not a number")))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

#[derive(serde::Deserialize)]
#[serde(rename = "Array")]
enum Read {
    F32(ReadTable<Float>),
    F64(ReadTable<Float>),
    U64(ReadTable<u64>),
    Text(String),
    U8(ReadTable<u8>),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadTable<N> {
    shape: Vec<usize>,
    numbers: Vec<N>,
}

impl<'de> Deserialize<'de> for Array {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let array = match Read::deserialize(deserializer)? {
            Read::F32(ReadTable { shape, numbers }) => {
                Array { shape, numbers: f32::store(single(numbers).map_err(D::Error::custom)?) }
            }
            Read::F64(ReadTable { shape, numbers }) => Array {
                shape,
                numbers: f64::store(numbers.into_iter().map(|Float(number)| number).collect()),
            },
            Read::U64(ReadTable { shape, numbers }) => Array { shape, numbers: u64::store(numbers) },
            Read::Text(text) => Array { shape: vec![text.len()], numbers: u8::store(text.into_bytes()) },
            Read::U8(ReadTable { shape, numbers }) => Array { shape, numbers: u8::store(numbers) },
        };
        let (shape, count) = (&array.shape, array.numbers.values().count());
        let wanted = shape.iter().try_fold(1, |product: usize, &length| product.checked_mul(length));
        if wanted == Some(count) && shape.len() <= 2 {
            return Ok(array);
        }
        Err(D::Error::custom(format!("an array of {count} numbers declares the shape {shape:?}")))
    }
}

/// Rounds numbers to `f32`.
///
/// # Errors
/// Returns a message if a number is outside the range of `f32`.
fn single(numbers: Vec<Float>) -> Result<Vec<f32>, String> {
    let rounded = |Float(number): Float| {
        let rounded = number as f32;
        let fits = rounded.is_finite() || !number.is_finite();
        fits.then_some(rounded).ok_or_else(|| format!("{number} is beyond the range of `f32`"))
    };
    numbers.into_iter().map(rounded).collect()
}
