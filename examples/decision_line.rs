//! Only the line where a network says 0.5, over the points, without a mesh.
//!
//! `cargo run --release --example decision_line`

#[path = "support/claims.rs"]
mod claims;

use claims::Claims;
use logit::boundary::{Bounds, Contour, contour, contour_of_grid};
use logit::data::{Component, Dataset, GaussianMixture};
use logit::nalgebra::DMatrix;
use logit::{Activation, Classifier, Error, FittedMlp, MlpClassifier, Sgd, SigmoidSquaredError};

type Network = FittedMlp<f64, &'static str>;

/// Three clouds: 150 points of one class, and 50 + 50 of the other on two sides of it.
fn clouds(seed: u64) -> Result<Dataset<&'static str>, Error> {
    let clouds = [
        Component::new("middle", 150, [0.0, 0.0], [0.9, 0.9]),
        Component::new("sides", 50, [2.8, 2.8], [0.9, 0.9]),
        Component::new("sides", 50, [-2.8, -2.8], [0.9, 0.9]),
    ];
    GaussianMixture::new(clouds).seed(seed).generate()
}

/// 2-2-1 sigmoid units, gradient descent on the squared error of all rows.
fn network(seed: u64) -> MlpClassifier {
    MlpClassifier::new([2])
        .activation(Activation::Sigmoid)
        .loss(SigmoidSquaredError)
        .optimizer(Sgd::new(0.5))
        .batch_size(250)
        .epochs(3000)
        .seed(seed)
}

/// How far the probability at a vertex is from 0.5, at most.
fn worst(line: &Contour, model: &Network) -> Result<f64, Error> {
    let mut worst = 0.0_f64;
    for line in line.lines() {
        let points = DMatrix::from_fn(line.points.len(), 2, |row, axis| line.points[row][axis]);
        worst = model.predict_proba(&points)?.column(1).iter().fold(worst, |worst, p| worst.max((p - 0.5).abs()));
    }
    Ok(worst)
}

/// The line as it is usually drawn: interpolated between the points of a mesh.
fn interpolated(model: &Network, frame: Bounds, resolution: usize) -> Result<Contour, Error> {
    let at = |(low, high): (f64, f64), step: usize| low + (high - low) * step as f64 / (resolution - 1) as f64;
    let mesh = DMatrix::from_fn(resolution * resolution, 2, |point, feature| match feature {
        0 => at(frame.x(), point % resolution),
        _ => at(frame.y(), point / resolution),
    });
    let p = model.predict_proba(&mesh)?;
    let values = DMatrix::from_fn(resolution, resolution, |row, column| p[(row * resolution + column, 1)]);
    contour_of_grid(&values, 0.5, frame)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let claims = Claims::default();
    for seed in 0..8 {
        let set = clouds(seed)?;
        let model = set.fit(&network(seed))?;
        let frame = Bounds::around(&set.x, 0.1)?;
        println!("{seed} {:.3} {}", model.score(&set.x, &set.y)?, model.report());
        for resolution in [10, 20, 40, 80, 160] {
            let exact = contour(&model, 0.5, frame, resolution)?;
            let usual = interpolated(&model, frame, resolution)?;
            println!("  {resolution} {exact}: {:.1e}; {usual}: {:.1e}", worst(&exact, &model)?, worst(&usual, &model)?);
        }
    }
    claims.verdict()
}
