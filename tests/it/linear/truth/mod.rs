//! Gradient and Newton decrement of a model with 32 digits, from their definitions: the judge of what reports
//! say. It shares no code with the solvers.

mod checks;
mod factor;
mod judgement;
mod many;
mod rows;

use std::fmt;

use logit::prelude::*;
use logit::{FittedLogistic, Real};
use nalgebra::DMatrix;

use self::factor::Factor;
use self::judgement::Judgement;
pub(crate) use self::many::Known;
use self::rows::{Probabilities, Rows};
use crate::common::double_double::DoubleDouble as Exact;

/// The objective of a fit: Σ u_i l_i / Σ u_i + Σ_j (l1_j |w_j| + l2_j w_j² / 2), or with Jeffreys' penalty.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) x: DMatrix<f64>,
    pub(crate) y: Vec<usize>,
    pub(crate) classes: usize,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) offset: Option<DMatrix<f64>>,
    /// λ of each column.
    pub(crate) l1: Vec<f64>,
    pub(crate) l2: Vec<f64>,
    pub(crate) jeffreys: bool,
    pub(crate) intercept: bool,
}

/// What is true of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Truth {
    /// √(gᵀH⁻¹g), over the coefficients that are not zero or violate their condition.
    pub(crate) decrement: f64,
    /// The largest entry of the gradient, or of the smallest subgradient, in the units of the columns.
    pub(crate) gradient_norm: f64,
    /// The decrement of an error of half a unit in the last place of every coefficient and intercept (or of
    /// one epsilon of every term of the scores).
    pub(crate) decrement_rounding: f64,
    /// The rounding of the largest entry of the gradient, if computed carefully: about the centres of the
    /// columns, from the exact difference of the intercept and the terms of the centres.
    pub(crate) gradient_rounding: f64,
    /// The decrement of an error of the gradient of one epsilon of the sum of its absolute terms.
    pub(crate) arithmetic: f64,
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Truth { decrement, gradient_norm, decrement_rounding, gradient_rounding, arithmetic } = self;
        write!(
            f,
            "true decrement {decrement:.1e} (rounding {decrement_rounding:.1e}, sums {arithmetic:.1e}), \
             true gradient {gradient_norm:.1e} (rounding {gradient_rounding:.1e})"
        )
    }
}

impl Truth {
    /// The largest decrement that a fit can be asked for: of rounded coefficients, and of gradients that are
    /// sums of rounded terms.
    pub(crate) fn limit(&self) -> f64 {
        self.decrement_rounding.max(self.arithmetic)
    }
}

/// The scores at which a model is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scores {
    /// Computed exactly from `coefficients()` and `intercept()`.
    OfCoefficients,
    /// Those of `decision_function`.
    OfPredictions,
}

/// A power of two near `size`, as an exponent; 0 for 0.
fn exponent(size: f64) -> i32 {
    if size > 0.0 { size.log2().floor() as i32 } else { 0 }
}

/// `value` times 2^`exponent`, also where the power alone is out of range.
pub(crate) fn scaled(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    let quarter = half / 2;
    [quarter, half - quarter, exponent - half].into_iter().fold(value, |value, e| value * 2f64.powi(e))
}

/// Half the distance between neighbouring numbers of type `T` at `value`.
fn half_unit<T: Real>(value: f64) -> f64 {
    let size = value.abs();
    if size == 0.0 { 0.0 } else { scaled(0.5 * T::EPSILON.as_f64(), exponent(size)) }
}

impl Problem {
    /// The standard deviation of a column, relative to its size.
    pub(crate) fn variation(&self, j: usize) -> f64 {
        let rows = Rows::new(&Problem { intercept: true, l2: Vec::new(), ..self.clone() });
        let sum: Exact = rows.x[j].iter().zip(&rows.weights).map(|(x, &w)| x.square() * w).sum();
        sum.sqrt().value()
    }

    /// What is left of each of these columns (relative to it) after the best combination of the columns
    /// before it.
    pub(crate) fn remainders(&self, of: &[usize]) -> Vec<f64> {
        let Some(&last) = of.iter().max() else { return Vec::new() };
        let rows = Rows::new(&Problem { l2: Vec::new(), ..self.clone() });
        let times_root = |x: &[Exact]| x.iter().zip(&rows.weights).map(|(&x, w)| x * w.sqrt()).collect();
        let columns: Vec<Vec<Exact>> = rows.x[..=last].iter().map(|x| times_root(x)).collect();
        let size = |j: usize| columns[j].iter().map(|x| x.square()).sum::<Exact>().sqrt();
        let sizes: Vec<Exact> = of.iter().map(|&j| size(j)).collect();
        let factor = Factor::new(columns);
        let rest = |(&j, &size): (&usize, &Exact)| {
            if size == Exact::ZERO { 0.0 } else { (factor.r[j][j] / size).value() }
        };
        of.iter().zip(&sizes).map(rest).collect()
    }

    /// Judges a model. Columns in `dropped` have no part in gradient and curvature, only in the scores.
    pub(crate) fn judge<T: Real>(
        &self,
        model: &FittedLogistic<T, usize>,
        at: Scores,
        dropped: &[usize],
    ) -> Truth {
        self.judge_beside(model, at, dropped, &mut Known::default())
    }

    /// [`judge`](Self::judge), with what is known from other models of this problem.
    pub(crate) fn judge_beside<T: Real>(
        &self,
        model: &FittedLogistic<T, usize>,
        at: Scores,
        dropped: &[usize],
        known: &mut Known,
    ) -> Truth {
        let rows = Rows::new(self);
        let columns = model.coefficients().ncols();
        let (count, features) = (rows.kept.len(), rows.x.len());
        let predicted = (at == Scores::OfPredictions).then(|| {
            let x: DMatrix<T> = self.x.map(T::of);
            model.decision_function(&x).expect("finite scores")
        });
        let w: Vec<Vec<f64>> = (0..columns)
            .map(|k| (0..features).map(|j| model.coefficients()[(j, k)].as_f64()).collect())
            .collect();
        let mut probabilities = Vec::with_capacity(count);
        let (mut score_errors, mut careful_errors) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (at, &row) in rows.kept.iter().enumerate() {
            let mut scores = if columns == 1 { vec![Exact::ZERO] } else { Vec::new() };
            let (mut errors, mut careful): (Vec<f64>, f64) = (Vec::new(), 0.0);
            for (k, w) in w.iter().enumerate() {
                let b = model.intercept()[k].as_f64();
                let offset = self.offset.as_ref().map_or(0.0, |offset| offset[(row, k)]);
                let term = |j: usize| {
                    let e = rows.exponents[j];
                    (scaled(self.x[(row, j)], -e), scaled(w[j], e))
                };
                let size = |j: usize| rows.x[j][at].value().abs() * term(j).1.abs();
                let sizes: f64 = (0..features).map(size).sum();
                match &predicted {
                    None => {
                        let product = |j| Exact::from(term(j).0) * Exact::from(term(j).1);
                        let sum: Exact = (0..features).map(product).sum();
                        scores.push(sum + Exact::from(b) + Exact::from(offset));
                        let error = |j| term(j).0.abs() * half_unit::<T>(term(j).1);
                        errors.push((0..features).map(error).sum::<f64>() + half_unit::<T>(b));
                    }
                    Some(predicted) => {
                        let z = predicted[(row, k)].as_f64();
                        scores.push(Exact::from(z) + Exact::from(offset));
                        errors.push(T::EPSILON.as_f64() * (sizes + z.abs()));
                    }
                }
                let z = scores[scores.len() - 1].value();
                careful = careful.max(T::EPSILON.as_f64() * (sizes + z.abs() + offset.abs()));
            }
            probabilities.push(Probabilities::new(&scores));
            score_errors.push(errors);
            careful_errors.push(careful);
        }
        let w =
            w.iter().map(|w| w.iter().zip(&rows.exponents).map(|(&w, &e)| scaled(w, e)).collect()).collect();
        let epsilon = T::EPSILON.as_f64();
        Judgement {
            problem: self,
            rows: &rows,
            w,
            probabilities,
            score_errors,
            careful_errors,
            columns,
            epsilon,
        }
        .truth(dropped, known)
    }
}
