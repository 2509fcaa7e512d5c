//! Rounding errors of columns do not separate, and units do not matter.

use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

use super::{assert_separates, find, kind, rows};
use crate::linear::separation::SeparationKind;
use crate::linear::separation::design::{Block, Design};
use crate::rng::Rng;

/// A column that is a sum of shares is constant but for rounding.
#[test]
fn shares_that_sum_to_one_do_not_separate() {
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(40, 2, |_, j| {
            let (a, b) = (rng.uniform(0.0, 1.0), rng.uniform(0.0, 1.0));
            if j == 0 { a } else { a / (a + b) + b / (a + b) }
        });
        let classes: Vec<usize> = (0..40).map(|_| rng.below(2)).collect();
        let without = kind(&find(&x.columns(0, 1).into_owned(), &classes, 2, true).unwrap());
        assert_eq!(kind(&find(&x, &classes, 2, true).unwrap()), without, "seed {seed}");
    }
}

/// Sums computed from columns far from the origin differ from the sums by rounding, which no row feels.
#[test]
fn sums_with_rounding_errors_do_not_separate() {
    for offset in [0.0, 1e3, 1e6, 1e9] {
        for seed in 0..60 {
            for count in [2, 3] {
                let mut rng = Rng::new(seed);
                let mut x = DMatrix::from_fn(30, 4, |_, _| offset + rng.standard_normal());
                for row in 0..30 {
                    x[(row, 2)] = x[(row, 0)] + x[(row, 1)];
                    x[(row, 3)] = 0.1 * x[(row, 0)] - x[(row, 1)] / 3.0;
                }
                let classes: Vec<usize> = (0..30).map(|_| rng.below(count)).collect();
                let without = kind(&find(&x.columns(0, 2).into_owned(), &classes, count, true).unwrap());
                let found = kind(&find(&x, &classes, count, true).unwrap());
                assert_eq!(found, without, "offset {offset}, seed {seed}, {count} classes");
                let single = kind(&find(&x.map(|x| (x - offset) as f32), &classes, count, true).unwrap());
                assert_eq!(single, without, "f32, seed {seed}, {count} classes");
            }
        }
    }
}

/// A column without an intercept is no constant, and replaces it.
#[test]
fn a_nearly_constant_column_is_an_intercept() {
    let mut x = DMatrix::from_fn(12, 2, |i, j| if j == 0 { (i * 5 % 12) as f64 } else { 1.0 });
    x[(4, 1)] = 0.7 + 0.2 + 0.1;
    let classes: Vec<usize> = (0..12).map(|i| usize::from(i * 5 % 12 > 6)).collect();
    let found = find(&x, &classes, 2, false).unwrap().unwrap();
    assert_eq!((found.kind(), found.columns()), (SeparationKind::Complete, &[0, 1][..]));
    let overlapping = [0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0];
    assert_eq!(kind(&find(&x, &overlapping, 2, true).unwrap()), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Powers of two and constants, exact on integers, change neither kind nor rows nor columns.
    #[test]
    fn units_do_not_matter(n in 4usize..30, d in 1usize..5, count in 2usize..4, range in 1usize..5, seed: u64) {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(n, d, |_, _| rng.below(2 * range + 1) as f64 - range as f64);
        let classes: Vec<usize> = (0..n).map(|_| if rng.below(3) == 0 { rng.below(count) } else { 0 }).collect();
        let found = find(&x, &classes, count, true).unwrap();
        let shifts: Vec<f64> = (0..d).map(|_| (rng.below(2_000_001) as f64 - 1e6) * 1e3).collect();
        // Directions hold the reciprocals, of which the least are not normal.
        let scales: Vec<f64> = (0..d).map(|_| 2f64.powi(rng.below(1801) as i32 - 900)).collect();
        let moved = DMatrix::from_fn(n, d, |row, j| scales[j] * (x[(row, j)] + shifts[j]));
        let other = find(&moved, &classes, count, true).unwrap();
        prop_assert_eq!(kind(&found), kind(&other));
        if let (Some(found), Some(other)) = (&found, &other) {
            prop_assert_eq!(found.columns(), other.columns());
            prop_assert_eq!(found.separated_rows(), other.separated_rows());
            assert_separates(found, &x, &classes, 1e-9);
        }
    }
}

/// Squares of tiny entries underflow, and those of huge ones overflow.
#[test]
fn rows_of_every_size_have_a_length() {
    let x: DMatrix<f64> = dmatrix![1.0; -1.0; 1.0; 1e-160; 3e180];
    let design = Design::new(rows(&x, &[1, 0, 1, 0, 1], None).into(), 2, false);
    let mut block = Block::default();
    design.fill(0..5, &mut block);
    for (row, size) in block.sizes.iter().enumerate() {
        approx::assert_relative_eq!(size / x[row].abs(), 1.0, max_relative = 1e-15);
    }
}
