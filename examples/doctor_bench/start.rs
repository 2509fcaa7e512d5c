//! The parameters that a run starts from.

use logit::Rng;
use logit::nn::{Layer, Shape};

use super::model_schema::{Norm, Weights};
use super::network::Network;
use super::program::Program;

/// Parameters and running statistics.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Start {
    pub(crate) params: Vec<f64>,
    pub(crate) statistics: Vec<f64>,
}

/// Draws the initial parameters of a program.
pub(crate) fn draw(program: &Program, network: &Network) -> Result<Start, String> {
    let (init, model) = (&program.init, &program.model);
    let mut rng = Rng::new(init.seed);
    let sizes: Vec<usize> =
        std::iter::once(network.inputs()).chain(model.hidden.iter().copied()).chain([model.units]).collect();
    let last = sizes.len() - 2;
    let mut params = Vec::with_capacity(network.parameter_count());
    for (index, size) in sizes.windows(2).enumerate() {
        let (inputs, outputs) = (size[0], size[1]);
        let chosen = init.layers.as_ref().is_none_or(|layers| layers.contains(&index));
        let weights = if chosen { init.weights } else { Weights::Glorot };
        let gain = if index == last { 1.0 } else { 2.0 };
        params.extend((0..inputs * outputs).map(|_| draw_one(weights, (inputs, outputs), gain, &mut rng)));
        let bias = if index == last { init.output_bias } else { init.bias };
        params.resize(params.len() + outputs, bias);
        if model.norm != Norm::None && index < last {
            params.resize(params.len() + outputs, 1.0);
            params.resize(params.len() + outputs, 0.0);
        }
    }
    if params.len() != network.parameter_count() {
        return Err(format!("{} initial parameters for {}", params.len(), network.parameter_count()));
    }
    let tape = network.tape(0);
    let mut statistics = vec![0.0; tape.statistic_count()];
    tape.save_statistics(&mut statistics);
    Ok(Start { params, statistics })
}

fn draw_one(weights: Weights, (inputs, outputs): (usize, usize), gain: f64, rng: &mut Rng) -> f64 {
    let (fan_in, both) = (inputs as f64, (inputs + outputs) as f64);
    match weights {
        Weights::He => (gain / fan_in).sqrt() * rng.standard_normal(),
        Weights::Lecun => (1.0 / fan_in).sqrt() * rng.standard_normal(),
        Weights::Glorot => (6.0 / both).sqrt() * rng.uniform(-1.0, 1.0),
        Weights::Uniform { low, high } => rng.uniform(low, high),
        Weights::Normal { mean, std } => mean + std * rng.standard_normal(),
        Weights::Constant { value } => value,
        Weights::Zeros => 0.0,
    }
}
