//! Logistic and softmax regression.

mod config;
mod coordinates;
mod curvature;
mod fitted;
mod inference;
mod objective;
// Fits do not ask for it yet.
#[cfg_attr(not(test), expect(dead_code, unused_imports))]
mod separation;
mod summary;

pub use config::{LogisticRegression, Solver};
pub use fitted::FittedLogistic;
pub use inference::{Inference, SignificanceTest};
pub use separation::{Separation, SeparationKind};
