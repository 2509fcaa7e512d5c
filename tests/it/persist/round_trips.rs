//! Saved values load unchanged.

use std::fs;

use logit::nalgebra::{DMatrix, dmatrix, dvector};
use logit::nn::FittedMultiLabel;
use logit::persist::Record;
use logit::prelude::*;
use logit::registry::AnyTransform;
use logit::{AnyClassifier, Error, FittedLogistic, ModelFile, Real, StandardScaler};
use safetensors::SafeTensors;

use super::kit::{classifiers, everything, kind_of, rows, several_labels};

fn bits<T: Real>(matrix: &DMatrix<T>) -> Vec<u64> {
    matrix.iter().map(|v| v.as_f64().to_bits()).collect()
}

#[test]
fn everything_comes_back_to_the_bit() {
    for (name, subject) in everything() {
        let bytes = subject.to_bytes().expect(&name);
        let loaded = subject.read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Debug output distinguishes -0 from 0, and NaN equals itself in it.
        assert_eq!(loaded.debug(), subject.debug(), "{name}");
        assert_eq!(loaded.to_bytes().expect(&name), bytes, "{name}");
        if let Some(predictions) = subject.predict(1000) {
            let predictions = predictions.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(loaded.predict(1000), Some(Ok(predictions)), "{name}");
            assert!(subject.golden_rows(&bytes).expect(&name) >= 3, "{name}");
        }
    }
}

#[test]
fn several_labels_come_back() {
    let (model, x) = several_labels();
    let bytes = model.to_bytes().expect("bytes");
    let loaded = FittedMultiLabel::<f64, String>::from_bytes(&bytes).expect("a model");
    assert_eq!(loaded.predict(&x).expect("labels"), model.predict(&x).expect("labels"));
    let file = ModelFile::<FittedMultiLabel<f64, String>>::from_bytes(&bytes).expect("a file");
    assert_eq!(file.golden().expect("golden rows").scores().shape(), (4, 2));
}

#[test]
fn odd_numbers_come_back() {
    let numbers = dmatrix![-0.0, 5e-324, f64::MAX; 1e-310, -f64::MIN_POSITIVE, 0.1];
    let classes = vec![false, true];
    let coefficients = DMatrix::from_column_slice(6, 1, numbers.as_slice());
    let model = FittedLogistic::from_coefficients(classes, coefficients, dvector![-0.0]).expect("a model");
    let bytes = model.to_bytes().expect("bytes");
    let loaded = FittedLogistic::<f64, bool>::from_bytes(&bytes).expect("a model");
    assert_eq!(bits(loaded.coefficients()), bits(model.coefficients()));
    assert_eq!(loaded.intercept()[0].to_bits(), (-0.0f64).to_bits());
}

#[test]
fn labels_load_as_any_type_of_their_kind() {
    let model = |classes: Vec<&'static str>| {
        FittedLogistic::from_coefficients(classes, dmatrix![1.0; 2.0], dvector![0.5]).expect("a model")
    };
    let bytes = model(vec!["", "naïve\n"]).to_bytes().expect("bytes");
    let loaded = FittedLogistic::<f64, String>::from_bytes(&bytes).expect("a model");
    assert_eq!(loaded.classes(), ["", "naïve\n"]);
    let error = FittedLogistic::<f64, &str>::from_bytes(&bytes).expect_err("borrowed").to_string();
    assert!(error.contains("load the model with labels of type `String`"), "{error}");
    let error = FittedLogistic::<f64, u8>::from_bytes(&bytes).expect_err("integers").to_string();
    assert!(
        error.contains(
            "it contains `string` where `integer` is expected: load the model with labels of type `String`"
        ),
        "{error}"
    );

    let wide =
        FittedLogistic::from_coefficients(vec![3i64, 300], dmatrix![1.0], dvector![0.5]).expect("a model");
    let bytes = wide.to_bytes().expect("bytes");
    assert_eq!(FittedLogistic::<f64, u16>::from_bytes(&bytes).expect("a model").classes(), [3, 300]);
    let error = FittedLogistic::<f64, u8>::from_bytes(&bytes).expect_err("too narrow").to_string();
    assert!(error.contains("`300` cannot be read as `u8`"), "{error}");
    assert_eq!(
        [kind_of(&['a']), kind_of(&[true]), kind_of(&["a"]), kind_of(&[1u8])],
        ["char", "bool", "string", "integer"]
    );
}

#[test]
fn another_number_type_is_refused() {
    let model =
        FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0f32], dvector![0.5]).expect("a model");
    let error =
        FittedLogistic::<f64, i32>::from_bytes(&model.to_bytes().expect("bytes")).expect_err("an error");
    assert!(error.to_string().contains("has the type F32, expected F64"), "{error}");
}

#[test]
fn a_service_loads_whatever_its_file_has() {
    for (name, subject) in classifiers() {
        let bytes = subject.to_bytes().expect(&name);
        // Whichever type the labels have, one of these reads them.
        let again = [
            AnyClassifier::<f64, String>::from_bytes(&bytes).map(|any| any.to_bytes()),
            AnyClassifier::<f64, bool>::from_bytes(&bytes).map(|any| any.to_bytes()),
            AnyClassifier::<f64, char>::from_bytes(&bytes).map(|any| any.to_bytes()),
            AnyClassifier::<f64, i64>::from_bytes(&bytes).map(|any| any.to_bytes()),
        ];
        let again: Vec<_> = again.into_iter().flatten().collect();
        assert_eq!(again, [Ok(bytes)], "{name}");
    }
    let scaler = (StandardScaler::new(), StandardScaler::new()).fit(&rows::<f64>().0).expect("a fit");
    let bytes = scaler.to_bytes().expect("bytes");
    let any = AnyTransform::<f64>::from_bytes(&bytes).expect("a transformation");
    assert_eq!(any.transform(&rows().0), scaler.transform(&rows().0));
    assert_eq!((any.clone(), any.to_bytes().expect("bytes")), (any, bytes.clone()));
    let error = AnyClassifier::<f64, String>::from_bytes(&bytes).expect_err("no classifier").to_string();
    assert!(error.contains("it contains `chain` where a classifier is expected"), "{error}");
}

#[test]
fn what_belongs_to_a_model_comes_with_it() {
    let model =
        FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; -2.0], dvector![0.5]).expect("a model");
    let model = model.with_feature_names(["age", "größe"]).expect("two names");
    let file = ModelFile::new(model.clone()).note("line 1\nline 2");
    let file = file.golden_rows(&dmatrix![1.0, 2.0]).expect("scores");
    let bytes = file.to_bytes().expect("bytes");
    let loaded = ModelFile::<FittedLogistic<f64, i32>>::from_bytes(&bytes).expect("a file");
    assert_eq!(
        (loaded.model().feature_names(), loaded.note_text()),
        (Some(&["age".to_owned(), "größe".to_owned()][..]), "line 1\nline 2")
    );
    let golden = loaded.golden().expect("golden rows");
    assert_eq!((golden.rows(), golden.scores()), (&dmatrix![1.0, 2.0], &dmatrix![-2.5]));
    assert_eq!(loaded.to_bytes().expect("bytes"), bytes);
    assert_eq!(loaded.into_model(), model);

    let wrong = FittedLogistic::<f64, i32>::from_record(named(&model, &["age"]));
    assert!(matches!(wrong, Err(Error::InvalidFile { .. })), "{wrong:?}");
    assert!(ModelFile::new(model).golden_rows(&dmatrix![1.0]).is_err());
    let scaler = StandardScaler::new().fit(&dmatrix![1.0; 2.0]).expect("a fit");
    assert!(matches!(ModelFile::new(scaler).golden_rows(&dmatrix![1.0]), Err(Error::Unsupported { .. })));
}

/// The record of a model with other names of columns.
fn named(model: &FittedLogistic<f64, i32>, names: &[&str]) -> Record {
    let mut record = model.to_record();
    record.take_texts("feature_names", 2).expect("two names");
    record.with_texts("feature_names", names)
}

#[test]
fn files_are_saved_and_loaded() {
    let path = std::env::temp_dir().join(format!("logit-model-{}.safetensors", std::process::id()));
    let model =
        FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; -2.0], dvector![0.5]).expect("a model");
    model.save(&path).expect("saved");
    assert_eq!(FittedLogistic::<f64, i32>::load(&path).expect("a model"), model);
    assert_eq!(fs::read(&path).expect("bytes"), model.to_bytes().expect("bytes"));
    ModelFile::new(model).note("n").save(&path).expect("saved again");
    assert_eq!(ModelFile::<FittedLogistic<f64, i32>>::load(&path).expect("a file").note_text(), "n");
    fs::remove_file(&path).expect("removed");
    let gone = FittedLogistic::<f64, i32>::load(&path).expect_err("an error");
    assert!(matches!(gone, Error::File { action: "load", .. }), "{gone}");
}

#[test]
fn others_read_the_arrays() {
    let model = FittedLogistic::from_coefficients(
        vec!["a", "b", "c"],
        dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0],
        dvector![0.5, 0.25, 0.125],
    )
    .expect("a model");
    let bytes = model.to_bytes().expect("bytes");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let coefficients = tensors.tensor("model.coefficients").expect("an array");
    assert_eq!(coefficients.shape(), [3, 2]);
    let numbers: Vec<f64> =
        coefficients.data().as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    assert_eq!(numbers, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert_eq!(tensors.tensor("model.classes.texts").expect("an array").data(), b"abc");
}

/// A type of somebody else's.
#[derive(Debug, Clone, PartialEq)]
struct Offset(f32);

impl Persist for Offset {
    type Scalar = f32;
    const KIND: &'static str = "offset";

    fn write_record(&self, record: Record) -> Record {
        record.with_number("by", f64::from(self.0)).with_texts("words", &["a", "", "bc"])
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let offset = Offset(record.take_number("by")? as f32);
        assert_eq!(record.take_texts("words", 3)?, ["a", "", "bc"]);
        Ok(offset)
    }
}

#[test]
fn own_types_are_stored_too() {
    let offset = Offset(0.1);
    assert_eq!(Offset::from_bytes(&offset.to_bytes().expect("bytes")), Ok(offset));
}

/// Too deeply nested parts are rejected when they are saved, not when they are loaded.
#[test]
fn a_model_that_could_not_be_loaded_is_not_saved() {
    let x = rows::<f64>().0;
    let step = || {
        AnyTransform::<f64>::from_bytes(
            &StandardScaler::new().fit(&x).expect("a fit").to_bytes().expect("bytes"),
        )
    };
    let mut chain = step().expect("a step");
    let mut depth = 1;
    let error = loop {
        chain = AnyTransform::new(
            logit::preprocess::Chain::new(step().expect("a step"), chain).expect("a chain"),
        );
        depth += 1;
        match chain.to_bytes() {
            Ok(bytes) => drop(AnyTransform::<f64>::from_bytes(&bytes).expect("what is saved is loaded")),
            Err(error) => break error,
        }
    };
    assert!(depth > 40 && matches!(error, Error::Unsupported { .. }), "{depth}: {error}");
}

fn reload<M: Persist>(_like: &ModelFile<M>, bytes: &[u8]) -> ModelFile<M> {
    ModelFile::from_bytes(bytes).expect("a file")
}

#[test]
fn golden_rows_are_few_and_may_have_gaps() {
    let x = dmatrix![1.0, f64::NAN; 2.0, 3.0; f64::NAN, 4.0; 0.0, 0.0];
    let steps = logit::Imputer::mean();
    let pipeline = logit::Pipeline::new(steps, logit::LogisticRegression::new(logit::Penalty::c(1.0)));
    let model = logit::Estimator::fit(&pipeline, &x, &[0, 1, 1, 0]).expect("a fit");
    let file = ModelFile::new(model.clone()).golden_rows(&x).expect("rows with gaps");
    let bytes = file.to_bytes().expect("bytes");
    let loaded = reload(&file, &bytes);
    assert_eq!(loaded.model(), &model);
    assert_eq!(loaded.to_bytes().expect("bytes"), bytes);
    let many = ModelFile::new(model).golden_rows(&DMatrix::zeros(101, 2));
    assert!(matches!(many, Err(Error::InvalidParameter { name: "golden rows", .. })), "{many:?}");
}
