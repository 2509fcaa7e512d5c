//! Splits: how many rows, and how many of each class, a side may have, as scikit-learn counts them.

use logit::select::{k_fold, shuffled_k_fold, stratified_k_fold};
use logit::train_test_split;
use serde::Deserialize;

use crate::oracle::json;

#[derive(Deserialize)]
struct Cases {
    stratified_kfold: Vec<Case>,
    train_test: Vec<Parts>,
    kfold: Vec<Folds>,
}

#[derive(Deserialize)]
struct Parts {
    name: String,
    test_size: f64,
    n: usize,
    n_test: usize,
    n_train: usize,
    classes: Vec<i64>,
    class_counts: Vec<usize>,
    proportional_floor: Vec<usize>,
    proportional_ceil: Vec<usize>,
}

#[derive(Deserialize)]
struct Folds {
    n: usize,
    k: usize,
    sizes: Vec<usize>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    y: Vec<i64>,
    k: usize,
    classes: Vec<i64>,
    class_counts: Vec<usize>,
    per_fold_class_count_min: Vec<usize>,
    per_fold_class_count_max: Vec<usize>,
    kfold_sizes: Vec<usize>,
    kfold_unshuffled_test_ranges: Vec<[usize; 2]>,
    too_few_members: bool,
}

#[test]
fn every_fold_has_its_share_of_every_class() {
    let cases: Cases = json::read(include_str!("data/splits.json"));
    for case in &cases.stratified_kfold {
        let rows_of = |class: i64, rows: &[usize]| rows.iter().filter(|&&row| case.y[row] == class).count();
        let consecutive = k_fold(case.y.len(), case.k).expect("folds");
        let tested: Vec<Vec<usize>> = consecutive.into_iter().map(|split| split.test).collect();
        let ranges =
            case.kfold_unshuffled_test_ranges.iter().map(|&[start, end]| (start..end).collect::<Vec<_>>());
        assert_eq!(tested, ranges.collect::<Vec<_>>(), "{}", case.name);
        assert!(tested.iter().map(Vec::len).eq(case.kfold_sizes.iter().copied()), "{}", case.name);
        for seed in 0..20 {
            let name = format!("{} in {} folds, seed {seed}", case.name, case.k);
            let splits = stratified_k_fold(&case.y, case.k, seed).expect("two rows of every class");
            assert_eq!(splits.len(), case.k, "{name}");
            assert_eq!(stratified_k_fold(&case.y, case.k, seed), Ok(splits.clone()), "{name}");
            assert_ne!(stratified_k_fold(&case.y, case.k, seed + 100), Ok(splits.clone()), "{name}");
            let mut tested: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
            tested.sort_unstable();
            assert!(tested.into_iter().eq(0..case.y.len()), "{name}: every row is tested on once");
            let bounds = case.per_fold_class_count_min.iter().zip(&case.per_fold_class_count_max);
            for ((&class, &count), (&least, &most)) in case.classes.iter().zip(&case.class_counts).zip(bounds)
            {
                for split in &splits {
                    let tested = rows_of(class, &split.test);
                    assert!((least..=most).contains(&tested), "{name}: {tested} rows of class {class}");
                    assert_eq!(rows_of(class, &split.train), count - tested, "{name}");
                    assert!(count > tested, "{name}: class {class} is learnt");
                }
            }
        }
    }
    assert!(cases.stratified_kfold.len() >= 15);
    assert!(cases.stratified_kfold.iter().any(|case| case.too_few_members));
}

#[test]
fn both_sides_have_their_share_of_every_class() {
    let cases: Cases = json::read(include_str!("data/splits.json"));
    for case in &cases.train_test {
        let counts = case.classes.iter().zip(&case.class_counts);
        let y: Vec<i64> = counts.flat_map(|(&class, &count)| vec![class; count]).collect();
        for seed in 0..20 {
            let name = format!("{}, test size {}, seed {seed}", case.name, case.test_size);
            let split = train_test_split(&y, case.test_size, seed).expect("two rows of every class");
            assert_eq!((split.test.len(), split.train.len()), (case.n_test, case.n_train), "{name}");
            assert_eq!(y.len(), case.n, "{name}");
            let bounds = case.proportional_floor.iter().zip(&case.proportional_ceil);
            for (class, (&least, &most)) in case.classes.iter().zip(bounds) {
                let tested = split.test.iter().filter(|&&row| y[row] == *class).count();
                assert!((least..=most).contains(&tested), "{name}: {tested} rows of class {class}");
            }
        }
    }
    assert!(cases.train_test.len() >= 15);
}

#[test]
fn folds_have_their_sizes() {
    let cases: Cases = json::read(include_str!("data/splits.json"));
    for Folds { n, k, sizes } in &cases.kfold {
        for splits in [k_fold(*n, *k).expect("folds"), shuffled_k_fold(*n, *k, 3).expect("folds")] {
            let found: Vec<usize> = splits.iter().map(|split| split.test.len()).collect();
            assert_eq!(&found, sizes, "{n} rows in {k} folds");
        }
        let consecutive = k_fold(*n, *k).expect("folds");
        assert!(consecutive.iter().flat_map(|split| split.test.iter().copied()).eq(0..*n));
    }
    assert!(cases.kfold.len() >= 4);
}
