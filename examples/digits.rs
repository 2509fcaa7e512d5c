//! Trains a small network on 1,797 handwritten digits, and prints its metrics and some digits that it
//! misreads.
//!
//! Run it with `cargo run --release --example digits`. With `-- 10` at the end, it repeats the run for ten
//! seeds of the split and the weights, and prints the median accuracy.

use std::ops::ControlFlow;
use std::time::Instant;

use logit::metrics::{ConfusionMatrix, log_loss};
use logit::prelude::*;
use logit::{Adam, Error, FittedMlp, MlpClassifier, data, train_test_split};
use nalgebra::DMatrix;

type Failure = Box<dyn std::error::Error>;

/// Training rows and test rows.
struct Digits {
    x_train: DMatrix<f32>,
    y_train: Vec<u8>,
    x_test: DMatrix<f32>,
    y_test: Vec<u8>,
}

/// Holds out a quarter of each class for testing, and scales pixels to 0..1.
fn split(seed: u64) -> Result<Digits, Error> {
    let digits = data::digits();
    let x: DMatrix<f32> = (digits.x / 16.0).cast();
    let split = train_test_split(&digits.y, 0.25, seed)?;
    let labels = |rows: &[usize]| rows.iter().map(|&row| digits.y[row]).collect();
    Ok(Digits {
        x_train: x.select_rows(&split.train),
        y_train: labels(&split.train),
        x_test: x.select_rows(&split.test),
        y_test: labels(&split.test),
    })
}

fn network(seed: u64) -> MlpClassifier {
    MlpClassifier::new([200]).optimizer(Adam::new(1e-3)).batch_size(32).epochs(60).seed(seed)
}

fn train(digits: &Digits, seed: u64) -> Result<FittedMlp<f32, u8>, Failure> {
    let model = network(seed).fit_observed(&digits.x_train, &digits.y_train, |progress| {
        if progress.iteration % 10 == 0 {
            println!("epoch {} of {}: loss {:.4}", progress.iteration, progress.limit, progress.objective);
        }
        ControlFlow::Continue(())
    })?;
    Ok(model)
}

/// Draws digits side by side, with two characters per pixel.
fn draw(images: &[Vec<f32>]) {
    const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
    for line in 0..8 {
        let row = |image: &Vec<f32>| -> String {
            let shade = |value: &f32| SHADES[((value * 4.0).round() as usize).min(4)];
            image[line * 8..(line + 1) * 8].iter().map(shade).flat_map(|shade| [shade, shade]).collect()
        };
        println!("  {}", images.iter().map(row).collect::<Vec<_>>().join("    "));
    }
}

fn show(model: &FittedMlp<f32, u8>, digits: &Digits) -> Result<f64, Failure> {
    let report = model.report();
    let curve = &report.objective_curve;
    println!("\nfit: {report}");
    if let (Some(first), Some(last)) = (curve.first(), curve.last()) {
        println!("objective: {first:.4} after the first epoch, {last:.4} after the last of {}", curve.len());
    }

    let predicted = model.predict(&digits.x_test)?;
    let probabilities = model.predict_proba(&digits.x_test)?;
    let matrix = ConfusionMatrix::new(&digits.y_test, &predicted)?;
    println!(
        "log-loss on {} test rows: {:.4}\n",
        predicted.len(),
        log_loss(&digits.y_test, &probabilities, model.classes())?
    );
    println!("{}\n{matrix}", matrix.report());

    let misread: Vec<usize> =
        (0..predicted.len()).filter(|&row| predicted[row] != digits.y_test[row]).take(4).collect();
    if !misread.is_empty() {
        println!("some misread digits:\n");
        let title = |&row: &usize| {
            let (truth, found) = (digits.y_test[row], predicted[row]);
            let sure = 100.0 * probabilities[(row, usize::from(found))];
            format!("{:<16}", format!("{truth} as {found} ({sure:.0} %)"))
        };
        println!("  {}", misread.iter().map(title).collect::<Vec<_>>().join("    "));
        let pixels = |&row: &usize| digits.x_test.row(row).iter().copied().collect();
        draw(&misread.iter().map(pixels).collect::<Vec<_>>());
    }
    Ok(matrix.accuracy())
}

fn main() -> Result<(), Failure> {
    let start = Instant::now();
    let digits = split(0)?;
    println!("{} training rows, {} test rows, 64 pixels each", digits.y_train.len(), digits.y_test.len());
    let model = train(&digits, 0)?;
    let accuracy = show(&model, &digits)?;
    println!(
        "\n{:.2} % of the test rows classified correctly, in {:.2} s",
        100.0 * accuracy,
        start.elapsed().as_secs_f64()
    );

    if let Some(seeds) = std::env::args().nth(1) {
        let mut accuracies = Vec::new();
        for seed in 0..seeds.parse()? {
            let digits = split(seed)?;
            let model = network(seed).fit(&digits.x_train, &digits.y_train)?;
            accuracies.push(100.0 * model.score(&digits.x_test, &digits.y_test)?);
        }
        println!("accuracy for {seeds} seeds of split and weights: {accuracies:.2?}");
        accuracies.sort_by(f64::total_cmp);
        let (lower, upper) = (accuracies[(accuracies.len() - 1) / 2], accuracies[accuracies.len() / 2]);
        println!("median: {:.2} %", 0.5 * (lower + upper));
    }
    Ok(())
}
