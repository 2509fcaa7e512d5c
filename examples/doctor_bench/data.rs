//! The rows of a program: source, operations, split and scaling.

use logit::Label;
use logit::data::{self, Dataset};
use nalgebra::DMatrix;

use super::data_schema::{Data, Part, Source, Split};
use super::kinds::{Labelled, generate};
use super::operations::{operate, select};
use super::random::{Stream, order};
use super::scaling::Scaler;

/// The training and the test rows of a program, with the class of each.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    pub(crate) classes: usize,
    pub(crate) scaler: Scaler,
    pub(crate) train: Rows,
    pub(crate) test: Rows,
}

#[derive(Debug, Clone)]
pub(crate) struct Rows {
    /// Before scaling.
    pub(crate) raw: DMatrix<f64>,
    pub(crate) x: DMatrix<f64>,
    pub(crate) y: Vec<usize>,
}

/// Builds the rows of a program.
pub(crate) fn build(data: &Data) -> Result<Built, String> {
    let (x, y) = match data.source {
        Source::Bundled => bundled(data)?,
        Source::Generated => generate(data)?,
        Source::Inline => inline(data)?,
    };
    let classes = y.iter().max().map_or(0, |largest| largest + 1);
    let operations = data.operations.as_deref().unwrap_or_default();
    let (x, y) = operate(operations, Part::All, (x, y), data.seed)?;
    let (train, test) = if data.split.test_is_train {
        ((x.clone(), y.clone()), (x, y))
    } else {
        let tested = split(&data.split, &y, classes);
        let rows = |wanted: bool| (0..y.len()).filter(|&row| tested[row] == wanted).collect::<Vec<_>>();
        (select(&x, &y, &rows(false)), select(&x, &y, &rows(true)))
    };
    let train = operate(operations, Part::Train, train, data.seed)?;
    let test = operate(operations, Part::Test, test, data.seed)?;
    let scaler = Scaler::fit(data.scaling, &train.0);
    let scaled = |(raw, y): Labelled| Rows { x: scaler.apply(&raw), raw, y };
    let (train, test) = (scaled(train), scaled(test));
    Ok(Built { classes, scaler, train, test })
}

/// Returns which rows are test rows.
fn split(split: &Split, y: &[usize], classes: usize) -> Vec<bool> {
    let mut tested = vec![false; y.len()];
    if split.ordered {
        let first = (y.len() as f64 * (1.0 - split.test_share)).round_ties_even() as usize;
        tested[first.min(y.len())..].fill(true);
        return tested;
    }
    let numbers = Stream::new(split.seed, 5).uniforms(y.len());
    for class in 0..classes {
        let rows: Vec<usize> = (0..y.len()).filter(|&row| y[row] == class).collect();
        let count = (rows.len() as f64 * split.test_share).round_ties_even() as usize;
        order(rows, |&row| numbers[row]).into_iter().take(count).for_each(|row| tested[row] = true);
    }
    tested
}

fn inline(data: &Data) -> Result<Labelled, String> {
    let (x, y) =
        (data.x.as_ref().ok_or("inline data without x")?, data.y.clone().ok_or("inline data without y")?);
    let width = x.first().map_or(0, Vec::len);
    if x.len() != y.len() || x.iter().any(|row| row.len() != width) {
        return Err("the inline rows have different lengths".to_owned());
    }
    Ok((DMatrix::from_fn(x.len(), width, |row, column| x[row][column]), y))
}

fn bundled(data: &Data) -> Result<Labelled, String> {
    let (mut x, mut y) = match data.name.as_deref() {
        Some("iris") => indexed(data::iris()),
        Some("wine") => indexed(data::wine()),
        // Class 0 is malignant, which is not the order of the names.
        Some("breast_cancer") => {
            indexed(data::breast_cancer().map_labels(|label| u8::from(label != "malignant")))
        }
        Some("digits") => indexed(data::digits()),
        other => return Err(format!("there is no bundled data with the name {other:?}")),
    };
    if let Some(kept) = data.classes_kept.as_ref().filter(|kept| !kept.is_empty()) {
        let mut sorted = kept.clone();
        sorted.sort_unstable();
        let rows: Vec<usize> = (0..y.len()).filter(|&row| sorted.contains(&y[row])).collect();
        (x, y) = select(&x, &y, &rows);
        y.iter_mut().for_each(|class| *class = sorted.partition_point(|kept| kept < class));
    }
    if let Some(columns) = data.columns_kept.as_ref().filter(|kept| !kept.is_empty()) {
        if columns.iter().any(|&column| column >= x.ncols()) {
            return Err("a column that is kept does not exist".to_owned());
        }
        x = x.select_columns(columns);
    }
    if let Some(positive) = data.positive_class {
        y.iter_mut().for_each(|class| *class = usize::from(*class == positive));
    }
    if let Some(count) = data.rows.filter(|&count| count > 0) {
        let mut rows = Stream::new(data.seed, 9).permutation(y.len());
        rows.truncate(count);
        (x, y) = select(&x, &y, &rows);
    }
    if let Some(shares) = &data.imbalance {
        let numbers = Stream::new(data.seed, 10).uniforms(y.len());
        let kept = |&row: &usize| shares.get(y[row]).is_some_and(|&share| numbers[row] < share);
        let rows: Vec<usize> = (0..y.len()).filter(kept).collect();
        (x, y) = select(&x, &y, &rows);
    }
    Ok((x, y))
}

/// Returns the rows with the index of each label among the sorted labels.
fn indexed<L: Label>(data: Dataset<L>) -> Labelled {
    let labels: Vec<L> = data.class_counts().into_iter().map(|(label, _)| label).collect();
    let index = |label: &L| labels.iter().position(|other| other == label).unwrap_or(0);
    let y = data.y.iter().map(index).collect();
    (data.x, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn built(data: Value) -> Built {
        build(&serde_json::from_value(data).unwrap()).unwrap()
    }

    #[test]
    fn bundled_rows_have_the_usual_order() {
        let whole =
            |name: &str| built(json!({"source": "bundled", "name": name, "split": {"test_is_train": true}}));
        for (name, rows, columns, first, counts) in [
            ("iris", 150, 4, 5.1, vec![50, 50, 50]),
            ("wine", 178, 13, 14.23, vec![59, 71, 48]),
            ("breast_cancer", 569, 30, 17.99, vec![212, 357]),
            ("digits", 1797, 64, 0.0, vec![178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
        ] {
            let Built { train, classes, .. } = whole(name);
            assert_eq!((train.x.shape(), train.x[(0, 0)], train.y[0]), ((rows, columns), first, 0));
            let found: Vec<usize> =
                (0..classes).map(|class| train.y.iter().filter(|&&other| other == class).count()).collect();
            assert_eq!(found, counts);
        }
        assert_eq!(whole("digits").train.y[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn kept_classes_are_numbered_anew() {
        let Built { train, classes, .. } = built(json!({
            "source": "bundled", "name": "digits", "classes_kept": [8, 3], "split": {"test_is_train": true},
            "scaling": {"divide": 16}
        }));
        assert_eq!((classes, train.y.len(), train.y[0], train.x.max()), (2, 183 + 174, 0, 1.0));
    }

    #[test]
    fn a_share_of_each_class_is_tested() {
        for kind in ["gauss", "moons", "rings", "spiral", "words", "pixels", "noise"] {
            let Built { train, test, .. } = built(json!({
                "source": "generated", "kind": kind, "seed": 3, "n": 101, "d": 16, "imbalance": [0.8, 0.2],
                "split": {"test_share": 0.25, "seed": 4}
            }));
            // 81 rows of the first class and 20 of the second.
            let count = |rows: &Rows, class| rows.y.iter().filter(|&&other| other == class).count();
            assert_eq!([count(&test, 0), count(&test, 1)], [20, 5]);
            assert_eq!((count(&train, 0), train.x.shape()), (61, (76, 16)));
        }
    }

    #[test]
    fn the_last_rows_are_tested_if_rows_have_an_order() {
        let Built { train, test, .. } = built(json!({
            "source": "inline", "x": [[1.0], [2.0], [3.0], [4.0]], "y": [0, 1, 0, 1],
            "split": {"test_share": 0.25, "ordered": true}, "scaling": "minmax"
        }));
        assert_eq!((train.x.as_slice(), test.x.as_slice()), (&[0.0, 0.5, 1.0][..], &[1.5][..]));
    }
}
