//! Files saved by this version and earlier ones load, and predict as they did.
//!
//! One command writes the files of a new version of the format, and the seeds of the fuzz targets:
//! `LOGIT_WRITE_GOLDEN=1.1 cargo test --all-features --test it golden`. It never changes a version that exists.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use logit::nalgebra::DMatrix;
use logit::nn::{
    Checkpoint, Dense, Examples, FittedMultiLabel, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions,
    Trainer,
};
use logit::persist::StoredLabel;
use logit::prelude::*;
use logit::registry::AnyTransform;
use logit::{Activation, Adam, AnyClassifier, ModelFile, Real};
use serde_json::{Value, json};

use super::kit::{Subject, classifiers, others, rows, single_classifiers};

/// Kinds of classifiers, and the kind of their labels.
const CLASSIFIERS: [(&str, &str); 11] = [
    ("logistic", "string"),
    ("separated", "char"),
    ("one vs one", "integer"),
    ("imputed", "bool"),
    ("columns", "bool"),
    ("network", "string"),
    ("normalised", "string"),
    ("cross-validated", "char"),
    ("isotonic", "string"),
    ("thresholded", "bool"),
    ("conformal", "integer"),
];

fn directory(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/persist/golden").join(version)
}

fn file(version: &str, name: &str) -> PathBuf {
    directory(version).join(format!("{}.safetensors", name.replace(' ', "-")))
}

/// The rows that are predicted: a few of those that models were fitted to, as many columns as wanted.
fn some_rows<T: Real>(columns: usize) -> DMatrix<T> {
    rows::<T>().0.view((0, 0), (6, columns)).into_owned()
}

/// Probabilities, row after row, and labels.
fn predicted<T: Real, L: StoredLabel + 'static>(path: &Path) -> Value {
    let model =
        AnyClassifier::<T, L>::load(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let x = some_rows(model.features());
    let probabilities = model.predict_proba(&x).expect("probabilities").map(|p| p.as_f64());
    let labels: Vec<String> = model.predict(&x).expect("labels").iter().map(StoredLabel::to_text).collect();
    json!({ "probabilities": probabilities.transpose().as_slice(), "labels": labels })
}

fn of_kind<T: Real>(path: &Path, labels: &str) -> Value {
    match labels {
        "string" => predicted::<T, String>(path),
        "char" => predicted::<T, char>(path),
        "bool" => predicted::<T, bool>(path),
        "integer" => predicted::<T, i32>(path),
        other => panic!("{other}"),
    }
}

/// The current predictions of every file.
fn all_predictions(version: &str) -> Value {
    let mut found = json!({});
    // A kind that came later is in no file of an earlier version.
    for (name, labels) in CLASSIFIERS.into_iter().filter(|(name, _)| file(version, name).exists()) {
        found[name] = of_kind::<f64>(&file(version, name), labels);
    }
    found["network of f32"] = of_kind::<f32>(&file(version, "network of f32"), "string");
    let chain = AnyTransform::<f64>::load(file(version, "chain")).expect("a transformation");
    let transformed = chain.transform(&some_rows(4)).expect("numbers");
    found["chain"] = json!({ "probabilities": transformed.transpose().as_slice(), "labels": [] });
    let several = ModelFile::<FittedMultiLabel<f64, String>>::load(file(version, "several labels"));
    let several = several.expect("a model").into_model();
    let probabilities = several.predict_proba(&some_rows(4)).expect("probabilities");
    let sets = several.predict(&some_rows(4)).expect("labels").sets();
    let sets: Vec<String> = sets.iter().map(|set| set.join(", ")).collect();
    found["several labels"] =
        json!({ "probabilities": probabilities.transpose().as_slice(), "labels": sets });
    found
}

fn checkpoint_network(activation: Activation) -> Sequential<Dense> {
    let dense = Dense::new(4, 3).expect("a layer").activation(activation);
    Sequential::new(vec![dense]).expect("a network")
}

fn checkpoint() -> Checkpoint<f64> {
    let (x, y) = rows::<f64>();
    let network = checkpoint_network(Activation::Identity);
    let examples = Examples::new(&x, Targets::Classes(&y));
    let trainer = Trainer::new(Adam::new(0.1)).epochs(3).batch_size(25);
    let options = TrainOptions::default();
    let mut run = trainer.start(&network, SoftmaxCrossEntropy::new(), examples, options).expect("a run");
    for _ in 0..4 {
        run.step().expect("a step");
    }
    run.checkpoint()
}

fn write(version: &str) {
    // Fails if the version exists: its files must stay as they are.
    fs::create_dir(directory(version)).expect("a version that has no files yet");
    let save = |subjects: Vec<(String, Box<dyn Subject>)>, name: &str, suffix: &str| {
        let subject = subjects.into_iter().find(|(found, _)| found == name).expect("a subject").1;
        let path = file(version, &format!("{name}{suffix}"));
        fs::write(path, subject.to_bytes().expect("bytes")).expect("a file");
    };
    for (name, _) in CLASSIFIERS {
        save(classifiers(), name, "");
    }
    save(single_classifiers(), "network", " of f32");
    save(others(), "chain", "");
    save(others(), "several labels", "");
    checkpoint().save(file(version, "checkpoint")).expect("a file");
    #[cfg(feature = "serde")]
    for (name, subject) in classifiers().iter().filter(|(name, _)| name == "logistic" || name == "isotonic") {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/json");
        fs::create_dir_all(&seeds).expect("a directory");
        fs::write(seeds.join(name), subject.to_text()).expect("a file");
    }
    let text = serde_json::to_string_pretty(&all_predictions(version)).expect("text");
    fs::write(directory(version).join("predictions.json"), text + "\n").expect("a file");
}

/// Writes the files, once and before they are read, if that was asked for.
fn write_if_wanted() {
    static WRITTEN: Once = Once::new();
    if let Ok(version) = std::env::var("LOGIT_WRITE_GOLDEN") {
        WRITTEN.call_once(|| write(&version));
    }
}

#[test]
fn golden_files_predict_what_they_did() {
    write_if_wanted();
    let mut versions = 0;
    for entry in fs::read_dir(directory("")).expect("a directory") {
        let version = entry.expect("an entry").file_name().into_string().expect("a name");
        let text = fs::read_to_string(directory(&version).join("predictions.json")).expect("predictions");
        let wanted: Value = serde_json::from_str(&text).expect("JSON");
        let found = all_predictions(&version);
        let (wanted, found) = (wanted.as_object().expect("a table"), found.as_object().expect("a table"));
        assert_eq!(wanted.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
        for (name, wanted) in wanted {
            let found = &found[name];
            assert_eq!(found["labels"], wanted["labels"], "{version}, {name}");
            // Twelve or more digits of f64 are the same on every processor, and on this kind all.
            let tolerance = if name == "network of f32" { 1e-7 } else { 1e-15 };
            let numbers = |value: &Value| -> Vec<f64> {
                serde_json::from_value(value["probabilities"].clone()).expect("numbers")
            };
            let (wanted, found) = (numbers(wanted), numbers(found));
            assert_eq!(wanted.len(), found.len(), "{version}, {name}");
            for (wanted, found) in wanted.iter().zip(&found) {
                let apart = (wanted - found).abs();
                assert!(
                    apart <= tolerance * wanted.abs().max(1.0),
                    "{version}, {name}: {found}, wanted {wanted}"
                );
            }
        }
        versions += 1;
    }
    assert!(versions > 0);
}

#[test]
fn a_golden_checkpoint_is_what_it_was() {
    write_if_wanted();
    let path = file("1.0", "checkpoint");
    let checkpoint = Checkpoint::<f64>::load(&path).expect("a checkpoint");
    assert_eq!((checkpoint.steps(), checkpoint.epochs()), (4, 1));
    assert_eq!(checkpoint.to_bytes().expect("bytes"), fs::read(&path).expect("a file"));
}

/// The first checkpoints say less about their run. What they say is compared.
#[test]
fn a_golden_checkpoint_resumes() {
    let old = || Checkpoint::<f64>::load(file("1.0", "checkpoint")).expect("a checkpoint");
    let new = checkpoint();
    let (x, y) = rows::<f64>();
    let examples = Examples::new(&x, Targets::Classes(&y));
    let resume = |network: &Sequential<Dense>, checkpoint: Checkpoint<f64>| {
        let trainer = Trainer::new(Adam::new(0.1)).epochs(3).batch_size(25);
        let (loss, options) = (SoftmaxCrossEntropy::new(), TrainOptions::default());
        let mut run = trainer.resume(network, loss, examples, options, checkpoint)?;
        run.run_to_end(|_| std::ops::ControlFlow::Continue(()))?;
        Ok::<_, logit::Error>(run.finish())
    };
    let network = checkpoint_network(Activation::Identity);
    let (found, wanted) = (resume(&network, old()).expect("a run"), resume(&network, new).expect("a run"));
    for (found, wanted) in found.params.iter().zip(&wanted.params) {
        assert!((found - wanted).abs() <= 1e-12 * wanted.abs().max(1.0), "{found}, wanted {wanted}");
    }
    let other = resume(&checkpoint_network(Activation::Tanh), old()).expect_err("another activation");
    assert!(matches!(&other, logit::Error::Checkpoint { what, .. } if what == "layers"), "{other}");
}
