//! Units, origins, repeated rows and the size of weights decide nothing: not the verdict of a fit, and not
//! the model.

use logit::prelude::*;
use logit::{FitOptions, FittedLogistic, LogisticRegression, Penalty, Real, Solver, StopReason};
use nalgebra::DMatrix;

use super::kit::{SMOOTH, penalty};
use super::truth::scaled;
use crate::common::{normal, overlapping};

/// What fails, to be shown at once.
#[derive(Default)]
struct Failures(Vec<String>);

impl Failures {
    fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }
}

impl Drop for Failures {
    fn drop(&mut self) {
        const SHOWN: usize = 12;
        if !self.0.is_empty() && !std::thread::panicking() {
            let shown = self.0.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n");
            panic!("{} failures:\n{shown}", self.0.len());
        }
    }
}

/// What differs between `f64` and `f32`.
trait Number: Real {
    const NAME: &'static str;
    /// The largest power of two of a unit.
    const UNIT: i32;
    /// The steps of the grid of the data, and the largest constant that leaves the data on it.
    const STEP: f64;
    const FAR: f64;
    const TOLERANCE: f64;
    /// How close models have to be, relative to their largest coefficient.
    const CLOSE: f64;
    /// The largest power of ten of weights.
    const WEIGHT: i32;
}

impl Number for f64 {
    const NAME: &'static str = "f64";
    const UNIT: i32 = 900;
    const STEP: f64 = 1.0 / 1024.0;
    const FAR: f64 = 1e9;
    const TOLERANCE: f64 = 1e-11;
    const CLOSE: f64 = 1e-9;
    const WEIGHT: i32 = 200;
}

impl Number for f32 {
    const NAME: &'static str = "f32";
    const UNIT: i32 = 90;
    const STEP: f64 = 1.0 / 64.0;
    const FAR: f64 = 8192.0;
    const TOLERANCE: f64 = 1e-6;
    const CLOSE: f64 = 1e-3;
    const WEIGHT: i32 = 30;
}

/// What the data is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Overlapping,
    NearlyCollinear,
    Separable,
}

const KINDS: [Kind; 3] = [Kind::Overlapping, Kind::NearlyCollinear, Kind::Separable];

/// Rows on a grid, so that shifts are exact.
#[derive(Clone)]
struct Data<T: Number> {
    kind: Kind,
    classes: usize,
    x: DMatrix<T>,
    y: Vec<usize>,
    weights: Option<Vec<T>>,
}

impl<T: Number> Data<T> {
    fn new(kind: Kind, classes: usize) -> Self {
        const SEED: u64 = 131;
        let (mut x, mut y) = overlapping(90, 3, classes, SEED);
        if kind == Kind::NearlyCollinear {
            // Some steps of the grid apart.
            let noise = normal(90, 1, SEED + 2);
            let near = x.column(0) + noise.column(0) * (8.0 * T::STEP);
            x.set_column(2, &near);
        }
        if kind == Kind::Separable {
            y = (0..90).map(|row| row % classes).collect();
            y.iter().enumerate().for_each(|(row, &class)| x[(row, 0)] += 12.0 * class as f64);
        }
        let x = x.map(|x| T::of((x / T::STEP).round() * T::STEP));
        Data { kind, classes, x, y, weights: None }
    }

    /// The data with column j multiplied by 2^`exponents[j]`.
    fn in_units(&self, exponents: &[i32]) -> Self {
        let unit = |i: usize, j: usize| T::of(scaled(self.x[(i, j)].as_f64(), exponents[j]));
        Data { x: DMatrix::from_fn(self.x.nrows(), self.x.ncols(), unit), ..self.clone() }
    }

    /// Fits, with factors for the penalties of the columns.
    fn fit(&self, way: &Way, intercept: bool, factors: Option<Vec<f64>>) -> FittedLogistic<T, usize> {
        let mut model = LogisticRegression::new(way.penalty())
            .solver(way.solver)
            .intercept(intercept)
            .tolerance(<T as Number>::TOLERANCE);
        if let Some(factors) = factors {
            model = model.penalty_factors(factors);
        }
        let mut options = FitOptions::new();
        options.weights = self.weights.as_deref();
        model.fit_with(&self.x, &self.y, options).unwrap_or_else(|error| panic!("{way:?}: {error}"))
    }

    fn describe(&self, way: &Way, intercept: bool) -> String {
        let Data { kind, classes, .. } = self;
        let intercept = if intercept { "" } else { ", no intercept" };
        format!("{way:?}, {kind:?}, {classes} classes, {}{intercept}", T::NAME)
    }
}

/// A penalty with a solver that takes it.
#[derive(Debug, Clone, Copy)]
struct Way {
    l1: f64,
    l2: f64,
    jeffreys: bool,
    solver: Solver,
}

impl Way {
    fn penalty(&self) -> Penalty {
        if self.jeffreys { Penalty::Jeffreys } else { penalty(self.l1, self.l2) }
    }

    fn is_free(&self) -> bool {
        self.l1 == 0.0 && self.l2 == 0.0 && !self.jeffreys
    }

    /// All penalties with all solvers that apply to the data.
    fn all(kind: Kind) -> Vec<Way> {
        let smooth = |l2: f64| SMOOTH.map(|solver| Way { l1: 0.0, l2, jeffreys: false, solver });
        let absolute = |l1: f64, l2: f64| Way { l1, l2, jeffreys: false, solver: Solver::ProximalNewton };
        let mut ways = smooth(0.0).to_vec();
        if kind != Kind::Separable {
            ways.extend(smooth(0.03));
            ways.extend([absolute(0.02, 0.0), absolute(0.01, 0.01)]);
        }
        if kind == Kind::Overlapping {
            ways.push(Way { l1: 0.0, l2: 0.0, jeffreys: true, solver: Solver::Newton });
        }
        ways
    }
}

/// Compares the verdict, and without separation the coefficients of columns in units of 2^`exponents[j]`.
fn compare<T: Number>(
    failures: &mut Failures,
    found: &FittedLogistic<T, usize>,
    wanted: &FittedLogistic<T, usize>,
    exponents: &[i32],
    close: f64,
    what: impl Fn() -> String,
) {
    let (stop, wanted_stop) = (found.report().stop, wanted.report().stop);
    failures.check(stop == wanted_stop, || {
        format!("{}: {} INSTEAD OF {}", what(), found.report(), wanted.report())
    });
    if stop != wanted_stop || stop == StopReason::Separated {
        return;
    }
    let largest = wanted.coefficients().iter().map(|w| w.as_f64().abs()).fold(1e-3, f64::max);
    let mut apart = 0.0f64;
    for (j, k) in (0..exponents.len()).flat_map(|j| (0..wanted.intercept().len()).map(move |k| (j, k))) {
        let plain = scaled(found.coefficients()[(j, k)].as_f64(), exponents[j]);
        let difference = (plain - wanted.coefficients()[(j, k)].as_f64()).abs() / largest;
        apart = if difference.is_nan() { f64::INFINITY } else { apart.max(difference) };
    }
    failures.check(apart <= close, || format!("{}: coefficients {apart:e} apart", what()));
}

/// A few sets of units; `share` of the largest exponent.
fn units(largest: i32) -> [[i32; 3]; 6] {
    [
        [largest, largest, largest],
        [-largest, -largest, -largest],
        [largest, -largest, 0],
        [-largest / 3, largest / 7, -3],
        [-30, -30, -30],
        [0, 40, 0],
    ]
}

fn units_change_nothing<T: Number>() {
    let mut failures = Failures::default();
    for (kind, classes) in KINDS.into_iter().flat_map(|kind| [(kind, 2), (kind, 3)]) {
        let data = Data::<T>::new(kind, classes);
        for (way, intercept) in Way::all(kind).into_iter().flat_map(|way| [(way, true), (way, false)]) {
            if way.l1 > 0.0 && way.l2 > 0.0 {
                // Its two parts have different units.
                continue;
            }
            let wanted = data.fit(&way, intercept, None);
            failures
                .check(matches!(wanted.report().stop, StopReason::Converged | StopReason::Separated), || {
                    format!("{}: {}", data.describe(&way, intercept), wanted.report())
                });
            // Factors of squares have the square of the unit.
            let power = if way.l2 > 0.0 { 2 } else { 1 };
            for exponents in units(T::UNIT / power) {
                let factors = exponents.map(|e| scaled(1.0, power * e)).to_vec();
                let factors = (way.l1 > 0.0 || way.l2 > 0.0).then_some(factors);
                let found = data.in_units(&exponents).fit(&way, intercept, factors);
                let exact = way.is_free() && way.solver == Solver::Newton && T::UNIT == f64::UNIT;
                let close = if exact { 0.0 } else { T::CLOSE };
                compare(&mut failures, &found, &wanted, &exponents, close, || {
                    format!("{}, units 2^{exponents:?}", data.describe(&way, intercept))
                });
            }
        }
    }
}

#[test]
fn units_change_no_verdict_and_only_the_units_of_coefficients() {
    units_change_nothing::<f64>();
}

#[test]
fn units_change_nothing_in_single_precision() {
    units_change_nothing::<f32>();
}

fn origins_change_nothing<T: Number>() {
    let mut failures = Failures::default();
    for (kind, classes) in KINDS.into_iter().flat_map(|kind| [(kind, 2), (kind, 3)]) {
        let data = Data::<T>::new(kind, classes);
        for way in Way::all(kind) {
            let wanted = data.fit(&way, true, None);
            // Scores that differ by the same amount for all classes are the same.
            let scores_of = |model: &FittedLogistic<T, usize>, x: &DMatrix<T>| {
                let mut scores = model.decision_function(x).expect("finite scores").map(Real::as_f64);
                if scores.ncols() > 1 {
                    scores.row_iter_mut().for_each(|mut row| row.add_scalar_mut(-row.mean()));
                }
                scores
            };
            let scores = scores_of(&wanted, &data.x);
            let far = T::FAR.round();
            for shift in [[64.0; 3], [far; 3], [-far, 0.0, far], [0.0, 1024.0, 0.0]] {
                let mut moved = data.clone();
                for (j, shift) in shift.into_iter().enumerate() {
                    moved.x.column_mut(j).add_scalar_mut(T::of(shift));
                }
                let what = || format!("{}, shift {shift:?}", data.describe(&way, true));
                let found = moved.fit(&way, true, None);
                compare(&mut failures, &found, &wanted, &[0; 3], T::CLOSE, what);
                if wanted.report().converged() {
                    let found = scores_of(&found, &moved.x);
                    let apart = (found - &scores).amax() / scores.amax().max(1.0);
                    failures.check(apart <= T::CLOSE, || format!("{}: scores {apart:e} apart", what()));
                }
            }
        }
    }
}

#[test]
fn constants_that_are_added_to_columns_change_only_intercepts() {
    origins_change_nothing::<f64>();
}

#[test]
fn constants_change_only_intercepts_in_single_precision() {
    origins_change_nothing::<f32>();
}

fn repeats_and_weights_change_nothing<T: Number>() {
    let mut failures = Failures::default();
    for (kind, classes) in KINDS.into_iter().flat_map(|kind| [(kind, 2), (kind, 3)]) {
        let data = Data::<T>::new(kind, classes);
        let rows = data.y.len();
        let uneven = |row: usize| T::of([1.0, 2.0, 0.5][row % 3]);
        let weighted = Data { weights: Some((0..rows).map(uneven).collect()), ..data.clone() };
        // Jeffreys' penalty is weaker for more rows.
        let ways = Way::all(kind).into_iter().filter(|way| !way.jeffreys);
        for (way, intercept) in ways.flat_map(|way| [(way, true), (way, false)]) {
            let wanted = data.fit(&way, intercept, None);
            for times in [2, 3, 7] {
                let order: Vec<usize> = (0..times * rows).map(|row| row % rows).collect();
                let repeated = Data {
                    x: data.x.select_rows(&order),
                    y: crate::common::pick(&data.y, &order),
                    ..data.clone()
                };
                let weights = Some(vec![T::of(times as f64); rows]);
                let as_weights = Data { weights, ..data.clone() };
                for (how, data) in [("rows", repeated), ("weights", as_weights)] {
                    let found = data.fit(&way, intercept, None);
                    compare(&mut failures, &found, &wanted, &[0; 3], T::CLOSE, || {
                        format!("{}, {times} times as {how}", data.describe(&way, intercept))
                    });
                }
            }
            let wanted = weighted.fit(&way, intercept, None);
            for power in [1, -1, T::WEIGHT / 2, -T::WEIGHT / 2, T::WEIGHT, -T::WEIGHT] {
                let factor = T::of(10f64.powi(power));
                let weights = weighted.weights.iter().flatten().map(|&w| w * factor).collect();
                let found = Data { weights: Some(weights), ..data.clone() }.fit(&way, intercept, None);
                compare(&mut failures, &found, &wanted, &[0; 3], T::CLOSE, || {
                    format!("{}, weights times 1e{power}", data.describe(&way, intercept))
                });
            }
        }
    }
}

#[test]
fn repeated_rows_and_scaled_weights_change_nothing() {
    repeats_and_weights_change_nothing::<f64>();
}

#[test]
fn repeats_and_weights_change_nothing_in_single_precision() {
    repeats_and_weights_change_nothing::<f32>();
}
