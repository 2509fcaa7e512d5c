//! The fitted logistic regression.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, DVector};

use super::coordinates::Coordinates;
use super::definite;
use super::origin::{Coefficients, Origin};
use super::problem::ColumnPenalty;
use super::separation::Separation;
use super::solve::Solved;
use crate::check;
use crate::classifier::{Classifier, ClassifierExt, largest_scores};
use crate::error::{Error, counted};
use crate::label::Label;
use crate::loss::{log_probabilities_of, probabilities, probabilities_of};
use crate::parallel::Entries;
use crate::report::{FitReport, StopReason};
use crate::rows::Rows;
use crate::scalar::{Real, all_finite, columns_mut};
use crate::scratch::Scratch;

/// A fitted [`LogisticRegression`](crate::LogisticRegression).
#[derive(Debug, Clone, PartialEq)]
pub struct FittedLogistic<T: Real, L> {
    pub(super) classes: Vec<L>,
    pub(super) names: Option<Vec<String>>,
    pub(super) coefficients: DMatrix<T>,
    pub(super) intercept: DVector<T>,
    /// The scores at the centre of the rows, if a column is far from the origin. The intercept follows from
    /// them.
    pub(super) origin: Option<Origin<T>>,
    pub(super) terms: Terms,
    pub(super) report: FitReport,
    pub(super) separation: Option<Separation<T>>,
}

/// The terms of a fit's objective other than the data.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    pub(super) penalty: ColumnPenalty,
    pub(super) jeffreys: bool,
    pub(super) intercept: bool,
    pub(super) class_weights: Option<Vec<f64>>,
}

impl<T: Real, L: Label> FittedLogistic<T, L> {
    pub(super) fn new(
        classes: Vec<L>,
        names: Option<Vec<String>>,
        solved: Solved<T>,
        terms: Terms,
        separation: Option<Separation<T>>,
    ) -> Result<Self, Error> {
        let Solved { coefficients, intercept, origin, report, .. } = solved;
        if !all_finite(coefficients.as_slice()) || !all_finite(&intercept) || !report.objective.is_finite() {
            return Err(Error::FitOverflow);
        }
        Ok(FittedLogistic {
            classes,
            names,
            coefficients,
            intercept: DVector::from_vec(intercept),
            origin,
            terms,
            report,
            separation,
        })
    }

    /// Creates a model from known coefficients.
    ///
    /// `classes` are in ascending order; `coefficients` is d x 1 for two classes and d x K for more, with one
    /// intercept for each column of coefficients. The stop reason of its report is
    /// [`Given`](crate::StopReason::Given).
    ///
    /// # Errors
    /// Returns an error if there are fewer than two classes, if the classes are not strictly ascending, if
    /// the sizes disagree, or if a number is not finite.
    ///
    /// # Examples
    /// ```
    /// use logit::FittedLogistic;
    /// use logit::prelude::*;
    /// use nalgebra::{dmatrix, dvector};
    ///
    /// let model = FittedLogistic::from_coefficients(
    ///     vec!["no", "yes"],
    ///     dmatrix![2.0; -1.0],
    ///     dvector![0.5],
    /// )?;
    /// assert_eq!(model.predict(&dmatrix![1.0, 1.0; 0.0, 1.0])?, ["yes", "no"]);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn from_coefficients(
        classes: Vec<L>,
        coefficients: DMatrix<T>,
        intercept: DVector<T>,
    ) -> Result<Self, Error> {
        match classes.as_slice() {
            [] => return Err(Error::Empty { argument: "classes", axis: "entries" }),
            [only] => return Err(Error::OneClass { label: format!("{only:?}") }),
            _ => {}
        }
        if let Some(pair) = classes.windows(2).find(|pair| pair[0] >= pair[1]) {
            let (first, second) = (format!("{:?}", pair[0]), format!("{:?}", pair[1]));
            return Err(Error::UnsortedClasses { first, second });
        }
        let columns = if classes.len() == 2 { 1 } else { classes.len() };
        if coefficients.nrows() == 0 {
            return Err(Error::Empty { argument: "coefficients", axis: "rows" });
        }
        check::count("coefficients", "columns", columns, coefficients.ncols())?;
        check::count("intercept", "entries", columns, intercept.len())?;
        check::finite("coefficients", &coefficients)?;
        if let Some(row) = intercept.iter().position(|b| !b.is_finite()) {
            let value = intercept[row].as_f64();
            return Err(Error::NotFinite { argument: "intercept", row, column: 0, name: None, value });
        }
        let terms = Terms {
            penalty: ColumnPenalty::none(coefficients.nrows()),
            jeffreys: false,
            intercept: true,
            class_weights: None,
        };
        Ok(FittedLogistic {
            classes,
            names: None,
            coefficients,
            intercept,
            origin: None,
            terms,
            report: FitReport::given(),
            separation: None,
        })
    }

    /// Checks that a fit to the given columns and classes can start from this model.
    pub(super) fn check_start(&self, features: usize, classes: &[L]) -> Result<(), Error> {
        let describe = |features: usize, classes: &[L]| {
            format!("{} and the classes {classes:?}", counted(features, "columns"))
        };
        if self.features() == features && self.classes == classes {
            return Ok(());
        }
        Err(Error::WarmStart {
            expected: describe(features, classes),
            found: describe(self.features(), &self.classes),
        })
    }

    /// Returns the coefficients: d x 1 for two classes, for the log-odds of the second; d x K for more, where
    /// rows sum to 0 unless an L1 penalty decides otherwise.
    ///
    /// The score of a row is its product with the coefficients plus the [intercept](Self::intercept). In that
    /// sum, columns far from the origin cancel. A model that was fitted to such columns therefore keeps the
    /// centre of its rows and the scores there, and predicts from those. Its predictions have more digits
    /// than the sum, and with several classes its scores may differ from the sum by a shift common to all of
    /// them.
    pub fn coefficients(&self) -> &DMatrix<T> {
        &self.coefficients
    }

    /// Returns the intercepts: one for two classes; K for more, which sum to 0. They are zero if the model
    /// was fitted without an intercept.
    ///
    /// For columns far from the origin, the intercept is a difference of large numbers; see
    /// [`coefficients`](Self::coefficients).
    pub fn intercept(&self) -> &DVector<T> {
        &self.intercept
    }

    /// Returns the probability of each class, n x K, with an offset added to the scores.
    ///
    /// The offset is n x 1 for two classes and n x K for more, as in
    /// [`FitOptions::offset`](crate::FitOptions).
    ///
    /// # Errors
    /// Returns the same errors as [`predict_proba`](ClassifierExt::predict_proba), and an error if the offset
    /// has the wrong shape or contains NaN or infinities.
    pub fn predict_proba_with_offset<'a, 'b>(
        &self,
        x: impl Into<Rows<'a, T>>,
        offset: impl Into<DMatrixView<'b, T>>,
    ) -> Result<DMatrix<T>, Error> {
        let offset = offset.into();
        let mut scores = self.decision_function(x)?;
        check::count("offset", "rows", scores.nrows(), offset.nrows())?;
        check::count("offset", "columns", scores.ncols(), offset.ncols())?;
        check::finite("offset", offset)?;
        scores += offset;
        check::scores(&scores)?;
        Ok(probabilities(&scores, self.classes.len()))
    }

    /// Names the columns that the model was fitted on. Rows with column names must then have the same names.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of names differs from the number of columns.
    pub fn with_feature_names<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Self, Error> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        check::count("names", "entries", self.coefficients.nrows(), names.len())?;
        self.names = Some(names);
        Ok(self)
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Returns the coefficients with the point of the scores.
    pub(super) fn located_coefficients(&self) -> Coefficients<'_, T> {
        Coefficients {
            slopes: &self.coefficients,
            intercepts: self.intercept.as_slice(),
            origin: self.origin.as_ref(),
        }
    }

    /// Returns the parameters of this model in the solver's coordinates.
    pub(super) fn params_in(&self, coordinates: &Coordinates<T>) -> Vec<T> {
        self.located_coefficients().params_in(coordinates)
    }

    /// Returns a point, as the zeros of all columns unless a column is far from them, and the scores there.
    pub(crate) fn center_and_scores(&self) -> (Option<&[T]>, &[T]) {
        match &self.origin {
            Some(Origin { center, scores }) => (Some(center), scores),
            None => (None, self.intercept.as_slice()),
        }
    }

    /// Returns an error if the classes are separable, so that no estimate exists, or if it is open whether
    /// they are.
    pub(super) fn check_estimate_exists(&self) -> Result<(), Error> {
        if self.report.stop == StopReason::Separated {
            let reason = "the classes are separable, so no estimate exists: use a penalty";
            return Err(definite::singular(reason));
        }
        self.check_separation_decided()
    }

    /// Returns an error if it is open whether the classes are separable.
    pub(super) fn check_separation_decided(&self) -> Result<(), Error> {
        if self.report.stop == StopReason::SeparationUndecided {
            let reason = "the search of the fit ended without an answer, so an estimate may not exist; use a \
                          penalty, or fewer columns or classes";
            return Err(Error::SeparationUndecided { reason });
        }
        Ok(())
    }

    /// Returns the direction along which unpenalised columns separate the classes, if there is one: the
    /// maximum-likelihood estimate then does not exist.
    ///
    /// The direction is also kept if the fit was repeated with another penalty
    /// ([`on_separation`](crate::LogisticRegression::on_separation)).
    ///
    /// # Examples
    /// ```
    /// use logit::linear::SeparationKind;
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty, StopReason};
    /// use nalgebra::dmatrix;
    ///
    /// let (x, y) = (
    ///     dmatrix![1.0, 5.0; 2.0, 3.0; 3.0, 4.0; 3.0, 1.0; 4.0, 3.0; 5.0, 1.0],
    ///     [0, 0, 0, 1, 1, 1],
    /// );
    /// let estimator = LogisticRegression::new(Penalty::None);
    /// let model = estimator.fit(&x, &y)?;
    /// assert_eq!(model.report().stop, StopReason::Separated);
    /// let separation = model.separation().unwrap();
    /// assert_eq!(separation.kind(), SeparationKind::Complete);
    /// println!("{separation}");
    ///
    /// let remedied = estimator.on_separation(Penalty::Jeffreys).fit(&x, &y)?;
    /// assert!(remedied.report().converged() && remedied.separation().is_some());
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn separation(&self) -> Option<&Separation<T>> {
        self.separation.as_ref()
    }

    /// Returns the fit report: why the solver stopped, and how close it is to the optimum.
    pub fn report(&self) -> &FitReport {
        &self.report
    }
}

impl<T: Real, L: Label> FittedLogistic<T, L> {
    /// Writes what `write` makes of the scores of each block of rows, on several threads if there are many.
    ///
    /// # Errors
    /// Returns the errors of [`scores_into`](Classifier::scores_into).
    fn write_blocks(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
        write: impl Fn(DMatrixView<'_, T>, DMatrixViewMut<'_, T>) + Sync,
    ) -> Result<(), Error> {
        x.check_columns(self.features(), self.feature_names())?;
        let coefficients = self.located_coefficients();
        if x.nrows() == 1 || coefficients.workers(x.nrows()) == 1 {
            let each = &mut |first: usize, scores: DMatrixView<'_, T>| {
                write(scores, out.rows_mut(first, scores.nrows()));
            };
            return coefficients.score_blocks(x, scratch, each);
        }
        write_blocks_beside(&coefficients, x, out, &write)
    }
}

/// Writes like [`write_blocks`](FittedLogistic::write_blocks) on several threads. Apart from it, so that single rows stay
/// fast.
#[inline(never)]
fn write_blocks_beside<T: Real>(
    coefficients: &Coefficients<'_, T>,
    x: Rows<'_, T>,
    mut out: DMatrixViewMut<'_, T>,
    write: &(dyn Fn(DMatrixView<'_, T>, DMatrixViewMut<'_, T>) + Sync),
) -> Result<(), Error> {
    let width = out.ncols();
    let columns: Vec<Entries<'_, T>> = columns_mut(&mut out).map(|column| Entries::new(column, 1)).collect();
    let each = |scores: DMatrixView<'_, T>, columns: Vec<Entries<'_, T>>, scratch: &mut Scratch<T>| {
        let rows = scores.nrows();
        let mut block = scratch.take(rows * width);
        write(scores, DMatrixViewMut::from_slice(&mut block, rows, width));
        for (column, out) in block.chunks_exact(rows).zip(columns) {
            out.into_slice().copy_from_slice(column);
        }
        scratch.give_back(block);
    };
    coefficients.score_blocks_beside(x, columns, &each)
}

impl<T: Real, L: Label> Classifier<T> for FittedLogistic<T, L> {
    type Label = L;

    fn classes(&self) -> &[L] {
        &self.classes
    }

    fn features(&self) -> usize {
        self.coefficients.nrows()
    }

    fn feature_names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    fn report(&self) -> Option<&FitReport> {
        Some(&self.report)
    }

    fn scores_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.write_blocks(x, out, scratch, |scores, mut out| out.copy_from(&scores))
    }

    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.write_blocks(x, out, scratch, probabilities_of)
    }

    fn log_probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.write_blocks(x, out, scratch, log_probabilities_of)
    }

    fn predictions_into(
        &self,
        x: Rows<'_, T>,
        out: &mut [usize],
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        x.check_columns(self.features(), self.feature_names())?;
        let coefficients = self.located_coefficients();
        if coefficients.workers(x.nrows()) == 1 {
            let each = &mut |first: usize, scores: DMatrixView<'_, T>| {
                largest_scores(scores, &mut out[first..][..scores.nrows()]);
            };
            return coefficients.score_blocks(x, scratch, each);
        }
        let each = |scores: DMatrixView<'_, T>, out: Entries<'_, usize>, _: &mut Scratch<T>| {
            largest_scores(scores, out.into_slice());
        };
        coefficients.score_blocks_beside(x, Entries::new(out, 1), &each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimator::Estimator;
    use crate::linear::LogisticRegression;
    use crate::parallel::tasks::shared;
    use crate::parallel::with_threads;
    use crate::penalty::Penalty;
    use crate::rng::Rng;

    /// Only several blocks of rows are predicted on several threads.
    #[test]
    fn many_rows_are_shared_and_few_are_not() {
        let coefficients = DMatrix::from_element(12, 1, 0.5);
        let model = FittedLogistic::from_coefficients(vec![0, 1], coefficients, DVector::zeros(1)).unwrap();
        let shares = |rows: usize| {
            let x = DMatrix::<f64>::zeros(rows, 12);
            with_threads(3, || {
                let scores = shared::during(|| drop(model.decision_function(&x).unwrap()));
                let probabilities = shared::during(|| drop(model.predict_proba(&x).unwrap()));
                let logarithms = shared::during(|| drop(model.predict_log_proba(&x).unwrap()));
                [scores, probabilities, logarithms, shared::during(|| drop(model.predict(&x).unwrap()))]
            })
        };
        assert_eq!(shares(40_007), [1; 4]);
        assert_eq!(shares(16_000), [0; 4]);
        assert_eq!(shares(1), [0; 4]);
    }

    /// More rows than a block of scores has: every kind of prediction goes to the rows of its block.
    #[test]
    fn blocks_of_rows_have_the_predictions_of_single_rows() {
        let mut rng = Rng::new(33);
        let x = DMatrix::from_fn(20_000, 2, |_, _| rng.standard_normal());
        for classes in [2, 3] {
            let few = x.rows(0, 60).into_owned();
            let y: Vec<usize> = (0..60).map(|_| rng.below(classes)).collect();
            let model = LogisticRegression::new(Penalty::l2(0.1)).fit(&few, &y).unwrap();
            let scores = model.decision_function(&x).unwrap();
            let probabilities = model.predict_proba(&x).unwrap();
            let logarithms = model.predict_log_proba(&x).unwrap();
            let predictions = model.predict(&x).unwrap();
            for row in (0..20_000).step_by(999).chain([16_383, 16_384, 19_999]) {
                let one = x.rows(row, 1);
                let close = |found: &DMatrix<f64>, wanted: DMatrix<f64>| {
                    let found = found.rows(row, 1).into_owned();
                    approx::assert_relative_eq!(found, wanted, max_relative = 1e-12, epsilon = 1e-14);
                };
                close(&scores, model.decision_function(one).unwrap());
                close(&probabilities, model.predict_proba(one).unwrap());
                close(&logarithms, model.predict_log_proba(one).unwrap());
                assert_eq!(predictions[row], model.predict(one).unwrap()[0]);
            }
        }
    }
}
