//! Reference cases, whose kind was proved in exact rational arithmetic elsewhere, and textbook examples.

use std::collections::BTreeMap;

use nalgebra::{DMatrix, dmatrix};
use serde::Deserialize;

use super::{assert_separates, find, kind};
use crate::linear::separation::SeparationKind;

#[derive(Deserialize)]
struct Reference {
    datasets: BTreeMap<String, Source>,
    separation: Vec<Case>,
}

#[derive(Deserialize)]
struct Source {
    csv: Option<String>,
    /// The class indices to keep, with their new ones.
    relabel: Option<BTreeMap<usize, usize>>,
    derived_from: Option<String>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    fit_intercept: bool,
    separation: String,
    dataset: Option<String>,
    note: Option<String>,
    #[serde(rename = "X")]
    x: Option<Vec<Vec<f64>>>,
    y: Option<Vec<usize>>,
}

fn csv(name: &str) -> &'static str {
    match name {
        "csv/iris.csv" => include_str!("../../../../tests/it/oracle/data/csv/iris.csv"),
        "csv/wine.csv" => include_str!("../../../../tests/it/oracle/data/csv/wine.csv"),
        "csv/breast_cancer.csv" => include_str!("../../../../tests/it/oracle/data/csv/breast_cancer.csv"),
        _ => panic!("{name} is not in the data directory"),
    }
}

impl Source {
    /// Rows and their class indices.
    fn load(&self, sources: &BTreeMap<String, Source>) -> (Vec<Vec<f64>>, Vec<usize>) {
        let (x, y) = match (&self.csv, &self.derived_from) {
            (Some(name), _) => {
                let row = |line: &str| line.split(',').map(|field| field.parse().unwrap()).collect();
                let table: Vec<Vec<f64>> = csv(name).lines().skip(1).map(row).collect();
                let y = table.iter().map(|row| row[row.len() - 1] as usize).collect();
                (table.into_iter().map(|mut row| (row.pop(), row).1).collect(), y)
            }
            (None, Some(base)) => sources[base].load(sources),
            _ => panic!("a data set without a source"),
        };
        let Some(relabel) = &self.relabel else { return (x, y) };
        let kept = x.into_iter().zip(y).filter_map(|(x, y): (Vec<f64>, usize)| Some((x, *relabel.get(&y)?)));
        kept.unzip()
    }
}

fn matrix(rows: &[Vec<f64>]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), rows[0].len(), |row, j| rows[row][j])
}

fn standardized(mut x: DMatrix<f64>) -> DMatrix<f64> {
    for mut column in x.column_iter_mut() {
        let (mean, rows) = (column.mean(), column.len() as f64);
        column.add_scalar_mut(-mean);
        let deviation = (column.norm_squared() / rows).sqrt();
        column /= deviation;
    }
    x
}

#[test]
fn reference_cases() {
    let text = include_str!("../../../../tests/it/oracle/data/logistic.json");
    let Reference { datasets, separation } = serde_json::from_str(text).unwrap();
    for case in &separation {
        let (x, y) = match (&case.dataset, &case.x, &case.y) {
            (Some(name), ..) => datasets[name].load(&datasets),
            (None, Some(x), Some(y)) => (x.clone(), y.clone()),
            _ => panic!("{}: no data", case.name),
        };
        let raw = matrix(&x);
        let count = y.iter().max().unwrap() + 1;
        let wanted = match case.separation.as_str() {
            "complete" => Some(SeparationKind::Complete),
            "quasi" => Some(SeparationKind::Quasi),
            _ => None,
        };
        // Separation does not depend on centres and scales.
        let centred = if case.fit_intercept { vec![standardized(raw.clone())] } else { Vec::new() };
        let as_is = if case.note.as_deref() == Some("standardised") { Vec::new() } else { vec![raw.clone()] };
        for x in centred.iter().chain(&as_is).filter(|x| x.iter().all(|x| x.is_finite())) {
            let found = find(x, &y, count.max(2), case.fit_intercept).unwrap();
            assert_eq!(kind(&found), wanted, "{}", case.name);
            if let Some(found) = found {
                assert_separates(&found, x, &y, 1e-9);
            }
        }
    }
    assert_eq!(separation.len(), 16);
}

/// Of the iris species only setosa can be told from both others.
#[test]
fn iris_rows_that_separate_are_setosa() {
    let iris = crate::data::iris();
    let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
    let found = find(&iris.x, &classes, 3, true).unwrap().unwrap();
    assert_eq!(found.separated_rows(), (0..50).collect::<Vec<usize>>());
    assert_eq!(found.overlapping_rows(), (50..150).collect::<Vec<usize>>());
    // One measurement of the petals suffices.
    assert_eq!(found.columns().len(), 1, "{found}");
    assert!(found.columns()[0] >= 2, "{found}");
    assert_separates(&found, &iris.x, &classes, 1e-9);
}

/// A tie at x = 3: the direction is x - 3, up to its length.
#[test]
fn the_boundary_of_a_quasi_separation_is_exact() {
    let x = dmatrix![1.0, 3.0; 2.0, 0.0; 3.0, -1.0; 3.0, 4.0; 3.0, 1.0; 4.0, 0.0; 5.0, 2.0; 6.0, 7.0];
    let found = find(&x, &[0, 0, 0, 0, 1, 1, 1, 1], 2, true).unwrap().unwrap();
    assert_eq!(found.kind(), SeparationKind::Quasi);
    assert_eq!(found.columns(), [0]);
    assert_eq!(found.overlapping_rows(), [2, 3, 4]);
    assert_eq!(found.direction()[(1, 0)], 0.0);
    approx::assert_relative_eq!(found.intercept()[0], -3.0 * found.direction()[(0, 0)], max_relative = 1e-12);
    let sentence = "quasi-complete separation: column 0 of `x` separates 5 of 8 rows from the other classes";
    assert_eq!(found.to_string(), sentence);
}

#[test]
fn sentences() {
    let line = dmatrix![1.0; 2.0; 3.0; 4.0];
    let found = find(&line, &[0, 0, 1, 1], 2, true).unwrap().unwrap();
    assert_eq!(found.to_string(), "complete separation: column 0 of `x` separates the classes of all 4 rows");
    let found = find(&line, &[1, 1, 1, 1], 2, true).unwrap().unwrap();
    assert_eq!(
        found.to_string(),
        "complete separation: the intercept alone separates the classes of all 4 rows"
    );
    assert!(found.columns().is_empty());
    // The identity: every row needs its column.
    let x = DMatrix::<f64>::identity(12, 12);
    let found = find(&x, &[0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1], 2, false).unwrap().unwrap();
    assert_eq!(
        found.to_string(),
        "complete separation: columns 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more of `x` separate the classes of all 12 \
         rows"
    );
}

/// Three classes on a line, of which the outer two overlap with the middle one: no row is told from both
/// others.
#[test]
fn classes_that_are_separated_in_pairs_only() {
    let x = dmatrix![1.0; 2.0; 2.0; 3.0; 3.0; 4.0];
    let classes = [0, 1, 0, 1, 2, 2];
    let found = find(&x, &classes, 3, true).unwrap().unwrap();
    assert_eq!(found.kind(), SeparationKind::Quasi);
    assert_separates(&found, &x, &classes, 1e-12);
    assert_eq!(found.separated_rows(), [0, 5]);
}
