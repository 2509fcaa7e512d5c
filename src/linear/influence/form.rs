//! Quadratic forms of the inverse Hessian of a fit, for pairs of scores of a row.

use nalgebra::DMatrix;

use crate::error::Error;
use crate::linear::coordinates::Coordinates;
use crate::linear::definite::{self, UNDETERMINED};
use crate::linear::objective::LogisticObjective;
use crate::linear::rows::Chunk;
use crate::linear::working_set::WorkingSet;
use crate::optim::HasHessian;
use crate::scalar::Real;
use crate::scalar::{Strided, Workspace, product};

/// The free parameters: those without an L1 penalty, and those that are not zero.
pub(super) struct Active {
    pub(super) set: WorkingSet,
    /// For each score column, the position in the set and the feature of each parameter; the intercept's
    /// index follows the features.
    members: Vec<Vec<(usize, usize)>>,
    /// The number of parameters, minus the shifts common to all score columns.
    pub(super) degrees_of_freedom: usize,
}

impl Active {
    pub(super) fn new<T: Real>(objective: &LogisticObjective<'_, T>, params: &[T]) -> Self {
        let free = |&at: &usize| objective.l1_of(at) == T::zero() || params[at] != T::zero();
        let parameters: Vec<usize> = (0..params.len()).filter(free).collect();
        let (features, columns) = (objective.coordinates.features(), objective.coordinates.columns);
        let mut members = vec![Vec::new(); columns];
        for (place, &at) in parameters.iter().enumerate() {
            let slope = at < features * columns;
            let (column, feature) =
                if slope { (at / features, at % features) } else { (at - features * columns, features) };
            members[column].push((place, feature));
        }
        let everywhere = |j: &usize| members.iter().all(|of| of.iter().any(|(_, feature)| feature == j));
        let candidates: Vec<usize> = members[0].iter().map(|(_, feature)| *feature).collect();
        let shifts: Vec<usize> =
            if columns > 1 { candidates.into_iter().filter(everywhere).collect() } else { Vec::new() };
        let degrees_of_freedom = parameters.len() - shifts.len();
        Active { set: WorkingSet { parameters }, members, degrees_of_freedom }
    }

    /// Returns the inverse of the Cholesky factor of the Hessian of the sum of losses plus penalty, as
    /// columns for each score column. The quadratic form of the inverse Hessian is the squared norm of its
    /// product with a row.
    pub(super) fn inverse_root<T: Real>(
        &self,
        objective: &mut LogisticObjective<'_, T>,
        params: &[T],
    ) -> Result<Vec<Vec<T>>, Error> {
        let mut hessian = DMatrix::zeros(params.len(), params.len());
        if objective.coordinates.rotation().is_some() {
            // Nearly dependent columns, none of which has an L1 penalty: all parameters are in the set.
            objective.hessian(params, &mut hessian);
        } else {
            self.set.hessian(objective, params, &mut hessian);
        }
        let mut hessian: DMatrix<f64> = hessian.map(|h| h.as_f64() * objective.problem.rows.total_weight);
        self.set.bend_shifts(objective, &mut hessian);
        let size = hessian.nrows();
        let factor = definite::factor(hessian, T::EPSILON.as_f64()).ok_or(UNDETERMINED)?.l();
        let inverse = factor.solve_lower_triangular(&DMatrix::identity(size, size)).ok_or(UNDETERMINED)?;
        let of_column = |members: &Vec<(usize, usize)>| {
            let columns = members.iter().map(|&(place, _)| inverse.column(place));
            columns.flat_map(|column| column.iter().map(|&m| T::of(m)).collect::<Vec<T>>()).collect()
        };
        Ok(self.members.iter().map(of_column).collect())
    }
}

/// The forms Q = X_i H⁻¹ X_iᵀ for some rows i, where X_i has one row per score column.
pub(super) struct Forms<T> {
    rows: Vec<Vec<T>>,
    /// For each score column, rows x parameters.
    images: Vec<Vec<T>>,
    /// For each pair of score columns (a, b <= a), one entry per row.
    pairs: Vec<Vec<f64>>,
    workspace: Workspace<T>,
}

impl<T: Real> Forms<T> {
    pub(super) fn new(columns: usize) -> Self {
        Forms {
            rows: vec![Vec::new(); columns],
            images: vec![Vec::new(); columns],
            pairs: vec![Vec::new(); columns * (columns + 1) / 2],
            workspace: Workspace::default(),
        }
    }

    pub(super) fn evaluate(
        &mut self,
        of: &Chunk<'_, T>,
        coordinates: &Coordinates<T>,
        active: &Active,
        root: &[Vec<T>],
    ) {
        let (count, size) = (of.len(), active.set.parameters.len());
        for (k, members) in active.members.iter().enumerate() {
            let (rows, image) = (&mut self.rows[k], &mut self.images[k]);
            rows.clear();
            if coordinates.rotation().is_some() {
                coordinates.scale_rows(of, rows);
                rows.resize(count * members.len(), T::one());
            } else {
                members.iter().for_each(|&(_, j)| coordinates.scale_column(of, j, rows));
            }
            image.clear();
            image.resize(count * size, T::zero());
            if members.is_empty() {
                continue;
            }
            let left = Strided::columns(rows, count, members.len());
            let right = Strided::columns(&root[k], size, members.len()).transposed();
            product(left, right, (image, count), false, &mut self.workspace);
        }
        let mut pairs = self.pairs.iter_mut();
        for (a, left) in self.images.iter().enumerate() {
            for right in &self.images[..=a] {
                let Some(pair) = pairs.next() else { return };
                pair.clear();
                pair.resize(count, 0.0);
                for (left, right) in left.chunks_exact(count).zip(right.chunks_exact(count)) {
                    for ((sum, l), r) in pair.iter_mut().zip(left).zip(right) {
                        *sum += l.as_f64() * r.as_f64();
                    }
                }
            }
        }
    }

    /// Writes Q of one row, column by column.
    pub(super) fn of_row(&self, row: usize, form: &mut [f64]) {
        let columns = self.rows.len();
        for a in 0..columns {
            for b in 0..=a {
                let value = self.pairs[a * (a + 1) / 2 + b][row];
                (form[a * columns + b], form[b * columns + a]) = (value, value);
            }
        }
    }
}
