//! Only the line where a network says 0.5, over the points, without a mesh on show.
//!
//! `cargo run --release --example decision_line`; with `--features plot` it draws the line as SVG, too.

#[path = "support/claims.rs"]
mod claims;
#[cfg(feature = "plot")]
#[path = "support/pictures.rs"]
mod pictures;

use std::error::Error;

use claims::Claims;
use logit::boundary::{Bounds, Contour, contour, contour_of_grid};
use logit::data::{Component, Dataset, GaussianMixture};
use logit::nalgebra::DMatrix;
use logit::nn::SigmoidSquaredError;
use logit::prelude::*;
use logit::terminal::Sketch;
use logit::{Activation, FittedMlp, MlpClassifier, Sgd};

type Network = FittedMlp<f64, &'static str>;

/// Three clouds: 150 points of one class in the middle, and 50 + 50 of the other on two sides.
fn clouds() -> Result<Dataset<&'static str>, logit::Error> {
    let cloud = |class, points, centre: f64| Component::new(class, points, [centre, centre], [0.9, 0.9]);
    let clouds = [cloud("middle", 150, 0.0), cloud("outside", 50, 2.8), cloud("outside", 50, -2.8)];
    GaussianMixture::new(clouds).seed(0).generate()
}

/// 2-2-1 sigmoid units and the squared error; a batch of all rows makes an epoch one step of gradient descent.
fn network() -> MlpClassifier {
    MlpClassifier::new([2])
        .activation(Activation::Sigmoid)
        .loss(SigmoidSquaredError)
        .optimizer(Sgd::new(0.5))
        .batch_size(250)
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

/// How far from 0.5 the network is at a vertex, at most.
fn error(line: &Contour, model: &Network) -> Result<f64, logit::Error> {
    let points: Vec<f64> = line.lines().iter().flat_map(|line| line.points.concat()).collect();
    let p = model.predict_proba(&DMatrix::from_row_slice(points.len() / 2, 2, &points))?;
    Ok(p.column(1).iter().map(|p| (p - 0.5).abs()).fold(0.0, f64::max))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut claims = Claims::default();
    let set = clouds()?;
    let model = set.fit(&network())?;
    let (right, report) = (model.score(&set.x, &set.y)?, model.report());
    println!("2-2-1 sigmoid units, {} steps of gradient descent with rate 0.5", report.iterations);
    println!(
        "squared error {:.4}, {:.1} % of {} points are right\n",
        report.objective,
        100.0 * right,
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
    println!("\n\"Error\" is how far from 0.5 the network is at a vertex of the line, at most.\n");

    claims.check(right >= 0.97, "at least 97 % of the points are right");
    claims.check(
        found.iter().all(|(_, exact, _)| *exact <= 1e-9),
        "at every vertex the network says 0.5, up to 1e-9,",
    );
    claims.check(found[0].2 > 1e-2 && found[3].2 > 1e-5, "and between points of a mesh it does not");
    let lengths = found.iter().map(|(line, ..)| line.length());
    let (shortest, longest) =
        lengths.fold((f64::INFINITY, 0.0_f64), |(low, high), length| (low.min(length), high.max(length)));
    let whole = found
        .iter()
        .all(|(line, ..)| line.lines().len() == 2 && line.lines().iter().all(|line| !line.closed));
    claims.check(
        whole && longest - shortest < 1e-4,
        "there are two lines from frame to frame, on every mesh the same",
    );
    #[cfg(feature = "plot")]
    draw(&model, &set, frame, &mut claims)?;
    claims.verdict()
}

/// The line and the points, and nothing that tells of a mesh.
#[cfg(feature = "plot")]
fn draw(
    model: &Network,
    set: &Dataset<&'static str>,
    frame: Bounds,
    claims: &mut Claims,
) -> Result<(), Box<dyn Error>> {
    let picture = logit::plot::DecisionRegions::new().ground(false).bounds(frame);
    let figure = picture.draw(model, &set.x, &set.y)?.title("The line where the network says 0.5");
    let svg = figure.to_svg()?;
    let many = |element: &str| svg.matches(element).count();
    // Each point, and each class in the legend, is a shape with a rim around it; a mesh would be thousands more.
    let shapes = many("<circle") + many("<polygon");
    let most = 2 * (set.y.len() + 2);
    claims.check(shapes <= most && many("<rect") <= 2, "the picture has points and lines, and no mesh");
    pictures::save(&figure, "decision_line.svg")
}
