//! Two-feature slices of a classifier with many features.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// A two-feature view of a classifier: all other features are fixed at the values of a reference row.
///
/// The slice is the plane through the reference row in the directions of the two features. A boundary in it
/// is the exact boundary of the classifier on that plane. Another reference row gives another plane, so look
/// at several.
///
/// # Shapes
/// Rows have two columns: the chosen features, in the order in which they were chosen.
///
/// # Examples
/// ```
/// use logit::boundary::{Bounds, Slice, contour};
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let y: Vec<bool> = iris.y.iter().map(|&species| species == "virginica").collect();
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &y)?;
/// // Length and width of petals, with sepals as those of row 100.
/// let row: Vec<f64> = iris.x.row(100).iter().copied().collect();
/// let slice = Slice::new(&model, [2, 3], &row)?;
/// let bounds = Bounds::around(&iris.x.select_columns(&[2, 3]), 0.1)?;
/// assert_eq!(contour(&slice, 0.5, bounds, 50)?.lines().len(), 1);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug)]
pub struct Slice<'a, T, C: ?Sized> {
    classifier: &'a C,
    features: [usize; 2],
    reference: Vec<T>,
}

impl<'a, T: Real, C: Classifier<T> + ?Sized> Slice<'a, T, C> {
    /// Creates the slice of two features, counted from 0, through the row `reference`. The entries of
    /// `reference` for these two features do not matter.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a feature does not exist or both are the same,
    /// [`Error::ShapeMismatch`] if the length of `reference` differs from the classifier's number of
    /// features, and [`Error::NotFinite`] if one of its entries is not finite.
    pub fn new(classifier: &'a C, features: [usize; 2], reference: &[T]) -> Result<Self, Error> {
        let count = classifier.features();
        for feature in features {
            let requires = "the index of a feature, counted from 0";
            check::parameter("features", feature as f64, feature < count, requires)?;
        }
        let different = features[0] != features[1];
        check::parameter("features", features[1] as f64, different, "a different feature from the first")?;
        check::count("reference", "entries", count, reference.len())?;
        check::finite("reference", &DMatrix::from_row_slice(1, count, reference))?;
        Ok(Slice { classifier, features, reference: reference.to_vec() })
    }

    /// Returns the indices of the two features.
    pub fn chosen(&self) -> [usize; 2] {
        self.features
    }

    /// Returns the rows of `x` extended to all features of the classifier.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of columns is not two.
    pub fn whole<'b>(&self, x: impl Into<Rows<'b, T>>) -> Result<DMatrix<T>, Error> {
        let x = x.into();
        check::count("x", "columns", 2, x.ncols())?;
        let mut whole = DMatrix::zeros(x.nrows(), self.reference.len());
        self.fill(x, whole.as_view_mut());
        Ok(whole)
    }
}

impl<T: Real, C: Classifier<T> + ?Sized> Classifier<T> for Slice<'_, T, C> {
    type Label = C::Label;

    fn classes(&self) -> &[C::Label] {
        self.classifier.classes()
    }
    fn features(&self) -> usize {
        2
    }
    fn report(&self) -> Option<&FitReport> {
        self.classifier.report()
    }
    fn score_columns(&self) -> usize {
        self.classifier.score_columns()
    }
    fn scores_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.with_whole(x, scratch, |x, scratch| self.classifier.scores_into(x, out, scratch))
    }
    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.with_whole(x, scratch, |x, scratch| self.classifier.probabilities_into(x, out, scratch))
    }
    fn log_probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.with_whole(x, scratch, |x, scratch| self.classifier.log_probabilities_into(x, out, scratch))
    }
    fn predictions_into(
        &self,
        x: Rows<'_, T>,
        out: &mut [usize],
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.with_whole(x, scratch, |x, scratch| self.classifier.predictions_into(x, out, scratch))
    }
}

impl<T: Real, C: Classifier<T> + ?Sized> Slice<'_, T, C> {
    /// Calls `with` with the rows of `x` extended to all features, in scratch memory.
    fn with_whole(
        &self,
        x: Rows<'_, T>,
        scratch: &mut Scratch<T>,
        with: impl FnOnce(Rows<'_, T>, &mut Scratch<T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        check::count("x", "columns", 2, x.ncols())?;
        let (rows, columns) = (x.nrows(), self.reference.len());
        let mut whole = scratch.take(rows * columns);
        self.fill(x, DMatrixViewMut::from_slice(&mut whole, rows, columns));
        let done = with(DMatrixView::from_slice(&whole, rows, columns).into(), scratch);
        scratch.give_back(whole);
        done
    }

    fn fill(&self, x: Rows<'_, T>, mut whole: DMatrixViewMut<'_, T>) {
        for (mut column, &value) in whole.column_iter_mut().zip(&self.reference) {
            column.fill(value);
        }
        for (axis, &feature) in self.features.iter().enumerate() {
            whole.column_mut(feature).copy_from(&x.column(axis));
        }
    }
}
