//! The cases of `losses.json`, and the one form that the tests want them in.

use std::collections::BTreeMap;

use logit::nalgebra::DMatrix;
use serde::Deserialize;

use crate::json;

/// All cases of the losses that the crate has.
pub(super) fn read() -> Losses {
    json::read(include_str!("../data/losses.json"))
}

#[derive(Deserialize)]
pub(super) struct Losses {
    pub(super) bce_logits: Vec<Binary>,
    pub(super) softmax_ce: Vec<Softmax>,
    pub(super) softmax_ce_soft_target: Vec<SoftTarget>,
    pub(super) mse_raw: Vec<Squared>,
    pub(super) reductions: Vec<Reduction>,
}

#[derive(Deserialize)]
pub(super) struct Binary {
    pub(super) z: f64,
    pub(super) t: f64,
    pub(super) loss: f64,
    pub(super) dz: f64,
}

#[derive(Deserialize)]
pub(super) struct Softmax {
    pub(super) logits: Vec<f64>,
    pub(super) target: usize,
    pub(super) label_smoothing: f64,
    pub(super) loss: f64,
    pub(super) grad: Vec<f64>,
    pub(super) prob: Vec<f64>,
}

#[derive(Deserialize)]
pub(super) struct SoftTarget {
    pub(super) logits: Vec<f64>,
    pub(super) target_dist: Vec<f64>,
    pub(super) loss: f64,
    pub(super) grad: Vec<f64>,
    pub(super) prob: Vec<f64>,
}

#[derive(Deserialize)]
pub(super) struct Squared {
    pub(super) y: f64,
    pub(super) t: f64,
    #[serde(deserialize_with = "json::number")]
    pub(super) loss: f64,
    pub(super) dy: f64,
}

#[derive(Deserialize)]
pub(super) struct Reduction {
    pub(super) loss: String,
    pub(super) weighting: String,
    #[serde(alias = "z")]
    pub(super) logits: Scores,
    #[serde(alias = "t")]
    pub(super) target: Vec<f64>,
    pub(super) effective_weight: Vec<f64>,
    pub(super) reductions: BTreeMap<String, Reduced>,
}

#[derive(Deserialize)]
pub(super) struct Reduced {
    pub(super) value: f64,
    pub(super) grad: Scores,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Scores {
    Column(Vec<f64>),
    Rows(Vec<Vec<f64>>),
}

impl Scores {
    pub(super) fn matrix(&self) -> DMatrix<f64> {
        match self {
            Scores::Column(column) => DMatrix::from_column_slice(column.len(), 1, column),
            Scores::Rows(rows) => json::matrix(rows),
        }
    }
}

/// One row of scores with everything that is known about it.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) scores: Vec<f64>,
    pub(super) target: Vec<f64>,
    /// The class that the target is certain of.
    pub(super) class: Option<usize>,
    pub(super) loss: f64,
    pub(super) gradient: Vec<f64>,
}

impl From<&Binary> for Row {
    fn from(case: &Binary) -> Row {
        let name = format!("binary cross-entropy of {:?} for {}", case.z, case.t);
        let class = [0.0, 1.0].iter().position(|&certain| certain == case.t);
        Row {
            name,
            scores: vec![case.z],
            target: vec![case.t],
            class,
            loss: case.loss,
            gradient: vec![case.dz],
        }
    }
}

impl From<&Softmax> for Row {
    fn from(case: &Softmax) -> Row {
        let (classes, smoothing) = (case.logits.len(), case.label_smoothing);
        let mut target = vec![smoothing / classes as f64; classes];
        target[case.target] += 1.0 - smoothing;
        Row {
            name: format!("softmax of {:?} for {} less {smoothing}", case.logits, case.target),
            scores: case.logits.clone(),
            target,
            class: (smoothing == 0.0).then_some(case.target),
            loss: case.loss,
            gradient: case.grad.clone(),
        }
    }
}

impl From<&SoftTarget> for Row {
    fn from(case: &SoftTarget) -> Row {
        Row {
            name: format!("softmax of {:?} for {:?}", case.logits, case.target_dist),
            scores: case.logits.clone(),
            target: case.target_dist.clone(),
            class: None,
            loss: case.loss,
            gradient: case.grad.clone(),
        }
    }
}

impl From<&Squared> for Row {
    fn from(case: &Squared) -> Row {
        let name = format!("squared error of {:?} for {}", case.y, case.t);
        let class = [0.0, 1.0].iter().position(|&certain| certain == case.t);
        Row {
            name,
            scores: vec![case.y],
            target: vec![case.t],
            class,
            loss: case.loss,
            gradient: vec![case.dy],
        }
    }
}
