//! The solvers' coordinates: columns centred and scaled, without a copy of `x`.

use std::ops::Range;

use super::origin::Origin;
use super::problem::{ColumnPenalty, Problem};
use super::rank::Rank;
use super::triangle::Triangle;
use crate::examples::ClassExamples;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scalar::column;
use crate::scalar::{axpy, dot, is_constant, moments};

/// The reciprocal of a typical p (1 - p), which is at most 1/4 and smaller for well-classified rows. On the
/// unscaled breast cancer data (`tests/it/oracle`) L-BFGS then needs hundreds of iterations. With the
/// variance alone it is still short of the optimum after thousands.
pub(super) const SHARE: f64 = 8.0;

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

/// The smallest standard deviation of a column with weights, relative to the column's range, as a power of
/// the smallest normal number: its square must not underflow.
const NARROWEST: f64 = 0.45;

/// The gradient of a penalty that does not matter, relative to the tolerance.
const NEGLIGIBLE: f64 = 0.01;

/// The centre and scale of each column, and the corresponding change of parameters.
///
/// A model on (x - m)/s with slopes u and intercept c is the model on x with w = u/s and b = c - Σ m_j w_j.
/// Solvers work with u and c, whose curvatures are similar; data and results stay in the user's units. With
/// several score columns, w and b are also centred over the score columns: softmax is invariant to a shift
/// common to all classes, and an L2 penalty is smallest without one. Columns with an L1 penalty are not
/// centred, because the penalty determines a different shift.
///
/// A column that is constant up to rounding, or a combination of others, takes no part: its entries and its
/// parameters are zero. If columns nearly depend on each other, the rows are also multiplied by R⁻¹, with the
/// triangle R of [`Rank`], and the solvers' slopes are R u: second derivatives lose half of the digits, and
/// would not see what distinguishes the columns.
///
/// # Layout
/// d slopes for each score column, then one intercept for each.
#[derive(Debug, Clone)]
pub(super) struct Coordinates<T> {
    pub(super) center: Vec<T>,
    pub(super) scale: Vec<T>,
    /// The largest absolute value of each column, in units of its scale.
    farthest: Vec<f64>,
    /// The mean square of each column, centred and scaled.
    squares: Vec<f64>,
    /// Whether each column takes part.
    part: Vec<bool>,
    pub(super) columns: usize,
    pub(super) intercept: bool,
    /// Whether each column is centred over the score columns.
    balanced: Vec<bool>,
    /// Whether any column's centre is far from the origin.
    pub(super) far: bool,
    /// The columns that are constant up to rounding.
    pub(super) constant: Vec<usize>,
    /// The dependences among columns, if they were looked for.
    rank: Option<Rank<T>>,
}

impl<T: Real> Coordinates<T> {
    /// Computes centres and scales, and decides which columns take part. The scale of a column is the root of
    /// its variance plus [`SHARE`] times the penalty, because the curvature of the objective is about
    /// (variance / `SHARE` + λ) / scale^2. All coordinates then have similar curvature, whether the loss or
    /// the penalty dominates. Without an intercept nothing can absorb a centre, so the mean square replaces
    /// the variance.
    pub(super) fn new(problem: &Problem<'_, T>, columns: usize) -> Self {
        let Problem { rows, intercept, penalty, .. } = *problem;
        let balanced = penalty.l1.iter().map(|&l1| columns > 1 && l1 == 0.0).collect();
        let empty = Vec::with_capacity(rows.x.ncols());
        let mut coordinates = Coordinates {
            center: empty.clone(),
            scale: empty,
            farthest: Vec::new(),
            squares: Vec::new(),
            part: Vec::new(),
            columns,
            intercept,
            balanced,
            far: false,
            constant: Vec::new(),
            rank: None,
        };
        // Rows without weight do not count, however large their entries.
        let counted = rows.counted();
        let mut gathered = Vec::new();
        for (whole, &lambda) in crate::scalar::columns(&rows.x).zip(&penalty.l2) {
            let entries = if counted.len() == whole.len() {
                whole
            } else {
                gathered.clear();
                gathered.extend(counted.iter().map(|&row| whole[row]));
                &gathered
            };
            coordinates.push(entries, &counted, &rows, T::of(SHARE.sqrt() * lambda.sqrt()));
        }
        coordinates.rank = Rank::new(problem, &coordinates);
        if coordinates.rank.is_none() && penalty.is_smooth() && !penalty.is_none() {
            even_out(&mut coordinates.scale);
        }
        let dependent: Vec<usize> = coordinates.dependent().collect();
        dependent.into_iter().for_each(|j| coordinates.part[j] = false);
        coordinates
    }

    /// Adds a column with these entries in the rows that count.
    fn push(&mut self, entries: &[T], counted: &[usize], rows: &ClassExamples<'_, T>, floor: T) {
        let (low, high) = entries.iter().fold((T::zero(), T::zero()), |(low, high), &x| {
            (if x < low { x } else { low }, if x > high { x } else { high })
        });
        let first = entries.first().copied().unwrap_or(T::zero());
        let (least, most) = entries.iter().fold((first, first), |(least, most), &x| {
            (if x < least { x } else { least }, if x > most { x } else { most })
        });
        let largest = if -low > high { -low } else { high };
        let reciprocal = T::one() / largest;
        let (mean, variance, center) = match (reciprocal.is_finite(), rows.weights) {
            (false, _) => (T::zero(), T::zero(), T::zero()),
            (true, None) => {
                let (mean, variance) = moments(entries, reciprocal);
                (mean, variance, mean * largest)
            }
            (true, Some(weights)) => weighted_moments(entries, largest, counted, weights, rows.total_weight),
        };
        let spread = if self.intercept { variance } else { variance + mean * mean }.sqrt();
        let range = (most.as_f64() / largest.as_f64()) - (least.as_f64() / largest.as_f64());
        let narrow = spread.as_f64() <= range * T::MIN_POSITIVE.as_f64().powf(NARROWEST);
        let constant = if self.intercept {
            is_constant::<T>(least.as_f64(), most.as_f64()) || narrow
        } else {
            spread == T::zero()
        };
        let deviation = spread * largest;
        let size =
            if floor == T::zero() { deviation } else { T::of(deviation.as_f64().hypot(floor.as_f64())) };
        // Below, the reciprocal of the scale overflows.
        let tiny = size <= T::of(4.0) * T::MIN_POSITIVE;
        let constant = constant || tiny;
        if constant {
            self.constant.push(self.center.len());
        }
        self.part.push(!constant);
        let scale = if constant { largest.max(T::one()) } else { size };
        self.far |= self.intercept && !constant && mean.abs() > T::of(FAR) * spread;
        self.center.push(if self.intercept { center } else { T::zero() });
        self.scale.push(scale);
        self.farthest.push((largest / scale).as_f64());
        self.squares.push(if constant { 0.0 } else { (deviation / scale).as_f64().powi(2) });
    }

    /// Sets all scales to 1 and forgets dependences.
    #[cfg(test)]
    pub(super) fn forget_scale(&mut self) {
        self.scale.fill(T::one());
        self.rank = None;
    }

    /// Returns whether a column takes part.
    pub(super) fn takes_part(&self, j: usize) -> bool {
        self.part[j]
    }

    /// Returns the columns that are combinations of columns before them, in ascending order.
    pub(super) fn dependent(&self) -> impl Iterator<Item = usize> + '_ {
        let combinations = self.rank.iter().flat_map(|rank| &rank.combinations);
        combinations.map(|combination| combination.column)
    }

    /// Returns the largest absolute value of a column, in units of its scale.
    pub(super) fn farthest(&self, j: usize) -> f64 {
        self.farthest[j]
    }

    /// Returns the triangle by which rows are divided, if columns nearly depend on each other.
    pub(super) fn rotation(&self) -> Option<&Triangle<T>> {
        self.rank.as_ref().filter(|rank| rank.nearly_dependent).map(|rank| &rank.triangle)
    }

    /// Returns the triangle R with RᵀR the cross products of the columns plus penalties, if it is known.
    pub(super) fn triangle(&self) -> Option<&Triangle<T>> {
        self.rank.as_ref().map(|rank| &rank.triangle)
    }

    /// Returns a triangle R with RᵀR near a multiple of the second derivative for each score column, if it is
    /// known and the rows are not divided by it already.
    pub(super) fn preconditioner(&self) -> Option<&Triangle<T>> {
        self.rank.as_ref().filter(|rank| !rank.nearly_dependent).map(|rank| &rank.triangle)
    }

    /// Returns the weighted mean cross products of the solver's rows, of which the upper triangle counts,
    /// column by column, if they are known.
    pub(super) fn cross_products(&self) -> Option<&[f64]> {
        let rank = self.rank.as_ref()?;
        (!rank.products.is_empty() && !rank.nearly_dependent).then_some(&rank.products)
    }

    /// Returns the length of the longest of the solver's rows, if it is known.
    pub(super) fn longest_row(&self) -> Option<f64> {
        self.rank.as_ref().filter(|rank| !rank.nearly_dependent).map(|rank| rank.longest)
    }

    /// Returns whether blocks of rows must be centred and scaled before use.
    pub(super) fn explicit(&self) -> bool {
        self.far || self.rotation().is_some()
    }

    /// Returns an upper bound of the mean square of a column of the solver's rows.
    pub(super) fn mean_square(&self, j: usize) -> f64 {
        if self.rotation().is_some() { f64::from(u8::from(self.part[j])) } else { self.squares[j] }
    }

    pub(super) fn features(&self) -> usize {
        self.scale.len()
    }

    /// Writes the slopes and intercepts in the user's units.
    pub(super) fn to_user(&self, params: &[T], slopes: &mut [T], intercepts: &mut [T]) {
        let features = self.features();
        slopes.copy_from_slice(&params[..features * self.columns]);
        if let Some(triangle) = self.rotation() {
            triangle.solve(slopes);
        }
        for w in slopes.chunks_exact_mut(features) {
            for ((w, &scale), &part) in w.iter_mut().zip(&self.scale).zip(&self.part) {
                *w = if part { *w / scale } else { T::zero() };
            }
        }
        for j in (0..features).filter(|&j| self.balanced[j]) {
            subtract_mean((0..self.columns).map(|k| k * features + j), slopes);
        }
        self.intercepts(params, slopes, intercepts);
    }

    /// Writes the intercepts in the user's units that belong to slopes in the user's units.
    pub(super) fn intercepts(&self, params: &[T], slopes: &[T], intercepts: &mut [T]) {
        if !self.intercept {
            return intercepts.fill(T::zero());
        }
        let features = self.features();
        let shifts = &params[slopes.len()..];
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
        self.gather(&mut params);
        if self.intercept {
            let shifted = |(&b, w): (&T, &[T])| w.iter().zip(&self.center).fold(b, |c, (&w, &m)| c + w * m);
            params.extend(intercepts.iter().zip(slopes.chunks_exact(features)).map(shifted));
        }
        params
    }

    /// Converts scaled slopes to the solver's: columns that take no part pass their share to those that they
    /// are combinations of.
    fn gather(&self, slopes: &mut [T]) {
        for u in slopes.chunks_exact_mut(self.features()) {
            for combination in self.rank.iter().flat_map(|rank| &rank.combinations) {
                let share = u[combination.column];
                axpy(share, &combination.of, u);
            }
            u.iter_mut().zip(&self.part).filter(|(_, part)| !**part).for_each(|(u, _)| *u = T::zero());
        }
        if let Some(triangle) = self.rotation() {
            triangle.multiply(slopes);
        }
    }

    /// Distributes the slopes of columns that others depend on over all of them: of all slopes with the same
    /// scores, those with the smallest sum of squares, for columns of unit scale. `slopes` are in the user's
    /// units.
    ///
    /// With the combinations N of columns that vanish, the smallest of u + N t is u - N (NᵀN)⁻¹Nᵀu.
    pub(super) fn distribute(&self, slopes: &mut [T]) {
        let Some(rank) = self.rank.as_ref().filter(|rank| !rank.combinations.is_empty()) else { return };
        let null = |k: usize, j: usize| {
            let combination = &rank.combinations[k];
            if j == combination.column { -1.0 } else { combination.of[j].as_f64() }
        };
        let (features, count) = (self.features(), rank.combinations.len());
        let basis = nalgebra::DMatrix::from_fn(features, count, |j, k| null(k, j));
        let Some(factor) = nalgebra::Cholesky::new(basis.transpose() * &basis) else { return };
        for w in slopes.chunks_exact_mut(features) {
            let scaled = w.iter().zip(&self.scale).map(|(&w, &scale)| (w * scale).as_f64());
            let scaled = nalgebra::DVector::from_iterator(features, scaled);
            let moved = &basis * factor.solve(&(basis.transpose() * scaled));
            for ((w, &scale), &moved) in w.iter_mut().zip(&self.scale).zip(moved.iter()) {
                *w -= T::of(moved) / scale;
            }
        }
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

    /// Shifts the slopes of each column with an L1 penalty by the same amount in all score columns, to where
    /// the penalty is smallest. Softmax is invariant to such a shift, so for columns of large size, whose
    /// penalty is too small to show in the objective, only this settles it.
    pub(super) fn settle(&self, penalty: &ColumnPenalty, params: &mut [T]) {
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

    /// Converts the gradient from the user's units to the slopes' parameters.
    pub(super) fn gradient(&self, slopes: &[T], intercepts: &[T], gradient: &mut [T]) {
        let features = self.features();
        let columns = slopes.chunks_exact(features).zip(intercepts);
        for (out, (g, &shift)) in gradient.chunks_exact_mut(features).zip(columns) {
            for (j, (out, &g)) in out.iter_mut().zip(g).enumerate() {
                let through_intercept = if self.intercept { self.center[j] * shift } else { T::zero() };
                *out = if self.part[j] { (g - through_intercept) / self.scale[j] } else { T::zero() };
            }
        }
    }

    /// Converts the gradient of the parameters to that of the slopes in the user's units.
    pub(super) fn gradient_to_user(&self, scaled: &[T], intercepts: &[T], slopes: &mut [T]) {
        let features = self.features();
        slopes.copy_from_slice(scaled);
        if let Some(triangle) = self.rotation() {
            triangle.multiply_transposed(slopes);
        }
        for (out, &shift) in slopes.chunks_exact_mut(features).zip(intercepts) {
            for (j, out) in out.iter_mut().enumerate() {
                *out = *out * self.scale[j] + self.center[j] * shift;
            }
        }
    }

    /// Adds the gradient of the L2 penalty, at slopes in the user's units, to the gradient of the parameters.
    pub(super) fn add_l2_gradient(&self, penalty: &ColumnPenalty, slopes: &[T], gradient: &mut [T]) {
        let features = self.features();
        let pull = |j: usize, w: T| T::of(penalty.l2[j]) * w / self.scale[j];
        match self.rotation() {
            None => {
                for (out, w) in gradient.chunks_exact_mut(features).zip(slopes.chunks_exact(features)) {
                    out.iter_mut().zip(w).enumerate().for_each(|(j, (out, &w))| *out += pull(j, w));
                }
            }
            Some(triangle) => {
                let mut pulls: Vec<T> =
                    slopes.iter().enumerate().map(|(at, &w)| pull(at % features, w)).collect();
                triangle.solve_transposed(&mut pulls);
                gradient.iter_mut().zip(&pulls).for_each(|(out, &pull)| *out += pull);
            }
        }
    }

    /// Returns the second derivative of the L2 penalty in the slopes' parameters of one score column.
    pub(super) fn l2_curvature(&self, penalty: &ColumnPenalty) -> Curve<T> {
        let bend = |j: usize| T::of(penalty.l2[j]) / self.scale[j] / self.scale[j];
        let features = self.features();
        let Some(triangle) = self.rotation() else {
            return Curve::Diagonal((0..features).map(bend).collect());
        };
        // R⁻ᵀ Λ R⁻¹ is the product of the root of Λ, divided by R, with itself.
        let mut root = vec![T::zero(); features * features];
        (0..features).for_each(|j| root[j * features + j] = bend(j).sqrt());
        triangle.divide(&mut root, features);
        let columns = || root.chunks_exact(features);
        Curve::Full(columns().flat_map(|a| columns().map(move |b| dot(a, b))).collect())
    }

    /// Returns the columns without a penalty, or with one whose gradient is far below the tolerance, per
    /// standard deviation of the column. If such a column separates the classes, a point that meets the
    /// tolerance is not the optimum, only a point on the way to infinity.
    ///
    /// `slopes` are in the user's units.
    pub(super) fn free(&self, penalty: &ColumnPenalty, slopes: &[T], tolerance: f64) -> Vec<usize> {
        let features = self.features();
        let pull = |j: usize| {
            let scale = self.scale[j].as_f64();
            let largest =
                slopes.iter().skip(j).step_by(features).fold(0.0, |m: f64, w| m.max(w.as_f64().abs()));
            penalty.l1[j] / scale + penalty.l2[j] / scale * largest.max(1.0 / scale)
        };
        (0..features).filter(|&j| pull(j) <= NEGLIGIBLE * tolerance).collect()
    }

    /// Returns the diagonal of [`l2_curvature`](Self::l2_curvature).
    pub(super) fn l2_diagonal(&self, penalty: &ColumnPenalty) -> Vec<f64> {
        match self.l2_curvature(penalty) {
            Curve::Diagonal(bends) => bends.iter().map(|bend| bend.as_f64()).collect(),
            Curve::Full(entries) => entries.iter().step_by(self.features() + 1).map(|h| h.as_f64()).collect(),
        }
    }

    /// Writes a range of rows in the solver's coordinates, column by column.
    pub(super) fn scale_rows(&self, x: Rows<'_, T>, range: Range<usize>, out: &mut Vec<T>) {
        out.clear();
        let count = range.len();
        (0..self.features()).for_each(|j| self.scale_column(x, j, range.clone(), out));
        if let Some(triangle) = self.rotation() {
            triangle.divide(out, count);
        }
    }

    /// Appends a range of rows of one column, centred and scaled. The index after the last column is the
    /// intercept's column of ones.
    pub(super) fn scale_column(&self, x: Rows<'_, T>, j: usize, range: Range<usize>, out: &mut Vec<T>) {
        let (Some(&center), Some(&scale)) = (self.center.get(j), self.scale.get(j)) else {
            return out.resize(out.len() + range.len(), T::one());
        };
        if !self.part[j] {
            return out.resize(out.len() + range.len(), T::zero());
        }
        let factor = T::one() / scale;
        let column = &column(&x, j)[range];
        out.extend(column.iter().map(|&x| (x - center) * factor));
    }
}

/// A second derivative in the slopes of one score column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Curve<T> {
    /// The diagonal; all other entries are 0.
    Diagonal(Vec<T>),
    /// All entries, column by column.
    Full(Vec<T>),
}

/// Returns the weighted mean and variance of entries divided by `largest`, and the centre of the entries. Entry
/// i belongs to the row `counted[i]`.
///
/// Differences are taken from the entry of the heaviest row. If it outweighs the others so much that the mean,
/// rounded, is far from it in units of the deviation, it is the centre itself.
fn weighted_moments<T: Real>(
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

#[cfg(test)]
mod tests {
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
}
