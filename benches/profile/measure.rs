//! Fits of one problem: time, iterations, and the distance of the objective from the best known optimum.

use std::ops::ControlFlow;
use std::time::Instant;

use benches::{objective, processor_time};
use logit::prelude::*;
use logit::{Error, FitOptions, FittedLogistic, LogisticRegression, Progress, Solver, StopReason};

use crate::problems::{Data, Problem};

/// Fits that take longer than this, in seconds, count as failed.
const LIMIT: f64 = 10.0;

/// Fits are repeated until this many seconds have passed: Linux counts processor time in steps of 4 ms.
const REPEAT: f64 = 0.1;

/// The relative gap at which a problem counts as solved.
pub const SOLVED: f64 = 1e-9;

/// The tolerances that are tried in turns if the first that solves the problem is asked for.
const TOLERANCES: [f64; 7] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8];

/// A measured fit, with its mean processor time in seconds.
pub struct Fit {
    pub seconds: f64,
    pub iterations: usize,
    pub evaluations: usize,
    pub objective: f64,
    pub stop: StopReason,
    pub tolerance: Option<f64>,
}

/// Fits once, within a limit of seconds.
fn fit(
    problem: &Problem,
    data: &Data,
    solver: Solver,
    tolerance: Option<f64>,
    limit: f64,
) -> Result<FittedLogistic<f64, usize>, Error> {
    let mut model = LogisticRegression::new(problem.penalty()).solver(solver);
    if let Some(tolerance) = tolerance {
        model = model.tolerance(tolerance);
    }
    let start = Instant::now();
    let begin = processor_time(start);
    let mut within = |_: &Progress| {
        // The clock costs less than the processor time, and is never behind it.
        if start.elapsed().as_secs_f64() < limit || processor_time(start) - begin < limit {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    let mut options = FitOptions::new().observer(&mut within);
    options.weights = data.weights.as_deref();
    model.fit_with(&data.x, &data.y, options)
}

/// Measures a solver at a tolerance, or at its default.
pub fn measure(problem: &Problem, data: &Data, solver: Solver, tolerance: Option<f64>) -> Result<Fit, Error> {
    let start = Instant::now();
    let begin = processor_time(start);
    let mut runs = 0;
    loop {
        let fitted = fit(problem, data, solver, tolerance, LIMIT)?;
        runs += 1;
        if start.elapsed().as_secs_f64() < REPEAT {
            continue;
        }
        let used = processor_time(start) - begin;
        if used >= REPEAT {
            let report = fitted.report();
            return Ok(Fit {
                seconds: used / f64::from(runs),
                iterations: report.iterations,
                evaluations: report.evaluations,
                objective: objective_of(problem, data, &fitted)?,
                stop: report.stop,
                tolerance,
            });
        }
    }
}

/// Measures a solver at the first tolerance that solves the problem.
pub fn first(problem: &Problem, data: &Data, solver: Solver, best: f64) -> Result<Fit, Error> {
    for tolerance in TOLERANCES {
        let fit = measure(problem, data, solver, Some(tolerance))?;
        if gap(fit.objective, best) <= SOLVED || fit.stop == StopReason::Cancelled {
            return Ok(fit);
        }
    }
    measure(problem, data, solver, None)
}

/// Returns the best known optimum: Newton's method, with a matrix if it is small, until rounding errors stop
/// it.
pub fn reference(problem: &Problem, data: &Data) -> Result<f64, Error> {
    let parameters = (data.x.ncols() + 1) * if data.classes == 2 { 1 } else { data.classes };
    let solver = if parameters <= 1_500 { Solver::Newton } else { Solver::NewtonCg };
    let fitted = fit(problem, data, solver, Some(1e-15), 6.0 * LIMIT)?;
    objective_of(problem, data, &fitted)
}

/// Returns the relative distance of an objective from the best known optimum.
pub fn gap(objective: f64, best: f64) -> f64 {
    (objective - best) / best
}

fn objective_of(problem: &Problem, data: &Data, model: &FittedLogistic<f64, usize>) -> Result<f64, Error> {
    objective(model, &data.x, &data.y, data.weights.as_deref(), problem.c)
}
