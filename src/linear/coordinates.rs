//! The solvers' coordinates: columns centred and scaled, without a copy of `x`.

use std::ops::Range;

use super::origin::Origin;
use super::problem::{ColumnPenalty, Problem};
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scalar::column;
use crate::scalar::{max_abs, moments};

/// The reciprocal of a typical p (1 - p), which is at most 1/4 and smaller for well-classified rows. On the
/// unscaled breast cancer data (`tests/it/oracle`) L-BFGS then needs hundreds of iterations. With the
/// variance alone it is still short of the optimum after thousands.
const SHARE: f64 = 8.0;

/// Columns whose sizes are within this factor of each other are scaled half-way (by the square root of their
/// size times a common size). Full scaling makes the penalty uneven along directions that the data does not
/// determine. No scaling leaves independent columns uneven. With full, half-way and no scaling, L-BFGS takes
/// 347, 105 and 69 iterations for 200,000 x 50 with 10 combinations of other columns and sizes from 1 to 9 (C
/// = 1), but 12, 20 and 44 for 40 independent columns with sizes from 1 to 5.
const ALIKE: f64 = 10.0;

/// The largest distance of a column's centre from the origin, in units of its spread, for which blocks are
/// used as they are. Beyond it, x w + b cancels, so scores and gradient lose digits that line searches need.
/// Blocks of rows are then centred and scaled before use.
const FAR: f64 = 30.0;

/// The centre and scale of each column, and the corresponding change of parameters.
///
/// A model on (x - m)/s with slopes u and intercept c is the model on x with w = u/s and b = c - Σ m_j w_j.
/// Solvers work with u and c, whose curvatures are similar; data and results stay in the user's units. With
/// several score columns, w and b are also centred over the score columns: softmax is invariant to a shift
/// common to all classes, and an L2 penalty is smallest without one. Columns with an L1 penalty are not
/// centred, because the penalty determines a different shift.
///
/// # Layout
/// d slopes for each score column, then one intercept for each.
#[derive(Debug, Clone)]
pub(super) struct Coordinates<T> {
    pub(super) center: Vec<T>,
    pub(super) scale: Vec<T>,
    pub(super) columns: usize,
    pub(super) intercept: bool,
    /// Whether each column is centred over the score columns.
    balanced: Vec<bool>,
    /// Whether any column's centre is far from the origin.
    pub(super) far: bool,
}

impl<T: Real> Coordinates<T> {
    /// Computes centres and scales. The scale of a column is the root of its variance plus [`SHARE`] times
    /// the penalty, because the curvature of the objective is about (variance / `SHARE` + λ) / scale^2. All
    /// coordinates then have similar curvature, whether the loss or the penalty dominates. Without an
    /// intercept nothing can absorb a centre, so the mean square replaces the variance.
    pub(super) fn new(problem: &Problem<'_, T>, columns: usize) -> Self {
        let Problem { rows, intercept, penalty, .. } = *problem;
        let x = rows.x;
        let mut far = false;
        let (mut center, mut scale) = (Vec::with_capacity(x.ncols()), Vec::with_capacity(x.ncols()));
        // Rows without weight do not count, however large their entries.
        let counted = rows.counted();
        let mut gathered = Vec::new();
        for (whole, &lambda) in crate::scalar::columns(&x).zip(&penalty.l2) {
            let floor = T::of((SHARE * lambda).sqrt());
            let column = if counted.len() == x.nrows() {
                whole
            } else {
                gathered.clear();
                gathered.extend(counted.iter().map(|&row| whole[row]));
                &gathered
            };
            let largest = T::of(max_abs(column));
            let reciprocal = T::one() / largest;
            let (mean, variance) =
                if reciprocal.is_finite() { moments(column, reciprocal) } else { (T::zero(), T::zero()) };
            let spread = if intercept { variance } else { variance + mean * mean }.sqrt();
            // A column that is constant up to rounding, or nearly zero, has no scale of its own.
            let constant = spread <= T::of(16.0) * T::EPSILON;
            let size = (spread * largest).hypot(floor);
            far |= intercept && mean.abs() > T::of(FAR) * spread;
            center.push(if intercept { mean * largest } else { T::zero() });
            scale.push(if constant || size <= T::MIN_POSITIVE.sqrt() { largest.max(T::one()) } else { size });
        }
        even_out(&mut scale);
        let balanced = penalty.l1.iter().map(|&l1| columns > 1 && l1 == 0.0).collect();
        Coordinates { center, scale, columns, intercept, balanced, far }
    }

    pub(super) fn features(&self) -> usize {
        self.scale.len()
    }

    /// Writes the slopes and intercepts in the user's units.
    pub(super) fn to_user(&self, params: &[T], slopes: &mut [T], intercepts: &mut [T]) {
        let features = self.features();
        let (scaled, shifts) = params.split_at(features * self.columns);
        for (w, u) in slopes.chunks_exact_mut(features).zip(scaled.chunks_exact(features)) {
            for ((w, &u), &scale) in w.iter_mut().zip(u).zip(&self.scale) {
                *w = u / scale;
            }
        }
        for j in (0..features).filter(|&j| self.balanced[j]) {
            subtract_mean((0..self.columns).map(|k| k * features + j), slopes);
        }
        if !self.intercept {
            return intercepts.fill(T::zero());
        }
        for ((b, &c), w) in intercepts.iter_mut().zip(shifts).zip(slopes.chunks_exact(features)) {
            *b = w.iter().zip(&self.center).fold(c, |b, (&w, &m)| b - w * m);
        }
        if self.columns > 1 {
            subtract_mean(0..self.columns, intercepts);
        }
    }

    /// Returns the parameters for slopes and intercepts given in the user's units.
    pub(super) fn params(&self, slopes: &[T], intercepts: &[T]) -> Vec<T> {
        let features = self.features();
        let mut params = Vec::with_capacity(slopes.len() + intercepts.len());
        params.extend(slopes.iter().enumerate().map(|(at, &w)| w * self.scale[at % features]));
        if self.intercept {
            let shifted = |(&b, w): (&T, &[T])| w.iter().zip(&self.center).fold(b, |c, (&w, &m)| c + w * m);
            params.extend(intercepts.iter().zip(slopes.chunks_exact(features)).map(shifted));
        }
        params
    }

    /// Returns the centre with the scores there, if a column is far from the origin.
    ///
    /// A shift of the slopes over the score columns moves all scores of a row alike, and none at the centre,
    /// so slopes and scores are centred independently.
    pub(super) fn origin(&self, params: &[T]) -> Option<Origin<T>> {
        if !self.far {
            return None;
        }
        let mut scores = params[self.features() * self.columns..].to_vec();
        if self.columns > 1 {
            subtract_mean(0..self.columns, &mut scores);
        }
        Some(Origin { center: self.center.clone(), scores })
    }

    /// Converts the gradient from the user's units to the slopes' parameters.
    pub(super) fn gradient(&self, slopes: &[T], intercepts: &[T], gradient: &mut [T]) {
        let features = self.features();
        let columns = slopes.chunks_exact(features).zip(intercepts);
        for (out, (g, &shift)) in gradient.chunks_exact_mut(features).zip(columns) {
            for (j, (out, &g)) in out.iter_mut().zip(g).enumerate() {
                let through_intercept = if self.intercept { self.center[j] * shift } else { T::zero() };
                *out = (g - through_intercept) / self.scale[j];
            }
        }
    }

    /// Converts the gradient of the parameters to that of the slopes in the user's units.
    pub(super) fn gradient_to_user(&self, scaled: &[T], intercepts: &[T], slopes: &mut [T]) {
        let features = self.features();
        let columns = scaled.chunks_exact(features).zip(intercepts);
        for (out, (g, &shift)) in slopes.chunks_exact_mut(features).zip(columns) {
            for (j, (out, &g)) in out.iter_mut().zip(g).enumerate() {
                *out = g * self.scale[j] + self.center[j] * shift;
            }
        }
    }

    /// Adds the gradient of the L2 penalty, at slopes in the user's units, to the gradient of the parameters.
    pub(super) fn add_l2_gradient(&self, penalty: &ColumnPenalty, slopes: &[T], gradient: &mut [T]) {
        let features = self.features();
        for (out, w) in gradient.chunks_exact_mut(features).zip(slopes.chunks_exact(features)) {
            for (j, (out, &w)) in out.iter_mut().zip(w).enumerate() {
                *out += T::of(penalty.l2[j]) * w / self.scale[j];
            }
        }
    }

    /// Writes a range of rows, centred and scaled, column by column.
    pub(super) fn scale_rows(&self, x: Rows<'_, T>, range: Range<usize>, out: &mut Vec<T>) {
        out.clear();
        (0..self.features()).for_each(|j| self.scale_column(x, j, range.clone(), out));
    }

    /// Appends a range of rows of one column, centred and scaled. The index after the last column is the
    /// intercept's column of ones.
    pub(super) fn scale_column(&self, x: Rows<'_, T>, j: usize, range: Range<usize>, out: &mut Vec<T>) {
        let (Some(&center), Some(&scale)) = (self.center.get(j), self.scale.get(j)) else {
            return out.resize(out.len() + range.len(), T::one());
        };
        let factor = T::one() / scale;
        let column = &column(&x, j)[range];
        out.extend(column.iter().map(|&x| (x - center) * factor));
    }
}

/// Moves scales of similar size half-way towards the one in the middle.
fn even_out<T: Real>(scale: &mut [T]) {
    let Some(&first) = scale.first() else { return };
    let (low, high) = scale.iter().fold((first, first), |(low, high), &s| (low.min(s), high.max(s)));
    if high <= low * T::of(ALIKE) {
        let middle = (low * high).sqrt();
        scale.iter_mut().for_each(|s| *s = (*s * middle).sqrt());
    }
}

fn subtract_mean<T: Real>(indices: impl Iterator<Item = usize> + Clone, values: &mut [T]) {
    let (sum, count) = indices.clone().fold((T::zero(), 0), |(sum, count), i| (sum + values[i], count + 1));
    let mean = sum / T::of(f64::from(count));
    indices.for_each(|i| values[i] -= mean);
}
