//! Logistic and softmax regression.

mod config;
mod coordinates;
mod curvature;
mod fit;
mod fitted;
mod gap;
mod inference;
mod jeffreys;
mod objective;
mod problem;
mod products;
mod proximal;
mod quadratic;
mod sample;
mod working_set;

pub use config::{LogisticRegression, Solver};
pub use fitted::FittedLogistic;
pub use inference::{
    Clusters, Covariance, Inference, MarginalEffects, ProbabilityIntervals, ProfileIntervals,
    SignificanceTest,
};
pub use sample::RowOptions;
