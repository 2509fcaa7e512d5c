//! The line on which a network gives a probability of 0.5, drawn over the points without a coloured mesh.
//!
//! `cargo run --release --example decision_line`; with `--features plot` it also draws the line as SVG.

#[path = "support/claims.rs"]
mod claims;
#[cfg(feature = "plot")]
#[path = "support/pictures.rs"]
mod pictures;

use std::error::Error;

use claims::Claims;
use logit::boundary::{Bounds, Contour, contour, contour_of_grid};
use logit::data::{Component, Dataset, GaussianMixture};
use logit::doctor::{Diagnosis, Doctor, examine_contour, examine_data};
use logit::nalgebra::DMatrix;
use logit::nn::{
    Dense, Examples, Initializer, Sequential, SigmoidSquaredError, Targets, TrainOptions, Trainer,
};
use logit::prelude::*;
use logit::terminal::Sketch;
use logit::{Activation, FittedMlp, MlpClassifier, Sgd};

type Network = FittedMlp<f64, &'static str>;

/// Four clouds: 150 points of class 0, and three times 50 points of class 1.
fn clouds() -> Result<Dataset<&'static str>, logit::Error> {
    // The question gives variances; a component takes standard deviations.
    let cloud = |class, points, mean: [f64; 2], variance: [f64; 2]| {
        Component::new(class, points, mean, variance.map(f64::sqrt))
    };
    GaussianMixture::new([
        cloud("class 0", 150, [2.2, 2.2], [0.1, 0.1]),
        cloud("class 1", 50, [1.4, 1.3], [0.05, 0.3]),
        cloud("class 1", 50, [1.3, 2.9], [0.05, 0.05]),
        cloud("class 1", 50, [2.5, 0.95], [0.1, 0.1]),
    ])
    .seed(0)
    .generate()
}

/// The initial weights of the question.
const WEIGHTS: Initializer = Initializer::TruncatedNormal { mean: 0.0, standard_deviation: 0.1 };

/// 2-2-1 sigmoid units and the squared error. With a batch of all 300 rows, an epoch is one step of gradient
/// descent.
fn network() -> MlpClassifier {
    MlpClassifier::new([2])
        .activation(Activation::Sigmoid)
        .loss(SigmoidSquaredError)
        .initializer(WEIGHTS)
        .bias_initializer(Initializer::Zeros)
        .optimizer(Sgd::new(0.5))
        .batch_size(300)
        .epochs(3000)
}

/// The line as it is usually drawn: interpolated between the points of a mesh.
fn interpolated(model: &Network, frame: Bounds, resolution: usize) -> Result<Contour, logit::Error> {
    let at =
        |(low, high): (f64, f64), step: usize| low + (high - low) * step as f64 / (resolution - 1) as f64;
    let mesh = DMatrix::from_fn(resolution * resolution, 2, |point, feature| match feature {
        0 => at(frame.x(), point / resolution),
        _ => at(frame.y(), point % resolution),
    });
    let p = model.predict_proba(&mesh)?.column(1).clone_owned();
    contour_of_grid(&DMatrix::from_column_slice(resolution, resolution, p.as_slice()), 0.5, frame)
}

/// The largest distance from 0.5 of the probability at a vertex.
fn error(line: &Contour, model: &Network) -> Result<f64, logit::Error> {
    let points: Vec<f64> = line.lines().iter().flat_map(|line| line.points.concat()).collect();
    let p = model.predict_proba(&DMatrix::from_row_slice(points.len() / 2, 2, &points))?;
    Ok(p.column(1).iter().map(|p| (p - 0.5).abs()).fold(0.0, f64::max))
}

/// What the doctor says of the rows, the training and the line.
fn diagnosis(set: &Dataset<&'static str>, line: &Contour) -> Result<Diagnosis, logit::Error> {
    let hidden = Dense::new(2, 2)?.activation(Activation::Sigmoid).initializer(WEIGHTS);
    let network = Sequential::new(vec![hidden, Dense::new(2, 1)?.initializer(WEIGHTS)])?;
    let classes: Vec<usize> = set.y.iter().map(|&class| usize::from(class == "class 1")).collect();
    let trainer = Trainer::new(Sgd::new(0.5)).batch_size(300).epochs(3000);
    let examples = Examples::new(&set.x, Targets::Classes(&classes));
    let doctor = Doctor::new().probe(4_000_000);
    let watched = doctor.fit(&trainer, &network, &SigmoidSquaredError, examples, TrainOptions::new())?;
    Ok(watched.diagnosis.and(examine_data(&set.x, &set.y)?).and(examine_contour(line)))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut claims = Claims::default();
    let set = clouds()?;
    let model = set.fit(&network())?;
    let (accuracy, report) = (model.score(&set.x, &set.y)?, model.report());
    println!("2-2-1 sigmoid units, {} steps of gradient descent with rate 0.5", report.iterations);
    println!(
        "squared error {:.4}, {:.1} % of {} points classified correctly\n",
        report.objective,
        100.0 * accuracy,
        set.y.len()
    );
    println!("{}", Sketch::for_terminal().height(16).boundary(&model, &set.x, &set.y)?);

    let frame = Bounds::around(&set.x, 0.1)?;
    println!("{:>10}{:>34}{:>34}", "", "the line, polished", "interpolated between points");
    println!(
        "{:>10}{:>7}{:>14}{:>13}{:>7}{:>14}{:>13}",
        "mesh", "lines", "length", "error", "lines", "length", "error"
    );
    let mut found = Vec::new();
    for resolution in [10, 20, 40, 80] {
        let (line, usual) =
            (contour(&model, 0.5, frame, resolution)?, interpolated(&model, frame, resolution)?);
        let (exact, off) = (error(&line, &model)?, error(&usual, &model)?);
        let columns = |line: &Contour, error: f64| {
            format!("{:>7}{:>14.6}{error:>13.1e}", line.lines().len(), line.length())
        };
        println!(
            "{:>10}{}{}",
            format!("{resolution} x {resolution}"),
            columns(&line, exact),
            columns(&usual, off)
        );
        found.push((line, exact, off));
    }
    println!("\n\"Error\" is the largest distance from 0.5 of the probability at a vertex of the line.\n");

    claims.check(accuracy >= 0.94, "at least 94 % of the points are classified correctly");
    claims.check(
        found.iter().all(|(_, exact, _)| *exact <= 1e-9),
        "at every vertex of the polished line the probability is 0.5, up to 1e-9,",
    );
    claims.check(found[0].2 > 1e-2 && found[3].2 > 1e-5, "and at those that are interpolated it is not");
    let whole = found
        .iter()
        .all(|(line, ..)| line.lines().len() == 1 && line.lines().iter().all(|line| !line.closed));
    claims.check(whole, "on every mesh there is one line from frame to frame;");
    let finest = found[3].0.length();
    let off = |at: usize| (found[at].0.length() / finest - 1.0).abs();
    claims.check(
        off(0) < 0.01 && off(1) < 0.002,
        "its length on 10 x 10 points differs by less than 1 % from that on 80 x 80, on 20 x 20 by less than 0.2 %",
    );
    #[cfg(feature = "plot")]
    draw(&model, &set, frame, &mut claims)?;
    let diagnosis = diagnosis(&set, &found[3].0)?;
    println!("\nThe doctor on rows, training and line:\n{diagnosis}\n");
    claims.check(
        diagnosis.is_healthy(),
        "the doctor has nothing against the network: only the recipe was wrong",
    );
    claims.verdict()
}

/// Draws the line and the points, and checks that there is no mesh.
#[cfg(feature = "plot")]
fn draw(
    model: &Network,
    set: &Dataset<&'static str>,
    frame: Bounds,
    claims: &mut Claims,
) -> Result<(), Box<dyn Error>> {
    let picture = logit::plot::DecisionRegions::new().ground(false).bounds(frame);
    let figure = picture.draw(model, &set.x, &set.y)?.title("The line on which the network says 0.5");
    let svg = figure.to_svg()?;
    let many = |element: &str| svg.matches(element).count();
    // Each point, and each class in the legend, is a shape with a rim around it; a mesh would add thousands.
    let shapes = many("<circle") + many("<polygon");
    let most = 2 * (set.y.len() + 2);
    claims.check(shapes <= most && many("<rect") <= 2, "the picture has points and a line, and no mesh");
    pictures::save(&figure, "decision_line.svg")
}
