//! The heap memory of a fit.

use std::ops::ControlFlow;

use allocation_counter::measure;
use logit::prelude::*;
use logit::{LogisticRegression, Penalty, Solver};

use super::kit::{Data, ways};
use crate::common::overlapping;

/// Fits do not copy `x`: they take less than 0.3 of its bytes, and give all of it back.
#[test]
fn fits_do_not_copy_the_rows() {
    let (mut x, y) = overlapping(50_000, 50, 2, 171);
    for far in [0.0, 1e3] {
        // Columns far from the origin are centred, a block of rows at a time.
        x.column_mut(7).add_scalar_mut(far);
        let bytes = (x.len() * 8) as f64;
        let before = x.clone();
        for (penalty, solver) in [
            (Penalty::l2(1e-3), Solver::Newton),
            (Penalty::l2(1e-3), Solver::Lbfgs),
            (Penalty::l2(1e-3), Solver::NewtonCg),
            (Penalty::l1(1e-3), Solver::ProximalNewton),
            (Penalty::elastic_net(1e-3, 0.5), Solver::ProximalNewton),
        ] {
            let way = LogisticRegression::new(penalty).solver(solver).tolerance(1e-5);
            let mut model = None;
            let used = measure(|| model = Some(way.fit(&x, &y).expect("good data")));
            assert!(model.is_some_and(|model| model.report().converged()), "{solver:?}");
            let share = used.bytes_max as f64 / bytes;
            assert!(share < 0.3, "{penalty:?}, {solver:?}, {far}: {share} of x");
        }
        assert_eq!(x, before);
    }
}

/// Nothing is left behind by models that were dropped, predictions or fits that were stopped.
#[test]
fn fits_and_predictions_again_and_again_leave_nothing_behind() {
    let data = Data::full(60, 3, 3, 173);
    for way in ways() {
        let model = data.try_fit(&way).expect("good data");
        let left = measure(|| {
            for _ in 0..20 {
                drop(data.try_fit(&way));
                drop(way.fit_observed(&data.x, &data.y, |_| ControlFlow::Break(())));
            }
            (0..100).for_each(|_| drop(model.predict_proba(&data.x)));
        });
        assert_eq!((left.bytes_current, left.count_current), (0, 0), "{way:?}");
        let peak = |times| measure(|| (0..times).for_each(|_| drop(data.try_fit(&way)))).bytes_max;
        assert_eq!(peak(1), peak(30), "{way:?}");
    }
}
