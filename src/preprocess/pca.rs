//! Principal components.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, SymmetricEigen};

use super::{Moments, Transform, Transformer, TransformerOptions, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::{Real, Strided, Workspace, all_finite, max_abs, product_lower};
use crate::scratch::Scratch;

/// Rotates rows to the directions in which they vary most, and keeps the first of them.
///
/// # Formula
/// With the centred rows X, weights w summing to W, and the eigenvectors V of X' diag(w) X / W in the order of falling
/// eigenvalues λ: z = (x - μ) V; whitened, each column is divided by √λ. Each component's entry of largest absolute
/// value is positive.
///
/// # Precision
/// Computed in `f64`, from the smaller of the d x d and the n x n matrix of products. Directions whose variance is below
/// 10⁻¹⁴ of the largest, times the number of columns, are rounding: their variance is 0, and whitening leaves them at 0.
/// It needs memory and time for a square matrix of min(n, d) columns.
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
    /// The first `components`.
    pub fn new(components: usize) -> Self {
        Pca { keep: Keep::Count(components), whiten: false }
    }

    /// As many components as explain this share of the variance, above 0 and at most 1.
    pub fn explaining(share: f64) -> Self {
        Pca { keep: Keep::Share(share), whiten: false }
    }

    /// Whether scores are scaled to variance 1. Defaults to `false`.
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
    /// d x k.
    pub(super) components: DMatrix<T>,
    pub(super) explained_variance: Vec<f64>,
    pub(super) total_variance: f64,
    pub(super) whiten: bool,
}

impl<T: Real> FittedPca<T> {
    /// # Errors
    /// For sizes that disagree and variances that are negative, not finite or not in falling order.
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
        check::parameter("explained_variance", explained_variance.len() as f64, falling, "in falling order")?;
        Ok(FittedPca { mean, components, explained_variance, total_variance, whiten })
    }

    /// The mean of each column.
    pub fn mean(&self) -> &[T] {
        &self.mean
    }

    /// The components, d x k, orthonormal columns.
    pub fn components(&self) -> &DMatrix<T> {
        &self.components
    }

    /// The variance of the training rows along each component.
    pub fn explained_variance(&self) -> &[f64] {
        &self.explained_variance
    }

    /// The same as a share of the whole; 0 where nothing varies.
    pub fn explained_variance_ratio(&self) -> Vec<f64> {
        let total = if self.total_variance > 0.0 { self.total_variance } else { 1.0 };
        self.explained_variance.iter().map(|variance| variance / total).collect()
    }

    /// Writes the scores of the rows of `x`, which is centred in place.
    fn project(&self, mut x: DMatrixViewMut<'_, T>, mut out: DMatrixViewMut<'_, T>) -> Result<(), Error> {
        for (mut column, &mean) in x.column_iter_mut().zip(&self.mean) {
            column.iter_mut().for_each(|v| *v -= mean);
        }
        x.mul_to(&self.components, &mut out);
        for (component, mut column) in out.column_iter_mut().enumerate() {
            column /= self.scale(component);
        }
        check::scores(&out)
    }

    /// What scores are divided by.
    fn scale(&self, component: usize) -> T {
        match self.explained_variance[component].sqrt() {
            deviation if self.whiten && deviation > 0.0 => T::of(deviation),
            _ => T::one(),
        }
    }
}

impl<T: Real> Transformer<T> for Pca {
    type Fitted = FittedPca<T>;

    /// # Errors
    /// Besides those of data: [`Error::InvalidParameter`] for no components, for more than min(n, d), and for a share out
    /// of range; [`Error::FitOverflow`] when products leave the range.
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
        let share = |row: usize| weights.map_or(1.0, |weights| weights[row].as_f64()) / moments.weight();
        let factors: Vec<f64> = (0..x.nrows()).map(|row| share(row).sqrt()).collect();
        let mut centred = x.map(|v| v.as_f64());
        for (mut column, mean) in centred.column_iter_mut().zip(&mean) {
            column.iter_mut().zip(&factors).for_each(|(v, factor)| *v = (*v - mean) * factor);
        }
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
        FittedPca::new(mean, components, variance[..count].to_vec(), total, self.whiten)
    }
}

/// Eigenvalues in falling order and eigenvectors (d x min(n, d), orthonormal) of the product of `x`, n x d, with itself.
fn eigen(mut x: DMatrix<f64>) -> Result<(Vec<f64>, DMatrix<f64>), Error> {
    let (rows, columns) = x.shape();
    let largest = max_abs(x.as_slice());
    let unit = if largest > 0.0 { largest } else { 1.0 };
    x /= unit;
    let wide = columns > rows;
    let size = rows.min(columns);
    let factor = if wide { Strided::from(&x).transposed() } else { Strided::from(&x) };
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
    // Of a square matrix they are orthonormal.
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

/// Gram-Schmidt, twice is enough, with axes in the place of columns that depend on those before.
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
            // Every axis depends on the columns before only when those span everything; then there is no next column.
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
    /// The rows of the plane of the components that are nearest.
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
