//! The solvers' coordinates: columns centred and scaled, without a copy of `x`.

mod dependent;
mod l2;
mod moments;
mod scales;
mod shift;

use super::origin::Origin;
use super::precondition::Preconditioner;
use super::rank::Rank;
use super::rows::Chunk;
use super::triangle::Triangle;
use crate::scalar::{Real, vectorize_once};

pub(super) use l2::Curve;
pub(super) use moments::{ColumnMoments, Moments};
pub(super) use scales::SHARE;

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
    /// The preconditioner that replaces that of `rank`.
    renewed: Option<Preconditioner<T>>,
}

impl<T: Real> Coordinates<T> {
    /// Sets all scales to 1 and forgets dependences.
    #[cfg(test)]
    pub(super) fn forget_scale(&mut self) {
        self.scale.fill(T::one());
        (self.rank, self.renewed) = (None, None);
    }

    /// Returns whether a column takes part.
    pub(super) fn takes_part(&self, j: usize) -> bool {
        self.part[j]
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

    /// Returns a preconditioner, if the cross products of the columns are known and the rows are not divided
    /// by their triangle already.
    pub(super) fn preconditioner(&self) -> Option<Preconditioner<T>> {
        let first = || self.rank.as_ref().filter(|rank| !rank.nearly_dependent);
        let first =
            || first().map(|rank| Preconditioner::new(rank.triangle.clone(), T::one(), self.slopes()));
        self.renewed.clone().or_else(first)
    }

    /// Returns whether there is a preconditioner that was not replaced yet.
    pub(super) fn may_renew(&self) -> bool {
        self.renewed.is_none() && self.preconditioner().is_some()
    }

    /// Replaces the preconditioner by one with this triangle for the slopes and this factor for intercepts.
    pub(super) fn set_preconditioner(&mut self, triangle: Triangle<T>, shift: T) {
        self.renewed = Some(Preconditioner::new(triangle, shift, self.slopes()));
    }

    /// Returns the number of slopes.
    fn slopes(&self) -> usize {
        self.features() * self.columns
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

    /// Writes rows in the solver's coordinates, column by column.
    pub(super) fn scale_rows(&self, rows: &Chunk<'_, T>, out: &mut Vec<T>) {
        out.clear();
        (0..self.features()).for_each(|j| self.scale_column(rows, j, out));
        self.rotate(rows.len(), out);
    }

    /// Writes rows in the solver's coordinates, each multiplied by its factor, column by column. The factors follow as
    /// the column of the intercept, if there is one.
    pub(super) fn weigh_rows(&self, rows: &Chunk<'_, T>, factors: &[T], out: &mut Vec<T>) {
        out.clear();
        for j in 0..self.features() {
            match self.shift_and_factor(j) {
                Some((center, factor)) => {
                    let entries = rows.column(j).iter().zip(factors);
                    append(entries.map(move |(&x, &by)| (x - center) * factor * by), out);
                }
                None => out.resize(out.len() + rows.len(), T::zero()),
            }
        }
        self.rotate(rows.len(), out);
        if self.intercept {
            out.extend_from_slice(factors);
        }
    }

    /// Divides `count` rows by the triangle, if there is one.
    fn rotate(&self, count: usize, rows: &mut [T]) {
        if let Some(triangle) = self.rotation() {
            triangle.divide(rows, count);
        }
    }

    /// Appends one column of some rows, centred and scaled. The index after the last column is the intercept's column
    /// of ones.
    pub(super) fn scale_column(&self, rows: &Chunk<'_, T>, j: usize, out: &mut Vec<T>) {
        if j >= self.features() {
            return out.resize(out.len() + rows.len(), T::one());
        }
        match self.shift_and_factor(j) {
            Some((center, factor)) => {
                let entries = rows.column(j).iter();
                append(entries.map(move |&x| (x - center) * factor), out);
            }
            None => out.resize(out.len() + rows.len(), T::zero()),
        }
    }

    /// Returns the centre of a column and the reciprocal of its scale; `None` if it takes no part.
    fn shift_and_factor(&self, j: usize) -> Option<(T, T)> {
        self.part[j].then(|| (self.center[j], T::one() / self.scale[j]))
    }
}

/// Appends numbers to a vector. The iterator is consumed, so the loop is compiled in here.
#[inline(always)]
fn append<T: Real>(numbers: impl Iterator<Item = T>, out: &mut Vec<T>) {
    vectorize_once(
        #[inline(always)]
        move || out.extend(numbers),
    );
}

fn subtract_mean<T: Real>(indices: impl Iterator<Item = usize> + Clone, values: &mut [T]) {
    let (sum, count) = indices.clone().fold((T::zero(), 0), |(sum, count), i| (sum + values[i], count + 1));
    let mean = sum / T::of(f64::from(count));
    indices.for_each(|i| values[i] -= mean);
}

#[cfg(test)]
pub(super) mod tests {
    use nalgebra::DMatrix;

    use super::super::problem::{ColumnPenalty, Problem};
    use super::super::rows::tests::chunk;
    use super::*;
    use crate::examples::ClassExamples;
    use crate::loss::cross_entropy;
    use crate::rng::Rng;

    /// The coordinates of rows with an intercept, whose classes take turns.
    pub(in crate::linear) fn coordinates(
        x: &DMatrix<f64>,
        weights: Option<&[f64]>,
        classes: usize,
        penalty: &ColumnPenalty,
    ) -> Coordinates<f64> {
        let targets: Vec<usize> = (0..x.nrows()).map(|row| row % classes).collect();
        let rows = ClassExamples::new(x.into(), &targets, weights).unwrap();
        let problem = Problem { rows: rows.into(), classes, intercept: true, penalty };
        Coordinates::new(&problem, cross_entropy::<f64>(classes).score_columns(classes))
    }

    /// Columns of which the second is the first up to one part in a hundred thousand.
    pub(in crate::linear) fn nearly_dependent(rng: &mut Rng) -> DMatrix<f64> {
        let mut x = DMatrix::from_fn(60, 3, |_, j| 10f64.powi(j as i32) * rng.standard_normal());
        for row in 0..60 {
            x[(row, 1)] = 5.0 * x[(row, 0)] + 5e-6 * x[(row, 1)];
        }
        x
    }

    /// Intercepts in the user's units give the same scores, and sum to zero like the slopes of a column that
    /// is balanced.
    #[test]
    fn scores_do_not_depend_on_the_coordinates() {
        let mut rng = Rng::new(3);
        for classes in [2, 3] {
            for nearly in [false, true] {
                let mut x = nearly_dependent(&mut rng);
                if !nearly {
                    x.column_mut(1).iter_mut().for_each(|x| *x = rng.standard_normal());
                }
                x.column_mut(2).add_scalar_mut(700.0);
                let coordinates = coordinates(&x, None, classes, &ColumnPenalty::none(3));
                assert_eq!(coordinates.rotation().is_some(), nearly);
                let columns = coordinates.columns;
                let params: Vec<f64> = (0..4 * columns).map(|_| rng.standard_normal()).collect();
                let (mut slopes, mut intercepts) = (vec![0.0; 3 * columns], vec![0.0; columns]);
                coordinates.to_user(&params, &mut slopes, &mut intercepts);
                let mut own = Vec::new();
                coordinates.scale_rows(&chunk(&x), &mut own);
                let own = DMatrix::from_vec(60, 3, own)
                    * DMatrix::from_column_slice(3, columns, &params[..3 * columns]);
                let user = &x * DMatrix::from_column_slice(3, columns, &slopes);
                for row in 0..60 {
                    let scores: Vec<(f64, f64)> = (0..columns)
                        .map(|k| (own[(row, k)] + params[3 * columns + k], user[(row, k)] + intercepts[k]))
                        .collect();
                    let mean = |part: &dyn Fn(&(f64, f64)) -> f64| match columns {
                        1 => 0.0,
                        _ => scores.iter().map(part).sum::<f64>() / columns as f64,
                    };
                    let (shift, zero) = (mean(&|s| s.0), mean(&|s| s.1));
                    approx::assert_abs_diff_eq!(zero, 0.0, epsilon = 1e-6);
                    for (own, user) in &scores {
                        approx::assert_relative_eq!(own - shift, *user, max_relative = 1e-6, epsilon = 1e-6);
                    }
                }
            }
        }
    }
}
