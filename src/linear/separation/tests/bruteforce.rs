//! Random small designs of integers, against exact arithmetic.

use nalgebra::DMatrix;
use proptest::prelude::*;

use super::exact::strict_rivals;
use super::{assert_separates, find, kind};
use crate::StopReason;
use crate::estimator::Estimator;
use crate::linear::LogisticRegression;
use crate::linear::separation::{Separation, SeparationKind};
use crate::penalty::Penalty;
use crate::rng::Rng;

/// Rows of small integers; small ranges give ties, dependent columns and quasi-complete separation in plenty.
fn draw(n: usize, d: usize, count: usize, range: usize, rng: &mut Rng) -> (Vec<Vec<i128>>, Vec<usize>) {
    let mut entry = || rng.below(2 * range + 1) as i128 - range as i128;
    let x = (0..n).map(|_| (0..d).map(|_| entry()).collect()).collect();
    (x, (0..n).map(|_| rng.below(count)).collect())
}

/// Compares with the exact answer, without an estimate and with the one of a fit; returns which it was.
fn agrees(x: &[Vec<i128>], classes: &[usize], count: usize, intercept: bool) -> Option<SeparationKind> {
    let matrix = DMatrix::from_fn(x.len(), x[0].len(), |row, j| x[row][j] as f64);
    let kind = check(x, classes, count, intercept, find(&matrix, classes, count, intercept).unwrap());
    if (0..count).all(|class| classes.contains(&class)) {
        let config = LogisticRegression::new(Penalty::None).intercept(intercept).max_iterations(25);
        let model = config.fit(&matrix, classes).unwrap();
        assert_ne!(model.report().stop, StopReason::SeparationUndecided, "{x:?} {classes:?}");
        check(x, classes, count, intercept, model.separation().cloned());
    }
    kind
}

fn check(
    x: &[Vec<i128>],
    classes: &[usize],
    count: usize,
    intercept: bool,
    found: Option<Separation<f64>>,
) -> Option<SeparationKind> {
    let d = x[0].len();
    let matrix = DMatrix::from_fn(x.len(), d, |row, j| x[row][j] as f64);
    let all: Vec<usize> = (0..d).collect();
    let exact = strict_rivals(x, classes, count, intercept, &all);
    let separated = |row: usize| exact[row * (count - 1)..][..count - 1].iter().all(|&strict| strict);
    let Some(separation) = &found else {
        assert!(exact.iter().all(|&strict| !strict), "{x:?} {classes:?} is separated: {exact:?}");
        return None;
    };
    let wanted: Vec<usize> = (0..x.len()).filter(|&row| separated(row)).collect();
    assert!(exact.contains(&true), "{x:?} {classes:?} is not separated: {separation:?}");
    assert_eq!(separation.separated_rows(), wanted, "{x:?} {classes:?}");
    assert_eq!(separation.separated_rows().len() + separation.overlapping_rows().len(), x.len());
    assert_separates(separation, &matrix, classes, 1e-11);
    // The columns suffice, and without any of them the rest does not.
    let columns = separation.columns();
    assert_eq!(strict_rivals(x, classes, count, intercept, columns), exact, "{x:?} {classes:?} {columns:?}");
    for left_out in columns {
        let rest: Vec<usize> = columns.iter().copied().filter(|j| j != left_out).collect();
        let fewer = strict_rivals(x, classes, count, intercept, &rest);
        assert_ne!(fewer, exact, "{x:?} {classes:?}: column {left_out} of {columns:?} is not needed");
    }
    kind(&found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn two_classes_agree_with_exact_arithmetic(
        n in 1usize..9, d in 1usize..4, range in 1usize..5, intercept: bool, seed: u64,
    ) {
        let (x, classes) = draw(n, d, 2, range, &mut Rng::new(seed));
        agrees(&x, &classes, 2, intercept);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn three_classes_agree_with_exact_arithmetic(
        n in 1usize..9, d in 1usize..3, range in 1usize..5, intercept: bool, seed: u64,
    ) {
        let (x, classes) = draw(n, d, 3, range, &mut Rng::new(seed));
        agrees(&x, &classes, 3, intercept);
    }
}

/// The draws above are worth something: each answer is frequent.
#[test]
fn all_answers_occur() {
    let mut rng = Rng::new(5);
    let mut counts = [0; 3];
    for _ in 0..300 {
        let (x, classes) = draw(8, 2, 2, 2, &mut rng);
        counts[match agrees(&x, &classes, 2, true) {
            None => 0,
            Some(SeparationKind::Quasi) => 1,
            Some(SeparationKind::Complete) => 2,
        }] += 1;
    }
    assert!(counts.iter().all(|&count| count > 10), "{counts:?}");
}

/// Rounding errors of a direction become zeros, and its parts sum to zero even so.
#[test]
fn parts_sum_to_zero_without_rounding_errors() {
    let x = [[1, 1], [0, 2], [1, 1], [2, 0], [0, 1], [1, 2]].map(Vec::from);
    assert_eq!(agrees(&x, &[2, 1, 0, 1, 2, 0], 3, true), Some(SeparationKind::Quasi));
}
