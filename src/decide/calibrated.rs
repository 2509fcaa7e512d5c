//! Classifiers with calibrated probabilities.

use nalgebra::{DMatrix, DMatrixViewMut};

use super::isotonic::IsotonicRegression;
use super::platt::PlattScaling;
use super::temperature;
use crate::check;
use crate::classifier::{Classifier, ClassifierExt};
use crate::error::{Error, ErrorContext};
use crate::estimator::{Estimator, FitOptions, Watch};
use crate::label::{Label, indices};
use crate::metrics::double;
use crate::parallel::{Threads, attempt};
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;
use crate::select::{FoldStops, HeldOut, Splitter};

/// A method that turns scores into calibrated probabilities.
///
/// ```
/// use logit::decide::{FittedCalibration, CalibrationMethod};
/// use logit::prelude::*;
/// use logit::FittedLogistic;
/// use nalgebra::{dmatrix, dvector};
///
/// // Overconfident scores: of the rows with a score of 10, one of three is wrong.
/// let model = FittedLogistic::from_coefficients(
///     vec!["no", "yes"],
///     dmatrix![10.0f64],
///     dvector![0.0],
/// )?;
/// let (x, y) = (
///     dmatrix![-1.0; -1.0; -1.0; 1.0; 1.0; 1.0],
///     ["no", "no", "yes", "no", "yes", "yes"],
/// );
/// assert!(model.predict_proba(&x)?[(3, 1)] > 0.9999);
/// for method in [CalibrationMethod::Isotonic, CalibrationMethod::Temperature] {
///     let calibrated = FittedCalibration::new(model.clone(), method, &x, &y, None)?;
///     assert!((calibrated.predict_proba(&x)?[(3, 1)] - 2.0 / 3.0).abs() < 1e-9);
/// }
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CalibrationMethod {
    /// Platt scaling: two numbers per class; good with few rows. See [`PlattScaling`].
    ///
    /// With more than two classes, each class is calibrated against all others, and the probabilities are
    /// divided by their sum.
    Platt,
    /// Isotonic regression: any rising function per class; needs a thousand rows or more. See
    /// [`IsotonicRegression`].
    ///
    /// With more than two classes, each class is calibrated against all others, and the probabilities are
    /// divided by their sum.
    Isotonic,
    /// Temperature scaling: divides all scores by one number, which never changes the most probable class.
    ///
    /// It is made for overconfident networks with many classes.
    ///
    /// Guo, Pleiss, Sun and Weinberger (2017), "On calibration of modern neural networks".
    Temperature,
}

/// The parameters learned from scores.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Calibration {
    /// One scaling for the second of two classes, or one for each class.
    Platt(Vec<PlattScaling>),
    /// One function for the second of two classes, or one for each class.
    Isotonic(Vec<IsotonicRegression>),
    /// The reciprocal of the temperature.
    Temperature(f64),
}

/// A classifier with calibrated probabilities.
///
/// [`FittedCalibration::new`] makes one from a fitted classifier and rows that it was not fitted to.
/// [`Calibrate`] does both in one step.
///
/// # Formula
/// For two classes, scores are the log-odds of the calibrated probability. For more classes they are ln p_k
/// up to a constant per row (for [`CalibrationMethod::Temperature`], the inner scores times 1/T). Isotonic
/// regression can give probabilities of 0 and 1; their log-odds are ln(2.2e-16) and its negative.
///
/// # Examples
/// ```
/// use logit::decide::{FittedCalibration, CalibrationMethod};
/// use logit::prelude::*;
/// use logit::{MlpClassifier, data, train_test_split};
///
/// let iris = data::iris();
/// let split = train_test_split(&iris.y, 0.3, 1)?;
/// let part = |rows: &[usize]| {
///     (
///         iris.x.select_rows(rows),
///         rows.iter().map(|&row| iris.y[row]).collect::<Vec<_>>(),
///     )
/// };
/// let ((x, y), (x_held, y_held)) = (part(&split.train), part(&split.test));
/// let network = MlpClassifier::new([16]).epochs(50).fit(&x, &y)?;
/// let model = FittedCalibration::new(
///     network,
///     CalibrationMethod::Temperature,
///     &x_held,
///     &y_held,
///     None,
/// )?;
/// assert!(model.temperature().unwrap() > 0.0);
/// assert_eq!(model.predict(&x)?, model.classifier().predict(&x)?);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedCalibration<C> {
    pub(super) classifier: C,
    pub(super) calibration: Calibration,
    pub(super) stops: FoldStops,
}

impl<C> FittedCalibration<C> {
    /// Calibrates `classifier` with `method` on rows that it was not fitted to, weighted if there are
    /// weights.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if there are no rows or columns, [`Error::NotFinite`] if `x` is not finite,
    /// [`Error::ShapeMismatch`] if the sizes differ, [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`]
    /// if the weights are not valid, and [`Error::UnknownLabel`] if a label is not a class of `classifier`.
    /// Returns the errors of `classifier`, [`Error::MissingClass`] if a class has no rows, and
    /// [`Error::CalibrationFailed`] if the scores cannot be calibrated.
    pub fn new<'a, T: Real>(
        classifier: C,
        method: CalibrationMethod,
        x: impl Into<Rows<'a, T>>,
        y: &[C::Label],
        weights: Option<&[T]>,
    ) -> Result<Self, Error>
    where
        C: Classifier<T>,
    {
        let x = x.into();
        check::training_matrix(x.or_names(classifier.feature_names()))?;
        check::labels(x, y.len())?;
        check::weights(weights, y.len())?;
        let truth = indices(classifier.classes(), y)?;
        let scores = classifier.decision_function(x)?.map(|z| z.as_f64());
        let calibration =
            Calibration::fit(method, &scores, &truth, classifier.classes(), double(weights).as_deref())?;
        Ok(FittedCalibration { classifier, calibration, stops: FoldStops::default() })
    }

    /// Returns the inner classifier, whose scores are calibrated.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }

    /// Returns the Platt scaling of each class (for two classes: of the second); `None` for other methods.
    pub fn platt(&self) -> Option<&[PlattScaling]> {
        if let Calibration::Platt(scalings) = &self.calibration { Some(scalings) } else { None }
    }

    /// Returns the isotonic function of each class (for two classes: of the second); `None` for other
    /// methods.
    pub fn isotonic(&self) -> Option<&[IsotonicRegression]> {
        if let Calibration::Isotonic(functions) = &self.calibration { Some(functions) } else { None }
    }

    /// Returns the temperature, by which scores are divided; `None` for other methods.
    pub fn temperature(&self) -> Option<f64> {
        if let Calibration::Temperature(beta) = &self.calibration { Some(1.0 / beta) } else { None }
    }

    /// Returns why the fits to folds stopped from which the calibration was learned; empty unless
    /// [`Calibrate`] made it.
    ///
    /// ```
    /// use logit::decide::CalibrationMethod;
    /// use logit::prelude::*;
    /// use logit::{Calibrate, LogisticRegression, Penalty, data};
    ///
    /// let iris = data::iris();
    /// let hurried = LogisticRegression::new(Penalty::c(1.0)).max_iterations(2);
    /// let model = Calibrate::new(hurried, CalibrationMethod::Temperature)
    ///     .fit(&iris.x, &iris.y)?;
    /// assert_eq!(model.fold_stops().unconverged(), [0, 1, 2, 3, 4]);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn fold_stops(&self) -> &FoldStops {
        &self.stops
    }
}

impl Calibration {
    fn fit<L: Label>(
        method: CalibrationMethod,
        scores: &DMatrix<f64>,
        truth: &[usize],
        labels: &[L],
        weights: Option<&[f64]>,
    ) -> Result<Self, Error> {
        let classes = labels.len();
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        for class in 0..classes {
            if !(0..truth.len()).any(|row| truth[row] == class && weight(row) > 0.0) {
                return Err(Error::missing_class(class, "the calibration rows").with_labels(labels));
            }
        }
        // Two classes have one column of scores, for the second class; more classes have one column each.
        let columns: Vec<(usize, usize)> =
            if classes == 2 { vec![(1, 0)] } else { (0..classes).map(|class| (class, class)).collect() };
        let of = |class: usize| truth.iter().map(|&found| found == class).collect::<Vec<bool>>();
        let of_class = |error: Error, class: usize| match labels.get(class) {
            Some(label) if classes > 2 => error.within(ErrorContext::Class { label: format!("{label:?}") }),
            _ => error,
        };
        Ok(match method {
            CalibrationMethod::Platt => {
                let fit = |&(class, column): &(usize, usize)| {
                    let fitted = PlattScaling::fit(scores.column(column).as_slice(), &of(class), weights);
                    fitted.map_err(|error| of_class(error, class))
                };
                Calibration::Platt(columns.iter().map(fit).collect::<Result<_, _>>()?)
            }
            CalibrationMethod::Isotonic => {
                let fit = |&(class, column): &(usize, usize)| {
                    let target: Vec<f64> = of(class).iter().map(|&has| if has { 1.0 } else { 0.0 }).collect();
                    let scores = scores.column(column);
                    let fitted = IsotonicRegression::fit(scores.as_slice(), &target, weights, true);
                    fitted.map_err(|error| of_class(error, class))
                };
                Calibration::Isotonic(columns.iter().map(fit).collect::<Result<_, _>>()?)
            }
            CalibrationMethod::Temperature => {
                let both = |row: usize, class: usize| if class == 0 { 0.0 } else { scores[(row, 0)] };
                let two = (classes == 2).then(|| DMatrix::from_fn(truth.len(), 2, both));
                Calibration::Temperature(temperature::fit(two.as_ref().unwrap_or(scores), truth, weights)?)
            }
        })
    }

    /// Turns one column of scores into log-odds, or several columns into log-probabilities up to a constant
    /// per row.
    fn apply<T: Real>(&self, mut scores: DMatrixViewMut<'_, T>) {
        let several = scores.ncols() > 1;
        for (class, mut column) in scores.column_iter_mut().enumerate() {
            for z in column.iter_mut() {
                let log_odds = match self {
                    Calibration::Temperature(beta) => {
                        *z *= T::of(*beta);
                        continue;
                    }
                    Calibration::Platt(scalings) => scalings[class].log_odds(*z),
                    Calibration::Isotonic(functions) => T::of(logit(functions[class].value(z.as_f64()))),
                };
                // Normalising ln σ(z) over classes divides the one-against-rest probabilities by their sum.
                *z = if several { crate::Activation::LogSigmoid.evaluate(log_odds).0 } else { log_odds };
            }
        }
    }
}

/// Returns the log-odds of a probability; finite for 0 and 1 too.
fn logit(p: f64) -> f64 {
    let p = p.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
    (p / (1.0 - p)).ln()
}

impl<T: Real, C: Classifier<T>> Classifier<T> for FittedCalibration<C> {
    type Label = C::Label;

    classifies_by_scores!(self => self.classifier);

    fn score_columns(&self) -> usize {
        self.classifier.score_columns()
    }

    fn scores_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.classifier.scores_into(x, out.as_view_mut(), scratch)?;
        self.calibration.apply(out.as_view_mut());
        check::scores(out.as_view())
    }
}

/// An estimator that calibrates another estimator on cross-validated scores.
///
/// Each row is scored by a fit to the other folds. The calibration is learned from these scores. Then the
/// estimator is fitted once more, to all rows.
///
/// # Threads
/// The folds are fitted beside one another, on all threads unless [`threads`](Self::threads) sets a limit.
/// With an observer, they are fitted one after another on the thread of the caller. A panic in the estimator
/// is [`Error::Panicked`].
///
/// # Observers
/// An observer sees the fits one after the other. If it stops a fit to folds, calibration is impossible and
/// the result is [`Error::Cancelled`]. If it stops the last fit, to all rows, the model so far is returned,
/// and its report says [`Cancelled`](crate::StopReason::Cancelled).
///
/// # Examples
/// ```
/// use logit::decide::CalibrationMethod;
/// use logit::prelude::*;
/// use logit::{Adam, Calibrate, MlpClassifier, Pipeline, StandardScaler, data};
///
/// let iris = data::iris();
/// let network = Pipeline::new(
///     StandardScaler::new(),
///     MlpClassifier::new([8]).optimizer(Adam::new(0.02)).epochs(60),
/// );
/// let model =
///     Calibrate::new(network, CalibrationMethod::Platt).fit(&iris.x, &iris.y)?;
/// assert!(model.score(&iris.x, &iris.y)? > 0.9);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrate<E> {
    estimator: E,
    method: CalibrationMethod,
    splitter: Splitter,
    threads: Threads,
}

impl<E> Calibrate<E> {
    /// Creates an estimator that calibrates `estimator` with `method`.
    pub fn new(estimator: E, method: CalibrationMethod) -> Self {
        Calibrate { estimator, method, splitter: Splitter::default(), threads: Threads::default() }
    }

    /// Sets the folds. Defaults to five stratified folds.
    ///
    /// Rows that no fold tests on are not used for the calibration.
    pub fn splitter(mut self, splitter: impl Into<Splitter>) -> Self {
        self.splitter = splitter.into();
        self
    }

    /// Sets the largest number of threads. Defaults to all of the machine.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::at_most(threads);
        self
    }
}

impl<T: Real, E: Estimator<T> + Sync> Estimator<T> for Calibrate<E> {
    type Fitted<L: Label> = FittedCalibration<E::Fitted<L>>;

    /// Fits the estimator to folds, learns the calibration, and fits the estimator to all rows.
    ///
    /// # Errors
    /// Returns the errors of the splitter, of fits and of the calibration. Returns [`Error::Unsupported`] if
    /// there are offsets, [`Error::ClassNotInSplit`] if a class is in no training row of a split, and
    /// [`Error::Cancelled`] if the observer stops a fit to folds. Returns [`Error::InvalidParameter`] if the
    /// number of threads is 0.
    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        options.without_offset("Calibrate")?;
        self.threads.run(|| {
            let weights = options.weights;
            let mut watch = Watch::new(options);
            let scores = |model: &E::Fitted<L>, x: Rows<'_, T>| model.decision_function(x);
            let held = HeldOut::of(&self.estimator, &self.splitter, (x, y, weights), &mut watch, scores)?;
            let (outputs, truth) = (&held.outputs, &held.truth);
            let calibration =
                Calibration::fit(self.method, outputs, truth, &held.classes, held.weights.as_deref())
                    .map_err(|error| held.translate(error))?;
            let classifier =
                attempt("the fit", || watch.fit(weights, |options| self.estimator.fit_rows(x, y, options)))?;
            held.check_classes(classifier.classes())?;
            Ok(FittedCalibration { classifier, calibration, stops: held.stops })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::logit;

    #[test]
    fn log_odds_of_certainty_are_those_of_one_rounding() {
        let least = f64::EPSILON.ln();
        approx::assert_relative_eq!(logit(0.0), least, max_relative = 1e-15);
        approx::assert_relative_eq!(logit(1.0), -least, max_relative = 1e-15);
        for p in [1e-15, 1e-9, 0.3, 1.0 - 1e-9] {
            approx::assert_relative_eq!(logit(p), (p / (1.0 - p)).ln(), max_relative = 1e-15);
        }
        assert!(logit(1e-15) > logit(0.0) && logit(1.0 - 1e-15) < logit(1.0));
    }
}
