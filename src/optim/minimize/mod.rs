//! Minimisers of objectives whose value and gradient are seen whole.

mod condition;
mod descent;
mod evaluation;
mod lbfgs;
mod levenberg_marquardt;
mod line_search;
mod newton;
mod newton_cg;
mod run;
mod secant;

use nalgebra::DMatrix;

pub(crate) use condition::condition;
pub use evaluation::Evaluation;
pub use lbfgs::Lbfgs;
pub use levenberg_marquardt::LevenbergMarquardt;
pub use newton::Newton;
pub use newton_cg::NewtonCg;
pub(crate) use run::{Advance, Method, Point, Stop};

use crate::check;
use crate::error::Error;
use crate::report::FitReport;
use crate::scalar::Real;

/// A function to minimise, with its gradient.
///
/// # What an implementor owes
/// `evaluate` is deterministic in `params`, overwrites `gradient` and returns what holds there. A value or gradient
/// that is not finite is allowed: the line search steps back from it. `&mut self` is for scratch memory: whoever uses an
/// objective after a minimiser cannot tell which point was evaluated last.
///
/// [`GradCheck::objective`](crate::GradCheck::objective) proves the gradient against the value.
///
/// # Examples
/// ```
/// use logit::optim::{Evaluation, Objective};
/// use logit::Lbfgs;
///
/// struct Rosenbrock;
/// impl Objective<f64> for Rosenbrock {
///     fn parameter_count(&self) -> usize {
///         2
///     }
///     fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
///         let (x, y) = (p[0], p[1]);
///         gradient[0] = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x);
///         gradient[1] = 200.0 * (y - x * x);
///         Evaluation::of((1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2), gradient)
///     }
/// }
///
/// let minimum = Lbfgs::new().tolerance(1e-10).minimize(&mut Rosenbrock, vec![-1.2, 1.0])?;
/// assert!(minimum.report.converged());
/// assert!((minimum.params[0] - 1.0).abs() < 1e-9);
/// # Ok::<(), logit::Error>(())
/// ```
pub trait Objective<T: Real> {
    /// The number of parameters.
    fn parameter_count(&self) -> usize;

    /// Writes the gradient at `params`, and returns the value there with what a minimiser must know about it; as a
    /// rule [`Evaluation::of`] the value and the gradient.
    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation;
}

impl<T: Real, O: Objective<T> + ?Sized> Objective<T> for &mut O {
    fn parameter_count(&self) -> usize {
        (**self).parameter_count()
    }
    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation {
        (**self).evaluate(params, gradient)
    }
}

/// An objective that knows its second derivatives.
pub trait HasHessian<T: Real>: Objective<T> {
    /// Writes the Hessian at `params`; only the lower triangle is read.
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>);

    /// Whether [`hessian`](HasHessian::hessian) is the second derivative itself, and not a positive definite matrix in its
    /// place, such as the Fisher information of a penalised likelihood. Defaults to true.
    fn is_exact(&self) -> bool {
        true
    }
}

impl<T: Real, O: HasHessian<T> + ?Sized> HasHessian<T> for &mut O {
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>) {
        (**self).hessian(params, hessian);
    }
    fn is_exact(&self) -> bool {
        (**self).is_exact()
    }
}

/// An objective whose Hessian can be multiplied with a vector, at about the cost of a gradient.
///
/// # What an implementor owes
/// `linearize` prepares products at `params`, and keeps what does not depend on the vector. `hessian_product` writes
/// over `out` the Hessian at the point linearised last, times `vector`: linear in it, and the same bits for the same
/// vector, whatever was multiplied before. An evaluation in between may undo the preparation, so both may share memory.
///
/// [`GradCheck::hessian_product`](crate::GradCheck::hessian_product) proves products against the gradient.
///
/// # Examples
/// See [`NewtonCg`].
pub trait HessianProduct<T: Real>: Objective<T> {
    /// Prepares products at `params`.
    fn linearize(&mut self, params: &[T]);

    /// Writes the Hessian at the point linearised last, times `vector`.
    fn hessian_product(&mut self, vector: &[T], out: &mut [T]);
}

impl<T: Real, O: HessianProduct<T> + ?Sized> HessianProduct<T> for &mut O {
    fn linearize(&mut self, params: &[T]) {
        (**self).linearize(params);
    }
    fn hessian_product(&mut self, vector: &[T], out: &mut [T]) {
        (**self).hessian_product(vector, out);
    }
}

/// Where a minimiser ended, and why.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MinimizeResult<T> {
    /// The best point found.
    pub params: Vec<T>,
    /// The account of the run.
    pub report: FitReport,
}

/// Checks a starting point.
fn check_start<T: Real>(parameters: usize, start: &[T]) -> Result<(), Error> {
    check::count("start", "parameters", parameters, start.len())?;
    match start.iter().position(|p| !p.is_finite()) {
        Some(row) => Err(Error::NotFinite {
            argument: "start",
            row,
            column: 0,
            name: None,
            value: start[row].as_f64(),
        }),
        None => Ok(()),
    }
}
