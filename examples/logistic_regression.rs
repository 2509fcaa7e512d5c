//! A logistic regression written by hand: is it right to say "yes" to a row like none that it has seen, and why are its
//! coefficients not those of a library?
//!
//! `cargo run --release --example logistic_regression`; with `--features plot` it draws how the descent goes, too.

#[path = "support/claims.rs"]
mod claims;
#[cfg(feature = "plot")]
#[path = "support/pictures.rs"]
mod pictures;

use std::error::Error;

use claims::Claims;
use logit::data::{Classification, Dataset};
use logit::metrics::log_loss;
use logit::nalgebra::{DMatrix, DVector, dmatrix};
use logit::prelude::*;
use logit::{FittedLogistic, LogisticRegression, Penalty, StopReason};

type Model = FittedLogistic<f64, bool>;

/// What one writes by hand: steps of rate 0.1 against the gradient of the mean loss, from zero, without a penalty.
fn gradient_descent(x: &DMatrix<f64>, y: &[bool], steps: usize) -> Result<Model, logit::Error> {
    let targets = DVector::from_iterator(y.len(), y.iter().map(|&yes| f64::from(yes)));
    let (mut coefficients, mut intercept) = (DMatrix::zeros(x.ncols(), 1), 0.0);
    for _ in 0..steps {
        let scores = (x * &coefficients).add_scalar(intercept);
        let residuals = scores.map(|z| 1.0 / (1.0 + (-z).exp())) - &targets;
        coefficients -= x.tr_mul(&residuals) * (0.1 / y.len() as f64);
        intercept -= 0.1 * residuals.mean();
    }
    FittedLogistic::from_coefficients(vec![false, true], coefficients, DVector::from_element(1, intercept))
}

/// Coefficients, then the intercept.
fn numbers(model: &Model) -> Vec<f64> {
    model.coefficients().iter().chain(model.intercept()).copied().collect()
}

fn header(coefficients: usize, last: &str) {
    let names = (1..=coefficients).map(|number| format!("w{number}")).chain(["b".to_owned()]);
    println!("\n{:<34}{}{last}", "", names.map(|name| format!("{name:>9}")).collect::<String>());
}

fn line(name: &str, numbers: &[f64], last: &str) {
    println!("{name:<34}{}{last}", numbers.iter().map(|number| format!("{number:>9.4}")).collect::<String>());
}

/// Three rows, and the answer to a fourth.
fn three_rows(claims: &mut Claims) -> Result<(), logit::Error> {
    println!("[1, 1, 1] yes, [0, 0, 0] no, [1, 0, 1] yes; and [0, 1, 1]?");
    let (x, y) = (dmatrix![1.0, 1.0, 1.0; 0.0, 0.0, 0.0; 1.0, 0.0, 1.0], [true, false, true]);
    let tell = |name: &str, model: &Model| -> Result<f64, logit::Error> {
        let p = model.predict_proba(&dmatrix![0.0, 1.0, 1.0])?[(0, 1)];
        line(name, &numbers(model), &format!("{p:>9.4}"));
        Ok(p)
    };
    let ridge = |c: f64, x: &DMatrix<f64>, y: &[bool]| LogisticRegression::new(Penalty::c(c)).fit(x, y);

    header(3, "   p(yes)");
    let of_penalty = |c: f64| tell(&format!("penalty, C = {c}"), &ridge(c, &x, &y)?);
    let by_penalty =
        [0.001, 1.0, 10.0, 1e3, 1e6].map(of_penalty).into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut descents = Vec::new();
    for steps in [100, 1_000, 10_000, 100_000] {
        let model = gradient_descent(&x, &y, steps)?;
        descents
            .push((tell(&format!("gradient descent, {steps} steps"), &model)?, model.coefficients().norm()));
    }
    let mut more = x.clone().insert_row(3, 0.0);
    more[(3, 2)] = 1.0;
    let turned = tell("a fourth row: [0, 0, 1] no; C = 1", &ridge(1.0, &more, &[true, false, true, false])?)?;
    let free = LogisticRegression::new(Penalty::None).fit(&x, &y)?;

    println!();
    // The optimum of scikit-learn's default objective, to all digits; scikit-learn 1.9.1 itself stops at 0.67277.
    claims.check(
        (by_penalty[1] - 0.6728290496426824).abs() < 1e-9,
        "C = 1 is scikit-learn's default, and its optimum",
    );
    let always = by_penalty.iter().chain(descents.iter().map(|(p, _)| p)).all(|&p| p > 0.5);
    claims.check(always, "the answer is yes, whatever the penalty and however long the descent");
    claims.check(
        descents.windows(2).all(|pair| pair[1].1 > pair[0].1 + 1.0),
        "the descent never comes to rest",
    );
    let separated = free.report().stop == StopReason::Separated;
    claims.check(separated, &format!("there is nowhere to rest: {}", free.report().stop));
    claims.check(turned < 0.5, "one row that tells the columns apart turns the answer");
    Ok(())
}

/// An optimum of scikit-learn 1.9.1 on the generated rows (`solver="newton-cholesky"`, `tol=1e-14`): coefficients, the
/// intercept, and the mean log-loss.
struct Reference {
    numbers: [f64; 6],
    cost: f64,
}

/// `C=np.inf`: no penalty.
const UNPENALISED: Reference = Reference {
    numbers: [
        1.0993797192626351,
        1.4383632983688957,
        0.0024111451992248054,
        -0.04829100233642818,
        -1.0683255272616727,
        -1.8452142793534254,
    ],
    cost: 0.36733464200027777,
};

/// `C=1.0`, the default.
const DEFAULT: Reference = Reference {
    numbers: [
        1.0685479101843929,
        1.364227661273404,
        0.0033354981892908383,
        -0.04786775851730277,
        -1.0683280799105317,
        -1.7655049240994973,
    ],
    cost: 0.36740132105544926,
};

struct Fit {
    numbers: Vec<f64>,
    cost: f64,
    right: f64,
}

impl Fit {
    fn of(model: &Model, set: &Dataset<bool>) -> Result<Self, logit::Error> {
        let cost = log_loss(&set.y, &model.predict_proba(&set.x)?, model.classes())?;
        Ok(Fit { numbers: numbers(model), cost, right: model.score(&set.x, &set.y)? })
    }

    fn show(self, name: &str) -> Self {
        line(name, &self.numbers, &format!("{:>11.7}{:>8.1} %", self.cost, 100.0 * self.right));
        self
    }

    /// The largest difference of a coefficient.
    fn distance(&self, to: &Reference) -> f64 {
        self.numbers.iter().zip(to.numbers).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    fn is(&self, reference: &Reference) -> bool {
        self.distance(reference) < 1e-6 && (self.cost - reference.cost).abs() < 1e-9
    }
}

/// 1,000 rows of five columns: by hand, by Newton's method, and what scikit-learn finds.
fn thousand_rows(claims: &mut Claims) -> Result<(), Box<dyn Error>> {
    let set = Classification::new(1000, 2).features(5).informative(3).redundant(0).clusters_per_class(1);
    let set = set.label_noise(0.05).seed(1).generate()?.map_labels(|class| class == 1);
    println!("\n1,000 generated rows of five columns");
    header(5, "       cost     right");
    let descent = |steps: usize| Fit::of(&gradient_descent(&set.x, &set.y, steps)?, &set);
    let named =
        |steps: usize| descent(steps).map(|fit| fit.show(&format!("gradient descent, {steps} steps")));
    let (short, long, longest) = (named(100)?, named(1_000)?, named(20_000)?);
    let fit = |penalty| Fit::of(&set.fit(&LogisticRegression::new(penalty))?, &set);
    let newton = fit(Penalty::None)?.show("Newton's method");
    line("scikit-learn, no penalty", &UNPENALISED.numbers, &format!("{:>11.7}", UNPENALISED.cost));
    let default = fit(Penalty::c(1.0))?.show("Newton's method, C = 1");
    line("scikit-learn's default, C = 1", &DEFAULT.numbers, &format!("{:>11.7}", DEFAULT.cost));

    println!();
    claims.check(
        newton.is(&UNPENALISED) && default.is(&DEFAULT),
        "Newton's optima are scikit-learn's, to six decimals",
    );
    claims.check(longest.is(&UNPENALISED), "so is that of gradient descent, after 20,000 steps");
    let alike = [&short, &long].iter().all(|fit| (fit.right - newton.right).abs() < 0.015);
    claims.check(alike, "after 100 and 1,000 steps nearly as many rows are right,");
    let away = short.distance(&UNPENALISED) > 1.0 && long.distance(&UNPENALISED) > 0.5;
    claims.check(away, "but a coefficient is off by more than 1, and by more than 0.5");
    let apart = newton.distance(&DEFAULT);
    claims.check((0.05..0.1).contains(&apart), "the default penalty moves a coefficient by less than 0.1");
    #[cfg(feature = "plot")]
    pictures::save(&way_down(descent)?, "gradient_descent.svg")?;
    Ok(())
}

/// How far the loss and the coefficients are from the optimum on the way.
#[cfg(feature = "plot")]
fn way_down(
    descent: impl Fn(usize) -> Result<Fit, logit::Error>,
) -> Result<logit::plot::Figure, logit::Error> {
    let (mut costs, mut coefficients) = (Vec::new(), Vec::new());
    for power in 0..=16 {
        let steps = 10f64.powf(0.25 * f64::from(power)).round() as usize;
        let fit = descent(steps)?;
        costs.push([steps as f64, fit.cost - UNPENALISED.cost]);
        coefficients.push([steps as f64, fit.distance(&UNPENALISED)]);
    }
    let curves = logit::plot::Curves::new("steps of gradient descent", "above the optimum")
        .logarithmic_x()
        .logarithmic_y();
    let curves = curves.curve("largest error of a coefficient", coefficients).curve("mean log-loss", costs);
    Ok(curves.figure()?.title("The loss is there long before the coefficients"))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut claims = Claims::default();
    three_rows(&mut claims)?;
    thousand_rows(&mut claims)?;
    claims.verdict()
}
