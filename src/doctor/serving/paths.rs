//! The same rows on two paths to a model.

use nalgebra::DVector;

use crate::check;
use crate::code::Code;
use crate::doctor::data::Terms;
use crate::doctor::diagnosis::Diagnosis;
use crate::doctor::finding::{Finding, Severity};
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// The difference from which entries differ, in units of the size of the column's entries and of the precision
/// of the number type: that of a few hundred operations.
const ROUNDINGS: f64 = 1e3;

/// Compares the same rows as a model was trained on them and as they reach it at prediction.
///
/// `trained` are rows after all steps before the model, as in training. `served` are the same rows, in the same
/// order, after the steps of the service. Both must be equal up to rounding, and any difference is a finding: no
/// threshold decides. The finding says how the columns differ: scaled or shifted, exchanged, set to a constant,
/// or each row by a factor of its own.
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] if the sizes differ, and [`Error::Empty`] if there are no rows or columns.
///
/// # Examples
/// ```
/// use logit::doctor::{Code, compare_paths};
/// use logit::prelude::*;
/// use logit::{StandardScaler, data};
///
/// let iris = data::iris();
/// let scaled = StandardScaler::new().fit(&iris)?.transform(&iris)?;
/// assert!(compare_paths(&scaled, &scaled)?.findings().is_empty());
///
/// // The service forgot the scaler.
/// let diagnosis = compare_paths(&scaled, &iris.x)?;
/// assert_eq!(diagnosis.root().map(|finding| finding.code), Some(Code::ServingSkew));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn compare_paths<'a, 'b, T: Real>(
    trained: impl Into<Rows<'a, T>>,
    served: impl Into<Rows<'b, T>>,
) -> Result<Diagnosis, Error> {
    let (trained, served) = (trained.into(), served.into());
    for (axis, count) in [("rows", trained.nrows()), ("columns", trained.ncols())] {
        if count == 0 {
            return Err(Error::Empty { argument: "trained", axis });
        }
    }
    check::count("served", "rows", trained.nrows(), served.nrows())?;
    check::count("served", "columns", trained.ncols(), served.ncols())?;
    let column = |rows: &Rows<'_, T>, at: usize| rows.column(at).map(|v| v.as_f64());
    let slack = ROUNDINGS * T::EPSILON.as_f64();
    let before: Vec<DVector<f64>> = (0..trained.ncols()).map(|at| column(&trained, at)).collect();
    let after: Vec<DVector<f64>> = (0..served.ncols()).map(|at| column(&served, at)).collect();
    let wrong: Vec<usize> = (0..before.len()).filter(|&at| !equal(&before[at], &after[at], slack)).collect();
    let Some(&first) = wrong.first() else { return Ok(Diagnosis::default()) };

    let class = |class: usize| class.to_string();
    let terms = Terms::new(trained.names(), &class);
    let row = (0..trained.nrows()).max_by(|&a, &b| {
        let apart = |row: usize| (before[first][row] - after[first][row]).abs();
        apart(a).total_cmp(&apart(b))
    });
    let row = row.unwrap_or(0);
    let how = explained(&before, &after, &wrong, slack)
        .map_or_else(|| "their values differ".to_owned(), |how| how.text(&terms));
    let why = format!(
        "rows do not reach the model as in training: of {}, {how}. In row {row}, {} is {} in training and {} at \
         prediction",
        terms.columns(&wrong),
        terms.column(first),
        crate::doctor::finding::short(before[first][row]),
        crate::doctor::finding::short(after[first][row]),
    );
    let change = "fit a `Pipeline`, which keeps the steps of the training rows, and send raw rows to it";
    let finding = Finding::new(Code::ServingSkew, Severity::Error, why, change)
        .saw("columns that differ", wrong.len() as f64)
        .saw("columns", before.len() as f64);
    Ok(Diagnosis::new(vec![finding]))
}

/// Returns whether two columns are equal up to rounding.
fn equal(a: &DVector<f64>, b: &DVector<f64>, slack: f64) -> bool {
    let size = a.amax().max(b.amax());
    a.iter().zip(b.iter()).all(|(a, b)| (a - b).abs() <= slack * size || a.is_nan() && b.is_nan())
}

/// How served columns follow from the trained ones.
enum How {
    /// Each is a trained column times a factor, plus an offset: those of the first.
    Scaled(f64, f64),
    /// Each is another trained column: that of the first.
    Moved(usize),
    /// Each is constant: the value of the first.
    Constant(f64),
    /// Rows are multiplied by factors of their own.
    ByRow,
}

impl How {
    fn text(&self, terms: &Terms<'_>) -> String {
        match self {
            How::Scaled(factor, offset) => format!(
                "each is scaled or shifted (the first by a factor of {} and an offset of {}), as with raw units or \
                 with the statistics of other rows",
                crate::doctor::finding::short(*factor),
                crate::doctor::finding::short(*offset)
            ),
            How::Moved(from) => {
                format!(
                    "each holds another column (the first holds {}): the order has changed",
                    terms.column(*from)
                )
            }
            How::Constant(value) => {
                format!(
                    "each is the same for all rows (the first is {})",
                    crate::doctor::finding::short(*value)
                )
            }
            How::ByRow => {
                "each row is multiplied by a factor of its own, as if rows were normalised".to_owned()
            }
        }
    }
}

fn explained(before: &[DVector<f64>], after: &[DVector<f64>], wrong: &[usize], slack: f64) -> Option<How> {
    let first = *wrong.first()?;
    let loose = 1e3 * slack;
    let constant = |column: &DVector<f64>| column.max() - column.min() <= slack * column.amax();
    if wrong.iter().all(|&at| constant(&after[at]) && !constant(&before[at])) {
        return Some(How::Constant(after[first][0]));
    }
    let source =
        |at: usize| (0..before.len()).find(|&from| from != at && equal(&before[from], &after[at], slack));
    if wrong.iter().all(|&at| source(at).is_some()) {
        return Some(How::Moved(source(first)?));
    }
    let line = |at: usize| {
        let (x, y) = (&before[at], &after[at]);
        let (mx, my) = (x.mean(), y.mean());
        let spread: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
        let factor = x.iter().zip(y.iter()).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / spread;
        let offset = my - factor * mx;
        let size = y.amax();
        let near =
            x.iter().zip(y.iter()).all(|(x, y)| (factor * x + offset - y).abs() <= loose * y.abs().max(size));
        near.then_some((factor, offset))
    };
    if let Some(lines) = wrong.iter().map(|&at| line(at)).collect::<Option<Vec<_>>>() {
        return lines.first().map(|&(factor, offset)| How::Scaled(factor, offset));
    }
    let proportional = (0..before[first].len()).all(|row| {
        let largest =
            wrong.iter().copied().max_by(|&a, &b| before[a][row].abs().total_cmp(&before[b][row].abs()));
        let factor = largest.map_or(1.0, |at| after[at][row] / before[at][row]);
        let size = largest.map_or(0.0, |at| after[at][row].abs());
        (0..before.len()).all(|at| (factor * before[at][row] - after[at][row]).abs() <= loose * size)
    });
    proportional.then_some(How::ByRow)
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::rng::Rng;

    fn rows() -> DMatrix<f64> {
        let mut rng = Rng::new(5);
        DMatrix::from_fn(30, 3, |_, _| rng.standard_normal())
    }

    fn why(served: &DMatrix<f64>) -> String {
        let diagnosis = compare_paths(&rows(), served).unwrap();
        diagnosis.root().map_or(String::new(), |finding| finding.why.clone())
    }

    #[test]
    fn the_way_in_which_rows_differ_is_named() {
        let x = rows();
        assert_eq!(why(&x), "");
        assert_eq!(why(&x.map(|v| v * (1.0 + 1e-15))), "");
        assert!(why(&x.map(|v| 3.0 * v + 1.0)).contains("scaled or shifted (the first by a factor of 3"));
        let mut moved = x.clone();
        moved.swap_columns(0, 2);
        assert!(why(&moved).contains("the first holds column 2"));
        let mut constant = x.clone();
        constant.column_mut(1).fill(0.0);
        assert!(why(&constant).contains("column 1, each is the same for all rows (the first is 0)"));
        let mut normalized = x.clone();
        normalized.row_iter_mut().for_each(|mut row| {
            let norm = row.norm();
            row /= norm;
        });
        assert!(why(&normalized).contains("a factor of its own"));
        assert!(why(&x.map(|v| v * v)).contains("their values differ"));
    }
}
