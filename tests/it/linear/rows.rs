//! Weights are repetitions, and the order of rows does not matter.

use logit::linear::Strength;
use logit::{ClassWeight, Penalty, Solver};

use super::kit::{Data, assert_same, exact, ways};
use crate::common::shuffled;

/// Of all penalties, strengths in both scales among them, with offsets and with class weights from the
/// weighted rows.
#[test]
fn a_weight_of_k_is_the_row_k_times() {
    for classes in [2, 3] {
        let data = Data::full(90, 4, classes, 21);
        let weights = data.weights.clone().expect("weights");
        let repeated: Vec<usize> =
            (0..90).flat_map(|row| std::iter::repeat_n(row, weights[row] as usize)).collect();
        let order = shuffled(repeated.len(), 1);
        let repeated: Vec<usize> = order.iter().map(|&at| repeated[at]).collect();
        let repeated = Data { weights: None, ..data.select(&repeated) };
        let net = Penalty::ElasticNet { strength: Strength::C(0.3), l1_ratio: 0.7 };
        let by_c = [Penalty::L1(Strength::C(0.3)), net].map(|p| exact(p, Solver::Auto));
        for way in ways().into_iter().chain(by_c) {
            let mut ways = vec![
                way.clone().class_weight(ClassWeight::Balanced),
                way.clone().class_weight(ClassWeight::map([(1, 3.0)])),
                way.clone().penalty_factors([0.0, 1.0, 2.5, 0.5]),
                way,
            ];
            ways[2] = ways[2].clone().intercept(false);
            for way in ways {
                let (a, b) = (data.fit(&way), repeated.fit(&way));
                assert_same(&a, &b, 1e-9, &format!("{way:?}"));
                let (a, b) = (a.report(), b.report());
                approx::assert_relative_eq!(a.objective, b.objective, max_relative = 1e-12);
                assert_eq!(a.duality_gap.is_some(), b.duality_gap.is_some(), "{way:?}");
            }
        }
    }
}

/// Numbers, offsets and labels of a row without weight do not count, whatever they are.
#[test]
fn a_weight_of_zero_removes_the_row() {
    for classes in [2, 3] {
        let data = Data::full(60, 3, classes, 33);
        for way in ways() {
            let way = way.tolerance(1e-11).class_weight(ClassWeight::Balanced);
            let wanted = data.fit(&way);
            for outlier in [1.0, 1e6, 1e200] {
                let Data { x, mut y, weights, offset } = data.clone();
                y.insert(17, 0);
                let mut weights = weights.expect("weights");
                weights.insert(17, 0.0);
                let x = x.insert_row(17, outlier);
                let offset = offset.map(|o| o.insert_row(17, 1e3));
                let beside = Data { x, y, weights: Some(weights), offset };
                assert_same(&beside.fit(&way), &wanted, 1e-8, &format!("{outlier:e}, {way:?}"));
            }
        }
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    for classes in [2, 5] {
        let data = Data::full(200, 4, classes, 31);
        let permuted = data.select(&shuffled(200, 2));
        for way in ways() {
            assert_same(&permuted.fit(&way), &data.fit(&way), 1e-9, &format!("{way:?}"));
        }
    }
}
