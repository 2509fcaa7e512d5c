//! Probabilities with intervals, and marginal effects.

use super::*;

#[test]
fn intervals_of_probabilities_stay_between_0_and_1() {
    let (x, y) = overlapping(40, 1, 3, 71);
    let inference = exact(Penalty::None).fit(&x, &y).unwrap().inference(&x, &y).unwrap();
    let far = DMatrix::from_fn(9, 1, |row, _| (row as f64 - 4.0) * 3.0);
    let intervals = inference.probability_intervals(&far, 0.999).unwrap();
    for at in 0..intervals.estimates.len() {
        let (low, p, high) = (intervals.lower[at], intervals.estimates[at], intervals.upper[at]);
        assert!((0.0..p).contains(&low) && p < high && high <= 1.0, "{low} {p} {high}");
    }
    for row in intervals.estimates.row_iter() {
        assert_relative_eq!(row.sum(), 1.0, max_relative = 1e-14);
    }
}

/// The standard error of an effect against the derivative of the effect by differences.
#[test]
fn effects_are_averages_of_derivatives_of_probabilities() {
    use logit::prelude::*;
    for classes in [2, 4] {
        let (x, y) = overlapping(150, 2, classes, 81);
        let model = exact(Penalty::None).fit(&x, &y).unwrap();
        let effects = model.inference(&x, &y).unwrap().marginal_effects(&x, RowOptions::default()).unwrap();
        for j in 0..2 {
            let moved = |h: f64| {
                let mut x = x.clone();
                x.column_mut(j).add_scalar_mut(h);
                model.predict_proba(&x).unwrap().row_mean()
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            for class in 0..classes {
                assert_relative_eq!(effects.estimates()[(j, class)], slope[class], max_relative = 1e-7);
            }
            assert!(effects.estimates().row(j).sum().abs() < 1e-13);
        }
    }
}
