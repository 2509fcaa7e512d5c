//! Python's package for the format reads a saved model, and its predictions agree.

use std::fs;
use std::path::Path;
use std::process::Command;

use logit::prelude::*;
use logit::{Error, LogisticRegression, ModelFile, Penalty, Pipeline, StandardScaler, data};
use nalgebra::DMatrix;
use serde_json::json;

fn nested(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}

/// Runs where Python has `numpy` and `safetensors`: `LOGIT_PYTHON` says which Python, `python3` if nothing
/// does.
#[test]
fn python_predicts_from_the_arrays() {
    let required = std::env::var("LOGIT_PYTHON");
    let python = required.clone().unwrap_or_else(|_| "python3".to_owned());
    let packages = Command::new(&python).args(["-c", "import numpy, safetensors"]).output();
    if !packages.is_ok_and(|output| output.status.success()) {
        assert!(required.is_err(), "{python} has no `numpy` and `safetensors`");
        println!("nothing tested: {python} has no `numpy` and `safetensors`");
        return;
    }
    let logistic = LogisticRegression::new(Penalty::c(1.0));
    check(&python, &Pipeline::new(StandardScaler::new(), logistic.clone()), 0.0);
    // Columns far from zero: the model has a centre of its own.
    check(&python, &Pipeline::new(StandardScaler::new().center(false), logistic), 1e6);
}

fn load_like<M: Persist>(_: &M, file: &Path) -> Result<ModelFile<M>, Error> {
    ModelFile::load(file)
}

/// Compares the predictions for iris, moved by `by`, in Rust and in Python.
fn check(python: &str, pipeline: &Pipeline<StandardScaler, LogisticRegression>, by: f64) {
    let iris = data::iris();
    let x = iris.x.map(|v| v + by);
    let rows = logit::Rows::from(&x).with_names(&iris.feature_names).expect("names");
    let y: Vec<String> = iris.y.iter().map(ToString::to_string).collect();
    let model = pipeline.fit(rows, &y).expect("a fit");
    let probabilities = model.predict_proba(&x).expect("probabilities");
    let wanted = json!({
        "x": nested(&x),
        "probabilities": nested(&probabilities),
        "names": iris.feature_names,
        "classes": model.classes(),
    });
    let directory = std::env::temp_dir().join(format!("logit-python-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory");
    let (file, numbers) = (directory.join("model.safetensors"), directory.join("wanted.json"));
    ModelFile::new(model.clone()).save(&file).expect("a file");
    fs::write(&numbers, wanted.to_string()).expect("a file");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/persist/predict.py");
    let output = Command::new(python).arg(script).arg(&file).arg(&numbers).output().expect("Python runs");
    let renewed = load_like(&model, &file);
    fs::remove_dir_all(&directory).expect("removed");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", said(&output.stdout), said(&output.stderr));
    println!("{}", said(&output.stdout));
    assert_eq!(renewed.expect("the file that Python saved").model(), &model);
}
