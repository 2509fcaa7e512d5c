//! A network with given weights as a classifier, as a user of the crate would write one.

use logit::nalgebra::{DMatrix, DMatrixViewMut};
use logit::nn::{BinaryCrossEntropy, Dense, Layer, Loss, Sequential, Shape, SoftmaxCrossEntropy};
use logit::prelude::*;
use logit::{Error, Real, Rows, Scratch};

/// Classes are numbers from 0. Log-probabilities are the logarithms of probabilities, which round to 0 and 1
/// where scores are large.
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
    fn scores_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        _: &mut Scratch<T>,
    ) -> Result<(), Error> {
        let (expected, found) = (self.network.inputs(), x.ncols());
        if expected != found {
            return Err(Error::ShapeMismatch { argument: "x", axis: "columns", expected, found });
        }
        let mut tape = self.network.tape(x.nrows());
        self.network.forward(&self.params, &x.clone_owned(), &mut tape);
        out.copy_from(tape.output());
        Ok(())
    }
    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        _: &mut Scratch<T>,
    ) -> Result<(), Error> {
        let scores = self.decision_function(x)?;
        let mut p = DMatrix::zeros(x.nrows(), self.classes.len());
        match self.classes.len() {
            2 => BinaryCrossEntropy.probabilities(&scores, &mut p),
            _ => SoftmaxCrossEntropy::new().probabilities(&scores, &mut p),
        }
        out.copy_from(&p);
        Ok(())
    }
}
