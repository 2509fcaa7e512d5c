//! The coordinates in which inference computes: terms whose columns are centred and scaled.

use nalgebra::DMatrix;

use crate::linear::coordinates::Coordinates;
use crate::linear::objective::LogisticObjective;
use crate::rows::Rows;
use crate::scalar::Real;

/// The centre and scale of each column, in `f64`.
///
/// # Formula
/// The standardised terms of a row are 1, if there is an intercept, and (x_j - m_j)/s_j. A slope in them is s_j
/// times the slope of the column, and the intercept is the score at the centre. In these coordinates neither
/// the units of a column nor its distance from zero matter. Its variance is of size 1 over the number of
/// rows, while in the user's units the square of a standard error may underflow, and the covariances of far
/// columns with the intercept cancel.
///
/// Rows and columns of matrices are ordered by equation, then by term.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Units {
    center: Vec<f64>,
    scale: Vec<f64>,
    intercept: bool,
}

impl Units {
    pub(super) fn new<T: Real>(coordinates: &Coordinates<T>) -> Self {
        let double = |values: &[T]| values.iter().map(|value| value.as_f64()).collect();
        let Coordinates { center, scale, intercept, .. } = coordinates;
        Units { center: double(center), scale: double(scale), intercept: *intercept }
    }

    /// Returns the number of terms.
    pub(super) fn terms(&self) -> usize {
        self.scale.len() + usize::from(self.intercept)
    }

    /// Returns the number by which coefficient `index` in standardised terms is divided to get the user's.
    pub(super) fn of_coefficient(&self, index: usize) -> f64 {
        if self.is_intercept(index) {
            return 1.0;
        }
        self.of_column(index % self.terms() - usize::from(self.intercept))
    }

    /// Returns whether coefficient `index` is an intercept.
    pub(super) fn is_intercept(&self, index: usize) -> bool {
        self.intercept && index.is_multiple_of(self.terms())
    }

    /// Returns the scale of a column.
    pub(super) fn of_column(&self, column: usize) -> f64 {
        self.scale[column]
    }

    /// Writes the standardised terms of a row.
    pub(super) fn write_terms<T: Real>(&self, x: Rows<'_, T>, row: usize, out: &mut [f64]) {
        let (intercept, columns) = out.split_at_mut(usize::from(self.intercept));
        intercept.fill(1.0);
        for (j, out) in columns.iter_mut().enumerate() {
            *out = (x[(row, j)].as_f64() - self.center[j]) / self.scale[j];
        }
    }

    /// Turns the rows of intercepts, which are scores at the centre, into scores at the point that is 0 in the
    /// chosen columns and at the centre in the others.
    pub(super) fn move_intercepts(&self, matrix: &mut DMatrix<f64>, chosen: impl Fn(usize) -> bool) {
        if !self.intercept {
            return;
        }
        for first in (0..matrix.nrows()).step_by(self.terms()) {
            for j in (0..self.scale.len()).filter(|&j| chosen(j)) {
                let ratio = self.center[j] / self.scale[j];
                for mut column in matrix.column_iter_mut() {
                    column[first] -= ratio * column[first + 1 + j];
                }
            }
        }
    }

    /// Does the same to a covariance: to its rows and to its columns.
    pub(super) fn move_intercepts_of_both(
        &self,
        matrix: &DMatrix<f64>,
        chosen: impl Fn(usize) -> bool,
    ) -> DMatrix<f64> {
        let mut matrix = matrix.clone();
        self.move_intercepts(&mut matrix, &chosen);
        matrix.transpose_mut();
        self.move_intercepts(&mut matrix, &chosen);
        matrix
    }
}

/// Returns the derivative of the coefficients of standardised terms, by equation and term, with respect to the
/// solver's parameters: each score column itself, or its difference from the first.
pub(super) fn contrasts<T: Real>(objective: &LogisticObjective<'_, T>) -> DMatrix<f64> {
    let coordinates = &objective.coordinates;
    let (features, shift) = (coordinates.features(), usize::from(coordinates.intercept));
    let terms = features + shift;
    let equations = coordinates.columns.max(2) - 1;
    // Without nearly dependent columns the slopes are the parameters.
    let slopes = coordinates.rotation().map(|triangle| {
        let mut inverse = vec![T::zero(); features * features];
        inverse.iter_mut().step_by(features + 1).for_each(|diagonal| *diagonal = T::one());
        triangle.solve(&mut inverse);
        inverse
    });
    let mut contrasts = DMatrix::zeros(terms * equations, objective.problem.parameter_count());
    for equation in 0..equations {
        let signed: &[(usize, f64)] =
            if coordinates.columns == 1 { &[(0, 1.0)] } else { &[(equation + 1, 1.0), (0, -1.0)] };
        for &(column, sign) in signed {
            let first = equation * terms;
            for j in 0..features {
                let at = objective.index(j, column);
                match &slopes {
                    None => contrasts[(first + shift + j, at)] = sign,
                    // The column of R⁻¹ for this parameter.
                    Some(inverse) => {
                        let own = inverse[j * features..][..features].iter().enumerate();
                        own.for_each(|(i, r)| contrasts[(first + shift + i, at)] = sign * r.as_f64());
                    }
                }
            }
            if coordinates.intercept {
                contrasts[(first, objective.index(features, column))] = sign;
            }
        }
    }
    contrasts
}
