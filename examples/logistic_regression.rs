//! A logistic regression written by hand that predicts 1 for [0, 1, 1]: it computes x · dz where xᵀ · dz is
//! right, which three rows of three columns hide.
//!
//! `cargo run --release --example logistic_regression`; with `--features plot` it also draws the weights of
//! both descents.

#[path = "support/claims.rs"]
mod claims;
#[cfg(feature = "plot")]
#[path = "support/pictures.rs"]
mod pictures;

use std::error::Error;
use std::panic;

use claims::Claims;
use logit::doctor::{Code, Diagnosis};
use logit::gradcheck::{Cause, Mismatch};
use logit::nalgebra::{DMatrix, DVector, dmatrix};
use logit::prelude::*;
use logit::{GradCheck, LogisticRegression, Penalty, StopReason};

/// The line in question: the gradient in the weights, from rows and the derivatives in their scores.
type Product = fn(&DMatrix<f64>, &DVector<f64>) -> DVector<f64>;

fn as_posted(x: &DMatrix<f64>, dz: &DVector<f64>) -> DVector<f64> {
    x * dz
}

fn right(x: &DMatrix<f64>, dz: &DVector<f64>) -> DVector<f64> {
    x.tr_mul(dz)
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// The mean log-loss of the program, and its gradient with this product. Parameters are the weights, then the
/// bias.
fn log_loss(x: &DMatrix<f64>, y: &[f64], params: &[f64], gradient: &mut [f64], product: Product) -> f64 {
    let d = x.ncols();
    let (w, b) = (DVector::from_column_slice(&params[..d]), params[d]);
    let (y, m) = (DVector::from_column_slice(y), y.len() as f64);
    let z = (x * w).add_scalar(b);
    let dz = z.map(sigmoid) - &y;
    gradient[..d].copy_from_slice((product(x, &dz) / m).as_slice());
    gradient[d] = dz.sum() / m;
    // ln(1 + e^z), even if e^z is infinite.
    let softplus = |z: f64| z.max(0.0) + (-z.abs()).exp().ln_1p();
    (z.map(softplus) - z.component_mul(&y)).mean()
}

/// The three rows and their labels.
fn rows() -> (DMatrix<f64>, [f64; 3]) {
    (dmatrix![1.0, 1.0, 1.0; 0.0, 0.0, 0.0; 1.0, 0.0, 1.0], [1.0, 0.0, 1.0])
}

const START: [f64; 4] = [0.3, 0.3, 0.3, 0.0];

/// The result of a descent on the three rows.
struct Descent {
    /// Weights, then the bias.
    params: [f64; 4],
    /// The probability of label 1 at [0, 1, 1].
    p: f64,
    loss: f64,
}

/// The result of `steps` steps with the rate 0.1, times `sign` and divided by `divisor`.
fn descend(y: &[f64], product: Product, sign: f64, divisor: f64, steps: usize) -> Descent {
    let (x, _) = rows();
    let (mut params, mut gradient) = (START, [0.0; 4]);
    for _ in 0..steps {
        log_loss(&x, y, &params, &mut gradient, product);
        params.iter_mut().zip(gradient).for_each(|(p, slope)| *p -= sign * 0.1 * slope / divisor);
    }
    let loss = log_loss(&x, y, &params, &mut gradient, product);
    Descent { params, p: sigmoid(params[1] + params[2] + params[3]), loss }
}

/// Returns whether two numbers are equal to four decimals.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.5001e-4
}

impl Descent {
    fn show(self, name: &str) -> Self {
        let numbers: String = self.params.iter().map(|number| format!("{number:>9.4}")).collect();
        println!("{name:<34}{numbers}{:>12.4}{:>11.4}", self.p, self.loss);
        self
    }

    fn is(&self, params: [f64; 4], p: f64, loss: f64) -> bool {
        self.params.iter().zip(params).all(|(a, b)| near(*a, b)) && near(self.p, p) && near(self.loss, loss)
    }
}

fn header(last: &str) {
    println!("{:<34}{:>9}{:>9}{:>9}{:>9}{last}", "", "w1", "w2", "w3", "b");
}

/// The program as it was posted, as it was changed, and with the right product.
fn program(claims: &mut Claims) {
    let (_, y) = rows();
    println!("[1, 1, 1]: 1, [0, 0, 0]: 0, [1, 0, 1]: 1; and [0, 1, 1]? 1,000 steps by hand\n");
    header("  p(0, 1, 1)  mean loss");
    let posted = descend(&y, as_posted, 1.0, 1.0, 1_000).show("x · dz, as posted");
    let twice = descend(&y, as_posted, 1.0, 3.0, 1_000).show("x · dz, divided by 3 twice");
    let swapped = y.map(|y| 1.0 - y);
    let swapped = descend(&swapped, as_posted, 1.0, 1.0, 1_000).show("x · dz, labels swapped");
    let plus = descend(&y, as_posted, -1.0, 1.0, 1_000).show("x · dz, plus for minus");
    let right = descend(&y, right, 1.0, 1.0, 1_000).show("xᵀ · dz");
    println!();
    claims.check(
        posted.is([-1.6933, 0.3, 6.6102, -1.9933], 0.9927, 0.0730),
        "as posted: w = (-1.6933, 0.3, 6.6102), b = -1.9933, and p = 0.9927 for [0, 1, 1]",
    );
    claims.check(
        posted.params[1] == START[1] && posted.params[0] != posted.params[2],
        "columns 1 and 3 are equal, their weights are not, and the second weight never moves",
    );
    claims.check(
        twice.is([-0.6631, 0.3, 3.6639, -0.9631], 0.9526, 0.1793),
        "the division by 3 once too often is no cause: p = 0.9526",
    );
    claims.check(
        swapped.is([2.2117, 0.3, -7.2727, 1.9117], 0.0063, 0.0787),
        "with swapped labels the answer is the other label, as sure as before: p = 0.0063",
    );
    claims.check(
        plus.is([-64.5182, 0.3, -65.2566, -64.8182], 0.0, 129.6287),
        "with a plus p is 0, and the mean loss of the three rows 129.6: the program climbs",
    );
    claims.check(
        right.is([3.2362, 1.2377, 3.2362, -2.7255], 0.8518, 0.0312) && right.params[0] == right.params[2],
        "right: w = (3.2362, 1.2377, 3.2362), b = -2.7255, and p = 0.8518",
    );
}

/// The verdicts of [`GradCheck`], and of nalgebra on five rows. Returns the diagnosis of the program.
fn diagnosis(claims: &mut Claims) -> Diagnosis {
    let check = GradCheck::new().tensor("weights", 3, 1).tensor("bias", 1, 1);
    let (x, y) = rows();
    let verdict = |product: Product| {
        check.by_rows(&x, &y, &START, |x, y, params, gradient| log_loss(x, y, params, gradient, product))
    };
    let (found, proved) = (verdict(as_posted), verdict(right));
    println!("\nGradCheck on x · dz:");
    println!("{}", found.as_ref().map_or_else(Mismatch::to_string, ToString::to_string));
    println!("GradCheck on xᵀ · dz:");
    println!("{}\n", proved.as_ref().map_or_else(Mismatch::to_string, ToString::to_string));
    let causes = found.as_ref().err().map_or(&[][..], Mismatch::causes);
    let named = matches!(causes, [Cause::TransposedProduct { tensor, rows: 3, factor }]
        if tensor == "`weights`" && (factor - 1.0).abs() < 1e-6);
    claims.check(named, "GradCheck names the transposed product, and nothing else,");
    claims.check(proved.is_ok_and(|found| found.entries == 4), "and proves the right one");

    let five = dmatrix![1.0, 1.0, 1.0; 0.0, 0.0, 0.0; 1.0, 0.0, 1.0; 0.0, 1.0, 0.0; 0.0, 0.0, 1.0];
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(|| as_posted(&five, &DVector::zeros(5)));
    panic::set_hook(hook);
    let message = outcome.err().map(|payload| text(&*payload)).unwrap_or_default();
    println!("\nnalgebra on x · dz with five rows: {message}\n");
    claims.check(message == "Gemv: dimensions mismatch.", "five rows of three columns stop the program");
    found.err().as_ref().map(Diagnosis::of_gradient).unwrap_or_default()
}

/// The message of a panic.
fn text(payload: &(dyn std::any::Any + Send)) -> String {
    let literal = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    literal.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// The results of the crate.
fn answer(claims: &mut Claims) -> Result<(), logit::Error> {
    let (x, _) = rows();
    let new = dmatrix![0.0, 1.0, 1.0];
    println!("\nLogisticRegression");
    header("  p(0, 1, 1)");
    let tell = |name: &str, x: &DMatrix<f64>, y: &[u8], c: f64| -> Result<f64, logit::Error> {
        let model = LogisticRegression::new(Penalty::c(c)).fit(x, y)?;
        let numbers = model.coefficients().iter().chain(model.intercept());
        let numbers: String = numbers.map(|number| format!("{number:>9.4}")).collect();
        let p = model.predict_proba(&new)?[(0, 1)];
        println!("{name:<34}{numbers}{p:>12.4}");
        Ok(p)
    };
    let of_penalty = |c: f64| tell(&format!("C = {c}"), &x, &[1, 0, 1], c);
    let p = [0.001, 1.0, 10.0, 1e3, 1e6].map(of_penalty).into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut more = x.clone().insert_row(3, 0.0);
    more[(3, 2)] = 1.0;
    let turned = tell("C = 1, with [0, 0, 1]: 0", &more, &[1, 0, 1, 0], 1.0)?;
    let free = LogisticRegression::new(Penalty::None).fit(&x, &[1, 0, 1])?;

    println!();
    // The optimum of scikit-learn's default objective, to all digits; scikit-learn 1.9.1 itself stops at
    // 0.67277.
    let optimum = (p[1] - 0.6728290496426824).abs() < 1e-9;
    claims.check(optimum, "with C = 1, p = 0.6728, the optimum of scikit-learn's objective");
    claims.check(
        p.iter().all(|&p| p > 0.5) && near(p[0], 0.6667) && near(p[4], 0.8594),
        "the answer is 1 for every penalty, with p from 0.6667 (C = 0.001) to 0.8594 (C = 1e6)",
    );
    let separated = free.report().stop == StopReason::Separated;
    claims.check(separated, &format!("without a penalty: {}", free.report().stop));
    claims
        .check(near(turned, 0.4904), "a row that tells the columns apart turns the answer to 0: p = 0.4904");
    Ok(())
}

/// The weights over the steps of both descents.
#[cfg(feature = "plot")]
fn weights() -> Result<logit::plot::Figure, logit::Error> {
    let (_, y) = rows();
    let path = |product: Product, weight: usize| {
        let steps = (0..=50).map(|number| 20 * number);
        let y = &y;
        steps.map(move |steps| [steps as f64, descend(y, product, 1.0, 1.0, steps).params[weight]])
    };
    let curves = logit::plot::Curves::new("steps", "weight")
        .curve("as posted, column 3", path(as_posted, 2))
        .curve("right, columns 1 and 3", path(right, 0))
        .curve("right, column 2", path(right, 1))
        .curve("as posted, column 2", path(as_posted, 1))
        .curve("as posted, column 1", path(as_posted, 0));
    Ok(curves.figure()?.title("Columns 1 and 3 are equal, their weights are not"))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut claims = Claims::default();
    program(&mut claims);
    let diagnosis = diagnosis(&mut claims);
    answer(&mut claims)?;
    #[cfg(feature = "plot")]
    pictures::save(&weights()?, "gradient_descent.svg")?;
    println!("\nThe doctor on the program as posted:\n{diagnosis}\n");
    claims.check(
        diagnosis.root().is_some_and(|root| {
            root.code == Code::GradientMismatch && root.why.contains("x · dz where xᵀ · dz is right")
        }),
        "the doctor names the transposed product",
    );
    claims.verdict()
}
