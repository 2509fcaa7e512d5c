//! The fitted multi-layer perceptron.

use nalgebra::{DMatrix, DMatrixView, DVectorView};

use super::BLOCK;
use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::kernel::Strided;
use crate::label::Label;
use crate::layer::{Dense, Layer, Sequential, Shape, Tape};
use crate::loss::{log_probabilities, probabilities};
use crate::real::Real;
use crate::report::FitReport;

/// A fitted [`MlpClassifier`](crate::MlpClassifier).
#[derive(Debug, Clone, PartialEq)]
pub struct FittedMlp<T: Real, L> {
    pub(super) classes: Vec<L>,
    pub(super) network: Sequential<Dense>,
    pub(super) params: Vec<T>,
    pub(super) report: FitReport,
}

impl<T: Real, L: Label> FittedMlp<T, L> {
    /// The architecture.
    pub fn network(&self) -> &Sequential<Dense> {
        &self.network
    }

    /// All weights and biases, in the order of [`Sequential`].
    pub fn params(&self) -> &[T] {
        &self.params
    }

    /// The weights into layer `layer`, inputs x outputs; `None` beyond the last layer.
    pub fn weights(&self, layer: usize) -> Option<DMatrixView<'_, T>> {
        let (dense, params) = self.layer(layer)?;
        Some(DMatrixView::from_slice(dense.split(params).0, dense.inputs(), dense.outputs()))
    }

    /// The biases of layer `layer`; `None` beyond the last layer.
    pub fn biases(&self, layer: usize) -> Option<DVectorView<'_, T>> {
        let (dense, params) = self.layer(layer)?;
        let biases = dense.split(params).1;
        Some(DVectorView::from_slice(biases, biases.len()))
    }

    fn layer(&self, layer: usize) -> Option<(&Dense, &[T])> {
        let range = self.network.parameter_ranges().nth(layer)?;
        Some((&self.network.layers()[layer], &self.params[range]))
    }

    /// How the fit went.
    pub fn report(&self) -> &FitReport {
        &self.report
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

    /// Works on blocks of rows, so that memory beyond the result does not grow with `x`.
    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check::count("x", "columns", self.features(), x.ncols())?;
        check::finite("x", x)?;
        let rows = x.nrows();
        let mut scores = DMatrix::zeros(rows, self.network.outputs());
        let mut tape: Tape<T> = self.network.tape(BLOCK.min(rows));
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            if tape.output().nrows() != count {
                tape = self.network.tape(count);
            }
            self.network.forward_rows(&self.params, Strided::from(x).rows(first, count), &mut tape);
            scores.rows_mut(first, count).copy_from(tape.output());
        }
        check::scores(&scores)?;
        Ok(scores)
    }

    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        Ok(probabilities(&self.decision_function(x)?, self.classes.len()))
    }

    fn predict_log_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        Ok(log_probabilities(&self.decision_function(x)?))
    }
}
