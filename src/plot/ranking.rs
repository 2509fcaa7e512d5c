//! ROC and precision-recall curves.

use super::axis::Axis;
use super::chart::{Chart, Key, Layer, LineLook};
use super::figure::Figure;
use super::palette::{colour, dash};
use super::scene::Colour;
use crate::error::Error;
use crate::metrics::{PrecisionRecallCurve, RocCurve};

/// Returns a figure of ROC curves, with names and areas in the legend, and the diagonal of guessing.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no curves.
///
/// # Examples
/// ```
/// use logit::metrics::RocCurve;
/// use logit::plot;
///
/// let curve = RocCurve::new(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8], &1, None)?;
/// let figure = plot::roc_curves(&[("four rows", &curve)])?;
/// assert!(figure.to_svg()?.contains("four rows (0.750)"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn roc_curves<S: AsRef<str>>(curves: &[(S, &RocCurve)]) -> Result<Figure, Error> {
    let mut chart = shares("false positive rate", "true positive rate");
    add_guide(&mut chart, vec![[0.0, 0.0], [1.0, 1.0]], "guessing");
    for (number, (name, curve)) in curves.iter().enumerate() {
        let rates = curve.false_positive_rate().iter().zip(curve.true_positive_rate());
        let points = rates.map(|(x, y)| [*x, *y]).collect();
        add_curve(&mut chart, number, format!("{} ({:.3})", name.as_ref(), curve.area()), points);
    }
    finished(chart, curves.len())
}

/// Returns a figure of precision-recall curves, with names and average precisions in the legend.
///
/// Curves are drawn as steps, whose area is the average precision. If all curves have the same fraction of
/// positive rows, it is drawn as the precision of guessing.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no curves.
///
/// # Examples
/// ```
/// use logit::metrics::PrecisionRecallCurve;
/// use logit::plot;
///
/// let curve =
///     PrecisionRecallCurve::new(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8], &1, None)?;
/// let figure = plot::precision_recall_curves(&[("four rows", &curve)])?;
/// assert!(figure.to_svg()?.contains("four rows (0.833)"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn precision_recall_curves<S: AsRef<str>>(
    curves: &[(S, &PrecisionRecallCurve)],
) -> Result<Figure, Error> {
    let mut chart = shares("recall", "precision");
    // At the lowest threshold every row is predicted positive.
    let guesses: Vec<f64> =
        curves.iter().filter_map(|(_, curve)| curve.precision().first().copied()).collect();
    if let [first, others @ ..] = guesses.as_slice()
        && others.iter().all(|other| (other - first).abs() < 1e-12)
    {
        add_guide(&mut chart, vec![[0.0, *first], [1.0, *first]], "guessing");
    }
    for (number, (name, curve)) in curves.iter().enumerate() {
        let corners: Vec<[f64; 2]> =
            curve.recall().iter().zip(curve.precision()).map(|(x, y)| [*x, *y]).collect();
        let steps = corners.windows(2).flat_map(|pair| [pair[0], [pair[1][0], pair[0][1]]]);
        let points = steps.chain(corners.last().copied()).collect();
        let text = format!("{} ({:.3})", name.as_ref(), curve.average_precision());
        add_curve(&mut chart, number, text, points);
    }
    finished(chart, curves.len())
}

/// Returns an empty square chart with axes from 0 to 1.
pub(super) fn shares(x_name: &str, y_name: &str) -> Chart {
    Chart { square: true, ..Chart::new(Axis::share(x_name), Axis::share(y_name)) }
}

/// Adds a dashed reference line.
pub(super) fn add_guide(chart: &mut Chart, points: Vec<[f64; 2]>, name: &str) {
    let look = LineLook::new(Colour::GREY, 1.2).dashed(Some([4.0, 3.0]));
    chart.layers.push(Layer::Line { points, look });
    chart.legend.push(Key { name: name.to_owned(), line: Some(look), ..Key::default() });
}

fn add_curve(chart: &mut Chart, number: usize, name: String, points: Vec<[f64; 2]>) {
    let look = LineLook::new(colour(number), 2.0).dashed(dash(number));
    chart.layers.push(Layer::Line { points, look });
    let guides = chart.legend.iter().filter(|key| key.line.is_some_and(|line| line.colour == Colour::GREY));
    let before = chart.legend.len() - guides.count();
    chart.legend.insert(before, Key { name, line: Some(look), ..Key::default() });
}

fn finished(chart: Chart, curves: usize) -> Result<Figure, Error> {
    if curves == 0 {
        return Err(Error::Empty { argument: "curves", axis: "entries" });
    }
    Ok(Figure::of_chart(chart))
}
