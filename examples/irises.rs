//! Statistics of a logistic regression: which measurements tell two species of iris apart, how sure that is, which
//! flowers stand out, and what happens when the classes are separable.
//!
//! `cargo run --example irises`

use logit::linear::{LogisticPath, LogisticRegressionCv, RowOptions, SelectionRule};
use logit::prelude::*;
use logit::{Error, LogisticRegression, Penalty, data};

fn main() -> Result<(), Error> {
    let iris = data::iris();
    // Setosa differs from both others in every measurement; the other two overlap.
    let rows: Vec<usize> = (0..iris.y.len()).filter(|&row| iris.y[row] != "setosa").collect();
    let two = iris.rows(&rows)?;
    let (x, y) = (&two, &two.y);

    let model = LogisticRegression::new(Penalty::None).fit(x, y)?;
    let inference = model.inference(x, y)?;
    println!("{inference}");

    println!("95 % intervals from the likelihood itself:");
    let profile = model.profile_intervals(x, y, RowOptions::default(), 0.95)?;
    for (term, name) in inference.names().iter().enumerate() {
        println!("{name:<18}{:>10.3} to {:>8.3}", profile.lower[term], profile.upper[term]);
    }

    println!("\n{}", inference.marginal_effects(x, RowOptions::default())?);

    println!("Flowers whose species the others would not have guessed:");
    for flower in model.influence(x, y)?.suspicious_labels(0.3)? {
        println!(
            "row {:>3}: {} with probability {:.3}, rather {}",
            rows[flower.row], flower.label, flower.probability, flower.suggested
        );
    }

    println!("\nHow strong a penalty for new flowers?");
    let search = LogisticRegressionCv::new(LogisticPath::l1().count(12))
        .folds(10)
        .seed(1)
        .rule(SelectionRule::OneStandardError)
        .fit(x, y)?;
    println!("{search}");

    println!("All three species:");
    let model =
        LogisticRegression::new(Penalty::None).on_separation(Penalty::Jeffreys).fit(&iris.x, &iris.y)?;
    if let Some(separation) = model.separation() {
        println!("{separation}; fitted with Firth's correction instead.");
    }
    println!("{}; {:.1} % right", model.report(), 100.0 * model.score(&iris.x, &iris.y)?);
    Ok(())
}
