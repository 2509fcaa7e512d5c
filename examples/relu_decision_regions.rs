//! A network of three units that is right in 99 % of all cases, and a picture of it that says otherwise: where does the
//! picture get its boundary from?
//!
//! `cargo run --release --example relu_decision_regions`

#[path = "support/claims.rs"]
mod claims;

use claims::Claims;
use logit::boundary::{Bounds, contour};
use logit::data::{Component, Dataset, GaussianMixture};
use logit::nalgebra::DMatrix;
use logit::{
    Adam, Classifier, Error, FittedMlp, FittedPipeline, FittedStandardScaler, MlpClassifier, Norm,
    Normalizer, Pipeline, StandardScaler, Transform, Transformer,
};

type Points = Dataset<&'static str>;
type Network = FittedMlp<f64, &'static str>;
type Model = FittedPipeline<FittedStandardScaler<f64>, Network>;

/// 4,000 points in two units of different size: 2,000 of a class with two clouds, 2,000 of another with one.
fn points(seed: u64) -> Result<Points, Error> {
    let clouds = [
        Component::new("one", 1000, [5.0, 5.0], [10.0, 2.0]),
        Component::new("one", 1000, [40.0, 2.0], [20.0, 1.0]),
        Component::new("other", 2000, [60.0, 10.0], [5.0, 1.0]),
    ];
    GaussianMixture::new(clouds).seed(seed).generate()
}

fn network(seed: u64) -> MlpClassifier {
    MlpClassifier::new([3]).optimizer(Adam::new(9e-4)).batch_size(15).epochs(1000).seed(seed)
}

/// The part of the plane that is drawn, in the units of the data.
fn frame() -> Result<Bounds, Error> {
    Bounds::new((-30.0, 110.0), (-3.0, 14.0))
}

/// What a picture shows when its grid is normalised on its own: every feature by the mean and the standard deviation
/// of the grid, and not of the rows that the network learned from.
struct GridOnItsOwn<'a> {
    grid: FittedStandardScaler<f64>,
    network: &'a Network,
}

impl<'a> GridOnItsOwn<'a> {
    fn new(frame: Bounds, model: &'a Model) -> Result<Self, Error> {
        let at = |(low, high): (f64, f64), step: usize| low + (high - low) * step as f64 / 99.0;
        let grid = DMatrix::from_fn(100 * 100, 2, |point, feature| match feature {
            0 => at(frame.x(), point % 100),
            _ => at(frame.y(), point / 100),
        });
        Ok(GridOnItsOwn { grid: StandardScaler::new().fit(&grid)?, network: model.classifier() })
    }
}

impl Classifier<f64> for GridOnItsOwn<'_> {
    type Label = &'static str;

    fn classes(&self) -> &[&'static str] {
        self.network.classes()
    }
    fn features(&self) -> usize {
        2
    }
    fn decision_function(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        self.network.decision_function(&self.grid.transform(x)?)
    }
    fn predict_proba(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        self.network.predict_proba(&self.grid.transform(x)?)
    }
}

/// A step of the same mistake: it has learned nothing, and normalises whatever rows it gets by those rows.
struct RowsAtHand;

impl Transformer<f64> for RowsAtHand {
    type Fitted = RowsAtHand;

    fn fit_weighted(&self, _x: &DMatrix<f64>, _weights: Option<&[f64]>) -> Result<RowsAtHand, Error> {
        Ok(RowsAtHand)
    }
}

impl Transform<f64> for RowsAtHand {
    fn inputs(&self) -> usize {
        2
    }
    fn outputs(&self) -> usize {
        2
    }
    fn transform_owned(&self, x: DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        StandardScaler::new().fit(&x)?.transform_owned(x)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.to_vec())
    }
}

/// Shares of test rows that are right: what the network says, what the picture with its own grid shows, and what a
/// network says that sees rows of unit length.
#[derive(Debug, Clone, Copy)]
struct Right {
    pipeline: f64,
    picture: f64,
    unit_length: f64,
}

fn run(seed: u64) -> Result<(Right, Model, Points), Error> {
    let (train, test) = points(seed)?.train_test_split(0.2, seed)?;
    let model = train.fit(&Pipeline::new(StandardScaler::new(), network(seed)))?;
    let unit_length = train.fit(&Pipeline::new(Normalizer::new().norm(Norm::L2), network(seed)))?;
    let right = Right {
        pipeline: model.score(&test.x, &test.y)?,
        picture: GridOnItsOwn::new(frame()?, &model)?.score(&test.x, &test.y)?,
        unit_length: unit_length.score(&test.x, &test.y)?,
    };
    Ok((right, model, test))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut claims = Claims::default();
    println!("2-3-1 units (ReLU), 3,200 points to learn from, 800 to test on\n");
    println!("seed   the network   the picture   rows of unit length");
    let mut all = Vec::new();
    for seed in 0..5 {
        let (right, ..) = run(seed)?;
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        println!(
            "{seed:>4} {:>13} {:>13} {:>21}",
            percent(right.pipeline),
            percent(right.picture),
            percent(right.unit_length)
        );
        all.push(right);
    }
    println!("{} {}", contour(&run(0)?.1, 0.5, frame()?, 100)?, contour(&GridOnItsOwn::new(frame()?, &run(0)?.1)?, 0.5, frame()?, 100)?);
    let refused = points(0)?.fit(&Pipeline::new(RowsAtHand, network(0)));
    println!("\nA pipeline with the same mistake is refused: {:?}\n", refused.as_ref().err().map(|e| e.to_string()));
    claims.check(all.iter().all(|right| right.pipeline >= 0.995), "through a pipeline at least 99.5 % of the test rows are right");
    claims.check(matches!(refused, Err(Error::BatchDependent { .. })), "a pipeline refuses");
    claims.verdict()
}
