//! Cases that every version must get right.

use approx::assert_abs_diff_eq;
use logit::prelude::*;
use logit::{LogisticRegression, Penalty, Solver};
use nalgebra::{DMatrix, dmatrix};

const SOLVERS: [Solver; 3] = [Solver::Auto, Solver::Newton, Solver::Lbfgs];

#[test]
fn one_column_that_equals_its_labels() {
    // Sum of log-losses + 0.5 w^2; another crate once predicted all ones here.
    let x = dmatrix![1.0; 0.0; 1.0; 0.0];
    for solver in SOLVERS {
        let model = LogisticRegression::new(Penalty::c(1.0))
            .tolerance(1e-10)
            .solver(solver)
            .fit(&x, &[1, 0, 1, 0])
            .unwrap();
        assert!(model.report().converged(), "{}", model.report());
        assert_abs_diff_eq!(model.coefficients()[0], 0.80212, epsilon = 5e-6);
        assert_abs_diff_eq!(model.intercept()[0], -0.40106, epsilon = 5e-6);
        assert_eq!(model.predict(&x).unwrap(), [1, 0, 1, 0]);
    }
}

fn toy() -> DMatrix<f64> {
    dmatrix![1.0, 1.0, 1.0; 0.0, 0.0, 0.0; 1.0, 0.0, 1.0]
}

#[test]
fn the_toy_of_three_rows_has_scikit_learns_optimum() {
    for solver in SOLVERS {
        let model = LogisticRegression::new(Penalty::c(1.0))
            .tolerance(1e-12)
            .solver(solver)
            .fit(&toy(), &[1, 0, 1])
            .unwrap();
        assert!(model.report().converged(), "{}", model.report());
        let wanted = [0.4986006469372255, 0.22800524662777846, 0.4986006469372255];
        for (found, wanted) in model.coefficients().iter().zip(wanted) {
            assert_abs_diff_eq!(*found, wanted, epsilon = 1e-10);
        }
        assert_abs_diff_eq!(model.intercept()[0], -0.00559742686555479, epsilon = 1e-10);
        let new = dmatrix![0.0, 1.0, 1.0];
        assert_eq!(model.predict(&new).unwrap(), [1]);
        assert_abs_diff_eq!(model.predict_proba(&new).unwrap()[(0, 1)], 0.6728290496426824, epsilon = 1e-10);
    }
}

#[test]
fn labels_are_names_only() {
    for solver in SOLVERS {
        let model = LogisticRegression::new(Penalty::c(1.0)).solver(solver);
        let numbers = model.fit(&toy(), &[1, -1, 1]).unwrap();
        let truths = model.fit(&toy(), &[true, false, true]).unwrap();
        let words = model.fit(&toy(), &["yes", "no", "yes"]).unwrap();
        assert_eq!(numbers.coefficients(), truths.coefficients());
        assert_eq!(numbers.coefficients(), words.coefficients());
        assert_eq!(numbers.intercept(), words.intercept());
        assert_eq!(words.classes(), ["no", "yes"]);
        assert_eq!(truths.predict(&toy()).unwrap(), [true, false, true]);
    }
}
