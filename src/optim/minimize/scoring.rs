//! Newton's method with an approximate Hessian.

use nalgebra::DMatrix;

use super::condition::condition;
use super::descent::{Limits, Method, descend};
use super::lbfgs::History;
use super::line_search::Point;
use super::newton::divide;
use super::{Curved, Minimum};
use crate::real::Real;
use crate::report::Observer;

/// Steps remembered.
const MEMORY: usize = 20;

/// Minimises an objective whose Hessian is positive definite but not exact, such as the information in place of the
/// second derivative of a penalised likelihood.
///
/// # Method
/// Scoring alone converges linearly, slowly where the approximation is poor. Here the L-BFGS recursion corrects it by the
/// changes of the gradient that were seen: the matrix at each point takes the place of the recursion's multiple of
/// the identity.
pub(crate) fn minimize_scored<T: Real, O: Curved<T> + ?Sized>(
    objective: &mut O,
    start: Vec<T>,
    tolerance: f64,
    max_iterations: usize,
    observer: &mut Observer<'_>,
) -> Minimum<T> {
    let limits = Limits { tolerance, max_iterations };
    let size = start.len();
    let scoring = Scoring { history: History::new(MEMORY), hessian: DMatrix::zeros(size, size), used: false };
    descend(objective, start, limits, observer, scoring)
}

struct Scoring<T> {
    history: History<T>,
    hessian: DMatrix<T>,
    /// Whether the matrix was formed at all.
    used: bool,
}

impl<T: Real, O: Curved<T> + ?Sized> Method<T, O> for Scoring<T> {
    fn direction(&mut self, objective: &mut O, point: &Point<T>, direction: &mut [T]) -> f64 {
        let Self { history, hessian, used } = self;
        objective.hessian(&point.params, hessian);
        *used = true;
        history.correct(&point.gradient, direction, |_, direction| divide(hessian, direction));
        1.0
    }

    fn learn(&mut self, from: &Point<T>, to: &Point<T>) {
        self.history.remember(from, to);
    }

    fn forget(&mut self) -> bool {
        self.history.clear()
    }

    fn condition(&self) -> Option<f64> {
        self.used.then(|| condition(&self.hessian))
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::optim::Objective;

    /// ½ Σ c_i x_i² - x_i, with a Hessian that is off by a factor which differs from entry to entry.
    struct Crude;
    const CURVATURES: [f64; 4] = [1.0, 20.0, 300.0, 4000.0];

    impl Objective<f64> for Crude {
        fn parameter_count(&self) -> usize {
            4
        }
        fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
            let terms = x.iter().zip(gradient).zip(CURVATURES);
            terms.map(|((x, g), c)| (*g = c * x - 1.0, 0.5 * c * x * x - x).1).sum()
        }
    }
    impl Curved<f64> for Crude {
        fn hessian(&mut self, _x: &[f64], hessian: &mut DMatrix<f64>) {
            hessian.fill(0.0);
            (0..4).for_each(|i| hessian[(i, i)] = CURVATURES[i] * [1.0, 0.6, 1.8, 3.0][i]);
        }
    }

    /// Scoring alone shrinks the error by two thirds at best in each iteration: 1e-12 would take some 60.
    #[test]
    fn what_was_seen_corrects_a_crude_hessian() {
        let minimum =
            minimize_scored(&mut Crude, vec![5.0; 4], 1e-12, 100, &mut |_| ControlFlow::Continue(()));
        assert!(minimum.report.converged() && minimum.report.iterations <= 15, "{}", minimum.report);
        for (x, c) in minimum.params.iter().zip(CURVATURES) {
            approx::assert_relative_eq!(*x, 1.0 / c, max_relative = 1e-11);
        }
    }
}
