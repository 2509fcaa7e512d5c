//! Healthy runs that simple criteria would call sick: the doctor has no warning about them.

use logit::data::{self, Blobs, Dataset, Moons};
use logit::doctor::{Doctor, FitDiagnosed};
use logit::optim::UpdateRule;
use logit::prelude::*;
use logit::{Activation, Adam, MlpClassifier, Rng, Sgd, StandardScaler};
use nalgebra::DMatrix;

use super::training::{Program, SEEDS, program};

fn silent(what: &str, program: impl Fn(u64) -> Program) {
    for seed in SEEDS {
        let diagnosis = program(seed).diagnose();
        assert!(diagnosis.is_healthy(), "{what}, seed {seed}:\n{diagnosis}");
    }
}

/// Two classes by the sign of a linear score with noise.
fn linear(rows: usize, columns: usize, noise: f64, seed: u64) -> Dataset<usize> {
    let mut rng = Rng::new(seed);
    let x = DMatrix::from_fn(rows, columns, |_, _| rng.standard_normal());
    let y: Vec<usize> =
        x.row_iter().map(|row| usize::from(row.sum() + noise * rng.standard_normal() > 0.0)).collect();
    Dataset::new(x, y).expect("sizes")
}

#[test]
fn classes_that_cannot_be_told_apart_well() {
    // The best model has a skill of about a fifth.
    let logistic = |seed| {
        let rows = linear(1500, 3, 3.0, seed);
        Program { rows, hidden: Vec::new(), l2: 1e-3, epochs: 60, ..program(seed) }
    };
    silent("noise up to the best possible", logistic);
}

#[test]
fn runs_that_have_long_been_flat() {
    silent("flat because converged", |seed| Program { epochs: 150, l2: 1e-3, ..program(seed) });
    silent("nearly no loss", |seed| {
        let rows = Blobs::new(300, 2).standard_deviation(0.3).seed(seed).generate().expect("valid");
        Program { rows, epochs: 150, l2: 1e-5, ..program(seed) }
    });
}

#[test]
fn rates_that_only_look_large() {
    let rule: UpdateRule = Sgd::new(1.0).into();
    silent("a rate of 1", |seed| Program {
        rule,
        activation: Activation::Tanh,
        epochs: 150,
        ..program(seed)
    });
}

#[test]
fn columns_beyond_the_usual_range() {
    silent("entries from -4 to 5", |seed| {
        let moons = Moons::new(300).noise(0.1).seed(seed).generate().expect("valid");
        let x = moons.x.map(|v| 3.0 * v - 1.5);
        Program { rows: Dataset::new(x, moons.y).expect("sizes"), ..program(seed) }
    });
}

#[test]
fn columns_that_are_mostly_zero() {
    silent("sparse columns", |seed| {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(900, 20, |_, _| f64::from(u8::from(rng.uniform(0.0, 1.0) < 0.15)));
        let y: Vec<usize> = x
            .row_iter()
            .map(|row| usize::from(row.columns(0, 10).sum() > row.columns(10, 10).sum()))
            .collect();
        Program { rows: Dataset::new(x, y).expect("sizes"), l2: 1e-3, ..program(seed) }
    });
}

#[test]
fn networks_of_many_idle_units() {
    silent("a wide layer", |seed| Program {
        hidden: vec![200],
        rule: Adam::new(0.003).into(),
        l2: 1e-3,
        ..program(seed)
    });
}

#[test]
fn pixels_with_constant_columns() {
    let digits = data::digits();
    let network = MlpClassifier::new([32]).optimizer(Adam::new(0.003)).epochs(15);
    let x = &digits.x / 16.0;
    let (_, diagnosis) =
        network.fit_diagnosed(&x, &digits.y, &Doctor::new().probe(2_000_000)).expect("a fit");
    assert!(diagnosis.is_healthy(), "{diagnosis}");
}

#[test]
fn standardised_wine() {
    let wine = data::wine();
    let x = StandardScaler::new().fit(&wine.x).expect("finite").transform(&wine.x).expect("finite");
    for seed in SEEDS {
        let network = MlpClassifier::new([16]).optimizer(Adam::new(0.01)).epochs(40).seed(seed);
        let (_, diagnosis) =
            network.fit_diagnosed(&x, &wine.y, &Doctor::new().probe(2_000_000)).expect("a fit");
        assert!(diagnosis.is_healthy(), "seed {seed}: {diagnosis}");
    }
}
