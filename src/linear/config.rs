//! The hyper-parameters of logistic regression.

use crate::class_weight::ClassWeight;
use crate::penalty::Penalty;

/// How the optimum of a logistic regression is found. All ways lead to the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Solver {
    /// Chosen by penalty and size; [the guide](crate::guide::logistic) has the rule and the measurements behind it.
    #[default]
    Auto,
    /// Limited-memory BFGS: cheap iterations, for many parameters. Not for L1 penalties.
    Lbfgs,
    /// Newton's method: a handful of iterations to the last digits, with a matrix of parameters x parameters. Not for
    /// L1 penalties.
    Newton,
    /// Newton's method with directions by conjugate gradients: no matrix, for wide data. Not for L1 penalties.
    NewtonCg,
    /// Newton's method on the columns that matter, with coordinate descent for the absolute values of an L1 or
    /// elastic-net penalty.
    ProximalNewton,
}

impl Solver {
    /// The number of parameters (columns plus intercept, times score columns) up to which [`Solver::Auto`] takes
    /// Newton's method with a matrix; above it takes conjugate gradients. Up to here the matrix costs no more, and it
    /// does not mind columns that depend on each other; in the thousands it would cost minutes.
    pub const NEWTON_LIMIT: usize = 128;
}

/// Logistic regression: binary for two classes, multinomial (softmax) for more.
///
/// # Formula
/// Minimises Σ u_i l_i / Σ u_i + λ r(w) over coefficients w and intercepts b, where l is the cross-entropy of
/// the scores x w + b (plus offsets, if given), u the sample weights times class weights (1 unless given), and r the
/// [`Penalty`]. Intercepts are not penalised. For two classes there is one column of coefficients, for the log-odds of
/// the second; for K > 2 there are K, which sum to zero (unless an L1 penalty says otherwise).
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
}

impl LogisticRegression {
    /// Logistic regression with this penalty. There is no default: a penalty that nobody asked for changes the
    /// coefficients, and none at all has no optimum on separable data.
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
        }
    }

    /// The penalty, in place of the one given to [`new`](Self::new).
    pub fn penalty(mut self, penalty: Penalty) -> Self {
        self.penalty = penalty;
        self
    }

    /// A factor for the penalty of each column of `x`, finite and at least 0; 0 leaves a column unpenalised.
    /// Defaults to 1 for all.
    pub fn penalty_factors(mut self, factors: impl Into<Vec<f64>>) -> Self {
        self.penalty_factors = Some(factors.into());
        self
    }

    /// The penalty to fit with if the classes turn out to be separable by columns without one, such as
    /// [`Penalty::Jeffreys`]. The fitted model says so: its [`separation`](crate::FittedLogistic::separation) is there.
    /// It is put on every column, whatever the [`penalty_factors`](Self::penalty_factors).
    /// Defaults to none: the fit stops as [`StopReason::Separated`](crate::StopReason::Separated).
    pub fn on_separation(mut self, penalty: Penalty) -> Self {
        self.on_separation = Some(penalty);
        self
    }

    /// Weights for classes, times the sample weights. Defaults to 1 for all.
    pub fn class_weight(mut self, weights: ClassWeight) -> Self {
        self.class_weight = Some(weights);
        self
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

    /// The fit has converged when no entry of the gradient of the mean loss plus penalty is larger (with an L1
    /// penalty: no entry of its smallest subgradient); above 0. Defaults to [`Real::TOLERANCE`](crate::Real::TOLERANCE): 1e-8 for `f64`, 1e-5
    /// for `f32`.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// The fit has converged when the objective is proved to be within this of its minimum, by the duality gap; above
    /// 0. It takes the place of [`tolerance`](Self::tolerance), and wants a penalty on every column. Each evaluation
    /// then reads `x` twice. Defaults to none.
    pub fn gap_tolerance(mut self, tolerance: f64) -> Self {
        self.gap_tolerance = Some(tolerance);
        self
    }

    /// The largest number of iterations; with 0 all coefficients stay zero. Defaults to 100 for Newton's method, 200
    /// with conjugate gradients and for Jeffreys' penalty, 500 for the proximal one and 5000 for L-BFGS.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = Some(max_iterations);
        self
    }
}
