//! What classifies rows.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use crate::check;
use crate::error::Error;
use crate::label::{Label, indices};
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::{Real, columns};
use crate::scratch::Scratch;

/// A fitted classifier: the core that `dyn Classifier` works with.
///
/// Its methods write into memory of the caller. [`ClassifierExt`], which every classifier has, adds what programs call:
/// `predict`, `predict_proba`, `score`, and rows one by one. `Box<dyn Classifier<f64, Label = String>>` works, and is a
/// classifier too, as are references and `Arc`s of classifiers.
///
/// # Shapes
/// `x` is n x [`features`](Classifier::features). Probabilities are n x K, a column per class in the order of
/// [`classes`](Classifier::classes). Scores are n x K for K > 2 classes and n x 1, the log-odds of the second class,
/// for two: [`score_columns`](Classifier::score_columns).
///
/// # Errors
/// Every method that takes `x` returns [`Error::ShapeMismatch`] for the wrong number of columns,
/// [`Error::ColumnNames`] for other names than in the fit, [`Error::NotFinite`] for NaN and infinities, and
/// [`Error::Overflow`] when finite input leads out of the range of the number type. No rows are no error: the result is
/// empty and has the right number of columns.
///
/// # Panics
/// Methods that write may panic when `out` does not have the shape above.
///
/// # Implementing this trait
/// All methods agree with each other: the largest score is the largest probability is the predicted class, ties go
/// to the lower class, and probabilities are from 0 to 1 and sum to 1 in every row. Scratch memory comes from `scratch`, so
/// that repeated calls do not allocate.
///
/// # Examples
/// The smallest classifier, which knows nothing:
/// ```
/// use logit::prelude::*;
/// use logit::nalgebra::{DMatrixViewMut, dmatrix};
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
///     fn scores_into(&self, _: Rows<'_, f64>, mut out: DMatrixViewMut<'_, f64>, _: &mut Scratch<f64>) -> Result<(), Error> {
///         out.fill(0.0);
///         Ok(())
///     }
///     fn probabilities_into(
///         &self, _: Rows<'_, f64>, mut out: DMatrixViewMut<'_, f64>, _: &mut Scratch<f64>,
///     ) -> Result<(), Error> {
///         out.fill(0.5);
///         Ok(())
///     }
/// }
///
/// let coin: Box<dyn Classifier<f64, Label = &'static str>> = Box::new(Coin(["heads", "tails"]));
/// assert_eq!(coin.predict(&dmatrix![1.0; 2.0])?, ["heads", "heads"]);
/// assert_eq!(coin.predict_proba(&dmatrix![1.0])?, dmatrix![0.5, 0.5]);
/// # Ok::<(), logit::Error>(())
/// ```
pub trait Classifier<T: Real> {
    /// The type of the labels.
    type Label: Label;

    /// The classes, in ascending order.
    fn classes(&self) -> &[Self::Label];

    /// The number of columns that the classifier was fitted on.
    fn features(&self) -> usize;

    /// The names of the columns that the classifier was fitted on, if they are known. Defaults to `None`.
    fn feature_names(&self) -> Option<&[String]> {
        None
    }

    /// How the fit went, if the classifier was fitted and can tell. Of a classifier made of several fits it is the first
    /// report that says something other than [`Converged`](crate::StopReason::Converged), or the first. Defaults to
    /// `None`.
    fn report(&self) -> Option<&FitReport> {
        None
    }

    /// Writes the raw scores.
    ///
    /// # Errors
    /// See the trait.
    fn scores_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error>;

    /// Writes the probability of each class, n x K.
    ///
    /// # Errors
    /// See the trait.
    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error>;

    /// Writes the logarithm of the probability of each class, n x K; finite also where the probability underflows, if the
    /// implementor computes it from scores as those of this crate do. Defaults to the logarithm of the probability.
    ///
    /// # Errors
    /// See the trait.
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

    /// Writes the index of the predicted class of each row, n of them. Defaults to the class with the largest score.
    ///
    /// # Errors
    /// See the trait.
    fn predictions_into(
        &self,
        x: Rows<'_, T>,
        out: &mut [usize],
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        scratch.with_scores(self, x, |scores| largest_scores(scores, out))
    }

    /// The number of columns that scores have: 1 for two classes, else one for each class.
    fn score_columns(&self) -> usize {
        match self.classes().len() {
            2 => 1,
            classes => classes,
        }
    }
}

/// What programs call on a classifier; every [`Classifier`] has it, `dyn` ones included.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Scratch, data};
///
/// let iris = data::iris();
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris, &iris.y)?;
/// assert_eq!(model.predict_proba(&iris)?.shape(), (150, 3)); // a data set, whose column names are checked
/// assert_eq!(model.predict(iris.x.rows(100, 50))?.len(), 50); // a view
/// assert_eq!(*model.predict_row(&[5.1, 3.5, 1.4, 0.2], &mut Scratch::new())?, "setosa"); // one row
/// # Ok::<(), logit::Error>(())
/// ```
pub trait ClassifierExt<T: Real>: Classifier<T> {
    /// The raw scores, n x K, or n x 1 for two classes.
    ///
    /// # Errors
    /// Those of [`Classifier`].
    fn decision_function<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        let x = x.into();
        let mut out = DMatrix::zeros(x.nrows(), self.score_columns());
        self.scores_into(x, out.as_view_mut(), &mut Scratch::new()).map(|()| out)
    }

    /// The probability of each class, n x K.
    ///
    /// # Errors
    /// Those of [`Classifier`].
    fn predict_proba<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        let x = x.into();
        let mut out = DMatrix::zeros(x.nrows(), self.classes().len());
        self.probabilities_into(x, out.as_view_mut(), &mut Scratch::new()).map(|()| out)
    }

    /// The logarithm of the probability of each class, n x K.
    ///
    /// # Errors
    /// Those of [`Classifier`].
    fn predict_log_proba<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        let x = x.into();
        let mut out = DMatrix::zeros(x.nrows(), self.classes().len());
        self.log_probabilities_into(x, out.as_view_mut(), &mut Scratch::new()).map(|()| out)
    }

    /// The class of each row.
    ///
    /// # Errors
    /// Those of [`Classifier`].
    fn predict<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<Vec<Self::Label>, Error> {
        let classes = self.classes();
        let found = predictions(self, x.into())?;
        Ok(found.into_iter().map(|class| classes[class].clone()).collect())
    }

    /// The accuracy: the share of rows whose predicted class is that of `y`, from 0 to 1.
    ///
    /// # Errors
    /// Those of [`Classifier`]; also for no rows, and for labels that are none of the classes.
    fn score<'a>(&self, x: impl Into<Rows<'a, T>>, y: &[Self::Label]) -> Result<f64, Error> {
        let x = x.into();
        check::count("y", "labels", x.nrows(), y.len())?;
        if y.is_empty() {
            return Err(Error::Empty { argument: "y", axis: "labels" });
        }
        let truth = indices(self.classes(), y)?;
        let found = predictions(self, x)?;
        let right = truth.iter().zip(&found).filter(|(t, f)| t == f).count();
        Ok(right as f64 / y.len() as f64)
    }

    /// Writes the raw scores of one row to `out`, which has [`score_columns`](Classifier::score_columns) entries. Allocates
    /// nothing once `scratch` has grown.
    ///
    /// # Errors
    /// Those of [`Classifier`]; [`Error::ShapeMismatch`] for another length of `out`.
    fn scores_row(&self, row: &[T], out: &mut [T], scratch: &mut Scratch<T>) -> Result<(), Error> {
        check::count("out", "entries", self.score_columns(), out.len())?;
        let columns = out.len();
        self.scores_into(Rows::of_row(row), DMatrixViewMut::from_slice(out, 1, columns), scratch)
    }

    /// Writes the probability of each class of one row to `out`, which has K entries. Allocates nothing once `scratch` has
    /// grown.
    ///
    /// # Errors
    /// Those of [`Classifier`]; [`Error::ShapeMismatch`] for another length of `out`.
    fn probabilities_row(&self, row: &[T], out: &mut [T], scratch: &mut Scratch<T>) -> Result<(), Error> {
        check::count("out", "entries", self.classes().len(), out.len())?;
        let columns = out.len();
        self.probabilities_into(Rows::of_row(row), DMatrixViewMut::from_slice(out, 1, columns), scratch)
    }

    /// The class of one row. Allocates nothing once `scratch` has grown.
    ///
    /// # Errors
    /// Those of [`Classifier`].
    fn predict_row(&self, row: &[T], scratch: &mut Scratch<T>) -> Result<&Self::Label, Error> {
        let mut class = [0];
        self.predictions_into(Rows::of_row(row), &mut class, scratch)?;
        Ok(&self.classes()[class[0]])
    }
}

impl<T: Real, C: Classifier<T> + ?Sized> ClassifierExt<T> for C {}

impl<T: Real> Scratch<T> {
    /// Calls `with` with the scores that `classifier` gives to the rows of `x`.
    ///
    /// # Errors
    /// Those of the classifier.
    pub(crate) fn with_scores<A, C: Classifier<T> + ?Sized>(
        &mut self,
        classifier: &C,
        x: Rows<'_, T>,
        with: impl FnOnce(DMatrixView<'_, T>) -> A,
    ) -> Result<A, Error> {
        let shape = (x.nrows(), classifier.score_columns());
        self.with_matrix(shape, |scores, scratch| classifier.scores_into(x, scores, scratch), with)
    }

    /// Calls `with` with a matrix that `write` writes.
    ///
    /// # Errors
    /// Those of `write`.
    pub(crate) fn with_matrix<A>(
        &mut self,
        (rows, columns): (usize, usize),
        write: impl FnOnce(DMatrixViewMut<'_, T>, &mut Self) -> Result<(), Error>,
        with: impl FnOnce(DMatrixView<'_, T>) -> A,
    ) -> Result<A, Error> {
        let mut matrix = self.take(rows * columns);
        let done = write(DMatrixViewMut::from_slice(&mut matrix, rows, columns), self);
        let result = done.map(|()| with(DMatrixView::from_slice(&matrix, rows, columns)));
        self.give_back(matrix);
        result
    }
}

/// The index of the predicted class of each row.
pub(crate) fn predictions<T: Real, C: Classifier<T> + ?Sized>(
    classifier: &C,
    x: Rows<'_, T>,
) -> Result<Vec<usize>, Error> {
    let mut found = vec![0; x.nrows()];
    classifier.predictions_into(x, &mut found, &mut Scratch::new()).map(|()| found)
}

/// The methods of a [`Classifier`] that say what it is, where that is what `$inner` of `$this` is.
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

/// The methods of a [`Classifier`] with the probabilities of another one, `$inner` of `$this`, but with scores of its own.
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

/// The methods of a [`Classifier`] that is another one, `$inner` of `$this`.
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

/// The class index with the largest score in each row, the lowest of equals; of one column, class 1 above 0.
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
