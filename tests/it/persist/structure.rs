//! Every defect of a file gives an error that names it.

use logit::decide::FittedThreshold;
use logit::linear::{LogisticPath, LogisticRegressionCv};
use logit::nalgebra::{DMatrix, dmatrix, dvector};
use logit::persist::StoredLabel;
use logit::prelude::*;
use logit::registry::AnyTransform;
use logit::{
    AnyClassifier, FittedLogistic, LogisticRegression, MlpClassifier, OneVsOne, Penalty, StandardScaler,
};
use serde_json::{Value, json};

use super::kit::rows;
use crate::common::file_parts::{Parts, header, with_header};

type Model = FittedLogistic<f64, String>;

fn logistic() -> Model {
    let classes = ["a", "b", "c"].map(str::to_owned).to_vec();
    let coefficients = dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0];
    FittedLogistic::from_coefficients(classes, coefficients, dvector![0.5, 0.25, 0.125]).expect("a model")
}

/// Refused with this message after this change.
#[track_caller]
fn refused<M: Persist>(model: &M, change: impl FnOnce(&mut Parts), message: &str) {
    let mut parts = Parts::of(&model.to_bytes().expect("bytes"));
    change(&mut parts);
    refuses::<M>(&parts.bytes(), message);
}

#[track_caller]
fn refuses<M: Persist>(bytes: &[u8], message: &str) {
    let error = M::from_bytes(bytes).err().expect("an error").to_string();
    assert!(error.contains(message), "wanted `{message}`: {error}");
}

fn put(name: &'static str, index: usize, number: f64) -> impl FnOnce(&mut Parts) {
    move |parts| parts.array(name).bytes[8 * index..8 * index + 8].copy_from_slice(&number.to_le_bytes())
}

fn set(path: &'static str, value: Value) -> impl FnOnce(&mut Parts) {
    move |parts| *parts.description.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = value
}

#[test]
fn files_of_other_formats_and_versions_are_refused() {
    refused(
        &logistic(),
        |parts| parts.metadata["format"] = json!("pickle"),
        "its format is `pickle`, expected `logit model`",
    );
    refused(
        &logistic(),
        |parts| parts.metadata["version"] = json!("2.0"),
        "use a newer version of this library",
    );
    refused(
        &logistic(),
        |parts| parts.metadata["version"] = json!("0.1"),
        "version is 0.1, expected 1.0 to 1.0",
    );
    refuses::<Model>(b"PK\x03\x04 an archive of another kind", "its header declares");
    refuses::<Model>(&[&logistic().to_bytes().expect("bytes")[..], b"\n"].concat(), "bytes, expected");
    let mut later = Parts::of(&logistic().to_bytes().expect("bytes"));
    later.metadata["version"] = json!("1.1");
    assert_eq!(Model::from_bytes(&later.bytes()), Ok(logistic()), "nothing new in it");
    later.description["parts"]["model"]["settings"] = json!({ "new": true });
    refuses::<Model>(&later.bytes(), "its `logistic regression` has an unexpected entry `new`");
}

#[test]
fn keys_that_are_unknown_missing_or_twice_are_refused() {
    refused(
        &logistic(),
        set("/parts/model/kind", json!("forest")),
        "it contains `forest` where `logistic regression`",
    );
    let any = AnyClassifier::new(logistic());
    refused(
        &any,
        set("/parts/model/kind", json!("forest")),
        "it contains `forest` where a classifier is expected",
    );
    let without = |parts: &mut Parts| parts.arrays.retain(|array| array.name != "model.intercept");
    refused(&logistic(), without, "has no array `intercept`");
    let extra = |parts: &mut Parts| {
        let mut extra = parts.arrays[0].clone();
        extra.name = "model.extra".into();
        parts.arrays.push(extra);
    };
    refused(&logistic(), extra, "has an unexpected entry `extra`");
    let bytes = logistic().to_bytes().expect("bytes");
    let text = header(&bytes).0;
    let twice = text.replacen("\\\"stop\\\":", "\\\"stop\\\":\\\"given\\\",\\\"stop\\\":", 1);
    assert_ne!(twice, text);
    refuses::<Model>(&with_header(&bytes, &twice), "it has `stop` twice");
    let again = text.replacen("\"model.intercept\":", "\"model.coefficients\":", 1);
    refuses::<Model>(&with_header(&bytes, &again), "it has two arrays `model.coefficients`");
}

#[test]
fn classes_must_be_distinct_and_in_order_and_as_many_as_scores() {
    let texts = |texts: &'static [u8]| {
        move |parts: &mut Parts| parts.array("model.classes.texts").bytes = texts.to_vec()
    };
    refused(&logistic(), texts(b"aac"), "the label \"a\" before \"a\"");
    refused(&logistic(), texts(b"acb"), "the label \"c\" before \"b\"");
    refused(&logistic(), texts(b"a\xFFc"), "is not valid text");
    let four = FittedLogistic::from_coefficients(
        ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        DMatrix::from_element(2, 4, 1.0),
        dvector![0.0, 0.0, 0.0, 0.0],
    );
    let four = Parts::of(&four.expect("a model").to_bytes().expect("bytes"));
    let more = |parts: &mut Parts| {
        for name in ["model.classes.texts", "model.classes.texts_lengths"] {
            *parts.array(name) = four.clone().array(name).clone();
        }
        parts.description["parts"]["model"]["parts"]["classes"]["settings"]["count"] = json!(4);
    };
    refused(&logistic(), more, "`coefficients` has 3 columns, expected 4");
    assert_eq!(String::KIND, "string");
}

#[test]
fn numbers_that_no_model_has_are_refused() {
    for number in [f64::NAN, f64::INFINITY] {
        refused(&logistic(), put("model.coefficients", 3, number), "array `coefficients` is not finite");
        refused(&logistic(), put("model.intercept", 0, number), "array `intercept` is not finite");
    }
    let x = rows::<f64>().0;
    let scaler = StandardScaler::new().fit(&x).expect("a fit");
    for number in [0.0, -1.0, f64::NAN] {
        let error = {
            let mut parts = Parts::of(&scaler.to_bytes().expect("bytes"));
            put("model.scale", 2, number)(&mut parts);
            AnyTransform::<f64>::from_bytes(&parts.bytes()).expect_err("an error").to_string()
        };
        assert!(error.contains("scale"), "{error}");
    }
    let classes = vec![false, true];
    let two = FittedLogistic::from_coefficients(classes, dmatrix![1.0], dvector![0.0]).expect("a model");
    let model = FittedThreshold::new(two, 0.25).expect("a threshold");
    for number in [-0.25, 1.5, 2e3] {
        let message = format!("`threshold` is {number}");
        refused(&model, set("/parts/model/settings/threshold", json!(number)), &message);
    }
    refused(&model, set("/parts/model/settings/threshold", json!(1)), "expected a finite number");
    refused(&model, set("/parts/model/settings/threshold", json!("0.5")), "expected a finite number");
}

#[test]
fn layers_that_do_not_follow_each_other_are_refused() {
    let (x, y) = rows::<f64>();
    let y: Vec<String> = y.iter().map(|class| class.to_string()).collect();
    let model = MlpClassifier::new([5, 3]).epochs(1).fit(&x, &y).expect("a fit");
    let transposed = |parts: &mut Parts| {
        let shape = &mut parts.array("model.network.layer_1.weights").shape;
        assert_eq!(*shape, [3, 5]);
        shape.reverse();
        parts.array("model.network.layer_1.biases").shape = vec![5];
        parts.array("model.network.layer_1.biases").bytes = vec![0; 40];
    };
    refused(
        &model,
        transposed,
        "layer 1 (Dense, Relu) has 3 inputs, but layer 0 (Dense, Relu) has 5 outputs: they must be equal",
    );
    let none = |parts: &mut Parts| {
        parts.arrays.retain(|array| !array.name.starts_with("model.network."));
        parts.description["parts"]["model"]["parts"]["network"] =
            json!({ "kind": "sequential", "settings": { "layers": 0 } });
    };
    refused(&model, none, "`layers` has no entries");
    refused(
        &model,
        set("/parts/model/parts/network/settings/layers", json!(u64::MAX)),
        "has no part `layer_3`",
    );
    let shorter = |parts: &mut Parts| {
        parts.arrays.retain(|array| !array.name.starts_with("model.network.layer_2"));
        let network = &mut parts.description["parts"]["model"]["parts"]["network"];
        network["settings"]["layers"] = json!(2);
        network["parts"].as_object_mut().expect("a table").remove("layer_2");
        // Two scores for three classes.
        let weights = parts.array("model.network.layer_1.weights");
        (weights.shape, weights.bytes) = (vec![2, 5], vec![0; 80]);
        let biases = parts.array("model.network.layer_1.biases");
        (biases.shape, biases.bytes) = (vec![2], vec![0; 16]);
    };
    refused(&model, shorter, "`network` has 2 outputs, expected 3");
}

#[test]
fn choices_that_contradict_their_scores_are_refused() {
    let (x, y) = rows::<f64>();
    let chosen = LogisticRegressionCv::new(LogisticPath::l2().count(4)).folds(3).fit(&x, &y).expect("a fit");
    let at = |path: &'static str, value: usize| set(path, json!(value));
    refused(&chosen, at("/parts/model/settings/chosen", 9), "no rule selects");
    let other = (chosen.best() + 1) % 4;
    refused(&chosen, at("/parts/model/settings/best", other), "do not match its scores");
    refused(&chosen, put("model.path.lambdas", 1, 1e9), "in descending order");
}

/// The scores of pairs are at the end of the range, and their probabilities are 0 or 1.
#[test]
fn scores_of_pairs_at_the_end_of_the_range_are_certain() {
    let (x, y) = rows::<f64>();
    // Near zero, so that models keep no centre that would contradict other coefficients.
    let x = DMatrix::from_fn(60, 4, |row, column| x[(row, column)] - 10.0 * column as f64);
    let pairs = OneVsOne::new(LogisticRegression::new(Penalty::c(1.0))).fit(&x, &y).expect("a fit");
    let mut parts = Parts::of(&pairs.to_bytes().expect("bytes"));
    put("model.model_0.coefficients", 0, f64::MAX)(&mut parts);
    put("model.model_1.coefficients", 0, f64::MAX)(&mut parts);
    // The previous scores of the rows do not matter here.
    parts.arrays.retain(|array| !array.name.starts_with("golden."));
    parts.description["parts"].as_object_mut().expect("a table").remove("golden");
    let model = AnyClassifier::<f64, u32>::from_bytes(&parts.bytes()).expect("a model");
    let scores = model.decision_function(&dmatrix![1.0, 0.0, 0.0, 0.0]);
    assert!(scores.expect("scores").iter().all(|z| z.is_finite()));
}
