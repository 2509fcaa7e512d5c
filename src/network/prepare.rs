//! Checked and encoded data, and the network that fits it.

use super::architecture::Network;
use super::config::MlpClassifier;
use crate::error::Error;
use crate::examples::{ClassExamples, Labelled};
use crate::label::Label;
use crate::loss::{ClassificationLoss, Loss};
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::select::stratified;

/// The checked inputs of a fit.
pub(super) struct Prepared<'a, T: Real, L> {
    pub(super) labelled: Labelled<'a, T, L>,
    pub(super) network: Network,
    pub(super) loss: ClassificationLoss,
}

impl MlpClassifier {
    pub(super) fn prepare<'a, T: Real, L: Label>(
        &self,
        x: Rows<'a, T>,
        y: &[L],
        weights: Option<&'a [T]>,
    ) -> Result<Prepared<'a, T, L>, Error> {
        self.check::<T>()?;
        let labelled = Labelled::new(x, y, weights, self.class_weight.as_ref())?;
        let classes = labelled.classes.len();
        let loss = self.loss_for(classes);
        let network = self.network(x.ncols(), Loss::<T>::score_columns(&loss, classes))?;
        Ok(Prepared { labelled, network, loss })
    }
}

/// Returns the classes as texts, for the identity of a run.
pub(super) fn named<L: Label>(classes: &[L]) -> Vec<String> {
    classes.iter().map(|label| format!("{label:?}")).collect()
}

/// Splits the rows with weight into rows to train on and rows held out for validation, the same fraction of
/// every class.
pub(super) fn hold_out<T: Real, L: Label>(
    examples: ClassExamples<'_, T>,
    classes: &[L],
    fraction: f64,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let counted = examples.counted();
    let indices: Vec<usize> = counted.iter().map(|&row| examples.targets[row]).collect();
    let mut rng = Rng::at(seed, HOLD_OUT, 0);
    let split = stratified(&indices, classes, fraction, &mut rng)?;
    let rows = |part: &[usize]| part.iter().map(|&index| counted[index]).collect::<Vec<_>>();
    Ok((rows(&split.train), rows(&split.test)))
}

/// The stream of random numbers that selects the held-out rows.
pub(super) const HOLD_OUT: u64 = 3;
