//! The hyper-parameters of logistic regression, and its fit.

use std::ops::ControlFlow;

use nalgebra::DMatrix;

use super::fitted::{FittedLogistic, Terms};
use super::objective::LogisticObjective;
use crate::check;
use crate::classifier::{Estimator, FitOptions};
use crate::error::Error;
use crate::label::Label;
use crate::optim::{Lbfgs, Newton, Objective};
use crate::penalty::Penalty;
use crate::real::Real;
use crate::report::{Observer, StopReason};
use crate::rows::{Rows, checked};

/// How the optimum of a logistic regression is found. All ways lead to the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Solver {
    /// [`Newton`](Solver::Newton) for up to [`Solver::NEWTON_LIMIT`] parameters, [`Lbfgs`](Solver::Lbfgs) above.
    #[default]
    Auto,
    /// Limited-memory BFGS: cheap iterations, for many parameters.
    Lbfgs,
    /// Newton's method: a handful of iterations to the last digits, with a matrix of parameters x parameters.
    Newton,
}

impl Solver {
    /// The number of parameters (features plus intercept, times score columns) up to which Newton's method is chosen.
    pub const NEWTON_LIMIT: usize = 256;
}

/// Logistic regression: binary for two classes, multinomial (softmax) for more.
///
/// # Formula
/// Minimises Σ u_i l_i / Σ u_i + λ/2 ‖w‖² over coefficients w and intercepts b, where l is the cross-entropy of
/// the scores x w + b and u the sample weights (1 unless given). Intercepts are not penalised. For two classes there
/// is one column of coefficients, for the log-odds of the second; for K > 2 there are K, which sum to zero.
///
/// # Shapes
/// `x` is n x d; coefficients are d x 1 or d x K.
///
/// # Method
/// Each evaluation reads `x` once. Columns are centred and scaled in the solver's own coordinates, without a copy of
/// `x`, so badly scaled data converges; penalty, coefficients and the convergence test are in the units of `x`.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::{Classifier, Estimator, LogisticRegression, Penalty};
///
/// let x = dmatrix![1.0, 1.0, 1.0; 0.0, 0.0, 0.0; 1.0, 0.0, 1.0];
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &["no", "yes", "no"])?;
/// let new = dmatrix![0.0, 1.0, 1.0];
/// assert_eq!(model.predict(&new)?, ["no"]);
/// let p: f64 = model.predict_proba(&new)?[(0, 0)];
/// assert!((p - 0.6728290496426824).abs() < 1e-9);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogisticRegression {
    penalty: Penalty,
    intercept: bool,
    solver: Solver,
    tolerance: Option<f64>,
    max_iterations: Option<usize>,
}

impl LogisticRegression {
    /// Logistic regression with this penalty. There is no default: a penalty that nobody asked for changes the
    /// coefficients, and none at all has no optimum on separable data.
    pub fn new(penalty: Penalty) -> Self {
        LogisticRegression {
            penalty,
            intercept: true,
            solver: Solver::Auto,
            tolerance: None,
            max_iterations: None,
        }
    }

    /// Whether there is an intercept. Defaults to true.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// The solver. Defaults to [`Solver::Auto`].
    pub fn solver(mut self, solver: Solver) -> Self {
        self.solver = solver;
        self
    }

    /// The fit has converged when no entry of the gradient of the mean loss plus penalty is larger; above 0.
    /// Defaults to [`Real::TOLERANCE`]: 1e-8 for `f64`, 1e-5 for `f32`.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// The largest number of iterations; with 0 all coefficients stay zero. Defaults to 100 for Newton's method and
    /// 5000 for L-BFGS.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = Some(max_iterations);
        self
    }

    fn solve_newton(&self, parameters: usize) -> bool {
        match self.solver {
            Solver::Auto => parameters <= Solver::NEWTON_LIMIT,
            Solver::Lbfgs => false,
            Solver::Newton => true,
        }
    }
}

impl<T: Real> Estimator<T> for LogisticRegression {
    type Fitted<L: Label> = FittedLogistic<T, L>;

    fn fit_with<L: Label>(
        &self,
        x: &DMatrix<T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<FittedLogistic<T, L>, Error> {
        let tolerance = self.tolerance.unwrap_or(T::TOLERANCE);
        check::positive("tolerance", tolerance)?;
        let (encoded, total_weight) = checked(x, y, options.weights)?;
        let lambda = self.penalty.lambda::<T>(total_weight)?;

        let rows = Rows { x, classes: &encoded.indices, weights: options.weights, total_weight };
        let mut objective = LogisticObjective::new(rows, encoded.classes.len(), lambda, self.intercept);
        let start = vec![T::zero(); objective.parameter_count()];
        let mut ignore = |_: &_| ControlFlow::Continue(());
        let observer: &mut Observer<'_> = match options.observer {
            Some(observer) => observer,
            None => &mut ignore,
        };
        let mut minimum = if self.solve_newton(start.len()) {
            let newton =
                Newton::new().tolerance(tolerance).max_iterations(self.max_iterations.unwrap_or(100));
            newton.minimize_observed(&mut objective, start, observer)?
        } else {
            let lbfgs = Lbfgs::new().tolerance(tolerance).max_iterations(self.max_iterations.unwrap_or(5000));
            lbfgs.minimize_observed(&mut objective, start, observer)?
        };
        if lambda == 0.0 && objective.separates(&minimum.params) {
            minimum.report.stop = StopReason::Separated;
        }
        let (coefficients, intercept) = objective.coefficients(&minimum.params);
        let terms = Terms { lambda, intercept: self.intercept };
        FittedLogistic::new(encoded.classes, coefficients, intercept, terms, minimum.report)
    }
}
