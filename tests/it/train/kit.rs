//! Data and networks that the tests share.

use logit::nn::{Dense, Sequential};
use logit::optim::*;
use logit::{Activation, Rng};
use nalgebra::DMatrix;

/// Three classes in four columns, with some overlap.
pub(crate) struct Data {
    pub(crate) x: DMatrix<f64>,
    pub(crate) classes: Vec<usize>,
    pub(crate) weights: Vec<f64>,
}

impl Data {
    pub(crate) fn new(rows: usize, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(rows, 4, |_, _| rng.standard_normal());
        let largest = |row: usize| (0..3).max_by(|&a, &b| x[(row, a)].total_cmp(&x[(row, b)]));
        let classes = (0..rows).map(|row| largest(row).expect("three columns")).collect();
        let weights = (0..rows).map(|row| 0.5 + (row % 3) as f64).collect();
        Data { x, classes, weights }
    }
}

pub(crate) fn network() -> Sequential<Dense> {
    Sequential::perceptron(&[4, 6, 3], Activation::Tanh).expect("valid sizes")
}

pub(crate) fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// One of each update rule.
pub(crate) fn rules() -> Vec<logit::optim::UpdateRule> {
    use logit::*;
    vec![
        Sgd::new(0.05).into(),
        Sgd::new(0.05).momentum(0.9).nesterov(true).into(),
        Adam::new(0.05).into(),
        Adam::new(0.05).amsgrad(true).into(),
        AdamW::new(0.05).into(),
        NAdam::new(0.05).into(),
        RAdam::new(0.05).into(),
        RmsProp::new(0.01).centered(true).momentum(0.5).into(),
        Adagrad::new(0.1).into(),
        Adadelta::new(1.0).into(),
        Adamax::new(0.05).into(),
        Lion::new(0.01).into(),
        Rprop::new(0.01).into(),
        Yogi::new(0.05).into(),
        AdaBelief::new(0.05).into(),
        Lamb::new(0.05).into(),
    ]
}

/// One of each schedule.
pub(crate) fn schedules() -> Vec<logit::Schedule> {
    use logit::Schedule;
    use logit::optim::{OneCycle, ReduceOnPlateau};
    vec![
        Schedule::constant(),
        Schedule::step(4, 0.5),
        Schedule::multistep(&[3, 5], 0.3),
        Schedule::exponential(0.9),
        Schedule::polynomial(12, 2.0),
        Schedule::cosine(18),
        Schedule::cosine_restarts(4, 2),
        Schedule::inverse_sqrt(4),
        Schedule::inverse_time(0.1),
        Schedule::one_cycle(OneCycle::new(18, 5.0)),
        Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.5, 1)),
        Schedule::linear_warmup(0.1, 5).then(5, Schedule::cosine(13)),
        Schedule::linear_warmup(0.1, 5).times(Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.5, 0))),
        Schedule::step(2, 0.5).per_epoch(),
    ]
}
