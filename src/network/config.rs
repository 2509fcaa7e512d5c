//! The hyper-parameters of the multi-layer perceptron.

use std::collections::BTreeSet;

use super::architecture::Normalization;
use crate::check;
use crate::class_weight::ClassWeight;
use crate::error::{Error, unsupported};
use crate::layer::{Activation, Initializer};
use crate::loss::{BinaryCrossEntropy, ClassificationLoss, SoftmaxCrossEntropy};
use crate::optim::{Adam, Clip, Lbfgs, LevenbergMarquardt, Schedule, UpdateRule};
use crate::scalar::Real;
use crate::train::Trainer;

/// What trains a network: an update rule on mini-batches, or a minimiser on all rows at once.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum MlpOptimizer {
    /// An update rule on mini-batches: [`Adam`], [`Sgd`](crate::Sgd) and all the others.
    FirstOrder(UpdateRule),
    /// A minimiser on all rows at once, for small data and networks. A fit refuses settings of mini-batches and epochs
    /// then.
    FullBatch(Minimizer),
}

/// A minimiser for a network seen whole.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Minimizer {
    /// L-BFGS.
    Lbfgs(Lbfgs),
    /// Levenberg-Marquardt on the generalised Gauss-Newton matrix: some hundred parameters at most, few iterations.
    LevenbergMarquardt(LevenbergMarquardt),
}

impl<R: Into<UpdateRule>> From<R> for MlpOptimizer {
    fn from(rule: R) -> Self {
        MlpOptimizer::FirstOrder(rule.into())
    }
}

impl From<Lbfgs> for MlpOptimizer {
    fn from(minimizer: Lbfgs) -> Self {
        MlpOptimizer::FullBatch(Minimizer::Lbfgs(minimizer))
    }
}

impl From<LevenbergMarquardt> for MlpOptimizer {
    fn from(minimizer: LevenbergMarquardt) -> Self {
        MlpOptimizer::FullBatch(Minimizer::LevenbergMarquardt(minimizer))
    }
}

/// A multi-layer perceptron: dense layers, trained on cross-entropy.
///
/// # Formula
/// Minimises the mean cross-entropy of the network's scores plus λ/2 ‖w‖² over its weights (not its biases). Two
/// classes have one score, more have one each.
///
/// # Data
/// Columns should have similar, moderate scales: standardised, or between 0 and 1. Mini-batch training keeps one
/// transposed copy of the training rows.
///
/// # Reproducibility
/// The seed decides initial weights, shuffles, dropout masks and validation rows; the same seed gives the same bits.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::prelude::*;
/// use logit::{Activation, Lbfgs, MlpClassifier};
///
/// // Exclusive or, which no linear model can represent.
/// let x = dmatrix![0.0, 0.0; 0.0, 1.0; 1.0, 0.0; 1.0, 1.0];
/// let y = [false, true, true, false];
/// let model = MlpClassifier::new([8]).activation(Activation::Tanh).optimizer(Lbfgs::new()).seed(1).fit(&x, &y)?;
/// assert_eq!(model.predict(&x)?, y);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MlpClassifier {
    pub(super) hidden: Vec<usize>,
    pub(super) activation: Activation,
    pub(super) initializer: Option<Initializer>,
    pub(super) bias_initializer: Option<Initializer>,
    pub(super) normalization: Normalization,
    pub(super) dropout: f64,
    /// All settings of the training; its update rule applies unless there is a minimiser.
    pub(super) trainer: Trainer<UpdateRule>,
    pub(super) minimizer: Option<Minimizer>,
    /// Which settings of mini-batches and epochs were set.
    of_epochs: BTreeSet<&'static str>,
    pub(super) loss: Option<ClassificationLoss>,
    pub(super) validation_fraction: Option<f64>,
    pub(super) class_weight: Option<ClassWeight>,
}

/// Setters of the trainer. Those of mini-batches and epochs are remembered, so that a minimiser can refuse them.
macro_rules! training_settings {
    (@note $network:ident, every_fit, $name:ident) => {};
    (@note $network:ident, epochs, $name:ident) => {
        $network.of_epochs.insert(stringify!($name));
    };
    ($($(#[$doc:meta])* $for:ident $name:ident($value:ident: $type:ty),)*) => {
        impl MlpClassifier {
            $(
                $(#[$doc])*
                pub fn $name(mut self, $value: $type) -> Self {
                    training_settings!(@note self, $for, $name);
                    self.trainer = self.trainer.$name($value);
                    self
                }
            )*
        }
    };
}

training_settings! {
    /// Rows in a mini-batch, at least 1; the last of an epoch may have fewer. Defaults to 32.
    epochs batch_size(rows: usize),
    /// Passes over the training rows, at least 1. Defaults to 100.
    epochs epochs(epochs: usize),
    /// Mini-batches whose gradients make one step, at least 1. Defaults to 1.
    epochs accumulate(batches: usize),
    /// λ of the penalty λ/2 ‖w‖² beside the mean loss, at least 0. Defaults to 0.
    every_fit l2(lambda: f64),
    /// How gradients are clipped before a step. Defaults to not at all.
    epochs clip(clip: Clip),
    /// How the learning rate changes. Defaults to [`Schedule::constant`].
    epochs schedule(schedule: Schedule),
    /// The seed of initial weights, shuffles, dropout masks and validation rows. Defaults to 0.
    every_fit seed(seed: u64),
    /// Epochs without a better validation loss before training stops, at least 1. Defaults to 10.
    epochs patience(epochs: usize),
    /// By how much the validation loss has to fall to count as better, at least 0. Defaults to 0: any fall counts.
    epochs min_improvement(fall: f64),
}

impl MlpClassifier {
    /// A network with hidden layers of these sizes; none makes it a logistic regression.
    pub fn new(hidden: impl Into<Vec<usize>>) -> Self {
        MlpClassifier {
            hidden: hidden.into(),
            activation: Activation::Relu,
            initializer: None,
            bias_initializer: None,
            normalization: Normalization::None,
            dropout: 0.0,
            trainer: Trainer::new(Adam::new(1e-3).into()),
            minimizer: None,
            of_epochs: BTreeSet::new(),
            loss: None,
            validation_fraction: None,
            class_weight: None,
        }
    }

    /// The activation of the hidden layers. Defaults to [`Activation::Relu`].
    pub fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// The distribution of initial weights in every layer. Defaults to what suits the activation of the layer; see
    /// [`Dense::initializer`](crate::nn::Dense::initializer).
    pub fn initializer(mut self, initializer: Initializer) -> Self {
        self.initializer = Some(initializer);
        self
    }

    /// The distribution of initial biases in every layer. Defaults to zero.
    pub fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.bias_initializer = Some(initializer);
        self
    }

    /// What stands between each hidden layer's sums and its activation. Defaults to [`Normalization::None`].
    pub fn normalization(mut self, normalization: Normalization) -> Self {
        self.normalization = normalization;
        self
    }

    /// The probability, from 0 to 1 (excluded), with which each output of a hidden layer is left out in a training step.
    /// Defaults to 0.
    pub fn dropout(mut self, probability: f64) -> Self {
        self.dropout = probability;
        self
    }

    /// The loss: one of the crate, or your own by [`ClassificationLoss::custom`]. Defaults to cross-entropy:
    /// [`BinaryCrossEntropy`] for two classes, [`SoftmaxCrossEntropy`] for more.
    pub fn loss(mut self, loss: impl Into<ClassificationLoss>) -> Self {
        self.loss = Some(loss.into());
        self
    }

    /// What trains the network: [`Adam`], [`Sgd`](crate::Sgd), any other update rule, or
    /// [`Lbfgs`] or [`LevenbergMarquardt`] for all rows at once. Defaults to
    /// `Adam::new(1e-3)`.
    pub fn optimizer(mut self, optimizer: impl Into<MlpOptimizer>) -> Self {
        match optimizer.into() {
            MlpOptimizer::FirstOrder(rule) => (self.trainer.optimizer, self.minimizer) = (rule, None),
            MlpOptimizer::FullBatch(minimizer) => self.minimizer = Some(minimizer),
        }
        self
    }

    /// The share of the rows, above 0 and below 1, that is set aside (the same share of every class) to measure the
    /// loss after each epoch. Training stops when it has not improved for [`patience`](Self::patience) epochs, and
    /// the weights of the best epoch are kept. Defaults to none: all epochs run on all rows.
    pub fn validation_fraction(mut self, fraction: f64) -> Self {
        self.validation_fraction = Some(fraction);
        self
    }

    /// How much the rows of each class count. Defaults to 1 each.
    pub fn class_weight(mut self, class_weight: ClassWeight) -> Self {
        self.class_weight = Some(class_weight);
        self
    }

    pub(super) fn check<T: Real>(&self) -> Result<(), Error> {
        if self.hidden.contains(&0) {
            let requires = "at least 1";
            return Err(Error::InvalidParameter { name: "hidden", value: 0.0, requires });
        }
        self.activation.check()?;
        for initializer in [self.initializer, self.bias_initializer].into_iter().flatten() {
            initializer.check()?;
        }
        check::fraction("dropout", self.dropout)?;
        self.trainer.check::<T>()?;
        if let Some(minimizer) = &self.minimizer {
            match minimizer {
                Minimizer::Lbfgs(lbfgs) => lbfgs.check()?,
                Minimizer::LevenbergMarquardt(levenberg_marquardt) => levenberg_marquardt.check()?,
            }
        }
        let batches = self.dropout > 0.0 || self.normalization == Normalization::Batch;
        if self.minimizer.is_some() && batches {
            return Err(unsupported(
                "dropout and batch normalisation",
                "a minimiser of all rows at once",
                "choose an update rule such as Adam, or layer normalisation",
            ));
        }
        if let (Some(_), Some(setting)) = (&self.minimizer, self.of_epochs.first()) {
            let instead = "leave it out, or choose an update rule such as Adam";
            return Err(unsupported(setting, "a minimiser of all rows at once", instead));
        }
        let Some(fraction) = self.validation_fraction else { return Ok(()) };
        check::fraction("validation_fraction", fraction)?;
        check::positive("validation_fraction", fraction)?;
        let epochs = self.minimizer.is_none();
        check::parameter(
            "validation_fraction",
            fraction,
            epochs,
            "absent for a minimiser, which has no epochs",
        )
    }

    /// Whether there are steps at all.
    pub(super) fn check_steps(&self) -> Result<(), Error> {
        self.minimizer.map_or(Ok(()), |_| {
            Err(unsupported(
                "steps, epochs and checkpoints",
                "a minimiser of all rows at once",
                "choose an update rule such as Adam",
            ))
        })
    }

    /// The loss for so many classes.
    pub(super) fn loss_for(&self, classes: usize) -> ClassificationLoss {
        match &self.loss {
            Some(loss) => loss.clone(),
            None if classes == 2 => BinaryCrossEntropy.into(),
            None => SoftmaxCrossEntropy::new().into(),
        }
    }
}
