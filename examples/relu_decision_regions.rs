//! A network of three units that is right for more than 99 % of the points, and a picture of it that says otherwise: what
//! is wrong with the picture?
//!
//! `cargo run --release --example relu_decision_regions`; with `--features plot` it draws both pictures, too.

#[path = "support/claims.rs"]
mod claims;
#[cfg(feature = "plot")]
#[path = "support/pictures.rs"]
mod pictures;

use claims::Claims;
use logit::boundary::Bounds;
use logit::data::{Component, Dataset, GaussianMixture};
use logit::nalgebra::DMatrix;
use logit::terminal::Sketch;
use logit::{
    Adam, Classifier, Error, FittedMlp, FittedPipeline, FittedStandardScaler, MlpClassifier, Normalizer,
    Pipeline, StandardScaler, Transform, Transformer,
};

type Points = Dataset<&'static str>;
type Network = FittedMlp<f64, &'static str>;
type Model = FittedPipeline<FittedStandardScaler<f64>, Network>;

/// 4,000 points whose features have scales of their own: 2,000 of a class with two clouds, 2,000 of another with one.
fn points(seed: u64) -> Result<Points, Error> {
    let clouds = [
        Component::new("one", 1000, [5.0, 5.0], [10.0, 2.0]),
        Component::new("one", 1000, [40.0, 2.0], [20.0, 1.0]),
        Component::new("other", 2000, [60.0, 10.0], [5.0, 1.0]),
    ];
    GaussianMixture::new(clouds).seed(seed).generate()
}

/// 2-3-1 units.
fn network(seed: u64) -> MlpClassifier {
    MlpClassifier::new([3]).optimizer(Adam::new(9e-4)).batch_size(15).epochs(1000).seed(seed)
}

/// The part of the plane that pictures show, in the units of the data.
fn frame() -> Result<Bounds, Error> {
    Bounds::new((-30.0, 110.0), (-3.0, 14.0))
}

/// What a picture shows whose grid was normalised on its own: by the mean and the standard deviation of the points of the
/// grid, and not of those that the network has learned from.
struct GridOnItsOwn<'a> {
    scaler: FittedStandardScaler<f64>,
    network: &'a Network,
}

impl<'a> GridOnItsOwn<'a> {
    fn new(frame: Bounds, model: &'a Model) -> Result<Self, Error> {
        let at = |(low, high): (f64, f64), step: usize| low + (high - low) * step as f64 / 99.0;
        let grid = DMatrix::from_fn(100 * 100, 2, |point, feature| match feature {
            0 => at(frame.x(), point % 100),
            _ => at(frame.y(), point / 100),
        });
        Ok(GridOnItsOwn { scaler: StandardScaler::new().fit(&grid)?, network: model.classifier() })
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
        self.network.decision_function(&self.scaler.transform(x)?)
    }
    fn predict_proba(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        self.network.predict_proba(&self.scaler.transform(x)?)
    }
}

/// The same mistake as a step of a pipeline: it learns nothing, and normalises any rows by themselves.
#[derive(Debug, Clone, Copy)]
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

/// The shares of test points that are right: by the network, by the colour of the ground beneath them in a picture with
/// a grid normalised on its own, and by a network that has learned from points of unit length.
#[derive(Debug, Clone, Copy)]
struct Right {
    network: f64,
    picture: f64,
    unit_length: f64,
}

fn run(seed: u64) -> Result<(Right, Model, Points), Error> {
    let (train, test) = points(seed)?.train_test_split(0.2, seed)?;
    let model = train.fit(&Pipeline::new(StandardScaler::new(), network(seed)))?;
    let unit_length = train.fit(&Pipeline::new(Normalizer::new(), network(seed)))?;
    let right = Right {
        network: model.score(&test.x, &test.y)?,
        picture: GridOnItsOwn::new(frame()?, &model)?.score(&test.x, &test.y)?,
        unit_length: unit_length.score(&test.x, &test.y)?,
    };
    Ok((right, model, test))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut claims = Claims::default();
    println!("2-3-1 units, 1,000 epochs on 3,200 points; shares of 800 test points that are right\n");
    println!("seed   the network   the picture   after rows of unit length");
    let mut all = Vec::new();
    for seed in 0..5 {
        let (right, model, test) = run(seed)?;
        let [network, picture, unit] =
            [right.network, right.picture, right.unit_length].map(|share| format!("{:.2} %", 100.0 * share));
        println!("{seed:>4} {network:>13} {picture:>13} {unit:>27}");
        all.push((right, model, test));
    }
    let (_, model, test) = &all[0];
    let wrong = GridOnItsOwn::new(frame()?, model)?;
    let sketch = Sketch::new().width(72).height(14);
    println!("\nThe grid through the pipeline, as the points:\n{}", sketch.regions(model, &test.x, &test.y)?);
    println!("The grid normalised on its own:\n{}", sketch.regions(&wrong, &test.x, &test.y)?);

    let refused = points(0)?.fit(&Pipeline::new(RowsAtHand, network(0))).err();
    let batch_dependent = matches!(refused, Some(Error::BatchDependent { .. }));
    if let Some(error) = refused {
        println!("A pipeline with a step that normalises rows by themselves:\n{error}\n");
    }

    let every = |holds: fn(Right) -> bool| all.iter().all(|(right, ..)| holds(*right));
    claims.check(
        every(|right| right.network >= 0.995),
        "through a pipeline at least 99.5 % of the test points are right",
    );
    claims.check(every(|right| right.picture < 0.9), "on the ground of the wrong picture less than 90 % are");
    claims.check(batch_dependent, "a pipeline refuses a step that normalises rows by themselves");
    // Nobody who sees only directions is right in more than 95.5 % of all cases (by simulation of 16 million points); three
    // standard errors of 800 points above that are 97.7 %.
    let wedges = every(|right| (0.7..0.977).contains(&right.unit_length));
    claims.check(wedges, "rows of unit length have lost what tells the classes apart: 70 to 97.7 %");
    #[cfg(feature = "plot")]
    draw(model, &wrong, test)?;
    claims.verdict()
}

#[cfg(feature = "plot")]
fn draw(model: &Model, wrong: &GridOnItsOwn<'_>, test: &Points) -> Result<(), Box<dyn std::error::Error>> {
    let picture =
        logit::plot::DecisionRegions::new().bounds(frame()?).feature_names("first feature", "second feature");
    let right = picture.draw(model, &test.x, &test.y)?.title("Grid through the pipeline");
    pictures::save(&right, "regions_right.svg")?;
    let wrong = picture.draw(wrong, &test.x, &test.y)?.title("Grid normalised on its own");
    pictures::save(&wrong, "regions_wrong.svg")
}
