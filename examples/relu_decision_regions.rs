//! A network of three units that classifies 96 % of the points correctly, and a picture of its regions that
//! looks like nonsense: both follow from rows that were divided by their lengths.
//!
//! `cargo run --release --example relu_decision_regions`; with `--features plot` it also draws three
//! pictures.

#[path = "support/claims.rs"]
mod claims;
#[cfg(feature = "plot")]
#[path = "support/pictures.rs"]
mod pictures;

use std::f64::consts::TAU;

use claims::Claims;
use logit::boundary::Bounds;
use logit::data::{Component, Dataset, GaussianMixture};
use logit::doctor::{Code, compare_paths, examine_data};
use logit::nalgebra::{DMatrix, DMatrixViewMut, dmatrix};
use logit::prelude::*;
use logit::preprocess::TransformerOptions;
use logit::preprocess::{FittedNormalizer, FittedStandardScaler, Normalizer};
use logit::terminal::Sketch;
use logit::{Adam, Error, FittedMlp, FittedPipeline, MlpClassifier, Pipeline, Rows, Scratch, StandardScaler};

type Points = Dataset<&'static str>;
type Network = FittedMlp<f64, &'static str>;
type Model<P> = FittedPipeline<P, Network>;

/// Points of a class from a normal distribution with independent features.
struct Cloud {
    class: &'static str,
    points: usize,
    means: [f64; 2],
    deviations: [f64; 2],
}

/// 4,000 points: 2,000 of a class with two clouds, 2,000 of another class with one.
const CLOUDS: [Cloud; 3] = [
    Cloud { class: "one", points: 1000, means: [5.0, 5.0], deviations: [10.0, 2.0] },
    Cloud { class: "one", points: 1000, means: [40.0, 2.0], deviations: [20.0, 1.0] },
    Cloud { class: "other", points: 2000, means: [60.0, 10.0], deviations: [5.0, 1.0] },
];

fn points(seed: u64) -> Result<Points, Error> {
    let clouds = CLOUDS.map(|cloud| Component::new(cloud.class, cloud.points, cloud.means, cloud.deviations));
    GaussianMixture::new(clouds).seed(seed).generate()
}

/// The accuracy in the question, on 800 test points.
const REPORTED: f64 = 0.9637;

/// Number of directions around the origin at which densities and networks are evaluated.
const DIRECTIONS: usize = 7200;

/// The direction with this number, in degrees and as a point on the unit circle.
fn direction(number: usize) -> (f64, [f64; 2]) {
    let turn = (number as f64 + 0.5) / DIRECTIONS as f64;
    let (sine, cosine) = (turn * TAU).sin_cos();
    (turn * 360.0, [cosine, sine])
}

/// The joint densities per radian of this direction and each class, "one" and "other": the integral of r p(r
/// u) over the distances r from the origin, by the midpoint rule.
fn densities(direction: [f64; 2]) -> [f64; 2] {
    let (farthest, steps) = (200.0, 2000);
    let step = farthest / f64::from(steps);
    let total: usize = CLOUDS.iter().map(|cloud| cloud.points).sum();
    let mut densities = [0.0; 2];
    for Cloud { class, points, means, deviations } in CLOUDS {
        let density = |r: f64| {
            let squares = (0..2).map(|i| ((r * direction[i] - means[i]) / deviations[i]).powi(2));
            (-0.5 * squares.sum::<f64>()).exp() / (TAU * deviations[0] * deviations[1])
        };
        let radii = (0..steps).map(|number| (f64::from(number) + 0.5) * step);
        let integral = radii.map(|r| r * density(r)).sum::<f64>() * step;
        densities[usize::from(class == "other")] += integral * points as f64 / total as f64;
    }
    densities
}

/// The best rule that uses only the direction of a point: the class with the larger density in this
/// direction.
fn best_rule(direction: [f64; 2]) -> &'static str {
    let [one, other] = densities(direction);
    if other > one { "other" } else { "one" }
}

/// The accuracy of that rule over all points that the clouds can produce, and the integral of both densities,
/// which is 1.
fn ceiling() -> (f64, f64) {
    let width = TAU / DIRECTIONS as f64;
    let sums = (0..DIRECTIONS).map(|number| densities(direction(number).1));
    sums.fold((0.0, 0.0), |(best, all), [one, other]| {
        (best + one.max(other) * width, all + (one + other) * width)
    })
}

/// The accuracy of that rule on these points.
fn best_accuracy(set: &Points) -> f64 {
    let correct = (0..set.y.len()).filter(|&row| {
        let (x, y) = (set.x[(row, 0)], set.x[(row, 1)]);
        let length = x.hypot(y);
        best_rule([x / length, y / length]) == set.y[row]
    });
    correct.count() as f64 / set.y.len() as f64
}

/// The wedge around the centre of the class "other" in which all directions have that class, from and to
/// these degrees. `classes` has the class of each direction.
fn wedge(classes: &[&'static str]) -> (f64, f64) {
    let centre = (10f64.atan2(60.0) / TAU * DIRECTIONS as f64) as isize;
    let edge = |step: isize| {
        let numbers = (0..DIRECTIONS as isize).map(|away| centre + step * away);
        let inside = |&number: &isize| classes[number.rem_euclid(DIRECTIONS as isize) as usize] == "other";
        let last = numbers.take_while(inside).last();
        last.map_or(f64::NAN, |number| (number as f64 + 0.5) * 360.0 / DIRECTIONS as f64)
    };
    (edge(-1), edge(1))
}

/// 2-3-1 units, with the settings of the question.
fn network(seed: u64) -> MlpClassifier {
    MlpClassifier::new([3]).optimizer(Adam::new(9e-4)).batch_size(15).epochs(1000).seed(seed)
}

/// The part of the plane that the pictures show, in the units of the data.
fn frame() -> Result<Bounds, Error> {
    Bounds::new((-30.0, 110.0), (-3.0, 14.0))
}

/// Divides every column by its length over the training rows.
#[derive(Debug, Clone)]
struct ColumnLengths(Vec<f64>);

impl ColumnLengths {
    /// No lengths are known before a fit.
    fn unknown() -> Self {
        ColumnLengths(Vec::new())
    }
}

impl Transformer<f64> for ColumnLengths {
    type Fitted = ColumnLengths;

    fn fit_rows(&self, x: Rows<'_, f64>, _: TransformerOptions<'_, f64>) -> Result<ColumnLengths, Error> {
        Ok(ColumnLengths(x.column_iter().map(|column| column.norm()).collect()))
    }
}

impl Transform<f64> for ColumnLengths {
    fn inputs(&self) -> usize {
        self.0.len()
    }
    fn outputs(&self) -> usize {
        self.0.len()
    }
    fn transform_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.copy_from(&*x);
        out.column_iter_mut().zip(&self.0).for_each(|(mut column, length)| column /= *length);
        Ok(())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.to_vec())
    }
}

/// The second mistake as a step of a pipeline: it learns nothing, and divides any rows by the lengths of
/// their own columns.
#[derive(Debug, Clone, Copy)]
struct OnTheirOwn;

impl Transformer<f64> for OnTheirOwn {
    type Fitted = OnTheirOwn;

    fn fit_rows(&self, _: Rows<'_, f64>, _: TransformerOptions<'_, f64>) -> Result<OnTheirOwn, Error> {
        Ok(OnTheirOwn)
    }
}

impl Transform<f64> for OnTheirOwn {
    fn inputs(&self) -> usize {
        2
    }
    fn outputs(&self) -> usize {
        2
    }
    fn transform_into(
        &self,
        x: Rows<'_, f64>,
        out: DMatrixViewMut<'_, f64>,
        scratch: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        ColumnLengths::unknown().fit(x)?.transform_into(x, out, scratch)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.to_vec())
    }
}

/// The classifier that a picture shows if its grid is divided by the lengths of its own columns instead of
/// those of the training rows.
struct GridOnItsOwn<'a> {
    lengths: ColumnLengths,
    network: &'a Network,
}

impl<'a> GridOnItsOwn<'a> {
    /// A grid of `resolution` x `resolution` points.
    fn new(model: &'a Model<ColumnLengths>, resolution: usize) -> Result<Self, Error> {
        let frame = frame()?;
        let at =
            |(low, high): (f64, f64), step: usize| low + (high - low) * step as f64 / (resolution - 1) as f64;
        let grid = DMatrix::from_fn(resolution * resolution, 2, |point, feature| match feature {
            0 => at(frame.x(), point % resolution),
            _ => at(frame.y(), point / resolution),
        });
        Ok(GridOnItsOwn { lengths: ColumnLengths::unknown().fit(&grid)?, network: model.classifier() })
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
    fn scores_into(
        &self,
        x: Rows<'_, f64>,
        out: DMatrixViewMut<'_, f64>,
        scratch: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        self.network.scores_into((&self.lengths.transform(x)?).into(), out, scratch)
    }
    fn probabilities_into(
        &self,
        x: Rows<'_, f64>,
        out: DMatrixViewMut<'_, f64>,
        scratch: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        self.network.probabilities_into((&self.lengths.transform(x)?).into(), out, scratch)
    }
}

/// The points and networks of one seed: the same settings on features that were scaled in different ways.
struct Run {
    test: Points,
    standard: Model<FittedStandardScaler<f64>>,
    lengths: Model<ColumnLengths>,
    unit: Model<FittedNormalizer<f64>>,
    rows: DividedRows,
    /// Accuracies on the test points, in the order of the second table.
    columns: [f64; 5],
}

/// The figures of the network that was trained on rows divided by their lengths.
struct DividedRows {
    accuracy: f64,
    wedge: (f64, f64),
    best: f64,
    /// Number of test points whose class changes if they are doubled, for this network and for the one with
    /// standardised features.
    changed: [usize; 2],
    /// Whether doubling the test points leaves all probabilities of this network the same to the bit.
    blind: bool,
}

fn run(seed: u64) -> Result<Run, Error> {
    let (train, test) = points(seed)?.train_test_split(0.2, seed)?;
    let standard = train.fit(&Pipeline::new(StandardScaler::new(), network(seed)))?;
    let lengths = train.fit(&Pipeline::new(ColumnLengths::unknown(), network(seed)))?;
    let unit = train.fit(&Pipeline::new(Normalizer::new(), network(seed)))?;
    let directions = DMatrix::from_fn(DIRECTIONS, 2, |number, axis| direction(number).1[axis]);
    let doubled = 2.0 * &test.x;
    let changed =
        |before: Vec<&str>, after: Vec<&str>| before.iter().zip(&after).filter(|(a, b)| a != b).count();
    let rows = DividedRows {
        accuracy: unit.score(&test.x, &test.y)?,
        wedge: wedge(&unit.predict(&directions)?),
        best: best_accuracy(&test),
        changed: [
            changed(unit.predict(&test.x)?, unit.predict(&doubled)?),
            changed(standard.predict(&test.x)?, standard.predict(&doubled)?),
        ],
        blind: unit.predict_proba(&doubled)? == unit.predict_proba(&test.x)?,
    };
    let columns = [
        standard.score(&test.x, &test.y)?,
        lengths.score(&test.x, &test.y)?,
        GridOnItsOwn::new(&lengths, 60)?.score(&test.x, &test.y)?,
        GridOnItsOwn::new(&lengths, 75)?.score(&test.x, &test.y)?,
        GridOnItsOwn::new(&lengths, 100)?.score(&test.x, &test.y)?,
    ];
    Ok(Run { test, standard, lengths, unit, rows, columns })
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn degrees((from, to): (f64, f64)) -> String {
    format!("{from:.1}° to {to:.1}°")
}

/// Standard error of the accuracy on 800 points of a rule with this accuracy on all points.
fn standard_error(accuracy: f64) -> f64 {
    (accuracy * (1.0 - accuracy) / 800.0).sqrt()
}

/// The answer to the question: every row divided by its length.
fn rows(runs: &[Run], claims: &mut Claims) -> Result<(), Error> {
    let line = |name: &str, [accuracy, wedge, best, unit, standardised]: [String; 5]| {
        println!("{name:<10}{accuracy:>11}{wedge:>19}{best:>15}{unit:>15}{standardised:>15}");
    };
    let none = String::new;
    println!("Every row divided by its length\n");
    let head = format!("{:<10}{:>11}{:>19}{:>15}", "", "", "wedge of", "best rule for");
    println!("{head}{:>30}", "class changes if doubled");
    line("seed", ["accuracy", "\"other\"", "directions", "length 1", "standardised"].map(str::to_owned));
    for (seed, run) in runs.iter().enumerate() {
        let DividedRows { accuracy, wedge, best, changed, .. } = run.rows;
        let [unit, standardised] = changed.map(|count| count.to_string());
        line(&seed.to_string(), [percent(accuracy), degrees(wedge), percent(best), unit, standardised]);
    }
    let (best, all) = ceiling();
    let classes: Vec<&str> = (0..DIRECTIONS).map(|number| best_rule(direction(number).1)).collect();
    line("question", [percent(REPORTED), none(), none(), none(), none()]);
    line("all points", [none(), degrees(wedge(&classes)), percent(best), none(), none()]);
    let error = standard_error(best);
    println!(
        "\n96.37 % are {:.1} standard errors ({:.2} %) of 800 points above the best accuracy.",
        (REPORTED - best) / error,
        100.0 * error
    );

    let Run { standard, unit, .. } = &runs[1];
    let near_and_far = dmatrix![30.0, 5.0; 60.0, 10.0];
    let [standard, unit] = [standard.predict(&near_and_far)?, unit.predict(&near_and_far)?];
    println!("(30, 5) and (60, 10): {unit:?} with rows of length 1, {standard:?} standardised\n");

    let every = |holds: &dyn Fn(&DividedRows) -> bool| runs.iter().all(|run| holds(&run.rows));
    claims.check(
        (all - 1.0).abs() < 1e-4 && (best - 0.955).abs() < 5e-4,
        "who sees only directions classifies at most 95.5 % of all points correctly",
    );
    let chance = (REPORTED - best) / error < 2.0 && runs.iter().any(|run| run.rows.best >= REPORTED - 0.005);
    claims.check(chance, "96.37 % of 800 points are within two standard errors of it");
    let below = every(&|rows| rows.accuracy < best + 3.0 * error && (rows.best - best).abs() < 3.0 * error);
    claims.check(below, "no network is more than three standard errors above it");
    let reached = runs.iter().filter(|run| (run.rows.accuracy - best).abs() < 2.0 * error).count();
    claims.check(reached >= 4, "four of five networks are within two standard errors of it");
    claims.check(
        every(&|rows| rows.blind),
        "if the test points are doubled, their probabilities stay the same to the bit,",
    );
    claims.check(
        every(&|rows| rows.changed[0] == 0 && rows.changed[1] > 40),
        "and with standardised features more than 40 of 800 change their class",
    );
    claims.check(
        unit == ["other", "other"] && standard == ["one", "other"],
        "(30, 5) and (60, 10) have one class with rows of length 1, and two with standardised features",
    );
    Ok(())
}

/// The neighbouring mistake: a grid normalised by its own columns.
fn columns(runs: &[Run], claims: &mut Claims) -> Result<(), Error> {
    println!("\nEvery column divided by its length\n");
    println!("{:<4}{:>14}{:>13}{:>39}", "", "standardised", "divided by", "on the picture, grid on its own");
    println!(
        "{:<4}{:>14}{:>13}{:>13}{:>13}{:>13}",
        "seed", "features", "lengths", "60 x 60", "75 x 75", "100 x 100"
    );
    for (seed, run) in runs.iter().enumerate() {
        let shares = run.columns.map(|share| format!("{:>13}", percent(share)));
        println!("{seed:<5}{}", shares.concat());
    }
    let refused = points(0)?.fit(&Pipeline::new(OnTheirOwn, network(0))).err();
    let batch_dependent = matches!(refused, Some(Error::BatchDependent { .. }));
    if let Some(error) = refused {
        println!("\nA pipeline with a step that normalises rows on their own:\n{error}\n");
    }

    let every = |holds: fn([f64; 5]) -> bool| runs.iter().all(|run| holds(run.columns));
    claims.check(
        every(|[standard, ..]| standard >= 0.995),
        "standardised in a pipeline, at least 99.5 % of the test points are classified correctly",
    );
    claims.check(
        every(|[_, lengths, ..]| lengths >= 0.99),
        "with columns divided by their lengths, at least 99 %",
    );
    claims.check(
        every(|[_, _, coarse, middle, fine]| coarse > 0.95 && middle < 0.75 && fine < 0.55),
        "on the wrong picture fewer are, the fewer the finer its grid: under 75 %, then under 55 %",
    );
    claims.check(batch_dependent, "a pipeline rejects a step that normalises rows on their own");
    Ok(())
}

/// What the doctor says of both mistakes.
fn doctor(run: &Run, claims: &mut Claims) -> Result<(), Error> {
    let Run { test, lengths, .. } = run;
    let divided = Normalizer::new().fit(&test.x)?.transform(&test.x)?;
    let of_rows = examine_data(&divided, &test.y)?;
    println!("The doctor on rows divided by their lengths:\n{of_rows}\n");
    // The same points as the network was trained on them, and as the picture shows them to it.
    let grid = GridOnItsOwn::new(lengths, 75)?;
    let of_grid = compare_paths(&lengths.steps().transform(&test.x)?, &grid.lengths.transform(&test.x)?)?;
    println!("The doctor on a grid normalised on its own:\n{of_grid}\n");
    claims.check(
        of_rows.get(Code::RedundantColumns).is_some_and(|found| found.why.contains("one angle per row")),
        "the doctor says that only the angle of a row is left,",
    );
    claims.check(
        of_grid.root().is_some_and(|root| root.code == Code::ServingSkew),
        "and that the picture shows other rows to the network than it was trained on",
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut claims = Claims::default();
    println!(
        "2-3-1 units, 1,000 epochs on 3,200 points; percentages of 800 test points classified correctly\n"
    );
    let runs = (0..5).map(run).collect::<Result<Vec<_>, _>>()?;
    rows(&runs, &mut claims)?;
    columns(&runs, &mut claims)?;

    let Run { test, standard, lengths, unit, .. } = &runs[1];
    let wrong = GridOnItsOwn::new(lengths, 75)?;
    let sketch = Sketch::new().width(72).height(14);
    println!("\nRows divided by their lengths:\n{}", sketch.regions(unit, &test.x, &test.y)?);
    println!("Standardised features:\n{}", sketch.regions(standard, &test.x, &test.y)?);
    println!("A grid normalised on its own:\n{}", sketch.regions(&wrong, &test.x, &test.y)?);
    #[cfg(feature = "plot")]
    {
        draw(unit, test, "Rows divided by their lengths", "regions_wedge.svg")?;
        draw(standard, test, "Standardised features", "regions_right.svg")?;
        draw(&wrong, test, "Grid divided by its own column lengths", "regions_wrong.svg")?;
    }
    doctor(&runs[1], &mut claims)?;
    claims.verdict()
}

/// The regions of a classifier, with 300 of the test points.
#[cfg(feature = "plot")]
fn draw(
    classifier: &impl Classifier<f64, Label = &'static str>,
    test: &Points,
    title: &str,
    name: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let picture = logit::plot::DecisionRegions::new().bounds(frame()?);
    let picture = picture.feature_names("first feature", "second feature");
    let test = &test.rows(&(0..300).collect::<Vec<_>>())?;
    pictures::save(&picture.draw(classifier, &test.x, &test.y)?.title(title), name)
}
