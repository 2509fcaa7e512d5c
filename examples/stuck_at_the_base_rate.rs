//! A network that gives the same answer for every digit, however long one looks at its falling loss: how one sees that
//! it is stuck, why it is, and what gets it out.
//!
//! `cargo run --release --example stuck_at_the_base_rate [folder]`, where the folder holds the four files of MNIST.
//! Defaults to `tests/data/mnist`.

#[path = "support/idx.rs"]
mod idx;

use std::path::PathBuf;

use idx::Digits;
use logit::{
    Activation, BinaryCrossEntropy, Classifier, Error, Estimator, Initializer, Loss, MlpClassifier, Sgd,
    Targets,
};

type Failure = Box<dyn std::error::Error>;

/// All weights and biases are small, positive and nearly equal.
const NEARLY_EQUAL: Initializer = Initializer::Uniform { low: 0.0, high: 0.01 };

struct Outcome {
    start: f64,
    end: f64,
    /// The largest standard deviation of a probability from row to row.
    spread: f64,
    accuracy: f64,
}

impl Outcome {
    fn learnt(&self) -> bool {
        self.end < 1.0 && self.accuracy > 0.9 && self.spread > 0.1
    }

    fn stuck(&self, base_rate: f64) -> bool {
        self.end > base_rate && self.accuracy < 0.15 && self.spread < 0.02
    }
}

/// Ten yes/no questions about each digit, answered by 24 sigmoid units. A batch of all rows makes an epoch one step of
/// gradient descent.
fn network(rate: f64, steps: usize, initializer: Initializer) -> MlpClassifier {
    MlpClassifier::new([24])
        .activation(Activation::Sigmoid)
        .loss(BinaryCrossEntropy)
        .initializer(initializer)
        .bias_initializer(initializer)
        .optimizer(Sgd::new(rate))
        .epochs(steps)
}

fn train(network: &MlpClassifier, digits: &Digits) -> Result<Outcome, Error> {
    let model = network.clone().batch_size(digits.y.len()).fit(&digits.x, &digits.y)?;
    let scores = model.decision_function(&digits.x)?;
    let mut probabilities = scores.clone();
    BinaryCrossEntropy.probabilities(&scores, &mut probabilities);
    let deviations = probabilities.column_iter().map(|column| f64::from(column.variance()).sqrt());
    Ok(Outcome {
        start: model.history().epochs[0].train_loss,
        end: BinaryCrossEntropy.mean(&scores, Targets::Classes(&digits.y), None)?,
        spread: deviations.fold(0.0, f64::max),
        accuracy: model.score(&digits.x, &digits.y)?,
    })
}

/// The loss of the best answer that is the same for every row: the entropy of each digit's share, summed.
fn base_rate_loss(y: &[usize]) -> f64 {
    let share = |digit: usize| y.iter().filter(|&&label| label == digit).count() as f64 / y.len() as f64;
    (0..10).map(share).map(|p| -p * p.ln() - (1.0 - p) * (1.0 - p).ln()).sum()
}

fn run(name: &str, network: &MlpClassifier, digits: &Digits) -> Result<Outcome, Error> {
    let outcome = train(network, digits)?;
    let Outcome { start, end, spread, accuracy } = outcome;
    println!("{name:<34}{start:>8.3}{end:>8.3}{spread:>9.4}{:>8.1} %", 100.0 * accuracy);
    Ok(outcome)
}

fn claim(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(format!("this should hold, and does not: {what}").into()) }
}

fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1).map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mnist")),
        PathBuf::from,
    );
    let digits = idx::digits(&folder, "train", 4800)?;
    let base_rate = base_rate_loss(&digits.y);
    println!("{} digits, a network of 784-24-10 units, gradient descent on all rows\n", digits.y.len());
    println!("{:<34}{:>8}{:>8}{:>9}{:>10}", "", "start", "end", "spread", "right");
    println!("{:<34}{:>8}{base_rate:>8.3}{:>9}", "the best constant answer", "", 0);

    let of_rate =
        |rate: f64| run(&format!("rate {rate}, 200 steps"), &network(rate, 200, NEARLY_EQUAL), &digits);
    let (slow, medium, fast, large) = (of_rate(0.001)?, of_rate(0.01)?, of_rate(0.1)?, of_rate(1.0)?);
    let patient = run("rate 0.1, 2000 steps", &network(0.1, 2000, NEARLY_EQUAL), &digits)?;
    let usual = network(0.1, 200, Initializer::GlorotUniform).bias_initializer(Initializer::Zeros);
    let usual = run("rate 0.1, 200 steps, usual weights", &usual, &digits)?;
    println!(
        "\n\"Spread\" is how far a probability varies from row to row (standard deviation, of the digit where it is \
         largest)."
    );

    let near = |found: f64, expected: f64, by: f64| (found - expected).abs() < by;
    claim(near(slow.start, 7.3, 0.06) && large.start == slow.start, "every rate starts near 7.3")?;
    claim(near(slow.end, 4.94, 0.05), "a rate of 0.001 ends near 4.94")?;
    claim(near(medium.end, 3.26, 0.01) && near(fast.end, 3.25, 0.01), "0.01 and 0.1 end at 3.26 and 3.25")?;
    claim(slow.stuck(base_rate), "a rate of 0.001 answers the same for all rows")?;
    claim(medium.stuck(base_rate) && fast.stuck(base_rate), "so do 0.01 and 0.1, at the base rate")?;
    claim(large.learnt() && near(large.end, 0.78, 0.04), "a rate of 1 learns, to a loss near 0.78")?;
    claim(patient.learnt(), "a rate of 0.1 learns in ten times the steps")?;
    claim(usual.end < 2.5 && usual.accuracy > 0.6, "weights of mixed sign learn at 0.1 from the beginning")?;

    println!(
        "\nAll weights begin small, positive and nearly equal, so every hidden unit says nearly the same of every \
         digit, and what lowers the loss at once is to move all answers to the share of each digit, which is the best \
         constant answer. From there only the tiny differences between the weights lead on, and they grow in proportion \
         to themselves: this is no minimum but a saddle, which a rate of 1 leaves within 200 steps, a rate of 0.1 \
         within ten times as many, and which the usual weights, of both signs, never come near."
    );
    Ok(())
}
