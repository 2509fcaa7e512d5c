//! What the published rules look at: measures of a run after each epoch, or after each step.

use super::seen::Seen;

/// The course of a run.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    pub(crate) network: Seen,
    /// The smallest and the largest number in all training rows.
    pub(crate) inputs: (f64, f64),
    /// The same in their last batch.
    pub(crate) last_batch: (f64, f64),
    /// Whether a number in the training rows is not a number.
    pub(crate) has_nan: bool,
    /// The smallest and the largest target.
    pub(crate) targets: (f64, f64),
    /// The learning rate that is set; `None` for a method without one.
    pub(crate) rate: Option<f64>,
    /// The number of epochs that are planned.
    pub(crate) planned: usize,
    pub(crate) moments: Vec<Moment>,
}

/// A run after an epoch or a step.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    pub(crate) loss: f64,
    pub(crate) accuracy: f64,
    /// Loss and accuracy on the validation rows, if there are any.
    pub(crate) validation: Option<(f64, f64)>,
    /// The learning rate of the last step.
    pub(crate) rate: Option<f64>,
    /// The outputs of each layer for a batch.
    pub(crate) layers: Vec<LayerTrace>,
    /// The weights of each dense layer, and their gradients for that batch.
    pub(crate) dense: Vec<DenseTrace>,
    /// The share of zeros in the gradient of all parameters.
    pub(crate) zero_gradients: f64,
    pub(crate) is_gradient_finite: bool,
    pub(crate) are_weights_finite: bool,
    /// The largest sum of absolute outputs of a row.
    pub(crate) largest_output: f64,
}

/// The outputs of a layer for a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerTrace {
    pub(crate) mean: f64,
    /// The mean absolute value.
    pub(crate) size: f64,
    /// The share that is not above 0.
    pub(crate) inactive: f64,
    /// The share at or beyond -5 and 5.
    pub(crate) extreme: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The weights of a dense layer, without its bias, and their gradient.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DenseTrace {
    pub(crate) weight_mean: f64,
    pub(crate) gradient_mean: f64,
    /// The mean absolute gradient.
    pub(crate) gradient_size: f64,
    pub(crate) gradient_norm: f64,
}

impl LayerTrace {
    pub(crate) fn of(values: &[f64]) -> Self {
        let share = |is: fn(f64) -> bool| {
            values.iter().filter(|&&value| is(value)).count() as f64 / values.len() as f64
        };
        let (low, high) = range(values);
        LayerTrace {
            mean: mean(values),
            size: mean_size(values),
            inactive: share(|value| value <= 0.0),
            extreme: share(|value| value.abs() >= 5.0),
            low,
            high,
        }
    }
}

impl DenseTrace {
    pub(crate) fn of(weights: &[f64], gradient: &[f64]) -> Self {
        DenseTrace {
            weight_mean: mean(weights),
            gradient_mean: mean(gradient),
            gradient_size: mean_size(gradient),
            gradient_norm: gradient.iter().map(|g| g * g).sum::<f64>().sqrt(),
        }
    }
}

impl Moment {
    /// Returns a moment whose weights are not numbers.
    pub(crate) fn broken(network: &Seen, accuracy: f64, validation: Option<f64>) -> Self {
        Moment {
            loss: f64::NAN,
            accuracy,
            validation: validation.map(|accuracy| (f64::NAN, accuracy)),
            rate: None,
            layers: vec![LayerTrace::of(&[f64::NAN]); network.layers.len()],
            dense: vec![DenseTrace::of(&[f64::NAN], &[f64::NAN]); network.dense().count()],
            zero_gradients: 0.0,
            is_gradient_finite: false,
            are_weights_finite: false,
            largest_output: f64::NAN,
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn mean_size(values: &[f64]) -> f64 {
    values.iter().map(|value| value.abs()).sum::<f64>() / values.len() as f64
}

/// Returns the smallest and the largest number. Those that are not numbers are left out.
pub(crate) fn range(values: &[f64]) -> (f64, f64) {
    let start = (f64::INFINITY, f64::NEG_INFINITY);
    values.iter().fold(start, |(low, high), &value| (low.min(value), high.max(value)))
}

/// Returns whether all numbers are the same in single precision, in which Keras computes.
pub(crate) fn all_same(mut values: impl Iterator<Item = f64>) -> bool {
    let first = values.next().map(|value| value as f32);
    first.is_some_and(|first| !first.is_nan()) && values.all(|value| Some(value as f32) == first)
}

/// Returns whether a mean is not finite, or exactly 0 where it need not be.
pub(crate) fn is_odd(mean: f64, is_tied: bool) -> bool {
    !mean.is_finite() || (mean == 0.0 && !is_tied)
}

#[cfg(test)]
impl Trace {
    /// Returns a run of this many epochs with nothing to find: a network with a layer of rectified units.
    pub(crate) fn healthy(epochs: usize) -> Self {
        let model = serde_json::json!({"hidden": [4], "activation": "relu", "output": "softmax",
            "loss": "ce_probs", "units": 3});
        let network = Seen::new(&serde_json::from_value(model).unwrap());
        let moments = (0..epochs).map(|epoch| {
            let step = epoch as f64 + 1.0;
            let layer =
                |mean| LayerTrace { mean, size: 0.5, inactive: 0.5, extreme: 0.0, low: 0.0, high: 1.0 };
            let dense = DenseTrace {
                weight_mean: 0.1 + 0.01 / step,
                gradient_mean: 0.02 / step,
                gradient_size: 0.1 / step,
                gradient_norm: 1.0 / step,
            };
            Moment {
                loss: 1.0 / step,
                accuracy: 0.9 - 0.4 / step,
                validation: Some((1.1 / step, 0.88 - 0.4 / step)),
                rate: Some(0.01),
                layers: (0..4).map(|layer_at| layer(0.2 + 0.01 * (layer_at + 1) as f64 / step)).collect(),
                dense: vec![dense; 2],
                zero_gradients: 0.2,
                is_gradient_finite: true,
                are_weights_finite: true,
                largest_output: 1.0,
            }
        });
        Trace {
            moments: moments.collect(),
            network,
            inputs: (-1.0, 1.0),
            last_batch: (-1.0, 1.0),
            has_nan: false,
            targets: (0.0, 1.0),
            rate: Some(0.01),
            planned: epochs,
        }
    }

    /// Changes all moments.
    pub(crate) fn with(mut self, mut change: impl FnMut(usize, &mut Moment)) -> Self {
        self.moments.iter_mut().enumerate().for_each(|(epoch, moment)| change(epoch, moment));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_those_of_their_definitions() {
        let layer = LayerTrace::of(&[-6.0, 0.0, 1.0, 5.0]);
        assert_eq!((layer.mean, layer.size, layer.inactive, layer.extreme), (0.0, 3.0, 0.5, 0.5));
        assert_eq!((layer.low, layer.high), (-6.0, 5.0));
        let dense = DenseTrace::of(&[1.0, 2.0], &[3.0, -4.0]);
        assert_eq!((dense.weight_mean, dense.gradient_mean), (1.5, -0.5));
        assert_eq!((dense.gradient_size, dense.gradient_norm), (3.5, 5.0));
    }

    #[test]
    fn numbers_are_the_same_in_single_precision() {
        assert!(all_same([1.0, 1.0 + 1e-9].into_iter()));
        assert!(!all_same([1.0, 1.0 + 1e-6].into_iter()));
        assert!(!all_same([f64::NAN; 2].into_iter()));
        assert!(is_odd(0.0, false) && !is_odd(1e-12, false));
        assert!(is_odd(f64::NAN, true) && !is_odd(0.0, true));
    }
}
