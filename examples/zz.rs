//! x
use logit::doctor::{Doctor, FitDiagnosed};
use logit::prelude::*;
use logit::{LogisticRegression, OneVsRest, Penalty, Pipeline, StandardScaler, data};
fn main() {
    let cancer = data::breast_cancer();
    for l in [0.1, 1.0, 10.0, 100.0, 1e4] {
        let e = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::l2(l)));
        let (m, d) = e.fit_diagnosed(&cancer.x, &cancer.y, &Doctor::new().probe(2_000_000)).unwrap();
        println!("{l} {} {:?}\n{d}", m.score(&cancer.x, &cancer.y).unwrap(), m.report().unwrap().stop);
        let e = Pipeline::new(StandardScaler::new(), OneVsRest::new(LogisticRegression::new(Penalty::l2(l))));
        let (_, d) = e.fit_diagnosed(&cancer.x, &cancer.y, &Doctor::new().probe(2_000_000)).unwrap();
        println!("{d}");
    }
}
