//! Bytes that are not a checkpoint give a typed error with the reason, and never a panic or high memory use.

use logit::nn::{Checkpoint, Trainer};
use logit::{Adam, Error, Persist, StandardScaler, Transformer};
use nalgebra::dmatrix;
use serde_json::{Value, json};

use super::checkpoint_kit::{bytes, checkpoint};
use crate::common::file_parts::{Array, Parts, header, sealed, with_header};

/// The memory that a reader may take besides twice the bytes: for messages, and a multiple of the header.
const ROOM: usize = 300_000;

/// The error of reading, checked to take little memory.
fn refused(bytes: &[u8]) -> String {
    let mut result = None;
    let taken = allocation_counter::measure(|| result = Some(Checkpoint::<f64>::from_bytes(bytes))).bytes_max;
    let (taken, most) = (taken as usize, 2 * bytes.len() + ROOM);
    assert!(taken <= most, "{taken} bytes taken for {} bytes", bytes.len());
    match result.expect("a result") {
        Err(error @ Error::InvalidFile { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn saved() -> Vec<u8> {
    bytes(&checkpoint::<f64, _>(&Trainer::new(Adam::new(0.01)), 14))
}

/// The name of an array without the path to it.
fn last(name: &str) -> &str {
    name.rsplit('.').next().expect("a name")
}

/// The description of a part of the checkpoint.
fn part(name: &str) -> String {
    format!("/parts/model/parts/{name}")
}

/// The settings of a part of the checkpoint, as they are in the description.
fn settings(part: &str) -> String {
    if part.is_empty() {
        "/parts/model/settings".into()
    } else {
        format!("/parts/model/parts/{part}/settings")
    }
}

fn assert_refused(bytes: &[u8], because: &str) {
    let message = refused(bytes);
    assert!(message.contains(because), "wanted `{because}`: {message}");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = saved();
    Checkpoint::<f64>::from_bytes(&bytes).expect("a checkpoint");
    for length in 0..bytes.len() {
        refused(&bytes[..length]);
    }
    refused(&[&bytes[..], b"\0"].concat());
    refused(&[&bytes[..], &bytes].concat());
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
    for byte in 0..bytes.len() - 8 {
        let old = bytes[byte..byte + 8].to_vec();
        for value in [0, 0xFF, b'9'] {
            bytes[byte..byte + 8].fill(value);
            if bytes[byte..byte + 8] != old {
                refused(&bytes);
            }
        }
        bytes[byte..byte + 8].copy_from_slice(&old);
    }
}

#[test]
fn numbers_of_another_type_are_refused() {
    let single = bytes(&checkpoint::<f32, _>(&Trainer::new(Adam::new(0.01)), 14));
    assert_refused(&single, "array `parameters` has the type F32, expected F64");
    let error = Checkpoint::<f32>::from_bytes(&saved()).expect_err("an error").to_string();
    assert!(error.contains("array `parameters` has the type F64, expected F32"), "{error}");
}

#[test]
fn lengths_that_lie_are_refused() {
    let bytes = saved();
    let (text, end) = header(&bytes);
    for length in [0, 1, end as u64, bytes.len() as u64, 1 << 40, u64::MAX - 7, u64::MAX] {
        let mut changed = bytes.clone();
        changed[..8].copy_from_slice(&length.to_le_bytes());
        refused(&changed);
    }
    let parameters = Parts::of(&bytes).array("model.position.parameters").shape[0];
    let shape = format!("\"shape\":[{parameters}]");
    assert!(text.contains(&shape));
    for lie in [
        "0",
        "1",
        "9999999999999999999",
        "99999999999999999999999",
        "-1",
        "4294967296,4294967296",
        "1e3",
        "2.0",
    ] {
        refused(&with_header(&bytes, &text.replace(&shape, &format!("\"shape\":[{lie}]"))));
    }
    let several = format!("\"shape\":[{parameters},1,1]");
    assert_refused(&with_header(&bytes, &text.replace(&shape, &several)), "at most 2 dimensions");
    let column = format!("\"shape\":[{parameters},1]");
    assert_refused(&with_header(&bytes, &text.replace(&shape, &column)), ", 1], expected [");
    for lie in
        ["[0,0]", "[8,0]", "[0,18446744073709551615]", "[18446744073709551608,8]", "[0]", "[0,8,8]", "[1,9]"]
    {
        let checksum = text.find("\"checksum\"").expect("a checksum");
        let (before, after) = text.split_at(checksum);
        let changed = format!("{before}{}", after.replacen("[0,8]", lie, 1));
        assert_ne!(changed, text);
        refused(&with_header(&bytes, &changed));
    }
}

/// Every key of the description that leads to a number.
fn numbers(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| numbers(value, &format!("{path}/{key}"), found));
        }
        Value::Number(_) => found.push(path.to_owned()),
        _ => {}
    }
}

#[test]
fn counts_that_lie_are_refused() {
    let parts = Parts::of(&saved());
    let mut paths = Vec::new();
    numbers(&parts.description, "", &mut paths);
    assert_eq!(paths.len(), 17, "{paths:?}");
    for path in paths {
        let old = parts.description.pointer(&path).and_then(Value::as_u64).expect("a number");
        for lie in
            [json!(u64::MAX), json!(1_u64 << 40), json!(-1), json!(0.5), json!("1"), json!(null), json!([1])]
        {
            let mut changed = parts.clone();
            *changed.description.pointer_mut(&path).expect("a number") = lie.clone();
            let bytes = changed.bytes();
            if ["seed", "batch_size"].contains(&last(&path.replace('/', "."))) && lie.is_u64() {
                // Any seed will do, and so will batches of many rows where steps do not tell.
                continue;
            }
            let message = refused(&bytes);
            assert_ne!(lie, json!(old), "{path}: {message}");
        }
    }
}

#[test]
fn what_is_missing_is_named() {
    let parts = Parts::of(&saved());
    for index in 0..parts.arrays.len() {
        let mut changed = parts.clone();
        let removed = changed.arrays.remove(index).name;
        assert_refused(&changed.bytes(), &format!("has no array `{}`", last(&removed)));
    }
    for key in ["format", "version"] {
        let mut changed = parts.clone();
        changed.metadata.as_object_mut().expect("a table").remove(key);
        assert_refused(&changed.bytes(), &format!("missing field `{key}`"));
    }
    let mut tables = vec!["/settings".to_owned()];
    tables.extend(["", "fingerprint", "position", "epoch_start", "best", "history"].map(settings));
    let mut removed = 0;
    for table in tables {
        let keys: Vec<String> = parts
            .description
            .pointer(&table)
            .and_then(Value::as_object)
            .expect("a table")
            .keys()
            .cloned()
            .collect();
        for key in keys {
            let mut changed = parts.clone();
            let entries =
                changed.description.pointer_mut(&table).and_then(Value::as_object_mut).expect("a table");
            entries.remove(&key);
            assert_refused(&changed.bytes(), &format!("has no setting `{key}`"));
            removed += 1;
        }
    }
    assert_eq!(removed, 1 + 1 + 7 + 3 + 3 + 1 + 2);
    for name in ["fingerprint", "position", "epoch_start", "best", "history"] {
        let mut changed = parts.clone();
        let parts = changed.description["parts"]["model"]["parts"].as_object_mut().expect("a table");
        parts.remove(name).expect("a part");
        // Arrays are looked at first.
        assert_refused(&changed.bytes(), "` is not expected");
        let mut changed = changed.clone();
        changed.arrays.retain(|array| !array.name.starts_with(&format!("model.{name}.")));
        match name {
            "best" => {
                drop(Checkpoint::<f64>::from_bytes(&changed.bytes()).expect("a run without validation"))
            }
            _ => assert_refused(&changed.bytes(), &format!("has no part `{name}`")),
        }
    }
    let bytes = saved();
    let text = header(&bytes).0;
    refused(&with_header(&bytes, &text.replace("__metadata__", "metadata")));
    assert_refused(&with_header(&bytes, "{}"), "missing field `__metadata__`");
}

#[test]
fn what_does_not_belong_is_named() {
    let parts = Parts::of(&saved());
    let mut changed = parts.clone();
    let extra = Array { name: "extra".into(), dtype: "U8".into(), shape: vec![3], bytes: vec![1, 2, 3] };
    changed.arrays.push(extra);
    assert_refused(&changed.bytes(), "its `model file` has an unexpected entry `extra`");
    let mut changed = parts.clone();
    changed.metadata["author"] = json!("somebody");
    assert_refused(&changed.bytes(), "unknown field `author`");
    for name in ["fingerprint", "position", "epoch_start", "best", "history"] {
        let mut changed = parts.clone();
        changed.description.pointer_mut(&part(name)).expect("a table")["more"] = json!(1);
        assert_refused(&changed.bytes(), "unknown field `more`");
        let mut changed = parts.clone();
        changed.description.pointer_mut(&settings(name)).expect("a table")["more"] = json!(1);
        assert_refused(&changed.bytes(), "has an unexpected entry `more`");
        let mut changed = parts.clone();
        let mut array = changed.array("model.loss_sum").clone();
        array.name = format!("model.{name}.more");
        changed.arrays.push(array);
        assert_refused(&changed.bytes(), "has an unexpected entry `more`");
    }
    let bytes = saved();
    let text = header(&bytes).0;
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        with_header(&bytes, &text.replacen(from, to, 1))
    };
    assert_refused(&with("\"dtype\":\"U64\"", "\"dtype\":\"U64\",\"more\":1"), "unknown field `more`");
    // Duplicate entries.
    assert_refused(
        &with("\"dtype\":\"U64\"", "\"dtype\":\"U64\",\"dtype\":\"U64\""),
        "duplicate field `dtype`",
    );
    assert_refused(&with("{\"__metadata__\":", "{\"__metadata__\":{},\"__metadata__\":"), "missing field");
    let metadata =
        &text[text.find(":{").expect("metadata") + 1..text.find(",\"checksum\"").expect("an array")];
    let twice = format!("{{\"__metadata__\":{metadata},");
    assert_refused(&with("{", &twice), "duplicate field `__metadata__`");
    assert_refused(&with("\"format\":", "\"format\":\"\",\"format\":"), "duplicate field `format`");
    assert_refused(&with("\\\"steps\\\":", "\\\"steps\\\":1,\\\"steps\\\":"), "it has `steps` twice");
    let empty = "\"plateau\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[0,0]},";
    let first = with("\"checksum\"", &format!("{empty}\"twin\""));
    refused(&first);
    let twins =
        format!("{}{}\"checksum\"", empty.replace("plateau", "twin"), empty.replace("plateau", "twin"));
    assert_refused(&with("\"checksum\"", &twins), "two arrays `twin`");
}

#[test]
fn other_formats_and_newer_versions_are_refused() {
    let parts = Parts::of(&saved());
    let with = |key: &str, value: &str| {
        let mut changed = parts.clone();
        changed.metadata[key] = json!(value);
        changed.bytes()
    };
    assert_refused(
        &with("version", "2.0"),
        "version is 2.0, but this library reads 1.0: use a newer version",
    );
    assert_refused(&with("version", "4294967295.7"), "use a newer version");
    assert_refused(&with("version", "0.9"), "version is 0.9, expected 1.0 to 1.0");
    for version in ["", "1", "1.", ".0", "1.0.0", "+1.0", "1. 0", "one", "99999999999.0", "-1.0", "1.x"] {
        assert_refused(&with("version", version), "expected two numbers such as `1.0`");
    }
    // A newer minor version that uses nothing new.
    Checkpoint::<f64>::from_bytes(&with("version", "1.7")).expect("a checkpoint");
    assert_refused(&with("format", "pickle"), "its format is `pickle`, expected `logit model`");
    let scaler = StandardScaler::new().fit(&dmatrix![1.0; 3.0]).expect("a fit").to_bytes().expect("bytes");
    assert_refused(&scaler, "it contains `standard scaler` where `checkpoint` is expected");
    assert_refused(&with("format", &"x".repeat(50_000)), "its format is `xxxx");
    refused(b"");
    refused(b"PK\x03\x04 an archive of another kind, which is not empty");
    refused(&[0xFF; 1000]);
    refused(&[0; 1000]);
}

#[test]
fn arrays_of_the_wrong_type_or_length_are_named() {
    let parts = Parts::of(&saved());
    for index in 0..parts.arrays.len() {
        let Array { name, dtype, shape, bytes } = &parts.arrays[index];
        let mut changed = parts.clone();
        let (other, size) = if dtype == "F64" { ("U64", 8) } else { ("F32", 4) };
        let count = shape.iter().product::<u64>() as usize;
        (changed.arrays[index].dtype, changed.arrays[index].bytes) =
            (other.to_owned(), vec![0; count * size]);
        let name = last(name);
        assert_refused(&changed.bytes(), &format!("array `{name}` has the type {other}, expected {dtype}"));

        let mut changed = parts.clone();
        changed.arrays[index].shape = shape.iter().map(|length| length + 1).collect();
        let one = bytes.len() / count.max(1);
        let one = match (one, dtype.as_str()) {
            (0, "U8") => 1,
            (0, _) => 8,
            _ => one,
        };
        changed.arrays[index].bytes.extend(vec![0; if shape.is_empty() { 0 } else { one }]);
        if shape.is_empty() {
            changed.arrays[index].shape = vec![1];
        }
        let message = refused(&changed.bytes());
        assert!(message.contains(&format!("array `{name}`")), "{message}");
        assert!(
            message.contains("has the shape [") || message.contains("is longer than the texts in it"),
            "{message}"
        );
        changed.arrays[index].dtype = "I64".to_owned();
        assert_refused(&changed.bytes(), "unknown variant `I64`");
    }
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    let parts = Parts::of(&saved());
    // A setting of a part, or all of them.
    let set = |path: &str, value: Value| {
        let mut changed = parts.clone();
        let (part, setting) = path.split_once('/').unwrap_or((path, ""));
        let table = changed.description.pointer_mut(&settings(part)).expect("a table");
        *if setting.is_empty() { table } else { &mut table[setting] } = value;
        changed.bytes()
    };
    // The run stands at row 16 of epoch 2, after 14 steps of 8 of 43 rows.
    let position = parts.description.pointer(&settings("position")).expect("a table");
    assert_eq!(*position, json!({ "steps": 14, "epoch": 2, "row": 16 }));
    assert_refused(&set("position/row", json!(43)), "row 43, expected a multiple of 8 below 43");
    assert_refused(&set("position/row", json!(48)), "row 48, expected a multiple of 8 below 43");
    assert_refused(&set("position/row", json!(17)), "row 17, expected a multiple of 8");
    assert_refused(&set("position/row", json!(24)), "is impossible with");
    assert_refused(&set("position/steps", json!(15)), "after 15 steps");
    assert_refused(&set("position/epoch", json!(3)), "epoch 3 after 14 steps");
    assert_refused(
        &set("epoch_start/steps", json!(13)),
        "its epoch_start is row 0 of epoch 2 after 13 steps",
    );
    assert_refused(
        &set("epoch_start", json!({ "steps": 6, "epoch": 1, "row": 0 })),
        "starts at row 0 of epoch 1",
    );
    assert_refused(
        &set("epoch_start", json!({ "steps": 13, "epoch": 2, "row": 8 })),
        "starts at row 8 of epoch 2",
    );
    assert_refused(
        &set("epoch_start", json!({ "steps": 18, "epoch": 3, "row": 0 })),
        "starts at row 0 of epoch 3",
    );
    assert_refused(&set("fingerprint/batch_size", json!(0)), "expected at least 1");
    assert_refused(&set("fingerprint/accumulate", json!(0)), "expected at least 1");
    assert_refused(&set("fingerprint/rows", json!(0)), "expected a multiple of 1 below 0");
    assert_refused(&set("fingerprint/rows", json!(60)), "is impossible with");
    assert_refused(&set("fingerprint/parameters", json!(47)), "expected [47]");
    assert_refused(&set("fingerprint/statistics", json!(2)), "expected [2]");
    assert_refused(&set("fingerprint/optimizer_state", json!(2)), "expected [2]");
    assert_refused(&set("history/epochs", json!(1)), "expected [1]");
    assert_refused(&set("best/epoch", json!(3)), "its best epoch is 3");
    assert_refused(&set("best/epoch", json!(0)), "its best epoch is 0");
    assert_refused(&set("/stop", json!("tired")), "`tired` is not one of [\"converged\", ");
    assert_refused(&set("/stop", json!(3)), "expected a text");
    assert_refused(&set("/stop", json!("diverged")), "the stop reason without a divergence");
    let diverged = |settings: Value, layer: &[u64]| {
        let mut changed = parts.clone();
        changed.description["parts"]["model"]["parts"]["divergence"] =
            json!({ "kind": "divergence", "settings": settings });
        let bytes = layer.iter().flat_map(|layer| layer.to_le_bytes()).collect();
        let (name, shape) = ("model.divergence.layer".into(), vec![layer.len() as u64]);
        changed.arrays.push(Array { name, dtype: "U64".into(), shape, bytes });
        changed.bytes()
    };
    let loss = json!({ "step": 1, "epoch": 1, "what": "loss" });
    assert_refused(&diverged(loss.clone(), &[]), "a divergence without the stop");
    assert_refused(&diverged(loss.clone(), &[0]), "`loss` is not one of");
    assert_refused(&diverged(loss, &[0, 1]), "`layer` has 2 entries, expected at most one");
    assert_refused(
        &diverged(json!({ "step": 1, "epoch": 1, "what": "gradient" }), &[]),
        "`gradient` is not one of",
    );
    assert_refused(&diverged(json!({ "step": 1, "epoch": 1, "what": "mood" }), &[]), "`mood` is not one of");
    assert_refused(&diverged(json!({ "step": 1, "what": "loss" }), &[]), "has no setting `epoch`");
    assert_refused(&set("history/layers", json!(2)), "expected [2]");
    assert_refused(&set("history/layers", json!(1000)), "expected [1000]");
    // The last position there is, and those beyond.
    let far = |epoch: u64| {
        let mut changed = parts.clone();
        *changed.description.pointer_mut(&settings("position")).expect("a table") =
            json!({ "steps": epoch.wrapping_mul(6).wrapping_add(2), "epoch": epoch, "row": 16 });
        *changed.description.pointer_mut(&settings("epoch_start")).expect("a table") =
            json!({ "steps": epoch.wrapping_mul(6), "epoch": epoch, "row": 0 });
        changed.bytes()
    };
    Checkpoint::<f64>::from_bytes(&far(1 << 59)).expect("a checkpoint");
    for epoch in [1 << 60, u64::MAX / 6, u64::MAX / 6 + 1, u64::MAX] {
        assert_refused(&far(epoch), "is impossible with");
    }
}

#[test]
fn arrays_that_contradict_each_other_are_refused() {
    let parts = Parts::of(&saved());
    let put = |name: &str, index: usize, bytes: &[u8]| {
        let mut changed = parts.clone();
        changed.array(&format!("model.{name}")).bytes[index * bytes.len()..][..bytes.len()]
            .copy_from_slice(bytes);
        changed.bytes()
    };
    for name in
        ["position.parameters", "epoch_start.parameters", "before_last_step_parameters", "best.parameters"]
    {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let message = format!("`{name}` contains {value} at index 3, expected finite numbers");
            assert_refused(&put(name, 3, &value.to_le_bytes()), &message);
        }
    }
    for name in ["loss_sum", "best.loss"] {
        assert_refused(&put(name, 0, &f64::NAN.to_le_bytes()), &format!("`{name}` contains NaN"));
    }
    let validations = |count: u64| put("history.validation_counts", 1, &count.to_le_bytes());
    assert_refused(&validations(2), "`validation_counts` contains 2, expected 0 or 1");
    assert_refused(&validations(0), "`validation_loss` of its `history` has the shape [2], expected [1]");
    for (counts, column) in
        [("history.metric_counts", "metrics"), ("history.update_counts", "gradient_norms")]
    {
        for count in [0_u64, 9, 1 << 60] {
            let message = format!("array `{column}` of its `history` has the shape");
            assert_refused(&put(counts, 0, &count.to_le_bytes()), &message);
        }
        assert_refused(&put(counts, 0, &u64::MAX.to_le_bytes()), "sums to more than");
    }
    for (length, message) in
        [(0_u64, "longer"), (99, "shorter"), (u64::MAX - 20, "shorter"), (u64::MAX, "shorter")]
    {
        let lie = put("history.layer_names_lengths", 0, &length.to_le_bytes());
        assert_refused(&lie, &format!("array `layer_names` is {message} than the texts in it"));
    }
    assert_refused(
        &put("history.layer_names", 2, &[0xFF]),
        "array `layer_names` is not valid text: invalid utf-8",
    );
    for number in [0_u64, 2, 3, u64::MAX] {
        assert_refused(&put("history.number", 0, &number.to_le_bytes()), "expected ascending numbers from 1");
    }
}

/// Headers that are small to write and large to read.
#[test]
fn headers_take_little_memory() {
    let framed = |text: String| sealed([&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat());
    let metadata = |text: &str| framed(format!("{{\"__metadata__\":{text}}}"));
    assert_refused(&framed(" ".repeat(1 << 23)), "expected at most 4194304");
    let times = |text: &str| text.repeat(65_000 / text.len());
    refused(&framed(times("[")));
    refused(&framed(times("{\"a\":")));
    refused(&framed(times("\\u0061")));
    refused(&framed(format!("{{\"a\":{{\"dtype\":\"U8\",\"shape\":[{}0]}}}}", times("0,"))));
    refused(&framed(format!("{{\"a\":{{\"dtype\":\"U8\",\"data_offsets\":[{}0]}}}}", times("0,"))));
    refused(&framed(format!("{{\"a\":{{\"dtype\":\"{}\"}}}}", times("x"))));
    refused(&framed(format!("{{\"a\":{{\"{}\":0}}}}", times("x"))));
    refused(&framed(format!("{{\"a\":{{\"{}\":0}}}}", times("\\n"))));
    refused(&framed(format!("{{\"{}\":1}}", times("x"))));
    refused(&framed(format!("{{\"{}\":1}}", times("\\n"))));
    let entry =
        |name: usize| format!("\"{name:03x}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
    let text = r#"{"__metadata__":{"format":"logit model","version":"1.0","description":""},"#;
    let entries: Vec<String> = (0..1180).map(entry).collect();
    assert_refused(&framed(format!("{text}{}}}", entries.join(","))), "no array `checksum`");
    let entries: Vec<String> = (0..1180).map(|_| entry(1)).collect();
    assert_refused(&framed(format!("{text}{}}}", entries.join(","))), "two arrays `001`");
    for key in ["format", "version", "description", "more"] {
        for text in ["x", "\\n", "\\u0061", "\\\\", "["] {
            refused(&metadata(&format!("{{\"{key}\":\"{}\"}}", times(text))));
        }
    }
    let parts = Parts::of(&saved());
    for description in [
        json!(times("[")),
        json!(vec![0; 30_000]),
        json!(times("x")),
        json!({ times("x"): 0 }),
        json!({ "stop": times("x") }),
        json!({ "identity": vec![0; 30_000] }),
    ] {
        let mut changed = parts.clone();
        changed.description = description;
        refused(&changed.bytes());
    }
}

/// Histories of nothing: a few bytes for each epoch or name that is a value of many. Epochs are made of
/// columns that are in memory as well, so that they take three times the bytes.
#[test]
fn empty_entries_take_little_memory() {
    let mut parts = Parts::of(&saved());
    let count = 50_000;
    let columns = ["number", "steps", "train_loss", "learning_rate", "metric_counts", "update_counts"];
    for name in columns.into_iter().chain(["elapsed_nanoseconds", "validation_counts"]) {
        let column = parts.array(&format!("model.history.{name}"));
        (column.shape, column.bytes) = (vec![count], vec![0; 8 * count as usize]);
    }
    for name in ["validation_loss", "metrics", "gradient_norms", "update_ratios"] {
        let column = parts.array(&format!("model.history.{name}"));
        (column.shape, column.bytes) = (vec![0], vec![]);
    }
    parts.description.pointer_mut(&settings("history")).expect("a table")["epochs"] = json!(count);
    let bytes = parts.bytes();
    let mut result = None;
    let taken =
        allocation_counter::measure(|| result = Some(Checkpoint::<f64>::from_bytes(&bytes))).bytes_max;
    assert!(taken as usize <= 3 * bytes.len() + ROOM, "{taken} bytes taken for {}", bytes.len());
    let error = result.expect("a result").expect_err("an error").to_string();
    assert!(error.contains("expected ascending numbers"), "{error}");

    let mut parts = Parts::of(&saved());
    for (name, shape) in [
        ("position.parameters", count),
        ("epoch_start.parameters", count),
        ("before_last_step_parameters", count),
    ] {
        let array = parts.array(&format!("model.{name}"));
        (array.shape, array.bytes) = (vec![shape], vec![0; 8 * shape as usize]);
    }
    parts.description.pointer_mut(&settings("fingerprint")).expect("a table")["parameters"] = json!(count);
    parts.description.pointer_mut(&settings("history")).expect("a table")["layers"] = json!(count);
    parts.description["parts"]["model"]["parts"].as_object_mut().expect("a table").remove("best");
    parts.arrays.retain(|array| !array.name.starts_with("model.best."));
    let lengths = parts.array("model.history.layer_names_lengths");
    (lengths.shape, lengths.bytes) = (vec![count], vec![0; 8 * count as usize]);
    assert_refused(&parts.bytes(), "`layer_names` is longer than the texts in it");
    let names = parts.array("model.history.layer_names");
    (names.shape, names.bytes) = (vec![0], vec![]);
    let bytes = parts.bytes();
    let taken =
        allocation_counter::measure(|| drop(Checkpoint::<f64>::from_bytes(&bytes))).bytes_max as usize;
    assert!(taken <= 2 * bytes.len() + ROOM, "{taken} bytes taken for {}", bytes.len());
    Checkpoint::<f64>::from_bytes(&bytes).expect("a checkpoint");
    let lengths = parts.array("model.history.layer_names_lengths");
    (lengths.shape, lengths.bytes) = (vec![count + 1], vec![0; 8 * count as usize + 8]);
    parts.description.pointer_mut(&settings("history")).expect("a table")["layers"] = json!(count + 1);
    assert_refused(&parts.bytes(), "it has 50001 layers with parameters, expected at most 50000");
}

#[test]
fn memory_is_that_of_the_checkpoint() {
    for epochs in [0, 300] {
        let trainer = Trainer::new(Adam::new(0.01)).patience(999).epochs(400);
        let bytes = bytes(&checkpoint::<f64, _>(&trainer, 6 * epochs));
        let taken =
            allocation_counter::measure(|| drop(Checkpoint::<f64>::from_bytes(&bytes))).bytes_max as usize;
        assert!(taken <= 2 * bytes.len() + ROOM, "{taken} bytes taken for {}", bytes.len());
    }
}
