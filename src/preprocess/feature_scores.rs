//! Scores of how much a column says about the classes.

use statrs::function::beta::checked_beta_reg;

use crate::quantile::Sorted;
use crate::scalar::{Real, is_constant, power_of_two};

/// The score by which a [`SelectBest`](crate::preprocess::SelectBest) ranks columns. A column that
/// is constant up to rounding scores 0.
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::{FeatureScore, SelectBest};
/// use nalgebra::dmatrix;
///
/// // The means of the first column are equal, but its values separate the classes.
/// let x = dmatrix![
///     -2.0, 1.0; 2.0, 3.0; -2.1, 2.0; 2.1, 5.0;
///     -1.0, 4.0; 1.0, 6.0; -1.1, 3.5; 1.1, 4.5
/// ];
/// let y = [0, 0, 0, 0, 1, 1, 1, 1];
/// assert_eq!(SelectBest::new(1).fit_supervised(&x, &y)?.columns(), [1]);
/// let by_information =
///     SelectBest::new(1).score(FeatureScore::MutualInformation { bins: 4 });
/// assert_eq!(by_information.fit_supervised(&x, &y)?.columns(), [0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FeatureScore {
    /// The F statistic of a one-way analysis of variance, which has a p-value.
    ///
    /// It compares the distances between the class means with the spread within the classes:
    /// F = (B / (K - 1)) / (W / (n - K)), where B is the sum of squares between the means of the K classes, W
    /// the sum of squares within them, and n the total weight of the rows. F is infinite if nothing varies
    /// within the classes. The same score as `f_classif` of scikit-learn.
    #[default]
    AnovaF,
    /// The mutual information of the class and the column, in nats, which detects more than differences of
    /// means.
    ///
    /// The column is cut at its quantiles into at most `bins` bins. A column with no more than `bins`
    /// distinct values is taken value by value.
    ///
    /// The estimate I = Σ p(b, c) ln(p(b, c) / (p(b) p(c))) is biased upwards, more so with more cells.
    /// Therefore
    /// (cells of the column + classes - cells of both - 1) / 2n is added, where cells without rows do not
    /// count, and negative results become 0.
    ///
    /// Cover and Thomas (2006), "Elements of Information Theory", section 2.3; Miller (1955), "Note on the
    /// bias of information estimates".
    MutualInformation {
        /// The largest number of bins, at least 2.
        bins: usize,
    },
}

/// The rows of positive weight, with their classes and weights.
pub(super) struct Sample {
    /// The index, class and weight of each row.
    pub(super) rows: Vec<(usize, usize, f64)>,
    /// The weight of each class.
    pub(super) class_weights: Vec<f64>,
    pub(super) total: f64,
}

impl Sample {
    pub(super) fn new<T: Real>(classes: &[usize], class_count: usize, weights: Option<&[T]>) -> Self {
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row].as_f64());
        let rows = classes.iter().enumerate().map(|(row, &class)| (row, class, weight(row)));
        let rows: Vec<(usize, usize, f64)> = rows.filter(|(.., weight)| *weight > 0.0).collect();
        let mut class_weights = vec![0.0; class_count];
        rows.iter().for_each(|&(_, class, weight)| class_weights[class] += weight);
        Sample { total: class_weights.iter().sum(), rows, class_weights }
    }

    /// Returns the number of classes that have rows.
    pub(super) fn classes(&self) -> usize {
        self.class_weights.iter().filter(|weight| **weight > 0.0).count()
    }

    /// Returns the degrees of freedom between the classes and within them.
    pub(super) fn freedom(&self) -> (f64, f64) {
        let classes = self.classes() as f64;
        (classes - 1.0, self.total - classes)
    }

    /// Returns whether a column is constant up to rounding.
    fn is_constant<T: Real>(&self, column: &[T]) -> bool {
        let values = self.rows.iter().map(|&(row, ..)| column[row].as_f64());
        let ends =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        is_constant::<T>(ends.0, ends.1)
    }

    /// Returns the F statistic of a column.
    pub(super) fn anova_f<T: Real>(&self, column: &[T]) -> f64 {
        if self.is_constant(column) {
            return 0.0;
        }
        let value = |row: usize| column[row].as_f64();
        let largest = self.rows.iter().fold(0.0, |most: f64, &(row, ..)| most.max(value(row).abs()));
        // Powers of two are exact, and in units of one, differences and squares do not overflow.
        let unit = power_of_two(largest);
        let start = self.rows.first().map_or(0.0, |&(row, ..)| value(row) / unit);
        let spread =
            self.rows.iter().fold(0.0, |most: f64, &(row, ..)| most.max((value(row) / unit - start).abs()));
        let scale = power_of_two(spread);
        let deviation = |row: usize| (value(row) / unit - start) / scale;
        // Deviations from the class's first row give a class without spread a sum of squares of exactly 0.
        let mut anchors = vec![None; self.class_weights.len()];
        let mut means = vec![0.0; self.class_weights.len()];
        for &(row, class, weight) in &self.rows {
            let anchor = *anchors[class].get_or_insert(deviation(row));
            means[class] += weight / self.class_weights[class] * (deviation(row) - anchor);
        }
        for (mean, anchor) in means.iter_mut().zip(anchors) {
            *mean += anchor.unwrap_or(0.0);
        }
        let shares = self.class_weights.iter().map(|weight| weight / self.total);
        let center: f64 = shares.clone().zip(&means).map(|(share, mean)| share * mean).sum();
        let between: f64 = shares.zip(&means).map(|(share, mean)| share * (mean - center).powi(2)).sum();
        let within: f64 =
            self.rows.iter().map(|&(row, c, w)| w / self.total * (deviation(row) - means[c]).powi(2)).sum();
        let (freedom_between, freedom_within) = self.freedom();
        if between == 0.0 { 0.0 } else { (between / freedom_between) / (within / freedom_within) }
    }

    /// Returns the probability of an F statistic at least this large if all classes have the same mean.
    pub(super) fn p_value(&self, f: f64) -> f64 {
        let (between, within) = self.freedom();
        let share = within / (within + between * f);
        // The function is defined, because both degrees of freedom are above 0.
        checked_beta_reg(within / 2.0, between / 2.0, share).unwrap_or(1.0)
    }

    /// Returns the mutual information of the classes and a column that is cut into at most `bins` bins.
    pub(super) fn mutual_information<T: Real>(&self, column: &[T], bins: usize) -> f64 {
        if self.is_constant(column) {
            return 0.0;
        }
        let values: Vec<T> = self.rows.iter().map(|&(row, ..)| column[row]).collect();
        let weights: Vec<f64> = self.rows.iter().map(|&(.., weight)| weight).collect();
        let edges = edges(&values, &weights, bins);
        let cells = edges.len() + 1;
        let classes = self.class_weights.len();
        let mut both = vec![0.0; cells * classes];
        for (value, &(_, class, weight)) in values.iter().zip(&self.rows) {
            both[edges.partition_point(|edge| *edge < value.as_f64()) * classes + class] += weight;
        }
        let (mut information, mut of_both, mut of_column) = (0.0, 0, 0);
        for bin in both.chunks_exact(classes) {
            let weight: f64 = bin.iter().sum();
            of_column += usize::from(weight > 0.0);
            for (cell, of_class) in bin.iter().zip(&self.class_weights) {
                if *cell > 0.0 {
                    of_both += 1;
                    information += cell / self.total * (cell / weight * (self.total / of_class)).ln();
                }
            }
        }
        let correction = (of_column + self.classes()) as f64 - (of_both + 1) as f64;
        (information + correction / (2.0 * self.total)).max(0.0)
    }
}

/// Returns the largest value of each bin except the last: all distinct values if they fit in `bins` bins,
/// quantiles otherwise.
fn edges<T: Real>(values: &[T], weights: &[f64], bins: usize) -> Vec<f64> {
    let numbers: Vec<f64> = values.iter().map(|v| v.as_f64()).collect();
    let mut distinct = numbers.clone();
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    let mut edges = if distinct.len() <= bins {
        distinct
    } else {
        let sorted = Sorted::new(&numbers, Some(weights));
        (1..bins).filter_map(|bin| sorted.quantile(bin as f64 / bins as f64)).chain(distinct.pop()).collect()
    };
    edges.dedup();
    edges.pop();
    edges
}
