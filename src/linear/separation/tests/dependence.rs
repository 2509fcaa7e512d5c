//! Columns that depend on others: which are dropped, and what their slopes become.

use nalgebra::DMatrix;

use super::{rows, with_budget};
use crate::linear::separation::design::{Block, Design};
use crate::linear::separation::search::MARGIN;
use crate::rng::Rng;

/// The design after dependent columns are dropped.
fn reduced<'a>(x: &'a DMatrix<f64>, classes: &'a [usize]) -> Design<'a, f64> {
    let mut design = Design::new(rows(x, classes, None).into(), 2, true);
    with_budget(usize::MAX, |budget| design.drop_dependent(budget));
    design
}

fn normal(n: usize, d: usize, seed: u64) -> (DMatrix<f64>, Vec<usize>) {
    let mut rng = Rng::new(seed);
    (DMatrix::from_fn(n, d, |_, _| rng.standard_normal()), (0..n).map(|row| row % 2).collect())
}

/// Slopes of a column that was dropped pass to those that it is a combination of: scores stay.
#[test]
fn dropped_columns_leave_the_scores_alone() {
    let (mut x, classes) = normal(300, 4, 51);
    for row in 0..300 {
        x[(row, 1)] *= 1e3;
        x[(row, 3)] = 2.0 * x[(row, 0)] - 1e-3 * x[(row, 1)] + 0.5 * x[(row, 2)] + 7.0;
    }
    let design = reduced(&x, &classes);
    assert_eq!(design.kept(), [0, 1, 2, 4]);
    let (w, b) = ([0.3, -0.002, 1.1, 0.7], -0.4);
    let part = design.part(|j| w[j], b);
    assert_eq!(part[3], 0.0);
    let (mut block, mut scores) = (Block::default(), Vec::new());
    design.fill(0..200, &mut block);
    block.scores(&part, &mut scores);
    for row in 0..200 {
        let wanted = b + (0..4).map(|j| x[(row, j)] * w[j]).sum::<f64>();
        approx::assert_relative_eq!(
            scores[row] * block.sizes[row],
            wanted,
            max_relative = 1e-9,
            epsilon = 1e-9
        );
    }
}

/// Rounding of the column itself, and of those that it is a combination of.
#[test]
fn rounding_errors_do_not_make_a_column_independent() {
    let (base, classes) = normal(100, 2, 52);
    let offset = 1e8;
    let sum = DMatrix::from_fn(100, 3, |row, j| match j {
        2 => (base[(row, 0)] + offset) + (base[(row, 1)] + offset),
        _ => base[(row, j)] + offset,
    });
    assert_eq!(reduced(&sum, &classes).kept(), [0, 1, 3]);
    let difference = DMatrix::from_fn(100, 3, |row, j| match j {
        2 => base[(row, 0)] - base[(row, 1)],
        _ => base[(row, j)] + offset,
    });
    assert_eq!(reduced(&difference, &classes).kept(), [0, 1, 3]);
    // A difference ten times as large is no rounding error, in long rows neither.
    let mut rng = Rng::new(53);
    let noise = 8.0 * f64::EPSILON * offset;
    let long = DMatrix::from_fn(100, 3, |row, j| match j {
        0 => 100.0 * base[(row, 0)],
        1 => base[(row, 1)] + offset,
        _ => base[(row, 1)] + offset + 40.0 * noise * rng.uniform(-1.0, 1.0),
    });
    let long = long.map_with_location(|row, j, x| if j == 0 && row < 60 { x.signum() * 1e-3 } else { x });
    assert_eq!(reduced(&long, &classes).kept(), [0, 1, 2, 3]);
}

/// Products see half of the digits; what they do not see is looked for in the rows.
#[test]
fn columns_that_differ_little_count() {
    let (mut x, classes) = normal(200, 3, 54);
    for row in 0..200 {
        let z = x[(row, 1)];
        x[(row, 1)] = x[(row, 0)] + 1e-6 * z;
    }
    assert_eq!(reduced(&x, &classes).kept(), [0, 1, 2, 3]);
    for row in 0..200 {
        x[(row, 2)] = 1e6 * (x[(row, 1)] - x[(row, 0)]);
    }
    assert_eq!(reduced(&x, &classes).kept(), [0, 1, 3]);
}

/// One row makes a column independent, wherever it is.
#[test]
fn columns_that_differ_in_one_row_count() {
    let (x, classes) = normal(200, 1, 55);
    for at in [0, 100, 199] {
        let twins = DMatrix::from_fn(200, 2, |row, j| x[row] + if j == 1 && row == at { 1e-6 } else { 0.0 });
        assert_eq!(reduced(&twins, &classes).kept(), [0, 1, 2], "row {at}");
    }
}

/// The margin that counts grows with the length of the direction: here √2, because the slopes of the column
/// and its twin are 1 and -1.
#[test]
fn margins_are_relative_to_the_slopes_of_all_columns() {
    for (margin, kept) in [(1.3, vec![0, 2]), (1.5, vec![0, 1, 2])] {
        let x = DMatrix::from_fn(200, 2, |row, j| match (row, j) {
            (199, 1) => 1.0 + 2.0 * margin * MARGIN,
            _ => {
                if row < 100 {
                    -1.0
                } else {
                    1.0
                }
            }
        });
        let classes: Vec<usize> = (0..200).map(|row| row % 2).collect();
        assert_eq!(reduced(&x, &classes).kept(), kept, "{margin}");
    }
}
