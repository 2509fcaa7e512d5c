//! Time of fits to rows that are read block by block, and of fits of several ranks, beside that of a fit in memory:
//! `cargo bench -p benches --bench sources`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::correlated;
use logit::parallel::{Exchange, ranks};
use logit::prelude::*;
use logit::source::{Chain, LabelledRows};
use logit::{LogisticRegression, Penalty, Solver};
use nalgebra::DMatrix;

/// How often a task runs.
const ROUNDS: usize = 7;

fn seconds(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// Prints a line of the table: in memory, copied block by block, and on two ranks that copy their blocks. The times are
/// the shortest of runs in turns.
fn compare(name: &str, config: &LogisticRegression, x: &DMatrix<f64>, y: &[usize]) {
    let half = y.len() / 2;
    let part = |first: usize, count: usize| {
        LabelledRows::new(x.rows(first, count), &y[first..first + count]).expect("a label for each row")
    };
    let parts = [part(0, half), part(half, y.len() - half)];
    let chain = Chain::new(parts.to_vec()).expect("the same columns");
    let [mut memory, mut blocks, mut two] = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        memory = memory.min(seconds(|| {
            black_box(config.fit(x, y)).expect("a fit");
        }));
        blocks = blocks.min(seconds(|| {
            black_box(config.fit_source(&chain)).expect("a fit");
        }));
        two = two.min(seconds(|| {
            black_box(ranks(2, |own| config.fit_ranks(&parts[own.rank()], own))).expect("two ranks");
        }));
    }
    let [memory, blocks, two] = [memory, blocks, two].map(|time| 1e3 * time.as_secs_f64());
    println!(
        "| {name} | {memory:.1} ms | {blocks:.1} ms ({:.2}) | {two:.1} ms ({:.2}) |",
        blocks / memory,
        two / memory
    );
}

fn main() {
    println!("| task | in memory | copied block by block | two ranks |");
    println!("|---|---|---|---|");
    let tasks = [
        (200_000, 50, 2, Penalty::c(1.0), Solver::Lbfgs),
        (200_000, 50, 2, Penalty::c(1.0), Solver::Newton),
        (200_000, 50, 2, Penalty::None, Solver::Newton),
        (8_000, 784, 10, Penalty::c(1.0), Solver::Auto),
        (1_000_000, 50, 2, Penalty::c(1.0), Solver::Auto),
    ];
    for (rows, columns, classes, penalty, solver) in tasks {
        let (x, y) = correlated(rows, columns, classes);
        let name = format!("{rows} x {columns}, {classes} classes, {penalty:?}, {solver:?}");
        compare(&name, &LogisticRegression::new(penalty).solver(solver), &x, &y);
    }
}
