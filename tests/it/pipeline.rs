//! Pipelines: predictions use the preprocessing that was learned in training.

use logit::nalgebra::{DMatrix, DMatrixViewMut, dmatrix};
use logit::pipeline::OutsideRange;
use logit::prelude::*;
use logit::preprocess::TransformerOptions;
use logit::preprocess::{Chain, ColumnTransformer, PolynomialFeatures};
use logit::{
    Error, FitOptions, Imputer, LogisticRegression, OneHotEncoder, OneVsRest, Pca, Penalty, Pipeline, Rows,
    Scratch, StandardScaler,
};

use crate::common::{overlapping, pick};

fn logistic() -> LogisticRegression {
    LogisticRegression::new(Penalty::c(1.0))
}

#[test]
fn a_pipeline_is_its_parts_by_hand_to_the_bit() {
    let (x, y) = overlapping(80, 4, 3, 1);
    let x = x.map(|v| 1e3 + 50.0 * v);
    let weights: Vec<f64> = (0..80).map(|row| (row % 3) as f64).collect();
    let model = Pipeline::new((StandardScaler::new(), Pca::new(3)), logistic())
        .fit_weighted(&x, &y, &weights)
        .expect("a fit");
    let scaler =
        StandardScaler::new().fit_with(&x, TransformerOptions::new().weights(&weights)).expect("a fit");
    let scaled = scaler.transform(&x).expect("rows");
    let pca = Pca::new(3).fit_with(&scaled, TransformerOptions::new().weights(&weights)).expect("a fit");
    let z = pca.transform(&scaled).expect("rows");
    let by_hand = logistic().fit_weighted(&z, &y, &weights).expect("a fit");
    assert_eq!(model.classifier(), &by_hand);
    assert_eq!(model.steps(), &Chain::new(scaler, pca).expect("a chain"));
    assert_eq!(model.decision_function(&x), by_hand.decision_function(&z));
    assert_eq!(model.predict_proba(&x), by_hand.predict_proba(&z));
    assert_eq!(model.predict_log_proba(&x), by_hand.predict_log_proba(&z));
    assert_eq!(model.predict(&x), by_hand.predict(&z));
    assert_eq!(model.score(&x, &y), by_hand.score(&z, &y));
    assert_eq!((model.features(), model.classes()), (4, by_hand.classes()));
}

#[test]
fn pipelines_nest_and_go_into_other_estimators() {
    let (x, y) = overlapping(60, 3, 3, 2);
    let inner = Pipeline::new(PolynomialFeatures::new(2), Pipeline::new(StandardScaler::new(), logistic()));
    let model = OneVsRest::new(inner).fit(&x, &y).expect("a fit");
    assert_eq!(model.models().len(), 3);
    assert!(model.score(&x, &y).expect("a score") > 0.5);
    let without = Pipeline::new((), logistic()).fit(&x, &y).expect("a fit");
    assert_eq!(without.classifier(), &logistic().fit(&x, &y).expect("a fit"));
}

#[test]
fn mixed_columns_each_get_their_preprocessing() {
    let x = dmatrix![
        1.0, 20.0, f64::NAN; 2.0, 30.0, 5.0; 1.0, 40.0, 6.0; 3.0, 50.0, 7.0; 2.0, 60.0, 8.0; 3.0, 70.0, 9.0
    ];
    let y = ["no", "no", "no", "yes", "yes", "yes"];
    let steps = ColumnTransformer::new()
        .block([0], OneHotEncoder::new())
        .block([1, 2], (Imputer::median(), StandardScaler::new()));
    let model = Pipeline::new(steps, logistic()).fit(&x, &y).expect("a fit");
    assert_eq!(model.predict(&x).expect("labels"), y);
    let names = model.steps().output_names(&["city".into(), "age".into(), "rooms".into()]).expect("names");
    assert_eq!(names, ["city=1", "city=2", "city=3", "age", "rooms"]);
    let error = model.predict(&dmatrix![4.0, 20.0, 1.0]).expect_err("a city that nobody knows");
    assert!(matches!(error.cause(), Error::UnknownCategory { value: 4.0, known: 3, .. }), "{error}");
}

/// The mistake that this is all about: a grid that is normalised by its own statistics.
#[derive(Debug, Clone, Copy)]
struct OwnStatistics;

impl Transformer<f64> for OwnStatistics {
    type Fitted = OwnStatistics;

    fn fit_rows(&self, _: Rows<'_, f64>, _: TransformerOptions<'_, f64>) -> Result<OwnStatistics, Error> {
        Ok(OwnStatistics)
    }
}

impl Transform<f64> for OwnStatistics {
    fn inputs(&self) -> usize {
        2
    }
    fn outputs(&self) -> usize {
        2
    }
    fn transform_into(
        &self,
        x: Rows<'_, f64>,
        out: DMatrixViewMut<'_, f64>,
        scratch: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        StandardScaler::new().fit(x)?.transform_into(x, out, scratch)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.to_vec())
    }
}

#[test]
fn preprocessing_by_the_rows_at_hand_is_refused() {
    let (x, y) = overlapping(40, 2, 2, 3);
    let error = Pipeline::new(OwnStatistics, logistic()).fit(&x, &y).expect_err("an error");
    assert!(matches!(error, Error::BatchDependent { row: 0, .. }), "{error}");
    assert!(error.to_string().contains("not statistics of the batch"), "{error}");
}

#[test]
fn rows_far_outside_are_told_or_refused() {
    let (x, y) = (dmatrix![0.0, 5.0; 1.0, 5.0; 2.0, 5.0; 4.0, 5.0], [0, 0, 1, 1]);
    let pipeline = Pipeline::new(StandardScaler::new(), logistic());
    let model = pipeline.fit(&x, &y).expect("a fit");
    assert!(model.range_report(&x).expect("a report").is_inside());
    assert_eq!(
        model.range_report(&x).expect("a report").to_string(),
        "all 4 rows are within the range of the training rows"
    );
    let far = dmatrix![6.0, 5.0; -8.0, 5.1];
    let report = model.range_report(&far).expect("a report");
    assert_eq!(report.columns().len(), 2);
    assert_eq!(
        (report.columns()[0].rows, report.columns()[0].farthest, report.columns()[0].distance),
        (2, 1, 2.0)
    );
    assert_eq!(report.columns()[1].distance, f64::INFINITY);
    assert_eq!(report.distance(), f64::INFINITY);
    assert!(model.predict(&far).is_ok());
    assert!(model.range_report(&dmatrix![1.0]).is_err());

    let strict = pipeline.outside_range(OutsideRange::Refuse { beyond: 0.5 }).fit(&x, &y).expect("a fit");
    assert!(strict.predict(&dmatrix![6.0, 5.0]).is_ok());
    let error = strict.predict(&dmatrix![1.0, 5.0; 6.1, 5.0]).expect_err("an error");
    assert!(
        matches!(error, Error::OutsideRange { row: 1, column: 0, value: 6.1, lower: 0.0, upper: 4.0, .. }),
        "{error}"
    );
    assert!(strict.predict_proba(&dmatrix![1.0, 5.5]).is_err() && strict.decision_function(&far).is_err());
    let loaded = logit::FittedPipeline::from_bytes(&strict.to_bytes().expect("bytes")).expect("a model");
    assert_eq!(strict, loaded);
    for factor in [-1.0, f64::NAN, f64::INFINITY] {
        let refused =
            Pipeline::new((), logistic()).outside_range(OutsideRange::Refuse { beyond: factor }).fit(&x, &y);
        assert!(matches!(refused, Err(Error::InvalidParameter { name: "outside_range", .. })));
    }
}

#[test]
fn predictions_warn_of_rows_far_outside() {
    thread_local! {
        static TOLD: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    let told = || TOLD.with_borrow_mut(std::mem::take);
    let tell =
        |report: &logit::pipeline::RangeReport| TOLD.with_borrow_mut(|told| told.push(report.to_string()));
    let (x, y) = (dmatrix![0.0, 5.0; 1.0, 5.0; 2.0, 5.0; 4.0, 6.0], [0, 0, 1, 1]);
    let warn = OutsideRange::Warn { beyond: 1.0, tell };
    let model =
        Pipeline::new(StandardScaler::new(), logistic()).outside_range(warn).fit(&x, &y).expect("a fit");
    assert!(told().is_empty(), "training rows are inside");
    // Outside, but not far.
    assert!(model.predict(&dmatrix![8.0, 4.0]).is_ok());
    assert!(told().is_empty());
    let far = dmatrix![8.0, 5.0; 8.1, 5.0; 100.0, 5.5; 1.0, 5.0];
    let wanted =
        "column 0: outside 0 to 4 in 2 of 4 rows; row 2 is farthest (100, beyond by 24.0 times the range)";
    let predict: [&dyn Fn() -> bool; 5] = [
        &|| model.predict(&far).is_ok(),
        &|| model.predict_proba(&far).is_ok(),
        &|| model.predict_log_proba(&far).is_ok(),
        &|| model.decision_function(&far).is_ok(),
        &|| model.score(&far, &[0, 0, 1, 1]).is_ok(),
    ];
    for predict in predict {
        assert!(predict());
        assert_eq!(told(), [wanted]);
    }
    // A function cannot be saved, but a loaded model can be given one again.
    type Model =
        logit::FittedPipeline<logit::preprocess::FittedStandardScaler<f64>, logit::FittedLogistic<f64, i32>>;
    let loaded = Model::from_bytes(&model.to_bytes().expect("bytes")).expect("a model");
    assert_eq!(loaded.predict(&far), model.predict(&far));
    assert_eq!(told().len(), 1);
    loaded.with_outside_range(warn).expect("a rule").predict(&far).expect("labels");
    assert_eq!(told(), [wanted]);
    assert!(model.with_outside_range(OutsideRange::Refuse { beyond: f64::NAN }).is_err());
}

#[test]
fn errors_of_the_parts_come_through() {
    let (x, y) = overlapping(20, 2, 2, 4);
    let pipeline = Pipeline::new(StandardScaler::new(), logistic());
    assert!(matches!(pipeline.fit(&x, &y[..19]), Err(Error::ShapeMismatch { argument: "y", .. })));
    assert!(matches!(pipeline.fit(&x, &[1; 20]), Err(Error::OneClass { .. })));
    let model = pipeline.fit(&x, &y).expect("a fit");
    for columns in [0, 1, 3] {
        let wrong = DMatrix::zeros(4, columns);
        for result in [
            model.predict(&wrong).map(|_| ()),
            model.predict_proba(&wrong).map(|_| ()),
            model.decision_function(&wrong).map(|_| ()),
            model.predict_log_proba(&wrong).map(|_| ()),
        ] {
            assert!(matches!(result, Err(Error::ShapeMismatch { argument: "x", axis: "columns", .. })));
        }
    }
    assert_eq!(model.predict_proba(&DMatrix::zeros(0, 2)).expect("no rows").shape(), (0, 2));
}

#[test]
fn observers_and_offsets_reach_the_estimator() {
    let (x, y) = overlapping(50, 2, 2, 5);
    let mut seen = 0;
    let mut observer = |_: &logit::Progress| {
        seen += 1;
        std::ops::ControlFlow::Continue(())
    };
    let offset = DMatrix::from_element(50, 1, 2.0);
    let options = FitOptions::new().offset(&offset).observer(&mut observer);
    let pipeline = Pipeline::new(StandardScaler::new(), logistic());
    let moved = pipeline.fit_with(&x, &y, options).expect("a fit");
    assert!(seen > 0);
    let plain = pipeline.fit(&x, &y).expect("a fit");
    let difference = plain.classifier().intercept()[0] - moved.classifier().intercept()[0];
    approx::assert_relative_eq!(difference, 2.0, max_relative = 1e-6);
}

/// The model of a fold does not depend on its test rows.
#[test]
fn test_rows_never_change_a_fitted_pipeline() {
    let (mut x, y) = overlapping(30, 3, 2, 6);
    let pipeline = Pipeline::new((StandardScaler::new(), Pca::new(2)), logistic());
    for split in logit::select::stratified_k_fold(&y, 3, 1).expect("folds") {
        let fit = |x: &DMatrix<f64>| {
            pipeline.fit(&x.select_rows(&split.train), &pick(&y, &split.train)).expect("a fit")
        };
        let before = fit(&x);
        for &row in &split.test {
            x.row_mut(row).fill(1e6);
        }
        assert_eq!(fit(&x), before);
        x = overlapping(30, 3, 2, 6).0;
    }
}
