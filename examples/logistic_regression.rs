//! A logistic regression written by hand: is it right to answer "yes" for a row that nobody showed it, and why are its
//! coefficients not those of the library?
//!
//! `cargo run --release --example logistic_regression`

#[path = "support/claims.rs"]
mod claims;

use claims::{Claims, near};
use logit::nalgebra::{DMatrix, DVector, dmatrix};
use logit::{
    Classifier, Error, Estimator, FittedLogistic, LogisticRegression, Penalty, StopReason,
};

type Model = FittedLogistic<f64, bool>;

/// What one writes by hand: steps against the gradient of the mean loss, from zero, without a penalty.
fn gradient_descent(x: &DMatrix<f64>, y: &[bool], rate: f64, steps: usize) -> Result<Model, Error> {
    let targets = DVector::from_iterator(y.len(), y.iter().map(|&yes| f64::from(yes)));
    let (mut coefficients, mut intercept) = (DVector::zeros(x.ncols()), 0.0);
    for _ in 0..steps {
        let scores = (x * &coefficients).add_scalar(intercept);
        let residuals = scores.map(|z| 1.0 / (1.0 + (-z).exp())) - &targets;
        coefficients -= x.tr_mul(&residuals) * (rate / x.nrows() as f64);
        intercept -= rate * residuals.mean();
    }
    let columns = DMatrix::from_column_slice(x.ncols(), 1, coefficients.as_slice());
    FittedLogistic::from_coefficients(vec![false, true], columns, DVector::from_element(1, intercept))
}

fn yes(model: &Model, row: &DMatrix<f64>) -> Result<f64, Error> {
    Ok(model.predict_proba(row)?[(0, 1)])
}

fn show(name: &str, model: &Model, last: &str) {
    let numbers = model.coefficients().iter().chain(model.intercept());
    println!("{name:<34}{}{last}", numbers.map(|number| format!("{number:>9.4}")).collect::<String>());
}

/// Three rows and three columns, and a row that is none of them.
fn three_rows(claims: &mut Claims) -> Result<(), Error> {
    let x = dmatrix![1.0, 1.0, 1.0; 0.0, 0.0, 0.0; 1.0, 0.0, 1.0];
    let y = [true, false, true];
    let new = dmatrix![0.0, 1.0, 1.0];

    println!("[1, 1, 1] yes, [0, 0, 0] no, [1, 0, 1] yes; and [0, 1, 1]?\n");
    println!("{:<34}{:>9}{:>9}{:>9}{:>9}{:>12}", "", "w1", "w2", "w3", "b", "p(yes)");
    let mut smallest = 1.0_f64;
    for c in [0.001, 0.1, 1.0, 10.0, 1e3, 1e6] {
        let model = LogisticRegression::new(Penalty::c(c)).fit(&x, &y)?;
        let p = yes(&model, &new)?;
        show(&format!("penalty C = {c}"), &model, &format!("{p:>12.4}"));
        smallest = smallest.min(p);
        if c == 1.0 {
            claims.check(near(p, 0.6728290496426824, 1e-9), "the optimum of scikit-learn's default objective");
        }
    }
    claims.check(smallest > 0.5, "the answer is yes, however strong or weak the penalty");

    let mut norms = Vec::new();
    for steps in [100, 1_000, 10_000, 100_000] {
        let model = gradient_descent(&x, &y, 0.1, steps)?;
        let p = yes(&model, &new)?;
        show(&format!("gradient descent, {steps} steps"), &model, &format!("{p:>12.4}"));
        smallest = smallest.min(p);
        norms.push(model.coefficients().norm());
    }
    claims.check(smallest > 0.5, "the answer is yes, however long the descent");
    claims.check(norms.is_sorted_by(|a, b| b - a > 1.0), "and its coefficients never come to rest,");
    let free = LogisticRegression::new(Penalty::None).fit(&x, &y)?;
    claims.check(free.report().stop == StopReason::Separated, "because without a penalty there is no optimum");
    if let Some(separation) = free.separation() {
        println!("         {separation}");
    }

    let mut more = x.insert_row(3, 0.0);
    more[(3, 2)] = 1.0;
    let model = LogisticRegression::new(Penalty::c(1.0)).fit(&more, &[true, false, true, false])?;
    let p = yes(&model, &new)?;
    show("with a fourth row, [0, 0, 1] no", &model, &format!("{p:>12.4}"));
    claims.check(p < 0.5, "a row that tells the columns apart turns the answer");
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut claims = Claims::default();
    three_rows(&mut claims)?;
    claims.verdict()
}
