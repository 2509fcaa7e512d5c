//! The settings of the doctor.

use crate::check;
use crate::error::Error;

/// Watches training runs and says what went wrong.
///
/// A `Doctor` is a plain value of settings. Its methods train like those of a [`Trainer`](crate::nn::Trainer)
/// or a minimiser, and return [`Watched`](crate::doctor::Watched): the result, a
/// [`Diagnosis`](crate::doctor::Diagnosis) and the course of the run. Watching does not change a bit of the
/// result.
///
/// # Examples
/// ```
/// use logit::doctor::{Code, Doctor};
/// use logit::nn::{Examples, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer};
/// use logit::{Activation, Sgd, data};
///
/// let iris = data::iris();
/// let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
/// let network = Sequential::perceptron(&[4, 10, 3], Activation::Tanh)?;
/// let examples = Examples::new(&iris.x, Targets::Classes(&classes));
///
/// let trainer = Trainer::new(Sgd::new(1e-6)).epochs(30);
/// let watched = Doctor::new().probe(1_000_000).fit(
///     &trainer,
///     &network,
///     &SoftmaxCrossEntropy::new(),
///     examples,
///     TrainOptions::new(),
/// )?;
/// let root = watched.diagnosis.root().map(|finding| finding.code);
/// assert_eq!(root, Some(Code::LearningRateTooSmall));
/// println!("{}\n\n{}", watched.diagnosis, watched.trace);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Doctor {
    pub(crate) probe: usize,
    pub(crate) threshold: f64,
    pub(crate) seed: u64,
}

impl Default for Doctor {
    fn default() -> Self {
        Doctor::new()
    }
}

impl Doctor {
    /// Creates a doctor that only watches.
    pub fn new() -> Self {
        Doctor { probe: 0, threshold: 0.5, seed: 0 }
    }

    /// Sets the budget of short fits that try changes, in row gradients: one row through the network and back
    /// counts 1.
    ///
    /// Only such fits can show that a learning rate, initial weights or a penalty is the cause of a bad result.
    /// They are made only if the result is not good. Two million are enough for most networks. Defaults to 0:
    /// no short fits.
    pub fn probe(mut self, row_gradients: usize) -> Self {
        self.probe = row_gradients;
        self
    }

    /// Sets the probability above which a row is predicted as the second of two classes, above 0 and below 1.
    /// Defaults to 1/2.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Sets the seed of the short fits. Defaults to 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let inside = self.threshold > 0.0 && self.threshold < 1.0;
        check::parameter("threshold", self.threshold, inside, "above 0 and below 1")
    }
}
