//! Stratified folds: how many rows of each class a fold may have, as scikit-learn counts them.

use logit::stratified_k_fold;
use serde::Deserialize;

use crate::json;

#[derive(Deserialize)]
struct Cases {
    stratified_kfold: Vec<Case>,
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
    too_few_members: bool,
}

#[test]
fn every_fold_has_its_share_of_every_class() {
    let cases: Cases = json::read(include_str!("data/splits.json"));
    for case in &cases.stratified_kfold {
        let rows_of = |class: i64, rows: &[usize]| rows.iter().filter(|&&row| case.y[row] == class).count();
        for seed in 0..20 {
            let name = format!("{} in {} folds, seed {seed}", case.name, case.k);
            let splits = stratified_k_fold(&case.y, case.k, seed).expect("two rows of every class");
            assert_eq!(splits.len(), case.k, "{name}");
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
    assert_eq!(cases.stratified_kfold.len(), 15);
    assert_eq!(cases.stratified_kfold.iter().filter(|case| case.too_few_members).count(), 1);
}
