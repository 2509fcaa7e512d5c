//! Bootstrap confidence intervals for metrics.

use nalgebra::DMatrixView;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::metric::{Metric, double};
use crate::parallel::{Threads, attempt, available, try_map};
use crate::quantile::Sorted;
use crate::rng::Rng;
use crate::scalar::{Real, max_abs, power_of_two};

/// Bootstrap confidence intervals for any [`Metric`], from rows resampled with replacement.
///
/// # Algorithm
/// Each resample draws n of the n rows with replacement. The ends of the interval are quantiles of the
/// resampled values. Unless the correction is turned off, it corrects them for bias and skewness (BCa). The
/// correction leaves out each row once, which takes n more evaluations; with more than 1,000 rows it leaves
/// out 1,000 groups of rows instead.
///
/// A resample for which the metric is not defined (no row of some class) is skipped. The result reports the
/// number of skipped resamples.
///
/// # Threads
/// Resamples are evaluated beside one another, on all threads unless [`threads`](Self::threads) sets a limit.
/// Every resample has random numbers of its own, so the interval does not depend on the number of threads. A
/// panic in the metric is [`Error::Panicked`].
///
/// # References
/// Efron (1987), "Better bootstrap confidence intervals".
///
/// # Examples
/// ```
/// use logit::metrics::{Accuracy, Bootstrap};
/// use nalgebra::DMatrix;
///
/// let p = DMatrix::from_fn(50, 2, |row, k| {
///     if (row % 2 == k) != (row % 10 == 0) { 0.9 } else { 0.1 }
/// });
/// let truth: Vec<usize> = (0..50).map(|row| row % 2).collect();
/// let interval = Bootstrap::new().interval(&Accuracy, &truth, &p, &[0, 1], None)?;
/// assert_eq!(interval.estimate, 0.9);
/// assert!(interval.lower > 0.75 && interval.lower < 0.9 && interval.upper <= 1.0);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    resamples: usize,
    confidence: f64,
    corrected: bool,
    seed: u64,
    threads: Threads,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Bootstrap::new()
    }
}

/// A confidence interval for a metric, as computed by [`Bootstrap`].
///
/// ```
/// use logit::metrics::Bootstrap;
///
/// let ages = [31.0, 45.0, 28.0, 51.0, 39.0];
/// let mean = |weights: &[f64]| {
///     Ok(weights.iter().zip(&ages).map(|(w, age)| w * age).sum::<f64>()
///         / weights.iter().sum::<f64>())
/// };
/// let interval = Bootstrap::new().interval_of(ages.len(), None, mean)?;
/// println!("{} ({} to {})", interval.estimate, interval.lower, interval.upper);
/// assert_eq!((interval.estimate, interval.undefined), (38.8, 0));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BootstrapInterval {
    /// The value of the metric on the original rows.
    pub estimate: f64,
    /// The lower end of the interval.
    pub lower: f64,
    /// The upper end of the interval.
    pub upper: f64,
    /// The standard deviation of the resampled values.
    pub standard_error: f64,
    /// The number of resamples that were skipped because the metric is not defined for them.
    pub undefined: usize,
}

impl Bootstrap {
    /// Creates a bootstrap with 1,000 resamples and corrected intervals of confidence 95 %.
    pub fn new() -> Self {
        Bootstrap { resamples: 1000, confidence: 0.95, corrected: true, seed: 0, threads: Threads::default() }
    }

    /// Sets the number of resamples. Defaults to 1,000.
    pub fn resamples(mut self, resamples: usize) -> Self {
        self.resamples = resamples;
        self
    }

    /// Sets the confidence level, between 0 and 1. Defaults to 0.95.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// Sets whether the quantiles are corrected for bias and skewness. Defaults to `true`.
    pub fn corrected(mut self, corrected: bool) -> Self {
        self.corrected = corrected;
        self
    }

    /// Sets the seed of the random draws. Defaults to 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the largest number of threads. Defaults to all of the machine.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::at_most(threads);
        self
    }

    /// Returns a confidence interval for `metric` on these predictions.
    ///
    /// The arguments are those of [`Metric::evaluate`].
    ///
    /// # Errors
    /// Returns the errors of [`Metric::evaluate`] and of [`interval_of`](Self::interval_of).
    pub fn interval<'a, T: Real, L: Label>(
        &self,
        metric: &impl Metric,
        truth: &[L],
        probabilities: impl Into<DMatrixView<'a, T>>,
        classes: &[L],
        weights: Option<&[T]>,
    ) -> Result<BootstrapInterval, Error> {
        const METRIC: &str = "the metric";
        let probabilities = probabilities.into();
        attempt(METRIC, || metric.evaluate(truth, probabilities, classes, weights))?;
        let indices = crate::label::indices(classes, truth)?;
        let p = probabilities.map(|p| p.as_f64());
        let value = |weights: &[f64]| metric.evaluate_indices(&indices, p.as_view(), Some(weights));
        self.interval_named(METRIC, truth.len(), double(weights).as_deref(), value)
    }

    /// Returns a confidence interval for an arbitrary statistic of weighted rows.
    ///
    /// Use it for statistics that are not a [`Metric`]. `statistic` receives one weight per row: the number
    /// of times the row was drawn, times its own weight if `weights` are given. (Weights so large that their
    /// sums might overflow are divided by a power of two.) An error from `statistic` means that it is not
    /// defined for those rows.
    ///
    /// ```
    /// use logit::metrics::{Bootstrap, hamming_loss};
    /// use logit::LabelSets;
    ///
    /// let truth = LabelSets::with_labels(&vec![vec!["a"]; 40], ["a", "b"])?;
    /// let predicted = LabelSets::with_labels(
    ///     &[vec![vec!["a"]; 30], vec![vec!["b"]; 10]].concat(),
    ///     ["a", "b"],
    /// )?;
    /// let loss = |weights: &[f64]| hamming_loss(&truth, &predicted, Some(weights));
    /// let interval = Bootstrap::new().interval_of(40, None, loss)?;
    /// assert!(interval.estimate == 0.25 && interval.lower < 0.2 && interval.upper > 0.3);
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the error of `statistic` on the original rows if it is not defined for them. Returns
    /// [`Error::Empty`] if there are no rows. Returns [`Error::ShapeMismatch`], [`Error::InvalidWeight`] or
    /// [`Error::InvalidWeightSum`] if the weights are not valid. Returns [`Error::InvalidParameter`] if a
    /// setting is out of range, or if `statistic` is defined for fewer than half of the resamples, and
    /// [`Error::OutOfMemory`] if there is no memory for a number per resample. Returns [`Error::Panicked`] if
    /// `statistic` panics.
    pub fn interval_of(
        &self,
        rows: usize,
        weights: Option<&[f64]>,
        statistic: impl Fn(&[f64]) -> Result<f64, Error> + Sync,
    ) -> Result<BootstrapInterval, Error> {
        self.interval_named("the statistic", rows, weights, statistic)
    }

    fn interval_named(
        &self,
        what: &'static str,
        rows: usize,
        weights: Option<&[f64]>,
        statistic: impl Fn(&[f64]) -> Result<f64, Error> + Sync,
    ) -> Result<BootstrapInterval, Error> {
        check::parameter("resamples", self.resamples as f64, self.resamples >= 2, "at least 2")?;
        check::room::<f64>("the values of the resamples", self.resamples, 1)?;
        let inside = self.confidence > 0.0 && self.confidence < 1.0;
        check::parameter("confidence", self.confidence, inside, "above 0 and below 1")?;
        if rows == 0 {
            return Err(Error::Empty { argument: "rows", axis: "entries" });
        }
        check::weights(weights, rows)?;
        let own = weights.map_or_else(|| vec![1.0; rows], drawable);
        self.threads
            .run(|| self.interval_within_limit(&own, |weights| attempt(what, || Ok(statistic(weights)))))
    }

    /// Computes the interval. The outer error of `statistic` is that of a panic, which ends everything.
    fn interval_within_limit(
        &self,
        own: &[f64],
        statistic: impl Fn(&[f64]) -> Result<Result<f64, Error>, Error> + Sync,
    ) -> Result<BootstrapInterval, Error> {
        // Rows of weight 0 are never drawn.
        let counted: Vec<usize> = (0..own.len()).filter(|&row| own[row] > 0.0).collect();
        let estimate = statistic(own)??;
        let value = |weights: &[f64]| {
            let defined = weights.iter().sum::<f64>() > 0.0;
            let value = if defined { statistic(weights)?.ok() } else { None };
            Ok(value.filter(|value| !value.is_nan()))
        };
        let draw = |resample: usize, drawn: &mut [f64]| {
            let mut rng = Rng::at(self.seed, 0, resample as u64);
            drawn.fill(0.0);
            for _ in 0..counted.len() {
                let row = counted[rng.below(counted.len())];
                drawn[row] += own[row];
            }
        };
        let values = values(self.resamples, own.len(), draw, value)?;
        let undefined = self.resamples - values.len();
        if 2 * values.len() < self.resamples {
            let requires = "at most half of `resamples`: add rows of the rare classes";
            return Err(Error::InvalidParameter { name: "undefined", value: undefined as f64, requires });
        }
        let tail = (1.0 - self.confidence) / 2.0;
        let mut shares = [tail, 1.0 - tail];
        if self.corrected {
            let groups = groups(counted.clone(), self.seed);
            let leave_out = |group: usize, left: &mut [f64]| leave_out(&groups[group], own, left);
            let left_out = self::values(groups.len(), own.len(), leave_out, value)?;
            shares = corrected(shares, &values, estimate, &left_out);
        }
        let sorted = Sorted::new::<f64>(&values, None);
        // At least half of the resamples are defined, so `values` is not empty.
        let [lower, upper] = shares.map(|share| sorted.quantile(share).unwrap_or(estimate));
        Ok(BootstrapInterval { estimate, lower, upper, standard_error: deviation(&values), undefined })
    }
}

/// Returns the weights, scaled by a power of two if the sum of some drawn weights might overflow.
fn drawable(weights: &[f64]) -> Vec<f64> {
    let largest = max_abs(weights);
    let rows = weights.len() as f64;
    let unit = if (largest * rows * rows).is_finite() { 1.0 } else { power_of_two(largest) };
    weights.iter().map(|weight| weight / unit).collect()
}

/// The largest number of evaluations for the correction. Leaving out groups of rows measures skewness as
/// well.
const MOST: usize = 1000;

/// Returns the groups of rows to leave out: single rows, or [`MOST`] random groups if there are more rows.
fn groups(mut rows: Vec<usize>, seed: u64) -> Vec<Vec<usize>> {
    if rows.len() <= MOST {
        return rows.into_iter().map(|row| vec![row]).collect();
    }
    Rng::at(seed, 1, 0).shuffle(&mut rows);
    let mut groups = vec![Vec::new(); MOST];
    rows.into_iter().enumerate().for_each(|(at, row)| groups[at % MOST].push(row));
    groups
}

fn leave_out(rows: &[usize], weights: &[f64], left: &mut [f64]) {
    left.copy_from_slice(weights);
    rows.iter().for_each(|&row| left[row] = 0.0);
}

/// The number of sets of weights that a thread takes at once.
const TOGETHER: usize = 8;

/// Returns the values that are defined for `count` sets of weights, in order. `write` writes a set.
fn values(
    count: usize,
    rows: usize,
    write: impl Fn(usize, &mut [f64]) + Sync,
    value: impl Fn(&[f64]) -> Result<Option<f64>, Error> + Sync,
) -> Result<Vec<f64>, Error> {
    let parts = try_map(count.div_ceil(TOGETHER), available(), |part| {
        let mut weights = vec![0.0; rows];
        let first = part * TOGETHER;
        let value = |set: usize| {
            write(set, &mut weights);
            value(&weights).transpose()
        };
        (first..count.min(first + TOGETHER)).filter_map(value).collect::<Result<Vec<f64>, Error>>()
    })?;
    Ok(parts.concat())
}

/// Returns the quantile levels that give the ends of a corrected interval.
fn corrected(shares: [f64; 2], values: &[f64], estimate: f64, left_out: &[f64]) -> [f64; 2] {
    let normal = Normal::standard();
    let count = |holds: fn(&f64, f64) -> bool| values.iter().filter(|v| holds(v, estimate)).count() as f64;
    // Values equal to the estimate count half: metrics of few rows have many of them.
    let below = (count(|v, e| *v < e) + 0.5 * count(|v, e| *v == e)) / values.len() as f64;
    if !(below > 0.0 && below < 1.0) || left_out.is_empty() {
        return shares;
    }
    let bias = normal.inverse_cdf(below);
    let mean = left_out.iter().sum::<f64>() / left_out.len() as f64;
    let sum = |power: i32| left_out.iter().map(|v| (mean - v).powi(power)).sum::<f64>();
    let squares = sum(2);
    let skewness = if squares > 0.0 { sum(3) / (6.0 * squares.powf(1.5)) } else { 0.0 };
    shares.map(|share| {
        let z = bias + normal.inverse_cdf(share);
        // The correction rises with z as far as its denominator is positive, and without bound towards the
        // end of that range. Beyond, where only intervals of great confidence or skewness lead, it stays
        // there.
        let beyond = 1.0 - skewness * z <= 0.0;
        // Written so that an infinite z has its limit.
        let moved = if beyond { z.signum() * f64::INFINITY } else { bias + 1.0 / (1.0 / z - skewness) };
        normal.cdf(moved).clamp(0.0, 1.0)
    })
}

fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantile levels keep their order however far out they are.
    #[test]
    fn corrected_levels_rise() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        for left_out in [[0.0, 0.0, 0.0, 9.0], [9.0, 9.0, 9.0, 0.0], [1.0, 1.0, 2.0, 2.0]] {
            for estimate in [3.0, 50.0, 96.0] {
                let level = |share: f64| corrected([share; 2], &values, estimate, &left_out)[0];
                let shares = [0.0, 1e-300, 1e-17, 1e-9, 0.1, 0.5, 0.9, 1.0 - 1e-9, 1.0 - 1e-16, 1.0];
                let levels = shares.map(level);
                assert!(levels.is_sorted() && levels.iter().all(|level| !level.is_nan()), "{levels:?}");
                assert!(levels[0] < levels[9]);
            }
        }
    }

    /// Efron (1987): level Φ(b + (b + z) / (1 - a (b + z))), with a from the third powers of mean less value.
    #[test]
    fn corrected_levels_follow_the_formula() {
        let values = |below: usize, equal: usize, above: usize| {
            [vec![-1.0; below], vec![0.0; equal], vec![1.0; above]].concat()
        };
        // Values equal to the estimate count half: no bias here, whatever their number.
        for equal in [0, 20, 98] {
            let half = (100 - equal) / 2;
            let levels = corrected([0.025, 0.975], &values(half, equal, half), 0.0, &[1.0, 2.0]);
            for (level, wanted) in levels.into_iter().zip([0.025, 0.975]) {
                approx::assert_relative_eq!(level, wanted, max_relative = 1e-9);
            }
        }
        // A share of 0.1 + 0.3 / 2 is below: b = -0.6744897501960817.
        let [low, high] = corrected([0.025, 0.975], &values(10, 30, 60), 0.0, &[1.0, 2.0]);
        approx::assert_relative_eq!(low, 0.000468243693, max_relative = 1e-8);
        approx::assert_relative_eq!(high, 0.729395073876, max_relative = 1e-8);
        // a = -273.375 / (6 * 60.75^1.5) = -0.096225.
        let [low, high] = corrected([0.025, 0.975], &values(50, 0, 50), 0.0, &[0.0, 0.0, 0.0, 9.0]);
        approx::assert_relative_eq!(low, 0.007856238507, max_relative = 1e-8);
        approx::assert_relative_eq!(high, 0.950423295991, max_relative = 1e-8);
    }

    /// There is no correction from resamples that all lie on one side of the estimate.
    #[test]
    fn levels_stay_if_all_values_are_on_one_side() {
        for estimate in [-1.0, 9.0] {
            assert_eq!(corrected([0.025, 0.975], &[0.0, 1.0, 2.0], estimate, &[1.0, 2.0]), [0.025, 0.975]);
        }
    }

    #[test]
    fn deviations_divide_by_one_value_less() {
        assert_eq!(deviation(&[1.0, 3.0]), 2f64.sqrt());
    }

    #[test]
    fn every_row_is_left_out_once() {
        for count in [1, 999, 1000, 1001, 2500] {
            let groups = groups((0..count).collect(), 3);
            assert_eq!(groups.len(), count.min(1000));
            let sizes = groups.iter().map(Vec::len);
            assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1, "{count}");
            let mut all = groups.concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..count));
        }
        let mut left = [7.0; 3];
        leave_out(&[0, 2], &[1.0, 2.0, 3.0], &mut left);
        assert_eq!(left, [0.0, 2.0, 0.0]);
    }
}
