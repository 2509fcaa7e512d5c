//! A network with given weights as a classifier, as a user of the crate would write one.

use logit::nalgebra::DMatrix;
use logit::nn::{BinaryCrossEntropy, Dense, Layer, Loss, Sequential, Shape, SoftmaxCrossEntropy};
use logit::prelude::*;
use logit::{Error, Real};

/// Classes are numbers from 0. Log-probabilities are the logarithms of probabilities, which round to 0 and 1 where scores
/// are large.
#[derive(Debug, Clone)]
pub(crate) struct FixedNetwork<T> {
    pub(crate) network: Sequential<Dense>,
    pub(crate) params: Vec<T>,
    classes: Vec<usize>,
}

impl<T: Real> FixedNetwork<T> {
    pub(crate) fn new(network: Sequential<Dense>, params: Vec<T>) -> Self {
        assert_eq!(network.parameter_count(), params.len());
        let classes = (0..network.outputs().max(2)).collect();
        FixedNetwork { network, params, classes }
    }
}

impl<T: Real> Classifier<T> for FixedNetwork<T> {
    type Label = usize;

    fn classes(&self) -> &[usize] {
        &self.classes
    }
    fn features(&self) -> usize {
        self.network.inputs()
    }
    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let (expected, found) = (self.network.inputs(), x.ncols());
        if expected != found {
            return Err(Error::ShapeMismatch { argument: "x", axis: "columns", expected, found });
        }
        let mut tape = self.network.tape(x.nrows());
        self.network.forward(&self.params, x, &mut tape);
        Ok(tape.output().clone())
    }
    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let scores = self.decision_function(x)?;
        let mut p = DMatrix::zeros(x.nrows(), self.classes.len());
        match self.classes.len() {
            2 => BinaryCrossEntropy.probabilities(&scores, &mut p),
            _ => SoftmaxCrossEntropy::new().probabilities(&scores, &mut p),
        }
        Ok(p)
    }
}
