//! Memory, names and classes of pipelines.

use allocation_counter::measure;
use nalgebra::{DMatrix, DMatrixViewMut};

use super::*;
use crate::classifier::{Classifier, ClassifierExt};
use crate::linear::LogisticRegression;
use crate::penalty::Penalty;
use crate::preprocess::{PolynomialFeatures, StandardScaler, Transform, TransformExt};
use crate::report::FitReport;
use crate::rng::Rng;
use crate::rows::rows_together;
use crate::scratch::Scratch;

fn data(rows: usize) -> (DMatrix<f64>, Vec<&'static str>) {
    let mut rng = Rng::new(5);
    let x = DMatrix::from_fn(rows, 2, |_, _| 3.0 + rng.standard_normal());
    let y = x.column(0).iter().map(|&v| if v > 3.0 { "yes" } else { "no" }).collect();
    (x, y)
}

fn strings<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

/// Its scores are what it is shown; it knows the names of that.
#[derive(Debug, Clone, Copy)]
struct Mirror;

#[derive(Debug)]
struct FittedMirror<L>([L; 2], Option<Vec<String>>, DMatrix<f64>);

impl Estimator<f64> for Mirror {
    type Fitted<L: Label> = FittedMirror<L>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, f64>,
        y: &[L],
        _: FitOptions<'_, f64>,
    ) -> Result<FittedMirror<L>, Error> {
        Ok(FittedMirror([y[0].clone(), y[1].clone()], x.names().map(<[String]>::to_vec), x.clone_owned()))
    }
}

impl<L: Label> Classifier<f64> for FittedMirror<L> {
    type Label = L;

    fn classes(&self) -> &[L] {
        &self.0
    }
    fn features(&self) -> usize {
        2
    }
    fn score_columns(&self) -> usize {
        2
    }
    fn report(&self) -> Option<&FitReport> {
        None
    }
    fn scores_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.copy_from(&x.view());
        Ok(())
    }
    fn probabilities_into(
        &self,
        x: Rows<'_, f64>,
        out: DMatrixViewMut<'_, f64>,
        scratch: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        self.scores_into(x, out, scratch)
    }
}

#[test]
fn few_and_many_rows_are_transformed_alike() {
    let block = rows_together(2);
    let (mut x, y) = data(block + 9);
    let model = Pipeline::new((StandardScaler::new(), StandardScaler::new()), Mirror).fit(&x, &y).unwrap();
    let z = model.steps().transform(&x).unwrap();
    for rows in [0, 1, 255, block, block + 1, block + 9] {
        assert_eq!(model.decision_function(x.rows(0, rows)).unwrap(), z.rows(0, rows), "{rows}");
    }
    // Errors name the row of the caller, in every block.
    x[(block + 3, 1)] = f64::NAN;
    let error = model.decision_function(&x).unwrap_err();
    assert!(matches!(error.cause(), Error::NotFinite { row, column: 1, .. } if *row == block + 3), "{error}");
}

/// Every kind of prediction of every block goes to the rows of the block.
#[test]
fn blocks_of_rows_have_the_predictions_of_single_rows() {
    let (few, labels) = data(60);
    let estimator = LogisticRegression::new(Penalty::c(1.0));
    let model = Pipeline::new(StandardScaler::new(), estimator).fit(&few, &labels).unwrap();
    let block = rows_together(2);
    let (x, _) = data(block + 9);
    let probabilities = model.predict_proba(&x).unwrap();
    let logarithms = model.predict_log_proba(&x).unwrap();
    let predictions = model.predict(&x).unwrap();
    let likelier = |row: usize| if probabilities[(row, 1)] > 0.5 { "yes" } else { "no" };
    assert!((0..x.nrows()).all(|row| predictions[row] == likelier(row)));
    for row in [0, 1, block / 2, block - 1, block, block + 8] {
        let one = x.rows(row, 1);
        let wanted = model.predict_proba(one).unwrap();
        approx::assert_relative_eq!(probabilities.rows(row, 1).into_owned(), wanted, max_relative = 1e-12);
        let wanted = model.predict_log_proba(one).unwrap();
        approx::assert_relative_eq!(logarithms.rows(row, 1).into_owned(), wanted, max_relative = 1e-12);
    }
}

#[test]
fn a_single_row_is_predicted_without_an_allocation() {
    let (x, y) = data(60);
    for outside in [
        OutsideRange::Accept,
        OutsideRange::Warn { beyond: 0.0, tell: |_| {} },
        OutsideRange::Refuse { beyond: 0.0 },
    ] {
        let steps = (StandardScaler::new(), PolynomialFeatures::new(2));
        let estimator = LogisticRegression::new(Penalty::c(1.0));
        let model = Pipeline::new(steps, estimator).outside_range(outside).fit(&x, &y).unwrap();
        let (row, mut out, mut scratch) = ([x[(3, 0)], x[(3, 1)]], [0.0; 2], Scratch::new());
        let mut once = || {
            model.probabilities_row(&row, &mut out, &mut scratch).unwrap();
            model.predict_row(&row, &mut scratch).map(|_| ()).unwrap();
        };
        (0..4).for_each(|_| once());
        assert_eq!(measure(once).count_total, 0, "{outside:?}");
        assert_eq!(out.as_slice(), model.predict_proba(x.rows(3, 1)).unwrap().as_slice());
    }
}

#[test]
fn names_go_through_the_steps_and_are_checked() {
    let (x, y) = data(20);
    let names = strings(["width", "height"]);
    let named = Rows::from(&x).with_names(&names).unwrap();
    let model = Pipeline::new(PolynomialFeatures::new(2), Mirror).fit(named, &y).unwrap();
    assert_eq!(model.feature_names(), Some(names.as_slice()));
    let wanted = strings(["width", "height", "width^2", "width height", "height^2"]);
    assert_eq!(model.classifier().1, Some(wanted));

    let model = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)))
        .fit(named, &y)
        .unwrap();
    assert!(model.predict(named).is_ok() && model.predict(&x).is_ok() && model.range_report(named).is_ok());
    assert_eq!(Classifier::<f64>::report(&model), Classifier::<f64>::report(model.classifier()));
    let swapped = strings(["height", "width"]);
    let swapped = Rows::from(&x).with_names(&swapped).unwrap();
    for result in [
        model.predict(swapped).map(|_| ()),
        model.predict_proba(swapped).map(|_| ()),
        model.predict_log_proba(swapped).map(|_| ()),
        model.decision_function(swapped).map(|_| ()),
        model.range_report(swapped).map(|_| ()),
    ] {
        assert!(matches!(result, Err(Error::ColumnNames { .. })), "{result:?}");
    }
    let without =
        Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0))).fit(&x, &y).unwrap();
    assert!(without.feature_names().is_none() && without.predict(swapped).is_ok());
}

/// Takes the classes for columns of 0 and 1 in the training rows, and leaves other rows as they are: what it
/// hands on from a fit is something else than what it makes of the same rows later, as with cross-fitting.
#[derive(Debug, Clone, Copy)]
struct Leak;

impl Transformer<f64> for Leak {
    type Fitted = Leak;

    fn fit_rows(&self, x: Rows<'_, f64>, options: TransformerOptions<'_, f64>) -> Result<Leak, Error> {
        options.required_classes(x.nrows(), "this spy").map(|_| Leak)
    }
    fn fit_transform_rows(
        &self,
        x: Rows<'_, f64>,
        options: TransformerOptions<'_, f64>,
    ) -> Result<(Leak, DMatrix<f64>), Error> {
        let (classes, count) = options.required_classes(x.nrows(), "this spy")?;
        assert_eq!((count, options.weights.map(<[f64]>::len)), (2, Some(x.nrows())));
        Ok((Leak, DMatrix::from_fn(x.nrows(), 2, |row, _| classes[row] as f64)))
    }
}

impl Transform<f64> for Leak {
    fn inputs(&self) -> usize {
        2
    }
    fn outputs(&self) -> usize {
        2
    }
    fn transform_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.copy_from(&x.view());
        Ok(())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.to_vec())
    }
}

#[test]
fn steps_see_classes_and_the_estimator_the_rows_that_they_hand_on() {
    let (x, _) = data(4);
    // A row of weight 0 defines no class.
    let (y, weights) = (["no", "yes", "none", "yes"], [1.0, 2.0, 0.0, 1.0]);
    let model = Pipeline::new(Leak, Mirror).fit_weighted(&x, &y, &weights).unwrap();
    assert_eq!(model.classifier().2.column(1).as_slice(), [0.0, 1.0, 0.0, 1.0]);
    assert_eq!(model.decision_function(&x).unwrap(), x);
}

#[test]
fn labels_and_weights_that_do_not_fit_are_typed_errors() {
    let (x, y) = data(6);
    let pipeline = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
    let error = pipeline.fit(&x, &[7; 6]).unwrap_err();
    assert_eq!(error, Error::OneClass { label: "7".into() });
    let error = pipeline.fit_weighted(&x, &["a", "b", "b", "b", "b", "b"], &[0.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(error.unwrap_err(), Error::OneClass { label: "\"b\"".into() });
    let error = pipeline.fit_weighted(&x, &y, &[1.0; 5]).unwrap_err();
    assert!(matches!(error, Error::ShapeMismatch { argument: "weights", .. }), "{error}");
    let error = pipeline.fit(&DMatrix::<f64>::zeros(0, 2), &Vec::<i32>::new()).unwrap_err();
    assert_eq!(error, Error::Empty { argument: "x", axis: "rows" });
}

/// Subtracts the mean of the rows at hand, only where it may do so in place.
#[derive(Debug, Clone, Copy)]
struct MeanInPlace;

impl Transformer<f64> for MeanInPlace {
    type Fitted = MeanInPlace;

    fn fit_rows(&self, _: Rows<'_, f64>, _: TransformerOptions<'_, f64>) -> Result<Self, Error> {
        Ok(MeanInPlace)
    }
}

impl Transform<f64> for MeanInPlace {
    fn inputs(&self) -> usize {
        2
    }
    fn outputs(&self) -> usize {
        2
    }
    fn transform_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.copy_from(&x.view());
        Ok(())
    }
    fn transform_owned(&self, x: DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        Ok(x.add_scalar(-x.mean()))
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.to_vec())
    }
}

#[test]
fn both_ways_of_transforming_are_checked_for_statistics_of_the_rows_at_hand() {
    let (x, y) = data(20);
    let error = Pipeline::new(MeanInPlace, Mirror).fit(&x, &y).unwrap_err();
    assert!(matches!(error, Error::BatchDependent { row: 0, .. }), "{error}");
}
