//! Training runs: for each code a fault and its healthy twin, which differ in one line, with five seeds each.

use logit::data::{Blobs, Dataset, Moons};
use logit::doctor::{Code, Diagnosis, Doctor, Severity, WatchOptions, Watched};
use logit::nn::{
    AnyLayer, BatchNorm, BinaryCrossEntropy, Dense, Examples, Gradient, Initializer, Layer, Loss, Sequential,
    Shape, Softmax, SoftmaxCrossEntropy, Tape, Targets, TrainOptions, Trainer,
};
use logit::optim::UpdateRule;
use logit::prelude::*;
use logit::{Activation, Adam, Lbfgs, Real, Rng, Schedule, Sgd, StandardScaler};
use nalgebra::DMatrix;

pub(super) const SEEDS: std::ops::Range<u64> = 1..6;
const BUDGET: usize = 2_000_000;

/// A training run, as a user writes it.
#[derive(Clone)]
pub(super) struct Program {
    pub(super) rows: Dataset<usize>,
    pub(super) hidden: Vec<usize>,
    pub(super) activation: Activation,
    pub(super) weights: Option<Initializer>,
    pub(super) biases: Option<Initializer>,
    pub(super) rule: UpdateRule,
    pub(super) schedule: Schedule,
    pub(super) epochs: usize,
    pub(super) batch: usize,
    pub(super) l2: f64,
    pub(super) class_weights: [f64; 2],
    pub(super) held_out: bool,
    pub(super) shuffle: bool,
    pub(super) probe: usize,
    pub(super) seed: u64,
}

/// Two half circles, which a small network with rectifiers tells apart.
pub(super) fn program(seed: u64) -> Program {
    Program {
        rows: Moons::new(300).noise(0.1).seed(seed).generate().expect("valid"),
        hidden: vec![16],
        activation: Activation::Relu,
        weights: None,
        biases: None,
        rule: Adam::new(0.02).into(),
        schedule: Schedule::constant(),
        epochs: 40,
        batch: 32,
        l2: 0.0,
        class_weights: [1.0, 1.0],
        held_out: false,
        shuffle: true,
        probe: BUDGET,
        seed,
    }
}

impl Program {
    fn network(&self) -> Sequential<Dense> {
        let sizes: Vec<usize> =
            [self.rows.x.ncols()].into_iter().chain(self.hidden.iter().copied()).chain([1]).collect();
        let last = sizes.len() - 2;
        let layer = |at: usize| {
            let layer = Dense::new(sizes[at], sizes[at + 1]).expect("sizes");
            let layer = if at < last { layer.activation(self.activation) } else { layer };
            let layer = match &self.weights {
                Some(start) => layer.initializer(*start),
                None => layer,
            };
            match self.biases.filter(|_| at < last) {
                Some(start) => layer.bias_initializer(start),
                None => layer,
            }
        };
        Sequential::new((0..=last).map(layer).collect()).expect("layers that fit")
    }

    fn trainer(&self) -> Trainer<UpdateRule> {
        let trainer = Trainer::new(self.rule).epochs(self.epochs).batch_size(self.batch).l2(self.l2);
        trainer.schedule(self.schedule.clone()).shuffle(self.shuffle).seed(self.seed)
    }

    fn doctor(&self) -> Doctor {
        Doctor::new().probe(self.probe)
    }

    pub(super) fn diagnose(&self) -> Diagnosis {
        self.diagnose_with(&self.network(), &BinaryCrossEntropy)
    }

    fn diagnose_with<N: Layer<f64>, S: Loss<f64>>(&self, network: &N, loss: &S) -> Diagnosis {
        let count = if self.held_out { self.rows.y.len() * 2 / 3 } else { self.rows.y.len() };
        let (x, held) = (
            self.rows.x.rows(0, count).into_owned(),
            self.rows.x.rows(count, self.rows.y.len() - count).into_owned(),
        );
        let weights: Vec<f64> = self.rows.y[..count].iter().map(|&class| self.class_weights[class]).collect();
        let examples = Examples::new(&x, Targets::Classes(&self.rows.y[..count])).weights(&weights);
        let mut options = WatchOptions::new(TrainOptions::new());
        if self.held_out {
            options = options.held_out(Examples::new(&held, Targets::Classes(&self.rows.y[count..])));
        }
        let fitted = self.doctor().fit(&self.trainer(), network, loss, examples, options);
        fitted.map_or_else(|error| Diagnosis::of_error(&error), |watched| watched.diagnosis)
    }
}

/// Checks that the change makes the finding first, and that the twin has no warning.
pub(super) fn check(code: Code, twin: impl Fn(u64) -> Program, break_it: impl Fn(&mut Program)) {
    for seed in SEEDS {
        let mut program = twin(seed);
        let healthy = program.diagnose();
        assert!(healthy.is_healthy(), "seed {seed}, twin of {code}:\n{healthy}");
        break_it(&mut program);
        first(code, &program.diagnose(), seed);
    }
}

pub(super) fn first(code: Code, diagnosis: &Diagnosis, seed: u64) {
    let root = diagnosis.root().unwrap_or_else(|| panic!("seed {seed}: {code} was not found"));
    assert_eq!(root.code, code, "seed {seed}:\n{diagnosis}");
    assert!(root.severity > Severity::Info && root.caused_by.is_none(), "seed {seed}:\n{diagnosis}");
    assert!(!root.why.is_empty() && !root.change.is_empty());
    assert_eq!(diagnosis.findings().iter().filter(|finding| finding.code == code).count(), 1);
}

#[test]
fn identical_units() {
    check(Code::SymmetricUnits, program, |program| program.weights = Some(Initializer::Constant(0.1)));
}

#[test]
fn rates_far_too_large_and_far_too_small() {
    let momentum = |seed| Program { rule: Sgd::new(0.1).momentum(0.9).into(), ..program(seed) };
    check(Code::LearningRateTooLarge, program, |program| program.rule = Adam::new(20.0).into());
    check(Code::LearningRateTooSmall, program, |program| program.rule = Adam::new(1e-7).into());
    check(Code::LearningRateTooSmall, momentum, |program| program.rule = Sgd::new(1e-6).momentum(0.9).into());
}

#[test]
fn a_schedule_that_stops_the_run() {
    check(Code::LearningRateTooSmall, program, |program| {
        program.schedule = Schedule::exponential(0.3).per_epoch();
        program.rule = Adam::new(2e-4).into();
    });
}

#[test]
fn units_that_are_dead_or_saturated_from_the_start() {
    let rule: UpdateRule = Adam::new(0.1).into();
    let sigmoid = |seed| Program { activation: Activation::Sigmoid, epochs: 150, rule, ..program(seed) };
    check(Code::DeadUnits, program, |program| program.biases = Some(Initializer::Constant(-30.0)));
    check(Code::SaturatedUnits, sigmoid, |program| {
        program.weights = Some(Initializer::Normal { mean: 0.0, standard_deviation: 2000.0 });
    });
}

#[test]
fn columns_in_raw_units() {
    let descent = |seed| Program { rule: Sgd::new(0.3).into(), hidden: Vec::new(), ..blobs(seed) };
    check(Code::UnscaledColumns, descent, |program| {
        program.rows.x.column_mut(0).apply(|v| *v = 3000.0 * *v + 9000.0);
    });
}

/// Overlapping clusters in standardised columns.
fn blobs(seed: u64) -> Program {
    let rows = Blobs::new(300, 2).features(3).standard_deviation(6.0).seed(seed).generate().expect("valid");
    let scaler = StandardScaler::new().fit(&rows.x).expect("finite");
    let x = scaler.transform(&rows.x).expect("finite");
    Program { rows: Dataset::new(x, rows.y).expect("sizes"), l2: 1e-3, ..program(seed) }
}

#[test]
fn a_penalty_that_prevents_learning() {
    check(Code::TooMuchPenalty, program, |program| program.l2 = 5.0);
}

#[test]
fn a_single_epoch() {
    check(Code::FewSteps, program, |program| {
        program.epochs = 1;
        program.batch = 100;
        program.rule = Adam::new(2e-3).into();
    });
}

#[test]
fn labels_that_say_nothing() {
    for seed in SEEDS {
        let mut program = Program { held_out: true, epochs: 15, hidden: Vec::new(), ..program(seed) };
        let mut rng = Rng::new(seed);
        program.rows.y.iter_mut().for_each(|class| *class = rng.below(2));
        let diagnosis = program.diagnose();
        let found = diagnosis.root().map(|finding| finding.code);
        assert!(matches!(found, Some(Code::ConstantPredictor | Code::NoSkill)), "seed {seed}:\n{diagnosis}");
    }
}

#[test]
fn noise_that_is_learnt_by_heart() {
    for seed in SEEDS {
        let rows = Moons::new(120).noise(0.1).seed(seed).generate().expect("valid");
        let twin = Program { rows, held_out: true, epochs: 800, hidden: vec![100], ..program(seed) };
        assert!(twin.diagnose().is_healthy(), "{}", twin.diagnose());
        let mut fault = twin.clone();
        let mut rng = Rng::new(seed);
        for class in &mut fault.rows.y {
            *class = if rng.uniform(0.0, 1.0) < 0.2 { 1 - *class } else { *class };
        }
        let diagnosis = fault.diagnose();
        let found = diagnosis.root().map(|finding| finding.code);
        assert_eq!(found, Some(Code::Overfitting), "seed {seed}:\n{diagnosis}");
    }
}

#[test]
fn separable_classes_without_a_penalty() {
    let apart = |seed| {
        let rows = Blobs::new(120, 2).standard_deviation(0.3).seed(seed).generate().expect("valid");
        let x = 0.1 * rows.x;
        let rows = Dataset::new(x, rows.y).expect("sizes");
        Program {
            rows,
            hidden: Vec::new(),
            rule: Sgd::new(0.5).into(),
            l2: 1e-2,
            epochs: 200,
            ..program(seed)
        }
    };
    check(Code::Separable, apart, |program| program.l2 = 0.0);
}

#[test]
fn weights_of_classes_that_shift_the_threshold() {
    check(Code::Threshold, blobs, |program| program.class_weights = [1.0, 300.0]);
}

#[test]
fn a_network_that_is_too_small() {
    let rings = |seed| {
        let rows = logit::data::Circles::new(300).noise(0.05).seed(seed).generate().expect("valid");
        Program { rows, ..program(seed) }
    };
    check(Code::SmallNetwork, rings, |program| program.hidden = vec![1]);
}

/// Deep networks of sigmoid units; rectifiers of the same sizes learn.
#[test]
fn gradients_that_vanish() {
    let deep = |seed| {
        let rule = Sgd::new(0.05).momentum(0.9).into();
        Program { hidden: vec![12; 7], epochs: 80, rule, ..program(seed) }
    };
    check(Code::VanishingGradient, deep, |program| program.activation = Activation::Sigmoid);
}

#[test]
fn numbers_that_are_not_finite() {
    check(Code::NotFinite, program, |program| program.rows.x[(7, 1)] = f64::NAN);
}

#[test]
fn one_class_only() {
    check(Code::TooFewRows, program, |program| program.rows.y.fill(1));
}

#[test]
fn a_softmax_before_the_softmax_of_the_loss() {
    for seed in SEEDS {
        let program = program(seed);
        let layers = |twice: bool| {
            let mut layers: Vec<AnyLayer> = vec![
                Dense::new(2, 16).unwrap().activation(Activation::Relu).into(),
                Dense::new(16, 2).unwrap().into(),
            ];
            layers.extend(twice.then(|| AnyLayer::from(Softmax::new(2).unwrap())));
            Sequential::new(layers).unwrap()
        };
        let healthy = program.diagnose_with(&layers(false), &SoftmaxCrossEntropy::new());
        assert!(healthy.is_healthy(), "seed {seed}:\n{healthy}");
        let diagnosis = program.diagnose_with(&layers(true), &SoftmaxCrossEntropy::new());
        first(Code::LossMismatch, &diagnosis, seed);
    }
}

/// Binary cross-entropy that takes any numbers, as formulas written by hand do.
struct ByHand;

impl<T: Real> Loss<T> for ByHand {
    fn score_columns(&self, _: usize) -> usize {
        1
    }
    fn accumulate(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        mut gradient: Option<Gradient<'_, T>>,
    ) -> f64 {
        let mut sum = 0.0;
        for row in 0..scores.nrows() {
            let (z, y) = (scores[row].as_f64(), targets.value(row, 0, 1).as_f64());
            let weight = weights.map_or(1.0, |w| w[row].as_f64());
            sum += weight * (z.max(0.0) + (-z.abs()).exp().ln_1p() - y * z);
            if let Some(gradient) = &mut gradient {
                gradient.out[row] = gradient.scale * T::of(weight * (1.0 / (1.0 + (-z).exp()) - y));
            }
        }
        sum
    }
    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        Loss::<T>::probabilities(&BinaryCrossEntropy, scores, out);
    }
}

#[test]
fn labels_for_another_loss() {
    for seed in SEEDS {
        let program = program(seed);
        let network = program.network();
        let diagnose = |of: [f64; 2]| {
            let y = DMatrix::from_iterator(300, 1, program.rows.y.iter().map(|&class| of[class]));
            let examples = Examples::new(&program.rows.x, Targets::Values(&y));
            let fitted =
                program.doctor().fit(&program.trainer(), &network, &ByHand, examples, TrainOptions::new());
            fitted.map_or_else(|error| Diagnosis::of_error(&error), |watched| watched.diagnosis)
        };
        let healthy = diagnose([0.0, 1.0]);
        assert!(healthy.is_healthy(), "seed {seed}:\n{healthy}");
        for coding in [[-1.0, 1.0], [0.0, 2.0], [1.0, 2.0], [0.0, 255.0]] {
            first(Code::LabelCoding, &diagnose(coding), seed);
        }
    }
}

/// A network whose gradient is multiplied by a factor, as after dividing by the number of rows twice.
struct Scaled(Sequential<Dense>, f64);

impl Shape for Scaled {
    fn inputs(&self) -> usize {
        self.0.inputs()
    }
    fn outputs(&self) -> usize {
        self.0.outputs()
    }
    fn parameter_count(&self) -> usize {
        self.0.parameter_count()
    }
    fn sublayers(&self) -> Vec<&dyn Shape> {
        self.0.sublayers()
    }
}

impl Layer<f64> for Scaled {
    fn init(&self, params: &mut [f64], rng: &mut Rng) {
        Layer::<f64>::init(&self.0, params, rng);
    }
    fn tape(&self, rows: usize) -> Tape<f64> {
        Layer::<f64>::tape(&self.0, rows)
    }
    fn forward(&self, params: &[f64], x: &DMatrix<f64>, tape: &mut Tape<f64>) {
        self.0.forward(params, x, tape);
    }
    fn backward(
        &self,
        params: &[f64],
        x: &DMatrix<f64>,
        tape: &mut Tape<f64>,
        grad: &mut [f64],
        dx: Option<&mut DMatrix<f64>>,
    ) {
        self.0.backward(params, x, tape, grad, dx);
        grad.iter_mut().for_each(|g| *g *= self.1);
    }
}

#[test]
fn gradients_with_a_factor() {
    for seed in SEEDS {
        let program = program(seed);
        let healthy = program.diagnose_with(&Scaled(program.network(), 1.0), &BinaryCrossEntropy);
        assert!(healthy.is_healthy(), "seed {seed}:\n{healthy}");
        for (factor, said) in [(-1.0, "wrong sign"), (0.5, "multiplied by 2.0000"), (1.0 / 64.0, "twice")] {
            let diagnosis = program.diagnose_with(&Scaled(program.network(), factor), &BinaryCrossEntropy);
            first(Code::GradientMismatch, &diagnosis, seed);
            let why = &diagnosis.root().unwrap().why;
            assert!(why.contains(said), "{factor}: {why}");
        }
    }
}

#[test]
fn minimisers_that_stop_too_early() {
    for seed in SEEDS {
        let program = program(seed);
        let network = program.network();
        let examples = Examples::new(&program.rows.x, Targets::Classes(&program.rows.y));
        let diagnose = |limit: usize| {
            let lbfgs = Lbfgs::new().max_iterations(limit).tolerance(1e-3);
            let found =
                program.doctor().minimize(&lbfgs, &network, &BinaryCrossEntropy, examples, 1e-3, None, None);
            found.expect("finite data").diagnosis
        };
        let healthy = diagnose(2000);
        assert!(healthy.is_healthy(), "seed {seed}:\n{healthy}");
        first(Code::NotConverged, &diagnose(4), seed);
    }
}

/// Watching does not change a bit of the result, and the same seed gives the same findings.
#[test]
fn watching_changes_nothing() {
    let program = Program { epochs: 5, ..program(3) };
    let network = Sequential::<AnyLayer>::new(vec![
        BatchNorm::new(2).unwrap().into(),
        Dense::new(2, 5).unwrap().activation(Activation::Tanh).into(),
        logit::nn::Dropout::new(5, 0.2).unwrap().into(),
        Dense::new(5, 1).unwrap().into(),
    ])
    .unwrap();
    let examples = Examples::new(&program.rows.x, Targets::Classes(&program.rows.y));
    let alone = program.trainer().fit(&network, BinaryCrossEntropy, examples, TrainOptions::new()).unwrap();
    let watched = || {
        let options = TrainOptions::new();
        program.doctor().fit(&program.trainer(), &network, &BinaryCrossEntropy, examples, options).unwrap()
    };
    let (first, again) = (watched(), watched());
    assert_eq!(first.trained, alone);
    assert_eq!(first.diagnosis, again.diagnosis);
    assert_eq!(first.trace, again.trace);
}

/// The course has few points, whatever the length of the run, and the numbers of the history.
#[test]
fn the_course_of_a_run() {
    let program = Program { epochs: 400, biases: Some(Initializer::Constant(-30.0)), ..program(1) };
    let network = program.network();
    let examples = Examples::new(&program.rows.x, Targets::Classes(&program.rows.y));
    let options = WatchOptions::new(TrainOptions::new())
        .held_out(Examples::new(&program.rows.x, Targets::Classes(&program.rows.y)));
    let watched =
        Doctor::new().fit(&program.trainer(), &network, &BinaryCrossEntropy, examples, options).unwrap();
    let (trace, history) = (&watched.trace, &watched.trained.history);
    assert!((10..=20).contains(&trace.points.len()), "{trace}");
    assert_eq!(trace.layers, history.layers);
    let shares = [0, 1].map(|class| program.rows.y.iter().filter(|&&y| y == class).count() as f64 / 300.0);
    let entropy = -shares.iter().map(|share| share * share.ln()).sum::<f64>();
    assert!((trace.constant_loss.unwrap() - entropy).abs() < 1e-6);
    let (first, last) = (&trace.points[0], &trace.points[trace.points.len() - 1]);
    assert_eq!((first.epoch, last.epoch), (0, 400));
    assert!(first.update_ratios.is_empty());
    assert_eq!(first.dead, [1.0], "biases of -30 before rectifiers");
    for point in &trace.points[1..] {
        let updates = &history.epochs[point.epoch - 1].updates;
        assert_eq!(point.update_ratios, updates.iter().map(|update| update.update_ratio).collect::<Vec<_>>());
        assert_eq!(point.held_out_loss, Some(point.loss), "the same rows");
    }
    let scores = watched.trained.scores(&network, &program.rows.x).unwrap();
    let loss = BinaryCrossEntropy.mean(&scores, Targets::Classes(&program.rows.y), None).unwrap();
    assert!((last.loss - loss).abs() < 1e-12);

    let lbfgs = Lbfgs::new().max_iterations(30);
    let watched = Doctor::new().minimize(&lbfgs, &network, &BinaryCrossEntropy, examples, 0.0, None, None);
    let Watched { trained, trace, .. } = watched.unwrap();
    assert_eq!(trace.objective, trained.report.objective_curve);
    assert!(trace.points.iter().all(|point| point.update_ratios.is_empty()));
}
