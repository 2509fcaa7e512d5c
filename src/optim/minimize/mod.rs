//! Minimisers for deterministic objectives with a gradient.

mod condition;
mod conjugate_gradients;
mod descent;
mod effort;
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
pub(crate) use effort::Effort;
pub use evaluation::Evaluation;
pub use lbfgs::Lbfgs;
pub use levenberg_marquardt::LevenbergMarquardt;
pub use newton::Newton;
pub use newton_cg::NewtonCg;
pub(crate) use run::{Advance, Method, Point, Stop, or_infinite};

use crate::check;
use crate::error::Error;
use crate::report::FitReport;
use crate::scalar::Real;

/// A function to minimise, with its gradient.
///
/// # Implementing this trait
/// `evaluate` must be deterministic in `params`, overwrite `gradient`, and return the value at `params`. A
/// value or gradient that is not finite is allowed: the line search steps back from it. `&mut self` is for
/// scratch memory. After a minimiser has run, the point of the last evaluation is unspecified.
///
/// [`GradCheck::objective`](crate::GradCheck::objective) checks the gradient against the value.
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
/// let minimum =
///     Lbfgs::new().tolerance(1e-10).minimize(&mut Rosenbrock, vec![-1.2, 1.0])?;
/// assert!(minimum.report.converged());
/// assert!((minimum.params[0] - 1.0).abs() < 1e-9);
/// # Ok::<(), logit::Error>(())
/// ```
pub trait Objective<T: Real> {
    /// Returns the number of parameters.
    fn parameter_count(&self) -> usize;

    /// Writes the gradient at `params`, and returns the value and how to interpret it.
    ///
    /// The result is usually [`Evaluation::of`] the value and the gradient.
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

/// An objective that can compute its Hessian.
pub trait HasHessian<T: Real>: Objective<T> {
    /// Writes the Hessian at `params`; only the lower triangle is used.
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>);

    /// Returns whether [`hessian`](HasHessian::hessian) writes the exact second derivative. Defaults to
    /// `true`.
    ///
    /// Return `false` if it writes a positive definite matrix in its place, such as the Fisher information of
    /// a penalised likelihood.
    fn is_exact(&self) -> bool {
        true
    }

    /// Returns the products with the exact second derivative, if
    /// [`hessian`](HasHessian::hessian) writes another matrix and they are known. Defaults to `None`.
    fn exact_products(&mut self) -> Option<&mut dyn HessianProduct<T>> {
        None
    }
}

impl<T: Real, O: HasHessian<T> + ?Sized> HasHessian<T> for &mut O {
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>) {
        (**self).hessian(params, hessian);
    }
    fn is_exact(&self) -> bool {
        (**self).is_exact()
    }
    fn exact_products(&mut self) -> Option<&mut dyn HessianProduct<T>> {
        (**self).exact_products()
    }
}

/// An objective that can multiply its Hessian by a vector, at about the cost of a gradient.
///
/// # Implementing this trait
/// `linearize` prepares products at `params`, and keeps everything that does not depend on the vector.
/// `hessian_product` overwrites `out` with the product of `vector` and the Hessian at the point of the last
/// `linearize`. The product must be linear in `vector`, and have the same bits for the same vector whatever
/// was multiplied before. An evaluation in between may undo the preparation, so the two may share memory.
///
/// [`GradCheck::hessian_product`](crate::GradCheck::hessian_product) checks products against the gradient.
///
/// # Examples
/// See [`NewtonCg`].
pub trait HessianProduct<T: Real>: Objective<T> {
    /// Prepares Hessian products at `params`.
    fn linearize(&mut self, params: &[T]);

    /// Writes the product of `vector` and the Hessian at the point of the last
    /// [`linearize`](HessianProduct::linearize).
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

/// The result of a minimisation: the best point found, and a report of the run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MinimizeResult<T> {
    /// The best point found.
    pub params: Vec<T>,
    /// The report of the run.
    pub report: FitReport,
}

/// Checks that a starting point is finite and has the right length.
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
