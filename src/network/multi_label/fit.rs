//! Fits of a network to label sets.

use super::super::config::MlpClassifier;
use super::super::mlp::FittedMlp;
use super::super::run::run_on;
use super::fitted::FittedMultiLabel;
use crate::check;
use crate::error::{Error, unsupported};
use crate::estimator::FitOptions;
use crate::examples::{CheckedExamples, Targets};
use crate::label::Label;
use crate::label_sets::LabelSets;
use crate::loss::{BinaryCrossEntropy, ClassificationLoss};
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::train::CheckedOptions;

impl MlpClassifier {
    /// Fits a network with one score per label: independent yes/no answers from shared hidden layers.
    ///
    /// The loss defaults to [`BinaryCrossEntropy`], summed over labels.
    /// [`WeightedBinaryCrossEntropy`](crate::nn::WeightedBinaryCrossEntropy), [`Focal`](crate::nn::Focal),
    /// [`SigmoidSquaredError`](crate::nn::SigmoidSquaredError) and the hinge losses work too; the scores of
    /// hinge losses need [calibration](FittedMultiLabel::calibrate). Class weights are not supported.
    /// Validation rows are drawn without regard to labels.
    ///
    /// # Errors
    /// Returns the errors of [`Estimator::fit_with`](crate::Estimator::fit_with). Returns
    /// [`Error::Unsupported`] for class weights, and for a loss without a score for each label.
    ///
    /// # Examples
    /// ```
    /// use nalgebra::dmatrix;
    /// use logit::{LabelSets, Lbfgs, MlpClassifier};
    ///
    /// let x = dmatrix![0.0, 0.0; 0.0, 1.0; 1.0, 0.0; 1.0, 1.0];
    /// let y =
    ///     LabelSets::new(&[vec!["none"], vec!["any"], vec!["any"], vec!["any", "both"]])?;
    /// let model = MlpClassifier::new([4])
    ///     .optimizer(Lbfgs::new())
    ///     .seed(1)
    ///     .fit_multi_label(&x, &y)?;
    /// assert_eq!(model.predict(&x)?, y);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn fit_multi_label<'a, T: Real, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &LabelSets<L>,
    ) -> Result<FittedMultiLabel<T, L>, Error> {
        self.fit_multi_label_with(x, y, FitOptions::new())
    }

    /// Fits a network with one score per label, with sample weights or an observer.
    ///
    /// # Errors
    /// Returns the errors of [`fit_multi_label`](Self::fit_multi_label), [`Error::InvalidWeight`] or
    /// [`Error::InvalidWeightSum`] if the weights are not valid, and [`Error::Unsupported`] for offsets.
    pub fn fit_multi_label_with<'a, T: Real, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &LabelSets<L>,
        options: FitOptions<'_, T>,
    ) -> Result<FittedMultiLabel<T, L>, Error> {
        let x = x.into();
        options.without_offset("a network")?;
        check::count("y", "rows", x.nrows(), y.rows())?;
        let loss = self.multi_label_loss()?;
        self.fit_labels(x, y, options, loss).map(FittedMultiLabel::new)
    }

    fn multi_label_loss(&self) -> Result<ClassificationLoss, Error> {
        let loss = self.chosen_loss().cloned().unwrap_or(BinaryCrossEntropy.into());
        match loss {
            ClassificationLoss::SoftmaxCrossEntropy(_)
            | ClassificationLoss::SoftmaxSquaredError(_)
            | ClassificationLoss::MeanSquaredError(_)
            | ClassificationLoss::Custom(_) => Err(unsupported(
                "a loss without log-odds for each label",
                "a multi-label fit",
                "choose a loss with a score for each label, such as BinaryCrossEntropy",
            )),
            loss => Ok(loss),
        }
    }

    /// Returns the loss that was set, if any.
    pub(crate) fn chosen_loss(&self) -> Option<&ClassificationLoss> {
        self.loss.as_ref()
    }

    /// Fits a network whose columns of scores are labels.
    pub(crate) fn fit_labels<T: Real, L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &LabelSets<L>,
        options: FitOptions<'_, T>,
        loss: ClassificationLoss,
    ) -> Result<FittedMlp<T, L>, Error> {
        self.check::<T>()?;
        if self.class_weight.is_some() {
            return Err(unsupported(
                "class weights",
                "a multi-label fit",
                "use BinaryCrossEntropy.positive_weights",
            ));
        }
        let network = self.network(x.ncols(), y.labels().len())?;
        let targets = y.targets::<T>();
        let all = CheckedExamples::new(x, Targets::Values(&targets), options.weights)?;
        let trained = match &self.minimizer {
            Some(minimizer) => self.minimize_on(minimizer, (&network, &loss), all, None, options)?,
            None => {
                let parts = match self.validation_fraction {
                    None => None,
                    Some(fraction) => {
                        let [learnt, held] = self.split_rows(all.counted(), fraction)?;
                        Some((all.select(&learnt)?, all.select(&held)?))
                    }
                };
                let validation = parts.as_ref().map(|(_, held)| held.examples());
                let run = CheckedOptions { validation, ..CheckedOptions::default() };
                let learnt = parts.as_ref().map_or(all, |(learnt, _)| learnt.examples());
                run_on(&self.trainer, (&network, &loss), learnt, run, options)?
            }
        };
        Ok(FittedMlp::new(y.labels().to_vec(), x.names().map(<[String]>::to_vec), network, loss, trained))
    }

    /// Splits rows into rows to learn from and held-out rows, without regard to labels.
    fn split_rows(&self, mut order: Vec<usize>, fraction: f64) -> Result<[Vec<usize>; 2], Error> {
        let available = order.len();
        let requested = crate::scalar::share(available, fraction);
        if requested == 0 || requested >= available {
            let label = "of any kind".to_owned();
            return Err(Error::SplitTooSmall { requested, available, label, members: available });
        }
        Rng::at(self.trainer.seed, super::super::prepare::HOLD_OUT, 0).shuffle(&mut order);
        let (held, train) = order.split_at(requested);
        Ok([train, held].map(|rows| {
            let mut rows = rows.to_vec();
            rows.sort_unstable();
            rows
        }))
    }
}
