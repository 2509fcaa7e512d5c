//! Nothing leaks: a model depends only on its training rows, whatever splits the rows.

use std::sync::Mutex;

use crate::common::overlapping;
use logit::decide::{CalibrationMethod, TuneThreshold};
use logit::metrics::{BalancedAccuracy, LogLoss};
use logit::nalgebra::{DMatrix, DMatrixViewMut};
use logit::prelude::*;
use logit::preprocess::{
    ColumnTransformer, FittedTargetEncoder, Remainder, RobustScaler, SelectBest, Smoothing, TargetEncoder,
    TransformerOptions,
};
use logit::select::{Splitter, group_k_fold, learning_curve, validation_curve};
use logit::{
    Calibrate, CrossValidation, Error, FitOptions, Imputer, Label, LogisticRegression, MlpClassifier, Pca,
    Penalty, Pipeline, Rng, Rows, Scratch, Search, StandardScaler,
};
use proptest::prelude::*;

const ROWS: usize = 48;

fn pipeline(c: f64) -> Pipeline<(Imputer, StandardScaler, Pca), LogisticRegression> {
    let steps = (Imputer::median(), StandardScaler::new(), Pca::new(2));
    Pipeline::new(steps, LogisticRegression::new(Penalty::c(c)))
}

fn splitters(seed: u64) -> Vec<Splitter> {
    let groups: Vec<usize> = (0..ROWS).map(|row| row / 3).collect();
    vec![
        Splitter::Holdout { test_fraction: 0.3, seed },
        Splitter::Stratified { k: 4, seed },
        Splitter::Repeated { k: 3, times: 2, seed },
        Splitter::Consecutive { k: 3 },
        Splitter::Shuffled { k: 3, seed },
        Splitter::TimeOrdered { k: 3, gap: 1 },
        group_k_fold(&groups, 3, seed).expect("folds").into(),
    ]
}

/// Rows whose first column is their number, so that one can tell them apart.
fn numbered(seed: u64) -> (DMatrix<f64>, Vec<usize>) {
    let (x, y) = overlapping(ROWS, 3, 2, seed);
    (DMatrix::from_fn(ROWS, 4, |row, column| if column == 0 { row as f64 } else { x[(row, column - 1)] }), y)
}

fn numbers(x: &DMatrix<f64>) -> Vec<usize> {
    x.column(0).iter().map(|number| *number as usize).collect()
}

/// A fit: the rows that it saw, and the bits of its predictions for fixed rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    rows: Vec<usize>,
    says: Vec<u64>,
}

/// An estimator whose fits are written down.
struct Watched<'a, E> {
    estimator: E,
    fits: &'a Mutex<Vec<Fit>>,
    /// Whether models are asked about their training rows too, for scores to compare with.
    on_train: bool,
}

impl<E: Estimator<f64>> Estimator<f64> for Watched<'_, E> {
    type Fitted<L: Label> = Suspicious<E::Fitted<L>>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, f64>,
        y: &[L],
        options: FitOptions<'_, f64>,
    ) -> Result<Self::Fitted<L>, Error> {
        let model = self.estimator.fit_with(x, y, options)?;
        let same = DMatrix::from_fn(6, x.ncols(), |row, column| ((7 * row + 3 * column) % 11) as f64 - 5.0);
        let says = model.decision_function(&same)?.iter().map(|z| z.to_bits()).collect();
        let rows = numbers(&x.clone_owned());
        self.fits.lock().expect("no panic").push(Fit { rows: rows.clone(), says });
        Ok(Suspicious { model, rows, on_train: self.on_train })
    }
}

/// A model that is asked about rows that it did not learn from; or, for scores on training rows, about none
/// but those.
struct Suspicious<C> {
    model: C,
    rows: Vec<usize>,
    on_train: bool,
}

impl<C> Suspicious<C> {
    fn look(&self, x: Rows<'_, f64>) {
        let asked = numbers(&x.clone_owned());
        let known = asked.iter().filter(|row| self.rows.contains(row)).count();
        assert!(
            known == 0 || self.on_train && known == asked.len(),
            "{known} of {} rows are known",
            asked.len()
        );
    }
}

impl<C: Classifier<f64>> Classifier<f64> for Suspicious<C> {
    type Label = C::Label;

    fn classes(&self) -> &[C::Label] {
        self.model.classes()
    }
    fn features(&self) -> usize {
        self.model.features()
    }
    fn scores_into(
        &self,
        x: Rows<'_, f64>,
        out: DMatrixViewMut<'_, f64>,
        scratch: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        self.look(x);
        self.model.scores_into(x, out, scratch)
    }
    fn probabilities_into(
        &self,
        x: Rows<'_, f64>,
        out: DMatrixViewMut<'_, f64>,
        scratch: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        self.look(x);
        self.model.probabilities_into(x, out, scratch)
    }
}

/// Everything that fits an estimator more than once, with its splits by `splitter`.
fn procedure(which: usize, splitter: &Splitter, x: &DMatrix<f64>, y: &[usize]) -> Vec<Fit> {
    let fits = Mutex::new(Vec::new());
    let on_train = which == 3 || which == 4;
    let watched = |c: f64| Watched { estimator: pipeline(c), fits: &fits, on_train };
    let search =
        |splitter: Splitter| Search::grid([0.01, 0.1, 1.0], |c: &f64| watched(*c)).splitter(splitter);
    let search_inside = || search(Splitter::Stratified { k: 2, seed: 5 });
    let validation = || CrossValidation::<f64>::new(splitter.clone()).metric("log-loss", LogLoss);
    match which {
        0 => drop(validation().run(&watched(1.0), x, y).expect("scores")),
        1 => drop(search(splitter.clone()).fit(x, y).expect("a search")),
        2 => drop(validation().run(&search_inside(), x, y).expect("scores")),
        3 => drop(learning_curve(&watched(1.0), x, y, &[8, 10], splitter, &LogLoss).expect("a curve")),
        4 => drop(
            validation_curve(&[0.1, 1.0], |&c: &f64| watched(c), x, y, splitter, &LogLoss).expect("a curve"),
        ),
        5 => {
            let calibrate = Calibrate::new(watched(1.0), CalibrationMethod::Temperature);
            drop(calibrate.splitter(splitter.clone()).fit(x, y).expect("a model"));
        }
        6 => {
            let tune = TuneThreshold::new(watched(1.0), BalancedAccuracy::new());
            drop(tune.splitter(splitter.clone()).fit(x, y).expect("a model"));
        }
        _ => {
            let calibrate = Calibrate::new(search_inside(), CalibrationMethod::Platt);
            drop(TuneThreshold::new(calibrate, BalancedAccuracy::new()).fit(x, y).expect("a model"));
        }
    }
    let mut fits = fits.into_inner().expect("no panic");
    fits.sort_unstable();
    fits
}

const PROCEDURES: usize = 8;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    /// Of all fits of a procedure, those that did not see a row are the same to the last bit whatever is
    /// written into it.
    #[test]
    fn a_row_changes_the_fits_that_saw_it_and_no_other(
        seed in 0u64..1000, row in 0..ROWS, value in prop::sample::select(vec![-3.0, 50.0, -1e3, f64::NAN]),
    ) {
        let (x, y) = numbered(seed);
        let mut changed = x.clone();
        changed.row_mut(row).columns_mut(1, 3).fill(value);
        for splitter in splitters(seed) {
            for which in 0..PROCEDURES {
                let part = |x: &DMatrix<f64>| -> (Vec<Fit>, Vec<Fit>) {
                    procedure(which, &splitter, x, &y).into_iter().partition(|fit| fit.rows.contains(&row))
                };
                let ((seen, unseen), (seen_changed, unseen_changed)) = (part(&x), part(&changed));
                prop_assert_eq!(&unseen, &unseen_changed, "procedure {}, {:?}", which, &splitter);
                prop_assert_eq!(seen.len(), seen_changed.len());
                prop_assert!(seen.iter().zip(&seen_changed).all(|(before, after)| before != after), "{:?}", &splitter);
            }
        }
    }
}

/// Models of folds as bytes, with rows and labels of the test set of one fold replaced by others.
fn models<E, B>(estimator: &E, splitter: &Splitter, x: &DMatrix<f64>, y: &[usize], bytes: B) -> Vec<Vec<u8>>
where
    E: Estimator<f64, Fitted<usize>: Send> + Sync,
    B: Fn(&E::Fitted<usize>) -> Vec<u8>,
{
    let found =
        CrossValidation::<f64>::new(splitter.clone()).keep_models(true).run(estimator, x, y).expect("fits");
    found.models().iter().map(bytes).collect()
}

fn stays<E, B>(name: &str, estimator: &E, bytes: B)
where
    E: Estimator<f64, Fitted<usize>: Send> + Sync,
    B: Fn(&E::Fitted<usize>) -> Vec<u8>,
{
    let (mut x, y) = overlapping(ROWS, 3, 2, 11);
    // A few values, so that the column may be taken for categories.
    x.column_mut(2).apply(|v| *v = v.round());
    for splitter in splitters(3) {
        // Labels decide where rows go, so the splits are kept.
        let splits = splitter.splits(&y).expect("splits");
        let splitter = Splitter::Given(splits.clone());
        let before = models(estimator, &splitter, &x, &y, &bytes);
        assert_eq!(before.len(), splits.len());
        for (index, split) in splits.iter().enumerate() {
            let (mut x, mut y) = (x.clone(), y.clone());
            let mut rng = Rng::new(index as u64);
            for &row in &split.test {
                x.row_mut(row).iter_mut().for_each(|v| *v = 100.0 * rng.standard_normal());
                y[row] = 1 - y[row];
            }
            let after = models(estimator, &splitter, &x, &y, &bytes);
            assert!(after[index] == before[index], "{name}, {splitter:?}, split {index}");
            assert!((0..splits.len()).all(|other| other == index
                || after[other] != before[other]
                || shares_no(&splits, other, index)));
        }
    }
}

/// Whether no test row of split `of` is among the training rows of `other`.
fn shares_no(splits: &[logit::select::Split], other: usize, of: usize) -> bool {
    splits[of].test.iter().all(|row| !splits[other].train.contains(row))
}

/// Steps that learn from labels: categories of one column as shares of classes, and the best two columns.
fn supervised(c: f64) -> impl Estimator<f64, Fitted<usize>: Persist<Scalar = f64> + Clone + Send> + Sync {
    let columns =
        ColumnTransformer::new().block([2], TargetEncoder::new().folds(2)).remainder(Remainder::Pass);
    Pipeline::new((columns, SelectBest::new(2)), LogisticRegression::new(Penalty::c(c)))
}

/// The labels of test rows are flipped as well, and do not reach the steps that learn from labels.
#[test]
fn supervised_steps_do_not_know_the_labels_of_test_rows() {
    fn saved<M: Persist>(model: &M) -> Vec<u8> {
        model.to_bytes().expect("bytes")
    }
    stays("a supervised pipeline", &supervised(1.0), saved);
    stays("a supervised search", &Search::grid([0.01, 1.0], |&c| supervised(c)), |found| {
        saved(found.model())
    });
    stays("a supervised calibration", &Calibrate::new(supervised(1.0), CalibrationMethod::Platt), saved);
    stays("a supervised threshold", &TuneThreshold::new(supervised(1.0), BalancedAccuracy::new()), saved);
}

/// A target encoder that shows the training rows their own labels: the leak that cross-fitting is for.
#[derive(Debug, Clone, Copy)]
struct Leaking(TargetEncoder);

impl Transformer<f64> for Leaking {
    type Fitted = FittedTargetEncoder<f64>;

    fn fit_rows(
        &self,
        x: Rows<'_, f64>,
        options: TransformerOptions<'_, f64>,
    ) -> Result<FittedTargetEncoder<f64>, Error> {
        self.0.fit_rows(x, options)
    }
}

/// From independent categories and labels, a model can only learn what leaks.
#[test]
fn cross_fitting_keeps_random_categories_from_looking_good() {
    /// The accuracy on the rows that the encoder hands on, and the weight that they are given.
    fn looks<P: Transformer<f64>>(encoder: P) -> (f64, f64) {
        let mut rng = Rng::new(21);
        let x = DMatrix::from_fn(600, 1, |_, _| rng.below(200) as f64);
        let classes: Vec<usize> = (0..600).map(|_| rng.below(2)).collect();
        let options = TransformerOptions::new().classes(&classes, 2);
        let (_, z) = encoder.fit_transform_rows((&x).into(), options).expect("rows");
        let model = LogisticRegression::new(Penalty::c(1.0)).fit(&z, &classes).expect("a fit");
        (model.score(&z, &classes).expect("a score"), model.coefficients()[0])
    }
    for smoothing in [Smoothing::Auto, Smoothing::Fixed(1.0)] {
        let encoder = TargetEncoder::new().smoothing(smoothing);
        let ((leaked, trusted), (honest, untrusted)) = (looks(Leaking(encoder)), looks(encoder));
        assert!(leaked > 0.7 && trusted > 2.0, "{smoothing:?}: {leaked}, {trusted}");
        assert!(honest < 0.58 && untrusted < 0.5, "{smoothing:?}: {honest}, {untrusted}");
    }
}

/// The models that come out, whatever is tuned, calibrated or stopped early inside, in raw units and as
/// files.
#[test]
fn models_of_folds_do_not_know_their_test_rows() {
    fn saved<M: Persist>(model: &M) -> Vec<u8> {
        model.to_bytes().expect("bytes")
    }
    let robust = Pipeline::new(RobustScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
    stays("a pipeline", &robust, saved);
    stays("a search", &Search::grid([0.01, 1.0], |&c| pipeline(c)), |found| saved(found.model()));
    stays("a calibration", &Calibrate::new(pipeline(1.0), CalibrationMethod::Isotonic), saved);
    stays("a threshold", &TuneThreshold::new(pipeline(1.0), BalancedAccuracy::new()), saved);
    let network =
        MlpClassifier::new([3]).epochs(6).batch_size(8).validation_fraction(0.25).patience(2).seed(1);
    // The history of a network has times, so its weights are compared.
    let network = Pipeline::new(StandardScaler::new(), network);
    stays("a network that stops early", &network, |model| {
        let weights = model.classifier().params().iter().flat_map(|w| w.to_bits().to_le_bytes());
        saved(model.steps()).into_iter().chain(weights).collect()
    });
}
