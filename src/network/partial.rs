//! Incremental training of networks.

use super::architecture::Network;
use super::config::MlpClassifier;
use super::mlp::FittedMlp;
use super::prepare::named;
use crate::class_weight::ClassWeight;
use crate::error::{Error, unsupported};
use crate::examples::{CheckedExamples, EncodedExamples};
use crate::label::{Label, distinct};
use crate::layer::Shape;
use crate::loss::{ClassificationLoss, Loss};
use crate::optim::UpdateRule;
use crate::report::StopReason;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::train::{Checkpoint, Epoch, RunState, StepOutcome, Trainer, check_compatible};

/// A network that is trained incrementally: each call of [`fit`](Self::fit) is one epoch over the given rows.
///
/// The classes are declared once, at the start, so a part need not contain rows of every class. The state of
/// the optimizer, the schedule and the random numbers continues from call to call: n calls with the same rows
/// give the same bits as a fit with n epochs.
///
/// # Weights
/// Class weights and sample weights are relative to the mean weight of all rows so far, not to that of the
/// part. They therefore have their effect in parts of a single class or a single row too.
///
/// # Memory
/// Memory does not grow with the number of calls. The history has the last 20 of them, under their numbers.
///
/// # Files
/// [`checkpoint`](Self::checkpoint) takes a snapshot, which can be saved, and from which
/// [`MlpClassifier::resume_partial`] goes on to the same bits. [`MlpClassifier::partial_from`] goes on from a
/// model, with a fresh optimizer.
///
/// # Examples
///
/// ```
/// use logit::prelude::*;
/// use logit::{MlpClassifier, data};
///
/// let iris = data::iris();
/// let mut partial =
///     MlpClassifier::new([10]).partial(4, ["setosa", "versicolor", "virginica"])?;
/// for _ in 0..60 {
///     for first in [0, 50, 100] {
///         let rows: Vec<usize> = (first..first + 50).collect();
///         let y: Vec<&str> = rows.iter().map(|&row| iris.y[row]).collect();
///         partial.fit(&iris.x.select_rows(&rows), &y)?; // rows of a single species
///     }
/// }
/// let model = partial.model();
/// assert_eq!(model.classes().len(), 3);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PartialMlp<T, L> {
    names: Option<Vec<String>>,
    classes: Vec<L>,
    network: Network,
    loss: ClassificationLoss,
    trainer: Trainer<UpdateRule>,
    class_weights: Option<Vec<f64>>,
    state: RunState<T>,
}

impl MlpClassifier {
    /// Creates an untrained network for `features` columns and these classes, in any order.
    ///
    /// The validation fraction and the number of epochs do not apply.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a hyper-parameter is out of range, and [`Error::Empty`] or
    /// [`Error::OneClass`] if there are fewer than two classes. Returns [`Error::UnknownClass`] if a class
    /// weight is for another class, and [`Error::DuplicateClass`] or [`Error::LabelType`] if the class
    /// weights are not valid. Returns [`Error::Unsupported`] for a full-batch minimiser, and for
    /// [`ClassWeight::Balanced`], which needs all rows.
    pub fn partial<T: Real, L: Label>(
        &self,
        features: usize,
        classes: impl IntoIterator<Item = L>,
    ) -> Result<PartialMlp<T, L>, Error> {
        self.empty_partial(features, classes, None)
    }

    /// Creates a network that goes on learning from a model, such as one that was loaded from a file.
    ///
    /// The columns and the classes are those of the model. The state of the optimizer and the schedule begin
    /// anew; a [checkpoint](PartialMlp::checkpoint) keeps them.
    ///
    /// # Errors
    /// Returns the errors of [`partial`](Self::partial), and [`Error::WarmStart`] if the model has other
    /// layers than this network.
    ///
    /// # Examples
    /// ```
    /// use logit::prelude::*;
    /// use logit::{MlpClassifier, data};
    ///
    /// let iris = data::iris();
    /// let network = MlpClassifier::new([10]);
    /// let model = network.fit(&iris.x, &iris.y)?;
    /// let mut partial = network.partial_from(&model)?;
    /// partial.fit(iris.x.rows(0, 1), &iris.y[..1])?;
    /// assert_ne!(partial.model().params(), model.params());
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn partial_from<T: Real, L: Label>(
        &self,
        model: &FittedMlp<T, L>,
    ) -> Result<PartialMlp<T, L>, Error> {
        let partial =
            self.empty_partial(model.network.inputs(), model.classes.iter().cloned(), Some(model))?;
        Ok(PartialMlp { names: model.names.clone(), ..partial })
    }

    /// Goes on from a checkpoint of a [`PartialMlp`], for the same columns and classes.
    ///
    /// The names of the columns are not part of a checkpoint: those of the next rows count.
    ///
    /// # Errors
    /// Returns the errors of [`partial`](Self::partial), and [`Error::Checkpoint`] if the checkpoint belongs
    /// to another run.
    ///
    /// # Examples
    /// ```
    /// use logit::nn::Checkpoint;
    /// use logit::prelude::*;
    /// use logit::{MlpClassifier, data};
    ///
    /// let iris = data::iris();
    /// let network = MlpClassifier::new([10]);
    /// let names = ["setosa", "versicolor", "virginica"];
    /// let mut partial = network.partial(4, names)?;
    /// partial.fit(&iris.x, &iris.y)?;
    /// let stored = partial.checkpoint().to_bytes()?; // or save(path)
    ///
    /// let checkpoint = Checkpoint::from_bytes(&stored)?; // or load(path)
    /// let mut again = network.resume_partial(4, names, checkpoint)?;
    /// again.fit(&iris.x, &iris.y)?;
    /// partial.fit(&iris.x, &iris.y)?;
    /// assert_eq!(again, partial);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn resume_partial<T: Real, L: Label>(
        &self,
        features: usize,
        classes: impl IntoIterator<Item = L>,
        checkpoint: Checkpoint<T>,
    ) -> Result<PartialMlp<T, L>, Error> {
        let mut partial = self.empty_partial(features, classes, None)?;
        let PartialMlp { network, loss, trainer, .. } = &partial;
        partial.state = trainer.resume_in_parts(network, loss, &named(&partial.classes), checkpoint)?;
        Ok(partial)
    }

    fn empty_partial<T: Real, L: Label>(
        &self,
        features: usize,
        classes: impl IntoIterator<Item = L>,
        start: Option<&FittedMlp<T, L>>,
    ) -> Result<PartialMlp<T, L>, Error> {
        self.check::<T>()?;
        self.check_steps()?;
        let given: Vec<L> = classes.into_iter().collect();
        let classes = distinct(given.iter());
        match classes.as_slice() {
            [] => return Err(Error::Empty { argument: "classes", axis: "labels" }),
            [only] => return Err(Error::OneClass { label: format!("{only:?}") }),
            _ => {}
        }
        let class_weights = match &self.class_weight {
            Some(ClassWeight::Balanced) => {
                return Err(unsupported(
                    "balanced class weights",
                    "incremental training",
                    "set the weights with ClassWeight::map",
                ));
            }
            Some(weights) => Some(weights.of_classes(&classes, || Ok(vec![0.0; classes.len()]))?),
            None => None,
        };
        let loss = self.loss_for(classes.len());
        let network = self.network(features, Loss::<T>::score_columns(&loss, classes.len()))?;
        let trainer = self.trainer.clone().epochs(usize::MAX);
        if let Some(model) = start {
            model.check_start(&classes, &network)?;
        }
        let start = start.map(|model| (model.params.as_slice(), model.statistics.as_slice()));
        let state = trainer.first_state_in_parts(&network, &loss, &named(&classes), start)?;
        Ok(PartialMlp { classes, names: None, network, loss, trainer, class_weights, state })
    }
}

impl<T: Real, L: Label> PartialMlp<T, L> {
    /// Trains for one epoch over these rows.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] or [`Error::ColumnNames`] if the rows do not fit the network,
    /// [`Error::Empty`] if there are none, [`Error::NotFinite`] if a number is not finite, and
    /// [`Error::UnknownLabel`] if a label is not one of the classes. The model is then unchanged.
    pub fn fit<'a>(&mut self, x: impl Into<Rows<'a, T>>, y: &[L]) -> Result<(), Error> {
        let x = x.into();
        self.learn(x, y, None)
    }

    /// Trains for one epoch over these rows, with one weight per row.
    ///
    /// # Errors
    /// Returns the errors of [`fit`](Self::fit), and [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`]
    /// if the weights are not valid.
    pub fn fit_weighted<'a>(
        &mut self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        weights: &[T],
    ) -> Result<(), Error> {
        let x = x.into();
        self.learn(x, y, Some(weights))
    }

    fn learn(&mut self, x: Rows<'_, T>, y: &[L], weights: Option<&[T]>) -> Result<(), Error> {
        x.check_columns(self.network.inputs(), self.names.as_deref())?;
        let class_weights = self.class_weights.as_deref();
        let encoded = EncodedExamples::of_classes(x, y, weights, &self.classes, class_weights)?;
        let examples = CheckedExamples::from(encoded.examples());
        check_compatible(&examples, &self.network, &self.loss)?;
        let state = std::mem::take(&mut self.state);
        let mut run = self.trainer.resume_on_part(&self.network, &self.loss, examples, state);
        // A step can fail only in its metrics, and there are none.
        while let Ok(StepOutcome::Step) = run.step() {}
        self.state = run.into_state_of_parts();
        // The first rows with column names determine the names.
        self.names = self.names.take().or_else(|| x.names().map(<[String]>::to_vec));
        Ok(())
    }

    /// Returns whether the loss or the weights are no longer finite, after which calls change nothing.
    pub fn has_diverged(&self) -> bool {
        self.state.stop == Some(StopReason::Diverged)
    }

    /// Returns a snapshot, to save and to [go on from](MlpClassifier::resume_partial).
    pub fn checkpoint(&self) -> Checkpoint<T> {
        Checkpoint::of(self.state.clone())
    }

    /// Returns the record of the last call; `None` before the first.
    pub fn last_epoch(&self) -> Option<&Epoch> {
        self.state.last_epoch()
    }

    /// Returns the model in its current state. Its history has the last 20 calls.
    pub fn model(&self) -> FittedMlp<T, L> {
        let trained = self.state.clone().into_trained(StopReason::IterationLimit);
        FittedMlp::new(
            self.classes.clone(),
            self.names.clone(),
            self.network.clone(),
            self.loss.clone(),
            trained,
        )
    }
}
