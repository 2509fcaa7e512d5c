//! Causes in weights w that multiply the rows, as in the scores z = x · w + b.
//!
//! The gradient of the loss in w is xᵀ · dz, where row i of dz has the derivatives of the loss in the scores
//! of row i. If all rows are replaced by copies of row i, the gradient in w is the product of x_i and dz_i,
//! so dz_i is the quotient of a derivative in w and an entry of x_i. In this way dz is measured twice: from
//! the loss, and from the gradient to be checked.

use std::collections::BTreeSet;

use nalgebra::DMatrix;

use super::by_rows::RowFunction;
use super::difference::Derivative;
use super::elementwise::{Point, SAME, Suspect, derivative_at, same};
use super::layout::Part;
use super::{Cause, GradCheck};
use crate::layer::Activation;
use crate::rng::Rng;

/// The maximum number of rows that are examined one by one; of more rows, a random choice is.
const ROWS: usize = 32;

/// The least number of scores in which a pattern must hold.
const PAIRS: usize = 4;

/// The least relative range of numbers that must differ from row to row.
const RANGE: f64 = 0.01;

/// Looks for transposed products, complements of probabilities and derivatives of activations in the listed
/// tensors. Returns each cause with the index of a tensor that it explains.
pub(super) fn causes<L, F>(
    suspect: &Suspect<'_>,
    data: &mut RowFunction<'_, L, F>,
    parts: &[usize],
) -> Vec<(usize, Cause)>
where
    L: Clone,
    F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
{
    let mut found = Vec::new();
    for &number in parts {
        let Some(weights) = Weights::new(suspect, data, number) else { continue };
        if let Some(cause) = weights.transposed_product(data) {
            found.push((number, cause));
            continue;
        }
        let rows: Vec<usize> = (0..data.y.len()).collect();
        let cause = weights.complement(data, &rows).or_else(|| weights.activation_derivative(data, &rows));
        if let Some(cause) = cause {
            found.push((number, cause.clone()));
            // The bias has the same dz.
            found.extend(weights.bias.filter(|bias| parts.contains(bias)).map(|bias| (bias, cause)));
        }
    }
    found
}

/// Looks for the complement of a probability in the listed tensors, on all rows but those of classes that do
/// not contribute.
pub(super) fn complement<L, F>(
    suspect: &Suspect<'_>,
    data: &mut RowFunction<'_, L, F>,
    parts: &[usize],
    silent: &[usize],
) -> Option<Cause>
where
    L: Clone,
    F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
{
    let weights = parts.iter().find_map(|&number| Weights::new(suspect, data, number))?;
    let silent: BTreeSet<usize> = silent.iter().copied().collect();
    let rows: Vec<usize> = (0..data.y.len()).filter(|row| !silent.contains(row)).collect();
    weights.complement(data, &rows)
}

/// Weights that multiply the rows, and their bias.
struct Weights<'a> {
    suspect: &'a Suspect<'a>,
    check: &'a GradCheck,
    part: &'a Part,
    /// The index of the tensor whose derivatives on single rows are dz.
    bias: Option<usize>,
}

/// One score of one row.
#[derive(Debug, Clone, Copy)]
struct Pair {
    row: usize,
    score: f64,
    /// The derivative of the loss in the score, from the gradient to be checked.
    analytic: f64,
    /// The derivative of the loss in the score, by differences.
    numeric: f64,
}

impl<'a> Weights<'a> {
    /// Returns the tensor with this index and its bias, if the tensor has a row for each column of `x`.
    fn new<L, F>(suspect: &'a Suspect<'a>, data: &mut RowFunction<'_, L, F>, number: usize) -> Option<Self>
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let (layout, check) = (suspect.layout, suspect.check);
        let part = layout.parts.get(number).filter(|part| part.rows == data.x.ncols())?;
        let mut weights = Weights { suspect, check, part, bias: None };
        let is_bias = |other: &usize| {
            let bias = &layout.parts[*other];
            *other != number && bias.range.len() == part.columns
        };
        let candidates: Vec<usize> = (0..layout.parts.len()).filter(is_bias).collect();
        weights.bias = candidates.into_iter().find(|&bias| weights.is_bias(data, bias));
        Some(weights)
    }

    fn is_bias<L, F>(&self, data: &mut RowFunction<'_, L, F>, number: usize) -> bool
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let bias = &self.suspect.layout.parts[number];
        let mut informative = false;
        let all: Vec<usize> = (0..data.x.nrows()).collect();
        let agrees = self.some(&all, 2 * PAIRS).into_iter().all(|row| {
            let by_weights = self.slopes_of_weights(data, &self.suspect.point, row);
            let by_bias = self.slopes_of_bias(data, &self.suspect.point, row, bias);
            let (Some(by_weights), Some(by_bias)) = (by_weights, by_bias) else { return true };
            by_weights.iter().zip(&by_bias).all(|(a, b)| {
                informative |= self.suspect.informative(*a);
                self.close(*a, *b)
            })
        });
        agrees && informative
    }

    /// Returns dz_i by differences in the weights of the largest entry of x_i; `None` if x_i is zero or at a
    /// kink.
    fn slopes_of_weights<L, F>(
        &self,
        data: &mut RowFunction<'_, L, F>,
        point: &Point,
        row: usize,
    ) -> Option<Vec<f64>>
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let largest = data.x.row(row).transpose().icamax();
        let entry = data.x[(row, largest)];
        if entry == 0.0 {
            return None;
        }
        let (x, y) = data.repeated(&[row]);
        let slope = |column| match derivative_at(
            self.check,
            &point.params,
            self.part.index(largest, column),
            &mut data.on(&x, &y),
        ) {
            Derivative::Smooth(slope) => Some(slope / entry),
            Derivative::Kink => None,
        };
        (0..self.part.columns).map(slope).collect()
    }

    /// Returns dz_i by differences in the bias.
    fn slopes_of_bias<L, F>(
        &self,
        data: &mut RowFunction<'_, L, F>,
        point: &Point,
        row: usize,
        bias: &Part,
    ) -> Option<Vec<f64>>
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let (x, y) = data.repeated(&[row]);
        let slope = |index| match derivative_at(self.check, &point.params, index, &mut data.on(&x, &y)) {
            Derivative::Smooth(slope) => Some(slope),
            Derivative::Kink => None,
        };
        bias.range.clone().map(slope).collect()
    }

    fn slopes<L, F>(&self, data: &mut RowFunction<'_, L, F>, point: &Point, row: usize) -> Option<Vec<f64>>
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        match self.bias {
            Some(bias) => self.slopes_of_bias(data, point, row, &self.suspect.layout.parts[bias]),
            None => self.slopes_of_weights(data, point, row),
        }
    }

    /// Returns the cause if the gradient is x · dz for a square `x`, here and at another point.
    fn transposed_product<L, F>(&self, data: &mut RowFunction<'_, L, F>) -> Option<Cause>
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let (n, k) = (data.x.nrows(), self.part.columns);
        if n != data.x.ncols() || n < 2 || n.saturating_mul(k) > self.check.max_entries {
            return None;
        }
        // dz as a matrix, and a gradient as one.
        let slopes = |data: &mut RowFunction<'_, L, F>, point: &Point| -> Option<DMatrix<f64>> {
            let rows = (0..n).map(|row| self.slopes(data, point, row)).collect::<Option<Vec<_>>>()?;
            Some(DMatrix::from_fn(n, k, |row, column| rows[row][column]))
        };
        let claimed =
            |point: &Point| DMatrix::from_column_slice(n, k, &point.gradient[self.part.range.clone()]);

        let dz = slopes(data, &self.suspect.point)?;
        let right = data.x.tr_mul(&dz);
        let compared = self.suspect.comparisons.iter().filter(|c| self.part.range.contains(&c.index));
        let (own, numeric): (Vec<f64>, Vec<f64>) =
            compared.map(|c| (right[self.part.position(c.index)], c.numeric)).unzip();
        // The scale of the right gradient: 1 / n, as there were n copies of each row.
        let scale = self.ratio(numeric.iter().copied(), own.iter().copied())?;
        let wrong =
            self.ratio(claimed(&self.suspect.point).iter().copied(), (data.x * dz).iter().copied())?;
        let other = self.suspect.others.first()?;
        let elsewhere = data.x * slopes(data, other)?;
        let again = self.ratio(claimed(other).iter().copied(), elsewhere.iter().copied())?;
        let found = wrong != 0.0 && same(wrong, again);
        let factor = wrong / scale;
        found.then(|| Cause::TransposedProduct { tensor: self.part.label(), rows: n, factor })
    }

    /// Returns the cause if the gradients of single rows differ from the right ones by the derivative of an
    /// activation.
    fn activation_derivative<L, F>(&self, data: &mut RowFunction<'_, L, F>, rows: &[usize]) -> Option<Cause>
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let pairs = self.pairs(data, rows)?;
        let slope = |activation: Activation, pair: &Pair| activation.evaluate(pair.score).1;
        let fits = Activation::ALL.iter().flat_map(|&activation| {
            let differ = ranges(pairs.iter().map(|pair| slope(activation, pair)));
            let missing = |pair: &Pair| self.close(pair.analytic * slope(activation, pair), pair.numeric);
            let extra = |pair: &Pair| self.close(pair.analytic, pair.numeric * slope(activation, pair));
            [
                (activation, true, differ && pairs.iter().all(missing)),
                (activation, false, differ && pairs.iter().all(extra)),
            ]
        });
        let fits: Vec<_> = fits.filter(|(.., fits)| *fits).collect();
        // If several activations fit, none is certain.
        let [(activation, missing, _)] = fits[..] else { return None };
        Some(Cause::ActivationDerivative { tensor: self.part.label(), activation, missing })
    }

    /// Returns the cause if the gradient and the right one have the same sign on all rows, and a sum of the
    /// same absolute value.
    fn complement<L, F>(&self, data: &mut RowFunction<'_, L, F>, rows: &[usize]) -> Option<Cause>
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        if self.part.columns != 1 {
            return None;
        }
        let pairs = self.pairs(data, rows)?;
        let sum = pairs.first().map(|pair| pair.analytic + pair.numeric)?;
        let fits = |pair: &Pair| {
            let agrees = pair.analytic * pair.numeric > 0.0;
            agrees && self.close((pair.analytic + pair.numeric).abs(), sum.abs())
        };
        let found = ranges(pairs.iter().map(|pair| pair.numeric)) && pairs.iter().all(fits);
        let rows: BTreeSet<usize> = pairs.iter().map(|pair| pair.row).collect();
        found.then(|| Cause::Complement { tensor: self.part.label(), rows: rows.len() })
    }

    /// Returns pairs at the point of the check, at other points, and at the point with the signs of all
    /// parameters reversed; `None` if there are too few.
    fn pairs<L, F>(&self, data: &mut RowFunction<'_, L, F>, rows: &[usize]) -> Option<Vec<Pair>>
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let here = &self.suspect.point;
        let opposite = Point { params: here.params.iter().map(|p| -p).collect(), gradient: Vec::new() };
        let points = [here, &opposite].into_iter().chain(&self.suspect.others);
        let pairs = points.map(|point| self.pairs_at(data, point, rows)).collect::<Option<Vec<_>>>()?;
        Some(pairs.concat()).filter(|pairs| pairs.len() >= PAIRS)
    }

    /// Returns the pairs of some of these rows; `None` if the gradient of one of them is not a multiple of
    /// x_i.
    fn pairs_at<L, F>(
        &self,
        data: &mut RowFunction<'_, L, F>,
        point: &Point,
        rows: &[usize],
    ) -> Option<Vec<Pair>>
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let mut pairs = Vec::new();
        for row in self.some(rows, ROWS) {
            // Rows of zeros carry no information about the weights.
            if data.x.row(row).iter().all(|v| *v == 0.0) {
                continue;
            }
            let Some(numeric) = self.slopes(data, point, row) else { continue };
            let analytic = self.claimed_slopes(data, point, row)?;
            let x = data.x.row(row).into_owned();
            for column in 0..self.part.columns {
                let weights = (0..x.len()).map(|j| point.params[self.part.index(j, column)]);
                let bias = self.bias.map(|bias| self.suspect.layout.parts[bias].range.start + column);
                let bias = bias.map_or(0.0, |index| point.params[index]);
                let score = x.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>() + bias;
                let (analytic, numeric) = (analytic[column], numeric[column]);
                if self.suspect.informative(analytic) || self.suspect.informative(numeric) {
                    pairs.push(Pair { row, score, analytic, numeric });
                }
            }
        }
        Some(pairs)
    }

    /// Returns dz_i from the gradient to be checked; `None` if the gradient is not a multiple of x_i.
    fn claimed_slopes<L, F>(
        &self,
        data: &mut RowFunction<'_, L, F>,
        point: &Point,
        row: usize,
    ) -> Option<Vec<f64>>
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let (x, y) = data.repeated(&[row]);
        let mut gradient = vec![f64::NAN; point.params.len()];
        data.on(&x, &y)(&point.params, &mut gradient);
        let x = data.x.row(row).into_owned();
        let slope = |column| {
            let entry = |j| gradient[self.part.index(j, column)];
            let largest = x.transpose().icamax();
            let slope = entry(largest) / x[largest];
            (0..x.len()).all(|j| self.close(entry(j), slope * x[j])).then_some(slope)
        };
        (0..self.part.columns).map(slope).collect()
    }

    /// Returns the quotient of two lists of numbers, if it is the same for all entries.
    fn ratio(
        &self,
        numerators: impl Iterator<Item = f64>,
        denominators: impl Iterator<Item = f64>,
    ) -> Option<f64> {
        let pairs: Vec<(f64, f64)> = numerators.zip(denominators).collect();
        let (top, bottom) = pairs.iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        let ratio = top / bottom;
        let fits = self.suspect.informative(*bottom) && pairs.iter().all(|(a, b)| self.close(*a, ratio * b));
        fits.then_some(ratio)
    }

    /// Returns at most `count` of these rows, chosen at random because labels often follow a pattern.
    fn some(&self, rows: &[usize], count: usize) -> Vec<usize> {
        let mut rows = rows.to_vec();
        if rows.len() > count {
            Rng::new(self.check.seed).shuffle(&mut rows);
            rows.truncate(count);
        }
        rows
    }

    fn close(&self, a: f64, b: f64) -> bool {
        (a - b).abs() <= SAME * a.abs().max(b.abs()) + 100.0 * self.check.absolute
    }
}

/// Returns whether these numbers differ by more than the noise of a measurement.
fn ranges(numbers: impl Iterator<Item = f64>) -> bool {
    let (low, high) =
        numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    high - low > RANGE * high.abs().max(low.abs())
}
