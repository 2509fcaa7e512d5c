//! The second derivative of the penalised objective: the information in its place, and exact products.

use nalgebra::DMatrix;

use super::JeffreysObjective;
use super::leverage::{Leverage, blocks};
use super::slopes::Slopes;
use crate::linear::curvature::products_size;
use crate::linear::products::weigh;
use crate::optim::{HasHessian, HessianProduct, Objective};
use crate::parallel::zeros;
use crate::scalar::Real;

impl<T: Real> HasHessian<T> for JeffreysObjective<'_, '_, T> {
    /// Writes the Fisher information in place of the second derivative.
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>) {
        self.linearize(params);
        hessian.copy_from(&self.information);
    }

    fn is_exact(&self) -> bool {
        false
    }

    fn exact_products(&mut self) -> Option<&mut dyn HessianProduct<T>> {
        Some(self)
    }
}

impl<T: Real> HessianProduct<T> for JeffreysObjective<'_, '_, T> {
    fn linearize(&mut self, params: &[T]) {
        // Minimisers ask for products at the last evaluated point, which is ready.
        if self.at.point != params {
            self.evaluate(params, &mut vec![T::zero(); params.len()]);
        }
    }

    /// Writes the product, or NaN if the information is singular.
    ///
    /// # Formula
    /// Along a vector whose scores are s, the information changes by İ = Σ u Ẇ x̃ x̃ᵀ, with Ẇ_ab = δ_ab ṗ_a -
    /// ṗ_a p_b - p_a ṗ_b and ṗ = W s. The forms Q change by -x̃ᵀ I⁻¹ İ I⁻¹ x̃. One pass computes İ, another
    /// the change of the gradient.
    fn hessian_product(&mut self, vector: &[T], out: &mut [T]) {
        let Self { inner, at, .. } = self;
        let Some(inverse) = &at.inverse else { return out.fill(T::of(f64::NAN)) };
        let columns = inner.coordinates.columns;
        let probabilities = std::mem::take(&mut inner.probabilities);
        let size = products_size(columns, inner.width());
        inner.load(vector);
        let products = inner.sum_plain(
            size,
            |old| zeros(old, size),
            |pass, (block, scratch), chunk, sum| {
                let p = probabilities.block(chunk.places());
                let scores = &block.scores;
                // The changes of the probabilities: of both classes if there is one column.
                let mut moves = DMatrix::zeros(chunk.len(), columns);
                for row in (0..chunk.len()).filter(|&row| chunk.counts(row)) {
                    if columns == 1 {
                        moves[(row, 0)] = p[(row, 0)] * p[(row, 1)] * scores[(row, 0)];
                        continue;
                    }
                    let mean = (0..columns).fold(T::zero(), |sum, b| sum + p[(row, b)] * scores[(row, b)]);
                    for a in 0..columns {
                        moves[(row, a)] = p[(row, a)] * (scores[(row, a)] - mean);
                    }
                }
                scratch.curvature.add_weighted(pass, chunk, sum, |row, a, b| {
                    if columns == 1 {
                        return (p[(row, 0)] - p[(row, 1)]) * moves[(row, 0)];
                    }
                    let both = moves[(row, a)] * p[(row, b)] + p[(row, a)] * moves[(row, b)];
                    if a == b { moves[(row, a)] - both } else { -both }
                });
            },
        );
        let mut change = DMatrix::zeros(vector.len(), vector.len());
        inner.write_products(&products, &mut change);
        let blocks = blocks(inner, &-(inverse * change * inverse));
        let scale = T::of(1.0 / inner.problem.rows.total_weight);
        inner.gather((), |pass, chunk, block, ()| {
            let first = pass.problem.rows.own().start;
            let (rows, p) = (
                chunk.places().start - first..chunk.places().end - first,
                probabilities.block(chunk.places()),
            );
            weigh(chunk, scale, p, &block.scores, &mut block.residuals);
            let pairs = blocks.len();
            let mut changes = vec![T::zero(); chunk.len() * pairs];
            Leverage::default().forms(chunk, pass.coordinates, &blocks, &mut changes);
            let (mut slopes, forms) = (Slopes::default(), &at.forms[rows.start * pairs..rows.end * pairs]);
            for row in 0..chunk.len() {
                if !chunk.counts(row) {
                    block.residuals.row_mut(row).fill(T::zero());
                    continue;
                }
                let share = chunk.weights().map_or(T::one(), |w| w[row]) * scale * scale;
                slopes.load(p, forms, row, columns);
                let change = &changes[row * pairs..(row + 1) * pairs];
                let moved = slopes.change(|a| block.scores[(row, a)], change);
                for (a, &change) in moved.iter().enumerate() {
                    block.residuals[(row, a)] -= T::of(0.5) * share * change;
                }
            }
            0.0
        });
        inner.probabilities = probabilities;
        inner.finish_gradient(out);
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DVector;
    use proptest::prelude::*;

    use super::*;
    use crate::examples::ClassExamples;
    use crate::linear::objective::LogisticObjective;
    use crate::linear::objective::tests::{Data, draw};
    use crate::linear::problem::{ColumnPenalty, Problem};
    use crate::rng::Rng;

    /// Returns the product with the exact second derivative at `params`.
    fn product<T: Real>(objective: &mut JeffreysObjective<'_, '_, T>, params: &[T], vector: &[T]) -> Vec<T> {
        let mut out = vec![T::zero(); params.len()];
        objective.linearize(params);
        objective.hessian_product(vector, &mut out);
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn products_are_differences_of_the_gradient(
            rows in 12usize..40, features in 1usize..4, count in 2usize..6, intercept: bool, weighted: bool,
            shifted: bool, seed: u64,
        ) {
            let mut rng = Rng::new(seed);
            let data = Data::new(rows, features, count, weighted, &mut rng);
            let columns = if count == 2 { 1 } else { count };
            let offset = DMatrix::from_fn(rows, columns, |_, _| rng.standard_normal());
            let offset = shifted.then(|| offset.as_view());
            let mut inner = data.objective_with(0.0, intercept, offset);
            let size = inner.parameter_count();
            let params: Vec<f64> = draw(size, &mut rng).iter().map(|p| 0.3 * p).collect();
            let vector = draw(size, &mut rng);
            let mut objective = JeffreysObjective::new(&mut inner, &params).unwrap();
            let product = product(&mut objective, &params, &vector);
            let mut along = |t: f64| {
                let moved: Vec<f64> = params.iter().zip(&vector).map(|(p, v)| p + t * v).collect();
                let mut gradient = vec![0.0; size];
                objective.evaluate(&moved, &mut gradient);
                DVector::from_vec(gradient)
            };
            let h = 1e-3;
            let numeric = ((along(h) - along(-h)) * 8.0 - (along(2.0 * h) - along(-2.0 * h))) / (12.0 * h);
            let size = numeric.amax();
            for (product, numeric) in product.iter().zip(&numeric) {
                prop_assert!((product - numeric).abs() <= 1e-6 * size, "{product} {numeric}");
            }
        }
    }

    #[test]
    fn products_in_single_precision_are_those_in_double() {
        let mut rng = Rng::new(4);
        for count in [2, 4] {
            let x = DMatrix::from_fn(60, 3, |_, _| rng.standard_normal() as f32);
            let classes: Vec<usize> = (0..60).map(|row| row % count).collect();
            let penalty = ColumnPenalty::none(3);
            let wide = x.map(f64::from);
            let rows = ClassExamples::new((&x).into(), classes.as_slice(), None).unwrap();
            let problem = Problem { rows: rows.into(), classes: count, intercept: true, penalty: &penalty };
            let mut narrow = LogisticObjective::new(problem);
            let rows = ClassExamples::new((&wide).into(), classes.as_slice(), None).unwrap();
            let problem = Problem { rows: rows.into(), classes: count, intercept: true, penalty: &penalty };
            let mut inner = LogisticObjective::new(problem);
            let size = inner.parameter_count();
            let params: Vec<f32> = draw(size, &mut rng).iter().map(|&p| 0.3 * p as f32).collect();
            let vector: Vec<f32> = draw(size, &mut rng).iter().map(|&v| v as f32).collect();
            let of = |vector: &[f32]| -> Vec<f64> { vector.iter().map(|&v| f64::from(v)).collect() };
            let mut objective = JeffreysObjective::new(&mut narrow, &params).unwrap();
            let found = of(&product(&mut objective, &params, &vector));
            let mut objective = JeffreysObjective::new(&mut inner, &of(&params)).unwrap();
            let wanted = product(&mut objective, &of(&params), &of(&vector));
            let size = DVector::from_vec(wanted.clone()).amax();
            for (found, wanted) in found.iter().zip(&wanted) {
                assert!((found - wanted).abs() <= 1e-5 * size, "{found} {wanted}");
            }
        }
    }
}
