//! Iterations and whole fits of logistic regression.

use std::hint::black_box;

use benches::correlated;
use logit::prelude::*;
use logit::{LogisticRegression, Penalty, Solver, data};

use crate::{Work, work};

pub const WORK: [Work; 7] = [
    work("Newton iteration, 8,000 x 50", [1, 3], "row", 8_000, |n| iterations(Solver::Newton, 2, n)),
    work("L-BFGS iteration, 8,000 x 50", [1, 4], "row", 8_000, |n| iterations(Solver::Lbfgs, 2, n)),
    work("Newton iteration, 2,000 x 20, 5 classes", [1, 3], "row", 2_000, |n| {
        iterations(Solver::Newton, 5, n);
    }),
    work("L-BFGS iteration, 2,000 x 20, 5 classes", [1, 4], "row", 2_000, |n| {
        iterations(Solver::Lbfgs, 5, n);
    }),
    work("fit of iris", [1, 3], "fit", 1, iris),
    work("fit of breast cancer", [1, 2], "fit", 1, breast_cancer),
    work("fit of 8,000 x 50 by L-BFGS", [1, 2], "fit", 1, whole),
];

/// An amount is an iteration of one fit.
fn iterations(solver: Solver, classes: usize, limit: usize) {
    let (x, y) = if classes == 2 { correlated(8_000, 50, 2) } else { correlated(2_000, 20, classes) };
    let model = LogisticRegression::new(Penalty::c(1.0)).solver(solver).max_iterations(limit);
    let fitted = model.fit(&x, &y).expect("a fit");
    assert_eq!(fitted.report().iterations, limit, "the fit ended before its limit");
    black_box(fitted);
}

/// An amount is a whole fit.
fn whole(times: usize) {
    let (x, y) = correlated(8_000, 50, 2);
    let model = LogisticRegression::new(Penalty::c(1.0)).solver(Solver::Lbfgs);
    for _ in 0..times {
        black_box(model.fit(black_box(&x), &y).expect("a fit"));
    }
}

fn iris(times: usize) {
    let (iris, model) = (data::iris(), LogisticRegression::new(Penalty::c(1.0)));
    for _ in 0..times {
        black_box(model.fit(black_box(&iris), &iris.y).expect("a fit"));
    }
}

fn breast_cancer(times: usize) {
    let (cancer, model) = (data::breast_cancer(), LogisticRegression::new(Penalty::c(1.0)));
    for _ in 0..times {
        black_box(model.fit(black_box(&cancer), &cancer.y).expect("a fit"));
    }
}
