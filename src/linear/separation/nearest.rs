//! The point of a convex hull nearest to the origin, by non-negative least squares.

use super::budget::Budget;
use crate::error::Error;
use crate::scalar::{axpy, dot};

/// Weights below this may be due to rounding errors.
const SMALL: f64 = 1e-5;

/// Non-negative weights c of some vectors p that minimise ‖(Σ c p, Σ c - 1)‖.
///
/// The residual r = (-Σ c p, 1 - Σ c) is zero if and only if the hull of the vectors contains the origin.
/// Otherwise, if (p, 1)·r <= 0 for all vectors, then -r without its last entry has a positive inner product
/// with all of them.
///
/// The algorithm is that of Lawson and Hanson (1974): vectors enter one by one, and those whose weight would
/// turn negative leave. The vectors (p, 1) with positive weight stay linearly independent. They are stored as
/// U R with orthonormal U.
#[derive(Debug, Clone)]
pub(super) struct Nearest {
    /// The length of (p, 1).
    size: usize,
    pub(super) members: Vec<Member>,
    /// The orthonormal columns of U, one per member.
    basis: Vec<Vec<f64>>,
    /// The triangle R by columns: column j has j + 1 entries.
    triangle: Vec<Vec<f64>>,
    /// The last unit vector minus its projection on the span of the columns.
    pub(super) residual: Vec<f64>,
    /// The length of the residual when it was last orthogonalised against all columns.
    projected: f64,
    /// The approximate number of multiplications so far.
    pub(super) work: usize,
}

/// A vector with its weight.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// The vector, followed by 1.
    pub(super) vector: Vec<f64>,
    pub(super) weight: f64,
}

impl Nearest {
    pub(super) fn new(size: usize) -> Self {
        let mut residual = vec![0.0; size + 1];
        residual[size] = 1.0;
        Nearest {
            size: size + 1,
            members: Vec::new(),
            basis: Vec::new(),
            triangle: Vec::new(),
            residual,
            projected: 1.0,
            work: 0,
        }
    }

    /// Returns the length of the residual.
    pub(super) fn length(&self) -> f64 {
        dot(&self.residual, &self.residual).sqrt()
    }

    /// Recomputes the residual.
    fn project(&mut self) {
        self.residual.fill(0.0);
        self.residual[self.size - 1] = 1.0;
        for _ in 0..2 {
            for q in &self.basis {
                axpy(-dot(q, &self.residual), q, &mut self.residual);
            }
        }
        self.work += 4 * self.size * self.basis.len();
        self.projected = self.length();
    }

    /// Subtracts the component along the last column. Recomputes the residual if so little is left that
    /// earlier errors matter.
    fn update(&mut self) {
        if let Some(q) = self.basis.last() {
            axpy(-dot(q, &self.residual), q, &mut self.residual);
        }
        if self.length() < 0.1 * self.projected {
            self.project();
        }
    }

    /// Returns the length of (Σ c p, Σ c - 1), computed from the weights.
    pub(super) fn distance(&self) -> f64 {
        let mut sum = vec![0.0; self.size];
        sum[self.size - 1] = -1.0;
        self.members.iter().for_each(|member| axpy(member.weight, &member.vector, &mut sum));
        dot(&sum, &sum).sqrt()
    }

    /// Lets a vector (p, 1) with (p, 1)·r > 0 enter. Returns `false` if rounding errors prevent it.
    pub(super) fn enter(&mut self, vector: Vec<f64>) -> bool {
        let entered = self.members.len();
        if !self.append(vector) {
            return false;
        }
        let mut removed = false;
        // Each iteration except the last removes a member.
        while !self.members.is_empty() {
            let optimum = self.solve();
            self.work += self.members.len() * self.members.len() / 2;
            let step = |(at, (member, &z)): (usize, (&Member, &f64))| {
                (z <= 0.0).then(|| (at, member.weight / (member.weight - z)))
            };
            let steps = self.members.iter().zip(&optimum).enumerate().filter_map(step);
            let Some((at, step)) = steps.min_by(|a, b| a.1.total_cmp(&b.1)) else {
                self.set(&optimum);
                if removed {
                    self.project()
                } else {
                    self.update()
                }
                return true;
            };
            if at == entered && !removed {
                self.remove(at);
                return false;
            }
            removed = true;
            let step = if step.is_finite() { step } else { 0.0 };
            for (member, &z) in self.members.iter_mut().zip(&optimum) {
                member.weight += step * (z - member.weight);
            }
            self.remove(at);
        }
        self.project();
        false
    }

    /// Removes members with a small weight without which the residual stays within `tolerance`: they are
    /// members only because of rounding errors.
    ///
    /// # Errors
    /// Returns an error if the budget does not suffice.
    pub(super) fn prune(&mut self, tolerance: f64, budget: &mut Budget<'_>) -> Result<(), Error> {
        let mut passed = 0.0;
        // Each iteration keeps a member or removes some.
        while let Some((at, weight)) = self.lightest_above(passed) {
            if weight >= SMALL {
                break;
            }
            let removal = 3 * self.members.len() * (self.size + self.members.len());
            budget.spend(removal)?;
            let mut trial = self.clone();
            trial.remove(at);
            loop {
                budget.spend(removal)?;
                let weights = trial.solve();
                trial.set(&weights);
                // The weights of other members may have depended on the removed one.
                match trial.members.iter().position(|member| member.weight <= tolerance) {
                    Some(at) => trial.remove(at),
                    None => break,
                }
            }
            if trial.distance() <= tolerance {
                *self = trial;
            } else {
                passed = weight;
            }
        }
        Ok(())
    }

    /// Returns the member with the smallest weight above `bound`.
    fn lightest_above(&self, bound: f64) -> Option<(usize, f64)> {
        let weights = self.members.iter().map(|member| member.weight).enumerate();
        weights.filter(|&(_, weight)| weight > bound).min_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn append(&mut self, vector: Vec<f64>) -> bool {
        let mut rest = vector.clone();
        let mut column = vec![0.0; self.basis.len()];
        for _ in 0..2 {
            for (q, r) in self.basis.iter().zip(&mut column) {
                let share = dot(q, &rest);
                *r += share;
                axpy(-share, q, &mut rest);
            }
        }
        self.work += 4 * self.size * self.basis.len();
        let length = dot(&rest, &rest).sqrt();
        if length <= 16.0 * f64::EPSILON || self.basis.len() == self.size {
            return false;
        }
        rest.iter_mut().for_each(|rest| *rest /= length);
        column.push(length);
        self.basis.push(rest);
        self.triangle.push(column);
        self.members.push(Member { vector, weight: 0.0 });
        true
    }

    /// Removes a member and rotates the columns of U to make R triangular again.
    fn remove(&mut self, at: usize) {
        self.members.remove(at);
        self.triangle.remove(at);
        self.work += 4 * self.size * (self.triangle.len() - at);
        for column in at..self.triangle.len() {
            let (a, b) = (self.triangle[column][column], self.triangle[column][column + 1]);
            let length = a.hypot(b);
            let (cosine, sine) = if length > 0.0 { (a / length, b / length) } else { (1.0, 0.0) };
            for later in &mut self.triangle[column..] {
                let (a, b) = (later[column], later[column + 1]);
                later[column] = cosine * a + sine * b;
                later[column + 1] = cosine * b - sine * a;
            }
            self.triangle[column].truncate(column + 1);
            let (left, right) = self.basis.split_at_mut(column + 1);
            for (a, b) in left[column].iter_mut().zip(&mut right[0]) {
                (*a, *b) = (cosine * *a + sine * *b, cosine * *b - sine * *a);
            }
        }
        self.basis.pop();
    }

    /// Returns the least-squares weights, which may be negative.
    fn solve(&self) -> Vec<f64> {
        let mut weights: Vec<f64> = self.basis.iter().map(|q| q[self.size - 1]).collect();
        for j in (0..weights.len()).rev() {
            weights[j] /= self.triangle[j][j];
            let (above, rest) = weights.split_at_mut(j);
            axpy(-rest[0], &self.triangle[j][..j], above);
        }
        weights
    }

    fn set(&mut self, weights: &[f64]) {
        self.members.iter_mut().zip(weights).for_each(|(member, &weight)| member.weight = weight);
    }
}
