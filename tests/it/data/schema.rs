//! Schemas: single rows of named values, the rule for unknown categories, and one file that serves new
//! tables.

use std::collections::HashMap;

use logit::data::{CsvReader, Dataset, FieldValue, Schema};
use logit::nalgebra::dmatrix;
use logit::prelude::*;
use logit::preprocess::{DropCategory, UnknownCategory};
use logit::{
    AnyClassifier, Error, FittedLogistic, Imputer, LogisticRegression, ModelFile, OneHotEncoder, Penalty,
    Pipeline, Scratch, StandardScaler,
};

const TEXT: &str = "\
id,island,bill,sex,age,species,weight
1,Dream,39.1,male,2,a,1
2,Biscoe,46.5,?,?,b,2
3,Dream,38.0,female,3,a,1
4,Torgersen,45.0,male,5,b,1
";

fn reader() -> CsvReader {
    CsvReader::new()
        .label("species")
        .weights("weight")
        .without(["id"])
        .categorical(["island"])
        .coded(["sex"])
        .missing(["?", ""])
}

fn schema_of(reader: &CsvReader) -> Schema {
    reader.read_from::<String>(TEXT.as_bytes()).expect("a table").schema
}

fn bits(row: &[f64]) -> Vec<u64> {
    row.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn a_row_of_named_values_is_the_row_of_a_table() {
    for drop in [DropCategory::None, DropCategory::First] {
        let schema = schema_of(&reader().drop(drop));
        assert_eq!(schema.columns().collect::<Vec<_>>(), ["island", "bill", "sex", "age"]);
        assert_eq!(schema.features(), schema.feature_names().len());
        let set = schema.read_unlabelled_from(TEXT.as_bytes()).expect("rows");
        let header: Vec<&str> = TEXT.lines().next().expect("a header").split(',').collect();
        for (row, line) in TEXT.lines().skip(1).enumerate() {
            // All but the column that the schema does not know, from the last to the first.
            let values = header.iter().copied().zip(line.split(',')).skip(1).collect::<Vec<_>>();
            let wanted: Vec<f64> = set.x.row(row).iter().copied().collect();
            let found = schema.row(values.iter().rev().copied()).expect("a row");
            assert_eq!(bits(&found), bits(&wanted), "{line}");
            let map: HashMap<String, String> =
                values.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
            assert_eq!(bits(&schema.row(map).expect("a row")), bits(&wanted), "{line}");
        }
    }
}

#[test]
fn values_are_numbers_flags_and_gaps_too() {
    let schema = schema_of(&reader());
    let values = |bill: FieldValue<'static>, age: FieldValue<'static>| {
        schema.row([("island", "Dream".into()), ("sex", None::<&str>.into()), ("bill", bill), ("age", age)])
    };
    let row = values(39.5.into(), 3u8.into()).expect("a row");
    assert_eq!(row[..4], [0.0, 1.0, 0.0, 39.5]);
    assert!(row[4].is_nan() && row[5] == 3.0);
    let row = values(true.into(), f64::NAN.into()).expect("a row");
    assert!(row[3] == 1.0 && row[5].is_nan());
    assert_eq!(values(39.5.into(), usize::MAX.into()).expect("a row")[5], usize::MAX as f64);
    for wrong in [f64::INFINITY, f64::NEG_INFINITY] {
        let error = values(wrong.into(), 3.into()).expect_err("infinity").to_string();
        assert_eq!(error, format!("column `bill`: {wrong} is not finite"));
    }

    let reader = CsvReader::new().categorical(["a", "b"]);
    let text = "a,b\n1,true\n2.5,false\n";
    let schema = reader.read_unlabelled_from(text.as_bytes()).expect("rows").schema;
    let values: [(&str, FieldValue<'_>); 2] = [("a", 2.5.into()), ("b", true.into())];
    assert_eq!(schema.row(values).expect("a row"), [0.0, 1.0, 0.0, 1.0]);
    let values: [(&str, FieldValue<'_>); 2] = [("a", 1.into()), ("b", false.into())];
    assert_eq!(schema.row(values).expect("a row"), [1.0, 0.0, 1.0, 0.0]);
    // A table without markers of missing values has none in its rows either.
    let schema = CsvReader::new().read_unlabelled_from("a\n1\n".as_bytes()).expect("rows").schema;
    for missing in [FieldValue::Missing, f64::NAN.into()] {
        let error = schema.row([("a", missing)]).expect_err("a gap").to_string();
        assert!(error.starts_with("column `a`: the value is missing"), "{error}");
    }
}

#[test]
fn a_row_that_does_not_fit_is_refused_by_the_name_of_its_column() {
    let schema = schema_of(&reader());
    let good = [("island", "Dream"), ("bill", "39.1"), ("sex", "male"), ("age", "2")];
    let with = |name: &'static str, value: &'static str| {
        let mut values = good.to_vec();
        values.retain(|(other, _)| *other != name);
        values.push((name, value));
        schema.row(values)
    };
    assert!(schema.row(good).is_ok() && with("species", "whatever").is_ok() && with("weight", "x").is_ok());
    for (name, value, wanted) in [
        ("bill", "long", "column `bill`: `long` is not a number"),
        ("bill", "inf", "column `bill`: `inf` is not finite"),
        ("island", "Mars", "column `island`: `Mars` is not one of the 3 known categories"),
        ("sex", "other", "column `sex`: `other` is not one of the 2 known categories"),
        (
            "island",
            "?",
            "column `island`: the value is missing, but the column had no missing values when the schema was learned",
        ),
    ] {
        let error = with(name, value).expect_err(wanted);
        assert!(matches!(error, Error::InvalidValue { .. }), "{error:?}");
        assert_eq!(error.to_string(), wanted);
    }
    let error = with("id", "1").expect_err("no such column");
    assert_eq!(error.to_string(), "no column `id` in the table, which has `island`, `bill`, `sex`, `age`");
    let error = schema.row(good[1..].iter().copied()).expect_err("no island");
    assert_eq!(error.to_string(), "column `island`: no value is given: every feature needs one");
    let twice = good.iter().chain(&good[..1]).copied();
    assert_eq!(
        schema.row(twice).expect_err("twice").to_string(),
        "column `island`: its value is given more than once"
    );
    let values: Vec<(&str, FieldValue<'_>)> =
        good.iter().map(|&(name, value)| (name, value.into())).collect();
    let error = schema.row_into(&values, &mut [0.0; 5]).expect_err("five of six");
    assert!(
        matches!(error, Error::ShapeMismatch { argument: "out", expected: 6, found: 5, .. }),
        "{error:?}"
    );
}

#[test]
fn rows_are_made_without_allocating() {
    let schema = schema_of(&reader());
    let values: [(&str, FieldValue<'_>); 4] =
        [("sex", "male".into()), ("bill", 39.1.into()), ("island", "Biscoe".into()), ("age", "?".into())];
    let mut row = [0.0; 6];
    let memory = allocation_counter::measure(|| schema.row_into(&values, &mut row).expect("a row"));
    assert_eq!(memory.count_total, 0);
    assert_eq!(bits(&row), bits(&schema.row(values).expect("a row")));
}

#[test]
fn tables_without_a_header_have_no_names() {
    let reader = CsvReader::new().header(false).label(2).categorical([1]);
    let table = reader.read_from::<String>("1,x,a\n2,y,b\n3,x,a\n4,y,b\n".as_bytes()).expect("a table");
    assert!(table.dataset.feature_names.is_empty() && table.schema.feature_names().is_empty());
    assert_eq!((table.schema.features(), table.schema.columns().collect::<Vec<_>>()), (3, vec!["0", "1"]));
    assert_eq!(table.schema.row([("1", "y"), ("0", "7")]).expect("a row"), [7.0, 0.0, 1.0]);
    let model = table.dataset.fit(&LogisticRegression::new(Penalty::c(1.0))).expect("a fit");
    assert!(model.feature_names().is_none());
    let file = ModelFile::new(model).with_schema(&table.schema).expect("three columns");
    let new = file.schema().expect("a schema").read_unlabelled_from("1,x\n".as_bytes()).expect("rows");
    assert_eq!(file.model().predict(&new).expect("labels"), ["a"]);
}

#[test]
fn the_rule_for_unknown_categories_is_set_once() {
    let encoded = Pipeline::new(OneHotEncoder::new(), LogisticRegression::new(Penalty::c(1.0)));
    let text = "city,k\nOslo,0\nRome,1\nOslo,0\nRome,1\n";
    let fit = |unknown: UnknownCategory| {
        let reader = CsvReader::new().label("k").coded(["city"]).unknown(unknown);
        let table = reader.read_from::<u8>(text.as_bytes()).expect("a table");
        (table.dataset.fit(&encoded).expect("a fit"), table.schema)
    };
    let (_, strict) = fit(UnknownCategory::Refuse);
    let refused = strict.read_unlabelled_from("city\nLima\n".as_bytes()).expect_err("Lima");
    assert_eq!(refused.to_string(), "line 2, column `city`: `Lima` is not one of the 2 known categories");
    assert!(strict.row([("city", "Lima")]).is_err());
    // The encoder has its own rule, which is to refuse, and the schema lets the category pass.
    let (model, lenient) = fit(UnknownCategory::Zeros);
    let new = lenient.read_unlabelled_from("city\nLima\n".as_bytes()).expect("rows");
    assert_eq!(model.steps().transform(&new).expect("zeros"), dmatrix![0.0, 0.0]);
    assert_eq!(lenient.row([("city", "Lima")]).expect("a row"), [-1.0]);
    // Other codes that an encoder has not seen are for its rule.
    let error = model.predict(&dmatrix![2.0]).expect_err("an unknown code");
    assert!(matches!(error.cause(), Error::UnknownCategory { .. }), "{error}");
    // Without a schema, -1 is an unknown code like any other.
    let plain = OneHotEncoder::new().fit(&dmatrix![0.0; 1.0]).expect("a fit");
    assert!(matches!(plain.transform(&dmatrix![-1.0]), Err(Error::UnknownCategory { .. })));
    let signs = OneHotEncoder::new().fit(&dmatrix![-1.0; 1.0]).expect("a fit");
    assert_eq!(signs.transform(&dmatrix![-1.0]).expect("a category"), dmatrix![1.0, 0.0]);
}

#[test]
fn one_file_serves_new_tables_and_rows() {
    let table = reader().read_from::<String>(TEXT.as_bytes()).expect("a table");
    let steps = (Imputer::median(), StandardScaler::new());
    let model =
        table.dataset.fit(&Pipeline::new(steps, LogisticRegression::new(Penalty::c(1.0)))).expect("a fit");
    let path = std::env::temp_dir().join(format!("logit-one-file-{}.safetensors", std::process::id()));
    ModelFile::new(model.clone())
        .with_schema(&table.schema)
        .expect("its columns")
        .save(&path)
        .expect("a file");

    let file = ModelFile::<AnyClassifier<f64, String>>::load(&path).expect("a file");
    std::fs::remove_file(&path).expect("removed");
    let schema = file.schema().expect("a schema");
    assert_eq!(schema, table.schema);
    let new = "sex,age,bill,island\nmale,?,38.5,Dream\nfemale,4,47.0,Biscoe\n";
    let new: Dataset<()> = schema.read_unlabelled_from(new.as_bytes()).expect("rows");
    let labels = file.model().predict(&new).expect("labels");
    assert_eq!(labels, model.predict(&new).expect("labels"));
    let row =
        schema.row([("island", "Dream"), ("bill", "38.5"), ("age", "?"), ("sex", "male")]).expect("a row");
    assert_eq!(file.model().predict_row(&row, &mut Scratch::new()).expect("a label"), &labels[0]);

    // A schema of other columns is not for this model.
    let fewer = schema_of(&reader().without(["id", "bill"]));
    let error = ModelFile::new(model.clone()).with_schema(&fewer).expect_err("no bill");
    assert!(matches!(&error, Error::UnknownColumn { column, .. } if column == "`bill`"), "{error}");
    let unnamed =
        FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; 2.0], logit::nalgebra::dvector![0.0]);
    let error =
        ModelFile::new(unnamed.expect("a model")).with_schema(&table.schema).expect_err("two columns");
    assert!(matches!(error, Error::ShapeMismatch { argument: "schema", .. }), "{error}");
    // A model of some of the columns is served by all.
    let some = table.dataset.columns_named(&["bill", "island=Dream"]).expect("columns");
    let model = some.fit(&LogisticRegression::new(Penalty::c(1.0))).expect("a fit");
    let file = ModelFile::new(model).with_schema(&table.schema).expect("enough columns");
    let new = new.columns_of(file.model()).expect("columns");
    assert_eq!(file.model().predict(&new).expect("labels").len(), 2);
}
