//! Damaged files give a typed error with the reason, and never a panic or high memory use.

use std::collections::BTreeSet;

use logit::Error;
use logit::prelude::*;
use serde_json::{Value, json};

use super::kit::{Subject, classifiers, everything, others, small};
use crate::common::file_parts::{Array, Parts, header, with_header};

/// The memory that a reader may take besides twice the bytes.
const ROOM: usize = 1 << 20;

/// The result of reading, checked to take little memory.
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

/// The same for a value of whatever type.
fn read_subject(subject: &dyn Subject, bytes: &[u8]) -> Result<Box<dyn Subject>, Error> {
    let mut result = None;
    let taken = allocation_counter::measure(|| result = Some(subject.read(bytes))).bytes_max;
    assert!(taken as usize <= 2 * bytes.len() + ROOM, "{taken} bytes taken for {} bytes", bytes.len());
    result.expect("a result")
}

/// A model that was damaged and loads nevertheless predicts probabilities or refuses to, and can be saved.
fn works(name: &str, model: &dyn Subject) {
    if let Some(Ok((scores, probabilities, ..))) = model.predict(3) {
        assert!(!scores.iter().any(|&z| f64::from_bits(z).is_nan()), "{name}");
        assert!(probabilities.iter().all(|&p| (0.0..=1.0).contains(&f64::from_bits(p))), "{name}");
    }
    let bytes = model.to_bytes().expect(name);
    let again = model.read(&bytes).unwrap_or_else(|error| panic!("{name} is saved, but: {error}"));
    assert_eq!(again.to_bytes().expect(name), bytes, "{name}");
}

#[track_caller]
fn refuses(name: &str, subject: &dyn Subject, bytes: &[u8]) {
    match read_subject(subject, bytes) {
        Err(Error::InvalidFile { .. }) => {}
        Err(other) => panic!("{name}: {other}"),
        Ok(read) => panic!("{name}: {}", read.debug()),
    }
}

#[test]
fn every_file_that_is_cut_or_has_a_bit_flipped_is_refused() {
    for (name, subject) in everything() {
        let mut bytes = subject.to_bytes().expect(&name);
        for length in 0..bytes.len() {
            refuses(&name, &*subject, &bytes[..length]);
        }
        // All bits of a small file are flipped elsewhere.
        for at in (0..bytes.len()).step_by(3) {
            bytes[at] ^= 1 << (at % 8);
            refuses(&name, &*subject, &bytes);
            bytes[at] ^= 1 << (at % 8);
        }
        assert!(subject.read(&bytes).is_ok());
    }
}

/// The size of a number in bytes.
fn size(array: &Array) -> usize {
    match array.dtype.as_str() {
        "U8" => 1,
        "F32" => 4,
        _ => 8,
    }
}

const LIES: [f64; 7] = [f64::NAN, f64::INFINITY, -1.0, -0.0, 5e-324, f64::MAX, 0.1];

/// Numbers of an array replaced, under a checksum that fits: refused, or a value that works and keeps them to
/// the bit.
#[test]
fn no_number_in_an_array_makes_a_model_that_fails() {
    let mut kept = 0;
    for (name, subject) in everything() {
        let parts = Parts::of(&subject.to_bytes().expect(&name));
        for (index, array) in parts.arrays.iter().enumerate() {
            let size = size(array);
            let count = array.bytes.len() / size;
            let places: BTreeSet<usize> = [0, count / 2, count.saturating_sub(1)].into_iter().collect();
            let lies: Vec<Vec<u8>> = match array.dtype.as_str() {
                "F64" => LIES.iter().map(|lie| lie.to_le_bytes().to_vec()).collect(),
                "F32" => LIES.iter().map(|&lie| (lie as f32).to_le_bytes().to_vec()).collect(),
                "U64" => {
                    let lies: [u64; 5] = [0, 1, 2, 1 << 40, u64::MAX];
                    lies.iter().map(|lie| lie.to_le_bytes().to_vec()).collect()
                }
                _ => [0, 1, b'9', 0xFF].iter().map(|&lie| vec![lie]).collect(),
            };
            for at in places.into_iter().filter(|&at| at < count) {
                for lie in &lies {
                    let mut changed = parts.clone();
                    changed.arrays[index].bytes[at * size..(at + 1) * size].copy_from_slice(lie);
                    match read_subject(&*subject, &changed.bytes()) {
                        Ok(read) => {
                            kept += 1;
                            works(&name, &*read);
                            let mut saved = Parts::of(&read.to_bytes().expect(&name));
                            // Golden rows are chosen anew.
                            let chosen = array.name.starts_with("golden.") || array.name == "checksum";
                            let same =
                                chosen || saved.array(&array.name).bytes == changed.arrays[index].bytes;
                            assert!(same, "{name}: {}", array.name);
                        }
                        Err(Error::InvalidFile { .. }) => {}
                        Err(other) => panic!("{name}, {}: {other}", array.name),
                    }
                }
            }
        }
    }
    assert!(kept > 1000, "{kept}");
}

/// Every place in the description of a file.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    if let Value::Object(entries) = value {
        entries.iter().for_each(|(key, value)| places(value, &format!("{path}/{key}"), found));
    }
}

/// Every place of the description with something else in it: refused, or a value that works.
#[test]
fn no_lie_in_the_description_makes_a_model_that_fails() {
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
        json!(""),
        json!([]),
        json!({}),
        json!({ "kind": "chain" }),
    ];
    let subjects = others().into_iter().chain(classifiers());
    for (name, subject) in subjects {
        let parts = Parts::of(&subject.to_bytes().expect(&name));
        let mut found = Vec::new();
        places(&parts.description, "", &mut found);
        assert!(found.len() >= 7, "{found:?}");
        for path in &found {
            for lie in &lies {
                let mut changed = parts.clone();
                let at = changed.description.pointer_mut(path).expect("a place");
                if at == lie {
                    continue;
                }
                *at = lie.clone();
                match read_subject(&*subject, &changed.bytes()) {
                    Ok(read) => works(&name, &*read),
                    Err(Error::InvalidFile { .. }) => {}
                    Err(other) => panic!("{name}, {path} = {lie}: {other}"),
                }
            }
            let (parent, key) = path.rsplit_once('/').unwrap_or(("", ""));
            let mut changed = parts.clone();
            if let Some(Value::Object(entries)) = changed.description.pointer_mut(parent)
                && entries.remove(key).is_some()
            {
                refuses(&format!("{name} without {path}"), &*subject, &changed.bytes());
            }
            let mut changed = parts.clone();
            if let Some(Value::Object(entries)) = changed.description.pointer_mut(path) {
                entries.insert("more".into(), json!(1));
                refuses(&format!("{name} with more in {path}"), &*subject, &changed.bytes());
            }
        }
    }
}

/// Arrays that are missing, of another name, type or shape than they should be.
#[test]
fn arrays_of_every_kind_must_be_those_that_are_wanted() {
    for (name, subject) in everything() {
        let parts = Parts::of(&subject.to_bytes().expect(&name));
        for (index, array) in parts.arrays.iter().enumerate() {
            let name = format!("{name}, {}", array.name);
            let changed = |change: &dyn Fn(&mut Array)| {
                let mut changed = parts.clone();
                change(&mut changed.arrays[index]);
                changed.bytes()
            };
            let mut without = parts.clone();
            without.arrays.remove(index);
            refuses(&name, &*subject, &without.bytes());
            refuses(&name, &*subject, &changed(&|array| array.name.push('x')));
            let other = match array.dtype.as_str() {
                "F64" => "U64",
                "U64" => "F64",
                "F32" => "I32",
                _ => "I8",
            };
            refuses(&name, &*subject, &changed(&|array| array.dtype = other.to_owned()));
            for lie in [vec![1 << 32, 1 << 32], vec![1 << 63, 2], vec![u64::MAX], vec![u64::MAX, 2]] {
                refuses(&name, &*subject, &changed(&|array| array.shape.clone_from(&lie)));
            }
            refuses(&name, &*subject, &changed(&|array| array.shape.extend([1, 1])));
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
        ("logit model", "logit models"),
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
