//! The effect of each row on a fit, by one Newton step without the row.

use nalgebra::DMatrix;

use super::form::{Active, Forms};
use crate::error::Error;
use crate::linear::objective::LogisticObjective;
use crate::parallel::{ByRows, parts};
use crate::scalar::Real;

/// Influence measures of each row, and its leave-one-out scores.
#[derive(Debug, Clone)]
pub(super) struct RowInfluence {
    pub(super) leverages: Vec<f64>,
    /// n x score columns
    pub(super) scores: DMatrix<f64>,
    pub(super) cooks_distances: Vec<f64>,
    pub(super) pearson: Vec<f64>,
    pub(super) deviance: Vec<f64>,
}

/// The number of scratch entries, which determines how many rows are processed together.
const SCRATCH: usize = 1 << 18;

impl RowInfluence {
    /// Computes the influence of each row at `params`, the optimum of `objective`.
    pub(super) fn new<T: Real>(
        objective: &mut LogisticObjective<'_, T>,
        params: &[T],
    ) -> Result<Self, Error> {
        let active = Active::new(objective, params);
        let root = active.inverse_root(objective, params)?;
        let (rows, columns) = (objective.problem.rows.count(), objective.coordinates.columns);
        let zeros = || vec![0.0; rows];
        let mut out = RowInfluence {
            leverages: zeros(),
            scores: DMatrix::zeros(rows, columns),
            cooks_distances: zeros(),
            pearson: zeros(),
            deviance: zeros(),
        };
        let chunk = (SCRATCH / (active.set.parameters.len() * columns).max(1)).clamp(16, 1024);
        objective.for_each_scores(params, out.by_rows(), |pass, rows, scores, out| {
            let mut forms = Forms::new(columns);
            let mut row = Row::new::<T>(columns, active.degrees_of_freedom);
            for (part, mut out) in parts(rows.len(), chunk, out) {
                forms.evaluate(&rows.part(part.clone()), pass.coordinates, &active, &root);
                for at in part.clone() {
                    (row.weight, row.class) = (rows.weight(at), rows.targets()[at]);
                    for (own, score) in row.scores.iter_mut().zip(scores.row(at).iter()) {
                        *own = score.as_f64();
                    }
                    forms.of_row(at - part.start, &mut row.form);
                    let left_out = row.leave_out();
                    out.write(at - part.start, &left_out, &row.moved);
                }
            }
        });
        Ok(out)
    }
}

impl RowInfluence {
    /// Returns the measures, to be written row by row.
    fn by_rows(&mut self) -> Measures<'_> {
        let rows = self.leverages.len();
        Measures {
            single: [&mut self.leverages, &mut self.cooks_distances, &mut self.pearson, &mut self.deviance]
                .map(|measure| measure.as_mut_slice()),
            scores: self.scores.as_mut_slice().chunks_exact_mut(rows.max(1)).collect(),
        }
    }
}

/// The measures of some rows.
struct Measures<'a> {
    single: [&'a mut [f64]; 4],
    /// One slice for each score column.
    scores: Vec<&'a mut [f64]>,
}

impl ByRows for Measures<'_> {
    fn split(self, rows: usize) -> (Self, Self) {
        let [a, b, c, d] = self.single.map(|measure| measure.split_at_mut(rows));
        let (before, after) = self.scores.into_iter().map(|scores| scores.split_at_mut(rows)).unzip();
        let single = ([a.0, b.0, c.0, d.0], [a.1, b.1, c.1, d.1]);
        (Measures { single: single.0, scores: before }, Measures { single: single.1, scores: after })
    }
}

impl Measures<'_> {
    /// Writes those of one row.
    fn write(&mut self, row: usize, left_out: &LeftOut, scores: &[f64]) {
        let LeftOut { leverage, cooks_distance, pearson, deviance } = *left_out;
        let single = self.single.iter_mut().zip([leverage, cooks_distance, pearson, deviance]);
        single.for_each(|(measure, value)| measure[row] = value);
        self.scores.iter_mut().zip(scores).for_each(|(out, &score)| out[row] = score);
    }
}

/// What leaving out a row changes.
struct LeftOut {
    leverage: f64,
    cooks_distance: f64,
    pearson: f64,
    deviance: f64,
}

/// A row at the optimum, with scratch memory for leaving it out.
struct Row {
    /// Sample weight times class weight.
    weight: f64,
    class: usize,
    scores: Vec<f64>,
    /// Q
    form: Vec<f64>,
    degrees_of_freedom: f64,
    /// Bounds the movement of a row that alone determines a coefficient.
    floor: f64,
    p: Vec<f64>,
    /// The probability of the first of two classes.
    rest: f64,
    system: Vec<f64>,
    step: Vec<f64>,
    /// The scores without the row.
    moved: Vec<f64>,
}

impl Row {
    fn new<T: Real>(columns: usize, degrees_of_freedom: usize) -> Self {
        let zeros = || vec![0.0; columns];
        Row {
            weight: 0.0,
            class: 0,
            scores: zeros(),
            form: vec![0.0; columns * columns],
            degrees_of_freedom: degrees_of_freedom.max(1) as f64,
            floor: T::EPSILON.as_f64(),
            p: zeros(),
            rest: 0.0,
            system: vec![0.0; columns * columns],
            step: zeros(),
            moved: zeros(),
        }
    }

    /// Returns the entry of W Q for the scores `a` and `b`, where W is the second derivative of the loss.
    ///
    /// The rows of W sum to 0, so for several columns this is p_a Σ_c p_c (Q_ab - Q_cb). In this form, rounding
    /// leaves nothing of the size of Q where p_a is nearly 1.
    fn curved(&self, a: usize, b: usize) -> f64 {
        let columns = self.scores.len();
        let form = |c: usize| self.form[c * columns + b];
        if columns == 1 {
            return self.p[0] * self.rest * form(0);
        }
        let others = (0..columns).filter(|&c| c != a);
        self.p[a] * others.map(|c| self.p[c] * (form(a) - form(c))).sum::<f64>()
    }

    /// Returns the influence of the row, and sets the scores without it. With r = p - y, the Newton step without the
    /// row moves its scores by Q s, where (I - u W Q) s = u r.
    fn leave_out(&mut self) -> LeftOut {
        let columns = self.scores.len();
        let log_p = log_probability(&self.scores, self.class);
        let p_own = log_p.exp();
        for k in 0..columns {
            self.p[k] = log_probability(&self.scores, if columns == 1 { 1 } else { k }).exp();
        }
        self.rest = log_probability(&self.scores, 0).exp();
        // Summing the other classes gives 1 - p without cancellation.
        let others = (0..columns.max(2)).filter(|&k| k != self.class);
        let rest: f64 = others.map(|k| log_probability(&self.scores, k).exp()).sum();
        let mut leverage = 0.0;
        for a in 0..columns {
            for b in 0..columns {
                let product = self.curved(a, b);
                let unit = f64::from(u8::from(a == b));
                self.system[b * columns + a] = (1.0 + self.floor) * unit - self.weight * product;
                leverage += self.weight * product * unit;
            }
            let own = if columns == 1 { self.class == 1 } else { self.class == a };
            self.step[a] = self.weight * if own { -rest } else { self.p[a] };
        }
        solve(&mut self.system, &mut self.step);
        let mut moved = 0.0;
        for a in 0..columns {
            let shift: f64 = (0..columns).map(|b| self.form[b * columns + a] * self.step[b]).sum();
            self.moved[a] = self.scores[a] + shift;
            moved += self.step[a] * shift;
        }
        let step_own = match (columns, self.class) {
            (1, 0) => -self.step[0],
            (1, _) => self.step[0],
            (_, class) => self.step[class],
        };
        let sign = if columns == 1 && self.class == 0 { -1.0 } else { 1.0 };
        // The squared Pearson residuals, standardised and raw.
        let standardised = (-step_own / p_own.max(f64::MIN_POSITIVE)).max(0.0);
        let raw = self.weight * rest / p_own.max(f64::MIN_POSITIVE);
        let stretch = if raw > 0.0 { standardised / raw } else { 1.0 };
        LeftOut {
            leverage,
            cooks_distance: moved.max(0.0) / self.degrees_of_freedom,
            pearson: sign * standardised.sqrt(),
            deviance: sign * (-2.0 * self.weight * log_p * stretch).max(0.0).sqrt(),
        }
    }
}

/// Returns the log-probability of a class from the scores of a row; a single score belongs to class 1, and
/// class 0 has score 0.
fn log_probability(scores: &[f64], class: usize) -> f64 {
    if let [z] = *scores {
        let against = if class == 1 { -z } else { z };
        return -(against.max(0.0) + (-against.abs()).exp().ln_1p());
    }
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scores.iter().map(|z| (z - largest).exp()).sum();
    scores[class] - largest - sum.ln()
}

/// Solves a small system stored by columns, by elimination with row exchanges; overwrites the right-hand
/// side.
fn solve(matrix: &mut [f64], right: &mut [f64]) {
    let size = right.len();
    for k in 0..size {
        let pivot = (k..size).fold(k, |best, i| {
            if matrix[k * size + i].abs() > matrix[k * size + best].abs() { i } else { best }
        });
        if pivot != k {
            (0..size).for_each(|j| matrix.swap(j * size + k, j * size + pivot));
            right.swap(k, pivot);
        }
        for i in k + 1..size {
            let factor = matrix[k * size + i] / matrix[k * size + k];
            for j in k..size {
                matrix[j * size + i] -= factor * matrix[j * size + k];
            }
            right[i] -= factor * right[k];
        }
    }
    for k in (0..size).rev() {
        let known: f64 = (k + 1..size).map(|j| matrix[j * size + k] * right[j]).sum();
        right[k] = (right[k] - known) / matrix[k * size + k];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn small_systems_are_solved() {
        let mut rng = Rng::new(4);
        for size in 1..6 {
            let mut matrix = DMatrix::from_fn(size, size, |_, _| rng.standard_normal());
            matrix[(0, 0)] = 0.0; // An exchange is needed.
            if size == 1 {
                matrix[(0, 0)] = -3.0;
            }
            let wanted = DMatrix::from_fn(size, 1, |_, _| rng.standard_normal());
            let mut right = &matrix * &wanted;
            solve(matrix.clone().as_mut_slice(), right.as_mut_slice());
            approx::assert_relative_eq!(right, wanted, max_relative = 1e-10, epsilon = 1e-12);
        }
    }

    /// The leverage of such a row is 1, and there is no estimate without it. Its score moves as far as the
    /// digits of the leverage go.
    #[test]
    fn a_row_that_decides_alone_moves_by_a_finite_step() {
        fn left_out<T: Real>() -> (LeftOut, f64) {
            let mut row = Row::new::<T>(1, 1);
            (row.weight, row.class, row.form) = (1.0, 1, vec![4.0]);
            (row.leave_out(), row.moved[0])
        }
        for ((out, score), digits) in
            [(left_out::<f64>(), f64::EPSILON), (left_out::<f32>(), f32::EPSILON.into())]
        {
            assert_eq!(out.leverage, 1.0);
            // From a score of 0, r is -1/2.
            approx::assert_relative_eq!(score, -0.5 * 4.0 / digits, max_relative = 1e-12);
            approx::assert_relative_eq!(
                out.cooks_distance,
                (0.5 / digits).powi(2) * 4.0,
                max_relative = 1e-12
            );
        }
    }

    #[test]
    fn probabilities_keep_their_tails() {
        approx::assert_relative_eq!(log_probability(&[800.0], 0), -800.0);
        approx::assert_relative_eq!(log_probability(&[-40.0], 0), -(-40.0f64).exp(), max_relative = 1e-15);
        approx::assert_relative_eq!(
            log_probability(&[1.0, 3.0], 1),
            log_probability(&[2.0], 1),
            max_relative = 1e-15
        );
    }
}
