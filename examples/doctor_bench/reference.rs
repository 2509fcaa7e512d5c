//! Runs without randomness against an independent trainer: no shuffling, and a constant start.

use serde_json::{Value, json};

use crate::facts::Facts;
use crate::prepare::Prepared;
use crate::program::patched;

/// The model, what is changed in its program, and its skill on training and test rows.
///
/// From a trainer in NumPy that shares no code with this crate (SciPy 1.17 for L-BFGS).
#[rustfmt::skip]
const RUNS: &[(&str, &str, f64, f64)] = &[
    ("deep", r#"{"optimizer.name": "momentum", "optimizer.rate": 0.05}"#, 0.299089, 0.031709),
    ("deep", r#"{"optimizer.name": "nesterov", "optimizer.rate": 0.05}"#, 0.309128, 0.045493),
    ("deep", r#"{"optimizer.name": "adam", "optimizer.rate": 0.02}"#, 0.336676, 0.242447),
    ("deep", r#"{"optimizer.name": "adamw", "optimizer.rate": 0.02}"#, 0.347131, 0.239174),
    ("deep", r#"{"optimizer.name": "rmsprop", "optimizer.rate": 0.01}"#, 0.341834, 0.245305),
    ("deep", r#"{"optimizer.name": "adagrad", "optimizer.rate": 0.1}"#, 0.371145, 0.248139),
    ("deep", r#"{"optimizer.clip": 0.1, "optimizer.rate": 0.5}"#, 0.196835, 0.121170),
    ("deep", r#"{"optimizer.penalise_bias": true, "optimizer.l2": 0.3}"#, 0.000929, 0.001110),
    ("linear", r#"{"optimizer.decay": 0.9}"#, 0.470022, 0.307363),
    ("linear", r#"{"optimizer.schedule": [[0, 0.3], [4, 0.05]]}"#, 0.572496, 0.350336),
    ("linear", r#"{"optimizer.class_weight": [1, 20, 3]}"#, 0.391386, 0.187235),
    ("linear", r#"{"optimizer.class_weight": "balanced", "data.imbalance": [0.6, 0.3, 0.1]}"#,
        0.277144, -0.231059),
    ("linear", r#"{"optimizer.warm_start_epochs": 6, "optimizer.name": "adam", "optimizer.rate": 0.02,
        "optimizer.decay": 0.95}"#, 0.601084, 0.350405),
    ("linear", r#"{"optimizer.early_stopping": {"patience": 3, "share": 0.25}, "optimizer.name": "adam",
        "optimizer.rate": 0.3, "optimizer.l2": 0}"#, 0.675315, -0.081238),
    ("linear", r#"{"optimizer.name": "lbfgs", "optimizer.epochs": 200, "optimizer.tolerance": 1e-06}"#,
        0.665439, 0.319195),
    ("deep", r#"{"model.activation": "gelu"}"#, 0.012351, 0.016687),
    ("deep", r#"{"model.activation": "silu"}"#, 0.008180, 0.012139),
    ("deep", r#"{"model.activation": "leaky_relu"}"#, 0.017560, 0.026237),
    ("deep", r#"{"model.norm": "layer", "model.activation": "softplus"}"#, -0.000334, -0.000828),
    ("linear", r#"{"model.output": "softmax", "model.loss": "ce_logits"}"#, 0.393784, 0.264892),
    ("linear", r#"{"model.output": "relu", "model.loss": "ce_logits"}"#, -0.000145, -0.000145),
    ("linear", r#"{"model.output": "sigmoid", "model.loss": "ce_probs"}"#, 0.179513, 0.135049),
    ("linear", r#"{"model.output": "softmax", "model.loss": "bce_probs"}"#, 0.578046, 0.353280),
    ("linear", r#"{"model.output": "sigmoid", "model.loss": "mse"}"#, 0.128622, 0.096434),
    ("linear", r#"{"model.output": "logits", "model.loss": "mse"}"#, 0.547990, 0.370912),
    ("linear", r#"{"model.output": "tanh", "model.loss": "mse"}"#, 0.532328, 0.365671),
    ("linear binary", r#"{"labels.coding": "-1,+1"}"#, 0.412684, -0.265854),
    ("linear binary", r#"{"labels.coding": "1,2"}"#, -0.505457, -0.981071),
    ("linear binary", r#"{"labels.coding": "0,255"}"#, -10.661608, -12.952099),
    ("linear binary", r#"{"labels.coding": "soft"}"#, 0.403049, 0.126195),
    ("linear binary", r#"{"model.output": "logits", "model.loss": "pm1_logits", "labels.coding": "-1,+1"}"#,
        0.467098, 0.133431),
    ("linear", r#"{"model.units": 4, "labels.coding": "1..K"}"#, 0.457984, 0.250005),
    ("deep", r#"{"gradient_fault": {"kind": "over_m_twice"}}"#, 0.002399, 0.004371),
    ("deep", r#"{"gradient_fault": {"kind": "sign_of_layer", "layer": 1}}"#, 0.043130, 0.051633),
    ("deep", r#"{"gradient_fault": {"kind": "no_activation_derivative", "layer": 1}}"#, 0.053063, 0.060324),
    ("deep", r#"{"gradient_fault": {"kind": "derivative_is_function"}}"#, 0.021190, 0.041844),
    ("deep", r#"{"gradient_fault": {"kind": "transposed_backprop"}}"#, 0.049444, 0.057777),
    ("deep", r#"{"gradient_fault": {"kind": "keep_p_one_minus_p"}}"#, 0.008312, 0.014810),
    ("deep", r#"{"gradient_fault": {"kind": "zero_bias"}}"#, 0.046609, 0.053269),
    ("deep", r#"{"gradient_fault": {"kind": "zero_layer", "layer": 0}}"#, 0.019890, 0.041603),
    ("deep", r#"{"gradient_fault": {"kind": "absolute_error"}}"#, -0.000144, -0.000221),
    ("deep", r#"{"gradient_fault": {"kind": "last_row_only"}}"#, -0.142681, -0.262524),
    ("deep", r#"{"gradient_fault": {"kind": "accumulate"}}"#, 0.162589, -0.403682),
    ("deep", r#"{"gradient_fault": {"kind": "penalty_sign"}}"#, 0.057882, 0.067128),
    ("deep binary", r#"{"gradient_fault": {"kind": "pm1_formula_on_01"}}"#, -0.327811, -0.422456),
    ("deep binary", r#"{"model.loss": "mse", "gradient_fault": {"kind": "no_output_derivative"}}"#,
        0.001589, 0.006498),
    ("linear", r#"{"optimizer.batch": 5, "gradient_fault": {"kind": "transposed_input"}}"#,
        0.210949, 0.245412),
];

fn program(model: &str) -> Value {
    let mut program = json!({
        "data": {"source": "generated", "kind": "gauss", "seed": 31, "n": 100, "d": 5, "classes": 3,
            "noise": 1.0, "split": {"test_share": 0.2, "seed": 8}, "scaling": "standard"},
        "model": {"kind": "mlp", "hidden": [5, 5], "activation": "tanh", "output": "softmax",
            "loss": "ce_probs", "units": 3},
        "init": {"weights": "constant", "value": 0.2, "bias": 0.1},
        "optimizer": {"name": "sgd", "rate": 0.1, "batch": 16, "epochs": 9, "shuffle": false, "l2": 0.01}
    });
    if model.contains("linear") {
        program["model"]["hidden"] = json!([]);
        program["init"]["weights"] = json!("zeros");
    }
    if model.contains("binary") {
        program["data"]["classes"] = json!(2);
        for (name, value) in [("units", json!(1)), ("output", json!("sigmoid")), ("loss", json!("bce_probs"))]
        {
            program["model"][name] = value;
        }
    }
    program
}

#[test]
fn runs_end_where_those_of_another_trainer_end() {
    assert_eq!(RUNS.len(), 47);
    for (model, changed, skill, test_skill) in RUNS {
        let patch: serde_json::Map<String, Value> = serde_json::from_str(changed).unwrap();
        let program = patched(program(model), &patch);
        let prepared = Prepared::new(&serde_json::from_value(program).unwrap()).unwrap();
        let facts = Facts::new(&prepared, &prepared.fit().unwrap());
        let near = |found: f64, wanted: f64| (found - wanted).abs() < 2e-5 * wanted.abs().max(1.0);
        assert!(
            near(facts.skill, *skill) && near(facts.test_skill, *test_skill),
            "{model} {changed}: {facts}"
        );
    }
}
