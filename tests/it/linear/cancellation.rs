//! Fits stop when an observer asks for it, and survive observers that panic.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use logit::prelude::*;
use logit::{LogisticRegression, Penalty, Progress, StopReason};

use super::kit::{Data, numbers, ways};

#[test]
fn a_break_stops_every_solver_at_once() {
    for classes in [2, 3] {
        let data = Data::full(120, 4, classes, 161);
        for way in ways() {
            let way = way.tolerance(1e-13);
            let whole = data.try_fit(&way).expect("good data").report().iterations;
            for stop in 1..whole.min(4) {
                let mut seen = Vec::new();
                let mut observer = |progress: &Progress| {
                    seen.push((progress.iteration, progress.objective));
                    if progress.iteration == stop {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                };
                let options = data.options().observer(&mut observer);
                let model = way.fit_with(&data.x, &data.y, options).expect("good data");
                let report = model.report();
                assert_eq!((report.stop, report.iterations), (StopReason::Cancelled, stop), "{way:?}");
                assert_eq!(
                    seen.iter().map(|&(at, _)| at).collect::<Vec<_>>(),
                    (1..=stop).collect::<Vec<_>>()
                );
                assert_eq!(
                    report.objective_curve,
                    seen.iter().map(|&(_, f)| f).collect::<Vec<_>>(),
                    "{way:?}"
                );
                assert_eq!(report.objective, seen[stop - 1].1, "{way:?}");
                // The model is that of a fit that may not go further.
                let limited = data.try_fit(&way.clone().max_iterations(stop)).expect("good data");
                assert_eq!(numbers(&limited), numbers(&model), "{way:?}");
                assert!(model.predict_proba(&data.x).expect("good data").iter().all(|p| p.is_finite()));
            }
        }
    }
}

/// A fit that an observer stops is not followed by a refit.
#[test]
fn a_break_is_no_separation() {
    let (x, y) = (nalgebra::dmatrix![1.0; 2.0; 3.0; 4.0; 5.0; 6.0], [0, 0, 0, 1, 1, 1]);
    let way = LogisticRegression::new(Penalty::None).on_separation(Penalty::Jeffreys);
    for solver in super::kit::SMOOTH {
        let mut calls = 0;
        let model = way.clone().solver(solver).fit_observed(&x, &y, |_| {
            calls += 1;
            ControlFlow::Break(())
        });
        assert_eq!((model.expect("a model").report().stop, calls), (StopReason::Cancelled, 1), "{solver:?}");
    }
    // The second fit stops too.
    let mut last = 0;
    let mut fits = 0;
    let model = way.fit_observed(&x, &y, |progress| {
        fits += usize::from(progress.iteration == 1);
        last = progress.iteration;
        if fits == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let model = model.expect("a model");
    assert_eq!((model.report().stop, last, fits), (StopReason::Cancelled, 1, 2));
}

#[test]
fn an_observer_that_panics_leaves_everything_as_it_was() {
    for classes in [2, 3] {
        let data = Data::full(60, 3, classes, 163);
        for way in ways() {
            let (before, unharmed) = (data.clone(), data.try_fit(&way).expect("good data"));
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let mut observer =
                    |_: &Progress| -> ControlFlow<()> { std::panic::resume_unwind(Box::new("stop")) };
                let options = data.options().observer(&mut observer);
                way.fit_with(&data.x, &data.y, options).map(|_| ())
            }));
            assert!(caught.is_err(), "{way:?}");
            assert_eq!((&data.x, &data.y, &data.weights), (&before.x, &before.y, &before.weights));
            assert_eq!(data.offset, before.offset);
            assert_eq!(data.try_fit(&way).expect("good data"), unharmed, "{way:?}");
        }
    }
}
