//! The schema of a program: labels, model, start, optimizer and fault of the gradient.

use serde::Deserialize;

use super::data_schema::one;

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Labels {
    pub(crate) coding: String,
}

impl Default for Labels {
    fn default() -> Self {
        Labels { coding: "0..K-1".to_owned() }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Model {
    #[serde(default)]
    pub(crate) hidden: Vec<usize>,
    #[serde(default = "relu")]
    pub(crate) activation: String,
    #[serde(default)]
    pub(crate) norm: Norm,
    #[serde(default)]
    pub(crate) dropout: f64,
    pub(crate) output: Output,
    pub(crate) loss: LossKind,
    pub(crate) units: usize,
    /// Sigmoid, softmax and logarithm are written out, without any guard against overflow.
    #[serde(default)]
    pub(crate) unprotected_log: bool,
}

fn relu() -> String {
    "relu".to_owned()
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Norm {
    #[default]
    None,
    Batch,
    Layer,
}

/// What the last layer emits.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Output {
    Logits,
    Sigmoid,
    Softmax,
    LogSoftmax,
    Relu,
    Tanh,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LossKind {
    CeLogits,
    BceLogits,
    Pm1Logits,
    CeProbs,
    BceProbs,
    Mse,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Init {
    #[serde(flatten)]
    pub(crate) weights: Weights,
    #[serde(default)]
    pub(crate) bias: f64,
    #[serde(default)]
    pub(crate) output_bias: f64,
    /// The layers whose weights are drawn so; the others are drawn by Glorot's rule.
    #[serde(default)]
    pub(crate) layers: Option<Vec<usize>>,
    #[serde(default)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "weights", rename_all = "snake_case")]
pub(crate) enum Weights {
    He,
    Glorot,
    Lecun,
    Uniform {
        low: f64,
        high: f64,
    },
    Normal {
        #[serde(default)]
        mean: f64,
        std: f64,
    },
    Constant {
        value: f64,
    },
    Zeros,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Optimizer {
    pub(crate) name: Rule,
    #[serde(default)]
    pub(crate) rate: f64,
    /// `None` for all rows.
    #[serde(default)]
    pub(crate) batch: Option<usize>,
    pub(crate) epochs: usize,
    #[serde(default)]
    pub(crate) l2: f64,
    #[serde(default)]
    pub(crate) penalise_bias: bool,
    #[serde(default = "usual_momentum")]
    pub(crate) momentum: f64,
    #[serde(default)]
    pub(crate) clip: Option<f64>,
    #[serde(default = "one")]
    pub(crate) decay: f64,
    #[serde(default)]
    pub(crate) schedule: Option<Vec<(f64, f64)>>,
    #[serde(default = "yes")]
    pub(crate) shuffle: bool,
    #[serde(default)]
    pub(crate) class_weight: Option<ClassWeight>,
    #[serde(default)]
    pub(crate) early_stopping: Option<EarlyStopping>,
    #[serde(default)]
    pub(crate) warm_start_epochs: usize,
    #[serde(default = "usual_tolerance")]
    pub(crate) tolerance: f64,
}

fn usual_momentum() -> f64 {
    0.9
}

fn usual_tolerance() -> f64 {
    1e-5
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rule {
    Sgd,
    Momentum,
    Nesterov,
    Adam,
    Adamw,
    Rmsprop,
    Adagrad,
    Lbfgs,
}

/// A list of weights, or the word "balanced".
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum ClassWeight {
    List(Vec<f64>),
    Word(String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct EarlyStopping {
    pub(crate) patience: usize,
    pub(crate) share: f64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        EarlyStopping { patience: 10, share: 0.2 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum GradientFault {
    OverMTwice,
    SumNotMean,
    Sign,
    SignOfLayer {
        layer: usize,
    },
    Factor {
        value: f64,
    },
    NoActivationDerivative {
        layer: Option<usize>,
    },
    DerivativeIsFunction,
    NoOutputDerivative,
    KeepPOneMinusP,
    ZeroBias,
    ZeroLayer {
        layer: usize,
    },
    TransposedInput,
    TransposedBackprop,
    #[serde(rename = "pm1_formula_on_01")]
    Pm1FormulaOn01,
    AbsoluteError,
    LastRowOnly,
    Accumulate,
    PenaltySign,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Evaluation {
    pub(crate) threshold: f64,
}

impl Default for Evaluation {
    fn default() -> Self {
        Evaluation { threshold: 0.5 }
    }
}
