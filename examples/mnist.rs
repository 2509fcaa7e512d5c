//! Trains a network of 784-100-10 units on handwritten digits of MNIST, with Adam for 20 epochs and once per
//! seed, and prints its accuracy on test digits.
//!
//! Run it with `cargo run --release --example mnist [folder] [seeds]`. The folder contains the four files of
//! MNIST, compressed with gzip or not. It defaults to `tests/data/mnist`, a subset of 8,000 training digits
//! and 2,000 test digits. The number of seeds defaults to five.

#[path = "support/mnist.rs"]
mod mnist;

use std::path::PathBuf;
use std::time::Instant;

use logit::prelude::*;
use logit::{Adam, Error, MlpClassifier};
use mnist::Digits;

type Failure = Box<dyn std::error::Error>;

/// The numbers of training and test digits, those of the subset. From the whole of MNIST, the first ones are
/// used.
const ROWS: (usize, usize) = (8000, 2000);

/// Returns the accuracy on `test`, and the seconds of training.
fn accuracy(batch_size: usize, seed: u64, train: &Digits, test: &Digits) -> Result<(f64, f64), Error> {
    let network =
        MlpClassifier::new([100]).optimizer(Adam::new(1e-3)).batch_size(batch_size).epochs(20).seed(seed);
    let start = Instant::now();
    let model = network.fit(&train.x, &train.y)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok((model.score(&test.x, &test.y)?, seconds))
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mnist")),
        PathBuf::from,
    );
    let seeds: u64 = arguments.next().map_or(Ok(5), |seeds| seeds.parse())?;
    let (train, test) = (mnist::digits(&folder, "train", ROWS.0)?, mnist::digits(&folder, "t10k", ROWS.1)?);
    println!("{} training digits, {} test digits", train.y.len(), test.y.len());

    println!("{:>10} {:>9} {:>9}   accuracy by seed, in %", "batches of", "accuracy", "seconds");
    for (batch_size, least) in [(200, 0.935), (32, 0.945)] {
        let found: Result<Vec<_>, _> =
            (0..seeds).map(|seed| accuracy(batch_size, seed, &train, &test)).collect();
        let found = found?;
        let right = mean(found.iter().map(|(right, _)| *right));
        let seconds = mean(found.iter().map(|(_, seconds)| *seconds));
        let by_seed: Vec<String> = found.iter().map(|(right, _)| format!("{:.2}", 100.0 * right)).collect();
        println!("{batch_size:>10} {:>7.2} % {seconds:>9.2}   {}", 100.0 * right, by_seed.join(", "));
        if right < least {
            return Err(
                format!("accuracy {right} for batches of {batch_size}, expected at least {least}").into()
            );
        }
    }
    Ok(())
}
