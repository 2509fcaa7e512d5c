//! An estimator for networks of any layers and any loss.

use super::fitted::{FittedNetwork, check_distribution, check_outputs};
use super::passes::Passes;
use super::run::{Setup, fit_on};
use crate::check;
use crate::class_weight::ClassWeight;
use crate::error::Error;
use crate::estimator::{Estimator, FitOptions};
use crate::examples::Labelled;
use crate::label::Label;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::optim::Optimizer;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::train::{Trained, Trainer};

/// A classifier that trains a network of your own layers on your own loss.
///
/// It is an estimator, so it works in pipelines, in model selection and with everything else that takes one.
///
/// The architecture is a function from the number of columns and the number of scores to a network. Both are
/// known only during a fit: the steps of a pipeline can change the number of columns, and
/// [`Loss::score_columns`] returns the number of scores that the classes need.
///
/// # Examples
/// ```
/// use logit::nn::{Dense, NetworkClassifier, Sequential, SoftmaxCrossEntropy, Trainer};
/// use logit::prelude::*;
/// use logit::{Activation, Adam, Pipeline, StandardScaler, data};
///
/// let iris = data::iris();
/// let network = NetworkClassifier::new(
///     Trainer::new(Adam::new(0.02)).epochs(40),
///     |inputs, outputs| {
///         Sequential::new(vec![
///             Dense::new(inputs, 8)?.activation(Activation::Tanh),
///             Dense::new(8, outputs)?,
///         ])
///     },
///     SoftmaxCrossEntropy::new(),
/// );
/// let model = Pipeline::new(StandardScaler::new(), network).fit(&iris.x, &iris.y)?;
/// assert!(model.score(&iris.x, &iris.y)? > 0.95);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkClassifier<F, S, O> {
    trainer: Trainer<O>,
    architecture: F,
    loss: S,
    validation_fraction: Option<f64>,
    class_weight: Option<ClassWeight>,
}

impl<F, S, O> NetworkClassifier<F, S, O> {
    /// Creates a classifier from a trainer, an architecture and a loss.
    ///
    /// `architecture` builds the network for a number of inputs and a number of outputs.
    pub fn new(trainer: Trainer<O>, architecture: F, loss: S) -> Self {
        NetworkClassifier { trainer, architecture, loss, validation_fraction: None, class_weight: None }
    }

    /// Sets the fraction of the rows to hold out for validation, above 0 and below 1.
    ///
    /// The same fraction of every class is held out. The loss on these rows is measured after each epoch, for
    /// early stopping. Defaults to none.
    pub fn validation_fraction(mut self, fraction: f64) -> Self {
        self.validation_fraction = Some(fraction);
        self
    }

    /// Sets the largest number of threads. Defaults to that of the trainer, which is all of the machine; short
    /// computations use one.
    pub fn threads(mut self, threads: usize) -> Self {
        self.trainer = self.trainer.threads(threads);
        self
    }

    /// Sets class weights, which multiply the sample weights. Defaults to 1 for every class.
    pub fn class_weight(mut self, class_weight: ClassWeight) -> Self {
        self.class_weight = Some(class_weight);
        self
    }
}

impl<T, F, N, S, O> Estimator<T> for NetworkClassifier<F, S, O>
where
    T: Real,
    F: Fn(usize, usize) -> Result<N, Error>,
    N: Layer<T>,
    S: Loss<T> + Clone,
    O: Optimizer<T> + Clone,
{
    type Fitted<L: Label> = FittedNetwork<T, L, N, S>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<FittedNetwork<T, L, N, S>, Error> {
        options.without_offset("a network")?;
        self.trainer.check::<T>()?;
        if let Some(fraction) = self.validation_fraction {
            check::part("validation_fraction", fraction)?;
        }
        let labelled = Labelled::new(x, y, options.weights, self.class_weight.as_ref())?;
        let classes = labelled.classes.len();
        let network = (self.architecture)(x.ncols(), self.loss.score_columns(classes))?;
        check_outputs(&self.loss, classes, network.outputs())?;
        check_distribution(&self.loss, network.outputs(), classes)?;
        let setup = Setup { fraction: self.validation_fraction, ..Setup::default() };
        let loss = self.loss.clone();
        let trained = fit_on(&self.trainer, (&network, &loss), &labelled, setup, options)?;
        let names = x.names().map(<[String]>::to_vec);
        Ok(FittedNetwork::assemble(labelled.classes, names, (network, loss), trained, Passes::of_copies()))
    }
}

impl<T: Real> Trained<T> {
    /// Turns the trained parameters and their network into a classifier of labels.
    ///
    /// `classes` are in ascending order, one for each class index of the training targets.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] or [`Error::OneClass`] if there are fewer than two classes, and
    /// [`Error::UnsortedClasses`] if they are not strictly ascending. Returns [`Error::ShapeMismatch`] if
    /// sizes disagree, [`Error::NotFinite`] if a parameter is not finite, and [`Error::InvalidParameter`] if
    /// a setting of the network or the loss is out of range. Returns [`Error::Unsupported`] if the
    /// probabilities of the loss do not sum to 1.
    ///
    /// # Examples
    /// ```
    /// use logit::nn::{
    ///     Examples, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer,
    /// };
    /// use logit::prelude::*;
    /// use logit::{Activation, Adam, data};
    ///
    /// let iris = data::iris();
    /// let indices: Vec<usize> = (0..150).map(|row| row / 50).collect();
    /// let examples = Examples::new(&iris.x, Targets::Classes(&indices));
    /// let (network, loss) = (
    ///     Sequential::perceptron(&[4, 6, 3], Activation::Tanh)?,
    ///     SoftmaxCrossEntropy::new(),
    /// );
    /// let trained = Trainer::new(Adam::new(0.05)).epochs(30).fit(
    ///     &network,
    ///     &loss,
    ///     examples,
    ///     TrainOptions::new(),
    /// )?;
    /// let model = trained.into_classifier(
    ///     network,
    ///     loss,
    ///     ["setosa", "versicolor", "virginica"],
    /// )?;
    /// assert!(model.score(&iris.x, &iris.y)? > 0.9);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn into_classifier<L: Label, N: Layer<T>, S: Loss<T>>(
        self,
        network: N,
        loss: S,
        classes: impl Into<Vec<L>>,
    ) -> Result<FittedNetwork<T, L, N, S>, Error> {
        FittedNetwork::checked(classes.into(), (network, loss), self, Passes::of_copies())
    }
}
