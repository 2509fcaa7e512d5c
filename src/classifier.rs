//! Fitted classifiers.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use crate::check;
use crate::error::Error;
use crate::label::{Label, indices};
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::{Real, columns};
use crate::scratch::Scratch;

/// A fitted classifier, with the dyn-compatible methods that implementations provide.
///
/// Its methods write to memory of the caller. [`ClassifierExt`], which all classifiers implement, adds the
/// convenient methods: `predict`, `predict_proba`, `score`, and predictions of single rows. The trait works
/// as `Box<dyn Classifier<f64, Label = String>>`. Boxes, references and `Arc`s of classifiers are
/// classifiers.
///
/// # Shapes
/// `x` is n x [`features`](Classifier::features). Probabilities are n x K, with one column per class in the
/// order of [`classes`](Classifier::classes). Scores are n x [`score_columns`](Classifier::score_columns): n
/// x K for K > 2 classes, and n x 1 for two classes, where they are the log-odds of the second class.
///
/// # Errors
/// Every method that takes `x` returns [`Error::ShapeMismatch`] for the wrong number of columns,
/// [`Error::ColumnNames`] for column names that differ from those of the fit, [`Error::NotFinite`] for NaN
/// and infinities, [`Error::Overflow`] if finite input overflows the number type, and [`Error::OutOfMemory`]
/// if the result is too large. An `x` without rows is not an error: the result has no rows and the right
/// number of columns.
///
/// # Panics
/// Methods that write to `out` may panic if `out` does not have the shape above.
///
/// # Implementing this trait
/// All methods must agree with each other. The class with the largest score has the largest probability and
/// is the predicted class. Ties go to the lower class. Probabilities are from 0 to 1 and sum to 1 in every
/// row. Take temporary memory from `scratch`, so that repeated calls do not allocate.
///
/// # Examples
/// A minimal classifier, which ignores its input:
/// ```
/// use logit::nalgebra::{DMatrixViewMut, dmatrix};
/// use logit::prelude::*;
/// use logit::{Error, Rows, Scratch};
///
/// struct Coin([&'static str; 2]);
///
/// impl Classifier<f64> for Coin {
///     type Label = &'static str;
///     fn classes(&self) -> &[&'static str] {
///         &self.0
///     }
///     fn features(&self) -> usize {
///         1
///     }
///     fn scores_into(
///         &self,
///         _: Rows<'_, f64>,
///         mut out: DMatrixViewMut<'_, f64>,
///         _: &mut Scratch<f64>,
///     ) -> Result<(), Error> {
///         out.fill(0.0);
///         Ok(())
///     }
///     fn probabilities_into(
///         &self,
///         _: Rows<'_, f64>,
///         mut out: DMatrixViewMut<'_, f64>,
///         _: &mut Scratch<f64>,
///     ) -> Result<(), Error> {
///         out.fill(0.5);
///         Ok(())
///     }
/// }
///
/// let coin: Box<dyn Classifier<f64, Label = &'static str>> =
///     Box::new(Coin(["heads", "tails"]));
/// assert_eq!(coin.predict(&dmatrix![1.0; 2.0])?, ["heads", "heads"]);
/// assert_eq!(coin.predict_proba(&dmatrix![1.0])?, dmatrix![0.5, 0.5]);
/// # Ok::<(), logit::Error>(())
/// ```
pub trait Classifier<T: Real> {
    /// The type of the labels.
    type Label: Label;

    /// Returns the classes, in ascending order.
    fn classes(&self) -> &[Self::Label];

    /// Returns the number of columns that the classifier was fitted on.
    fn features(&self) -> usize;

    /// Returns the names of the columns that the classifier was fitted on, if they are known. Defaults to
    /// `None`.
    fn feature_names(&self) -> Option<&[String]> {
        None
    }

    /// Returns the report of the fit, if the classifier has one.
    ///
    /// A classifier that consists of several fits returns the first report whose stop is not
    /// [`Converged`](crate::StopReason::Converged), or the first report if all have converged. Defaults to
    /// `None`.
    fn report(&self) -> Option<&FitReport> {
        None
    }

    /// Writes the raw scores of each row to `out`, n x K, or n x 1 for two classes.
    ///
    /// # Errors
    /// Returns the errors that the [trait](Classifier#errors) lists.
    fn scores_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error>;

    /// Writes the probability of each class to `out`, n x K.
    ///
    /// # Errors
    /// Returns the errors that the [trait](Classifier#errors) lists.
    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error>;

    /// Writes the logarithm of the probability of each class to `out`, n x K.
    ///
    /// Implementations that compute it from scores, as those of this crate do, return finite values even if
    /// the probability underflows. Defaults to the logarithm of the probability.
    ///
    /// # Errors
    /// Returns the errors that the [trait](Classifier#errors) lists.
    fn log_probabilities_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.probabilities_into(x, out.as_view_mut(), scratch)?;
        out.iter_mut().for_each(|p| *p = p.ln());
        Ok(())
    }

    /// Writes the index of the predicted class of each row to `out`, which has n entries. Defaults to the
    /// class with the largest score.
    ///
    /// # Errors
    /// Returns the errors that the [trait](Classifier#errors) lists.
    fn predictions_into(
        &self,
        x: Rows<'_, T>,
        out: &mut [usize],
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        scratch.with_scores(self, x, |scores| largest_scores(scores, out))
    }

    /// Returns the number of score columns: 1 for two classes, and K for K > 2 classes.
    fn score_columns(&self) -> usize {
        match self.classes().len() {
            2 => 1,
            classes => classes,
        }
    }
}

/// Convenient methods of classifiers. Every [`Classifier`] implements them, including `dyn Classifier`.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Scratch, data};
///
/// let iris = data::iris();
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris, &iris.y)?;
/// // A data set, whose column names are checked:
/// assert_eq!(model.predict_proba(&iris)?.shape(), (150, 3));
/// // A view:
/// assert_eq!(model.predict(iris.x.rows(100, 50))?.len(), 50);
/// // A single row:
/// let row = [5.1, 3.5, 1.4, 0.2];
/// assert_eq!(*model.predict_row(&row, &mut Scratch::new())?, "setosa");
/// # Ok::<(), logit::Error>(())
/// ```
pub trait ClassifierExt<T: Real>: Classifier<T> {
    /// Returns the raw scores, n x K, or n x 1 for two classes.
    ///
    /// # Errors
    /// Returns the errors that [`Classifier`] lists.
    fn decision_function<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        let x = x.into();
        let mut out = check::zeros("the scores", x.nrows(), self.score_columns())?;
        let done = self.scores_into(x, out.as_view_mut(), &mut Scratch::new());
        done.map(|()| out).map_err(|error| named(error, self, x))
    }

    /// Returns the probability of each class, n x K.
    ///
    /// # Errors
    /// Returns the errors that [`Classifier`] lists.
    fn predict_proba<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        let x = x.into();
        let mut out = check::zeros("the probabilities", x.nrows(), self.classes().len())?;
        let done = self.probabilities_into(x, out.as_view_mut(), &mut Scratch::new());
        done.map(|()| out).map_err(|error| named(error, self, x))
    }

    /// Returns the logarithm of the probability of each class, n x K.
    ///
    /// # Errors
    /// Returns the errors that [`Classifier`] lists.
    fn predict_log_proba<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        let x = x.into();
        let mut out = check::zeros("the probabilities", x.nrows(), self.classes().len())?;
        let done = self.log_probabilities_into(x, out.as_view_mut(), &mut Scratch::new());
        done.map(|()| out).map_err(|error| named(error, self, x))
    }

    /// Returns the predicted class of each row.
    ///
    /// # Errors
    /// Returns the errors that [`Classifier`] lists.
    fn predict<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<Vec<Self::Label>, Error> {
        let classes = self.classes();
        let found = predictions(self, x.into())?;
        Ok(found.into_iter().map(|class| classes[class].clone()).collect())
    }

    /// Returns the accuracy: the fraction of rows whose predicted class equals the label in `y`, from 0 to 1.
    ///
    /// # Errors
    /// Returns the errors that [`Classifier`] lists, [`Error::ShapeMismatch`] if `y` does not have one label
    /// per row, [`Error::Empty`] if there are no rows, and [`Error::UnknownLabel`] for a label that is not
    /// one of the classes.
    fn score<'a>(&self, x: impl Into<Rows<'a, T>>, y: &[Self::Label]) -> Result<f64, Error> {
        let x = x.into();
        check::labels(x, y.len())?;
        if y.is_empty() {
            return Err(Error::Empty { argument: "y", axis: "labels" });
        }
        let truth = indices(self.classes(), y)?;
        let found = predictions(self, x)?;
        let right = truth.iter().zip(&found).filter(|(t, f)| t == f).count();
        Ok(right as f64 / y.len() as f64)
    }

    /// Writes the raw scores of one row to `out`, which has [`score_columns`](Classifier::score_columns)
    /// entries. Does not allocate once `scratch` has grown.
    ///
    /// # Errors
    /// Returns the errors that [`Classifier`] lists, and [`Error::ShapeMismatch`] if `out` has another
    /// length.
    fn scores_row(&self, row: &[T], out: &mut [T], scratch: &mut Scratch<T>) -> Result<(), Error> {
        check::count("out", "entries", self.score_columns(), out.len())?;
        let columns = out.len();
        let (x, out) = (Rows::of_row(row), DMatrixViewMut::from_slice(out, 1, columns));
        self.scores_into(x, out, scratch).map_err(|error| named(error, self, x))
    }

    /// Writes the probability of each class of one row to `out`, which has K entries. Does not allocate once
    /// `scratch` has grown.
    ///
    /// # Errors
    /// Returns the errors that [`Classifier`] lists, and [`Error::ShapeMismatch`] if `out` has another
    /// length.
    fn probabilities_row(&self, row: &[T], out: &mut [T], scratch: &mut Scratch<T>) -> Result<(), Error> {
        check::count("out", "entries", self.classes().len(), out.len())?;
        let columns = out.len();
        let (x, out) = (Rows::of_row(row), DMatrixViewMut::from_slice(out, 1, columns));
        self.probabilities_into(x, out, scratch).map_err(|error| named(error, self, x))
    }

    /// Returns the predicted class of one row. Does not allocate once `scratch` has grown.
    ///
    /// # Errors
    /// Returns the errors that [`Classifier`] lists.
    fn predict_row(&self, row: &[T], scratch: &mut Scratch<T>) -> Result<&Self::Label, Error> {
        let mut class = [0];
        let x = Rows::of_row(row);
        self.predictions_into(x, &mut class, scratch).map_err(|error| named(error, self, x))?;
        Ok(&self.classes()[class[0]])
    }
}

impl<T: Real, C: Classifier<T> + ?Sized> ClassifierExt<T> for C {}

impl<T: Real> Scratch<T> {
    /// Calls `with` with the scores of the rows of `x`.
    ///
    /// # Errors
    /// Returns the errors of the classifier.
    pub(crate) fn with_scores<A, C: Classifier<T> + ?Sized>(
        &mut self,
        classifier: &C,
        x: Rows<'_, T>,
        with: impl FnOnce(DMatrixView<'_, T>) -> A,
    ) -> Result<A, Error> {
        let shape = (x.nrows(), classifier.score_columns());
        self.with_matrix(shape, |scores, scratch| classifier.scores_into(x, scores, scratch), with)
    }

    /// Calls `with` with a temporary matrix that `write` fills.
    ///
    /// # Errors
    /// Returns the errors of `write`, and [`Error::OutOfMemory`] if the matrix is too large.
    pub(crate) fn with_matrix<A>(
        &mut self,
        (rows, columns): (usize, usize),
        write: impl FnOnce(DMatrixViewMut<'_, T>, &mut Self) -> Result<(), Error>,
        with: impl FnOnce(DMatrixView<'_, T>) -> A,
    ) -> Result<A, Error> {
        check::room::<T>("the temporary columns", rows, columns)?;
        let mut matrix = self.take(rows * columns);
        let done = write(DMatrixViewMut::from_slice(&mut matrix, rows, columns), self);
        let result = done.map(|()| with(DMatrixView::from_slice(&matrix, rows, columns)));
        self.give_back(matrix);
        result
    }
}

/// Adds the name of the column that an error is about, as the rows or the classifier know it.
fn named<T: Real, C: Classifier<T> + ?Sized>(error: Error, classifier: &C, x: Rows<'_, T>) -> Error {
    error.with_column_name(x.names().or(classifier.feature_names()))
}

/// Returns the index of the predicted class of each row.
pub(crate) fn predictions<T: Real, C: Classifier<T> + ?Sized>(
    classifier: &C,
    x: Rows<'_, T>,
) -> Result<Vec<usize>, Error> {
    let mut found = vec![0; x.nrows()];
    let done = classifier.predictions_into(x, &mut found, &mut Scratch::new());
    done.map(|()| found).map_err(|error| named(error, classifier, x))
}

/// Implements the descriptive methods of a [`Classifier`], such as `classes`, by those of `$inner` of
/// `$this`.
macro_rules! describes_as {
    ($this:ident => $inner:expr) => {
        fn classes(&$this) -> &[Self::Label] {
            $inner.classes()
        }
        fn features(&$this) -> usize {
            $inner.features()
        }
        fn feature_names(&$this) -> Option<&[String]> {
            $inner.feature_names()
        }
        fn report(&$this) -> Option<&$crate::FitReport> {
            $inner.report()
        }
    };
}

/// Implements a [`Classifier`] except its scores by the classifier `$inner` of `$this`: the descriptive
/// methods and the probabilities.
macro_rules! estimates_as {
    ($this:ident => $inner:expr) => {
        $crate::classifier::describes_as!($this => $inner);

        fn probabilities_into(
            &$this,
            x: $crate::Rows<'_, T>,
            out: nalgebra::DMatrixViewMut<'_, T>,
            scratch: &mut $crate::Scratch<T>,
        ) -> Result<(), Error> {
            $inner.probabilities_into(x, out, scratch)
        }
        fn log_probabilities_into(
            &$this,
            x: $crate::Rows<'_, T>,
            out: nalgebra::DMatrixViewMut<'_, T>,
            scratch: &mut $crate::Scratch<T>,
        ) -> Result<(), Error> {
            $inner.log_probabilities_into(x, out, scratch)
        }
    };
}

/// Implements all methods of a [`Classifier`] by those of the classifier `$inner` of `$this`.
macro_rules! classifies_as {
    ($this:ident => $inner:expr) => {
        $crate::classifier::estimates_as!($this => $inner);

        fn score_columns(&$this) -> usize {
            $inner.score_columns()
        }
        fn scores_into(
            &$this,
            x: $crate::Rows<'_, T>,
            out: nalgebra::DMatrixViewMut<'_, T>,
            scratch: &mut $crate::Scratch<T>,
        ) -> Result<(), Error> {
            $inner.scores_into(x, out, scratch)
        }
        fn predictions_into(
            &$this,
            x: $crate::Rows<'_, T>,
            out: &mut [usize],
            scratch: &mut $crate::Scratch<T>,
        ) -> Result<(), Error> {
            $inner.predictions_into(x, out, scratch)
        }
    };
}

pub(crate) use {classifies_as, describes_as, estimates_as};

macro_rules! through_pointer {
    ($($pointer:ty),*) => {
        $(
            impl<T: Real, C: Classifier<T> + ?Sized> Classifier<T> for $pointer {
                type Label = C::Label;

                classifies_as!(self => (**self));
            }
        )*
    };
}

through_pointer!(&C, Box<C>, std::sync::Arc<C>);

/// Writes the class index with the largest score of each row to `best`. Ties go to the lowest class. For a
/// single score column, class 1 is predicted above 0.
pub(crate) fn largest_scores<T: Real>(scores: DMatrixView<'_, T>, best: &mut [usize]) {
    let mut columns = columns(&scores);
    if columns.len() == 1 {
        let scores = columns.next().unwrap_or_default();
        best.iter_mut().zip(scores).for_each(|(best, &z)| *best = usize::from(z > T::zero()));
        return;
    }
    best.fill(0);
    for (class, column) in columns.enumerate().skip(1) {
        for (row, (best, &score)) in best.iter_mut().zip(column).enumerate() {
            if score > scores[(row, *best)] {
                *best = class;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_lower_class() {
        let best = |scores: DMatrix<f64>| {
            let mut best = vec![7; scores.nrows()];
            largest_scores(scores.as_view(), &mut best);
            best
        };
        assert_eq!(best(DMatrix::from_row_slice(3, 1, &[0.0, -0.0, 1e-300])), [0, 0, 1]);
        assert_eq!(best(DMatrix::from_row_slice(2, 3, &[1.0, 1.0, 0.0, 0.0, 2.0, 2.0])), [0, 1]);
    }
}
