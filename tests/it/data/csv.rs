//! Tables in text.

use std::fmt::Display;
use std::str::FromStr;

use logit::data::{CsvReader, CsvTable, Dataset, Schema};
use logit::nalgebra::{DMatrix, dmatrix};
use logit::prelude::*;
use logit::preprocess::{DropCategory, UnknownCategory};
use logit::{Error, Label};

use super::idx::file;

const TEXT: &str = "\
age,city,weight,kind,id
31,Oslo,1,yes,a
52,Rome,2.5,no,b
 47 ,Bern,0,yes,c
";

fn reader() -> CsvReader {
    CsvReader::new().label("kind").without(["id"]).categorical(["city"]).weights("weight")
}

fn read(reader: &CsvReader, text: &str) -> CsvTable<String> {
    reader.read_from(text.as_bytes()).expect("a table")
}

fn error(reader: &CsvReader, text: &str) -> String {
    reader.read_from::<String>(text.as_bytes()).expect_err("no table").to_string()
}

fn plain() -> CsvReader {
    CsvReader::new().label(0)
}

#[test]
fn columns_are_what_was_said() {
    let table = read(&reader(), TEXT);
    let set = &table.dataset;
    assert_eq!(set.feature_names, ["age", "city=Bern", "city=Oslo", "city=Rome"]);
    assert_eq!(set.x, dmatrix![31.0, 0.0, 1.0, 0.0; 52.0, 0.0, 0.0, 1.0; 47.0, 1.0, 0.0, 0.0]);
    assert_eq!(set.y, ["yes", "no", "yes"]);
    assert_eq!(set.weights, Some(vec![1.0, 2.5, 0.0]));
    assert_eq!(table.schema.categories("city").expect("categories"), ["Bern", "Oslo", "Rome"]);
    assert_eq!((table.schema.categories("age"), table.schema.categories("id")), (None, None));
    assert_eq!(table.schema.feature_names(), set.feature_names);

    let by_position = CsvReader::new().label(3).without([4]).categorical([1]).weights(2);
    assert_eq!(read(&by_position, TEXT), table);
    let chosen = CsvReader::new().label("kind").columns(["weight", "age"]);
    let set = read(&chosen, TEXT).dataset;
    assert_eq!((set.x, set.feature_names[0].as_str()), (dmatrix![1.0, 31.0; 2.5, 52.0; 0.0, 47.0], "weight"));
    let unlabelled = reader().read_unlabelled_from(TEXT.as_bytes()).expect("features");
    assert_eq!((unlabelled.dataset.x, unlabelled.dataset.y), (table.dataset.x.clone(), vec![(); 3]));
    // The column of the labels is still known, so that labelled files can be read.
    assert_eq!(unlabelled.schema.read_from::<String>(TEXT.as_bytes()), Ok(table.dataset));
}

#[test]
fn categories_may_be_codes_and_go_without_a_column() {
    let coded = CsvReader::new().label("kind").columns(["city", "age"]).coded(["city"]);
    let table = read(&coded, TEXT);
    assert_eq!(table.dataset.x, dmatrix![1.0, 31.0; 2.0, 52.0; 0.0, 47.0]);
    assert_eq!(table.dataset.feature_names, ["city", "age"]);
    let first = read(&reader().drop(DropCategory::First), TEXT).dataset;
    assert_eq!(first.feature_names, ["age", "city=Oslo", "city=Rome"]);
    assert_eq!(first.x, dmatrix![31.0, 1.0, 0.0; 52.0, 0.0, 1.0; 47.0, 0.0, 0.0]);
    let of_two = CsvReader::new().label("c").categorical(["a", "b"]).drop(DropCategory::FirstOfTwo);
    let set = read(&of_two, "a,b,c\nx,p,1\ny,q,2\ny,r,1\n").dataset;
    assert_eq!(set.feature_names, ["a=y", "b=p", "b=q", "b=r"]);
}

#[test]
fn missing_values_are_announced() {
    let text = "a,b,c\n1,x,u\n?,NA,v\n3,x,u\n,y,v\n";
    let missing = CsvReader::new().label("c").categorical(["b"]).missing(["", "?", "NA"]);
    let table = read(&missing, text);
    assert_eq!(table.dataset.feature_names, ["a", "b=x", "b=y", "b is missing"]);
    let x = &table.dataset.x;
    assert!(x[(1, 0)].is_nan() && x[(3, 0)].is_nan());
    assert_eq!(x.columns(1, 3), dmatrix![1.0, 0.0, 0.0; 0.0, 0.0, 1.0; 1.0, 0.0, 0.0; 0.0, 1.0, 0.0]);
    let coded = CsvReader::new().label("c").coded(["b"]).missing(["", "?", "NA"]);
    let x = read(&coded, text).dataset.x;
    assert!(x[(1, 1)].is_nan() && x[(3, 1)] == 1.0);

    let some = CsvReader::new().label("c").categorical(["b"]).missing(["?"]);
    let text_of_gap = error(&some, text);
    assert!(
        text_of_gap.starts_with("line 5, column `a`: the field is empty: add it to `CsvReader::missing`")
    );
    // Where the first table has no gaps, gaps are unknown categories later.
    let table = read(&missing, "a,b,c\n1,x,u\n2,y,v\n");
    let gap = "a,b,c\n1,NA,u\n";
    let refused = table.schema.read_unlabelled_from(gap.as_bytes()).expect_err("a gap").to_string();
    assert!(
        refused.starts_with("line 2, column `b`: the value is missing, but the column had no missing"),
        "{refused}"
    );
    let table = read(&missing.clone().unknown(UnknownCategory::Zeros), "a,b,c\n1,x,u\n2,y,v\n");
    let set = table.schema.read_unlabelled_from(gap.as_bytes()).expect("zeros");
    assert_eq!(set.x, dmatrix![1.0, 0.0, 0.0]);
    let label = error(&missing, "a,b,c\n1,x,NA\n");
    assert_eq!(
        label,
        "line 2, column `c`: the value is missing (`NA`): labels and weights are required in every row"
    );
}

#[test]
fn other_files_are_read_alike() {
    let schema = read(&reader(), TEXT).schema;
    // Other columns and another order, no labels, no weights.
    let new = "more,city,age\n?,Rome,1\n?,Bern,2\n";
    let set = schema.read_unlabelled_from(new.as_bytes()).expect("features");
    assert_eq!(set.x, dmatrix![1.0, 0.0, 0.0, 1.0; 2.0, 1.0, 0.0, 0.0]);
    assert_eq!(set.feature_names, schema.feature_names());
    let labelled: Dataset<String> =
        schema.read_from("city,kind,age\nRome,no,1\n".as_bytes()).expect("labels");
    assert_eq!((labelled.y, labelled.weights), (vec!["no".to_owned()], None));
    let weighted: Dataset<String> =
        schema.read_from("weight,city,kind,age\n3,Rome,no,1\n".as_bytes()).expect("weights");
    assert_eq!(weighted.weights, Some(vec![3.0]));

    let refused = |text: &str| schema.read_from::<String>(text.as_bytes()).expect_err(text).to_string();
    assert_eq!(refused("city,age\nRome,1\n"), "no column `kind` in the table, which has `city`, `age`");
    assert_eq!(
        refused("city,age,kind\nParis,1,no\n"),
        "line 2, column `city`: `Paris` is not one of the 3 known categories"
    );
    assert_eq!(refused("city,age,kind,age\n"), "line 1: two columns have the name `age`: rename one of them");
    let zeros = read(&reader().unknown(UnknownCategory::Zeros), TEXT).schema;
    let set = zeros.read_unlabelled_from("city,age\nParis,1\n".as_bytes()).expect("zeros");
    assert_eq!(set.x, dmatrix![1.0, 0.0, 0.0, 0.0]);
    let coded = reader().categorical::<&str>([]).coded(["city"]).unknown(UnknownCategory::Zeros);
    let set =
        read(&coded, TEXT).schema.read_unlabelled_from("city,age\nParis,1\n".as_bytes()).expect("a code");
    assert_eq!(set.x, dmatrix![1.0, -1.0]);
    let unlabelled = CsvReader::new().read_unlabelled_from("a\n1\n".as_bytes()).expect("features").schema;
    let error = unlabelled.read_from::<u8>("a\n1\n".as_bytes()).expect_err("no labels");
    assert!(matches!(error, Error::Unsupported { by: "Schema", .. }), "{error}");
}

#[test]
fn tables_without_a_header_go_by_position() {
    let reader = CsvReader::new().header(false).label(1).weights(2).delimiter(b';');
    let table = read(&reader, "1,5;a;2;7\n2;b;1;8\n".replace(',', ".").as_str());
    assert_eq!(table.dataset.x, dmatrix![1.5, 7.0; 2.0, 8.0]);
    assert!(table.dataset.feature_names.is_empty());
    let without = table.schema.read_unlabelled_from("9;4\n".as_bytes()).expect("features alone");
    assert_eq!(without.x, dmatrix![9.0, 4.0]);
    let with = table.schema.read_unlabelled_from("9;?;?;4\n".as_bytes()).expect("all columns");
    assert_eq!(with.x, dmatrix![9.0, 4.0]);
    let one_less = table.schema.read_unlabelled_from("9;1;4\n".as_bytes()).expect_err("which is missing?");
    assert_eq!(
        one_less.to_string(),
        "line 1: found 3 fields, expected 4 as in the table that the schema was learned from"
    );
    let error = table.schema.read_from::<String>("9;4\n".as_bytes()).expect_err("no labels");
    assert!(matches!(error, Error::InvalidLine { line: 1, .. }), "{error}");
    let named = error_of(&CsvReader::new().header(false).label("kind"), "1,2\n");
    assert_eq!(named, "no column `kind` in the table, which has 2 unnamed columns");
}

fn error_of(reader: &CsvReader, text: &str) -> String {
    error(reader, text)
}

#[test]
fn errors_say_where() {
    let lines = "k,\"a\nb\",c\r\n\r\n0,1,2\n1,\"3\n\",4\n\n0,5,x\n";
    assert_eq!(
        error(&plain(), lines),
        "line 8, column `c`: `x` is not a number: add it to `CsvReader::missing`, or list the column in `categorical`, \
         `coded` or `without`"
    );
    for (text, wanted) in [
        ("k,a\n0,1\n0,1,2\n", "line 3: found 3 fields, expected 2 as in the first line"),
        ("k,a\n0,1\n\n0\n", "line 4: found 1 field, expected 2 as in the first line"),
        ("k,a\n0,inf\n", "line 2, column `a`: `inf` is not finite"),
        ("k,a\n0,1e999\n", "line 2, column `a`: `1e999` is not finite"),
        ("k,a\n0,NaN\n", "line 2, column `a`: `NaN` is not finite"),
        ("k,a\n0,1.2.3\n", "line 2, column `a`: `1.2.3` is not a number"),
        ("k,a\n", "`table` has no rows"),
        ("", "`table` has no rows"),
        ("k\n0\n", "`columns` has no entries"),
        ("k,a,a\n0,1,2\n", "line 1: two columns have the name `a`"),
    ] {
        let found = error(&plain(), text);
        assert!(found.starts_with(wanted), "{text:?}: {found}");
    }
    let found = error(&plain().columns(["b"]), "k,a\n0,1\n");
    assert_eq!(found, "no column `b` in the table, which has `k`, `a`");
    let found = error(&plain().columns([2]), "k,a\n0,1\n");
    assert_eq!(found, "no column 2 (from 0) in the table, which has `k`, `a`");
    let found = error(&plain().weights("w"), "k,w,a\n0,1,1\n0,-1,1\n");
    assert!(found.starts_with("line 3, column `w`: `-1` is not a valid weight"), "{found}");
    let found = plain().read_from::<u8>("k,a\n1,1\n300,2\n".as_bytes()).expect_err("300").to_string();
    assert!(found.starts_with("line 3, column `k`: `300` is not a valid label: number too large"), "{found}");
    let bytes = b"k,a\n0,\xff\n";
    let found = plain().read_from::<String>(&bytes[..]).expect_err("no text").to_string();
    assert_eq!(found, "line 2, column `a`: the text is not valid UTF-8: convert the table to UTF-8");
    let long = format!("k,a\n0,{}\n", "y".repeat(100_000));
    assert!(error(&plain(), &long).len() < 200);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let refused = |reader: CsvReader| match reader.read_from::<String>(TEXT.as_bytes()) {
        Err(Error::Unsupported { by: "CsvReader", .. } | Error::InvalidParameter { .. }) => {}
        other => panic!("{other:?}"),
    };
    refused(CsvReader::new());
    refused(reader().weights("kind"));
    refused(reader().columns(["age", "kind"]));
    refused(reader().columns(["age", "city", "age"]));
    refused(reader().columns(["age"]));
    refused(reader().coded(["city"]));
    for delimiter in [b'"', b'\n', b'\r', 0, 200] {
        refused(reader().delimiter(delimiter));
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    Small,
    Large,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "S" => Ok(Size::Small),
            "L" => Ok(Size::Large),
            _ => Err("wanted S or L".to_owned()),
        }
    }
}

#[test]
fn labels_are_of_any_type_that_is_parsed() {
    fn labels<L: Label + FromStr<Err: Display>>(text: &str) -> Result<Vec<L>, Error> {
        let text =
            format!("k,a\n{}\n", text.split(' ').map(|k| format!("{k},1")).collect::<Vec<_>>().join("\n"));
        plain().read_from(text.as_bytes()).map(|table| table.dataset.y)
    }
    assert_eq!(labels::<Size>("S L S"), Ok(vec![Size::Small, Size::Large, Size::Small]));
    assert_eq!(labels::<i64>("-3 7"), Ok(vec![-3, 7]));
    assert_eq!(labels::<bool>("true false"), Ok(vec![true, false]));
    let error = labels::<Size>("S M").expect_err("no size").to_string();
    assert_eq!(error, "line 3, column `k`: `M` is not a valid label: wanted S or L");
    // An empty label is a label, unless gaps are announced.
    assert_eq!(labels::<String>("a "), Ok(vec!["a".to_owned(), String::new()]));
}

#[test]
fn files_are_read_and_named_in_errors() {
    let path = file("table.csv", TEXT.as_bytes());
    assert_eq!(reader().read::<String>(&path), Ok(read(&reader(), TEXT)));
    assert_eq!(reader().read_unlabelled(&path).expect("features").dataset.x.nrows(), 3);
    let schema = read(&reader(), TEXT).schema;
    assert_eq!(schema.read::<String>(&path).expect("rows").y.len(), 3);
    assert_eq!(schema.read_unlabelled(&path).expect("rows").y.len(), 3);
    for error in [
        reader().read::<String>("nowhere.csv").expect_err("no file"),
        reader().read::<String>(path.parent().expect("a folder")).expect_err("a folder"),
        schema.read_unlabelled("nowhere.csv").expect_err("no file"),
    ] {
        assert!(matches!(error, Error::File { action: "load", .. }), "{error}");
    }
}

#[test]
fn bundled_sets_come_back_from_their_text() {
    let text = include_str!("../oracle/data/csv/breast_cancer.csv");
    let set = CsvReader::new().label("target").read_from::<u8>(text.as_bytes()).expect("a table").dataset;
    let bundled = logit::data::breast_cancer();
    let bits = |x: &DMatrix<f64>| x.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&set.x), bits(&bundled.x));
    assert!(set.y.iter().zip(&bundled.y).all(|(a, b)| (*a == 1) == (*b == "benign")));
}

#[test]
fn schemas_are_stored() {
    let reader = reader().missing(["", "ü"]).unknown(UnknownCategory::Zeros).drop(DropCategory::First);
    let text = "age,city,weight,kind,id,code\n31,Oslo,1,yes,a,p\n52,,2.5,no,b,q\n,Rome,1,no,c,\n";
    let table = read(&reader.coded(["code"]), text);
    let bytes = table.schema.to_bytes().expect("bytes");
    let loaded = Schema::from_bytes(&bytes).expect("a schema");
    assert_eq!((&loaded, loaded.to_bytes().expect("bytes")), (&table.schema, bytes));
    let again: Dataset<String> = loaded.read_from(text.as_bytes()).expect("rows");
    let bits = |set: &Dataset<String>| set.x.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!((bits(&again), again.y), (bits(&table.dataset), table.dataset.y));
    let headless =
        CsvReader::new().header(false).read_unlabelled_from("1,2\n".as_bytes()).expect("rows").schema;
    let loaded = Schema::from_bytes(&headless.to_bytes().expect("bytes")).expect("a schema");
    assert_eq!(loaded, headless);
}
