//! Trajectories of update rules: PyTorch in `f64`, checked there with independent NumPy code.

use std::slice;

use logit::{Adam, Decay, Optimizer, Sgd, Step};
use serde::Deserialize;

use crate::compare::Within;
use crate::json;

/// Rounding, carried from step to step.
const CLOSE: Within = Within::relative(2e-15).plus(1e-14);
/// The gradient on Rosenbrock's function is up to 1200 times as sensitive.
const GRADIENT: Within = Within::relative(1e-14).plus(2e-12);

#[derive(Deserialize)]
struct Optimizers {
    problems: Problems,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Problems {
    quadratic: Quadratic,
    rosenbrock: Rosenbrock,
    given_grads: GivenGradients,
}

/// x'Ax/2 - b'x
#[derive(Deserialize)]
struct Quadratic {
    #[serde(rename = "A")]
    a: Vec<Vec<f64>>,
    b: Vec<f64>,
    start: Vec<f64>,
}

/// (1 - x)^2 + 100 (y - x^2)^2
#[derive(Deserialize)]
struct Rosenbrock {
    start: Vec<f64>,
}

#[derive(Deserialize)]
struct GivenGradients {
    start: Vec<f64>,
    grads: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    optimizer: String,
    problem: String,
    hyper: Hyper,
    /// After each step.
    params: Vec<Vec<f64>>,
    /// Before each step, where they are recorded.
    grads: Option<Vec<Vec<f64>>>,
}

#[derive(Deserialize)]
pub(crate) struct Hyper {
    lr: f64,
    #[serde(default)]
    momentum: f64,
    #[serde(default)]
    dampening: f64,
    #[serde(default)]
    nesterov: bool,
    #[serde(default)]
    weight_decay: f64,
    #[serde(default)]
    amsgrad: bool,
    betas: Option<[f64; 2]>,
    eps: Option<f64>,
}

impl Hyper {
    /// The learning rate.
    pub(crate) fn rate(&self) -> f64 {
        self.lr
    }

    /// The same with this weight decay.
    pub(crate) fn with_weight_decay(self, weight_decay: f64) -> Self {
        Hyper { weight_decay, ..self }
    }

    /// The rule of this name in PyTorch; `None` if the crate does not have it.
    pub(crate) fn rule(&self, name: &str) -> Option<Box<dyn Optimizer<f64>>> {
        match name {
            "SGD" if self.dampening == 0.0 => {
                let sgd = Sgd::new(self.lr).momentum(self.momentum).nesterov(self.nesterov);
                Some(Box::new(sgd.weight_decay(self.weight_decay)))
            }
            "Adam" | "AdamW" if !self.amsgrad => {
                let decay = if name == "Adam" { Decay::Coupled } else { Decay::Decoupled };
                let [beta1, beta2] = self.betas.expect("Adam has betas");
                let adam =
                    Adam::new(self.lr).beta1(beta1).beta2(beta2).epsilon(self.eps.expect("Adam has eps"));
                Some(Box::new(adam.decay(decay(self.weight_decay))))
            }
            _ => None,
        }
    }
}

impl Problems {
    fn start(&self, problem: &str) -> Vec<f64> {
        match problem {
            "quadratic" => self.quadratic.start.clone(),
            "rosenbrock" => self.rosenbrock.start.clone(),
            "given_grads" => self.given_grads.start.clone(),
            _ => panic!("{problem} is not a known problem"),
        }
    }

    fn gradient(&self, problem: &str, step: usize, params: &[f64]) -> Vec<f64> {
        match (problem, params) {
            ("quadratic", x) => {
                let product = |row: &Vec<f64>| row.iter().zip(x).map(|(a, x)| a * x).sum::<f64>();
                self.quadratic.a.iter().zip(&self.quadratic.b).map(|(row, b)| product(row) - b).collect()
            }
            ("rosenbrock", &[x, y]) => {
                vec![-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)]
            }
            ("given_grads", _) => self.given_grads.grads[step].clone(),
            _ => panic!("{problem} is not a known problem"),
        }
    }
}

/// Runs the rule for as many steps as there are wanted positions, every parameter decayed.
fn compare(problems: &Problems, case: &Case, rule: &dyn Optimizer<f64>) {
    assert_eq!(rule.check(), Ok(()), "{}", case.name);
    assert_eq!(rule.learning_rate(), case.hyper.lr);
    let mut params = problems.start(&case.problem);
    let mut state = rule.state(params.len());
    let all = 0..params.len();
    for (index, wanted) in case.params.iter().enumerate() {
        let name = format!("{} on {}, step {}", case.name, case.problem, index + 1);
        let grad = problems.gradient(&case.problem, index, &params);
        if let Some(grads) = &case.grads {
            GRADIENT.all(format_args!("{name}, gradient"), &grad, &grads[index]);
        }
        let step = Step::new(index as u64 + 1, case.hyper.lr).decayed(slice::from_ref(&all));
        rule.step(step, &mut params, &grad, &mut state);
        CLOSE.all(&name, &params, wanted);
    }
    assert_eq!(case.params.len(), 30, "{}", case.name);
}

#[test]
fn thirty_steps_agree_with_pytorch_on_every_problem() {
    let Optimizers { problems, cases } = json::read(include_str!("data/optimizers.json"));
    let (mut compared, mut absent) = (0, 0);
    for case in &cases {
        match case.hyper.rule(&case.optimizer) {
            Some(rule) => {
                compare(&problems, case, &*rule);
                compared += 1;
            }
            None => absent += 1,
        }
    }
    // 5 settings of SGD, 5 of Adam and 1 of AdamW on 3 problems; dampening, AMSGrad and other rules are absent.
    assert_eq!((compared, absent), (33, 45));
}
