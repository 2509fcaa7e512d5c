//! Whole programs: gradients that are right, and gradients that are wrong as they should be.

use logit::GradCheck;
use logit::nn::{Layer, Loss, Shape};
use serde_json::{Value, json};

use crate::facts::Facts;
use crate::prepare::Prepared;
use crate::program::Program;

fn program(model: Value, more: Value) -> Program {
    let mut program = json!({
        "data": {"source": "generated", "kind": "gauss", "seed": 3, "n": 80, "d": 4, "classes": 3,
            "noise": 1.0, "split": {"test_share": 0.25, "seed": 1}, "scaling": "standard"},
        "model": model,
        "init": {"weights": "he", "bias": 0.1, "seed": 2},
        "optimizer": {"name": "adam", "rate": 0.02, "batch": 16, "epochs": 60}
    });
    for (name, value) in more.as_object().unwrap() {
        program[name] = value.clone();
    }
    serde_json::from_value(program).unwrap()
}

/// Checks the derivative of the whole objective in all parameters, in evaluation mode.
fn checked(program: &Program) -> bool {
    let prepared = Prepared::new(program).unwrap();
    let examples = prepared.train.examples();
    let mut objective =
        logit::nn::NetworkObjective::new(prepared.network.clone(), &prepared.loss, examples, 0.0).unwrap();
    GradCheck::new().objective(&mut objective, &prepared.start.params).is_ok()
}

#[test]
fn every_output_with_every_loss_has_the_right_gradient() {
    for (output, loss, units) in [
        ("logits", "ce_logits", 3),
        ("softmax", "ce_probs", 3),
        ("softmax", "ce_logits", 3),
        ("log_softmax", "ce_logits", 3),
        ("relu", "ce_logits", 3),
        ("sigmoid", "ce_probs", 3),
        ("softmax", "bce_probs", 3),
        ("sigmoid", "bce_probs", 3),
        ("sigmoid", "bce_logits", 3),
        ("logits", "bce_logits", 3),
        ("sigmoid", "mse", 3),
        ("tanh", "mse", 1),
        ("logits", "pm1_logits", 1),
        ("softmax", "ce_probs", 1),
    ] {
        for unprotected in [false, true] {
            let model = json!({"kind": "mlp", "hidden": [5, 6], "activation": "gelu", "norm": "layer",
                "output": output, "loss": loss, "units": units, "unprotected_log": unprotected});
            assert!(checked(&program(model, json!({}))), "{output} {loss} {units} {unprotected}");
        }
    }
}

#[test]
fn every_fault_is_found_by_a_check_of_gradients() {
    for fault in [
        json!({"kind": "over_m_twice"}),
        json!({"kind": "sum_not_mean"}),
        json!({"kind": "sign"}),
        json!({"kind": "sign_of_layer", "layer": 1}),
        json!({"kind": "factor", "value": 2.0}),
        json!({"kind": "no_activation_derivative"}),
        json!({"kind": "no_activation_derivative", "layer": 1}),
        json!({"kind": "derivative_is_function"}),
        json!({"kind": "no_output_derivative"}),
        json!({"kind": "keep_p_one_minus_p"}),
        json!({"kind": "zero_bias"}),
        json!({"kind": "zero_layer", "layer": 0}),
        json!({"kind": "transposed_backprop"}),
        json!({"kind": "pm1_formula_on_01"}),
        json!({"kind": "absolute_error"}),
        json!({"kind": "last_row_only"}),
        json!({"kind": "accumulate"}),
    ] {
        let model = json!({"kind": "mlp", "hidden": [5, 5], "activation": "tanh", "output": "sigmoid",
            "loss": "mse", "units": 1});
        let data = json!({"source": "generated", "kind": "moons", "seed": 3, "n": 80, "d": 4});
        assert!(checked(&program(model.clone(), json!({"data": data}))));
        let faulty = program(model, json!({"data": data, "gradient_fault": fault}));
        assert!(!checked(&faulty), "{fault}");
    }
}

#[test]
fn a_transposed_product_is_wrong_on_square_batches_only() {
    let model = json!({"kind": "softmax", "output": "softmax", "loss": "ce_probs", "units": 3});
    for (rows, wrong) in [(4, true), (5, false)] {
        let data = json!({"source": "generated", "kind": "gauss", "seed": 3, "n": rows, "d": 4, "classes": 3,
            "split": {"test_is_train": true}});
        let fault = json!({"data": data, "gradient_fault": {"kind": "transposed_input"}});
        assert_eq!(checked(&program(model.clone(), fault)), !wrong, "{rows} rows");
    }
}

#[test]
fn every_rule_learns() {
    for (name, rate) in [
        ("sgd", 0.3),
        ("momentum", 0.05),
        ("nesterov", 0.05),
        ("adam", 0.02),
        ("adamw", 0.02),
        ("rmsprop", 0.01),
        ("adagrad", 0.1),
        ("lbfgs", 0.0),
    ] {
        let model = json!({"kind": "mlp", "hidden": [8], "activation": "tanh", "output": "logits",
            "loss": "ce_logits", "units": 3});
        let optimizer = json!({"name": name, "rate": rate, "batch": 16, "epochs": 60, "l2": 0.001,
            "class_weight": "balanced"});
        let prepared = Prepared::new(&program(model, json!({"optimizer": optimizer}))).unwrap();
        let end = prepared.fit().unwrap();
        assert!(end.report.objective.is_finite());
        let facts = Facts::new(&prepared, &end);
        assert!(facts.skill > 0.4, "{name}: {facts}");
        assert_eq!((facts.serving_gap, facts.served_accuracy), (0.0, facts.test_accuracy));
    }
}

#[test]
fn indices_outside_the_units_are_refused() {
    let model = json!({"kind": "softmax", "output": "logits", "loss": "ce_logits", "units": 3});
    for (coding, refused) in [("0..K-1", false), ("1..K", true), ("-1,+1", true)] {
        let program = program(model.clone(), json!({"labels": {"coding": coding}}));
        let end = Prepared::new(&program).unwrap().fit();
        assert_eq!(matches!(end, Err(logit::Error::InvalidTarget { .. })), refused, "{coding}");
    }
}

#[test]
fn probabilities_of_labels_from_one_skip_the_unit_of_zero() {
    let model = json!({"kind": "softmax", "output": "logits", "loss": "ce_logits", "units": 4});
    let program = program(model, json!({"labels": {"coding": "1..K"}}));
    let prepared = Prepared::new(&program).unwrap();
    let scores = nalgebra::dmatrix![0.0, 2f64.ln(), 3f64.ln(), 4f64.ln()];
    let mut p = nalgebra::DMatrix::zeros(1, 3);
    prepared.loss.probabilities(&scores, &mut p);
    assert!((p - nalgebra::dmatrix![0.2, 0.3, 0.4]).amax() < 1e-15);
}

#[test]
fn penalised_biases_are_a_choice() {
    let model = json!({"kind": "mlp", "hidden": [5], "activation": "relu", "norm": "batch",
        "output": "sigmoid", "loss": "bce_probs", "units": 1});
    let count = |more: Value| {
        let network = Prepared::new(&program(model.clone(), more)).unwrap().network;
        assert_eq!(network.tape(1).statistic_count(), 10);
        network.penalized().iter().map(|range| range.len()).sum::<usize>()
    };
    let optimizer = json!({"name": "adam", "rate": 0.02, "epochs": 6, "l2": 0.1, "penalise_bias": true});
    assert_eq!((count(json!({})), count(json!({"optimizer": optimizer}))), (4 * 5 + 5, 4 * 5 + 5 + 5 + 1));
}

#[test]
fn a_run_starts_where_the_warm_up_ended() {
    let model = json!({"kind": "softmax", "output": "softmax", "loss": "ce_probs", "units": 3});
    let optimizer = |warm: usize, held: Value| {
        json!({"optimizer": {"name": "sgd", "rate": 0.1, "batch": 16, "epochs": 5, "warm_start_epochs": warm,
            "early_stopping": held}})
    };
    let cold = Prepared::new(&program(model.clone(), optimizer(0, Value::Null))).unwrap();
    let warm = Prepared::new(&program(model.clone(), optimizer(40, Value::Null))).unwrap();
    let skill = |prepared: &Prepared| Facts::new(prepared, &prepared.fit().unwrap()).skill;
    assert_ne!(warm.start, cold.start);
    assert!(skill(&warm) > skill(&cold));

    let held = Prepared::new(&program(model, optimizer(0, json!({"patience": 2, "share": 0.25})))).unwrap();
    let validation = held.validation.as_ref().unwrap();
    assert_eq!((validation.classes.len(), held.train.classes.len()), (15, 46));
    assert!(held.fit().unwrap().report.best_epoch().is_some());
}

#[test]
fn the_programs_of_real_questions_are_read_with_their_sources() {
    let text = include_str!("programs/real.json");
    let (entries, twins) = (crate::program::read(text).unwrap(), crate::program::twins(text).unwrap());
    let file: Value = serde_json::from_str(text).unwrap();
    let list = file["programs"].as_array().unwrap();
    assert!(list.len() >= 26 && entries.len() == list.len() && twins.len() == list.len());
    for (value, (entry, twin)) in list.iter().zip(entries.iter().zip(&twins)) {
        let id = &value["id"];
        for entry in [entry, twin] {
            let built = Prepared::new(&entry.as_ref().unwrap().program);
            assert!(built.is_ok(), "{id}: {:?}", built.err());
        }
        assert!(value["source"].as_str().is_some_and(|source| source.starts_with("http")), "{id}");
        for key in ["question", "answer", "note"] {
            assert!(value[key].as_str().is_some_and(|text| !text.is_empty()), "{key} of {id}");
        }
    }
    let ids: std::collections::BTreeSet<&str> =
        list.iter().map(|value| value["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), list.len());
}
