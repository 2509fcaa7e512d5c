//! Every solver of logistic regression on problems of many kinds, as JSON lines for a performance profile:
//!
//! ```sh
//! cargo run --release -p benches --bin profile -- --write target/profile > target/profile/logit.jsonl
//! python3 benches/profile/scikit_learn.py target/profile > target/profile/scikit_learn.jsonl
//! python3 benches/profile/report.py target/profile/*.jsonl > target/profile/profile.md
//! ```
//!
//! Times are processor times, the least of three turns, so that other work on the machine has little effect.
//!
//! - `--write FOLDER` writes the matrices as `.npy`, and `problems.jsonl`, for other systems.
//! - `--only TEXT` keeps the problems with this text in their name, `--half A` those of a half.
//! - `--solvers Auto,Newton` keeps some solvers.
//! - `--first` measures each solver at the loosest tolerance that solves the problem, as it is done for other
//!   systems, in place of the default tolerance.
//! - `--no-fits` only writes.

mod files;
mod measure;
mod problems;
mod recipe;

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::exit;

use logit::parallel::with_threads;
use logit::{Error, Solver, StopReason};
use serde_json::json;

use measure::{Fit, first, gap, measure, reference};
use problems::{Data, Problem, problems};

const SOLVERS: [Solver; 4] = [Solver::Auto, Solver::Newton, Solver::NewtonCg, Solver::Lbfgs];

#[derive(Default)]
struct Arguments {
    folder: Option<PathBuf>,
    only: Option<String>,
    half: Option<String>,
    solvers: Option<String>,
    first: bool,
    no_fits: bool,
}

fn arguments() -> Arguments {
    let mut read = Arguments::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--write" => read.folder = arguments.next().map(PathBuf::from),
            "--only" => read.only = arguments.next(),
            "--half" => read.half = arguments.next(),
            "--solvers" => read.solvers = arguments.next(),
            "--first" => read.first = true,
            "--no-fits" => read.no_fits = true,
            other => {
                eprintln!("unknown argument `{other}`: see the head of benches/profile/main.rs");
                exit(2);
            }
        }
    }
    read
}

fn main() {
    // As the systems that it compares with.
    with_threads(1, profile);
}

fn profile() {
    let arguments = arguments();
    let mut index = arguments.folder.as_ref().map(|folder| {
        fs::create_dir_all(folder).expect("a folder that can be written");
        File::create(folder.join("problems.jsonl")).expect("a file that can be written")
    });
    for problem in problems() {
        if arguments.only.as_ref().is_some_and(|text| !problem.name.contains(text.as_str()))
            || arguments.half.as_ref().is_some_and(|half| *half != problem.half.to_string())
        {
            continue;
        }
        let data = problem.data();
        let best = reference(&problem, &data);
        let mut about = json!({
            "problem": problem.name, "half": problem.half.to_string(), "c": problem.c,
            "rows": data.x.nrows(), "columns": data.x.ncols(), "classes": data.classes,
            "weights": data.weights.is_some(),
        });
        if let (Some(folder), Some(index)) = (&arguments.folder, &mut index) {
            let stem = files::stem(&problem);
            files::write(folder, &stem, &data).expect("files that can be written");
            let mut line = about.clone();
            line["files"] = json!(stem);
            line["objective"] = json!(best.as_ref().ok());
            writeln!(index, "{line}").expect("a file that can be written");
        }
        if arguments.no_fits {
            continue;
        }
        about["system"] = json!("logit");
        let best = best.as_ref().copied().unwrap_or(f64::NAN);
        for (solver, fit) in compare(&problem, &data, &arguments, best) {
            let mut line = about.clone();
            let first = if arguments.first { ", first" } else { "" };
            line["solver"] = json!(format!("{solver:?}{first}"));
            match fit {
                Ok(fit) => {
                    line["seconds"] = json!((fit.stop != StopReason::Cancelled).then_some(fit.seconds));
                    line["iterations"] = json!(fit.iterations);
                    line["evaluations"] = json!(fit.evaluations);
                    line["objective"] = json!(fit.objective);
                    line["gap"] = json!(gap(fit.objective, best));
                    line["stop"] = json!(format!("{:?}", fit.stop));
                    line["tolerance"] = json!(fit.tolerance);
                }
                Err(error) => line["stop"] = json!(error.to_string()),
            }
            println!("{line}");
        }
    }
}

/// Measures the solvers in turns, three times, and keeps the least time of each. A fit that takes longer than
/// a second is not repeated.
fn compare(
    problem: &Problem,
    data: &Data,
    arguments: &Arguments,
    best: f64,
) -> Vec<(Solver, Result<Fit, Error>)> {
    let kept = |solver: &Solver| {
        let name = format!("{solver:?}");
        arguments.solvers.as_ref().is_none_or(|list| list.split(',').any(|one| one == name))
    };
    let mut fits: Vec<(Solver, Result<Fit, Error>)> = Vec::new();
    for solver in SOLVERS.into_iter().filter(kept) {
        let fit = if arguments.first {
            first(problem, data, solver, best)
        } else {
            measure(problem, data, solver, None)
        };
        fits.push((solver, fit));
    }
    for _ in 0..2 {
        for (solver, fit) in &mut fits {
            if let Ok(fit) = fit
                && fit.seconds < 1.0
                && let Ok(again) = measure(problem, data, *solver, fit.tolerance)
            {
                fit.seconds = fit.seconds.min(again.seconds);
            }
        }
    }
    fits
}
