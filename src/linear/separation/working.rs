//! The few rows that a search works on.

use super::design::{Block, Design};
use crate::scalar::Real;
use crate::scalar::dot;

/// The working rows with their vectors x̃.
#[derive(Debug)]
pub(super) struct Working {
    pub(super) rows: Vec<usize>,
    /// The vectors, one after the other.
    units: Vec<f64>,
    width: usize,
    /// Whether each row is a working row.
    listed: Vec<bool>,
}

impl Working {
    /// Creates an empty set for `rows` rows.
    pub(super) fn new(rows: usize) -> Self {
        Working { rows: Vec::new(), units: Vec::new(), width: 0, listed: vec![false; rows] }
    }

    /// Adds rows. Returns `false` if all of them were present.
    pub(super) fn add<T: Real>(&mut self, rows: &[usize], design: &Design<'_, T>) -> bool {
        self.width = design.width();
        let mut block = Block::default();
        let before = self.rows.len();
        for &row in rows {
            if !std::mem::replace(&mut self.listed[row], true) {
                design.fill(row..row + 1, &mut block);
                self.rows.push(row);
                self.units.extend_from_slice(&block.units);
            }
        }
        self.rows.len() > before
    }

    /// Drops all rows except these.
    pub(super) fn keep<T: Real>(&mut self, rows: &[usize], design: &Design<'_, T>) {
        self.rows.iter().for_each(|&row| self.listed[row] = false);
        self.rows.clear();
        self.units.clear();
        self.add(rows, design);
    }

    /// Returns the vector x̃ of the row at position `slot`.
    pub(super) fn unit(&self, slot: usize) -> &[f64] {
        &self.units[slot * self.width..][..self.width]
    }

    /// Writes x̃ v for each score column of a direction.
    pub(super) fn scores(&self, slot: usize, direction: &[f64], scores: &mut [f64]) {
        for (score, part) in scores.iter_mut().zip(direction.chunks_exact(self.width)) {
            *score = dot(self.unit(slot), part);
        }
    }
}
