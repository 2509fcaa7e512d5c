//! The class whose expected cost is least.

use nalgebra::DMatrix;

use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::scalar::Real;

/// A classifier that predicts the class with the least expected cost, given what each mistake costs.
///
/// # Formula
/// With the cost c_ij of calling a row of class i by class j: the expected cost of j is Σ_i p_i c_ij, and scores are its
/// negative (of two classes: the cost of the first less that of the second). For two classes that is the threshold
/// c_01 / (c_01 + c_10) where being right costs nothing. Probabilities are those of the classifier inside; they should be
/// calibrated.
///
/// # References
/// Elkan (2001), "The foundations of cost-sensitive learning".
///
/// # Examples
/// ```
/// use logit::decide::MinimumCost;
/// use logit::{Classifier, FittedLogistic};
/// use nalgebra::{dmatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(vec!["ill", "well"], dmatrix![1.0], dvector![0.0])?;
/// // Calling the ill well costs nine times as much as the other mistake.
/// let careful = MinimumCost::new(model, dmatrix![0.0, 9.0; 1.0, 0.0])?;
/// assert_eq!(careful.predict(&dmatrix![1.0; 3.0])?, ["ill", "well"]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MinimumCost<C> {
    pub(super) classifier: C,
    pub(super) costs: DMatrix<f64>,
}

impl<C> MinimumCost<C> {
    /// `classifier` with these costs: true classes down, predicted classes across.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] unless there is a cost for each pair of classes, [`Error::NotFinite`].
    pub fn new<T: Real>(classifier: C, costs: DMatrix<f64>) -> Result<Self, Error>
    where
        C: Classifier<T>,
    {
        let classes = classifier.classes().len();
        check::count("costs", "rows", classes, costs.nrows())?;
        check::count("costs", "columns", classes, costs.ncols())?;
        check::finite("costs", &costs)?;
        Ok(MinimumCost { classifier, costs })
    }

    /// The costs.
    pub fn costs(&self) -> &DMatrix<f64> {
        &self.costs
    }

    /// The classifier whose probabilities are weighed.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }

    /// The expected cost of calling each row by each class, n x K.
    ///
    /// # Errors
    /// Those of [`Classifier`].
    pub fn expected_costs<T: Real>(&self, x: &DMatrix<T>) -> Result<DMatrix<f64>, Error>
    where
        C: Classifier<T>,
    {
        Ok(self.classifier.predict_proba(x)?.map(|p| p.as_f64()) * &self.costs)
    }
}

impl<T: Real, C: Classifier<T>> Classifier<T> for MinimumCost<C> {
    type Label = C::Label;

    fn classes(&self) -> &[C::Label] {
        self.classifier.classes()
    }
    fn features(&self) -> usize {
        self.classifier.features()
    }
    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let costs = self.expected_costs(x)?;
        let scores = match costs.ncols() {
            2 => DMatrix::from_fn(costs.nrows(), 1, |row, _| T::of(costs[(row, 0)] - costs[(row, 1)])),
            _ => costs.map(|cost| T::of(-cost)),
        };
        check::scores(&scores).map(|()| scores)
    }
    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.classifier.predict_proba(x)
    }
    fn predict_log_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.classifier.predict_log_proba(x)
    }
}
