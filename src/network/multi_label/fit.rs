//! Fits of a network to label sets.

use std::ops::ControlFlow;

use nalgebra::DMatrix;

use super::config::MlpClassifier;
use super::fitted::FittedMlp;
use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::loss::{ClassificationLoss, Targets};
use crate::multilabel::LabelSets;
use crate::real::Real;
use crate::rng::Rng;
use crate::train::{Examples, TrainOptions};

impl MlpClassifier {
    /// The loss that was asked for, if any.
    pub(crate) fn chosen_loss(&self) -> Option<&ClassificationLoss> {
        self.loss.as_ref()
    }

    /// A network whose columns of scores are labels.
    pub(crate) fn fit_labels<T: Real, L: Label>(
        &self,
        x: &DMatrix<T>,
        y: &LabelSets<L>,
        weights: Option<&[T]>,
        loss: ClassificationLoss,
    ) -> Result<FittedMlp<T, L>, Error> {
        self.check::<T>()?;
        if self.class_weight.is_some() {
            let instead = "use BinaryCrossEntropy.positive_weights";
            return Err(Error::Unsupported { what: "class weights", by: "a multi-label fit", instead });
        }
        let network = self.network(x.ncols(), y.labels().len())?;
        let targets = y.targets::<T>();
        let all = Examples::new(x, Targets::Values(&targets)).weighted(weights);
        check::weights(weights, x.nrows())?;
        if let Some(minimizer) = &self.minimizer {
            let mut ignore = |_: &_| ControlFlow::Continue(());
            let trained = self.minimize_on(minimizer, &network, &loss, all, None, &mut ignore)?;
            return Ok(FittedMlp::new(y.labels().to_vec(), network, loss, trained));
        }
        let trained = match self.validation_fraction {
            None => self.trainer.fit(&network, &loss, all, TrainOptions::default())?,
            Some(fraction) => {
                let [train, held] = self.parts(x, y, weights, fraction)?;
                let options = TrainOptions::default().validation(held.examples());
                self.trainer.fit(&network, &loss, train.examples(), options)?
            }
        };
        Ok(FittedMlp::new(y.labels().to_vec(), network, loss, trained))
    }

    /// Rows to learn from and rows set aside, drawn without regard to labels.
    fn parts<T: Real, L: Label>(
        &self,
        x: &DMatrix<T>,
        y: &LabelSets<L>,
        weights: Option<&[T]>,
        fraction: f64,
    ) -> Result<[Part<T>; 2], Error> {
        let available = x.nrows();
        let requested = (available as f64 * fraction).ceil() as usize;
        if requested == 0 || requested >= available {
            let label = "of any kind".to_owned();
            return Err(Error::SplitTooSmall { requested, available, label, members: available });
        }
        let mut order: Vec<usize> = (0..available).collect();
        Rng::at(self.trainer.seed, super::prepare::HOLD_OUT, 0).shuffle(&mut order);
        let (held, train) = order.split_at(requested);
        Ok([train, held].map(|rows| {
            let mut rows = rows.to_vec();
            rows.sort_unstable();
            Part {
                x: x.select_rows(&rows),
                targets: y.select(&rows).targets(),
                weights: weights.map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            }
        }))
    }
}

/// Rows that own their memory.
struct Part<T> {
    x: DMatrix<T>,
    targets: DMatrix<T>,
    weights: Option<Vec<T>>,
}

impl<T: Real> Part<T> {
    fn examples(&self) -> Examples<'_, T> {
        Examples::new(&self.x, Targets::Values(&self.targets)).weighted(self.weights.as_deref())
    }
}
