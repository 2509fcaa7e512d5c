//! Cuts by single columns: what they claim holds, and they miss nothing that they should find.

use nalgebra::{DMatrix, dmatrix};

use super::{rows, with_budget};
use crate::linear::separation::cuts::{Cuts, cuts};
use crate::linear::separation::design::{Block, Design};

/// Returns the cuts, after checking each constraint: the margin is positive where the direction is strict,
/// and zero elsewhere.
fn checked(x: &DMatrix<f64>, classes: &[usize], count: usize, intercept: bool) -> Option<Cuts> {
    let design = Design::new(rows(x, classes, None).into(), count, intercept);
    let found = with_budget(usize::MAX, |budget| cuts(&design, budget)).unwrap()?;
    let (mut block, mut scores) = (Block::default(), Vec::new());
    design.fill(0..x.nrows(), &mut block);
    block.scores(&found.direction, &mut scores);
    for row in 0..x.nrows() {
        let mut strict = true;
        for rival in design.rivals(row) {
            let margin = design.margin(row, rival, |k| scores[k * x.nrows() + row]);
            let claimed = found.strict[row * design.score_columns + rival];
            let holds = if claimed { margin > 1e-9 } else { margin.abs() < 1e-14 };
            assert!(holds, "row {row} against {rival}: {margin}");
            strict &= claimed;
        }
        assert_eq!(found.open[row], !strict, "row {row}");
    }
    Some(found)
}

/// Returns the rows that are left open.
fn open(x: &DMatrix<f64>, classes: &[usize], count: usize, intercept: bool) -> Option<Vec<usize>> {
    let found = checked(x, classes, count, intercept)?;
    Some((0..x.nrows()).filter(|&row| found.open[row]).collect())
}

#[test]
fn a_cut_leaves_ties_open() {
    for sign in [-1.0, 1.0] {
        let x = sign * dmatrix![1.0, 4.0; 2.0, 4.0; 3.0, 4.0; 3.0, 4.0; 4.0, 5.0; 5.0, 4.0];
        let found = checked(&x, &[0, 0, 0, 1, 1, 1], 2, true).unwrap();
        assert_eq!(found.open, [false, false, true, true, false, false]);
        // The second column is the same in all rows that are left, so it takes no part.
        assert_eq!(found.direction[1], 0.0);
    }
}

/// A class whose entries reach far above those of the next one.
#[test]
fn classes_are_cut_where_none_is_on_both_sides() {
    let x = dmatrix![0.0; 10.0; 1.0; 2.0; 11.0; 12.0];
    assert_eq!(open(&x, &[0, 0, 1, 1, 2, 2], 3, true).unwrap(), [0, 1, 2, 3]);
    assert!(checked(&dmatrix![0.0; 2.0; 1.0; 3.0], &[0, 0, 1, 1], 2, true).is_none());
}

/// Without an intercept only zero cuts.
#[test]
fn without_an_intercept_columns_are_cut_at_zero() {
    for sign in [-1.0, 1.0] {
        let both = sign * dmatrix![-1.0; -2.0; 0.0; 3.0; 4.0];
        assert_eq!(open(&both, &[0, 0, 0, 1, 1], 2, false).unwrap(), [2]);
        let one = sign * dmatrix![1.0; 2.0; 3.0; 4.0];
        assert!(checked(&one, &[0, 0, 1, 1], 2, false).is_none());
    }
}

/// Columns that overlap once rows are gone that others separate: the first column leaves the last five rows,
/// the third two of these, the others two more. A single row has no other class to be cut from.
#[test]
fn cuts_are_tried_again_on_what_is_left() {
    let x = DMatrix::from_fn(8, 4, |row, j| {
        f64::from(u8::from(row / 2 == j || (row / 2 == j + 1 && row % 2 == 0)))
    });
    assert_eq!(open(&x, &[0, 0, 0, 1, 0, 1, 0, 1], 2, true).unwrap(), [5]);
}

/// The second column separates the last two rows, and has the first two on the wrong side, by three times as
/// much as the first column has them on the right one.
#[test]
fn cuts_of_what_is_left_do_not_undo_those_before() {
    let x = dmatrix![-1.0, 3.0; 1.0, -3.0; 0.0, -1.0; 0.0, 1.0];
    assert_eq!(open(&x, &[0, 1, 0, 1], 2, true).unwrap(), [0; 0]);
}

/// Margins too small to be told from zero, though larger than rounding, are left to the search.
#[test]
fn small_margins_do_not_cut() {
    let x = dmatrix![-1.0; -1e-11; 1e-11; 1.0];
    assert!(checked(&x, &[0, 0, 1, 1], 2, true).is_none());
    let x = dmatrix![-1.0; -1e-8; 1e-8; 1.0];
    assert_eq!(open(&x, &[0, 0, 1, 1], 2, true).unwrap(), [0; 0]);
    // A class without rows is the intercept's.
    assert!(checked(&x, &[0, 0, 1, 1], 3, true).is_none());
}

/// The first direction outweighs the second one in the row where the second one is worst, whichever that is.
#[test]
fn combined_directions_stay_strict_in_every_row() {
    let all = [([1.0, 1.0], 1), ([1.0, -1.0], 1), ([-1.0, 1.0], 0)];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
        let x = DMatrix::from_fn(3, 2, |row, j| all[order[row]].0[j]);
        let classes = order.map(|at| all[at].1);
        let design = Design::new(rows(&x, &classes, None).into(), 2, false);
        let both =
            with_budget(usize::MAX, |budget| design.combined(&[1.0, 0.0], &[true; 3], &[0.0, -3.0], budget));
        let sum = both.expect("a budget").expect("a direction");
        for row in 0..3 {
            let score = x[(row, 0)] * sum[0] + x[(row, 1)] * sum[1];
            assert!(if classes[row] == 1 { score > 0.0 } else { score < 0.0 }, "{order:?}: {sum:?}");
        }
    }
}
