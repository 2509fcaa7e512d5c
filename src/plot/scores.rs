//! Scores over the number of rows or a setting, and losses over learning rates.

use super::axis::{Axis, Spacing};
use super::chart::{Key, Layer, LineLook};
use super::curves::Curves;
use super::figure::Figure;
use super::palette::colour;
use super::scene::Colour;
use super::ticks::significant;
use crate::error::Error;
use crate::select::ScoreCurve;
use crate::train::RateCurve;

/// Returns a figure of training and test scores over the number of rows.
///
/// Curves are means over the splits; bands are one standard deviation around them.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no points, and [`Error::Picture`] if no score is finite.
///
/// # Examples
/// ```
/// use logit::metrics::Accuracy;
/// use logit::select::{Splitter, learning_curve};
/// use logit::{LogisticRegression, Penalty, data, plot};
///
/// let iris = data::iris();
/// let estimator = LogisticRegression::new(Penalty::c(1.0));
/// let curve = learning_curve(
///     &estimator,
///     &iris.x,
///     &iris.y,
///     &[20, 60, 120],
///     &Splitter::default(),
///     &Accuracy,
/// )?;
/// let figure = plot::learning_curves(&curve, "accuracy")?;
/// assert!(figure.to_svg()?.contains("training rows"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn learning_curves(curve: &ScoreCurve<usize>, metric: &str) -> Result<Figure, Error> {
    let points: Vec<f64> = curve.points.iter().map(|&rows| rows as f64).collect();
    score_curves(&points, &curve.train, &curve.test, Curves::new("number of training rows", metric))
}

/// Returns a figure of training and test scores over the values of a setting.
///
/// Curves are means over the splits; bands are one standard deviation around them. The axis is logarithmic if
/// the values are positive and span a factor of 100 or more.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no points, and [`Error::Picture`] if no score is finite.
///
/// # Examples
/// ```
/// use logit::metrics::LogLoss;
/// use logit::select::{Splitter, validation_curve};
/// use logit::{LogisticRegression, Penalty, data, plot};
///
/// let iris = data::iris();
/// let build = |&c: &f64| LogisticRegression::new(Penalty::c(c));
/// let curve = validation_curve(
///     &[0.01, 1.0],
///     build,
///     &iris.x,
///     &iris.y,
///     &Splitter::default(),
///     &LogLoss,
/// )?;
/// let figure = plot::validation_curves(&curve, "C", "log-loss")?;
/// assert!(figure.to_svg()?.contains("log-loss"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn validation_curves(curve: &ScoreCurve<f64>, setting: &str, metric: &str) -> Result<Figure, Error> {
    let lowest = curve.points.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = curve.points.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let curves = Curves::new(setting, metric);
    let wide = lowest > 0.0 && highest / lowest >= 100.0;
    let curves = if wide { curves.logarithmic_x() } else { curves };
    score_curves(&curve.points, &curve.train, &curve.test, curves)
}

fn score_curves(
    x: &[f64],
    train: &[Vec<f64>],
    test: &[Vec<f64>],
    mut curves: Curves,
) -> Result<Figure, Error> {
    if x.is_empty() {
        return Err(Error::Empty { argument: "curve", axis: "points" });
    }
    let mut bands = Vec::new();
    for (name, scores) in [("training rows", train), ("test rows", test)] {
        let found: Vec<(f64, f64)> = scores.iter().map(|scores| mean_and_deviation(scores)).collect();
        let side =
            |sign: f64| x.iter().zip(&found).map(move |(&x, &(mean, spread))| [x, mean + sign * spread]);
        let lower: Vec<[f64; 2]> = side(-1.0).collect();
        bands.push(side(1.0).chain(lower.into_iter().rev()).collect::<Vec<_>>());
        curves = curves.curve(name, x.iter().zip(&found).map(|(&x, &(mean, _))| [x, mean]));
    }
    let mut chart = curves.chart()?;
    let heights = bands.iter().flatten().map(|point| point[1]);
    chart.y = Axis::around(chart.y.name, Spacing::Linear, heights, 0.05)?;
    for (number, points) in bands.into_iter().enumerate() {
        chart.layers.insert(0, Layer::Area { points, fill: colour(number), opacity: 0.2 });
    }
    Ok(Figure::of_chart(chart))
}

fn mean_and_deviation(scores: &[f64]) -> (f64, f64) {
    let count = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    (mean, if scores.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 })
}

/// Returns a figure of the loss over the learning rate, per step and smoothed, with the two suggested rates.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no steps.
///
/// # Examples
/// ```
/// use logit::nn::{
///     Examples, RateRange, Sequential, SoftmaxCrossEntropy, Targets, Trainer,
/// };
/// use logit::{Activation, Adam, data, plot};
///
/// let iris = data::iris();
/// let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
/// let network = Sequential::perceptron(&[4, 10, 3], Activation::Tanh)?;
/// let examples = Examples::new(&iris.x, Targets::Classes(&classes));
/// let curve = Trainer::new(Adam::new(1e-3)).find_learning_rate(
///     &network,
///     &SoftmaxCrossEntropy::new(),
///     examples,
///     RateRange::default(),
/// )?;
/// assert!(plot::learning_rates(&curve)?.to_svg()?.contains("steepest fall"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn learning_rates(curve: &RateCurve) -> Result<Figure, Error> {
    if curve.rates.is_empty() {
        return Err(Error::Empty { argument: "curve", axis: "steps" });
    }
    let over = |losses: &[f64]| -> Vec<[f64; 2]> {
        curve.rates.iter().zip(losses).map(|(&rate, &loss)| [rate, loss]).collect()
    };
    let smoothed =
        Curves::new("learning rate", "loss").logarithmic_x().curve("smoothed", over(&curve.smoothed));
    let mut chart = smoothed.chart()?;
    // The axis fits the smoothed loss: a single step may be far above it.
    let lowest = curve.losses.iter().copied().filter(|loss| loss.is_finite()).fold(f64::INFINITY, f64::min);
    if lowest.is_finite() {
        let heights = curve.smoothed.iter().copied().chain([lowest]);
        chart.y = Axis::around(chart.y.name, Spacing::Linear, heights, 0.05)?;
    }
    let each = LineLook::new(Colour::GREY.mixed(Colour::WHITE, 0.4), 1.0);
    chart.layers.insert(0, Layer::Line { points: over(&curve.losses), look: each });
    chart.legend.push(Key { name: "each step".to_owned(), line: Some(each), ..Key::default() });
    let suggestions = [("steepest fall", curve.steepest(), 5), ("careful", curve.careful(), 2)];
    for (name, rate, number) in suggestions {
        let Some(rate) = rate else { continue };
        let look = LineLook::new(colour(number), 1.6).dashed(Some(if number == 5 {
            [6.0, 3.0]
        } else {
            [2.0, 2.0]
        }));
        let (low, high) = chart.y.ends();
        chart.layers.push(Layer::Line { points: vec![[rate, low], [rate, high]], look });
        let name = format!("{name}: {}", significant(rate));
        chart.legend.push(Key { name, line: Some(look), ..Key::default() });
    }
    Ok(Figure::of_chart(chart))
}
