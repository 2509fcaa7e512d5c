//! Data that must neither hang nor panic, and still get the right answer.

use nalgebra::{DMatrix, dmatrix};

use super::{assert_separates, find, kind, rows, separation};
use crate::error::Error;
use crate::linear::separation::SeparationKind;
use crate::rng::Rng;

fn normal(n: usize, d: usize, rng: &mut Rng) -> DMatrix<f64> {
    DMatrix::from_fn(n, d, |_, _| rng.standard_normal())
}

/// Dependent, constant and zero columns neither separate nor hide a separation.
#[test]
fn rank_deficiency_is_no_separation() {
    let mut rng = Rng::new(21);
    let base = normal(300, 3, &mut rng);
    let x = DMatrix::from_fn(300, 8, |row, j| match j {
        0..3 => base[(row, j)],
        3 => base[(row, 0)] - 2.0 * base[(row, 1)],
        4 => base[(row, 2)],
        5 => 0.1,
        6 => 0.0,
        _ => -1e9,
    });
    for count in [2, 3] {
        let classes: Vec<usize> = (0..300).map(|_| rng.below(count)).collect();
        for intercept in [true, false] {
            assert_eq!(kind(&find(&x, &classes, count, intercept).unwrap()), None);
        }
        let classes: Vec<usize> = (0..300).map(|row| usize::from(base[(row, 1)] > 0.1)).collect();
        let found = find(&x, &classes, 2, true).unwrap().unwrap();
        assert_eq!(found.kind(), SeparationKind::Complete);
        assert_separates(&found, &x, &classes, 1e-10);
    }
}

/// With a constant column and no intercept, that column is the intercept.
#[test]
fn a_constant_column_replaces_the_intercept() {
    let x = dmatrix![1.0, 7.0; 2.0, 7.0; 3.0, 7.0; 4.0, 7.0];
    let found = find(&x, &[0, 0, 1, 1], 2, false).unwrap().unwrap();
    assert_eq!((found.kind(), found.columns()), (SeparationKind::Complete, &[0, 1][..]));
    assert_eq!(found.intercept()[0], 0.0);
    let found = find(&x, &[0, 0, 1, 1], 2, true).unwrap().unwrap();
    assert_eq!(found.columns(), [0]);
}

#[test]
fn columns_of_zeros_only() {
    let x = DMatrix::<f64>::zeros(5, 2);
    for intercept in [true, false] {
        assert_eq!(kind(&find(&x, &[0, 1, 0, 1, 1], 2, intercept).unwrap()), None);
        assert_eq!(kind(&find(&x, &[0, 1, 2, 1, 1], 3, intercept).unwrap()), None);
    }
    assert_eq!(kind(&find(&x, &[1; 5], 2, false).unwrap()), None);
}

/// More columns than rows separate whatever the labels.
#[test]
fn more_columns_than_rows() {
    let mut rng = Rng::new(22);
    for count in [2, 3] {
        let x = normal(20, 50, &mut rng);
        let mut classes: Vec<usize> = (0..20).map(|_| rng.below(count)).collect();
        let found = find(&x, &classes, count, true).unwrap().unwrap();
        assert_eq!(found.kind(), SeparationKind::Complete);
        assert!(found.columns().len() < 20, "{found}");
        assert_separates(&found, &x, &classes, 1e-10);
        // Unless rows of different classes coincide.
        let doubled = DMatrix::from_fn(40, 50, |row, j| x[(row % 20, j)]);
        classes.extend((0..20).map(|row| (classes[row] + 1) % count).collect::<Vec<usize>>());
        let found = find(&doubled, &classes, count, true).unwrap();
        assert_eq!(kind(&found), (count == 3).then_some(SeparationKind::Quasi));
    }
}

#[test]
fn rows_without_weight_do_not_count() {
    let x = dmatrix![1.0; 2.0; 3.0; 4.0; 1e300; 2.5];
    let classes = [0, 0, 1, 1, 0, 2];
    let weights = [1.0, 2.0, 0.5, 1.0, 0.0, 0.0];
    let found = separation(rows(&x, &classes[..], Some(&weights)), 2, true).unwrap().unwrap();
    assert_eq!((found.kind(), found.separated_rows()), (SeparationKind::Complete, &[0, 1, 2, 3][..]));
    // A class that has rows, none of them with weight, is separated from all: its intercept is.
    let found = separation(rows(&x, &classes[..], Some(&weights)), 3, true).unwrap().unwrap();
    assert_eq!(found.kind(), SeparationKind::Complete);
    assert!(found.intercept()[2] < 0.0);
}

#[test]
fn scales_and_offsets() {
    let mut rng = Rng::new(23);
    let base = normal(500, 4, &mut rng);
    let overlapping: Vec<usize> = (0..500).map(|_| rng.below(2)).collect();
    let separated: Vec<usize> = (0..500).map(|row| usize::from(base[(row, 2)] > base[(row, 0)])).collect();
    for (scale, shift) in [(1e6, 1e4), (1e-6, 1e4), (1e300, 0.0), (1e-300, 0.0), (1e150, 1e151)] {
        let x = DMatrix::from_fn(500, 4, |row, j| {
            if j % 2 == 0 { scale * base[(row, j)] + shift } else { base[(row, j)] }
        });
        assert_eq!(kind(&find(&x, &overlapping, 2, true).unwrap()), None);
        let found = find(&x, &separated, 2, true).unwrap().unwrap();
        assert_eq!(
            (found.kind(), found.columns()),
            (SeparationKind::Complete, &[0, 2][..]),
            "{scale}, {shift}"
        );
    }
}

/// Entries whose differences overflow, and a column in which one entry is larger than the rest by 300 digits.
#[test]
fn the_ends_of_the_range() {
    let largest = f64::MAX;
    let x = dmatrix![-largest; -largest / 2.0; largest / 3.0; largest];
    let found = find(&x, &[0, 0, 1, 1], 2, true).unwrap().unwrap();
    assert_eq!(found.kind(), SeparationKind::Complete);
    assert_eq!(kind(&find(&x, &[0, 1, 0, 1], 2, true).unwrap()), None);
    let x = dmatrix![1.0; 2.0; 3.0; 4.0; 1e300];
    assert_eq!(kind(&find(&x, &[0, 0, 1, 1, 1], 2, true).unwrap()), Some(SeparationKind::Complete));
    assert_eq!(kind(&find(&x, &[0, 0, 1, 1, 0], 2, true).unwrap()), None);
    // A direction that no number can hold.
    let x = dmatrix![5e-324; 1e-323; 1.5e-323; 2e-323];
    assert_eq!(find(&x, &[0, 0, 1, 1], 2, true), Err(Error::FitOverflow));
    assert_eq!(kind(&find(&x, &[0, 1, 0, 1], 2, true).unwrap()), None);
    let x = dmatrix![1e-38f32; 2e-38; 3e-38; 4e-38];
    assert_eq!(kind(&find(&x, &[0, 0, 1, 1], 2, true).unwrap()), Some(SeparationKind::Complete));
}

/// Two columns that differ in the ninth digit: what separates is their difference.
#[test]
fn columns_that_are_nearly_equal() {
    let mut rng = Rng::new(24);
    let base = normal(400, 2, &mut rng);
    let x =
        DMatrix::from_fn(400, 2, |row, j| base[(row, 0)] + if j == 1 { 1e-6 * base[(row, 1)] } else { 0.0 });
    let separated: Vec<usize> = (0..400).map(|row| usize::from(x[(row, 1)] > x[(row, 0)])).collect();
    let found = find(&x, &separated, 2, true).unwrap().unwrap();
    assert_eq!((found.kind(), found.columns()), (SeparationKind::Complete, &[0, 1][..]));
    let overlapping: Vec<usize> = (0..400).map(|_| rng.below(2)).collect();
    assert_eq!(kind(&find(&x, &overlapping, 2, true).unwrap()), None);
}

#[test]
fn ten_classes() {
    let mut rng = Rng::new(25);
    let centres = normal(10, 6, &mut rng);
    let classes: Vec<usize> = (0..1500).map(|row| row % 10).collect();
    for (spread, wanted) in [(0.02, Some(SeparationKind::Complete)), (3.0, None)] {
        let x = DMatrix::from_fn(1500, 6, |row, j| centres[(row % 10, j)] + spread * rng.standard_normal());
        let found = find(&x, &classes, 10, true).unwrap();
        assert_eq!(kind(&found), wanted);
        if let Some(found) = found {
            assert_separates(&found, &x, &classes, 1e-9);
        }
    }
}

/// The same rows give the same bits.
#[test]
fn the_answer_is_deterministic() {
    let mut rng = Rng::new(26);
    let x = normal(2000, 5, &mut rng);
    let classes: Vec<usize> = (0..2000).map(|row| usize::from(x[(row, 0)] + x[(row, 1)] > 0.0)).collect();
    assert_eq!(find(&x, &classes, 2, true), find(&x, &classes, 2, true));
}
