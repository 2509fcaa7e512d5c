//! Rows, labels and weights: usual ones, nasty ones and invalid ones.

use std::fmt;

use logit::Real;
use logit::nalgebra::DMatrix;

use crate::draw::Draw;

/// A sample. The labels are class indices below `classes`, but not all of them need to occur.
#[derive(Debug, Clone)]
pub(crate) struct Sample<T> {
    pub(crate) x: DMatrix<T>,
    pub(crate) y: Vec<usize>,
    pub(crate) classes: usize,
    pub(crate) weights: Option<Vec<T>>,
    /// Whether nothing about it is difficult: finite columns of similar scales, weights of usual size.
    pub(crate) tame: bool,
    columns: Vec<&'static str>,
    weighting: &'static str,
}

impl<T: Real> fmt::Display for Sample<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = self.x.shape();
        let number = if T::EPSILON.as_f64() > 1e-10 { "f32" } else { "f64" };
        write!(f, "{rows} x {columns} {number} {:?}, ", self.columns)?;
        write!(f, "{} classes, weights {}", self.occurring(), self.weighting)
    }
}

impl<T: Real> Sample<T> {
    /// Returns the weight of a row.
    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row].as_f64())
    }

    /// Returns the number of classes that rows of positive weight have.
    pub(crate) fn occurring(&self) -> usize {
        let mut seen = vec![false; self.classes];
        let valid = self.weights.as_ref().is_none_or(|weights| weights.len() == self.y.len());
        for (row, &class) in self.y.iter().enumerate() {
            seen[class] |= !valid || self.weight(row) > 0.0;
        }
        seen.into_iter().filter(|&seen| seen).count()
    }

    /// Returns whether every entry and the weights are valid, and two classes occur.
    pub(crate) fn valid(&self) -> bool {
        let finite = |values: &[T]| values.iter().all(|v| v.as_f64().is_finite());
        let weights = self.weights.as_ref().is_none_or(|weights| {
            weights.len() == self.y.len()
                && finite(weights)
                && weights.iter().all(|w| w.as_f64() >= 0.0)
                && weights.iter().any(|w| w.as_f64() > 0.0)
        });
        weights && finite(self.x.as_slice()) && self.x.ncols() > 0 && self.occurring() > 1
    }

    /// Returns these rows, in this order.
    pub(crate) fn rows(&self, rows: &[usize]) -> Self {
        Sample {
            x: self.x.select_rows(rows),
            y: rows.iter().map(|&row| self.y[row]).collect(),
            weights: self.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            columns: self.columns.clone(),
            ..*self
        }
    }
}

/// Draws a sample with at most `most` rows and `widest` columns.
pub(crate) fn sample<T: Real>(draw: &mut Draw, most: usize, widest: usize) -> Sample<T> {
    let rows = match draw.below(40) {
        0 => draw.below(2),
        1 | 2 => draw.within(1, 3),
        3..=9 => draw.within(4, 9),
        _ => draw.within(10, most),
    };
    let width = if draw.chance(0.005) { 0 } else { draw.within(1, widest) };
    let classes = if draw.chance(0.02) { 1 } else { draw.pick(&[2, 2, 2, 3, 3, 4, 5]) };
    let mut y = labels(draw, rows, classes);
    let hidden: Vec<f64> = y.iter().map(|&class| class as f64).collect();
    let separated = draw.chance(0.1);
    let noise = if separated { 1e-3 } else { draw.pick(&[0.5, 1.0, 1.0, 3.0]) };
    let tame = draw.chance(0.4);
    let mut x = DMatrix::from_element(rows, width, T::zero());
    let mut columns = Vec::new();
    for column in 0..width {
        let (values, name) = values(draw, &hidden, noise, tame);
        for (row, value) in values.into_iter().enumerate() {
            x[(row, column)] = T::of(value);
        }
        columns.push(name);
        if column > 0 && !tame && draw.chance(0.1) {
            columns[column] = combine(draw, &mut x, column);
        }
    }
    if draw.chance(0.2) {
        // Labels that the columns say nothing about.
        y = labels(draw, rows, classes);
    }
    if rows * width > 0 && draw.chance(0.02) {
        let at = (draw.below(rows), draw.below(width));
        x[at] = T::of(draw.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]));
    }
    let finite = x.iter().all(|v| v.as_f64().is_finite());
    let (weights, weighting, usual) = weights(draw, rows);
    Sample { x, y, classes, weights, tame: tame && usual && finite, columns, weighting }
}

fn labels(draw: &mut Draw, rows: usize, classes: usize) -> Vec<usize> {
    let lonely = draw.chance(0.1);
    (0..rows)
        .map(|row| match () {
            () if row < classes => row,
            () if lonely => 0,
            () => draw.below(classes),
        })
        .collect()
}

/// Draws a column.
fn values(draw: &mut Draw, hidden: &[f64], noise: f64, tame: bool) -> (Vec<f64>, &'static str) {
    let kind = if tame { draw.below(3) } else { draw.below(13) };
    let signal = |draw: &mut Draw| -> Vec<f64> {
        hidden.iter().map(|hidden| hidden + noise * draw.normal()).collect()
    };
    let count = hidden.len();
    match kind {
        0 => (signal(draw), "usual"),
        1 => (signal(draw).into_iter().map(f64::round).collect(), "whole"),
        2 => ((0..count).map(|_| draw.below(2) as f64).collect(), "0/1"),
        3 => {
            let unit = draw.magnitude(-12.0, 12.0);
            (signal(draw).into_iter().map(|v| unit * v).collect(), "unit")
        }
        4 => {
            let unit = draw.magnitude(-300.0, 300.0);
            (signal(draw).into_iter().map(|v| unit * v).collect(), "extreme unit")
        }
        5 => {
            let far = draw.sign() * draw.magnitude(2.0, 12.0);
            (signal(draw).into_iter().map(|v| far + v).collect(), "far")
        }
        6 => (vec![draw.pick(&[0.0, 1.0, 0.3, -1e10, 1e-200]); count], "constant"),
        7 => {
            let value = draw.pick(&[0.3, 1.0, 1e8]);
            let noise = |draw: &mut Draw| value + draw.pick(&[0.0, 1.0, -1.0]) * f64::EPSILON * value;
            ((0..count).map(|_| noise(draw)).collect(), "constant but for rounding")
        }
        8 => ((0..count).map(|_| draw.below(5) as f64 * 5e-324).collect(), "subnormal"),
        9 => (signal(draw).into_iter().map(|v| (8.0 * v).exp()).collect(), "heavy tail"),
        10 => ((0..count).map(|row| f64::from(u8::from(row == 0))).collect(), "single"),
        11 => ((0..count).map(|_| draw.any_finite::<f64>()).collect(), "any"),
        _ => ((0..count).map(|row| row as f64).collect(), "counter"),
    }
}

/// Makes a column of those before it.
fn combine<T: Real>(draw: &mut Draw, x: &mut DMatrix<T>, column: usize) -> &'static str {
    let source = draw.below(column);
    let (factor, noise, name) = match draw.below(4) {
        0 => (1.0, 0.0, "copy"),
        1 => (-2.5, 0.0, "multiple"),
        2 => (1.0, draw.magnitude(-16.0, -4.0), "near copy"),
        _ => (1.0, 1.0, "sum"),
    };
    for row in 0..x.nrows() {
        let noisy = if name == "sum" { x[(row, 0)].as_f64() } else { noise * draw.normal() };
        x[(row, column)] = T::of(factor * x[(row, source)].as_f64() + noisy);
    }
    name
}

/// Draws weights. The last value says whether they are valid and of usual size.
fn weights<T: Real>(draw: &mut Draw, rows: usize) -> (Option<Vec<T>>, &'static str, bool) {
    let each = |draw: &mut Draw, of: &mut dyn FnMut(&mut Draw) -> f64| -> Option<Vec<T>> {
        Some((0..rows).map(|_| T::of(of(draw))).collect())
    };
    match draw.below(30) {
        0..=14 => (None, "none", true),
        15..=19 => (each(draw, &mut |draw| draw.below(4) as f64), "whole", true),
        20..=23 => (each(draw, &mut |draw| draw.uniform(0.1, 3.0)), "usual", true),
        24 | 25 => {
            let unit = draw.magnitude(-300.0, 300.0);
            (each(draw, &mut |draw| unit * draw.uniform(0.1, 3.0)), "extreme unit", false)
        }
        26 | 27 => (each(draw, &mut |draw| draw.magnitude(-30.0, 30.0)), "of all sizes", false),
        28 => (each(draw, &mut |_| 0.0), "zero", false),
        _ => {
            let bad = draw.pick(&[f64::NAN, -1.0, f64::INFINITY]);
            let mut weights = vec![T::one(); rows];
            if let Some(last) = weights.last_mut() {
                *last = T::of(bad);
            }
            (Some(weights), "bad", false)
        }
    }
}
