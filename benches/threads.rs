//! Time on one thread beside that on all threads of the machine: `cargo bench -p benches --bench threads`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::{correlated, normal};
use logit::metrics::{Bootstrap, LogLoss, RocAuc};
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::select::Splitter;
use logit::{
    Adam, CrossValidation, LogisticRegression, MlpClassifier, Penalty, Real, Rng, Search, Solver,
    StandardScaler,
};
use nalgebra::DMatrix;

/// How often a task runs on each number of threads.
const ROUNDS: usize = 9;

/// Prints a line of the table. The task runs in turns on one thread and on all, so that both see the same machine. The
/// times are the shortest, because other programs can only add to them.
fn compare(task: &str, threads: usize, run: impl Fn()) {
    let time = |threads| {
        let start = Instant::now();
        with_threads(threads, &run);
        start.elapsed()
    };
    let [mut alone, mut beside] = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        alone = alone.min(time(1));
        beside = beside.min(time(threads));
    }
    let [alone, beside] = [alone, beside].map(|time| 1e3 * time.as_secs_f64());
    println!("| {task} | {alone:.1} ms | {beside:.1} ms | {:.2} |", alone / beside);
}

fn digits<T: Real>(rows: usize) -> (DMatrix<T>, Vec<usize>) {
    let mut rng = Rng::new(1);
    let x = normal(rows, 784, &mut rng);
    (x, (0..rows).map(|_| rng.below(10)).collect())
}

/// Training and predictions of a network of 784-100-10 units.
fn networks<T: Real>(kind: &str, threads: usize) {
    let (x, y) = digits::<T>(8000);
    for batch in [200, 32] {
        let network = MlpClassifier::new([100]).optimizer(Adam::new(1e-3)).batch_size(batch).epochs(6);
        compare(
            &format!("six epochs of 8,000 rows, 784-100-10, batches of {batch}, {kind}"),
            threads,
            || {
                black_box(network.fit(&x, &y)).expect("a fit");
            },
        );
    }
    let model = MlpClassifier::new([100]).epochs(1).fit(&x, &y).expect("a fit");
    let (x, _) = digits::<T>(10_000);
    compare(&format!("probabilities of 10,000 rows, 784-100-10, {kind}"), threads, || {
        black_box(model.predict_proba(&x)).expect("finite rows");
    });
}

/// Fits of logistic regressions to their default tolerance.
fn logistic(threads: usize) {
    let tasks = [
        (200_000, 50, 2, Penalty::c(1.0), vec![Solver::Lbfgs, Solver::Newton]),
        (200_000, 50, 2, Penalty::None, vec![Solver::Newton]),
        (20_000, 100, 2, Penalty::l1(0.005), vec![Solver::ProximalNewton]),
        (8_000, 784, 10, Penalty::c(1.0), vec![Solver::Auto]),
        (1_000_000, 50, 2, Penalty::c(1.0), vec![Solver::Auto]),
    ];
    for (rows, columns, classes, penalty, solvers) in tasks {
        let (x, y) = correlated(rows, columns, classes);
        for solver in solvers {
            let model = LogisticRegression::new(penalty).solver(solver);
            let name = format!("{rows} x {columns}, {classes} classes, {penalty:?}, {solver:?}");
            compare(&name, threads, || {
                black_box(model.fit(&x, &y)).expect("a fit");
            });
        }
    }
}

/// What does not depend on a solver: resamples, folds, predictions, columns.
fn others(threads: usize) {
    let (x, y) = correlated(20_000, 30, 2);
    let model = LogisticRegression::new(Penalty::c(1.0));
    let fitted = model.fit(&x, &y).expect("a fit");
    let p = fitted.predict_proba(&x).expect("finite rows");
    let p = p.rows(0, 2_000).into_owned();
    compare("bootstrap of the ROC AUC, 2,000 rows, 1,000 resamples", threads, || {
        black_box(Bootstrap::new().interval(&RocAuc, &y[..2_000], &p, &[0, 1], None)).expect("both classes");
    });
    compare("cross-validation, 5 folds of 20,000 x 30", threads, || {
        black_box(CrossValidation::new(Splitter::default()).metric("log loss", LogLoss).run(&model, &x, &y))
            .expect("five fits");
    });
    let search = Search::grid([0.01, 0.1, 1.0, 10.0], |&c| LogisticRegression::new(Penalty::c(c)));
    compare("search over 4 penalties, 5 folds of 20,000 x 30", threads, || {
        black_box(search.fit(&x, &y)).expect("twenty-one fits");
    });
    let (x, y) = correlated(400_000, 50, 2);
    let fitted = model.fit(&x, &y).expect("a fit");
    compare("probabilities of 400,000 x 50, logistic regression", threads, || {
        black_box(fitted.predict_proba(&x)).expect("finite rows");
    });
    compare("fit of a standard scaler, 400,000 x 50", threads, || {
        black_box(StandardScaler::new().fit(&x)).expect("finite rows");
    });
}

fn main() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("| task | one thread | {threads} threads | ratio |");
    println!("|---|---|---|---|");
    logistic(threads);
    others(threads);
    networks::<f32>("f32", threads);
    networks::<f64>("f64", threads);
}
