//! A loss for labels -1 and +1 with the gradient for labels 0 and 1: what it does, how one sees it, and how not to have
//! the question.
//!
//! `cargo run --release --example label_encoding`; with `--features plot` it draws both descents, too.

#[path = "support/claims.rs"]
mod claims;
#[cfg(feature = "plot")]
#[path = "support/pictures.rs"]
mod pictures;

use std::error::Error;

use claims::Claims;
use logit::data::{Component, Dataset, GaussianMixture};
use logit::gradcheck::Mismatch;
use logit::nalgebra::{DMatrix, DVector};
use logit::optim::{Evaluation, Objective};
use logit::prelude::*;
use logit::{FittedLogistic, GradCheck, Label, LogisticRegression, Penalty};

/// The mean of ln(1 + exp(-s z)) over rows with labels s of -1 and +1 and scores z; the intercept is the last parameter.
#[derive(Debug, Clone, Copy)]
struct LossOfSigns<'a> {
    set: &'a Dataset<i32>,
    /// The derivative that is taken for that of a row: of z and s.
    slope: fn(f64, f64) -> f64,
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Right where s is 0 or 1.
fn of_zero_and_one(z: f64, s: f64) -> f64 {
    sigmoid(z) - s
}

/// Right where s is -1 or +1.
fn of_signs(z: f64, s: f64) -> f64 {
    -s * sigmoid(-s * z)
}

impl Objective<f64> for LossOfSigns<'_> {
    fn parameter_count(&self) -> usize {
        self.set.x.ncols() + 1
    }

    fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
        let (columns, rows) = (self.set.x.ncols(), self.set.y.len());
        let coefficients = DVector::from_column_slice(&params[..columns]);
        let scores = (&self.set.x * coefficients).add_scalar(params[columns]);
        let signs = DVector::from_iterator(rows, self.set.y.iter().map(|&label| f64::from(label)));
        let slopes = scores.zip_map(&signs, self.slope);
        gradient[..columns].copy_from_slice((self.set.x.tr_mul(&slopes) / rows as f64).as_slice());
        gradient[columns] = slopes.mean();
        // ln(1 + e^m), also where e^m is infinite.
        let softplus = |m: f64| m.max(0.0) + (-m.abs()).exp().ln_1p();
        Evaluation::of(scores.zip_map(&signs, |z, s| softplus(-s * z)).mean(), gradient)
    }
}

/// Two clouds of 100 points each.
fn clouds() -> Result<Dataset<i32>, logit::Error> {
    let cloud = |label: i32, centre: f64| Component::new(label, 100, [centre, centre], [1.0, 1.0]);
    GaussianMixture::new([cloud(-1, -1.8), cloud(1, 1.8)]).seed(3).generate()
}

/// Where so many steps of rate 0.1 from zero lead.
struct Descent {
    params: Vec<f64>,
    loss: f64,
    right: f64,
}

fn descend(mut objective: LossOfSigns<'_>, steps: usize) -> Result<Descent, logit::Error> {
    let mut params = vec![0.0; objective.parameter_count()];
    let mut gradient = params.clone();
    for _ in 0..steps {
        objective.evaluate(&params, &mut gradient);
        params.iter_mut().zip(&gradient).for_each(|(p, slope)| *p -= 0.1 * slope);
    }
    let loss = objective.evaluate(&params, &mut gradient).value;
    let (coefficients, intercept) = params.split_at(objective.set.x.ncols());
    let coefficients = DMatrix::from_column_slice(coefficients.len(), 1, coefficients);
    let model =
        FittedLogistic::from_coefficients(vec![-1, 1], coefficients, DVector::from_column_slice(intercept))?;
    Ok(Descent { right: model.score(&objective.set.x, &objective.set.y)?, params, loss })
}

/// The same rows with other labels.
fn relabelled<L: Label>(
    set: &Dataset<i32>,
    label: impl FnMut(i32) -> L,
) -> Result<FittedLogistic<f64, L>, logit::Error> {
    set.clone().map_labels(label).fit(&LogisticRegression::new(Penalty::c(1.0)))
}

fn show(name: &str, params: &[f64], loss: f64, right: f64) {
    let numbers: String = params.iter().map(|number| format!("{number:>9.2}")).collect();
    println!("{name:<46}{numbers}{loss:>10.4}{:>8.1} %", 100.0 * right);
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut claims = Claims::default();
    let set = clouds()?;
    let (mixed_up, right) =
        (LossOfSigns { set: &set, slope: of_zero_and_one }, LossOfSigns { set: &set, slope: of_signs });

    println!("200 rows, 100 of each label, gradient descent with rate 0.1\n");
    println!("{:<46}{:>9}{:>9}{:>9}{:>10}{:>10}", "", "w1", "w2", "b", "mean loss", "right");
    let mut runs = Vec::new();
    for (name, objective) in [("gradient for 0/1, labels -1/+1", mixed_up), ("gradient for -1/+1", right)] {
        for steps in [100, 1_000, 10_000] {
            let descent = descend(objective, steps)?;
            show(&format!("{name}, {steps} steps"), &descent.params, descent.loss, descent.right);
            runs.push(descent);
        }
    }
    let model = relabelled(&set, |sign| sign)?;
    let params: Vec<f64> = model.coefficients().iter().chain(model.intercept()).copied().collect();
    let share = model.score(&set.x, &set.y)?;
    let loss = { right }.evaluate(&params, &mut [0.0; 3]).value;
    show("LogisticRegression, C = 1", &params, loss, share);

    let at = [0.3, -0.2, 0.1];
    let found = GradCheck::new().objective(&mut { mixed_up }, &at);
    let proved = GradCheck::new().objective(&mut { right }, &at);
    println!(
        "\nGradCheck on the gradient for 0/1: {}",
        found.as_ref().map_or_else(Mismatch::to_string, |_| "right".into())
    );
    println!(
        "GradCheck on the gradient for -1/+1: {} entries are right\n",
        proved.as_ref().map_or(0, |found| found.entries)
    );

    let grows = |a: &Descent, b: &Descent| {
        b.params.iter().zip(&a.params).all(|(b, a)| (5.0..15.0).contains(&(b / a)))
    };
    claims.check(
        grows(&runs[0], &runs[1]) && grows(&runs[1], &runs[2]) && runs[2].loss > 10.0 * runs[0].loss,
        "with the gradient for 0/1 ten times the steps make all coefficients ten times as large, and the loss rises",
    );
    claims.check(found.is_err(), "GradCheck refuses it,");
    claims
        .check(proved.is_ok_and(|found| found.entries == 3 && found.kinks == 0), "and proves the other one");
    claims.check(
        runs[3..].iter().all(|run| run.right >= 0.99)
            && runs[5].loss < runs[4].loss
            && runs[4].loss < runs[3].loss,
        "with the gradient for -1/+1 the loss falls and at least 99 % are right",
    );
    claims
        .check(share >= 0.99 && model.report().converged(), "LogisticRegression is right for at least 99 %");
    let (numbers, words) = (
        relabelled(&set, |sign| i32::from(sign > 0))?,
        relabelled(&set, |sign| if sign > 0 { "up" } else { "down" })?,
    );
    claims.check(
        numbers.coefficients() == model.coefficients() && words.coefficients() == model.coefficients(),
        "and has the same coefficients, to the bit, for -1/+1, 0/1 and down/up",
    );
    #[cfg(feature = "plot")]
    pictures::save(&both(mixed_up, right)?, "label_encoding.svg")?;
    claims.verdict()
}

/// The loss along both descents.
#[cfg(feature = "plot")]
fn both(mixed_up: LossOfSigns<'_>, right: LossOfSigns<'_>) -> Result<logit::plot::Figure, logit::Error> {
    let losses = |objective: LossOfSigns<'_>| -> Result<Vec<[f64; 2]>, logit::Error> {
        let steps = (0..=16).map(|power| 10f64.powf(0.25 * f64::from(power)).round() as usize);
        steps.map(|steps| Ok([steps as f64, descend(objective, steps)?.loss])).collect()
    };
    let curves =
        logit::plot::Curves::new("steps of gradient descent", "mean loss").logarithmic_x().logarithmic_y();
    let curves =
        curves.curve("gradient for 0/1", losses(mixed_up)?).curve("gradient for -1/+1", losses(right)?);
    Ok(curves.figure()?.title("One loss for labels -1 and +1, two gradients"))
}
