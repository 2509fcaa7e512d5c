//! A network that gives every digit the same probabilities while its loss falls: how to see that it is stuck,
//! why it is stuck, and what helps.
//!
//! `cargo run --release --example mnist_sigmoid [digits]`, where `digits` is a folder with the files of MNIST
//! in IDX format, compressed with gzip or not, or (with `--features csv`) a file with a label and 784 pixels
//! in each line. Defaults to `tests/data/mnist`. With `--features plot` it also draws the losses and the
//! units.

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
use logit::doctor::{Code, Doctor, Watched};
use logit::nalgebra::DMatrix;
use logit::nn::{
    BinaryCrossEntropy, Dense, Examples, Initializer, Loss, Sequential, Targets, TrainOptions, Trainer,
};
use logit::prelude::*;
use logit::terminal::Sketch;
use logit::{Activation, Adam, Error, FittedMlp, MlpClassifier, Sgd};
use mnist::Digits;

type Failure = Box<dyn std::error::Error>;

/// Number of training digits.
const TRAIN: usize = 4800;
/// Number of test digits.
const TEST: usize = 1200;

/// The losses in the question, at the start and at the end.
const REPORTED: [f64; 2] = [7.2583, 3.52];

/// All weights and biases are small, positive and nearly equal.
const NEARLY_EQUAL: Initializer = Initializer::Uniform { low: 0.0, high: 0.01 };

/// Reads digits from lines of text: the label, then the pixels, which become 0 to 1; the header is optional.
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
    Err(format!("{} is not a folder; text files need `--features csv`", path.display()).into())
}

/// Training and test digits, with pixels from 0 to 1.
fn digits(path: &Path) -> Result<(Digits, Digits), Failure> {
    let digits = if path.is_file() { table(path)? } else { mnist::digits(path, "train", TRAIN + TEST)? };
    let rows = |rows: Range<usize>| digits.rows(&rows.collect::<Vec<_>>());
    Ok((rows(0..TRAIN)?, rows(TRAIN..TRAIN + TEST)?))
}

/// A network of 784-24-10 sigmoid units for ten yes/no questions about each digit. With a batch of all rows,
/// an epoch is one step of gradient descent.
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

/// The figures of a trained network.
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

    fn learned(&self) -> bool {
        self.end < 1.0 && self.test > 0.85 && self.spread > 0.1
    }
}

/// The fraction of rows with this digit.
fn share(y: &[u8], digit: u8) -> f64 {
    y.iter().filter(|&&label| label == digit).count() as f64 / y.len() as f64
}

/// The loss of the best answer that is the same for every row: the entropy of each digit's share, summed.
fn base_rate_loss(y: &[u8]) -> f64 {
    (0..10).map(|digit| share(y, digit)).map(|p| -p * p.ln() - (1.0 - p) * (1.0 - p).ln()).sum()
}

/// The ten outputs for each row, probabilities that need not sum to 1.
fn answers(model: &FittedMlp<f32, u8>, digits: &Digits) -> Result<DMatrix<f32>, Error> {
    let scores = model.decision_function(&digits.x)?;
    let mut probabilities = scores.clone();
    BinaryCrossEntropy.probabilities(&scores, &mut probabilities);
    Ok(probabilities)
}

/// The mean of each output over all rows.
fn mean_answers(model: &FittedMlp<f32, u8>, digits: &Digits) -> Result<Vec<f64>, Error> {
    Ok(answers(model, digits)?.column_iter().map(|column| f64::from(column.mean())).collect())
}

/// A trained network and its figures.
struct Trained {
    model: FittedMlp<f32, u8>,
    outcome: Outcome,
}

impl Trained {
    /// The number of steps after which the loss is at most this, if it ever is.
    fn steps_to(&self, loss: f64) -> Option<usize> {
        self.model.history().epochs.iter().position(|epoch| epoch.train_loss <= loss)
    }
}

/// All runs of the table: the first six begin with nearly equal weights.
struct Runs {
    slow: Trained,
    /// The run that ends in the state of the question.
    reported: Trained,
    medium: Trained,
    fast: Trained,
    large: Trained,
    patient: Trained,
    signed: Trained,
    answer: Trained,
    wide: Trained,
}

/// Trains all networks and prints a line for each.
fn runs(train: &Digits, test: &Digits) -> Result<Runs, Error> {
    let run = |name: &str, network: MlpClassifier| -> Result<Trained, Error> {
        let model = train.fit(&network)?;
        let outcome = Outcome::of(&model, train, test)?;
        let Outcome { start, end, spread, train, test } = outcome;
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        println!("{name:<36}{start:>7.3}{end:>8.3}{spread:>9.4}{:>10}{:>8}", percent(train), percent(test));
        Ok(Trained { model, outcome })
    };
    let of_rate = |rate: f64| run(&format!("rate {rate}, 200 steps"), network(rate, 200));
    let adam = usual_weights(network(0.1, 30)).optimizer(Adam::new(0.002)).batch_size(32);
    let rectified = MlpClassifier::new([100]).loss(BinaryCrossEntropy).epochs(20);
    Ok(Runs {
        slow: of_rate(0.001)?,
        reported: of_rate(0.00325)?,
        medium: of_rate(0.01)?,
        fast: of_rate(0.1)?,
        large: of_rate(1.0)?,
        patient: run("rate 0.1, 2,000 steps", network(0.1, 2000))?,
        signed: run("rate 0.1, 200 steps, usual weights", usual_weights(network(0.1, 200)))?,
        answer: run("30 epochs of Adam, usual weights", adam)?,
        wide: run("20 epochs of Adam, 100 ReLU units", rectified)?,
    })
}

/// Prints the state in the question beside that of the run that reproduces it.
fn state_of_the_question(runs: &Runs, train: &Digits, test: &Digits, base_rate: f64) -> Result<(), Error> {
    let Trained { model, outcome } = &runs.reported;
    let ends = |outputs: &[f64]| {
        let (low, high) = outputs.iter().fold((1.0f64, 0.0f64), |(low, high), &p| (low.min(p), high.max(p)));
        format!("{low:.2} to {high:.2}")
    };
    let first: Vec<f64> = answers(model, test)?.row(0).iter().map(|&p| f64::from(p)).collect();
    println!("{:<36}{:>16}{:>16}", "", "in the question", "rate 0.00325");
    println!("{:<36}{:>16.4}{:>16.4}", "loss at the start", REPORTED[0], outcome.start);
    println!("{:<36}{:>16.2}{:>16.2}", "loss after 200 steps", REPORTED[1], outcome.end);
    let means = ends(&mean_answers(model, train)?);
    println!("{:<36}{:>16}{means:>16}", "ten outputs, mean over all rows", "near 0.2");
    println!("{:<36}{:>16}{:>16}", "ten outputs, first test digit", "near 0.2", ends(&first));
    println!("{:<36}{:>16}{base_rate:>16.2}", "the best constant answer", "");
    let steps = |run: &Trained| run.steps_to(REPORTED[1]).map_or("no".to_owned(), |steps| steps.to_string());
    println!(
        "\nThe loss passes 3.52 after {} steps at a rate of 0.1 and {} at 0.01.\n",
        steps(&runs.fast),
        steps(&runs.medium)
    );
    Ok(())
}

fn check(runs: &Runs, train: &Digits, base_rate: f64) -> Result<Claims, Error> {
    let near = |found: f64, wanted: f64, by: f64| (found - wanted).abs() < by;
    let [slow, medium, fast, large, patient, signed, answer, wide] = [
        &runs.slow,
        &runs.medium,
        &runs.fast,
        &runs.large,
        &runs.patient,
        &runs.signed,
        &runs.answer,
        &runs.wide,
    ]
    .map(|run| run.outcome);
    let mut claims = Claims::default();
    claims.check(
        near(slow.start, REPORTED[0], 0.01) && large.start == slow.start,
        "every rate starts within 0.01 of 7.2583",
    );
    let state = runs.reported.outcome;
    claims.check(near(state.end, REPORTED[1], 0.01), "200 steps of rate 0.00325 end within 0.01 of 3.52,");
    let alike = mean_answers(&runs.reported.model, train)?.into_iter().all(|p| near(p, 0.2, 0.03));
    claims.check(alike && state.stuck(base_rate), "where all ten mean outputs are within 0.03 of 0.2,");
    claims.check(state.end > base_rate + 0.25, "more than 0.25 above the best constant answer");
    let passed = [&runs.fast, &runs.medium].map(|run| run.steps_to(REPORTED[1]));
    claims.check(
        passed[0].is_some_and(|steps| (5..=7).contains(&steps))
            && passed[1].is_some_and(|steps| (60..=70).contains(&steps)),
        "rates of 0.1 and 0.01 pass that loss within 7 and 70 steps",
    );
    let reported = near(slow.end, 4.94, 0.05) && near(medium.end, 3.26, 0.01) && near(fast.end, 3.25, 0.01);
    claims.check(reported, "200 steps of rates 0.001, 0.01 and 0.1 end near 4.94, 3.26 and 3.25,");
    let stuck = [slow, medium, fast].iter().all(|outcome| outcome.stuck(base_rate));
    claims.check(stuck, "not below the best constant answer, with nearly the same outputs for all rows;");
    let shares = (0..10).map(|digit| share(&train.y, digit));
    let constant =
        mean_answers(&runs.fast.model, train)?.into_iter().zip(shares).all(|(p, share)| near(p, share, 0.01));
    claims.check(constant, "at 0.1 the outputs are the shares of the digits");
    claims.check(large.learned() && near(large.end, 0.78, 0.04), "a rate of 1 learns, to a loss near 0.78");
    claims.check(patient.learned(), "a rate of 0.1 learns in ten times the steps");
    let begins = signed.end < 2.5 && signed.test > 0.6;
    claims.check(begins, "weights of both signs learn at 0.1 from the beginning");
    // scikit-learn 1.9.1, its MLPClassifier with default settings and `random_state=0` on the same digits.
    claims.check(
        answer.test >= 0.92,
        "24 sigmoid units read at least 92 % of the test rows (scikit-learn: 92.2 %)",
    );
    claims.check(wide.test >= 0.93, "100 ReLU units read at least 93 % (scikit-learn: 93.3 %)");
    Ok(claims)
}

/// The run of the question, from layers, with the doctor beside it.
fn watched(train: &Digits) -> Result<Watched<f32>, Error> {
    let layer = |inputs, outputs| -> Result<Dense, Error> {
        Ok(Dense::new(inputs, outputs)?.initializer(NEARLY_EQUAL).bias_initializer(NEARLY_EQUAL))
    };
    let network = Sequential::new(vec![layer(784, 24)?.activation(Activation::Sigmoid), layer(24, 10)?])?;
    let classes: Vec<usize> = train.y.iter().map(|&digit| usize::from(digit)).collect();
    let trainer = Trainer::new(Sgd::new(0.00325)).batch_size(TRAIN).epochs(200);
    let examples = Examples::new(&train.x, Targets::Classes(&classes));
    Doctor::new().probe(6_000_000).fit(&trainer, &network, &BinaryCrossEntropy, examples, TrainOptions::new())
}

/// The loss of the best constant answer, and losses step by step.
fn loss_curves(runs: &Runs, base_rate: f64) -> [(&'static str, Vec<[f64; 2]>); 5] {
    let losses = |run: &Trained| -> Vec<[f64; 2]> {
        let losses = run.model.history().epochs.iter().map(|epoch| epoch.train_loss);
        losses.enumerate().map(|(step, loss)| [step as f64, loss]).collect()
    };
    [
        ("best constant answer", (0..=200).map(|step| [f64::from(step), base_rate]).collect()),
        ("rate 0.00325", losses(&runs.reported)),
        ("rate 0.1", losses(&runs.fast)),
        ("rate 1", losses(&runs.large)),
        ("rate 0.1, usual weights", losses(&runs.signed)),
    ]
}

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mnist")),
        PathBuf::from,
    );
    let (train, test) = digits(&path)?;
    let base_rate = base_rate_loss(&train.y);
    println!("{TRAIN} training digits, {TEST} test digits; 784-24-10 sigmoid units\n");
    println!("{:<36}{:>7}{:>8}{:>9}{:>10}{:>8}", "", "start", "end", "spread", "training", "test");
    println!("{:<36}{:>7}{base_rate:>8.3}{:>9}", "the best constant answer", "", 0);
    let runs = runs(&train, &test)?;
    println!(
        "\nLosses are sums of ten. \"Spread\" is the standard deviation of an output over the rows, for the digit where it is \
         largest; \"training\" and \"test\" are accuracies.\n"
    );
    state_of_the_question(&runs, &train, &test, base_rate)?;
    let curves = loss_curves(&runs, base_rate);
    let shown: Vec<(&str, &[[f64; 2]])> =
        curves.iter().map(|(name, points)| (*name, points.as_slice())).collect();
    println!("{}", Sketch::for_terminal().height(14).curves("steps of gradient descent", "loss", &shown)?);
    let mut claims = check(&runs, &train, base_rate)?;
    #[cfg(feature = "plot")]
    draw(&runs, curves)?;
    let watched = watched(&train)?;
    println!("\nThe doctor on the run of rate 0.00325:\n{}\n", watched.diagnosis);
    let (root, constant) = (watched.diagnosis.root(), watched.diagnosis.get(Code::ConstantPredictor));
    claims.check(
        constant.is_some_and(|found| found.caused_by == Some(Code::LearningRateTooSmall))
            && root.and_then(|root| root.verified.as_ref()).is_some_and(|fit| fit.after < base_rate - 1.0),
        "the doctor says that the network is a constant, and has shown that a larger rate learns",
    );
    claims.verdict()
}

#[cfg(feature = "plot")]
fn draw(runs: &Runs, losses: [(&'static str, Vec<[f64; 2]>); 5]) -> Result<(), Failure> {
    let curves = logit::plot::Curves::new("steps of gradient descent", "loss");
    let curves = losses.into_iter().fold(curves, |curves, (name, points)| curves.curve(name, points));
    pictures::save(&curves.figure()?.title("200 steps on 4,800 digits"), "stuck.svg")?;
    let units = runs.answer.model.weights(0).ok_or("the network has a first layer")?;
    let units = logit::plot::weight_images(units, 28, 28)?.title("What 24 sigmoid units look for");
    // Three pixels of the picture for each pixel of an image.
    pictures::save(&units.size(644, 412), "units.png")
}
