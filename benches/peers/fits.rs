//! Logistic regressions, each at its default tolerance and at the loosest tolerance that solves it.

use std::fs;

use benches::objective;
use logit::prelude::*;
use logit::{FittedLogistic, LogisticRegression, Penalty, Solver};
use nalgebra::DMatrix;
use serde_json::{Value, json};

use crate::{Failure, emit, files, seconds};

/// The relative distance from the optimum at which a problem is solved.
const SOLVED: f64 = 1e-9;

const TOLERANCES: [f64; 6] = [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8];

/// A problem with C = 1.
struct Problem<'a> {
    task: &'a str,
    x: DMatrix<f64>,
    y: Vec<usize>,
    /// The optimum, as a sum over rows.
    best: f64,
    least: f64,
}

/// Measures solvers on a problem.
pub fn fit(task: &str, data: &str, solvers: &[&str], least: f64) -> Result<(), Failure> {
    let (x, y) = (files::matrix(&format!("{data}_x"))?, files::labels(&format!("{data}_y"))?);
    let optima: Value = serde_json::from_str(&fs::read_to_string(files::folder().join("optima.json"))?)?;
    let best = optima[data].as_f64().ok_or("optima.json has no optimum of this problem")?;
    let problem = Problem { task, x, y, best, least };
    for &name in solvers {
        let solver = match name {
            "Newton" => Solver::Newton,
            "Lbfgs" => Solver::Lbfgs,
            _ => Solver::Auto,
        };
        let exact = LogisticRegression::new(Penalty::c(1.0)).solver(solver);
        problem.measure(name, &exact)?;
        for tolerance in TOLERANCES {
            let model = exact.clone().tolerance(tolerance);
            if problem.gap(&model.fit(&problem.x, &problem.y)?)? <= SOLVED {
                problem.measure(&format!("{name}, solved"), &model)?;
                break;
            }
        }
    }
    Ok(())
}

impl Problem<'_> {
    /// The relative distance of a model from the optimum.
    fn gap(&self, model: &FittedLogistic<f64, usize>) -> Result<f64, Failure> {
        let found = objective(model, &self.x, &self.y, None, Some(1.0))? * self.y.len() as f64;
        Ok((found - self.best) / self.best)
    }

    fn measure(&self, variant: &str, model: &LogisticRegression) -> Result<(), Failure> {
        let (time, fitted) = seconds(self.least, |_| Ok(model.fit(&self.x, &self.y)?))?;
        let memory = peak_memory().map(|bytes| bytes / (8 * self.x.len()) as f64);
        let measured = [
            ("gap", json!(self.gap(&fitted)?)),
            ("iterations", json!(fitted.report().iterations)),
            ("memory", json!(memory)),
        ];
        emit(variant, self.task, time, &measured);
        Ok(())
    }
}

/// The largest memory of this process so far, in bytes, where the system counts it.
fn peak_memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(1024.0 * line.split_whitespace().nth(1)?.parse::<f64>().ok()?)
}
