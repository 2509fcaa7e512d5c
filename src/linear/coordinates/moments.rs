//! The weighted mean and variance of a column, without cancellation.

use crate::scalar::Real;

/// Returns the weighted mean and variance of entries divided by `largest`, and the centre of the entries.
/// Entry i belongs to the row `counted[i]`.
///
/// Differences are taken from the entry of the heaviest row. If it outweighs the others so much that the
/// mean, rounded, is far from it in units of the deviation, it is the centre itself.
pub(super) fn weighted_moments<T: Real>(
    entries: &[T],
    largest: T,
    counted: &[usize],
    weights: &[T],
    total: f64,
) -> (T, T, T) {
    let share = |&row: &usize| weights[row].as_f64() / total;
    let heaviest = counted
        .iter()
        .zip(entries)
        .max_by(|(a, _), (b, _)| weights[**a].as_f64().total_cmp(&weights[**b].as_f64()));
    let Some((_, &origin)) = heaviest else { return (T::zero(), T::zero(), T::zero()) };
    let unit = largest.as_f64();
    // Halves, because the difference may overflow.
    let step = |x: T| 2.0 * ((0.5 * x.as_f64() - 0.5 * origin.as_f64()) / unit);
    let terms = || entries.iter().map(|&x| step(x)).zip(counted.iter().map(share));
    let sum: f64 = counted.iter().map(share).sum();
    let shift = terms().map(|(x, share)| share * x).sum::<f64>() / sum;
    let variance = terms().map(|(x, share)| share * (x - shift) * (x - shift)).sum::<f64>() / sum;
    let mean = origin.as_f64() / unit + shift;
    let rounding = T::EPSILON.as_f64() * mean.abs();
    let center = if rounding > ROUGH * variance.sqrt() { origin } else { T::of(mean * unit) };
    (T::of(mean), T::of(variance), center)
}

/// The largest rounding error of a centre, in standard deviations.
const ROUGH: f64 = 1e-3;
