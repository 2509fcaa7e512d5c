//! Quantiles of sorted values.

/// The value below which a share of the sorted values lies: of n values, counted from 0, the one at `share` (n - 1),
/// between two values on the straight line.
pub(super) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let low = position.floor() as usize;
    let (a, b) = (sorted[low], sorted[(low + 1).min(sorted.len() - 1)]);
    let fraction = position.fract();
    if fraction < 0.5 { a + (b - a) * fraction } else { b - (b - a) * (1.0 - fraction) }
}
