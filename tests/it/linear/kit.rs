//! Combinations of solver and penalty, data with weights and offsets, and an independent objective.

use logit::prelude::*;
use logit::{FitOptions, FittedLogistic, LogisticRegression, Penalty, Real, Solver};
use nalgebra::{DMatrix, DVector};

use crate::common::{normal, overlapping};

pub(crate) const SMOOTH: [Solver; 4] =
    [Solver::Newton, Solver::Lbfgs, Solver::NewtonCg, Solver::ProximalNewton];

/// λ of the absolute values and of the squares of a penalty with λ = 1.
pub(crate) const KINDS: [(f64, f64); 3] = [(0.0, 1.0), (1.0, 0.0), (0.6, 0.4)];

/// A penalty with these λ.
pub(crate) fn penalty(l1: f64, l2: f64) -> Penalty {
    match (l1, l2) {
        (0.0, 0.0) => Penalty::None,
        (0.0, _) => Penalty::l2(l2),
        (_, 0.0) => Penalty::l1(l1),
        _ => Penalty::elastic_net(l1 + l2, l1 / (l1 + l2)),
    }
}

/// The solvers that take a penalty with these λ.
pub(crate) fn solvers(l1: f64) -> Vec<Solver> {
    if l1 == 0.0 { SMOOTH.to_vec() } else { vec![Solver::ProximalNewton] }
}

/// Every penalty with every solver that takes it, to the last digits.
pub(crate) fn ways() -> Vec<LogisticRegression> {
    let kinds = [(0.0, 0.0), (0.0, 0.03), (0.02, 0.0), (0.012, 0.008)];
    let mut ways: Vec<_> = kinds
        .into_iter()
        .flat_map(|(l1, l2)| solvers(l1).into_iter().map(move |solver| exact(penalty(l1, l2), solver)))
        .collect();
    ways.push(exact(Penalty::Jeffreys, Solver::Newton));
    ways
}

/// To the last digits.
pub(crate) fn exact(penalty: Penalty, solver: Solver) -> LogisticRegression {
    LogisticRegression::new(penalty).solver(solver).tolerance(1e-12)
}

/// Rows with labels and, if wanted, weights and offsets.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    pub(crate) x: DMatrix<f64>,
    pub(crate) y: Vec<usize>,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) offset: Option<DMatrix<f64>>,
}

impl Data {
    /// Overlapping classes without weights and offsets.
    pub(crate) fn plain(rows: usize, columns: usize, classes: usize, seed: u64) -> Self {
        let (x, y) = overlapping(rows, columns, classes, seed);
        Data { x, y, weights: None, offset: None }
    }

    /// With weights from 0 to 4 and offsets of size 1/2.
    pub(crate) fn full(rows: usize, columns: usize, classes: usize, seed: u64) -> Self {
        let weights = (0..rows).map(|row| ((row * 7 + 3) % 5) as f64).collect();
        let offset = 0.5 * normal(rows, if classes == 2 { 1 } else { classes }, seed + 9);
        Data { weights: Some(weights), offset: Some(offset), ..Data::plain(rows, columns, classes, seed) }
    }

    pub(crate) fn options(&self) -> FitOptions<'_, f64> {
        {
            let mut options = FitOptions::new();
            options.weights = self.weights.as_deref();
            options.offset = self.offset.as_ref().map(|m| m.as_view());
            options
        }
    }

    pub(crate) fn try_fit(
        &self,
        by: &LogisticRegression,
    ) -> Result<FittedLogistic<f64, usize>, logit::Error> {
        by.fit_with(&self.x, &self.y, self.options())
    }

    /// A fit that converges.
    #[track_caller]
    pub(crate) fn fit(&self, by: &LogisticRegression) -> FittedLogistic<f64, usize> {
        let model = self.try_fit(by).expect("good data");
        assert!(model.report().converged(), "{by:?}: {}", model.report());
        model
    }

    /// The rows of these numbers, in this order.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        Data {
            x: self.x.select_rows(rows),
            y: crate::common::pick(&self.y, rows),
            weights: self.weights.as_ref().map(|w| crate::common::pick(w, rows)),
            offset: self.offset.as_ref().map(|o| o.select_rows(rows)),
        }
    }

    fn classes(&self) -> usize {
        self.y.iter().max().map_or(0, |max| max + 1)
    }

    /// The mean loss, and its gradient with respect to slopes and intercepts, of coefficients in the user's
    /// units.
    pub(crate) fn mean_loss<T: Real>(
        &self,
        model: &FittedLogistic<T, usize>,
    ) -> (f64, DMatrix<f64>, DVector<f64>) {
        let (w, b) = (model.coefficients().map(Real::as_f64), model.intercept().map(Real::as_f64));
        let columns = w.ncols();
        assert_eq!(columns, if self.classes() == 2 { 1 } else { self.classes() });
        let mut residuals = DMatrix::zeros(self.x.nrows(), columns);
        let (mut loss, mut total) = (0.0, 0.0);
        for row in 0..self.x.nrows() {
            let weight = self.weights.as_ref().map_or(1.0, |u| u[row]);
            total += weight;
            let score = |k: usize| {
                let own = self.offset.as_ref().map_or(0.0, |o| o[(row, k)]);
                (0..w.nrows()).fold(b[k] + own, |z, j| z + self.x[(row, j)] * w[(j, k)])
            };
            // Softmax over all classes, with score 0 for the first of two.
            let scores: Vec<f64> =
                if columns == 1 { vec![0.0, score(0)] } else { (0..columns).map(score).collect() };
            let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|z| (z - top).exp()).sum();
            loss += weight * (top + sum.ln() - scores[self.y[row]]);
            for k in 0..columns {
                let class = if columns == 1 { 1 } else { k };
                let hot = f64::from(u8::from(self.y[row] == class));
                residuals[(row, k)] = weight * ((scores[class] - top).exp() / sum - hot);
            }
        }
        let slopes = self.x.transpose() * &residuals / total;
        (loss / total, slopes, residuals.row_sum().transpose() / total)
    }

    /// Objective and largest violation of an optimality condition, for λ of each column; intercepts are free.
    pub(crate) fn conditions<T: Real>(
        &self,
        model: &FittedLogistic<T, usize>,
        l1: &[f64],
        l2: &[f64],
        intercept: bool,
    ) -> (f64, f64) {
        let (mut objective, slopes, intercepts) = self.mean_loss(model);
        let mut worst = if intercept { intercepts.amax() } else { 0.0 };
        let w = model.coefficients();
        for k in 0..w.ncols() {
            for j in 0..w.nrows() {
                let w = w[(j, k)].as_f64();
                objective += l1[j] * w.abs() + 0.5 * l2[j] * w * w;
                let g = slopes[(j, k)] + l2[j] * w;
                let violation =
                    if w == 0.0 { (g.abs() - l1[j]).max(0.0) } else { (g + l1[j] * w.signum()).abs() };
                worst = worst.max(violation);
            }
        }
        (objective, worst)
    }
}

/// All numbers of a model.
pub(crate) fn numbers<T: Real>(model: &FittedLogistic<T, usize>) -> Vec<T> {
    model.coefficients().iter().chain(model.intercept().iter()).copied().collect()
}

/// The same coefficients and intercepts, up to `tolerance` relative to the largest of each.
#[track_caller]
pub(crate) fn assert_same(
    found: &FittedLogistic<f64, usize>,
    wanted: &FittedLogistic<f64, usize>,
    tolerance: f64,
    what: &str,
) {
    let (w, b) = (wanted.coefficients(), wanted.intercept());
    let apart = (found.coefficients() - w).amax() / w.amax().max(1.0);
    assert!(apart <= tolerance, "{what}: coefficients {apart:e} apart:{}{w}", found.coefficients());
    let apart = (found.intercept() - b).amax() / b.amax().max(1.0);
    assert!(apart <= tolerance, "{what}: intercepts {apart:e} apart:{}{b}", found.intercept());
}
