//! Errors name the column, the row, the class, the step and the split of the caller.

use logit::decide::{CalibrationMethod, FittedCalibration};
use logit::metrics::{Accuracy, RocAuc};
use logit::prelude::*;
use logit::preprocess::{
    ColumnTransformer, Imputer, MinMaxScaler, PolynomialFeatures, Remainder, SelectColumns,
    TransformerOptions, VarianceThreshold,
};
use logit::select::{Split, Splitter, group_k_fold};
use logit::{
    Calibrate, CrossValidation, Error, ErrorContext, LogisticRegression, OneHotEncoder, OneVsOne, OneVsRest,
    Penalty, Pipeline, Rng, Rows, Search, StandardScaler,
};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

/// A transformer of a kind that is chosen at run time.
#[derive(Debug, Clone)]
enum Step {
    Nothing,
    Select(Vec<usize>),
    Scale,
    Range,
    Impute,
    Varying,
    OneHot,
    Square,
    Both(Box<(Step, Step)>),
}

type Boxed = Box<dyn Transform<f64> + Send + Sync>;

impl Transformer<f64> for Step {
    type Fitted = Boxed;

    fn fit_rows(&self, x: Rows<'_, f64>, options: TransformerOptions<'_, f64>) -> Result<Boxed, Error> {
        Ok(match self {
            // A selection of all columns does not look at the entries, so that later steps find them.
            Step::Nothing => {
                Box::new(SelectColumns::new((0..x.ncols()).collect::<Vec<_>>()).fit_rows(x, options)?)
            }
            Step::Select(columns) => Box::new(SelectColumns::new(columns.clone()).fit_rows(x, options)?),
            Step::Scale => Box::new(StandardScaler::new().fit_rows(x, options)?),
            Step::Range => Box::new(MinMaxScaler::new().fit_rows(x, options)?),
            Step::Impute => Box::new(Imputer::median().fit_rows(x, options)?),
            Step::Varying => Box::new(VarianceThreshold::new().fit_rows(x, options)?),
            Step::OneHot => Box::new(OneHotEncoder::new().fit_rows(x, options)?),
            Step::Square => Box::new(PolynomialFeatures::new(2).fit_rows(x, options)?),
            Step::Both(steps) => Box::new((&steps.0, &steps.1).fit_rows(x, options)?),
        })
    }
}

/// A pipeline and a bad entry.
#[derive(Debug)]
struct Case {
    first: Step,
    blocks: [(Vec<usize>, Step); 3],
    pass: bool,
    last: Step,
    rows: usize,
    columns: usize,
    bad: (usize, usize, f64),
}

impl Case {
    fn of(seed: u64) -> Case {
        let mut rng = Rng::new(seed);
        let mut below = |count: usize| (rng.uniform(0.0, count as f64) as usize).min(count - 1);
        let columns = 3 + below(5);
        let rows = [60, 300][below(2)];
        // The first step may drop and reorder columns.
        let mut kept: Vec<usize> = (0..columns).collect();
        (0..columns).for_each(|at| kept.swap(at, below(columns)));
        kept.truncate(1 + below(columns));
        let column = kept[below(kept.len())];
        let (first, width) = match below(3) {
            0 => (Step::Nothing, columns),
            1 => (Step::Scale, columns),
            _ => (Step::Select(kept.clone()), kept.len()),
        };
        let here = if matches!(first, Step::Select(_)) {
            kept.iter().position(|&kept| kept == column).expect("it is kept")
        } else {
            column
        };
        let simple = |of: usize| {
            [Step::Nothing, Step::Scale, Step::Range, Step::Impute, Step::Varying, Step::OneHot, Step::Square]
                [of]
                .clone()
        };
        let pass = below(2) == 0;
        let mut blocks = [(); 3].map(|()| {
            let mut chosen: Vec<usize> = (0..width).filter(|_| below(2) == 0).collect();
            if chosen.is_empty() {
                chosen.push(below(width));
            }
            let step = match below(3) {
                0 => simple(below(7)),
                _ => Step::Both(Box::new((simple(below(5)), simple(below(7))))),
            };
            (chosen, step)
        });
        if !pass && !blocks.iter().any(|(chosen, _)| chosen.contains(&here)) {
            blocks[below(3)].0.push(here);
        }
        let last = [Step::Nothing, Step::Scale, Step::Square][below(3)].clone();
        let value = [f64::INFINITY, f64::NEG_INFINITY][below(2)];
        Case { first, blocks, pass, last, rows, columns, bad: (below(rows), column, value) }
    }

    fn names(&self) -> Vec<String> {
        (0..self.columns).map(|column| format!("of {column}")).collect()
    }

    /// Rows with few values per column, all of them in every part.
    fn x(&self) -> DMatrix<f64> {
        DMatrix::from_fn(self.rows, self.columns, |i, j| ((i * (j + 1) + i / 5 + j) % 3) as f64)
    }

    fn y(&self) -> Vec<&'static str> {
        (0..self.rows).map(|row| ["no", "yes"][row * 7 / 3 % 2]).collect()
    }

    fn pipeline(&self) -> impl Estimator<f64, Fitted<&'static str>: Send> + Sync + use<'_> {
        let [a, b, c] = &self.blocks;
        let columns = ColumnTransformer::new()
            .block(a.0.clone(), &a.1)
            .block(b.0.clone(), &b.1)
            .block(c.0.clone(), &c.1)
            .remainder(if self.pass { Remainder::Pass } else { Remainder::Drop });
        let estimator = LogisticRegression::new(Penalty::c(0.1)).max_iterations(2);
        Pipeline::new((&self.first, columns, &self.last), estimator)
    }

    /// Checks that an error names the bad entry.
    fn check<A>(&self, what: &str, result: Result<A, Error>) -> Error {
        let error = result.err().unwrap_or_else(|| panic!("{what}: no error for {self:?}"));
        let (row, column, _) = self.bad;
        match error.cause() {
            Error::NotFinite { row: r, column: c, name, .. }
            | Error::UnknownCategory { row: r, column: c, name, .. } => {
                let found = (*r, *c, name.as_deref());
                assert_eq!(found, (row, column, Some(self.names()[column].as_str())), "{what}: {error}");
            }
            _ => panic!("{what}: {error}"),
        }
        let text = error.to_string();
        assert!(text.contains(&format!("column {column} (`of {column}`) of `x` is ")), "{text}");
        assert!(text.contains(&format!("at row {row}")), "{text}");
        error
    }
}

proptest! {
    /// One bad entry is planted. Every way to fit or to predict names its column and its row.
    #[test]
    fn a_bad_entry_is_named_from_within_any_computation(seed in any::<u64>(), unseen in any::<bool>()) {
        let case = Case::of(seed);
        let (names, x, y) = (case.names(), case.x(), case.y());
        let pipeline = case.pipeline();
        let named = |x| Rows::from(x).with_names(&names).expect("as many names as columns");
        let fitted = pipeline.fit(named(&x), &y).expect("good data");
        let mut bad = x.clone();
        let (row, column, value) = case.bad;
        bad[(row, column)] = value;
        case.check("fit", pipeline.fit(named(&bad), &y));
        case.check("predict", fitted.predict(named(&bad)));
        let error = case.check("predict without names", fitted.predict(&bad));
        let in_step = |part: &ErrorContext| matches!(part, ErrorContext::Step { index: 0..=2, .. });
        // The estimator finds what all steps pass on.
        prop_assert!(error.context().first().is_none_or(in_step), "{}", error);
        let scores = CrossValidation::new(Splitter::Stratified { k: 3, seed }).metric("accuracy", Accuracy);
        let splits = Splitter::Stratified { k: 3, seed }.splits(&y).expect("valid splits");
        let holds = |error: &Error| error.context().iter().any(|part| match part {
            ErrorContext::TrainingRows { split } => splits[*split].train.contains(&row),
            ErrorContext::TestRows { split } => splits[*split].test.contains(&row),
            _ => false,
        });
        let error = case.check("cross-validation", scores.run(&pipeline, named(&bad), &y));
        prop_assert!(holds(&error), "{}", error);
        let search = Search::grid([1, 2], |_| case.pipeline()).splitter(splits.clone());
        let error = case.check("search", search.fit(named(&bad), &y));
        prop_assert!(holds(&error) && error.to_string().starts_with("candidate 0 (1), "), "{}", error);
        let calibrate = Calibrate::new(case.pipeline(), CalibrationMethod::Platt).splitter(splits.clone());
        let error = case.check("calibration", calibrate.fit(named(&bad), &y));
        prop_assert!(holds(&error), "{}", error);
        let calibrated = FittedCalibration::new(&fitted, CalibrationMethod::Platt, &bad, &y, None);
        case.check("calibrated", calibrated);
        if unseen {
            let mut bad = bad.clone();
            bad[(row, column)] = 7.0;
            // Only an encoder of the column has an opinion on the value.
            for (what, result) in [("unseen, named", fitted.predict(named(&bad))), ("unseen", fitted.predict(&bad))] {
                if result.is_err() {
                    case.check(what, result);
                }
            }
            if fitted.predict(&bad).is_err() {
                let error = case.check("unseen in a test row", scores.run(&pipeline, named(&bad), &y));
                prop_assert!(holds(&error), "{}", error);
            }
        }
    }
}

fn logistic() -> LogisticRegression {
    LogisticRegression::new(Penalty::c(1.0))
}

/// Twelve rows in four wards; class "c" is in the last ward only.
fn wards() -> (DMatrix<f64>, [&'static str; 12], Splitter) {
    let x = DMatrix::from_fn(12, 1, |row, _| row as f64);
    let y = ["a", "a", "a", "b", "b", "b", "a", "b", "a", "b", "c", "c"];
    let ward = [0, 0, 1, 1, 0, 1, 2, 2, 2, 2, 3, 3];
    (x, y, group_k_fold(&ward, 4, 0).expect("four groups").into())
}

#[test]
fn a_class_without_training_rows_is_named_with_its_split() {
    let (x, y, splitter) = wards();
    let wanted = "class \"c\" is in no training row of split 3: use fewer splits or stratified ones, or leave \
                  the rows of the class out";
    let weighted = logistic().class_weight(logit::ClassWeight::map([("a", 1.0), ("c", 2.0)]));
    for estimator in [logistic(), weighted] {
        let scores = CrossValidation::new(splitter.clone()).metric("accuracy", Accuracy);
        assert_eq!(scores.run(&estimator, &x, &y).expect_err("no c").to_string(), wanted);
        let calibrate =
            Calibrate::new(estimator.clone(), CalibrationMethod::Platt).splitter(splitter.clone());
        assert_eq!(calibrate.fit(&x, &y).expect_err("no c").to_string(), wanted);
        let search = Search::grid([0.5], |_| estimator.clone()).splitter(splitter.clone());
        assert_eq!(
            search.fit(&x, &y).expect_err("no c").to_string(),
            format!("candidate 0 (0.5), {wanted}").replacen(", class", ": class", 1)
        );
    }
    // Without metrics, nothing depends on the classes of the test rows.
    assert!(CrossValidation::new(splitter).run(&logistic(), &x, &y).is_ok());
}

#[test]
fn an_undefined_metric_is_named_with_its_split_and_label() {
    let x = DMatrix::from_fn(12, 1, |row, _| row as f64);
    let y: Vec<&str> = (0..12).map(|row| if row == 3 || row == 7 { "ill" } else { "well" }).collect();
    let scores = CrossValidation::new(Splitter::Consecutive { k: 3 }).metric("area", RocAuc);
    assert_eq!(
        scores.run(&logistic(), &x, &y).expect_err("no ill row in the last fold").to_string(),
        "test rows of split 2, metric `area`: the evaluated rows include no row of class \"ill\" with positive \
         weight: at least one is needed"
    );
}

#[test]
fn a_candidate_is_named_by_its_settings() {
    let (x, y) = (DMatrix::from_fn(12, 1, |row, _| row as f64), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let search = Search::grid([2, 0], |&degree| Pipeline::new(PolynomialFeatures::new(degree), logistic()));
    assert_eq!(
        search.splitter(Splitter::Consecutive { k: 2 }).fit(&x, &y).expect_err("no degree").to_string(),
        "candidate 1 (0), training rows of split 0, step 0 (PolynomialFeatures): `degree` is 0, but must be at \
         least 1"
    );
}

#[test]
fn pairs_and_classes_are_named_by_their_labels() {
    let x = DMatrix::from_fn(9, 1, |row, _| row as f64);
    let y = ["a", "b", "c", "a", "b", "c", "a", "b", "c"];
    let few = Split::new([0, 1, 2], [3, 4, 5, 6]).expect("disjoint");
    let calibrate =
        |split: Split| Calibrate::new(logistic(), CalibrationMethod::Platt).splitter(vec![split.clone()]);
    let error = OneVsRest::new(calibrate(Split::new([1, 2, 4], [3, 6]).expect("disjoint"))).fit(&x, &y);
    assert_eq!(
        error.expect_err("no a").to_string(),
        "class \"a\" against the others: class \"a\" is in no training row of split 0: use fewer splits or \
         stratified ones, or leave the rows of the class out"
    );
    // The row is that of the caller, although the pair has rows 0, 2, 3, 5, 6 and 8 only.
    assert!(OneVsOne::new(calibrate(few)).fit(&x, &y).is_err());
    let mut wide = x.clone();
    wide[(5, 0)] = 1e200;
    let square = Pipeline::new(PolynomialFeatures::new(2), logistic());
    assert_eq!(
        OneVsOne::new(square).fit(&wide, &y).expect_err("an overflow").to_string(),
        "class \"a\" against class \"c\", step 0 (PolynomialFeatures): the score of row 5 overflows the number \
         type: rescale the columns of `x`"
    );
}

/// A transformation that does not say where its columns come from.
#[derive(Debug, Clone)]
struct Logarithms(usize);

impl Transformer<f64> for Logarithms {
    type Fitted = Logarithms;

    fn fit_rows(&self, x: Rows<'_, f64>, _: TransformerOptions<'_, f64>) -> Result<Logarithms, Error> {
        Ok(Logarithms(x.ncols()))
    }
}

impl Transform<f64> for Logarithms {
    fn inputs(&self) -> usize {
        self.0
    }
    fn outputs(&self) -> usize {
        self.0
    }
    fn transform_into(
        &self,
        x: Rows<'_, f64>,
        mut out: nalgebra::DMatrixViewMut<'_, f64>,
        _: &mut logit::Scratch<f64>,
    ) -> Result<(), Error> {
        out.zip_apply(&*x, |out, v: f64| *out = v.ln());
        Ok(())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.iter().map(|name| format!("log {name}")).collect())
    }
}

#[test]
fn columns_that_a_step_makes_are_told_from_those_of_the_caller() {
    let x = dmatrix![1.0, 2.0; 2.0, 0.0; 3.0, 1.0; 4.0, 5.0];
    let names = ["height".to_owned(), "wage".to_owned()];
    let model = Pipeline::new((Logarithms(2), StandardScaler::new()), logistic());
    let rows = Rows::from(&x).with_names(&names).expect("two names");
    assert_eq!(
        model.fit(rows, &[0, 1, 0, 1]).expect_err("the logarithm of 0").to_string(),
        "step 1 (StandardScaler), transformed rows: column 1 (`log wage`) of `x` is not finite at row 1 (-inf): \
         remove or impute it first"
    );
}

#[test]
fn values_that_a_step_changes_are_told_from_those_of_the_caller() {
    let x = dmatrix![1.0; 3.0; 1.0; 3.0];
    let model = Pipeline::new((StandardScaler::new(), OneHotEncoder::new()), logistic());
    let fitted = model.fit(&x, &[0, 1, 1, 0]).expect("good data");
    let error = fitted.predict(&dmatrix![3.0; 2.0]).expect_err("an unseen value");
    assert_eq!(
        error.to_string(),
        "step 1 (OneHotEncoder), transformed values: column 0 of `x` is 0 at row 1, which is not one of the 2 \
         categories of the training rows"
    );
    let fitted = Pipeline::new((SelectColumns::new([0]), OneHotEncoder::new()), logistic());
    let fitted = fitted.fit(&x, &[0, 1, 1, 0]).expect("good data");
    let error = fitted.predict(&dmatrix![3.0; 2.0]).expect_err("an unseen value");
    assert!(
        error.to_string().starts_with("step 1 (OneHotEncoder): column 0 of `x` is 2 at row 1"),
        "{error}"
    );
}

#[test]
fn dependent_columns_are_named_as_the_caller_and_the_steps_name_them() {
    let x = dmatrix![0.0, 1.0; 1.0, 5.0; 2.0, 2.0; 0.0, 4.0; 1.0, 3.0; 2.0, 0.0; 0.0, 2.0; 1.0, 1.0];
    let y = [0, 1, 1, 0, 1, 0, 1, 0];
    let names = ["island".to_owned(), "bill".to_owned()];
    let columns = ColumnTransformer::new()
        .block(["bill"], StandardScaler::new())
        .block(["island"], OneHotEncoder::new());
    let model = Pipeline::new(columns, LogisticRegression::new(Penalty::Jeffreys));
    let error = model.fit(Rows::from(&x).with_names(&names).expect("two names"), &y);
    assert_eq!(
        error.expect_err("dummies sum to 1").to_string(),
        "the information matrix is singular: column 0 (`island=2`) of `x` is constant or depends on columns \
         before it: drop columns, or use an L2 penalty"
    );
    let square = Pipeline::new(
        (PolynomialFeatures::new(2), StandardScaler::new()),
        LogisticRegression::new(Penalty::Jeffreys),
    );
    let x = DMatrix::from_fn(8, 1, |row, _| (row % 2) as f64);
    let error = square.fit(&x, &y).expect_err("0 and 1 are their own squares");
    assert!(error.to_string().starts_with("transformed rows: the information matrix is singular: column 1"));
}

#[test]
fn a_matrix_with_samples_in_columns_gets_a_hint() {
    let (x, y) = (DMatrix::from_fn(2, 6, |i, j| (i + j) as f64), [0, 1, 0, 1, 0, 1]);
    let wanted = "`x` has 2 rows and 6 columns, and `y` has 6 labels: `x` needs one row per label, so \
                  transpose it";
    let scores = CrossValidation::new(Splitter::default()).metric("accuracy", Accuracy);
    let pipeline = Pipeline::new(StandardScaler::new(), logistic());
    for error in [
        logistic().fit(&x, &y).expect_err("two rows"),
        pipeline.fit(&x, &y).expect_err("two rows"),
        scores.run(&logistic(), &x, &y).expect_err("two rows"),
    ] {
        assert_eq!(error, Error::Transposed { rows: 2, columns: 6 });
        assert_eq!(error.to_string(), wanted);
    }
    // Six rows for two labels are another mistake.
    let error = logistic().fit(&x.transpose(), &[0, 1]).expect_err("six rows");
    assert!(matches!(error, Error::ShapeMismatch { expected: 6, found: 2, .. }), "{error}");
}

#[test]
fn names_are_in_errors_wherever_they_are_known() {
    let (x, y) = (dmatrix![1.0, 2.0; 2.0, 0.0; 3.0, 1.0; 4.0, 5.0], [0, 1, 0, 1]);
    let names = ["height".to_owned(), "wage".to_owned()];
    let mut bad = x.clone();
    bad[(2, 1)] = f64::NAN;
    let with_names = |x| Rows::from(x).with_names(&names).expect("two names");
    let fitted = logistic().fit(with_names(&x), &y).expect("good data");
    let network = logit::MlpClassifier::new([2]).epochs(1);
    let learned = network.fit(with_names(&x), &y).expect("good data");
    for error in [
        logistic().fit(with_names(&bad), &y).expect_err("NaN"),
        network.fit(with_names(&bad), &y).expect_err("NaN"),
        StandardScaler::new().fit(with_names(&bad)).expect_err("NaN"),
        StandardScaler::new().fit(&x).expect("good data").transform(with_names(&bad)).expect_err("NaN"),
        fitted.predict(&bad).expect_err("NaN"),
        fitted.predict_proba(&bad).expect_err("NaN"),
        learned.decision_function(&bad).expect_err("NaN"),
        learned.predict_log_proba(&bad).expect_err("NaN"),
    ] {
        assert!(error.to_string().starts_with("column 1 (`wage`) of `x` is not finite at row 2"), "{error}");
    }
}
