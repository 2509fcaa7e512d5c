//! Curves, boundaries and regions as text for logs and terminals, without colours.
//!
//! ```
//! use logit::terminal::Sketch;
//! use logit::prelude::*;
//! use logit::{LogisticRegression, Penalty, data};
//!
//! let iris = data::iris();
//! let petals = iris.x.select_columns(&[2, 3]);
//! let model = LogisticRegression::new(Penalty::c(1.0)).fit(&petals, &iris.y)?;
//! println!("{}", Sketch::new().regions(&model, &petals, &iris.y)?);
//! # Ok::<(), logit::Error>(())
//! ```
//!
//! Lines are drawn in braille characters of two by four dots, regions in shades. Any Unicode terminal can
//! show both. The module needs no dependencies.

mod canvas;
mod curves;
mod plane;

use crate::check;
use crate::error::Error;

/// A text picture: its size, and methods that draw it.
///
/// # Examples
/// ```
/// use logit::terminal::Sketch;
///
/// let line: Vec<[f64; 2]> = (0..=10).map(|x| [x as f64, x as f64]).collect();
/// let text =
///     Sketch::new().width(30).height(4).curves("x", "y", &[("a line", &line)])?;
/// assert!(text.starts_with("y\n10 │"), "{text}");
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sketch {
    width: usize,
    height: usize,
}

impl Default for Sketch {
    fn default() -> Self {
        Sketch { width: 80, height: 20 }
    }
}

/// The smallest width and height.
const LEAST: (usize, usize) = (24, 3);
const MOST: (usize, usize) = (400, 200);

impl Sketch {
    /// Creates a sketch 80 characters wide and 20 lines high, regardless of the terminal.
    pub fn new() -> Self {
        Sketch::default()
    }

    /// Creates a sketch as wide as the environment variable `COLUMNS`, within the limits of
    /// [`width`](Sketch::width).
    ///
    /// The width is 80 characters if `COLUMNS` is missing or not a number. Shells set `COLUMNS` but rarely
    /// export it; `export COLUMNS` in the shell does.
    ///
    /// # Examples
    /// ```
    /// use logit::terminal::Sketch;
    ///
    /// let line: Vec<[f64; 2]> = (0..=10).map(|x| [x as f64, x as f64]).collect();
    /// println!("{}", Sketch::for_terminal().curves("x", "y", &[("a line", &line)])?);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn for_terminal() -> Self {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse::<usize>().ok());
        let width = columns.map_or(Sketch::default().width, |columns| columns.clamp(LEAST.0, MOST.0));
        Sketch { width, ..Sketch::default() }
    }

    /// Sets the number of characters per line, from 24 to 400. Defaults to 80.
    pub fn width(mut self, width: usize) -> Self {
        self.width = width;
        self
    }

    /// Sets the number of lines of the picture itself, from 3 to 200. Defaults to 20.
    pub fn height(mut self, height: usize) -> Self {
        self.height = height;
        self
    }

    fn check(&self) -> Result<(), Error> {
        let (width, height) = (self.width, self.height);
        check::parameter("width", width as f64, (LEAST.0..=MOST.0).contains(&width), "from 24 to 400")?;
        check::parameter("height", height as f64, (LEAST.1..=MOST.1).contains(&height), "from 3 to 200")
    }
}

/// Formats a number in a few characters.
fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e6).contains(&size) {
        let decimals = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
        let text = format!("{value:.decimals$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        text.to_owned()
    } else {
        format!("{value:.2e}")
    }
}

/// Replaces control characters in a name, which would break the lines of a picture.
fn clean(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Returns the letter of a curve or class.
fn letter(number: usize) -> char {
    let letters = b"abcdefghijklmnopqrstuvwxyz";
    char::from(letters[number % letters.len()])
}

/// Joins entries into as many lines of `width` characters as they need.
fn wrapped(entries: &[String], width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for entry in entries {
        let entry: String = entry.chars().take(width).collect();
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + entry.chars().count() <= width => {
                line.push_str("   ");
                line.push_str(&entry);
            }
            _ => lines.push(entry),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let written = [0.0, 1.0, 0.5, -12.25, 1234.5678, 0.00123456, 1e-9, 2.5e8].map(short);
        assert_eq!(written, ["0", "1", "0.5", "-12.25", "1235", "0.001235", "1.00e-9", "2.50e8"]);
    }
}
