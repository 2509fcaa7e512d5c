//! Principal component analysis.

use std::ops::Range;

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::constant_columns::ConstantColumns;
use super::principal_axes::principal_axes;
use super::{Moments, Transform, Transformer, TransformerOptions, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::parallel::{Entries, for_each_part, workers_for};
use crate::rows::{Rows, rows_together};
use crate::scalar::{Real, Strided, all_finite, columns, columns_mut};
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

    /// Writes a range of rows to `out`, centred, column by column. Entries that are not finite stay so.
    fn center(&self, x: Rows<'_, T>, range: Range<usize>, out: &mut [T]) {
        let columns = columns(&x).zip(&self.mean).zip(out.chunks_exact_mut(range.len()));
        for (index, ((column, &mean), out)) in columns.enumerate() {
            out.copy_from_slice(&column[range.clone()]);
            // The rounding of a centre that is compared with infinity is infinite.
            if all_finite(out) {
                self.constant.center(index, mean, out);
            }
        }
    }

    /// Returns the divisor of the scores of a component.
    fn scale(&self, component: usize) -> T {
        match self.explained_variance[component].sqrt() {
            deviation if self.whiten && deviation > 0.0 => T::of(deviation),
            _ => T::one(),
        }
    }

    /// Writes the scores of a block of rows, column by column. Returns the first row with a score that is not finite.
    /// `centred` and `z` are memory for the block.
    fn project<'a>(
        &self,
        x: Rows<'_, T>,
        range: Range<usize>,
        out: impl Iterator<Item = &'a mut [T]>,
        (centred, z): (&mut Vec<T>, &mut Vec<T>),
        scratch: &mut Scratch<T>,
    ) -> Option<usize> {
        let (first, count) = (range.start, range.len());
        let (inputs, outputs) = (self.mean.len(), self.explained_variance.len());
        centred.resize(count * inputs, T::zero());
        z.resize(count * outputs, T::zero());
        self.center(x, range, centred);
        scratch.product(Strided::columns(centred, count, inputs), Strided::from(&self.components), z);
        for ((component, z), out) in z.chunks_exact_mut(count).enumerate().zip(out) {
            match self.scale(component) {
                one if one == T::one() => {}
                scale => z.iter_mut().for_each(|z| *z /= scale),
            }
            out.copy_from_slice(z);
        }
        // An entry that is not finite makes the scores of its row so.
        if all_finite(z) {
            return None;
        }
        let overflow = (0..count).find(|row| z[*row..].iter().step_by(count).any(|z| !z.is_finite()));
        overflow.map(|row| first + row)
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
        let constant = moments.constant_columns::<T>();
        let (variance, directions) = principal_axes(x, &moments, &constant, weights)?;
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
        let mean = moments.mean().into_iter().map(T::of).collect();
        let fitted = FittedPca::new(mean, components, variance[..count].to_vec(), total, self.whiten)?;
        Ok(FittedPca { constant, ..fitted })
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
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        check::count("x", "columns", self.inputs(), x.ncols())?;
        let (rows, inputs, outputs) = (x.nrows(), self.inputs(), self.outputs());
        let together = rows_together(inputs).min(rows.max(1));
        let operations = rows as f64 * (inputs * (outputs + 4)) as f64;
        let overflow = if workers_for(rows.div_ceil(together), operations) == 1 {
            let (mut centred, mut z) = (scratch.take(0), scratch.take(0));
            let project = |first: usize| {
                let range = first..rows.min(first + together);
                let out = columns_mut(&mut out).map(|column| &mut column[range.clone()]);
                self.project(x, range.clone(), out, (&mut centred, &mut z), scratch)
            };
            let overflow = (0..rows).step_by(together).filter_map(project).min();
            scratch.give_back(z);
            scratch.give_back(centred);
            overflow
        } else {
            let columns: Vec<Entries<'_, T>> =
                columns_mut(&mut out).map(|column| Entries::new(column, 1)).collect();
            let new = <(Scratch<T>, Vec<T>, Vec<T>, Option<usize>)>::default;
            let workers = for_each_part((rows, together), operations, columns, new, |worker, range, out| {
                let (scratch, centred, z, overflow) = worker;
                let out = out.into_iter().map(Entries::into_slice);
                let found = self.project(x, range, out, (centred, z), scratch);
                *overflow = [*overflow, found].into_iter().flatten().min();
            });
            workers.into_iter().filter_map(|(.., overflow)| overflow).min()
        };
        match overflow {
            Some(row) => check::finite("x", x).and(Err(Error::Overflow { row })),
            None => Ok(()),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::tasks::shared;
    use crate::parallel::with_threads;
    use crate::rng::Rng;
    use crate::transformer::TransformExt;

    /// Moments, products and scores.
    #[test]
    fn many_rows_are_shared_and_few_are_not() {
        let shares = |rows| {
            let x = data(rows, 20);
            with_threads(3, || {
                let mut fitted = None;
                let fit = shared::during(|| fitted = Pca::new(3).fit(&x).ok());
                (fit, shared::during(|| drop(fitted.as_ref().unwrap().transform(&x).unwrap())))
            })
        };
        assert_eq!((shares(100), shares(10_007)), ((0, 0), (2, 1)));
    }

    fn data(rows: usize, columns: usize) -> DMatrix<f64> {
        let mut rng = Rng::new(2);
        DMatrix::from_fn(rows, columns, |_, column| if column == 1 { 7.0 } else { rng.standard_normal() })
    }

    /// More rows than a block has, from the definition.
    #[test]
    fn blocks_of_rows_add_up() {
        let (columns, rows) = (300, 700);
        assert!(rows > 2 * rows_together(columns));
        let x = data(rows, columns);
        let weights: Vec<f64> = (0..rows).map(|row| f64::from((row % 3) as u8)).collect();
        let pca = Pca::new(3).fit_with(&x, TransformerOptions::new().weights(&weights)).unwrap();
        let scores = pca.transform(&x).unwrap();
        let total: f64 = weights.iter().sum();
        let means = DMatrix::from_row_slice(1, rows, &weights) * &x / total;
        let centred = DMatrix::from_fn(rows, columns, |i, j| x[(i, j)] - means[j]);
        assert!((&scores - &centred * pca.components()).amax() < 1e-12);
        for (component, variance) in pca.explained_variance().iter().enumerate() {
            let squares: f64 = scores.column(component).iter().zip(&weights).map(|(z, w)| w * z * z).sum();
            approx::assert_relative_eq!(squares / total, *variance, max_relative = 1e-12);
        }
        let few = x.rows(300, 5).into_owned();
        assert!((pca.transform(&few).unwrap() - scores.rows(300, 5)).amax() < 1e-13);
    }

    #[test]
    fn an_entry_that_is_not_finite_is_named_in_constant_columns_too() {
        let x = data(700, 300);
        let pca = Pca::new(3).fit(&x).unwrap();
        for (row, column) in [(2, 0), (2, 1), (650, 1), (699, 299)] {
            for bad in [f64::NAN, f64::INFINITY] {
                let mut x = x.clone();
                x[(row, column)] = bad;
                let error = pca.transform(&x).unwrap_err();
                let named =
                    matches!(error, Error::NotFinite { row: r, column: c, .. } if (r, c) == (row, column));
                assert!(named, "{error}");
            }
        }
    }

    #[test]
    fn scores_that_overflow_name_their_row_in_every_block() {
        let x = data(700, 300);
        let pca = Pca::new(3).fit(&x).unwrap();
        for row in [2, 650, 699] {
            let mut x = x.clone();
            for column in (0..300).filter(|column| *column != 1) {
                x[(row, column)] = f64::MAX.copysign(pca.components()[(column, 0)]);
            }
            assert_eq!(pca.transform(&x).unwrap_err(), Error::Overflow { row });
        }
    }
}
