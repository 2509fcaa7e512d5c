//! The Hessian of the logistic objective.

use std::ops::Range;

use nalgebra::DMatrix;

use super::blocks::Pass;
use super::coordinates::{Curve, SHARE};
use super::objective::LogisticObjective;
use super::rows::Chunk;
use crate::optim::HasHessian;
use crate::parallel::parts;
use crate::rows::BLOCK_BYTES;
use crate::scalar::Real;
use crate::scalar::{Strided, Workspace, product_lower, vectorize};

/// Scratch memory for the Hessian: a block of centred and scaled rows, and the same block with weights.
#[derive(Default)]
pub(super) struct Curvature<T: Real> {
    scaled: Vec<T>,
    weighted: Vec<T>,
    /// The shares of rows in the total weight.
    shares: Vec<T>,
    /// The shares times second derivatives.
    factor: Vec<T>,
    probabilities: DMatrix<T>,
    complements: DMatrix<T>,
    workspace: Workspace<T>,
}

impl<T: Real> HasHessian<T> for LogisticObjective<'_, T> {
    /// Writes Σ u h x̃ x̃ᵀ / Σ u with h = p (1 - p) for one score column, and h = p_a (δ_ab - p_b) for each
    /// pair a, b of several. x̃ is the centred and scaled row with a 1 for the intercept.
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>) {
        let (columns, width) = (self.coordinates.columns, self.width());
        if self.start_from_cross_products(params, hessian) {
            self.add_penalty(hessian, width);
            return;
        }
        let size = products_size(columns, width);
        let products = self.sum_products(params, size, |pass, (scores, scratch), chunk, sum| {
            scratch.curvature.add(pass, chunk, scores, sum);
        });
        self.write_products(&products, hessian);
        self.give_back(products);
        self.add_penalty(hessian, width);
    }
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Writes the second derivative of the loss where all parameters are zero from the cross products of the
    /// columns, if they are known: all rows have the same probabilities. Returns whether it did.
    fn start_from_cross_products(&self, params: &[T], hessian: &mut DMatrix<T>) -> bool {
        let Some(products) = self.coordinates.cross_products() else { return false };
        if self.problem.rows.shifted || params.iter().any(|p| !p.is_zero()) {
            return false;
        }
        let (features, columns, width) =
            (self.coordinates.features(), self.coordinates.columns, self.width());
        let classes = self.problem.classes as f64;
        let of_pair = |a: usize, b: usize| match (columns, a == b) {
            (1, _) => 0.25,
            (_, true) => (1.0 - 1.0 / classes) / classes,
            _ => -1.0 / (classes * classes),
        };
        // Columns are centred, so their products with the intercept are zero.
        let product = |i: usize, j: usize| match (i < features, j < features) {
            (true, true) => products[i.max(j) * features + i.min(j)],
            (false, false) => 1.0,
            _ => 0.0,
        };
        for (a, b) in (0..columns).flat_map(|a| (0..columns).map(move |b| (a, b))) {
            for (i, j) in (0..width).flat_map(|i| (0..width).map(move |j| (i, j))) {
                hessian[(self.index(i, a), self.index(j, b))] = T::of(of_pair(a, b) * product(i, j));
            }
        }
        true
    }

    /// Writes sums of products x̃ x̃ᵀ for all pairs of score columns, as [`Curvature`] collects them.
    pub(super) fn write_products(&self, products: &[T], matrix: &mut DMatrix<T>) {
        let width = self.width();
        for a in 0..self.coordinates.columns {
            for b in 0..=a {
                let pair = &products[(a * (a + 1) / 2 + b) * width * width..][..width * width];
                for j in 0..width {
                    for i in j..width {
                        let h = pair[j * width + i];
                        for (i, j) in [(i, j), (j, i)] {
                            let (row, column) = (self.index(i, a), self.index(j, b));
                            (matrix[(row, column)], matrix[(column, row)]) = (h, h);
                        }
                    }
                }
            }
        }
    }

    /// Returns the index of the parameter of feature `i` (or of the intercept, after the features) for score
    /// column `column`.
    pub(super) fn index(&self, i: usize, column: usize) -> usize {
        let features = self.coordinates.features();
        if i < features { column * features + i } else { features * self.coordinates.columns + column }
    }

    /// Adds the second derivative of the L2 penalty, and some curvature to the parameters of columns that take
    /// no part. They stay zero, because their gradient is.
    fn add_l2_curvature(&self, hessian: &mut DMatrix<T>) {
        let features = self.coordinates.features();
        let penalty = self.coordinates.l2_curvature(self.problem.penalty);
        for k in 0..self.coordinates.columns {
            match &penalty {
                Curve::Diagonal(bends) => {
                    for (i, &bend) in bends.iter().enumerate() {
                        let at = self.index(i, k);
                        hessian[(at, at)] += bend;
                    }
                }
                Curve::Full(entries) => {
                    for (i, j) in (0..features).flat_map(|i| (0..features).map(move |j| (i, j))) {
                        hessian[(self.index(i, k), self.index(j, k))] += entries[j * features + i];
                    }
                }
            }
            let bent = |&i: &usize| self.coordinates.takes_part(i) || self.problem.penalty.l2[i] > 0.0;
            for i in (0..features).filter(|i| !bent(i)) {
                let at = self.index(i, k);
                hessian[(at, at)] += T::of(1.0 / SHARE);
            }
        }
    }

    /// Adds the penalty and, for several score columns, curvature along the shifts to which softmax is
    /// invariant. The gradient has no component along them, so the curvature changes no step; it makes the
    /// matrix definite.
    fn add_penalty(&self, hessian: &mut DMatrix<T>, width: usize) {
        let columns = self.coordinates.columns;
        self.add_l2_curvature(hessian);
        for i in 0..width {
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

/// Returns the number of entries of the sums of products for all pairs of score columns.
pub(super) fn products_size(columns: usize, width: usize) -> usize {
    columns * (columns + 1) / 2 * width * width
}

impl<T: Real> Curvature<T> {
    /// Adds the products of the rows of a block, weighted with the second derivatives of their losses.
    fn add(&mut self, pass: &Pass<'_, '_, T>, chunk: &Chunk<'_, T>, scores: &DMatrix<T>, sum: &mut [T]) {
        let mut probabilities = std::mem::take(&mut self.probabilities);
        let mut rest = std::mem::take(&mut self.complements);
        if probabilities.shape() != (chunk.len(), pass.problem.classes) {
            probabilities = DMatrix::zeros(chunk.len(), pass.problem.classes);
        }
        pass.loss.probabilities(scores, &mut probabilities);
        let (p, q) = (&probabilities, &mut rest);
        if pass.coordinates.columns == 1 {
            self.add_squares(pass, chunk, sum, |rows, out| {
                multiply(out, entries(p, 0, &rows), entries(p, 1, &rows), T::one());
            });
        } else {
            complements(p, q);
            self.add_products(pass, chunk, sum, |rows, a, b, out| {
                let right = if a == b { &*q } else { p };
                let sign = if a == b { T::one() } else { -T::one() };
                multiply(out, entries(p, a, &rows), entries(right, b, &rows), sign);
            });
        }
        (self.probabilities, self.complements) = (probabilities, rest);
    }

    /// Adds u h_ab x̃ x̃ᵀ / Σ u for the rows of a block. `h` takes the row in the block, a and b.
    pub(super) fn add_weighted(
        &mut self,
        pass: &Pass<'_, '_, T>,
        chunk: &Chunk<'_, T>,
        sum: &mut [T],
        h: impl Fn(usize, usize, usize) -> T,
    ) {
        self.add_products(pass, chunk, sum, |rows, a, b, out| {
            for (row, out) in rows.zip(out) {
                *out *= h(row, a, b);
            }
        });
    }

    /// Adds u h_ab x̃ x̃ᵀ / Σ u for the rows of a block. `multiply` multiplies the shares u / Σ u of some rows of
    /// the block by h_ab.
    fn add_products(
        &mut self,
        pass: &Pass<'_, '_, T>,
        chunk: &Chunk<'_, T>,
        sum: &mut [T],
        multiply: impl Fn(Range<usize>, usize, usize, &mut [T]),
    ) {
        let (coordinates, columns) = (pass.coordinates, pass.coordinates.columns);
        self.in_parts(pass, chunk, |this, some, width| {
            let count = some.len();
            coordinates.scale_rows(&chunk.part(some.clone()), &mut this.scaled);
            this.scaled.resize(count * width, T::one());
            this.weighted.resize(count * width, T::zero());
            let mut pairs = sum.chunks_exact_mut(width * width);
            for (a, b) in (0..columns).flat_map(|a| (0..=a).map(move |b| (a, b))) {
                let Some(pair) = pairs.next() else { return };
                this.factor.clone_from(&this.shares);
                multiply(some.clone(), a, b, &mut this.factor);
                let weighted = this.weighted.chunks_exact_mut(count).zip(this.scaled.chunks_exact(count));
                weighted.for_each(|(out, x)| set_product(out, x, &this.factor));
                let left = Strided::columns(&this.scaled, count, width);
                let right = Strided::columns(&this.weighted, count, width);
                product_lower(left, right, pair, true, &mut this.workspace);
            }
        });
    }

    /// Adds u h x̃ x̃ᵀ / Σ u for the rows of a block and one score column, where h is not negative. `multiply`
    /// multiplies the shares u / Σ u of some rows of the block by h.
    ///
    /// Both factors of the product are √h x̃, so the block is written once, and the sum is definite.
    fn add_squares(
        &mut self,
        pass: &Pass<'_, '_, T>,
        chunk: &Chunk<'_, T>,
        sum: &mut [T],
        multiply: impl Fn(Range<usize>, &mut [T]),
    ) {
        self.in_parts(pass, chunk, |this, some, width| {
            let count = some.len();
            multiply(some.clone(), &mut this.shares);
            this.shares.iter_mut().for_each(|h| *h = h.sqrt());
            pass.coordinates.weigh_rows(&chunk.part(some), &this.shares, &mut this.scaled);
            let rows = Strided::columns(&this.scaled, count, width);
            product_lower(rows, rows, sum, true, &mut this.workspace);
        });
    }

    /// Calls `each` with the shares u / Σ u of some rows of a block at a time, which rows these are in the block,
    /// and the number of columns of x̃.
    fn in_parts(
        &mut self,
        pass: &Pass<'_, '_, T>,
        chunk: &Chunk<'_, T>,
        mut each: impl FnMut(&mut Self, Range<usize>, usize),
    ) {
        let coordinates = pass.coordinates;
        let width = coordinates.features() + usize::from(coordinates.intercept);
        let share = T::of(1.0 / pass.problem.rows.total_weight);
        // Beside the rows there is a weighted copy for each pair of several score columns.
        let copies = if coordinates.columns == 1 { 1 } else { 2 };
        let most =
            (BLOCK_BYTES / (copies * size_of::<T>() * width.max(1))).clamp(64, 4096).next_multiple_of(16);
        for (some, ()) in parts(chunk.len(), most, ()) {
            self.shares.clear();
            match chunk.weights() {
                Some(weights) => self.shares.extend(weights[some.clone()].iter().map(|&w| w * share)),
                None => self.shares.resize(some.len(), share),
            }
            each(self, some, width);
        }
    }
}

/// Returns some rows of a column.
fn entries<'a, T: Real>(matrix: &'a DMatrix<T>, column: usize, rows: &Range<usize>) -> &'a [T] {
    &matrix.as_slice()[column * matrix.nrows()..][rows.clone()]
}

/// Computes `out = x y`, entry by entry.
fn set_product<T: Real>(out: &mut [T], x: &[T], y: &[T]) {
    vectorize(
        #[inline(always)]
        || {
            for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
                *out = x * y;
            }
        },
    );
}

/// Computes `out = factor out x y`, entry by entry.
fn multiply<T: Real>(out: &mut [T], x: &[T], y: &[T], factor: T) {
    vectorize(
        #[inline(always)]
        || {
            for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
                *out *= factor * (x * y);
            }
        },
    );
}

/// Returns the second derivative of a row's loss with respect to score columns `a` and `b`, from the
/// probabilities p and their complements 1 - p.
pub(super) fn curvature_of<T: Real>(
    p: &DMatrix<T>,
    complements: &DMatrix<T>,
    row: usize,
    a: usize,
    b: usize,
) -> T {
    // One score column has p (1 - p) as well.
    if a == b { p[(row, a)] * complements[(row, a)] } else { -p[(row, a)] * p[(row, b)] }
}

/// Writes 1 - p for each probability as the sum of the others, which keeps its digits where p is nearly 1.
///
/// The second derivatives of softmax are definite only if these digits are right: a row whose class is
/// certain has p (1 - p) on the diagonal, and beside it numbers that are as small.
pub(super) fn complements<T: Real>(probabilities: &DMatrix<T>, out: &mut DMatrix<T>) {
    let (rows, classes) = probabilities.shape();
    if out.shape() != (rows, classes) {
        *out = DMatrix::zeros(rows, classes);
    }
    // Sums from both sides: subtraction would cancel.
    let mut sums = vec![T::zero(); rows];
    for class in 0..classes {
        for ((out, sum), &p) in
            out.column_mut(class).iter_mut().zip(&mut sums).zip(&probabilities.column(class))
        {
            *out = *sum;
            *sum += p;
        }
    }
    sums.fill(T::zero());
    for class in (0..classes).rev() {
        for ((out, sum), &p) in
            out.column_mut(class).iter_mut().zip(&mut sums).zip(&probabilities.column(class))
        {
            *out += *sum;
            *sum += p;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::coordinates::tests::nearly_dependent;
    use super::super::objective::tests::{Data, draw};
    use super::super::problem::{ColumnPenalty, Problem};
    use super::*;
    use crate::examples::ClassExamples;
    use crate::gradcheck::GradCheck;
    use crate::optim::{HessianProduct, Objective};
    use crate::rng::Rng;

    /// Where the solver's columns are combinations of the user's, the penalty couples them.
    #[test]
    fn every_entry_of_a_full_penalty_is_added() {
        let x = nearly_dependent(&mut Rng::new(5));
        let classes: Vec<usize> = (0..60).map(|row| row % 2).collect();
        let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
        let penalty = ColumnPenalty { l1: vec![0.0; 3], l2: vec![3e-11, 1e-10, 2e-9] };
        let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
        let objective = LogisticObjective::new(problem);
        let Curve::Full(entries) = objective.coordinates.l2_curvature(&penalty) else {
            panic!("the columns are nearly dependent")
        };
        let mut hessian = DMatrix::zeros(4, 4);
        objective.add_l2_curvature(&mut hessian);
        assert_eq!(hessian.view((0, 0), (3, 3)), DMatrix::from_vec(3, 3, entries));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// With several score columns the Hessian has extra curvature along the shifts that softmax does not
        /// see; across them it is the second derivative.
        #[test]
        fn the_softmax_hessian_is_the_derivative_across_shifts(
            rows in 2usize..30, features in 1usize..4, lambda in 0.0f64..1.0, weighted: bool, seed: u64,
        ) {
            let (count, mut rng) = (3, Rng::new(seed));
            let data = Data::new(rows, features, count, weighted, &mut rng);
            let mut objective = data.objective(lambda, true);
            let size = objective.parameter_count();
            let params = draw(size, &mut rng);
            let direction = without_shift(&objective, draw(size, &mut rng));
            let mut hessian = DMatrix::zeros(size, size);
            objective.hessian(&params, &mut hessian);
            let product = &hessian * nalgebra::DVector::from_column_slice(&direction);
            let mut along = |t: f64| {
                let moved: Vec<f64> = params.iter().zip(&direction).map(|(p, d)| p + t * d).collect();
                let mut gradient = vec![0.0; size];
                objective.evaluate(&moved, &mut gradient);
                gradient
            };
            let h = 1e-3;
            let (a, b, c, d) = (along(-2.0 * h), along(-h), along(h), along(2.0 * h));
            for i in 0..size {
                let numeric = (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / (12.0 * h);
                prop_assert!((numeric - product[i]).abs() <= 1e-9 + 1e-7 * numeric.abs(), "{i}: {numeric} {}", product[i]);
            }
        }
    }

    /// Subtracts the mean over the score columns from each column's parameters: such shifts change no
    /// probability, and the Hessian has curvature of its own along them.
    fn without_shift(objective: &LogisticObjective<'_, f64>, mut direction: Vec<f64>) -> Vec<f64> {
        let columns = objective.coordinates.columns;
        for i in 0..objective.width() {
            let indices: Vec<usize> = (0..columns).map(|k| objective.index(i, k)).collect();
            let mean = indices.iter().map(|&at| direction[at]).sum::<f64>() / columns as f64;
            indices.iter().for_each(|&at| direction[at] -= mean);
        }
        direction
    }

    /// With offsets, rows differ where all parameters are zero.
    #[test]
    fn offsets_bend_the_objective_at_zero() {
        let mut rng = Rng::new(35);
        let data = Data::new(40, 3, 2, true, &mut rng);
        let offset = DMatrix::from_fn(40, 1, |_, _| 2.0 * rng.standard_normal());
        let mut objective = data.objective_with(0.1, true, Some(offset.as_view()));
        assert!(objective.coordinates.cross_products().is_some());
        GradCheck::new().hessian(&mut objective, &[0.0; 4]).unwrap();
    }

    /// More rows than a part of a block has: the Hessian is that of its products with vectors.
    #[test]
    fn parts_of_blocks_add_up() {
        let mut rng = Rng::new(34);
        for count in [2, 3] {
            let data = Data::new(1500, 60, count, true, &mut rng);
            let mut objective = data.objective(0.1, true);
            let size = objective.parameter_count();
            let params = draw(size, &mut rng);
            let mut vector = draw(size, &mut rng);
            if count > 2 {
                vector = without_shift(&objective, vector);
            }
            let (mut hessian, mut product) = (DMatrix::zeros(size, size), vec![0.0; size]);
            objective.hessian(&params, &mut hessian);
            objective.linearize(&params);
            objective.hessian_product(&vector, &mut product);
            let found = hessian * nalgebra::DVector::from_vec(vector);
            let largest = found.amax();
            approx::assert_abs_diff_eq!(found.as_slice(), product.as_slice(), epsilon = 1e-12 * largest);
        }
    }
}
