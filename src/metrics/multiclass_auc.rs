//! Areas under ROC curves for more than two classes.

use nalgebra::{DMatrix, DMatrixView};

use super::average::Average;
use super::roc_auc::RocAuc;
use crate::error::{Error, unsupported};
use crate::metric::{EVALUATED, Metric, weighted_mean};

/// The area under the ROC curve for more than two classes, with a choice of averages.
///
/// [`RocAuc`](super::RocAuc) is the macro average of each class against all others. For two classes, every
/// average is the area of the second class.
///
/// # References
/// Hand and Till (2001), "A simple generalisation of the area under the ROC curve for multiple class
/// classification problems", for pairs of classes.
///
/// # Examples
/// ```
/// use logit::metrics::{Average, Metric, MulticlassRocAuc};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.6, 0.3, 0.1; 0.2, 0.5, 0.3; 0.3, 0.3, 0.4; 0.7, 0.2, 0.1];
/// let area = MulticlassRocAuc::one_vs_one(Average::Macro).evaluate(
///     &[0, 1, 2, 1],
///     &p,
///     &[0, 1, 2],
///     None,
/// )?;
/// assert!((area - 0.75).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MulticlassRocAuc {
    pairs: bool,
    average: Average,
}

impl MulticlassRocAuc {
    /// Creates the metric that compares each class with all others.
    pub fn one_vs_rest(average: Average) -> Self {
        MulticlassRocAuc { pairs: false, average }
    }

    /// Creates the metric that compares each pair of classes on the rows of those two classes.
    ///
    /// [`Average::Weighted`] counts a pair by its number of rows. [`Average::Micro`] is not supported for
    /// pairs.
    pub fn one_vs_one(average: Average) -> Self {
        MulticlassRocAuc { pairs: true, average }
    }
}

impl Metric for MulticlassRocAuc {
    fn greater_is_better(&self) -> bool {
        true
    }

    fn evaluate_indices(
        &self,
        truth: &[usize],
        scores: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error> {
        let classes = scores.ncols();
        if classes <= 2 {
            return RocAuc.evaluate_indices(truth, scores, weights);
        }
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let support =
            |class: usize| (0..truth.len()).filter(|&row| truth[row] == class).map(weight).sum::<f64>();
        if let Some(class) = (0..classes).find(|&class| support(class) <= 0.0) {
            return Err(Error::missing_class(class, EVALUATED));
        }
        if self.pairs {
            return self.of_pairs(truth, scores, weights, support);
        }
        let area = |class: usize| {
            let own: Vec<usize> = truth.iter().map(|&found| usize::from(found == class)).collect();
            RocAuc.evaluate_indices(&own, scores.columns(class, 1), weights)
        };
        match self.average {
            Average::Class(class) if class < classes => area(class),
            Average::Class(index) => {
                Err(Error::NoSuchIndex { argument: "average", axis: "class", index, count: classes })
            }
            Average::Macro => average((0..classes).map(|class| Ok((1.0, area(class)?)))),
            Average::Weighted => average((0..classes).map(|class| Ok((support(class), area(class)?)))),
            Average::Micro => {
                // Every entry of the matrix is a row of its own.
                let is_own =
                    (0..classes).flat_map(|class| truth.iter().map(move |&t| usize::from(t == class)));
                let all = DMatrix::from_iterator(scores.len(), 1, scores.iter().copied());
                let repeated: Option<Vec<f64>> = weights.map(|weights| weights.repeat(classes));
                RocAuc.evaluate_indices(&is_own.collect::<Vec<_>>(), all.as_view(), repeated.as_deref())
            }
        }
    }
}

impl MulticlassRocAuc {
    fn of_pairs(
        &self,
        truth: &[usize],
        scores: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
        support: impl Fn(usize) -> f64,
    ) -> Result<f64, Error> {
        let area = |positive: usize, negative: usize| {
            let rows: Vec<usize> =
                (0..truth.len()).filter(|&row| truth[row] == positive || truth[row] == negative).collect();
            let own: Vec<usize> = rows.iter().map(|&row| usize::from(truth[row] == positive)).collect();
            let column = scores.columns(positive, 1).select_rows(&rows);
            let weights: Option<Vec<f64>> =
                weights.map(|weights| rows.iter().map(|&row| weights[row]).collect());
            RocAuc.evaluate_indices(&own, column.as_view(), weights.as_deref())
        };
        let classes = scores.ncols();
        let pairs = (0..classes).flat_map(|a| (a + 1..classes).map(move |b| (a, b)));
        let both = |(a, b): (usize, usize)| Ok((area(a, b)? + area(b, a)?) / 2.0);
        match self.average {
            Average::Macro => average(pairs.map(|pair| Ok((1.0, both(pair)?)))),
            Average::Weighted => average(pairs.map(|(a, b)| Ok((support(a) + support(b), both((a, b))?)))),
            Average::Class(class) => {
                average(pairs.filter(|&(a, b)| a == class || b == class).map(|pair| Ok((1.0, both(pair)?))))
            }
            Average::Micro => {
                Err(unsupported("a micro average", "`MulticlassRocAuc::one_vs_one`", "use `one_vs_rest`"))
            }
        }
    }
}

/// Returns the weighted mean of `(weight, value)` pairs.
pub(super) fn average(values: impl Iterator<Item = Result<(f64, f64), Error>>) -> Result<f64, Error> {
    Ok(weighted_mean(&values.collect::<Result<Vec<_>, Error>>()?))
}
