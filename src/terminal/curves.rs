//! Curves as text.

use super::canvas::Canvas;
use super::{Sketch, clean, letter, short, wrapped};
use crate::error::Error;
use crate::metrics::RocCurve;
use crate::train::History;

impl Sketch {
    /// Draws named curves as text, each with its letter at the end.
    ///
    /// A point that is not finite interrupts its curve.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if there are no curves, [`Error::Picture`] if no point is finite or the range
    /// of the points overflows, and [`Error::InvalidParameter`] if the width or height is out of range.
    ///
    /// # Examples
    /// ```
    /// use logit::terminal::Sketch;
    ///
    /// let squares: Vec<[f64; 2]> = (0..=20).map(|x| [x as f64, (x * x) as f64]).collect();
    /// let text =
    ///     Sketch::new().width(40).height(8).curves("x", "y", &[("squares", &squares)])?;
    /// assert!(text.ends_with("a squares\n"), "{text}");
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn curves(
        &self,
        x_name: &str,
        y_name: &str,
        curves: &[(&str, &[[f64; 2]])],
    ) -> Result<String, Error> {
        self.check()?;
        if curves.is_empty() {
            return Err(Error::Empty { argument: "curves", axis: "entries" });
        }
        let all = || curves.iter().flat_map(|(_, points)| points.iter()).filter(|p| is_finite(p));
        let span = |axis: usize| {
            let ends =
                |(low, high): (f64, f64), point: &[f64; 2]| (low.min(point[axis]), high.max(point[axis]));
            let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), ends);
            // Half a unit does not change large numbers.
            let half = (1e-3 * low.abs()).max(0.5);
            if high > low { (low, high) } else { (low - half, high + half) }
        };
        if all().next().is_none() {
            return Err(Error::Picture { reason: "no point of any curve is finite".to_owned() });
        }
        let (x, y) = (span(0), span(1));
        if !(x.1 - x.0).is_finite() || !(y.1 - y.0).is_finite() {
            return Err(Error::Picture { reason: "the range of the points overflows".to_owned() });
        }
        let numbers = [short(y.1), short(y.0)];
        let margin = numbers.iter().map(String::len).max().unwrap_or(0).min(self.width / 3);
        // The frame needs a space on its left, and a letter on its right.
        let width = self.width - margin - 3;
        let mut canvas = Canvas::new(width, self.height);
        let place = |point: &[f64; 2]| [(point[0] - x.0) / (x.1 - x.0), (point[1] - y.0) / (y.1 - y.0)];
        let mut ends = vec![Vec::new(); self.height];
        for (number, (_, points)) in curves.iter().enumerate() {
            let drawn: Vec<&[f64; 2]> = points.iter().filter(|point| is_finite(point)).collect();
            for pair in points.windows(2).filter(|pair| is_finite(&pair[0]) && is_finite(&pair[1])) {
                canvas.line(place(&pair[0]), place(&pair[1]));
            }
            if let [only] = drawn.as_slice() {
                canvas.line(place(only), place(only));
            }
            let last = drawn.last().and_then(|point| canvas.cell([1.0, place(point)[1]]));
            if let Some((_, line)) = last {
                ends[line].push(letter(number));
            }
        }
        let rows = canvas.lines().into_iter().zip(ends).enumerate().map(|(line, (row, ends))| {
            let number = if line == 0 { &numbers[0] } else { &numbers[1] };
            let number = if line == 0 || line + 1 == self.height { number.as_str() } else { "" };
            let end = match ends.as_slice() {
                [] => String::new(),
                [one] => one.to_string(),
                // More than one curve ends on this line.
                _ => "*".to_owned(),
            };
            format!("{number:>margin$} │{row}{end}").trim_end().to_owned()
        });
        let rows: Vec<String> = rows.collect();
        let ends = [short(x.0), short(x.1)];
        let gap = width.saturating_sub(ends[0].len() + ends[1].len());
        let axis = format!(
            "{:>margin$} └{}\n{:>margin$}  {}{}{}",
            "",
            "─".repeat(width),
            "",
            ends[0],
            " ".repeat(gap),
            ends[1]
        );
        let middle = (margin + 2 + width / 2).saturating_sub(x_name.chars().count() / 2);
        let legend: Vec<String> = curves
            .iter()
            .enumerate()
            .map(|(number, (name, _))| format!("{} {}", letter(number), clean(name)))
            .collect();
        let cut = |text: String| -> String { text.chars().take(self.width).collect() };
        let x_name = cut(format!("{:middle$}{}", "", clean(x_name)));
        let y_name = cut(clean(y_name));
        let legend = wrapped(&legend, self.width);
        Ok(format!("{y_name}\n{}\n{axis}\n{x_name}\n{legend}\n", rows.join("\n")))
    }

    /// Draws the losses of a training run over its epochs as text.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if there are no epochs, and the errors of [`curves`](Sketch::curves).
    ///
    /// # Examples
    /// ```
    /// use logit::terminal::Sketch;
    /// use logit::prelude::*;
    /// use logit::{MlpClassifier, data};
    ///
    /// let iris = data::iris();
    /// let model = MlpClassifier::new([8])
    ///     .epochs(30)
    ///     .validation_fraction(0.2)
    ///     .fit(&iris.x, &iris.y)?;
    /// println!("{}", Sketch::new().losses(model.history())?);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn losses(&self, history: &History) -> Result<String, Error> {
        if history.epochs.is_empty() {
            return Err(Error::Empty { argument: "history", axis: "epochs" });
        }
        let over = |loss: fn(&crate::nn::Epoch) -> Option<f64>| -> Vec<[f64; 2]> {
            let points =
                history.epochs.iter().map(|epoch| [epoch.number as f64, loss(epoch).unwrap_or(f64::NAN)]);
            points.collect()
        };
        let (train, held) = (over(|epoch| Some(epoch.train_loss)), over(|epoch| epoch.validation_loss));
        let both: [(&str, &[[f64; 2]]); 2] = [("training", &train), ("validation", &held)];
        let count = if held.iter().any(is_finite) { 2 } else { 1 };
        self.curves("epoch", "loss", &both[..count])
    }

    /// Draws a ROC curve as text, with its area.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if the width or height is out of range.
    ///
    /// # Examples
    /// ```
    /// use logit::metrics::RocCurve;
    /// use logit::terminal::Sketch;
    ///
    /// let curve = RocCurve::new(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8], &1, None)?;
    /// println!("{}", Sketch::new().width(50).height(12).roc(&curve)?);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn roc(&self, curve: &RocCurve) -> Result<String, Error> {
        let rates = curve.false_positive_rate().iter().zip(curve.true_positive_rate());
        let points: Vec<[f64; 2]> = rates.map(|(x, y)| [*x, *y]).collect();
        let name = format!("area {:.3}", curve.area());
        self.curves("false positive rate", "true positive rate", &[(&name, &points)])
    }
}

fn is_finite(point: &[f64; 2]) -> bool {
    point.iter().all(|value| value.is_finite())
}
