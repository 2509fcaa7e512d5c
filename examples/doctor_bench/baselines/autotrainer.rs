//! AutoTrainer (Zhang, Zhai, Ma and Shen, ICSE 2021).
//!
//! From `AutoTrainer/utils/monitor.py` (signs and problems), `utils/utils.py` (when they are looked at) and
//! `utils/modules.py` (which of several problems is reported), with the settings of `reproduce.py`: a look at
//! every third epoch, and one sign is enough. The codes of each problem are in `problems.rs`.
//!
//! Left out: overfitting, which the code counts and never reports. Outputs that are not numbers are an
//! exploding gradient here, as their weights say; the code takes them for a wrong output activation. A
//! softmax of two units and several units with the binary cross-entropy are right here; the code takes the
//! loss or the output for improper.

use super::Said;
use super::problems::Problem;
use super::seen::{BINARY, CATEGORICAL, Seen};
use super::trace::{Moment, Trace};
use crate::model_schema::Output;

/// The number of epochs between two looks.
const GAP: usize = 3;
/// The accuracy that a run should reach.
const WANTED: f64 = 0.6;

/// Returns the problem that stops the run.
pub(crate) fn rules(trace: &Trace) -> Option<Said> {
    let (network, mut signs) = (&trace.network, Signs::default());
    (signs.improper_loss, signs.wrong_activation) = of_loss(network);
    let mut before_middle = true;
    for (epoch, moment) in trace.moments.iter().enumerate().step_by(GAP) {
        let at_middle = before_middle && 2 * epoch >= trace.planned;
        before_middle &= !at_middle;
        let looks = signs.negative_loss || signs.bad_loss || signs.flat || at_middle;
        if looks {
            signs.see_outputs(network, moment);
        }
        signs.see_gradient(moment);
        signs.see_course(&trace.moments[..=epoch], trace.planned);
        if let Some(problem) = signs.problem().filter(|_| looks) {
            return Some(problem.said());
        }
    }
    None
}

/// Returns whether the loss does not suit the number of units, and whether the output activation does not
/// suit the loss.
fn of_loss(network: &Seen) -> (bool, bool) {
    let Some(loss) = network.loss else { return (false, false) };
    let units = network.units;
    let is_right = network.is_binary() || (network.output == Output::Softmax && loss == CATEGORICAL);
    let suits = if units <= 2 { loss == BINARY } else { loss == CATEGORICAL };
    let improper = !is_right && !suits;
    let wrong = match loss {
        BINARY => network.output != Output::Sigmoid && units != 2,
        CATEGORICAL => network.output != Output::Softmax,
        _ => false,
    };
    (improper, wrong && !improper)
}

/// What has been seen so far. Signs are never taken back.
#[derive(Debug, Clone, Default)]
struct Signs {
    improper_loss: bool,
    wrong_activation: bool,
    large_outputs: bool,
    bad_loss: bool,
    negative_loss: bool,
    weights_lost: bool,
    dying: bool,
    exploding: bool,
    vanishing: bool,
    oscillates: bool,
    poor: bool,
    flat: bool,
}

impl Signs {
    fn see_outputs(&mut self, network: &Seen, moment: &Moment) {
        self.wrong_activation |=
            moment.largest_output > 1.1 && !network.emits_scores() && !network.is_binary();
        let of_hidden = network.dense().skip(1).map(|dense| &moment.layers[dense - 1]);
        self.large_outputs |= !self.wrong_activation && of_hidden.into_iter().any(|layer| layer.size >= 10.0);
    }

    fn see_gradient(&mut self, moment: &Moment) {
        self.weights_lost |= !moment.are_weights_finite || !moment.is_gradient_finite;
        if !moment.is_gradient_finite {
            return;
        }
        if let (Some(first), Some(last)) = (moment.dense.first(), moment.dense.last()) {
            let (first, last) = (first.gradient_norm, last.gradient_norm);
            self.vanishing |= first / last < 1e-3 && first < 1e-4;
            self.exploding |= first / last > 70.0;
        }
        self.dying |= moment.zero_gradients >= 0.7;
    }

    fn see_course(&mut self, moments: &[Moment], planned: usize) {
        let held = || moments.iter().filter_map(|moment| moment.validation);
        let mut losses = moments.iter().map(|moment| moment.loss).chain(held().map(|(loss, _)| loss));
        if losses.clone().any(|loss| !loss.is_finite() || loss >= 1e3) {
            self.bad_loss = true;
            return;
        }
        self.negative_loss |= losses.any(|loss| loss < 0.0);
        if ((moments.len() + GAP) as f64) < 0.3 * planned as f64 {
            return;
        }
        let accuracies: Vec<f64> = moments.iter().map(|moment| moment.accuracy).collect();
        let held: Vec<f64> = held().map(|(_, accuracy)| accuracy).collect();
        self.oscillates |= oscillates(&accuracies);
        let all = || accuracies.iter().chain(&held);
        self.poor |= all().all(|&accuracy| accuracy < WANTED);
        let grows = |list: &[f64]| list.windows(2).any(|pair| pair[1] - pair[0] >= 0.01);
        self.flat |= !grows(&accuracies) && !grows(&held);
    }

    /// Returns the problem with the highest priority, the first of several.
    fn problem(&self) -> Option<Problem> {
        let activation = |other| if self.wrong_activation { Some(Problem::Activation) } else { other };
        let mut found = Vec::new();
        found.extend(self.large_outputs.then_some(Problem::Data));
        if self.negative_loss {
            found.push(Problem::Loss);
        } else if self.bad_loss {
            found.extend(activation(self.weights_lost.then_some(Problem::Explosion)));
        }
        if self.poor || self.flat {
            found.extend(activation(if self.dying {
                Some(Problem::DyingRelu)
            } else if self.exploding {
                Some(Problem::Explosion)
            } else if self.vanishing {
                Some(Problem::Vanishing)
            } else {
                (self.poor && self.flat && !self.large_outputs).then_some(Problem::SlowConvergence)
            }));
        }
        if self.oscillates {
            found.extend(activation(Some(Problem::Oscillation)));
        }
        found.extend((self.improper_loss && !self.wrong_activation).then_some(Problem::Loss));
        // The last of equals is the largest for `max_by_key`.
        found.into_iter().rev().max_by_key(|problem| problem.priority())
    }
}

/// Returns whether a fifth of the epochs are swings of the accuracy by at least 0.03.
fn oscillates(accuracies: &[f64]) -> bool {
    let inner = || accuracies.windows(3);
    let peaks = inner().filter(|three| three[1] >= three[0] && three[1] >= three[2]);
    let valleys = inner().filter(|three| three[1] <= three[0] && three[1] <= three[2]);
    let swings = peaks.zip(valleys).filter(|(peak, valley)| peak[1] - valley[1] >= 0.03).count();
    swings as f64 >= 0.2 * accuracies.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(trace: Trace) -> Option<String> {
        rules(&trace).map(|said| said.what)
    }

    /// A run whose accuracy does not move, which is what most problems need.
    fn poor(change: impl Fn(usize, &mut Moment)) -> Trace {
        Trace::healthy(30).with(|epoch, moment| {
            moment.accuracy = 0.4;
            moment.validation = Some((1.0, 0.4));
            change(epoch, moment);
        })
    }

    #[test]
    fn nothing_is_said_of_a_healthy_run() {
        assert_eq!(found(Trace::healthy(30)), None);
    }

    #[test]
    fn gradients_tell_why_a_poor_run_is_poor() {
        assert_eq!(found(poor(|_, _| ())).as_deref(), Some("slow convergence"));
        let norms = |first: f64, last: f64| {
            found(poor(move |_, moment| {
                moment.dense[0].gradient_norm = first;
                moment.dense[1].gradient_norm = last;
            }))
        };
        assert_eq!(norms(0.9e-4, 0.1).as_deref(), Some("vanishing gradient"));
        assert_eq!(norms(1.1e-4, 0.2).as_deref(), Some("slow convergence"));
        assert_eq!(norms(0.9e-4, 0.08).as_deref(), Some("slow convergence"));
        assert_eq!(norms(7.1, 0.1).as_deref(), Some("exploding gradient"));
        assert_eq!(norms(6.9, 0.1).as_deref(), Some("slow convergence"));
        let zeros = |share| found(poor(move |_, moment| moment.zero_gradients = share));
        assert_eq!(zeros(0.7).as_deref(), Some("dying ReLU"));
        assert_eq!(zeros(0.69).as_deref(), Some("slow convergence"));
        let healthy = Trace::healthy(30).with(|_, moment| moment.zero_gradients = 0.9);
        assert_eq!(found(healthy), None);
    }

    #[test]
    fn swings_of_the_accuracy_are_an_oscillating_loss() {
        let swing = |by: f64, until: usize| {
            found(Trace::healthy(30).with(|epoch, moment| {
                if epoch % 2 == 0 && epoch < until {
                    moment.accuracy = 0.7 - by;
                } else {
                    moment.accuracy = 0.7;
                }
                moment.validation = Some((1.0, 0.5 + 0.01 * epoch as f64));
            }))
        };
        assert_eq!(swing(0.04, 30).as_deref(), Some("oscillating loss"));
        assert_eq!(swing(0.02, 30), None);
    }

    #[test]
    fn lost_weights_are_an_exploding_gradient() {
        let lost = Trace::healthy(30).with(|epoch, moment| {
            if epoch > 4 {
                *moment = Moment::broken(&Trace::healthy(1).network, 0.3, Some(0.3));
            }
        });
        assert_eq!(found(lost).as_deref(), Some("exploding gradient"));
    }

    #[test]
    fn losses_below_zero_and_large_outputs_have_problems_of_their_own() {
        let negative = Trace::healthy(30).with(|epoch, moment| moment.loss = -(epoch as f64) * 0.1);
        assert_eq!(found(negative).as_deref(), Some("improper loss"));
        let large = poor(|_, moment| moment.layers[1].size = 10.0);
        assert_eq!(found(large).as_deref(), Some("abnormal data"));
        let sums = poor(|_, moment| moment.largest_output = 1.2);
        assert_eq!(found(sums).as_deref(), Some("improper activation"));
    }

    #[test]
    fn the_most_important_problem_is_reported_first_of_equals() {
        let negative = |moment: &mut Moment| moment.loss = -0.1;
        let large = |moment: &mut Moment| moment.layers[1].size = 10.0;
        let sums = |moment: &mut Moment| moment.largest_output = 1.2;
        let of = |changes: &[&dyn Fn(&mut Moment)]| {
            found(poor(|_, moment| changes.iter().for_each(|change| change(moment))))
        };
        assert_eq!(of(&[&negative, &large]).as_deref(), Some("abnormal data"));
        let mut both = poor(|_, moment| {
            negative(moment);
            sums(moment);
        });
        both.planned = 10; // so that the course is judged at the first look
        assert_eq!(found(both).as_deref(), Some("improper loss"));
        let mut improper = poor(|_, _| ());
        improper.network.loss = Some("mean_squared_error");
        assert_eq!(found(improper).as_deref(), Some("improper loss"));
    }

    #[test]
    fn the_loss_must_suit_the_units() {
        let of = |units, loss, output| {
            let mut trace = Trace::healthy(30);
            (trace.network.units, trace.network.loss, trace.network.output) = (units, Some(loss), output);
            of_loss(&trace.network)
        };
        assert_eq!(of(3, CATEGORICAL, Output::Softmax), (false, false));
        assert_eq!(of(3, CATEGORICAL, Output::Sigmoid), (false, true));
        assert_eq!(of(2, CATEGORICAL, Output::Softmax), (false, false));
        assert_eq!(of(2, CATEGORICAL, Output::Sigmoid), (true, false));
        assert_eq!(of(3, BINARY, Output::Sigmoid), (false, false));
        assert_eq!(of(3, BINARY, Output::Softmax), (true, false));
        assert_eq!(of(1, BINARY, Output::Sigmoid), (false, false));
        assert_eq!(of(1, BINARY, Output::Relu), (false, true));
        assert_eq!(of(3, "mean_squared_error", Output::Softmax), (true, false));
    }
}
