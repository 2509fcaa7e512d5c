//! The two numbers of Platt scaling, by Newton's method.
//!
//! A logistic regression would give them too, but this problem is smaller and harder: targets close to 0 and
//! 1 need the distance from both ends, and all digits of the answer are wanted for scores of any size. With
//! two numbers, the centre of the information can move with every step, so no digits are lost to an offset of
//! the scores, and the step can be searched by its derivative alone, which shows the last digits.

use crate::scalar::Pair;

/// A row: its score, its weight, and its target as the probabilities of the label and of no label.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) score: f64,
    pub(super) weight: f64,
    pub(super) has: f64,
    pub(super) has_not: f64,
}

/// The most iterations. Ten are usual; targets that differ from 0 or 1 by ε take some ln(1/ε) more.
const MOST: usize = 2000;

/// The log-odds `slope (z - center) + middle` of a score z.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) center: f64,
    pub(super) slope: f64,
    pub(super) middle: f64,
}

/// The derivatives of the loss in the middle and the slope, about the centre of the line.
struct Derivatives {
    first: [f64; 2],
    /// The second derivatives: in the middle, mixed, and in the slope.
    second: [f64; 3],
}

impl Line {
    /// Returns the derivative of the loss of a row in its log-odds, and the second derivative.
    fn row(self, row: &Row) -> (f64, f64) {
        let z = self.slope * (row.score - self.center) + self.middle;
        // Both probabilities to all their digits.
        let small = (-z.abs()).exp();
        let (near, far) = (1.0 / (1.0 + small), small / (1.0 + small));
        let (p, q) = if z > 0.0 { (near, far) } else { (far, near) };
        (row.weight * (row.has_not * p - row.has * q), row.weight * (p * q))
    }

    fn derivatives(self, rows: &[Row]) -> Derivatives {
        let zero = Pair { high: 0.0, low: 0.0 };
        let (mut first, mut second) = ([zero; 2], [0.0; 3]);
        for row in rows {
            let (slope, curvature) = self.row(row);
            let from_center = row.score - self.center;
            first[0] = first[0].plus(slope);
            first[1] = first[1].plus(slope * from_center);
            second[0] += curvature;
            second[1] += curvature * from_center;
            second[2] += curvature * from_center * from_center;
        }
        Derivatives { first: first.map(|sum| sum.high + sum.low), second }
    }

    /// Returns the derivative of the loss along the change of the line.
    fn along(self, change: [f64; 2], rows: &[Row]) -> f64 {
        let mut sum = Pair { high: 0.0, low: 0.0 };
        for row in rows {
            let direction = change[0] + change[1] * (row.score - self.center);
            sum = sum.plus(self.row(row).0 * direction);
        }
        sum.high + sum.low
    }

    fn moved(self, change: [f64; 2], length: f64) -> Line {
        Line { middle: self.middle + length * change[0], slope: self.slope + length * change[1], ..self }
    }

    /// Returns the length of a step, at most 1: it ends before the minimum along the step, or little behind
    /// it. `start` is the derivative at length 0.
    ///
    /// A longer step may help most rows, but throws rows of small weight far off.
    fn length(self, change: [f64; 2], start: f64, rows: &[Row]) -> f64 {
        let mut length = 1.0;
        // Halving reaches every number that matters.
        for _ in 0..1000 {
            if self.moved(change, length).along(change, rows) <= 0.5 * start.abs() {
                break;
            }
            length *= 0.5;
        }
        length
    }
}

/// Returns the line z of the score that minimises Σ w (t ln(1 + e^-z) + (1 - t) ln(1 + e^z)), for targets t
/// strictly between 0 and 1 and scores that are not all equal; `None` if no step improves it before all digits
/// are found.
///
/// The scores should be of size 1 and the weights at most of size 1.
pub(super) fn fit(rows: &[Row]) -> Option<Line> {
    let mut line = Line { center: 0.0, slope: 0.0, middle: 0.0 };
    let mut near = false;
    for _ in 0..MOST {
        let Derivatives { first, second } = line.derivatives(rows);
        // About the centre of the curvature, slope and middle do not depend on each other.
        let center = line.center + second[1] / second[0];
        // The shift as rounding leaves it, which is not the quotient if the scores are close together.
        let shift = center - line.center;
        let about = second[2] - shift * second[1];
        line = Line { center, middle: line.middle + line.slope * shift, ..line };
        // Far from the centre, the difference has no digits: look again from here.
        if about <= 1e-8 * second[2] && shift != 0.0 {
            continue;
        }
        let along = first[1] - shift * first[0];
        let change = [-first[0] / second[0], -along / about];
        // The mean change of the log-odds, where they matter. (Squares of derivatives might underflow.)
        let moved = change[0].hypot(change[1] * (about / second[0]).sqrt());
        if !moved.is_finite() {
            return None;
        }
        // The number of right digits doubles with every step, so one step finds all, and a second one finds
        // those that the first centre cost.
        let close = moved <= 1e-9;
        let start = first[0] * change[0] + along * change[1];
        let length = if close { 1.0 } else { line.length(change, start, rows) };
        line = line.moved(change, length);
        if close && near {
            return Some(line);
        }
        near = close;
    }
    None
}
