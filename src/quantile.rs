//! Quantiles of weighted values.

use crate::scalar::Real;

/// Values in ascending order with their weights, without NaN and values of weight zero.
#[derive(Debug)]
pub(crate) struct Sorted {
    values: Vec<f64>,
    /// The cumulative sum of the weights, including that of each value, if there are weights.
    cumulative: Option<Vec<f64>>,
}

impl Sorted {
    /// Sorts the entries that are not NaN and whose weight is not zero.
    pub(crate) fn new<T: Real>(entries: &[T], weights: Option<&[T]>) -> Self {
        let Some(weights) = weights else {
            let mut values: Vec<f64> = entries.iter().map(|v| v.as_f64()).filter(|v| !v.is_nan()).collect();
            values.sort_unstable_by(f64::total_cmp);
            return Sorted { values, cumulative: None };
        };
        let all = entries.iter().zip(weights).map(|(v, weight)| (v.as_f64(), weight.as_f64()));
        let mut counted: Vec<(f64, f64)> = all.filter(|(v, weight)| !v.is_nan() && *weight > 0.0).collect();
        counted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let sums = counted.iter().scan(0.0, |sum, (_, weight)| {
            *sum += weight;
            Some(*sum)
        });
        Sorted { cumulative: Some(sums.collect()), values: counted.into_iter().map(|(v, _)| v).collect() }
    }

    /// Returns the sum of the weights of the first `count` values.
    fn weight_of(&self, count: usize) -> f64 {
        match &self.cumulative {
            Some(sums) if count > 0 => sums[count - 1],
            _ => count as f64,
        }
    }

    /// Returns the smallest and the largest value, or `None` if there are no values.
    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        Some((*self.values.first()?, *self.values.last()?))
    }

    /// Returns the quantile of order p, interpolated linearly between rows: of n rows, counted from 0, that
    /// at position p (n - 1). A weight of 2 counts a row twice. Returns `None` if there are no values.
    pub(crate) fn quantile(&self, p: f64) -> Option<f64> {
        let last = self.values.len().checked_sub(1)?;
        let position = (p * (self.weight_of(last + 1) - 1.0)).max(0.0);
        let at = |index: f64| {
            let found = match &self.cumulative {
                Some(sums) => sums.partition_point(|&sum| sum <= index),
                None => index as usize,
            };
            self.values[found.min(last)]
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
        // Interpolating from the nearer end has the smallest rounding error.
        Some(if share < 0.5 { low + width * share } else { high - width * (1.0 - share) })
    }

    /// Returns the value with the largest weight. Ties go to the smallest value.
    pub(crate) fn most_frequent(&self) -> Option<f64> {
        let mut best: Option<(f64, f64)> = None;
        let mut start = 0;
        while start < self.values.len() {
            let value = self.values[start];
            let end = start + self.values[start..].partition_point(|v| *v <= value);
            let weight = self.weight_of(end) - self.weight_of(start);
            if best.is_none_or(|(_, most)| weight > most) {
                best = Some((value, weight));
            }
            start = end;
        }
        best.map(|(value, _)| value)
    }
}
