//! Networks drawn at random.

use logit::nn::{
    BinaryCrossEntropy, Focal, Hinge, Initializer, MeanSquaredError, Normalization, SigmoidSquaredError,
    SoftmaxCrossEntropy, SoftmaxSquaredError, SquaredHinge,
};
use logit::optim::*;
use logit::{Activation, ClassWeight, MlpClassifier, Schedule};

use crate::draw::Draw;

/// A network and what the checks need to know about it.
pub(super) struct Setting {
    pub(super) network: MlpClassifier,
    pub(super) full_batch: bool,
    pub(super) epochs: usize,
    pub(super) l2: f64,
    pub(super) held_out: bool,
    pub(super) weighted_classes: bool,
    /// Whether nothing about it may be refused, and no step is wild.
    pub(super) plain: bool,
}

fn rule(draw: &mut Draw, rate: f64) -> UpdateRule {
    match draw.below(16) {
        0 => Sgd::new(rate).into(),
        1 => Sgd::new(rate).momentum(0.9).nesterov(true).weight_decay(0.1).into(),
        2 => Adam::new(rate).into(),
        3 => Adam::new(rate).amsgrad(true).weight_decay(Decay::Coupled(0.1)).into(),
        4 => AdamW::new(rate).into(),
        5 => NAdam::new(rate).into(),
        6 => RAdam::new(rate).into(),
        7 => RmsProp::new(rate).centered(true).momentum(0.5).into(),
        8 => Adagrad::new(rate).into(),
        9 => Adadelta::new(rate).into(),
        10 => Adamax::new(rate).into(),
        11 => Lion::new(rate).into(),
        12 => Rprop::new(rate).into(),
        13 => Yogi::new(rate).into(),
        14 => AdaBelief::new(rate).into(),
        _ => Lamb::new(rate).into(),
    }
}

fn schedule(draw: &mut Draw) -> Schedule {
    let length = draw.within(1, 12) as u64;
    let schedule = match draw.below(12) {
        0..=3 => Schedule::constant(),
        4 => Schedule::step(length, 0.5),
        5 => Schedule::exponential(0.9),
        6 => Schedule::polynomial(length, 2.0),
        7 => Schedule::cosine_restarts(length, 2),
        8 => Schedule::one_cycle(OneCycle::new(length + 1, 5.0)),
        9 => Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.5, 1)),
        10 => Schedule::linear_warmup(0.1, length).then(length, Schedule::cosine(13)),
        _ => Schedule::inverse_time(0.1).times(Schedule::inverse_sqrt(length)).down_to(0.01),
    };
    if draw.chance(0.3) { schedule.per_epoch() } else { schedule }
}

fn activation(draw: &mut Draw) -> Activation {
    use Activation::*;
    draw.pick(&[
        Identity,
        Relu,
        LeakyRelu(0.1),
        Elu(1.0),
        Selu,
        Gelu,
        GeluTanh,
        Silu,
        Softplus,
        LogSigmoid,
        Softsign,
        Sigmoid,
        Tanh,
        HardTanh,
        HardSigmoid,
        HardSwish,
    ])
}

fn loss(draw: &mut Draw, network: MlpClassifier) -> MlpClassifier {
    match draw.below(14) {
        0 => network.loss(BinaryCrossEntropy),
        1 => network.loss(SoftmaxCrossEntropy::new()),
        2 => network.loss(Focal::new(2.0).alpha(0.3)),
        3 => network.loss(Hinge),
        4 => network.loss(SquaredHinge),
        5 => network.loss(MeanSquaredError),
        6 => network.loss(SigmoidSquaredError),
        7 => network.loss(SoftmaxSquaredError),
        _ => network,
    }
}

/// Draws a network.
pub(super) fn setting(draw: &mut Draw, classes: usize) -> Setting {
    let hidden: Vec<usize> = (0..draw.below(3)).map(|_| draw.within(1, 6)).collect();
    let (epochs, seed) = (draw.within(1, 7), draw.seed());
    let l2 = draw.pick(&[0.0, 0.0, 1e-3, 1.0]);
    let wild = draw.chance(0.15);
    let mut network = MlpClassifier::new(hidden).activation(activation(draw)).seed(seed).l2(l2);
    network = loss(draw, network);
    if draw.chance(0.15) {
        network = network.normalization(draw.pick(&[Normalization::Batch, Normalization::Layer]));
    }
    if draw.chance(0.15) {
        let size = if wild { draw.magnitude(-30.0, 30.0) } else { 0.5 };
        network = network.initializer(draw.pick(&[
            Initializer::Zeros,
            Initializer::Constant(size),
            Initializer::Orthogonal { gain: size },
            Initializer::TruncatedNormal { mean: 0.0, standard_deviation: size },
        ]));
    }
    let weighted_classes = draw.chance(0.15);
    if weighted_classes {
        let map = ClassWeight::map((0..classes).map(|class| (class, 1.0 + class as f64)));
        network = network.class_weight(draw.pick(&[ClassWeight::Balanced, map]));
    }
    let full_batch = draw.chance(0.2);
    let mut held_out = false;
    if full_batch {
        network = match draw.below(2) {
            0 => network.optimizer(Lbfgs::new().max_iterations(60)),
            _ => network.optimizer(LevenbergMarquardt::new().max_iterations(30)),
        };
    } else {
        let rate = if wild { draw.magnitude(-20.0, 20.0) } else { draw.magnitude(-4.0, -1.0) };
        network = network.optimizer(rule(draw, rate)).epochs(epochs).batch_size(draw.within(1, 40));
        network = network.schedule(schedule(draw)).accumulate(draw.pick(&[1, 1, 1, 2, 3]));
        if draw.chance(0.1) {
            network = network.dropout(0.3);
        }
        if draw.chance(0.2) {
            network = network.clip(draw.pick(&[Clip::norm(1.0), Clip::value(0.1)]));
        }
        held_out = draw.chance(0.3);
        if held_out {
            network = network.validation_fraction(draw.uniform(0.1, 0.6)).patience(draw.within(1, 3));
            network = network.min_improvement(draw.pick(&[0.0, 0.0, 0.1]));
        }
    }
    Setting { network, full_batch, epochs, l2, held_out, weighted_classes, plain: !wild }
}
