//! Damaged files: a typed error that says why, and never a panic or much memory.

use logit::{Error, Persist};
use serde_json::{Value, json};

use super::file_parts::{Parts, header, with_header};
use super::kit::small;

/// What memory a reader may take besides twice the bytes.
const ROOM: usize = 1 << 20;

/// What comes of reading, for little memory.
fn read<M: Persist>(_like: &M, bytes: &[u8]) -> Result<M, Error> {
    let mut result = None;
    let taken = allocation_counter::measure(|| result = Some(M::from_bytes(bytes))).bytes_max;
    assert!(taken as usize <= 2 * bytes.len() + ROOM, "{taken} bytes taken for {} bytes", bytes.len());
    result.expect("a result")
}

fn refused(bytes: &[u8]) -> String {
    match read(&small(), bytes) {
        Err(error @ Error::InvalidFile { .. }) => error.to_string(),
        Err(other) => panic!("not the error of a file: {other}"),
        Ok(model) => panic!("{model:?}"),
    }
}

fn saved() -> Vec<u8> {
    small().to_bytes().expect("bytes")
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = saved();
    for length in 0..bytes.len() {
        refused(&bytes[..length]);
    }
    refused(&[&bytes[..], b"\0"].concat());
}

#[test]
fn a_file_with_any_bit_flipped_is_refused() {
    let mut bytes = saved();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            refused(&bytes);
            bytes[at] ^= 1 << bit;
        }
    }
}

/// Every array with each of its numbers replaced, under a checksum that fits: refused, or a model that works.
#[test]
fn no_number_in_an_array_makes_a_model_that_fails() {
    let parts = Parts::of(&saved());
    let mut kept = 0;
    for index in 0..parts.arrays.len() {
        let size = match parts.arrays[index].dtype.as_str() {
            "U8" => 1,
            _ => 8,
        };
        let lies: [[u8; 8]; 7] = [
            f64::NAN.to_le_bytes(),
            f64::INFINITY.to_le_bytes(),
            (-1.0f64).to_le_bytes(),
            0f64.to_le_bytes(),
            u64::MAX.to_le_bytes(),
            (1u64 << 40).to_le_bytes(),
            1u64.to_le_bytes(),
        ];
        for at in 0..parts.arrays[index].bytes.len() / size {
            for lie in lies {
                let mut changed = parts.clone();
                changed.arrays[index].bytes[at * size..(at + 1) * size].copy_from_slice(&lie[..size]);
                match read(&small(), &changed.bytes()) {
                    Ok(model) => {
                        kept += 1;
                        works(&model);
                    }
                    Err(Error::InvalidFile { .. }) => {}
                    Err(other) => panic!("{}: {other}", parts.arrays[index].name),
                }
            }
        }
    }
    assert!(kept > 0, "notes and reports may say anything");
}

fn works(model: &(impl Persist<Scalar = f64> + logit::Classifier<f64>)) {
    let x = logit::nalgebra::dmatrix![0.5, -1.0; 1e3, 2.0];
    match model.predict_proba(&x) {
        Ok(p) => assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{p}"),
        Err(Error::Overflow { .. }) => {}
        Err(other) => panic!("{other}"),
    }
}

/// Every place in the description of a file.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    if let Value::Object(entries) = value {
        entries.iter().for_each(|(key, value)| places(value, &format!("{path}/{key}"), found));
    }
}

#[test]
fn no_lie_in_the_description_makes_a_model_that_fails() {
    let parts = Parts::of(&saved());
    let mut found = Vec::new();
    places(&parts.description, "", &mut found);
    assert!(found.len() > 20, "{found:?}");
    let lies = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(u64::MAX),
        json!(-1),
        json!(0.5),
        json!(1e308),
        json!("pipeline"),
        json!("logistic regression"),
        json!("string"),
        json!(""),
        json!([]),
        json!({}),
        json!({ "kind": "chain" }),
        json!({ "a": { "kind": "b" } }),
    ];
    for path in &found {
        for lie in &lies {
            let mut changed = parts.clone();
            let at = changed.description.pointer_mut(path).expect("a place");
            if at == lie {
                continue;
            }
            *at = lie.clone();
            match read(&small(), &changed.bytes()) {
                // Which version wrote it, and what the report says, are nobody's business.
                Ok(model) => {
                    works(&model);
                    assert!(
                        path.contains("written_by") || path.contains("report") || path.contains("objective"),
                        "{path} = {lie}"
                    );
                }
                Err(Error::InvalidFile { .. }) => {}
                Err(other) => panic!("{path} = {lie}: {other}"),
            }
        }
        // Gone, and twice.
        let (parent, key) = path.rsplit_once('/').unwrap_or(("", ""));
        let mut changed = parts.clone();
        if let Some(Value::Object(entries)) = changed.description.pointer_mut(parent)
            && entries.remove(key).is_some()
        {
            refused(&changed.bytes());
        }
    }
}

#[test]
fn arrays_that_are_missing_or_of_no_use_are_refused() {
    let parts = Parts::of(&saved());
    for index in 0..parts.arrays.len() {
        let name = &parts.arrays[index].name;
        let mut without = parts.clone();
        without.arrays.remove(index);
        refused(&without.bytes());
        for other in ["extra", "model.extra", "model.steps.mean.x", "nowhere.mean", "", ".", "model..mean"] {
            let mut with = parts.clone();
            with.arrays[index].name = other.to_owned();
            assert!(!refused(&with.bytes()).is_empty(), "{name} as {other}");
            let mut copy = parts.clone();
            let mut array = copy.arrays[index].clone();
            array.name = other.to_owned();
            copy.arrays.push(array);
            refused(&copy.bytes());
        }
        let mut longer = parts.clone();
        let array = &mut longer.arrays[index];
        if array.shape.len() == 1 && name != "model.classifier.report.objective_curve" {
            let size = if array.dtype == "U8" { 1 } else { 8 };
            array.bytes.extend(vec![0; size]);
            array.shape[0] += 1;
            match read(&small(), &longer.bytes()) {
                Ok(_) => assert!(name.contains("report"), "{name}"),
                Err(error) => assert!(matches!(error, Error::InvalidFile { .. }), "{error}"),
            }
        }
    }
}

#[test]
fn headers_that_lie_are_refused() {
    let bytes = saved();
    let (text, _) = header(&bytes);
    for (from, to) in [
        ("logit model", "logit checkpoint"),
        ("\"version\":\"1.0\"", "\"version\":\"2.0\""),
        ("\"version\":\"1.0\"", "\"version\":\"0.9\""),
        ("\"version\":\"1.0\"", "\"version\":\"1\""),
        ("\"F64\"", "\"F32\""),
        ("\"F64\"", "\"F16\""),
        ("\"shape\":[2]", "\"shape\":[4294967296,4294967296]"),
        ("\"shape\":[2]", "\"shape\":[18446744073709551615]"),
        ("\"kind", "\"kinds"),
    ] {
        let from_escaped = if text.contains(from) { from.to_owned() } else { from.replace('"', "\\\"") };
        assert!(text.contains(&from_escaped), "{from}");
        refused(&with_header(
            &bytes,
            &text.replacen(
                &from_escaped,
                &to.replace('"', if from_escaped == from { "\"" } else { "\\\"" }),
                1,
            ),
        ));
    }
    let newer = text.replacen("\"version\":\"1.0\"", "\"version\":\"1.7\"", 1);
    assert!(
        read(&small(), &with_header(&bytes, &newer)).is_ok(),
        "a newer minor version with nothing new in it"
    );
}
