//! Class weights are equivalent to sample weights.

use logit::prelude::*;
use logit::{ClassWeight, Penalty, Solver};
use nalgebra::dmatrix;

use super::kit::{Data, exact, numbers, ways};

#[test]
fn class_weights_are_the_sample_weights_of_their_rows() {
    for classes in [2, 3] {
        let plain = Data::plain(80, 3, classes, 5);
        let full = Data::full(80, 3, classes, 6);
        for data in [plain, full] {
            let of_class = [0.25, 3.0, 1.5];
            let given = |row: usize| data.weights.as_ref().map_or(1.0, |w| w[row]);
            let weights = (0..80).map(|row| given(row) * of_class[data.y[row]]).collect();
            let weighted = Data { weights: Some(weights), ..data.clone() };
            for way in ways() {
                let named =
                    way.clone().class_weight(ClassWeight::map((0..classes).map(|k| (k, of_class[k]))));
                assert_eq!(numbers(&data.fit(&named)), numbers(&weighted.fit(&way)), "{way:?}");
            }
        }
    }
}

/// W / (K W_k): 5 / (2 x 2) and 5 / (2 x 3) exactly.
#[test]
fn balanced_weights_of_three_and_two_rows() {
    let x = dmatrix![1.0, 0.5; 2.0, -1.0; 0.5, 0.0; 1.5, 2.0; -1.0, 1.0];
    let y = [1, 1, 1, -1, -1];
    let weights = [5.0 / 6.0, 5.0 / 6.0, 5.0 / 6.0, 5.0 / 4.0, 5.0 / 4.0];
    for way in ways().into_iter().filter(|way| *way != exact(Penalty::None, Solver::Auto)) {
        let balanced = way.clone().class_weight(ClassWeight::Balanced).fit(&x, &y).expect("good data");
        let weighted = way.fit_weighted(&x, &y, &weights).expect("good data");
        assert_eq!(balanced.coefficients(), weighted.coefficients(), "{way:?}");
        assert_eq!(balanced.intercept(), weighted.intercept(), "{way:?}");
    }
}

/// Without informative columns, balanced classes are equally probable.
#[test]
fn balanced_classes_have_the_same_say() {
    for classes in [2, 3] {
        let mut data = Data::full(70, 2, classes, 8);
        data.offset = None;
        let way = exact(Penalty::l1(10.0), Solver::Auto);
        let skewed = data.fit(&way);
        assert!(skewed.coefficients().iter().all(|&w| w == 0.0) && skewed.intercept().amax() > 0.05);
        let balanced = data.fit(&way.class_weight(ClassWeight::Balanced));
        assert!(balanced.intercept().amax() < 1e-12, "{}", balanced.intercept());
    }
}
