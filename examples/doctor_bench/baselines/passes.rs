//! The outputs of all layers, as tools for Keras ask for them.

use logit::nn::Activation;
use nalgebra::{DMatrix, DMatrixView};

use super::seen::Seen;
use crate::layers::activation;
use crate::loss::emit;
use crate::model_schema::{Model, Norm};
use crate::network::Network;

/// The constant that normalisations add to variances.
const EPSILON: f64 = 1e-5;

/// Returns the outputs of the layers of `seen` for rows, in their order, as in evaluation.
pub(crate) fn outputs(
    (model, seen): (&Model, &Seen),
    network: &Network,
    (params, statistics): (&[f64], &[f64]),
    x: &DMatrix<f64>,
) -> Vec<DMatrix<f64>> {
    let ranges = network.dense();
    let hidden = activation(&model.activation).unwrap_or(Activation::Identity);
    let (mut layers, mut seen_so_far) = (vec![x.clone()], 0);
    for (index, (weights, bias)) in ranges.weights.iter().zip(&ranges.biases).enumerate() {
        let input = &layers[layers.len() - 1];
        let (inputs, width) = (input.ncols(), bias.len());
        let mut z = input * DMatrixView::from_slice(&params[weights.clone()], inputs, width);
        for (mut column, bias) in z.column_iter_mut().zip(&params[bias.clone()]) {
            column.add_scalar_mut(*bias);
        }
        layers.push(z.clone());
        if index == model.hidden.len() {
            break;
        }
        let affine = params.get(bias.end..bias.end + 2 * width).unwrap_or_default();
        match model.norm {
            Norm::None => {}
            Norm::Batch => {
                let of_layer = &statistics[seen_so_far..seen_so_far + 2 * width];
                seen_so_far += 2 * width;
                for (column, mut values) in z.column_iter_mut().enumerate() {
                    let (mean, variance) = (of_layer[column], of_layer[width + column]);
                    values.apply(|z| *z = (*z - mean) / (variance + EPSILON).sqrt());
                }
            }
            Norm::Layer => {
                for mut row in z.row_iter_mut() {
                    let (mean, variance) = (row.mean(), row.variance());
                    row.apply(|z| *z = (*z - mean) / (variance + EPSILON).sqrt());
                }
            }
        }
        if model.norm != Norm::None {
            for (column, mut values) in z.column_iter_mut().enumerate() {
                values.apply(|z| *z = *z * affine[column] + affine[width + column]);
            }
            layers.push(z.clone());
        }
        z.apply(|z| *z = hidden.evaluate(*z).0);
        layers.push(z);
    }
    if layers.len() <= seen.layers.len() {
        let mut last = layers[layers.len() - 1].clone();
        for mut row in last.row_iter_mut() {
            let mut of_row: Vec<f64> = row.iter().copied().collect();
            emit(seen.output, &mut of_row);
            row.iter_mut().zip(of_row).for_each(|(cell, value)| *cell = value);
        }
        layers.push(last);
    }
    layers.remove(0);
    layers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::Prepared;
    use crate::program::Program;
    use serde_json::json;

    #[test]
    fn the_last_outputs_are_those_of_the_network() {
        for norm in ["none", "batch", "layer"] {
            let program: Program = serde_json::from_value(json!({
                "data": {"source": "generated", "kind": "gauss", "seed": 3, "n": 60, "d": 4, "classes": 3,
                    "noise": 1.0, "split": {"test_share": 0.25, "seed": 1}, "scaling": "standard"},
                "model": {"kind": "mlp", "hidden": [5, 6], "activation": "gelu", "norm": norm,
                    "output": "softmax", "loss": "ce_logits", "units": 3},
                "init": {"weights": "he", "bias": 0.1, "seed": 2},
                "optimizer": {"name": "adam", "rate": 0.02, "batch": 16, "epochs": 3}
            }))
            .unwrap();
            let prepared = Prepared::new(&program).unwrap();
            let end = prepared.fit().unwrap();
            let (seen, x) = (Seen::new(&program.model), &prepared.train.x);
            let weights = (end.params.as_slice(), end.statistics.as_slice());
            let layers = outputs((&program.model, &seen), &prepared.network, weights, x);
            let wanted = prepared.network.scores(&end.params, &end.statistics, x);
            assert_eq!(layers.len(), seen.layers.len());
            let columns: Vec<usize> = layers.iter().map(|layer| layer.ncols()).collect();
            let of_hidden = if norm == "none" { 2 } else { 3 };
            assert_eq!(columns, [vec![5; of_hidden], vec![6; of_hidden], vec![3; 2]].concat());
            assert!((&layers[layers.len() - 1] - wanted).amax() < 1e-12, "{norm}");
        }
    }
}
