//! Logistic and softmax regression.

mod blocks;
mod config;
mod coordinates;
mod cross_validation;
mod curvature;
mod definite;
mod fit;
mod fitted;
mod gap;
mod inference;
mod influence;
mod jeffreys;
mod objective;
mod path;
mod problem;
mod products;
mod proximal;
mod quadratic;
mod sample;
mod separation;
mod solve;
mod stored;
mod working_set;

pub use crate::penalty::Strength;
pub use config::{LogisticRegression, Solver};
pub use cross_validation::{FittedLogisticCv, LambdaScore, LogisticRegressionCv, SelectionRule};
pub use fitted::FittedLogistic;
pub use inference::{
    Clusters, Covariance, Inference, MarginalEffects, ProbabilityIntervals, ProfileIntervals,
    SignificanceTest,
};
pub use influence::{Influence, SuspiciousLabel};
pub use path::{FittedLogisticPath, LogisticPath};
pub use sample::RowOptions;
pub use separation::{Separation, SeparationKind};
