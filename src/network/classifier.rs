//! Networks of any layers and any loss as an estimator.

use super::fitted::{FittedNetwork, check_distribution};
use super::passes::Passes;
use super::run::{Setup, begin_on, run_observed};
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

/// A network of your own layers and your own loss that learns labels: for pipelines, selection and everything else that
/// takes an estimator.
///
/// The architecture is a function from the number of columns and of scores to a network, since both are known only in a fit:
/// steps of a pipeline make columns, and [`Loss::score_columns`] says how many scores the classes need.
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
///         Sequential::new(vec![Dense::new(inputs, 8)?.activation(Activation::Tanh), Dense::new(8, outputs)?])
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
    /// A network that `architecture` makes for a number of inputs and of outputs, trained by `trainer` on `loss`.
    pub fn new(trainer: Trainer<O>, architecture: F, loss: S) -> Self {
        NetworkClassifier { trainer, architecture, loss, validation_fraction: None, class_weight: None }
    }

    /// The share of the rows, above 0 and below 1, that is set aside (the same share of every class) to measure the loss
    /// after each epoch, for early stopping. Defaults to none.
    pub fn validation_fraction(mut self, fraction: f64) -> Self {
        self.validation_fraction = Some(fraction);
        self
    }

    /// How much the rows of each class count. Defaults to 1 each.
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
            check::fraction("validation_fraction", fraction)?;
            check::positive("validation_fraction", fraction)?;
        }
        let labelled = Labelled::new(x, y, options.weights, self.class_weight.as_ref())?;
        let classes = labelled.classes.len();
        let network = (self.architecture)(x.ncols(), self.loss.score_columns(classes))?;
        check::count("network", "outputs", self.loss.score_columns(classes), network.outputs())?;
        check_distribution(&self.loss, network.outputs(), classes)?;
        let setup = Setup { fraction: self.validation_fraction, ..Setup::default() };
        let mut run = begin_on(&self.trainer, network, self.loss.clone(), &labelled, setup)?;
        run_observed(&mut run, self.trainer.epochs, options.observer)?;
        let (network, loss, trained) = run.into_trained();
        let names = x.names().map(<[String]>::to_vec);
        Ok(FittedNetwork::assemble(labelled.classes, names, (network, loss), trained, Passes::of_copies()))
    }
}

impl<T: Real> Trained<T> {
    /// The network with these parameters as a classifier of labels: classes in ascending order, one for each index that
    /// it was trained on.
    ///
    /// # Errors
    /// For fewer than two classes, classes that are not strictly ascending, sizes that disagree, parameters that are not
    /// finite, and [`Error::Unsupported`] for a loss whose probabilities do not sum to 1.
    ///
    /// # Examples
    /// ```
    /// use logit::nn::{Examples, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer};
    /// use logit::prelude::*;
    /// use logit::{Activation, Adam, data};
    ///
    /// let iris = data::iris();
    /// let indices: Vec<usize> = (0..150).map(|row| row / 50).collect();
    /// let examples = Examples::new(&iris.x, Targets::Classes(&indices));
    /// let (network, loss) = (Sequential::perceptron(&[4, 6, 3], Activation::Tanh)?, SoftmaxCrossEntropy::new());
    /// let trained = Trainer::new(Adam::new(0.05)).epochs(30).fit(&network, &loss, examples, TrainOptions::new())?;
    /// let model = trained.into_classifier(network, loss, ["setosa", "versicolor", "virginica"])?;
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
