//! The scores of a model at a point near its columns, for columns far from the origin.

use std::ops::Range;

use nalgebra::DMatrix;

use super::coordinates::Coordinates;
use crate::rows::Rows;
use crate::scalar::{Pair, Real, column};

/// A point of column space, and the score of each score column at that point.
///
/// # Formula
/// The score of a row x is Σ_j (x_j - center_j) w_jk + scores_k. It equals Σ_j x_j w_jk + b_k with the
/// intercept b_k = scores_k - Σ_j w_jk center_j. For columns far from zero, the products in that sum cancel:
/// a column at 10⁹ standard deviations from zero costs 9 digits of every score. The differences x_j -
/// center_j cost none.
///
/// With several score columns, the scores at a point sum to 0. A shift common to all of them changes no
/// probability. The slopes of a column sum to 0 too, unless an L1 penalty decides otherwise. In that case
/// moving the point adds a common shift, which [`moved`](Origin::moved) takes out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Origin<T: Real> {
    pub(super) center: Vec<T>,
    pub(super) scores: Vec<T>,
}

impl<T: Real> Origin<T> {
    /// Returns the scores at zero: the intercepts.
    pub(super) fn intercepts(&self, slopes: &DMatrix<T>) -> Vec<T> {
        self.moved(slopes, &vec![T::zero(); self.center.len()])
    }

    /// Returns the scores at the point `to`, rounded once.
    pub(super) fn moved(&self, slopes: &DMatrix<T>, to: &[T]) -> Vec<T> {
        let points = self.center.iter().zip(to);
        // Products of `f32` are exact in `f64`, so both types use its range and digits.
        let steps: Vec<Pair<f64>> =
            points.map(|(&from, &to)| Pair::of(to.as_f64()).plus(-from.as_f64())).collect();
        let mut scores: Vec<Pair<f64>> = slopes
            .column_iter()
            .zip(&self.scores)
            .map(|(w, &score)| {
                let products = steps.iter().zip(w.iter()).map(|(step, w)| step.times_scaled(w.as_f64()));
                products.fold(Pair::of(score.as_f64()), Pair::plus_pair)
            })
            .collect();
        if scores.len() > 1 {
            let mean = scores.iter().map(|score| score.high).sum::<f64>() / scores.len() as f64;
            scores.iter_mut().for_each(|score| *score = score.plus(-mean));
        }
        scores.iter().map(|score| T::of(score.high + score.low)).collect()
    }

    /// Writes the differences of a range of rows from the point, column by column.
    pub(super) fn subtract_from(&self, x: Rows<'_, T>, range: Range<usize>, out: &mut [T]) {
        for (j, (out, &center)) in out.chunks_exact_mut(range.len()).zip(&self.center).enumerate() {
            let entries = &column(&x, j)[range.clone()];
            out.iter_mut().zip(entries).for_each(|(out, &entry)| *out = entry - center);
        }
    }
}

/// The coefficients of a model in the user's units, with the point of its scores if it has one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coefficients<'a, T: Real> {
    pub(super) slopes: &'a DMatrix<T>,
    pub(super) intercepts: &'a [T],
    pub(super) origin: Option<&'a Origin<T>>,
}

impl<T: Real> Coefficients<'_, T> {
    /// Returns the parameters of the model in the solver's coordinates.
    pub(super) fn params_in(&self, coordinates: &Coordinates<T>) -> Vec<T> {
        let mut params = coordinates.params(self.slopes.as_slice(), self.intercepts);
        let (_, shifts) = params.split_at_mut(self.slopes.len());
        if !shifts.is_empty() {
            // The sums in `params` are rounded at every step.
            shifts.copy_from_slice(&self.scores_at(&coordinates.center));
        }
        params
    }

    /// Returns the scores at the point `to`.
    fn scores_at(&self, to: &[T]) -> Vec<T> {
        match self.origin {
            Some(origin) => origin.moved(self.slopes, to),
            None => {
                let center = vec![T::zero(); self.slopes.nrows()];
                Origin { center, scores: self.intercepts.to_vec() }.moved(self.slopes, to)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::coordinates::tests::coordinates;
    use super::super::problem::ColumnPenalty;
    use super::*;
    use crate::rng::Rng;

    /// The sum of integers, and of products of integers, as integers: exact.
    fn exact(center: &[f64], w: &[f64], to: &[f64], score: f64) -> f64 {
        let integer = |v: f64| v as i128;
        let steps = center.iter().zip(to).zip(w);
        let sum = steps.map(|((&from, &to), &w)| integer(w) * (integer(to) - integer(from)));
        (integer(score) + sum.sum::<i128>()) as f64
    }

    #[test]
    fn scores_are_rounded_once() {
        let mut rng = Rng::new(1);
        let mut whole = |size: f64| (size * rng.standard_normal()).round();
        for _ in 0..200 {
            let mut draw = |size: f64| -> Vec<f64> { (0..5).map(|_| whole(size)).collect() };
            let (center, to, w) = (draw(1e15), draw(1e15), draw(1e13));
            let origin = Origin { center, scores: vec![3.0] };
            let slopes = DMatrix::from_column_slice(5, 1, &w);
            assert_eq!(origin.moved(&slopes, &to), [exact(&origin.center, &w, &to, 3.0)]);
            assert_eq!(origin.intercepts(&slopes), [exact(&origin.center, &w, &[0.0; 5], 3.0)]);
        }
    }

    /// What the score of two classes loses in the sum, the pair keeps, and the round trip is exact.
    #[test]
    fn there_and_back_is_where_it_began() {
        for unit in [1.0, 2f64.powi(-900), 2f64.powi(900), 2f64.powi(980)] {
            let slopes = DMatrix::from_column_slice(2, 1, &[0.3 / unit, -0.7 / unit]);
            let center = vec![1.0e9 * unit, 3.0e9 * unit];
            let near = Origin { center: center.clone(), scores: vec![0.1] };
            let to = [center[0] + 5.0 * unit, center[1] + 2.0 * unit];
            let moved = Origin { center: to.to_vec(), scores: near.moved(&slopes, &to) };
            approx::assert_relative_eq!(moved.scores[0], 0.1 + 1.5 - 1.4, max_relative = 1e-14);
            approx::assert_relative_eq!(moved.moved(&slopes, &center)[0], 0.1, max_relative = 1e-14);
            assert!(near.intercepts(&slopes)[0].abs() > 1e9);
        }
    }

    #[test]
    fn several_scores_sum_to_zero() {
        let slopes = DMatrix::from_row_slice(1, 3, &[1.0, 2.5, -0.5f32]);
        let origin = Origin { center: vec![1e6], scores: vec![0.25, -0.5, 0.25] };
        let moved = origin.moved(&slopes, &[1e6 + 2.0]);
        // 2.25, 4.5 and -0.75, less their mean.
        assert_eq!(moved, [0.25, 2.5, -2.75]);
    }

    #[test]
    fn rows_are_measured_from_the_point() {
        let x = DMatrix::from_row_slice(3, 2, &[1.0, 5.0, 2.0, 7.0, 4.0, 6.0]);
        let origin = Origin { center: vec![1.5, 6.0], scores: vec![0.0] };
        let mut out = [0.0; 4];
        origin.subtract_from((&x).into(), 1..3, &mut out);
        assert_eq!(out, [0.5, 2.5, 1.0, 0.0]);
    }

    /// The intercept of a model far from the origin has lost the digits that its scores at the centre have.
    #[test]
    fn parameters_come_from_the_scores_at_the_centre() {
        let mut rng = Rng::new(2);
        let x = DMatrix::from_fn(30, 2, |_, _| 1e12 + rng.standard_normal());
        let coordinates = coordinates(&x, None, 2, &ColumnPenalty::none(2));
        let slopes = DMatrix::from_column_slice(2, 1, &[0.3, -0.7]);
        let origin = Origin { center: coordinates.center.clone(), scores: vec![0.1] };
        let intercepts = origin.intercepts(&slopes);
        let model = Coefficients { slopes: &slopes, intercepts: &intercepts, origin: Some(&origin) };
        assert_eq!(model.params_in(&coordinates)[2], 0.1);
        let model = Coefficients { origin: None, ..model };
        approx::assert_abs_diff_eq!(model.params_in(&coordinates)[2], 0.1, epsilon = 1e-4);
    }
}
