//! The problems of the performance profile: generated data with fixed seeds, and the bundled data sets.

use logit::{Label, Penalty, Rng, data};
use nalgebra::DMatrix;

use crate::recipe::Shape::*;
use crate::recipe::{Recipe, Units, recipe};

/// Where the rows of a problem come from.
#[derive(Clone, Copy)]
pub enum Source {
    Generated(Recipe),
    /// A bundled data set, as it is or with standardised columns.
    Bundled(&'static str, bool),
}

/// A fit with an L2 penalty, or without one where the classes are not separable.
#[derive(Clone, Copy)]
pub struct Problem {
    pub name: &'static str,
    /// The inverse strength of the penalty; `None` is no penalty.
    pub c: Option<f64>,
    pub source: Source,
    /// Settings are chosen on half A, and judged on half B.
    pub half: char,
}

/// The rows of a problem.
pub struct Data {
    pub x: DMatrix<f64>,
    pub y: Vec<usize>,
    pub classes: usize,
    pub weights: Option<Vec<f64>>,
}

/// The seed of the order in which the problems alternate between the halves.
const HALVES: u64 = 16;

/// Returns all problems. In an order that is shuffled by a fixed seed, they belong to half A and B in turns.
pub fn problems() -> Vec<Problem> {
    let mut all: Vec<Problem> =
        GENERATED.iter().map(|&(name, c, recipe)| problem(name, c, Source::Generated(recipe))).collect();
    all.extend(BUNDLED.iter().map(|&(name, c, set, scaled)| problem(name, c, Source::Bundled(set, scaled))));
    let mut order: Vec<usize> = (0..all.len()).collect();
    Rng::new(HALVES).shuffle(&mut order);
    for (turn, index) in order.into_iter().enumerate() {
        all[index].half = if turn % 2 == 0 { 'A' } else { 'B' };
    }
    all
}

fn problem(name: &'static str, c: f64, source: Source) -> Problem {
    Problem { name, c: (c != NONE).then_some(c), source, half: '-' }
}

/// No penalty.
const NONE: f64 = f64::INFINITY;

/// Names, C and recipes.
const GENERATED: [(&str, f64, Recipe); 42] = [
    ("tiny", 1.0, recipe(1, 100, 2, 2, Independent)),
    ("tiny, free", NONE, recipe(2, 120, 2, 2, Equicorrelated(0.9))),
    ("small", 1.0, recipe(3, 1_000, 20, 2, Equicorrelated(0.3))),
    ("alike, free", NONE, recipe(4, 1_000, 10, 2, Equicorrelated(0.99))),
    ("long, free", NONE, recipe(5, 200_000, 10, 2, Independent)),
    ("long", 1.0, recipe(6, 200_000, 30, 2, LowRank { factors: 5, noise: 0.5 }).units(Units::Near)),
    ("redundant, long", 1.0, recipe(7, 100_000, 50, 2, Combinations { columns: 10, noise: 1e-3 })),
    ("redundant, square", 1.0, recipe(8, 5_000, 500, 2, Combinations { columns: 100, noise: 0.01 })),
    ("redundant, 10", 1.0, recipe(9, 20_000, 60, 10, Combinations { columns: 15, noise: 0.1 })),
    ("alike", 0.01, recipe(10, 20_000, 100, 2, Equicorrelated(0.5))),
    ("chain, wide units", 1.0, recipe(11, 20_000, 100, 2, Chain(0.95)).units(Units::Wide)),
    ("square, strong", 1e-3, recipe(12, 5_000, 500, 2, Independent)),
    ("square, low rank", 1.0, recipe(13, 2_000, 1_000, 2, LowRank { factors: 20, noise: 0.3 })),
    ("n < p", 1.0, recipe(14, 200, 2_000, 2, Independent)),
    ("n < p, weak", 1e4, recipe(15, 500, 2_000, 2, Equicorrelated(0.3))),
    ("n < p, binary", 1.0, recipe(16, 300, 1_000, 2, Binary { least: 0.01, most: 0.5 })),
    ("n < p, 3", 0.01, recipe(17, 150, 1_000, 3, LowRank { factors: 10, noise: 1.0 }).units(Units::Near)),
    ("binary", 1.0, recipe(18, 10_000, 300, 2, Binary { least: 0.005, most: 0.5 })),
    ("binary, weak", 1e4, recipe(19, 50_000, 40, 2, Binary { least: 0.001, most: 0.5 })),
    ("copies, 1e-8", 1e4, recipe(20, 10_000, 50, 2, Copies { columns: 20, noise: 1e-8 })),
    ("copies, 1e-4, free", NONE, recipe(21, 10_000, 50, 2, Copies { columns: 10, noise: 1e-4 })),
    ("chain, 3", 1.0, recipe(22, 3_000, 40, 3, Chain(0.9)).units(Units::Near)),
    ("low rank, 10", 1.0, recipe(23, 10_000, 100, 10, LowRank { factors: 8, noise: 0.4 })),
    ("images, 10", 1.0, recipe(24, 4_000, 300, 10, LowRank { factors: 30, noise: 0.1 })),
    ("20 classes", 100.0, recipe(25, 5_000, 30, 20, Independent).units(Units::Near)),
    ("20 classes, wide units", 1.0, recipe(26, 10_000, 20, 20, Equicorrelated(0.5)).units(Units::Wide)),
    ("many columns, 3", 0.1, recipe(27, 2_000, 500, 3, Chain(0.7))),
    ("few rows, 10", 10.0, recipe(28, 1_000, 200, 10, Independent).units(Units::Near)),
    ("three, long, free", NONE, recipe(29, 100_000, 5, 3, Equicorrelated(0.7))),
    ("rare", 1.0, recipe(30, 50_000, 20, 2, Chain(0.5)).imbalance(5.0)),
    ("rare, 3, weights", 1.0, recipe(31, 10_000, 20, 3, Equicorrelated(0.5)).imbalance(4.0).weighted()),
    ("weights, free", NONE, recipe(32, 20_000, 30, 2, Chain(0.8)).units(Units::Near).weighted()),
    ("far", 1.0, recipe(33, 10_000, 20, 2, Independent).units(Units::Far(1e3))),
    ("far, wide units, 3, free", NONE, recipe(34, 5_000, 10, 3, Chain(0.5)).units(Units::FarWide(100.0))),
    ("nearly separable", 1e4, recipe(35, 5_000, 20, 2, Independent).signal(20.0)),
    ("nearly separable, free", NONE, recipe(36, 50_000, 5, 2, Equicorrelated(0.5)).signal(20.0)),
    ("skewed", 1.0, recipe(37, 20_000, 30, 2, Skewed)),
    ("skewed, 3", 100.0, recipe(38, 5_000, 20, 3, Skewed).units(Units::Wide)),
    (
        "flipped",
        1.0,
        recipe(39, 50_000, 50, 2, Combinations { columns: 10, noise: 1e-8 }).signal(10.0).flips(0.01),
    ),
    (
        "flipped, 10",
        1.0,
        recipe(40, 5_000, 50, 10, LowRank { factors: 10, noise: 0.3 }).signal(10.0).flips(0.02),
    ),
    ("flipped, free", NONE, recipe(41, 20_000, 20, 2, Chain(0.8)).signal(8.0).flips(0.05)),
    ("flipped, skewed", 100.0, recipe(42, 10_000, 40, 2, Skewed).units(Units::Near).signal(5.0).flips(0.02)),
];

/// Names, C, data sets, and whether columns are standardised.
const BUNDLED: [(&str, f64, &str, bool); 12] = [
    ("iris", 1.0, "iris", false),
    ("iris, scaled, weak", 1e4, "iris", true),
    ("breast cancer", 1.0, "breast cancer", false),
    ("breast cancer, weak", 100.0, "breast cancer", false),
    ("breast cancer, scaled", 1.0, "breast cancer", true),
    ("breast cancer, scaled, weak", 1e4, "breast cancer", true),
    ("wine", 1.0, "wine", false),
    ("wine, scaled, strong", 0.01, "wine", true),
    ("digits", 1.0, "digits", false),
    ("digits, strong", 1e-3, "digits", false),
    ("digits, scaled", 1.0, "digits", true),
    ("digits, scaled, weak", 100.0, "digits", true),
];

impl Problem {
    pub fn penalty(&self) -> Penalty {
        self.c.map_or(Penalty::None, Penalty::c)
    }

    /// Generates or loads the rows.
    pub fn data(&self) -> Data {
        match self.source {
            Source::Generated(recipe) => {
                let (x, y, weights) = recipe.generate();
                Data { x, y, classes: recipe.classes, weights }
            }
            Source::Bundled(set, scaled) => {
                let mut data = match set {
                    "iris" => bundled(data::iris().x, &data::iris().y),
                    "wine" => bundled(data::wine().x, &data::wine().y),
                    "breast cancer" => bundled(data::breast_cancer().x, &data::breast_cancer().y),
                    _ => bundled(data::digits().x, &data::digits().y),
                };
                if scaled {
                    standardise(&mut data.x);
                }
                data
            }
        }
    }
}

fn bundled<L: Label>(x: DMatrix<f64>, y: &[L]) -> Data {
    let mut classes = y.to_vec();
    classes.sort();
    classes.dedup();
    let y = y.iter().map(|label| classes.partition_point(|class| class < label)).collect();
    Data { x, y, classes: classes.len(), weights: None }
}

/// Centres the columns and divides them by their standard deviations. A column without spread becomes zero.
fn standardise(x: &mut DMatrix<f64>) {
    let rows = x.nrows() as f64;
    for mut column in x.column_iter_mut() {
        column.add_scalar_mut(-column.mean());
        let deviation = (column.norm_squared() / rows).sqrt();
        if deviation > 0.0 {
            column /= deviation;
        }
    }
}
