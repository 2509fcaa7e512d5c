//! The fitted multi-layer perceptron.

use nalgebra::{DMatrix, DMatrixView, DVectorView};

use super::architecture::Network;
use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::label::Label;
use crate::layer::{AnyLayer, Dense, Layer, Sequential, Shape, Summary, Tape};
use crate::loss::{ClassificationLoss, Loss, log_probabilities};
use crate::report::FitReport;
use crate::scalar::Real;
use crate::scalar::Strided;
use crate::train::{BLOCK, History, Trained};

/// A fitted [`MlpClassifier`](crate::MlpClassifier).
#[derive(Debug, Clone, PartialEq)]
pub struct FittedMlp<T, L> {
    pub(super) classes: Vec<L>,
    pub(super) network: Network,
    pub(super) loss: ClassificationLoss,
    pub(super) params: Vec<T>,
    pub(super) statistics: Vec<T>,
    pub(super) report: FitReport,
    pub(super) history: History,
}

impl<T: Real, L: Label> FittedMlp<T, L> {
    pub(super) fn new(
        classes: Vec<L>,
        network: Network,
        loss: ClassificationLoss,
        trained: Trained<T>,
    ) -> Self {
        let Trained { params, statistics, report, history } = trained;
        FittedMlp { classes, network: network.trained(), loss, params, statistics, report, history }
    }

    /// Whether a fit with these classes and this network may start from here.
    pub(super) fn check_start(&self, classes: &[L], network: &Network) -> Result<(), Error> {
        if self.classes != classes {
            let named = |classes: &[L]| format!("the classes {classes:?}");
            return Err(Error::WarmStart { expected: named(classes), found: named(&self.classes) });
        }
        let network = &network.clone().trained();
        if self.network != *network {
            let named = |network: &Network| {
                let layers: Vec<String> = network
                    .layers()
                    .iter()
                    .map(|layer| format!("{} {} x {}", layer.describe(), layer.inputs(), layer.outputs()))
                    .collect();
                format!("the layers {layers:?}")
            };
            return Err(Error::WarmStart { expected: named(network), found: named(&self.network) });
        }
        Ok(())
    }

    /// The architecture.
    pub fn network(&self) -> &Sequential<AnyLayer> {
        &self.network
    }

    /// The loss that it was trained on, whose link makes probabilities of scores.
    pub fn loss(&self) -> &ClassificationLoss {
        &self.loss
    }

    /// All weights and biases, in the order of [`Sequential`].
    pub fn params(&self) -> &[T] {
        &self.params
    }

    /// The running statistics of batch normalisation, in the order of the layers; empty without any.
    pub fn statistics(&self) -> &[T] {
        &self.statistics
    }

    /// A table of the layers, for batches of `rows` rows.
    pub fn summary(&self, rows: usize) -> Summary {
        Summary::of::<T>(&self.network, rows)
    }

    /// The weights into dense layer `layer`, inputs x outputs; `None` beyond the last. Only dense layers count.
    pub fn weights(&self, layer: usize) -> Option<DMatrixView<'_, T>> {
        let (dense, params) = self.layer(layer)?;
        Some(DMatrixView::from_slice(dense.split(params).0, dense.inputs(), dense.outputs()))
    }

    /// The biases of dense layer `layer`, none of which it may have; `None` beyond the last. Only dense layers count.
    pub fn biases(&self, layer: usize) -> Option<DVectorView<'_, T>> {
        let (dense, params) = self.layer(layer)?;
        let biases = dense.split(params).1;
        Some(DVectorView::from_slice(biases, biases.len()))
    }

    fn layer(&self, layer: usize) -> Option<(&Dense, &[T])> {
        let layers = self.network.layers().iter().zip(self.network.parameter_ranges());
        let dense = layers.filter_map(|(layer, range)| match layer {
            AnyLayer::Dense(dense) => Some((dense, &self.params[range])),
            _ => None,
        });
        dense.into_iter().nth(layer)
    }

    /// How the fit went.
    pub fn report(&self) -> &FitReport {
        &self.report
    }

    /// The same epoch by epoch; empty for fits to all rows at once.
    pub fn history(&self) -> &History {
        &self.history
    }
}

impl<T: Real, L: Label> Classifier<T> for FittedMlp<T, L> {
    type Label = L;

    fn classes(&self) -> &[L] {
        &self.classes
    }

    fn features(&self) -> usize {
        self.network.inputs()
    }

    /// Where the loss keeps a score for each of two classes, their difference; where a single score is a probability,
    /// its distance from 1/2.
    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let mut scores = self.scores(x)?;
        if scores.ncols() == 1 && matches!(self.loss, ClassificationLoss::MeanSquaredError(_)) {
            scores.add_scalar_mut(T::of(-0.5));
            return Ok(scores);
        }
        if self.classes.len() > 2 || scores.ncols() == 1 {
            return Ok(scores);
        }
        let difference = DMatrix::from_fn(scores.nrows(), 1, |row, _| scores[(row, 1)] - scores[(row, 0)]);
        check::scores(&difference)?;
        Ok(difference)
    }

    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let mut probabilities = DMatrix::zeros(x.nrows(), self.classes.len());
        self.loss.probabilities(&self.scores(x)?, &mut probabilities);
        Ok(probabilities)
    }

    fn predict_log_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        // Of a single score or of softmax they are known beyond where probabilities underflow.
        let logistic =
            self.network.outputs() == 1 && !matches!(self.loss, ClassificationLoss::MeanSquaredError(_));
        if logistic || matches!(self.loss, ClassificationLoss::SoftmaxCrossEntropy(_)) {
            return Ok(log_probabilities(&self.scores(x)?));
        }
        Ok(self.predict_proba(x)?.map(|p| p.ln()))
    }
}

/// What a multi-label model needs of the network, whose classes are labels there.
impl<T: Real, L: Label> FittedMlp<T, L> {
    pub(crate) fn labels(&self) -> &[L] {
        &self.classes
    }

    pub(crate) fn label_count(&self) -> usize {
        self.classes.len()
    }

    pub(crate) fn inputs(&self) -> usize {
        self.network.inputs()
    }

    /// The scores of the network, in blocks of rows, so that memory beyond the result does not grow with `x`.
    pub(crate) fn scores(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check::count("x", "columns", self.network.inputs(), x.ncols())?;
        check::finite("x", x)?;
        let rows = x.nrows();
        let mut scores = DMatrix::zeros(rows, self.network.outputs());
        let tape_of = |rows| {
            let mut tape: Tape<T> = self.network.tape(rows);
            tape.load_statistics(&self.statistics);
            tape
        };
        let mut tape = tape_of(BLOCK.min(rows));
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            if tape.output().nrows() != count {
                tape = tape_of(count);
            }
            self.network.forward_rows(&self.params, Strided::from(x).rows(first, count), &mut tape);
            scores.rows_mut(first, count).copy_from(tape.output());
        }
        check::scores(&scores)?;
        Ok(scores)
    }
}
