//! What is saved comes back.

use std::fmt::Debug;
use std::fs;

use logit::nalgebra::{DMatrix, dmatrix, dvector};
use logit::{
    AnyClassifier, AnyTransform, Classifier, Error, FittedLogistic, FittedMultiLabel, ModelFile, Persist,
    Real, Record, StandardScaler, Transform, Transformer,
};
use safetensors::SafeTensors;

use super::kit::{Visit, classifiers, kind_of, rows, several_labels};

fn bits<T: Real>(matrix: &DMatrix<T>) -> Vec<u64> {
    matrix.iter().map(|v| v.as_f64().to_bits()).collect()
}

struct ComesBack(usize);

impl<T: Real> Visit<T> for ComesBack {
    fn visit<M>(&mut self, name: &str, model: &M, x: &DMatrix<T>)
    where
        M: Classifier<T> + Persist<Scalar = T> + PartialEq + Clone + Debug + Send + Sync + 'static,
    {
        let bytes = model.to_bytes().expect(name);
        let loaded = M::from_bytes(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&loaded, model, "{name}");
        assert_eq!(loaded.to_bytes().expect(name), bytes, "{name}");
        let scores = |model: &M| bits(&model.decision_function(x).expect(name));
        assert_eq!(scores(&loaded), scores(model), "{name}");
        let probabilities = |model: &M| bits(&model.predict_proba(x).expect(name));
        assert_eq!(probabilities(&loaded), probabilities(model), "{name}");
        let file = ModelFile::<M>::from_bytes(&bytes).expect(name);
        assert!(file.golden().is_some_and(|golden| golden.rows().nrows() >= 3), "{name}");
        self.0 += 1;
    }
}

#[test]
fn every_classifier_comes_back_to_the_bit() {
    let mut visitor = ComesBack(0);
    classifiers::<f64>(&mut visitor).expect("fits");
    classifiers::<f32>(&mut visitor).expect("fits");
    assert_eq!(visitor.0, 22);
}

#[test]
fn several_labels_come_back() {
    let (model, x) = several_labels();
    let bytes = model.to_bytes().expect("bytes");
    let loaded = FittedMultiLabel::<f64, String>::from_bytes(&bytes).expect("a model");
    assert_eq!(loaded, model);
    assert_eq!(loaded.predict(&x).expect("labels"), model.predict(&x).expect("labels"));
    assert_eq!(loaded.to_bytes().expect("bytes"), bytes);
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
    assert!(error.contains("it has a `string` where a `integer` is wanted"), "{error}");

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
    assert!(error.to_string().contains("is of F32, wanted F64"), "{error}");
}

struct LoadsAsAny(usize);

impl<T: Real> Visit<T> for LoadsAsAny {
    fn visit<M>(&mut self, name: &str, model: &M, x: &DMatrix<T>)
    where
        M: Classifier<T> + Persist<Scalar = T> + PartialEq + Clone + Debug + Send + Sync + 'static,
    {
        let bytes = model.to_bytes().expect(name);
        // Whichever type the labels have, one of these reads them.
        let scores = [
            AnyClassifier::<T, String>::from_bytes(&bytes)
                .map(|any| (any.to_bytes(), any.decision_function(x))),
            AnyClassifier::<T, bool>::from_bytes(&bytes)
                .map(|any| (any.to_bytes(), any.decision_function(x))),
            AnyClassifier::<T, char>::from_bytes(&bytes)
                .map(|any| (any.to_bytes(), any.decision_function(x))),
            AnyClassifier::<T, i64>::from_bytes(&bytes).map(|any| (any.to_bytes(), any.decision_function(x))),
        ];
        let read: Vec<_> = scores.into_iter().flatten().collect();
        let [(again, found)] = read.as_slice() else { panic!("{name}: {} types of labels", read.len()) };
        assert_eq!(again.as_ref().expect(name), &bytes, "{name}");
        let wanted = model.decision_function(x).expect(name);
        assert_eq!(bits(found.as_ref().expect(name)), bits(&wanted), "{name}");
        self.0 += 1;
    }
}

#[test]
fn a_service_loads_whatever_its_file_has() {
    let mut visitor = LoadsAsAny(0);
    classifiers::<f64>(&mut visitor).expect("fits");
    assert_eq!(visitor.0, 11);
    let scaler = (StandardScaler::new(), StandardScaler::new()).fit(&rows::<f64>().0).expect("a fit");
    let bytes = scaler.to_bytes().expect("bytes");
    let any = AnyTransform::<f64>::from_bytes(&bytes).expect("a transformation");
    assert_eq!(any.transform(&rows().0), scaler.transform(&rows().0));
    assert_eq!((any.clone(), any.to_bytes().expect("bytes")), (any, bytes.clone()));
    let error = AnyClassifier::<f64, String>::from_bytes(&bytes).expect_err("no classifier").to_string();
    assert!(error.contains("it has a `chain` where a classifier is wanted"), "{error}");
}

#[test]
fn what_belongs_to_a_model_comes_with_it() {
    let model =
        FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; -2.0], dvector![0.5]).expect("a model");
    let file = ModelFile::new(model.clone()).feature_names(&["age", "größe"]).note("line 1\nline 2");
    let file = file.golden_rows(&dmatrix![1.0, 2.0]).expect("scores");
    let bytes = file.to_bytes().expect("bytes");
    let loaded = ModelFile::<FittedLogistic<f64, i32>>::from_bytes(&bytes).expect("a file");
    assert_eq!(
        (loaded.names(), loaded.note_text()),
        (&["age".to_owned(), "größe".to_owned()][..], "line 1\nline 2")
    );
    let golden = loaded.golden().expect("golden rows");
    assert_eq!((golden.rows(), golden.scores()), (&dmatrix![1.0, 2.0], &dmatrix![-2.5]));
    assert_eq!(loaded.to_bytes().expect("bytes"), bytes);
    assert_eq!(loaded.into_model(), model);

    let wrong = ModelFile::new(model.clone()).feature_names(&["age"]).to_bytes();
    assert!(matches!(wrong, Err(Error::ShapeMismatch { argument: "feature_names", .. })), "{wrong:?}");
    assert!(ModelFile::new(model).golden_rows(&dmatrix![1.0]).is_err());
    let scaler = StandardScaler::new().fit(&dmatrix![1.0; 2.0]).expect("a fit");
    assert!(matches!(ModelFile::new(scaler).golden_rows(&dmatrix![1.0]), Err(Error::Unsupported { .. })));
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

    fn to_record(&self) -> Record {
        Record::new("offset").with_number("by", f64::from(self.0)).with_texts("words", &["a", "", "bc"])
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("offset")?;
        let offset = Offset(record.take_number("by")? as f32);
        assert_eq!(record.take_texts("words", 3)?, ["a", "", "bc"]);
        record.finish().map(|()| offset)
    }
}

#[test]
fn own_types_are_stored_too() {
    let offset = Offset(0.1);
    assert_eq!(Offset::from_bytes(&offset.to_bytes().expect("bytes")), Ok(offset));
}
