//! Time on one thread beside that on all threads of the machine: `cargo bench -p benches --bench threads`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::normal;
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::{Adam, MlpClassifier, Real, Rng};
use nalgebra::DMatrix;

/// How often a task runs on each number of threads.
const ROUNDS: usize = 15;

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
        let network = MlpClassifier::new([100]).optimizer(Adam::new(1e-3)).batch_size(batch).epochs(2);
        compare(
            &format!("two epochs of 8,000 rows, 784-100-10, batches of {batch}, {kind}"),
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

fn main() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("| task | one thread | {threads} threads | ratio |");
    println!("|---|---|---|---|");
    networks::<f32>("f32", threads);
    networks::<f64>("f64", threads);
}
