//! Trajectories of update rules: PyTorch and optax in `f64`, checked there with independent NumPy code.

use std::collections::BTreeMap;
use std::slice;

use logit::optim::{
    AdaBelief, Adadelta, Adagrad, AdamW, Adamax, Decay, Lamb, Lion, NAdam, Optimizer, RAdam, RmsProp, Step,
    UpdateRule, Yogi,
};
use logit::{Adam, Sgd};
use serde::Deserialize;

use crate::oracle::compare::Within;
use crate::oracle::json;

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
#[serde(deny_unknown_fields)]
pub(crate) struct Hyper {
    #[serde(alias = "learning_rate")]
    lr: f64,
    #[serde(default)]
    momentum: f64,
    #[serde(default)]
    dampening: f64,
    #[serde(default)]
    nesterov: bool,
    #[serde(default, alias = "wd")]
    weight_decay: f64,
    #[serde(default)]
    amsgrad: bool,
    #[serde(default)]
    centered: bool,
    alpha: Option<f64>,
    rho: Option<f64>,
    lr_decay: Option<f64>,
    initial_accumulator_value: Option<f64>,
    momentum_decay: Option<f64>,
    betas: Option<[f64; 2]>,
    b1: Option<f64>,
    b2: Option<f64>,
    eps: Option<f64>,
    eps_root: Option<f64>,
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

    /// The rule of this name in PyTorch, or, with its prefix, in optax.
    pub(crate) fn rule(&self, name: &str) -> Option<Box<dyn Optimizer<f64>>> {
        let Hyper { lr, momentum, weight_decay, .. } = *self;
        let coupled = Decay::Coupled(weight_decay);
        let eps = || self.eps.expect("eps");
        let [beta1, beta2] =
            self.betas.or(self.b1.zip(self.b2).map(|(b1, b2)| [b1, b2])).unwrap_or([f64::NAN; 2]);
        let rule: UpdateRule = match name {
            "SGD" => {
                let sgd = Sgd::new(lr).momentum(momentum).dampening(self.dampening).nesterov(self.nesterov);
                sgd.weight_decay(weight_decay).into()
            }
            "Adam" => {
                let adam = Adam::new(lr).beta1(beta1).beta2(beta2).epsilon(eps()).amsgrad(self.amsgrad);
                adam.weight_decay(coupled).into()
            }
            "AdamW" => {
                let adam = AdamW::new(lr).beta1(beta1).beta2(beta2).epsilon(eps()).amsgrad(self.amsgrad);
                adam.weight_decay(weight_decay).into()
            }
            "NAdam" => {
                let nadam = NAdam::new(lr).beta1(beta1).beta2(beta2).epsilon(eps()).weight_decay(coupled);
                nadam.momentum_decay(self.momentum_decay.expect("momentum_decay")).into()
            }
            "RAdam" => RAdam::new(lr).beta1(beta1).beta2(beta2).epsilon(eps()).weight_decay(coupled).into(),
            "Adamax" => Adamax::new(lr).beta1(beta1).beta2(beta2).epsilon(eps()).weight_decay(coupled).into(),
            "RMSprop" => {
                let rule = RmsProp::new(lr).alpha(self.alpha.expect("alpha")).epsilon(eps());
                rule.centered(self.centered).momentum(momentum).weight_decay(coupled).into()
            }
            "Adagrad" => {
                let rule = Adagrad::new(lr).epsilon(eps()).weight_decay(coupled);
                rule.learning_rate_decay(self.lr_decay.expect("lr_decay"))
                    .initial_accumulator(self.initial_accumulator_value.expect("initial_accumulator_value"))
                    .into()
            }
            "Adadelta" => {
                Adadelta::new(lr).rho(self.rho.expect("rho")).epsilon(eps()).weight_decay(coupled).into()
            }
            "optax.lion" => Lion::new(lr).beta1(beta1).beta2(beta2).weight_decay(weight_decay).into(),
            "optax.yogi" => {
                let yogi = Yogi::new(lr).beta1(beta1).beta2(beta2).epsilon(eps());
                yogi.initial_mean(1e-6).weight_decay(Decay::Decoupled(weight_decay)).into()
            }
            "optax.adabelief" => {
                let rule = AdaBelief::new(lr).beta1(beta1).beta2(beta2).epsilon(eps());
                let rule = rule.epsilon_root(self.eps_root.expect("eps_root"));
                rule.weight_decay(Decay::Decoupled(weight_decay)).into()
            }
            "optax.lamb" => {
                let lamb = Lamb::new(lr).beta1(beta1).beta2(beta2).epsilon(eps());
                lamb.weight_decay(weight_decay).into()
            }
            _ => return None,
        };
        Some(Box::new(rule))
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

/// Every case of a file, by rule; a rule without a counterpart in the crate is a failure.
fn compare_all(text: &str, wanted: &[(&str, usize)]) {
    let Optimizers { problems, cases } = json::read(text);
    let mut compared = BTreeMap::new();
    for case in &cases {
        let rule = case.hyper.rule(&case.optimizer);
        let rule = rule.unwrap_or_else(|| panic!("{}: {} is not known", case.name, case.optimizer));
        compare(&problems, case, &*rule);
        *compared.entry(case.optimizer.as_str()).or_default() += 1;
    }
    assert_eq!(compared, wanted.iter().copied().collect());
}

#[test]
fn thirty_steps_agree_with_pytorch_on_every_problem() {
    let wanted = [
        ("SGD", 18),
        ("Adam", 18),
        ("AdamW", 6),
        ("RMSprop", 12),
        ("Adagrad", 6),
        ("Adadelta", 3),
        ("NAdam", 6),
        ("RAdam", 6),
        ("Adamax", 3),
    ];
    compare_all(include_str!("data/optimizers.json"), &wanted);
}

#[test]
fn thirty_steps_agree_with_optax_on_every_problem() {
    let wanted = ["optax.lion", "optax.yogi", "optax.adabelief", "optax.lamb"].map(|name| (name, 3));
    compare_all(include_str!("data/optimizers_optax.json"), &wanted);
}
