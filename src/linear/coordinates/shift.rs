//! The shift common to all classes at which an absolute-value penalty is smallest.

use super::Coordinates;
use crate::linear::problem::ColumnPenalty;
use crate::scalar::Real;

impl<T: Real> Coordinates<T> {
    /// Shifts the slopes of each column with an L1 penalty by the same amount in all score columns, to where
    /// the penalty is smallest. Softmax is invariant to such a shift, so for columns of large size, whose
    /// penalty is too small to show in the objective, only this settles it.
    pub(in crate::linear) fn settle(&self, penalty: &ColumnPenalty, params: &mut [T]) {
        if self.columns < 2 {
            return;
        }
        let epsilon = T::EPSILON.as_f64();
        for j in (0..self.features()).filter(|&j| penalty.l1[j] > 0.0) {
            let scale = self.scale[j].as_f64();
            let places = || (0..self.columns).map(|k| k * self.features() + j);
            let values: Vec<f64> = places().map(|at| params[at].as_f64()).collect();
            let shift = best_shift(&values, penalty.l1[j], penalty.l2[j] / scale, epsilon);
            for (at, value) in places().zip(&values) {
                params[at] = T::of(value + shift);
            }
        }
    }
}

/// Returns the t for which Σ l1 |v + t| + l2/2 (v + t)² is smallest; 0 if 0 is as good, up to rounding.
fn best_shift(values: &[f64], l1: f64, l2: f64, epsilon: f64) -> f64 {
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    // The derivatives to the left and to the right.
    let slopes = |t: f64| {
        let near = |v: f64| v + t == 0.0;
        let count = |sign: f64| values.iter().filter(|&&v| !near(v) && (v + t) * sign > 0.0).count() as f64;
        let zeros = values.iter().filter(|&&v| near(v)).count() as f64;
        let smooth = l2 * values.iter().map(|v| v + t).sum::<f64>();
        let fixed = l1 * (count(1.0) - count(-1.0)) + smooth;
        (fixed - l1 * zeros, fixed + l1 * zeros)
    };
    let slack = 64.0 * epsilon * (l1 + l2 * largest) * values.len() as f64;
    let best = |t: f64| {
        let (left, right) = slopes(t);
        left <= slack && right >= -slack
    };
    if best(0.0) {
        return 0.0;
    }
    // The minimum is where a value becomes zero, or between two such places.
    let mut kinks: Vec<f64> = values.iter().map(|v| -v).collect();
    kinks.sort_unstable_by(f64::total_cmp);
    if let Some(&kink) = kinks.iter().find(|&&t| best(t)) {
        return kink;
    }
    let count = values.len() as f64;
    let between = |below: usize| {
        // `below` values are positive once shifted beyond their kinks.
        let signs = 2.0 * below as f64 - count;
        (-l1 * signs / l2 - values.iter().sum::<f64>()) / count
    };
    (0..=values.len()).map(between).find(|&t| t.is_finite() && best(t)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::super::tests::coordinates;
    use super::*;
    use crate::rng::Rng;

    /// No other shift has a smaller penalty.
    #[test]
    fn the_best_shift_has_the_smallest_penalty() {
        let mut rng = Rng::new(5);
        for case in 0..300 {
            let count = 2 + rng.below(5);
            let mut values: Vec<f64> = (0..count).map(|_| rng.standard_normal()).collect();
            if case % 3 == 0 {
                values[0] = 0.0;
            }
            for (l1, l2) in [(1.0, 0.0), (1.0, 0.3), (0.01, 5.0), (1e-200, 1e-200)] {
                let penalty = |t: f64| -> f64 {
                    values.iter().map(|v| l1 * (v + t).abs() + 0.5 * l2 * (v + t).powi(2)).sum()
                };
                let shift = best_shift(&values, l1, l2, f64::EPSILON);
                let least = (-400..=400).map(|i| penalty(0.01 * f64::from(i))).fold(f64::INFINITY, f64::min);
                assert!(penalty(shift) <= least * (1.0 + 1e-12), "{values:?}, {l1}, {l2}: {shift}");
                let moved: Vec<f64> = values.iter().map(|v| v + shift).collect();
                assert_eq!(best_shift(&moved, l1, l2, f64::EPSILON), 0.0, "{values:?}, {l1}, {l2}");
            }
        }
    }

    /// Slopes of three classes move by the same amount for each column with an absolute value, to where its
    /// penalty is smallest in the user's units; nothing else moves.
    #[test]
    fn slopes_settle_where_the_penalty_is_smallest() {
        let mut rng = Rng::new(7);
        let x = DMatrix::from_fn(30, 3, |_, j| 10f64.powi(j as i32 - 1) * rng.standard_normal());
        let penalty = ColumnPenalty { l1: vec![0.3, 0.2, 0.0], l2: vec![2.0, 0.001, 0.1] };
        let coordinates = coordinates(&x, None, 3, &penalty);
        let before: Vec<f64> = (0..12).map(|_| rng.standard_normal()).collect();
        let mut after = before.clone();
        coordinates.settle(&penalty, &mut after);
        for j in 0..3 {
            let shifts: Vec<f64> = (0..3).map(|k| after[3 * k + j] - before[3 * k + j]).collect();
            shifts.iter().for_each(|shift| approx::assert_abs_diff_eq!(*shift, shifts[0], epsilon = 1e-15));
            let of = |t: f64| -> f64 {
                let slope = |k: usize| (after[3 * k + j] + t) / coordinates.scale[j];
                (0..3).map(|k| penalty.l1[j] * slope(k).abs() + 0.5 * penalty.l2[j] * slope(k).powi(2)).sum()
            };
            assert_eq!(shifts[0] == 0.0, j == 2, "column {j}");
            if j < 2 {
                let least = (-300..=300).map(|i| of(0.01 * f64::from(i))).fold(f64::INFINITY, f64::min);
                assert!(of(0.0) <= least, "column {j}");
            }
        }
        assert_eq!(after[9..], before[9..]);
        let alone = super::super::tests::coordinates(&x, None, 2, &penalty);
        let mut same = before[..4].to_vec();
        alone.settle(&penalty, &mut same);
        assert_eq!(same, before[..4]);
    }
}
