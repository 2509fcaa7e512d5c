//! Verdicts of `GradCheck` as findings.

use logit::GradCheck;
use logit::doctor::{Code, Diagnosis, Severity};
use nalgebra::{DMatrix, DVector};

use crate::common::normal;

/// A slope of the loss of a row, in its score, for a label.
type Slope = fn(f64, f64) -> f64;
/// A gradient in the weights, from rows and slopes.
type Product = fn(&DMatrix<f64>, &DVector<f64>) -> DVector<f64>;

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// The diagnosis of a logistic regression that is written by hand, on as many rows as columns.
fn diagnose(slope: Slope, product: Product, labels: [f64; 2]) -> Option<Diagnosis> {
    let x = normal(8, 8, 3);
    let y: Vec<f64> = (0..8).map(|row| labels[row % 2]).collect();
    let params: Vec<f64> = (0..9).map(|at| 0.1 * f64::from(at) - 0.3).collect();
    let check = GradCheck::new().tensor("weights", 8, 1).tensor("bias", 1, 1);
    let found = check.by_rows(&x, &y, &params, |x, y, params, gradient| {
        let (w, b) = (DVector::from_column_slice(&params[..8]), params[8]);
        let z = (x * w).add_scalar(b);
        let y = DVector::from_column_slice(y);
        let dz = z.zip_map(&y, slope) / y.len() as f64;
        let product = if x.is_square() { product(x, &dz) } else { x.tr_mul(&dz) };
        gradient[..8].copy_from_slice(product.as_slice());
        gradient[8] = dz.sum();
        z.zip_map(&y, |z, y| if y == 1.0 { (-z).exp().ln_1p() } else { z.exp().ln_1p() }).mean()
    });
    found.err().map(|mismatch| Diagnosis::of_gradient(&mismatch))
}

#[test]
fn the_mistake_is_named() {
    let right: Product = |x, dz| x.tr_mul(dz);
    let slope: Slope = |z, y| sigmoid(z) - y;
    assert_eq!(diagnose(slope, right, [0.0, 1.0]), None);

    for (code, said, slope, product, labels) in [
        (
            Code::GradientMismatch,
            "x · dz where xᵀ · dz is right",
            slope,
            (|x, dz| x * dz) as Product,
            [0.0, 1.0],
        ),
        (Code::GradientMismatch, "wrong sign", |z, y| y - sigmoid(z), right, [0.0, 1.0]),
        (
            Code::LabelCoding,
            "label 0.0 contribute nothing",
            |z, y| -y / (1.0 + (y * z).exp()),
            right,
            [0.0, 1.0],
        ),
        (Code::LabelCoding, "wrong on those with label -1.0", slope, right, [-1.0, 1.0]),
    ] {
        let diagnosis =
            diagnose(slope, product, labels).unwrap_or_else(|| panic!("{said}: nothing was found"));
        let [found] = diagnosis.findings() else { panic!("{diagnosis}") };
        assert_eq!((found.code, found.severity), (code, Severity::Error), "{diagnosis}");
        assert!(found.why.contains(said), "{said}: {diagnosis}");
        assert!(found.saw.iter().any(|saw| saw.name == "wrong entries" && saw.value > 0.0), "{diagnosis}");
    }
}
