//! Separations that were planted in random data, and what they must not depend on.

use nalgebra::DMatrix;
use proptest::prelude::*;

use super::{assert_separates, find, kind, rows, separation};
use crate::linear::separation::SeparationKind;
use crate::rng::Rng;

fn normal(n: usize, d: usize, rng: &mut Rng) -> DMatrix<f64> {
    DMatrix::from_fn(n, d, |_, _| rng.standard_normal())
}

/// An indicator that is 1 only for rows of one class is found, alone, among columns that overlap.
#[test]
fn an_indicator_of_one_class_is_found() {
    let mut rng = Rng::new(11);
    for (n, count, share) in [(5000, 2, 0.3), (5000, 2, 0.001), (3000, 4, 0.05)] {
        let mut x = normal(n, 8, &mut rng);
        let mut classes: Vec<usize> = (0..n).map(|_| rng.below(count)).collect();
        for row in 0..n {
            let marked = row == 17 || rng.uniform(0.0, 1.0) < share;
            x[(row, 5)] = f64::from(u8::from(marked));
            if marked {
                classes[row] = 1;
            }
        }
        let found = find(&x, &classes, count, true).unwrap().unwrap();
        assert_eq!((found.kind(), found.columns()), (SeparationKind::Quasi, &[5][..]));
        let marked: Vec<usize> = (0..n).filter(|&row| x[(row, 5)] == 1.0).collect();
        assert_eq!(found.separated_rows(), marked);
        assert_separates(&found, &x, &classes, 1e-9);
    }
}

/// Labels by the sign of a combination of two columns out of ten: complete, by these two.
#[test]
fn a_plane_through_two_columns_is_found() {
    let mut rng = Rng::new(12);
    let mut x = normal(4000, 10, &mut rng);
    let score = |x: &DMatrix<f64>, row: usize| x[(row, 2)] - 0.7 * x[(row, 6)] + 0.4;
    // Rows close to the plane fix it, but leave a gap.
    for row in 0..4000 {
        let push = 0.01 * score(&x, row).signum();
        x[(row, 2)] += push;
    }
    let classes: Vec<usize> = (0..4000).map(|row| usize::from(score(&x, row) > 0.0)).collect();
    let found = find(&x, &classes, 2, true).unwrap().unwrap();
    assert_eq!((found.kind(), found.columns()), (SeparationKind::Complete, &[2, 6][..]));
    assert_separates(&found, &x, &classes, 1e-9);
    let ratio = found.direction()[(6, 0)] / found.direction()[(2, 0)];
    approx::assert_relative_eq!(ratio, -0.7, max_relative = 0.02);
    // One row on the wrong side, and the estimate exists.
    let mut flipped = classes.clone();
    let deep = (0..4000).max_by(|&a, &b| score(&x, a).total_cmp(&score(&x, b))).unwrap();
    flipped[deep] = 0;
    assert_eq!(kind(&find(&x, &flipped, 2, true).unwrap()), None);
}

/// Two rows that coincide but for their class tie; everything else stays separated.
#[test]
fn a_duplicate_with_the_other_label_makes_it_quasi() {
    let mut rng = Rng::new(13);
    let x = normal(60, 3, &mut rng);
    let mut order: Vec<usize> = (0..60).collect();
    order.sort_by(|&a, &b| x[(a, 1)].total_cmp(&x[(b, 1)]));
    let mut classes = vec![0; 60];
    order[30..].iter().for_each(|&row| classes[row] = 1);
    let twin = order[30];
    let copy = x.clone().insert_row(60, 0.0);
    let both = DMatrix::from_fn(61, 3, |row, j| if row == 60 { x[(twin, j)] } else { copy[(row, j)] });
    classes.push(0);
    let found = find(&both, &classes, 2, true).unwrap().unwrap();
    assert_eq!(found.kind(), SeparationKind::Quasi);
    assert_eq!(found.overlapping_rows(), [twin, 60]);
    assert_separates(&found, &both, &classes, 1e-9);
}

/// Columns that are all but equal: rows that are nearly in the span of others are not taken for separated,
/// however much of them rounding errors leave.
#[test]
fn nearly_dependent_columns_change_nothing() {
    for power in 3..13 {
        for seed in 0..12 {
            let mut rng = Rng::new(seed);
            let mut x = normal(300, 6, &mut rng);
            for row in 0..300 {
                x[(row, 1)] = x[(row, 0)] + 10f64.powi(-power) * x[(row, 1)];
                x[(row, 5)] = f64::from(u8::from(row % 10 == 0));
            }
            let overlapping: Vec<usize> = (0..300).map(|_| rng.below(2)).collect();
            assert_eq!(kind(&find(&x, &overlapping, 2, true).unwrap()), None, "1e-{power}, seed {seed}");
            let marked: Vec<usize> =
                (0..300).map(|row| if row % 10 == 0 { 1 } else { rng.below(2) }).collect();
            let found = find(&x, &marked, 2, true).unwrap().unwrap();
            let wanted = (SeparationKind::Quasi, &[5][..], 30);
            assert_eq!((found.kind(), found.columns(), found.separated_rows().len()), wanted, "1e-{power}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Order of rows, weights, and scale and origin of columns do not matter; nor does `f32` for small
    /// integers.
    #[test]
    fn invariances(n in 4usize..40, d in 1usize..5, count in 2usize..5, range in 1usize..6, intercept: bool, seed: u64) {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(n, d, |_, _| rng.below(2 * range + 1) as f64 - range as f64);
        let classes: Vec<usize> = (0..n).map(|_| if rng.below(3) == 0 { rng.below(count) } else { 0 }).collect();
        let found = find(&x, &classes, count, intercept).unwrap();

        let mut order: Vec<usize> = (0..n).collect();
        rng.shuffle(&mut order);
        let scales: Vec<f64> = (0..d).map(|_| 10f64.powf(rng.uniform(-6.0, 6.0))).collect();
        let shifts: Vec<f64> =
            (0..d).map(|j| if intercept { scales[j] * rng.uniform(-100.0, 100.0) } else { 0.0 }).collect();
        let moved = DMatrix::from_fn(n, d, |row, j| scales[j] * x[(order[row], j)] + shifts[j]);
        let permuted: Vec<usize> = order.iter().map(|&row| classes[row]).collect();
        let weights: Vec<f64> = (0..n).map(|_| rng.uniform(0.1, 9.0)).collect();
        let other = separation(rows(&moved, &permuted, Some(&weights)), count, intercept).unwrap();
        prop_assert_eq!(kind(&found), kind(&other));
        if let (Some(found), Some(other)) = (&found, &other) {
            let mut back: Vec<usize> = other.separated_rows().iter().map(|&row| order[row]).collect();
            back.sort_unstable();
            prop_assert_eq!(found.separated_rows(), back);
        }

        let single = find(&x.map(|x| x as f32), &classes, count, intercept).unwrap();
        prop_assert_eq!(kind(&found), kind(&single));
        if let (Some(found), Some(single)) = (&found, &single) {
            prop_assert_eq!(found.columns(), single.columns());
            prop_assert_eq!(found.separated_rows(), single.separated_rows());
        }
    }
}
