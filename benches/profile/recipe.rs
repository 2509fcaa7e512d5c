//! Recipes for generated classification data. The same recipe gives the same data in every run.

use benches::normal;
use logit::Rng;
use nalgebra::DMatrix;

/// How the columns depend on each other. Columns have about unit variance, except for `Binary` and `Skewed`.
#[derive(Clone, Copy)]
pub enum Shape {
    Independent,
    /// Every pair of columns has this correlation.
    Equicorrelated(f64),
    /// Neighbours have this correlation, and it decays geometrically with the distance.
    Chain(f64),
    /// Combinations of a few factors, plus noise of this size.
    LowRank {
        factors: usize,
        noise: f64,
    },
    /// The last columns are random combinations of the others, plus noise of this size.
    Combinations {
        columns: usize,
        noise: f64,
    },
    /// The last columns are copies of the first, plus noise of this size.
    Copies {
        columns: usize,
        noise: f64,
    },
    /// Zeros and ones. The share of ones of each column is drawn between these, on a logarithmic scale.
    Binary {
        least: f64,
        most: f64,
    },
    /// Independent columns with long right tails: the exponential of a normal number.
    Skewed,
}

/// The units of the columns.
#[derive(Clone, Copy)]
pub enum Units {
    Equal,
    /// Factors from 1 to 10.
    Near,
    /// Factors from 0.001 to 1000, on a logarithmic scale.
    Wide,
    /// Centres about this many standard deviations from the origin.
    Far(f64),
    /// Wide factors, and far from the origin.
    FarWide(f64),
}

/// Data to generate. The labels follow a logistic model of the columns before the units are applied.
#[derive(Clone, Copy)]
pub struct Recipe {
    pub seed: u64,
    pub rows: usize,
    pub columns: usize,
    pub classes: usize,
    pub shape: Shape,
    pub units: Units,
    /// The standard deviation of the scores: 20 is nearly separable.
    pub signal: f64,
    /// The log-odds of class 0 against each other class at the centre of the columns.
    pub imbalance: f64,
    /// The share of rows whose label is drawn anew, whatever the columns say.
    pub flips: f64,
    /// Whether rows have weights, some of which are zero.
    pub weighted: bool,
}

/// Returns a recipe with equal units, signal 1.5, balanced classes, no flipped labels and no weights.
pub const fn recipe(seed: u64, rows: usize, columns: usize, classes: usize, shape: Shape) -> Recipe {
    Recipe {
        seed,
        rows,
        columns,
        classes,
        shape,
        units: Units::Equal,
        signal: 1.5,
        imbalance: 0.0,
        flips: 0.0,
        weighted: false,
    }
}

impl Recipe {
    pub const fn units(mut self, units: Units) -> Self {
        self.units = units;
        self
    }
    pub const fn signal(mut self, signal: f64) -> Self {
        self.signal = signal;
        self
    }
    pub const fn imbalance(mut self, imbalance: f64) -> Self {
        self.imbalance = imbalance;
        self
    }
    pub const fn flips(mut self, share: f64) -> Self {
        self.flips = share;
        self
    }
    pub const fn weighted(mut self) -> Self {
        self.weighted = true;
        self
    }

    /// Generates the columns, the classes of the rows, and their weights.
    pub fn generate(&self) -> (DMatrix<f64>, Vec<usize>, Option<Vec<f64>>) {
        let mut rng = Rng::new(self.seed);
        let mut x = self.columns(&mut rng);
        let y = self.labels(&x, &mut rng);
        for mut column in x.column_iter_mut() {
            let wide = |rng: &mut Rng| 10f64.powf(rng.uniform(-3.0, 3.0));
            let (centre, scale) = match self.units {
                Units::Equal => (0.0, 1.0),
                Units::Near => (0.0, rng.uniform(1.0, 10.0)),
                Units::Wide => (0.0, wide(&mut rng)),
                Units::Far(distance) => (distance * rng.uniform(0.5, 1.5), 1.0),
                Units::FarWide(distance) => (distance * rng.uniform(0.5, 1.5), wide(&mut rng)),
            };
            column.iter_mut().for_each(|x| *x = scale * (centre + *x));
        }
        let weight = |rng: &mut Rng| if rng.uniform(0.0, 1.0) < 0.05 { 0.0 } else { rng.uniform(0.1, 3.0) };
        let weights = self.weighted.then(|| (0..self.rows).map(|_| weight(&mut rng)).collect());
        (x, y, weights)
    }

    /// Sums are formed column by column, so that every processor has the same bits.
    fn columns(&self, rng: &mut Rng) -> DMatrix<f64> {
        let (n, d) = (self.rows, self.columns);
        match self.shape {
            Shape::Independent => normal(n, d, rng),
            Shape::Equicorrelated(correlation) => {
                let common = normal(n, 1, rng);
                let mut x = normal(n, d, rng) * (1.0 - correlation).sqrt();
                for mut column in x.column_iter_mut() {
                    column += &common * correlation.sqrt();
                }
                x
            }
            Shape::Chain(correlation) => {
                let mut x = normal(n, d, rng);
                for column in 1..d {
                    let before = x.column(column - 1) * correlation;
                    let mut own = x.column_mut(column);
                    own *= (1.0 - correlation * correlation).sqrt();
                    own += before;
                }
                x
            }
            Shape::LowRank { factors, noise } => {
                let common = normal(n, factors, rng);
                let mut x = normal(n, d, rng) * noise;
                for mut column in x.column_iter_mut() {
                    column += combination(&common, factors, rng);
                }
                x
            }
            Shape::Combinations { columns, noise } => {
                let mut x = normal(n, d, rng);
                for column in d - columns..d {
                    let value = x.column(column) * noise + combination(&x, d - columns, rng);
                    x.set_column(column, &value);
                }
                x
            }
            Shape::Copies { columns, noise } => {
                let mut x = normal(n, d, rng);
                for column in d - columns..d {
                    let value = x.column(column) * noise + x.column((column + columns - d) % (d - columns));
                    x.set_column(column, &value);
                }
                x
            }
            Shape::Binary { least, most } => {
                let mut x = DMatrix::zeros(n, d);
                for mut column in x.column_iter_mut() {
                    let share = least * (most / least).powf(rng.uniform(0.0, 1.0));
                    column.iter_mut().for_each(|x| *x = f64::from(u8::from(rng.uniform(0.0, 1.0) < share)));
                }
                x
            }
            Shape::Skewed => normal(n, d, rng).map(f64::exp),
        }
    }

    /// Labels of a logistic model: the class with the largest score plus Gumbel noise.
    fn labels(&self, x: &DMatrix<f64>, rng: &mut Rng) -> Vec<usize> {
        let mut scores = DMatrix::<f64>::zeros(x.nrows(), self.classes);
        for (class, mut score) in scores.column_iter_mut().enumerate() {
            for column in x.column_iter() {
                score.axpy(rng.standard_normal(), &column, 1.0);
            }
            let mean = score.mean();
            let deviation = score.add_scalar(-mean).norm() / (self.rows as f64).sqrt();
            let bias = if class == 0 { self.imbalance } else { 0.0 };
            score.iter_mut().for_each(|z| *z = self.signal * (*z - mean) / deviation + bias);
        }
        let mut draw = |row: usize| {
            if rng.uniform(0.0, 1.0) < self.flips {
                return rng.below(self.classes);
            }
            let noisy: Vec<f64> =
                scores.row(row).iter().map(|z| z - (-rng.uniform(0.0, 1.0).ln()).ln()).collect();
            (0..self.classes).max_by(|&a, &b| noisy[a].total_cmp(&noisy[b])).unwrap_or(0)
        };
        (0..x.nrows()).map(&mut draw).collect()
    }
}

/// A random combination of the first columns of `x`, with unit variance if these are independent.
fn combination(x: &DMatrix<f64>, columns: usize, rng: &mut Rng) -> DMatrix<f64> {
    let mut sum = DMatrix::zeros(x.nrows(), 1);
    let size = 1.0 / (columns as f64).sqrt();
    for column in 0..columns {
        sum.column_mut(0).axpy(size * rng.standard_normal(), &x.column(column), 1.0);
    }
    sum
}
