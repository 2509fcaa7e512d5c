//! Fits of one problem: time, iterations, and the distance of the objective from the best known optimum.

use std::ops::ControlFlow;
use std::time::Instant;

use logit::prelude::*;
use logit::{Error, FitOptions, FittedLogistic, LogisticRegression, Progress, Solver, StopReason};

use crate::problems::{Data, Problem};

/// Fits that take longer than this, in seconds, count as failed.
const LIMIT: f64 = 10.0;

/// A fit is repeated three times at least, and until this many seconds have passed.
const REPEAT: f64 = 0.05;

/// A fit that takes longer than this, in seconds, is not repeated.
const LONG: f64 = 1.0;

/// The relative gap at which a problem counts as solved.
pub const SOLVED: f64 = 1e-9;

/// The tolerances that are tried in turns if the first that solves the problem is asked for.
const TOLERANCES: [f64; 7] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8];

/// A measured fit. `seconds` is the minimum over the runs.
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
) -> Result<(f64, FittedLogistic<f64, usize>), Error> {
    let mut model = LogisticRegression::new(problem.penalty()).solver(solver);
    if let Some(tolerance) = tolerance {
        model = model.tolerance(tolerance);
    }
    let start = Instant::now();
    let mut within = |_: &Progress| {
        if start.elapsed().as_secs_f64() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let mut options = FitOptions::new().observer(&mut within);
    options.weights = data.weights.as_deref();
    let fitted = model.fit_with(&data.x, &data.y, options)?;
    Ok((start.elapsed().as_secs_f64(), fitted))
}

/// Measures a solver at a tolerance, or at its default.
fn at(problem: &Problem, data: &Data, solver: Solver, tolerance: Option<f64>) -> Result<Fit, Error> {
    let begin = Instant::now();
    let (mut seconds, fitted) = fit(problem, data, solver, tolerance, LIMIT)?;
    let mut runs = 1;
    while seconds < LONG && (runs < 3 || begin.elapsed().as_secs_f64() < REPEAT) {
        seconds = seconds.min(fit(problem, data, solver, tolerance, LIMIT)?.0);
        runs += 1;
    }
    let report = fitted.report();
    Ok(Fit {
        seconds,
        iterations: report.iterations,
        evaluations: report.evaluations,
        objective: objective(problem, data, &fitted)?,
        stop: report.stop,
        tolerance,
    })
}

/// Measures a solver at its default tolerance, or at the first of a list that solves the problem.
pub fn measure(problem: &Problem, data: &Data, solver: Solver, best: f64, first: bool) -> Result<Fit, Error> {
    if first {
        for tolerance in TOLERANCES {
            let fit = at(problem, data, solver, Some(tolerance))?;
            if gap(fit.objective, best) <= SOLVED || fit.stop == StopReason::Cancelled {
                return Ok(fit);
            }
        }
    }
    at(problem, data, solver, None)
}

/// Returns the best known optimum: Newton's method, with a matrix if it is small, until rounding errors stop
/// it.
pub fn reference(problem: &Problem, data: &Data) -> Result<f64, Error> {
    let parameters = (data.x.ncols() + 1) * if data.classes == 2 { 1 } else { data.classes };
    let solver = if parameters <= 1_500 { Solver::Newton } else { Solver::NewtonCg };
    let (_, fitted) = fit(problem, data, solver, Some(1e-15), 6.0 * LIMIT)?;
    objective(problem, data, &fitted)
}

/// Returns the relative distance of an objective from the best known optimum.
pub fn gap(objective: f64, best: f64) -> f64 {
    (objective - best) / best
}

/// Returns the mean loss plus penalty, from the scores and coefficients of a model, not from its report.
fn objective(problem: &Problem, data: &Data, model: &FittedLogistic<f64, usize>) -> Result<f64, Error> {
    let scores = model.decision_function(&data.x)?;
    let (mut sum, mut total) = (0.0, 0.0);
    for (row, &class) in data.y.iter().enumerate() {
        let weight = data.weights.as_ref().map_or(1.0, |weights| weights[row]);
        let loss = if data.classes == 2 {
            let z = if class == 1 { -scores[(row, 0)] } else { scores[(row, 0)] };
            z.max(0.0) + (-z.abs()).exp().ln_1p()
        } else {
            let row = scores.row(row);
            let most = row.max();
            most + row.iter().map(|z| (z - most).exp()).sum::<f64>().ln() - row[class]
        };
        sum += weight * loss;
        total += weight;
    }
    let squares = model.coefficients().norm_squared();
    Ok((sum + problem.c.map_or(0.0, |c| 0.5 / c * squares)) / total)
}
