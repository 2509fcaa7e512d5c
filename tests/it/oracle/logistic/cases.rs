//! The cases of `logistic.json`.

use std::collections::BTreeMap;

use logit::linear::Strength;
use logit::{LogisticRegression, Penalty, Solver};
use serde::Deserialize;

use super::datasets::{Dataset, Source};
use crate::oracle::json;

/// All data sets and all optima.
pub(super) fn read() -> Logistic {
    json::read(include_str!("../data/logistic.json"))
}

#[derive(Deserialize)]
pub(super) struct Logistic {
    pub(super) datasets: BTreeMap<String, Source>,
    pub(super) fits: Vec<Fit>,
    pub(super) unpenalised: Vec<Fit>,
}

/// The minimum of C Σ w_i l_i + (1 - ρ)/2 ‖W‖² + ρ ‖W‖₁, or of Σ w_i l_i without a penalty.
#[derive(Deserialize)]
pub(super) struct Fit {
    pub(super) dataset: String,
    pub(super) standardize: bool,
    pub(super) penalty: String,
    #[serde(rename = "C")]
    pub(super) c: Option<f64>,
    l1_ratio: Option<f64>,
    pub(super) fit_intercept: bool,
    class_weight: Option<ClassWeight>,
    sample_weight: Option<String>,
    pub(super) unique_coef: bool,
    /// 1 x d for two classes, K x d for more.
    pub(super) coef: Vec<Vec<f64>>,
    pub(super) intercept: Vec<f64>,
    pub(super) objective: f64,
    pub(super) sum_loss: f64,
    /// Of the first five rows, or of all if there are fewer.
    pub(super) proba_first5: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ClassWeight {
    Named(String),
    Each(Vec<f64>),
}

impl ClassWeight {
    /// "balanced" is n / (K n_k), whatever the sample weights.
    fn of_classes(&self, y: &[usize], classes: usize) -> Vec<f64> {
        let count = |class| y.iter().filter(|&&label| label == class).count();
        match self {
            ClassWeight::Each(weights) => weights.clone(),
            ClassWeight::Named(name) => {
                assert_eq!(name, "balanced");
                (0..classes).map(|class| y.len() as f64 / (classes * count(class)) as f64).collect()
            }
        }
    }
}

/// The weight of row `row` under a rule of `sample_weight` in the file.
fn sample_weight(rule: &str, row: usize) -> f64 {
    match rule {
        "mod4" => 0.5 + (row % 4) as f64 / 2.0,
        "zero7" if row.is_multiple_of(7) => 0.0,
        "zero7" => 1.0 + (row % 3) as f64,
        _ => panic!("{rule} is not a known rule"),
    }
}

impl Fit {
    pub(super) fn name(&self, solver: Solver) -> String {
        let Fit { dataset, standardize, penalty, c, l1_ratio, fit_intercept, sample_weight, .. } = self;
        let class_weight = self.class_weight.is_some();
        format!(
            "{dataset} standardized {standardize}, {penalty}, C {c:?}, ratio {l1_ratio:?}, intercept {fit_intercept}, class weights {class_weight}, \
             sample weights {sample_weight:?}, {solver:?}"
        )
    }

    pub(super) fn weights(&self, data: &Dataset) -> Option<Vec<f64>> {
        if self.class_weight.is_none() && self.sample_weight.is_none() {
            return None;
        }
        let classes = self.proba_first5[0].len();
        let of_classes =
            self.class_weight.as_ref().map_or(vec![1.0; classes], |w| w.of_classes(&data.y, classes));
        let of_row = |row| self.sample_weight.as_ref().map_or(1.0, |rule| sample_weight(rule, row));
        Some(data.y.iter().enumerate().map(|(row, &class)| of_classes[class] * of_row(row)).collect())
    }

    pub(super) fn model(&self, solver: Solver, tolerance: f64) -> LogisticRegression {
        let penalty = match (self.penalty.as_str(), self.c.map(Strength::C)) {
            ("none", None) => Penalty::None,
            ("l2", Some(strength)) => Penalty::L2(strength),
            ("l1", Some(strength)) => Penalty::L1(strength),
            ("elasticnet", Some(strength)) => {
                Penalty::ElasticNet { strength, l1_ratio: self.l1_ratio.expect("a ratio") }
            }
            other => panic!("{other:?} is not a known penalty"),
        };
        LogisticRegression::new(penalty).intercept(self.fit_intercept).solver(solver).tolerance(tolerance)
    }
}
