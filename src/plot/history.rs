//! Losses, metrics and objectives over the course of a fit.

use super::chart::{Chart, Key, Layer, LineLook};
use super::curves::Curves;
use super::figure::Figure;
use super::palette::{Marker, colour};
use super::scene::Colour;
use crate::check;
use crate::error::Error;
use crate::report::FitReport;
use crate::train::{Epoch, History};

/// Returns a figure of the loss after each epoch, on training rows and, if there are any, on validation rows.
///
/// The epoch with the lowest validation loss is marked: the model has its weights.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no epochs, and [`Error::Picture`] if no loss is finite.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{MlpClassifier, data, plot};
///
/// let iris = data::iris();
/// let model = MlpClassifier::new([8])
///     .epochs(20)
///     .validation_fraction(0.2)
///     .fit(&iris.x, &iris.y)?;
/// let figure = plot::loss_curves(model.history())?.title("Irises");
/// assert!(figure.to_svg()?.contains("validation"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn loss_curves(history: &History) -> Result<Figure, Error> {
    check_epochs(history)?;
    let over = |value: fn(&Epoch) -> Option<f64>| history.epochs.iter().map(move |epoch| at(epoch, value));
    let curves = Curves::new("epoch", "loss").curve("training", over(|epoch| Some(epoch.train_loss)));
    if history.epochs.iter().all(|epoch| epoch.validation_loss.is_none()) {
        return curves.figure();
    }
    let mut chart = curves.curve("validation", over(|epoch| epoch.validation_loss)).chart()?;
    let held: Vec<[f64; 2]> = over(|epoch| epoch.validation_loss).collect();
    mark_best(&mut chart, &held, "epoch");
    Ok(Figure::of_chart(chart))
}

/// Returns a figure of the metrics on the validation rows after each epoch.
///
/// `names` are the names of the metrics, in the order in which they were requested.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no epochs or names, [`Error::ShapeMismatch`] if the number of names
/// differs from the number of metrics, and [`Error::Picture`] if no value is finite.
///
/// # Examples
/// ```
/// use logit::metrics::Accuracy;
/// use logit::nn::MlpOptions;
/// use logit::{MlpClassifier, data, plot};
///
/// let iris = data::iris();
/// let options = MlpOptions::default().validation(&iris.x, &iris.y).metric(Accuracy);
/// let mut run = MlpClassifier::new([8]).epochs(5).start(&iris.x, &iris.y, options)?;
/// run.run_to_end(|_| std::ops::ControlFlow::Continue(()))?;
/// let model = run.finish();
/// let figure = plot::metric_curves(model.history(), &["accuracy"])?;
/// assert!(figure.to_svg()?.contains("accuracy"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn metric_curves<S: AsRef<str>>(history: &History, names: &[S]) -> Result<Figure, Error> {
    check_epochs(history)?;
    for epoch in &history.epochs {
        check::count("names", "entries", epoch.metrics.len(), names.len())?;
    }
    let mut curves = Curves::new("epoch", "metric on validation rows");
    for (number, name) in names.iter().enumerate() {
        let points = history.epochs.iter().map(|epoch| [epoch.number as f64, epoch.metrics[number]]);
        curves = curves.curve(name.as_ref(), points);
    }
    curves.figure()
}

/// Returns a figure of the objective after each iteration or epoch of a fit, and of the validation loss if
/// there is one.
///
/// # Errors
/// Returns [`Error::Empty`] if the fit has no iterations, and [`Error::Picture`] if no value is finite.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data, plot};
///
/// let iris = data::iris();
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y)?;
/// let figure = plot::objective_curve(model.report())?;
/// assert!(figure.to_svg()?.contains("iteration"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn objective_curve(report: &FitReport) -> Result<Figure, Error> {
    if report.objective_curve.is_empty() {
        return Err(Error::Empty { argument: "report", axis: "iterations" });
    }
    let numbered = |values: &[f64]| -> Vec<[f64; 2]> {
        values.iter().enumerate().map(|(i, &value)| [(i + 1) as f64, value]).collect()
    };
    let curves = Curves::new("iteration", "objective").curve("objective", numbered(&report.objective_curve));
    if report.validation_curve.is_empty() {
        return curves.figure();
    }
    let held = numbered(&report.validation_curve);
    let mut chart = curves.curve("validation loss", held.clone()).chart()?;
    mark_best(&mut chart, &held, "iteration");
    Ok(Figure::of_chart(chart))
}

fn check_epochs(history: &History) -> Result<(), Error> {
    if history.epochs.is_empty() {
        return Err(Error::Empty { argument: "history", axis: "epochs" });
    }
    Ok(())
}

fn at(epoch: &Epoch, value: fn(&Epoch) -> Option<f64>) -> [f64; 2] {
    [epoch.number as f64, value(epoch).unwrap_or(f64::NAN)]
}

/// Draws a vertical line at the lowest of these points, and marks the point.
fn mark_best(chart: &mut Chart, points: &[[f64; 2]], unit: &str) {
    let finite = points.iter().filter(|point| point[1].is_finite());
    let Some(&best) = finite.min_by(|a, b| a[1].total_cmp(&b[1])) else { return };
    let look = LineLook::new(Colour::GREY, 1.2).dashed(Some([4.0, 3.0]));
    let down = vec![[best[0], chart.y.ends().0], [best[0], chart.y.ends().1]];
    let (marker, dot) = (Marker::Diamond, colour(5));
    chart.layers.insert(0, Layer::Line { points: down, look });
    chart.layers.push(Layer::Points { points: vec![best], marker, colour: dot, size: 5.0 });
    let name = format!("best {unit}: {}", best[0]);
    chart.legend.push(Key { name, line: Some(look), marker: Some((marker, dot)), ground: None });
}
