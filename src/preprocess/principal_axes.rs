//! The directions in which rows vary most: eigenvectors of the products of their centred columns.

use std::ops::Range;

use nalgebra::{DMatrix, DVectorViewMut, SymmetricEigen};

use super::Moments;
use super::constant_columns::ConstantColumns;
use crate::check;
use crate::error::Error;
use crate::parallel::{Tally, workers_for, zeros};
use crate::rows::{Rows, rows_together};
use crate::scalar::{Real, Strided, Workspace, all_finite, columns, power_of_two, product_lower, vectorize};

/// Eigenvalues in descending order, and eigenvectors as columns.
type Eigen = (Vec<f64>, DMatrix<f64>);

/// Returns the variances along the principal axes in descending order, and the axes as orthonormal columns.
///
/// There are as many as there are rows or columns, whichever are fewer. A variance that is rounding error is 0.
///
/// # Errors
/// Returns [`Error::FitOverflow`] if deviations or variances leave the range of `f64`, and
/// [`Error::OutOfMemory`].
pub(super) fn principal_axes<T: Real>(
    x: Rows<'_, T>,
    moments: &Moments,
    constant: &ConstantColumns,
    weights: Option<&[T]>,
) -> Result<Eigen, Error> {
    let centering = Centering::new(moments, constant, weights)?;
    let wide = x.ncols() > x.nrows();
    let (variance, directions) =
        if wide { eigen_of_rows(centering.all(x)) } else { eigen_of_columns(x, &centering) }?;
    let largest = variance.first().copied().unwrap_or(0.0);
    let floor = largest * 1e-14 * x.ncols() as f64;
    let in_units =
        |variance: f64| if variance > floor { variance * centering.unit * centering.unit } else { 0.0 };
    let variance: Vec<f64> = variance.into_iter().map(in_units).collect();
    if variance.iter().any(|v| !v.is_finite()) {
        return Err(Error::FitOverflow);
    }
    Ok((variance, directions))
}

/// Centres rows, multiplies them by the roots of their shares in the total weight, and divides them by a unit
/// in which no square overflows.
struct Centering<'a> {
    mean: Vec<f64>,
    constant: &'a ConstantColumns,
    /// The factor of each row.
    factors: Vec<f64>,
    /// A power of two above the largest deviation.
    unit: f64,
}

impl<'a> Centering<'a> {
    /// # Errors
    /// Returns [`Error::FitOverflow`] if a deviation is not finite.
    fn new<T: Real>(
        moments: &Moments,
        constant: &'a ConstantColumns,
        weights: Option<&[T]>,
    ) -> Result<Self, Error> {
        let varying = moments.columns.iter().enumerate().filter(|(index, _)| !constant.contains(*index));
        let deviations = varying.map(|(_, column)| (column.high - column.mean).max(column.mean - column.low));
        let largest = deviations.fold(0.0, f64::max);
        if !largest.is_finite() {
            return Err(Error::FitOverflow);
        }
        let unit = if largest > 0.0 { power_of_two(largest) } else { 1.0 };
        let factor = |weight: f64| (weight / moments.weight()).sqrt() / unit;
        let factors = match weights {
            Some(weights) => weights.iter().map(|weight| factor(weight.as_f64())).collect(),
            None => vec![factor(1.0); moments.rows()],
        };
        Ok(Centering { mean: moments.mean(), constant, factors, unit })
    }

    /// Writes the rows of a range to `out`, column by column.
    fn write<T: Real>(&self, x: Rows<'_, T>, range: Range<usize>, out: &mut [f64]) {
        let factors = &self.factors[range.clone()];
        let columns = columns(&x).zip(&self.mean).zip(out.chunks_exact_mut(range.len()));
        for (index, ((column, &mean), out)) in columns.enumerate() {
            if self.constant.contains(index) {
                out.fill(0.0);
                continue;
            }
            let entries = &column[range.clone()];
            vectorize(
                #[inline(always)]
                || {
                    for ((out, &v), &factor) in out.iter_mut().zip(entries).zip(factors) {
                        *out = (v.as_f64() - mean) * factor;
                    }
                },
            );
        }
    }

    /// Returns all rows.
    fn all<T: Real>(&self, x: Rows<'_, T>) -> DMatrix<f64> {
        let mut out = DMatrix::zeros(x.nrows(), x.ncols());
        if x.nrows() > 0 {
            self.write(x, 0..x.nrows(), out.as_mut_slice());
        }
        out
    }
}

/// Returns the products of the centred columns: the lower triangle, by columns. They are sums along a tree whose leaves
/// are parts of the rows.
fn products_of_columns<T: Real>(x: Rows<'_, T>, centering: &Centering<'_>) -> Vec<f64> {
    let (rows, size) = x.shape();
    let together = rows_together(size).min(rows.max(1));
    let add =
        |(block, workspace): &mut (Vec<f64>, Workspace<f64>), leaf: Range<usize>, sum: &mut Vec<f64>, ()| {
            block.resize(together * size, 0.0);
            for first in leaf.clone().step_by(together) {
                let range = first..leaf.end.min(first + together);
                let block = &mut block[..range.len() * size];
                centering.write(x, range.clone(), block);
                let block = Strided::columns(block, range.len(), size);
                product_lower(block, block, sum, true, workspace);
            }
        };
    let zero = |old| zeros(old, size * size);
    let leaf = rows_of_leaf(rows, size);
    let operations = rows as f64 * size as f64 * (size as f64 / 8.0 + 4.0);
    let workers = workers_for(rows.div_ceil(leaf), operations);
    let mut workers: Vec<(Vec<f64>, Workspace<f64>)> = vec![Default::default(); workers];
    Tally::default().over(&mut workers, (rows, leaf), (), zero, add)
}

/// Returns the number of rows of a leaf. Long leaves have few sums, which take little time and memory.
fn rows_of_leaf(rows: usize, size: usize) -> usize {
    const ROWS: usize = 2048;
    const LEAVES: usize = 32;
    /// The entries of the sums of all leaves: 128 MiB.
    const ENTRIES: usize = 1 << 24;
    let leaves = (ENTRIES / (size * size).max(1)).clamp(1, LEAVES);
    rows.div_ceil(leaves).max(ROWS)
}

/// Returns the eigenvalues of X'X in descending order, for the centred rows X, and its eigenvectors as
/// orthonormal columns. Only a block of the centred rows is in memory at a time.
fn eigen_of_columns<T: Real>(x: Rows<'_, T>, centering: &Centering<'_>) -> Result<Eigen, Error> {
    let size = x.ncols();
    let mut products = square(size)?;
    products.copy_from_slice(&products_of_columns(x, centering));
    let (values, mut directions) = eigen(products)?;
    directions.column_iter_mut().for_each(make_largest_positive);
    Ok((values, directions))
}

/// Returns the same for fewer rows than columns, from the products of rows: there are as many eigenvectors as
/// rows.
fn eigen_of_rows(x: DMatrix<f64>) -> Result<Eigen, Error> {
    let mut products = square(x.nrows())?;
    let rows = Strided::from(&x).transposed();
    product_lower(rows, rows, products.as_mut_slice(), false, &mut Workspace::default());
    let (values, vectors) = eigen(products)?;
    let mut directions = x.tr_mul(&vectors);
    orthonormalize(&mut directions);
    directions.column_iter_mut().for_each(make_largest_positive);
    Ok((values, directions))
}

/// Returns a matrix of zeros for products, if there is memory for it and for the copies that the eigenvalue
/// solver makes.
fn square(size: usize) -> Result<DMatrix<f64>, Error> {
    check::room::<f64>("the products of the columns", size, 3 * size)?;
    Ok(DMatrix::zeros(size, size))
}

/// Returns the eigenvalues and eigenvectors of a symmetric matrix, of which the lower triangle is given.
fn eigen(mut products: DMatrix<f64>) -> Result<Eigen, Error> {
    products.fill_upper_triangle_with_lower_triangle();
    if !all_finite(products.as_slice()) {
        return Err(Error::FitOverflow);
    }
    let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(products);
    let mut order: Vec<usize> = (0..eigenvalues.len()).collect();
    order.sort_by(|&a, &b| eigenvalues[b].total_cmp(&eigenvalues[a]));
    let values = order.iter().map(|&index| eigenvalues[index].max(0.0)).collect();
    Ok((values, eigenvectors.select_columns(&order)))
}

/// Changes the sign of a direction so that its entry of largest absolute value is positive.
fn make_largest_positive(mut direction: DVectorViewMut<'_, f64>) {
    if direction[direction.iamax()] < 0.0 {
        direction.neg_mut();
    }
}

/// Makes the columns orthonormal by Gram-Schmidt, applied twice. An axis replaces a column that depends on
/// those before it.
fn orthonormalize(directions: &mut DMatrix<f64>) {
    let (rows, columns) = directions.shape();
    let mut axis = 0;
    for index in 0..columns {
        let mut candidate = directions.column(index).into_owned();
        loop {
            let before = candidate.norm();
            for _ in 0..2 {
                for earlier in 0..index {
                    let along = directions.column(earlier).dot(&candidate);
                    candidate.axpy(-along, &directions.column(earlier), 1.0);
                }
            }
            let after = candidate.norm();
            // An axis is found unless the columns before span the whole space, and then there is no next
            // column.
            if (before > 0.0 && after > 1e-8 * before && after > f64::MIN_POSITIVE) || axis >= rows {
                candidate /= if after > 0.0 { after } else { 1.0 };
                break;
            }
            candidate.fill(0.0);
            candidate[axis] = 1.0;
            axis += 1;
        }
        directions.set_column(index, &candidate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// Products of rows and products of columns have the same axes.
    #[test]
    fn axes_do_not_depend_on_the_products() {
        let mut rng = Rng::new(3);
        let x = DMatrix::from_fn(40, 6, |_, column| (column + 1) as f64 * rng.standard_normal());
        let weights: Vec<f64> = (0..40).map(|row| f64::from((row % 3) as u8)).collect();
        let rows = Rows::from(&x);
        let moments = Moments::of(rows, Some(&weights)).unwrap();
        let constant = moments.constant_columns::<f64>();
        let centering = Centering::new(&moments, &constant, Some(&weights)).unwrap();
        let (by_columns, axes) = eigen_of_columns(rows, &centering).unwrap();
        let (by_rows, directions) = eigen_of_rows(centering.all(rows)).unwrap();
        approx::assert_relative_eq!(by_columns.as_slice(), &by_rows[..6], max_relative = 1e-12);
        assert!((axes - directions.columns(0, 6)).amax() < 1e-12);
        assert!(by_rows[6..].iter().all(|variance| *variance < 1e-13 * by_rows[0]));
    }

    #[test]
    fn variance_that_is_rounding_is_none() {
        let mut rng = Rng::new(4);
        let shared = DMatrix::from_fn(50, 3, |_, _| 1e3 * rng.standard_normal());
        let x = shared * DMatrix::from_fn(3, 8, |_, _| rng.standard_normal());
        let moments = Moments::of(&x, None::<&[f64]>).unwrap();
        let constant = moments.constant_columns::<f64>();
        let (variance, _) = principal_axes(Rows::from(&x), &moments, &constant, None).unwrap();
        assert!(variance[2] > 1e4);
        assert_eq!(variance[3..], [0.0; 5]);
    }
}
