//! Handwritten digits of MNIST: a network of 784-100-10 units, trained with Adam for 20 epochs, once for each seed, and how
//! many digits it reads right that it has not seen.
//!
//! `cargo run --release --example mnist [folder] [seeds]`, where the folder holds the four files of MNIST, packed with gzip
//! or not. Defaults to `tests/data/mnist`, a subset of 8,000 and 2,000 digits, and to five seeds.

#[path = "support/mnist.rs"]
mod mnist;

use std::path::PathBuf;
use std::time::Instant;

use logit::prelude::*;
use logit::{Adam, Error, MlpClassifier};
use mnist::Digits;

type Failure = Box<dyn std::error::Error>;

/// As many digits as the subset has: of the whole of MNIST, the first.
const ROWS: (usize, usize) = (8000, 2000);

/// Accuracy on the digits of `test`, and seconds of training.
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
    println!("{} digits to learn from, {} to be read", train.y.len(), test.y.len());

    println!("{:>10} {:>9} {:>9}   right, by seed", "batches of", "right", "seconds");
    for (batch_size, least) in [(200, 0.935), (32, 0.945)] {
        let found: Result<Vec<_>, _> =
            (0..seeds).map(|seed| accuracy(batch_size, seed, &train, &test)).collect();
        let found = found?;
        let right = mean(found.iter().map(|(right, _)| *right));
        let seconds = mean(found.iter().map(|(_, seconds)| *seconds));
        let by_seed: Vec<String> = found.iter().map(|(right, _)| format!("{:.2}", 100.0 * right)).collect();
        println!("{batch_size:>10} {:>7.2} % {seconds:>9.2}   {}", 100.0 * right, by_seed.join(", "));
        if right < least {
            return Err(format!("batches of {batch_size}: {right} is less than {least}").into());
        }
    }
    Ok(())
}
