//! A network that gives every digit the same probabilities, however long one looks at its falling loss: how one sees that
//! it is stuck, why it is, and what gets it out.
//!
//! `cargo run --release --example mnist_sigmoid [digits]`, where `digits` is a folder with files of MNIST in IDX format,
//! packed with gzip or not, or a CSV file with a label and 784 pixels per line. Defaults to `tests/data/mnist`.

#[path = "support/claims.rs"]
mod claims;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use claims::{Claims, near};
use flate2::read::GzDecoder;
use logit::data::{CsvReader, Dataset, IdxArray, IdxReader};
use logit::{
    Activation, Adam, BinaryCrossEntropy, Classifier, Error, FittedMlp, Initializer, Loss, MlpClassifier, Sgd, Targets,
};

type Failure = Box<dyn std::error::Error>;
type Digits = Dataset<u8, f32>;

/// How many digits are learned from, and how many are tested on.
const TRAIN: usize = 4800;
const TEST: usize = 1200;

/// All weights and biases are small, positive and nearly equal.
const NEARLY_EQUAL: Initializer = Initializer::Uniform { low: 0.0, high: 0.01 };

/// The first digits of a file of MNIST, packed or not.
fn idx(folder: &Path, name: &str) -> Result<IdxArray, Failure> {
    let (plain, packed) = (folder.join(name), folder.join(format!("{name}.gz")));
    let source: Box<dyn Read> = match File::open(&plain) {
        Ok(file) => Box::new(file),
        Err(_) => {
            let file = File::open(&packed).map_err(|error| format!("{} or {}: {error}", plain.display(), packed.display()))?;
            Box::new(GzDecoder::new(file))
        }
    };
    Ok(IdxReader::new().rows(TRAIN + TEST).read_from(source)?)
}

fn csv(path: &Path) -> Result<Digits, Failure> {
    let mut first = [0];
    File::open(path)?.read_exact(&mut first)?;
    let reader = CsvReader::new().header(!first[0].is_ascii_digit()).label(0);
    Ok(reader.read::<u8>(path)?.dataset.cast())
}

/// Digits to learn from and digits to test on, with pixels from 0 to 1.
fn digits(path: &Path) -> Result<(Digits, Digits), Failure> {
    let mut digits = if path.is_dir() {
        let (images, labels) = (idx(path, "train-images-idx3-ubyte")?, idx(path, "train-labels-idx1-ubyte")?);
        Dataset::new(images.matrix(), labels.labels()?)?
    } else {
        csv(path)?
    };
    digits.x /= 255.0;
    let rows = |from: usize, count: usize| digits.rows(&(from..from + count).collect::<Vec<_>>());
    Ok((rows(0, TRAIN)?, rows(TRAIN, TEST)?))
}

/// Ten yes/no questions about each digit, answered by 24 sigmoid units and ten more. A batch of all rows makes an epoch
/// one step of gradient descent.
fn network(rate: f64, steps: usize) -> MlpClassifier {
    MlpClassifier::new([24])
        .activation(Activation::Sigmoid)
        .loss(BinaryCrossEntropy)
        .initializer(NEARLY_EQUAL)
        .bias_initializer(NEARLY_EQUAL)
        .optimizer(Sgd::new(rate))
        .batch_size(TRAIN)
        .epochs(steps)
}

#[derive(Debug, Clone, Copy)]
struct Outcome {
    start: f64,
    end: f64,
    /// The largest standard deviation of a probability from row to row.
    spread: f64,
    train: f64,
    test: f64,
}

impl Outcome {
    fn of(model: &FittedMlp<f32, u8>, train: &Digits, test: &Digits) -> Result<Self, Error> {
        let classes: Vec<usize> = train.y.iter().map(|&digit| usize::from(digit)).collect();
        let scores = model.decision_function(&train.x)?;
        let mut probabilities = scores.clone();
        BinaryCrossEntropy.probabilities(&scores, &mut probabilities);
        let deviations = probabilities.column_iter().map(|column| f64::from(column.variance()).sqrt());
        Ok(Outcome {
            start: model.history().epochs[0].train_loss,
            end: BinaryCrossEntropy.mean(&scores, Targets::Classes(&classes), None)?,
            spread: deviations.fold(0.0, f64::max),
            train: model.score(&train.x, &train.y)?,
            test: model.score(&test.x, &test.y)?,
        })
    }

    fn stuck(&self, base_rate: f64) -> bool {
        self.end > base_rate && self.test < 0.15 && self.spread < 0.02
    }

    fn learnt(&self) -> bool {
        self.end < 1.0 && self.test > 0.85 && self.spread > 0.1
    }
}

/// The loss of the best answer that is the same for every row: the entropy of each digit's share, summed.
fn base_rate_loss(y: &[u8]) -> f64 {
    let share = |digit: u8| y.iter().filter(|&&label| label == digit).count() as f64 / y.len() as f64;
    (0..10).map(share).map(|p| -p * p.ln() - (1.0 - p) * (1.0 - p).ln()).sum()
}

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mnist")),
        PathBuf::from,
    );
    let (train, test) = digits(&path)?;
    let base_rate = base_rate_loss(&train.y);
    let run = |name: &str, network: MlpClassifier| -> Result<Outcome, Error> {
        let outcome = Outcome::of(&train.fit(&network)?, &train, &test)?;
        let Outcome { start, end, spread, train, test } = outcome;
        println!("{name:<38}{start:>7.3}{end:>8.3}{spread:>9.4}{:>8.1} %{:>8.1} %", 100.0 * train, 100.0 * test);
        Ok(outcome)
    };

    println!("{TRAIN} digits to learn from, {TEST} to test on, a network of 784-24-10 sigmoid units\n");
    println!("{:<38}{:>7}{:>8}{:>9}{:>10}{:>10}", "", "start", "end", "spread", "training", "test rows");
    println!("{:<38}{:>7}{base_rate:>8.3}{:>9}", "the best constant answer", "", 0);
    let of_rate = |rate: f64| run(&format!("rate {rate}, 200 steps"), network(rate, 200));
    let (slow, medium, fast, large) = (of_rate(0.001)?, of_rate(0.01)?, of_rate(0.1)?, of_rate(1.0)?);
    let patient = run("rate 0.1, 2,000 steps", network(0.1, 2000))?;
    let usual = |network: MlpClassifier| network.initializer(Initializer::GlorotUniform).bias_initializer(Initializer::Zeros);
    let signed = run("rate 0.1, 200 steps, usual weights", usual(network(0.1, 200)))?;
    for (rate, epochs) in [(0.002, 30), (0.003, 20), (0.003, 30), (0.005, 20), (0.01, 20)] {
        for seed in 0..4 {
    let answer = usual(network(0.1, epochs)).optimizer(Adam::new(rate)).batch_size(32).seed(seed);
    let working = run(&format!("Adam {rate}, {epochs} epochs of batches of 32"), answer)?;
        }
    }
    for (rate, epochs) in [(0.001, 20), (0.002, 20)] {
        for seed in 0..4 {
    let rectified = MlpClassifier::new([100]).loss(BinaryCrossEntropy).optimizer(Adam::new(rate)).epochs(epochs).seed(seed);
    let rectified = run("the same with 100 ReLU units", rectified)?;
        }
    }
    Ok(())
}
