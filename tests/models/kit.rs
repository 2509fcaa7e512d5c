//! One fitted model of every kind.

use std::fmt::Debug;

use logit::nalgebra::DMatrix;
use logit::{
    Activation, Classifier, Error, Estimator, LabelSets, LogisticRegression, MlpClassifier, Normalization,
    OneVsOne, OneVsRest, Penalty, Persist, Pipeline, Real, Rng, StandardScaler, StoredLabel,
};

/// Rows of three overlapping classes, in units far from 1.
pub(crate) fn rows<T: Real>() -> (DMatrix<T>, Vec<usize>) {
    let mut rng = Rng::new(5);
    let y: Vec<usize> = (0..60).map(|row| row % 3).collect();
    let x = DMatrix::from_fn(60, 4, |row, column| {
        T::of(10.0 * column as f64 + rng.standard_normal() + (y[row] * (column % 2)) as f64)
    });
    (x, y)
}

/// Something to do with a fitted classifier of any type.
pub(crate) trait Visit<T: Real> {
    fn visit<M>(&mut self, name: &str, model: &M, x: &DMatrix<T>)
    where
        M: Classifier<T> + Persist<Scalar = T> + PartialEq + Clone + Debug + Send + Sync + 'static;
}

/// Shows every classifier that can be saved.
pub(crate) fn classifiers<T: Real>(visitor: &mut impl Visit<T>) -> Result<(), Error> {
    let (x, y) = rows::<T>();
    let logistic = LogisticRegression::new(Penalty::c(1.0));
    let text: Vec<String> = y.iter().map(|&class| ["", "no", "größer"][class].to_owned()).collect();
    let two: Vec<bool> = y.iter().map(|&class| class > 0).collect();
    let wide: Vec<i64> = y.iter().map(|&class| [i64::MIN, 0, i64::MAX][class]).collect();
    visitor.visit("logistic", &logistic.fit(&x, &text)?, &x);
    visitor.visit("binary", &logistic.fit(&x, &two)?, &x);
    visitor.visit("integers", &logistic.fit(&x, &wide)?, &x);
    let weighted = logistic.clone().class_weight(logit::ClassWeight::Balanced).fit_weighted(
        &x,
        &two,
        &vec![T::of(0.5); two.len()],
    )?;
    visitor.visit("weighted", &weighted, &x);
    let apart: Vec<char> = (0..60).map(|row| if row < 30 { 'a' } else { 'z' }).collect();
    let numbered = DMatrix::from_fn(60, 2, |row, column| T::of((row * (column + 1)) as f64));
    visitor.visit("separated", &LogisticRegression::new(Penalty::None).fit(&numbered, &apart)?, &numbered);
    visitor.visit("one vs rest", &OneVsRest::new(logistic.clone()).fit(&x, &y)?, &x);
    visitor.visit("one vs one", &OneVsOne::new(logistic.clone()).fit(&x, &y)?, &x);
    visitor.visit("pipeline", &Pipeline::new(StandardScaler::new(), logistic.clone()).fit(&x, &y)?, &x);
    let twice = Pipeline::new((StandardScaler::new(), StandardScaler::new()), OneVsRest::new(logistic));
    visitor.visit("chain", &twice.fit(&x, &text)?, &x);
    let network = MlpClassifier::new([5, 3]).activation(Activation::LeakyRelu(0.1)).epochs(4).seed(1);
    visitor.visit("network", &network.fit(&x, &text)?, &x);
    let normal = network.clone().normalization(Normalization::Batch).dropout(0.2).validation_fraction(0.2);
    visitor.visit("normalised", &Pipeline::new(StandardScaler::new(), normal).fit(&x, &y)?, &x);
    Ok(())
}

/// A network with several labels a row, calibrated.
pub(crate) fn several_labels() -> (logit::FittedMultiLabel<f64, String>, DMatrix<f64>) {
    let (x, y) = rows::<f64>();
    let sets: Vec<Vec<String>> =
        y.iter().map(|&class| (0..class).map(|k| format!("tag {k}")).collect()).collect();
    let sets = LabelSets::new(&sets).expect("label sets");
    let model = MlpClassifier::new([4]).epochs(5).fit_multi_label(&x, &sets).expect("a fit");
    let model = model.calibrate(&x, &sets).and_then(|model| model.with_thresholds([0.25, 0.5]));
    (model.expect("a model"), x)
}

/// A small model, for tests that damage it everywhere.
pub(crate) fn small() -> impl Persist<Scalar = f64> + Classifier<f64, Label = String> + Debug + PartialEq {
    let x = DMatrix::from_fn(8, 2, |row, column| (row * (3 - column) % 7) as f64);
    let y: Vec<String> = (0..8).map(|row| if row % 3 == 0 { "yes" } else { "no" }.to_owned()).collect();
    let pipeline = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
    pipeline.fit(&x, &y).expect("a fit")
}

pub(crate) fn kind_of<L: StoredLabel>(_: &[L]) -> &'static str {
    L::KIND
}
