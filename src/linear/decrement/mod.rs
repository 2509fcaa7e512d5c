//! The Newton decrement: the distance of a point from the optimum, in a measure without units.

mod bounds;
mod estimate;
mod lanczos;
mod metric;
mod rounding;
mod run;

use nalgebra::DMatrix;

use self::estimate::{FORMED, PRODUCTS};
use self::metric::Metric;
use super::objective::LogisticObjective;
use crate::optim::{Evaluation, HasHessian, Objective};
use crate::parallel::Sum;
use crate::parallel::wire::wire;
use crate::scalar::{Real, dot};

pub(super) use rounding::rounding_limit;
pub(super) use run::Doubt;

/// The largest number of parameters for which the second derivative is formed if the solver does not form it.
pub(super) const MATRIX_LIMIT: usize = 256;

/// The largest change of a score, since the second derivative was computed, for which it still serves.
const NEAR: f64 = 0.5;

/// An objective whose optimality is its Newton decrement √(gᵀH⁻¹g).
///
/// # Method
/// The largest entry of the gradient, each divided by the root of a bound on its curvature, is at most the
/// decrement. Where it is above the tolerance, so is the decrement, and nothing else is computed. Otherwise
/// the decrement is computed with the second derivative at this point, or at one so near that no score
/// differs by more than 1/2: the second derivative is then at most a factor of e^(1/2) smaller (e for several
/// classes), which is included. With many parameters, conjugate gradients estimate the decrement, and the
/// matrix is formed only if they do not converge.
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
    /// Whether the metric was computed for a measure, not for a step of the solver.
    renewed: bool,
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
    /// Whether a lower bound of the decrement is enough.
    pub(super) rough: bool,
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
            renewed: false,
            roots,
            ratio: 1.0,
            doubt,
            unpenalized,
            may_move: true,
            separated,
            rough: false,
            doubted: false,
            last: None,
            flattest: None,
        }
    }

    /// Returns the decrement at `params`, where the gradient is known, and the Newton step from there.
    pub(super) fn measure(&mut self, params: &[T], gradient: &[T]) -> Option<(f64, Vec<T>)> {
        self.measure_within(params, gradient, f64::INFINITY)
    }

    /// Returns what [`measure`](Self::measure) does, or a number above `limit` if the decrement is certainly
    /// above it.
    fn measure_within(&mut self, params: &[T], gradient: &[T], limit: f64) -> Option<(f64, Vec<T>)> {
        let nearby = self.measure_nearby(params, gradient);
        if let Some(Some(measured)) = nearby {
            return Some(measured);
        }
        let size = params.len();
        // Where each product divides the rows by a triangle, it costs as much as the matrix.
        let rotated = self.objective.coordinates.rotation().is_some();
        let formed = size <= FORMED && nearby.is_none();
        let mut measured = None;
        if formed && size > MATRIX_LIMIT && !rotated {
            measured = self.by_products(params, gradient, limit, size / 2);
        }
        if formed && measured.is_none() {
            measured = self.renew(params, gradient);
        }
        // The matrix may not be safely definite in this arithmetic.
        if size > MATRIX_LIMIT && measured.is_none() {
            measured = self.by_products(params, gradient, limit, PRODUCTS);
        }
        measured
    }

    /// Returns what [`measure`](Self::measure) does, from the second derivative at a point nearby; `None` if
    /// there is none.
    fn measure_nearby(&mut self, params: &[T], gradient: &[T]) -> Option<Option<(f64, Vec<T>)>> {
        let metric = self.metric.as_mut()?;
        let change = self.objective.score_change(&metric.point, params);
        let exponent = if self.objective.coordinates.columns == 1 { 0.5 * change } else { change };
        let measured = |(length, step)| (length * exponent.exp(), step);
        (change <= NEAR).then(|| metric.measure(gradient).map(measured))
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
        self.renewed = true;
        let metric = self.metric.insert(Metric { point: params.to_vec(), hessian, factor: None });
        metric.measure(gradient)
    }
}

impl<T: Real> LogisticObjective<'_, T> {
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
        let Largest(largest) = self.sum_plain(
            1,
            |_| Largest(0.0),
            |_, (block, _), chunk, largest| {
                for column in block.scores.as_slice().chunks_exact(chunk.len()) {
                    let counted = column.iter().enumerate().filter(|&(row, _)| chunk.counts(row));
                    counted.for_each(|(_, z)| largest.add(&Largest(z.as_f64().abs())));
                }
            },
        );
        if largest.is_nan() { f64::INFINITY } else { largest }
    }
}

/// The largest of some numbers, or NaN if one of them is.
struct Largest(f64);

wire!(Largest { 0 });

impl Sum for Largest {
    fn add(&mut self, next: &Self) {
        if next.0 > self.0 || next.0.is_nan() {
            self.0 = next.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DVector;

    use super::super::objective::tests::{Data, draw};
    use super::super::problem::{ColumnPenalty, Problem};
    use super::super::rows::tests::chunk;
    use super::*;
    use crate::examples::ClassExamples;
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
                (certified.by_products(&params, &gradient, f64::INFINITY, PRODUCTS), 1e-3),
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

    /// A second derivative serves as long as no score of a row that counts has changed by more than 1/2.
    #[test]
    fn second_derivatives_serve_nearby_only() {
        let mut rng = Rng::new(13);
        let data = Data::new(60, 3, 2, true, &mut rng);
        let mut objective = data.objective(0.0, true);
        let params = draw(4, &mut rng);
        let mut gradient = vec![0.0; 4];
        objective.evaluate(&params, &mut gradient);
        let mut certified = Certified::new(&mut objective, 1e-8, 1e-8, Doubt::Ignored);
        certified.renew(&params, &gradient);
        for (distance, stale) in [(0.3, true), (0.8, false)] {
            // All scores change by the distance.
            let mut there = params.clone();
            there[3] += distance;
            approx::assert_relative_eq!(
                certified.objective.score_change(&params, &there),
                distance,
                epsilon = 1e-9
            );
            let (found, _) = certified.measure(&there, &gradient).unwrap();
            assert_eq!(certified.is_stale(&there), stale);
            let (fresh, _) = certified.renew(&params, &gradient).unwrap();
            if stale {
                approx::assert_relative_eq!(found, fresh * (0.5 * distance).exp(), max_relative = 1e-9);
            } else {
                let (exact, _) = certified.renew(&there, &gradient).unwrap();
                assert_eq!(found, exact);
            }
        }
    }

    #[test]
    fn rows_without_weight_are_not_asked() {
        let mut rng = Rng::new(15);
        let mut x = DMatrix::from_fn(30, 2, |_, _| rng.standard_normal());
        x[(7, 0)] = 1e3;
        let weights: Vec<f64> = (0..30).map(|row| if row == 7 { 0.0 } else { 1.0 }).collect();
        let classes: Vec<usize> = (0..30).map(|row| row % 2).collect();
        let rows = ClassExamples::new((&x).into(), &classes, Some(&weights)).unwrap();
        let penalty = ColumnPenalty::none(2);
        let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
        let mut objective = LogisticObjective::new(problem);
        let mut own = Vec::new();
        objective.coordinates.scale_rows(&chunk(&x), &mut own);
        let change = |row: usize| (own[row] + 2.0 * own[30 + row] - 0.1f64).abs();
        let wanted = (0..30).filter(|&row| row != 7).map(change).fold(0.0, f64::max);
        let found = objective.score_change(&[1.0, 1.0, 0.5], &[2.0, 3.0, 0.4]);
        approx::assert_relative_eq!(found, wanted, max_relative = 1e-12);
    }

    /// The last point is not measured again, and no other point is taken for it.
    #[test]
    fn the_last_point_is_known() {
        let mut rng = Rng::new(14);
        let data = Data::new(40, 2, 3, true, &mut rng);
        let mut objective = data.objective(0.1, true);
        let (first, second) = (draw(9, &mut rng), draw(9, &mut rng));
        let mut certified = Certified::new(&mut objective, 1e300, 1e300, Doubt::Ignored);
        let mut gradient = vec![0.0; 9];
        let value = certified.evaluate(&first, &mut gradient).value;
        let other = certified.measured(&second);
        assert_eq!(other.params, second);
        assert!(other.evaluation.value != value && other.gradient != gradient);
        certified.evaluate(&first, &mut gradient);
        assert_eq!(certified.measured(&first).gradient, gradient);
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
