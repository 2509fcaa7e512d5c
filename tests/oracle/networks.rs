//! Networks of dense layers: PyTorch's autograd in `f64`, checked there with JAX.

mod model;

use logit::{Layer, Shape, Step};
use serde::Deserialize;

use self::model::{Batch, LayerData, Model, Params, flatten};
use crate::compare::Within;
use crate::json;
use crate::optimizers::Hyper;

#[derive(Deserialize)]
struct Networks {
    cases: Vec<Case>,
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
}

fn read() -> Networks {
    json::read(include_str!("data/networks.json"))
}

/// Rounding of sums of a few products of numbers near 1. Relative to tiny numbers the references are not as good:
/// for `xor_221_sigmoid_bce`, exact arithmetic gives the loss 4.5460775016415884e-5 and not ...6241486e-5.
/// It holds with half of it, after ten steps of training too; the rest is for processors that round products before sums.
const CLOSE: Within = Within::relative(2e-15).plus(3e-15);

fn compare_case(case: &Case, model: &Model) {
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

    let applied = model.network.apply(&model.params, &case.batch.x()).expect("fitting sizes");
    assert_eq!(&applied, pass.tape.output(), "{name}: prediction and training agree");
}

#[test]
fn outputs_losses_and_all_gradients_agree_with_autograd() {
    let mut compared = Vec::new();
    let cases = read().cases;
    for case in &cases {
        if let Some(model) = Model::new(&case.layers) {
            compare_case(case, &model);
            compared.push(case.name.as_str());
        }
    }
    // The others have batch or layer normalisation, dropout, softmax inside or activations of the ELU and GELU kind.
    assert_eq!((compared.len(), cases.len()), (25, 36), "{compared:?}");
}

/// Where the L2 penalty of a trace is computed.
#[derive(Debug, Clone, Copy)]
enum Penalty {
    /// Added to the gradient here.
    InGradient,
    /// Left to the optimizer, as weight decay on what the network says is penalised.
    AsWeightDecay,
}

/// Runs ten steps from the beginning of a trace; `None` if the crate lacks a layer or the rule.
fn compare_trace(trace: Trace, penalty: Penalty) -> Option<()> {
    let mut model = Model::new(&trace.layers)?;
    let hyper = match penalty {
        Penalty::InGradient => trace.hyper,
        Penalty::AsWeightDecay => trace.hyper.with_weight_decay(trace.l2),
    };
    let rule = hyper.rule(&trace.optimizer)?;
    let mut state = rule.state(model.params.len());
    let decayed = model.network.penalized();
    for (index, (wanted, &batch)) in trace.steps.iter().zip(&trace.batch_order).enumerate() {
        let name = format!("{}, {penalty:?}, step {}", trace.name, index + 1);
        let mut pass = model.pass(&trace.loss_kind, &trace.batches[batch]);
        let loss = pass.loss + model.penalty(trace.l2);
        CLOSE.one(format_args!("{name}, loss before"), loss, wanted.loss_before_step);
        if let Penalty::InGradient = penalty {
            model.add_penalty_gradient(trace.l2, &mut pass.grad);
        }
        let step = Step { number: index as u64 + 1, learning_rate: hyper.rate(), decayed: &decayed };
        rule.step(step, &mut model.params, &pass.grad, &mut state);
        CLOSE.all(format_args!("{name}, weights"), &model.params, &flatten(&wanted.weights));
    }
    assert_eq!((trace.steps.len(), trace.batch_order.len()), (10, 10), "{}", trace.name);
    Some(())
}

#[test]
fn ten_steps_of_training_agree_with_pytorch() {
    let traces = read().traces.into_iter();
    let compared = traces.filter_map(|trace| compare_trace(trace, Penalty::InGradient)).count();
    assert_eq!(compared, 8, "all but the two with batch normalisation");
}

#[test]
fn weight_decay_on_penalised_parameters_is_the_gradient_of_an_l2_penalty() {
    let traces = read().traces.into_iter().filter(|trace| trace.l2 > 0.0);
    let compared = traces.filter_map(|trace| compare_trace(trace, Penalty::AsWeightDecay)).count();
    assert_eq!(compared, 2);
}
