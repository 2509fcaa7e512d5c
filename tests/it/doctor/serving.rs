//! Rows that reach a model in another way than in training, and levels that no row reaches.

use logit::boundary::{Bounds, contour};
use logit::data::Blobs;
use logit::doctor::{Code, Diagnosis, Severity, compare_batch, compare_paths, examine_contour};
use logit::prelude::*;
use logit::{LogisticRegression, Penalty, Pipeline, StandardScaler};
use nalgebra::DMatrix;

use super::training::SEEDS;

fn rows(seed: u64) -> DMatrix<f64> {
    let blobs = Blobs::new(200, 2).features(3).seed(seed).generate().expect("valid");
    DMatrix::from_fn(200, 3, |row, column| 10f64.powi(column as i32) * (blobs.x[(row, column)] + 2.0))
}

fn root(diagnosis: &Diagnosis) -> Option<(Code, Severity)> {
    diagnosis.root().map(|finding| (finding.code, finding.severity))
}

#[test]
fn paths_that_differ_are_errors() {
    for seed in SEEDS {
        let x = rows(seed);
        let scaler = StandardScaler::new().fit(&x).expect("finite");
        let trained = scaler.transform(&x).expect("finite");
        let again = scaler.transform(&x).expect("finite");
        assert_eq!(root(&compare_paths(&trained, &again).expect("sizes")), None, "seed {seed}");
        let half = x.rows(0, 100).into_owned();
        let own = StandardScaler::new().fit(&half).expect("finite").transform(&x).expect("finite");
        let exchanged = trained.select_columns(&[1, 0, 2]);
        let twice = StandardScaler::new().fit(&x).expect("finite").transform(&trained).expect("finite");
        for (what, served) in [("raw", &x), ("own", &own), ("exchanged", &exchanged), ("twice", &twice)] {
            let found = compare_paths(&trained, served).expect("sizes");
            assert_eq!(
                root(&found),
                Some((Code::ServingSkew, Severity::Error)),
                "{what}, seed {seed}: {found}"
            );
        }
    }
}

#[test]
fn batches_in_other_units_are_found() {
    for seed in SEEDS {
        let x = rows(seed);
        let (training, batch) = (x.rows(0, 120).into_owned(), x.rows(120, 80).into_owned());
        let same = compare_batch(&training, &batch).expect("columns");
        assert!(same.is_healthy(), "seed {seed}: {same}");
        let mut other = batch.clone();
        other.column_mut(1).iter_mut().for_each(|v| *v *= 1000.0);
        let found = compare_batch(&training, &other).expect("columns");
        assert_eq!(root(&found).map(|found| found.0), Some(Code::ServingSkew), "seed {seed}: {found}");
    }
}

#[test]
fn levels_that_no_row_reaches() {
    for seed in SEEDS {
        let blobs = Blobs::new(200, 2).standard_deviation(2.0).seed(seed).generate().expect("valid");
        let model = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)))
            .fit(&blobs.x, &blobs.y)
            .expect("a fit");
        let around = Bounds::around(&blobs.x, 0.1).expect("two columns");
        let lines = |bounds: Bounds, level: f64| contour(&model, level, bounds, 30).expect("a level");
        assert_eq!(root(&examine_contour(&lines(around, 0.5))), None, "seed {seed}");
        // A picture in other units than those of the rows.
        let far = Bounds::new((1e3, 2e3), (1e3, 2e3)).expect("bounds");
        let found = examine_contour(&lines(far, 0.5));
        assert_eq!(root(&found), Some((Code::LevelNotReached, Severity::Info)), "seed {seed}: {found}");
    }
}
