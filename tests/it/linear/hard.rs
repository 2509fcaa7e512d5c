//! Hard problems, drawn at random by kind and seed: the inputs of the count of lies.

use logit::prelude::*;
use logit::{Error, FitOptions, FittedLogistic, LogisticRegression, Penalty, Real, Rng, Solver};
use nalgebra::DMatrix;

use super::kit::{penalty, solvers};
use super::shapes::Shape;
use super::truth::{Problem, scaled};
use crate::common::largest;

/// What makes a problem hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing, but score offsets and other tolerances.
    Plain,
    /// Few and light rows keep an optimum from infinity.
    NearlySeparable,
    /// All weights 1e-300, or 1e300, or between.
    WeightsOfOneSize,
    WeightsOfAllSizes,
    /// λ from 1e-300 to 1e300.
    AnyLambda,
    /// Up to 1e9 standard deviations from the origin.
    FarFromTheOrigin,
    /// A column that is another plus noise of 1e-3 to 1e-16.
    NearlyCollinear,
    /// Copies and sums of columns.
    Duplicates,
    Constant,
    /// Constant up to a few units in the last place.
    ConstantButForRounding,
    /// Columns in units from 2^-900 to 2^900.
    Units,
    /// All columns far below 1, as lengths in metres of things measured in nanometres.
    SmallUnits,
    /// Units, distances from the origin and collinearity at once.
    Mixed,
    /// Jeffreys' penalty with units, distances and collinearity.
    Jeffreys,
    /// One large unit, as milliseconds or bytes.
    LargeUnits,
}

/// A problem, and how it is fitted.
#[derive(Debug, Clone)]
pub(crate) struct Hard {
    pub(crate) kind: Kind,
    pub(crate) seed: u64,
    pub(crate) shape: Shape,
    pub(crate) problem: Problem,
    /// Fitted in `f32`; all numbers are those of `f32`.
    pub(crate) single: bool,
    pub(crate) penalty: Penalty,
    factors: Option<Vec<f64>>,
    pub(crate) tolerance: Option<f64>,
    /// Whether an optimum exists for certain: rows that span all directions occur with every class.
    pub(crate) exists: bool,
    /// Columns that a report has to name.
    pub(crate) constant: Vec<usize>,
    pub(crate) dependent: Vec<usize>,
}

/// 10 to a power between `low` and `high`.
fn power_of_ten(rng: &mut Rng, low: f64, high: f64) -> f64 {
    10f64.powf(rng.uniform(low, high))
}

fn power_of_two(rng: &mut Rng, largest: i32) -> i32 {
    rng.uniform(-f64::from(largest), f64::from(largest)) as i32
}

impl Hard {
    /// A problem of at most 60 parameters.
    pub(crate) fn new(kind: Kind, seed: u64) -> Self {
        let mut rng = Rng::new(1000 * seed + kind as u64);
        let single = rng.below(4) == 0;
        let shape = Shape::narrow(kind, &mut rng);
        Hard::drawn(kind, seed, single, shape, rng)
    }

    /// A problem of more than 256 parameters.
    pub(crate) fn wide(kind: Kind, seed: u64) -> Self {
        let mut rng = Rng::new(1000 * seed + 500 + kind as u64);
        let single = rng.below(4) == 0;
        let shape = Shape::wide(&mut rng);
        Hard::drawn(kind, seed, single, shape, rng)
    }

    fn drawn(kind: Kind, seed: u64, single: bool, shape: Shape, mut rng: Rng) -> Self {
        let Shape { rows, columns, classes, repeated, wide } = shape;
        let mut z = DMatrix::from_fn(rows, columns, |_, _| rng.standard_normal());
        for row in 0..repeated {
            let first = z.row(row - row % classes).into_owned();
            z.set_row(row, &first);
        }
        // Scores of many columns would leave no doubt about any row.
        let size = if wide { 2.0 / (columns as f64).sqrt() } else { 1.0 };
        let slopes = DMatrix::from_fn(columns, classes, |_, _| size * rng.standard_normal());
        let scores = &z * slopes;
        // Noise on scores draws labels from their softmax.
        let noise = if kind == Kind::NearlySeparable { 0.0 } else { 1.0 };
        let gumbel = |rng: &mut Rng| -noise * (-rng.uniform(1e-12, 1.0).ln()).ln();
        let draw = |row: usize, rng: &mut Rng| {
            largest((0..classes).map(|k| scores[(row, k)] + gumbel(rng)).collect::<Vec<_>>().into_iter())
        };
        let y =
            (0..rows).map(|row| if row < repeated { row % classes } else { draw(row, &mut rng) }).collect();
        let intercept = rng.below(6) > 0;
        let problem = Problem {
            x: z,
            y,
            classes,
            weights: None,
            offset: None,
            l1: Vec::new(),
            l2: Vec::new(),
            jeffreys: kind == Kind::Jeffreys,
            intercept,
        };
        let penalty = if problem.jeffreys { Penalty::Jeffreys } else { Penalty::None };
        let mut hard = Hard {
            kind,
            seed,
            shape,
            problem,
            single,
            penalty,
            factors: None,
            tolerance: None,
            exists: shape.spans(),
            constant: Vec::new(),
            dependent: Vec::new(),
        };
        hard.harden(&mut rng);
        hard
    }

    fn harden(&mut self, rng: &mut Rng) {
        let (rows, columns) = self.problem.x.shape();
        let (largest_unit, size) = if self.single { (90, 30.0) } else { (900, 300.0) };
        let far = if self.single { 4.0 } else { 9.0 };
        match self.kind {
            Kind::Plain => {
                let score_columns = if self.problem.classes == 2 { 1 } else { self.problem.classes };
                let offset = DMatrix::from_fn(rows, score_columns, |_, _| 2.0 * rng.standard_normal());
                self.problem.offset = Some(offset);
                if !self.single {
                    self.tolerance = Some(power_of_ten(rng, -11.0, -3.0));
                }
                self.penalise(0.01, rng);
            }
            Kind::NearlySeparable => {
                let light = power_of_ten(rng, -9.0, 0.0);
                let weight = |row: usize| if row < self.shape.repeated { light } else { 1.0 };
                self.problem.weights = Some((0..rows).map(weight).collect());
            }
            Kind::WeightsOfOneSize => {
                let weight = power_of_ten(rng, -size, size);
                self.problem.weights = Some(vec![weight; rows]);
                self.penalise(0.01, rng);
            }
            Kind::WeightsOfAllSizes => {
                self.problem.weights = Some((0..rows).map(|_| power_of_ten(rng, -size, size)).collect());
                self.exists = false;
                self.penalise(0.01, rng);
                if self.shape.wide {
                    // Many columns without a penalty have no rank that a judge could find.
                    (self.penalty, self.factors) =
                        ([Penalty::l2(0.01), Penalty::l1(0.01)][rng.below(2)], None);
                }
            }
            Kind::AnyLambda => {
                let lambda = power_of_ten(rng, -size, size);
                self.penalise(lambda, rng);
            }
            Kind::FarFromTheOrigin => {
                (0..columns).for_each(|j| self.shift(j, power_of_ten(rng, 0.0, far)));
                self.penalise(0.01, rng);
            }
            Kind::NearlyCollinear => self.collinear(rng),
            Kind::Duplicates => {
                let (a, b) = (rng.below(columns), rng.below(columns));
                let copy = match rng.below(3) {
                    0 => self.problem.x.column(a) * 1.0,
                    1 => self.problem.x.column(a) * -4.0,
                    _ => self.problem.x.column(a) + self.problem.x.column(b),
                };
                self.problem.x = self.problem.x.clone().insert_column(columns, 0.0);
                self.problem.x.set_column(columns, &copy);
                self.dependent.push(columns);
            }
            Kind::Constant | Kind::ConstantButForRounding => {
                let value = [1.0, 0.3, 1e8, -1e-5, 7e3][rng.below(5)];
                let epsilon = if self.single { f64::from(f32::EPSILON) } else { f64::EPSILON };
                let noise = if self.kind == Kind::Constant { 0.0 } else { epsilon };
                let column: Vec<f64> = (0..rows)
                    .map(|_| value * (1.0 + noise * f64::from(rng.below(5) as u8) - 2.0 * noise))
                    .collect();
                let j = rng.below(columns + 1);
                self.problem.x = self.problem.x.clone().insert_column(j, 0.0);
                self.problem.x.column_mut(j).copy_from_slice(&column);
                self.problem.intercept = true;
                self.constant.push(j);
                self.penalise([0.0, 0.01][rng.below(2)], rng);
            }
            Kind::Units => {
                let units: Vec<i32> = (0..columns).map(|_| power_of_two(rng, largest_unit)).collect();
                units.iter().enumerate().for_each(|(j, &e)| self.multiply(j, e));
            }
            Kind::SmallUnits => {
                let e = -(power_of_ten(rng, 1.0, 1.8) as i32);
                (0..columns).for_each(|j| self.multiply(j, e));
                if rng.below(3) == 0 {
                    self.penalise(if self.single { 1e-30 } else { 1e-40 }, rng);
                }
            }
            Kind::LargeUnits => {
                let j = rng.below(columns);
                let (e, moved) = (rng.uniform(10.0, 60.0) as i32, power_of_ten(rng, 0.0, 0.5 * far));
                self.shift(j, moved);
                self.multiply(j, e);
                self.penalise([0.0, 0.01][rng.below(2)], rng);
            }
            Kind::Mixed | Kind::Jeffreys => {
                if columns > 1 {
                    self.collinear(rng);
                }
                for j in 0..columns {
                    self.shift(j, power_of_ten(rng, 0.0, 0.4 * far));
                    self.multiply(j, power_of_two(rng, largest_unit / 3));
                }
            }
        }
        while !self.shape.spans() && self.penalty == Penalty::None {
            let lambda = power_of_ten(rng, -6.0, 1.0);
            self.penalise(lambda, rng);
        }
        if self.single {
            self.round();
        }
        self.set_lambdas();
    }

    /// Adds noise times a small number to a copy of the first column.
    fn collinear(&mut self, rng: &mut Rng) {
        let columns = self.problem.x.ncols();
        let mild = matches!(self.kind, Kind::Mixed | Kind::Jeffreys);
        let noise = power_of_ten(rng, if mild || self.single { -5.0 } else { -16.0 }, -2.0);
        let z = self.problem.x.column(columns - 1) * noise;
        let first = if columns > 1 { self.problem.x.column(0).into_owned() } else { z.clone() / noise };
        if columns == 1 {
            // The noise of a single column is a function of it that is not linear.
            let moved = first.map(|z| z + noise * (3.0 * z).sin());
            self.problem.x = self.problem.x.clone().insert_column(1, 0.0);
            self.problem.x.set_column(1, &moved);
        } else {
            self.problem.x.set_column(columns - 1, &(first + z));
        }
    }

    /// Adds `distance` to a column of unit standard deviation.
    fn shift(&mut self, j: usize, distance: f64) {
        self.problem.x.column_mut(j).add_scalar_mut(distance);
    }

    fn multiply(&mut self, j: usize, e: i32) {
        self.problem.x.column_mut(j).iter_mut().for_each(|x| *x = scaled(*x, e));
    }

    /// Chooses a penalty with this λ, or none.
    fn penalise(&mut self, lambda: f64, rng: &mut Rng) {
        let (l1, l2) = [(0.0, 0.0), (0.0, lambda), (lambda, 0.0), (0.5 * lambda, 0.5 * lambda)][rng.below(4)];
        self.penalty = penalty(l1, l2);
        if rng.below(4) == 0 && lambda > 0.0 {
            let factors = (0..self.problem.x.ncols()).map(|_| [0.0, 1.0, 2.0][rng.below(3)]);
            self.factors = Some(factors.collect());
        }
    }

    /// Rounds all numbers to single precision.
    fn round(&mut self) {
        let single = |value: &mut f64| *value = f64::from(*value as f32);
        let Problem { x, weights, offset, .. } = &mut self.problem;
        x.iter_mut().for_each(single);
        weights.iter_mut().flatten().for_each(single);
        offset.iter_mut().flat_map(|offset| offset.iter_mut()).for_each(single);
    }

    fn set_lambdas(&mut self) {
        let (l1, l2) = lambdas(self.penalty);
        let factor = |j: usize| self.factors.as_ref().map_or(1.0, |factors| factors[j]);
        self.problem.l1 = (0..self.problem.x.ncols()).map(|j| factor(j) * l1).collect();
        self.problem.l2 = (0..self.problem.x.ncols()).map(|j| factor(j) * l2).collect();
    }

    /// Whether any column has no penalty.
    pub(crate) fn has_free_columns(&self) -> bool {
        (0..self.problem.l1.len()).any(|j| self.problem.l1[j] == 0.0 && self.problem.l2[j] == 0.0)
    }

    pub(crate) fn solvers(&self) -> Vec<Solver> {
        match lambdas(self.penalty).0 {
            _ if self.problem.jeffreys => vec![Solver::Newton],
            // Newton's method forms the matrix, as it does for few parameters.
            0.0 if self.shape.wide && !self.seed.is_multiple_of(3) => vec![Solver::NewtonCg, Solver::Lbfgs],
            0.0 if self.shape.wide => vec![Solver::NewtonCg, Solver::Lbfgs, Solver::Newton],
            l1 => solvers(l1),
        }
    }

    /// Fits in the number type of this problem or in another one.
    pub(crate) fn fit<T: Real>(&self, solver: Solver) -> Result<FittedLogistic<T, usize>, Error> {
        let Problem { x, y, weights, offset, intercept, .. } = &self.problem;
        let x: DMatrix<T> = x.map(T::of);
        let weights: Option<Vec<T>> = weights.as_ref().map(|w| w.iter().map(|&w| T::of(w)).collect());
        let offset: Option<DMatrix<T>> = offset.as_ref().map(|offset| offset.map(T::of));
        let mut options = FitOptions::new();
        options.weights = weights.as_deref();
        options.offset = offset.as_ref().map(|offset| offset.as_view());
        let mut model = LogisticRegression::new(self.penalty).solver(solver).intercept(*intercept);
        if let Some(factors) = &self.factors {
            model = model.penalty_factors(factors.clone());
        }
        if let Some(tolerance) = self.tolerance {
            model = model.tolerance(tolerance);
        }
        model.fit_with(&x, y, options)
    }

    /// The problem in a line.
    pub(crate) fn describe(&self, solver: Solver) -> String {
        let Hard { kind, seed, problem, single, penalty, factors, .. } = self;
        let (rows, columns) = problem.x.shape();
        let number = if *single { "f32" } else { "f64" };
        let intercept = if problem.intercept { "" } else { ", no intercept" };
        let factors = factors.as_ref().map_or(String::new(), |factors| match factors.len() {
            0..20 => format!(" x {factors:?}"),
            _ => " x factors".to_owned(),
        });
        format!(
            "{kind:?} seed {seed}, {rows} x {columns}, {} classes, {number}{intercept}, \
             {penalty:?}{factors}, {solver:?}",
            problem.classes
        )
    }
}

/// The λ of absolute values and of squares.
fn lambdas(penalty: Penalty) -> (f64, f64) {
    use logit::linear::Strength::Lambda;
    match penalty {
        Penalty::L2(Lambda(lambda)) => (0.0, lambda),
        Penalty::L1(Lambda(lambda)) => (lambda, 0.0),
        Penalty::ElasticNet { strength: Lambda(lambda), l1_ratio } => {
            (lambda * l1_ratio, lambda * (1.0 - l1_ratio))
        }
        _ => (0.0, 0.0),
    }
}
