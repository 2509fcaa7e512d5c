//! Logistic and softmax regression.

mod config;
mod coordinates;
mod cross_validation;
mod cross_validation_fitted;
mod curvature;
mod fit;
mod fitted;
mod gap;
mod inference;
mod influence;
mod influence_form;
mod influence_rows;
mod jeffreys;
mod objective;
mod path;
mod path_fitted;
mod path_grid;
mod problem;
mod products;
mod proximal;
mod quadratic;
mod sample;
mod separation;
mod working_set;

pub use config::{LogisticRegression, Solver};
pub use cross_validation::{LogisticRegressionCv, SelectionRule};
pub use cross_validation_fitted::{FittedLogisticCv, LambdaScore};
pub use fitted::FittedLogistic;
pub use inference::{
    Clusters, Covariance, Inference, MarginalEffects, ProbabilityIntervals, ProfileIntervals,
    SignificanceTest,
};
pub use influence::{Influence, SuspiciousLabel};
pub use path::LogisticPath;
pub use path_fitted::FittedLogisticPath;
pub use sample::RowOptions;
pub use separation::{Separation, SeparationKind};
