//! The bundled data sets, compared with the text files that they were packed from.

use std::fmt::Debug;

use logit::data::{self, Dataset};

/// Every value has the bits of the number in the text, and every label is that of its row.
fn same_as<L: Debug + PartialEq>(set: &Dataset<L>, text: &str, label: impl Fn(&str) -> L) -> Vec<String> {
    let mut lines = text.lines();
    let names: Vec<String> = lines.next().expect("a header").split(',').map(str::to_owned).collect();
    let mut rows = 0;
    for (row, line) in lines.enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        let (last, values) = fields.split_last().expect("a label");
        assert_eq!(values.len(), set.x.ncols());
        for (column, text) in values.iter().enumerate() {
            let wanted: f64 = text.parse().expect("a number");
            assert_eq!(set.x[(row, column)].to_bits(), wanted.to_bits(), "row {row}, column {column}");
        }
        assert_eq!(set.y[row], label(last), "row {row}");
        rows += 1;
    }
    assert_eq!((set.x.nrows(), set.y.len(), set.feature_names.len()), (rows, rows, set.x.ncols()));
    assert_eq!(set.weights, None);
    names[..names.len() - 1].to_vec()
}

fn index(text: &str) -> usize {
    text.parse::<f64>().expect("a class") as usize
}

#[test]
fn iris() {
    let text = include_str!("../oracle/data/csv/iris.csv");
    let names = same_as(&data::iris(), text, |class| ["setosa", "versicolor", "virginica"][index(class)]);
    let plain = |name: &str| name.replace(['(', ')'], "").replace(' ', "_");
    assert_eq!(names, data::iris().feature_names.iter().map(|name| plain(name)).collect::<Vec<_>>());
}

#[test]
fn wine() {
    let wine = data::wine();
    let names = same_as(&wine, include_str!("../oracle/data/csv/wine.csv"), |class| index(class) as u8);
    let plain = |name: &String| name.replace(['_', '/'], " ");
    assert_eq!(
        names.iter().map(plain).collect::<Vec<_>>(),
        wine.feature_names.iter().map(plain).collect::<Vec<_>>()
    );
    assert_eq!(wine.class_counts(), [(0, 59), (1, 71), (2, 48)]);
}

#[test]
fn breast_cancer() {
    let cancer = data::breast_cancer();
    let text = include_str!("../oracle/data/csv/breast_cancer.csv");
    let names = same_as(&cancer, text, |class| ["malignant", "benign"][index(class)]);
    assert_eq!(names.iter().map(|name| name.replace('_', " ")).collect::<Vec<_>>(), cancer.feature_names);
}

#[test]
fn digits() {
    let digits = data::digits();
    let names = same_as(&digits, include_str!("../oracle/data/csv/digits.csv"), |class| index(class) as u8);
    assert_eq!((names[9].as_str(), digits.feature_names[9].as_str()), ("pixel_1_1", "pixel (1, 1)"));
}
