//! Fits to any small matrix.

use logit::nalgebra::DMatrix;
use logit::prelude::*;
use logit::{LogisticRegression, MlpClassifier, Penalty, Pipeline, Solver, StandardScaler};

/// No finite numbers make a fit panic, run forever or give a model that predicts no probabilities.
pub fn fit(data: &[u8]) {
    let mut bytes = data.iter().copied();
    let mut next = || bytes.next().unwrap_or_default();
    let (kind, columns, classes) = (next(), 1 + usize::from(next() % 4), 2 + next() % 2);
    let rows = 2 + usize::from(next() % 9);
    let y: Vec<u8> = (0..rows).map(|_| next() % classes).collect();
    let weights: Vec<f64> = (0..rows).map(|_| f64::from(next() % 4)).collect();
    let coarse = next() % 2 == 0;
    let x = DMatrix::from_fn(rows, columns, |_, _| {
        if coarse {
            return f64::from(next() as i8);
        }
        let number = f64::from_le_bytes([0; 8].map(|_: u8| next()));
        if number.is_finite() { number } else { 0.0 }
    });
    let solver = [Solver::Auto, Solver::Newton, Solver::Lbfgs, Solver::NewtonCg, Solver::ProximalNewton];
    let penalty = match kind / 8 % 5 {
        0 => Penalty::None,
        1 => Penalty::c(1.0),
        2 => Penalty::l1(0.01),
        3 => Penalty::elastic_net(0.01, 0.5),
        _ => Penalty::Jeffreys,
    };
    let logistic = LogisticRegression::new(penalty).solver(solver[usize::from(kind) % 5]).max_iterations(20);
    let network = MlpClassifier::new([3]).epochs(3).batch_size(4);
    let weights = weights.as_slice();
    match kind % 8 {
        6 => works(Pipeline::new(StandardScaler::new(), network).fit_weighted(&x, &y, weights), &x),
        7 => works(network.fit(&x, &y), &x),
        5 => works(Pipeline::new(StandardScaler::new(), logistic).fit(&x, &y), &x),
        _ if coarse => works(logistic.fit_weighted(&x, &y, weights), &x),
        _ => works(logistic.fit(&x, &y), &x),
    }
}

fn works<C: Classifier<f64, Label = u8>>(fitted: Result<C, logit::Error>, x: &DMatrix<f64>) {
    let Ok(model) = fitted else { return };
    if let Ok(p) = model.predict_proba(x) {
        assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{p}");
        assert!(p.row_iter().all(|row| (row.sum() - 1.0).abs() < 1e-9), "{p}");
    }
}
