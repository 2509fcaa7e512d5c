//! Labels 0 and 1 in a gradient for labels -1 and +1: the effect, how to detect it, and how to avoid it.
//!
//! `cargo run --release --example label_encoding`; with `--features plot` it also draws the descents.

#[path = "support/claims.rs"]
mod claims;
#[cfg(feature = "plot")]
#[path = "support/pictures.rs"]
mod pictures;

use std::error::Error;

use claims::Claims;
use logit::data::Dataset;
use logit::doctor::{Code, Diagnosis};
use logit::gradcheck::{Agreement, Cause, Mismatch};
use logit::nalgebra::{DMatrix, DVector};
use logit::prelude::*;
use logit::{FittedLogistic, GradCheck, Label, LogisticRegression, Penalty, Rng};

/// The 200 rows of the question: scikit-learn 1.9.1's `make_classification(n_samples=200, n_features=2,
/// random_state=333, n_informative=2, n_redundant=0, n_clusters_per_class=1)`.
const ROWS: &str = include_str!("data/fill_in_the_blank.csv");

/// The rows, with inverted labels as in the program: 1 where the file has 0.
fn rows() -> Result<Dataset<u8>, Box<dyn Error>> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for line in ROWS.lines().skip(1) {
        let fields = line.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let [x1, x2, label] = fields[..] else { return Err("three columns".into()) };
        x.extend([x1, x2]);
        y.push(u8::from(label == 0.0));
    }
    Ok(Dataset::new(DMatrix::from_row_slice(y.len(), 2, &x), y)?)
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// A derivative of the loss of a row in its score z, for a label.
type Slope = fn(f64, f64) -> f64;

fn as_posted(z: f64, y: f64) -> f64 {
    -y / (1.0 + (-y * z).exp())
}

/// The posted formula with the other sign in the exponent: right for labels -1 and +1.
fn for_signs(z: f64, y: f64) -> f64 {
    -y / (1.0 + (y * z).exp())
}

/// The derivative for labels 0 and 1.
fn for_zero_and_one(z: f64, y: f64) -> f64 {
    sigmoid(z) - y
}

/// The mean log-loss, for labels of which the larger is 1, and the gradient from `slope`. Parameters are the
/// weights, then the bias.
fn log_loss(x: &DMatrix<f64>, y: &[f64], params: &[f64], gradient: &mut [f64], slope: Slope) -> f64 {
    let d = x.ncols();
    let (w, b) = (DVector::from_column_slice(&params[..d]), params[d]);
    let z = (x * w).add_scalar(b);
    let y = DVector::from_column_slice(y);
    let dz = z.zip_map(&y, slope);
    gradient[..d].copy_from_slice((x.tr_mul(&dz) / y.len() as f64).as_slice());
    gradient[d] = dz.mean();
    // ln(1 + e^m), even if e^m is infinite.
    let softplus = |m: f64| m.max(0.0) + (-m.abs()).exp().ln_1p();
    z.zip_map(&y, |z, y| softplus(if y == 1.0 { -z } else { z })).mean()
}

/// The result of a descent.
struct Descent {
    params: [f64; 3],
    loss: f64,
    /// The percentage of rows classified correctly.
    right: f64,
}

/// The result of `steps` steps with the rate 0.1.
fn descend(x: &DMatrix<f64>, y: &[f64], slope: Slope, start: [f64; 3], steps: usize) -> Descent {
    let (mut params, mut gradient) = (start, [0.0; 3]);
    for _ in 0..steps {
        log_loss(x, y, &params, &mut gradient, slope);
        params.iter_mut().zip(gradient).for_each(|(p, slope)| *p -= 0.1 * slope);
    }
    let loss = log_loss(x, y, &params, &mut gradient, slope);
    let score = |row: usize| x[(row, 0)] * params[0] + x[(row, 1)] * params[1] + params[2];
    let right = (0..y.len()).filter(|&row| (score(row) > 0.0) == (y[row] == 1.0)).count();
    Descent { params, loss, right: 100.0 * right as f64 / y.len() as f64 }
}

impl Descent {
    fn show(&self, name: &str) {
        let numbers: String = self.params.iter().map(|number| format!("{number:>9.2}")).collect();
        println!("{name:<46}{numbers}{:>11.4}{:>9.1} %", self.loss, self.right);
    }

    /// Returns whether the numbers are these, to the given digits.
    fn is(&self, params: [f64; 3], loss: f64, right: f64) -> bool {
        let same = self.params.iter().zip(params).all(|(a, b)| (a - b).abs() < 0.5001e-2);
        same && (self.loss - loss).abs() < 0.5001e-4 && (self.right - right).abs() < 1e-9
    }
}

/// Twenty starts, drawn uniformly from -1 to 1.
fn starts() -> Vec<[f64; 3]> {
    let mut rng = Rng::new(0);
    (0..20).map(|_| [(); 3].map(|()| rng.uniform(-1.0, 1.0))).collect()
}

/// The descents from all starts.
struct Runs(Vec<Descent>);

impl Runs {
    fn range(&self, of: impl Fn(&Descent) -> f64) -> [f64; 2] {
        let all = self.0.iter().map(of);
        all.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)])
    }

    fn show(&self, name: &str) {
        let ([least, most], [low, high]) = (self.range(|run| run.right), self.range(|run| run.loss));
        println!("{name:<46}{least:>7.1} to {most:.1} %{low:>12.3} to {high:.3}");
    }

    /// Returns whether the accuracies and the losses have these ranges.
    fn go(&self, right: [f64; 2], loss: [f64; 2]) -> bool {
        let near = |a: [f64; 2], b: [f64; 2], by: f64| a.iter().zip(b).all(|(a, b)| (a - b).abs() < by);
        near(self.range(|run| run.right), right, 1e-9) && near(self.range(|run| run.loss), loss, 0.5001e-3)
    }
}

/// The descents of the program, as posted and with either right gradient.
fn program(claims: &mut Claims, x: &DMatrix<f64>, y: &[f64], signs: &[f64]) {
    println!("200 rows, 100 of each label, gradient descent with the rate 0.1\n");
    println!("{:<46}{:>9}{:>9}{:>9}{:>11}{:>11}", "", "w1", "w2", "b", "mean loss", "right");
    let runs = |name: &str, y: &[f64], slope: Slope, steps: usize| {
        let runs = Runs(starts().into_iter().map(|start| descend(x, y, slope, start, steps)).collect());
        runs.0[0].show(&format!("{name}, {steps} steps"));
        runs
    };
    let [short, posted, long] = [100, 1_000, 10_000].map(|steps| runs("as posted", y, as_posted, steps));
    let half = runs("the sign in the exponent put right", y, for_signs, 1_000);
    let zero_and_one = runs("gradient for 0/1", y, for_zero_and_one, 1_000);
    let of_signs = runs("gradient for -1/+1, labels -1/+1", signs, for_signs, 1_000);
    println!("\n{:<46}{:>17}{:>21}", "twenty starts from -1 to 1", "right", "mean loss");
    short.show("as posted, 100 steps");
    posted.show("as posted, 1000 steps");
    half.show("the sign in the exponent put right, 1000 steps");
    zero_and_one.show("gradient for 0/1, 1000 steps");
    of_signs.show("gradient for -1/+1, labels -1/+1, 1000 steps");
    println!();

    claims.check(
        short.0[0].is([-5.58, 4.41, 4.31], 0.2219, 94.5)
            && posted.0[0].is([-55.43, 50.11, 49.30], 2.0601, 94.5)
            && long.0[0].is([-553.91, 507.12, 499.30], 20.6800, 94.5)
            && half.0[0].is([-1.67, 1.61, 1.87], 0.1993, 91.5)
            && zero_and_one.0[0].is([-2.04, 3.12, -0.19], 0.0514, 99.0)
            && of_signs.0[0].is([-2.04, 3.12, -0.19], 0.0514, 99.0),
        "the numbers of the first start are those of the page,",
    );
    claims.check(
        short.go([92.0, 96.5], [0.133, 0.294])
            && posted.go([94.0, 94.5], [1.954, 2.110])
            && half.go([81.5, 96.5], [0.120, 0.359])
            && zero_and_one.go([99.0, 99.0], [0.051, 0.052])
            && of_signs.go([99.0, 99.0], [0.051, 0.052]),
        "and so are the ranges of the twenty starts",
    );
    let [least, most] = short.range(|run| run.right);
    claims.check(90.0 <= least && most <= 97.0, "as posted, 90 to 97 % are right after 100 steps");
    let [least, most] = posted.range(|run| run.params.iter().map(|p| p.abs()).fold(0.0, f64::max));
    claims.check(45.0 < least && most < 58.0, "the largest coefficient is about 50 after 1,000 steps,");
    let tenfold = posted.0.iter().zip(&long.0).all(|(a, b)| (9.0..11.0).contains(&(b.loss / a.loss)));
    claims.check(tenfold, "and the mean loss about ten times as large after 10,000 steps");
    let ones: Vec<usize> = (0..y.len()).filter(|&row| y[row] == 1.0).collect();
    let mean = |column: usize| ones.iter().map(|&row| x[(row, column)]).sum::<f64>() / ones.len() as f64;
    let along =
        |run: &Descent| (0..2).all(|of| (run.params[of] / run.params[2] / mean(of) - 1.0).abs() < 0.05);
    claims
        .check(long.0.iter().all(along), "the weights are b times the mean of the rows with label 1, to 5 %");
}

/// The verdicts of [`GradCheck`]. Returns the diagnosis of the program.
fn diagnosis(claims: &mut Claims, x: &DMatrix<f64>, y: &[f64], signs: &[f64]) -> Diagnosis {
    let check = GradCheck::new().tensor("weights", 2, 1).tensor("bias", 1, 1);
    let verdict = |name: &str, y: &[f64], slope: Slope| -> Result<Agreement, Mismatch> {
        let found = check.by_rows(x, y, &[0.3, -0.2, 0.1], |x, y, params, gradient| {
            log_loss(x, y, params, gradient, slope)
        });
        println!("\nGradCheck on {name}:");
        println!("{}", found.as_ref().map_or_else(Mismatch::to_string, ToString::to_string));
        found
    };
    let posted = verdict("the gradient as posted", y, as_posted);
    let half = verdict("the gradient with the sign put right", y, for_signs);
    let other = verdict("the gradient for 0/1, with labels -1/+1", signs, for_zero_and_one);
    let right = [
        verdict("the gradient for 0/1", y, for_zero_and_one),
        verdict("the gradient for -1/+1, with labels -1/+1", signs, for_signs),
    ];
    println!();
    let causes = |found: &Result<Agreement, Mismatch>| {
        found.as_ref().err().map_or(Vec::new(), |mismatch| mismatch.causes().to_vec())
    };
    let silent = |cause: &Cause| matches!(cause, Cause::ClassWithoutGradient { label, rows: 100, .. } if label == "0.0");
    claims.check(
        matches!(&causes(&posted)[..], [first, Cause::Complement { .. }] if silent(first)),
        "GradCheck says that rows with label 0 contribute nothing, and others 1 - p for p,",
    );
    claims.check(
        matches!(&causes(&half)[..], [cause] if silent(cause)),
        "of the gradient with the sign put right the first only,",
    );
    claims.check(
        matches!(&causes(&other)[..], [Cause::ClassesDiffer { wrong, right }]
            if wrong == &["-1.0"] && right == &["1.0"]),
        "of the mistake the other way round that it is right for +1 and wrong for -1,",
    );
    claims.check(right.iter().all(Result::is_ok), "and proves both right gradients");
    posted.err().as_ref().map(Diagnosis::of_gradient).unwrap_or_default()
}

/// The model of the same rows with other labels.
fn relabelled<L: Label>(
    set: &Dataset<u8>,
    label: impl FnMut(u8) -> L,
) -> Result<FittedLogistic<f64, L>, logit::Error> {
    set.clone().map_labels(label).fit(&LogisticRegression::new(Penalty::c(1.0)))
}

/// The results of the crate.
fn answer(claims: &mut Claims, set: &Dataset<u8>, y: &[f64]) -> Result<(), logit::Error> {
    let model = relabelled(set, |label| label)?;
    let params = [model.coefficients()[0], model.coefficients()[1], model.intercept()[0]];
    let loss = log_loss(&set.x, y, &params, &mut [0.0; 3], for_zero_and_one);
    let fit = Descent { params, loss, right: 100.0 * model.score(&set.x, &set.y)? };
    println!();
    fit.show("LogisticRegression, C = 1");
    println!();
    claims.check(
        fit.is([-1.71, 2.74, -0.14], 0.0572, 99.0) && model.report().converged(),
        "LogisticRegression is right for 99 %, as scikit-learn is,",
    );
    let (signs, words) = (
        relabelled(set, |label| 2 * i32::from(label) - 1)?,
        relabelled(set, |label| if label == 1 { "up" } else { "down" })?,
    );
    claims.check(
        signs.coefficients() == model.coefficients() && words.coefficients() == model.coefficients(),
        "and has the same coefficients, to the bit, for 0/1, -1/+1 and down/up",
    );
    Ok(())
}

/// The mean loss over the steps of three descents.
#[cfg(feature = "plot")]
fn losses(x: &DMatrix<f64>, y: &[f64]) -> Result<logit::plot::Figure, logit::Error> {
    let start = starts()[0];
    let losses = |slope: Slope| {
        let steps = (0..=32).map(|power| 10f64.powf(0.125 * f64::from(power)).round() as usize);
        steps.map(move |steps| [steps as f64, descend(x, y, slope, start, steps).loss])
    };
    let curves =
        logit::plot::Curves::new("steps of gradient descent", "mean loss").logarithmic_x().logarithmic_y();
    let curves = curves
        .curve("as posted", losses(as_posted))
        .curve("the sign put right", losses(for_signs))
        .curve("gradient for 0/1", losses(for_zero_and_one));
    Ok(curves.figure()?.title("Labels 0 and 1, three gradients"))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut claims = Claims::default();
    let set = rows()?;
    let y: Vec<f64> = set.y.iter().map(|&label| f64::from(label)).collect();
    let signs: Vec<f64> = y.iter().map(|y| 2.0 * y - 1.0).collect();
    program(&mut claims, &set.x, &y, &signs);
    let diagnosis = diagnosis(&mut claims, &set.x, &y, &signs);
    answer(&mut claims, &set, &y)?;
    #[cfg(feature = "plot")]
    pictures::save(&losses(&set.x, &y)?, "label_encoding.svg")?;
    println!("\nThe doctor on the program as posted:\n{diagnosis}\n");
    claims.check(
        diagnosis.root().is_some_and(|root| root.code == Code::LabelCoding),
        "the doctor says that the labels do not suit the formula",
    );
    claims.verdict()
}
