//! The hyper-parameters of the multi-layer perceptron, and its fit.

use std::ops::ControlFlow;

use nalgebra::DMatrix;

use super::batches::Samples;
use super::fitted::FittedMlp;
use super::full_batch::FullBatch;
use super::training::Training;
use crate::check;
use crate::classifier::{Estimator, FitOptions};
use crate::error::Error;
use crate::label::Label;
use crate::layer::{Activation, Layer, Sequential, Shape};
use crate::loss::cross_entropy;
use crate::optim::{Adam, Lbfgs, Optimizer, Sgd};
use crate::real::Real;
use crate::report::Observer;
use crate::rng::Rng;
use crate::rows::{Rows, Selected, checked};
use crate::select::stratified;

/// What trains a network: an update rule on mini-batches, or a minimiser on all rows at once.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum MlpOptimizer {
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam.
    Adam(Adam),
    /// L-BFGS on all rows: for small data and networks. Batch size, epochs and validation rows do not apply.
    Lbfgs(Lbfgs),
}

macro_rules! into_optimizer {
    ($($rule:ident)*) => {
        $(impl From<$rule> for MlpOptimizer {
            fn from(rule: $rule) -> Self {
                MlpOptimizer::$rule(rule)
            }
        })*
    };
}
into_optimizer!(Sgd Adam Lbfgs);

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
/// The seed decides initial weights, shuffles and validation rows, each from a generator of its own; the same seed
/// gives the same bits.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::{Activation, Classifier, Estimator, Lbfgs, MlpClassifier};
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
    hidden: Vec<usize>,
    activation: Activation,
    optimizer: MlpOptimizer,
    batch_size: usize,
    epochs: usize,
    l2: f64,
    seed: u64,
    validation_fraction: Option<f64>,
    patience: usize,
}

impl MlpClassifier {
    /// A network with hidden layers of these sizes; none makes it a logistic regression.
    pub fn new(hidden: impl Into<Vec<usize>>) -> Self {
        MlpClassifier {
            hidden: hidden.into(),
            activation: Activation::Relu,
            optimizer: MlpOptimizer::Adam(Adam::new(1e-3)),
            batch_size: 32,
            epochs: 100,
            l2: 0.0,
            seed: 0,
            validation_fraction: None,
            patience: 10,
        }
    }

    /// The activation of the hidden layers. Defaults to [`Activation::Relu`].
    pub fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// What trains the network: [`Adam`], [`Sgd`] or [`Lbfgs`]. Defaults to `Adam::new(1e-3)`.
    pub fn optimizer(mut self, optimizer: impl Into<MlpOptimizer>) -> Self {
        self.optimizer = optimizer.into();
        self
    }

    /// Rows in a mini-batch, at least 1; the last of an epoch may have fewer. Defaults to 32.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Passes over the training rows, at least 1. Defaults to 100.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// λ of the penalty λ/2 ‖w‖² beside the mean loss, at least 0. Defaults to 0.
    pub fn l2(mut self, lambda: f64) -> Self {
        self.l2 = lambda;
        self
    }

    /// The seed of initial weights, shuffles and validation rows. Defaults to 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The share of the rows, above 0 and below 1, that is set aside (the same share of every class) to measure the
    /// loss after each epoch. Training stops when it has not improved for [`patience`](Self::patience) epochs, and
    /// the weights of the best epoch are kept. Defaults to none: all epochs run on all rows.
    pub fn validation_fraction(mut self, fraction: f64) -> Self {
        self.validation_fraction = Some(fraction);
        self
    }

    /// Epochs without a better validation loss before training stops, at least 1. Defaults to 10.
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    fn check<T: Real>(&self) -> Result<(), Error> {
        if let Some(size) = self.hidden.iter().find(|size| **size == 0) {
            return Err(Error::InvalidParameter {
                name: "hidden",
                value: *size as f64,
                requires: "at least 1",
            });
        }
        for (name, value) in
            [("batch_size", self.batch_size), ("epochs", self.epochs), ("patience", self.patience)]
        {
            check::parameter(name, value as f64, value > 0, "at least 1")?;
        }
        self.activation.check()?;
        check::not_negative("l2", self.l2)?;
        if let Some(fraction) = self.validation_fraction {
            check::fraction("validation_fraction", fraction)?;
            check::positive("validation_fraction", fraction)?;
            let mini_batches = !matches!(self.optimizer, MlpOptimizer::Lbfgs(_));
            check::parameter(
                "validation_fraction",
                fraction,
                mini_batches,
                "absent for L-BFGS, which has no epochs",
            )?;
        }
        match &self.optimizer {
            MlpOptimizer::Sgd(sgd) => Optimizer::<T>::check(sgd),
            MlpOptimizer::Adam(adam) => Optimizer::<T>::check(adam),
            MlpOptimizer::Lbfgs(lbfgs) => lbfgs.check(),
        }
    }
}

/// Whether parameters, gradient, optimizer state and a copy of the best weights can be allocated at all.
fn enough_memory<T: Real>(parameters: usize) -> Result<(), Error> {
    let room = Vec::<T>::new().try_reserve_exact(parameters.saturating_mul(5));
    let requires = "few enough weights for the memory of this machine";
    room.map_err(|_| Error::InvalidParameter { name: "parameters", value: parameters as f64, requires })
}

impl<T: Real> Estimator<T> for MlpClassifier {
    type Fitted<L: Label> = FittedMlp<T, L>;

    fn fit_with<L: Label>(
        &self,
        x: &DMatrix<T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<FittedMlp<T, L>, Error> {
        self.check::<T>()?;
        options.without_offset("a network")?;
        let (encoded, total_weight) = checked(x, y, options.weights)?;
        let rows = Rows { x, classes: &encoded.indices, weights: options.weights, total_weight };
        let loss = cross_entropy::<T>(encoded.classes.len());
        let mut sizes = vec![x.ncols()];
        sizes.extend(&self.hidden);
        sizes.push(loss.score_columns(encoded.classes.len()));
        let network = Sequential::perceptron(&sizes, self.activation)?;
        enough_memory::<T>(network.parameter_count())?;
        let mut rng = Rng::new(self.seed);
        let mut params = vec![T::zero(); network.parameter_count()];
        network.init(&mut params, &mut rng.split());

        let mut ignore = |_: &_| ControlFlow::Continue(());
        let observer: &mut Observer<'_> = match options.observer {
            Some(observer) => observer,
            None => &mut ignore,
        };
        let optimizer: &dyn Optimizer<T> = match &self.optimizer {
            MlpOptimizer::Sgd(sgd) => sgd,
            MlpOptimizer::Adam(adam) => adam,
            MlpOptimizer::Lbfgs(lbfgs) => {
                let mut objective = FullBatch::new(&network, loss, rows, self.l2);
                let minimum = lbfgs.minimize_observed(&mut objective, params, observer)?;
                let (params, report) = (minimum.params, minimum.report);
                return Ok(FittedMlp { classes: encoded.classes, network, params, report });
            }
        };
        let (mut shuffles, mut held_out) = (rng.split(), rng.split());
        let (numbers, held) = self.hold_out(rows, &encoded.classes, &mut held_out)?;
        let validation = held.as_ref().map(|held| FullBatch::new(&network, loss, held.rows(), 0.0));
        let training = Training {
            network: &network,
            loss,
            optimizer,
            batch_size: self.batch_size,
            epochs: self.epochs,
            lambda: self.l2,
            patience: self.patience,
        };
        let samples = Samples::new(rows, &numbers);
        let report = training.run(&mut params, &samples, validation, &mut shuffles, observer);
        Ok(FittedMlp { classes: encoded.classes, network, params, report })
    }
}

impl MlpClassifier {
    /// The numbers of the rows to train on, and the rows set aside for validation if any are wanted.
    fn hold_out<T: Real, L: Label>(
        &self,
        rows: Rows<'_, T>,
        classes: &[L],
        rng: &mut Rng,
    ) -> Result<(Vec<usize>, Option<Selected<T>>), Error> {
        let counted = rows.counted();
        let Some(fraction) = self.validation_fraction else { return Ok((counted, None)) };
        let indices: Vec<usize> = counted.iter().map(|&row| rows.classes[row]).collect();
        let split = stratified(&indices, classes, fraction, rng)?;
        let numbers = |part: &[usize]| part.iter().map(|&index| counted[index]).collect::<Vec<_>>();
        Ok((numbers(&split.train), Some(rows.select(&numbers(&split.test)))))
    }
}
