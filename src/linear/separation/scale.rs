//! The centre and scale of each column of a search, from the ranges of the columns and a sample of rows.

use crate::parallel::Sum;
use crate::parallel::wire::wire;
use crate::scalar::{Real, is_constant};

/// The scaling of a column: an entry becomes (x `before` - `center`) `after`, so neither the difference nor
/// the quotient overflows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) before: f64,
    pub(super) center: f64,
    pub(super) after: f64,
    /// The largest absolute entry before centring, divided by the scale.
    pub(super) largest: f64,
    /// Whether the column takes part.
    pub(super) kept: bool,
}

/// The range of no entries.
pub(super) const NOTHING: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

/// Returns a range with one more entry.
pub(super) fn wider((low, high): (f64, f64), x: f64) -> (f64, f64) {
    (low.min(x), high.max(x))
}

/// The range of each column, and a sample of rows.
pub(super) struct Measured {
    pub(super) ranges: Vec<(f64, f64)>,
    /// The first row that counts of each stretch of rows, with the number of the stretch.
    pub(super) sample: Vec<(usize, Vec<f64>)>,
}

impl Measured {
    /// Adds a row to the sample, unless there is one of that stretch.
    pub(super) fn take(&mut self, stretch: usize, row: Vec<f64>) {
        if self.sample.last().is_none_or(|&(last, _)| last < stretch) {
            self.sample.push((stretch, row));
        }
    }
}

wire!(Measured { ranges, sample });

impl Sum for Measured {
    fn add(&mut self, next: &Self) {
        for (range, &(low, high)) in self.ranges.iter_mut().zip(&next.ranges) {
            *range = wider(wider(*range, low), high);
        }
        next.sample.iter().for_each(|(stretch, row)| self.take(*stretch, row.clone()));
    }
}

impl Measured {
    /// Chooses the median of the sample as the centre and the median absolute nonzero deviation, rounded to a
    /// power of two, as the scale: no single entry, however large, determines them.
    ///
    /// With an intercept, a column that is constant up to rounding takes no part.
    pub(super) fn scale<T: Real>(&self, j: usize, intercept: bool) -> Scale {
        let (low, high) = self.ranges[j];
        let size = low.abs().max(high.abs());
        let largest = if low > high { 0.0 } else { size };
        let before = if largest > 1e300 {
            0.25
        } else if largest < 1e-200 {
            2f64.powi(500)
        } else {
            1.0
        };
        let mut values: Vec<f64> = self.sample.iter().map(|(_, row)| row[j] * before).collect();
        values.sort_unstable_by(f64::total_cmp);
        let center = if intercept { values.get(values.len() / 2).copied().unwrap_or(0.0) } else { 0.0 };
        let largest = [low, high].iter().map(|x| (x * before - center).abs()).fold(0.0, f64::max);
        if low > high || largest == 0.0 || (intercept && is_constant::<T>(low, high)) {
            return Scale { before, center, after: 0.0, largest: 0.0, kept: false };
        }
        let mut sizes: Vec<f64> =
            values.iter().map(|v| (v - center).abs()).filter(|&size| size > 0.0).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        let typical = sizes.get(sizes.len() / 2).copied().unwrap_or(largest);
        let exponent = typical.log2().max(largest.log2() - 1000.0).round().clamp(-1000.0, 1000.0);
        let after = 2f64.powi(-exponent as i32);
        Scale { before, center, after, largest: size * before * after, kept: true }
    }
}

impl Scale {
    #[inline(always)]
    pub(super) fn entry(&self, x: f64) -> f64 {
        (x * self.before - self.center) * self.after
    }
}
