//! The same seed gives the same bits: in one process, in several, and in many threads.

use std::ops::ControlFlow;
use std::process::Command;

use logit::prelude::*;
use logit::{Activation, Adam, Lbfgs, LogisticRegression, MlpClassifier, Penalty, Sgd, data};

fn networks() -> Vec<MlpClassifier> {
    let whole = MlpClassifier::new([12, 6]).l2(1e-3).seed(11);
    let base = whole.clone().epochs(4).batch_size(25);
    vec![
        base.clone().optimizer(Adam::new(0.01)),
        base.clone().optimizer(Sgd::new(0.05).momentum(0.9)).activation(Activation::Tanh),
        base.clone().optimizer(Adam::new(0.01)).validation_fraction(0.2),
        whole.optimizer(Lbfgs::new().max_iterations(10)),
    ]
}

/// Bits of the weights, of the loss curve and of the probabilities of every model.
fn fingerprint() -> String {
    let iris = data::iris();
    let mut bits: Vec<u64> = Vec::new();
    for network in networks() {
        let model = network.fit(&iris.x, &iris.y).unwrap();
        bits.extend(model.params().iter().map(|p| p.to_bits()));
        bits.extend(model.report().objective_curve.iter().map(|p| p.to_bits()));
        bits.extend(model.predict_proba(&iris.x).unwrap().iter().map(|p| p.to_bits()));
    }
    let logistic = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y).unwrap();
    bits.extend(logistic.coefficients().iter().map(|p| p.to_bits()));
    let mixed =
        bits.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, bits| (hash ^ bits).wrapping_mul(0x0100_0000_01b3));
    format!("{mixed:016x} of {}", bits.len())
}

const CHILD: &str = "LOGIT_DETERMINISM_CHILD";

#[test]
fn the_same_seed_gives_the_same_bits_in_every_process() {
    let here = fingerprint();
    if std::env::var_os(CHILD).is_some() {
        println!("fingerprint: {here}");
        return;
    }
    assert_eq!(here, fingerprint());
    let arguments =
        ["--exact", "determinism::the_same_seed_gives_the_same_bits_in_every_process", "--nocapture"];
    let output =
        Command::new(std::env::current_exe().unwrap()).args(arguments).env(CHILD, "1").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(&format!("fingerprint: {here}")), "{here} here, in a child: {text}");
}

#[test]
fn another_seed_gives_other_bits() {
    let iris = data::iris();
    let fit = |seed| MlpClassifier::new([5]).epochs(1).seed(seed).fit(&iris.x, &iris.y).unwrap();
    assert_ne!(fit(1).params(), fit(2).params());
}

/// Observing a fit, or running another beside it, changes nothing: there is no hidden state.
#[test]
fn interleaved_fits_do_not_disturb_each_other() {
    let iris = data::iris();
    let network = &networks()[0];
    let alone = network.fit(&iris.x, &iris.y).unwrap();
    let beside = network
        .fit_observed(&iris.x, &iris.y, |_| {
            let other = MlpClassifier::new([3]).epochs(1).seed(99).fit(&iris.x, &iris.y);
            if other.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .unwrap();
    assert_eq!(alone, beside);
}

#[test]
fn threads_that_share_a_model_get_the_same_bits() {
    let iris = data::iris();
    let model = networks()[0].fit(&iris.x, &iris.y).unwrap();
    let alone = model.predict_proba(&iris.x).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| assert_eq!(model.predict_proba(&iris.x).unwrap(), alone)));
        }
        scope.spawn(|| assert_eq!(networks()[0].fit(&iris.x, &iris.y).unwrap(), model));
    });
}
