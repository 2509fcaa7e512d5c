//! Scaling of columns, fitted on training rows, and the paths on which rows reach a model later.

use nalgebra::{DMatrix, RowDVector};

use super::data_schema::{Path, Scaling, Serving, ServingPath};

/// A fitted scaling: (x - centre) / scale.
#[derive(Debug, Clone)]
pub(crate) struct Scaler {
    kind: Scaling,
    centre: RowDVector<f64>,
    scale: RowDVector<f64>,
}

impl Scaler {
    /// Fits to the finite cells of `x`.
    pub(crate) fn fit(kind: Scaling, x: &DMatrix<f64>) -> Self {
        let of_column = |column: usize| -> (f64, f64) {
            let cells: Vec<f64> = x.column(column).iter().copied().filter(|cell| cell.is_finite()).collect();
            let count = cells.len() as f64;
            match kind {
                Scaling::None | Scaling::Rows => (0.0, 1.0),
                Scaling::Divide(by) => (0.0, by),
                Scaling::Standard => {
                    let mean = cells.iter().sum::<f64>() / count;
                    let deviation =
                        (cells.iter().map(|cell| (cell - mean) * (cell - mean)).sum::<f64>() / count).sqrt();
                    (mean, if deviation > 1e-12 { deviation } else { 1.0 })
                }
                Scaling::Minmax => {
                    let (low, high) = range(&cells);
                    (low, if high - low > 1e-12 { high - low } else { 1.0 })
                }
            }
        };
        let (centre, scale): (Vec<f64>, Vec<f64>) = (0..x.ncols()).map(of_column).unzip();
        Scaler { kind, centre: RowDVector::from_vec(centre), scale: RowDVector::from_vec(scale) }
    }

    pub(crate) fn apply(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        if self.kind == Scaling::Rows {
            return unit_rows(x);
        }
        DMatrix::from_fn(x.nrows(), x.ncols(), |i, j| (x[(i, j)] - self.centre[j]) / self.scale[j])
    }

    fn again(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        Scaler::fit(self.kind, x).apply(x)
    }
}

fn range(cells: &[f64]) -> (f64, f64) {
    cells
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &cell| (low.min(cell), high.max(cell)))
}

fn unit_rows(x: &DMatrix<f64>) -> DMatrix<f64> {
    let norms: Vec<f64> = x.row_iter().map(|row| row.norm().max(1e-12)).collect();
    DMatrix::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)] / norms[i])
}

/// Returns raw rows as they reach the fitted model on the path of a program.
pub(crate) fn serve(serving: &Serving, raw: &DMatrix<f64>, scaler: &Scaler) -> Result<DMatrix<f64>, String> {
    let plain = |path| ServingPath { path, columns: Vec::new(), factor: 1.0, column: 0, order: None };
    let full = match serving {
        Serving::Word(path) => plain(*path),
        Serving::Full(full) => full.clone(),
    };
    let width = raw.ncols();
    let named = full.columns.iter().chain(full.order.iter().flatten()).chain(std::iter::once(&full.column));
    if let Some(column) = named.into_iter().find(|&&column| column >= width) {
        return Err(format!("a serving path with column {column} of {width}"));
    }
    let changed = |mut x: DMatrix<f64>, change: &dyn Fn(f64) -> f64| {
        full.columns.iter().for_each(|&column| x.column_mut(column).apply(|cell| *cell = change(*cell)));
        x
    };
    Ok(match full.path {
        Path::Same => scaler.apply(raw),
        Path::Raw => raw.clone(),
        Path::OwnStatistics => scaler.again(raw),
        Path::OwnStatisticsOfPart => in_halves(raw, full.column, scaler),
        Path::RowNormalised => unit_rows(raw),
        Path::RowsAfterScaling => unit_rows(&scaler.apply(raw)),
        Path::OverMax => {
            let largest: Vec<f64> = raw.column_iter().map(|column| column.amax().max(1e-12)).collect();
            DMatrix::from_fn(raw.nrows(), width, |i, j| raw[(i, j)] / largest[j])
        }
        Path::ScaledTwice => scaler.apply(&scaler.apply(raw)),
        Path::NotCentred => DMatrix::from_fn(raw.nrows(), width, |i, j| raw[(i, j)] / scaler.scale[j]),
        Path::PermutedColumns => {
            let order = full.order.clone().unwrap_or_else(|| (1..width).chain([0]).collect());
            scaler.apply(raw).select_columns(&order)
        }
        Path::OtherUnits => scaler.apply(&changed(raw.clone(), &|cell| cell * full.factor)),
        Path::ColumnsZero => scaler.apply(&changed(raw.clone(), &|_| 0.0)),
        Path::ColumnsMissingMean => changed(scaler.apply(raw), &|_| 0.0),
    })
}

/// Scales the rows up to the median of a column, and those above it, each with their own statistics.
fn in_halves(raw: &DMatrix<f64>, column: usize, scaler: &Scaler) -> DMatrix<f64> {
    let mut sorted: Vec<f64> = raw.column(column).iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let median = if count == 0 { 0.0 } else { (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0 };
    let (low, high): (Vec<usize>, Vec<usize>) = (0..count).partition(|&row| raw[(row, column)] <= median);
    let mut out = raw.clone();
    for rows in [low, high] {
        let scaled = scaler.again(&raw.select_rows(&rows));
        rows.iter().enumerate().for_each(|(index, &row)| out.set_row(row, &scaled.row(index)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;
    use serde_json::{Value, json};

    fn served(path: Value) -> DMatrix<f64> {
        let raw = dmatrix![3.0, 4.0; 6.0, 8.0; 9.0, 0.0];
        let scaler = Scaler::fit(Scaling::Minmax, &raw);
        serve(&serde_json::from_value(path).unwrap(), &raw, &scaler).unwrap()
    }

    #[test]
    fn rows_arrive_as_their_path_says() {
        let same = dmatrix![0.0, 0.5; 0.5, 1.0; 1.0, 0.0];
        assert_eq!(served(json!("same")), same);
        assert_eq!(served(json!({"path": "own_statistics"})), same);
        assert_eq!(served(json!({"path": "row_normalised"})), dmatrix![0.6, 0.8; 0.6, 0.8; 1.0, 0.0]);
        assert_eq!(
            served(json!({"path": "over_max"})).column(0),
            dmatrix![1.0 / 3.0; 2.0 / 3.0; 1.0].column(0)
        );
        assert_eq!(served(json!({"path": "not_centred"}))[(0, 0)], 0.5);
        assert_eq!(served(json!({"path": "permuted_columns"})), dmatrix![0.5, 0.0; 1.0, 0.5; 0.0, 1.0]);
        let units = served(json!({"path": "other_units", "columns": [1], "factor": 2}));
        assert_eq!(units.column(1), dmatrix![1.0; 2.0; 0.0].column(0));
        let halves = served(json!({"path": "own_statistics_of_part", "column": 0}));
        assert_eq!(halves, dmatrix![0.0, 0.0; 1.0, 1.0; 0.0, 0.0]);
    }

    #[test]
    fn constant_and_bad_cells_do_not_spoil_a_scale() {
        let x = dmatrix![1.0, 2.0; f64::NAN, 2.0; 3.0, 2.0];
        let scaled = Scaler::fit(Scaling::Standard, &x).apply(&x);
        assert_eq!((scaled[(0, 0)], scaled[(2, 0)], scaled[(1, 1)]), (-1.0, 1.0, 0.0));
        assert!(scaled[(1, 0)].is_nan());
    }
}
