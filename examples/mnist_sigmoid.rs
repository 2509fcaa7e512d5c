//! A network that gives every digit the same probabilities, however long one looks at its falling loss: how one sees that
//! it is stuck, why it is, and what gets it out.
//!
//! `cargo run --release --example mnist_sigmoid [digits]`, where `digits` is a folder with the files of MNIST in IDX format,
//! packed with gzip or not, or (with `--features csv`) a file with a label and 784 pixels in each line. Defaults to
//! `tests/data/mnist`. With `--features plot` it draws the losses and the units, too.

#[path = "support/claims.rs"]
mod claims;
#[path = "support/mnist.rs"]
mod mnist;
#[cfg(feature = "plot")]
#[path = "support/pictures.rs"]
mod pictures;

use std::ops::Range;
use std::path::{Path, PathBuf};
#[cfg(feature = "csv")]
use std::{fs::File, io::Read};

use claims::Claims;
use logit::nalgebra::DMatrix;
use logit::{
    Activation, Adam, BinaryCrossEntropy, Classifier, Error, FittedMlp, Initializer, Loss, MlpClassifier,
    Sgd, Targets,
};
use mnist::Digits;

type Failure = Box<dyn std::error::Error>;

/// How many digits are learned from, and how many are tested on.
const TRAIN: usize = 4800;
const TEST: usize = 1200;

/// All weights and biases are small, positive and nearly equal.
const NEARLY_EQUAL: Initializer = Initializer::Uniform { low: 0.0, high: 0.01 };

/// Digits in lines of text: the label, then the pixels, which become 0 to 1; a header or none.
#[cfg(feature = "csv")]
fn table(path: &Path) -> Result<Digits, Failure> {
    let mut first = [0];
    File::open(path)?.read_exact(&mut first)?;
    let reader = logit::data::CsvReader::new().header(!first[0].is_ascii_digit()).label(0);
    let mut digits: Digits = reader.read::<u8>(path)?.dataset.cast();
    digits.x /= 255.0;
    Ok(digits)
}

#[cfg(not(feature = "csv"))]
fn table(path: &Path) -> Result<Digits, Failure> {
    Err(format!("{} is no folder; files of text need `--features csv`", path.display()).into())
}

/// Digits to learn from and digits to test on, with pixels from 0 to 1.
fn digits(path: &Path) -> Result<(Digits, Digits), Failure> {
    let digits = if path.is_file() { table(path)? } else { mnist::digits(path, "train", TRAIN + TEST)? };
    let rows = |rows: Range<usize>| digits.rows(&rows.collect::<Vec<_>>());
    Ok((rows(0..TRAIN)?, rows(TRAIN..TRAIN + TEST)?))
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

/// Weights of both signs, biases of zero.
fn usual_weights(network: MlpClassifier) -> MlpClassifier {
    network.initializer(Initializer::GlorotUniform).bias_initializer(Initializer::Zeros)
}

/// What came of a run.
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
        let deviations = answers(model, train)?;
        let deviations = deviations.column_iter().map(|column| f64::from(column.variance()).sqrt());
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

fn share(y: &[u8], digit: u8) -> f64 {
    y.iter().filter(|&&label| label == digit).count() as f64 / y.len() as f64
}

/// The loss of the best answer that is the same for every row: the entropy of each digit's share, summed.
fn base_rate_loss(y: &[u8]) -> f64 {
    (0..10).map(|digit| share(y, digit)).map(|p| -p * p.ln() - (1.0 - p) * (1.0 - p).ln()).sum()
}

/// The ten answers to each row, probabilities that need not sum to 1.
fn answers(model: &FittedMlp<f32, u8>, digits: &Digits) -> Result<DMatrix<f32>, Error> {
    let scores = model.decision_function(&digits.x)?;
    let mut probabilities = scores.clone();
    BinaryCrossEntropy.probabilities(&scores, &mut probabilities);
    Ok(probabilities)
}

fn mean_answers(model: &FittedMlp<f32, u8>, digits: &Digits) -> Result<Vec<f64>, Error> {
    Ok(answers(model, digits)?.column_iter().map(|column| f64::from(column.mean())).collect())
}

/// A network that has been trained, and what came of it.
type Trained = (FittedMlp<f32, u8>, Outcome);

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mnist")),
        PathBuf::from,
    );
    let (train, test) = digits(&path)?;
    let base_rate = base_rate_loss(&train.y);
    let run = |name: &str, network: MlpClassifier| -> Result<Trained, Error> {
        let model = train.fit(&network)?;
        let outcome = Outcome::of(&model, &train, &test)?;
        let Outcome { start, end, spread, train, test } = outcome;
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        println!("{name:<36}{start:>7.3}{end:>8.3}{spread:>9.4}{:>10}{:>8}", percent(train), percent(test));
        Ok((model, outcome))
    };

    println!("{TRAIN} digits to learn from, {TEST} to test on; 784-24-10 sigmoid units\n");
    println!("{:<36}{:>7}{:>8}{:>9}{:>10}{:>8}", "", "start", "end", "spread", "training", "test");
    println!("{:<36}{:>7}{base_rate:>8.3}{:>9}", "the best constant answer", "", 0);
    let of_rate = |rate: f64| run(&format!("rate {rate}, 200 steps"), network(rate, 200));
    let ((_, slow), (_, medium)) = (of_rate(0.001)?, of_rate(0.01)?);
    let ((stuck, fast), (leaving, large)) = (of_rate(0.1)?, of_rate(1.0)?);
    let (_, patient) = run("rate 0.1, 2,000 steps", network(0.1, 2000))?;
    let (signed, usual) = run("rate 0.1, 200 steps, usual weights", usual_weights(network(0.1, 200)))?;
    let answer = usual_weights(network(0.1, 30)).optimizer(Adam::new(0.002)).batch_size(32);
    let (answered, answer) = run("30 epochs of Adam, usual weights", answer)?;
    let wide = MlpClassifier::new([100]).loss(BinaryCrossEntropy).epochs(20);
    let (_, wide) = run("20 epochs of Adam, 100 ReLU units", wide)?;
    println!(
        "\nLosses are sums of ten. \"Spread\" is how far a probability varies from row to row (standard deviation, of the \
         digit where it is largest); \"training\" and \"test\" are the digits that are read right.\n"
    );

    let near = |found: f64, wanted: f64, by: f64| (found - wanted).abs() < by;
    let mut claims = Claims::default();
    claims.check(near(slow.start, 7.3, 0.06) && large.start == slow.start, "every rate starts near 7.3");
    let reported = near(slow.end, 4.94, 0.05) && near(medium.end, 3.26, 0.01) && near(fast.end, 3.25, 0.01);
    claims.check(reported, "200 steps of rates 0.001, 0.01 and 0.1 end near 4.94, 3.26 and 3.25,");
    let all_stuck = [slow, medium, fast].iter().all(|outcome| outcome.stuck(base_rate));
    claims.check(all_stuck, "not below the best constant answer, with the same answer for all rows");
    let answers = mean_answers(&stuck, &train)?;
    let shares = (0..10).map(|digit| share(&train.y, digit)).zip(answers);
    claims.check(
        shares.into_iter().all(|(share, mean)| near(share, mean, 0.01)),
        "and that is the share of each digit",
    );
    claims.check(large.learnt() && near(large.end, 0.78, 0.04), "a rate of 1 learns, to a loss near 0.78");
    claims.check(patient.learnt(), "a rate of 0.1 learns in ten times the steps");
    claims
        .check(usual.end < 2.5 && usual.test > 0.6, "weights of both signs learn at 0.1 from the beginning");
    claims.check(
        answer.test >= 0.92,
        "the same 24 sigmoid units read at least 92 % of the test rows (scikit-learn: 92.2 %)",
    );
    claims.check(wide.test >= 0.93, "100 ReLU units read at least 93 % (scikit-learn: 93.4 %)");

    #[cfg(feature = "plot")]
    {
        let runs = [("rate 0.1", &stuck), ("rate 1", &leaving), ("rate 0.1, usual weights", &signed)];
        pictures::save(&losses(&runs, base_rate)?, "stuck.svg")?;
        let units = answered.weights(0).ok_or("the network has a first layer")?;
        let figure = logit::plot::weight_images(units, 28, 28)?.title("What 24 sigmoid units look for");
        // Three pixels of the picture for each of an image.
        let figure = figure.size(644, 412);
        pictures::save(&figure, "units.png")?;
    }
    claims.verdict()
}

/// Losses step by step, and the loss of the best constant answer.
#[cfg(feature = "plot")]
fn losses(runs: &[(&str, &FittedMlp<f32, u8>)], base_rate: f64) -> Result<logit::plot::Figure, Error> {
    let mut curves = logit::plot::Curves::new("steps of gradient descent", "loss");
    for (name, model) in runs {
        let losses = model.history().epochs.iter().map(|epoch| epoch.train_loss);
        curves = curves.curve(*name, losses.enumerate().map(|(step, loss)| [step as f64, loss]));
    }
    let constant = [[0.0, base_rate], [200.0, base_rate]];
    Ok(curves.curve("best constant answer", constant).figure()?.title("200 steps on 4,800 digits"))
}
