//! The cost of watching, relative to the fit: `cargo bench -p benches --bench watching` prints a Markdown
//! table. It must stay below a tenth.
//!
//! Fits alone and watched fits take turns, and processor time is measured (on Linux; elsewhere the time by
//! the clock), so that other work on the machine has little effect.

use std::hint::black_box;
use std::time::Instant;

use benches::{correlated, processor_time as now};
use logit::doctor::{Doctor, FitDiagnosed};
use logit::nn::{
    BinaryCrossEntropy, Examples, Loss, NetworkObjective, Sequential, SoftmaxCrossEntropy, Targets,
    TrainOptions, Trainer,
};
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::{Activation, Adam, Lbfgs, LogisticRegression, Penalty, Real, Rng};
use nalgebra::DMatrix;

/// The time for a row of the table.
const SECONDS: f64 = 20.0;

/// Prints the mean times of both kinds of fits, and the cost of watching.
fn compare(name: &str, mut alone: impl FnMut(), mut watched: impl FnMut()) {
    let start = Instant::now();
    let (mut fit, mut both, mut pairs) = (0.0, 0.0, 0.0);
    while start.elapsed().as_secs_f64() < SECONDS {
        let before = now(start);
        alone();
        let between = now(start);
        watched();
        fit += between - before;
        both += now(start) - between;
        pairs += 1.0;
    }
    let cost = 100.0 * (both / fit - 1.0);
    println!("| {name} | {:.1} | {:.1} | {cost:.1} % | {pairs} |", 1e3 * fit / pairs, 1e3 * both / pairs);
}

/// A trainer on a perceptron.
fn trained<T: Real, S: Loss<T>>(
    name: &str,
    sizes: &[usize],
    loss: S,
    trainer: &Trainer<Adam>,
    x: &DMatrix<T>,
    y: &[usize],
) {
    let network = Sequential::perceptron(sizes, Activation::Relu).expect("sizes");
    let examples = Examples::new(x, Targets::Classes(y));
    let doctor = Doctor::new();
    compare(
        name,
        || drop(black_box(trainer.fit(&network, &loss, examples, TrainOptions::new()).expect("a fit"))),
        || {
            drop(black_box(
                doctor.fit(trainer, &network, &loss, examples, TrainOptions::new()).expect("a fit"),
            ))
        },
    );
}

fn main() {
    with_threads(1, tables);
}

fn tables() {
    println!("| fit | alone, ms | watched, ms | cost of watching | of pairs |\n|---|---|---|---|---|");
    let (x, y) = correlated(20_000, 50, 2);
    let network = Sequential::perceptron(&[50, 1], Activation::Relu).expect("sizes");
    let (loss, examples) = (BinaryCrossEntropy, Examples::new(&x, Targets::Classes(&y)));
    let (lbfgs, lambda, doctor) = (Lbfgs::new(), 1e-4, Doctor::new());
    compare(
        "logistic regression 20,000 x 50, L-BFGS",
        || {
            let mut objective = NetworkObjective::new(&network, &loss, examples, lambda).expect("data");
            let start = objective.initial(0);
            black_box(lbfgs.minimize(&mut objective, start).expect("a fit"));
        },
        || {
            drop(black_box(
                doctor.minimize(&lbfgs, &network, &loss, examples, lambda, None, None).expect("a fit"),
            ))
        },
    );
    let model = LogisticRegression::new(Penalty::l2(lambda));
    compare(
        "logistic regression 20,000 x 50, `LogisticRegression`",
        || drop(black_box(model.fit(&x, &y).expect("a fit"))),
        || drop(black_box(model.fit_diagnosed(&x, &y, &doctor).expect("a fit"))),
    );
    let trainer = Trainer::new(Adam::new(1e-3)).batch_size(200).epochs(20);
    trained(
        "logistic regression 20,000 x 50, Adam, batches of 200, 20 epochs",
        &[50, 1],
        loss,
        &trainer,
        &x,
        &y,
    );

    let mut rng = Rng::new(5);
    let x = DMatrix::<f64>::from_fn(3200, 2, |_, _| rng.standard_normal());
    let y: Vec<usize> = x.row_iter().map(|row| usize::from(row[0] * row[1] > 0.2)).collect();
    let trainer = Trainer::new(Adam::new(9e-4)).batch_size(15).epochs(1000);
    trained(
        "2-3-1, 3,200 rows, batches of 15, 1,000 epochs",
        &[2, 3, 1],
        BinaryCrossEntropy,
        &trainer,
        &x,
        &y,
    );

    let x = DMatrix::<f32>::from_fn(8000, 784, |_, _| rng.standard_normal() as f32);
    let y: Vec<usize> = (0..8000).map(|_| rng.below(10)).collect();
    let trainer = Trainer::new(Adam::new(1e-3)).batch_size(200).epochs(20);
    let loss = SoftmaxCrossEntropy::new();
    trained(
        "784-100-10, 8,000 rows, f32, batches of 200, 20 epochs",
        &[784, 100, 10],
        loss,
        &trainer,
        &x,
        &y,
    );
}
