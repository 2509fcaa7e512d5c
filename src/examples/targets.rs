//! Targets of losses, and their class weights.

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// The targets with which a loss compares the scores of a batch.
///
/// Every loss of the crate accepts both forms. A class index stands for the one-hot row of that class. For a
/// single score column, class 1 stands for 1 and class 0 for 0.
///
/// Unlike other enums of the crate, this one is exhaustive. Your own loss matches on it and must handle every
/// form. If a form is ever added, such a loss must fail to compile, and not fall into a `_` arm.
#[derive(Debug, Clone, Copy)]
pub enum Targets<'a, T> {
    /// One class index per row.
    Classes(&'a [usize]),
    /// One value per row and score column: probabilities for most losses, any numbers for
    /// [`MeanSquaredError`](crate::nn::MeanSquaredError).
    ///
    /// Probabilities may be outside of 0 to 1 by rounding: up to 8 ε of the number type. Distributions over K
    /// classes sum to 1 within 1e-6 + K ε, where ε is that of `f32`: the rounding of a softmax in `f32`.
    Values(&'a DMatrix<T>),
}

impl<'a, T: Real> Targets<'a, T> {
    /// Returns the target at `row` for the score column `column` of `columns`.
    #[inline(always)]
    pub fn value(&self, row: usize, column: usize, columns: usize) -> T {
        match self {
            Targets::Values(values) => values[(row, column)],
            Targets::Classes(classes) => {
                let hot = if columns == 1 { classes[row] == 1 } else { classes[row] == column };
                if hot { T::one() } else { T::zero() }
            }
        }
    }

    /// Writes the targets of consecutive rows for the score column `column` of `columns`; see
    /// [`value`](Targets::value).
    #[inline(always)]
    pub(crate) fn copy_column(&self, first: usize, (column, columns): (usize, usize), out: &mut [T]) {
        match self {
            Targets::Values(values) => {
                let start = column * values.nrows() + first;
                out.copy_from_slice(&values.as_slice()[start..][..out.len()]);
            }
            Targets::Classes(classes) => {
                let hot = if columns == 1 { 1 } else { column };
                for (out, &class) in out.iter_mut().zip(&classes[first..]) {
                    *out = if class == hot { T::one() } else { T::zero() };
                }
            }
        }
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Targets::Classes(classes) => classes.len(),
            Targets::Values(values) => values.nrows(),
        }
    }

    /// Returns the weight of each row, which is the weight of its class times its sample weight.
    ///
    /// Compute these weights once before training, and pass them as the `weights` of any loss to weight its
    /// classes. [`Loss::mean`](crate::nn::Loss::mean) then divides by their sum. For
    /// [`Loss::accumulate`](crate::nn::Loss::accumulate), the caller chooses the divisor (1, or the number of
    /// rows).
    ///
    /// # Formula
    /// u'_i = u_i Σ_k t_ik w_k, which is the expected weight of a row with soft targets. It multiplies the
    /// whole loss of the row, so the scores that are optimal for a single row still reproduce its targets. A
    /// single column t stands for the two classes 1 - t and t.
    ///
    /// # Errors
    /// Returns an error if a class weight is not finite and above 0, if the number of class weights is not
    /// that of the classes, if a soft target is not a distribution over the classes, or if the sample weights
    /// are negative, not finite or sum to zero.
    ///
    /// # Examples
    /// ```
    /// use nalgebra::dmatrix;
    /// use logit::nn::{BinaryCrossEntropy, Loss, Targets};
    ///
    /// let (scores, targets) = (dmatrix![0.4; -1.0; 2.0], Targets::Classes(&[1, 0, 0]));
    /// let weights = targets.class_weighted(&[1.0, 5.0], None)?;
    /// assert_eq!(weights, [5.0, 1.0, 1.0]);
    /// let mean = BinaryCrossEntropy.mean(&scores, targets, Some(&weights))?;
    /// # let row = |i: usize, class| BinaryCrossEntropy.mean(&dmatrix![scores[i]], Targets::Classes(&[class]), None);
    /// # assert!((mean - (5.0 * row(0, 1)? + row(1, 0)? + row(2, 0)?) / 7.0).abs() < 1e-15);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn class_weighted(&self, class_weights: &[f64], weights: Option<&[T]>) -> Result<Vec<T>, Error> {
        class_weights.iter().try_for_each(|&weight| check::positive("class_weight", weight))?;
        let classes = match self {
            Targets::Values(values) if values.ncols() == 1 => 2,
            Targets::Values(values) => values.ncols(),
            Targets::Classes(_) => class_weights.len(),
        };
        check::count("class_weights", "entries", classes, class_weights.len())?;
        match self {
            Targets::Classes(indices) => check_indices(indices, classes)?,
            Targets::Values(values) if values.ncols() == 1 => check_probabilities(*self)?,
            Targets::Values(_) => check_distributions(*self)?,
        }
        if self.rows() > 0 {
            check::weights(weights, self.rows())?;
        }
        let of_row = |row: usize| match self {
            Targets::Classes(indices) => class_weights[indices[row]],
            Targets::Values(values) if values.ncols() == 1 => {
                let t = values[row].as_f64();
                (1.0 - t) * class_weights[0] + t * class_weights[1]
            }
            Targets::Values(values) => {
                let terms = values.row(row);
                terms.iter().zip(class_weights).map(|(t, w)| t.as_f64() * w).sum()
            }
        };
        let weighted = |row: usize| T::of(weights.map_or(1.0, |w| w[row].as_f64()) * of_row(row));
        Ok((0..self.rows()).map(weighted).collect())
    }

    /// Checks the sizes of the targets against scores of shape `rows` x `columns` for this number of classes.
    pub(crate) fn check_shape(&self, (rows, columns): (usize, usize), classes: usize) -> Result<(), Error> {
        check::count("targets", "rows", rows, self.rows())?;
        match self {
            Targets::Values(values) => check::count("targets", "columns", columns, values.ncols()),
            Targets::Classes(indices) => check_indices(indices, classes),
        }
    }
}

fn check_indices(indices: &[usize], classes: usize) -> Result<(), Error> {
    // The largest index needs no early exit, which would keep the loop scalar.
    if indices.iter().fold(0, |largest, &class| largest.max(class)) < classes {
        return Ok(());
    }
    match indices.iter().position(|class| *class >= classes) {
        Some(row) => Err(Error::InvalidTarget {
            row,
            value: indices[row] as f64,
            requires: "a class index must be below the number of classes",
        }),
        None => Ok(()),
    }
}

/// The rounding that is accepted beyond 0 and 1, in units of ε: that of sums of a few products.
const ULPS: f64 = 8.0;
/// The least difference from 1 that is accepted for the sum of a row.
const SUM: f64 = 1e-6;

/// Checks that every value is a probability, up to a few units in the last place.
pub(crate) fn check_probabilities<T: Real>(targets: Targets<'_, T>) -> Result<(), Error> {
    let Targets::Values(values) = targets else { return Ok(()) };
    let slack = T::of(ULPS) * T::EPSILON;
    let valid = -slack..=T::one() + slack;
    for row in 0..values.nrows() {
        if let Some(value) = values.row(row).iter().find(|v| !valid.contains(v)) {
            let value = value.as_f64();
            return Err(Error::InvalidTarget { row, value, requires: "a probability must be from 0 to 1" });
        }
    }
    Ok(())
}

/// Checks that every row is a probability distribution. The sum of K entries is 1 within 1e-6 + K ε.
///
/// ε is that of `f32` for every number type: a softmax in `f32`, which may have been converted since, sums to
/// 1 within K ε.
pub(crate) fn check_distributions<T: Real>(targets: Targets<'_, T>) -> Result<(), Error> {
    check_probabilities(targets)?;
    let Targets::Values(values) = targets else { return Ok(()) };
    let slack = SUM + values.ncols() as f64 * f64::from(f32::EPSILON);
    for row in 0..values.nrows() {
        let sum: f64 = values.row(row).iter().map(|v| v.as_f64()).sum();
        if (sum - 1.0).abs() > slack {
            return Err(Error::InvalidTarget { row, value: sum, requires: "a target row must sum to 1" });
        }
    }
    Ok(())
}
