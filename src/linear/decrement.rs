//! The Newton decrement: the distance of a point from the optimum, in a measure without units.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::definite;
use super::objective::LogisticObjective;
use super::problem::Problem;
use super::triangle::Triangle;
use crate::optim::{Evaluation, HasHessian, HessianProduct, Objective, condition};
use crate::scalar::Real;
use crate::scalar::{all_finite, axpy, dot};

/// The largest number of parameters for which the second derivative is formed if the solver does not form it.
pub(super) const MATRIX_LIMIT: usize = 256;

/// The largest change of a score, since the second derivative was computed, for which it still serves.
const NEAR: f64 = 0.5;

/// The maximum number of products for one decrement.
const PRODUCTS: usize = 500;

/// The part of the squared decrement that conjugate gradients may leave: the step then reduces the decrement
/// by a factor of about three thousand.
const LEFT: f64 = 1e-7;

/// A second derivative H that measures gradients: the length of g is √(gᵀH⁻¹g).
struct Metric<T: Real> {
    /// The point at which it was computed.
    point: Vec<T>,
    hessian: DMatrix<T>,
    /// The factor, once it was needed; `None` inside if the matrix is not safely definite.
    factor: Option<Option<Cholesky<f64, Dyn>>>,
}

impl<T: Real> Metric<T> {
    fn factor(&mut self) -> Option<&Cholesky<f64, Dyn>> {
        let hessian = &self.hessian;
        let factor = || {
            let mut full: DMatrix<f64> = hessian.map(Real::as_f64);
            full.fill_upper_triangle_with_lower_triangle();
            definite::factor(full, T::EPSILON.as_f64())
        };
        self.factor.get_or_insert_with(factor).as_ref()
    }

    /// Returns the length of a gradient, and H⁻¹ times it.
    fn measure(&mut self, gradient: &[T]) -> Option<(f64, Vec<T>)> {
        let factor = self.factor()?;
        let right = DVector::from_iterator(gradient.len(), gradient.iter().map(|g| g.as_f64()));
        let half = factor.l_dirty().solve_lower_triangular(&right)?;
        let length = half.norm();
        let step = factor.l_dirty().tr_solve_lower_triangular(&half)?;
        let step: Vec<T> = step.iter().map(|&d| T::of(d)).collect();
        (length.is_finite() && all_finite(&step)).then_some((length, step))
    }
}

/// An objective whose optimality is its Newton decrement √(gᵀH⁻¹g).
///
/// # Method
/// The largest entry of the gradient, each divided by the root of a bound on its curvature, is at most the
/// decrement. Where it is above the tolerance, so is the decrement, and nothing else is computed. Otherwise
/// the decrement is computed with the second derivative at this point, or at one so near that no score
/// differs by more than 1/2: the second derivative is then at most a factor of e^(1/2) smaller (e for several
/// classes), which is included. With too many parameters for the matrix, conjugate gradients estimate the
/// decrement.
///
/// # References
/// Boyd and Vandenberghe (2004), *Convex Optimization*, section 9.5; Bach (2010), "Self-concordant analysis
/// for logistic regression", for the second derivative nearby; Golub and Meurant (2010), *Matrices, Moments
/// and Quadrature*, for the estimate by conjugate gradients.
pub(super) struct Certified<'a, 'b, T: Real> {
    pub(super) objective: &'a mut LogisticObjective<'b, T>,
    /// The decrement of an optimum.
    pub(super) tolerance: f64,
    /// The decrement at which a run ends and the last Newton steps begin.
    near: f64,
    metric: Option<Metric<T>>,
    /// The root of a bound on the curvature of each parameter.
    roots: Vec<f64>,
    /// The ratio of the decrement to the lower bound where both were last computed.
    ratio: f64,
    /// What to do when the classes seem separable.
    doubt: Doubt,
    /// Whether the fit may take steps.
    pub(super) may_move: bool,
    /// Whether there are columns without a penalty.
    pub(super) unpenalized: bool,
    /// The mean loss below which every row is classified correctly; 0 if that would prove nothing.
    separated: f64,
    /// Whether the run was stopped because of doubt.
    pub(super) doubted: bool,
    /// The last point that was measured.
    last: Option<Measured<T>>,
    /// The point at which conjugate gradients last solved, and the reciprocal of the smallest curvature that
    /// they saw, in units of the preconditioner.
    flattest: Option<(Vec<T>, f64)>,
}

/// A point with its evaluation, gradient, and what [`Certified::measure`] returned.
pub(super) struct Measured<T> {
    pub(super) params: Vec<T>,
    pub(super) gradient: Vec<T>,
    pub(super) evaluation: Evaluation,
    pub(super) measure: Option<(f64, Vec<T>)>,
}

/// What a run does where the second derivative is so small along some direction that the classes may be
/// separable: there would be no optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It stops once the gradient is within the tolerance, so that the question is decided first.
    Stops,
    /// Such a place was reached in a run that stops.
    Grown,
    /// It goes on until the decrement is within the tolerance.
    Ignored,
}

/// The ratio of the decrement to its lower bound beyond which a run is in doubt: curvatures are a thousandth
/// of their bounds, as they are for rows that are classified with near certainty.
const DOUBTFUL: f64 = 30.0;

/// A loss that leaves room for rounding errors.
const HALF_OF_LN_2: f64 = 0.5 * std::f64::consts::LN_2;

impl<'a, 'b, T: Real> Certified<'a, 'b, T> {
    /// Creates the objective for a run that ends at a decrement of `near`, at least `tolerance`.
    pub(super) fn new(
        objective: &'a mut LogisticObjective<'b, T>,
        tolerance: f64,
        near: f64,
        doubt: Doubt,
    ) -> Self {
        let roots = objective.curvature_roots();
        let none = vec![T::zero(); objective.slopes.len()];
        let free = objective.coordinates.free(objective.problem.penalty, &none, tolerance);
        let unpenalized = !free.is_empty();
        let doubt = if unpenalized { doubt } else { Doubt::Ignored };
        let separated = if doubt == Doubt::Stops { objective.loss_of_separation() } else { 0.0 };
        Certified {
            objective,
            tolerance,
            near,
            metric: None,
            roots,
            ratio: 1.0,
            doubt,
            unpenalized,
            may_move: true,
            separated,
            doubted: false,
            last: None,
            flattest: None,
        }
    }

    /// Returns a lower bound of the decrement.
    fn lower_bound(&self, gradient: &[T]) -> f64 {
        self.roots.iter().zip(gradient).fold(0.0, |largest: f64, (&root, g)| {
            let g = g.as_f64().abs();
            let bound = if g == 0.0 { 0.0 } else { g / root };
            if bound > largest || bound.is_nan() { bound } else { largest }
        })
    }

    /// Returns a lower bound of the decrement that the cross products of the columns give, if they are known:
    /// the second derivative of the loss is at most a quarter of them (half for several classes).
    fn tight_bound(&self, gradient: &[T]) -> f64 {
        let coordinates = &self.objective.coordinates;
        let Some(triangle) = coordinates.triangle() else { return 0.0 };
        let mut whitened = gradient.to_vec();
        if coordinates.rotation().is_none() {
            triangle.solve_transposed(&mut whitened[..self.objective.slopes.len()]);
        }
        let largest = if coordinates.columns == 1 { 0.25f64 } else { 0.5 };
        (dot(&whitened, &whitened).as_f64() / largest).sqrt()
    }

    /// Returns the decrement at `params`, where the gradient is known, and the Newton step from there.
    pub(super) fn measure(&mut self, params: &[T], gradient: &[T]) -> Option<(f64, Vec<T>)> {
        self.measure_within(params, gradient, f64::INFINITY)
    }

    /// Returns what [`measure`](Self::measure) does, or a number above `limit` if the decrement is certainly
    /// above it.
    fn measure_within(&mut self, params: &[T], gradient: &[T], limit: f64) -> Option<(f64, Vec<T>)> {
        if params.len() > MATRIX_LIMIT && self.metric.is_none() {
            return self.by_products(params, gradient, limit);
        }
        if let Some(metric) = &self.metric {
            let change = self.objective.score_change(&metric.point, params);
            let exponent = if self.objective.coordinates.columns == 1 { 0.5 * change } else { change };
            if change <= NEAR {
                let measured = self.metric.as_mut().and_then(|metric| metric.measure(gradient));
                return measured.map(|(length, step)| (length * exponent.exp(), step));
            }
            if params.len() > MATRIX_LIMIT {
                return self.by_products(params, gradient, limit);
            }
        }
        self.renew(params, gradient)
    }

    /// Evaluates and measures a point, unless it was the last one.
    pub(super) fn measured(&mut self, params: &[T]) -> Measured<T> {
        match self.last.take() {
            Some(last) if last.params == params => last,
            _ => {
                let mut gradient = vec![T::zero(); params.len()];
                let evaluation = self.objective.evaluate(params, &mut gradient);
                let measure = self.measure(params, &gradient);
                Measured { params: params.to_vec(), gradient, evaluation, measure }
            }
        }
    }

    /// Returns whether the second derivative was computed at another point.
    pub(super) fn is_stale(&self, params: &[T]) -> bool {
        self.metric.as_ref().is_some_and(|metric| metric.point != params)
    }

    /// Returns what [`measure`](Self::measure) does, with the second derivative at this point.
    pub(super) fn renew(&mut self, params: &[T], gradient: &[T]) -> Option<(f64, Vec<T>)> {
        let mut hessian = DMatrix::zeros(params.len(), params.len());
        self.objective.hessian(params, &mut hessian);
        let metric = self.metric.insert(Metric { point: params.to_vec(), hessian, factor: None });
        metric.measure(gradient)
    }

    /// Estimates the decrement by conjugate gradients, and returns the step that they find.
    ///
    /// The sum over the steps grows towards the square of the decrement. The rest is estimated from the
    /// residual and the smallest curvature seen, which also serves for points nearby. The sum is a lower
    /// bound, so the iteration ends early where it is above the square of `limit`.
    fn by_products(&mut self, params: &[T], gradient: &[T], limit: f64) -> Option<(f64, Vec<T>)> {
        let triangle = self.objective.coordinates.preconditioner().cloned();
        let slopes = self.objective.slopes.len();
        let mut residual = gradient.to_vec();
        let mut descent = divided(&triangle, slopes, &residual);
        let mut squared = dot(&residual, &descent).as_f64();
        if let Some((point, longest)) = &self.flattest {
            let length = (longest * squared).sqrt();
            if length <= self.tolerance && self.objective.score_change(point, params) <= NEAR {
                return Some((length, vec![T::zero(); params.len()]));
            }
        }
        self.objective.linearize(params);
        let mut step = vec![T::zero(); params.len()];
        let mut product = step.clone();
        let mut conjugate = descent.clone();
        let (mut sum, mut longest) = (0.0, 0.0f64);
        for _ in 0..PRODUCTS {
            let done = sum > 0.0 && longest * squared <= LEFT * sum;
            if done || squared <= 0.0 {
                break;
            }
            if sum.sqrt() > limit {
                return all_finite(&step).then(|| (sum.sqrt(), step));
            }
            self.objective.hessian_product(&conjugate, &mut product);
            let length = squared / dot(&conjugate, &product).as_f64();
            if !(length > 0.0 && length.is_finite() && squared.is_finite()) {
                return None;
            }
            axpy(T::of(length), &conjugate, &mut step);
            axpy(T::of(-length), &product, &mut residual);
            sum += length * squared;
            longest = longest.max(length);
            descent = divided(&triangle, slopes, &residual);
            let next = dot(&residual, &descent).as_f64();
            let turn = T::of(next / squared);
            conjugate.iter_mut().zip(&descent).for_each(|(p, &z)| *p = z + turn * *p);
            squared = next;
        }
        self.flattest = Some((params.to_vec(), longest));
        let length = (sum + longest * squared.max(0.0)).sqrt();
        (length.is_finite() && all_finite(&step)).then_some((length, step))
    }

    /// Returns the condition number of the second derivative where it was last computed, for columns of unit
    /// scale.
    pub(super) fn condition(&self) -> Option<f64> {
        let metric = self.metric.as_ref()?;
        Some(condition(&self.objective.without_rotation(&metric.hessian)))
    }

    /// Returns the decrement that rounding errors can cause at `params`, in a model with these slopes and
    /// scores at the centre.
    pub(super) fn rounding(&mut self, params: &[T], slopes: &[T], shifts: &[T]) -> Option<f64> {
        let (of_scores, terms) = self.objective.rounding(params, slopes, shifts);
        let limit = match self.metric.as_mut().map(Metric::factor) {
            Some(Some(factor)) => {
                let inverse = factor.inverse();
                let roots: Vec<f64> = inverse.diagonal().iter().map(|h| h.sqrt().recip()).collect();
                rounding_limit(of_scores, &terms, &roots)
            }
            Some(None) => return None,
            None => rounding_limit(of_scores, &terms, &self.roots),
        };
        limit.is_finite().then_some(limit)
    }
}

/// The number of rounding errors of the largest size that may add up.
const ROUNDING: f64 = 8.0;

/// Returns the decrement that rounding can cause, from that of the scores, the rounding errors of the
/// gradient, and the root of the curvature of each parameter.
pub(super) fn rounding_limit(of_scores: f64, terms: &[f64], roots: &[f64]) -> f64 {
    let part = |(&term, &root): (&f64, &f64)| if term == 0.0 { 0.0 } else { (term / root).powi(2) };
    ROUNDING * (of_scores + terms.iter().zip(roots).map(part).sum::<f64>().sqrt())
}

/// Returns (RᵀR)⁻¹ times a vector, for each score column; intercepts stay.
fn divided<T: Real>(triangle: &Option<Triangle<T>>, slopes: usize, vector: &[T]) -> Vec<T> {
    let mut vector = vector.to_vec();
    if let Some(triangle) = triangle {
        triangle.solve_transposed(&mut vector[..slopes]);
        triangle.solve(&mut vector[..slopes]);
    }
    vector
}

impl<T: Real> Objective<T> for Certified<'_, '_, T> {
    fn parameter_count(&self) -> usize {
        self.objective.parameter_count()
    }

    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation {
        let evaluation = self.objective.evaluate(params, gradient);
        if evaluation.value < self.separated && self.may_move {
            self.doubted = true;
            return evaluation.optimality(0.0);
        }
        let bound = self.lower_bound(gradient);
        let threshold = if self.doubt == Doubt::Grown { 2.0 * self.tolerance } else { self.near };
        let above = self.ratio * bound > threshold;
        // In doubt, the run goes on until the gradient is small, whatever the decrement.
        let least = if self.doubt == Doubt::Grown { 2.0 * self.near } else { 0.0 };
        if bound.is_nan() {
            return evaluation.optimality(bound);
        }
        if above || !evaluation.value.is_finite() {
            return evaluation.optimality((self.ratio * bound).max(least));
        }
        let tight = self.tight_bound(gradient).max(bound);
        if tight > threshold {
            self.ratio = self.ratio.max(tight / bound);
            return evaluation.optimality(tight.max(least));
        }
        // Without a measure, report a large finite number: infinity would mean that the objective diverged.
        let measure = self.measure_within(params, gradient, self.near);
        let decrement = measure.as_ref().map_or(f64::MAX, |(decrement, _)| *decrement);
        let (params, gradient) = (params.to_vec(), gradient.to_vec());
        self.last = Some(Measured { params, gradient, evaluation, measure });
        if self.doubt != Doubt::Ignored && decrement > (DOUBTFUL * tight).max(self.tolerance) {
            // In standard deviations of the columns, the gradient is half of the bound.
            if bound <= 2.0 * self.tolerance {
                self.doubted = true;
                return evaluation.optimality(bound);
            }
            // Wait until the gradient is within the tolerance.
            self.doubt = Doubt::Grown;
            self.ratio = 1.0;
            return evaluation.optimality(decrement.max(2.0 * self.near));
        }
        if decrement > threshold && bound > 0.0 && decrement < f64::MAX {
            self.ratio = (decrement / bound).max(1.0);
        }
        evaluation.optimality(decrement)
    }
}

impl<T: Real> HasHessian<T> for Certified<'_, '_, T> {
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>) {
        self.objective.hessian(params, hessian);
        let metric = self.metric.get_or_insert_with(|| Metric {
            point: params.to_vec(),
            hessian: DMatrix::zeros(0, 0),
            factor: None,
        });
        metric.point.copy_from_slice(params);
        metric.hessian.clone_from(hessian);
        metric.factor = None;
    }

    fn is_exact(&self) -> bool {
        self.objective.is_exact()
    }
}

impl<T: Real> HessianProduct<T> for Certified<'_, '_, T> {
    fn linearize(&mut self, params: &[T]) {
        self.objective.linearize(params);
    }

    fn hessian_product(&mut self, vector: &[T], out: &mut [T]) {
        self.objective.hessian_product(vector, out);
    }
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Returns a mean loss below which the slopes and intercepts separate the classes, or 0 if there are
    /// penalties or offsets: no row whose loss is below ln 2 is misclassified.
    fn loss_of_separation(&self) -> f64 {
        let Problem { rows, offset, penalty, .. } = self.problem;
        if offset.is_some() || !penalty.is_none() {
            return 0.0;
        }
        let weight = |row: usize| rows.weights.map_or(1.0, |weights| weights[row].as_f64());
        let counted = (0..rows.x.nrows()).filter(|&row| rows.counts(row));
        let smallest = counted.map(weight).fold(f64::INFINITY, f64::min);
        HALF_OF_LN_2 * smallest / rows.total_weight
    }

    /// Returns the root of an upper bound of the second derivative in each parameter: a quarter of the mean
    /// square of its column, plus the penalty.
    pub(super) fn curvature_roots(&self) -> Vec<f64> {
        let coordinates = &self.coordinates;
        let penalty = coordinates.l2_diagonal(self.problem.penalty);
        let bound = |j: usize| (0.25 * coordinates.mean_square(j) + penalty[j]).sqrt();
        let slopes = (0..coordinates.columns).flat_map(|_| (0..coordinates.features()).map(bound));
        let shifts = if coordinates.intercept { coordinates.columns } else { 0 };
        slopes.chain(std::iter::repeat_n(0.5, shifts)).collect()
    }

    /// Returns the largest change of a score between two points, or a bound of it that is small enough.
    fn score_change(&mut self, from: &[T], to: &[T]) -> f64 {
        let difference: Vec<T> = to.iter().zip(from).map(|(&to, &from)| to - from).collect();
        if difference.iter().all(|d| d.is_zero()) {
            return 0.0;
        }
        if let Some(longest) = self.coordinates.longest_row() {
            let bound = longest * dot(&difference, &difference).as_f64().sqrt();
            if bound <= NEAR {
                return bound;
            }
        }
        self.load(&difference);
        let mut largest = 0.0f64;
        self.pass(false, |problem, range, block| {
            for column in block.scores.as_slice().chunks_exact(range.len()) {
                for (row, z) in range.clone().zip(column) {
                    let z = z.as_f64().abs();
                    if problem.rows.counts(row) && (z > largest || z.is_nan()) {
                        largest = if z.is_nan() { f64::INFINITY } else { z };
                    }
                }
            }
        });
        largest
    }

    /// Returns a second derivative in the coordinates without the division of rows by a triangle.
    fn without_rotation(&self, hessian: &DMatrix<T>) -> DMatrix<f64> {
        let mut full: DMatrix<f64> = hessian.map(Real::as_f64);
        full.fill_upper_triangle_with_lower_triangle();
        let Some(triangle) = self.coordinates.rotation() else { return full };
        let slopes = self.slopes.len();
        // Rᵀ H R: first the columns, then the rows.
        for _ in 0..2 {
            for mut column in full.column_iter_mut() {
                let mut narrow: Vec<T> = column.iter().map(|&h| T::of(h)).collect();
                triangle.multiply_transposed(&mut narrow[..slopes]);
                column.iter_mut().zip(&narrow).for_each(|(h, n)| *h = n.as_f64());
            }
            full.transpose_mut();
        }
        full
    }
}

#[cfg(test)]
mod tests {
    use super::super::objective::tests::{Data, draw};
    use super::*;
    use crate::rng::Rng;

    /// The decrement from the matrix, nearby, and by conjugate gradients, against its definition.
    #[test]
    fn decrements_agree_with_their_definition() {
        let mut rng = Rng::new(12);
        for (count, lambda, intercept) in [(2, 0.0, true), (2, 0.3, false), (3, 0.0, true), (4, 0.01, true)] {
            let data = Data::new(60, 4, count, true, &mut rng);
            let mut objective = data.objective(lambda, intercept);
            let size = objective.parameter_count();
            let params: Vec<f64> = draw(size, &mut rng).iter().map(|p| 0.3 * p).collect();
            let params = balanced(&objective, params);
            let mut gradient = vec![0.0; size];
            objective.evaluate(&params, &mut gradient);
            let mut hessian = DMatrix::zeros(size, size);
            objective.hessian(&params, &mut hessian);
            let g = DVector::from_column_slice(&gradient);
            let step = hessian.clone().cholesky().unwrap().solve(&g);
            let wanted = g.dot(&step).sqrt();

            let mut certified = Certified::new(&mut objective, 1e-8, 1e-8, Doubt::Ignored);
            let bound = certified.lower_bound(&gradient).max(certified.tight_bound(&gradient));
            assert!(0.1 * wanted < bound && bound <= wanted * (1.0 + 1e-12), "{bound:e}, {wanted:e}");
            for (found, tolerance) in [
                (certified.by_products(&params, &gradient, f64::INFINITY), 1e-3),
                (certified.renew(&params, &gradient), 1e-12),
                (certified.measure(&params, &gradient), 1e-12),
            ] {
                let (found, toward) = found.unwrap();
                approx::assert_relative_eq!(found, wanted, max_relative = tolerance);
                let apart = (DVector::from_vec(toward) - &step).norm();
                assert!(apart <= 100.0 * tolerance * step.norm(), "{count}: {apart:e}");
            }
            // From a second derivative nearby it is an upper bound, and not a loose one.
            let near: Vec<f64> = params.iter().map(|p| p * 1.01).collect();
            objective.evaluate(&near, &mut gradient);
            let mut certified = Certified::new(&mut objective, 1e-8, 1e-8, Doubt::Ignored);
            certified.renew(&params, &gradient);
            let (above, _) = certified.measure(&near, &gradient).unwrap();
            let (exact, _) = certified.renew(&near, &gradient).unwrap();
            assert!((1.0..2.0).contains(&(above / exact)), "{above:e}, {exact:e}");
        }
    }

    /// Centres slopes and intercepts over the score columns, as every gradient is.
    fn balanced(objective: &LogisticObjective<'_, f64>, mut params: Vec<f64>) -> Vec<f64> {
        let columns = objective.coordinates.columns;
        if columns == 1 {
            return params;
        }
        let terms = params.len() / columns;
        for i in 0..terms {
            let at: Vec<usize> = (0..columns).map(|k| objective.index(i, k)).collect();
            let mean = at.iter().map(|&at| params[at]).sum::<f64>() / columns as f64;
            at.iter().for_each(|&at| params[at] -= mean);
        }
        params
    }
}
