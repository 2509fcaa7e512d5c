//! Splits, cross-validation, searches and curves: nothing leaks, and threads make no difference.

use crate::common::{overlapping, pick};
use logit::metrics::{Accuracy, BrierScore, LogLoss, Metric, RocAuc};
use logit::nalgebra::{DMatrix, dmatrix};
use logit::prelude::*;
use logit::preprocess::FittedStandardScaler;
use logit::select::{
    Split, Splitter, grid2, group_k_fold, k_fold, learning_curve, shuffled_k_fold, time_ordered_splits,
    validation_curve,
};
use logit::{
    CrossValidation, Error, FittedLogistic, FittedPipeline, Imputer, LogisticRegression, MlpClassifier,
    Penalty, Pipeline, Rng, Search, StandardScaler,
};
use proptest::prelude::*;

fn pipeline(c: f64) -> Pipeline<StandardScaler, LogisticRegression> {
    Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(c)))
}

fn splitters() -> Vec<Splitter> {
    let groups: Vec<usize> = (0..40).map(|row| row / 3).collect();
    vec![
        Splitter::Holdout { test_fraction: 0.3, seed: 2 },
        Splitter::Stratified { k: 4, seed: 2 },
        Splitter::Repeated { k: 3, times: 2, seed: 2 },
        Splitter::Consecutive { k: 3 },
        Splitter::Shuffled { k: 3, seed: 2 },
        Splitter::TimeOrdered { k: 3, gap: 1 },
        group_k_fold(&groups, 3, 2).expect("folds").into(),
    ]
}

/// The model of a split does not depend on its test rows, to the bit.
#[test]
fn no_test_row_changes_a_model() {
    let (x, y) = overlapping(40, 3, 2, 1);
    for splitter in splitters() {
        let fit = |x: &DMatrix<f64>| {
            let validation = CrossValidation::<f64>::new(splitter.clone()).keep_models(true);
            validation.run(&pipeline(1.0), x, &y).expect("fits")
        };
        let before = fit(&x);
        assert_eq!(before.models().len(), before.splits().len());
        for (index, split) in before.splits().iter().enumerate() {
            assert!(split.train.iter().all(|row| !split.test.contains(row)), "{splitter:?}");
            let mut changed = x.clone();
            split.test.iter().for_each(|&row| changed.row_mut(row).fill(-1e5));
            assert_eq!(fit(&changed).models()[index], before.models()[index], "{splitter:?}");
            // And of training rows they do depend.
            let mut changed = x.clone();
            changed.row_mut(split.train[0]).fill(5.0);
            assert_ne!(fit(&changed).models()[index], before.models()[index], "{splitter:?}");
        }
    }
}

#[test]
fn no_test_row_changes_a_search() {
    let (x, y) = overlapping(40, 3, 2, 1);
    let search =
        Search::grid([0.01, 0.1, 1.0], |&c| pipeline(c)).splitter(Splitter::Stratified { k: 3, seed: 1 });
    for splitter in splitters() {
        let fit = |x: &DMatrix<f64>| {
            CrossValidation::<f64>::new(splitter.clone()).keep_models(true).run(&search, x, &y).expect("fits")
        };
        let before = fit(&x);
        for (index, split) in before.splits().iter().enumerate() {
            let mut changed = x.clone();
            split.test.iter().for_each(|&row| changed.row_mut(row).fill(-1e5));
            assert_eq!(fit(&changed).models()[index], before.models()[index], "{splitter:?}");
        }
    }
}

#[test]
fn scores_are_those_of_fits_by_hand() {
    let (x, y) = overlapping(60, 3, 3, 2);
    let weights: Vec<f64> = (0..60).map(|row| 1.0 + (row % 3) as f64).collect();
    let found = CrossValidation::new(Splitter::Stratified { k: 3, seed: 7 })
        .metric("accuracy", Accuracy)
        .metric("log-loss", LogLoss)
        .weights(&weights)
        .train_scores(true)
        .run(&pipeline(0.5), &x, &y)
        .expect("scores");
    for (index, split) in found.splits().iter().enumerate() {
        let part = |rows: &[usize]| (x.select_rows(rows), pick(&y, rows), pick(&weights, rows));
        let ((x, y, w), test) = (part(&split.train), part(&split.test));
        let model = pipeline(0.5).fit_weighted(&x, &y, &w).expect("a fit");
        let score = |metric: &dyn Metric, (x, y, w): &(DMatrix<f64>, Vec<usize>, Vec<f64>)| {
            metric
                .evaluate_indices(y, model.predict_proba(x).expect("probabilities").as_view(), Some(w))
                .expect("a score")
        };
        assert_eq!(found.scores("accuracy").expect("a metric")[index], score(&Accuracy, &test));
        assert_eq!(found.scores("log-loss").expect("a metric")[index], score(&LogLoss, &test));
        assert_eq!(
            found.train_scores("log-loss").expect("a metric")[index],
            score(&LogLoss, &(x.clone(), y.clone(), w.clone()))
        );
    }
    let scores = found.scores("accuracy").expect("a metric");
    assert_eq!(found.mean("accuracy"), Some(scores.iter().sum::<f64>() / 3.0));
    assert!(found.standard_error("accuracy").expect("a metric") > 0.0);
    assert!(found.scores("f1").is_none() && found.models().is_empty());
    assert_eq!(found.to_string().lines().count(), 3);
}

#[test]
fn the_best_settings_are_found_and_fitted_to_all_rows() {
    let (x, y) = overlapping(80, 3, 2, 3);
    let settings = grid2([1e-5, 0.1], [false, true]);
    let search = Search::grid(settings.clone(), |&(c, intercept)| {
        LogisticRegression::new(Penalty::c(c)).intercept(intercept)
    });
    let found = search.fit(&x, &y).expect("a search");
    assert_eq!(found.table().len(), 4);
    for (candidate, settings) in found.table().iter().zip(&settings) {
        let estimator = LogisticRegression::new(Penalty::c(settings.0)).intercept(settings.1);
        let again = CrossValidation::<f64>::new(Splitter::default())
            .metric("s", LogLoss)
            .run(&estimator, &x, &y)
            .expect("scores");
        assert_eq!(candidate.scores, again.scores("s").expect("a metric"));
        assert!(candidate.mean >= found.best().mean);
    }
    let best = found.best().settings;
    assert_eq!(best.0, 0.1);
    let alone = LogisticRegression::new(Penalty::c(best.0)).intercept(best.1).fit(&x, &y).expect("a fit");
    assert_eq!(found.model(), &alone);
    assert_eq!(found.predict_proba(&x), alone.predict_proba(&x));
    let text = found.to_string();
    assert_eq!(text.lines().filter(|line| line.ends_with('*')).count(), 1, "{text}");
    // More is better for accuracy.
    let by_accuracy = search.metric(Accuracy).fit(&x, &y).expect("a search");
    assert!(by_accuracy.table().iter().all(|candidate| candidate.mean <= by_accuracy.best().mean));
}

#[test]
fn random_settings_follow_the_seed() {
    let (x, y) = overlapping(60, 2, 2, 4);
    let draw = |rng: &mut Rng| (rng.uniform(-3.0, 2.0).exp(), 1 + rng.below(3));
    let search = |seed| {
        let build = |&(l2, units): &(f64, usize)| MlpClassifier::new([units]).l2(l2).epochs(3);
        Search::random(4, seed, draw, build).metric(BrierScore).fit(&x, &y).expect("a search")
    };
    let settings = |seed| search(seed).table().iter().map(|candidate| candidate.settings).collect::<Vec<_>>();
    assert_eq!(settings(1), settings(1));
    assert_ne!(settings(1), settings(2));
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_makes_no_difference() {
    let (x, y) = overlapping(60, 3, 3, 5);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let search = Search::grid([0.01, 0.1, 1.0, 10.0], |&c| pipeline(c));
            let network = MlpClassifier::new([4]).epochs(3).seed(2);
            let scores =
                CrossValidation::<f64>::new(Splitter::default()).metric("s", LogLoss).keep_models(true);
            (search.fit(&x, &y).expect("a search"), scores.run(&network, &x, &y).expect("scores"))
        })
    };
    let one = on(1);
    for threads in [2, 3, 8] {
        assert_eq!(on(threads), one, "{threads} threads");
    }
}

#[test]
fn curves_have_their_points() {
    let (x, y) = overlapping(120, 3, 2, 6);
    let curve = learning_curve(
        &pipeline(1.0),
        &x,
        &y,
        &[8, 40, 90],
        &Splitter::Stratified { k: 4, seed: 1 },
        &LogLoss,
    )
    .expect("a curve");
    assert_eq!((curve.points.as_slice(), curve.test.len(), curve.test[0].len()), (&[8, 40, 90][..], 3, 4));
    // With more rows it is harder to learn them by heart, and easier to know others.
    let gap = |at: usize| curve.test_means()[at] - curve.train_means()[at];
    assert!(gap(0) > gap(2), "{curve}");
    assert_eq!(curve.to_string().lines().count(), 4);
    for sizes in [&[][..], &[0], &[91]] {
        assert!(
            learning_curve(&pipeline(1.0), &x, &y, sizes, &Splitter::Stratified { k: 4, seed: 1 }, &LogLoss)
                .is_err()
        );
    }
    let curve = validation_curve(&[1e-6, 1.0], |&c| pipeline(c), &x, &y, &Splitter::default(), &RocAuc)
        .expect("a curve");
    let wanted = CrossValidation::<f64>::new(Splitter::default())
        .metric("s", RocAuc)
        .run(&pipeline(1.0), &x, &y)
        .expect("scores");
    assert_eq!(curve.test[1], wanted.scores("s").expect("a metric"));
    assert!(validation_curve(&[0.0; 0], |&c| pipeline(c), &x, &y, &Splitter::default(), &RocAuc).is_err());
}

#[test]
fn single_precision_and_any_labels_work() {
    let (x, y) = overlapping(40, 2, 2, 7);
    let (x, y) = (x.map(|v| v as f32), y.iter().map(|&class| ["no", "yes"][class]).collect::<Vec<_>>());
    let found =
        CrossValidation::new(Splitter::Stratified { k: 2, seed: 1 }).metric("s", Accuracy).keep_models(true);
    let found = found.run(&pipeline(1.0), &x, &y).expect("scores");
    let model: &FittedPipeline<FittedStandardScaler<f32>, FittedLogistic<f32, &str>> = &found.models()[0];
    assert_eq!(model.classes(), ["no", "yes"]);
}

/// A weight of 0 takes a row away, from splits too; and with it a class that has no other row.
#[test]
fn rows_of_weight_zero_are_not_there() {
    let (x, mut y) = overlapping(60, 3, 2, 9);
    let weights: Vec<f64> = (0..60).map(|row| [1.0, 0.0, 2.0][row % 3]).collect();
    y[1] = 7;
    let kept: Vec<usize> = (0..60).filter(|row| row % 3 != 1).collect();
    let (x_kept, y_kept, w_kept) = (x.select_rows(&kept), pick(&y, &kept), pick(&weights, &kept));
    let splitters = [
        Splitter::Stratified { k: 4, seed: 2 },
        Splitter::Repeated { k: 3, times: 2, seed: 2 },
        Splitter::TimeOrdered { k: 3, gap: 1 },
    ];
    for splitter in splitters {
        let scores = |x: &DMatrix<f64>, y: &[usize], w: &[f64]| {
            let validation = CrossValidation::new(splitter.clone()).metric("s", LogLoss).weights(w);
            validation.run(&pipeline(1.0), x, y).expect("scores").scores("s")
        };
        assert_eq!(scores(&x, &y, &weights), scores(&x_kept, &y_kept, &w_kept), "{splitter:?}");
        let search = Search::grid([0.01, 1.0], |&c| pipeline(c)).splitter(splitter);
        let found = search.fit_weighted(&x, &y, &weights).expect("a search");
        let again = search.fit_weighted(&x_kept, &y_kept, &w_kept).expect("a search");
        assert_eq!(found.table(), again.table());
        let (a, b) = (found.predict_proba(&x).expect("p"), again.predict_proba(&x).expect("p"));
        assert!((a - b).amax() < 1e-9);
    }
    // Splits that are given name rows of all.
    let given = vec![Split::new((0..40).collect::<Vec<_>>(), (40..60).collect::<Vec<_>>()).expect("a split")];
    let found = CrossValidation::new(given).metric("s", LogLoss).weights(&weights);
    let found = found.run(&pipeline(1.0), &x, &y).expect("scores");
    assert!(found.splits()[0].train.iter().chain(&found.splits()[0].test).all(|row| row % 3 != 1));
    assert_eq!(found.splits()[0].test.len(), 13);
}

#[test]
fn splits_that_leak_are_refused() {
    let (x, y) = overlapping(20, 2, 2, 8);
    let mut split = Split::new([0, 1, 2, 3, 4, 5], [6, 7]).expect("a split");
    split.test.push(3);
    let run = CrossValidation::<f64>::new(vec![split]).metric("s", Accuracy).run(&pipeline(1.0), &x, &y);
    assert!(matches!(run, Err(Error::InvalidParameter { name: "split", value: 3.0, .. })));
    let far = Split::new([0, 1, 2, 3], [20]).expect("a split");
    let run = CrossValidation::<f64>::new(vec![far]).run(&pipeline(1.0), &x, &y);
    assert!(matches!(run, Err(Error::ShapeMismatch { argument: "splits", expected: 20, found: 21, .. })));
}

#[test]
fn errors_come_through() {
    let (x, y) = overlapping(20, 2, 2, 8);
    let run = |splitter: Splitter| {
        CrossValidation::<f64>::new(splitter).metric("s", RocAuc).run(&pipeline(1.0), &x, &y).err()
    };
    assert!(matches!(run(vec![].into()), Some(Error::Empty { argument: "splits", .. })));
    assert!(matches!(
        run(Splitter::Repeated { k: 2, times: 0, seed: 1 }),
        Some(Error::Empty { argument: "splits", .. })
    ));
    assert!(matches!(run(Splitter::Consecutive { k: 21 }), Some(Error::InvalidParameter { name: "k", .. })));
    assert!(run(Splitter::Stratified { k: 2, seed: 1 }).is_none());
    let sorted: Vec<usize> = (0..20).map(|row| row / 10).collect();
    let error =
        CrossValidation::<f64>::new(Splitter::Consecutive { k: 2 }).run(&pipeline(1.0), &x, &sorted).err();
    let cause = error.as_ref().map(Error::cause);
    assert!(matches!(cause, Some(Error::OneClass { .. })), "{error:?}");
    let none: Vec<f64> = vec![];
    assert!(matches!(Search::grid(none, |&c| pipeline(c)).fit(&x, &y), Err(Error::Empty { .. })));
    let bad = CrossValidation::new(Splitter::default()).weights(&[1.0]).run(&pipeline(1.0), &x, &y);
    assert!(matches!(bad, Err(Error::ShapeMismatch { argument: "weights", .. })));
    assert!(
        CrossValidation::<f64>::new(Splitter::default())
            .run(&pipeline(1.0), &dmatrix![1.0, 2.0], &y)
            .is_err()
    );
    let missing = Pipeline::new(Imputer::mean(), LogisticRegression::new(Penalty::c(1.0)));
    assert!(CrossValidation::<f64>::new(Splitter::default()).run(&missing, &x, &y).is_ok());
}

proptest! {
    #[test]
    fn every_row_is_tested_on_once(rows in 2usize..60, k in 2usize..10, seed: u64) {
        prop_assume!(k <= rows);
        for splits in [k_fold(rows, k).expect("folds"), shuffled_k_fold(rows, k, seed).expect("folds")] {
            let mut tested: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
            tested.sort_unstable();
            prop_assert_eq!(tested, (0..rows).collect::<Vec<_>>());
            for Split { train, test, .. } in &splits {
                prop_assert_eq!(train.len() + test.len(), rows);
                prop_assert!(train.iter().all(|row| !test.contains(row)));
            }
        }
        prop_assert_eq!(shuffled_k_fold(rows, k, seed), shuffled_k_fold(rows, k, seed));
    }

    #[test]
    fn groups_stay_together(groups in prop::collection::vec(0u8..8, 4..60), k in 2usize..6, seed: u64) {
        let mut names = groups.clone();
        names.sort_unstable();
        names.dedup();
        prop_assume!(k <= names.len());
        let splits = group_k_fold(&groups, k, seed).expect("folds");
        let mut tested: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
        tested.sort_unstable();
        prop_assert_eq!(tested, (0..groups.len()).collect::<Vec<_>>());
        for Split { train, test, .. } in &splits {
            prop_assert!(!test.is_empty());
            prop_assert!(test.iter().all(|&t| train.iter().all(|&r| groups[r] != groups[t])));
        }
    }

    #[test]
    fn time_only_runs_forward(rows in 2usize..60, k in 1usize..8, gap in 0usize..4) {
        let Ok(splits) = time_ordered_splits(rows, k, gap) else {
            prop_assert!(rows / (k + 1) == 0 || gap >= rows - k * (rows / (k + 1)));
            return Ok(());
        };
        prop_assert_eq!(splits.len(), k);
        for Split { train, test, .. } in &splits {
            prop_assert!(!train.is_empty() && train.last().expect("a row") + gap < test[0]);
            prop_assert!(train.iter().copied().eq(0..train.len()));
        }
        prop_assert_eq!(splits[k - 1].test.last().copied(), Some(rows - 1));
    }
}
