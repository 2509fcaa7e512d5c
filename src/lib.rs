//! Classification on [nalgebra](https://nalgebra.rs) matrices: logistic regression and small neural networks that you
//! can trust.
//!
//! ```
//! use logit::prelude::*;
//! use logit::{LogisticRegression, Penalty, data};
//!
//! let iris = data::iris();
//! let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris, &iris.y)?;
//!
//! assert!(model.report().converged());
//! assert_eq!(model.predict(&iris)?[0], "setosa");
//! println!("{}; {:.1} % right", model.report(), 100.0 * model.score(&iris, &iris.y)?);
//! # Ok::<(), logit::Error>(())
//! ```
//!
//! [The guide](guide) goes from a file to a saved, calibrated model in one sitting.
//!
//! # Contents
//! An [`Estimator`] learns from [`Rows`] and labels and returns a [`Classifier`]; a [`Transformer`] learns a [`Transform`].
//! [`prelude`] has these traits. The names that most programs use are at the root; everything else is one module away:
//!
//! | module | what it has |
//! |---|---|
//! | [`linear`] | logistic regression: penalties, solvers, separation, inference, influence, paths, cross-validation |
//! | [`nn`] | layers, losses, training, the multi-layer perceptron |
//! | [`optim`] | update rules, schedules, clipping, and minimisers of objectives |
//! | [`gradcheck`] | gradients against finite differences, ours and yours |
//! | [`preprocess`], [`pipeline`] | scalers, imputers, encoders and more; preprocessing and an estimator as one |
//! | [`multiclass`] | one-vs-rest and one-vs-one over any estimator |
//! | [`metrics`], [`select`] | metrics; splits, cross-validation, searches, learning curves |
//! | [`decide`] | calibration, thresholds, costs, priors, conformal sets, a reject option |
//! | [`persist`], [`registry`] | model files; models whose kind is known only when they are loaded |
//! | [`data`] | data sets: from files, from memory, bundled, and drawn from a seed |
//! | [`boundary`], [`terminal`], `plot` | decision boundaries as geometry, as text, as pictures |
//! | [`report`] | what a fit tells about itself |
//! | [`guide`] | guides with code that runs, [conventions](guide::conventions), and [five questions](guide::questions) |
//!
//! # Should I use this crate?
//! Yes, if you have a dense matrix of up to some millions of rows, labels, and a processor. It has no
//! GPU back end, no automatic differentiation, no convolutions, no sparse matrices and no text processing: for those,
//! burn, candle and linfa are good places to go.
//!
//! # API themes
//! **Shapes.** Rows are samples, everywhere. `x` is n x d, probabilities are n x K with a column per class, weights
//! are inputs x outputs. [All conventions](guide::conventions) are in one table.
//!
//! **Rows.** Whatever takes rows takes a matrix, a view of one, or a [`Dataset`](data::Dataset), and copies nothing. Names of
//! columns go along and are enforced. One row is a slice, and costs no allocation once its [`Scratch`] has grown.
//!
//! **Labels** are of any ordered type: `bool`, integers, strings, your own enum. Nobody encodes them by hand, so nobody
//! can mix up -1/+1 and 0/1. Classes are the sorted distinct labels.
//!
//! **Errors.** Data that cannot be used (NaN, wrong sizes, one class) is an [`Error`] that names what was found, what
//! was wanted and where. No function that takes data panics. Slow convergence is no error: every fit has a
//! [`FitReport`] that says why it stopped, and `converged` is a measured fact.
//!
//! **Memory.** Architectures are values, parameters are one vector, scratch memory belongs to the caller. A training step does
//! not allocate. Logistic regression does not copy `x`; networks keep one copy to gather batches from.
//!
//! **Reproducibility.** Everything random takes a seed; the same seed gives the same bits on one type of processor,
//! whatever else runs. There is no global state.
//!
//! **Threads.** All types are `Send + Sync`; models are immutable and predict through `&self`. A fit uses one thread;
//! cross-validation and searches use all of them with the feature `rayon`, and give the same bits.
//!
//! # Features
//! - `csv`: tables in text, `data::CsvReader`.
//! - `gzip`: IDX files that are packed.
//! - `ndarray`, `faer`: views and copies of their matrices in [`data`].
//! - `plot`: pictures as SVG and PNG, the module `plot`.
//! - `progress`: progress bars in the terminal, the module `progress`.
//! - `rayon`: cross-validation and searches on all threads.
//! - `serde`: fitted models as fields of your own types, in JSON and other formats; [the guide](guide::model_files) has more.
//!
//! Everything else is always there. [`nalgebra`] is re-exported in the version that the API speaks; its macros
//! (`dmatrix!`) need it among your own dependencies: `cargo add logit nalgebra`.

pub use nalgebra;

pub mod boundary;
mod check;
mod class_weight;
mod classifier;
mod column;
pub mod data;
pub mod decide;
mod error;
mod estimator;
mod examples;
pub mod gradcheck;
pub mod guide;
mod label;
mod label_sets;
mod layer;
pub mod linear;
mod loss;
mod metric;
pub mod metrics;
pub mod multiclass;
mod network;
pub mod nn;
pub mod optim;
mod penalty;
pub mod persist;
pub mod pipeline;
#[cfg(feature = "plot")]
pub mod plot;
pub mod prelude;
pub mod preprocess;
#[cfg(feature = "progress")]
pub mod progress;
mod quantile;
pub mod registry;
pub mod report;
mod rng;
mod rows;
mod scalar;
mod scratch;
pub mod select;
pub mod terminal;
mod train;
mod transformer;

pub use class_weight::{ClassWeight, WeightMap};
pub use classifier::{Classifier, ClassifierExt};
pub use decide::Calibrate;
pub use error::Error;
pub use estimator::{Estimator, FitOptions};
pub use gradcheck::GradCheck;
pub use label::Label;
pub use label_sets::LabelSets;
pub use layer::Activation;
pub use linear::{FittedLogistic, LogisticRegression, Solver};
pub use multiclass::{OneVsOne, OneVsRest};
pub use network::{FittedMlp, MlpClassifier};
pub use optim::{Adam, Lbfgs, Schedule, Sgd};
pub use penalty::Penalty;
pub use persist::{ModelFile, Persist};
pub use pipeline::{FittedPipeline, Pipeline};
pub use preprocess::{Imputer, MinMaxScaler, OneHotEncoder, Pca, StandardScaler};
pub use registry::AnyClassifier;
pub use report::{FitReport, Progress, StopReason};
pub use rng::Rng;
pub use rows::Rows;
pub use scalar::Real;
pub use scratch::Scratch;
pub use select::{CrossValidation, Search, train_test_split};
pub use transformer::{Transform, TransformExt, Transformer};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../docs/architecture.md")]
mod architecture {}
