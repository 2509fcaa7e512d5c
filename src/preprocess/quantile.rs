//! Quantiles of weighted values.

use crate::real::Real;

/// Values in ascending order with their weights, of those that count.
#[derive(Debug)]
pub(super) struct Sorted {
    values: Vec<f64>,
    /// The sum of the weights up to and with each value.
    cumulative: Vec<f64>,
}

impl Sorted {
    /// Of entries that are not NaN and whose weight is not zero.
    pub(super) fn new<T: Real>(entries: &[T], weights: Option<&[T]>) -> Self {
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row].as_f64());
        let all = entries.iter().enumerate().map(|(row, v)| (v.as_f64(), weight(row)));
        let mut counted: Vec<(f64, f64)> = all.filter(|(v, weight)| !v.is_nan() && *weight > 0.0).collect();
        counted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let sums = counted.iter().scan(0.0, |sum, (_, weight)| {
            *sum += weight;
            Some(*sum)
        });
        Sorted { cumulative: sums.collect(), values: counted.into_iter().map(|(v, _)| v).collect() }
    }

    /// The value below which a share p of the rows lies, between two rows on the straight line: of n rows, counted from
    /// 0, row p (n - 1). A weight of 2 is the row twice. `None` without any.
    pub(super) fn quantile(&self, p: f64) -> Option<f64> {
        let total = *self.cumulative.last()?;
        let position = (p * (total - 1.0)).max(0.0);
        let at = |index: f64| {
            let found = self.cumulative.partition_point(|&sum| sum <= index);
            self.values[found.min(self.values.len() - 1)]
        };
        let (low, high) = (at(position.floor()), at(position.floor() + 1.0));
        let share = position.fract();
        if share == 0.0 || low == high {
            return Some(low);
        }
        let width = high - low;
        if !width.is_finite() {
            return Some(low * (1.0 - share) + high * share);
        }
        // From the nearer end: the least rounding.
        Some(if share < 0.5 { low + width * share } else { high - width * (1.0 - share) })
    }

    /// The value with the largest weight, the smallest of equals.
    pub(super) fn most_frequent(&self) -> Option<f64> {
        let mut best: Option<(f64, f64)> = None;
        let (mut start, mut before) = (0, 0.0);
        while start < self.values.len() {
            let value = self.values[start];
            let end = start + self.values[start..].partition_point(|v| *v <= value);
            let weight = self.cumulative[end - 1] - before;
            if best.is_none_or(|(_, most)| weight > most) {
                best = Some((value, weight));
            }
            (start, before) = (end, self.cumulative[end - 1]);
        }
        best.map(|(value, _)| value)
    }
}
