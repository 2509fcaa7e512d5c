//! The cases of `losses.json`, in the form that the tests need.

use std::collections::BTreeMap;

use logit::nalgebra::DMatrix;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::oracle::json;

/// All cases of all losses; an array that is not known here is refused.
pub(super) fn read() -> Losses {
    json::read(include_str!("../data/losses.json"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Losses {
    #[serde(rename = "source")]
    _source: IgnoredAny,
    #[serde(rename = "schema")]
    _schema: IgnoredAny,
    #[serde(rename = "definitions")]
    _definitions: IgnoredAny,
    pub(super) bce_logits: Vec<Binary>,
    pub(super) softmax_ce: Vec<Softmax>,
    pub(super) softmax_ce_soft_target: Vec<SoftTarget>,
    pub(super) mse_raw: Vec<Squared>,
    pub(super) mse_sigmoid: Vec<SquaredSigmoid>,
    pub(super) mse_softmax: Vec<SquaredSoftmax>,
    pub(super) hinge: Vec<Margin>,
    pub(super) squared_hinge: Vec<Margin>,
    pub(super) focal: Vec<Focused>,
    pub(super) reductions: Vec<Reduction>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Binary {
    pub(super) z: f64,
    pub(super) t: f64,
    pub(super) loss: f64,
    pub(super) dz: f64,
    pub(super) d2z: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Softmax {
    pub(super) logits: Vec<f64>,
    pub(super) target: usize,
    pub(super) label_smoothing: f64,
    pub(super) loss: f64,
    pub(super) grad: Vec<f64>,
    pub(super) hess_diag: Vec<f64>,
    pub(super) prob: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SoftTarget {
    pub(super) logits: Vec<f64>,
    pub(super) target_dist: Vec<f64>,
    pub(super) loss: f64,
    pub(super) grad: Vec<f64>,
    pub(super) prob: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Squared {
    pub(super) y: f64,
    pub(super) t: f64,
    #[serde(deserialize_with = "json::number")]
    pub(super) loss: f64,
    pub(super) dy: f64,
    #[serde(deserialize_with = "json::number")]
    pub(super) loss_half: f64,
    pub(super) dy_half: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SquaredSigmoid {
    pub(super) z: f64,
    pub(super) t: f64,
    pub(super) prob: f64,
    pub(super) loss: f64,
    pub(super) dz: f64,
    pub(super) d2z: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SquaredSoftmax {
    pub(super) logits: Vec<f64>,
    pub(super) target: usize,
    pub(super) loss_sum: f64,
    pub(super) loss_mean_over_classes: f64,
    pub(super) grad_of_loss_sum: Vec<f64>,
}

/// Labels are -1 and 1; the plain hinge has no second derivative.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Margin {
    pub(super) z: f64,
    pub(super) y: f64,
    #[serde(deserialize_with = "json::number")]
    pub(super) loss: f64,
    pub(super) dz: f64,
    pub(super) d2z: Option<f64>,
    pub(super) kink: bool,
}

/// Without α where that is negative.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Focused {
    pub(super) z: f64,
    pub(super) t: usize,
    pub(super) gamma: f64,
    pub(super) alpha: f64,
    pub(super) loss: f64,
    pub(super) dz: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reduction {
    pub(super) loss: String,
    pub(super) weighting: String,
    #[serde(alias = "z")]
    pub(super) logits: Scores,
    #[serde(alias = "t")]
    pub(super) target: Vec<f64>,
    #[serde(default)]
    pub(super) sample_weight: Option<Vec<f64>>,
    #[serde(default)]
    pub(super) class_weight: Option<Vec<f64>>,
    #[serde(default)]
    pub(super) pos_weight: Option<f64>,
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
    /// Absolute errors of loss and gradient beside the relative ones: soft targets make residuals
    /// differences.
    pub(super) room: (f64, f64),
}

/// The error of a difference of numbers up to 1, each rounded a few times.
pub(super) const DIFFERENCE: f64 = 4e-16;

/// The room that soft targets need where the gradient is a residual.
fn room(class: Option<usize>) -> (f64, f64) {
    (0.0, if class.is_some() { 0.0 } else { DIFFERENCE })
}

/// σ(z) σ(-z)
pub(super) fn slope(z: f64) -> f64 {
    let e = (-z.abs()).exp();
    e / ((1.0 + e) * (1.0 + e))
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
            room: room(class),
        }
    }
}

impl Row {
    /// A single score whose target is one of two classes.
    fn of_class(name: String, z: f64, class: usize, (loss, dz): (f64, f64)) -> Row {
        let target = vec![class as f64];
        Row {
            name,
            scores: vec![z],
            target,
            class: Some(class),
            loss,
            gradient: vec![dz],
            room: room(Some(class)),
        }
    }
}

impl From<&SquaredSigmoid> for Row {
    fn from(case: &SquaredSigmoid) -> Row {
        let name = format!("squared error of the sigmoid of {:?} for {}", case.z, case.t);
        let class = [0.0, 1.0].iter().position(|&certain| certain == case.t);
        Row {
            name,
            scores: vec![case.z],
            target: vec![case.t],
            class,
            loss: case.loss,
            gradient: vec![case.dz],
            room: (2.0 * room(class).1 * case.loss.sqrt(), 2.0 * room(class).1 * slope(case.z)),
        }
    }
}

/// The mean over classes.
impl From<&SquaredSoftmax> for Row {
    fn from(case: &SquaredSoftmax) -> Row {
        let classes = case.logits.len();
        let mut target = vec![0.0; classes];
        target[case.target] = 1.0;
        Row {
            name: format!("squared error of the softmax of {:?} for {}", case.logits, case.target),
            scores: case.logits.clone(),
            target,
            class: Some(case.target),
            loss: case.loss_mean_over_classes,
            gradient: case.grad_of_loss_sum.iter().map(|g| g / classes as f64).collect(),
            room: room(Some(case.target)),
        }
    }
}

impl From<&Margin> for Row {
    fn from(case: &Margin) -> Row {
        let class = [-1.0, 1.0].iter().position(|&label| label == case.y).expect("a label of -1 or 1");
        Row::of_class(format!("hinge of {:?} for {}", case.z, case.y), case.z, class, (case.loss, case.dz))
    }
}

impl From<&Focused> for Row {
    fn from(case: &Focused) -> Row {
        let Focused { z, t, gamma, alpha, loss, dz } = *case;
        Row::of_class(format!("focal loss of {z:?} for {t}, γ {gamma}, α {alpha}"), z, t, (loss, dz))
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
            room: room((smoothing == 0.0).then_some(0)),
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
            room: room(None),
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
            room: room(class),
        }
    }
}
