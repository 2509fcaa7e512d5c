//! Calibration: how well predicted probabilities match observed frequencies.

use nalgebra::DMatrixView;

use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::metric::{Metric, double, weighted_mean};
use crate::quantile::Sorted;
use crate::scalar::{Real, power_of_two};

/// The bins into which probabilities are grouped.
///
/// ```
/// use logit::metrics::{Bins, CalibrationCurve};
///
/// let (truth, p) = ([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.9]);
/// let weight = |bins| {
///     CalibrationCurve::new(&truth, &p, &1, None, bins)
///         .map(|curve| curve.weight().to_vec())
/// };
/// assert_eq!(weight(Bins::Uniform(2))?, [3.0, 1.0]);
/// assert_eq!(weight(Bins::Quantile(2))?, [2.0, 2.0]);
/// assert_eq!(weight(Bins::Distinct)?, [1.0; 4]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bins {
    /// The given number of bins of equal width from 0 to 1; a value on an edge belongs to the lower bin.
    Uniform(usize),
    /// The given number of bins with equal numbers of rows, as far as ties allow; a row counts by its weight.
    Quantile(usize),
    /// One bin for each distinct value.
    Distinct,
}

/// The observed frequency of a class in each bin of its predicted probability: the data of a reliability
/// diagram.
///
/// # Formula
/// Let the bins have weights n_b (Σ n_b = n), mean probabilities p_b and frequencies o_b, and let o be the
/// overall frequency.
///
/// - The expected calibration error is Σ n_b / n |o_b - p_b|.
/// - The maximum calibration error is max_b |o_b - p_b|.
/// - The reliability is Σ n_b / n (p_b - o_b)².
/// - The resolution is Σ n_b / n (o_b - o)².
/// - The uncertainty is o (1 - o).
///
/// The Brier score is the reliability minus the resolution plus the uncertainty. This is exact for
/// [`Bins::Distinct`]; for other bins it ignores the spread of probabilities within a bin.
///
/// # References
/// Murphy (1973), "A new vector partition of the probability score"; Naeini, Cooper and Hauskrecht (2015),
/// "Obtaining well calibrated probabilities using Bayesian binning".
///
/// # Examples
/// ```
/// use logit::metrics::{Bins, CalibrationCurve};
///
/// let (truth, p) = ([0, 0, 1, 1, 1], [0.1, 0.2, 0.2, 0.8, 0.9]);
/// let curve = CalibrationCurve::new(&truth, &p, &1, None, Bins::Uniform(2))?;
/// assert_eq!(curve.frequency(), [1.0 / 3.0, 1.0]);
/// assert!((curve.expected_error() - 0.16).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationCurve {
    probability: Vec<f64>,
    frequency: Vec<f64>,
    weight: Vec<f64>,
}

impl CalibrationCurve {
    /// Computes the curve of the probabilities that rows are `positive`, weighted if there are weights.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the lengths differ, [`Error::Empty`] if there are no rows,
    /// [`Error::InvalidTarget`] if a probability is outside [0, 1], [`Error::InvalidWeight`] or
    /// [`Error::InvalidWeightSum`] if the weights are not valid, and [`Error::InvalidParameter`] if the
    /// number of bins is not from 1 to 2^20.
    pub fn new<T: Real, L: Label>(
        truth: &[L],
        probabilities: &[T],
        positive: &L,
        weights: Option<&[T]>,
        bins: Bins,
    ) -> Result<Self, Error> {
        check::count("probabilities", "entries", truth.len(), probabilities.len())?;
        if truth.is_empty() {
            return Err(Error::Empty { argument: "truth", axis: "labels" });
        }
        check::weights(weights, truth.len())?;
        let p: Vec<f64> = probabilities.iter().map(|p| p.as_f64()).collect();
        if let Some(row) = p.iter().position(|p| !(0.0..=1.0).contains(p)) {
            let requires = "a probability must be from 0 to 1";
            return Err(Error::InvalidTarget { row, value: p[row], requires });
        }
        let yes: Vec<bool> = truth.iter().map(|label| label == positive).collect();
        CalibrationCurve::of(&yes, &p, double(weights).as_deref(), bins)
    }

    fn of(yes: &[bool], p: &[f64], weights: Option<&[f64]>, bins: Bins) -> Result<Self, Error> {
        let edges = edges(p, weights, bins)?;
        let bin = |p: f64| edges.partition_point(|&edge| edge < p);
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let mut sums = vec![Bin::EMPTY; edges.len() + 1];
        for row in (0..p.len()).filter(|&row| weight(row) > 0.0) {
            let bin = &mut sums[bin(p[row])];
            bin.heaviest = bin.heaviest.max(weight(row));
        }
        for row in (0..p.len()).filter(|&row| weight(row) > 0.0) {
            sums[bin(p[row])].add(p[row], yes[row], weight(row));
        }
        sums.retain(|bin| bin.count > 0.0);
        let unit = |bin: &Bin| power_of_two(bin.heaviest);
        Ok(CalibrationCurve {
            probability: sums.iter().map(Bin::mean).collect(),
            frequency: sums.iter().map(|bin| bin.hits / bin.count).collect(),
            weight: sums.iter().map(|bin| bin.count * unit(bin)).collect(),
        })
    }

    /// Returns the mean probability of each bin that has rows, in ascending order.
    pub fn probability(&self) -> &[f64] {
        &self.probability
    }

    /// Returns the fraction of positive rows in each bin that has rows.
    pub fn frequency(&self) -> &[f64] {
        &self.frequency
    }

    /// Returns the number of rows in each bin that has rows, or the sum of their weights.
    pub fn weight(&self) -> &[f64] {
        &self.weight
    }

    /// Returns the expected calibration error: the mean distance between probability and frequency.
    pub fn expected_error(&self) -> f64 {
        self.mean(|p, o| (p - o).abs())
    }

    /// Returns the maximum calibration error: the largest distance between probability and frequency.
    pub fn maximum_error(&self) -> f64 {
        let distances = self.probability.iter().zip(&self.frequency).map(|(p, o)| (p - o).abs());
        distances.fold(0.0, f64::max)
    }

    /// Returns the part of the Brier score that is due to miscalibration; lower is better.
    pub fn reliability(&self) -> f64 {
        self.mean(|p, o| (p - o) * (p - o))
    }

    /// Returns how much the frequencies differ between bins; greater is better.
    pub fn resolution(&self) -> f64 {
        let whole = self.mean(|_, o| o);
        self.mean(|_, o| (o - whole) * (o - whole))
    }

    /// Returns the Brier score of always predicting the overall frequency.
    pub fn uncertainty(&self) -> f64 {
        let whole = self.mean(|_, o| o);
        whole * (1.0 - whole)
    }

    fn mean(&self, of: impl Fn(f64, f64) -> f64) -> f64 {
        let bins = self.probability.iter().zip(&self.frequency).zip(&self.weight);
        weighted_mean(&bins.map(|((&p, &o), &weight)| (weight, of(p, o))).collect::<Vec<_>>())
    }
}

/// The sums of a bin, in units of a power of two near its heaviest weight: their products neither overflow
/// nor vanish.
#[derive(Debug, Clone, Copy)]
struct Bin {
    heaviest: f64,
    count: f64,
    probability: f64,
    hits: f64,
    /// The smallest and the largest probability.
    range: (f64, f64),
}

impl Bin {
    const EMPTY: Bin = Bin {
        heaviest: 0.0,
        count: 0.0,
        probability: 0.0,
        hits: 0.0,
        range: (f64::INFINITY, f64::NEG_INFINITY),
    };

    /// Adds a row; the heaviest weight must be known.
    fn add(&mut self, p: f64, yes: bool, weight: f64) {
        let weight = weight / power_of_two(self.heaviest);
        self.count += weight;
        self.probability += weight * p;
        self.hits += if yes { weight } else { 0.0 };
        self.range = (self.range.0.min(p), self.range.1.max(p));
    }

    /// Returns the mean probability. Rounding does not move it out of the bin, so means of bins ascend.
    fn mean(&self) -> f64 {
        (self.probability / self.count).max(self.range.0).min(self.range.1)
    }
}

/// Returns the inner edges of the bins.
fn edges(p: &[f64], weights: Option<&[f64]>, bins: Bins) -> Result<Vec<f64>, Error> {
    let count = |count: usize| {
        check::parameter("bins", count as f64, (1..=1 << 20).contains(&count), "from 1 to 2^20")
            .map(|()| count)
    };
    Ok(match bins {
        Bins::Uniform(bins) => {
            let bins = count(bins)?;
            (1..bins).map(|edge| edge as f64 / bins as f64).collect()
        }
        Bins::Quantile(bins) => {
            let bins = count(bins)?;
            let sorted = Sorted::new(p, weights);
            (1..bins).filter_map(|edge| sorted.quantile(edge as f64 / bins as f64)).collect()
        }
        Bins::Distinct => {
            let mut sorted = p.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted.dedup();
            sorted.pop();
            sorted
        }
    })
}

/// The expected calibration error as a [`Metric`].
///
/// For two classes it is that of the probability of the second class. For more classes, it compares the
/// probability of the predicted class with how often that class is right.
///
/// ```
/// use logit::metrics::{Bins, CalibrationError, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.2, 0.8; 0.3, 0.7];
/// let error = CalibrationError::new(Bins::Uniform(10)).evaluate(
///     &[0, 1, 1],
///     &p,
///     &[0, 1],
///     None,
/// )?;
/// assert!((error - 0.2).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalibrationError {
    bins: Bins,
}

impl CalibrationError {
    /// Creates the metric with these bins; [`Bins::Uniform`] with 10 or 15 bins is usual.
    pub fn new(bins: Bins) -> Self {
        CalibrationError { bins }
    }
}

impl Metric for CalibrationError {
    fn greater_is_better(&self) -> bool {
        false
    }

    fn evaluate_indices(
        &self,
        truth: &[usize],
        probabilities: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error> {
        let two = probabilities.ncols() == 2;
        let called = |row: usize| match two {
            true => (1, probabilities[(row, 1)]),
            false => {
                let larger = |best: (usize, f64), class: usize| {
                    let p = probabilities[(row, class)];
                    if p > best.1 { (class, p) } else { best }
                };
                (1..probabilities.ncols()).fold((0, probabilities[(row, 0)]), larger)
            }
        };
        let (right, p): (Vec<bool>, Vec<f64>) = (0..truth.len())
            .map(|row| {
                let (class, p) = called(row);
                (truth[row] == class, p)
            })
            .unzip();
        Ok(CalibrationCurve::of(&right, &p, weights, self.bins)?.expected_error())
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    #[test]
    fn the_number_of_bins_is_limited() {
        for (bins, valid) in [(0, false), (1, true), (1 << 20, true), ((1 << 20) + 1, false)] {
            assert_eq!(edges(&[0.5], None, Bins::Uniform(bins)).is_ok(), valid, "{bins}");
        }
    }

    /// Of several classes, the most probable one counts: 0.7 and 0.6 are right, 0.8 is wrong.
    #[test]
    fn errors_of_several_classes_are_those_of_the_most_probable() {
        let p = dmatrix![0.2, 0.7, 0.1; 0.6, 0.3, 0.1; 0.1, 0.1, 0.8];
        let error = CalibrationError::new(Bins::Uniform(10)).evaluate_indices(&[1, 0, 0], p.as_view(), None);
        approx::assert_relative_eq!(error.unwrap(), (0.3 + 0.4 + 0.8) / 3.0, max_relative = 1e-14);
    }
}
