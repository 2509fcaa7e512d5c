//! Reading reference numbers.

use logit::nalgebra::DMatrix;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

/// Parses a file of reference numbers.
pub(crate) fn read<D: DeserializeOwned>(text: &str) -> D {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("reference numbers: {error}"))
}

/// A number, for which the strings "inf", "-inf" and "nan" may stand: JSON has no such numbers.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Finite(f64),
        Named(String),
    }
    match Number::deserialize(deserializer)? {
        Number::Finite(value) => Ok(value),
        Number::Named(name) => match name.as_str() {
            "inf" => Ok(f64::INFINITY),
            "-inf" => Ok(f64::NEG_INFINITY),
            "nan" => Ok(f64::NAN),
            _ => Err(D::Error::custom(format!("{name} is not a number"))),
        },
    }
}

/// The matrix with these rows.
pub(crate) fn matrix(rows: &[Vec<f64>]) -> DMatrix<f64> {
    let columns = rows.first().map_or(0, Vec::len);
    assert!(rows.iter().all(|row| row.len() == columns), "rows of different lengths");
    DMatrix::from_fn(rows.len(), columns, |row, column| rows[row][column])
}

#[test]
fn names_stand_for_numbers_that_json_lacks() {
    #[derive(Deserialize)]
    struct Value(#[serde(deserialize_with = "number")] f64);
    let values: Vec<Value> = read(r#"["inf", "-inf", "nan", -2.5e-3, 7]"#);
    assert_eq!(values[0].0, f64::INFINITY);
    assert_eq!(values[1].0, f64::NEG_INFINITY);
    assert!(values[2].0.is_nan());
    assert_eq!([values[3].0, values[4].0], [-0.0025, 7.0]);
    assert!(serde_json::from_str::<Value>(r#""one""#).is_err());
}

#[test]
fn numbers_are_read_to_the_last_bit() {
    // Numbers of the files that serde_json reads a unit off without its feature `float_roundtrip`.
    for text in
        ["2.5000000000000001e-09", "-0.39999999750000004", "1.8995941485642946", "-0.11482958303896293"]
    {
        assert_eq!(Ok(read::<f64>(text)), text.parse(), "{text}");
    }
}
