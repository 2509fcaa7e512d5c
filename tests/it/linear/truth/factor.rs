//! Triangular factors with 32 digits.

use crate::common::double_double::DoubleDouble as Exact;

/// A triangular factor: H = RᵀR, by orthogonalisation of the rows of a root of H.
pub(super) struct Factor {
    /// Column j has the entries 0 to j.
    pub(super) r: Vec<Vec<Exact>>,
}

/// A column whose remainder is smaller than this, relative to the column, depends on those before it.
pub(super) const DEPENDENT: f64 = 1e-29;

impl Factor {
    /// Modified Gram-Schmidt. The digits lost are those of the condition of the root, not of its square.
    pub(super) fn new(mut columns: Vec<Vec<Exact>>) -> Self {
        let dot = |a: &[Exact], b: &[Exact]| -> Exact { a.iter().zip(b).map(|(&a, &b)| a * b).sum() };
        let mut r: Vec<Vec<Exact>> = Vec::new();
        for j in 0..columns.len() {
            let (before, after) = columns.split_at_mut(j);
            let column = &mut after[0];
            let size = dot(column, column).sqrt().value();
            let mut entries: Vec<Exact> = Vec::new();
            for (i, q) in before.iter().enumerate() {
                if r[i][i] == Exact::ZERO {
                    entries.push(Exact::ZERO);
                    continue;
                }
                let share = dot(q, column);
                column.iter_mut().zip(q).for_each(|(a, &q)| *a -= share * q);
                entries.push(share);
            }
            let rest = dot(column, column).sqrt();
            if rest.value() <= DEPENDENT * size {
                entries.push(Exact::ZERO);
            } else {
                column.iter_mut().for_each(|a| *a = *a / rest);
                entries.push(rest);
            }
            r.push(entries);
        }
        Factor { r }
    }

    /// R⁻ᵀ v; infinite if `v` has a part along a direction without curvature.
    pub(super) fn solve(&self, v: &[Exact]) -> Vec<Exact> {
        let mut out: Vec<Exact> = Vec::with_capacity(v.len());
        for (column, &v) in self.r.iter().zip(v) {
            let (mut rest, mut size) = (v, v.abs().value());
            for (&r, &y) in column.iter().zip(&out) {
                rest -= r * y;
                size += (r * y).abs().value();
            }
            let pivot = column[column.len() - 1];
            out.push(match () {
                () if pivot != Exact::ZERO => rest / pivot,
                // Rounding of sums that cancel.
                () if rest.abs().value() <= 1e-20 * size => Exact::ZERO,
                () => Exact::from(f64::INFINITY),
            });
        }
        out
    }

    /// The largest factor by which a square is larger than what the columns before leave of it: about the
    /// condition of H for columns of unit size.
    pub(super) fn condition(&self) -> f64 {
        let ratio = |column: &Vec<Exact>| {
            let whole: f64 = column.iter().map(|r| r.value().powi(2)).sum();
            let rest = column[column.len() - 1].value().powi(2);
            if rest > 0.0 { whole / rest } else { 1.0 }
        };
        self.r.iter().map(ratio).fold(1.0, f64::max)
    }

    /// The typical size of √(vᵀH⁻¹v) for entries of size `v` and any signs.
    pub(super) fn typical(&self, v: &[f64]) -> f64 {
        let mut sum = 0.0;
        for at in (0..v.len()).filter(|&at| v[at] > 0.0 && self.r[at][at] != Exact::ZERO) {
            let mut y = vec![0.0; v.len()];
            y[at] = v[at] / self.r[at][at].value();
            for j in at + 1..v.len() {
                let pivot = self.r[j][j].value();
                if pivot != 0.0 {
                    let rest: f64 = (at..j).map(|i| self.r[j][i].value() * y[i]).sum();
                    y[j] = -rest / pivot;
                }
            }
            sum += y.iter().map(|y| y * y).sum::<f64>();
        }
        sum.sqrt()
    }
}
