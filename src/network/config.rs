//! The hyper-parameters of the multi-layer perceptron.

use std::collections::BTreeSet;

use super::architecture::Normalization;
use crate::check;
use crate::class_weight::ClassWeight;
use crate::error::{Error, unsupported};
use crate::layer::{Activation, Initializer, Layer};
use crate::loss::{BinaryCrossEntropy, ClassificationLoss, Loss, SoftmaxCrossEntropy};
use crate::optim::{Adam, Clip, Lbfgs, LevenbergMarquardt, MinimizeResult, Schedule, UpdateRule};
use crate::report::Observer;
use crate::scalar::Real;
use crate::train::{NetworkObjective, Trainer};

/// The training method of a network: an update rule on mini-batches, or a minimiser on all rows at once.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum MlpOptimizer {
    /// An update rule on mini-batches: [`Adam`], [`Sgd`](crate::Sgd) or any other.
    FirstOrder(UpdateRule),
    /// A minimiser on all rows at once, for small data and small networks. A fit then rejects settings of
    /// mini-batches and epochs.
    FullBatch(Minimizer),
}

/// A full-batch minimiser for networks.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Minimizer {
    /// L-BFGS.
    Lbfgs(Lbfgs),
    /// Levenberg-Marquardt on the generalised Gauss-Newton matrix. It suits at most some hundred parameters,
    /// and takes few iterations.
    LevenbergMarquardt(LevenbergMarquardt),
}

impl Minimizer {
    /// Returns the maximum number of iterations.
    pub(crate) fn limit(&self) -> usize {
        match self {
            Minimizer::Lbfgs(lbfgs) => lbfgs.limit(),
            Minimizer::LevenbergMarquardt(levenberg_marquardt) => levenberg_marquardt.limit(),
        }
    }

    /// Returns the same minimiser with another maximum number of iterations.
    pub(crate) fn limited(&self, iterations: usize) -> Self {
        match self {
            Minimizer::Lbfgs(lbfgs) => Minimizer::Lbfgs(lbfgs.max_iterations(iterations)),
            Minimizer::LevenbergMarquardt(levenberg_marquardt) => {
                Minimizer::LevenbergMarquardt(levenberg_marquardt.max_iterations(iterations))
            }
        }
    }

    /// Minimises the objective of a network.
    ///
    /// # Errors
    /// Returns the errors of the minimisers.
    pub(crate) fn minimize<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        objective: &mut NetworkObjective<T, N, S>,
        start: Vec<T>,
        observer: &mut Observer<'_>,
    ) -> Result<MinimizeResult<T>, Error> {
        match self {
            Minimizer::Lbfgs(lbfgs) => lbfgs.minimize_observed(objective, start, observer),
            Minimizer::LevenbergMarquardt(levenberg_marquardt) => {
                let method = levenberg_marquardt.floor_by_default(1.0);
                method.minimize_observed(objective, start, observer)
            }
        }
    }
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
/// Minimises the mean cross-entropy of the network's scores plus λ/2 ‖w‖² over its weights (not its biases).
/// The network has one score for two classes, and one per class for more.
///
/// # Data
/// Columns should have similar, moderate scales: standardised, or between 0 and 1. Mini-batch training keeps
/// one transposed copy of the training rows.
///
/// # Reproducibility
/// The seed determines the initial weights, shuffles, dropout masks and validation rows. The same seed gives
/// the same bits.
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
/// let model = MlpClassifier::new([8])
///     .activation(Activation::Tanh)
///     .optimizer(Lbfgs::new())
///     .seed(1)
///     .fit(&x, &y)?;
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
    /// All training settings; their update rule applies unless there is a minimiser.
    pub(super) trainer: Trainer<UpdateRule>,
    pub(super) minimizer: Option<Minimizer>,
    /// The names of the mini-batch and epoch settings that were set.
    of_epochs: BTreeSet<&'static str>,
    pub(super) loss: Option<ClassificationLoss>,
    pub(super) validation_fraction: Option<f64>,
    pub(super) class_weight: Option<ClassWeight>,
}

/// Generates the setters of the trainer. Those of mini-batches and epochs are recorded, so that a fit with a
/// minimiser can reject them.
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
    /// Sets the number of rows in a mini-batch, at least 1; the last batch of an epoch may have fewer.
    /// Defaults to 32, and to all rows for [`Rprop`](crate::optim::Rprop), which needs them.
    epochs batch_size(rows: usize),
    /// Sets the number of passes over the training rows, at least 1. Defaults to 100.
    epochs epochs(epochs: usize),
    /// Sets the number of mini-batches whose gradients make one step, at least 1. Defaults to 1.
    epochs accumulate(batches: usize),
    /// Sets whether rows are shuffled before each epoch. Defaults to `true`.
    epochs shuffle(shuffle: bool),
    /// Sets λ of the penalty λ/2 ‖w‖² that is added to the mean loss, at least 0. Defaults to 0.
    every_fit l2(lambda: f64),
    /// Sets how gradients are clipped before a step. Defaults to no clipping.
    epochs clip(clip: Clip),
    /// Sets the learning-rate schedule. Defaults to [`Schedule::constant`].
    epochs schedule(schedule: Schedule),
    /// Sets the seed of the initial weights, shuffles, dropout masks and validation rows. Defaults to 0.
    every_fit seed(seed: u64),
    /// Sets the largest number of threads. Defaults to all of the machine; short computations use one.
    ///
    /// Results do not depend on it, to the bit, and a run can be resumed with another number.
    every_fit threads(threads: usize),
    /// Sets the number of epochs without a better validation loss before training stops, at least 1. Defaults
    /// to 10.
    epochs patience(epochs: usize),
    /// Sets how much the validation loss must decrease to count as better for the patience, at least 0. The
    /// weights of the lowest loss are kept in any case. Defaults to 0: any decrease counts.
    epochs min_improvement(fall: f64),
}

impl MlpClassifier {
    /// Creates a network with hidden layers of these sizes; without any, it is a logistic regression.
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

    /// Sets the activation of the hidden layers. Defaults to [`Activation::Relu`].
    pub fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Sets the distribution of the initial weights in every layer. Defaults to one that suits the activation
    /// of the layer; see [`Dense::initializer`](crate::nn::Dense::initializer).
    pub fn initializer(mut self, initializer: Initializer) -> Self {
        self.initializer = Some(initializer);
        self
    }

    /// Sets the distribution of the initial biases in every layer. Defaults to zero.
    pub fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.bias_initializer = Some(initializer);
        self
    }

    /// Sets the normalisation between the weighted sums of each hidden layer and its activation. Defaults to
    /// [`Normalization::None`].
    pub fn normalization(mut self, normalization: Normalization) -> Self {
        self.normalization = normalization;
        self
    }

    /// Sets the probability, from 0 to 1 (excluded), of dropping each output of a hidden layer in a training
    /// step. Defaults to 0.
    pub fn dropout(mut self, probability: f64) -> Self {
        self.dropout = probability;
        self
    }

    /// Sets the loss: one of the crate, or your own with [`ClassificationLoss::custom`]. Defaults to
    /// cross-entropy: [`BinaryCrossEntropy`] for two classes, [`SoftmaxCrossEntropy`] for more.
    pub fn loss(mut self, loss: impl Into<ClassificationLoss>) -> Self {
        self.loss = Some(loss.into());
        self
    }

    /// Sets the training method: [`Adam`], [`Sgd`](crate::Sgd) or any other update rule, or [`Lbfgs`] or
    /// [`LevenbergMarquardt`] for all rows at once. Defaults to `Adam::new(1e-3)`.
    pub fn optimizer(mut self, optimizer: impl Into<MlpOptimizer>) -> Self {
        match optimizer.into() {
            MlpOptimizer::FirstOrder(rule) => (self.trainer.optimizer, self.minimizer) = (rule, None),
            MlpOptimizer::FullBatch(minimizer) => self.minimizer = Some(minimizer),
        }
        self
    }

    /// Sets the fraction of the rows to hold out for validation, above 0 and below 1.
    ///
    /// The same fraction of every class is held out, and the loss on these rows is measured after each epoch.
    /// Training stops when it has not improved for [`patience`](Self::patience) epochs, and the weights of
    /// the best epoch are kept. Defaults to none: all epochs run on all rows.
    pub fn validation_fraction(mut self, fraction: f64) -> Self {
        self.validation_fraction = Some(fraction);
        self
    }

    /// Sets class weights, which multiply the sample weights. Defaults to 1 for every class.
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
            initializer.check_in::<T>()?;
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
                "dropout or batch normalisation",
                "a full-batch minimiser",
                "choose an update rule such as Adam, or layer normalisation",
            ));
        }
        if let (Some(_), Some(setting)) = (&self.minimizer, self.of_epochs.first()) {
            let instead = "leave it out, or choose an update rule such as Adam";
            return Err(unsupported(setting, "a full-batch minimiser", instead));
        }
        let Some(fraction) = self.validation_fraction else { return Ok(()) };
        check::part("validation_fraction", fraction)?;
        let epochs = self.minimizer.is_none();
        check::parameter(
            "validation_fraction",
            fraction,
            epochs,
            "absent for a minimiser, which has no epochs",
        )
    }

    /// Checks that training proceeds in steps, as it does without a minimiser.
    pub(super) fn check_steps(&self) -> Result<(), Error> {
        self.minimizer.map_or(Ok(()), |_| {
            Err(unsupported(
                "steps, epochs or checkpoints",
                "a full-batch minimiser",
                "choose an update rule such as Adam",
            ))
        })
    }

    /// Returns the loss for this number of classes.
    pub(super) fn loss_for(&self, classes: usize) -> ClassificationLoss {
        match &self.loss {
            Some(loss) => loss.clone(),
            None if classes == 2 => BinaryCrossEntropy.into(),
            None => SoftmaxCrossEntropy::new().into(),
        }
    }
}
