//! Guarantees of the public types that the compiler checks.

use std::error::Error as StdError;
use std::fmt::Debug;

use logit::data::{
    Blobs, Circles, Classification, Component, Dataset, GaussianMixture, GaussianQuantiles, IdxArray,
    IdxElement, IdxReader, Moons, MultiLabel, Spirals, Xor,
};
use logit::gradcheck::*;
use logit::linear::*;
use logit::metrics::{
    Accuracy, BrierScore, ClassScores, ClassificationReport, ConfusionMatrix, LogLoss, Metric, RocAuc,
};
use logit::multiclass::*;
use logit::nn::*;
use logit::optim::*;
use logit::report::*;
use logit::select::*;
use logit::*;

fn value<A: Send + Sync + Clone + Debug + 'static>() {}
fn shared<A: Send + Sync + ?Sized>() {}
fn error<A: StdError + Send + Sync + Clone + 'static>() {}

#[test]
fn public_types_are_plain_values() {
    value::<Accuracy>();
    value::<Activate>();
    value::<Activation>();
    value::<Adam>();
    value::<Agreement>();
    value::<BinaryCrossEntropy>();
    value::<BrierScore>();
    value::<ClassScores>();
    value::<ClassificationReport<String>>();
    value::<ConfusionMatrix<String>>();
    value::<Blobs>();
    value::<Circles>();
    value::<Classification>();
    value::<Component<String>>();
    value::<Dataset<u8>>();
    value::<Dataset<String, f32>>();
    value::<GaussianMixture<bool>>();
    value::<GaussianQuantiles>();
    value::<IdxArray>();
    value::<IdxElement>();
    value::<IdxReader>();
    value::<Moons>();
    value::<MultiLabel>();
    value::<Spirals>();
    value::<Xor>();
    value::<Decay>();
    value::<Dense>();
    value::<FitReport>();
    value::<Focal>();
    value::<FittedLogistic<f32, String>>();
    value::<FittedMlp<f64, bool>>();
    value::<GradCheck>();
    value::<Hinge>();
    value::<FittedOneVsOne<FittedMlp<f64, bool>, u8>>();
    value::<FittedOneVsRest<FittedMlp<f64, bool>, u8>>();
    value::<Inference>();
    value::<ClassificationLoss>();
    value::<Clusters>();
    value::<Covariance>();
    value::<MarginalEffects>();
    value::<ProbabilityIntervals>();
    value::<ProfileIntervals>();
    value::<Initializer>();
    value::<OneVsOne<MlpClassifier>>();
    value::<OneVsRest<MlpClassifier>>();
    value::<SignificanceTest>();
    value::<LogSoftmax>();
    value::<PRelu>();
    value::<Softmax>();
    value::<Lbfgs>();
    value::<LevenbergMarquardt>();
    value::<LogLoss>();
    value::<LogisticRegression>();
    value::<MeanSquaredError>();
    value::<MinimizeResult<f64>>();
    value::<MlpClassifier>();
    value::<MlpOptimizer>();
    value::<Newton>();
    value::<NewtonCg>();
    value::<Penalty>();
    value::<Progress>();
    value::<Rng>();
    value::<RocAuc>();
    value::<Sequential<Dense>>();
    value::<Sgd>();
    value::<SigmoidSquaredError>();
    value::<SoftmaxCrossEntropy>();
    value::<SoftmaxSquaredError>();
    value::<Solver>();
    value::<Split>();
    value::<SquaredHinge>();
    value::<Step<'static>>();
    value::<StopReason>();
    value::<Strength>();
    value::<Tape<f32>>();
    value::<Targets<'static, f64>>();
    value::<WeightedBinaryCrossEntropy>();
    value::<AdaBelief>();
    value::<Adadelta>();
    value::<Adagrad>();
    value::<AdamW>();
    value::<Adamax>();
    value::<StepOutcome>();
    value::<AnyLayer>();
    value::<BatchNorm>();
    value::<Checkpoint<f64>>();
    value::<Clip>();
    value::<Divergence>();
    value::<Dropout>();
    value::<Epoch>();
    value::<Examples<'static, f64>>();
    value::<FittedMultiLabel<f64, String>>();
    value::<History>();
    value::<LabelSets<String>>();
    value::<Lamb>();
    value::<LayerNorm>();
    value::<LayerUpdate>();
    value::<Lion>();
    value::<Minimizer>();
    value::<Mode>();
    value::<NAdam>();
    value::<NonFinite>();
    value::<Normalization>();
    value::<OneCycle>();
    value::<PartialMlp<f64, bool>>();
    value::<PlateauState>();
    value::<RAdam>();
    value::<RateCurve>();
    value::<RateRange>();
    value::<ReduceOnPlateau>();
    value::<Residual<Dense>>();
    value::<RmsProp>();
    value::<Rprop>();
    value::<Schedule>();
    value::<Summary>();
    value::<Trained<f64>>();
    value::<Trainer<UpdateRule>>();
    value::<UpdateRule>();
    value::<Yogi>();
    error::<Error>();
    error::<Mismatch>();
}

#[test]
fn traits_make_objects() {
    shared::<dyn Layer<f32>>();
    shared::<dyn Loss<f64>>();
    shared::<dyn Metric>();
    shared::<dyn Optimizer<f64>>();
    let _: Option<Box<dyn Classifier<f64, Label = String>>> = None;
    let _: Option<Box<dyn Objective<f64>>> = None;
    let _: Option<Box<dyn HasHessian<f64>>> = None;
    let _: Option<Box<dyn HessianProduct<f64>>> = None;
}

/// Labels are owned or static; text that borrows from elsewhere is made a `String` first.
#[test]
fn labels_own_what_they_are_and_weights_may_name_them_by_text() {
    let text = String::from("no yes yes no");
    let y: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let x = nalgebra::dmatrix![0.0; 1.0; 2.0; 0.5];
    let weights = logit::ClassWeight::map([("yes", 2.0)]);
    let model = LogisticRegression::new(Penalty::c(1.0)).class_weight(weights).fit(&x, &y).unwrap();
    assert_eq!(model.classes(), ["no", "yes"]);
    let model = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &["no", "yes", "yes", "no"]).unwrap();
    assert_eq!(model.classes(), ["no", "yes"]);
}

#[cfg(feature = "csv")]
#[test]
fn readers_of_tables_are_plain_values() {
    use logit::data::{Column, CsvReader, CsvTable, Schema};
    value::<Column>();
    value::<CsvReader>();
    value::<Schema>();
    value::<CsvTable<String>>();
}
