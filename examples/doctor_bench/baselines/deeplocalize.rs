//! DeepLocalize (Wardat, Le and Rajan, ICSE 2021).
//!
//! From `Our Callback/callbacks.py`: the class `DeepLocalize`, which looks after each step. It names a place
//! and no cause, so every cause that a user would look for there counts:
//!
//! | error in | codes |
//! |---|---|
//! | forward | D10, D11, D07, D06, D12 |
//! | weights | D10, D09, D05, D06 |
//! | loss or accuracy that is not a number | D10, D04, D08 |
//! | loss or accuracy that stays (MDL) | D01, D02, D09, D17, D15 |
//! | gradient of the weights | D13, D11, D03, D10, D05 |
//!
//! Left out: gradients of the outputs of layers, which show the same as those of the weights. Loss and
//! accuracy are those of the batch after its step.

use logit::doctor::Code;

use super::Said;
use super::seen::Seen;
use super::trace::{Moment, Trace, all_same, is_odd};

/// The number of steps over which numbers must change.
const FEW: usize = 5;

/// Returns the error that stops the run.
pub(crate) fn rules(trace: &Trace) -> Option<Said> {
    let network = &trace.network;
    let mut watched = Watched { network, zeros: vec![[0; 3]; network.layers.len()] };
    (0..trace.moments.len()).find_map(|step| watched.step(&trace.moments[..=step]))
}

/// How often the mean outputs, weights and gradients of each layer were zero.
struct Watched<'a> {
    network: &'a Seen,
    zeros: Vec<[usize; 3]>,
}

impl Watched<'_> {
    /// Looks at the last of these steps.
    fn step(&mut self, moments: &[Moment]) -> Option<Said> {
        use Code::*;
        let (now, network) = (moments.last()?, self.network);
        let layers = (0..now.layers.len()).map(|layer| (layer, layer));
        if self.are_wrong(0, moments, layers, |moment, layer| moment.layers[layer].mean) {
            let codes = [NotFinite, DeadUnits, UnscaledColumns, PoorInitialization, SaturatedUnits];
            return Some(Said::stop("error in forward", &codes));
        }
        if self.are_wrong(1, moments, network.dense().enumerate(), |moment, at| moment.dense[at].weight_mean)
        {
            let codes = [NotFinite, LearningRateTooSmall, SymmetricUnits, PoorInitialization];
            return Some(Said::stop("error in weights", &codes));
        }
        if !now.loss.is_finite() || !now.accuracy.is_finite() {
            let codes = [NotFinite, LabelCoding, LearningRateTooLarge];
            return Some(Said::stop("invalid loss or accuracy", &codes));
        }
        let few = &moments[moments.len().saturating_sub(FEW)..];
        let stays = |number: fn(&Moment) -> f64| {
            moments.len().is_multiple_of(FEW) && all_same(few.iter().map(number))
        };
        if stays(|moment| moment.loss) || stays(|moment| moment.accuracy) {
            let codes = [ConstantPredictor, NoSkill, LearningRateTooSmall, NotConverged, MajorityClass];
            return Some(Said::stop("MDL", &codes));
        }
        if self
            .are_wrong(2, moments, network.dense().enumerate(), |moment, at| moment.dense[at].gradient_mean)
        {
            let codes = [VanishingGradient, DeadUnits, GradientMismatch, NotFinite, SymmetricUnits];
            return Some(Said::stop("error in delta weights", &codes));
        }
        None
    }

    /// Returns whether one of the means of this kind is not finite, was zero in half of the steps, or stays.
    /// Each has a number, and a layer that it belongs to.
    fn are_wrong(
        &mut self,
        kind: usize,
        moments: &[Moment],
        mut all: impl Iterator<Item = (usize, usize)>,
        mean: impl Fn(&Moment, usize) -> f64,
    ) -> bool {
        let steps = moments.len();
        all.any(|(number, layer)| {
            let (now, is_tied) = (mean(&moments[steps - 1], number), self.network.is_tied(layer));
            let zeros = &mut self.zeros[number][kind];
            *zeros += usize::from(now == 0.0);
            let few = &moments[steps.saturating_sub(FEW)..];
            let stays = steps.is_multiple_of(FEW) && all_same(few.iter().map(|moment| mean(moment, number)));
            (is_odd(now, is_tied) && (now != 0.0 || 2 * *zeros >= steps)) || (stays && !is_tied)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(change: impl Fn(usize, &mut Moment)) -> Option<String> {
        rules(&Trace::healthy(12).with(change)).map(|said| said.what)
    }

    #[test]
    fn nothing_is_said_of_a_run_that_moves() {
        assert_eq!(found(|_, _| ()), None);
    }

    #[test]
    fn means_must_be_finite_and_not_often_zero() {
        for (mean, from, wanted) in [(f64::NAN, 11, true), (0.0, 6, true), (0.0, 7, false)] {
            let error = |wrong: &str| wanted.then_some(wrong.to_owned());
            let late = |step: usize| step >= from;
            let forward = found(|step, moment| {
                if late(step) {
                    moment.layers[1].mean = mean;
                }
            });
            let weights = found(|step, moment| {
                if late(step) {
                    moment.dense[0].weight_mean = mean;
                }
            });
            let gradient = found(|step, moment| {
                if late(step) {
                    moment.dense[0].gradient_mean = mean;
                }
            });
            let wanted = ["error in forward", "error in weights", "error in delta weights"].map(error);
            assert_eq!([forward, weights, gradient], wanted, "{mean} from {from}");
        }
    }

    #[test]
    fn loss_and_accuracy_must_change_within_five_steps() {
        let from = |first: usize, change: fn(&mut Moment)| {
            found(move |step, moment| {
                if (first..10).contains(&step) {
                    change(moment);
                }
            })
        };
        for change in [|m: &mut Moment| m.loss = 0.3, |m: &mut Moment| m.accuracy = 1.0] {
            assert_eq!(from(5, change).as_deref(), Some("MDL"));
            assert_eq!(from(6, change), None);
        }
        assert_eq!(from(6, |m| m.loss = f64::NAN).as_deref(), Some("invalid loss or accuracy"));
    }
}
