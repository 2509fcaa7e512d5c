//! This crate's side of the comparison with other systems: `benches/peers/run` calls it.
//!
//! Each argument is the name of a task. Each result is a line of JSON with the least time of several runs.

mod files;
mod fits;
mod networks;
mod rows;

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

/// Short work is repeated until this many seconds have passed.
const SHORT: f64 = 0.2;

/// The number of runs, after one that warms up: the environment variable `PEERS_RUNS`, or 3.
fn runs() -> usize {
    std::env::var("PEERS_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(3)
}

/// Returns the least time of the runs of `work(seed)`, and the last result. Each run lasts `least` seconds.
fn seconds<A>(least: f64, mut work: impl FnMut(u64) -> Result<A, Failure>) -> Result<(f64, A), Failure> {
    let start = Instant::now();
    let mut result = black_box(work(0)?);
    let first = start.elapsed().as_secs_f64();
    let times = if first < least { (least / first.max(1e-8)) as usize + 1 } else { 1 };
    let mut best = f64::INFINITY;
    for seed in 1..=runs() {
        let start = Instant::now();
        for _ in 0..times {
            result = black_box(work(seed as u64)?);
        }
        best = best.min(start.elapsed().as_secs_f64() / times as f64);
    }
    Ok((best, result))
}

/// Prints a result.
fn emit(variant: &str, task: &str, seconds: f64, measured: &[(&str, Value)]) {
    let system = format!("logit {variant}");
    let mut line = json!({ "system": system.trim_end(), "task": task, "seconds": seconds });
    for (name, value) in measured {
        line[name] = value.clone();
    }
    println!("{line}");
}

fn main() -> Result<(), Failure> {
    for task in std::env::args().skip(1) {
        match task.as_str() {
            "T1" | "T2" | "T2b" => networks::train(&task)?,
            "T3" => fits::fit("T3", "redundant", &["Newton", "Lbfgs", "Auto"], 0.0)?,
            "T4" => fits::fit("T4", "digits_train", &["Auto", "Lbfgs"], 0.0)?,
            "T5" => {
                fits::fit("T5 breast cancer", "breast_cancer", &["Auto"], SHORT)?;
                fits::fit("T5 iris", "iris", &["Auto"], SHORT)?;
            }
            "T6net" => networks::predict()?,
            "T6" => rows::logistic()?,
            "T7" => networks::descend()?,
            "T8" => fits::fit("T8", "redundant_long", &["Auto"], 0.0)?,
            "scaler" => rows::scaler()?,
            "components" => rows::components()?,
            other => return Err(format!("there is no task `{other}`").into()),
        }
    }
    Ok(())
}
