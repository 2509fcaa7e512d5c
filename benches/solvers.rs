//! Times of a logistic fit by each solver over rows, columns, classes and penalties, on which `Solver::Auto`
//! is based. `cargo bench -p benches --bench solvers` prints the table; results are in `docs/logistic.md`.

use std::time::{Duration, Instant};

use benches::correlated;
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::{Error, LogisticRegression, Penalty, Solver};
use nalgebra::DMatrix;

const SOLVERS: [(&str, Solver); 3] =
    [("Newton", Solver::Newton), ("NewtonCg", Solver::NewtonCg), ("Lbfgs", Solver::Lbfgs)];

/// A solver that would take longer than this for one fit is left out, by its cost of iterations.
const LIMIT: f64 = 60.0;

/// The median of three fits (or the only one, if it takes long), and how it ended.
fn time(model: &LogisticRegression, x: &DMatrix<f64>, y: &[usize]) -> Result<(Duration, String), Error> {
    let mut times = Vec::new();
    loop {
        let start = Instant::now();
        let fitted = model.fit(x, y)?;
        times.push(start.elapsed());
        if times.len() == 3 || times[0] > Duration::from_secs(5) {
            times.sort();
            let report = fitted.report();
            let mark = if report.converged() { "" } else { "!" };
            assert_eq!(fitted.features(), x.ncols());
            return Ok((times[times.len() / 2], format!("{}{mark}", report.iterations)));
        }
    }
}

/// Whether a Newton iteration is affordable: multiplications of Hessian and factorisation at 10 a nanosecond.
fn affordable(rows: usize, columns: usize, classes: usize) -> bool {
    let outputs = if classes == 2 { 1 } else { classes };
    let parameters = (columns * outputs) as f64;
    let hessian = rows as f64 * (columns * columns) as f64 * (outputs * (outputs + 1)) as f64 / 4.0;
    10.0 * (hessian + parameters.powi(3) / 3.0) / 1e10 < LIMIT && parameters < 5000.0
}

fn main() -> Result<(), Error> {
    with_threads(1, table)
}

fn table() -> Result<(), Error> {
    println!("milliseconds (iterations) to the default tolerance; ! is not converged\n");
    println!("| rows | columns | classes | parameters | penalty | Newton | NewtonCg | Lbfgs | Auto |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let sizes = [
        (500, 10, 2),
        (500, 100, 2),
        (500, 1000, 2),
        (300, 10_000, 2),
        (10_000, 10, 2),
        (10_000, 50, 2),
        (10_000, 200, 2),
        (10_000, 500, 2),
        (5_000, 1000, 2),
        (200_000, 20, 2),
        (500, 10, 5),
        (500, 50, 10),
        (10_000, 10, 5),
        (10_000, 30, 10),
        (5_000, 100, 10),
    ];
    for (rows, columns, classes) in sizes {
        let (x, y) = correlated(rows, columns, classes);
        let penalties = [
            ("none", Penalty::None),
            ("C = 100", Penalty::c(100.0)),
            ("C = 1", Penalty::c(1.0)),
            ("λ = 0.01", Penalty::l2(0.01)),
        ];
        for (name, penalty) in penalties {
            let outputs = if classes == 2 { 1 } else { classes };
            let parameters = (columns + 1) * outputs;
            // Without a penalty there is an optimum only where rows are many times the parameters.
            if penalty == Penalty::None && rows < 20 * parameters {
                continue;
            }
            print!("| {rows} | {columns} | {classes} | {parameters} | {name} |");
            for (_, solver) in SOLVERS.into_iter().chain([("Auto", Solver::Auto)]) {
                if solver == Solver::Newton && !affordable(rows, columns, classes) {
                    print!(" - |");
                    continue;
                }
                let (time, iterations) = time(&LogisticRegression::new(penalty).solver(solver), &x, &y)?;
                print!(" {:.2} ({iterations}) |", 1e3 * time.as_secs_f64());
            }
            println!();
        }
    }
    Ok(())
}
