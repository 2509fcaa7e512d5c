//! Invalid uses that are rejected, and valid ones that are labelled.

use super::*;

#[test]
fn what_is_not_valid_is_refused() {
    let (x, y) = overlapping(50, 2, 2, 91);
    let none = exact(Penalty::None).fit(&x, &y).unwrap();
    let ridge = exact(Penalty::l2(0.1)).fit(&x, &y).unwrap();
    let lasso = LogisticRegression::new(Penalty::l1(0.01)).fit(&x, &y).unwrap();
    let firth = exact(Penalty::Jeffreys).fit(&x, &y).unwrap();
    let default = RowOptions::default();

    assert!(matches!(lasso.inference(&x, &y), Err(Error::Unsupported { .. })));
    assert!(matches!(lasso.profile_intervals(&x, &y, default, 0.95), Err(Error::Unsupported { .. })));
    for (model, name) in [
        (&none, "inverse observed information"),
        (&ridge, "posterior, with an L2 penalty"),
        (&firth, "inverse information with Jeffreys' prior"),
    ] {
        let inference = model.inference(&x, &y).unwrap();
        assert_eq!(inference.covariance_name(), name);
        assert!(inference.to_string().contains(name));
        assert_eq!(inference.penalized(), name != "inverse observed information");
        assert_eq!(inference.likelihood_ratio().is_ok(), !inference.penalized());
        let smaller = exact(Penalty::None).fit(&x.columns(0, 1).into_owned(), &y).unwrap();
        let smaller = smaller.inference(&x.columns(0, 1).into_owned(), &y).unwrap();
        assert_eq!(inference.likelihood_ratio_against(&smaller).is_ok(), !inference.penalized());
        let robust = model.inference_with(&x, &y, default, Covariance::Hc0);
        assert_eq!(robust.is_ok(), !inference.penalized());
        assert!(model.profile_intervals(&x, &y, default, 0.95).is_ok());
    }

    let clusters = |labels: &[usize]| none.inference_with(&x, &y, default, Covariance::clustered(labels));
    assert!(matches!(clusters(&[1; 50]), Err(Error::InvalidParameter { name: "clusters", .. })));
    assert!(matches!(clusters(&[1; 49]), Err(Error::ShapeMismatch { .. })));
    // The second cluster has no weight.
    let halves: Vec<usize> = (0..50).map(|row| row / 25).collect();
    let mut weights = vec![1.0; 50];
    weights[25..].fill(0.0);
    let one = none.inference_with(&x, &y, rows(&weights), Covariance::clustered(&halves));
    assert!(matches!(one, Err(Error::InvalidParameter { name: "clusters", .. })));
    // Two clusters determine no test of two coefficients.
    let two = clusters(&halves).unwrap();
    assert!(two.wald(&[1]).is_ok());
    assert!(matches!(two.wald(&[0, 1, 2]), Err(Error::Singular { .. })));

    let few = [1e-2; 50];
    let tiny = none.inference_with(&x, &y, rows(&few), Covariance::Hc1);
    assert!(matches!(tiny, Err(Error::InvalidParameter { name: "observations", .. })));

    let inference = none.inference(&x, &y).unwrap();
    for level in [0.0, 1.0, -0.5, 2.0, f64::NAN] {
        assert!(inference.confidence_intervals(level).is_err());
        assert!(inference.probability_intervals(&x, level).is_err());
        assert!(none.profile_intervals(&x, &y, default, level).is_err());
    }
    let wide = DMatrix::zeros(3, 3);
    assert!(matches!(inference.probability_intervals(&wide, 0.9), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(inference.marginal_effects(&wide, default), Err(Error::ShapeMismatch { .. })));
    let bad = dmatrix![0.0, f64::NAN];
    assert!(matches!(inference.probability_intervals(&bad, 0.9), Err(Error::NotFinite { .. })));
    assert!(inference.marginal_effects(&DMatrix::<f64>::zeros(0, 2), default).is_err());
    let empty = inference.probability_intervals(&DMatrix::<f64>::zeros(0, 2), 0.9).unwrap();
    assert_eq!(empty.estimates.shape(), (0, 2));
    let offset = DMatrix::zeros(2, 1);
    assert!(inference.probability_intervals_with(&x, Some(offset.as_view()), 0.9).is_err());

    // Columns that depend on each other.
    let twice = DMatrix::from_fn(50, 2, |row, j| x[row] * (j + 1) as f64);
    let model = LogisticRegression::new(Penalty::None).fit(&twice, &y).unwrap();
    assert!(matches!(model.profile_intervals(&twice, &y, default, 0.9), Err(Error::Singular { .. })));
}

#[test]
fn given_coefficients_are_judged_and_called_given() {
    let (x, y) = overlapping(50, 2, 2, 95);
    let given =
        FittedLogistic::from_coefficients(vec![0usize, 1], dmatrix![0.5; -0.5], dvector![0.1]).unwrap();
    let inference = given.inference(&x, &y).unwrap();
    assert!(inference.to_string().starts_with("fit: not fitted: the parameters were given"));
    assert_eq!(inference.estimates().as_slice(), [0.1, 0.5, -0.5]);
}
