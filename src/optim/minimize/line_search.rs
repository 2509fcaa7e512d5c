//! A strong-Wolfe line search with a bounded number of trials.

use super::Objective;
use super::effort::Effort;
use super::run::Point;
use crate::scalar::{Real, dot, max_abs};

/// One point of the objective along a line: step length, value, slope.
#[derive(Clone, Copy)]
struct Sample {
    at: f64,
    value: f64,
    slope: f64,
}

/// Sufficient decrease: the required fraction of the decrease that the slope at the start predicts.
const DECREASE: f64 = 1e-4;
/// Curvature: the largest allowed fraction of the slope at the start.
const CURVATURE: f64 = 0.9;
/// The largest number of trials. Each bisects at worst, and 60 halvings exhaust the digits of an `f64`.
const TRIALS: usize = 60;

/// Moves from `start` along `direction` to a point in `trial` that satisfies the strong Wolfe conditions.
///
/// Tries the step length `first` first, and counts evaluations. Returns whether it found a point that is not
/// worse than `start`; not if the observer ends the run.
///
/// # Method
/// Bracketing and sectioning with safeguarded cubic interpolation (Nocedal and Wright 2006, algorithms 3.5
/// and 3.6). Values are compared up to their rounding noise. Close to an optimum, where values carry no
/// information any more, the slope alone decides (as in the approximate conditions of Hager and Zhang, 2005).
/// If the trials run out, the best point that decreases the objective is kept.
pub(super) fn search<T: Real, O: Objective<T> + ?Sized>(
    objective: &mut O,
    start: &Point<T>,
    direction: &[T],
    first: f64,
    trial: &mut Point<T>,
    effort: &mut Effort<'_>,
) -> bool {
    let slope = dot(&start.gradient, direction).as_f64();
    if slope >= 0.0 || !slope.is_finite() || !first.is_finite() {
        return false;
    }
    let noise = start.noise();
    let origin = Sample { at: 0.0, value: start.value(), slope };
    let mut low = origin;
    let mut high: Option<Sample> = None;
    let mut ceiling = f64::INFINITY;
    let mut at = first;
    for _ in 0..TRIALS {
        if !step(start, direction, at, trial) {
            break;
        }
        trial.evaluate(objective, effort);
        if effort.is_cancelled() {
            return false;
        }
        let sample = Sample { at, value: trial.value(), slope: dot(&trial.gradient, direction).as_f64() };
        if !sample.value.is_finite() || !sample.slope.is_finite() {
            ceiling = at;
            at = low.at + 0.1 * (at - low.at);
            continue;
        }
        let decreased = sample.value <= origin.value + DECREASE * at * slope + noise;
        if !decreased || sample.value > low.value + noise {
            high = Some(sample);
        } else {
            if sample.slope.abs() <= CURVATURE * slope.abs() {
                return true;
            }
            let uphill = high.map_or(sample.slope >= 0.0, |high| sample.slope * (high.at - low.at) >= 0.0);
            if uphill {
                high = Some(low);
            }
            low = sample;
        }
        at = match high {
            Some(high) => interpolate(low, high),
            None if ceiling.is_finite() => 0.5 * (low.at + ceiling),
            None => 4.0 * at,
        };
    }
    // Keep the best decrease, although the slope there is still steep.
    if low.at > 0.0 && low.value <= origin.value && step(start, direction, low.at, trial) {
        trial.evaluate(objective, effort);
        return trial.value().is_finite();
    }
    false
}

/// Moves from `start` against its gradient to the first point in `trial` that is better by more than rounding,
/// and counts evaluations. Returns whether there is one.
///
/// Steps are tried over sixteen decades, from one that changes the parameter of the steepest slope by a tenth.
/// At a kink, a function may rise along its negative gradient before it falls, so a search that shrinks its
/// steps towards 0 does not find the fall.
pub(super) fn scan<T: Real, O: Objective<T> + ?Sized>(
    objective: &mut O,
    start: &Point<T>,
    trial: &mut Point<T>,
    effort: &mut Effort<'_>,
) -> bool {
    let largest = max_abs(&start.gradient);
    for exponent in 0..16 {
        if !step(start, &start.gradient, -0.1 * 10f64.powi(-exponent) / largest, trial) {
            break;
        }
        trial.evaluate(objective, effort);
        if effort.is_cancelled() {
            return false;
        }
        if trial.value() < start.value() - start.noise() && trial.optimality().is_finite() {
            return true;
        }
    }
    false
}

/// Writes `start + at * direction` to `trial`. Returns whether that moved the point by a finite step length.
fn step<T: Real>(start: &Point<T>, direction: &[T], at: f64, trial: &mut Point<T>) -> bool {
    let length = T::of(at);
    let mut moved = false;
    for ((trial, &p), &d) in trial.params.iter_mut().zip(&start.params).zip(direction) {
        *trial = p + length * d;
        moved |= *trial != p;
    }
    moved && length.is_finite()
}

/// Returns the minimum of the cubic through two samples and their slopes, kept a tenth of the interval away
/// from its ends.
fn interpolate(a: Sample, b: Sample) -> f64 {
    let width = b.at - a.at;
    let d1 = a.slope + b.slope - 3.0 * (b.value - a.value) / width;
    let root = (d1 * d1 - a.slope * b.slope).sqrt().copysign(width);
    let cubic = b.at - width * (b.slope + root - d1) / (b.slope - a.slope + 2.0 * root);
    let (near, far) = (a.at + 0.1 * width, b.at - 0.1 * width);
    let (lowest, highest) = (near.min(far), near.max(far));
    if cubic.is_finite() { cubic.clamp(lowest, highest) } else { a.at + 0.5 * width }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::optim::Evaluation;

    /// f(x) = value(x), in one dimension, counting evaluations.
    struct Line<F>(F, usize);
    impl<F: FnMut(f64) -> (f64, f64)> Objective<f64> for Line<F> {
        fn parameter_count(&self) -> usize {
            1
        }
        fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
            self.1 += 1;
            let (value, slope) = self.0(params[0]);
            gradient[0] = slope;
            Evaluation::of(value, gradient)
        }
    }

    fn run(f: impl FnMut(f64) -> (f64, f64), from: f64, direction: f64, first: f64) -> (bool, f64, usize) {
        let mut line = Line(f, 0);
        let mut start = Point::new(vec![from]);
        let observer = &mut |_: &_| ControlFlow::Continue(());
        let mut effort = Effort::new(0, observer);
        start.evaluate(&mut line, &mut effort);
        let mut trial = start.clone();
        let found = search(&mut line, &start, &[direction], first, &mut trial, &mut effort);
        let evaluations = effort.evaluations();
        assert_eq!(evaluations, line.1);
        (found, trial.params[0], evaluations - 1)
    }

    #[test]
    fn finds_wolfe_points_from_steps_far_too_short_and_far_too_long() {
        for first in [1e-12, 1e-3, 1.0, 1e3, 1e12] {
            let (found, x, evaluations) = run(|x| ((x - 3.0).powi(2), 2.0 * (x - 3.0)), 0.0, 1.0, first);
            assert!(
                found && (2.0 * (x - 3.0)).abs() <= 0.9 * 6.0 && evaluations < 45,
                "{first}: {x}, {evaluations}"
            );
        }
    }

    #[test]
    fn cubics_are_minimised_inside_the_interval() {
        let sample = |f: fn(f64) -> (f64, f64), at: f64| Sample { at, value: f(at).0, slope: f(at).1 };
        let within = |f: fn(f64) -> (f64, f64), a, b| interpolate(sample(f, a), sample(f, b));
        let cubic = |x: f64| (x.powi(3) - x, 3.0 * x * x - 1.0);
        // A minimum next to an end is moved away from it, by a tenth of the interval.
        let early = |x: f64| ((x - 0.01).powi(2), 2.0 * (x - 0.01));
        let late = |x: f64| ((x - 0.99).powi(2), 2.0 * (x - 0.99));
        approx::assert_relative_eq!(within(cubic, 0.25, 1.75), 1.0 / 3f64.sqrt(), max_relative = 1e-12);
        for (a, b) in [(0.0, 1.0), (1.0, 0.0)] {
            approx::assert_relative_eq!(within(cubic, a, b), 1.0 / 3f64.sqrt(), max_relative = 1e-12);
            approx::assert_relative_eq!(within(early, a, b), 0.1, max_relative = 1e-12);
            approx::assert_relative_eq!(within(late, a, b), 0.9, max_relative = 1e-12);
        }
        assert_eq!(interpolate(sample(cubic, 1.0), Sample { at: 3.0, value: f64::NAN, slope: 0.0 }), 2.0);
    }

    #[test]
    fn steps_back_from_infinite_values() {
        let barrier = |x: f64| if x < 1.0 { (-x, -1.0 + 0.5 / (1.0 - x)) } else { (f64::NAN, f64::NAN) };
        let (found, x, _) = run(barrier, 0.0, 1.0, 100.0);
        assert!(found && x < 1.0 && x > 0.0, "{x}");
    }

    #[test]
    fn ends_on_functions_without_a_minimum_or_with_wrong_slopes() {
        let (_, _, evaluations) = run(|x| (-x, -1.0), 0.0, 1.0, 1.0);
        assert!(evaluations <= TRIALS + 1);
        let (found, _, evaluations) = run(|x| (x, -1.0), 0.0, 1.0, 1.0);
        assert!(!found && evaluations <= TRIALS + 1);
    }

    /// A hill with its top at 1. With the slope of its far side, a start before the top rises before it falls.
    #[test]
    fn a_scan_finds_a_fall_behind_a_rise() {
        let hill = |x: f64| if x < 1.0 { (x, 1.0) } else { (2.0 - x, -1.0) };
        let at = |from: f64, slope: f64| {
            let mut line = Line(move |x| (hill(x).0, if x == from { slope } else { hill(x).1 }), 0);
            let mut start = Point::new(vec![from]);
            let observer = &mut |_: &_| ControlFlow::Continue(());
            let mut effort = Effort::new(0, observer);
            start.evaluate(&mut line, &mut effort);
            let mut trial = start.clone();
            let found = scan(&mut line, &start, &mut trial, &mut effort);
            (found, trial.params[0])
        };
        assert_eq!(at(0.97, -1.0), (true, 1.07));
        assert_eq!(at(0.97, 1.0), (true, 0.87));
        assert!(!at(0.5, -1.0).0);
    }

    #[test]
    fn refuses_directions_that_do_not_descend() {
        assert_eq!(run(|x| (x * x, 2.0 * x), 1.0, 1.0, 1.0), (false, 1.0, 0));
        assert!(!run(|x| (x * x, 2.0 * x), 1.0, f64::NAN, 1.0).0);
    }
}
