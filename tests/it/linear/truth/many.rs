//! The second derivative of many coefficients, from its definition.
//!
//! To orthogonalise a root of it, with a row for each outcome of each row, takes some seconds for 300
//! coefficients. Its Cholesky factor is quick and loses twice as many digits, but a decrement has to be right
//! only up to a factor of 3: where every pivot is at least 1e-9 of its diagonal entry, `f64` leaves about six
//! digits. Below that, sums and factor have 32 digits, as gradients and scores always have.

use std::ops::{Add, Div, Mul, Sub};

use super::factor::Factor;
use super::judgement::Judgement;
use super::rows::Probabilities;
use crate::common::double_double::DoubleDouble as Exact;

/// The number of coefficients from which on the second derivative is formed.
pub(super) const MANY: usize = 100;

/// The smallest part of a diagonal entry that may be left as a pivot in `f64`.
const SAFE: f64 = 1e-9;

/// The part of a diagonal entry that is nothing with 32 digits.
const NOTHING: f64 = 1e-26;

/// The largest relative change of a probability for which a factor serves again. The second derivative of a
/// row's loss is Σ_{a<b} p_a p_b (e_a - e_b)(e_a - e_b)ᵀ, so it changes by at most twice as much, and
/// decrements by as much.
const NEAR: f64 = 1e-3;

/// The factor at a model, for other models of the same problem nearby.
#[derive(Default)]
pub(crate) struct Known(Option<At>);

struct At {
    active: Vec<(usize, usize)>,
    /// Those of all rows and classes.
    probabilities: Vec<f64>,
    factor: Factor,
}

impl Known {
    /// Returns the factor at a model, or at one nearby.
    pub(super) fn factor(&mut self, judgement: &Judgement<'_>, active: &[(usize, usize)]) -> &Factor {
        let p: Vec<f64> =
            judgement.probabilities.iter().flat_map(|row| row.p.iter().map(|p| p.value())).collect();
        let close = |(&a, &b): (&f64, &f64)| (a - b).abs() <= NEAR * a.max(b);
        let near = |at: &At| at.active == active && at.probabilities.iter().zip(&p).all(close);
        let known = self.0.take().filter(near);
        let new = || At { active: active.to_vec(), probabilities: p, factor: judgement.factor(active) };
        &self.0.insert(known.unwrap_or_else(new)).factor
    }
}

/// A number type for sums and factors.
trait Number: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> {
    const ZERO: Self;

    fn of(value: Exact) -> Self;
    fn exact(self) -> Exact;
    fn root(self) -> Self;

    fn dot(a: &[Self], b: &[Self]) -> Self {
        a.iter().zip(b).fold(Self::ZERO, |sum, (&a, &b)| sum + a * b)
    }
}

impl Number for f64 {
    const ZERO: f64 = 0.0;

    fn of(value: Exact) -> f64 {
        value.value()
    }

    fn exact(self) -> Exact {
        Exact::from(self)
    }

    fn root(self) -> f64 {
        self.sqrt()
    }
}

impl Number for Exact {
    const ZERO: Exact = Exact::ZERO;

    fn of(value: Exact) -> Exact {
        value
    }

    fn exact(self) -> Exact {
        self
    }

    fn root(self) -> Exact {
        self.sqrt()
    }
}

impl Judgement<'_> {
    fn factor(&self, active: &[(usize, usize)]) -> Factor {
        if active.len() < MANY {
            return Factor::new(self.root(active));
        }
        factored(self.curvature::<f64>(active), SAFE)
            .or_else(|| factored(self.curvature::<Exact>(active), f64::NEG_INFINITY))
            .expect("no smallest pivot")
    }

    /// The lower triangle of H, row by row.
    fn curvature<N: Number>(&self, active: &[(usize, usize)]) -> Vec<Vec<N>> {
        let count = self.rows.weights.len();
        let column = |j: usize| (0..count).map(|row| N::of(self.x(row, j))).collect::<Vec<N>>();
        let x: Vec<Vec<N>> = (0..=self.rows.x.len()).map(column).collect();
        let curve = |row: usize, a: usize, b: usize| {
            let Probabilities { p, rest } = &self.probabilities[row];
            let (own, other) = (self.class(a), self.class(b));
            self.rows.weights[row] * p[own] * if a == b { rest[own] } else { -p[other] }
        };
        let mut h: Vec<Vec<N>> = (0..active.len()).map(|at| vec![N::ZERO; at + 1]).collect();
        for (a, b) in (0..self.columns).flat_map(|a| (0..self.columns).map(move |b| (a, b))) {
            let curves: Vec<N> = (0..count).map(|row| N::of(curve(row, a, b))).collect();
            for (at, &(j, _)) in active.iter().enumerate().filter(|(_, of)| of.1 == a) {
                let bent: Vec<N> = x[j].iter().zip(&curves).map(|(&x, &curve)| x * curve).collect();
                for (to, &(i, _)) in active[..=at].iter().enumerate().filter(|(_, of)| of.1 == b) {
                    h[at][to] = N::dot(&bent, &x[i]);
                }
            }
        }
        // Any curvature will do along a shift common to all score columns.
        let mut shifts = vec![N::ZERO; self.rows.x.len() + 1];
        for (at, &(j, _)) in active.iter().enumerate().filter(|(_, of)| self.can_shift(of.0, active)) {
            shifts[j] = shifts[j] + h[at][at];
        }
        for (at, &(j, _)) in active.iter().enumerate() {
            for (to, _) in active[..=at].iter().enumerate().filter(|(_, of)| of.0 == j) {
                h[at][to] = h[at][to] + shifts[j];
            }
            h[at][at] = h[at][at] + N::of(Exact::from(self.l2(j)));
        }
        h
    }
}

/// The Cholesky factor, or `None` if less than `least` of a diagonal entry is left as a pivot.
fn factored<N: Number>(h: Vec<Vec<N>>, least: f64) -> Option<Factor> {
    let mut r: Vec<Vec<N>> = Vec::with_capacity(h.len());
    for mut column in h {
        let last = column.len() - 1;
        let whole = column[last].exact().value();
        for i in 0..last {
            let (before, rest) = column.split_at_mut(i);
            let left = rest[0] - N::dot(before, &r[i][..i]);
            rest[0] = if r[i][i].exact() == Exact::ZERO { N::ZERO } else { left / r[i][i] };
        }
        let left = column[last] - N::dot(&column[..last], &column[..last]);
        let share = if whole == 0.0 { 0.0 } else { left.exact().value() / whole };
        if share.is_nan() || share < least {
            return None;
        }
        column[last] = if share <= NOTHING { N::ZERO } else { left.root() };
        r.push(column);
    }
    let exact = |column: Vec<N>| column.into_iter().map(N::exact).collect();
    Some(Factor { r: r.into_iter().map(exact).collect() })
}
