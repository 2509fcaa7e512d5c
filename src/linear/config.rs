//! The hyper-parameters of logistic regression.

use crate::class_weight::ClassWeight;
use crate::parallel::Threads;
use crate::penalty::Penalty;

/// The algorithm that minimises the objective of a logistic regression. All solvers reach the same optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Solver {
    /// Chooses by penalty and problem size. [The guide](crate::guide::logistic) states the rule and the
    /// measurements behind it.
    #[default]
    Auto,
    /// Limited-memory BFGS: cheap iterations, for many parameters. Does not support L1 penalties.
    Lbfgs,
    /// Newton's method: converges to the last digits in a handful of iterations, with a
    /// parameters x parameters matrix. Does not support L1 penalties.
    Newton,
    /// Newton's method with conjugate-gradient directions: needs no matrix, for wide data. Does not support
    /// L1 penalties.
    NewtonCg,
    /// Newton's method on the relevant columns, with coordinate descent for the absolute values of an L1 or
    /// elastic-net penalty. Without absolute values it is [`Newton`](Solver::Newton).
    ProximalNewton,
}

impl Solver {
    /// The largest number of parameters (columns plus intercept, times score columns) for which
    /// [`Solver::Auto`] uses Newton's method with a matrix.
    ///
    /// Above it, `Auto` uses conjugate gradients. Up to this limit the matrix costs no more and handles
    /// linearly dependent columns well. With thousands of parameters the matrix would take minutes. Penalised
    /// fits with a hundred rows a column take L-BFGS: see [the guide](crate::guide::logistic).
    pub const NEWTON_LIMIT: usize = 128;
}

/// Logistic regression: binary for two classes, multinomial (softmax) for more.
///
/// # Formula
/// Minimises Σ u_i l_i / Σ u_i + λ r(w) over coefficients w and intercepts b, where l is the cross-entropy of
/// the scores x w + b (plus offsets, if given), u the sample weights times class weights (1 unless given),
/// and r the [`Penalty`]. Intercepts are not penalised. Two classes have one column of coefficients, for the
/// log-odds of the second class. K > 2 classes have K columns, which sum to zero (except with an L1 penalty).
///
/// # Shapes
/// `x` is n x d; coefficients are d x 1 or d x K.
///
/// # Method
/// Each evaluation reads `x` once. The solver works in its own coordinates, with columns centred and scaled,
/// without copying `x`, so badly scaled data converges. The penalty and the coefficients are in the units of
/// `x`; the convergence test has no units. The last iterations are Newton steps for every solver.
///
/// A column that is constant up to rounding (its range is at most 1e-11 of its largest absolute value, or 32
/// units in the last place for `f32`) takes no part beside an intercept: its coefficient is 0. A column
/// without a penalty that is a combination of columns before it, to the same 1e-11 of its standard deviation
/// or to the rounding of its entries, leaves the coefficients undetermined. Of all coefficients with the same
/// scores, the fit has those with the smallest sum of squares for columns of unit scale. The
/// [report](crate::FitReport) lists both kinds of columns.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty};
///
/// let x = dmatrix![1.0, 1.0, 1.0; 0.0, 0.0, 0.0; 1.0, 0.0, 1.0];
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &["no", "yes", "no"])?;
/// let new = dmatrix![0.0, 1.0, 1.0];
/// assert_eq!(model.predict(&new)?, ["no"]);
/// let p: f64 = model.predict_proba(&new)?[(0, 0)];
/// assert!((p - 0.6728290496426824).abs() < 1e-9);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    pub(super) penalty: Penalty,
    pub(super) penalty_factors: Option<Vec<f64>>,
    pub(super) on_separation: Option<Penalty>,
    pub(super) class_weight: Option<ClassWeight>,
    pub(super) intercept: bool,
    pub(super) solver: Solver,
    pub(super) tolerance: Option<f64>,
    pub(super) gap_tolerance: Option<f64>,
    pub(super) max_iterations: Option<usize>,
    pub(super) threads: Threads,
}

impl LogisticRegression {
    /// Creates a logistic regression with the given penalty.
    ///
    /// There is no default penalty: an implicit one would change the coefficients, and without one separable
    /// data has no optimum.
    pub fn new(penalty: Penalty) -> Self {
        LogisticRegression {
            penalty,
            penalty_factors: None,
            on_separation: None,
            class_weight: None,
            intercept: true,
            solver: Solver::Auto,
            tolerance: None,
            gap_tolerance: None,
            max_iterations: None,
            threads: Threads::default(),
        }
    }

    /// Sets the penalty, in place of the one passed to [`new`](Self::new).
    pub fn penalty(mut self, penalty: Penalty) -> Self {
        self.penalty = penalty;
        self
    }

    /// Sets a factor for the penalty of each column of `x`, finite and at least 0. A factor of 0 leaves a
    /// column unpenalised. Defaults to 1 for every column.
    pub fn penalty_factors(mut self, factors: impl Into<Vec<f64>>) -> Self {
        self.penalty_factors = Some(factors.into());
        self
    }

    /// Sets the penalty to refit with, such as [`Penalty::Jeffreys`], if unpenalised columns separate the
    /// classes.
    ///
    /// The fitted model then reports the [`separation`](crate::FittedLogistic::separation). The refit
    /// penalises every column, whatever the [`penalty_factors`](Self::penalty_factors). Defaults to none: the
    /// fit stops with [`StopReason::Separated`](crate::StopReason::Separated).
    pub fn on_separation(mut self, penalty: Penalty) -> Self {
        self.on_separation = Some(penalty);
        self
    }

    /// Sets class weights, which multiply the sample weights. Defaults to 1 for every class.
    pub fn class_weight(mut self, weights: ClassWeight) -> Self {
        self.class_weight = Some(weights);
        self
    }

    /// Sets whether to fit an intercept. Defaults to `true`.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// Sets the solver. Defaults to [`Solver::Auto`].
    pub fn solver(mut self, solver: Solver) -> Self {
        self.solver = solver;
        self
    }

    /// Sets the convergence tolerance, above 0, on the Newton decrement √(gᵀH⁻¹g), with g the gradient and H
    /// the second derivative of the mean loss plus penalty.
    ///
    /// It means the same for every solver, penalty and number type. Times the root of the number of rows (or
    /// of the sum of the weights), the decrement is the distance from the optimum in standard errors, so it
    /// does not depend on the units of `x`, and the objective is about half of its square above the minimum.
    /// With an L1 penalty, it is that of the smallest subgradient, over the coefficients that are not zero or
    /// violate their optimality condition. A decrement that rounding errors alone can cause counts as
    /// reached: see [`FitReport::rounding_limit`](crate::FitReport::rounding_limit). Defaults to
    /// [`Real::TOLERANCE`](crate::Real::TOLERANCE): 1e-8 for `f64`, 1e-5 for `f32`.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// Sets a tolerance on the duality gap, above 0: the fit has converged when the gap proves the objective
    /// to be within this distance of its minimum.
    ///
    /// It replaces [`tolerance`](Self::tolerance) and requires a penalty on every column. Each evaluation
    /// then reads `x` twice. Defaults to none.
    pub fn gap_tolerance(mut self, tolerance: f64) -> Self {
        self.gap_tolerance = Some(tolerance);
        self
    }

    /// Sets the maximum number of iterations; with 0 all coefficients stay zero.
    ///
    /// Defaults to 100 for Newton's method, 200 with conjugate gradients and with Jeffreys' penalty, 500 for
    /// proximal Newton and 5000 for L-BFGS.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = Some(max_iterations);
        self
    }

    /// Sets the largest number of threads, at least 1. The result has the same bits on any number of them.
    ///
    /// Small data takes one thread. Defaults to all of the machine.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::at_most(threads);
        self
    }
}
