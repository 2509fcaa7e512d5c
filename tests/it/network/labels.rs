//! Several labels per row.

use logit::nn::{
    BinaryCrossEntropy, Examples, Focal, Normalization, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer,
};
use logit::{
    Activation, Adam, ClassWeight, Error, FitOptions, LabelSets, Lbfgs, MlpClassifier, Rng, StopReason,
};
use nalgebra::DMatrix;

/// Three labels that depend on the columns, one of them with noise.
fn rows(count: usize, seed: u64) -> (DMatrix<f64>, LabelSets<&'static str>) {
    let mut rng = Rng::new(seed);
    let x = DMatrix::from_fn(count, 3, |_, _| rng.standard_normal());
    let has = |row: usize, label: usize, noise: f64| match label {
        0 => x[(row, 0)] > 0.3,
        1 => x[(row, 0)] * x[(row, 1)] > 0.0,
        _ => x[(row, 2)] + noise > 0.0,
    };
    let indicator = DMatrix::from_fn(count, 3, |row, label| has(row, label, rng.standard_normal()));
    (x.clone(), LabelSets::from_indicator(indicator, ["a", "b", "c"]).unwrap())
}

fn network() -> MlpClassifier {
    MlpClassifier::new([16]).activation(Activation::Tanh).optimizer(Adam::new(0.01)).epochs(60).seed(3)
}

#[test]
fn labels_are_independent_questions_to_shared_layers() {
    let ((x, y), (x_new, y_new)) = (rows(600, 1), rows(600, 2));
    let model = network().fit_multi_label(&x, &y).unwrap();
    assert_eq!((model.labels(), model.features()), (["a", "b", "c"].as_slice(), 3));
    let (p, found) = (model.predict_proba(&x_new).unwrap(), model.predict(&x_new).unwrap());
    assert_eq!((p.shape(), found.rows()), ((600, 3), 600));
    for (label, wanted) in [(0, 0.95), (1, 0.9), (2, 0.7)] {
        let right = (0..600).filter(|&row| found.has(row, label) == y_new.has(row, label)).count();
        assert!(right as f64 > 600.0 * wanted, "label {label}: {right}");
        assert!((0..600).all(|row| found.has(row, label) == (p[(row, label)] >= 0.5)));
    }
    let scores = model.decision_function(&x_new).unwrap();
    for (p, z) in p.iter().zip(&scores) {
        approx::assert_relative_eq!(*p, 1.0 / (1.0 + (-z).exp()), max_relative = 1e-12);
    }
}

/// The loss is the sum over labels of binary cross-entropies, and a trainer with an indicator does the same.
#[test]
fn a_trainer_with_an_indicator_does_the_same() {
    let (x, y) = rows(100, 3);
    let model = network().epochs(3).l2(0.01).fit_multi_label(&x, &y).unwrap();
    let targets = y.indicator().map(f64::from);
    let trainer = Trainer::new(Adam::new(0.01)).epochs(3).l2(0.01).seed(3);
    let layers = model.network().network();
    let examples = Examples::new(&x, Targets::Values(&targets));
    let trained = trainer.fit(layers, BinaryCrossEntropy, examples, TrainOptions::default()).unwrap();
    assert_eq!(trained.params, model.network().params());
}

#[test]
fn sets_weights_thresholds_and_validation_rows_work() {
    let (x, y) = rows(200, 4);
    let from_sets = LabelSets::new(&y.sets()).unwrap();
    assert_eq!(network().fit_multi_label(&x, &from_sets), network().fit_multi_label(&x, &y));

    let weights: Vec<f64> = (0..200).map(|row| f64::from(row < 150)).collect();
    let first = LabelSets::from_indicator(y.indicator().rows(0, 150).into_owned(), y.labels()).unwrap();
    let lbfgs = MlpClassifier::new([16]).activation(Activation::Tanh).seed(3);
    let lbfgs = lbfgs.optimizer(Lbfgs::new().max_iterations(30)).l2(0.1);
    let weighted = lbfgs.fit_multi_label_with(&x, &y, FitOptions::new().weights(&weights)).unwrap();
    let fewer = lbfgs.fit_multi_label(&x.rows(0, 150).into_owned(), &first).unwrap();
    for (a, b) in weighted.network().params().iter().zip(fewer.network().params()) {
        approx::assert_relative_eq!(a, b, max_relative = 1e-6, epsilon = 1e-9);
    }

    let stopping =
        network().normalization(Normalization::Batch).dropout(0.2).validation_fraction(0.3).patience(2);
    let model = stopping.epochs(500).fit_multi_label(&x, &y).unwrap();
    assert_eq!(model.report().stop, StopReason::EarlyStopped);
    let none = model.clone().with_thresholds([1.0, 1.0, 1.0]).unwrap().predict(&x).unwrap();
    assert!(none.sets().iter().all(Vec::is_empty));
    assert!(model.clone().with_thresholds([0.5]).is_err() && model.with_thresholds([0.5, 0.5, 1.5]).is_err());
}

/// Over-trained on few rows, probabilities are too sure; calibrated on others, they are better and keep their
/// order.
#[test]
fn calibration_makes_probabilities_of_each_label_true() {
    let ((x, y), (x_held, y_held), (x_new, y_new)) = (rows(80, 5), rows(500, 6), rows(2000, 7));
    let sure = network().epochs(800).fit_multi_label(&x, &y).unwrap();
    let calibrated = sure.clone().calibrate(&x_held, &y_held).unwrap();
    let log_loss = |p: &DMatrix<f64>, label: usize| -> f64 {
        let of_row = |row: usize| {
            let p = p[(row, label)].clamp(1e-300, 1.0 - 1e-16);
            if y_new.has(row, label) { -p.ln() } else { -(-p).ln_1p() }
        };
        (0..2000).map(of_row).sum::<f64>() / 2000.0
    };
    let (before, after) = (sure.predict_proba(&x_new).unwrap(), calibrated.predict_proba(&x_new).unwrap());
    assert!(
        log_loss(&after, 2) < 0.75 && log_loss(&before, 2) > 1.0,
        "{} {}",
        log_loss(&before, 2),
        log_loss(&after, 2)
    );
    for label in 0..3 {
        assert!(log_loss(&after, label) < log_loss(&before, label) + 1e-3, "label {label}");
        let mean = |p: &DMatrix<f64>| p.column(label).mean();
        let truth = y_new.indicator().column(label).iter().filter(|has| **has).count() as f64 / 2000.0;
        assert!((mean(&after) - truth).abs() < 0.06, "label {label}: {} for {truth}", mean(&after));
        let order = |p: &DMatrix<f64>| {
            let mut rows: Vec<usize> = (0..2000).collect();
            rows.sort_by(|&a, &b| p[(a, label)].total_cmp(&p[(b, label)]));
            rows[..20].to_vec()
        };
        let strict = before.column(label).iter().all(|p| *p < 1.0);
        assert!(!strict || order(&before) == order(&after), "label {label}");
    }
}

/// Rows that all have a label, or none, say nothing about its scores: a calibration would make it a constant.
#[test]
fn a_label_that_is_missing_from_the_calibration_rows_is_refused_or_left_as_it_is() {
    let (x, y) = rows(60, 8);
    let model = network().epochs(5).fit_multi_label(&x, &y).unwrap();
    let label = y.labels()[1];
    for everywhere in [false, true] {
        let mut indicator = y.indicator().clone();
        indicator.column_mut(1).fill(everywhere);
        let sided = LabelSets::from_indicator(indicator, y.labels()).unwrap();
        let error = model.clone().calibrate(&x, &sided).unwrap_err();
        assert!(matches!(error, Error::MissingClass { index: 1, .. }), "{error}");
        assert!(error.to_string().contains(&format!("{label:?}")), "{error}");

        let others = [y.labels()[2], y.labels()[0]];
        let some = model.clone().calibrate_labels(&x, &sided, &others).unwrap();
        let all = model.clone().calibrate(&x, &y).unwrap();
        let (before, after) = (model.predict_proba(&x).unwrap(), some.predict_proba(&x).unwrap());
        let whole = all.predict_proba(&x).unwrap();
        assert_eq!(after.column(1), before.column(1));
        for column in [0, 2] {
            assert_eq!(after.column(column), whole.column(column));
        }
    }
    let unknown = model.calibrate_labels(&x, &y, &["none of them"]);
    assert!(matches!(unknown, Err(Error::UnknownLabel { .. })));
}

/// Rows of weight 0 do not exist: not for the split either.
#[test]
fn rows_of_weight_zero_change_no_bit_with_validation_rows() {
    let (x, y) = rows(60, 11);
    for (seed, every) in [(0, 2), (1, 2), (2, 3), (3, 10), (4, 10), (5, 10)] {
        let weights: Vec<f64> = (0..60).map(|row| if row % every == 0 { 2.5 } else { 0.0 }).collect();
        let kept: Vec<usize> = (0..60).step_by(every).collect();
        let fewer = LabelSets::from_indicator(y.indicator().select_rows(&kept), y.labels()).unwrap();
        let network = network().epochs(6).validation_fraction(0.3).seed(seed);
        let weighted = network.fit_multi_label_with(&x, &y, FitOptions::new().weights(&weights)).unwrap();
        let alone = vec![2.5; kept.len()];
        let options = FitOptions::new().weights(&alone);
        let alone = network.fit_multi_label_with(&x.select_rows(&kept), &fewer, options).unwrap();
        assert_eq!(weighted, alone, "seed {seed}, every {every}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let (x, y) = rows(30, 9);
    let unsupported = |network: MlpClassifier| {
        let error = network.fit_multi_label(&x, &y).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    };
    unsupported(network().loss(SoftmaxCrossEntropy::new()));
    unsupported(network().class_weight(ClassWeight::Balanced));
    assert!(network().loss(Focal::new(2.0)).epochs(1).fit_multi_label(&x, &y).is_ok());
    let short = x.rows(0, 29).into_owned();
    assert!(matches!(network().fit_multi_label(&short, &y), Err(Error::ShapeMismatch { .. })));
    let model = network().epochs(1).fit_multi_label(&x, &y).unwrap();
    let other = LabelSets::from_indicator(y.indicator().clone(), ["a", "b", "d"]).unwrap();
    assert!(matches!(model.clone().calibrate(&x, &other), Err(Error::UnknownLabel { .. })));
    let mut bad = x.clone();
    bad[(3, 1)] = f64::NAN;
    assert!(matches!(model.predict(&bad), Err(Error::NotFinite { row: 3, column: 1, .. })));
    assert!(matches!(network().fit_multi_label(&bad, &y), Err(Error::NotFinite { .. })));
}

#[test]
fn an_observer_stops_a_fit_of_several_labels() {
    let (x, y) = rows(60, 3);
    let network = MlpClassifier::new([3]).epochs(20);
    for network in [network.clone(), network.validation_fraction(0.2)] {
        let mut seen = 0;
        let mut observer = |progress: &logit::Progress| {
            seen = progress.iteration;
            if seen == 4 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
        };
        let model = network.fit_multi_label_with(&x, &y, FitOptions::new().observer(&mut observer)).unwrap();
        assert_eq!((model.report().stop, model.history().epochs.len(), seen), (StopReason::Cancelled, 4, 4));
    }
}
