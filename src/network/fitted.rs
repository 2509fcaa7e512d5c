//! The fitted multi-layer perceptron.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, DVectorView};

use super::architecture::Network;
use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::label::Label;
use crate::layer::{AnyLayer, Dense, Layer, Sequential, Shape, Summary, Tape};
use crate::loss::{ClassificationLoss, Loss, log_probabilities_of};
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::{Real, Strided};
use crate::scratch::Scratch;
use crate::train::{BLOCK, History, Trained};

/// A fitted [`MlpClassifier`](crate::MlpClassifier).
#[derive(Debug, Clone, PartialEq)]
pub struct FittedMlp<T, L> {
    pub(super) classes: Vec<L>,
    pub(super) names: Option<Vec<String>>,
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
        names: Option<Vec<String>>,
        network: Network,
        loss: ClassificationLoss,
        trained: Trained<T>,
    ) -> Self {
        let Trained { params, statistics, report, history } = trained;
        FittedMlp { classes, names, network: network.trained(), loss, params, statistics, report, history }
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

/// How scores of the network become what a classifier says.
enum Output {
    Scores,
    Probabilities,
    LogProbabilities,
}

impl<T: Real, L: Label> Classifier<T> for FittedMlp<T, L> {
    type Label = L;

    fn classes(&self) -> &[L] {
        &self.classes
    }

    fn features(&self) -> usize {
        self.network.inputs()
    }

    fn feature_names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    fn report(&self) -> Option<&FitReport> {
        Some(&self.report)
    }

    /// Where the loss keeps a score for each of two classes, their difference; where a single score is a probability,
    /// its distance from 1/2.
    fn scores_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.write(x, out.as_view_mut(), scratch, &Output::Scores)?;
        check::scores(&out)
    }

    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.write(x, out, scratch, &Output::Probabilities)
    }

    fn log_probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.write(x, out, scratch, &Output::LogProbabilities)
    }
}

/// Memory of a forward pass, kept between predictions.
struct Pass<T> {
    network: Network,
    tape: Tape<T>,
    probabilities: DMatrix<T>,
}

impl<T: Real, L: Label> FittedMlp<T, L> {
    /// Whether a single score is the log-odds, or all scores are the logarithms of unscaled probabilities.
    fn has_log_odds(&self) -> bool {
        let single = self.network.outputs() == 1;
        (single && !matches!(self.loss, ClassificationLoss::MeanSquaredError(_)))
            || matches!(self.loss, ClassificationLoss::SoftmaxCrossEntropy(_))
    }

    fn write(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
        output: &Output,
    ) -> Result<(), Error> {
        x.check_columns(self.features(), self.feature_names())?;
        let classes = self.classes.len();
        self.for_each_block(&x, classes, scratch, |first, scores, probabilities| {
            let mut out = out.rows_mut(first, scores.nrows());
            match output {
                Output::Scores => self.write_decisions(scores, out),
                Output::LogProbabilities if self.has_log_odds() => {
                    log_probabilities_of(scores.as_view(), out)
                }
                Output::Probabilities | Output::LogProbabilities => {
                    self.loss.probabilities(scores, probabilities);
                    out.copy_from(probabilities);
                    if matches!(output, Output::LogProbabilities) {
                        out.iter_mut().for_each(|p| *p = p.ln());
                    }
                }
            }
        })
    }

    fn write_decisions(&self, scores: &DMatrix<T>, mut out: DMatrixViewMut<'_, T>) {
        if self.classes.len() > 2 {
            out.copy_from(scores);
        } else if scores.ncols() > 1 {
            out.iter_mut().enumerate().for_each(|(row, z)| *z = scores[(row, 1)] - scores[(row, 0)]);
        } else {
            out.copy_from(scores);
            if matches!(self.loss, ClassificationLoss::MeanSquaredError(_)) {
                out.add_scalar_mut(T::of(-0.5));
            }
        }
    }

    /// Calls `each` with the first row of each block of rows, the scores of the network for the block, and room for
    /// `columns` columns of probabilities. Memory beyond that of the caller does not grow with `x`.
    fn for_each_block(
        &self,
        x: &Rows<'_, T>,
        columns: usize,
        scratch: &mut Scratch<T>,
        mut each: impl FnMut(usize, &DMatrix<T>, &mut DMatrix<T>),
    ) -> Result<(), Error> {
        check::finite("x", x.view())?;
        let rows = x.nrows();
        let mut pass = self.pass(BLOCK.min(rows), columns, scratch);
        let mut finite = Ok(());
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            if pass.tape.output().nrows() != count {
                scratch.keep(pass);
                pass = self.pass(count, columns, scratch);
            }
            let Pass { tape, probabilities, .. } = &mut *pass;
            scratch.with_row_contiguous(Strided::from(x).rows(first, count), |x, _| {
                self.network.forward_rows(&self.params, x, tape);
            });
            let scores = tape.output();
            if let (Ok(()), Err(Error::Overflow { row })) = (&finite, check::scores(scores)) {
                finite = Err(Error::Overflow { row: first + row });
            }
            each(first, scores, probabilities);
        }
        scratch.keep(pass);
        finite
    }

    /// The memory of a pass over this network, with its running statistics.
    fn pass(&self, rows: usize, columns: usize, scratch: &mut Scratch<T>) -> Box<Pass<T>> {
        let fits = |pass: &Pass<T>| {
            (pass.tape.output().nrows(), pass.probabilities.ncols()) == (rows, columns)
                && pass.network == self.network
        };
        let mut pass = scratch.take_kept(fits).unwrap_or_else(|| {
            Box::new(Pass {
                network: self.network.clone(),
                tape: self.network.tape(rows),
                probabilities: DMatrix::zeros(rows, columns),
            })
        });
        pass.tape.load_statistics(&self.statistics);
        pass
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

    /// The scores of the network.
    pub(crate) fn scores(&self, x: Rows<'_, T>) -> Result<DMatrix<T>, Error> {
        x.check_columns(self.inputs(), self.names.as_deref())?;
        let mut scores = DMatrix::zeros(x.nrows(), self.network.outputs());
        self.for_each_block(&x, 0, &mut Scratch::new(), |first, block, _| {
            scores.rows_mut(first, block.nrows()).copy_from(block);
        })?;
        Ok(scores)
    }
}
