//! The log-likelihood with Jeffreys' prior.

mod leverage;
mod second;
mod slopes;

use nalgebra::DMatrix;

use leverage::{Leverage, blocks};
use slopes::Slopes;

use super::definite;
use super::objective::LogisticObjective;
use super::triangle::Triangle;
use crate::error::Error;
use crate::loss::{Gradient, Targets};
use crate::optim::{Evaluation, HasHessian, Objective};
use crate::parallel::Entries;
use crate::scalar::{Real, dot, max_abs, power_of_two};

/// The penalised objective: mean loss minus ½ ln det I / Σ u, where I is the Fisher information of the
/// coefficients (relative to the first class, if there are more than two).
///
/// # Formula
/// With W_i the second derivative of row i's loss in its scores and Q_i,bc = x̃_iᵀ (I⁻¹)_bc x̃_i, the
/// gradient of ½ ln det I in score a of row i is ½ u_i Σ_bc ∂W_i,bc/∂z_a Q_i,bc = ½ u_i p_a (Q_aa - Σ_b p_b
/// Q_bb - 2 (Q p)_a + 2 pᵀQ p). For two classes it is h (½ - p) with the leverage h = u p (1 - p) x̃ᵀ I⁻¹ x̃.
///
/// # References
/// Firth (1993), *Bias reduction of maximum likelihood estimates*; Heinze and Schemper (2002); Kosmidis and
/// Firth (2011) for several classes.
pub(super) struct JeffreysObjective<'a, 'b, T: Real> {
    inner: &'a mut LogisticObjective<'b, T>,
    information: DMatrix<T>,
    at: Evaluated<T>,
}

/// What the second derivative at the last evaluated point needs, beside the probabilities of all rows, which
/// the inner objective keeps.
struct Evaluated<T: Real> {
    point: Vec<T>,
    /// The inverse of the mean information; `None` if it is singular.
    inverse: Option<DMatrix<T>>,
    /// Q_bc of each row for b >= c, row after row.
    forms: Vec<T>,
}

/// The inverse of the information, and its determinant.
struct Inverted<T> {
    /// The inverse of the mean information, in the solver's coordinates.
    inverse: DMatrix<T>,
    /// ½ ln det I, in the user's units.
    log_root: f64,
    /// The sum of the absolute values of the terms of `log_root`.
    magnitude: f64,
}

const REASON: &str = "columns depend on each other: drop columns or use an L2 penalty";

impl<'a, 'b, T: Real> JeffreysObjective<'a, 'b, T> {
    /// Creates the objective and checks the information at `start`.
    ///
    /// # Errors
    /// Returns [`Error::Singular`] if the information is singular at `start`: columns are linearly dependent,
    /// or `start` is so far out that all probabilities are 0 or 1.
    pub(super) fn new(inner: &'a mut LogisticObjective<'b, T>, start: &[T]) -> Result<Self, Error> {
        inner.check_information()?;
        let size = start.len();
        let mut objective = JeffreysObjective {
            inner,
            information: DMatrix::zeros(size, size),
            at: Evaluated { point: Vec::new(), inverse: None, forms: Vec::new() },
        };
        objective.invert(start).map(|_| objective).ok_or(definite::singular(REASON))
    }

    /// Returns the largest absolute entry of the last gradient, in the user's units.
    pub(super) fn user_optimality(&self) -> f64 {
        self.inner.user_optimality()
    }

    /// Returns the inverse of the mean information, or `None` if it is singular.
    fn invert(&mut self, params: &[T]) -> Option<Inverted<T>> {
        self.inner.hessian(params, &mut self.information);
        let factor = definite::factor(self.information.clone(), T::EPSILON.as_f64())?;
        let (mut log_determinant, mut size) = (0.0, 0.0);
        let pivots = factor.l_dirty().diagonal();
        for (before, (pivot, entry)) in pivots.iter().zip(self.information.diagonal().iter()).enumerate() {
            let square = (*pivot * *pivot).as_f64();
            log_determinant += square.ln();
            // A pivot is what the columns before it leave of a diagonal entry. Each subtraction rounds that entry
            // (Higham 2002, theorem 10.3).
            size += square.ln().abs() + (before + 1) as f64 * entry.as_f64() / square;
        }
        let units = self.inner.determinant_in_user_units(&self.information);
        Some(Inverted {
            inverse: factor.inverse(),
            log_root: 0.5 * (log_determinant + units),
            magnitude: 0.5 * (size + units.abs()),
        })
    }
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Returns the correction from the log-determinant of `hessian` to that of the information. `hessian` is
    /// the mean information in the solver's coordinates, with curvature along the common shifts of several
    /// score columns. The information is in the user's units, for the coefficients relative to the first
    /// class.
    fn determinant_in_user_units(&self, hessian: &DMatrix<T>) -> f64 {
        let (columns, width) = (self.coordinates.columns, self.width());
        let equations = columns.max(2) - 1;
        let rotation = self.coordinates.rotation().map_or(0.0, Triangle::log_determinant);
        let scales: f64 = self.coordinates.scale.iter().map(|s| s.as_f64().ln()).sum::<f64>() + rotation;
        let units = 2.0 * equations as f64 * scales
            + (equations * width) as f64 * self.problem.rows.total_weight.ln();
        if columns == 1 {
            return units;
        }
        // Along the shift of each term the matrix holds only the added curvature, whose sum over all pairs of
        // score columns equals that of the matrix. Contrasts against the first class are not orthonormal,
        // which contributes ln K per term.
        let shifts: f64 = (0..width)
            .map(|i| {
                let pairs = (0..columns).flat_map(|a| (0..columns).map(move |b| (a, b)));
                let sum: f64 =
                    pairs.map(|(a, b)| hessian[(self.index(i, a), self.index(i, b))].as_f64()).sum();
                (sum / columns as f64).ln()
            })
            .sum();
        units - shifts - width as f64 * (columns as f64).ln()
    }
}

impl<T: Real> Objective<T> for JeffreysObjective<'_, '_, T> {
    fn parameter_count(&self) -> usize {
        self.inner.parameter_count()
    }

    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation {
        let inverted = self.invert(params);
        self.at.point.clear();
        self.at.point.extend_from_slice(params);
        let Some(Inverted { inverse, log_root, magnitude }) = inverted else {
            self.at.inverse = None;
            gradient.fill(T::zero());
            return Evaluation::of(f64::INFINITY, gradient).optimality(f64::INFINITY);
        };
        let Self { inner, at, .. } = self;
        inner.load(params);
        let total_weight = inner.problem.rows.total_weight;
        let (rows, columns) = (inner.problem.rows, inner.coordinates.columns);
        let blocks = blocks(inner, &inverse);
        let scale = T::of(1.0 / total_weight);
        let mut probabilities = std::mem::take(&mut inner.probabilities);
        probabilities.resize(&rows, inner.problem.classes);
        at.forms.resize(rows.own().len() * blocks.len(), T::zero());
        let sides = (probabilities.entries(), Entries::new(&mut at.forms, blocks.len()));
        let total = inner.gather(sides, |pass, chunk, block, (probabilities, forms)| {
            let mut slopes = Slopes::default();
            chunk.add_offset(&mut block.scores);
            let (targets, weights) = (Targets::Classes(chunk.targets()), chunk.weights());
            let out = Gradient { scale, out: &mut block.residuals };
            let loss = pass.loss.accumulate(&block.scores, targets, weights, Some(out));

            let mut of_block = DMatrix::zeros(chunk.len(), pass.problem.classes);
            pass.loss.probabilities(&block.scores, &mut of_block);
            probabilities.into_slice().copy_from_slice(of_block.as_slice());
            let forms = forms.into_slice();
            Leverage::default().forms(chunk, pass.coordinates, &blocks, forms);
            // Rows without weight have no leverage, although their entries may be out of range.
            for row in (0..chunk.len()).filter(|&row| chunk.counts(row)) {
                // The mean information is smaller by the factor of the total weight, and its inverse larger.
                let share = weights.map_or(T::one(), |w| w[row]) * scale * scale;
                slopes.load(of_block.as_view(), forms, row, columns);
                for (a, &slope) in slopes.of_row().iter().enumerate() {
                    block.residuals[(row, a)] -= T::of(0.5) * share * slope;
                }
            }
            loss
        });
        inner.probabilities = probabilities;
        inner.finish_gradient(gradient);
        let optimality = length(&inverse, gradient);
        at.inverse = Some(inverse);
        Evaluation::of((total - log_root) / total_weight, gradient)
            .optimality(optimality)
            .magnitude((total + magnitude) / total_weight)
    }
}

/// Returns the length √(gᵀI⁻¹g) of a gradient, which is the decrement.
fn length<T: Real>(inverse: &DMatrix<T>, gradient: &[T]) -> f64 {
    // A power of two keeps the square within the range: with tiny weights, the penalty makes gradients huge.
    let unit = power_of_two(max_abs(gradient));
    let gradient: Vec<T> = gradient.iter().map(|&g| g / T::of(unit)).collect();
    let square = gradient.iter().enumerate();
    let square = square.map(|(j, &g)| (g * dot(inverse.column(j).as_slice(), &gradient)).as_f64());
    let square: f64 = square.sum();
    // Rounding can make a square of nearly zero negative.
    if square < 0.0 { 0.0 } else { unit * square.sqrt() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::examples::ClassExamples;
    use crate::gradcheck::GradCheck;
    use crate::linear::objective::tests::{Data, draw};
    use crate::linear::problem::{ColumnPenalty, Problem};
    use crate::rng::Rng;
    use crate::{Estimator, LogisticRegression, Penalty};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_gradient_is_the_derivative(
            rows in 12usize..40, features in 1usize..4, count in 2usize..5, intercept: bool, weighted: bool, seed: u64,
        ) {
            let mut rng = Rng::new(seed);
            let data = Data::new(rows, features, count, weighted, &mut rng);
            let mut inner = data.objective(0.0, intercept);
            let params: Vec<f64> = draw(inner.parameter_count(), &mut rng).iter().map(|p| 0.3 * p).collect();
            let mut objective = JeffreysObjective::new(&mut inner, &params).unwrap();
            let check = GradCheck::new().relative_tolerance(1e-6).absolute_tolerance(1e-8);
            let agreement = check.objective(&mut objective, &params);
            prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
        }
    }

    /// Powers up to the fifth are nearly dependent, so the last pivots are small remainders of large entries.
    #[test]
    fn values_next_to_each_other_differ_by_their_noise() {
        let mut rng = Rng::new(43);
        let x = DMatrix::from_fn(300, 5, |row, j| (1.0 + 2.25 * row as f64).powi(j as i32 + 1));
        let classes: Vec<usize> =
            (0..300).map(|row| usize::from(rng.uniform(0.0, 400.0) < row as f64)).collect();
        let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
        let penalty = ColumnPenalty::none(5);
        let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
        let mut inner = LogisticObjective::new(problem);
        let mut gradient = [0.0; 6];
        let mut objective = JeffreysObjective::new(&mut inner, &gradient).unwrap();
        let params = [0.5, -0.3, 0.2, 0.1, -0.1, 0.3];
        let here = objective.evaluate(&params, &mut gradient);
        let noise = 8.0 * f64::EPSILON * here.magnitude;
        for _ in 0..100 {
            let near = params.map(|p| p * (1.0 + 1e-15 * rng.standard_normal()));
            let there = objective.evaluate(&near, &mut gradient);
            let apart = (there.value - here.value).abs();
            assert!(apart <= 2.0 * noise, "{apart:e}, {noise:e}");
        }
    }

    /// In a saturated model Jeffreys' prior adds half a row to every cell: groups 0 and 1 with counts of each
    /// class.
    #[test]
    fn saturated_models_gain_half_a_row_in_each_cell() {
        for counts in [vec![[3.0, 9.0], [7.0, 0.0]], vec![[3.0, 9.0], [7.0, 0.0], [1.0, 5.0]]] {
            let classes = counts.len();
            let x = DMatrix::from_fn(2 * classes, 1, |row, _| (row % 2) as f64);
            let y: Vec<usize> = (0..2 * classes).map(|row| row / 2).collect();
            let weights: Vec<f64> = counts.iter().flatten().copied().collect();
            let model =
                LogisticRegression::new(Penalty::Jeffreys).tolerance(1e-12).fit_weighted(&x, &y, &weights);
            let model = model.unwrap();
            assert!(model.report().converged(), "{}", model.report());
            let log_odds =
                |class: usize, group: usize| ((counts[class][group] + 0.5) / (counts[0][group] + 0.5)).ln();
            for class in 1..classes {
                let (w, b) = (model.coefficients(), model.intercept());
                let against_first =
                    |of: &dyn Fn(usize) -> f64| if classes == 2 { of(0) } else { of(class) - of(0) };
                approx::assert_relative_eq!(
                    against_first(&|k| b[k]),
                    log_odds(class, 0),
                    max_relative = 1e-9
                );
                let slope = log_odds(class, 1) - log_odds(class, 0);
                approx::assert_relative_eq!(against_first(&|k| w[(0, k)]), slope, max_relative = 1e-9);
            }
            // The value: mean loss minus ½ ln det I / n, with I of the groups.
            let total: f64 = weights.iter().sum();
            let p = |class: usize, group: usize| {
                (counts[class][group] + 0.5) / (0..classes).map(|k| counts[k][group] + 0.5).sum::<f64>()
            };
            let rows = |group: usize| counts.iter().map(|c| c[group]).sum::<f64>();
            let loss: f64 =
                (0..classes).map(|k| (0..2).map(|g| counts[k][g] * p(k, g).ln()).sum::<f64>()).sum::<f64>()
                    / -total;
            // det(diag(p) - ppᵀ) over all classes but the first is the product of all p.
            let information: f64 = (0..2)
                .map(|g| {
                    (classes - 1) as f64 * rows(g).ln() + (0..classes).map(|k| p(k, g).ln()).sum::<f64>()
                })
                .sum();
            let wanted = loss - 0.5 * information / total;
            approx::assert_relative_eq!(model.report().objective, wanted, max_relative = 1e-10);
        }
    }

    #[test]
    fn dependent_columns_are_an_error() {
        let x = DMatrix::from_fn(6, 2, |row, j| (row * (j + 1)) as f64);
        let fitted = LogisticRegression::new(Penalty::Jeffreys).fit(&x, &[0, 1, 0, 1, 0, 1]);
        assert!(matches!(fitted, Err(Error::Singular { .. })), "{fitted:?}");
    }
}
