//! Causes that affect the entries of a single tensor: a factor, a gradient of zero, a transpose.

use super::difference::Derivative;
use super::layout::{Layout, Part};
use super::ledger::Comparison;
use super::{Cause, GradCheck};
use crate::rng::Rng;

/// The relative difference up to which two measured numbers count as equal.
pub(super) const SAME: f64 = 1e-5;

pub(super) fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME * a.abs().max(b.abs())
}

/// A function that returns the value at parameters and writes the gradient to be checked.
pub(super) type Claim<'a> = dyn FnMut(&[f64], &mut [f64]) -> f64 + 'a;

/// Parameters, and the gradient to be checked at these parameters.
pub(super) struct Point {
    pub(super) params: Vec<f64>,
    pub(super) gradient: Vec<f64>,
}

/// The number of other points at which a pattern must hold, and the number of attempts to find them.
const POINTS: usize = 2;
const ATTEMPTS: usize = 8;

/// The number of entries of a tensor that are compared at another point.
const PROBES: usize = 8;

/// A wrong gradient whose causes are searched for.
pub(super) struct Suspect<'a> {
    pub(super) check: &'a GradCheck,
    pub(super) layout: &'a Layout,
    pub(super) point: Point,
    /// Other points, at which the value and the gradient are finite.
    pub(super) others: Vec<Point>,
    pub(super) comparisons: &'a [Comparison],
    pub(super) rows: Option<usize>,
}

impl<'a> Suspect<'a> {
    pub(super) fn new(
        check: &'a GradCheck,
        layout: &'a Layout,
        point: Point,
        comparisons: &'a [Comparison],
        rows: Option<usize>,
        claim: &mut Claim<'_>,
    ) -> Self {
        let mut rng = Rng::new(check.seed);
        let mut others = Vec::new();
        for attempt in 0..ATTEMPTS {
            // Nearer points are more likely to be in the domain of the function.
            let reach = 0.5 / f64::from(1 << attempt);
            let moved = |p: &f64| p + reach * p.abs().max(1.0) * rng.uniform(-1.0, 1.0);
            let params: Vec<f64> = point.params.iter().map(moved).collect();
            let mut gradient = vec![f64::NAN; params.len()];
            let value = claim(&params, &mut gradient);
            if value.is_finite() && gradient.iter().all(|g| g.is_finite()) {
                others.push(Point { params, gradient });
            }
            if others.len() == POINTS {
                break;
            }
        }
        Suspect { check, layout, point, others, comparisons, rows }
    }

    /// Returns the indices of the tensors with a wrong entry.
    pub(super) fn wrong_parts(&self) -> Vec<usize> {
        let wrong = |part: &Part| {
            self.comparisons.iter().any(|entry| entry.wrong && part.range.contains(&entry.index))
        };
        (0..self.layout.parts.len()).filter(|&number| wrong(&self.layout.parts[number])).collect()
    }

    /// Returns the causes found, each with the index of its tensor.
    pub(super) fn causes(&self, claim: &mut Claim<'_>) -> Vec<(usize, Cause)> {
        if self.others.is_empty() {
            return Vec::new();
        }
        let cause = |number| {
            let part = &self.layout.parts[number];
            let cause = self.zero(part).or_else(|| self.factor(part, claim));
            Some((number, cause.or_else(|| self.transposed(part, claim))?))
        };
        self.wrong_parts().into_iter().filter_map(cause).collect()
    }

    fn compared(&self, part: &Part) -> Vec<Comparison> {
        self.comparisons.iter().filter(|entry| part.range.contains(&entry.index)).copied().collect()
    }

    fn zero(&self, part: &Part) -> Option<Cause> {
        let zero = |point: &Point| point.gradient[part.range.clone()].iter().all(|g| *g == 0.0);
        if !zero(&self.point) || !self.others.iter().all(zero) {
            return None;
        }
        let derivative = strongest(&self.compared(part))?.numeric;
        Some(Cause::Zero { tensor: part.label(), derivative })
    }

    fn factor(&self, part: &Part, claim: &mut Claim<'_>) -> Option<Cause> {
        let factor = self.constant_ratio(part, |index| index, claim)?;
        let changed = factor != 0.0 && !same(factor, 1.0);
        changed.then(|| Cause::Factor { tensors: vec![part.label()], factor, rows: self.rows })
    }

    fn transposed(&self, part: &Part, claim: &mut Claim<'_>) -> Option<Cause> {
        if part.rows < 2 || part.columns < 2 {
            return None;
        }
        // The order row by row; for a square tensor this is the entry across the diagonal.
        let partner = |index| {
            let (row, column) = part.position(index);
            part.range.start + row * part.columns + column
        };
        let factor = self.constant_ratio(part, partner, claim).filter(|&factor| factor != 0.0)?;
        let (rows, columns) = (part.rows, part.columns);
        Some(Cause::Transposed { tensor: part.label(), rows, columns, factor })
    }

    /// Returns the gradient at the partner of each entry divided by the right gradient at the entry, if the
    /// quotient is the same for all entries and at all points.
    fn constant_ratio(
        &self,
        part: &Part,
        partner: impl Fn(usize) -> usize,
        claim: &mut Claim<'_>,
    ) -> Option<f64> {
        let compared = self.compared(part);
        let strongest = strongest(&compared).filter(|entry| self.informative(entry.numeric))?;
        let ratio = self.point.gradient[partner(strongest.index)] / strongest.numeric;
        let fits = |point: &Point, index: usize, numeric: f64| {
            let (found, wanted) = (point.gradient[partner(index)], ratio * numeric);
            let noise = 100.0 * self.check.absolute * (1.0 + ratio.abs());
            (found - wanted).abs() <= SAME * found.abs().max(wanted.abs()) + noise
        };
        if !compared.iter().all(|entry| fits(&self.point, entry.index, entry.numeric)) {
            return None;
        }
        let stride = compared.len().div_ceil(PROBES);
        let holds_again = self.others.iter().all(|other| {
            let mut informative = false;
            let fit = compared.iter().step_by(stride).all(|entry| {
                match derivative_at(self.check, &other.params, entry.index, claim) {
                    Derivative::Smooth(numeric) => {
                        informative |= self.informative(numeric);
                        fits(other, entry.index, numeric)
                    }
                    Derivative::Kink => true,
                }
            });
            fit && informative
        });
        holds_again.then_some(ratio)
    }

    /// Returns whether a derivative is well above the noise of differences.
    pub(super) fn informative(&self, derivative: f64) -> bool {
        derivative.abs() > 1e3 * self.check.absolute
    }
}

/// Returns the causes without the indices of tensors. A factor that several tensors share becomes one cause.
pub(super) fn merged(causes: Vec<(usize, Cause)>) -> Vec<Cause> {
    let mut merged: Vec<Cause> = Vec::new();
    for (_, cause) in causes {
        if let Cause::Factor { tensors: new, factor: shared, .. } = &cause {
            let like = merged.iter_mut().find_map(|other| match other {
                Cause::Factor { tensors, factor, .. } if same(*factor, *shared) => Some(tensors),
                _ => None,
            });
            if let Some(tensors) = like {
                tensors.extend_from_slice(new);
                continue;
            }
        }
        if !merged.contains(&cause) {
            merged.push(cause);
        }
    }
    merged
}

fn strongest(compared: &[Comparison]) -> Option<Comparison> {
    compared.iter().copied().max_by(|a, b| a.numeric.abs().total_cmp(&b.numeric.abs()))
}

/// Returns the derivative of the value in one parameter.
pub(super) fn derivative_at(
    check: &GradCheck,
    params: &[f64],
    index: usize,
    claim: &mut Claim<'_>,
) -> Derivative {
    let (mut moved, mut scratch) = (params.to_vec(), vec![0.0; params.len()]);
    check.numeric(params[index], |p| {
        moved[index] = p;
        claim(&moved, &mut scratch)
    })
}
