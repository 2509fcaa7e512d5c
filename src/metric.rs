//! The trait of metrics of predicted probabilities.

use nalgebra::{DMatrix, DMatrixView};

use crate::check;
use crate::classifier::{Classifier, ClassifierExt, predictions};
use crate::error::Error;
use crate::label::{Label, indices};
use crate::rows::Rows;
use crate::scalar::{Real, power_of_two};

/// A measure of the quality of predicted probabilities, by which model selection compares models.
///
/// The documentation of [`metrics`](crate::metrics) has a table of the metrics in this crate. The trait is
/// object-safe. A box of a metric and a reference to a metric are metrics too.
///
/// # Implementing this trait
/// `evaluate_indices` must depend on its arguments alone. It may rely on the checks of
/// [`evaluate`](Metric::evaluate): there is at least one row, sizes agree, indices are below the number of
/// columns, probabilities are from 0 to 1 (and sum to 1 in every row if the metric [asks for
/// that](Metric::rows_must_sum_to_one)), and weights are finite, not negative, and have a positive sum. A
/// weight of 2 counts a row twice; a weight of 0 removes it. Return an [`Error`], not NaN, if the metric is
/// not defined for the rows.
///
/// # Examples
/// The cost of decisions, if predicting ill for the well costs 1 and predicting well for the ill costs 5:
/// ```
/// use logit::metrics::Metric;
/// use logit::Error;
/// use nalgebra::{DMatrixView, dmatrix};
///
/// struct Cost;
/// impl Metric for Cost {
///     fn greater_is_better(&self) -> bool {
///         false
///     }
///     fn evaluate_indices(
///         &self,
///         truth: &[usize],
///         probabilities: DMatrixView<'_, f64>,
///         weights: Option<&[f64]>,
///     ) -> Result<f64, Error> {
///         let (mut cost, mut total) = (0.0, 0.0);
///         for (row, &class) in truth.iter().enumerate() {
///             let weight = weights.map_or(1.0, |weights| weights[row]);
///             // Class 0 is ill, class 1 is well.
///             let called = usize::from(probabilities[(row, 0)] < 1.0 / 6.0);
///             cost += weight * [[0.0, 5.0], [1.0, 0.0]][class][called];
///             total += weight;
///         }
///         Ok(cost / total)
///     }
/// }
///
/// let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.1, 0.9; 0.05, 0.95];
/// assert_eq!(
///     Cost.evaluate(&["ill", "well", "ill", "well"], &p, &["ill", "well"], None)?,
///     1.5
/// );
/// # Ok::<(), Error>(())
/// ```
pub trait Metric: Send + Sync {
    /// Returns whether greater values are better.
    fn greater_is_better(&self) -> bool;

    /// Returns whether the metric looks only at predicted labels, not at probabilities. Defaults to `false`.
    ///
    /// If it does, a classifier is evaluated by the classes it predicts, which a threshold or costs may move
    /// away from the most probable class.
    fn uses_labels(&self) -> bool {
        false
    }

    /// Returns whether the probabilities of each row must sum to 1. Defaults to `false`.
    ///
    /// If they must, [`evaluate`](Metric::evaluate) rejects rows whose sum differs from 1 by more than 0.001,
    /// which is more than rounding explains in any number type. Metrics that only rank rows or compare
    /// classes accept any probabilities.
    fn rows_must_sum_to_one(&self) -> bool {
        false
    }

    /// Returns the value for rows with true column indices `truth` and probabilities n x K, weighted if there
    /// are weights.
    ///
    /// # Errors
    /// Returns an error if the metric is not defined for these rows.
    fn evaluate_indices(
        &self,
        truth: &[usize],
        probabilities: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error>;

    /// Returns the value for true labels and probabilities n x K, weighted if there are weights.
    ///
    /// The columns stand for the K `classes` in ascending order, as
    /// [`predict_proba`](crate::ClassifierExt::predict_proba) and [`classes`](crate::Classifier::classes)
    /// return them.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the sizes differ, [`Error::Empty`] if there are no rows,
    /// [`Error::UnknownLabel`] if a label is not one of `classes`, [`Error::UnsortedClasses`] if `classes`
    /// are not in ascending order, [`Error::NotFinite`] or [`Error::InvalidTarget`] if an entry is outside
    /// [0, 1], and [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`] if the weights are not valid.
    /// Returns [`Error::InvalidTarget`] with the sum if a row does not sum to 1 but the metric [asks for
    /// that](Metric::rows_must_sum_to_one), and another error if the metric is not defined for these rows.
    fn evaluate<'a, T: Real, L: Label>(
        &self,
        truth: &[L],
        probabilities: impl Into<DMatrixView<'a, T>>,
        classes: &[L],
        weights: Option<&[T]>,
    ) -> Result<f64, Error>
    where
        Self: Sized,
    {
        let probabilities = probabilities.into();
        let truth = checked("probabilities", truth, (probabilities, classes.len()), classes)?;
        for (column, entries) in probabilities.column_iter().enumerate() {
            if let Some(row) = entries.iter().position(|p| !(T::zero()..=T::one()).contains(p)) {
                let value = probabilities[(row, column)].as_f64();
                return Err(Error::InvalidTarget {
                    row,
                    value,
                    requires: "a probability must be from 0 to 1",
                });
            }
        }
        check::weights(weights, truth.len())?;
        let p = probabilities.map(|p| p.as_f64());
        if self.rows_must_sum_to_one() {
            sums_of_one(&p)?;
        }
        self.evaluate_indices(&truth, p.as_view(), double(weights).as_deref())
            .map_err(|error| error.with_labels(classes))
    }

    /// Returns the value for a classifier on rows with these true labels, weighted if there are weights.
    ///
    /// ```
    /// use logit::metrics::{Accuracy, LogLoss, Metric};
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty, data};
    ///
    /// let iris = data::iris();
    /// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y)?;
    /// assert!(Accuracy.evaluate_model(&model, &iris.x, &iris.y, None)? > 0.97);
    /// assert!(LogLoss.evaluate_model(&model, &iris.x, &iris.y, None)? < 0.2);
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of predicting and of [`evaluate`](Metric::evaluate).
    fn evaluate_model<'a, T: Real, C: Classifier<T> + ?Sized>(
        &self,
        classifier: &C,
        x: impl Into<Rows<'a, T>>,
        y: &[C::Label],
        weights: Option<&[T]>,
    ) -> Result<f64, Error>
    where
        Self: Sized,
    {
        let x = x.into();
        let judged = if self.uses_labels() { decisions(classifier, x) } else { classifier.predict_proba(x) };
        self.evaluate(y, &judged?, classifier.classes(), weights)
    }
}

/// The rows that a metric searches for every class, as named in its errors.
pub(crate) const EVALUATED: &str = "the evaluated rows";

/// Checks that every row sums to 1 up to rounding.
fn sums_of_one(probabilities: &DMatrix<f64>) -> Result<(), Error> {
    let sums = probabilities.column_sum();
    match sums.iter().position(|sum| (sum - 1.0).abs() > 1e-3) {
        Some(row) => Err(Error::InvalidTarget {
            row,
            value: sums[row],
            requires: "the probabilities of a row must sum to 1: divide each row by its sum",
        }),
        None => Ok(()),
    }
}

/// Returns the predicted classes as one-hot probabilities, n x K.
pub(crate) fn decisions<T: Real, C: Classifier<T> + ?Sized>(
    classifier: &C,
    x: Rows<'_, T>,
) -> Result<DMatrix<T>, Error> {
    check::room::<T>("the predicted classes", x.nrows(), classifier.classes().len())?;
    let mut certain = DMatrix::zeros(x.nrows(), classifier.classes().len());
    for (row, class) in predictions(classifier, x)?.into_iter().enumerate() {
        certain[(row, class)] = T::one();
    }
    Ok(certain)
}

impl<M: Metric + ?Sized> Metric for &M {
    fn greater_is_better(&self) -> bool {
        (**self).greater_is_better()
    }
    fn uses_labels(&self) -> bool {
        (**self).uses_labels()
    }
    fn rows_must_sum_to_one(&self) -> bool {
        (**self).rows_must_sum_to_one()
    }
    fn evaluate_indices(
        &self,
        truth: &[usize],
        probabilities: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error> {
        (**self).evaluate_indices(truth, probabilities, weights)
    }
}

impl<M: Metric + ?Sized> Metric for Box<M> {
    fn greater_is_better(&self) -> bool {
        (**self).greater_is_better()
    }
    fn uses_labels(&self) -> bool {
        (**self).uses_labels()
    }
    fn rows_must_sum_to_one(&self) -> bool {
        (**self).rows_must_sum_to_one()
    }
    fn evaluate_indices(
        &self,
        truth: &[usize],
        probabilities: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error> {
        (**self).evaluate_indices(truth, probabilities, weights)
    }
}

/// Returns the class index of every row, after checks of the sizes, of finite scores and of the order of
/// `classes`.
pub(crate) fn checked<T: Real, L: Label>(
    argument: &'static str,
    truth: &[L],
    (scores, columns): (DMatrixView<'_, T>, usize),
    classes: &[L],
) -> Result<Vec<usize>, Error> {
    check::count(argument, "rows", truth.len(), scores.nrows())?;
    check::count(argument, "columns", columns, scores.ncols())?;
    if truth.is_empty() {
        return Err(Error::Empty { argument: "truth", axis: "labels" });
    }
    check::finite(argument, scores)?;
    if let Some(pair) = classes.windows(2).find(|pair| pair[0] >= pair[1]) {
        let (first, second) = (format!("{:?}", pair[0]), format!("{:?}", pair[1]));
        return Err(Error::UnsortedClasses { first, second });
    }
    indices(classes, truth)
}

/// Converts weights to `f64`, in which metrics are computed.
pub(crate) fn double<T: Real>(weights: Option<&[T]>) -> Option<Vec<f64>> {
    weights.map(|weights| weights.iter().map(|w| w.as_f64()).collect())
}

/// Returns the mean of `of(row)`, weighted if there are weights; rows of weight 0 are not evaluated.
pub(crate) fn mean(rows: usize, weights: Option<&[f64]>, of: impl Fn(usize) -> f64) -> f64 {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let counted = (0..rows).filter(|&row| weight(row) > 0.0);
    weighted_mean(&counted.map(|row| (weight(row), of(row))).collect::<Vec<_>>())
}

/// Returns the mean of the second numbers, weighted by the first; NaN if the weights sum to 0.
///
/// It is finite if the numbers are, although sums of weights or of products may be beyond the range: both are
/// scaled by powers of two, which rounds nothing.
pub(crate) fn weighted_mean(pairs: &[(f64, f64)]) -> f64 {
    let unit = |of: fn(&(f64, f64)) -> f64| power_of_two(pairs.iter().map(of).fold(0.0, f64::max));
    let (heaviest, largest) = (unit(|(weight, _)| *weight), unit(|(_, value)| value.abs()));
    // A weight that is not 0 stays so, because it may be that of an infinite value.
    let scale = |weight: f64| if weight > 0.0 { (weight / heaviest).max(f64::MIN_POSITIVE) } else { 0.0 };
    let scaled = pairs.iter().map(|&(weight, value)| (scale(weight), value / largest));
    let (weights, sum) =
        scaled.fold((0.0, 0.0), |(weights, sum), (weight, v)| (weights + weight, sum + weight * v));
    let mean = sum / weights * largest;
    if mean.is_nan() {
        return mean;
    }
    // Rounding must not move a mean out of the range of its values.
    let counted = pairs.iter().filter(|(weight, _)| *weight > 0.0).map(|(_, value)| *value);
    let ends = counted.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    mean.max(ends.0).min(ends.1)
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;
    use crate::metrics::{Accuracy, BrierScore, LogLoss, RocAuc, brier_score, log_loss, roc_auc};

    const ALL: [&dyn Metric; 4] = [&LogLoss, &BrierScore, &Accuracy, &RocAuc];
    const CLASSES: [&str; 3] = ["a", "b", "c"];

    fn probabilities() -> DMatrix<f64> {
        dmatrix![0.5, 0.3, 0.2; 0.1, 0.6, 0.3; 0.25, 0.25, 0.5; 0.4, 0.5, 0.1; 0.3, 0.4, 0.3]
    }

    #[test]
    fn a_weight_of_two_is_the_row_twice_and_of_zero_none() {
        let (p, y) = (probabilities(), ["a", "b", "c", "a", "b"]);
        let rows = [0, 0, 1, 2, 4];
        let (twice, labels) = (p.select_rows(&rows), rows.map(|row| y[row]));
        for (index, metric) in ALL.iter().enumerate() {
            let weighted = metric.evaluate(&y, &p, &CLASSES, Some(&[2.0, 1.0, 1.0, 0.0, 1.0])).unwrap();
            let repeated = metric.evaluate(&labels, &twice, &CLASSES, None).unwrap();
            approx::assert_relative_eq!(weighted, repeated, max_relative = 1e-15);
            let plain = metric.evaluate(&y, &p, &CLASSES, None).unwrap();
            assert_ne!(weighted, plain, "{index}");
        }
        // What a row of weight 0 says does not matter, an infinite loss included.
        let mut certain = p.clone();
        certain.row_mut(3).copy_from_slice(&[0.0, 1.0, 0.0]);
        for metric in ALL {
            let of = |p| (&metric).evaluate(&y, p, &CLASSES, Some(&[2.0, 1.0, 1.0, 0.0, 1.0]));
            assert_eq!(of(&certain), of(&p));
        }
    }

    #[test]
    fn means_are_finite_where_sums_are_not() {
        for weight in [1e-300, 1.0, 1e300, 1e307] {
            for value in [1e-300, 3.0, 1e308] {
                let found = weighted_mean(&[(weight, value); 10]);
                approx::assert_relative_eq!(found, value, max_relative = 1e-15);
            }
        }
        assert_eq!(weighted_mean(&[(3.0, 1.0), (1.0, 2.0)]), 1.25);
        assert_eq!(weighted_mean(&[(1e-300, f64::INFINITY), (1e300, 2.0)]), f64::INFINITY);
        assert!(weighted_mean(&[]).is_nan() && weighted_mean(&[(0.0, 1.0)]).is_nan());
    }

    #[test]
    fn better_predictions_have_better_values() {
        let y = ["a", "b", "c", "b", "c"];
        let sure = DMatrix::from_fn(5, 3, |row, k| if y[row] == CLASSES[k] { 0.8 } else { 0.1 });
        for metric in ALL {
            let [good, bad] =
                [&sure, &probabilities()].map(|p| (&metric).evaluate(&y, p, &CLASSES, None).unwrap());
            assert!(good != bad && (good > bad) == metric.greater_is_better(), "{good} and {bad}");
        }
    }

    #[test]
    fn single_precision_and_boxes_give_the_same_value() {
        let (p, y) = (probabilities().map(|p| p as f32), ["a", "b", "c", "b", "c"]);
        let wide = p.map(f64::from);
        for metric in ALL {
            let boxed: Box<dyn Metric + '_> = Box::new(metric);
            let found = boxed.evaluate(&y, &p, &CLASSES, Some(&[1.0, 2.0, 0.5, 1.0, 1.0])).unwrap();
            let wanted = (&metric).evaluate(&y, &wide, &CLASSES, Some(&[1.0, 2.0, 0.5, 1.0, 1.0])).unwrap();
            assert_eq!((found, boxed.greater_is_better()), (wanted, metric.greater_is_better()));
        }
    }

    #[test]
    fn rows_of_probabilities_sum_to_one_where_it_matters() {
        let y = ["a", "b", "c", "b", "c"];
        let with = |third: f64| {
            let mut p = probabilities();
            p[(3, 2)] = third;
            p
        };
        for metric in ALL {
            let needs = metric.rows_must_sum_to_one();
            let boxed: Box<dyn Metric + '_> = Box::new(metric);
            assert_eq!((boxed.rows_must_sum_to_one(), (&metric).rows_must_sum_to_one()), (needs, needs));
            let of = |p: &DMatrix<f64>| (&metric).evaluate(&y, p, &CLASSES, None);
            assert_eq!((of(&with(0.9)).is_err(), of(&with(0.0)).is_err()), (needs, needs));
            assert!(of(&with(0.1 + 9e-4)).is_ok() && of(&with(0.1 - 9e-4)).is_ok());
        }
        for metric in [&LogLoss as &dyn Metric, &BrierScore] {
            let error = (&metric).evaluate(&y, &with(0.9), &CLASSES, None).unwrap_err();
            assert!(matches!(error, Error::InvalidTarget { row: 3, value, .. } if value == 1.8), "{error}");
            assert!(error.to_string().contains("sum to 1: divide"), "{error}");
        }
    }

    #[test]
    fn bad_input_is_an_error() {
        let (p, y) = (probabilities(), ["a", "b", "c", "b", "c"]);
        let with = |value: f64| {
            let mut p = probabilities();
            p[(3, 1)] = value;
            p
        };
        for metric in ALL {
            let of = |y: &[&'static str], p: &DMatrix<f64>, weights: Option<&[f64]>| {
                (&metric).evaluate(y, p, &CLASSES, weights).unwrap_err()
            };
            assert!(matches!(of(&y[..4], &p, None), Error::ShapeMismatch { axis: "rows", .. }));
            let narrow = p.columns(0, 2).into_owned();
            assert!(matches!(of(&y, &narrow, None), Error::ShapeMismatch { axis: "columns", .. }));
            assert!(matches!(of(&[], &DMatrix::zeros(0, 3), None), Error::Empty { .. }));
            let unknown = of(&["a", "b", "z", "b", "c"], &p, None);
            assert!(matches!(unknown, Error::UnknownLabel { row: 2, .. }), "{unknown}");
            for value in [f64::NAN, f64::INFINITY] {
                assert!(matches!(of(&y, &with(value), None), Error::NotFinite { row: 3, column: 1, .. }));
            }
            for value in [-1e-9, 1.0 + 1e-9] {
                assert!(matches!(of(&y, &with(value), None), Error::InvalidTarget { row: 3, .. }));
            }
            let weighted = |weights: &[f64]| of(&y, &p, Some(weights));
            assert!(matches!(weighted(&[1.0; 4]), Error::ShapeMismatch { argument: "weights", .. }));
            assert!(matches!(weighted(&[1.0, -1.0, 1.0, 1.0, 1.0]), Error::InvalidWeight { row: 1, .. }));
            assert!(matches!(weighted(&[0.0; 5]), Error::InvalidWeightSum { .. }));
        }
        let unsorted = Accuracy.evaluate(&y, &p, &["a", "c", "b"], None).unwrap_err();
        assert!(matches!(unsorted, Error::UnsortedClasses { .. }), "{unsorted}");
        // The free functions make the same checks; rankings need no probabilities.
        assert!(
            log_loss(&y, &with(2.0), &CLASSES).is_err() && brier_score(&y, &with(2.0), &CLASSES).is_err()
        );
        assert!(roc_auc(&y, &with(2.0), &CLASSES).is_ok());
        let error = roc_auc(&y, &with(f64::NAN), &CLASSES).unwrap_err();
        assert!(matches!(error, Error::NotFinite { argument: "scores", row: 3, column: 1, .. }), "{error}");
        let single = p.columns(0, 1).into_owned();
        let error = roc_auc(&y, &single, &CLASSES).unwrap_err();
        assert!(matches!(error, Error::ShapeMismatch { expected: 3, found: 1, .. }), "{error}");
    }
}
