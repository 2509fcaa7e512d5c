//! One fitted value of every kind that can be saved.

use std::fmt::Debug;

use logit::decide::{
    CalibrationMethod, Conformal, FittedCalibration, FittedThreshold, IsotonicRegression, MinimumCost,
    NonconformityScore, PlattScaling, PriorCorrected, RejectOption,
};
use logit::linear::{LogisticPath, LogisticRegressionCv, SelectionRule};
use logit::nalgebra::{DMatrix, dmatrix};
use logit::nn::{
    Dense, Examples, Focal, Normalization, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer,
};
use logit::persist::StoredLabel;
use logit::pipeline::OutsideRange;
use logit::prelude::*;
use logit::preprocess::{
    ColumnTransformer, DropCategory, FeatureScore, LabelEncoder, MaxAbsScaler, Moments, NormKind, Normalizer,
    PolynomialFeatures, Remainder, RobustScaler, SelectBest, SelectColumns, TargetEncoder, UnknownCategory,
    VarianceThreshold,
};
use logit::select::grid2;
use logit::{
    Activation, Adam, AnyClassifier, Calibrate, Error, FittedLogistic, Imputer, LabelSets,
    LogisticRegression, MinMaxScaler, MlpClassifier, ModelFile, OneHotEncoder, OneVsOne, OneVsRest, Pca,
    Penalty, Pipeline, Real, Rng, Search, Sgd, StandardScaler,
};

/// Everything that a stored type can do.
#[cfg(feature = "serde")]
pub(crate) trait Stored:
    Persist + PartialEq + Clone + Debug + Send + Sync + 'static + serde::Serialize + serde::de::DeserializeOwned
{
}
#[cfg(feature = "serde")]
impl<M> Stored for M where
    M: Persist
        + PartialEq
        + Clone
        + Debug
        + Send
        + Sync
        + 'static
        + serde::Serialize
        + serde::de::DeserializeOwned
{
}

/// Everything that a stored type can do.
#[cfg(not(feature = "serde"))]
pub(crate) trait Stored: Persist + PartialEq + Clone + Debug + Send + Sync + 'static {}
#[cfg(not(feature = "serde"))]
impl<M> Stored for M where M: Persist + PartialEq + Clone + Debug + Send + Sync + 'static {}

/// Rows of three overlapping classes, in units far from 1.
pub(crate) fn rows<T: Real>() -> (DMatrix<T>, Vec<usize>) {
    let mut rng = Rng::new(5);
    let y: Vec<usize> = (0..60).map(|row| row % 3).collect();
    let x = DMatrix::from_fn(60, 4, |row, column| {
        T::of(10.0 * column as f64 + rng.standard_normal() + (y[row] * (column % 2)) as f64)
    });
    (x, y)
}

/// The predictions of a classifier: the bits of scores, probabilities and their logarithms, and labels; or
/// the error.
pub(crate) type Predictions = Result<(Vec<u64>, Vec<u64>, Vec<u64>, String), Error>;

/// A stored value whose type does not show.
pub(crate) trait Subject: Send + Sync {
    fn to_bytes(&self) -> Result<Vec<u8>, Error>;
    /// Another one of the same type from the bytes of a file.
    fn read(&self, bytes: &[u8]) -> Result<Box<dyn Subject>, Error>;
    fn debug(&self) -> String;
    /// Predictions for the first rows of its data, at most this number; `None` if the value does not
    /// classify.
    fn predict(&self, rows: usize) -> Option<Predictions>;
    /// How many golden rows a file of it has.
    fn golden_rows(&self, bytes: &[u8]) -> Result<usize, Error>;
    #[cfg(feature = "serde")]
    fn to_json(&self) -> serde_json::Value;
    #[cfg(feature = "serde")]
    fn to_text(&self) -> String;
    #[cfg(feature = "serde")]
    fn read_json(&self, value: serde_json::Value) -> Result<Box<dyn Subject>, String>;
    #[cfg(feature = "serde")]
    fn read_text(&self, text: &str) -> Result<Box<dyn Subject>, String>;
    #[cfg(feature = "serde")]
    fn through_postcard(&self) -> Result<Box<dyn Subject>, String>;
}

struct Typed<M: Persist> {
    model: M,
    x: DMatrix<M::Scalar>,
    predict: Option<Predict<M>>,
}

type Predict<M> = fn(&M, &DMatrix<<M as Persist>::Scalar>) -> Predictions;

impl<M: Persist> Typed<M> {
    fn with(&self, model: M) -> Self {
        Typed { model, x: self.x.clone(), predict: self.predict }
    }
}

impl<M: Stored> Subject for Typed<M> {
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        self.model.to_bytes()
    }
    fn read(&self, bytes: &[u8]) -> Result<Box<dyn Subject>, Error> {
        Ok(Box::new(self.with(M::from_bytes(bytes)?)))
    }
    fn debug(&self) -> String {
        format!("{:?}", self.model)
    }
    fn predict(&self, rows: usize) -> Option<Predictions> {
        let x = self.x.rows(0, rows.min(self.x.nrows())).into_owned();
        self.predict.map(|predict| predict(&self.model, &x))
    }
    fn golden_rows(&self, bytes: &[u8]) -> Result<usize, Error> {
        let file = ModelFile::<M>::from_bytes(bytes)?;
        Ok(file.golden().map_or(0, |golden| golden.rows().nrows()))
    }
    #[cfg(feature = "serde")]
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.model).expect("a value")
    }
    #[cfg(feature = "serde")]
    fn to_text(&self) -> String {
        serde_json::to_string(&self.model).expect("a text")
    }
    #[cfg(feature = "serde")]
    fn read_json(&self, value: serde_json::Value) -> Result<Box<dyn Subject>, String> {
        let model = serde_json::from_value(value).map_err(|error| error.to_string())?;
        Ok(Box::new(self.with(model)))
    }
    #[cfg(feature = "serde")]
    fn read_text(&self, text: &str) -> Result<Box<dyn Subject>, String> {
        let model = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Ok(Box::new(self.with(model)))
    }
    #[cfg(feature = "serde")]
    fn through_postcard(&self) -> Result<Box<dyn Subject>, String> {
        let binary = postcard::to_allocvec(&self.model).map_err(|error| error.to_string())?;
        let model = postcard::from_bytes(&binary).map_err(|error| error.to_string())?;
        Ok(Box::new(self.with(model)))
    }
}

fn predictions<T: Real, M: Classifier<T>>(model: &M, x: &DMatrix<T>) -> Predictions {
    let bits = |matrix: DMatrix<T>| matrix.iter().map(|v| v.as_f64().to_bits()).collect();
    Ok((
        bits(model.decision_function(x)?),
        bits(model.predict_proba(x)?),
        bits(model.predict_log_proba(x)?),
        format!("{:?}", model.predict(x)?),
    ))
}

/// Values of many types, each with a name.
#[derive(Default)]
pub(crate) struct Collection(pub(crate) Vec<(String, Box<dyn Subject>)>);

impl Collection {
    fn visit<M: Stored>(&mut self, name: &str, model: &M) {
        let subject = Typed { model: model.clone(), x: DMatrix::zeros(0, 0), predict: None };
        self.0.push((name.to_owned(), Box::new(subject)));
    }
}

/// Classifiers of one number type.
struct Classifiers<'a>(&'a mut Collection);

impl Classifiers<'_> {
    fn visit<T: Real, M: Stored + Persist<Scalar = T> + Classifier<T>>(
        &mut self,
        name: &str,
        model: &M,
        x: &DMatrix<T>,
    ) {
        let subject = Typed { model: model.clone(), x: x.clone(), predict: Some(predictions::<T, M>) };
        self.0.0.push((name.to_owned(), Box::new(subject)));
    }
}

/// How many classifiers there are of each number type.
pub(crate) const CLASSIFIERS: usize = 8;

/// Every classifier that can be saved, in `f64`.
pub(crate) fn classifiers() -> Vec<(String, Box<dyn Subject>)> {
    let mut found = Collection::default();
    collect_classifiers::<f64>(&mut Classifiers(&mut found)).expect("fits");
    collect_more(&mut Classifiers(&mut found)).expect("fits");
    assert_eq!(found.0.len(), CLASSIFIERS + MORE);
    found.0
}

/// Classifiers in `f32`.
pub(crate) fn single_classifiers() -> Vec<(String, Box<dyn Subject>)> {
    let mut found = Collection::default();
    collect_classifiers::<f32>(&mut Classifiers(&mut found)).expect("fits");
    assert_eq!(found.0.len(), CLASSIFIERS);
    found.0
}

fn collect_classifiers<T: Real>(visitor: &mut Classifiers<'_>) -> Result<(), Error> {
    let (x, y) = rows::<T>();
    let logistic = LogisticRegression::new(Penalty::c(1.0));
    let text: Vec<String> = y.iter().map(|&class| ["", "no", "größer"][class].to_owned()).collect();
    let two: Vec<bool> = y.iter().map(|&class| class > 0).collect();
    visitor.visit("logistic", &logistic.fit(&x, &text)?, &x);
    visitor.visit("binary", &logistic.fit(&x, &two)?, &x);
    let odd = [-0.0, f64::from(f32::MIN_POSITIVE) / 8.0, f64::from(f32::MAX), -1.0];
    let odd = FittedLogistic::from_coefficients(
        vec![i64::MIN, i64::MAX],
        DMatrix::from_fn(
            4,
            1,
            |row, _| if row == 1 { T::MIN_POSITIVE / T::of(4.0) } else { T::of(odd[row]) },
        ),
        logit::nalgebra::dvector![T::of(-0.0)],
    )?;
    visitor.visit("odd numbers", &odd, &x.map(|v| v * T::of(1e-3)));

    let missing = x.map_with_location(|row, column, v| if row % 7 == column { T::of(f64::NAN) } else { v });
    let imputed = (Imputer::median().indicators(true), MinMaxScaler::new().clip(true), Pca::new(3));
    let imputed =
        Pipeline::new(imputed, logistic.clone()).outside_range(OutsideRange::Refuse { beyond: 0.5 });
    visitor.visit("imputed", &imputed.fit(&missing, &two)?, &missing);
    let network = MlpClassifier::new([5, 3]).activation(Activation::LeakyRelu(0.1)).epochs(4).seed(1);
    visitor.visit("network", &network.fit(&x, &text)?, &x);
    let normal = network.clone().normalization(Normalization::Batch).dropout(0.2).validation_fraction(0.2);
    visitor.visit("normalised", &normal.fit(&x, &text)?, &x);

    let scaled = Pipeline::new(StandardScaler::new(), logistic);
    let binary = scaled.fit(&x, &two)?;
    visitor.visit("pipeline", &binary, &x);
    let isotonic = FittedCalibration::new(binary, CalibrationMethod::Isotonic, &x, &two, None)?;
    visitor.visit("thresholded", &FittedThreshold::new(isotonic, 0.1 + 0.2)?, &x);
    Ok(())
}

/// How many classifiers there are in `f64` besides.
pub(crate) const MORE: usize = 27;

/// Values that differ from the others in the structure around their numbers.
fn collect_more(visitor: &mut Classifiers<'_>) -> Result<(), Error> {
    let (x, y) = rows::<f64>();
    let logistic = LogisticRegression::new(Penalty::c(1.0));
    let text: Vec<String> = y.iter().map(|&class| ["", "no", "größer"][class].to_owned()).collect();
    let two: Vec<bool> = y.iter().map(|&class| class > 0).collect();
    let letters: Vec<char> = y.iter().map(|&class| ['\0', 'b', '\u{10FFFF}'][class]).collect();
    let balanced = logistic.clone().class_weight(logit::ClassWeight::Balanced);
    visitor.visit("weighted", &balanced.fit_weighted(&x, &two, &[0.5; 60])?, &x);
    let far = x.map(|v| v + 1e6);
    visitor.visit("far", &logistic.fit(&far, &text)?, &far);
    visitor.visit("far binary", &logistic.fit(&far, &two)?, &far);
    let apart: Vec<char> = (0..60).map(|row| if row < 30 { 'a' } else { 'z' }).collect();
    let numbered = DMatrix::from_fn(60, 2, |row, column| (row * (column + 1)) as f64);
    visitor.visit("separated", &LogisticRegression::new(Penalty::None).fit(&numbered, &apart)?, &numbered);
    let path = LogisticPath::l1().count(4);
    let chosen = LogisticRegressionCv::new(path).rule(SelectionRule::OneStandardError).folds(3);
    visitor.visit("cross-validated", &chosen.fit(&x, &letters)?, &x);
    visitor.visit("one vs rest", &OneVsRest::new(logistic.clone()).fit(&x, &y)?, &x);
    let names = ["age", "", "größe\n", "weight (kg)"].map(str::to_owned);
    let named = logit::Rows::from(&x).with_names(&names)?;
    let scaled = Pipeline::new(StandardScaler::new(), logistic.clone());
    visitor.visit("named", &scaled.fit(named, &text)?, &x);
    visitor.visit("named one vs one", &OneVsOne::new(scaled).fit(named, &y)?, &x);
    visitor.visit("named network", &MlpClassifier::new([3]).epochs(2).fit(named, &two)?, &x);
    visitor.visit("one vs one", &OneVsOne::new(logistic.clone()).fit(&x, &y)?, &x);

    let scaled = Pipeline::new(StandardScaler::new(), logistic.clone());
    visitor.visit("alone", &Pipeline::new((), logistic.clone()).fit(&x, &two)?, &x);
    let twice = (StandardScaler::new(), StandardScaler::new());
    visitor.visit("chain", &Pipeline::new(twice, OneVsRest::new(logistic.clone())).fit(&x, &text)?, &x);
    let blocks = ColumnTransformer::new()
        .block([3, 0], (RobustScaler::new(), PolynomialFeatures::new(2)))
        .block([0], TargetEncoder::new().folds(2))
        .remainder(Remainder::Pass);
    let columns = (blocks, SelectBest::new(4), MaxAbsScaler::new());
    visitor.visit("columns", &Pipeline::new(columns, logistic.clone()).fit(&x, &two)?, &x);
    let network = MlpClassifier::new([3]).epochs(2).normalization(Normalization::Layer);
    visitor.visit("focal", &network.loss(Focal::new(2.0)).optimizer(Sgd::new(0.1)).fit(&x, &two)?, &x);

    let search = Search::grid(grid2([0.1, f64::MAX], [1usize, 2]), |&(c, degree)| {
        let steps = (PolynomialFeatures::new(degree), StandardScaler::new());
        Pipeline::new(steps, LogisticRegression::new(Penalty::l2(1.0 / c)))
    });
    visitor.visit("search", &search.fit(&x, &y)?.into_model(), &x);
    let three = scaled.fit(&x, &text)?;
    for (name, method) in [
        ("platt", CalibrationMethod::Platt),
        ("isotonic", CalibrationMethod::Isotonic),
        ("temperature", CalibrationMethod::Temperature),
    ] {
        visitor.visit(name, &FittedCalibration::new(three.clone(), method, &x, &text, None)?, &x);
    }
    visitor.visit(
        "cross-calibrated",
        &Calibrate::new(scaled.clone(), CalibrationMethod::Platt).fit(&x, &text)?,
        &x,
    );
    let binary = logistic.fit(&x, &two)?;
    visitor.visit("certain", &FittedThreshold::new(binary.clone(), 1.0)?, &x);
    visitor.visit("never", &FittedThreshold::new(binary.clone(), 0.0)?, &x);
    visitor.visit("reject option", &RejectOption::new(logistic.fit(&x, &text)?, 0.7)?, &x);
    let costs = dmatrix![0.0, 9.0; 1.0 / 3.0, -0.0];
    visitor.visit("minimum cost", &MinimumCost::new(binary.clone(), costs)?, &x);
    visitor.visit("priors", &PriorCorrected::new(binary, &[0.5, 0.5], &[0.1, 0.9])?, &x);
    let three = logistic.fit(&x, &y)?;
    let sets = Conformal::new(three.clone(), NonconformityScore::Lac, 0.9, &x, &y)?;
    visitor.visit("conformal", &sets, &x);
    let few = (x.rows(0, 3).into_owned(), &y[..3]);
    let all = Conformal::new(three.clone(), NonconformityScore::Aps, 0.9, &few.0, few.1)?;
    visitor.visit("all classes", &all, &x);
    visitor.visit("any", &AnyClassifier::new(RejectOption::new(AnyClassifier::new(three), 0.5)?), &x);
    Ok(())
}

/// How many values are shown that are no classifiers, of each number type.
pub(crate) const OTHERS: usize = 35;

/// Everything else that can be saved.
fn collect_others<T: Real>(visitor: &mut Collection) -> Result<(), Error> {
    let (x, y) = rows::<T>();
    let grid = x.map(|v| T::of(v.as_f64().round()));
    visitor.visit("identity", &().fit(&x)?);
    visitor.visit("standard", &StandardScaler::new().fit(&x)?);
    let near = DMatrix::from_fn(3, 2, |row, column| {
        if column == 0 { T::of([0.3, 0.1 + 0.2, 0.3][row]) } else { T::of(row as f64) }
    });
    visitor.visit("constant column", &StandardScaler::new().fit(&near)?);
    visitor.visit("constant range", &MinMaxScaler::new().fit(&near)?);
    let odd = [-0.0, 5e-324, f64::from(f32::MAX)].map(T::of).to_vec();
    let tiny = vec![T::MIN_POSITIVE, T::of(f64::from(f32::MAX)), T::one()];
    visitor.visit("odd scaler", &logit::preprocess::FittedStandardScaler::new(odd, tiny)?);
    visitor.visit("min-max", &MinMaxScaler::new().range(-1.0, 0.1 + 0.2).clip(true).fit(&x)?);
    visitor.visit("max-abs", &MaxAbsScaler::new().fit(&x)?);
    visitor.visit("robust", &RobustScaler::new().fit(&x)?);
    for norm in [NormKind::L1, NormKind::L2, NormKind::Max] {
        visitor.visit("normalizer", &Normalizer::new().norm(norm).fit(&x)?);
    }
    visitor.visit("polynomial", &PolynomialFeatures::new(3).include_bias(true).fit(&x)?);
    visitor.visit("interactions", &PolynomialFeatures::new(2).interaction_only(true).fit(&x)?);
    visitor.visit("one-hot", &OneHotEncoder::new().unknown(UnknownCategory::Zeros).fit(&grid)?);
    visitor.visit("dropped", &OneHotEncoder::new().drop(DropCategory::FirstOfTwo).fit(&grid)?);
    let blocks = ColumnTransformer::new().block([2, 0], StandardScaler::new()).block([2], Imputer::mean());
    visitor.visit("column transformer", &blocks.remainder(Remainder::Drop).fit(&x)?);
    visitor.visit("target encoder", &TargetEncoder::new().fit_supervised(&grid, &y)?);
    visitor.visit("best columns", &SelectBest::new(2).fit_supervised(&x, &y)?);
    let information = SelectBest::new(2).score(FeatureScore::MutualInformation { bins: 5 });
    visitor.visit("most informative columns", &information.fit_supervised(&x, &y)?);
    visitor.visit("selected", &SelectColumns::new([3, 1]).fit(&x)?);
    visitor.visit("imputer", &Imputer::mean().indicators(true).fit(&x)?);
    visitor.visit("variance", &VarianceThreshold::new().threshold(1e-3).fit(&x)?);
    visitor.visit("pca", &Pca::new(2).fit(&x)?);
    visitor.visit("whitened", &Pca::explaining(0.9).whiten(true).fit(&x)?);
    visitor.visit("chain", &(Imputer::mean(), StandardScaler::new(), Pca::new(3)).fit(&x)?);

    let labels: Vec<u128> = y.iter().map(|&class| [0, 7, u128::MAX][class]).collect();
    visitor.visit("labels", &LabelEncoder::new(&labels)?);
    visitor.visit("moments", &Moments::of(&x, None)?);
    visitor.visit("moments of nothing", &Moments::new(2)?);
    let scores: Vec<T> = x.column(1).iter().copied().collect();
    let truth: Vec<bool> = y.iter().map(|&class| class > 0).collect();
    let target: Vec<T> = truth.iter().map(|&has| T::of(f64::from(u8::from(has)))).collect();
    visitor.visit("isotonic function", &IsotonicRegression::fit(&scores, &target, None, false)?);
    visitor.visit("platt scaling", &PlattScaling::fit(&scores, &truth, None)?);
    visitor.visit("path", &LogisticPath::elastic_net(0.5).count(3).fit(&x, &labels)?);

    let network = Sequential::new(vec![Dense::new(4, 3)?])?;
    let examples = Examples::new(&x, Targets::Classes(&y));
    let trainer = Trainer::new(Adam::new(0.1)).epochs(2).batch_size(20);
    let trained = trainer.fit(&network, SoftmaxCrossEntropy::new(), examples, TrainOptions::default())?;
    visitor.visit("trained", &trained);
    visitor.visit("history", &trained.history);
    visitor.visit("fit report", &trained.report);
    let options = TrainOptions::default().validation(examples);
    let mut run = trainer.start(&network, SoftmaxCrossEntropy::new(), examples, options)?;
    for _ in 0..4 {
        run.step()?;
    }
    visitor.visit("checkpoint", &run.checkpoint());
    Ok(())
}

/// A value of every kind, in `f64` and in `f32`.
pub(crate) fn everything() -> Vec<(String, Box<dyn Subject>)> {
    others().into_iter().chain(classifiers()).chain(single_classifiers()).collect()
}

/// A value of every kind that is no classifier.
pub(crate) fn others() -> Vec<(String, Box<dyn Subject>)> {
    let mut found = Collection::default();
    collect_others::<f64>(&mut found).expect("fits");
    collect_others::<f32>(&mut found).expect("fits");
    assert_eq!(found.0.len(), 2 * OTHERS);
    found.visit("several labels", &several_labels().0);
    found.0
}

/// A network with several labels a row, calibrated.
pub(crate) fn several_labels() -> (logit::nn::FittedMultiLabel<f64, String>, DMatrix<f64>) {
    let (x, y) = rows::<f64>();
    let sets: Vec<Vec<String>> =
        y.iter().map(|&class| (0..class).map(|k| format!("tag {k}")).collect()).collect();
    let sets = LabelSets::new(&sets).expect("label sets");
    let model = MlpClassifier::new([4]).epochs(5).fit_multi_label(&x, &sets).expect("a fit");
    let model = model.calibrate(&x, &sets).and_then(|model| model.with_thresholds([0.25, 0.5]));
    (model.expect("a model"), x)
}

/// A small model, for tests that damage it everywhere.
pub(crate) fn small() -> impl Stored<Scalar = f64> + Classifier<f64, Label = String> {
    let x = DMatrix::from_fn(8, 2, |row, column| (row * (3 - column) % 7) as f64);
    let y: Vec<String> = (0..8).map(|row| if row % 3 == 0 { "yes" } else { "no" }.to_owned()).collect();
    let pipeline = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
    pipeline.fit(&x, &y).expect("a fit")
}

pub(crate) fn kind_of<L: StoredLabel>(_: &[L]) -> &'static str {
    L::KIND
}
