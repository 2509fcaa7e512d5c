//! Temperature scaling: one factor for all scores.

use nalgebra::DMatrix;

use crate::error::Error;

/// The largest factor, and the reciprocal of the smallest.
const MOST: f64 = 22026.465794806718; // e^10

/// Returns the factor β = 1 / T that minimises the mean of -ln softmax(β z)_y, between e^-10 and e^10.
///
/// `scores` are n x K. The mean is convex in β, so Newton steps within a shrinking bracket find the minimum.
///
/// # Errors
/// Returns [`Error::NotConverged`] if scores exceed the range of the exponential function.
pub(super) fn fit(scores: &DMatrix<f64>, truth: &[usize], weights: Option<&[f64]>) -> Result<f64, Error> {
    let total = weights.map_or(truth.len() as f64, |weights| weights.iter().sum());
    let (mut low, mut high) = (1.0 / MOST, MOST);
    // Returns the first and second derivative of the mean at β.
    let derivatives = |beta: f64| {
        let (mut first, mut second) = (0.0, 0.0);
        for (row, &own) in truth.iter().enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[row]) / total;
            if weight == 0.0 {
                continue;
            }
            let largest = scores.row(row).iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let (mut sum, mut mean, mut square) = (0.0, 0.0, 0.0);
            for &z in scores.row(row).iter() {
                let (z, share) = (z - largest, (beta * (z - largest)).exp());
                // 0 times infinity is 0 here: an outcome of probability 0 does not count.
                let part = if share == 0.0 { 0.0 } else { share * z };
                sum += share;
                mean += part;
                square += if share == 0.0 { 0.0 } else { part * z };
            }
            let mean = mean / sum;
            first += weight * (mean - (scores[(row, own)] - largest));
            second += weight * (square / sum - mean * mean).max(0.0);
        }
        (first, second)
    };
    if derivatives(low).0 >= 0.0 {
        return Ok(low);
    }
    if derivatives(high).0 <= 0.0 {
        return Ok(high);
    }
    let mut beta = 1.0;
    for _ in 0..200 {
        let (first, second) = derivatives(beta);
        if first.is_nan() {
            return Err(Error::NotConverged { what: "the temperature", gradient: first });
        }
        *(if first > 0.0 { &mut high } else { &mut low }) = beta;
        let step = beta - first / second;
        // If the Newton step leaves the bracket, bisect on the log scale.
        let next = if step > low && step < high { step } else { (low * high).sqrt() };
        if (next - beta).abs() <= 4.0 * f64::EPSILON * beta || next == low || next == high {
            return Ok(next);
        }
        beta = next;
    }
    Ok(beta)
}
