//! UMLAUT (Schoop, Huang and Hartmann, CHI 2021).
//!
//! From `umlaut/heuristics.py` (the heuristics and their order) and `umserver/errors.py` (titles, which give
//! the severity: critical and error are errors here).
//!
//! | finding | codes |
//! |---|---|
//! | missing softmax layer before loss | D14 |
//! | missing activation functions | D28, D14 |
//! | last layer has nonlinear activation | D14 |
//! | high dropout rate | D26 |
//! | input exceeds typical limits, -1 to 1 | D07 |
//! | NaN in input | D10 |
//! | learning rate is high, above 0.01 | D08 |
//! | learning rate is low, below 1e-7 | D09 |
//! | possible overfitting | D18 |
//! | check validation accuracy | D27, D19, D15, D29 |
//!
//! Left out: the shapes of images and the number type of inputs, which a program does not have. A sigmoid
//! with the binary cross-entropy is right here; the code knows only the softmax. A normalisation between a
//! layer and its activation does not hide the activation here.

use logit::doctor::{Code, Severity};

use super::Said;
use super::seen::Seen;
use super::trace::Trace;
use crate::model_schema::Output;

/// Returns the findings before training, then those of the epochs, each once.
pub(crate) fn rules(trace: &Trace) -> Vec<Said> {
    let mut all = of_network(&trace.network);
    for epoch in 0..trace.moments.len() {
        all.extend(of_epoch(trace, epoch));
    }
    let mut found: Vec<Said> = Vec::new();
    for said in all {
        if !found.contains(&said) {
            found.push(said);
        }
    }
    found
}

fn say(severity: Severity, what: &str, codes: &[Code]) -> Said {
    Said { what: what.to_owned(), codes: codes.to_vec(), severity }
}

fn of_network(network: &Seen) -> Vec<Said> {
    let mut found = Vec::new();
    let fits = network.is_binary();
    if network.output != Output::Softmax && !network.from_logits && !fits {
        found.push(say(Severity::Error, "missing softmax layer before loss", &[Code::LossMismatch]));
    }
    let hidden = network.layers.iter().rev().skip_while(|layer| *layer != "dense").skip(1);
    if hidden.into_iter().any(|layer| layer == "linear") {
        let codes = [Code::SmallNetwork, Code::LossMismatch];
        found.push(say(Severity::Error, "missing activation functions", &codes));
    }
    if !matches!(network.output, Output::Softmax | Output::Logits) && !fits {
        let what = "last layer has nonlinear activation";
        found.push(say(Severity::Warning, what, &[Code::LossMismatch]));
    }
    if network.dropout > 0.5 {
        found.push(say(Severity::Warning, "high dropout rate", &[Code::TooMuchPenalty]));
    }
    found
}

fn of_epoch(trace: &Trace, epoch: usize) -> Vec<Said> {
    let mut found = Vec::new();
    let moment = &trace.moments[epoch];
    let (low, high) = trace.last_batch;
    if low < -1.0 || high > 1.0 {
        let what = "input data exceeds typical limits";
        found.push(say(Severity::Error, what, &[Code::UnscaledColumns]));
    }
    if moment.loss.is_nan() && trace.has_nan {
        found.push(say(Severity::Error, "not a number in input", &[Code::NotFinite]));
    }
    match moment.rate {
        Some(rate) if rate > 0.01 => {
            found.push(say(Severity::Warning, "learning rate is high", &[Code::LearningRateTooLarge]));
        }
        Some(rate) if rate < 1e-7 => {
            found.push(say(Severity::Warning, "learning rate is low", &[Code::LearningRateTooSmall]));
        }
        _ => {}
    }
    let Some((loss, accuracy)) = moment.validation else { return found };
    let before = epoch.checked_sub(1).and_then(|before| {
        let before = &trace.moments[before];
        Some((before.loss, before.validation?.0))
    });
    if before.is_some_and(|(trained, held)| loss > held && moment.loss <= trained) {
        found.push(say(Severity::Warning, "possible overfitting", &[Code::Overfitting]));
    }
    if epoch >= 3 && (accuracy > 0.95 || accuracy - moment.accuracy > 0.05) {
        let codes = [Code::LeakedTarget, Code::ServingSkew, Code::MajorityClass, Code::UnevenClasses];
        found.push(say(Severity::Warning, "check validation accuracy", &codes));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::seen::BINARY;
    use super::*;

    fn found(trace: &Trace) -> Vec<String> {
        rules(trace).into_iter().map(|said| said.what).collect()
    }

    #[test]
    fn nothing_is_said_of_a_run_within_all_limits() {
        assert_eq!(found(&Trace::healthy(20)), [""; 0]);
    }

    #[test]
    fn layers_are_judged_before_training() {
        let mut trace = Trace::healthy(0);
        (trace.network.output, trace.network.dropout) = (Output::Relu, 0.6);
        trace.network.layers[1] = "linear".to_owned();
        let all = [
            "missing softmax layer before loss",
            "missing activation functions",
            "last layer has nonlinear activation",
            "high dropout rate",
        ];
        assert_eq!(found(&trace), all);
        trace.network.from_logits = true;
        assert_eq!(found(&trace), all[1..]);
        trace.network.dropout = 0.5;
        assert_eq!(found(&trace), all[1..3]);
        trace.network.output = Output::Logits;
        assert_eq!(found(&trace), all[1..2]);
        (trace.network.output, trace.network.from_logits) = (Output::Sigmoid, false);
        assert_eq!(found(&trace), all[..3]);
        trace.network.loss = Some(BINARY);
        assert_eq!(found(&trace), all[1..2]);
    }

    #[test]
    fn inputs_and_rates_have_limits() {
        for (batch, rate, wanted) in [
            ((-1.0, 1.01), 0.01, Some("input data exceeds typical limits")),
            ((-1.01, 1.0), 1e-7, Some("input data exceeds typical limits")),
            ((-1.0, 1.0), 0.011, Some("learning rate is high")),
            ((-1.0, 1.0), 0.9e-7, Some("learning rate is low")),
            ((-1.0, 1.0), 0.001, None),
        ] {
            let mut trace = Trace::healthy(3).with(|_, moment| moment.rate = Some(rate));
            trace.last_batch = batch;
            assert_eq!(found(&trace), wanted.map_or(vec![], |wanted| vec![wanted]), "{batch:?} {rate}");
        }
    }

    #[test]
    fn a_loss_that_is_lost_is_explained_by_inputs_alone() {
        let mut trace = Trace::healthy(3).with(|_, moment| moment.loss = f64::NAN);
        assert_eq!(found(&trace), [""; 0]);
        trace.has_nan = true;
        assert_eq!(found(&trace), ["not a number in input"]);
    }

    #[test]
    fn validation_is_compared_with_training() {
        let uptick = Trace::healthy(9).with(|epoch, moment| {
            if epoch == 5 {
                moment.validation = Some((0.9, 0.8));
            }
        });
        assert_eq!(found(&uptick), ["possible overfitting"]);
        let both = Trace::healthy(9).with(|epoch, moment| {
            if epoch == 5 {
                (moment.loss, moment.validation) = (0.9, Some((0.9, 0.8)));
            }
        });
        assert_eq!(found(&both), [""; 0]);
        for (at, accuracy, trained, is_high) in
            [(2, 0.96, 0.95, false), (3, 0.96, 0.95, true), (3, 0.95, 0.95, false), (3, 0.6, 0.5, true)]
        {
            let high = Trace::healthy(4).with(|epoch, moment| {
                if epoch == at {
                    moment.accuracy = trained;
                    moment.validation = Some((moment.validation.unwrap().0, accuracy));
                }
            });
            let wanted: &[&str] = if is_high { &["check validation accuracy"] } else { &[] };
            assert_eq!(found(&high), wanted, "{at} {accuracy} {trained}");
        }
    }
}
