//! Initial parameters that suit any fully connected layers.

use crate::layer::{Group, Layer, groups};
use crate::rng::Rng;
use crate::scalar::Real;

/// Returns whether the first tensor of a layer is a matrix of weights from its inputs to its outputs, and its
/// size.
pub(crate) fn weights_of(group: &Group<'_>) -> Option<(usize, usize)> {
    let weights = group.layer.tensors().into_iter().next()?;
    let matrix = weights.rows == group.layer.inputs() && weights.columns == group.layer.outputs();
    matrix.then_some((weights.rows, weights.columns))
}

/// Returns initial parameters, whatever the layers would draw: normal weights of variance 2 / inputs, of
/// variance 1 / inputs in the last layer, and biases of 0. Other layers draw their own.
pub(crate) fn fair<T: Real>(network: &dyn Layer<T>, seed: u64) -> Vec<T> {
    let mut rng = Rng::new(seed);
    let mut params = vec![T::zero(); network.parameter_count()];
    network.init(&mut params, &mut rng);
    let groups = groups(&network);
    let dense: Vec<_> = groups.iter().filter_map(|group| Some((group, weights_of(group)?))).collect();
    for (at, (group, (inputs, outputs))) in dense.iter().enumerate() {
        let gain = if at + 1 == dense.len() { 1.0 } else { 2.0 };
        let deviation = (gain / *inputs as f64).sqrt();
        let (weights, biases) = params[group.range.clone()].split_at_mut(inputs * outputs);
        weights.iter_mut().for_each(|w| *w = T::of(deviation * rng.standard_normal()));
        biases.fill(T::zero());
    }
    params
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Dense, Initializer, Sequential, Shape};

    #[test]
    fn parameters_do_not_depend_on_the_initializers() {
        let layers = |start: Initializer| {
            let layer = |inputs, outputs| {
                Dense::new(inputs, outputs).unwrap().initializer(start).bias_initializer(start)
            };
            Sequential::new(vec![layer(400, 50), layer(50, 3)]).unwrap()
        };
        let network = layers(Initializer::Constant(7.0));
        let params: Vec<f64> = fair(&network, 1);
        assert_eq!(params.len(), network.parameter_count());
        let square = params[..20_000].iter().map(|w| w * w).sum::<f64>() / 20_000.0;
        assert!((square * 200.0 - 1.0).abs() < 0.05, "{square}");
        assert!(params[20_000..20_050].iter().all(|&bias| bias == 0.0));
        assert_eq!(params, fair::<f64>(&layers(Initializer::Zeros), 1));
    }
}
