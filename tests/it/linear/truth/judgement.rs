//! Gradient, curvature and rounding of a model, from the definitions.

use super::factor::Factor;
use super::many::Known;
use super::rows::{Probabilities, Rows};
use super::{Problem, Truth, scaled};
use crate::common::double_double::DoubleDouble as Exact;

/// A model under judgement: scores, with coefficients in the units of [`Rows`].
pub(super) struct Judgement<'a> {
    pub(super) problem: &'a Problem,
    pub(super) rows: &'a Rows,
    /// Slopes, score column by score column.
    pub(super) w: Vec<Vec<f64>>,
    pub(super) probabilities: Vec<Probabilities>,
    /// The rounding of the scores that the coefficients have, row by row.
    pub(super) score_errors: Vec<Vec<f64>>,
    /// The rounding of the largest score of a row that is computed about the centre of the columns.
    pub(super) careful_errors: Vec<f64>,
    pub(super) columns: usize,
    pub(super) epsilon: f64,
}

impl Judgement<'_> {
    /// The class of a score column.
    pub(super) fn class(&self, k: usize) -> usize {
        if self.columns == 1 { 1 } else { k }
    }

    /// p minus 1 for the class of the row, p for others.
    fn residual(&self, row: usize, k: usize) -> Exact {
        let class = self.class(k);
        let Probabilities { p, rest } = &self.probabilities[row];
        if self.problem.y[self.rows.kept[row]] == class { -rest[class] } else { p[class] }
    }

    /// A column of x̃: the last is that of the intercept.
    pub(super) fn x(&self, row: usize, j: usize) -> Exact {
        self.rows.x.get(j).map_or(Exact::ONE, |column| column[row])
    }

    fn l1(&self, j: usize) -> f64 {
        self.problem.l1.get(j).map_or(0.0, |&l1| scaled(l1, -self.rows.exponents[j]))
    }

    pub(super) fn l2(&self, j: usize) -> f64 {
        self.problem.l2.get(j).map_or(0.0, |&l2| scaled(l2, -2 * self.rows.exponents[j]))
    }

    fn slope(&self, j: usize, k: usize) -> f64 {
        self.w[k].get(j).copied().unwrap_or(0.0)
    }

    /// The gradient of the smooth part for one coefficient.
    fn gradient(&self, j: usize, k: usize) -> Exact {
        let rows = 0..self.rows.weights.len();
        let loss: Exact =
            rows.map(|row| self.rows.weights[row] * self.residual(row, k) * self.x(row, j)).sum();
        loss + Exact::from(self.l2(j)) * Exact::from(self.slope(j, k))
    }

    /// The sum of the absolute terms of a gradient entry times epsilon, with x minus `shift`.
    fn noise(&self, j: usize, k: usize, shift: f64) -> f64 {
        let terms = (0..self.rows.weights.len()).map(|row| {
            let size = (self.x(row, j).value() - shift).abs();
            self.rows.weights[row].value() * self.residual(row, k).abs().value() * size
        });
        self.epsilon * (terms.sum::<f64>() + (self.l2(j) * self.slope(j, k)).abs() + self.l1(j))
    }

    /// The change of a gradient entry when scores are wrong by the rounding of a careful computation.
    fn carried(&self, j: usize, k: usize, shift: f64) -> f64 {
        let class = self.class(k);
        let of_scores: f64 = (0..self.rows.weights.len())
            .map(|row| {
                let Probabilities { p, rest } = &self.probabilities[row];
                let spread = p[class].value() * rest[class].value();
                let error = self.careful_errors[row];
                let size = (self.x(row, j).value() - shift).abs();
                2.0 * self.rows.weights[row].value() * spread * error * size
            })
            .sum();
        of_scores + self.l2(j) * 0.5 * self.epsilon * self.slope(j, k).abs()
    }

    /// The subgradient of smallest size, for a gradient of the smooth part.
    fn smallest(&self, gradient: Exact, j: usize, k: usize) -> Exact {
        let (l1, w) = (Exact::from(self.l1(j)), self.slope(j, k));
        if l1 == Exact::ZERO {
            gradient
        } else if w != 0.0 {
            if w > 0.0 { gradient + l1 } else { gradient - l1 }
        } else if gradient.abs().value() <= self.l1(j) + self.noise(j, k, 0.0) + self.carried(j, k, 0.0) {
            // What rounding explains is no violation: its sign says nothing.
            Exact::ZERO
        } else if gradient > Exact::ZERO {
            gradient - l1
        } else {
            gradient + l1
        }
    }

    /// The columns of a root of H for some coefficients.
    pub(super) fn root(&self, active: &[(usize, usize)]) -> Vec<Vec<Exact>> {
        let outcomes = if self.columns == 1 { 1 } else { self.columns };
        let count = self.rows.weights.len();
        // √(u p_s) (δ_sk - p_k): its square, summed over s, is u (diag p - p pᵀ).
        let mut roots = vec![vec![Exact::ZERO; self.columns]; count * outcomes];
        for row in 0..count {
            let Probabilities { p, rest } = &self.probabilities[row];
            let weight = self.rows.weights[row];
            if self.columns == 1 {
                roots[row][0] = (weight * p[1] * rest[1]).sqrt();
                continue;
            }
            for s in 0..outcomes {
                let size = (weight * p[s]).sqrt();
                for k in 0..self.columns {
                    roots[row * outcomes + s][k] = size * if s == k { rest[k] } else { -p[k] };
                }
            }
        }
        let loss: Vec<Vec<Exact>> = active
            .iter()
            .map(|&(j, k)| {
                (0..count * outcomes).map(|row| roots[row][k] * self.x(row / outcomes, j)).collect()
            })
            .collect();
        let size = |at: usize| loss[at].iter().map(|a| a.square()).sum::<Exact>().sqrt().value();
        // Any curvature will do along a shift common to all score columns.
        let mut shifts = vec![Exact::ZERO; self.rows.x.len() + 1];
        for (at, &(j, _)) in active.iter().enumerate() {
            if self.can_shift(j, active) {
                shifts[j] = Exact::from(size(at).max(shifts[j].value()));
            }
        }
        loss.iter()
            .zip(active)
            .enumerate()
            .map(|(at, (loss, &(j, _)))| {
                let mut column = loss.clone();
                column.extend(shifts.iter().enumerate().map(|(i, &s)| if i == j { s } else { Exact::ZERO }));
                let ridge = Exact::from(self.l2(j)).sqrt();
                column.extend((0..active.len()).map(|i| if i == at { ridge } else { Exact::ZERO }));
                column
            })
            .collect()
    }

    /// Whether all score columns of a term can change by the same amount, which changes no probability.
    pub(super) fn can_shift(&self, j: usize, active: &[(usize, usize)]) -> bool {
        self.columns > 1 && active.iter().filter(|&&(i, _)| i == j).count() == self.columns
    }

    /// The gradient of -½ ln det I / Σ u for one coefficient, given that of each row's scores.
    fn jeffreys(&self, active: &[(usize, usize)], factor: &Factor) -> Vec<Vec<Exact>> {
        let half = Exact::from(0.5);
        let count = self.rows.weights.len();
        let mut scores = vec![vec![Exact::ZERO; self.columns]; count];
        for (row, out) in scores.iter_mut().enumerate() {
            let images: Vec<Vec<Exact>> = (0..self.columns)
                .map(|b| {
                    let entry = |&(j, k): &(usize, usize)| if k == b { self.x(row, j) } else { Exact::ZERO };
                    factor.solve(&active.iter().map(entry).collect::<Vec<_>>())
                })
                .collect();
            let form = |b: usize, c: usize| -> Exact {
                images[b].iter().zip(&images[c]).map(|(&a, &b)| a * b).sum()
            };
            let Probabilities { p, rest } = &self.probabilities[row];
            let scale = self.rows.weights[row] / Exact::from(self.rows.total);
            if self.columns == 1 {
                let slope = scale * p[1] * rest[1] * form(0, 0) * half * (rest[1] - p[1]);
                out[0] = -slope;
                continue;
            }
            let forms: Vec<Vec<Exact>> =
                (0..self.columns).map(|b| (0..self.columns).map(|c| form(b, c)).collect()).collect();
            let times_p = |a: usize| -> Exact { (0..self.columns).map(|b| forms[a][b] * p[b]).sum() };
            let mean: Exact = (0..self.columns).map(|b| p[b] * forms[b][b]).sum();
            let whole: Exact = (0..self.columns).map(|b| p[b] * times_p(b)).sum();
            let two = Exact::from(2.0);
            for a in 0..self.columns {
                let bracket = forms[a][a] - mean - two * times_p(a) + two * whole;
                out[a] = -(scale * half * p[a] * bracket);
            }
        }
        let terms = 0..=self.rows.x.len();
        terms
            .map(|j| {
                let sum = |k: usize| (0..count).map(|row| scores[row][k] * self.x(row, j)).sum();
                (0..self.columns).map(sum).collect()
            })
            .collect()
    }

    pub(super) fn truth(&self, dropped: &[usize], known: &mut Known) -> Truth {
        let features = self.rows.x.len();
        let terms = features + usize::from(self.problem.intercept);
        let all: Vec<(usize, usize)> =
            (0..terms).flat_map(|j| (0..self.columns).map(move |k| (j, k))).collect();
        let mut gradient: Vec<Vec<Exact>> = vec![vec![Exact::ZERO; self.columns]; features + 1];
        for &(j, k) in &all {
            gradient[j][k] = self.gradient(j, k);
        }
        let is_active = |&(j, k): &(usize, usize)| {
            let violated = self.smallest(gradient[j][k], j, k) != Exact::ZERO;
            !dropped.contains(&j) && (self.l1(j) == 0.0 || self.slope(j, k) != 0.0 || violated)
        };
        let active: Vec<(usize, usize)> = all.iter().copied().filter(is_active).collect();
        let factor = known.factor(self, &active);
        if self.problem.jeffreys {
            let extra = self.jeffreys(&active, factor);
            for &(j, k) in &all {
                gradient[j][k] += extra[j][k];
            }
        }
        let smallest: Vec<Exact> = active.iter().map(|&(j, k)| self.smallest(gradient[j][k], j, k)).collect();
        let squares = factor.solve(&smallest).iter().map(|y| y.square()).sum::<Exact>();
        let decrement = (squares + Exact::from(self.shifts(&active))).sqrt().value();
        // Leverages come from an inverse, which multiplies rounding by the condition. Their sum is at most the
        // number of coefficients.
        let of_leverages = if self.problem.jeffreys {
            0.5 * self.epsilon * factor.condition() / self.rows.total * active.len() as f64
        } else {
            0.0
        };
        let noise: Vec<f64> = active.iter().map(|&(j, k)| self.noise(j, k, 0.0) + of_leverages).collect();
        let (mut gradient_norm, mut gradient_rounding) = (0.0, 0.0);
        for &(j, k) in all.iter().filter(|(j, _)| !dropped.contains(j)) {
            // In the user's units a centre carries the gradient of the intercept along.
            let center = self.rows.centers.get(j).copied().unwrap_or(0.0);
            let moved = gradient[j][k] + Exact::from(center) * gradient[features][k];
            let unit = self.rows.exponents.get(j).copied().unwrap_or(0);
            let size = scaled(self.smallest(moved, j, k).abs().value(), unit);
            let rounding =
                self.noise(j, k, -center) + self.carried(j, k, -center) + of_leverages * (1.0 + center.abs());
            let rounding = scaled(rounding, unit);
            if size > gradient_norm {
                (gradient_norm, gradient_rounding) = (size, rounding);
            }
        }
        Truth {
            decrement: if decrement.is_nan() { f64::INFINITY } else { decrement },
            gradient_norm,
            decrement_rounding: self.decrement_of_scores(),
            gradient_rounding,
            arithmetic: factor.typical(&noise),
        }
    }

    /// The squared decrement along the shifts common to all score columns, for each column (λ1 Σ_k sign w_k +
    /// λ2 Σ_k w_k)² / (K λ2). Where w_k is zero, the sign may be any number from -1 to 1.
    fn shifts(&self, active: &[(usize, usize)]) -> f64 {
        let columns = (0..self.rows.x.len()).filter(|&j| self.l2(j) > 0.0 && self.can_shift(j, active));
        let square = |j: usize| {
            let sum: Exact = (0..self.columns).map(|k| Exact::from(self.slope(j, k))).sum();
            let nonzero = || (0..self.columns).map(|k| self.slope(j, k)).filter(|&w| w != 0.0);
            let signs: f64 = nonzero().map(f64::signum).sum();
            let any = (self.columns - nonzero().count()) as f64;
            let (l1, root) = (self.l1(j), self.l2(j).sqrt());
            let fixed = l1 / root * signs + root * sum.value();
            (fixed.abs() - l1 / root * any).max(0.0).powi(2) / self.columns as f64
        };
        columns.map(square).sum()
    }

    /// The decrement of scores that are wrong by their rounding, and of penalties of rounded coefficients.
    fn decrement_of_scores(&self) -> f64 {
        let mut sum = 0.0;
        for (row, errors) in self.score_errors.iter().enumerate() {
            for (k, error) in errors.iter().enumerate() {
                let Probabilities { p, rest } = &self.probabilities[row];
                let class = self.class(k);
                let spread = p[class].value() * rest[class].value();
                let factor = if self.columns == 1 { 1.0 } else { 2.0 };
                sum += factor * self.rows.weights[row].value() * spread * error * error;
            }
        }
        for (k, w) in self.w.iter().enumerate() {
            for (j, w) in w.iter().enumerate() {
                debug_assert!(k < self.columns);
                sum += self.l2(j) * (0.5 * self.epsilon * w).powi(2);
            }
        }
        sum.sqrt()
    }
}
