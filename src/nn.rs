//! Neural networks: layers, losses, training, and the multi-layer perceptron.
//!
//! [`MlpClassifier`] is an estimator, which covers most uses. [`Trainer`] trains any [`Layer`] on any
//! [`Loss`] with any [`Optimizer`](crate::optim::Optimizer), at once or step by step.
//! [The guide](crate::guide::networks) explains both.

pub use crate::examples::{Examples, Targets};
pub use crate::layer::{
    Activate, Activation, AnyLayer, BatchNorm, Dense, Dropout, Initializer, Layer, LayerNorm, LogSoftmax,
    Mode, PRelu, Residual, Sequential, Shape, Softmax, Summary, Tape, TapeParts, Tensor,
};
pub use crate::loss::{
    BinaryCrossEntropy, ClassificationLoss, CustomLoss, Focal, Gradient, Hinge, Link, Loss, MeanSquaredError,
    SigmoidSquaredError, SoftmaxCrossEntropy, SoftmaxSquaredError, SquaredHinge, WeightedBinaryCrossEntropy,
};
pub use crate::network::{
    FittedMlp, FittedMultiLabel, FittedNetwork, Minimizer, MlpClassifier, MlpOptimizer, MlpOptions, MlpRun,
    NetworkClassifier, Normalization, PartialMlp,
};
pub use crate::train::{
    Checkpoint, Epoch, History, LayerUpdate, NetworkObjective, RateCurve, RateRange, Run, StepOutcome,
    TrainOptions, Trained, Trainer,
};
