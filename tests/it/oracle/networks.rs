//! Networks: PyTorch's autograd in `f64`, checked there with JAX.

mod model;

use logit::nn::{BatchNorm, Layer, Mode, Shape, Tape};
use logit::optim::Step;
use serde::Deserialize;

use self::model::{Batch, LayerData, Model, Params, Running, RunningOfLayers, flatten};
use crate::oracle::compare::Within;
use crate::oracle::json;
use crate::oracle::optimizers::Hyper;

#[derive(Deserialize)]
struct Networks {
    cases: Vec<Case>,
    batchnorm_running: BatchNormRunning,
    traces: Vec<Trace>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    loss_kind: String,
    l2: f64,
    layers: Vec<LayerData>,
    #[serde(flatten)]
    batch: Batch,
    output: Vec<Vec<f64>>,
    layer_outputs: Vec<Vec<Vec<f64>>>,
    loss: f64,
    grads: Vec<Params>,
    grad_input: Vec<Vec<f64>>,
    /// Where there are batch normalisations; those that predict are not in it.
    #[serde(default)]
    running_after: RunningOfLayers,
}

#[derive(Deserialize)]
struct Trace {
    name: String,
    loss_kind: String,
    l2: f64,
    optimizer: String,
    hyper: Hyper,
    layers: Vec<LayerData>,
    batches: Vec<Batch>,
    /// The batch of each step.
    batch_order: Vec<usize>,
    steps: Vec<After>,
}

/// A step: the loss before it and the weights after it.
#[derive(Deserialize)]
struct After {
    loss_before_step: f64,
    weights: Vec<Params>,
    #[serde(default)]
    running: RunningOfLayers,
}

/// Three batches of training, each with the running statistics after it, and a batch of prediction.
#[derive(Deserialize)]
struct BatchNormRunning {
    eps: f64,
    momentum: f64,
    initial: Initial,
    batches: Vec<InputAndOutput>,
    states: Vec<Running>,
    eval_x: Vec<Vec<f64>>,
    eval_y: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Initial {
    #[serde(flatten)]
    running: Running,
    #[serde(flatten)]
    params: Params,
}

#[derive(Deserialize)]
struct InputAndOutput {
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
}

fn read() -> Networks {
    json::read(include_str!("data/networks.json"))
}

/// Rounding of sums of a few products of numbers near 1. Relative to tiny numbers the references are not as
/// good: for `xor_221_sigmoid_bce`, exact arithmetic gives the loss 4.5460775016415884e-5 and not
/// ...6241486e-5. It holds with half of it, after ten steps of training too; the rest is for processors that
/// round products before sums.
const CLOSE: Within = Within::relative(2e-15).plus(3e-15);

/// The gradient with respect to a bias that batch normalisation centres away is zero up to rounding, here and
/// in the reference, and Adam divides that rounding by its own size plus 1e-8. Such biases wander by up to
/// the learning rate times 1e-16 / 1e-8 in a step, 5e-9 in ten, and running means with them.
const WANDERING: Within = Within::relative(2e-15).plus(1e-8);

fn compare_case(case: &Case, mut model: Model) {
    let name = &case.name;
    let mut pass = model.pass(&case.loss_kind, &case.batch);
    CLOSE.matrix(format_args!("{name}, output"), pass.tape.output(), &json::matrix(&case.output));
    for (tape, &index) in pass.tape.children_mut().iter().zip(&model.outputs) {
        let wanted = json::matrix(&case.layer_outputs[index]);
        CLOSE.matrix(format_args!("{name}, output of layer {index}"), tape.output(), &wanted);
    }
    CLOSE.one(format_args!("{name}, loss"), pass.loss + model.penalty(case.l2), case.loss);
    model.add_penalty_gradient(case.l2, &mut pass.grad);
    CLOSE.all(format_args!("{name}, gradient"), &pass.grad, &flatten(&case.grads));
    CLOSE.matrix(format_args!("{name}, gradient of the input"), &pass.dx, &json::matrix(&case.grad_input));
    let statistics = Model::wanted_statistics(&case.layers, &case.running_after);
    CLOSE.all(format_args!("{name}, running statistics"), &model.statistics, &statistics);

    if !model.predicts_like_training() {
        return;
    }
    let applied = model.network.apply(&model.params, &case.batch.x()).expect("fitting sizes");
    assert_eq!(&applied, pass.tape.output(), "{name}: prediction and training agree");
}

#[test]
fn outputs_losses_and_all_gradients_agree_with_autograd() {
    let cases = read().cases;
    for case in &cases {
        compare_case(case, Model::new(&case.layers, case.batch.x().ncols()));
    }
    assert_eq!(cases.len(), 36);
}

/// Where the L2 penalty of a trace is computed.
#[derive(Debug, Clone, Copy)]
enum Penalty {
    /// Added to the gradient here.
    InGradient,
    /// The penalty as weight decay of the optimizer, on the penalised parameters.
    AsWeightDecay,
}

/// Runs ten steps from the beginning of a trace.
fn compare_trace(trace: Trace, penalty: Penalty) {
    let mut model = Model::new(&trace.layers, trace.batches[0].x().ncols());
    let hyper = match penalty {
        Penalty::InGradient => trace.hyper,
        Penalty::AsWeightDecay => trace.hyper.with_weight_decay(trace.l2),
    };
    let rule = hyper.rule(&trace.optimizer).expect("a rule of the crate");
    let mut state = rule.state(model.params.len());
    let (decayed, centred_away) = (model.network.penalized(), model.centred_away());
    for (index, (wanted, &batch)) in trace.steps.iter().zip(&trace.batch_order).enumerate() {
        let name = format!("{}, {penalty:?}, step {}", trace.name, index + 1);
        let mut pass = model.pass(&trace.loss_kind, &trace.batches[batch]);
        let loss = pass.loss + model.penalty(trace.l2);
        CLOSE.one(format_args!("{name}, loss before"), loss, wanted.loss_before_step);
        if let Penalty::InGradient = penalty {
            model.add_penalty_gradient(trace.l2, &mut pass.grad);
        }
        let step = Step::new(index as u64 + 1, hyper.rate()).decayed(&decayed);
        rule.step(step, &mut model.params, &pass.grad, &mut state);
        let wanted_params = flatten(&wanted.weights);
        for (index, (&found, &wanted)) in model.params.iter().zip(&wanted_params).enumerate() {
            let within =
                if centred_away.iter().any(|range| range.contains(&index)) { WANDERING } else { CLOSE };
            within.one(format_args!("{name}, weight {index}"), found, wanted);
        }
        assert_eq!(model.params.len(), wanted_params.len(), "{name}");
        let statistics = Model::wanted_statistics(&trace.layers, &wanted.running);
        let within = if centred_away.is_empty() { CLOSE } else { WANDERING };
        within.all(format_args!("{name}, running statistics"), &model.statistics, &statistics);
    }
    assert_eq!((trace.steps.len(), trace.batch_order.len()), (10, 10), "{}", trace.name);
}

#[test]
fn ten_steps_of_training_agree_with_pytorch() {
    let traces = read().traces;
    assert_eq!(traces.len(), 10);
    traces.into_iter().for_each(|trace| compare_trace(trace, Penalty::InGradient));
}

#[test]
fn weight_decay_on_penalised_parameters_is_the_gradient_of_an_l2_penalty() {
    let traces: Vec<Trace> = read().traces.into_iter().filter(|trace| trace.l2 > 0.0).collect();
    assert_eq!(traces.len(), 2);
    traces.into_iter().for_each(|trace| compare_trace(trace, Penalty::AsWeightDecay));
}

#[test]
fn running_statistics_of_batch_normalisation_agree_with_pytorch() {
    let BatchNormRunning { eps, momentum, initial, batches, states, eval_x, eval_y } =
        read().batchnorm_running;
    let params = flatten([&initial.params]);
    let layer = BatchNorm::new(params.len() / 2).expect("columns").epsilon(eps).momentum(momentum);
    let mut statistics = initial.running.flat();
    for (number, (batch, state)) in batches.iter().zip(&states).enumerate() {
        let mut tape = layer.tape(batch.x.len());
        tape.load_statistics(&statistics);
        tape.set_mode(Mode::Train);
        layer.forward(&params, &json::matrix(&batch.x), &mut tape);
        CLOSE.matrix(format_args!("output of batch {number}"), tape.output(), &json::matrix(&batch.y));
        layer.update_running_stats(&mut tape);
        tape.save_statistics(&mut statistics);
        CLOSE.all(format_args!("statistics after batch {number}"), &statistics, &state.flat());
    }
    let mut tape: Tape<f64> = layer.tape(eval_x.len());
    tape.load_statistics(&statistics);
    layer.forward(&params, &json::matrix(&eval_x), &mut tape);
    CLOSE.matrix("prediction", tape.output(), &json::matrix(&eval_y));
    assert_eq!((batches.len(), states.len()), (3, 3));
}
