//! Logistic regression and small neural networks for classification, on [nalgebra](https://nalgebra.rs)
//! matrices.
//!
//! Every fit returns a classifier with a [report](FitReport), which says why the fit stopped and whether it
//! converged. Data that cannot be used is an [`Error`] that names the argument, the value and its place.
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
//! [The guide](guide) leads from a file of data to a calibrated model that is saved to disk.
//!
//! # Contents
//! An [`Estimator`] learns from [`Rows`] and labels and returns a [`Classifier`]. A [`Transformer`] learns a
//! [`Transform`] of the columns. The [`prelude`] exports these traits. The types that most programs use are
//! at the root of the crate. Everything else is in a module:
//!
//! | module | contents |
//! |---|---|
//! | [`linear`] | logistic regression: penalties, solvers, separation, inference, influence, paths, cross-validation |
//! | [`nn`] | neural networks: layers, losses, training, the multi-layer perceptron |
//! | [`optim`] | update rules, learning-rate schedules, gradient clipping, and minimisers of objectives |
//! | [`gradcheck`] | checks of gradients against finite differences, for the types of this crate and your own |
//! | [`preprocess`], [`pipeline`] | scalers, imputers, encoders and more; pipelines of preprocessing and an estimator |
//! | [`multiclass`] | one-vs-rest and one-vs-one classification with any estimator |
//! | [`metrics`], [`select`] | metrics; splits, cross-validation, searches, learning curves |
//! | [`decide`] | calibration, thresholds, costs, priors, conformal sets, a reject option |
//! | [`doctor`] | why training failed: findings with the measured numbers and what to change |
//! | [`persist`], [`registry`] | model files; models whose type is known only when they are loaded |
//! | [`data`] | data sets: from files, from memory, bundled, and generated from a seed |
//! | [`source`] | rows that are read block by block, for data that do not fit into memory |
//! | [`boundary`], [`terminal`], `plot` | decision boundaries as geometry, as text, as pictures |
//! | [`report`] | reports of fits: the reason for stopping, the objective and its gradient, the training curves |
//! | [`parallel`] | the number of threads; several processes that fit one model together |
//! | [`guide`] | guides with tested code, [conventions](guide::conventions), and [five questions](guide::questions) |
//!
//! # Should I use this crate?
//! Use this crate if your data are labelled rows in a dense matrix, up to a few million of them, and you
//! train on a CPU.
//!
//! It has no GPU back end, no automatic differentiation, no convolutions, no sparse matrices and no text
//! processing. For those, look at burn, candle and linfa.
//!
//! # API themes
//! **Shapes.** Rows are samples. `x` is n x d, probabilities are n x K with one column per class, and weights
//! are inputs x outputs. [One table](guide::conventions) lists all conventions.
//!
//! **Rows.** Functions that take rows accept a matrix, a view of a matrix, or a [`Dataset`](data::Dataset),
//! and do not copy it. Column names travel with the rows, and a model checks them. A single row is a slice.
//! Predicting it allocates nothing once its [`Scratch`] has grown.
//!
//! **Labels.** Labels have any ordered type: `bool`, integers, strings, your own enum. The crate encodes
//! them, so -1/+1 and 0/1 cannot be confused. The classes are the sorted distinct labels.
//!
//! **Errors.** Data that cannot be used (NaN, wrong sizes, a single class) is an [`Error`], which says what
//! was found, what was expected and where. No function that takes data panics. Slow convergence is not an
//! error. Every fit has a [`FitReport`] that says why it stopped. Its `converged` is measured, not assumed.
//!
//! **Memory.** Architectures are values, parameters are one vector, and the caller owns the scratch memory. A
//! training step does not allocate. Logistic regression does not copy `x`. Networks keep one copy to gather
//! batches from.
//!
//! **Reproducibility.** Everything random takes a seed. The same seed gives the same bits on one type of
//! processor, whatever else runs. There is no global state.
//!
//! **Threads.** All types are `Send + Sync`. Models are immutable and predict through `&self`. Fits,
//! predictions and searches that take long use all threads of the machine, and give the same bits on any number of
//! them. The settings `threads` and [`parallel::with_threads`] limit the number.
//!
//! # Crate features
//! `rayon` is on by default, the others are off. What this list does not name is always available.
//!
//! - `csv`: `data::CsvReader`, which reads tables from text.
//! - `gzip`: IDX files that are compressed with gzip.
//! - `ndarray`, `faer`: views and copies of their matrices in [`data`].
//! - `plot`: the module `plot`, which draws pictures as SVG and PNG.
//! - `progress`: the module `progress`, which shows progress bars in the terminal.
//! - `rayon`: several threads. Without it everything runs on one, with the same results.
//! - `serde`: fitted models as fields of your own types, in JSON and other formats.
//!   [The guide](guide::model_files) has more.
//!
//! # nalgebra
//! The crate re-exports the version of [`nalgebra`] that its API uses. The macros of nalgebra (`dmatrix!`)
//! need nalgebra among your own dependencies: `cargo add logit nalgebra`.

pub use nalgebra;

pub mod boundary;
mod check;
mod class_weight;
mod classifier;
mod code;
mod column;
mod compiled;
pub mod data;
pub mod decide;
pub mod doctor;
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
pub mod parallel;
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
pub mod source;
pub mod terminal;
mod train;
mod transformer;

pub use class_weight::{ClassWeight, WeightMap};
pub use classifier::{Classifier, ClassifierExt};
#[doc(inline)]
pub use decide::Calibrate;
pub use error::{Error, ErrorContext};
pub use estimator::{Estimator, FitOptions};
#[doc(inline)]
pub use gradcheck::GradCheck;
pub use label::Label;
pub use label_sets::LabelSets;
pub use layer::Activation;
#[doc(inline)]
pub use linear::{FittedLogistic, LogisticRegression, Solver};
#[doc(inline)]
pub use multiclass::{OneVsOne, OneVsRest};
pub use network::{FittedMlp, MlpClassifier};
#[doc(inline)]
pub use optim::{Adam, Lbfgs, Schedule, Sgd};
pub use penalty::Penalty;
#[doc(inline)]
pub use persist::{ModelFile, Persist};
#[doc(inline)]
pub use pipeline::{FittedPipeline, Pipeline};
#[doc(inline)]
pub use preprocess::{Imputer, MinMaxScaler, OneHotEncoder, Pca, StandardScaler};
#[doc(inline)]
pub use registry::AnyClassifier;
#[doc(inline)]
pub use report::{FitReport, Progress, StopReason};
pub use rng::Rng;
pub use rows::Rows;
pub use scalar::Real;
pub use scratch::Scratch;
#[doc(inline)]
pub use select::{CrossValidation, Search, train_test_split};
pub use transformer::{Transform, TransformExt, Transformer};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../docs/architecture.md")]
mod architecture {}
