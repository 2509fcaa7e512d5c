//! Classification on [nalgebra](https://nalgebra.rs) matrices: logistic regression and small neural networks that you
//! can trust.
//!
//! ```
//! use logit::{Classifier, Estimator, LogisticRegression, Penalty, data};
//!
//! let iris = data::iris();
//! let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y)?;
//!
//! assert!(model.report().converged());
//! assert_eq!(model.predict(&iris.x)?[0], "setosa");
//! println!("{}; {:.1} % right", model.report(), 100.0 * model.score(&iris.x, &iris.y)?);
//! # Ok::<(), logit::Error>(())
//! ```
//!
//! [The guide](guide) goes from a file to a saved, calibrated model in one sitting.
//!
//! # Contents
//! - [`Estimator`] learns, [`Classifier`] classifies: the two traits that everything works with.
//! - [`LogisticRegression`]: binary and multinomial, with an explicit [`Penalty`], four [`Solver`]s, and exact detection
//!   of [`Separation`]; [the guide](logistic) has all of it.
//! - [`Inference`]: standard errors (robust and clustered too), tests, intervals, marginal effects and a summary
//!   table for its coefficients.
//! - [`LogisticPath`], [`LogisticRegressionCv`]: a grid of penalties, and the choice of one by cross-validation.
//! - [`Influence`]: leave-one-out estimates without refits, influential rows, suspicious labels.
//! - [`MlpClassifier`]: multi-layer perceptrons; in parts ([`PartialMlp`]), step by step ([`MlpRun`]), for several labels
//!   a row ([`FittedMultiLabel`]); [the guide](networks) has all of it.
//! - [`Trainer`]: any layer on any loss, with a [`Schedule`], [`Clip`]ping, [`History`], [`Checkpoint`]s and a
//!   [learning-rate range test](RateCurve).
//! - [`boundary`]: decision boundaries as geometry; [`terminal`]: as text; `plot`: as pictures.
//! - [`OneVsRest`], [`OneVsOne`]: many classes from classifiers for two.
//! - [`Layer`], [`Dense`], [`Activate`], [`PRelu`], [`Softmax`], [`Dropout`], [`BatchNorm`], [`LayerNorm`], [`Residual`],
//!   [`Sequential`], [`Tape`]: networks as values, with layers of your own; [`Summary`] prints them.
//! - [`Loss`], on raw scores: [`BinaryCrossEntropy`] (with [weights](WeightedBinaryCrossEntropy) too),
//!   [`SoftmaxCrossEntropy`], [`Focal`], [`Hinge`], [`SquaredHinge`], and squared error of scores and probabilities
//!   ([`MeanSquaredError`], [`SigmoidSquaredError`], [`SoftmaxSquaredError`]).
//! - [`Optimizer`]: [`Sgd`], [`Adam`], [`AdamW`] and eleven more; and minimisers of an [`Objective`]: [`Lbfgs`], [`Newton`],
//!   [`NewtonCg`], [`LevenbergMarquardt`].
//! - [`GradCheck`]: proves gradients, ours and yours, against finite differences.
//! - [`Pipeline`]: preprocessing ([`Transformer`]: [`StandardScaler`], [`Imputer`], [`OneHotEncoder`], [`Pca`] and more) and an
//!   estimator as one.
//! - [`metrics`], [`CrossValidation`], [`Search`], [`learning_curve`], [`Splitter`]: judging and choosing models.
//! - [`Calibrate`], [`TuneThreshold`], [`MinimumCost`], [`PriorCorrected`], [`Conformal`], [`RejectOption`]: from scores to decisions.
//! - [`Persist`], [`ModelFile`], [`AnyClassifier`]: files of everything that is fitted; [the guide](model_files) has
//!   all of it.
//! - [`data`]: data sets, from files, from memory, bundled, and drawn from a seed.
//! - [`questions`]: five questions that people have asked, with answers that run.
//!
//! # Should I use this crate?
//! Yes, if you have a dense matrix of up to some millions of rows, labels, and a processor. It has no
//! GPU back end, no automatic differentiation, no convolutions, no sparse matrices and no text processing: for those,
//! burn, candle and linfa are good places to go.
//!
//! # API themes
//! **Shapes.** Rows are samples, everywhere. `x` is n x d, probabilities are n x K with a column per class, weights
//! are inputs x outputs. [All conventions](conventions) are in one table.
//!
//! **Labels** are of any ordered type: `bool`, integers, strings, your own enum. Nobody encodes them by hand, so nobody
//! can mix up -1/+1 and 0/1. Classes are the sorted distinct labels.
//!
//! **Errors.** Data that cannot be used (NaN, wrong sizes, one class) is an [`Error`] that names what was found, what
//! was wanted and where. No function that takes data panics. Slow convergence is no error: every fit has a
//! [`FitReport`] that says why it stopped, and `converged` is a measured fact.
//!
//! **Memory.** Architectures are values, parameters are one vector, scratch memory is a [`Tape`] that the caller owns.
//! A training step does not allocate. Logistic regression does not copy `x`; networks keep one copy to gather batches
//! from.
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
//! - `progress`: progress bars in the terminal, `progress_bar` and `epoch_bar`.
//! - `rayon`: cross-validation and searches on all threads.
//! - `serde`: fitted models as fields of types of yours, in JSON and other formats; [the guide](model_files) has more.
//!
//! Everything else is always there. [`nalgebra`] is re-exported in the version that the API speaks; its macros
//! (`dmatrix!`) need it among your own dependencies: `cargo add logit nalgebra`.

pub use nalgebra;

pub mod boundary;
mod check;
mod class_weight;
mod classifier;
pub mod data;
pub mod decide;
mod error;
pub mod gradcheck;
pub mod guide;
mod label;
mod label_sets;
mod layer;
pub mod linear;
mod loss;
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
pub mod select;
pub mod terminal;
mod train;

pub use class_weight::{ClassWeight, LabelWeights};
pub use classifier::{Classifier, Estimator, FitOptions};
pub use decide::Calibrate;
pub use error::Error;
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
pub use preprocess::{Imputer, MinMaxScaler, OneHotEncoder, Pca, StandardScaler, Transform, Transformer};
pub use registry::AnyClassifier;
pub use report::{FitReport, Progress, StopReason};
pub use rng::Rng;
pub use scalar::Real;
pub use select::{CrossValidation, Search, train_test_split};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../docs/architecture.md")]
mod architecture {}
