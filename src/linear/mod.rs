//! Logistic and softmax regression.

mod config;
mod coordinates;
mod curvature;
mod fitted;
mod objective;

pub use config::{LogisticRegression, Solver};
pub use fitted::FittedLogistic;
