//! Models through serde: as JSON, and in a binary format.

use std::fs;
use std::path::Path;

use logit::nalgebra::{dmatrix, dvector};
use logit::prelude::*;
use logit::{AnyClassifier, FittedLogistic, ModelFile};
use serde_json::{Value, json};

use super::kit::{Stored, Subject, everything, small};
use crate::common::file_parts::Parts;

/// The memory that a reader may take besides a few times the text.
const ROOM: usize = 1 << 20;

#[test]
fn everything_comes_back_to_the_bit() {
    for (name, subject) in everything() {
        let bytes = subject.to_bytes().expect(&name);
        let same = |loaded: Result<Box<dyn Subject>, String>, way: &str| {
            let loaded = loaded.unwrap_or_else(|error| panic!("{name} by {way}: {error}"));
            assert_eq!(loaded.to_bytes().expect(&name), bytes, "{name} by {way}");
            assert_eq!(loaded.to_text(), subject.to_text(), "{name} by {way}");
        };
        same(subject.read_text(&subject.to_text()), "text");
        // The keys of a value are in another order.
        same(subject.read_json(subject.to_json()), "value");
        same(subject.through_postcard(), "postcard");
    }
}

type Model = FittedLogistic<f64, String>;

fn model() -> Model {
    let coefficients = dmatrix![1.0, -0.0, 5e-324; 0.1, f64::MAX, 3.0];
    let classes = ["", "b\"", "c\n"].map(str::to_owned).to_vec();
    FittedLogistic::from_coefficients(classes, coefficients, dvector![0.5, 0.25, -1.0]).expect("a model")
}

#[test]
fn what_belongs_to_a_model_comes_with_it() {
    let file = ModelFile::new(model()).note("a note").with_part("more", &model()).expect("a part");
    let file = file.golden_rows(&dmatrix![1.0, 0.0]).expect("scores");
    let text = serde_json::to_string(&file).expect("text");
    let loaded: ModelFile<Model> = serde_json::from_str(&text).expect("a file");
    assert_eq!((loaded.note_text(), loaded.model()), ("a note", &model()));
    assert_eq!(loaded.to_bytes(), file.to_bytes());
    assert!(
        text.starts_with(r#"{"format":"logit model","version":"1.0","file":{"kind":"model file""#),
        "{text}"
    );
    let any: AnyClassifier<f64, String> = serde_json::from_str(&text).expect("a classifier");
    assert_eq!(any.kind(), "logistic regression");
}

#[test]
fn models_are_fields_of_other_things() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Service {
        name: String,
        model: Model,
        others: Vec<Model>,
    }
    let service = Service { name: "s".into(), model: model(), others: vec![model(), model()] };
    let text = serde_json::to_string_pretty(&service).expect("text");
    let loaded: Service = serde_json::from_str(&text).expect("a service");
    assert_eq!((loaded.name, loaded.model, loaded.others), (service.name, service.model, service.others));
}

/// The error of reading this as a model, for little memory.
#[track_caller]
fn refused(text: &str) -> String {
    let mut result = None;
    let taken = allocation_counter::measure(|| result = Some(serde_json::from_str::<Model>(text))).bytes_max;
    assert!(taken as usize <= 8 * text.len() + ROOM, "{taken} bytes for {}", text.len());
    result.expect("a result").expect_err("no model").to_string()
}

fn described() -> Value {
    serde_json::to_value(model()).expect("a value")
}

#[test]
fn what_files_refuse_is_refused_here_too() {
    let with = |path: &str, value: Value| {
        let mut changed = described();
        *changed.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = value;
        refused(&changed.to_string())
    };
    let model = "/file/parts/model";
    for (path, value, message) in [
        ("/format", json!("pickle"), "its format is `pickle`, expected `logit model`"),
        ("/version", json!("2.0"), "use a newer version of this library"),
        ("/version", json!("1"), "expected two numbers"),
        ("/version", json!(1.0), "invalid type"),
        ("/file/kind", json!("model"), "expected"),
        (&format!("{model}/kind"), json!("pipeline"), "expected"),
        (&format!("{model}/kind"), json!(null), "invalid type: null"),
        (&format!("{model}/arrays/coefficients/F64/numbers/1"), json!(null), "invalid type: null"),
        (&format!("{model}/arrays/coefficients/F64/numbers/1"), json!("NaN"), "`coefficients` is not finite"),
        (&format!("{model}/arrays/coefficients/F64/numbers/1"), json!("inf"), "`coefficients` is not finite"),
        (&format!("{model}/arrays/coefficients/F64/numbers/1"), json!("1"), "`1` is not a number"),
        (&format!("{model}/arrays/coefficients/F64/numbers"), json!([1.0]), "declares the shape"),
        (&format!("{model}/arrays/coefficients/F64/shape"), json!([4294967296u64, 4294967296u64]), "shape"),
        (&format!("{model}/arrays/coefficients/F64/shape"), json!([u64::MAX, 2]), "shape"),
        (&format!("{model}/arrays/coefficients/F64/shape"), json!([3, 2, 1]), "shape"),
        (&format!("{model}/arrays/coefficients/F64/shape"), json!([6]), "expected two dimensions"),
        (&format!("{model}/arrays/coefficients/F64/shape"), json!([2, 3]), "columns, expected 3"),
        (&format!("{model}/arrays/coefficients"), json!([[], 4294967296u64, 4294967296u64]), "expected"),
        (
            &format!("{model}/arrays/coefficients"),
            json!({"F64": {"shape": [1u64 << 63, 2], "numbers": []}}),
            "shape",
        ),
        (
            &format!("{model}/arrays/coefficients"),
            json!({"F64": {"shape": [1u64 << 32, 0], "numbers": []}}),
            "no rows",
        ),
        (
            &format!("{model}/arrays/coefficients"),
            json!({"F32": {"shape": [3, 2], "numbers": [1, 2, 3, 4, 5, 6]}}),
            "F32, expected F64",
        ),
        (
            &format!("{model}/arrays/coefficients"),
            json!({"F16": {"shape": [3, 2], "numbers": [1]}}),
            "unknown variant",
        ),
        (
            &format!("{model}/arrays/coefficients"),
            json!({"F32": {"shape": [1, 1], "numbers": [1e39]}}),
            "beyond the range",
        ),
        (&format!("{model}/arrays/intercept/F64/more"), json!(1), "unknown field `more`"),
        (&format!("{model}/settings"), json!({"more": 1}), "unexpected entry `more`"),
        (&format!("{model}/more"), json!(1), "unknown field `more`"),
        (&format!("{model}/parts/classes/arrays/texts"), json!({"Text": "aaaa"}), "must be distinct"),
        (
            &format!("{model}/parts/classes/arrays/texts"),
            json!({"U8": {"shape": [3], "numbers": [97, 98, 256]}}),
            "u8",
        ),
        (
            &format!("{model}/parts/classes/arrays/texts"),
            json!({"U8": {"shape": [4], "numbers": [0xFF, 0, 1, 2]}}),
            "is not valid text",
        ),
        (&format!("{model}/parts/classes/settings/count"), json!(2), "expected [2]"),
        (
            &format!("{model}/parts/classes/settings/count"),
            json!(u64::MAX),
            "expected [18446744073709551615]",
        ),
        (&format!("{model}/parts/classes/settings/count"), json!(-3), "invalid type"),
    ] {
        let mut changed = described();
        if let (Some((parent, key)), None) = (path.rsplit_once('/'), changed.pointer(path)) {
            let parent = changed.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"));
            parent[key] = value.clone();
            let error = refused(&changed.to_string());
            assert!(error.contains(message), "{path} = {value}: wanted `{message}`: {error}");
            continue;
        }
        let error = with(path, value.clone());
        assert!(error.contains(message), "{path} = {value}: wanted `{message}`: {error}");
    }
}

#[test]
fn golden_rows_are_predicted_again() {
    let classes = vec![false, true];
    let model =
        FittedLogistic::from_coefficients(classes, dmatrix![1.0; -2.0], dvector![0.5]).expect("a model");
    let mut value = serde_json::to_value(&model).expect("a value");
    *value.pointer_mut("/file/parts/golden/arrays/scores/F64/numbers/0").expect("a place") = json!(7.0);
    let error = serde_json::from_value::<FittedLogistic<f64, bool>>(value).expect_err("another score");
    assert!(error.to_string().contains("golden row 0 had the score 7 when it was saved"), "{error}");
}

/// Every path in the value, with its content.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| places(value, &format!("{path}/{key}"), found));
        }
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(at, value)| places(value, &format!("{path}/{at}"), found));
        }
        _ => {}
    }
}

#[test]
fn no_lie_makes_a_model_that_fails() {
    let honest = serde_json::to_value(small()).expect("a value");
    let mut found = Vec::new();
    places(&honest, "", &mut found);
    assert!(found.len() > 100);
    let read = |value: Value| read_like(&small(), value);
    let x = dmatrix![0.5, -1.0; 1e3, 2.0];
    let mut kept = 0;
    for path in &found {
        for lie in [
            json!(null),
            json!(-1),
            json!(0),
            json!(0.5),
            json!(1e308),
            json!(u64::MAX),
            json!("NaN"),
            json!(""),
            json!([]),
            json!({}),
            json!([[], 4294967296u64, 4294967296u64]),
        ] {
            let mut changed = honest.clone();
            *changed.pointer_mut(path).expect("a place") = lie;
            if let Ok(model) = read(changed) {
                kept += 1;
                if let Ok(p) = model.predict_proba(&x) {
                    assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{path}: {p}");
                }
            }
        }
        let (parent, key) = path.rsplit_once('/').unwrap_or(("", ""));
        let mut changed = honest.clone();
        if let Some(Value::Object(entries)) = changed.pointer_mut(parent)
            && entries.remove(key).is_some()
        {
            // The parts of a report came later than the format.
            let optional = path.contains("golden") || path.contains("/report/parts");
            assert!(read(changed).is_err() || optional, "without {path}");
        }
    }
    assert!(kept > 0, "notes and reports may say anything");
}

fn read_like<M: Stored>(_like: &M, value: Value) -> Result<M, serde_json::Error> {
    serde_json::from_value(value)
}

#[test]
fn keys_that_come_twice_are_refused() {
    let text = serde_json::to_string(&model()).expect("text");
    for (from, message) in [
        ("\"format\":\"logit model\",", "duplicate field `format`"),
        ("\"kind\":\"logistic regression\",", "duplicate field `kind`"),
        ("\"iterations\":0,", "it has `iterations` twice"),
        ("\"F64\":{\"shape\":[3,2],", ""),
        ("\"shape\":[3,2],", "duplicate field `shape`"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        let error = refused(&text.replacen(from, &format!("{from}{from}"), 1));
        assert!(error.contains(message), "wanted `{message}`: {error}");
    }
    assert!(refused(&format!("{text} 1")).contains("trailing characters"));
}

/// In a thread with a small stack, which overflows early.
fn with_little_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(run).expect("a thread");
    thread.join().expect("no panic");
}

#[test]
fn texts_of_somebody_who_wants_to_do_harm_are_refused() {
    with_little_stack(|| {
        for depth in [200, 1_000_000] {
            for (open, close) in
                [("[", "]"), ("{\"a\":", "}"), ("{\"kind\":\"chain\",\"parts\":{\"first\":", "}}")]
            {
                let nested = format!("{}0{}", open.repeat(depth), close.repeat(depth));
                refused(&nested);
                refused(&format!("{{\"format\":\"logit model\",\"version\":\"1.0\",\"file\":{nested}}}"));
                refused(&open.repeat(depth));
            }
        }
    });
    let text = described().to_string();
    for number in ["1e400", "-1e400", "1e999999999999", "0x10", "+1", ".5", "NaN", "Infinity", "01"] {
        let changed = text.replacen("\"numbers\":[1.0,", &format!("\"numbers\":[{number},"), 1);
        assert_ne!(changed, text);
        refused(&changed);
    }
    let mut bytes = text.clone().into_bytes();
    let at = text.find("logit model").expect("a format");
    for byte in [0xFF, 0xC0, 0x80, 0] {
        bytes[at] = byte;
        assert!(serde_json::from_slice::<Model>(&bytes).is_err());
    }
}

#[test]
fn a_text_of_a_hundred_megabytes_is_refused() {
    let long = "x".repeat(100 << 20);
    for start in [
        "{\"format\":\"",
        "{\"",
        "\"",
        "{\"format\":\"logit model\",\"version\":\"1.0\",\"file\":{\"kind\":\"",
    ] {
        refused(&format!("{start}{long}\"}}"));
    }
}

/// By serde no record comes deeper than by files, whatever format it is in.
#[test]
fn depth_is_limited_without_the_help_of_the_format() {
    with_little_stack(|| {
        let mut value = json!({ "kind": "identity" });
        for _ in 0..100 {
            value = json!({ "kind": "chain", "parts": { "first": value } });
        }
        let file = json!({ "format": "logit model", "version": "1.0", "file": value });
        let error = serde_json::from_value::<Model>(file).expect_err("too deep").to_string();
        assert!(error.contains("parts are nested more than 50 deep"), "{error}");
    });
}

#[test]
fn bytes_in_other_formats_are_files() {
    let binary = postcard::to_allocvec(&model()).expect("bytes");
    let file = model().to_bytes().expect("bytes");
    assert_eq!(&binary[binary.len() - file.len()..], file);
    for length in 0..binary.len() {
        assert!(postcard::from_bytes::<Model>(&binary[..length]).is_err());
    }
    let mut parts = Parts::of(&file);
    parts.array("model.coefficients").bytes[..8].copy_from_slice(&f64::NAN.to_le_bytes());
    let damaged = postcard::to_allocvec(&Bytes(&parts.bytes())).expect("bytes");
    assert!(postcard::from_bytes::<Model>(&damaged).is_err());
}

struct Bytes<'a>(&'a [u8]);

impl serde::Serialize for Bytes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// nalgebra's own way of reading matrices trusts the sizes that it is told.
#[test]
fn no_matrix_is_read_by_the_serde_of_its_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("a manifest");
    assert!(!manifest.contains("serde-serialize"));
    let (mut directories, mut derived) = (vec![root.join("src")], 0);
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            for (at, _) in text.match_indices("Deserialize)]") {
                derived += 1;
                let item = &text[at..];
                // To the end of the item.
                let end = item.find("\n}").or_else(|| item.find(";\n")).unwrap_or(item.len());
                for matrix in ["DMatrix", "DVector", "Matrix<", "OMatrix"] {
                    assert!(!item[..end].contains(matrix), "{}: {}", path.display(), &item[..end]);
                }
            }
        }
    }
    assert!(derived >= 5, "{derived} types derive it");
}
