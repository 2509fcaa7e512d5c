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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn moments_are_those_of_the_definition() {
        let mut rng = Rng::new(2);
        let entries: Vec<f64> = (0..20).map(|_| 3.0 + rng.standard_normal()).collect();
        let weights: Vec<f64> = (0..40).map(|_| rng.uniform(0.1, 2.0)).collect();
        let rows: Vec<usize> = (0..20).map(|i| 2 * i + 1).collect();
        // Shares need not sum to 1: only some rows are here.
        let (mean, variance, center) = weighted_moments(&entries, 8.0, &rows, &weights, 100.0);
        let total: f64 = rows.iter().map(|&row| weights[row]).sum();
        let average = |term: &dyn Fn(f64) -> f64| {
            rows.iter().zip(&entries).map(|(&row, &x)| weights[row] * term(x)).sum::<f64>() / total
        };
        let wanted = average(&|x| x);
        approx::assert_relative_eq!(center, wanted, max_relative = 1e-14);
        approx::assert_relative_eq!(8.0 * mean, wanted, max_relative = 1e-14);
        let square = average(&|x| (x - wanted) * (x - wanted));
        approx::assert_relative_eq!(64.0 * variance, square, max_relative = 1e-13);
    }

    /// The mean, rounded, would be many standard deviations from the row that has almost all of the weight.
    #[test]
    fn a_row_that_outweighs_the_others_is_the_centre() {
        let mut rng = Rng::new(3);
        for _ in 0..50 {
            let entries: Vec<f64> = (0..3).map(|_| rng.uniform(0.5, 1.0)).collect();
            let (_, variance, center) = weighted_moments(&entries, 1.3, &[0, 1, 2], &[1.0, 1e30, 2.0], 1e30);
            assert_eq!(center, entries[1]);
            assert!(variance > 0.0);
        }
    }
}
