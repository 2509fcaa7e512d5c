//! Inference for a logistic regression: which measurements distinguish two species of iris, with intervals,
//! marginal effects, suspicious labels, a penalty by cross-validation, and a fit of separable classes.
//!
//! Run it with `cargo run --example irises`.

use logit::linear::{LogisticPath, LogisticRegressionCv, RowOptions, SelectionRule};
use logit::prelude::*;
use logit::{Error, LogisticRegression, Penalty, data};

fn main() -> Result<(), Error> {
    let iris = data::iris();
    // Setosa is separable from the other two species. These overlap.
    let rows: Vec<usize> = (0..iris.y.len()).filter(|&row| iris.y[row] != "setosa").collect();
    let two = iris.rows(&rows)?;
    let (x, y) = (&two, &two.y);

    let model = LogisticRegression::new(Penalty::None).fit(x, y)?;
    let inference = model.inference(x, y)?;
    println!("{inference}");

    println!("95 % profile-likelihood intervals:");
    let profile = model.profile_intervals(x, y, RowOptions::default(), 0.95)?;
    for (term, name) in inference.names().iter().enumerate() {
        println!("{name:<18}{:>10.3} to {:>8.3}", profile.lower[term], profile.upper[term]);
    }

    println!("\n{}", inference.marginal_effects(x, RowOptions::default())?);

    println!("Flowers whose label contradicts the other flowers:");
    for flower in model.influence(x, y)?.suspicious_labels(0.3)? {
        println!(
            "row {:>3}: {} has probability {:.3}, {} is more likely",
            rows[flower.row], flower.label, flower.probability, flower.suggested
        );
    }

    println!("\nL1 penalties, scored by cross-validation:");
    let search = LogisticRegressionCv::new(LogisticPath::l1().count(12))
        .folds(10)
        .seed(1)
        .rule(SelectionRule::OneStandardError)
        .fit(x, y)?;
    println!("{search}");

    println!("Without a penalty, for all three species:");
    let model =
        LogisticRegression::new(Penalty::None).on_separation(Penalty::Jeffreys).fit(&iris.x, &iris.y)?;
    if let Some(separation) = model.separation() {
        println!("{separation}. Fitted with Firth's correction instead.");
    }
    println!("{}; accuracy {:.1} %", model.report(), 100.0 * model.score(&iris.x, &iris.y)?);
    Ok(())
}
