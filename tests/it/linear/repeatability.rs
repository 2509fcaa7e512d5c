//! Fits repeat to the bit, on every thread.

use logit::LogisticRegression;
use logit::prelude::*;
use nalgebra::DMatrix;

use super::kit::{Data, numbers, ways};

#[test]
fn fits_give_the_same_bits_again_and_on_other_threads() {
    for classes in [2, 3] {
        let data = Data::full(300, 4, classes, 181);
        let narrow: DMatrix<f32> = data.x.map(|v| v as f32);
        let bits = |way: &LogisticRegression| -> Vec<u64> {
            let model = data.try_fit(way).expect("good data");
            let report = model.report();
            let single = way.clone().tolerance(1e-4).fit(&narrow, &data.y).expect("good data");
            let more = [
                report.objective,
                report.duality_gap.unwrap_or(0.0),
                report.hessian_condition.unwrap_or(0.0),
            ];
            let wide = numbers(&model).into_iter().chain(more).chain(report.objective_curve.iter().copied());
            let single = numbers(&single).into_iter().map(|w| u64::from(w.to_bits()));
            wide.map(f64::to_bits).chain(single).collect()
        };
        let all: Vec<LogisticRegression> = ways();
        let once: Vec<Vec<u64>> = all.iter().map(bits).collect();
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..3).map(|_| scope.spawn(|| all.iter().map(bits).collect::<Vec<_>>())).collect();
            for thread in threads {
                assert_eq!(thread.join().expect("no panic"), once);
            }
        });
    }
}
