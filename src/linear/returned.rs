//! Measures at the model that is returned, whose coefficients are rounded in the user's units.

use nalgebra::DMatrixView;

use super::blocks::{Block, Gathered, Pass};
use super::objective::LogisticObjective;
use super::rows::Chunk;
use crate::loss::{Gradient, Targets};
use crate::optim::HessianProduct;
use crate::parallel::Tally;
use crate::scalar::Pair;
use crate::scalar::Real;

/// A model in the user's units: the score of a row is Σ (x - center) w + scores, for each score column.
pub(super) struct Returned<'a, T> {
    /// d slopes for each score column.
    pub(super) slopes: &'a [T],
    /// `None` for the origin.
    pub(super) center: Option<&'a [T]>,
    pub(super) scores: &'a [T],
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Writes the gradient of the smooth objective at `model`, in the solver's coordinates, from scores that
    /// are computed with twice the usual digits.
    pub(super) fn gradient_at(&mut self, model: &Returned<'_, T>, gradient: &mut [T]) {
        self.gather_residuals((), |pass, _, (block, _), chunk, ()| pass.residuals_at(model, chunk, block));
        self.slopes.copy_from_slice(model.slopes);
        self.finish_gradient(gradient);
    }

    /// Makes the gradient at `model` the last one in the user's units.
    pub(super) fn set_user_gradient(&mut self, model: &Returned<'_, T>) {
        let size = model.slopes.len() + self.intercepts.len();
        let (plan, zero) = ((1, self.row_operations()), |old| Gathered::empty(old, size));
        let gathered =
            self.sum(&mut Tally::default(), plan, (), zero, |pass, (block, scratch), chunk, sum, ()| {
                sum.loss += pass.residuals_at(model, chunk, block);
                pass.collect(chunk.x(), &block.residuals, &mut sum.raw, &mut scratch.workspace);
            });
        let mut slopes = gathered.raw;
        let mut intercepts = slopes.split_off(model.slopes.len());
        if !self.coordinates.intercept {
            intercepts.fill(T::zero());
        }
        self.problem.penalty.add_l2_gradient(model.slopes, &mut slopes);
        self.slopes.copy_from_slice(model.slopes);
        self.replace_user_gradient(slopes, intercepts);
    }

    /// Returns what rounding can do to the gradient at `params`: the decrement that rounding of scores
    /// causes, and for each parameter the rounding error of the sum over rows.
    ///
    /// A score has the error ε Σ |x w|, and the length of Xᵀ W δ in the metric of XᵀWX is at most that of
    /// W^(1/2) δ. A sum over rows has the error ε times the sum of the absolute values of its terms.
    pub(super) fn rounding(&mut self, params: &[T], slopes: &[T], shifts: &[T]) -> (f64, Vec<f64>) {
        self.linearize(params);
        let probabilities = std::mem::take(&mut self.probabilities);
        let plan = (1, 4 * self.row_operations());
        let zero = |_| (0.0, vec![0.0; params.len()]);
        let sums = self.sum(&mut Tally::default(), plan, (), zero, |pass, (_, scratch), chunk, sum, ()| {
            let p = probabilities.block(chunk.places());
            pass.coordinates.scale_rows(chunk, &mut scratch.rows);
            pass.add_rounding((slopes, shifts), chunk, p, &scratch.rows, sum);
        });
        self.probabilities = probabilities;
        (sums.0.sqrt(), sums.1)
    }
}

impl<T: Real> Pass<'_, '_, T> {
    /// Writes the residuals p - y of a block times the share of each row, at `model`. Returns the loss.
    fn residuals_at(&self, model: &Returned<'_, T>, chunk: &Chunk<'_, T>, block: &mut Block<T>) -> f64 {
        for k in 0..self.coordinates.columns {
            exact_scores(model, k, chunk, block.scores.column_mut(k).as_mut_slice());
        }
        chunk.add_offset(&mut block.scores);
        let scale = T::of(1.0 / self.problem.rows.total_weight);
        let out = Gradient { scale, out: &mut block.residuals };
        self.loss.accumulate(&block.scores, Targets::Classes(chunk.targets()), chunk.weights(), Some(out))
    }

    /// Adds what rounding can do for the rows of a block, whose probabilities are `p` and which are `scaled` in the
    /// solver's coordinates: to the square of the decrement, and to the gradient of each parameter.
    fn add_rounding(
        &self,
        (slopes, shifts): (&[T], &[T]),
        chunk: &Chunk<'_, T>,
        p: DMatrixView<'_, T>,
        scaled: &[T],
        (of_scores, terms): &mut (f64, Vec<f64>),
    ) {
        let epsilon = T::EPSILON.as_f64();
        let coordinates = self.coordinates;
        let (features, columns) = (coordinates.features(), coordinates.columns);
        for row in (0..chunk.len()).filter(|&row| chunk.counts(row)) {
            let share = chunk.share(row);
            for k in 0..columns {
                let p = p[(row, if columns == 1 { 1 } else { k })].as_f64();
                let own = chunk.targets()[row] == if columns == 1 { 1 } else { k };
                let residual = share * if own { 1.0 - p } else { p };
                let offset = chunk.offset().map_or(0.0, |offset| offset[(row, k)].as_f64().abs());
                let mut size = shifts[k].as_f64().abs() + offset;
                for j in 0..features {
                    let center = if coordinates.far { coordinates.center[j] } else { T::zero() };
                    let w = slopes[k * features + j].as_f64();
                    size += ((chunk.column(j)[row] - center).as_f64() * w).abs();
                    let beside = if coordinates.explicit() || !coordinates.takes_part(j) {
                        0.0
                    } else {
                        (coordinates.center[j] / coordinates.scale[j]).as_f64().abs()
                    };
                    let x = scaled[j * chunk.len() + row].as_f64().abs();
                    terms[k * features + j] += epsilon * residual * (x + 2.0 * beside);
                }
                if coordinates.intercept {
                    terms[features * columns + k] += epsilon * residual;
                }
                *of_scores += share * p * (1.0 - p) * (epsilon * size).powi(2);
            }
        }
    }
}

/// Writes the scores of some rows for score column `k`, correct to the last digits.
fn exact_scores<T: Real>(model: &Returned<'_, T>, k: usize, chunk: &Chunk<'_, T>, out: &mut [T]) {
    let features = chunk.columns();
    let zero = Pair { high: T::zero(), low: T::zero() };
    let mut sums = vec![zero.plus(model.scores[k]); out.len()];
    for j in 0..features {
        let w = model.slopes[k * features + j];
        if w == T::zero() {
            continue;
        }
        let center = model.center.map_or(T::zero(), |center| center[j]);
        for (sum, &x) in sums.iter_mut().zip(chunk.column(j)) {
            let difference = Pair { high: x, low: T::zero() }.plus(-center);
            let term = difference.times(w);
            *sum = sum.plus(term.high);
            sum.low += term.low;
        }
    }
    for (row, (out, sum)) in out.iter_mut().zip(&sums).enumerate() {
        let exact = sum.high + sum.low;
        // Numbers near the end of the range cannot be split.
        *out = if exact.is_finite() { exact } else { plain_score(model, k, chunk, row) };
    }
}

fn plain_score<T: Real>(model: &Returned<'_, T>, k: usize, chunk: &Chunk<'_, T>, row: usize) -> T {
    let features = chunk.columns();
    (0..features).fold(model.scores[k], |z, j| {
        let center = model.center.map_or(T::zero(), |center| center[j]);
        z + (chunk.column(j)[row] - center) * model.slopes[k * features + j]
    })
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::examples::ClassExamples;
    use crate::linear::problem::{ColumnPenalty, Problem};
    use crate::linear::rows::TrainingRows;
    use crate::optim::Objective;
    use crate::rng::Rng;

    /// What rounding can do does not depend on the order of the classes.
    #[test]
    fn classes_are_rounded_alike_in_every_order() {
        let mut rng = Rng::new(43);
        let x = DMatrix::from_fn(40, 3, |_, j| [0.0, 5.0, 100.0][j] + rng.standard_normal());
        let classes: Vec<usize> = (0..40).map(|_| rng.below(3)).collect();
        let penalty = ColumnPenalty { l1: vec![0.0; 3], l2: vec![0.2; 3] };
        let slopes: Vec<f64> = (0..9).map(|at| (1 + at / 3) as f64 * rng.standard_normal()).collect();
        let shifts: Vec<f64> = (0..3).map(|_| rng.standard_normal()).collect();
        let rounding = |order: [usize; 3]| {
            let targets: Vec<usize> = classes.iter().map(|&class| order[class]).collect();
            let rows = ClassExamples::new((&x).into(), &targets, None).unwrap();
            let problem = Problem { rows: rows.into(), classes: 3, intercept: true, penalty: &penalty };
            let mut objective = LogisticObjective::new(problem);
            let (mut of_class, mut of_intercept) = (vec![0.0; 9], vec![0.0; 3]);
            for (class, &at) in order.iter().enumerate() {
                of_class[3 * at..][..3].copy_from_slice(&slopes[3 * class..][..3]);
                of_intercept[at] = shifts[class];
            }
            let params = [of_class.as_slice(), &of_intercept].concat();
            objective.rounding(&params, &of_class, &of_intercept).0
        };
        let wanted = rounding([0, 1, 2]);
        for order in [[1, 2, 0], [2, 1, 0]] {
            approx::assert_relative_eq!(rounding(order) / wanted, 1.0, max_relative = 1e-12);
        }
    }

    /// The gradients at a model are those at its parameters: with weights, an offset, a penalty and a centre.
    #[test]
    fn gradients_are_those_of_the_objective() {
        let mut rng = Rng::new(41);
        for count in [2, 3] {
            let columns = if count == 2 { 1 } else { count };
            let x = DMatrix::from_fn(40, 3, |_, j| [0.0, 5.0, 100.0][j] + rng.standard_normal());
            let classes: Vec<usize> = (0..40).map(|_| rng.below(count)).collect();
            let weights: Vec<f64> = (0..40).map(|_| rng.uniform(0.0, 3.0)).collect();
            let offset = DMatrix::from_fn(40, columns, |_, _| rng.standard_normal());
            let rows = ClassExamples::new((&x).into(), &classes, Some(&weights)).unwrap();
            let penalty = ColumnPenalty { l1: vec![0.0; 3], l2: vec![0.2; 3] };
            let offset = Some(offset.as_view());
            let mut objective = LogisticObjective::new(Problem {
                rows: TrainingRows::new(rows, offset),
                classes: count,
                intercept: true,
                penalty: &penalty,
            });
            let size = objective.parameter_count();
            let params: Vec<f64> = (0..size).map(|_| rng.standard_normal()).collect();
            let mut wanted = vec![0.0; size];
            objective.evaluate(&params, &mut wanted);
            let (slopes, intercepts) = objective.user_gradient();
            let user = [slopes, intercepts].concat();
            let (slopes, intercepts) = objective.coefficients(&params);
            let center = [0.5, -1.0, 2.0];
            let at = |k: usize| intercepts[k] + (0..3).map(|j| center[j] * slopes[(j, k)]).sum::<f64>();
            let there: Vec<f64> = (0..columns).map(at).collect();
            for (center, scores) in [(None, &intercepts), (Some(&center[..]), &there)] {
                let model = Returned { slopes: slopes.as_slice(), center, scores };
                let mut found = vec![0.0; size];
                objective.gradient_at(&model, &mut found);
                approx::assert_relative_eq!(found.as_slice(), wanted.as_slice(), epsilon = 1e-9);
                objective.set_user_gradient(&model);
                let (slopes, intercepts) = objective.user_gradient();
                approx::assert_relative_eq!(
                    [slopes, intercepts].concat().as_slice(),
                    user.as_slice(),
                    epsilon = 1e-9
                );
            }
        }
    }

    fn objective_of<'a>(
        x: &'a DMatrix<f64>,
        classes: &'a [usize],
        count: usize,
        penalty: &'a ColumnPenalty,
    ) -> LogisticObjective<'a, f64> {
        let rows = ClassExamples::new(x.into(), classes, None).unwrap();
        LogisticObjective::new(Problem { rows: rows.into(), classes: count, intercept: true, penalty })
    }

    /// The score of a row at 2⁴⁰ + i is i + i 2⁻³⁰, of which products in one number lose the end.
    #[test]
    fn scores_keep_their_last_digits() {
        let far = 2f64.powi(40);
        let x = DMatrix::from_fn(8, 1, |i, _| far + i as f64 - 4.0);
        let classes: Vec<usize> = (0..8).map(|i| i % 2).collect();
        let penalty = ColumnPenalty::none(1);
        let mut objective = objective_of(&x, &classes, 2, &penalty);
        // A slope with digits below those of the far end.
        let slope = 1.0 + 2f64.powi(-30);
        let scores = [-far - 1024.0];
        objective.set_user_gradient(&Returned { slopes: &[slope], center: None, scores: &scores });
        let score = |i: f64| i + i * 2f64.powi(-30);
        let residual = |i: usize| {
            let p = 1.0 / (1.0 + (-score(i as f64 - 4.0)).exp());
            p - classes[i] as f64
        };
        let wanted = (0..8).map(residual).sum::<f64>() / 8.0;
        approx::assert_abs_diff_eq!(objective.user_gradient().1[0], wanted, epsilon = 1e-14);
    }

    /// Entries near the end of the range cannot be split in two.
    #[test]
    fn large_entries_have_scores() {
        let x = DMatrix::from_column_slice(4, 1, &[-1e305, 1e305, -2e305, 1.5e305]);
        let penalty = ColumnPenalty::none(1);
        let classes = [0, 0, 1, 1];
        let mut objective = objective_of(&x, &classes, 2, &penalty);
        objective.set_user_gradient(&Returned { slopes: &[1e-305], center: None, scores: &[0.5] });
        let residual = |z: f64, y: f64| 1.0 / (1.0 + (-z).exp()) - y;
        let wanted = residual(-0.5, 0.0) + residual(1.5, 0.0) + residual(-1.5, 1.0) + residual(2.0, 1.0);
        approx::assert_relative_eq!(objective.user_gradient().1[0], wanted / 4.0, max_relative = 1e-12);
    }

    /// With slopes of zero all probabilities are 1/3: residuals are 2/3 for the own class, otherwise 1/3.
    #[test]
    fn rounding_errors_are_those_of_the_terms() {
        let x = DMatrix::from_column_slice(6, 1, &[-1.0, 1.0, -1.0, 1.0, -1.0, 1.0]);
        let classes = [0, 0, 0, 1, 1, 2];
        let penalty = ColumnPenalty::none(1);
        let mut objective = objective_of(&x, &classes, 3, &penalty);
        let (of_scores, terms) = objective.rounding(&[0.0; 6], &[0.0; 3], &[0.0, 4.0, 0.0]);
        let absolute = [9.0, 8.0, 7.0].map(|thirds| f64::EPSILON * thirds / 18.0);
        // The scaled entries are -1 and 1, too.
        approx::assert_relative_eq!(terms[..3], absolute[..], max_relative = 1e-12, epsilon = 0.0);
        approx::assert_relative_eq!(terms[3..], absolute[..], max_relative = 1e-12, epsilon = 0.0);
        approx::assert_relative_eq!(
            of_scores,
            f64::EPSILON * 4.0 * (2.0f64 / 9.0).sqrt(),
            max_relative = 1e-12,
            epsilon = 0.0
        );
    }
}
