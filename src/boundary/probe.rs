//! Evaluates a classifier at many points of the plane at a time.

use std::marker::PhantomData;

use nalgebra::DMatrix;

use super::bounds::{Bounds, spaced};
use crate::check;
use crate::classifier::{Classifier, ClassifierExt};
use crate::error::Error;
use crate::scalar::Real;

/// The maximum number of points per prediction, which bounds the memory.
const BLOCK: usize = 4096;

/// The finest resolution: 16 million grid points.
const FINEST: usize = 4096;

/// A function whose zeros are a boundary: ln p_plus - ln p_minus - offset. It is smooth and nearly linear,
/// whether probabilities are flat or steep.
#[derive(Debug, Clone, Copy)]
pub(super) struct Difference {
    pub(super) plus: usize,
    pub(super) minus: usize,
    pub(super) offset: f64,
}

impl Difference {
    /// The difference that is zero where the second of two classes has this probability.
    pub(super) fn of_level(level: f64) -> Self {
        Difference { plus: 1, minus: 0, offset: level.ln() - (-level).ln_1p() }
    }

    /// Returns the value for a row of log-probabilities.
    pub(super) fn value<T: Real>(&self, log_p: &DMatrix<T>, row: usize) -> f64 {
        let (plus, minus) = (log_p[(row, self.plus)].as_f64(), log_p[(row, self.minus)].as_f64());
        // Two probabilities of 0 are equal, although the difference of their logarithms is undefined.
        let difference = if plus == minus { 0.0 } else { plus - minus };
        difference - self.offset
    }
}

/// A classifier of two features, evaluated at points.
#[derive(Debug)]
pub(super) struct Probe<'a, T, C: ?Sized> {
    classifier: &'a C,
    scalar: PhantomData<T>,
}

impl<'a, T: Real, C: Classifier<T> + ?Sized> Probe<'a, T, C> {
    pub(super) fn new(classifier: &'a C) -> Result<Self, Error> {
        check::count("classifier", "features", 2, classifier.features())?;
        Ok(Probe { classifier, scalar: PhantomData })
    }

    /// Returns the nearest point that is representable in the classifier's number type.
    pub(super) fn snap(&self, point: [f64; 2]) -> [f64; 2] {
        point.map(|coordinate| T::of(coordinate).as_f64())
    }

    /// Calls `visit` with the log-probabilities of each block of points and the index of its first point.
    pub(super) fn visit(
        &self,
        points: &[[f64; 2]],
        mut visit: impl FnMut(usize, &DMatrix<T>),
    ) -> Result<(), Error> {
        for (block, points) in points.chunks(BLOCK).enumerate() {
            let x = DMatrix::from_fn(points.len(), 2, |row, axis| T::of(points[row][axis]));
            let log_p = self.classifier.predict_log_proba(&x)?;
            check::count("predict_log_proba", "rows", points.len(), log_p.nrows())?;
            check::count("predict_log_proba", "columns", self.classifier.classes().len(), log_p.ncols())?;
            if log_p.iter().any(|log_p| log_p.as_f64().is_nan()) {
                let row = (0..log_p.nrows()).find(|&row| log_p.row(row).iter().any(|p| p.as_f64().is_nan()));
                return Err(Error::Overflow { row: row.unwrap_or(0) });
            }
            visit(block * BLOCK, &log_p);
        }
        Ok(())
    }

    /// Returns the difference at each point.
    pub(super) fn differences(&self, of: Difference, points: &[[f64; 2]]) -> Result<Vec<f64>, Error> {
        let mut values = Vec::with_capacity(points.len());
        self.visit(points, |_, log_p| values.extend((0..log_p.nrows()).map(|row| of.value(log_p, row))))?;
        Ok(values)
    }

    /// Calls `visit` with each row of a grid, from the lowest: its coordinate, a matrix of log-probabilities
    /// and the index in it where the row begins.
    pub(super) fn rows_of_grid(
        &self,
        grid: &Grid,
        mut visit: impl FnMut(f64, &DMatrix<T>, usize),
    ) -> Result<(), Error> {
        let width = grid.x.len();
        for rows in grid.y.chunks((BLOCK / width).max(1)) {
            let points: Vec<[f64; 2]> =
                rows.iter().flat_map(|&y| grid.x.iter().map(move |&x| [x, y])).collect();
            self.visit(&points, |_, log_p| {
                for (row, &y) in rows.iter().enumerate() {
                    visit(y, log_p, row * width);
                }
            })?;
        }
        Ok(())
    }

    /// Creates a grid over `bounds`, of numbers representable in the classifier's number type.
    pub(super) fn grid(&self, bounds: Bounds, resolution: usize) -> Result<Grid, Error> {
        let valid = (2..=FINEST).contains(&resolution);
        check::parameter("resolution", resolution as f64, valid, "from 2 to 4096")?;
        let ((x_low, x_high), (y_low, y_high)) = (bounds.x(), bounds.y());
        for (name, end) in [("x_low", x_low), ("x_high", x_high), ("y_low", y_low), ("y_high", y_high)] {
            let requires = "in the range of the classifier's number type";
            check::parameter(name, end, T::of(end).is_finite(), requires)?;
        }
        let axis = |ends| spaced(ends, resolution).into_iter().map(|value| T::of(value).as_f64()).collect();
        Ok(Grid { x: axis(bounds.x()), y: axis(bounds.y()) })
    }
}

/// The coordinates of the columns and rows of a grid.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
}
