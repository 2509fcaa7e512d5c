//! The parameters that an iteration with an L1 penalty updates, and their second derivatives.

use nalgebra::DMatrix;

use super::curvature::{complements, curvature_of};
use super::objective::LogisticObjective;
use crate::scalar::Real;
use crate::scalar::{Strided, product, product_lower};

/// Parameter indices in ascending order: slopes score column by score column, then intercepts.
#[derive(Debug, Clone)]
pub(super) struct WorkingSet {
    pub(super) parameters: Vec<usize>,
}

impl WorkingSet {
    /// Chooses the parameters without an absolute value, the nonzero ones, and those that violate their
    /// optimality condition, the largest violation first. The set of penalised parameters has up to twice as
    /// many entries as are nonzero, within the given limits.
    pub(super) fn choose<T: Real>(
        objective: &LogisticObjective<'_, T>,
        params: &[T],
        violations: &[f64],
        smallest: usize,
        largest: usize,
    ) -> Self {
        let always = |at: usize| objective.l1_of(at) == T::zero();
        let mut parameters: Vec<usize> = (0..params.len()).filter(|&at| always(at)).collect();
        let mut others: Vec<usize> = (0..params.len())
            .filter(|&at| !always(at) && (params[at] != T::zero() || violations[at] > 0.0))
            .collect();
        let nonzero = others.iter().filter(|&&at| params[at] != T::zero()).count();
        let room = (2 * nonzero).clamp(smallest, largest.saturating_sub(parameters.len()).max(smallest));
        if others.len() > room {
            // Nonzero parameters come first if all of them fit: the model then includes how they move.
            let rank = |at: usize| (nonzero <= room && params[at] != T::zero(), violations[at]);
            others.sort_by(|&a, &b| {
                let ((a_first, a), (b_first, b)) = (rank(a), rank(b));
                b_first.cmp(&a_first).then(b.total_cmp(&a))
            });
            others.truncate(room);
        }
        parameters.append(&mut others);
        parameters.sort_unstable();
        WorkingSet { parameters }
    }

    /// Writes the second derivatives of the smooth objective with respect to these parameters at `params`.
    pub(super) fn hessian<T: Real>(
        &self,
        objective: &mut LogisticObjective<'_, T>,
        params: &[T],
        hessian: &mut DMatrix<T>,
    ) {
        let size = self.parameters.len();
        *hessian = DMatrix::zeros(size, size);
        let (features, columns) = (objective.coordinates.features(), objective.coordinates.columns);
        // The features of each score column; the intercept counts as one more feature.
        let split = |at: usize| {
            if at < features * columns {
                (at / features, at % features)
            } else {
                (at - features * columns, features)
            }
        };
        let members: Vec<Vec<(usize, usize)>> = (0..columns)
            .map(|column| {
                let of_column = |(place, &at): (usize, &usize)| {
                    let (own, feature) = split(at);
                    (own == column).then_some((place, feature))
                };
                self.parameters.iter().enumerate().filter_map(of_column).collect()
            })
            .collect();
        let pairs: Vec<(usize, usize)> = (0..columns).flat_map(|a| (0..=a).map(move |b| (a, b))).collect();
        let entries = |&(a, b): &(usize, usize)| members[a].len() * members[b].len();
        let entire = pairs.iter().map(entries).sum();
        let products = objective.sum_products(params, entire, |pass, (scores, scratch), chunk, sum| {
            let count = chunk.len();
            let mut probabilities = DMatrix::zeros(count, pass.problem.classes);
            pass.loss.probabilities(scores, &mut probabilities);
            let mut rest = DMatrix::zeros(0, 0);
            complements(&probabilities, &mut rest);
            let of_column = |members: &Vec<(usize, usize)>| {
                let mut scaled = Vec::with_capacity(members.len() * count);
                for &(_, feature) in members {
                    pass.coordinates.scale_column(chunk, feature, &mut scaled);
                }
                scaled
            };
            let scaled: Vec<Vec<T>> = members.iter().map(of_column).collect();
            let (share, weights) = (T::of(1.0 / pass.problem.rows.total_weight), chunk.weights());
            let mut sum = sum.as_mut_slice();
            for pair in &pairs {
                let &(a, b) = pair;
                let (own, others) = std::mem::take(&mut sum).split_at_mut(entries(pair));
                sum = others;
                let weighted = &mut scratch.rows;
                weighted.clone_from(&scaled[b]);
                for column in weighted.chunks_exact_mut(count) {
                    for (row, x) in column.iter_mut().enumerate() {
                        let weight = weights.map_or(share, |w| w[row] * share);
                        *x *= weight * curvature_of(&probabilities, &rest, row, a, b);
                    }
                }
                let left = Strided::columns(&scaled[a], count, members[a].len());
                let right = Strided::columns(weighted, count, members[b].len());
                if a == b {
                    product_lower(left, right, own, true, &mut scratch.workspace);
                } else {
                    let out = (own, members[a].len());
                    product(left.transposed(), right, out, true, &mut scratch.workspace);
                }
            }
        });
        let mut sum = products.as_slice();
        for pair in &pairs {
            let &(a, b) = pair;
            let (own, others) = sum.split_at(entries(pair));
            sum = others;
            for (j, &(column, _)) in members[b].iter().enumerate() {
                for (i, &(row, _)) in members[a].iter().enumerate() {
                    if a != b || i >= j {
                        let h = own[j * members[a].len() + i];
                        (hessian[(row, column)], hessian[(column, row)]) = (h, h);
                    }
                }
            }
        }
        objective.give_back(products);
        self.add_penalty(objective, &members, hessian);
    }

    /// Adds curvature along the shifts to which softmax is invariant, for features with an L1 penalty whose
    /// parameters are all in the set. This makes the matrix definite, and changes no step of a gradient
    /// without a component along them.
    pub(super) fn bend_shifts<T: Real>(
        &self,
        objective: &LogisticObjective<'_, T>,
        hessian: &mut DMatrix<f64>,
    ) {
        let (features, columns) = (objective.coordinates.features(), objective.coordinates.columns);
        let mut places: Vec<Vec<usize>> = vec![Vec::new(); features];
        for (place, &at) in self.parameters.iter().enumerate().filter(|(_, at)| **at < features * columns) {
            places[at % features].push(place);
        }
        let l1 = &objective.problem.penalty.l1;
        for (places, _) in
            places.iter().zip(l1).filter(|(p, l1)| **l1 > 0.0 && columns > 1 && p.len() == columns)
        {
            let trace: f64 = places.iter().map(|&at| hessian[(at, at)]).sum();
            for &a in places {
                places.iter().for_each(|&b| hessian[(a, b)] += trace / (columns * columns) as f64);
            }
        }
    }

    /// Adds the L2 penalty. Where all score columns of a feature or all intercepts are balanced, also adds
    /// curvature along the shifts to which softmax is invariant.
    fn add_penalty<T: Real>(
        &self,
        objective: &LogisticObjective<'_, T>,
        members: &[Vec<(usize, usize)>],
        hessian: &mut DMatrix<T>,
    ) {
        let (coordinates, penalty) = (&objective.coordinates, objective.problem.penalty);
        let features = coordinates.features();
        for &(place, feature) in members.iter().flatten().filter(|(_, feature)| *feature < features) {
            let scale = coordinates.scale[feature];
            hessian[(place, place)] += T::of(penalty.l2[feature]) / scale / scale;
        }
        if members.len() == 1 {
            return;
        }
        // Balanced features and intercepts are in the set for all score columns or for none.
        for &(_, feature) in members[0].iter().filter(|(_, j)| *j == features || penalty.l1[*j] == 0.0) {
            let places: Vec<usize> = members
                .iter()
                .filter_map(|of_column| {
                    of_column.iter().find(|(_, j)| *j == feature).map(|(place, _)| *place)
                })
                .collect();
            let trace = places.iter().fold(T::zero(), |sum, &at| sum + hessian[(at, at)]);
            let shift = trace / T::of((places.len() * places.len()) as f64);
            for &a in &places {
                for &b in &places {
                    hessian[(a, b)] += shift;
                }
            }
        }
    }
}
#[cfg(test)]
mod tests {
    use super::super::objective::tests::{Data, draw};
    use super::super::problem::{ColumnPenalty, Problem};
    use super::*;
    use crate::examples::ClassExamples;
    use crate::optim::{HasHessian, Objective};
    use crate::rng::Rng;

    #[test]
    fn complements_keep_their_digits_beside_certain_classes() {
        let probabilities = DMatrix::from_row_slice(2, 3, &[1.0, 3e-20, 2e-30, 0.25, 0.25, 0.5]);
        let mut rest = DMatrix::zeros(0, 0);
        complements(&probabilities, &mut rest);
        let wanted = DMatrix::from_row_slice(2, 3, &[3e-20 + 2e-30, 1.0, 1.0, 0.75, 0.75, 0.5]);
        approx::assert_relative_eq!(rest, wanted, max_relative = 1e-15, epsilon = 0.0);
    }

    /// The second derivatives of all parameters are those of the smooth solvers, over several blocks of rows.
    #[test]
    fn all_parameters_have_the_second_derivatives_of_the_objective() {
        let mut rng = Rng::new(61);
        for count in [2, 3] {
            let data = Data::new(700, 3, count, true, &mut rng);
            let mut objective = data.objective(0.1, true);
            let size = objective.parameter_count();
            let params = draw(size, &mut rng);
            let mut wanted = DMatrix::zeros(size, size);
            objective.hessian(&params, &mut wanted);
            wanted.fill_upper_triangle_with_lower_triangle();
            let mut found = DMatrix::zeros(0, 0);
            let set = WorkingSet { parameters: (0..size).collect() };
            set.hessian(&mut objective, &params, &mut found);
            approx::assert_relative_eq!(found, wanted, max_relative = 1e-10, epsilon = 1e-13);
            // Some of them have a part of it.
            let some = [0, 2, size - 1];
            let set = WorkingSet { parameters: some.to_vec() };
            if count == 2 {
                set.hessian(&mut objective, &params, &mut found);
                let wanted = wanted.select_rows(&some).select_columns(&some);
                approx::assert_relative_eq!(found, wanted, max_relative = 1e-10, epsilon = 1e-13);
            }
        }
    }

    /// Nonzero parameters come first, then the largest violations; the intercept always takes part.
    #[test]
    fn the_largest_violations_are_chosen() {
        let x = DMatrix::from_fn(20, 5, |row, j| ((row * (j + 3)) % 7) as f64);
        let classes: Vec<usize> = (0..20).map(|row| row % 2).collect();
        let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
        let penalty = ColumnPenalty { l1: vec![1.0; 5], l2: vec![0.0; 5] };
        let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
        let objective = LogisticObjective::new(problem);
        let params = [0.0, 0.5, 0.0, 0.0, 0.0, 0.1];
        let violations = [0.3, 0.01, 0.2, 0.9, 0.0, 0.0];
        let choose =
            |smallest| WorkingSet::choose(&objective, &params, &violations, smallest, 2048).parameters;
        assert_eq!(choose(2), [1, 3, 5]);
        assert_eq!(choose(3), [0, 1, 3, 5]);
        assert_eq!(choose(9), [0, 1, 2, 3, 5]);
    }
}
