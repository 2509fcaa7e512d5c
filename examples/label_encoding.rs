//! The gradient for labels 0 and 1 on labels -1 and +1: what happens, how one sees it, and how not to have the question.
//!
//! `cargo run --release --example label_encoding`

#[path = "support/claims.rs"]
mod claims;

use claims::{Claims, near};
use logit::nalgebra::{DMatrix, DVector};
use logit::{Classifier, Error, Estimator, FittedLogistic, GradCheck, LogisticRegression, Objective, Penalty, Rng};

/// Which gradient goes with the loss ln(1 + exp(-s z)) of a row with label s.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Formula {
    /// (σ(z) - s) x, right for labels 0 and 1.
    OfZeroAndOne,
    /// -s σ(-s z) x.
    OfSigns,
}

/// The mean loss of a logistic regression on labels -1 and +1; the intercept is the last parameter.
#[derive(Debug, Clone)]
struct Signs<'a> {
    x: &'a DMatrix<f64>,
    y: &'a [i32],
    formula: Formula,
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

impl Objective<f64> for Signs<'_> {
    fn parameter_count(&self) -> usize {
        self.x.ncols() + 1
    }

    fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> f64 {
        let (weights, intercept) = params.split_at(self.x.ncols());
        let scores = (self.x * DVector::from_column_slice(weights)).add_scalar(intercept[0]);
        let signs = || self.y.iter().map(|&label| f64::from(label));
        let residual = |(z, s): (&f64, f64)| match self.formula {
            Formula::OfZeroAndOne => sigmoid(*z) - s,
            Formula::OfSigns => -s * sigmoid(-s * z),
        };
        let residuals = DVector::from_iterator(self.y.len(), scores.iter().zip(signs()).map(residual));
        let rows = self.y.len() as f64;
        gradient[..weights.len()].copy_from_slice((self.x.tr_mul(&residuals) / rows).as_slice());
        gradient[weights.len()] = residuals.sum() / rows;
        scores.iter().zip(signs()).map(|(z, s)| (-s * z).exp().ln_1p()).sum::<f64>() / rows
    }
}

/// Two clouds of 100 points each, around (-1, -1) and (1, 1) times 1.8, with standard deviation 1.
fn clouds(seed: u64) -> (DMatrix<f64>, Vec<i32>) {
    let mut rng = Rng::new(seed);
    let y: Vec<i32> = (0..200).map(|row| if row < 100 { -1 } else { 1 }).collect();
    let values: Vec<f64> =
        y.iter().flat_map(|&label| [label, label]).map(|label| 1.8 * f64::from(label) + rng.standard_normal()).collect();
    (DMatrix::from_row_slice(200, 2, &values), y)
}

fn descend(objective: &mut Signs<'_>, steps: usize) -> (Vec<f64>, f64) {
    let mut params = vec![0.0; objective.parameter_count()];
    let mut gradient = params.clone();
    for _ in 0..steps {
        objective.evaluate(&params, &mut gradient);
        params.iter_mut().zip(&gradient).for_each(|(p, g)| *p -= 0.1 * g);
    }
    let loss = objective.evaluate(&params, &mut gradient);
    (params, loss)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut claims = Claims::default();
    for seed in 0..5 {
        let (x, y) = clouds(seed);
        println!("{:<30}{:>9}{:>9}{:>9}{:>11}{:>9}", "", "w1", "w2", "b", "mean loss", "right");
        for formula in [Formula::OfZeroAndOne, Formula::OfSigns] {
            let mut objective = Signs { x: &x, y: &y, formula };
            for steps in [100, 1000, 10000] {
                let (params, loss) = descend(&mut objective, steps);
                let w = DMatrix::from_column_slice(2, 1, &params[..2]);
                let model = FittedLogistic::from_coefficients(vec![-1, 1], w, DVector::from_element(1, params[2]))?;
                println!("{:<30}{:>9.3}{:>9.3}{:>9.3}{loss:>11.4}{:>7.1} %", format!("{formula:?} {steps}"), params[0], params[1], params[2], 100.0 * model.score(&x, &y)?);
            }
            println!("{:?}", GradCheck::new().objective(&mut objective, &[0.3, -0.2, 0.1]).map_err(|e| e.to_string()));
        }
        let m = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &y)?;
        println!("{} {} {} {}", m.coefficients(), m.intercept(), m.score(&x, &y)?, m.report());
    let m = LogisticRegression::new(Penalty::None).fit(&x, &y)?;
        println!("{}", m.report());
    }
    claims.verdict()
}
