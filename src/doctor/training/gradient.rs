//! Whether the gradient that a network and a loss compute is the derivative of the loss.

use nalgebra::DMatrix;

use super::starts::fair;
use super::view::View;
use crate::error::Error;
use crate::examples::CheckedExamples;
use crate::layer::groups;
use crate::optim::Objective;
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::{Real, dot, max_abs};
use crate::train::NetworkObjective;

/// The comparison of a gradient with differences of the loss, along random directions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GradientEvidence {
    /// The median relative error over the directions.
    pub(crate) error: f64,
    /// The quotient of the difference and the derivative, if all directions agree on it.
    pub(crate) factor: Option<f64>,
    /// The layers whose gradient is wrong, by their place and description.
    pub(crate) wrong: Vec<(usize, String)>,
    /// Whether two calls at the same parameters return different gradients.
    pub(crate) remembers: bool,
    /// The number of rows.
    pub(crate) rows: usize,
}

/// The number of directions.
const DIRECTIONS: usize = 3;
/// The relative error from which a gradient is wrong.
pub(crate) const WRONG: f64 = 1e-2;

impl GradientEvidence {
    /// Compares the gradient with differences on the rows of `view`, at drawn parameters, for
    /// rows scaled to entries of at most 1. `None` if the loss is not finite there.
    ///
    /// # Errors
    /// Returns the errors of a mismatch between the rows, the network and the loss.
    pub(crate) fn measure<T: Real>(view: &View<'_, T>) -> Result<Option<Self>, Error> {
        let given = view.rows.examples();
        let largest = max_abs(view.x().as_slice());
        let unit = if largest > 1.0 { largest } else { 1.0 };
        let x: DMatrix<T> = view.x() / T::of(unit);
        let found = twice(view, &x, given)?;
        // A product that is transposed only shows where it has the right shape: as many rows as columns.
        let columns = x.ncols();
        if found.as_ref().is_none_or(Self::is_wrong) || columns >= x.nrows() || columns < 2 {
            return Ok(found);
        }
        let rows: Vec<usize> = (0..columns).collect();
        let square = given.select(&rows)?;
        let second = twice(view, &x.rows(0, columns).into_owned(), square.examples())?;
        Ok(match second {
            Some(second) if second.is_wrong() => Some(second),
            _ => found,
        })
    }

    fn is_wrong(&self) -> bool {
        self.error > WRONG || self.remembers
    }
}

/// Compares at other parameters, too, if the gradient is wrong at the first: a wrong one is so nearly
/// everywhere, and a right one may seem wrong at a kink.
fn twice<T: Real>(
    view: &View<'_, T>,
    x: &DMatrix<T>,
    given: CheckedExamples<'_, T>,
) -> Result<Option<GradientEvidence>, Error> {
    let first = at(view, x, given, 6)?;
    if first.as_ref().is_none_or(|first| first.is_wrong() && !first.remembers) {
        let second = at(view, x, given, 7)?;
        return Ok(if second.as_ref().is_some_and(|second| !second.is_wrong()) { second } else { first });
    }
    Ok(first)
}

fn at<T: Real>(
    view: &View<'_, T>,
    x: &DMatrix<T>,
    given: CheckedExamples<'_, T>,
    seed: u64,
) -> Result<Option<GradientEvidence>, Error> {
    let rows = CheckedExamples::new(Rows::from(x), given.targets, given.weights)?;
    let mut objective = NetworkObjective::on_checked(view.network, view.loss, rows, 0.0)?;
    let mut rng = Rng::new(seed);
    let mut params = fair(view.network, seed);
    // Away from kinks and from starts at zero.
    params.iter_mut().for_each(|p| *p += T::of(0.1 * rng.standard_normal()));
    let mut gradient = vec![T::zero(); params.len()];
    let mut again = gradient.clone();
    if !objective.evaluate(&params, &mut gradient).value.is_finite() {
        return Ok(None);
    }
    objective.evaluate(&params, &mut again);
    let remembers = gradient.iter().zip(&again).any(|(a, b)| a.as_f64().to_bits() != b.as_f64().to_bits());
    // The loss is a sum in f64 of scores in `T`; the first step balances rounding and curvature. Smaller ones
    // reach across fewer kinks.
    let steps = [1.0, 0.125, 0.015625].map(|share| share * T::EPSILON.as_f64().cbrt());
    let mut scratch = gradient.clone();
    let mut moved = params.clone();
    let mut pair = |direction: &[T], objective: &mut NetworkObjective<T, _, _>| {
        let analytic = dot(&gradient, direction).as_f64();
        let numeric = steps.map(|step| {
            let mut value = |sign: f64| {
                for ((moved, &p), &d) in moved.iter_mut().zip(&params).zip(direction) {
                    *moved = p + T::of(sign * step) * d;
                }
                objective.evaluate(&moved, &mut scratch).value
            };
            (value(1.0) - value(-1.0)) / (2.0 * step)
        });
        let near = |a: &f64, b: &f64| (a - analytic).abs().total_cmp(&(b - analytic).abs());
        (numeric.into_iter().min_by(near).unwrap_or(f64::NAN), analytic)
    };
    let size = (dot(&gradient, &gradient).as_f64() / params.len().max(1) as f64).sqrt();
    let mut pairs = Vec::new();
    for _ in 0..DIRECTIONS {
        let direction: Vec<T> = params.iter().map(|_| T::of(rng.standard_normal())).collect();
        pairs.push(pair(&direction, &mut objective));
    }
    let relative = |&(numeric, analytic): &(f64, f64)| {
        (numeric - analytic).abs() / numeric.abs().max(analytic.abs()).max(size).max(1e-300)
    };
    let mut errors: Vec<f64> = pairs.iter().map(relative).collect();
    errors.sort_by(f64::total_cmp);
    let error = errors[DIRECTIONS / 2];
    let mut found = GradientEvidence { error, factor: None, wrong: Vec::new(), remembers, rows: x.nrows() };
    if error > WRONG {
        let factors: Vec<f64> = pairs.iter().map(|(numeric, analytic)| numeric / analytic).collect();
        let first = factors[0];
        let alike = factors.iter().all(|factor| (factor / first - 1.0).abs() < 0.02);
        found.factor = Some(first).filter(|first| alike && first.is_finite());
        for (place, group) in groups(&view.network).into_iter().enumerate() {
            let mut direction = vec![T::zero(); params.len()];
            for entry in &mut direction[group.range.clone()] {
                *entry = T::of(rng.standard_normal());
            }
            if relative(&pair(&direction, &mut objective)) > WRONG {
                found.wrong.push((place, group.layer.describe()));
            }
        }
    }
    Ok(Some(found))
}
