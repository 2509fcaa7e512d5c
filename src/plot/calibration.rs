//! Calibration curves, also known as reliability diagrams.

use super::chart::{Key, Layer, LineLook};
use super::figure::Figure;
use super::palette::{colour, dash, marker};
use super::ranking::{add_guide, shares};
use crate::error::Error;
use crate::metrics::CalibrationCurve;

/// Returns a figure of calibration curves: the observed frequency of the class over its predicted
/// probability.
///
/// The legend has the name and the expected calibration error of each curve. Calibrated probabilities lie on
/// the diagonal. The area of a marker grows with the weight of its bin.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no curves.
///
/// # Examples
/// ```
/// use logit::metrics::{Bins, CalibrationCurve};
/// use logit::plot;
///
/// let (truth, p) = ([0, 0, 1, 1, 1], [0.1, 0.2, 0.2, 0.8, 0.9]);
/// let curve = CalibrationCurve::new(&truth, &p, &1, None, Bins::Uniform(2))?;
/// let figure = plot::calibration_curves(&[("five rows", &curve)])?;
/// assert!(figure.to_svg()?.contains("five rows (0.160)"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn calibration_curves<S: AsRef<str>>(curves: &[(S, &CalibrationCurve)]) -> Result<Figure, Error> {
    if curves.is_empty() {
        return Err(Error::Empty { argument: "curves", axis: "entries" });
    }
    let mut chart = shares("predicted probability", "observed frequency");
    let mut keys = Vec::new();
    add_guide(&mut chart, vec![[0.0, 0.0], [1.0, 1.0]], "calibrated");
    for (number, (name, curve)) in curves.iter().enumerate() {
        let (colour, marker) = (colour(number), marker(number));
        let look = LineLook::new(colour, 1.6).dashed(dash(number));
        let points: Vec<[f64; 2]> =
            curve.probability().iter().zip(curve.frequency()).map(|(p, o)| [*p, *o]).collect();
        let largest = curve.weight().iter().copied().fold(0.0, f64::max);
        chart.layers.push(Layer::Line { points: points.clone(), look });
        for (&point, weight) in points.iter().zip(curve.weight()) {
            let size = 3.0 + 3.0 * (weight / largest).sqrt();
            chart.layers.push(Layer::Points { points: vec![point], marker, colour, size });
        }
        let name = format!("{} ({:.3})", name.as_ref(), curve.expected_error());
        keys.push(Key { name, line: Some(look), marker: Some((marker, colour)), ground: None });
    }
    keys.append(&mut chart.legend);
    chart.legend = keys;
    Ok(Figure::of_chart(chart))
}
