//! Mean log-loss plus penalty as a function of the coefficients, in one pass over the rows.

use nalgebra::DMatrix;

use super::coordinates::Coordinates;
use crate::kernel::{Strided, Workspace, max_abs, product, product_lower, sum};
use crate::loss::{BinaryCrossEntropy, Gradient, Loss, SoftmaxCrossEntropy, Targets};
use crate::optim::{Curved, Objective};
use crate::penalty::add_l2;
use crate::real::Real;

/// Rows, their class indices and their weights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a, T> {
    pub(super) x: &'a DMatrix<T>,
    pub(super) classes: &'a [usize],
    pub(super) weights: Option<&'a [T]>,
    pub(super) total_weight: f64,
}

/// The objective of logistic regression in the solver's [`Coordinates`].
///
/// Rows are taken in blocks that stay in cache, scores, loss, residuals and gradient of a block before the next, so
/// that `x` is read from memory once per evaluation. Contributions are added in the order of the rows.
pub(super) struct LogisticObjective<'a, T: Real> {
    rows: Rows<'a, T>,
    lambda: f64,
    coordinates: Coordinates<T>,
    loss: &'static dyn Loss<T>,
    classes: usize,
    slopes: Vec<T>,
    intercepts: Vec<T>,
    slope_gradient: Vec<T>,
    intercept_gradient: Vec<T>,
    block: Block<T>,
    /// For the rows that are left over after the last whole block.
    last: Block<T>,
    workspace: Workspace<T>,
    curvature: Curvature<T>,
}

/// Scratch of one block of rows.
struct Block<T> {
    scores: DMatrix<T>,
    residuals: DMatrix<T>,
}

impl<T: Real> Block<T> {
    fn new(rows: usize, columns: usize) -> Self {
        Block { scores: DMatrix::zeros(rows, columns), residuals: DMatrix::zeros(rows, columns) }
    }
}

/// Bytes of `x` in a block: half of a second-level cache of 512 KB.
const BLOCK_BYTES: usize = 256 * 1024;

impl<'a, T: Real> LogisticObjective<'a, T> {
    pub(super) fn new(rows: Rows<'a, T>, classes: usize, lambda: f64, intercept: bool) -> Self {
        let loss: &'static dyn Loss<T> =
            if classes == 2 { &BinaryCrossEntropy } else { &SoftmaxCrossEntropy };
        let columns = loss.score_columns(classes);
        let coordinates = Coordinates::new(rows.x, columns, intercept);
        let features = rows.x.ncols();
        let size = (BLOCK_BYTES / (size_of::<T>() * features)).clamp(64, 4096).min(rows.x.nrows());
        let zeros = |n| vec![T::zero(); n];
        LogisticObjective {
            rows,
            lambda,
            loss,
            classes,
            slopes: zeros(features * columns),
            intercepts: zeros(columns),
            slope_gradient: zeros(features * columns),
            intercept_gradient: zeros(columns),
            block: Block::new(size, columns),
            last: Block::new(rows.x.nrows() % size, columns),
            workspace: Workspace::default(),
            curvature: Curvature::default(),
            coordinates,
        }
    }

    /// Slopes (features x score columns) and intercepts in the user's units.
    pub(super) fn coefficients(mut self, params: &[T]) -> (DMatrix<T>, Vec<T>) {
        self.coordinates.to_user(params, &mut self.slopes, &mut self.intercepts);
        let columns = self.coordinates.columns;
        (DMatrix::from_vec(self.coordinates.features(), columns, self.slopes), self.intercepts)
    }

    /// Calls `each` with the scores of every block of rows, in order.
    fn for_each_block(&mut self, mut each: impl FnMut(&mut Self, std::ops::Range<usize>, &mut Block<T>)) {
        let (rows, size) = (self.rows.x.nrows(), self.block.scores.nrows());
        for first in (0..rows).step_by(size.max(1)) {
            let count = size.min(rows - first);
            let whole = count == size;
            let mut block =
                std::mem::replace(if whole { &mut self.block } else { &mut self.last }, Block::new(0, 0));
            let x = Strided::from(self.rows.x).rows(first, count);
            let slopes = Strided::columns(&self.slopes, x.width(), self.coordinates.columns);
            product(x, slopes, (block.scores.as_mut_slice(), count), false, &mut self.workspace);
            for (scores, &b) in block.scores.as_mut_slice().chunks_exact_mut(count).zip(&self.intercepts) {
                scores.iter_mut().for_each(|z| *z += b);
            }
            each(self, first..first + count, &mut block);
            *(if whole { &mut self.block } else { &mut self.last }) = block;
        }
    }

    /// Whether the coefficients separate the classes completely: the largest score of every row that has weight is
    /// that of its class, by more than rounding.
    pub(super) fn separates(&mut self, params: &[T]) -> bool {
        self.coordinates.to_user(params, &mut self.slopes, &mut self.intercepts);
        let mut smallest = T::max_value().unwrap_or(T::one());
        let mut largest = T::zero();
        self.for_each_block(|this, range, block| {
            for (row, index) in range.enumerate() {
                if this.rows.weights.is_some_and(|w| w[index] == T::zero()) {
                    continue;
                }
                let class = this.rows.classes[index];
                let scores = block.scores.row(row);
                let margin = if scores.len() == 1 {
                    if class == 1 { scores[0] } else { -scores[0] }
                } else {
                    let others = scores.iter().enumerate().filter(|(k, _)| *k != class).map(|(_, &z)| z);
                    others.fold(T::max_value().unwrap_or(T::one()), |m, z| m.min(scores[class] - z))
                };
                smallest = smallest.min(margin);
                largest = scores.iter().fold(largest, |m, z| m.max(z.abs()));
            }
        });
        smallest > T::of(1e3) * T::EPSILON * largest
    }
}

impl<T: Real> Objective<T> for LogisticObjective<'_, T> {
    fn parameter_count(&self) -> usize {
        self.coordinates.parameter_count()
    }

    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> f64 {
        self.coordinates.to_user(params, &mut self.slopes, &mut self.intercepts);
        self.slope_gradient.fill(T::zero());
        self.intercept_gradient.fill(T::zero());
        let scale = T::of(1.0 / self.rows.total_weight);
        let mut total = 0.0;
        self.for_each_block(|this, range, block| {
            let targets = Targets::Classes(&this.rows.classes[range.clone()]);
            let weights = this.rows.weights.map(|w| &w[range.clone()]);
            let out = Gradient { scale, out: &mut block.residuals };
            total += this.loss.accumulate(&block.scores, targets, weights, Some(out));
            let x = Strided::from(this.rows.x).rows(range.start, range.len()).transposed();
            let residuals = Strided::from(&block.residuals);
            let features = this.coordinates.features();
            product(x, residuals, (&mut this.slope_gradient, features), true, &mut this.workspace);
            for (g, residuals) in
                this.intercept_gradient.iter_mut().zip(block.residuals.as_slice().chunks_exact(range.len()))
            {
                *g += sum(residuals);
            }
        });
        if !self.coordinates.intercept {
            self.intercept_gradient.fill(T::zero());
        }
        let all = [0..self.slopes.len()];
        let penalty = add_l2(self.lambda, &all, &self.slopes, &mut self.slope_gradient);
        self.coordinates.gradient(&self.slope_gradient, &self.intercept_gradient, gradient);
        total / self.rows.total_weight + penalty
    }

    /// The largest entry of the gradient in the user's units, at the point evaluated last.
    fn optimality(&self, _gradient: &[T]) -> f64 {
        max_abs(&self.slope_gradient).max(max_abs(&self.intercept_gradient))
    }
}

/// Scratch of the Hessian: a block of centred and scaled rows, the same with weights, and the products of each pair
/// of score columns.
#[derive(Default)]
struct Curvature<T: Real> {
    scaled: Vec<T>,
    weighted: Vec<T>,
    probabilities: DMatrix<T>,
    pairs: Vec<Vec<T>>,
}

impl<T: Real> Curved<T> for LogisticObjective<'_, T> {
    /// Σ u h x̃ x̃ᵀ / Σ u with h = p (1 - p) for one score column, and h = p_a (δ_ab - p_b) for the pair a, b of
    /// several; x̃ is the centred and scaled row with a 1 for the intercept.
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>) {
        self.coordinates.to_user(params, &mut self.slopes, &mut self.intercepts);
        let columns = self.coordinates.columns;
        let width = self.coordinates.features() + usize::from(self.coordinates.intercept);
        let pairs = columns * (columns + 1) / 2;
        let mut curvature = std::mem::take(&mut self.curvature);
        curvature.pairs.resize_with(pairs, || vec![T::zero(); width * width]);
        curvature.pairs.iter_mut().for_each(|pair| pair.fill(T::zero()));
        self.for_each_block(|this, range, block| curvature.add(this, range, block, width));
        for a in 0..columns {
            for b in 0..=a {
                let pair = &curvature.pairs[a * (a + 1) / 2 + b];
                for j in 0..width {
                    for i in j..width {
                        let h = pair[j * width + i];
                        for (i, j) in [(i, j), (j, i)] {
                            let (row, column) = (self.index(i, a), self.index(j, b));
                            (hessian[(row, column)], hessian[(column, row)]) = (h, h);
                        }
                    }
                }
            }
        }
        self.curvature = curvature;
        self.add_penalty(hessian, width);
    }
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Where the parameter of feature `i` (or the intercept, after the features) for score column `column` lies.
    fn index(&self, i: usize, column: usize) -> usize {
        let features = self.coordinates.features();
        if i < features { column * features + i } else { features * self.coordinates.columns + column }
    }

    /// Adds the penalty and, for several score columns, curvature along the shifts that softmax does not see. The
    /// gradient has no component there, so the latter changes no step; it makes the matrix definite.
    fn add_penalty(&self, hessian: &mut DMatrix<T>, width: usize) {
        let columns = self.coordinates.columns;
        for i in 0..width {
            if let Some(&scale) = self.coordinates.scale.get(i) {
                for k in 0..columns {
                    let at = self.index(i, k);
                    hessian[(at, at)] += T::of(self.lambda) / (scale * scale);
                }
            }
            if columns > 1 {
                let trace = (0..columns).fold(T::zero(), |sum, k| {
                    let at = self.index(i, k);
                    sum + hessian[(at, at)]
                });
                let shift = trace / T::of((columns * columns) as f64);
                for a in 0..columns {
                    for b in 0..columns {
                        hessian[(self.index(i, a), self.index(i, b))] += shift;
                    }
                }
            }
        }
    }
}

impl<T: Real> Curvature<T> {
    fn add(
        &mut self,
        objective: &mut LogisticObjective<'_, T>,
        range: std::ops::Range<usize>,
        block: &mut Block<T>,
        width: usize,
    ) {
        let (count, rows) = (range.len(), &objective.rows);
        let coordinates = &objective.coordinates;
        self.scaled.resize(count * width, T::one());
        self.weighted.resize(count * width, T::zero());
        if self.probabilities.shape() != (count, objective.classes) {
            self.probabilities = DMatrix::zeros(count, objective.classes);
        }
        objective.loss.probabilities(&block.scores, &mut self.probabilities);
        for (j, out) in self.scaled.chunks_exact_mut(count).enumerate() {
            if j == coordinates.features() {
                out.fill(T::one());
                continue;
            }
            let (center, factor) = (coordinates.center[j], T::one() / coordinates.scale[j]);
            let column = &rows.x.as_slice()[j * rows.x.nrows()..][range.clone()];
            for (out, &x) in out.iter_mut().zip(column) {
                *out = (x - center) * factor;
            }
        }
        let share = T::of(1.0 / rows.total_weight);
        let factor = block.residuals.as_mut_slice();
        let mut pairs = self.pairs.iter_mut();
        for a in 0..coordinates.columns {
            for b in 0..=a {
                let (p, q) = if coordinates.columns == 1 { (0, 1) } else { (a, b) };
                for (row, h) in factor[..count].iter_mut().enumerate() {
                    let weight = rows.weights.map_or(share, |w| w[range.start + row] * share);
                    let (p, q) = (self.probabilities[(row, p)], self.probabilities[(row, q)]);
                    *h = weight
                        * if coordinates.columns == 1 {
                            p * q
                        } else if a == b {
                            p * (T::one() - p)
                        } else {
                            -p * q
                        };
                }
                for (out, x) in self.weighted.chunks_exact_mut(count).zip(self.scaled.chunks_exact(count)) {
                    for ((out, &x), &h) in out.iter_mut().zip(x).zip(factor.iter()) {
                        *out = x * h;
                    }
                }
                let Some(pair) = pairs.next() else { return };
                let left = Strided::columns(&self.scaled, count, width);
                let right = Strided::columns(&self.weighted, count, width);
                product_lower(left, right, pair, true, &mut objective.workspace);
            }
        }
    }
}
