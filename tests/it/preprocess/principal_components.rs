//! Principal components.

use approx::assert_relative_eq;
use logit::Pca;
use logit::nalgebra::{DMatrix, DVector, dmatrix};
use logit::prelude::*;
use proptest::prelude::*;

use crate::common::normal;

fn orthonormal(components: &DMatrix<f64>) {
    let product = components.tr_mul(components);
    assert_relative_eq!(product, DMatrix::identity(components.ncols(), components.ncols()), epsilon = 1e-12);
}

/// Variances of scores about their mean, divided by n.
fn variances(z: &DMatrix<f64>) -> Vec<f64> {
    let n = z.nrows() as f64;
    z.column_iter().map(|column| column.map(|v| (v - column.mean()).powi(2)).sum() / n).collect()
}

proptest! {
    #[test]
    fn scores_have_the_variances_that_are_said_and_lead_back(
        rows in 3usize..30, columns in 1usize..12, seed: u64, offset in prop::sample::select(vec![0.0, 1e6]),
    ) {
        let x = (normal(rows, columns, seed) * normal(columns, columns, seed ^ 1)).add_scalar(offset);
        let most = rows.min(columns);
        let pca = Pca::new(most).fit(&x).expect("a fit");
        orthonormal(pca.components());
        let z = pca.transform(&x).expect("scores");
        let total: f64 = variances(&x).iter().sum();
        for (found, said) in variances(&z).iter().zip(pca.explained_variance()) {
            prop_assert!((found - said).abs() <= 1e-10 * total, "{} and {}", found, said);
        }
        prop_assert!((pca.explained_variance_ratio().iter().sum::<f64>() - 1.0).abs() < 1e-10);
        // No pair of scores varies together.
        let centred = DMatrix::from_fn(rows, most, |row, column| z[(row, column)] - z.column(column).mean());
        let together = centred.tr_mul(&centred) / rows as f64;
        for a in 0..most {
            for b in 0..a {
                prop_assert!(together[(a, b)].abs() <= 1e-10 * total);
            }
        }
        let back = pca.inverse_transform(&z).expect("rows");
        prop_assert!((back - &x).amax() <= 1e-9 * (1.0 + offset * 1e-5 + x.amax()), "all components lead back");
    }

    #[test]
    fn fewer_components_are_the_first_of_all(seed: u64) {
        let x = normal(20, 5, seed);
        let (all, two) = (Pca::new(5).fit(&x).expect("a fit"), Pca::new(2).fit(&x).expect("a fit"));
        prop_assert_eq!(two.components(), &all.components().columns(0, 2).into_owned());
    }
}

#[test]
fn dependent_columns_have_components_without_variance() {
    let x = DMatrix::from_fn(10, 4, |row, column| (row as f64) * (column as f64 + 1.0));
    for settings in [Pca::new(4), Pca::new(4).whiten(true)] {
        let pca = settings.fit(&x).expect("a fit");
        orthonormal(pca.components());
        assert_eq!(pca.explained_variance()[1..], [0.0; 3]);
        let z = pca.transform(&x).expect("scores");
        assert!(z.columns(1, 3).amax() < 1e-12, "{z}");
    }
    assert_eq!(Pca::explaining(0.999).fit(&x).expect("a fit").explained_variance().len(), 1);
    let constant = DMatrix::from_element(5, 3, 0.1);
    let pca = Pca::new(3).whiten(true).fit(&constant).expect("a fit");
    orthonormal(pca.components());
    assert_eq!(pca.explained_variance_ratio(), [0.0; 3]);
    assert_eq!(pca.transform(&constant).expect("scores"), DMatrix::zeros(5, 3));
}

/// A rotated ellipse: the first component is its long axis, whose largest entry is positive.
#[test]
fn the_axes_of_an_ellipse_are_found() {
    let (cos, sin) = (0.3f64.cos(), 0.3f64.sin());
    let along: Vec<f64> = (0..360).map(|degree| f64::from(degree).to_radians()).collect();
    let x = DMatrix::from_fn(360, 2, |row, column| {
        let (u, v) = (5.0 * along[row].cos(), 2.0 * along[row].sin());
        [cos * u - sin * v, sin * u + cos * v][column]
    });
    let pca = Pca::new(2).fit(&x).expect("a fit");
    assert_relative_eq!(pca.components(), &dmatrix![cos, -sin; sin, cos], epsilon = 1e-12);
    assert_relative_eq!(
        DVector::from_row_slice(pca.explained_variance()),
        DVector::from_row_slice(&[12.5, 2.0]),
        max_relative = 1e-12
    );
    let white = Pca::new(2).whiten(true).fit(&x).expect("a fit");
    for variance in variances(&white.transform(&x).expect("scores")) {
        assert_relative_eq!(variance, 1.0, max_relative = 1e-12);
    }
    let back = white.inverse_transform(&white.transform(&x).expect("scores")).expect("rows");
    assert_relative_eq!(back, x, epsilon = 1e-12);
}

#[test]
fn settings_out_of_range_are_errors() {
    let x = normal(5, 3, 1);
    for pca in
        [Pca::new(0), Pca::new(4), Pca::explaining(0.0), Pca::explaining(1.1), Pca::explaining(f64::NAN)]
    {
        assert!(pca.fit(&x).is_err(), "{pca:?}");
    }
    assert_eq!(Pca::explaining(1.0).fit(&x).expect("a fit").explained_variance().len(), 3);
}
