//! How unevenly columns are scaled, as gradient descent sees it.

use nalgebra::{DMatrix, DVector};

use crate::scalar::Real;

/// The number of products of the power iteration.
const PRODUCTS: usize = 12;

/// Returns the ratio of the largest eigenvalue of the mean cross product of [1 X] to that of [1 Z], where Z
/// is X with standardised columns.
///
/// The largest stable learning rate of gradient descent is inversely proportional to that eigenvalue.
pub(crate) fn scale<T: Real>(x: &DMatrix<T>) -> f64 {
    let wide = x.map(|v| v.as_f64());
    let standardized = standardized(&wide);
    let (given, fair) = (largest_eigenvalue(&wide), largest_eigenvalue(&standardized));
    if fair > 0.0 && given.is_finite() { given / fair } else { f64::INFINITY }
}

/// Returns the matrix with columns of mean 0 and standard deviation 1; constant columns become 0.
pub(crate) fn standardized(x: &DMatrix<f64>) -> DMatrix<f64> {
    let mut standardized = x.clone();
    for mut column in standardized.column_iter_mut() {
        let mean = column.mean();
        column.add_scalar_mut(-mean);
        let deviation = (column.norm_squared() / column.len().max(1) as f64).sqrt();
        let constant = deviation <= 1e-9 * mean.abs() || deviation == 0.0;
        column.apply(|v| *v = if constant { 0.0 } else { *v / deviation });
    }
    standardized
}

fn largest_eigenvalue(x: &DMatrix<f64>) -> f64 {
    let (rows, columns) = x.shape();
    // A unit of its own keeps squares within the range.
    let unit = x.amax().max(1.0);
    let mut vector = DVector::<f64>::from_element(columns + 1, 1.0);
    let mut value = 0.0;
    for _ in 0..PRODUCTS {
        vector /= vector.norm().max(f64::MIN_POSITIVE);
        let slopes = vector.rows(1, columns);
        let mut products = x * slopes / unit;
        products.add_scalar_mut(vector[0] / unit);
        let mut next = DVector::zeros(columns + 1);
        next[0] = products.sum() / unit;
        next.rows_mut(1, columns).copy_from(&(x.tr_mul(&products) / unit));
        next /= rows.max(1) as f64;
        value = vector.dot(&next);
        vector = next;
    }
    value * unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn standardised_columns_have_the_ratio_one() {
        let mut rng = Rng::new(3);
        let x = DMatrix::from_fn(200, 4, |_, _| rng.standard_normal());
        let plain = scale(&x);
        assert!((0.7..1.5).contains(&plain), "{plain}");
        let mut raw = x.clone();
        raw.column_mut(2).apply(|v| *v = 1000.0 * *v + 300.0);
        let uneven = scale(&raw);
        assert!((3e5..2e6).contains(&uneven), "{uneven}");
        assert!(scale(&raw.map(|v| v as f32)) > 3e5);
    }
}
