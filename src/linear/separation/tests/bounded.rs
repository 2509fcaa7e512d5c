//! The work of a search: dozens of classes, hundreds of dummies, and budgets that do not suffice.

use std::ops::ControlFlow;

use nalgebra::DMatrix;

use super::{assert_separates, find, rows, with_budget};
use crate::StopReason;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::linear::LogisticRegression;
use crate::linear::separation::{Budget, SeparationKind, separation};
use crate::penalty::Penalty;
use crate::rng::Rng;

fn normal(n: usize, d: usize, rng: &mut Rng) -> DMatrix<f64> {
    DMatrix::from_fn(n, d, |_, _| rng.standard_normal())
}

/// A fit whose coefficients put every row on its side proves a complete separation.
#[test]
fn sixty_classes() {
    let x = normal(300, 20, &mut Rng::new(9));
    let classes: Vec<usize> = (0..300).map(|i| i % 60).collect();
    let model = LogisticRegression::new(Penalty::None).fit(&x, &classes).unwrap();
    assert_eq!(model.report().stop, StopReason::Separated);
    let found = model.separation().unwrap();
    assert_eq!(found.kind(), SeparationKind::Complete);
    assert_separates(found, &x, &classes, 1e-11);
    assert!(matches!(model.inference(&x, &classes), Err(Error::Singular { .. })));
    let remedied = LogisticRegression::new(Penalty::None).on_separation(Penalty::l2(0.01));
    let remedied = remedied.fit(&x, &classes).unwrap();
    assert!(remedied.report().converged() && remedied.separation().is_some());
}

/// Levels of one class are found one by one, and the rest is proved to overlap.
#[test]
fn hundreds_of_dummies() {
    let (n, levels) = (1500, 100);
    let mut rng = Rng::new(7);
    let mut x = DMatrix::zeros(n, 3 * levels);
    let mut classes: Vec<usize> = (0..n).map(|_| rng.below(2)).collect();
    for row in 0..n {
        for factor in 0..3 {
            let level = rng.below(levels + 1);
            if level > 0 {
                x[(row, factor * levels + level - 1)] = 1.0;
                if factor == 0 && level <= 10 {
                    classes[row] = level % 2;
                }
            }
        }
    }
    let pure = |j: usize| {
        let mut members = (0..n).filter(|&row| x[(row, j)] == 1.0).map(|row| classes[row]);
        let first = members.next().unwrap();
        members.all(|class| class == first)
    };
    let wanted: Vec<usize> = (0..3 * levels).filter(|&j| pure(j)).collect();
    assert!(wanted.len() >= 10);
    let model = LogisticRegression::new(Penalty::None).fit(&x, &classes).unwrap();
    let found = model.separation().unwrap();
    assert_eq!((found.kind(), found.columns()), (SeparationKind::Quasi, &wanted[..]));
    let separated: Vec<usize> = (0..n).filter(|&row| wanted.iter().any(|&j| x[(row, j)] == 1.0)).collect();
    assert_eq!(found.separated_rows(), separated);
    assert_separates(found, &x, &classes, 1e-9);
    // Columns that overlap once rows are gone that others separate are tried again.
    let chain = DMatrix::from_fn(8, 4, |row, j| {
        f64::from(u8::from(row / 2 == j || (row / 2 == j + 1 && row % 2 == 0)))
    });
    let found = find(&chain, &[0, 0, 0, 1, 0, 1, 0, 1], 2, true).unwrap().unwrap();
    assert_separates(&found, &chain, &[0, 0, 0, 1, 0, 1, 0, 1], 1e-9);
}

/// A search without an answer says so, however small its budget, and never takes more.
#[test]
fn a_budget_that_does_not_suffice() {
    let mut rng = Rng::new(3);
    let x = normal(200, 30, &mut rng);
    let classes: Vec<usize> = (0..200).map(|_| rng.below(6)).collect();
    let search =
        |work| with_budget(work, |budget| separation(rows(&x, &classes, None).into(), 6, true, None, budget));
    for work in [0, 1_000, 100_000, 1_000_000] {
        assert!(matches!(search(work), Err(Error::SeparationUndecided { .. })), "{work}");
    }
    assert!(search(usize::MAX).is_ok());
}

/// The observer ends a search.
#[test]
fn an_observer_ends_a_search() {
    let mut rng = Rng::new(4);
    let x = normal(400, 40, &mut rng);
    let classes: Vec<usize> = (0..400).map(|_| rng.below(8)).collect();
    let mut calls = 0;
    let mut observer = || {
        calls += 1;
        ControlFlow::Break(())
    };
    let mut budget = Budget::new(usize::MAX, &mut observer);
    let found = separation(rows(&x, &classes, None).into(), 8, true, None, &mut budget);
    assert!(matches!(found, Err(Error::SeparationUndecided { .. })) && budget.is_cancelled());
    assert_eq!(calls, 1);
}
