//! The schema of a program: one training run in plain JSON.
//!
//! [`Program`] is what a run is built from. [`Answer`] is what is known about it, which only the score reads.

use serde::Deserialize;
use serde_json::Value;

use super::data_schema::{Data, Plot, Serving};
use super::model_schema::{Evaluation, GradientFault, Init, Labels, Model, Optimizer};

/// A training run: data, labels, model, start, optimizer, fault of the gradient, and serving.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Program {
    pub(crate) data: Data,
    #[serde(default)]
    pub(crate) labels: Labels,
    pub(crate) model: Model,
    pub(crate) init: Init,
    pub(crate) optimizer: Optimizer,
    #[serde(default)]
    pub(crate) gradient_fault: Option<GradientFault>,
    #[serde(default)]
    pub(crate) evaluation: Evaluation,
    #[serde(default)]
    pub(crate) serving: Serving,
    #[serde(default)]
    pub(crate) plot: Option<Plot>,
}

/// What is known about a program.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Answer {
    pub(crate) id: String,
    /// The code of the cause, or "healthy".
    pub(crate) truth: String,
    #[serde(default)]
    pub(crate) acceptable: Vec<String>,
    #[serde(default)]
    pub(crate) also_true: Vec<String>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
}

/// A program as it was read, with what is known about it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) answer: Answer,
    pub(crate) program: Program,
}

/// Reads the programs of a file: a list, or an object with the list `programs`.
///
/// Programs that cannot be read come back as their identifiers with the reason.
pub(crate) fn read(text: &str) -> Result<Vec<Result<Entry, String>>, serde_json::Error> {
    let file: Value = serde_json::from_str(text)?;
    let list = file.get("programs").unwrap_or(&file).as_array().cloned().unwrap_or_default();
    Ok(list.into_iter().map(|value| entry(&value)).collect())
}

fn entry(value: &Value) -> Result<Entry, String> {
    let id = value.get("id").and_then(Value::as_str).unwrap_or("a program without id").to_owned();
    let reason = |error| format!("{id}: {error}");
    let answer = Answer::deserialize(value).map_err(reason)?;
    let program = Program::deserialize(value).map_err(reason)?;
    Ok(Entry { answer, program })
}

/// Returns the healthy twins of the programs that have one.
pub(crate) fn twins(text: &str) -> Result<Vec<Result<Entry, String>>, serde_json::Error> {
    let file: Value = serde_json::from_str(text)?;
    let list = file.get("programs").unwrap_or(&file).as_array().cloned().unwrap_or_default();
    Ok(list.iter().filter_map(twin).map(|value| entry(&value)).collect())
}

fn twin(value: &Value) -> Option<Value> {
    let mut twin = patched(value.clone(), value.get("twin")?.as_object()?);
    let whole = twin.as_object_mut()?;
    let id = format!("{}-twin", value.get("id")?.as_str()?);
    whole.insert("id".into(), id.into());
    whole.insert("truth".into(), "healthy".into());
    whole.insert("acceptable".into(), Value::Array(Vec::new()));
    whole.insert("twin".into(), Value::Null);
    Some(twin)
}

/// Returns a program with the values of a patch at its dotted paths.
pub(crate) fn patched(mut value: Value, patch: &serde_json::Map<String, Value>) -> Value {
    for (path, new) in patch {
        patch_at(&mut value, path, new);
    }
    value
}

fn patch_at(value: &mut Value, path: &str, new: &Value) {
    let Some(object) = value.as_object_mut() else { return };
    match path.split_once('.') {
        Some((first, rest)) => {
            patch_at(object.entry(first).or_insert_with(|| Value::Object(Default::default())), rest, new);
        }
        None if new.as_str() == Some("__remove__") => {
            object.remove(path);
        }
        None => {
            object.insert(path.to_owned(), new.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_schema::{Change, Columns, Part, Scaling};
    use crate::model_schema::Weights;
    use serde_json::json;

    fn text() -> Value {
        json!({
            "id": "a", "truth": "D06", "unknown": 1,
            "twin": {"init.weights": "he", "optimizer.l2": "__remove__"},
            "data": {"source": "generated", "kind": "moons", "n": 40, "scaling": {"divide": 16},
                "operations": [{"op": "scale_columns", "columns": "all", "factor": 2, "on": "train"},
                               {"op": "sort_by_label"}]},
            "model": {"kind": "logistic", "output": "sigmoid", "loss": "bce_probs", "units": 1},
            "init": {"weights": "normal", "std": 5, "bias": -1},
            "optimizer": {"name": "sgd", "rate": 0.1, "epochs": 3, "l2": 2, "class_weight": "balanced"},
            "gradient_fault": {"kind": "pm1_formula_on_01"},
            "serving": {"path": "not_centred"}
        })
    }

    #[test]
    fn a_program_is_read_with_its_defaults() {
        let entries = read(&json!({"programs": [text(), {"id": "b", "truth": "D01"}]}).to_string()).unwrap();
        let Ok(Entry { answer, program }) = &entries[0] else { panic!("{entries:?}") };
        assert_eq!((answer.id.as_str(), answer.truth.as_str(), answer.acceptable.len()), ("a", "D06", 0));
        assert_eq!(program.data.scaling, Scaling::Divide(16.0));
        let operations = program.data.operations.as_ref().unwrap();
        assert_eq!((operations[0].on, operations[1].on), (Part::Train, Part::All));
        assert!(
            matches!(&operations[0].change, Change::ScaleColumns { columns: Columns::All(_), factor, .. }
            if *factor == 2.0)
        );
        assert_eq!(program.init.weights, Weights::Normal { mean: 0.0, std: 5.0 });
        assert_eq!(program.gradient_fault, Some(GradientFault::Pm1FormulaOn01));
        assert!(program.optimizer.shuffle && program.optimizer.batch.is_none());
        assert_eq!((program.data.split.seed, program.data.split.test_share), (1, 0.3));
        let Err(reason) = &entries[1] else { panic!("{entries:?}") };
        assert!(reason.starts_with("b: missing field"), "{reason}");
    }

    #[test]
    fn a_twin_is_the_patched_program() {
        let twins = twins(&json!([text()]).to_string()).unwrap();
        let Ok(Entry { answer, program }) = &twins[0] else { panic!("{twins:?}") };
        assert_eq!((answer.id.as_str(), answer.truth.as_str()), ("a-twin", "healthy"));
        assert_eq!((program.init.weights, program.optimizer.l2), (Weights::He, 0.0));
        assert_eq!(program.init.bias, -1.0);
    }
}
