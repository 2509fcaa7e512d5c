//! Data checked and encoded, and the network that fits them.

use std::borrow::Cow;

use super::architecture::Network;
use super::config::MlpClassifier;
use crate::check;
use crate::class_weight::times_class;
use crate::encoded::{EncodedRows, checked};
use crate::error::Error;
use crate::label::Label;
use crate::loss::{ClassificationLoss, Loss};
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::select::stratified;

/// Everything that a fit works with.
pub(super) struct Prepared<'a, T: Real, L> {
    pub(super) classes: Vec<L>,
    pub(super) indices: Vec<usize>,
    /// Sample weights times class weights.
    pub(super) weights: Option<Cow<'a, [T]>>,
    pub(super) class_weights: Option<Vec<f64>>,
    pub(super) total_weight: f64,
    pub(super) network: Network,
    pub(super) loss: ClassificationLoss,
}

impl MlpClassifier {
    pub(super) fn prepare<'a, T: Real, L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        weights: Option<&'a [T]>,
    ) -> Result<Prepared<'a, T, L>, Error> {
        self.check::<T>()?;
        let (encoded, _) = checked(x, y, weights)?;
        let of_class =
            |balance: &crate::ClassWeight| balance.of_classes(&encoded.classes, &encoded.indices, weights);
        let class_weights = self.class_weight.as_ref().map(of_class).transpose()?;
        let weights = times_class(weights, &encoded.indices, class_weights.as_deref());
        let total_weight = check::weights(weights.as_deref(), x.nrows())?;
        let loss = self.loss_for(encoded.classes.len());
        let network = self.network(x.ncols(), Loss::<T>::score_columns(&loss, encoded.classes.len()))?;
        Ok(Prepared {
            classes: encoded.classes,
            indices: encoded.indices,
            weights,
            class_weights,
            total_weight,
            network,
            loss,
        })
    }
}

impl<T: Real, L: Label> Prepared<'_, T, L> {
    pub(super) fn rows<'b>(&'b self, x: Rows<'b, T>) -> EncodedRows<'b, T> {
        EncodedRows {
            x,
            classes: &self.indices,
            weights: self.weights.as_deref(),
            total_weight: self.total_weight,
        }
    }

    /// The numbers of the rows to train on, and of those set aside for validation.
    pub(super) fn hold_out(
        &self,
        rows: EncodedRows<'_, T>,
        fraction: f64,
        seed: u64,
    ) -> Result<(Vec<usize>, Vec<usize>), Error> {
        let counted = rows.counted();
        let indices: Vec<usize> = counted.iter().map(|&row| rows.classes[row]).collect();
        let mut rng = Rng::at(seed, HOLD_OUT, 0);
        let split = stratified(&indices, &self.classes, fraction, &mut rng)?;
        let numbers = |part: &[usize]| part.iter().map(|&index| counted[index]).collect::<Vec<_>>();
        Ok((numbers(&split.train), numbers(&split.test)))
    }
}

/// The stream of random numbers that sets rows aside.
pub(super) const HOLD_OUT: u64 = 3;
