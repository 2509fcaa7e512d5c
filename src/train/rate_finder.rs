//! The learning-rate range test.

use std::fmt;

use super::config::Trainer;
use super::options::CheckedOptions;
use super::run::Run;
use crate::check;
use crate::error::Error;
use crate::examples::{CheckedExamples, Examples};
use crate::layer::Layer;
use crate::loss::Loss;
use crate::optim::Optimizer;
use crate::scalar::Real;

/// The range of learning rates to try, and the number of steps.
///
/// ```
/// use logit::nn::RateRange;
///
/// let range = RateRange::default().lowest(1e-6).highest(10.0).steps(200);
/// # assert_ne!(range, RateRange::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRange {
    lowest: f64,
    highest: f64,
    steps: usize,
}

impl Default for RateRange {
    fn default() -> Self {
        RateRange { lowest: 1e-7, highest: 10.0, steps: 100 }
    }
}

impl RateRange {
    /// Sets the first learning rate, above 0. Defaults to 1e-7.
    pub fn lowest(mut self, lowest: f64) -> Self {
        self.lowest = lowest;
        self
    }

    /// Sets the last learning rate, above the first. Defaults to 10.
    pub fn highest(mut self, highest: f64) -> Self {
        self.highest = highest;
        self
    }

    /// Sets the number of steps from the first to the last rate, at least 2. Defaults to 100.
    ///
    /// A curve of fewer than 20 steps suggests no rate.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("lowest", self.lowest)?;
        check::positive("highest", self.highest)?;
        check::parameter("highest", self.highest, self.highest > self.lowest, "above `lowest`")?;
        check::parameter("steps", self.steps as f64, self.steps >= 2, "at least 2")
    }
}

/// The loss at growing learning rates: the result of [`Trainer::find_learning_rate`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RateCurve {
    /// The learning rate of each step; each is a constant multiple of the one before.
    pub rates: Vec<f64>,
    /// The mean loss of the batch of each step, before the step.
    pub losses: Vec<f64>,
    /// The losses, averaged exponentially (half of the weight is on the last seven steps) and corrected for
    /// the start.
    pub smoothed: Vec<f64>,
}

/// The factor that remains of the weight of an older loss after one step.
const MEMORY: f64 = 0.9;
/// The smallest number of steps whose losses suggest a rate.
const FEWEST: usize = 20;
/// The fraction of the largest loss below which a fall may be rounding.
const ROUNDING: f64 = 1e-6;
/// The excess of the smoothed loss over its lowest value, in multiples of the magnitude of that value, at
/// which the test ends. For a lowest value above 0, this is at four times that value.
const BLOWN: f64 = 3.0;

impl RateCurve {
    /// Returns the rate at which the smoothed loss falls most steeply per decade of the rate.
    ///
    /// This is a good rate to train with, or the highest rate of a one-cycle schedule. Only steps up to the
    /// lowest smoothed loss count. The slope is taken over a tenth of the steps, all of which must have been
    /// taken. The first tenth is left out, because the average covers few steps there.
    ///
    /// Returns `None` if the loss never falls by more than rounding, or if the curve has fewer than 20 steps.
    pub fn steepest(&self) -> Option<f64> {
        let lowest = self.lowest()?;
        let steps = self.smoothed.len();
        let reach = (steps / 20).max(1);
        let fall = |at: usize| self.smoothed[at + reach] - self.smoothed[at - reach];
        let inside = reach.max(steps / 10)..(lowest + 1).min(steps - reach);
        let best = inside.min_by(|&a, &b| fall(a).total_cmp(&fall(b)))?;
        (fall(best) < -self.rounding()).then(|| self.rates[best])
    }

    /// Returns a tenth of the rate at which the smoothed loss is lowest, a careful choice.
    ///
    /// Returns `None` if the loss never falls by more than rounding, or if the curve has fewer than 20 steps.
    pub fn careful(&self) -> Option<f64> {
        let lowest = self.lowest()?;
        let falls = self.smoothed[lowest] < self.smoothed[0] - self.rounding();
        falls.then(|| 0.1 * self.rates[lowest])
    }

    /// Returns the step with the lowest smoothed loss, or `None` for fewer than [`FEWEST`] steps.
    fn lowest(&self) -> Option<usize> {
        let steps = self.smoothed.len();
        if steps < FEWEST {
            return None;
        }
        (0..steps).min_by(|&a, &b| self.smoothed[a].total_cmp(&self.smoothed[b]))
    }

    /// Returns the largest difference of two smoothed losses that may be rounding.
    fn rounding(&self) -> f64 {
        ROUNDING * self.smoothed.iter().fold(0.0, |largest: f64, loss| largest.max(loss.abs()))
    }

    /// Adds a step, and returns its smoothed loss.
    fn push(&mut self, rate: f64, loss: f64) -> f64 {
        let steps = i32::try_from(self.losses.len()).unwrap_or(i32::MAX - 1);
        let before = self.smoothed.last().map_or(0.0, |mean| mean * (1.0 - MEMORY.powi(steps)));
        let sum = MEMORY * before + (1.0 - MEMORY) * loss;
        let smoothed = sum / (1.0 - MEMORY.powi(steps + 1));
        self.rates.push(rate);
        self.losses.push(loss);
        self.smoothed.push(smoothed);
        smoothed
    }
}

/// Formats a bar for each of at most 40 steps, and the two suggested rates.
impl fmt::Display for RateCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LINES: usize = 40;
        const WIDTH: f64 = 50.0;
        let highest = self.smoothed.iter().copied().fold(0.0, f64::max);
        let stride = self.rates.len().div_ceil(LINES).max(1);
        writeln!(f, "{:>10} {:>11}", "rate", "loss")?;
        for (rate, loss) in self.rates.iter().zip(&self.smoothed).step_by(stride) {
            let length = if highest > 0.0 { (WIDTH * loss / highest).round() as usize } else { 0 };
            writeln!(f, "{rate:>10.2e} {loss:>11.5} {}", "#".repeat(length))?;
        }
        for (name, rate) in [("steepest fall", self.steepest()), ("careful", self.careful())] {
            if let Some(rate) = rate {
                writeln!(f, "{name}: {rate:.2e}")?;
            }
        }
        Ok(())
    }
}

impl<O> Trainer<O> {
    /// Runs the learning-rate range test: trains a few steps with a growing learning rate, and records the
    /// loss.
    ///
    /// The schedule of the trainer is not used. The test ends early if the loss blows up.
    ///
    /// # References
    /// Smith (2017), "Cyclical learning rates for training neural networks".
    ///
    /// # Errors
    /// Returns the errors of [`Trainer::start`], and [`Error::InvalidParameter`] if the range is empty, its
    /// rates are not positive and finite, or it has fewer than 2 steps.
    ///
    /// # Examples
    /// ```
    /// use logit::nn::{
    ///     Examples, RateRange, Sequential, SoftmaxCrossEntropy, Targets, Trainer,
    /// };
    /// use logit::{Activation, Adam, data};
    ///
    /// let iris = data::iris();
    /// let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
    /// let network = Sequential::perceptron(&[4, 10, 3], Activation::Tanh)?;
    /// let examples = Examples::new(&iris.x, Targets::Classes(&classes));
    /// let curve = Trainer::new(Adam::new(1e-3)).find_learning_rate(
    ///     &network,
    ///     &SoftmaxCrossEntropy::new(),
    ///     examples,
    ///     RateRange::default(),
    /// )?;
    /// let rate = curve.steepest().expect("the loss falls");
    /// assert!(1e-4 < rate && rate < 1.0, "{curve}");
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn find_learning_rate<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: Examples<'_, T>,
        range: RateRange,
    ) -> Result<RateCurve, Error>
    where
        O: Optimizer<T> + Clone,
    {
        self.check::<T>()?;
        self.find_rate_on_checked(network, loss, examples.checked()?, range)
    }

    /// Runs [`find_learning_rate`](Self::find_learning_rate) with checked settings on checked examples.
    pub(crate) fn find_rate_on_checked<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: CheckedExamples<'_, T>,
        range: RateRange,
    ) -> Result<RateCurve, Error>
    where
        O: Optimizer<T> + Clone,
    {
        range.check()?;
        let mut run = self.start_on_checked(network, loss, examples, CheckedOptions::default())?;
        run.on_threads(|run| {
            let mut curve = RateCurve { rates: Vec::new(), losses: Vec::new(), smoothed: Vec::new() };
            let mut lowest = f64::INFINITY;
            let factor = (range.highest / range.lowest).ln() / (range.steps - 1) as f64;
            for step in 0..range.steps {
                let rate = range.lowest * (factor * step as f64).exp();
                let Some(loss) = run.step_at(rate) else { break };
                let smoothed = curve.push(rate, loss);
                lowest = lowest.min(smoothed);
                if smoothed - lowest > BLOWN * lowest.abs() {
                    break;
                }
            }
            Ok(curve)
        })
    }
}

impl<T: Real, N: Layer<T>, S: Loss<T>, O: Optimizer<T>> Run<T, N, S, O> {
    /// Takes one step with the given learning rate, without any record. Returns the mean loss of its rows, or
    /// `None` if it is not finite.
    fn step_at(&mut self, learning_rate: f64) -> Option<f64> {
        let Run { engine, state, .. } = self;
        let rows = engine.next_rows(&state.cursor).len();
        let loss = engine.gradient(&mut state.cursor) / rows as f64;
        engine.update(&mut state.cursor, learning_rate);
        loss.is_finite().then_some(loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_smoothed(smoothed: Vec<f64>) -> RateCurve {
        let rates = (0..smoothed.len()).map(|step| step as f64).collect();
        RateCurve { rates, losses: smoothed.clone(), smoothed }
    }

    /// The loss falls by 0.4 in each of ten steps from step 50, and by 3 in one step before.
    #[test]
    fn slopes_are_taken_over_a_tenth_of_the_steps() {
        let loss = |step: usize| {
            let sudden = if step > 30 { 3.0 } else { 0.0 };
            100.0 - sudden - 0.4 * step.saturating_sub(50).min(10) as f64 + if step > 70 { 1.0 } else { 0.0 }
        };
        assert_eq!(of_smoothed((0..100).map(loss).collect()).steepest(), Some(55.0));
    }

    #[test]
    fn losses_are_averaged_with_weights_that_fall_by_a_tenth() {
        let mut curve = of_smoothed(Vec::new());
        for loss in [1.0, 0.0, 0.0, 2.0] {
            curve.push(1.0, loss);
        }
        let wanted = [1.0, 0.9 / 1.9, 0.81 / 2.71, (0.729 + 2.0) / 3.439];
        for (found, wanted) in curve.smoothed.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-12, "{:?}", curve.smoothed);
        }
    }
}
