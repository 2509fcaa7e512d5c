//! Decisions of minimum expected cost.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use crate::check;
use crate::classifier::{Classifier, ClassifierExt, estimates_as};
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::{Real, max_abs, power_of_two};
use crate::scratch::Scratch;

/// A classifier that predicts the class with the smallest expected cost, given the cost of each mistake.
///
/// # Formula
/// Let c_ij be the cost of predicting j for a row of class i. The expected cost of j is Σ_i p_i c_ij, and
/// scores are its negative (for two classes: the cost of the first minus that of the second), divided by the
/// largest power of two that is at most the largest cost. So costs of any size decide in every number type.
/// For two classes, if correct predictions cost nothing, this is the threshold c_01 / (c_01 + c_10).
/// Probabilities are those of the inner classifier; they should be calibrated.
///
/// # References
/// Elkan (2001), "The foundations of cost-sensitive learning".
///
/// # Examples
/// ```
/// use logit::decide::MinimumCost;
/// use logit::prelude::*;
/// use logit::FittedLogistic;
/// use nalgebra::{dmatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(
///     vec!["ill", "well"],
///     dmatrix![1.0],
///     dvector![0.0],
/// )?;
/// // Predicting "well" for the ill costs nine times as much as the other mistake.
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
    /// Wraps `classifier` with these costs, K x K: true classes down, predicted classes across.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] unless there is a cost for each pair of classes, and
    /// [`Error::NotFinite`] if a cost is not finite.
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

    /// Returns the costs, K x K.
    pub fn costs(&self) -> &DMatrix<f64> {
        &self.costs
    }

    /// Returns the inner classifier, whose probabilities are used.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }

    /// Returns the expected cost of predicting each class for each row, n x K.
    ///
    /// # Errors
    /// Returns the errors of the inner classifier.
    pub fn expected_costs<'a, T: Real>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<f64>, Error>
    where
        C: Classifier<T>,
    {
        Ok(self.classifier.predict_proba(x)?.map(|p| p.as_f64()) * &self.costs)
    }

    /// Writes the scores that follow from probabilities; `memory` holds both and the scaled costs in double
    /// precision.
    fn write_scores<T: Real>(
        &self,
        p: DMatrixView<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        memory: &mut Vec<f64>,
    ) {
        let (rows, classes) = p.shape();
        memory.clear();
        memory.resize(2 * p.len() + self.costs.len(), 0.0);
        let (double, rest) = memory.split_at_mut(p.len());
        let (costs, scaled) = rest.split_at_mut(p.len());
        double.iter_mut().zip(p.iter()).for_each(|(double, p)| *double = p.as_f64());
        let unit = power_of_two(max_abs(self.costs.as_slice()));
        scaled.iter_mut().zip(self.costs.iter()).for_each(|(scaled, cost)| *scaled = cost / unit);
        let mut costs = DMatrixViewMut::from_slice(costs, rows, classes);
        let scaled = DMatrixView::from_slice(scaled, classes, classes);
        DMatrixView::from_slice(double, rows, classes).mul_to(&scaled, &mut costs);
        match classes {
            2 => (0..rows).for_each(|row| out[row] = T::of(costs[(row, 0)] - costs[(row, 1)])),
            _ => out.zip_apply(&costs, |score, cost| *score = T::of(-cost)),
        }
    }
}

impl<T: Real, C: Classifier<T>> Classifier<T> for MinimumCost<C> {
    type Label = C::Label;

    estimates_as!(self => self.classifier);

    fn scores_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        let mut memory = scratch.take_kept(|_: &Vec<f64>| true).unwrap_or_default();
        let write = |p: DMatrixViewMut<'_, T>, scratch: &mut Scratch<T>| {
            self.classifier.probabilities_into(x, p, scratch)
        };
        let shape = (x.nrows(), self.costs.ncols());
        let done =
            scratch.with_matrix(shape, write, |p| self.write_scores(p, out.as_view_mut(), &mut memory));
        scratch.keep(memory);
        done?;
        check::scores(out.as_view())
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{dmatrix, dvector};

    use super::*;
    use crate::FittedLogistic;

    /// Costs beyond the range of the number type, and costs whose sums are.
    #[test]
    fn the_unit_of_costs_does_not_matter() {
        let two = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0f32], dvector![0.0]).unwrap();
        let three = FittedLogistic::from_coefficients(
            vec![0, 1, 2],
            dmatrix![-1.0f32, 0.0, 1.0],
            dvector![0.0, 0.1, 0.0],
        );
        let three = three.unwrap();
        let x = DMatrix::from_fn(81, 1, |row, _| (row as f32 - 40.0) / 10.0);
        let (costs, many) =
            (dmatrix![0.0, 1.75; 1.0, 0.0], dmatrix![0.0, 1.0, 1.5; 1.0, 0.0, 1.0; 1.75, 1.0, 0.0]);
        let predicted = |unit: f64| {
            let two = MinimumCost::new(&two, &costs * unit).unwrap();
            let three = MinimumCost::new(&three, &many * unit).unwrap();
            (two.predict(&x).unwrap(), three.predict(&x).unwrap(), three.decision_function(&x).unwrap())
        };
        let wanted = predicted(1.0);
        assert!(
            (0..2).all(|class| wanted.0.contains(&class)) && (0..3).all(|class| wanted.1.contains(&class))
        );
        for exponent in [-1022, -1000, -150, 150, 1000, 1023] {
            assert_eq!(predicted(2f64.powi(exponent)), wanted, "2^{exponent}");
        }
        let tiny = MinimumCost::new(&two, dmatrix![0.0, 1e-300; 3e-300, 0.0]).unwrap();
        assert_eq!(tiny.predict(&dmatrix![-2.0f32; -1.0; 1.0]).unwrap(), [0, 1, 1]);
    }
}
