//! The columns that say most about the classes.

use nalgebra::DMatrix;

use super::feature_scores::{FeatureScore, Sample};
use super::{FittedSelectColumns, Transform, Transformer, TransformerOptions};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::{Real, columns};
use crate::transformer::transforms_as;

/// Keeps the k columns that score best, each looked at alone, in the order of the table. Of equal scores the lower column is
/// kept.
///
/// Columns are chosen by the labels, so the choice is part of the fit: put it in a [`Pipeline`](crate::Pipeline), where a
/// cross-validation chooses anew in each fold. Chosen beforehand on all rows, columns of chance look good on the test rows
/// too.
///
/// # Errors
/// A fit without classes is an [`Error::Unsupported`], as is [`FeatureScore::AnovaF`] for rows whose weight is not above the
/// number of classes; [`Error::InvalidParameter`] unless k is from 1 to the number of columns, and for fewer than 2 bins.
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
    /// This many columns, by their F statistic.
    pub fn new(k: usize) -> Self {
        SelectBest { k, score: FeatureScore::default() }
    }

    /// What columns are compared by. Defaults to [`FeatureScore::AnovaF`].
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
    /// For another number of scores than of columns, scores below 0 and p-values outside of 0 to 1.
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

    /// The columns that are kept, in ascending order.
    pub fn columns(&self) -> &[usize] {
        self.kept.columns()
    }

    /// The score of each column of the fit, kept or not.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// The p-value of each column of the fit; none for scores that have none. They are not adjusted for how many they are.
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
                    let (what, by) = ("no more rows than classes", "SelectBest by AnovaF");
                    let instead = "add rows, or compare by mutual information";
                    return Err(Error::Unsupported { what, by, instead });
                }
                let scores: Vec<f64> = columns(&x).map(|column| sample.anova_f(column)).collect();
                let p_values = scores.iter().map(|&f| sample.p_value(f)).collect();
                (scores, Some(p_values))
            }
            FeatureScore::MutualInformation { bins } => {
                check::parameter("bins", bins as f64, bins >= 2, "at least 2")?;
                (columns(&x).map(|column| sample.mutual_information(column, bins)).collect(), None)
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
