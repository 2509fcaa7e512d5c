//! Principal component analysis.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, SymmetricEigen};

use super::constant_columns::ConstantColumns;
use super::{Moments, Transform, Transformer, TransformerOptions, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::{Real, Strided, Workspace, all_finite, column_mut, max_abs, product_lower};
use crate::scratch::Scratch;

/// Rotates rows to the directions in which they vary most, and keeps the first of these principal components.
///
/// # Formula
/// Let X be the centred rows, w the weights with sum W, and V the eigenvectors of X' diag(w) X / W in
/// descending order of the eigenvalues λ. Then z = (x - μ) V; with whitening, each column is divided by √λ.
/// The entry of largest absolute value is positive in each component. Columns that are constant up to
/// rounding (see [`StandardScaler`](crate::StandardScaler)) have no variance.
///
/// # Precision
/// Components are computed in `f64`, from the smaller of the d x d and the n x n matrix of products. A
/// direction whose variance is below 10⁻¹⁴ times the largest variance times the number of columns is rounding
/// error: its variance is reported as 0, and whitening leaves it unscaled. Memory and time are those of a
/// square matrix with min(n, d) columns.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::Pca;
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![0.0, 0.0; 1.0, 1.0; 2.0, 2.0];
/// let pca = Pca::new(1).fit(&x)?;
/// assert!((pca.explained_variance_ratio()[0] - 1.0f64).abs() < 1e-12);
/// let back = pca.inverse_transform(&pca.transform(&x)?)?;
/// assert!((back - x).amax() < 1e-12);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # References
/// Jolliffe (2002), *Principal Component Analysis*.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pca {
    keep: Keep,
    whiten: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Keep {
    Count(usize),
    Share(f64),
}

impl Pca {
    /// Keeps the first `components` principal components.
    pub fn new(components: usize) -> Self {
        Pca { keep: Keep::Count(components), whiten: false }
    }

    /// Keeps the fewest components that together explain the fraction `share` of the variance, above 0 and at
    /// most 1.
    pub fn explaining(share: f64) -> Self {
        Pca { keep: Keep::Share(share), whiten: false }
    }

    /// Sets whether scores are scaled to variance 1. Defaults to `false`.
    pub fn whiten(mut self, whiten: bool) -> Self {
        self.whiten = whiten;
        self
    }
}

/// A fitted [`Pca`].
///
/// ```
/// use logit::prelude::*;
/// use logit::{Pca, data};
///
/// let fitted = Pca::explaining(0.95).fit(&data::iris().x)?;
/// assert_eq!(fitted.components().shape(), (4, 2));
/// assert!(fitted.explained_variance_ratio()[0] > 0.92);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedPca<T> {
    pub(super) mean: Vec<T>,
    /// The components, d x k.
    pub(super) components: DMatrix<T>,
    pub(super) explained_variance: Vec<f64>,
    pub(super) total_variance: f64,
    pub(super) whiten: bool,
    pub(super) constant: ConstantColumns,
}

impl<T: Real> FittedPca<T> {
    /// # Errors
    /// Returns an error if sizes disagree, or if variances are negative, not finite or not in descending
    /// order.
    pub(super) fn new(
        mean: Vec<T>,
        components: DMatrix<T>,
        explained_variance: Vec<f64>,
        total_variance: f64,
        whiten: bool,
    ) -> Result<Self, Error> {
        check::count("components", "rows", mean.len(), components.nrows())?;
        check::count("explained_variance", "entries", components.ncols(), explained_variance.len())?;
        check::finite("components", &components)?;
        check::not_negative("total_variance", total_variance)?;
        explained_variance
            .iter()
            .try_for_each(|&variance| check::not_negative("explained_variance", variance))?;
        let falling = explained_variance.is_sorted_by(|a, b| a >= b);
        check::parameter(
            "explained_variance",
            explained_variance.len() as f64,
            falling,
            "in descending order",
        )?;
        let constant = ConstantColumns::default();
        Ok(FittedPca { mean, components, explained_variance, total_variance, whiten, constant })
    }

    /// Returns the mean of each column of the training rows.
    pub fn mean(&self) -> &[T] {
        &self.mean
    }

    /// Returns the components as orthonormal columns, d x k.
    pub fn components(&self) -> &DMatrix<T> {
        &self.components
    }

    /// Returns the variance of the training rows along each component.
    pub fn explained_variance(&self) -> &[f64] {
        &self.explained_variance
    }

    /// Returns the variance along each component as a fraction of the total variance; 0 if nothing varies.
    pub fn explained_variance_ratio(&self) -> Vec<f64> {
        let total = if self.total_variance > 0.0 { self.total_variance } else { 1.0 };
        self.explained_variance.iter().map(|variance| variance / total).collect()
    }

    /// Writes the scores of the rows of `x` to `out`; `x` is centred in place.
    fn project(&self, mut x: DMatrixViewMut<'_, T>, mut out: DMatrixViewMut<'_, T>) -> Result<(), Error> {
        for (column, &mean) in self.mean.iter().enumerate() {
            self.constant.center(column, mean, column_mut(&mut x, column));
        }
        x.mul_to(&self.components, &mut out);
        for (component, mut column) in out.column_iter_mut().enumerate() {
            column /= self.scale(component);
        }
        check::scores(&out)
    }

    /// Returns the divisor of the scores of a component.
    fn scale(&self, component: usize) -> T {
        match self.explained_variance[component].sqrt() {
            deviation if self.whiten && deviation > 0.0 => T::of(deviation),
            _ => T::one(),
        }
    }
}

impl<T: Real> Transformer<T> for Pca {
    type Fitted = FittedPca<T>;

    /// Learns the principal components of the rows.
    ///
    /// # Errors
    /// Besides the errors of bad data and weights, returns [`Error::InvalidParameter`] if the number of
    /// components is 0 or above min(n, d) or if the share is out of range, and [`Error::FitOverflow`] if
    /// products leave the range of the number type.
    fn fit_rows(&self, x: Rows<'_, T>, options: TransformerOptions<'_, T>) -> Result<FittedPca<T>, Error> {
        let weights = options.weights;
        let moments = Moments::of(x, weights)?;
        let counted = weights.map_or(x.nrows(), |weights| weights.iter().filter(|w| **w > T::zero()).count());
        let most = counted.min(x.ncols());
        match self.keep {
            Keep::Count(count) => {
                let valid = (1..=most).contains(&count);
                check::parameter(
                    "components",
                    count as f64,
                    valid,
                    "at least 1 and at most the number of columns, and of rows that count",
                )?;
            }
            Keep::Share(share) => {
                check::parameter("share", share, share > 0.0 && share <= 1.0, "above 0 and at most 1")?
            }
        }
        let mean = moments.mean();
        let constant = moments.constant_columns::<T>();
        let share = |row: usize| weights.map_or(1.0, |weights| weights[row].as_f64()) / moments.weight();
        let factors: Vec<f64> = (0..x.nrows()).map(|row| share(row).sqrt()).collect();
        let mut centred = x.map(|v| v.as_f64());
        for (mut column, mean) in centred.column_iter_mut().zip(&mean) {
            column.iter_mut().zip(&factors).for_each(|(v, factor)| *v = (*v - mean) * factor);
        }
        constant.indices().iter().for_each(|&column| centred.column_mut(column).fill(0.0));
        let (variance, directions) = eigen(centred)?;
        let total: f64 = variance.iter().sum();
        let count = match self.keep {
            Keep::Count(count) => count,
            Keep::Share(share) => {
                let mut sum = 0.0;
                let enough = variance.iter().position(|variance| {
                    sum += variance;
                    sum >= share * total * (1.0 - 1e-12)
                });
                enough.map_or(most, |last| last + 1).min(most)
            }
        };
        let components = directions.columns(0, count).map(T::of);
        let mean = mean.into_iter().map(T::of).collect();
        let fitted = FittedPca::new(mean, components, variance[..count].to_vec(), total, self.whiten)?;
        Ok(FittedPca { constant, ..fitted })
    }
}

/// Returns the eigenvalues of X'X in descending order, for `x` n x d, and its orthonormal eigenvectors, d x
/// min(n, d).
fn eigen(mut x: DMatrix<f64>) -> Result<(Vec<f64>, DMatrix<f64>), Error> {
    let (rows, columns) = x.shape();
    let largest = max_abs(x.as_slice());
    let unit = if largest > 0.0 { largest } else { 1.0 };
    x /= unit;
    let wide = columns > rows;
    let size = rows.min(columns);
    let factor = if wide { Strided::from(&x).transposed() } else { Strided::from(&x) };
    // The products, and the copies that the eigenvalue solver makes of them.
    check::room::<f64>("the products of the columns", size, 3 * size)?;
    let mut products = DMatrix::zeros(size, size);
    product_lower(factor, factor, products.as_mut_slice(), false, &mut Workspace::default());
    products.fill_upper_triangle_with_lower_triangle();
    if !all_finite(products.as_slice()) {
        return Err(Error::FitOverflow);
    }
    let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(products);
    let mut order: Vec<usize> = (0..eigenvalues.len()).collect();
    order.sort_by(|&a, &b| eigenvalues[b].total_cmp(&eigenvalues[a]));
    let floor = order.first().map_or(0.0, |&first| eigenvalues[first].max(0.0)) * 1e-14 * columns as f64;
    let variance = |index: usize| if eigenvalues[index] > floor { eigenvalues[index] } else { 0.0 };
    let mut directions = DMatrix::zeros(columns, order.len());
    for (at, &index) in order.iter().enumerate() {
        let vector = eigenvectors.column(index);
        if wide {
            directions.set_column(at, &x.tr_mul(&vector));
        } else {
            directions.set_column(at, &vector);
        }
    }
    // The eigenvectors of the d x d matrix are orthonormal already.
    if wide {
        orthonormalize(&mut directions);
    }
    directions.column_iter_mut().for_each(|mut column| {
        if column[column.iamax()] < 0.0 {
            column.neg_mut();
        }
    });
    let variances: Vec<f64> = order.iter().map(|&index| variance(index) * unit * unit).collect();
    if variances.iter().any(|v| !v.is_finite()) {
        return Err(Error::FitOverflow);
    }
    Ok((variances, directions))
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

impl<T: Real> Transform<T> for FittedPca<T> {
    fn inputs(&self) -> usize {
        self.mean.len()
    }
    fn outputs(&self) -> usize {
        self.explained_variance.len()
    }
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        checked(x, self.inputs())?;
        let (rows, columns) = x.shape();
        let mut copy = scratch.take(rows * columns);
        let mut centred = DMatrixViewMut::from_slice(&mut copy, rows, columns);
        centred.copy_from(&x.view());
        let done = self.project(centred, out);
        scratch.give_back(copy);
        done
    }
    fn transform_owned(&self, mut x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        checked(&x, self.inputs())?;
        let mut out = DMatrix::zeros(x.nrows(), self.outputs());
        self.project(x.as_view_mut(), out.as_view_mut()).map(|()| out)
    }
    /// Returns the rows with these scores, which lie in the subspace spanned by the components.
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        checked(z, self.outputs())?;
        let mut z = z.clone_owned();
        for (component, mut column) in z.column_iter_mut().enumerate() {
            column *= self.scale(component);
        }
        let mut x = z * self.components.transpose();
        for (mut column, &mean) in x.column_iter_mut().zip(&self.mean) {
            column.iter_mut().for_each(|v| *v += mean);
        }
        check::scores(&x).map(|()| x)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        checked_names(names, self.inputs())?;
        Ok((1..=self.outputs()).map(|component| format!("component {component}")).collect())
    }
}
