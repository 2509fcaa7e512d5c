//! Zeros of a function in many intervals at once, each between two points on different sides.
//!
//! The algorithm is Chandrupatla's method: inverse quadratic interpolation where the last three points
//! indicate that it is reliable, and bisection otherwise. Each round evaluates one point of every interval
//! that is still open. If interpolation has not halved an interval in three rounds, the next round bisects
//! it, so no function takes more than four times the rounds of bisection.
//!
//! A point with the value 0 is on the side of the points below. It is no answer by itself, because it may lie
//! inside a plateau that has the level, and the line is the edge of the plateau. A value of 0 within
//! tolerance is therefore accepted once a point close by is on the other side. If it is not, bisection finds
//! the edge.
//!
//! Reference: Chandrupatla (1997), "A new hybrid quadratic/bisection algorithm for finding the zero of a
//! nonlinear function without using derivatives".

use super::marching::{Edge, share};
use super::neighbours::{between_by_number, part, unit_by_number};
use super::probe::{Difference, Probe};
use crate::classifier::Classifier;
use crate::error::Error;
use crate::scalar::Real;

/// Four times the number of bisections that 53 bits allow.
const ROUNDS: usize = 212;

/// The distance between neighbouring numbers below 1, at which every interval ends.
pub(super) const LEAST: f64 = f64::EPSILON / 2.0;

/// Returns the distance at which the other side shows that a zero is no part of a plateau. Over this distance,
/// a function with a slope of this size leaves the tolerance.
fn near(tolerance: f64) -> f64 {
    tolerance.sqrt()
}

/// An interval with a zero between `x[0]`, the last point, and `x[1]`; `x[2]` is the point before.
#[derive(Debug)]
pub(super) struct Interval {
    x: [f64; 3],
    f: [f64; 3],
    /// The width at which the search stops.
    least: f64,
    /// The width to be halved, and the number of rounds since it was set.
    width: f64,
    rounds: usize,
    /// Whether an end is on a plateau that has the level.
    flat: bool,
}

impl Interval {
    /// Creates an interval from 0 to 1 with the given function values at its ends.
    pub(super) fn new([from, to]: [f64; 2], least: f64) -> Self {
        Interval { x: [0.0, 1.0, 1.0], f: [from, to, to], least, width: 1.0, rounds: 0, flat: false }
    }

    /// Returns the ends and the values there.
    pub(super) fn ends(&self) -> ([f64; 2], [f64; 2]) {
        ([self.x[0], self.x[1]], [self.f[0], self.f[1]])
    }

    /// Returns the end with the smaller absolute value.
    pub(super) fn best(&self) -> f64 {
        self.x[self.index_of_best()]
    }

    fn index_of_best(&self) -> usize {
        usize::from(self.f[1].abs() < self.f[0].abs())
    }

    fn is_done(&self, tolerance: f64) -> bool {
        let width = (self.x[1] - self.x[0]).abs();
        width <= self.least || width <= near(tolerance) && !self.flat && self.is_close(tolerance)
    }

    /// Returns whether the value at the best end is 0 up to the tolerance.
    fn is_close(&self, tolerance: f64) -> bool {
        self.f[self.index_of_best()].abs() <= tolerance
    }

    /// Returns the next point to evaluate.
    fn proposal(&self, tolerance: f64) -> f64 {
        let ([x1, x2, x3], [f1, f2, f3]) = (self.x, self.f);
        let step = if self.flat || self.rounds > 2 {
            0.5
        } else if x2 == x3 {
            share([f1, f2])
        } else {
            let (xi, phi) = ((x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2));
            let trusted = phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi;
            let step = f1 / (f2 - f1) * (f3 / (f2 - f3))
                + (x3 - x1) / (x2 - x1) * (f1 / (f3 - f1)) * (f2 / (f3 - f2));
            if trusted && step.is_finite() { step } else { 0.5 }
        };
        // Next to a zero, the other side should be at hand.
        let least = if self.is_close(tolerance) { self.least.max(near(tolerance)) } else { self.least };
        let margin = (least / (x2 - x1).abs()).min(0.5);
        x1 + step.clamp(margin, 1.0 - margin) * (x2 - x1)
    }

    fn take(&mut self, x: f64, f: f64, tolerance: f64) {
        let stays = (f > 0.0) == (self.f[0] > 0.0);
        let replaced = usize::from(!stays);
        self.flat |= f.abs() <= tolerance
            && self.f[replaced].abs() <= tolerance
            && (x - self.x[replaced]).abs() >= near(tolerance) / 2.0;
        if stays {
            (self.x[2], self.f[2]) = (self.x[0], self.f[0]);
        } else {
            (self.x[2], self.f[2]) = (self.x[1], self.f[1]);
            (self.x[1], self.f[1]) = (self.x[0], self.f[0]);
        }
        (self.x[0], self.f[0]) = (x, f);
        let width = (self.x[1] - self.x[0]).abs();
        self.rounds += 1;
        if width <= self.width / 2.0 {
            (self.width, self.rounds) = (width, 0);
        }
    }
}

/// Narrows intervals until a value is within the tolerance and the other side is near, or the interval is no
/// wider than its least width. `evaluate` receives the indices of the open intervals and one point in each.
pub(super) fn narrow(
    intervals: &mut [Interval],
    tolerance: f64,
    mut evaluate: impl FnMut(&[usize], &[f64]) -> Result<Vec<f64>, Error>,
) -> Result<(), Error> {
    let mut open: Vec<usize> = (0..intervals.len()).collect();
    for _ in 0..ROUNDS {
        open.retain(|&index| !intervals[index].is_done(tolerance));
        if open.is_empty() {
            break;
        }
        let proposals: Vec<f64> = open.iter().map(|&index| intervals[index].proposal(tolerance)).collect();
        let values = evaluate(&open, &proposals)?;
        for ((&index, x), f) in open.iter().zip(proposals).zip(values) {
            intervals[index].take(x, f, tolerance);
        }
    }
    Ok(())
}

/// Returns the largest absolute difference that counts as 0.
pub(super) fn tolerance<T: Real>() -> f64 {
    32.0 * T::EPSILON.as_f64()
}

/// The number of searches among the floating-point numbers that are left. Two suffice: fractions of an edge
/// distinguish 2^53 of them, and there are fewer than 2^64.
const SEARCHES: usize = 3;

/// For each edge, finds a point where the difference is 0 up to the tolerance. Where the function is steeper
/// than that or jumps, finds the better of two neighbouring floating-point numbers.
pub(super) fn roots<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    edges: &[Edge],
) -> Result<Vec<[f64; 2]>, Error> {
    let mut found = search(probe, of, edges, unit_of::<T>, between)?;
    // On a long edge, a fraction of it may still hold numbers of every size.
    for _ in 0..SEARCHES {
        let open: Vec<(usize, Edge)> =
            found.iter().enumerate().filter_map(|(index, root)| Some((index, root.rest?))).collect();
        if open.is_empty() {
            break;
        }
        let rest: Vec<Edge> = open.iter().map(|&(_, edge)| edge).collect();
        let nearer = search(probe, of, &rest, unit_by_number, between_by_number)?;
        for ((index, _), root) in open.into_iter().zip(nearer) {
            found[index] = root;
        }
    }
    Ok(found.into_iter().map(|root| root.point).collect())
}

/// A point near a zero, and the part of the edge that holds the zero if there are other points in it.
struct Root {
    point: [f64; 2],
    rest: Option<Edge>,
}

/// Narrows each edge, on which `at` places fractions, until a fraction is not worth more than `unit`.
fn search<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    edges: &[Edge],
    unit: impl Fn([[f64; 2]; 2]) -> f64,
    at: impl Fn([[f64; 2]; 2], f64) -> [f64; 2],
) -> Result<Vec<Root>, Error> {
    let mut intervals: Vec<Interval> =
        edges.iter().map(|edge| Interval::new(edge.values, unit(edge.ends))).collect();
    narrow(&mut intervals, tolerance::<T>(), |open, x| {
        let point = |(&index, &x): (&usize, &f64)| at(edges[index].ends, x);
        let points: Vec<[f64; 2]> = open.iter().zip(x).map(point).collect();
        probe.differences(of, &points)
    })?;
    let root = |(edge, interval): (&Edge, &Interval)| {
        let (x, values) = interval.ends();
        let ends = x.map(|x| at(edge.ends, x));
        let missed = values.iter().all(|value| value.abs() > tolerance::<T>());
        Root {
            point: probe.snap(at(edge.ends, interval.best())),
            rest: if missed { part(ends, values, |point| probe.snap(point)) } else { None },
        }
    };
    Ok(edges.iter().zip(&intervals).map(root).collect())
}

/// Returns the smallest step, as a fraction of the edge, that still changes a point.
fn unit_of<T: Real>([a, b]: [[f64; 2]; 2]) -> f64 {
    let unit = |axis: usize| {
        let size = a[axis].abs().max(b[axis].abs());
        0.5 * T::EPSILON.as_f64() * size / (b[axis] - a[axis]).abs()
    };
    unit(0).min(unit(1)).max(LEAST)
}

/// Returns the point at the given fraction of the edge, computed from the nearer end so that the ends are
/// exact.
pub(super) fn between([a, b]: [[f64; 2]; 2], share: f64) -> [f64; 2] {
    [0, 1].map(|axis| {
        let way = b[axis] - a[axis];
        if share <= 0.5 { a[axis] + share * way } else { b[axis] - (1.0 - share) * way }
    })
}
