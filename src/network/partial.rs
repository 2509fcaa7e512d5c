//! Networks that learn in parts.

use super::architecture::Network;
use super::config::MlpClassifier;
use super::mlp::FittedMlp;
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
use crate::train::{RunState, StepOutcome, Trainer, check_compatible};

/// A network that learns from rows as they come: each call is one epoch over the rows it is given.
///
/// The classes are named once, at the start, so that a part need not hold rows of every class. The state of the
/// optimizer, the schedule and the random numbers go on from call to call: as many calls with the same rows are, to the
/// bit, a fit with as many epochs.
///
/// ```
/// use logit::prelude::*;
/// use logit::{MlpClassifier, data};
///
/// let iris = data::iris();
/// let mut partial = MlpClassifier::new([10]).partial(4, ["setosa", "versicolor", "virginica"])?;
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
    /// A network for rows of so many columns and for these classes (in any order) that has learnt nothing yet.
    ///
    /// Validation shares and the number of epochs do not apply.
    ///
    /// # Errors
    /// For hyper-parameters out of range, fewer than two classes and class weights for others; [`Error::Unsupported`] for
    /// a minimiser of all rows at once, and for [`ClassWeight::Balanced`], which needs to have seen all rows.
    pub fn partial<T: Real, L: Label>(
        &self,
        features: usize,
        classes: impl IntoIterator<Item = L>,
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
                    "a network that learns in parts",
                    "name them: ClassWeight::map",
                ));
            }
            Some(weights) => Some(weights.of_classes::<T, L>(&classes, &[], None)?),
            None => None,
        };
        let loss = self.loss_for(classes.len());
        let network = self.network(features, Loss::<T>::score_columns(&loss, classes.len()))?;
        let trainer = self.trainer.clone().epochs(usize::MAX);
        let state = trainer.first_state(&network, None, 0)?;
        Ok(PartialMlp { classes, names: None, network, loss, trainer, class_weights, state })
    }
}

impl<T: Real, L: Label> PartialMlp<T, L> {
    /// One epoch over these rows.
    ///
    /// # Errors
    /// For rows that do not fit the network, numbers that are not finite and labels that are none of the classes; the
    /// model is then as it was before.
    pub fn fit<'a>(&mut self, x: impl Into<Rows<'a, T>>, y: &[L]) -> Result<(), Error> {
        let x = x.into();
        self.learn(x, y, None)
    }

    /// One epoch over these rows with one weight each.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and for bad weights.
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
        let mut run = self.trainer.resume_on_others(&self.network, &self.loss, examples, state);
        // Without metrics a step has no errors.
        while let Ok(StepOutcome::Step) = run.step() {}
        self.state = run.into_state();
        // The first rows with names say what the columns are called.
        self.names = self.names.take().or_else(|| x.names().map(<[String]>::to_vec));
        Ok(())
    }

    /// Whether the loss or the weights have left the finite numbers, after which calls change nothing.
    pub fn has_diverged(&self) -> bool {
        self.state.stop == Some(StopReason::Diverged)
    }

    /// The model as it stands.
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
