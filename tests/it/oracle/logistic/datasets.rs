//! The data that the optima belong to.

use std::collections::BTreeMap;

use logit::nalgebra::DMatrix;
use serde::Deserialize;

use crate::oracle::json;

/// Rows and their class indices.
pub(super) struct Dataset {
    pub(super) x: DMatrix<f64>,
    pub(super) y: Vec<usize>,
}

/// Where a data set comes from.
#[derive(Deserialize)]
pub(super) struct Source {
    n: usize,
    d: usize,
    classes: usize,
    #[serde(rename = "X")]
    x: Option<Vec<Vec<f64>>>,
    y: Option<Vec<usize>>,
    csv: Option<String>,
    derived_from: Option<String>,
    /// The columns to keep.
    columns: Option<Vec<usize>>,
    /// The class indices to keep, with their new ones.
    relabel: Option<BTreeMap<usize, usize>>,
}

impl Source {
    /// The data set, which may be derived from another one of `sources`.
    pub(super) fn load(&self, sources: &BTreeMap<String, Source>) -> Dataset {
        let data = match self {
            Source { x: Some(x), y: Some(y), .. } => Dataset { x: json::matrix(x), y: y.clone() },
            Source { csv: Some(name), .. } => parse(csv(name)),
            Source { derived_from: Some(base), .. } => self.derive(&sources[base].load(sources)),
            _ => panic!("a data set without a source"),
        };
        assert_eq!(data.x.shape(), (self.n, self.d));
        assert_eq!((data.y.len(), data.y.iter().max()), (self.n, Some(&(self.classes - 1))));
        data
    }

    fn derive(&self, base: &Dataset) -> Dataset {
        let label = |row: usize| match &self.relabel {
            Some(relabel) => relabel.get(&base.y[row]).copied(),
            None => Some(base.y[row]),
        };
        let rows: Vec<usize> = (0..base.y.len()).filter(|&row| label(row).is_some()).collect();
        let all: Vec<usize> = (0..base.x.ncols()).collect();
        let columns = self.columns.as_ref().unwrap_or(&all);
        Dataset {
            x: base.x.select_rows(&rows).select_columns(columns),
            y: rows.iter().filter_map(|&row| label(row)).collect(),
        }
    }
}

impl Dataset {
    /// Columns minus their mean, divided by their standard deviation over all rows (not one row less).
    pub(super) fn standardized(mut self) -> Dataset {
        for mut column in self.x.column_iter_mut() {
            let rows = column.len() as f64;
            let mean = column.sum() / rows;
            column.add_scalar_mut(-mean);
            // The mean of the remainder is rounding error.
            let rest = column.sum() / rows;
            column.add_scalar_mut(-rest);
            let deviation = (column.norm_squared() / rows).sqrt();
            column /= deviation;
        }
        self
    }
}

fn csv(name: &str) -> &'static str {
    match name {
        "csv/iris.csv" => include_str!("../data/csv/iris.csv"),
        "csv/wine.csv" => include_str!("../data/csv/wine.csv"),
        "csv/breast_cancer.csv" => include_str!("../data/csv/breast_cancer.csv"),
        _ => panic!("{name} is not in the data directory"),
    }
}

/// A header, then numbers with the class index last.
fn parse(text: &str) -> Dataset {
    let row = |line: &str| line.split(',').map(|field| field.parse().expect("a number")).collect();
    let rows: Vec<Vec<f64>> = text.lines().skip(1).map(row).collect();
    let table = json::matrix(&rows);
    let last = table.ncols() - 1;
    Dataset {
        x: table.columns(0, last).into_owned(),
        y: table.column(last).iter().map(|&class| class as usize).collect(),
    }
}
