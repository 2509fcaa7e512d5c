//! Bootstrap intervals.

use logit::metrics::{Bootstrap, LogLoss};
use logit::nalgebra::DMatrix;
use logit::{Error, Rng};

use super::{Meeting, on_any_number_of_threads, weights};

fn predictions(rows: usize, seed: u64) -> (DMatrix<f64>, Vec<usize>) {
    let mut rng = Rng::new(seed);
    let p: Vec<f64> = (0..rows).map(|_| rng.uniform(0.1, 0.9)).collect();
    let truth = p.iter().map(|&p| usize::from(rng.uniform(0.0, 1.0) < p)).collect();
    (DMatrix::from_fn(rows, 2, |row, class| if class == 1 { p[row] } else { 1.0 - p[row] }), truth)
}

#[test]
fn intervals_have_the_same_bits() {
    // More than 1,000 rows are left out in groups.
    for (seed, rows) in [(1, 1), (2, 60), (3, 1100)] {
        let (p, truth) = predictions(rows, seed);
        let w = weights::<f64>(rows);
        let bootstrap = Bootstrap::new().resamples(101).seed(seed);
        let interval = |w| bootstrap.interval(&LogLoss, &truth, &p, &[0, 1], w);
        let text = on_any_number_of_threads(|| interval(None));
        assert!(text.starts_with("Ok("), "{text}");
        let text = on_any_number_of_threads(|| interval(Some(&w)));
        assert!(text.starts_with("Ok("), "{text}");
        // Resamples for which the statistic is not defined are skipped.
        let picky = |weights: &[f64]| match weights[0] {
            0.0 => Err(Error::UndefinedMetric { reason: "the first row is missing" }),
            first => Ok(first / weights.iter().sum::<f64>()),
        };
        on_any_number_of_threads(|| bootstrap.interval_of(rows, None, picky));
    }
}

#[test]
fn resamples_run_beside_one_another() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    assert!(Meeting::happened(|meeting| {
        let statistic = |weights: &[f64]| {
            // The first is that of the original rows.
            if count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0 {
                meeting.wait();
            }
            Ok(weights[0])
        };
        Bootstrap::new().resamples(40).interval_of(5, None, statistic).is_ok()
    }));
}

#[test]
fn a_panic_is_an_error() {
    let bootstrap = Bootstrap::new().resamples(100);
    let statistic = |weights: &[f64]| {
        assert!(weights[0] < 2.0, "row 0 is there {} times", weights[0]);
        Ok(weights[1])
    };
    let text = on_any_number_of_threads(|| bootstrap.interval_of(9, None, statistic));
    assert!(text.starts_with("Err(the statistic panicked: row 0 is there"), "{text}");
    let (p, truth) = predictions(20, 5);
    let text =
        on_any_number_of_threads(|| bootstrap.interval(&super::fits::Careless, &truth, &p, &[0, 1], None));
    assert_eq!(text, "Err(the metric panicked: division by zero)");
}

#[test]
fn no_thread_is_not_a_setting() {
    let refused = Bootstrap::new().threads(0).interval_of(3, None, |weights| Ok(weights[0]));
    assert!(matches!(refused, Err(Error::InvalidParameter { name: "threads", .. })), "{refused:?}");
    let few = Bootstrap::new().threads(3).interval_of(3, None, |weights| Ok(weights[0]));
    assert_eq!(few, Bootstrap::new().interval_of(3, None, |weights| Ok(weights[0])));
}
