//! Second derivatives as measures of gradients: their factors and condition numbers.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::Certified;
use crate::linear::definite;
use crate::linear::objective::LogisticObjective;
use crate::optim::condition;
use crate::scalar::{Real, all_finite};

/// A second derivative H that measures gradients: the length of g is √(gᵀH⁻¹g).
pub(super) struct Metric<T: Real> {
    /// The point at which it was computed.
    pub(super) point: Vec<T>,
    pub(super) hessian: DMatrix<T>,
    /// The factor, once it was needed; `None` inside if the matrix is not safely definite.
    pub(super) factor: Option<Option<Cholesky<f64, Dyn>>>,
}

impl<T: Real> Metric<T> {
    pub(super) fn factor(&mut self) -> Option<&Cholesky<f64, Dyn>> {
        let hessian = &self.hessian;
        let factor = || {
            let mut full: DMatrix<f64> = hessian.map(Real::as_f64);
            full.fill_upper_triangle_with_lower_triangle();
            definite::factor(full, T::EPSILON.as_f64())
        };
        self.factor.get_or_insert_with(factor).as_ref()
    }

    /// Returns the length of a gradient, and H⁻¹ times it.
    pub(super) fn measure(&mut self, gradient: &[T]) -> Option<(f64, Vec<T>)> {
        let factor = self.factor()?;
        let right = DVector::from_iterator(gradient.len(), gradient.iter().map(|g| g.as_f64()));
        let half = factor.l_dirty().solve_lower_triangular(&right)?;
        let length = half.norm();
        let step = factor.l_dirty().tr_solve_lower_triangular(&half)?;
        let step: Vec<T> = step.iter().map(|&d| T::of(d)).collect();
        (length.is_finite() && all_finite(&step)).then_some((length, step))
    }
}

impl<T: Real> Certified<'_, '_, T> {
    /// Returns the condition number of the second derivative where it was last computed, for columns of unit
    /// scale. `reported` is that of the solver, if the solver forms second derivatives.
    pub(in crate::linear) fn condition(&self, reported: Option<f64>) -> Option<f64> {
        let rotated = self.objective.coordinates.rotation().is_some();
        match &self.metric {
            Some(metric) if self.renewed || rotated || reported.is_none() => {
                Some(condition(&self.objective.without_rotation(&metric.hessian)))
            }
            _ => reported,
        }
    }
}

impl<T: Real> LogisticObjective<'_, T> {
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
    use super::super::Doubt;
    use super::*;
    use crate::examples::ClassExamples;
    use crate::linear::coordinates::tests::nearly_dependent;
    use crate::linear::problem::{ColumnPenalty, Problem};
    use crate::linear::rows::tests::chunk;
    use crate::optim::Objective;
    use crate::rng::Rng;

    /// The condition number is that of columns of unit scale, though the solver's rows are independent.
    #[test]
    fn conditions_are_those_before_the_rotation() {
        let x = nearly_dependent(&mut Rng::new(23));
        let classes: Vec<usize> = (0..60).map(|row| row % 2).collect();
        let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
        let penalty = ColumnPenalty::none(3);
        let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
        let mut objective = LogisticObjective::new(problem);
        assert!(objective.coordinates.rotation().is_some());
        let mut columns = Vec::new();
        (0..4).for_each(|j| objective.coordinates.scale_column(&chunk(&x), j, &mut columns));
        let columns = DMatrix::from_vec(60, 4, columns);
        let zero = [0.0; 4];
        let mut gradient = [0.0; 4];
        objective.evaluate(&zero, &mut gradient);
        let mut certified = Certified::new(&mut objective, 1e-8, 1e-8, Doubt::Ignored);
        certified.renew(&zero, &gradient);
        let wanted = condition(&(columns.transpose() * &columns / 240.0));
        assert!(wanted > 1e9);
        approx::assert_relative_eq!(certified.condition(None).unwrap(), wanted, max_relative = 0.1);
    }
}
