//! The formulas of losses, without overflow.

/// Returns 1 / (1 + exp(-z)).
pub(crate) fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}

/// Returns ln(1 + exp(z)).
pub(crate) fn softplus(z: f64) -> f64 {
    if z.is_nan() { z } else { z.max(0.0) + (-z.abs()).exp().ln_1p() }
}

/// Returns the larger of the two, or NaN.
pub(crate) fn at_least(p: f64, least: f64) -> f64 {
    if p < least { least } else { p }
}

/// Returns ln(1 + exp(z)) - y z, and writes its derivative.
pub(crate) fn binary(z: f64, y: f64, slope: &mut f64) -> f64 {
    *slope = sigmoid(z) - y;
    softplus(z) - y * z
}

/// Returns the logarithm of the sum of exponentials.
pub(crate) fn log_sum_exp(z: &[f64]) -> f64 {
    let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + z.iter().map(|z| (z - largest).exp()).sum::<f64>().ln()
}

/// Replaces scores by their softmax.
pub(crate) fn softmax(z: &mut [f64]) {
    let log = log_sum_exp(z);
    z.iter_mut().for_each(|z| *z = (*z - log).exp());
}

/// Returns the cross-entropy of the softmax of `z` with `y`, and writes its derivative.
pub(crate) fn cross_entropy(z: &[f64], y: &[f64], slope: &mut [f64]) -> f64 {
    let (log, total) = (log_sum_exp(z), y.iter().sum::<f64>());
    let each = z.iter().zip(y).zip(slope);
    each.map(|((z, y), slope)| {
        *slope = (z - log).exp() * total - y;
        -y * (z - log)
    })
    .sum()
}
