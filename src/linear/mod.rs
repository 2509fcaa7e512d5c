//! Logistic and softmax regression.
//!
//! | Task | Call |
//! |---|---|
//! | Fit a model, with or without a penalty | [`LogisticRegression`], [`Solver`] |
//! | Fit to rows that do not fit into memory, or on several machines | [`LogisticRegression::fit_source`], [`LogisticRegression::fit_ranks`] |
//! | Read coefficients and predict | [`FittedLogistic`] |
//! | Find out why no maximum-likelihood estimate exists | [`FittedLogistic::separation`], [`Separation`] |
//! | Compute standard errors, tests and intervals | [`FittedLogistic::inference`], [`Inference`] |
//! | Find influential rows and suspicious labels | [`FittedLogistic::influence`], [`Influence`] |
//! | Fit a grid of penalties, and choose one | [`LogisticPath`], [`LogisticRegressionCv`] |
//!
//! [The guide](crate::guide::logistic) explains the objective, the solvers and the reports.

mod attended;
mod blocks;
mod config;
mod coordinates;
mod cross_products;
mod cross_validation;
mod curvature;
mod decrement;
mod definite;
mod dependent;
mod fit;
mod fitted;
mod gap;
mod inference;
mod influence;
mod jeffreys;
mod objective;
mod origin;
mod path;
mod precondition;
mod problem;
mod products;
mod proximal;
mod quadratic;
mod rank;
mod refine;
mod returned;
mod rows;
mod sample;
mod scores;
mod separation;
mod solve;
mod source;
mod stored;
mod subgradient;
mod sums;
mod triangle;
mod working_set;

pub use crate::penalty::Strength;
pub use config::{LogisticRegression, Solver};
pub use cross_validation::{FittedLogisticCv, LambdaScore, LogisticRegressionCv, SelectionRule};
pub(crate) use dependent::dependent_columns;
pub use fitted::FittedLogistic;
pub use inference::{
    Clusters, Covariance, Inference, MarginalEffects, ProbabilityIntervals, ProfileIntervals,
    SignificanceTest,
};
pub use influence::{Influence, SuspiciousLabel};
pub use path::{FittedLogisticPath, LogisticPath};
pub use sample::RowOptions;
pub use separation::{Separation, SeparationKind};
pub use source::SourceOptions;
