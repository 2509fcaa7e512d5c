//! The meaning of weights in inference.

use super::*;

#[test]
fn a_weight_is_a_repetition_everywhere() {
    for classes in [2, 3] {
        let (x, y) = overlapping(70, 2, classes, 11 + classes as u64);
        let weights: Vec<f64> = (0..70).map(|row| (row % 4) as f64).collect();
        let columns = if classes == 2 { 1 } else { classes };
        let offset = DMatrix::from_fn(70, columns, |row, k| 0.3 * (row as f64 + k as f64).sin());
        let clusters: Vec<usize> = (0..70).map(|row| row % 11).collect();
        let numbers = repeated(&weights);
        let (all, labels) = (x.select_rows(&numbers), crate::common::pick(&y, &numbers));
        let (offsets, groups) = (offset.select_rows(&numbers), crate::common::pick(&clusters, &numbers));
        let weighted = RowOptions::new().weights(weights.as_slice()).offset(&offset);
        let expanded = RowOptions::new().offset(&offsets);
        let fit = |x: &DMatrix<f64>, y: &[usize], rows: RowOptions<'_, f64>| -> Fit {
            let options = {
                let mut options = FitOptions::new();
                options.weights = rows.weights;
                options.offset = rows.offset;
                options
            };
            let weight = ClassWeight::map([(1usize, 2.0)]);
            exact(Penalty::None).class_weight(weight).fit_with(x, y, options).unwrap()
        };
        let (a, b) = (fit(&x, &y, weighted), fit(&all, &labels, expanded));
        for (kind, same) in kinds(&clusters).into_iter().zip(kinds(&groups)) {
            let a = a.inference_with(&x, &y, weighted, kind).unwrap();
            let b = b.inference_with(&all, &labels, expanded, same).unwrap();
            assert_eq!(a.covariance_name(), b.covariance_name());
            close(&a.standard_errors(), &b.standard_errors(), 1e-9);
            assert_relative_eq!(a.null_log_likelihood(), b.null_log_likelihood(), max_relative = 1e-10);
            let (c, d) =
                (a.marginal_effects(&x, weighted).unwrap(), b.marginal_effects(&all, expanded).unwrap());
            close(c.estimates(), d.estimates(), 1e-9);
            close(c.standard_errors(), d.standard_errors(), 1e-9);
            let (c, d) = (
                a.probability_intervals_with(&x, Some(offset.as_view()), 0.9).unwrap(),
                b.probability_intervals_with(&x, Some(offset.as_view()), 0.9).unwrap(),
            );
            close(&c.lower, &d.lower, 1e-9);
            close(&c.upper, &d.upper, 1e-9);
        }
        let a = a.profile_intervals(&x, &y, weighted, 0.95).unwrap();
        let b = b.profile_intervals(&all, &labels, expanded, 0.95).unwrap();
        close(&a.lower, &b.lower, 1e-8);
        close(&a.upper, &b.upper, 1e-8);
    }
}

/// A class weight of 2 is a sample weight of 2 for its rows.
#[test]
fn class_weights_count_in_every_covariance() {
    let (x, y) = overlapping(80, 2, 2, 3);
    let doubled: Vec<f64> = y.iter().map(|&class| if class == 1 { 2.0 } else { 1.0 }).collect();
    let a = exact(Penalty::None).class_weight(ClassWeight::map([(1usize, 2.0)])).fit(&x, &y).unwrap();
    let b = exact(Penalty::None).fit_weighted(&x, &y, &doubled).unwrap();
    let clusters: Vec<usize> = (0..80).map(|row| row % 7).collect();
    for kind in kinds(&clusters) {
        let a = a.inference_with(&x, &y, RowOptions::default(), kind.clone()).unwrap();
        let b = b.inference_with(&x, &y, rows(&doubled), kind).unwrap();
        close(a.covariance(), b.covariance(), 1e-10);
    }
    let a = a.profile_intervals(&x, &y, RowOptions::default(), 0.9).unwrap();
    let b = b.profile_intervals(&x, &y, rows(&doubled), 0.9).unwrap();
    close(&a.upper, &b.upper, 1e-9);
}

/// Rows without weight have no effect, however large their entries are.
#[test]
fn rows_without_weight_may_be_huge() {
    let (mut x, y) = overlapping(40, 2, 2, 97);
    let mut weights = vec![1.0; 40];
    weights[3] = 0.0;
    let model = exact(Penalty::None).fit_weighted(&x, &y, &weights).unwrap();
    let before = model.inference_with(&x, &y, rows(&weights), Covariance::Hc1).unwrap();
    x[(3, 1)] = 1e100;
    let after = model.inference_with(&x, &y, rows(&weights), Covariance::Hc1).unwrap();
    close(before.covariance(), after.covariance(), 1e-12);
}
