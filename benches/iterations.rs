//! Iterations of every solver on all reference data: `cargo bench -p benches --bench iterations` prints a
//! Markdown table, to be compared before and after a change of a solver or of its criterion.
//!
//! The rows are fits at the default tolerance of
//! - iris, wine, breast cancer and digits, raw and standardised,
//! - correlated columns of unit scale, as in `solvers.rs`,
//! - all cases of `tests/it/oracle/data/logistic.json`.

use std::fmt::Display;
use std::time::Instant;

use benches::correlated;
use logit::linear::Strength;
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::{Error, FitOptions, Label, LogisticRegression, Penalty, Solver, data};
use nalgebra::DMatrix;

// The readers of the references, from the tests.
#[allow(dead_code, reason = "the tests compare more than this program prints")]
#[path = "../tests/it/oracle/logistic/cases.rs"]
mod cases;
#[path = "../tests/it/oracle/logistic/datasets.rs"]
mod datasets;
#[allow(dead_code, reason = "other references need more")]
#[path = "../tests/it/oracle/json.rs"]
mod json;

/// Where the readers of the references look for their parser.
mod oracle {
    pub(crate) use crate::json;
}

const SMOOTH: [Solver; 4] = [Solver::Newton, Solver::NewtonCg, Solver::Lbfgs, Solver::ProximalNewton];

/// The solvers that take a penalty.
fn solvers(penalty: Penalty) -> &'static [Solver] {
    match penalty {
        Penalty::Jeffreys => &[Solver::Newton],
        Penalty::L1(_) | Penalty::ElasticNet { .. } => &[Solver::ProximalNewton],
        _ => &SMOOTH,
    }
}

fn penalties() -> [(&'static str, Penalty); 5] {
    let strength = Strength::C(1.0);
    [
        ("none", Penalty::None),
        ("C = 1", Penalty::L2(strength)),
        ("L1, C = 1", Penalty::L1(strength)),
        ("elastic net, C = 1", Penalty::ElasticNet { strength, l1_ratio: 0.5 }),
        ("Jeffreys", Penalty::Jeffreys),
    ]
}

/// The largest number of parameters for which the fits with Jeffreys' penalty take seconds, not minutes.
const JEFFREYS_LIMIT: usize = 128;

/// Prints one line for a fit.
fn print<L: Label>(
    name: &str,
    kind: impl Display,
    model: &LogisticRegression,
    solver: Solver,
    x: &DMatrix<f64>,
    y: &[L],
    weights: Option<&[f64]>,
) {
    let mut options = FitOptions::new();
    options.weights = weights;
    let start = Instant::now();
    let fitted = model.clone().solver(solver).fit_with(x, y, options);
    let time = 1e3 * start.elapsed().as_secs_f64();
    let (rows, columns) = x.shape();
    print!("| {name} | {rows} x {columns} | {kind} | {solver:?} | ");
    match fitted {
        Ok(fitted) => {
            let report = fitted.report();
            println!("{} | {} | {:?} | {time:.2} |", report.iterations, report.evaluations, report.stop);
        }
        Err(Error::Singular { .. }) => println!("- | - | singular | {time:.2} |"),
        Err(error) => println!("- | - | {error} | {time:.2} |"),
    }
}

/// Fits one data set with all penalties and solvers.
fn all<L: Label>(name: &str, x: &DMatrix<f64>, y: &[L], free: bool) {
    let mut classes = y.to_vec();
    classes.sort();
    classes.dedup();
    let outputs = if classes.len() == 2 { 1 } else { classes.len() };
    let parameters = (x.ncols() + 1) * outputs;
    for (kind, penalty) in penalties() {
        if (penalty == Penalty::None && !free)
            || (penalty == Penalty::Jeffreys && parameters > JEFFREYS_LIMIT)
        {
            continue;
        }
        for &solver in solvers(penalty) {
            print(name, kind, &LogisticRegression::new(penalty), solver, x, y, None);
        }
    }
}

/// Fits a data set as it is, and with standardised columns.
fn both<L: Label>(name: &str, x: &DMatrix<f64>, y: &[L]) {
    all(name, x, y, true);
    // A column without spread stays as it is.
    let standard = DMatrix::from_columns(
        &x.column_iter()
            .map(|column| {
                let centred = column.add_scalar(-column.mean());
                let deviation = (centred.norm_squared() / column.len() as f64).sqrt();
                if deviation > 0.0 { centred / deviation } else { centred }
            })
            .collect::<Vec<_>>(),
    );
    all(&format!("{name}, standardised"), &standard, y, true);
}

/// The references of the tests, each with the solvers that take its penalty.
fn references() {
    let cases::Logistic { datasets, fits, unpenalised } = cases::read();
    for case in fits.iter().chain(&unpenalised) {
        let data = datasets[&case.dataset].load(&datasets);
        let data = if case.standardize { data.standardized() } else { data };
        let weights = case.weights(&data);
        let absolute = case.penalty == "l1" || case.penalty == "elasticnet";
        let which = if absolute { &SMOOTH[3..] } else { &SMOOTH[..] };
        let standardised = if case.standardize { ", standardised" } else { "" };
        let name = format!("reference: {}{standardised}", case.dataset);
        let mut kind = case.penalty.clone();
        if let Some(c) = case.c {
            kind += &format!(", C = {c}");
        }
        if !case.fit_intercept {
            kind += ", no intercept";
        }
        if weights.is_some() {
            kind += ", weights";
        }
        for &solver in which {
            let model = case.model(solver, 1e-8);
            print(&name, &kind, &model, solver, &data.x, &data.y, weights.as_deref());
        }
    }
}

fn main() {
    with_threads(1, tables);
}

fn tables() {
    println!("| data | rows x columns | penalty | solver | iterations | evaluations | stop | ms |");
    println!("|---|---|---|---|---|---|---|---|");
    let iris = data::iris();
    both("iris", &iris.x, &iris.y);
    let wine = data::wine();
    both("wine", &wine.x, &wine.y);
    let cancer = data::breast_cancer();
    both("breast cancer", &cancer.x, &cancer.y);
    let digits = data::digits();
    both("digits", &digits.x, &digits.y);
    for (rows, columns, classes) in
        [(500, 10, 2), (500, 100, 2), (10_000, 10, 2), (10_000, 50, 2), (500, 10, 5), (10_000, 10, 5)]
    {
        let (x, y) = correlated(rows, columns, classes);
        let outputs = if classes == 2 { 1 } else { classes };
        // Without a penalty there is an optimum only where rows are many times the parameters.
        all(&format!("correlated, {classes} classes"), &x, &y, rows >= 20 * (columns + 1) * outputs);
    }
    references();
}
