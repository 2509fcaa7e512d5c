//! Confusion matrices as colour maps, with their counts.

use super::axis::Axis;
use super::chart::{Bar, Chart, Layer};
use super::figure::Figure;
use super::font;
use super::palette::Scale;
use super::scene::Colour;
use super::ticks::signed;
use crate::error::Error;
use crate::label::{Label, plain};
use crate::metrics::{ConfusionMatrix, Normalize};

/// The side of a cell, if there is room on the page.
const CELL: f64 = 46.0;

/// Returns a figure of the counts of true and predicted classes.
///
/// The darker a cell, the larger its fraction of the true class. Classes without rows are white.
///
/// # Errors
/// Returns no error for matrices of this crate; the `Result` keeps calls uniform.
///
/// # Examples
/// ```
/// use logit::metrics::ConfusionMatrix;
/// use logit::plot;
///
/// let matrix = ConfusionMatrix::new(&["cat", "dog", "dog"], &["cat", "cat", "dog"])?;
/// let figure = plot::confusion_matrix(&matrix)?;
/// assert!(figure.to_svg()?.contains("predicted class"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn confusion_matrix<L: Label>(matrix: &ConfusionMatrix<L>) -> Result<Figure, Error> {
    let names: Vec<String> = matrix.classes().iter().map(plain).collect();
    let classes = names.len();
    if classes == 0 {
        return Err(Error::Empty { argument: "matrix", axis: "classes" });
    }
    let x = Axis::of_names("predicted class", &names);
    let y = Axis::of_names("true class", &names).reversed();
    let mut chart = Chart { square: true, grid: [false; 2], ..Chart::new(x, y) };
    let shares = matrix.normalized(Normalize::Truth);
    let side = (CELL * classes as f64).clamp(300.0, 1000.0);
    for (truth, counts) in matrix.counts().row_iter().enumerate() {
        for (predicted, &count) in counts.iter().enumerate() {
            let share = shares[(truth, predicted)];
            let fill = if share > 0.0 { Scale::Blues.at(share) } else { Colour::WHITE };
            let (left, top) = (predicted as f64 - 0.5, truth as f64 - 0.5);
            let points = vec![[left, top], [left + 1.0, top], [left + 1.0, top + 1.0], [left, top + 1.0]];
            chart.layers.push(Layer::Area { points, fill, opacity: 1.0 });
            let text = written(count);
            let size = (0.9 * side / classes as f64 / font::width(&text, 1.0)).min(14.0);
            // Zeros repeat what the colour says, and many of them hide the rest.
            let told = count != 0.0 || classes <= 5;
            if size >= 6.0 && told {
                let colour = if fill.is_light() { Colour::INK } else { Colour::WHITE };
                let at = [predicted as f64, truth as f64];
                chart.layers.push(Layer::Text { at, text, size, colour });
            }
        }
    }
    let axis = Axis::new("share of the true class", 0.0, 1.0);
    chart.bar = Some(Bar { axis, scale: Scale::Blues, steps: 100, lines: Vec::new() });
    let longest = names.iter().map(|name| font::width(name, 12.0)).fold(0.0, f64::max).min(160.0);
    let turned = longest + 10.0 > side / classes as f64;
    let below = if turned { longest } else { 12.0 };
    Ok(Figure::of_chart(chart).size((side + longest + 160.0) as u32, (side + below + 85.0) as u32))
}

/// Formats counts as integers, and sums of weights with decimals.
fn written(count: f64) -> String {
    let whole = count.fract() == 0.0 && count.abs() < 1e15;
    if whole { format!("{count:.0}") } else { signed(&format!("{count:.2}")) }
}
