//! Selection of the columns that say most about the classes.

use nalgebra::DMatrix;

use super::feature_scores::{FeatureScore, Sample};
use super::of_columns::{OF_SORTING, of_columns};
use super::{FittedSelectColumns, Transform, Transformer, TransformerOptions};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::transformer::transforms_as;

/// Keeps the k columns with the best scores, in the order of the table.
///
/// Each column is scored on its own. In a tie, the column with the lower index is kept.
///
/// The labels decide which columns are chosen, so the choice is part of the fit. Put the selection in a
/// [`Pipeline`](crate::Pipeline), so that cross-validation chooses anew in each fold. If columns are chosen
/// beforehand on all rows, columns without information look good on the test rows too.
///
/// # Errors
/// A fit returns [`Error::Unsupported`] if it has no classes, or if the score is [`FeatureScore::AnovaF`] and
/// the total weight of the rows is not above the number of classes. It returns [`Error::InvalidParameter`] if
/// k is not from 1 to the number of columns, or if there are fewer than 2 bins.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::SelectBest;
/// use logit::data;
///
/// let iris = data::iris();
/// let best = SelectBest::new(2).fit_supervised(&iris, &iris.y)?;
/// assert_eq!(best.columns(), [2, 3]); // the petals
/// assert!(best.scores()[2] > 1000.0 && best.p_values().is_some_and(|p| p[2] < 1e-80));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectBest {
    k: usize,
    score: FeatureScore,
}

impl SelectBest {
    /// Keeps the `k` columns with the largest F statistics.
    pub fn new(k: usize) -> Self {
        SelectBest { k, score: FeatureScore::default() }
    }

    /// Sets the score by which columns are ranked. Defaults to [`FeatureScore::AnovaF`].
    pub fn score(mut self, score: FeatureScore) -> Self {
        self.score = score;
        self
    }
}

/// A fitted [`SelectBest`].
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::SelectBest;
/// use nalgebra::dmatrix;
///
/// let (x, y) = (dmatrix![5.0, 1.0; 5.0, 2.0; 5.0, 3.0; 5.0, 4.0], [0, 0, 1, 1]);
/// let fitted = SelectBest::new(1).fit_supervised(&x, &y)?;
/// assert_eq!((fitted.columns(), fitted.scores()), (&[1][..], &[0.0, 8.0][..]));
/// assert_eq!(fitted.p_values().map(|p| p[0]), Some(1.0));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedSelectBest<T> {
    kept: FittedSelectColumns<T>,
    scores: Vec<f64>,
    p_values: Option<Vec<f64>>,
}

impl<T: Real> FittedSelectBest<T> {
    /// # Errors
    /// Returns an error if there are not as many scores and p-values as columns, if a score is below 0, or if
    /// a p-value is not from 0 to 1.
    pub(super) fn new(
        kept: FittedSelectColumns<T>,
        scores: Vec<f64>,
        p_values: Option<Vec<f64>>,
    ) -> Result<Self, Error> {
        check::count("scores", "entries", kept.inputs(), scores.len())?;
        for &score in &scores {
            check::parameter("scores", score, score >= 0.0, "at least 0")?;
        }
        for &p in p_values.iter().flatten() {
            check::parameter("p_values", p, (0.0..=1.0).contains(&p), "from 0 to 1")?;
        }
        let count = p_values.as_ref().map_or(scores.len(), Vec::len);
        check::count("p_values", "entries", scores.len(), count)?;
        Ok(FittedSelectBest { kept, scores, p_values })
    }

    /// Returns the columns that are kept, in ascending order.
    pub fn columns(&self) -> &[usize] {
        self.kept.columns()
    }

    /// Returns the score of each column of the fit, kept or not.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// Returns the p-value of each column of the fit, or `None` if the score has no p-values. They are not
    /// adjusted for multiple testing.
    pub fn p_values(&self) -> Option<&[f64]> {
        self.p_values.as_deref()
    }

    pub(super) fn kept(&self) -> &FittedSelectColumns<T> {
        &self.kept
    }
}

impl<T: Real> Transformer<T> for SelectBest {
    type Fitted = FittedSelectBest<T>;

    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedSelectBest<T>, Error> {
        check::training_matrix(x)?;
        check::weights(options.weights, x.nrows())?;
        let (classes, class_count) = options.required_classes(x.nrows(), "SelectBest")?;
        let possible = (1..=x.ncols()).contains(&self.k);
        check::parameter("k", self.k as f64, possible, "at least 1 and at most the number of columns")?;
        let sample = Sample::new(classes, class_count, options.weights);
        check::parameter("class_count", sample.classes() as f64, sample.classes() >= 2, "at least 2")?;
        let (scores, p_values): (Vec<f64>, _) = match self.score {
            FeatureScore::AnovaF => {
                if sample.freedom().1 <= 0.0 {
                    let (what, by) = ("as few rows as classes", "SelectBest with AnovaF");
                    let instead = "add rows, or score by `FeatureScore::MutualInformation`";
                    return Err(Error::Unsupported { what, by, instead });
                }
                let scores = of_columns(x.view(), OF_SORTING, |_, column| Ok(sample.anova_f(column)))?;
                let p_values = scores.iter().map(|&f| sample.p_value(f)).collect();
                (scores, Some(p_values))
            }
            FeatureScore::MutualInformation { bins } => {
                check::parameter("bins", bins as f64, bins >= 2, "at least 2")?;
                let information = |_: usize, column: &[T]| Ok(sample.mutual_information(column, bins));
                (of_columns(x.view(), OF_SORTING, information)?, None)
            }
        };
        let mut best: Vec<usize> = (0..x.ncols()).collect();
        best.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        best.truncate(self.k);
        best.sort_unstable();
        FittedSelectBest::new(FittedSelectColumns::new(best, x.ncols())?, scores, p_values)
    }
}

impl<T: Real> Transform<T> for FittedSelectBest<T> {
    transforms_as!(self => self.kept);
}
