//! What a loss expects: which scores, and which labels.

use nalgebra::DMatrix;

use super::classes::Classes;
use super::outputs::OutputEvidence;
use crate::examples::OwnedTargets;
use crate::loss::{Gradient, Loss};
use crate::optim::{Evaluation, Lbfgs, Objective};
use crate::rng::Rng;
use crate::scalar::Real;

/// The scores that a loss expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expects {
    /// Scores of any size: the loss still falls beyond 1.
    Logits,
    /// Probabilities: beyond 0 and 1 the loss does not fall, or is not a loss any more.
    Probabilities,
    /// The loss is smallest for scores from 0 to 1, and defined for all others.
    Either,
}

/// What is known about a loss on the targets of some rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LossEvidence {
    /// The mean loss of the best constant scores.
    pub(crate) constant: f64,
    /// The smallest mean loss, if every row had its best scores.
    pub(crate) floor: f64,
    /// The smallest mean loss of scores from 0 to 1.
    pub(crate) floor_in_unit: f64,
    /// The smallest mean loss of scores from -1 to 1.
    pub(crate) floor_in_symmetric: f64,
    /// The mean loss if all scores are 1.
    pub(crate) at_one: f64,
    /// The smallest loss of each class; NaN for classes without rows.
    pub(crate) lowest: Vec<f64>,
    /// The classes whose loss does not depend on the scores, with that loss.
    pub(crate) flat: Vec<(usize, f64)>,
    /// The classes whose best scores are those of another class.
    pub(crate) swapped: Vec<usize>,
    pub(crate) expects: Expects,
    /// Whether the gradient is the derivative of the loss, for scores between 0 and 1.
    pub(crate) consistent: bool,
}

impl LossEvidence {
    /// Returns the share of the loss of the best constant that is removed at `loss`.
    pub(crate) fn skill(&self, loss: f64) -> f64 {
        let span = self.constant - self.floor;
        if span > 1e-9 * self.constant.abs().max(f64::MIN_POSITIVE) {
            (self.constant - loss) / span
        } else {
            0.0
        }
    }

    /// Tries the loss on the targets of each class.
    ///
    /// `outputs` says which scores the network can emit.
    pub(crate) fn measure<T: Real>(
        loss: &dyn Loss<T>,
        classes: &Classes<T>,
        outputs: &OutputEvidence,
    ) -> Self {
        let columns = outputs.columns;
        let tries: Vec<(usize, Trial<'_, T>)> = (0..classes.targets.len())
            .filter_map(|class| {
                Some((class, Trial { loss, target: classes.targets[class].as_ref()?, columns }))
            })
            .collect();
        let share = |class: usize| classes.shares[class];
        let mut lowest = vec![f64::NAN; classes.targets.len()];
        let (mut unit, mut symmetric, mut floor) = (0.0, 0.0, 0.0);
        let mut best_scores = Vec::new();
        for (class, one) in &tries {
            let inside = one.lowest_in(0.0);
            let around = one.lowest_in(-1.0);
            let (free, scores) = one.lowest();
            unit += share(*class) * inside;
            symmetric += share(*class) * around;
            let reachable = match (outputs.within_unit, outputs.within_symmetric) {
                (true, _) => inside,
                (false, true) => around,
                _ => free,
            };
            lowest[*class] = reachable;
            floor += share(*class) * free.max(if free.is_finite() { f64::NEG_INFINITY } else { inside });
            best_scores.push(scores);
        }
        let mut constant = constant(&tries, classes);
        let flat = tries.iter().filter_map(|(class, one)| Some((*class, one.flat()?))).collect();
        let expects = expects(&tries, unit, floor, constant);
        if expects == Expects::Probabilities {
            floor = unit;
            constant = same(&tries, classes);
        }
        let swapped = match classes.targets.len() == columns.max(2) {
            true => swapped(loss, &tries, &best_scores, columns),
            false => Vec::new(),
        };
        LossEvidence {
            constant,
            floor,
            floor_in_unit: unit,
            floor_in_symmetric: symmetric,
            at_one: tries.iter().map(|(class, one)| share(*class) * one.at(&vec![T::one(); columns]).0).sum(),
            lowest,
            flat,
            swapped,
            expects,
            consistent: tries.iter().all(|(_, one)| one.is_consistent()),
        }
    }
}

/// The loss of a single row as a function of its scores.
struct Trial<'a, T: Real> {
    loss: &'a dyn Loss<T>,
    target: &'a OwnedTargets<T>,
    columns: usize,
}

impl<T: Real> Trial<'_, T> {
    /// Returns the loss at some scores, and its gradient.
    fn at(&self, scores: &[T]) -> (f64, Vec<T>) {
        let scores = DMatrix::from_row_slice(1, self.columns, scores);
        let mut out = DMatrix::zeros(1, self.columns);
        let gradient = Gradient { scale: T::one(), out: &mut out };
        let value = self.loss.accumulate(&scores, self.target.borrowed(), None, Some(gradient));
        (value, out.as_slice().to_vec())
    }

    /// Returns the smallest loss of scores of any size, and the scores. A loss that falls without end is
    /// -∞.
    fn lowest(&self) -> (f64, Vec<T>) {
        let mut best = (f64::INFINITY, vec![T::zero(); self.columns]);
        for start in [0.0, 0.5] {
            let start = vec![T::of(start); self.columns];
            let run = Lbfgs::new().max_iterations(60).tolerance(1e-9).minimize(&mut Alone(self), start);
            let Ok(found) = run else { continue };
            if found.report.objective < best.0 {
                best = (found.report.objective, found.params);
            }
        }
        for column in 0..self.columns {
            for far in [-1e4, 1e4] {
                let mut scores = best.1.clone();
                scores[column] = T::of(far);
                if self.at(&scores).0 < -1e3 {
                    return (f64::NEG_INFINITY, scores);
                }
            }
        }
        best
    }

    /// Returns the smallest loss of scores from `low` to 1: at the corners with one or all or no entries of
    /// 1, and between them.
    fn lowest_in(&self, low: f64) -> f64 {
        let one = |column: Option<usize>, high: f64| {
            let entry = |k: usize| T::of(if column.is_none_or(|column| column == k) { high } else { low });
            (0..self.columns).map(entry).collect::<Vec<T>>()
        };
        let steps = (0..=20).map(|step| low + (1.0 - low) * f64::from(step) / 20.0);
        let lines = steps.flat_map(|high| {
            let columns = (0..self.columns).map(Some).chain([None]);
            columns.map(move |column| (column, high)).collect::<Vec<_>>()
        });
        let values = lines.map(|(column, high)| self.at(&one(column, high)).0);
        values.filter(|value| value.is_finite()).fold(f64::INFINITY, f64::min)
    }

    /// Returns the loss if it does not depend on the scores.
    fn flat(&self) -> Option<f64> {
        let mut rng = Rng::new(1);
        let mut values = Vec::new();
        for (low, high) in [(-2.0, 2.0), (-2.0, 2.0), (0.05, 0.95), (0.05, 0.95)] {
            let scores: Vec<T> = (0..self.columns).map(|_| T::of(rng.uniform(low, high))).collect();
            let (value, gradient) = self.at(&scores);
            if gradient.iter().any(|&g| g != T::zero()) {
                return None;
            }
            values.push(value);
        }
        values.windows(2).all(|pair| pair[0] == pair[1]).then(|| values[0])
    }

    /// Returns whether the gradient is the derivative at most of a few points between 0 and 1.
    fn is_consistent(&self) -> bool {
        let mut rng = Rng::new(2);
        let step = T::EPSILON.as_f64().cbrt();
        let right = (0..5).filter(|_| {
            let scores: Vec<T> = (0..self.columns).map(|_| T::of(rng.uniform(0.1, 0.9))).collect();
            let gradient = self.at(&scores).1;
            (0..self.columns).all(|column| {
                let moved = |by: f64| {
                    let mut moved = scores.clone();
                    moved[column] += T::of(by);
                    self.at(&moved).0
                };
                let numeric = (moved(step) - moved(-step)) / (2.0 * step);
                let analytic = gradient[column].as_f64();
                (numeric - analytic).abs() <= 1e-2 * numeric.abs().max(analytic.abs()).max(1e-3)
            })
        });
        right.count() >= 3
    }

    /// Returns whether the loss stops being one outside of 0 to 1: it has no gradient there, is NaN, or falls
    /// below 0.
    fn ends_at_probabilities(&self, floor: f64) -> bool {
        let outside = [-3.0, -0.5, 1.5, 4.0].map(|score| self.at(&vec![T::of(score); self.columns]));
        let still = outside.iter().all(|(value, gradient)| {
            !value.is_finite() || gradient.iter().all(|&g| g == T::zero() || !g.is_finite())
        });
        let inside = self.at(&vec![T::of(0.4); self.columns]).1;
        let moves = inside.iter().any(|&g| g != T::zero());
        let (lowest, _) = self.lowest();
        moves && (still || floor > -1e-9 && lowest < -1e-3)
    }
}

/// The loss of a single row as an objective of its scores.
struct Alone<'a, 'b, T: Real>(&'a Trial<'b, T>);

impl<T: Real> Objective<T> for Alone<'_, '_, T> {
    fn parameter_count(&self) -> usize {
        self.0.columns
    }
    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation {
        let (value, found) = self.0.at(params);
        gradient.copy_from_slice(&found);
        Evaluation::of(value, gradient)
    }
}

/// The mean loss of the same scores for all rows.
struct Same<'a, 'b, T: Real> {
    tries: &'a [(usize, Trial<'b, T>)],
    shares: &'a [f64],
}

impl<T: Real> Objective<T> for Same<'_, '_, T> {
    fn parameter_count(&self) -> usize {
        self.tries.first().map_or(0, |(_, one)| one.columns)
    }
    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation {
        gradient.fill(T::zero());
        let mut sum = 0.0;
        for (class, one) in self.tries {
            let (value, found) = one.at(params);
            sum += self.shares[*class] * value;
            let share = T::of(self.shares[*class]);
            gradient.iter_mut().zip(found).for_each(|(total, g)| *total += share * g);
        }
        Evaluation::of(sum, gradient)
    }
}

/// Returns the scores that equal the shares of the classes.
fn shares<T: Real>(columns: usize, classes: &Classes<T>) -> Vec<T> {
    let share = |class: usize| T::of(classes.shares.get(class).copied().unwrap_or(0.0));
    if columns == 1 { vec![share(1)] } else { (0..columns).map(share).collect() }
}

/// Returns the mean loss of the shares of the classes as probabilities.
fn same<T: Real>(tries: &[(usize, Trial<'_, T>)], classes: &Classes<T>) -> f64 {
    let columns = tries.first().map_or(0, |(_, one)| one.columns);
    let scores = shares(columns, classes);
    tries.iter().map(|(class, one)| classes.shares[*class] * one.at(&scores).0).sum()
}

/// Returns the mean loss of the best constant scores.
fn constant<T: Real>(tries: &[(usize, Trial<'_, T>)], classes: &Classes<T>) -> f64 {
    let mut same = Same { tries, shares: &classes.shares };
    let columns = same.parameter_count();
    let zero = vec![T::zero(); columns];
    let mut lowest = f64::INFINITY;
    for start in [zero, shares(columns, classes)] {
        let run = Lbfgs::new().max_iterations(100).tolerance(1e-9).minimize(&mut same, start);
        lowest = lowest.min(run.map_or(f64::INFINITY, |found| found.report.objective));
    }
    lowest
}

fn expects<T: Real>(tries: &[(usize, Trial<'_, T>)], unit: f64, floor: f64, constant: f64) -> Expects {
    if tries.iter().any(|(_, one)| one.flat().is_none() && one.ends_at_probabilities(unit)) {
        return Expects::Probabilities;
    }
    if unit - floor > 0.05 * (constant - floor).abs() { Expects::Logits } else { Expects::Either }
}

/// Returns the classes whose best scores have the largest probability of another class.
fn swapped<T: Real>(
    loss: &dyn Loss<T>,
    tries: &[(usize, Trial<'_, T>)],
    best: &[Vec<T>],
    columns: usize,
) -> Vec<usize> {
    let predicted = |scores: &Vec<T>| {
        let scores = DMatrix::from_row_slice(1, columns, scores);
        let mut p = DMatrix::zeros(1, columns.max(2));
        loss.probabilities(&scores, &mut p);
        (1..p.ncols()).fold(0, |best, k| if p[k] > p[best] { k } else { best })
    };
    tries
        .iter()
        .zip(best)
        .filter(|((class, _), scores)| predicted(scores) != *class)
        .map(|(one, _)| one.0)
        .collect()
}
