//! What is done to rows and classes, one operation after the other.

use nalgebra::DMatrix;

use super::data_schema::{Bad, Change, Columns, Operation, Part};
use super::kinds::{Labelled, beside};
use super::random::{Stream, order};

/// Applies the operations on one part of the rows.
pub(crate) fn operate(
    operations: &[Operation],
    part: Part,
    (mut x, mut y): Labelled,
    seed: u64,
) -> Result<Labelled, String> {
    for (index, operation) in operations.iter().enumerate() {
        if operation.on == part {
            let stream = Stream::new(seed, 100 + index as u64);
            (x, y) = apply(&operation.change, x, y, stream)?;
        }
    }
    Ok((x, y))
}

fn apply(
    change: &Change,
    mut x: DMatrix<f64>,
    mut y: Vec<usize>,
    mut stream: Stream,
) -> Result<Labelled, String> {
    let (rows, width) = x.shape();
    let classes = y.iter().max().map_or(1, |largest| largest + 1);
    let next = |class: usize| (class + 1) % classes;
    let known = |columns: &[usize]| match columns.iter().find(|&&column| column >= width) {
        Some(column) => Err(format!("an operation on column {column} of {width}")),
        None => Ok(()),
    };
    match change {
        Change::ScaleColumns { columns, factor, offset } => {
            let all: Vec<usize> = (0..width).collect();
            let columns = if let Columns::These(columns) = columns { columns } else { &all };
            known(columns)?;
            for &column in columns {
                x.column_mut(column).apply(|cell| *cell = *cell * factor + offset);
            }
        }
        Change::DuplicateColumns { columns } => {
            known(columns)?;
            x = beside(&x, &x.select_columns(columns));
        }
        Change::SumColumn { columns } => {
            known(columns)?;
            let sum =
                DMatrix::from_fn(rows, 1, |row, _| columns.iter().map(|&column| x[(row, column)]).sum());
            x = beside(&x, &sum);
        }
        Change::ConstantColumns { count, value } => x = beside(&x, &DMatrix::repeat(rows, *count, *value)),
        Change::NoiseColumns { count } => {
            x = beside(&x, &DMatrix::from_row_slice(rows, *count, &stream.normals(rows * count)));
        }
        Change::LeakColumn { noise } => {
            let leak = DMatrix::from_fn(rows, 1, |row, _| y[row] as f64 + noise * stream.normal());
            x = beside(&x, &leak);
        }
        Change::FlipLabels { share } => {
            let flips: Vec<bool> = stream.uniforms(rows).into_iter().map(|u| u < *share).collect();
            for (class, flips) in y.iter_mut().zip(flips) {
                let others = classes.saturating_sub(1) as f64;
                let by = if classes > 2 { 1 + (stream.uniform() * others).floor() as usize } else { 1 };
                *class = if flips { (*class + by) % classes } else { *class };
            }
        }
        Change::DuplicateRows { count, relabel } => {
            let copies: Vec<usize> = (0..*count).map(|row| row % rows.max(1)).collect();
            y.extend(
                copies.iter().map(|&row| if *relabel { next(y[row]) } else { y[row] }).collect::<Vec<_>>(),
            );
            let all: Vec<usize> = (0..rows).chain(copies).collect();
            x = x.select_rows(&all);
        }
        Change::SortByLabel => return Ok(select(&x, &y, &order((0..rows).collect(), |&row| y[row] as f64))),
        Change::ShuffleLabels => y = stream.permutation(rows).into_iter().map(|row| y[row]).collect(),
        Change::Round { times } => x.apply(|cell| *cell = (*cell * times).round_ties_even() / times),
        Change::ZeroInputs => x.fill(0.0),
        Change::BadCells { count, value } => {
            let mut draw = |below: usize| -> Vec<usize> {
                stream.uniforms(*count).into_iter().map(|u| (u * below as f64) as usize).collect()
            };
            let (of_rows, of_columns) = (draw(rows), draw(width));
            for cell in of_rows.into_iter().zip(of_columns) {
                x[cell] = if *value == Bad::Nan { f64::NAN } else { f64::INFINITY };
            }
        }
        Change::KeepRows { count } => {
            let kept: Vec<usize> = (0..rows.min(*count)).collect();
            return Ok(select(&x, &y, &kept));
        }
        Change::KeepOneClass { class } => {
            let kept: Vec<usize> = (0..rows).filter(|&row| y[row] == *class).collect();
            return Ok(select(&x, &y, &kept));
        }
        Change::RollLabels => y.iter_mut().for_each(|class| *class = next(*class)),
        Change::PermuteColumns => x = x.select_columns(&stream.permutation(width)),
    }
    Ok((x, y))
}

/// Returns the given rows.
pub(crate) fn select(x: &DMatrix<f64>, y: &[usize], rows: &[usize]) -> Labelled {
    (x.select_rows(rows), rows.iter().map(|&row| y[row]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;
    use serde_json::{Value, json};

    fn operated(operations: Value) -> Labelled {
        let operations: Vec<Operation> = serde_json::from_value(operations).unwrap();
        let x = dmatrix![1.0, 2.0; 3.0, 4.0; 5.0, 6.0];
        operate(&operations, Part::All, (x, vec![2, 0, 1]), 5).unwrap()
    }

    #[test]
    fn operations_follow_each_other() {
        let (x, y) = operated(json!([
            {"op": "sum_column", "columns": [0, 1]},
            {"op": "scale_columns", "columns": [0], "factor": 10, "offset": 1},
            {"op": "zero_inputs", "on": "test"},
            {"op": "duplicate_rows", "count": 4, "relabel": true},
            {"op": "sort_by_label"},
            {"op": "keep_rows", "count": 5}
        ]));
        let (a, b, c) = ([11.0, 2.0, 3.0], [31.0, 4.0, 7.0], [51.0, 6.0, 11.0]);
        let rows: Vec<[f64; 3]> = x.row_iter().map(|row| [row[0], row[1], row[2]]).collect();
        assert_eq!((rows, y), (vec![b, a, a, c, b], vec![0, 0, 0, 1, 1]));
    }

    #[test]
    fn an_operation_on_a_column_that_is_missing_is_refused() {
        let operations: Vec<Operation> =
            serde_json::from_value(json!([{"op": "duplicate_columns", "columns": [2]}])).unwrap();
        let refused = operate(&operations, Part::All, (dmatrix![1.0, 2.0], vec![0]), 5);
        assert_eq!(refused.unwrap_err(), "an operation on column 2 of 2");
    }
}
