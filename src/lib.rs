//! x
#![allow(missing_docs, unused, dead_code)]
pub use nalgebra;

mod check;
mod classifier;
pub mod data;
mod error;
mod gradcheck;
mod kernel;
mod label;
mod layer;
mod linear;
mod loss;
pub mod metrics;
mod network;
mod optim;
mod penalty;
mod real;
mod report;
mod rng;
mod select;

pub use classifier::{Classifier, Estimator, FitOptions};
pub use error::Error;
pub use gradcheck::{Agreement, GradCheck, Mismatch};
pub use label::Label;
pub use layer::{Activation, Dense, Initializer, Layer, Parts, Sequential, Shape, Tape};
pub use linear::{FittedLogistic, LogisticRegression, Solver};
pub use loss::{BinaryCrossEntropy, Gradient, Loss, MeanSquaredError, SoftmaxCrossEntropy, Targets};
pub use network::{FittedMlp, MlpClassifier, MlpOptimizer};
pub use optim::{Adam, Curved, Decay, Lbfgs, Minimum, Newton, Objective, Optimizer, Sgd, Step};
pub use penalty::{Penalty, Strength};
pub use real::Real;
pub use report::{FitReport, Observer, Progress, StopReason};
pub use rng::Rng;
pub use select::{Split, train_test_split};
