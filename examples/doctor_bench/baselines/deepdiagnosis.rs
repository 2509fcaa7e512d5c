//! DeepDiagnosis (Wardat, Cruz, Le and Rajan, ICSE 2022).
//!
//! From `callback/callbacks.py`: the symptoms and their order in the class `mapFaluireToFix`, the thresholds
//! in the functions `identify...`, and the fix for each symptom in the functions `...Analysis`. The tool
//! stops the run at the first symptom and prints it with a fix. The codes that both stand for are in
//! `symptoms.rs`.
//!
//! Left out: the fix "poor weight", which is the variance of a single number in the code and never printed in
//! the published results either. Numbers are compared in single precision, as in Keras. Layers that
//! the code does not know (normalisations, other output activations) are passed over; there it ends with an
//! exception.

use super::Said;
use super::symptoms::{Fix, Symptom};
use super::trace::{DenseTrace, LayerTrace, Moment, Trace, all_same, is_odd};
use crate::model_schema::Output;

/// The number of epochs over which tensors and the loss must change, and that for the accuracy.
const FEW: usize = 5;
const MANY: usize = 20;

/// Returns the symptom that stops the run, with its fix.
pub(crate) fn rules(trace: &Trace) -> Option<Said> {
    (0..trace.moments.len()).find_map(|epoch| {
        let run = Run { trace, epoch, moment: &trace.moments[epoch] };
        run.forward().or_else(|| run.unchanged_outputs()).or_else(|| run.metrics()).or_else(|| run.backward())
    })
}

/// A run at the end of an epoch.
struct Run<'a> {
    trace: &'a Trace,
    epoch: usize,
    moment: &'a Moment,
}

impl Run<'_> {
    /// Returns whether a block of this many epochs ends here.
    fn ends(&self, block: usize) -> bool {
        (self.epoch + 1).is_multiple_of(block)
    }

    /// Returns whether a number is the same in the last epochs.
    fn stays(&self, block: usize, number: impl Fn(&Moment) -> f64) -> bool {
        all_same(self.trace.moments[self.epoch + 1 - block..=self.epoch].iter().map(number))
    }

    fn is_large(&self) -> bool {
        self.trace.inputs.0 < -1.0 || self.trace.inputs.1 > 1.0
    }

    /// Returns whether the step of a layer is not 1e-5 to 0.1 of its mean weight.
    fn has_odd_rate(&self) -> bool {
        let Some(rate) = self.trace.rate else { return false };
        let ratio = |dense: &DenseTrace| rate * dense.gradient_norm / dense.weight_mean.abs();
        self.moment.dense.iter().map(ratio).any(|ratio| !(1e-5..=0.1).contains(&ratio) && !ratio.is_nan())
    }

    fn rate_or(&self, other: Fix) -> Fix {
        if self.has_odd_rate() { Fix::Rate } else { other }
    }

    fn data_or_rate_or(&self, other: Fix) -> Fix {
        if self.is_large() { Fix::Normalise } else { self.rate_or(other) }
    }

    /// Looks at the outputs of each layer.
    fn forward(&self) -> Option<Said> {
        let (layers, names) = (&self.moment.layers, &self.trace.network.layers);
        layers.iter().zip(names).enumerate().find_map(|(index, (layer, name))| {
            let is_last = index + 1 == layers.len();
            if is_last && self.epoch == 0 && self.is_out_of_range(layer) {
                return Symptom::OutOfRange.with(Fix::LastActivation);
            }
            if is_odd(layer.mean, self.trace.network.is_tied(index)) {
                return Symptom::Numerical.with(self.data_or_rate_or(Fix::Activation));
            }
            if name == "relu" && self.epoch + 1 == self.trace.planned && layer.inactive >= 0.7 {
                return Symptom::DeadNode.with(self.data_or_rate_or(Fix::Missing));
            }
            let next = names.get(index + 1).map(String::as_str);
            let saturates = matches!(next, Some("sigmoid" | "tanh"));
            if self.ends(FEW) && saturates && layer.extreme > 0.5 {
                return Symptom::Saturated.with(self.data_or_rate_or(Fix::Missing));
            }
            None
        })
    }

    /// Returns whether the targets are not in the range of the last layer, or its activation does not suit
    /// the loss.
    fn is_out_of_range(&self, layer: &LayerTrace) -> bool {
        let (low, high) = self.trace.targets;
        let network = &self.trace.network;
        match network.output {
            Output::Sigmoid => low < 0.0 || high > 1.0,
            Output::Tanh => low < -1.0 || high > 1.0,
            Output::Relu => network.is_categorical || low < 0.0,
            Output::Logits => network.is_categorical || layer.high - layer.low > 10.0 * (high - low),
            Output::Softmax | Output::LogSoftmax => false,
        }
    }

    /// Looks for layers, without the last, whose mean output stays.
    fn unchanged_outputs(&self) -> Option<Said> {
        let layers = self.moment.layers.len() - 1;
        let stays = |layer: usize| {
            !self.trace.network.is_tied(layer) && self.stays(FEW, |moment| moment.layers[layer].mean)
        };
        if self.ends(FEW) && (0..layers).any(stays) {
            return Symptom::Unchanged.with(self.rate_or(Fix::Optimizer));
        }
        None
    }

    /// Looks at loss and accuracy.
    fn metrics(&self) -> Option<Said> {
        let Moment { loss, accuracy, .. } = *self.moment;
        if !loss.is_finite() || accuracy == 0.0 {
            let is_linear = self.trace.network.output == Output::Logits;
            let fix = if is_linear { Fix::LastActivation } else { self.rate_or(Fix::Optimizer) };
            return Symptom::Invalid.with(fix);
        }
        if self.ends(FEW) && self.stays(FEW, |moment| moment.loss) {
            return Symptom::LossStays.with(self.data_or_rate_or(Fix::Optimizer));
        }
        if self.ends(MANY) && self.stays(MANY, |moment| moment.accuracy) {
            return Symptom::AccuracyStays.with(self.data_or_rate_or(Fix::Optimizer));
        }
        None
    }

    /// Looks at gradients and weights, last layer first.
    fn backward(&self) -> Option<Said> {
        let last = self.moment.dense.len() - 1;
        let each = || self.moment.dense.iter().enumerate().rev();
        let is_tied = |index: usize| index == last && self.trace.network.is_tied(self.moment.layers.len());
        let now = each().find_map(|(index, dense)| {
            if is_odd(dense.gradient_mean, is_tied(index)) {
                return Symptom::Numerical.with(if index == last { Fix::Loss } else { Fix::Activation });
            }
            if dense.gradient_size < 1e-7 {
                return Symptom::Vanishing.with(self.rate_or(Fix::Layers));
            }
            if is_odd(dense.weight_mean, is_tied(index)) {
                return Symptom::Numerical.with(self.data_or_rate_or(Fix::Activation));
            }
            None
        });
        let stays = |index: usize| {
            !is_tied(index)
                && (self.stays(FEW, |moment| moment.dense[index].gradient_mean)
                    || self.stays(FEW, |moment| moment.dense[index].weight_mean))
        };
        let unchanged = now.is_none() && self.ends(FEW) && (0..=last).any(stays);
        now.or_else(|| Symptom::Unchanged.with(self.rate_or(Fix::Optimizer)).filter(|_| unchanged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(trace: &Trace) -> Option<String> {
        rules(trace).map(|said| said.what)
    }

    fn symptom(trace: &Trace) -> Option<String> {
        found(trace).map(|what| what.split(": ").next().unwrap_or_default().to_owned())
    }

    #[test]
    fn nothing_is_said_of_a_healthy_run() {
        assert_eq!(found(&Trace::healthy(40)), None);
    }

    #[test]
    fn dead_units_are_counted_in_the_last_epoch() {
        let dead = |at: usize, share| {
            symptom(&Trace::healthy(9).with(|epoch, moment| {
                if epoch == at {
                    moment.layers[1].inactive = share;
                }
            }))
        };
        assert_eq!(dead(8, 0.7).as_deref(), Some("dead node"));
        assert_eq!(dead(8, 0.69), None);
        assert_eq!(dead(7, 0.9), None);
    }

    #[test]
    fn sums_before_a_sigmoid_are_saturated_every_fifth_epoch() {
        let saturated = |name: &str, at: usize, share| {
            let mut trace = Trace::healthy(9).with(|epoch, moment| {
                if epoch == at {
                    moment.layers[0].extreme = share;
                }
            });
            trace.network.layers[1] = name.to_owned();
            symptom(&trace)
        };
        assert_eq!(saturated("tanh", 4, 0.51).as_deref(), Some("saturated activation"));
        assert_eq!(saturated("sigmoid", 4, 0.51).as_deref(), Some("saturated activation"));
        assert_eq!(saturated("sigmoid", 4, 0.5), None);
        assert_eq!(saturated("sigmoid", 3, 0.9), None);
        assert_eq!(saturated("elu", 4, 0.9), None);
    }

    #[test]
    fn targets_must_be_in_the_range_of_the_last_layer() {
        let range = |output, targets, is_categorical| {
            let mut trace = Trace::healthy(3);
            (trace.network.output, trace.network.is_categorical) = (output, is_categorical);
            trace.targets = targets;
            symptom(&trace).is_some_and(|what| what == "out of range")
        };
        assert!(range(Output::Sigmoid, (-1.0, 1.0), false) && !range(Output::Sigmoid, (0.0, 1.0), false));
        assert!(range(Output::Tanh, (0.0, 2.0), false) && !range(Output::Tanh, (-1.0, 1.0), false));
        assert!(range(Output::Relu, (0.0, 1.0), true) && !range(Output::Relu, (0.0, 1.0), false));
        assert!(range(Output::Logits, (0.0, 1.0), true) && !range(Output::Logits, (0.0, 1.0), false));
        assert!(range(Output::Logits, (0.0, 0.09), false));
        assert!(!range(Output::Softmax, (0.0, 9.0), true));
    }

    #[test]
    fn means_that_are_zero_or_not_finite_are_numerical_problems() {
        for mean in [0.0, f64::NAN, f64::INFINITY] {
            let forward = Trace::healthy(3).with(|_, moment| moment.layers[1].mean = mean);
            assert_eq!(found(&forward).as_deref(), Some("numerical problem: change the activation"));
            let last = Trace::healthy(3).with(|_, moment| moment.dense[1].gradient_mean = mean);
            let wanted = (mean != 0.0).then_some("numerical problem: change the loss function");
            assert_eq!(found(&last).as_deref(), wanted);
            let gradient = Trace::healthy(3).with(|_, moment| moment.dense[0].gradient_mean = mean);
            assert_eq!(found(&gradient).as_deref(), Some("numerical problem: change the activation"));
            let weights = Trace::healthy(3).with(|_, moment| moment.dense[0].weight_mean = mean);
            assert_eq!(symptom(&weights).as_deref(), Some("numerical problem"));
        }
    }

    #[test]
    fn gradients_vanish_below_a_limit() {
        let size = |size| symptom(&Trace::healthy(3).with(|_, moment| moment.dense[0].gradient_size = size));
        assert_eq!(size(0.9e-7).as_deref(), Some("vanishing gradient"));
        assert_eq!(size(1.1e-7), None);
    }

    #[test]
    fn what_stays_is_found_at_the_end_of_a_block() {
        let from = |first: usize, change: fn(&mut Moment)| {
            symptom(&Trace::healthy(40).with(|epoch, moment| {
                if epoch >= first {
                    change(moment);
                }
            }))
        };
        let loss = |moment: &mut Moment| moment.loss = 0.5;
        assert_eq!(from(35, loss).as_deref(), Some("loss not decreasing"));
        assert_eq!(from(36, loss), None);
        let accuracy = |moment: &mut Moment| moment.accuracy = 0.5;
        assert_eq!(from(20, accuracy).as_deref(), Some("accuracy not increasing"));
        assert_eq!(from(21, accuracy), None);
        for change in [
            |moment: &mut Moment| moment.layers[0].mean = 0.3,
            |moment: &mut Moment| moment.dense[0].weight_mean = 0.3,
            |moment: &mut Moment| moment.dense[0].gradient_mean = 0.3,
        ] {
            assert_eq!(from(35, change).as_deref(), Some("unchanged tensor"));
            assert_eq!(from(36, change), None);
        }
        let tied = |moment: &mut Moment| {
            (moment.layers[2].mean, moment.layers[3].mean) = (0.3, 0.3);
            (moment.dense[1].weight_mean, moment.dense[1].gradient_mean) = (0.3, 0.3);
        };
        assert_eq!(from(0, tied), None);
        assert_eq!(from(7, |moment| moment.accuracy = 0.0).as_deref(), Some("invalid loss or accuracy"));
    }

    #[test]
    fn the_fix_is_that_of_the_data_then_of_the_rate() {
        let vanishing = |inputs, norm, index: usize| {
            let mut trace = Trace::healthy(5).with(|_, moment| {
                moment.loss = 0.5;
                moment.dense[index].gradient_norm = norm;
                moment.dense[index].weight_mean += 0.1;
            });
            trace.inputs = inputs;
            found(&trace).unwrap()
        };
        assert_eq!(vanishing((-2.0, 1.0), 0.1, 0), "loss not decreasing: normalise the data");
        assert_eq!(vanishing((-1.0, 1.1), 0.1, 0), "loss not decreasing: normalise the data");
        assert_eq!(vanishing((-1.0, 1.0), 10.0, 1), "loss not decreasing: learning rate");
        assert_eq!(vanishing((-1.0, 1.0), 1e-5, 0), "loss not decreasing: learning rate");
        assert_eq!(vanishing((-1.0, 1.0), 0.1, 0), "loss not decreasing: change the optimizer");
    }
}
