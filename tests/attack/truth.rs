//! Logistic regression from its definition, for what a fit reports.

use logit::linear::{FittedLogistic, Strength};
use logit::nalgebra::DMatrix;
use logit::prelude::*;
use logit::{Label, Penalty, Real};

use crate::data::Sample;

/// A fit as it was asked for.
pub(crate) struct Asked<'a, T> {
    pub(crate) sample: &'a Sample<T>,
    pub(crate) penalty: Penalty,
    pub(crate) factors: Option<&'a [f64]>,
    pub(crate) intercept: bool,
    pub(crate) class_weights: Vec<f64>,
    pub(crate) offset: Option<&'a DMatrix<T>>,
}

/// The objective, and the gradient in columns of unit scale.
pub(crate) struct Truth {
    pub(crate) objective: f64,
    /// What the rounding of scores, ε Σ |x_j w_j| each, can do to the objective.
    pub(crate) rounding: f64,
    /// The norm of the gradient (with an L1 penalty, of the smallest subgradient).
    pub(crate) gradient: f64,
    /// The largest norm that a decrement of 1 allows.
    pub(crate) per_decrement: f64,
    /// Whether all rows that count are on their side without the offsets, by a clear margin.
    pub(crate) separated: bool,
}

impl<T: Real> Asked<'_, T> {
    /// Returns the weight of a row, class weights included.
    fn weight(&self, row: usize) -> f64 {
        self.sample.weight(row) * self.class_weights[self.sample.y[row]]
    }

    fn total(&self) -> f64 {
        (0..self.sample.y.len()).map(|row| self.weight(row)).sum()
    }

    /// Returns λ of the squares and of the absolute values.
    fn lambdas(&self) -> Option<[f64; 2]> {
        let lambda = |strength: Strength| match strength {
            Strength::Lambda(lambda) => lambda,
            Strength::C(c) => 1.0 / (c * self.total()),
            _ => f64::NAN,
        };
        Some(match self.penalty {
            Penalty::None => [0.0, 0.0],
            Penalty::L2(strength) => [lambda(strength), 0.0],
            Penalty::L1(strength) => [0.0, lambda(strength)],
            Penalty::ElasticNet { strength, l1_ratio } => {
                [lambda(strength) * (1.0 - l1_ratio), lambda(strength) * l1_ratio]
            }
            _ => return None,
        })
    }

    /// Returns the truth about a model; `None` where this arithmetic cannot tell.
    pub(crate) fn of<L: Label>(&self, model: &FittedLogistic<T, L>) -> Option<Truth> {
        let Sample { x, y, .. } = self.sample;
        let [squares, absolute] = self.lambdas()?;
        let none =
            DMatrix::zeros(x.nrows(), if model.classes().len() == 2 { 1 } else { model.classes().len() });
        let p = model.predict_proba_with_offset(x, self.offset.unwrap_or(&none)).ok()?;
        let total = self.total();
        let w = model.coefficients().map(|w| w.as_f64());
        let size = |row: usize, k: usize| {
            let terms = (0..x.ncols()).map(|column| (x[(row, column)].as_f64() * w[(column, k)]).abs());
            terms.sum::<f64>() + model.intercept()[k].as_f64().abs()
        };
        let (mut objective, mut rounding) = (0.0, 0.0);
        for (row, &class) in y.iter().enumerate() {
            let right = p[(row, class)].as_f64();
            rounding += self.weight(row) * (1.0 - right) * (0..w.ncols()).map(|k| size(row, k)).sum::<f64>();
            if self.weight(row) > 0.0 && right < 1e-6 {
                return None;
            }
            objective -= if self.weight(row) > 0.0 { self.weight(row) * right.ln() } else { 0.0 };
        }
        objective /= total;
        rounding *= (2.0 + x.ncols() as f64) * T::EPSILON.as_f64() / total;
        let (mut gradient, mut bend) = (0.0f64, 0.0f64);
        // Two classes have one column of coefficients, for the second.
        let classes: Vec<usize> = if w.ncols() == 1 { vec![1] } else { (0..w.ncols()).collect() };
        let residual =
            |row: usize, class: usize| p[(row, class)].as_f64() - f64::from(u8::from(y[row] == class));
        for column in 0..x.ncols() {
            let factor = self.factors.map_or(1.0, |factors| factors[column]);
            let (center, scale) = self.units(column);
            if scale == 0.0 {
                continue;
            }
            bend = bend.max(squares * factor / (scale * scale));
            for (k, &class) in classes.iter().enumerate() {
                let at = |row: usize| (x[(row, column)].as_f64() - center) / scale;
                let mut g: f64 =
                    (0..y.len()).map(|row| self.weight(row) * residual(row, class) * at(row)).sum();
                g = g / total + squares * factor * w[(column, k)] / scale;
                let l1 = absolute * factor / scale;
                g = if w[(column, k)] == 0.0 {
                    (g.abs() - l1).max(0.0)
                } else {
                    g + l1 * w[(column, k)].signum()
                };
                gradient += g * g;
                if factor > 0.0 {
                    let w = w[(column, k)];
                    objective += factor * (squares / 2.0 * w.powi(2) + absolute * w.abs());
                }
            }
        }
        if self.intercept {
            for &class in &classes {
                let g: f64 = (0..y.len()).map(|row| self.weight(row) * residual(row, class)).sum();
                gradient += (g / total).powi(2);
            }
        }
        let per_decrement = (0.5 * (1.0 + x.ncols() as f64) + bend).sqrt();
        let (gradient, separated) = (gradient.sqrt(), self.separated(model));
        Some(Truth { objective, rounding, gradient, per_decrement, separated })
    }

    /// Returns the centre and the scale of a column; without an intercept nothing is centred.
    fn units(&self, column: usize) -> (f64, f64) {
        let value = |row: usize| self.sample.x[(row, column)].as_f64();
        let mean_of = |of: &dyn Fn(usize) -> f64| {
            (0..self.sample.y.len()).map(|row| self.weight(row) * of(row)).sum::<f64>() / self.total()
        };
        let center = if self.intercept { mean_of(&value) } else { 0.0 };
        let scale = mean_of(&|row| (value(row) - center).powi(2)).sqrt();
        if scale <= 1e-9 * center.abs() { (center, 0.0) } else { (center, scale) }
    }

    fn separated<L: Label>(&self, model: &FittedLogistic<T, L>) -> bool {
        let Ok(p) = model.predict_proba(&self.sample.x) else { return false };
        (0..p.nrows()).filter(|&row| self.weight(row) > 0.0).all(|row| {
            let own = p[(row, self.sample.y[row])].as_f64();
            let others = (0..p.ncols()).filter(|&k| k != self.sample.y[row]).map(|k| p[(row, k)].as_f64());
            own > others.fold(0.0, f64::max) * (1.0 + 1e-3)
        })
    }
}
