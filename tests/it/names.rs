//! Every classifier that was fitted on rows with names keeps them, and rejects rows with other names.

use std::fmt::Debug;

use logit::data::{self, Dataset};
use logit::decide::{
    CalibrationMethod, Conformal, MinimumCost, NonconformityScore, PriorCorrected, RejectOption,
    TuneThreshold,
};
use logit::linear::{LogisticPath, LogisticRegressionCv};
use logit::metrics::Accuracy;
use logit::nalgebra::{DMatrix, dmatrix};
use logit::nn::MlpOptions;
use logit::prelude::*;
use logit::{
    AnyClassifier, Calibrate, Error, LogisticRegression, MlpClassifier, ModelFile, OneVsOne, OneVsRest, Pca,
    Penalty, Pipeline, Rows, Search, StandardScaler,
};

fn logistic() -> LogisticRegression {
    LogisticRegression::new(Penalty::c(1.0))
}

/// Two overlapping species of flowers.
fn flowers() -> Dataset<String> {
    let iris = data::iris();
    let rows: Vec<usize> = (0..150).filter(|&row| iris.y[row] != "setosa").collect();
    iris.rows(&rows).expect("rows").map_labels(str::to_owned)
}

/// The message with which a model rejects rows, checked to be an error about names.
fn refusal<M: Classifier<f64> + ?Sized>(model: &M, set: &Dataset<String>) -> String {
    match model.predict(set).map(|_| ()) {
        Err(Error::ColumnNames { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

/// Checks a model that was fitted on all columns of a data set.
fn check<M: Classifier<f64> + ?Sized>(which: &str, model: &M, set: &Dataset<String>)
where
    M::Label: Debug,
{
    assert_eq!(model.feature_names(), Some(set.feature_names.as_slice()), "{which}");
    let labels = model.predict(set).unwrap_or_else(|error| panic!("{which}: {error}"));
    assert_eq!(model.predict(&set.x).expect("a matrix has no names"), labels, "{which}");

    let swapped = set.columns(&[1, 0, 2, 3]).expect("columns");
    assert_eq!(
        refusal(model, &swapped),
        "column 0 of `x` is `sepal width (cm)`, but the model was fitted with `sepal length (cm)` there: put the columns \
         in the order of the fit",
        "{which}"
    );
    let missing = set.columns(&[0, 1, 3]).expect("columns");
    assert_eq!(
        refusal(model, &missing),
        "`x` has no column `petal length (cm)`, which the model was fitted on",
        "{which}"
    );
    let names = set.feature_names.iter().cloned().chain(["age (d)".to_owned()]);
    let extra = Dataset::new(set.x.clone().insert_column(4, 1.0), set.y.clone()).expect("a set");
    let extra = extra.with_feature_names(names).expect("five names");
    let said = refusal(model, &extra);
    assert_eq!(
        said, "`x` has a column `age (d)`, which the model was not fitted on: leave it out",
        "{which}"
    );
    for set in [&swapped, &missing, &extra] {
        assert!(matches!(model.predict_proba(set), Err(Error::ColumnNames { .. })), "{which}");
        assert!(matches!(model.predict_log_proba(set), Err(Error::ColumnNames { .. })), "{which}");
        assert!(matches!(model.decision_function(set), Err(Error::ColumnNames { .. })), "{which}");
    }
    for set in [&swapped, &extra] {
        assert_eq!(
            model.predict(&set.columns_of(model).expect("columns")).expect("labels"),
            labels,
            "{which}"
        );
    }
    assert!(matches!(missing.columns_of(model), Err(Error::UnknownColumn { .. })), "{which}");
}

/// Checks a model, the same from a file, and the same from a file as whatever it holds.
fn check_stored<M>(which: &str, model: &M, set: &Dataset<String>)
where
    M: Classifier<f64, Label = String> + Persist<Scalar = f64>,
{
    check(which, model, set);
    let bytes = model.to_bytes().expect("bytes");
    check(which, &M::from_bytes(&bytes).expect("a model"), set);
    check(which, &AnyClassifier::<f64, String>::from_bytes(&bytes).expect("a model"), set);
}

#[test]
fn every_classifier_enforces_the_names_of_its_fit() {
    let set = flowers();
    let model = set.fit(&logistic()).expect("a fit");
    check_stored("logistic", &model, &set);
    check("a reference", &&model, &set);
    check("a trait object", &*Box::new(model.clone()) as &dyn Classifier<f64, Label = String>, &set);
    let path = LogisticPath::l1().count(4);
    check_stored(
        "cross-validated",
        &set.fit(&LogisticRegressionCv::new(path.clone()).folds(3)).expect("a fit"),
        &set,
    );
    let path = path.fit(&set, &set.y).expect("a path");
    path.models().iter().for_each(|model| check("a path", model, &set));

    let network = MlpClassifier::new([3]).epochs(2);
    check_stored("network", &set.fit(&network).expect("a fit"), &set);
    let mut run = network.start(&set, &set.y, MlpOptions::new()).expect("a run");
    run.run_to_end(|_| std::ops::ControlFlow::Continue(())).expect("epochs");
    check("a run", &run.finish(), &set);
    let classes = ["versicolor".to_owned(), "virginica".to_owned()];
    let mut partial = network.partial(4, classes).expect("a network");
    partial.fit(&set, &set.y).expect("a step");
    check("partial fits", &partial.model(), &set);
    assert!(matches!(
        partial.fit(&set.columns(&[1, 0, 2, 3]).expect("columns"), &set.y),
        Err(Error::ColumnNames { .. })
    ));

    let steps = (StandardScaler::new(), Pca::new(2));
    check_stored("pipeline", &set.fit(&Pipeline::new(steps, logistic())).expect("a fit"), &set);
    let nested = Pipeline::new(StandardScaler::new(), Pipeline::new(StandardScaler::new(), network.clone()));
    check_stored("nested pipelines", &set.fit(&nested).expect("a fit"), &set);
    let scaled = Pipeline::new(StandardScaler::new(), logistic());
    check_stored("one against the rest", &set.fit(&OneVsRest::new(scaled.clone())).expect("a fit"), &set);
    check_stored("one against one", &set.fit(&OneVsOne::new(scaled.clone())).expect("a fit"), &set);

    for method in [CalibrationMethod::Platt, CalibrationMethod::Isotonic, CalibrationMethod::Temperature] {
        check_stored("calibrated", &set.fit(&Calibrate::new(scaled.clone(), method)).expect("a fit"), &set);
    }
    check_stored(
        "thresholded",
        &set.fit(&TuneThreshold::new(scaled.clone(), Accuracy)).expect("a fit"),
        &set,
    );
    let search = Search::grid([0.1, 1.0], |&c| {
        Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(c)))
    });
    check("searched", &set.fit(&search).expect("a fit"), &set);
    check_stored("rejecting", &RejectOption::new(model.clone(), 0.8).expect("a model"), &set);
    let costs = dmatrix![0.0, 1.0; 5.0, 0.0];
    check_stored("by costs", &MinimumCost::new(model.clone(), costs).expect("a model"), &set);
    let priors = PriorCorrected::new(model.clone(), &[0.5, 0.5], &[0.9, 0.1]).expect("a model");
    check_stored("with other priors", &priors, &set);
    let sets = Conformal::new(model.clone(), NonconformityScore::Lac, 0.9, &set, &set.y).expect("a model");
    check_stored("conformal", &sets, &set);
    let swapped = set.columns(&[1, 0, 2, 3]).expect("columns");
    let other = Conformal::new(model, NonconformityScore::Lac, 0.9, &swapped, &set.y);
    assert!(matches!(other, Err(Error::ColumnNames { .. })));
}

#[test]
fn models_of_rows_without_names_take_any() {
    let set = flowers();
    let model = logistic().fit(&set.x, &set.y).expect("a fit");
    assert!(model.feature_names().is_none() && model.predict(&set).is_ok());
    assert!(matches!(set.columns_of(&model), Err(Error::Unsupported { .. })));
    let unnamed = Dataset::new(set.x.clone(), set.y.clone()).expect("a set");
    assert!(unnamed.feature_names.is_empty());
    let model = unnamed.fit(&logistic()).expect("a fit");
    assert!(model.feature_names().is_none() && model.predict(&set).is_ok());
    let loaded =
        AnyClassifier::<f64, String>::from_bytes(&model.to_bytes().expect("bytes")).expect("a model");
    assert!(loaded.feature_names().is_none());
    let named = model.with_feature_names(set.feature_names.clone()).expect("four names");
    check_stored("named by hand", &named, &set);
}

#[test]
fn tables_of_coefficients_have_the_names_of_the_model() {
    let set = flowers();
    let model = set.fit(&logistic()).expect("a fit");
    // For rows without names, the table has those of the model.
    let inference = model.inference(&set.x, &set.y).expect("inference");
    assert_eq!(inference.names()[0], "(intercept)");
    assert_eq!(inference.names()[1..], set.feature_names);
    assert!(inference.to_string().contains("petal length (cm)"));
    let effects = inference.marginal_effects(&set.x, Default::default());
    assert_eq!(effects.expect("effects").names(), set.feature_names);
    let swapped = set.columns(&[1, 0, 2, 3]).expect("columns");
    let other = inference.marginal_effects(&swapped, Default::default());
    assert!(matches!(other, Err(Error::ColumnNames { .. })), "{other:?}");
    let own = inference.with_names(&["a", "b", "c", "d"]).expect("four names");
    assert_eq!(own.names()[1..], ["a", "b", "c", "d"]);
    let unnamed = logistic().fit(&set.x, &set.y).expect("a fit");
    assert_eq!(unnamed.inference(&set, &set.y).expect("inference").names()[1..], set.feature_names);
    assert_eq!(unnamed.inference(&set.x, &set.y).expect("inference").names()[1..], ["x0", "x1", "x2", "x3"]);
    assert!(matches!(model.inference(&swapped, &set.y), Err(Error::ColumnNames { .. })));
    assert!(matches!(model.influence(&swapped, &set.y), Err(Error::ColumnNames { .. })));

    let model = set.fit(&Pipeline::new((StandardScaler::new(), Pca::new(2)), logistic())).expect("a fit");
    let z = model.steps().transform(&set).expect("rows");
    let inside = model.classifier().inference(&z, &set.y).expect("inference");
    let names = model.steps().output_names(&set.feature_names).expect("names");
    assert_eq!(
        (inside.names()[1..].to_vec(), model.classifier().feature_names()),
        (names.clone(), Some(&names[..]))
    );
}

#[test]
fn files_whose_parts_name_columns_differently_are_refused() {
    let set = flowers();
    let renamed = |record: logit::persist::Record, part: &str| {
        let mut record = record;
        let mut inner = record.take_part(part).expect("a part");
        inner.take_texts("feature_names", 4).expect("names");
        record.with_part(part, inner.with_texts("feature_names", &["a", "b", "c", "d"]))
    };
    let model = set.fit(&Pipeline::new(StandardScaler::new(), logistic())).expect("a fit");
    type Fitted = logit::FittedPipeline<
        logit::preprocess::FittedStandardScaler<f64>,
        logit::FittedLogistic<f64, String>,
    >;
    let error = Fitted::from_record(renamed(model.to_record(), "classifier")).expect_err("other names");
    assert!(error.to_string().contains("name the columns between them differently"), "{error}");
    let rest = set.fit(&OneVsOne::new(logistic())).expect("a fit");
    assert_eq!(rest.models().len(), 1);
    let three = data::iris().map_labels(str::to_owned);
    let rest = three.fit(&OneVsRest::new(logistic())).expect("a fit");
    type Rest = logit::multiclass::FittedOneVsRest<logit::FittedLogistic<f64, bool>, String>;
    let error = Rest::from_record(renamed(rest.to_record(), "model_1")).expect_err("other names");
    assert!(error.to_string().contains("model 1 has other column names than the first"), "{error}");
}

#[test]
fn parts_of_a_file_come_back() {
    let set = flowers();
    let model = set.fit(&logistic()).expect("a fit");
    let labels = logit::preprocess::LabelEncoder::new(&set.y).expect("labels");
    let file = ModelFile::new(model.clone()).with_part("b", &labels).expect("a part");
    let file = file.with_part("a", &model).expect("a part").with_part("b", &model).expect("another");
    let bytes = file.to_bytes().expect("bytes");
    let loaded = ModelFile::<logit::FittedLogistic<f64, String>>::from_bytes(&bytes).expect("a file");
    assert_eq!(loaded.parts().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(loaded.to_bytes().expect("bytes"), bytes);
    assert_eq!(loaded.part::<logit::FittedLogistic<f64, String>>("b"), Ok(model.clone()));
    for (name, wanted) in [("c", "it has no part `c`"), ("a", "where `label encoder` is expected")] {
        let error = loaded.part::<logit::preprocess::LabelEncoder<String>>(name).expect_err(name).to_string();
        assert!(error.contains(wanted), "{error}");
    }
    for name in ["", "a b", "ü", "a.b"] {
        let error = ModelFile::new(model.clone()).with_part(name, &labels).map(|_| ());
        assert!(matches!(error, Err(Error::Unsupported { .. })), "{name}");
    }
    let error = loaded.schema().expect_err("no schema").to_string();
    assert!(error.contains("it has no part `schema`"), "{error}");
}

#[test]
fn names_are_checked_where_rows_are_named_by_hand() {
    let x = DMatrix::from_element(2, 2, 1.0);
    let names = ["a".to_owned()];
    let error = Rows::from(&x).with_names(&names).expect_err("one name");
    assert_eq!(error.to_string(), "`names` has 1 entry, expected 2");
}

#[cfg(feature = "plot")]
#[test]
fn pictures_have_the_names_of_the_model() {
    let set = flowers().columns(&[2, 3]).expect("columns");
    let model = set.fit(&logistic()).expect("a fit");
    let drawn = |regions: logit::plot::DecisionRegions, set: &Dataset<String>| {
        regions
            .resolution(20)
            .draw(&model, &set.x, &set.y)
            .and_then(|figure| figure.to_svg())
            .expect("a picture")
    };
    let svg = drawn(logit::plot::DecisionRegions::new(), &set);
    assert!(svg.contains("petal length (cm)") && svg.contains("petal width (cm)"));
    let svg = drawn(logit::plot::DecisionRegions::new().feature_names("long", "wide"), &set);
    assert!(!svg.contains("petal length (cm)") && svg.contains("wide"));
    let swapped = set.columns(&[1, 0]).expect("columns");
    let refused = logit::plot::DecisionRegions::new().draw(&model, &swapped, &set.y);
    assert!(matches!(refused, Err(Error::ColumnNames { .. })));
    let refused = logit::terminal::Sketch::new().regions(&model, &swapped, &set.y);
    assert!(matches!(refused, Err(Error::ColumnNames { .. })));
}
