//! The effects of labels, units and the number type on inference.

use super::*;

#[test]
fn reversed_labels_negate_and_permute() {
    // Two classes: everything changes its sign, and intervals swap their ends.
    let (x, y) = overlapping(60, 2, 2, 21);
    let reversed: Vec<usize> = y.iter().map(|&class| 1 - class).collect();
    let (a, b) =
        (exact(Penalty::None).fit(&x, &y).unwrap(), exact(Penalty::None).fit(&x, &reversed).unwrap());
    let clusters: Vec<usize> = (0..60).map(|row| row % 9).collect();
    for kind in kinds(&clusters) {
        let a = a.inference_with(&x, &y, RowOptions::default(), kind.clone()).unwrap();
        let b = b.inference_with(&x, &reversed, RowOptions::default(), kind).unwrap();
        close(&(-a.estimates()), b.estimates(), 1e-10);
        close(a.covariance(), b.covariance(), 1e-10);
        let (c, d) = (
            a.marginal_effects(&x, RowOptions::default()).unwrap(),
            b.marginal_effects(&x, RowOptions::default()).unwrap(),
        );
        close(&c.estimates().columns(0, 1).into_owned(), &d.estimates().columns(1, 1).into_owned(), 1e-10);
        close(c.standard_errors(), d.standard_errors(), 1e-10);
    }
    let a = a.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap();
    let b = b.profile_intervals(&x, &reversed, RowOptions::default(), 0.95).unwrap();
    close(&a.lower, &(-&b.upper), 1e-9);

    // Three classes: against the last instead of the first; probabilities and effects are permuted.
    let (x, y) = overlapping(90, 2, 3, 22);
    let reversed: Vec<usize> = y.iter().map(|&class| 2 - class).collect();
    let (a, b) =
        (exact(Penalty::None).fit(&x, &y).unwrap(), exact(Penalty::None).fit(&x, &reversed).unwrap());
    let (ci, di) = (a.inference(&x, &y).unwrap(), b.inference(&x, &reversed).unwrap());
    // Old class 2 against 0 is minus new class 2 against 0.
    close(&ci.estimates().columns(1, 1).into_owned(), &(-di.estimates().columns(1, 1).into_owned()), 1e-9);
    close(
        &ci.standard_errors().columns(1, 1).into_owned(),
        &di.standard_errors().columns(1, 1).into_owned(),
        1e-9,
    );
    let (c, d) = (
        ci.marginal_effects(&x, RowOptions::default()).unwrap(),
        di.marginal_effects(&x, RowOptions::default()).unwrap(),
    );
    let (e, f) = (ci.probability_intervals(&x, 0.95).unwrap(), di.probability_intervals(&x, 0.95).unwrap());
    for class in 0..3 {
        let pairs = [
            (c.estimates(), d.estimates()),
            (c.standard_errors(), d.standard_errors()),
            (&e.standard_errors, &f.standard_errors),
            (&e.lower, &f.lower),
            (&e.upper, &f.upper),
        ];
        for (one, other) in pairs {
            close(&one.columns(class, 1).into_owned(), &other.columns(2 - class, 1).into_owned(), 1e-9);
        }
    }
    let a = a.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap();
    let b = b.profile_intervals(&x, &reversed, RowOptions::default(), 0.95).unwrap();
    close(&a.lower.columns(1, 1).into_owned(), &(-b.upper.columns(1, 1).into_owned()), 1e-9);
}

#[test]
fn a_column_in_other_units_has_errors_and_ends_in_them() {
    let (x, y) = overlapping(80, 2, 3, 31);
    let mut scaled = x.clone();
    scaled.column_mut(1).apply(|v| *v = 1e4 * *v + 7e5);
    let (a, b) = (exact(Penalty::None).fit(&x, &y).unwrap(), exact(Penalty::None).fit(&scaled, &y).unwrap());
    for kind in [Covariance::Observed, Covariance::Hc1] {
        let ai = a.inference_with(&x, &y, RowOptions::default(), kind.clone()).unwrap();
        let bi = b.inference_with(&scaled, &y, RowOptions::default(), kind).unwrap();
        for (term, factor) in [(1, 1.0), (2, 1e-4)] {
            let (c, d) =
                (ai.standard_errors().row(term) * factor, bi.standard_errors().row(term).into_owned());
            assert_relative_eq!(c, d, max_relative = 1e-6);
        }
    }
    let (a, b) = (
        a.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap(),
        b.profile_intervals(&scaled, &y, RowOptions::default(), 0.95).unwrap(),
    );
    for (term, factor) in [(1, 1.0), (2, 1e-4)] {
        assert_relative_eq!(a.upper.row(term) * factor, b.upper.row(term).into_owned(), max_relative = 1e-6);
        assert_relative_eq!(a.lower.row(term) * factor, b.lower.row(term).into_owned(), max_relative = 1e-6);
    }
}

#[test]
fn single_precision_follows_double() {
    let (x, y) = overlapping(100, 2, 2, 61);
    let single = x.map(|v| v as f32);
    let double = single.map(f64::from);
    let a = LogisticRegression::new(Penalty::None).fit(&single, &y).unwrap();
    let b = LogisticRegression::new(Penalty::None).fit(&double, &y).unwrap();
    for kind in [Covariance::Observed, Covariance::Hc1] {
        let a = a.inference_with(&single, &y, RowOptions::default(), kind.clone()).unwrap();
        let b = b.inference_with(&double, &y, RowOptions::default(), kind).unwrap();
        close(&a.standard_errors(), &b.standard_errors(), 1e-4);
        let of = |i: &Inference| i.marginal_effects(&double, RowOptions::default()).unwrap();
        close(of(&a).standard_errors(), of(&b).standard_errors(), 1e-3);
    }
    let a = a.profile_intervals(&single, &y, RowOptions::default(), 0.95).unwrap();
    let b = b.profile_intervals(&double, &y, RowOptions::default(), 0.95).unwrap();
    for (a, b) in a.lower.iter().zip(&b.lower).chain(a.upper.iter().zip(&b.upper)) {
        assert!((a - b).abs() < 2e-3 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn the_condition_number_tells_of_columns_that_are_alike() {
    let (x, y) = overlapping(80, 2, 2, 98);
    let condition = |mix: f64| {
        let x = DMatrix::from_columns(&[x.column(0).into_owned(), x.column(0) + x.column(1) * mix]);
        exact(Penalty::None).fit(&x, &y).unwrap().inference(&x, &y).unwrap().condition()
    };
    assert!(condition(1.0) < 100.0);
    let (alike, more) = (condition(1e-2), condition(1e-3));
    assert!((50.0..200.0).contains(&(more / alike)), "{alike} {more}");
}
