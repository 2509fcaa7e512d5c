//! Learning rates and clipped gradients: PyTorch and optax, with exact values where there are closed forms.

use logit::Schedule;
use logit::optim::{Clip, OneCycle, PlateauState, ReduceOnPlateau};
use serde::Deserialize;
use serde_json::Value;

use crate::oracle::compare::Within;
use crate::oracle::json;

/// Rounding.
const CLOSE: Within = Within::relative(1e-14);

#[derive(Deserialize)]
struct Reference {
    schedules: Vec<Case>,
    clipping: Vec<Clipping>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    base_lr: f64,
    hyper: Hyper,
    /// The rate of each step, computed one from another.
    lr: Vec<f64>,
    /// The rate of each step, from the position.
    lr_closed_form: Option<Vec<f64>>,
    /// The metric observed at the end of each epoch.
    metrics: Option<Vec<f64>>,
}

/// Hyper-parameters by name; every one must be asked for.
#[derive(Deserialize)]
struct Hyper(serde_json::Map<String, Value>);

impl Hyper {
    fn take(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or_else(|| panic!("no {name}"))
    }

    fn number(&mut self, name: &str) -> f64 {
        self.take(name).as_f64().unwrap_or_else(|| panic!("{name} is no number"))
    }

    fn count(&mut self, name: &str) -> u64 {
        self.take(name).as_u64().unwrap_or_else(|| panic!("{name} is no count"))
    }

    fn flag(&mut self, name: &str) -> bool {
        self.take(name).as_bool().unwrap_or_else(|| panic!("{name} is no flag"))
    }

    fn name(&mut self, name: &str) -> String {
        self.take(name).as_str().unwrap_or_else(|| panic!("{name} is no name")).to_string()
    }
}

#[derive(Deserialize)]
struct Clipping {
    kind: String,
    max: f64,
    grads: Value,
    total_norm: Option<f64>,
    exact_out: Value,
}

fn read() -> Reference {
    json::read(include_str!("data/optimizers.json"))
}

/// The schedule of a case; its name begins with the kind of the schedule.
fn schedule(case: &mut Case) -> Schedule {
    let (base, hyper) = (case.base_lr, &mut case.hyper);
    let schedule = match case.name.as_str() {
        "constant" => Schedule::constant(),
        "step" => Schedule::step(hyper.count("step_size"), hyper.number("gamma")),
        "multistep" => {
            let milestones: Vec<u64> = serde_json::from_value(hyper.take("milestones")).expect("counts");
            Schedule::multistep(&milestones, hyper.number("gamma"))
        }
        "exponential" => Schedule::exponential(hyper.number("gamma")),
        "cosine_annealing" => Schedule::cosine(hyper.count("T_max")).down_to(hyper.number("eta_min") / base),
        "cosine_warm_restarts" => Schedule::cosine_restarts(hyper.count("T_0"), hyper.count("T_mult"))
            .down_to(hyper.number("eta_min") / base),
        "linear_warmup" => {
            assert_eq!(hyper.number("end_factor"), 1.0);
            Schedule::linear_warmup(hyper.number("start_factor"), hyper.count("total_iters"))
        }
        "linear_warmup_cosine" => {
            let length = hyper.count("warmup_steps");
            let cosine = Schedule::cosine(hyper.count("T_max")).down_to(hyper.number("eta_min") / base);
            Schedule::linear_warmup(hyper.number("start_factor"), length).then(length, cosine)
        }
        "polynomial" => Schedule::polynomial(hyper.count("total_iters"), hyper.number("power")),
        "lambda_inverse_sqrt" => {
            assert_eq!(hyper.name("formula"), "base/sqrt(1+k)");
            Schedule::inverse_sqrt(1)
        }
        "lambda_inverse_time" => {
            assert_eq!(hyper.name("formula"), "base/(1+0.1k)");
            Schedule::inverse_time(0.1)
        }
        name if name.starts_with("one_cycle_") => one_cycle(base, hyper),
        name if name.starts_with("reduce_on_plateau_") => plateau(base, hyper),
        "optax_warmup_cosine_decay" => {
            let (length, peak) = (hyper.count("warmup_steps"), hyper.number("peak_value"));
            assert_eq!(peak, base);
            let cosine = Schedule::cosine(hyper.count("decay_steps") - length);
            Schedule::linear_warmup(hyper.number("init_value") / peak, length)
                .then(length, cosine.down_to(hyper.number("end_value") / peak))
        }
        name => panic!("unknown schedule {name}"),
    };
    assert!(hyper.0.is_empty(), "{}: what are {:?}?", case.name, hyper.0);
    schedule
}

fn one_cycle(base: f64, hyper: &mut Hyper) -> Schedule {
    let peak = hyper.number("max_lr") / base;
    CLOSE.one("peak", peak, hyper.number("div_factor"));
    let cycle = OneCycle::new(hyper.count("total_steps"), peak)
        .rise(hyper.number("pct_start"))
        .last(1.0 / hyper.number("final_div_factor"));
    let cycle = match hyper.name("anneal").as_str() {
        "cos" => cycle,
        "linear" => cycle.linear(),
        anneal => panic!("unknown anneal {anneal}"),
    };
    Schedule::one_cycle(if hyper.flag("three_phase") { cycle.three_phases() } else { cycle })
}

fn plateau(base: f64, hyper: &mut Hyper) -> Schedule {
    let rule = ReduceOnPlateau::new(hyper.number("factor"), hyper.count("patience"))
        .cooldown(hyper.count("cooldown"))
        .lowest(hyper.number("min_lr") / base)
        .epsilon(hyper.number("eps") / base);
    let rule = match hyper.name("mode").as_str() {
        "min" => rule,
        "max" => rule.larger_is_better(),
        mode => panic!("unknown mode {mode}"),
    };
    let threshold = hyper.number("threshold");
    Schedule::reduce_on_plateau(match hyper.name("threshold_mode").as_str() {
        "rel" => rule.relative_threshold(threshold),
        "abs" => rule.absolute_threshold(threshold),
        mode => panic!("unknown threshold mode {mode}"),
    })
}

#[test]
fn rates_agree_at_every_position() {
    let mut compared = 0;
    for mut case in read().schedules {
        let schedule = schedule(&mut case);
        assert_eq!(schedule.check(), Ok(()), "{}", case.name);
        let mut state = PlateauState::default();
        let rates: Vec<f64> = (0..case.lr.len())
            .map(|k| {
                let rate = schedule.rate(case.base_lr, k as u64, 0, &state);
                if let Some(metrics) = &case.metrics {
                    schedule.observe(metrics[k], &mut state);
                }
                rate
            })
            .collect();
        // The reference computes small rates as differences of large ones (1 + cos x, or the highest rate and
        // a step down from it) and so rounds them at the size of the highest.
        let highest = rates.iter().fold(0.0, |max: f64, &rate| max.max(rate));
        let differences = case.name.contains("cos") || case.name.contains("one_cycle");
        let within = if differences { CLOSE.plus(highest * 1e-16) } else { CLOSE };
        for wanted in case.lr_closed_form.iter().chain([&case.lr]) {
            within.all(&case.name, &rates, wanted);
        }

        let epochs = schedule.per_epoch();
        let by_epoch = |k: usize| epochs.rate(case.base_lr, 0, k as u64, &PlateauState::default());
        if case.metrics.is_none() {
            assert!((0..rates.len()).all(|k| by_epoch(k) == rates[k]), "{} by epoch", case.name);
        }
        compared += 1;
    }
    assert_eq!(compared, 19);
}

/// The numbers in nested lists, in their order.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))],
    }
}

#[test]
fn clipped_gradients_agree() {
    let mut compared = 0;
    for case in read().clipping {
        let clip = match case.kind.as_str() {
            "global_norm" => Clip::norm(case.max),
            "value" => Clip::value(case.max),
            kind => panic!("unknown kind {kind}"),
        };
        assert_eq!(clip.check(), Ok(()));
        let name = format!("{clip:?} of {}", case.grads);
        let (mut grad, wanted) = (numbers(&case.grads), numbers(&case.exact_out));
        let mut single: Vec<f32> = grad.iter().map(|&g| g as f32).collect();
        let norms = [clip.apply(&mut grad), clip.apply(&mut single)];
        CLOSE.all(&name, &grad, &wanted);
        let widened: Vec<f64> = single.iter().map(|&g| g.into()).collect();
        Within::single(4.0, 0.0).all(&name, &widened, &wanted);
        if let Some(norm) = case.total_norm {
            CLOSE.one(&name, norms[0], norm);
            Within::single(4.0, 0.0).one(&name, norms[1], norm);
        }
        compared += 1;
    }
    assert_eq!(compared, 24);
}
