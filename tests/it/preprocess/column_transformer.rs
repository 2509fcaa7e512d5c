//! Column transformers: blocks of columns side by side.

use logit::data::Dataset;
use logit::nalgebra::{DMatrix, dmatrix};
use logit::prelude::*;
use logit::preprocess::{
    Beside, Chain, ColumnTransformer, FittedColumnTransformer, FittedStandardScaler, PolynomialFeatures,
    Remainder, SelectColumns, TargetEncoder,
};
use logit::registry::AnyTransform;
use logit::{
    Error, Imputer, LogisticRegression, MinMaxScaler, OneHotEncoder, Penalty, Pipeline, Rows, Scratch,
    Search, StandardScaler,
};

const NAN: f64 = f64::NAN;

/// Islands and sexes as codes, bills and years as numbers.
fn penguins() -> Dataset<&'static str> {
    let x = dmatrix![
        0.0, 39.0, 1.0, 2007.0;
        2.0, 41.0, 0.0, 2008.0;
        1.0, NAN, 1.0, 2008.0;
        0.0, 46.0, 0.0, 2009.0;
        1.0, 50.0, 1.0, 2007.0;
        2.0, 44.0, 1.0, 2009.0
    ];
    let y = ["adelie", "adelie", "adelie", "gentoo", "gentoo", "gentoo"];
    let set = Dataset::new(x, y).expect("a set");
    set.with_feature_names(["island", "bill", "sex", "year"]).expect("names")
}

fn strings<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

type Blocks = Beside<Beside<(), OneHotEncoder>, (Imputer, StandardScaler)>;

fn columns() -> ColumnTransformer<Blocks> {
    ColumnTransformer::new()
        .block(["island", "sex"], OneHotEncoder::new())
        .block(["bill"], (Imputer::median(), StandardScaler::new()))
        .remainder(Remainder::Pass)
}

/// Positions are those of the table, whatever blocks before make of it: with one transformer after the other,
/// the second position was another column by then.
#[test]
fn names_and_positions_are_those_of_the_table() {
    let set = penguins();
    let by_name = columns().fit(&set).expect("a fit");
    let by_position = ColumnTransformer::new()
        .block([0, 2], OneHotEncoder::new())
        .block(1..2, (Imputer::median(), StandardScaler::new()))
        .remainder(Remainder::Pass);
    let by_position = by_position.fit(&set).expect("a fit");
    assert_eq!(by_name, by_position);
    assert_eq!((by_name.columns(), by_name.passed()), (&[vec![0, 2], vec![1]][..], &[3][..]));

    let z = by_name.transform(&set).expect("rows");
    let encoded =
        OneHotEncoder::new().fit_transform_rows((&set.x.select_columns(&[0, 2])).into(), Default::default());
    assert_eq!(z.columns(0, 5), encoded.expect("rows").1);
    let bill = (Imputer::median(), StandardScaler::new()).fit(set.x.columns(1, 1)).expect("a fit");
    assert_eq!(z.columns(5, 1), bill.transform(set.x.columns(1, 1)).expect("rows"));
    assert_eq!(z.column(6), set.x.column(3));
    let names = by_name.output_names(&set.feature_names).expect("names");
    assert_eq!(names, ["island=0", "island=1", "island=2", "sex=0", "sex=1", "bill", "year"]);
    let sources: Vec<Option<usize>> = (0..8).map(|output| by_name.source_column(output)).collect();
    assert_eq!(sources, [Some(0), Some(0), Some(0), Some(2), Some(2), Some(1), Some(3), None]);
}

#[test]
fn columns_without_a_block_are_refused_passed_or_dropped() {
    let set = penguins();
    let error = columns().remainder(Remainder::Refuse).fit(&set).expect_err("an error");
    assert_eq!(
        error.to_string(),
        "the column transformer has no block for the column `year`: add one, or use Remainder::Pass or \
         Remainder::Drop"
    );
    let scale = ColumnTransformer::new().block([3], StandardScaler::new());
    let error = scale.fit(&set.x).expect_err("an error");
    assert_eq!(error, Error::RemainingColumns { columns: "the columns `0`, `1`, `2`".into() });
    let dropped = columns().remainder(Remainder::Drop).fit(&set).expect("a fit");
    assert_eq!((dropped.dropped(), dropped.outputs()), (&[3][..], 6));
    // Dropped and passed columns may have missing values.
    let passed = scale.remainder(Remainder::Pass).fit(&set).expect("a fit");
    assert!(passed.transform(&set).expect("rows").column(2).iter().any(|v| v.is_nan()));
}

#[test]
fn columns_that_do_not_exist_are_typed_errors() {
    let set = penguins();
    let fit = |column: &str| ColumnTransformer::new().block([column], StandardScaler::new()).fit(&set);
    let error = fit("bills").expect_err("an error");
    assert_eq!(
        error.to_string(),
        "no column `bills` in the table, which has `island`, `bill`, `sex`, `year`"
    );
    let error = columns().fit(&set.x).expect_err("no names");
    assert!(matches!(&error, Error::ColumnNames { reason } if reason.contains("have no names")), "{error}");
    let beyond = ColumnTransformer::new().block([4], StandardScaler::new()).fit(&set.x);
    assert!(matches!(beyond, Err(Error::UnknownColumn { .. })));
    let twice = ColumnTransformer::new().block([1, 0, 1], StandardScaler::new()).fit(&set.x);
    assert!(matches!(twice, Err(Error::InvalidParameter { name: "block", value: 1.0, .. })));
    let none = ColumnTransformer::new().block(Vec::<usize>::new(), StandardScaler::new()).fit(&set.x);
    assert!(matches!(none, Err(Error::Empty { argument: "block", .. })));
}

#[test]
fn blocks_may_share_a_column_and_names_stay_distinct() {
    let names = strings(["a", "a (2)"]);
    let x = dmatrix![1.0, 5.0; 3.0, 6.0];
    let rows = Rows::from(&x).with_names(&names).expect("names");
    let both = ColumnTransformer::new()
        .block(["a"], StandardScaler::new())
        .block(["a"], MinMaxScaler::new())
        .block(["a (2)"], MinMaxScaler::new());
    let fitted = both.fit(rows).expect("a fit");
    assert_eq!(fitted.transform(rows).expect("rows"), dmatrix![-1.0, 0.0, 0.0; 1.0, 1.0, 1.0]);
    assert_eq!(fitted.output_names(&names).expect("names"), ["a", "a (3)", "a (2)"]);
    assert_eq!(fitted.inverse_transform(&fitted.transform(rows).expect("rows")).expect("rows"), x);
}

#[test]
fn errors_name_the_column_of_the_table() {
    let set = penguins();
    let fitted = columns().fit(&set).expect("a fit");
    let mut new = set.x.clone();
    new[(4, 2)] = 7.0;
    let error = fitted.transform(&new).expect_err("a category that nobody knows");
    let name = Some("sex".to_owned());
    assert_eq!(*error.cause(), Error::UnknownCategory { row: 4, column: 2, name, value: 7.0, known: 2 });
    let place = "block 0 (OneHotEncoder): ";
    assert!(
        error.to_string().starts_with(&format!("{place}column 2 (`sex`) of `x` is 7 at row 4")),
        "{error}"
    );
    let mut new = set.x.clone();
    new[(1, 1)] = f64::INFINITY;
    let error = fitted.transform(&new).expect_err("an infinity");
    assert!(error.to_string().contains(": column 1 (`bill`) of `x` is not finite at row 1 (inf)"), "{error}");

    // Errors of fits, without names too.
    let empty = dmatrix![1.0, 2.0, NAN; 2.0, 4.0, NAN];
    let impute = ColumnTransformer::new().block([2], Imputer::mean()).remainder(Remainder::Drop);
    let error = impute.fit(&empty).expect_err("nothing to impute");
    assert_eq!(*error.cause(), Error::NothingToImpute { column: 2, name: None });
    let scale = ColumnTransformer::new().block([1, 2], StandardScaler::new()).remainder(Remainder::Drop);
    let error = scale.fit(&empty).expect_err("a missing value");
    assert!(matches!(error.cause(), Error::NotFinite { row: 0, column: 2, name: None, .. }), "{error}");
}

/// Later steps of a chain count the columns that reach them.
#[test]
fn errors_of_later_steps_name_the_column_of_the_table_too() {
    let x = dmatrix![9.0, 1.0, 5.0; 9.5, 2.0, 6.0];
    let chain = (SelectColumns::new([1]), OneHotEncoder::new());
    let fitted =
        ColumnTransformer::new().block([0, 2], chain).remainder(Remainder::Pass).fit(&x).expect("a fit");
    let error = fitted.transform(&dmatrix![9.0, 1.0, 7.0]).expect_err("an unknown category");
    assert!(matches!(error.cause(), Error::UnknownCategory { column: 2, value: 7.0, .. }), "{error}");
    let missing = dmatrix![9.0, 1.0, NAN; 9.5, 2.0, 6.0];
    let error = (SelectColumns::new([2]), StandardScaler::new()).fit(&missing).expect_err("a missing value");
    assert!(matches!(error.cause(), Error::NotFinite { column: 2, .. }), "{error}");
}

#[test]
fn names_of_new_rows_are_checked() {
    let set = penguins();
    let fitted = columns().fit(&set).expect("a fit");
    let swapped = strings(["bill", "island", "sex", "year"]);
    let error =
        fitted.transform(Rows::from(&set.x).with_names(&swapped).expect("names")).expect_err("an error");
    assert!(matches!(error, Error::ColumnNames { .. }), "{error}");
    assert!(fitted.transform(&set.x).is_ok(), "rows without names are taken as they are");
    assert!(matches!(fitted.transform(&dmatrix![1.0]), Err(Error::ShapeMismatch { .. })));
}

#[test]
fn rows_go_back_where_that_is_determined() {
    let set = penguins();
    let x = set.x.map(|v| if v.is_nan() { 45.0 } else { v });
    let fitted = columns().fit(Rows::from(&x).with_names(&set.feature_names).expect("names")).expect("a fit");
    let back = fitted.inverse_transform(&fitted.transform(&x).expect("rows")).expect("rows");
    assert!((back - &x).amax() < 1e-12);
    let dropped = columns().remainder(Remainder::Drop).fit(&set).expect("a fit");
    let z = dropped.transform(&set).expect("rows");
    assert!(matches!(dropped.inverse_transform(&z), Err(Error::Unsupported { .. })));
    let products =
        ColumnTransformer::new().block([0, 1, 2, 3], PolynomialFeatures::new(2)).fit(&x).expect("a fit");
    let z = products.transform(&x).expect("rows");
    assert_eq!(
        products.inverse_transform(&z).is_ok(),
        products.blocks().last().inverse_transform(&z).is_ok()
    );
}

#[test]
fn pipelines_know_names_and_single_rows() {
    let set = penguins();
    let pipeline = Pipeline::new(columns(), LogisticRegression::new(Penalty::c(1.0)));
    let model = pipeline.fit(&set, &set.y).expect("a fit");
    assert_eq!(model.predict(&set).expect("labels").len(), 6);
    let names = model.classifier().feature_names().expect("names");
    assert_eq!(names, ["island=0", "island=1", "island=2", "sex=0", "sex=1", "bill", "year"]);
    let row: Vec<f64> = set.x.row(0).iter().copied().collect();
    let alone = model.predict_row(&row, &mut Scratch::new()).expect("a label");
    assert_eq!(*alone, model.predict(set.x.rows(0, 1)).expect("a label")[0]);
}

#[test]
fn settings_of_blocks_are_searched() {
    let (x, y) = crate::common::overlapping(60, 3, 2, 4);
    let search = Search::grid([1usize, 2, 3], |&degree| {
        let columns = ColumnTransformer::new()
            .block([0, 1], (StandardScaler::new(), PolynomialFeatures::new(degree)))
            .block([2], StandardScaler::new());
        Pipeline::new(columns, LogisticRegression::new(Penalty::c(1.0)))
    });
    let found = search.fit(&x, &y).expect("a search");
    let best = found.model().steps().blocks().rest().last();
    assert!([2, 5, 9].contains(&best.outputs()));
}

#[test]
fn cross_fitted_blocks_are_handed_on() {
    let set = penguins();
    let columns = || {
        ColumnTransformer::new()
            .block(["sex"], TargetEncoder::new().folds(3))
            .block(["year"], StandardScaler::new())
            .remainder(Remainder::Drop)
    };
    let classes = [0, 0, 0, 1, 1, 1];
    let options = logit::preprocess::TransformerOptions::new().classes(&classes, 2);
    let (fitted, z) = columns().fit_transform_rows((&set).into(), options).expect("a fit");
    let alone = TargetEncoder::new().folds(3).fit_transform_rows(set.x.columns(2, 1).into(), options);
    assert_eq!(z.column(0), alone.expect("a fit").1.column(0));
    let later = fitted.transform(&set).expect("rows");
    assert_ne!(z.column(0), later.column(0));
    assert_eq!(z.column(1), later.column(1));
    assert_eq!(columns().fit_with(&set, options), Ok(fitted));
}

#[test]
fn files_take_every_block_along() {
    let set = penguins();
    type Fitted = FittedColumnTransformer<
        f64,
        Beside<
            Beside<(), logit::preprocess::FittedOneHotEncoder<f64>>,
            Chain<logit::preprocess::FittedImputer<f64>, FittedStandardScaler<f64>>,
        >,
    >;
    let fitted: Fitted = columns().fit(&set).expect("a fit");
    let bytes = fitted.to_bytes().expect("bytes");
    assert_eq!(Fitted::from_bytes(&bytes).expect("a model"), fitted);
    let any = AnyTransform::<f64>::from_bytes(&bytes).expect("a model");
    assert_eq!(any.kind(), "column transformer");
    assert_eq!(any.to_bytes().expect("bytes"), bytes);
    let filled = set.x.map(|v| if v.is_nan() { 45.0 } else { v });
    assert_eq!(any.transform(&filled), fitted.transform(&filled));
    assert_eq!(any.output_names(&set.feature_names), fitted.output_names(&set.feature_names));
    // Other blocks than the type says.
    type Fewer = FittedColumnTransformer<f64, Beside<(), FittedStandardScaler<f64>>>;
    assert!(matches!(Fewer::from_bytes(&bytes), Err(Error::InvalidFile { .. })));
    let none =
        ColumnTransformer::new().remainder(Remainder::Pass).fit(&DMatrix::<f64>::zeros(2, 3)).expect("a fit");
    let bytes = none.to_bytes().expect("bytes");
    assert_eq!(FittedColumnTransformer::<f64, ()>::from_bytes(&bytes).expect("a model"), none);
}

/// The names of codes pass through blocks and through steps that do not change the codes, into names and
/// files.
#[test]
fn names_of_categories_show_for_codes() {
    let islands = strings(["Biscoe", "Dream", "Torgersen"]);
    let set = penguins()
        .with_categories(vec![islands, vec![], strings(["female", "male"]), vec![]])
        .expect("lists");
    let wanted =
        ["island=Biscoe", "island=Dream", "island=Torgersen", "sex=female", "sex=male", "bill", "year"];
    let pipeline = Pipeline::new(columns(), LogisticRegression::new(Penalty::c(1.0)));
    let model = pipeline.fit(&set, &set.y).expect("a fit");
    assert_eq!(model.classifier().feature_names().expect("names"), wanted);
    let bytes = model.steps().to_bytes().expect("bytes");
    let loaded = AnyTransform::<f64>::from_bytes(&bytes).expect("a model");
    assert_eq!(loaded.output_names(&set.feature_names).expect("names"), wanted);

    let fit_island = |set: &Dataset<&'static str>| {
        let impute =
            ColumnTransformer::new().block(["island"], (Imputer::most_frequent(), OneHotEncoder::new()));
        impute
            .remainder(Remainder::Drop)
            .fit(set)
            .expect("a fit")
            .output_names(&set.feature_names)
            .expect("names")
    };
    assert_eq!(fit_island(&set), &wanted[..3]);
    let mut missing = set.clone();
    missing.x[(0, 0)] = NAN;
    assert_eq!(fit_island(&missing), &wanted[..3]);
    // Scaled codes are other numbers, and mean nothing: 0 and 2 become 0 and 1, which is not Dream.
    let two = set.rows(&[0, 1, 3, 5]).expect("rows");
    let scaled = ColumnTransformer::new().block(["island"], (MinMaxScaler::new(), OneHotEncoder::new()));
    let scaled = scaled.remainder(Remainder::Drop).fit(&two).expect("a fit");
    assert_eq!(scaled.output_names(&set.feature_names).expect("names"), ["island=0", "island=1"]);
}

#[cfg(feature = "csv")]
#[test]
fn coded_columns_of_a_table_keep_the_names_of_their_categories() {
    let text =
        "island,bill,species\nTorgersen,39,adelie\nDream,50,chinstrap\nDream,40,adelie\nBiscoe,46,gentoo\n";
    let reader = logit::data::CsvReader::new().label("species").coded(["island"]);
    let set = reader.read_from::<String>(text.as_bytes()).expect("a table").dataset;
    let columns = ColumnTransformer::new()
        .block(["island"], OneHotEncoder::new())
        .block(["bill"], StandardScaler::new());
    let model = set.fit(&Pipeline::new(columns, LogisticRegression::new(Penalty::c(1.0)))).expect("a fit");
    let names = model.classifier().feature_names().expect("names");
    assert_eq!(names, ["island=Biscoe", "island=Dream", "island=Torgersen", "bill"]);
    // Chosen rows and columns take the names along.
    let chosen = set.rows(&[0, 1]).expect("rows").columns(&[0]).expect("columns");
    let encoder = OneHotEncoder::new().fit(&chosen).expect("a fit");
    let names = encoder.output_names(&chosen.feature_names).expect("names");
    assert_eq!(names, ["island=Dream", "island=Torgersen"]);
}
