//! Axes: their range, spacing and marks.

use super::ticks::{self, Tick};
use crate::check;
use crate::error::Error;

/// The spacing of numbers along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    Linear,
    Logarithmic,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) name: String,
    pub(super) spacing: Spacing,
    /// The numbers at both ends, or on a logarithmic axis their logarithms to the base of ten, because the
    /// ends may be beyond all numbers.
    low: f64,
    high: f64,
    /// The marks to use in place of round numbers.
    pub(super) marks: Option<Vec<Tick>>,
}

impl Axis {
    /// Creates a linear axis from one number to another; `low` must be below `high`.
    pub(super) fn new(name: impl Into<String>, low: f64, high: f64) -> Self {
        Axis { name: name.into(), spacing: Spacing::Linear, low, high, marks: None }
    }

    /// Creates an axis for fractions, slightly larger than 0 to 1.
    pub(super) fn share(name: impl Into<String>) -> Self {
        Axis::new(name, -0.02, 1.02)
    }

    /// Creates an axis around all finite (on a logarithmic axis, positive) values, with a margin on both
    /// sides.
    ///
    /// # Errors
    /// Returns [`Error::Picture`] if there are no such values, or if their range overflows.
    pub(super) fn around(
        name: impl Into<String>,
        spacing: Spacing,
        values: impl IntoIterator<Item = f64>,
        margin: f64,
    ) -> Result<Self, Error> {
        let name = name.into();
        let transformed = values.into_iter().map(|value| along(spacing, value)).filter(|v| v.is_finite());
        let (low, high) = transformed
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            let kind = if spacing == Spacing::Logarithmic { "positive, finite" } else { "finite" };
            return Err(Error::Picture { reason: format!("no {kind} value for the axis \"{name}\"") });
        }
        let size = low.abs().max(high.abs());
        // Values that differ only by rounding are treated as equal.
        let (low, high) = if high - low > 1e-9 * size {
            (low - margin * (high - low), high + margin * (high - low))
        } else {
            let half = match spacing {
                Spacing::Linear if size > 0.0 => (0.1 * size).max(f64::MIN_POSITIVE),
                _ => 0.5,
            };
            (low - half, high + half)
        };
        if !(high - low).is_finite() {
            return Err(Error::Picture { reason: format!("the range of the axis \"{name}\" overflows") });
        }
        Ok(Axis { name, spacing, low, high, marks: None })
    }

    /// Creates an axis with a class or term at each whole number from 0.
    pub(super) fn of_names(name: impl Into<String>, names: &[String]) -> Self {
        let mark = |(at, label): (usize, &String)| Tick { at: at as f64, label: label.clone() };
        Axis::new(name, -0.5, names.len() as f64 - 0.5).marked(names.iter().enumerate().map(mark))
    }

    /// Sets the marks to use in place of round numbers.
    pub(super) fn marked(mut self, marks: impl IntoIterator<Item = Tick>) -> Self {
        self.marks = Some(marks.into_iter().collect());
        self
    }

    /// Reverses the direction of the axis.
    pub(super) fn reversed(mut self) -> Self {
        (self.low, self.high) = (self.high, self.low);
        self
    }

    /// Returns the lowest and highest number.
    pub(super) fn ends(&self) -> (f64, f64) {
        let back = |value: f64| match self.spacing {
            Spacing::Linear => value,
            Spacing::Logarithmic => 10f64.powf(value).clamp(f64::from_bits(1), f64::MAX),
        };
        (back(self.low.min(self.high)), back(self.low.max(self.high)))
    }

    /// Returns the position of a number along the axis: 0 at its start, 1 at its end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let (value, low, high) = (along(self.spacing, value), self.low, self.high);
        if (high - low).is_finite() {
            (value - low) / (high - low)
        } else {
            (0.5 * value - 0.5 * low) / (0.5 * high - 0.5 * low)
        }
    }

    /// Returns the marks, about `about` of them.
    pub(super) fn ticks(&self, about: usize) -> Vec<Tick> {
        let (low, high) = (self.low.min(self.high), self.low.max(self.high));
        match (&self.marks, self.spacing) {
            (Some(marks), _) => marks.clone(),
            (None, Spacing::Linear) => ticks::linear(low, high, about),
            (None, Spacing::Logarithmic) => ticks::logarithmic(low, high, about),
        }
    }
}

/// Returns a number, or its logarithm on a logarithmic axis.
fn along(spacing: Spacing, value: f64) -> f64 {
    match spacing {
        Spacing::Linear => value,
        Spacing::Logarithmic => value.log10(),
    }
}

/// Checks the size of a figure.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), Error> {
    for (name, value) in [("width", width), ("height", height)] {
        check::parameter(name, f64::from(value), (160..=4000).contains(&value), "from 160 to 4000")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_shows_all_its_numbers_and_some_room() {
        let axis = Axis::around("x", Spacing::Linear, [3.0, f64::NAN, 1.0, f64::INFINITY], 0.05).unwrap();
        assert_eq!(axis.ends(), (0.9, 3.1));
        let axis = Axis::around("x", Spacing::Logarithmic, [0.0, 100.0, 1.0, -1.0], 0.0).unwrap();
        assert_eq!(axis.ends(), (1.0, 100.0));
        assert_eq!(axis.place(10.0), 0.5);
    }

    #[test]
    fn constant_numbers_have_an_axis_too() {
        for value in [0.0, 1.0, -5.0, 1e-300, 1e300, 0.1 + 0.2] {
            let axis = Axis::around("x", Spacing::Linear, [value, value * (1.0 + 1e-15)], 0.05).unwrap();
            let (low, high) = axis.ends();
            assert!(low < value && value < high, "{value}");
        }
    }

    #[test]
    fn every_finite_number_is_on_its_axis() {
        let numbers = [5e-324, 2e-323, 1e-310, 1e-300, 1.0, 1e15 + 2.0, 1e300, 1.7e308, f64::MAX];
        for low in numbers {
            for high in numbers.into_iter().filter(|&high| high >= low) {
                let axis = Axis::around("x", Spacing::Logarithmic, [low, high], 0.05).unwrap();
                let places = [low, high].map(|number| axis.place(number));
                assert!(0.0 < places[0] && places[0] <= places[1] && places[1] < 1.0, "{low} {high}");
                let (from, to) = axis.ends();
                assert!(0.0 < from && from <= low && high <= to && to.is_finite(), "{low} {high}");
                assert!(axis.ticks(5).len() <= 12, "{low} {high}");
                // A linear axis may overflow.
                for sign in [-1.0, 1.0] {
                    let Ok(axis) = Axis::around("x", Spacing::Linear, [sign * low, high], 0.05) else {
                        continue;
                    };
                    assert!([sign * low, high].iter().all(|&v| (0.0..=1.0).contains(&axis.place(v))));
                    assert!(axis.ticks(5).len() <= 13, "{low} {high}");
                }
            }
        }
        let widest = Axis::new("x", -f64::MAX, f64::MAX);
        assert_eq!([-f64::MAX, 0.0, f64::MAX].map(|v| widest.place(v)), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn numbers_without_a_common_axis_are_refused() {
        assert!(Axis::around("x", Spacing::Linear, [f64::NAN], 0.05).is_err());
        assert!(Axis::around("x", Spacing::Logarithmic, [-1.0, 0.0], 0.05).is_err());
        assert!(Axis::around("x", Spacing::Linear, [f64::MAX, f64::MIN], 0.05).is_err());
    }
}
