//! A proof, from a converged fit, that the maximum-likelihood estimate exists.

use nalgebra::{Cholesky, DMatrix};

use super::budget::Budget;
use super::design::{BLOCK, Block, Design};
use super::estimate::Estimate;
use crate::error::Error;
use crate::scalar::{Real, Strided, Workspace, axpy, column, dot, product};

/// Returns whether the maximum-likelihood estimate certainly exists, judged at coefficients near the optimum.
/// `false` is inconclusive: [`separation`](super::separation) then decides. Up to some hundred parameters
/// `separation` is also cheaper; for many classes this function is.
///
/// # Method
/// By Stiemke's theorem the estimate exists if some multipliers c_ik > 0 make Σ c_ik (e_y - e_k) ⊗ x_i
/// vanish. At the optimum the weighted probabilities u_i p_ik of the wrong classes k do so. Near the optimum
/// they almost do, and the gradient g is left over. Take T with H T = g, where H is the second derivative,
/// and τ_i = x_i T: the multipliers u_i p_ik (1 - τ_ik + Σ_l p_il τ_il) leave nothing. They are positive if
/// |τ| < 1/2 for all rows, which holds if 2 ‖x_i‖ ‖T‖ < 1, including rounding errors of g. It also holds if
/// the decrement √(gᵀH⁻¹g) is small: H is at least u_i p_ik p_il a aᵀ for a = (e_k - e_l) ⊗ x_i, so
/// |τ_ik - τ_il| is at most the decrement over √(u_i p_ik p_il), and |τ_ik - Σ_l p_il τ_il| for K classes at
/// most √K times the decrement over √(u_i p_ik). This holds however nearly columns depend on each other. All
/// takes one pass.
pub(super) fn estimate_exists<T: Real>(
    design: &Design<'_, T>,
    estimate: &Estimate<'_, T>,
    budget: &mut Budget<'_>,
) -> Result<bool, Error> {
    let mut pass = Pass::new(design);
    let size = pass.kept.len() * pass.free.len();
    // The product of matrices is fast. A triangle is computed and inverted once.
    let row = size.saturating_mul(size) / 8;
    let rows = design.rows.targets.len();
    let inverse = size.saturating_mul(size).saturating_mul(size) / 3;
    if size == 0 || !budget.affords(rows.saturating_mul(row).saturating_add(inverse)) {
        return Ok(false);
    }
    let mut block = Block::default();
    for first in (0..rows).step_by(BLOCK) {
        let range = first..(first + BLOCK).min(rows);
        budget.spend(range.len() * row)?;
        design.fill(range.clone(), &mut block);
        if !pass.probabilities(range.clone(), estimate) {
            return Ok(false);
        }
        pass.add(range, &mut block);
    }
    budget.spend(inverse)?;
    Ok(pass.proves())
}

/// Sums over rows: the gradient and the second derivative, for all classes but one.
struct Pass<'d, 'a, T: Real> {
    design: &'d Design<'a, T>,
    /// The columns that take part, and the intercept.
    kept: Vec<usize>,
    /// The classes with parameters in this parametrisation: the second of two, or all but the last.
    free: Vec<usize>,
    /// The probabilities of a block, class by class.
    probabilities: Vec<f64>,
    gradient: Vec<f64>,
    /// A square matrix for each pair of free classes; the first index is not below the second.
    squares: Vec<Vec<f64>>,
    weighted: Vec<f64>,
    workspace: Workspace<f64>,
    /// The length of the longest row.
    longest: f64,
    /// The sum of the absolute values of the gradient's terms.
    terms: f64,
    /// The smallest weighted probability u p of a row that counts, over all classes.
    rarest: f64,
}

impl<'d, 'a, T: Real> Pass<'d, 'a, T> {
    fn new(design: &'d Design<'a, T>) -> Self {
        let free: Vec<usize> =
            if design.score_columns == 1 { vec![1] } else { (0..design.score_columns - 1).collect() };
        let kept = design.kept();
        let width = kept.len();
        Pass {
            design,
            kept,
            gradient: vec![0.0; width * free.len()],
            squares: vec![vec![0.0; width * width]; free.len() * (free.len() + 1) / 2],
            free,
            probabilities: Vec::new(),
            weighted: Vec::new(),
            workspace: Workspace::default(),
            longest: 0.0,
            terms: 0.0,
            rarest: f64::INFINITY,
        }
    }

    /// Computes the probabilities of a block of rows. Returns `false` if one is zero or NaN.
    fn probabilities(&mut self, range: std::ops::Range<usize>, estimate: &Estimate<'_, T>) -> bool {
        let Estimate { slopes, intercepts, offset, .. } = *estimate;
        let (rows, count) = (self.design.rows, range.len());
        let x = |j: usize| &column(&rows.x, j)[range.clone()];
        // For two classes the first has score zero.
        let single = self.design.score_columns == 1;
        let classes = self.design.score_columns + usize::from(single);
        self.probabilities.clear();
        self.probabilities.resize(count * classes, 0.0);
        let scores = &mut self.probabilities[if single { count } else { 0 }..];
        for (k, scores) in scores.chunks_exact_mut(count).enumerate() {
            scores.fill(intercepts.get(k).map_or(0.0, |b| b.as_f64()));
            for (j, w) in slopes.column(k).iter().enumerate() {
                scores.iter_mut().zip(x(j)).for_each(|(z, x)| *z += w.as_f64() * x.as_f64());
            }
            if let Some(offset) = offset {
                scores.iter_mut().zip(range.clone()).for_each(|(z, row)| *z += offset[(row, k)].as_f64());
            }
        }
        for i in 0..count {
            let at = |k: usize| k * count + i;
            if !rows.counts(range.start + i) {
                (0..classes).for_each(|k| self.probabilities[at(k)] = 0.0);
                continue;
            }
            let largest = (0..classes).fold(f64::NEG_INFINITY, |m, k| m.max(self.probabilities[at(k)]));
            (0..classes)
                .for_each(|k| self.probabilities[at(k)] = (self.probabilities[at(k)] - largest).exp());
            let sum: f64 = (0..classes).map(|k| self.probabilities[at(k)]).sum();
            (0..classes).for_each(|k| self.probabilities[at(k)] /= sum);
            if !(0..classes).all(|k| self.probabilities[at(k)] > 0.0) {
                return false;
            }
        }
        true
    }

    /// Adds a block's contribution to the gradient and the second derivative.
    fn add(&mut self, range: std::ops::Range<usize>, block: &mut Block) {
        let (rows, width, count) = (self.design.rows, self.kept.len(), block.count);
        for (at, &j) in self.kept.iter().enumerate().filter(|&(at, &j)| at != j) {
            block.units.copy_within(j * count..(j + 1) * count, at * count);
        }
        block.units.truncate(width * count);
        // Undo the normalisation, and set rows without weight to zero.
        let weight = |i: usize| rows.weights.map_or(1.0, |w| w[range.start + i].as_f64()) / rows.total_weight;
        let weights: Vec<f64> = (0..count).map(weight).collect();
        for column in block.units.chunks_exact_mut(count) {
            column.iter_mut().zip(&block.sizes).for_each(|(x, size)| *x *= size);
        }
        self.longest = block.sizes.iter().fold(self.longest, |m, &size| m.max(size));
        let rarest = (0..self.probabilities.len()).filter(|at| weights[at % count] > 0.0);
        let rarest = rarest.map(|at| weights[at % count] * self.probabilities[at]);
        self.rarest = rarest.fold(self.rarest, f64::min);
        let mut residual = vec![0.0; count];
        let mut pair = 0;
        for (a, &k) in self.free.iter().enumerate() {
            let p = &self.probabilities[k * count..][..count];
            for (i, residual) in residual.iter_mut().enumerate() {
                let wanted = f64::from(u8::from(rows.targets[range.start + i] == k));
                *residual = weights[i] * (p[i] - wanted);
                self.terms += residual.abs() * block.sizes[i];
            }
            let columns = block.units.chunks_exact(count);
            for (g, column) in self.gradient[a * width..][..width].iter_mut().zip(columns) {
                *g += dot(column, &residual);
            }
            for &l in &self.free[..=a] {
                let q = &self.probabilities[l * count..][..count];
                let own = f64::from(u8::from(k == l));
                self.weighted.clear();
                for column in block.units.chunks_exact(count) {
                    let terms = column.iter().zip(p).zip(q).zip(&weights);
                    self.weighted.extend(terms.map(|(((x, p), q), u)| x * u * p * (own - q)));
                }
                product(
                    Strided::columns(&block.units, count, width).transposed(),
                    Strided::columns(&self.weighted, count, width),
                    (&mut self.squares[pair], width),
                    true,
                    &mut self.workspace,
                );
                pair += 1;
            }
        }
    }

    /// Returns whether positive multipliers exist despite rounding errors.
    fn proves(self) -> bool {
        let (width, free) = (self.kept.len(), self.free.len());
        let hessian = DMatrix::from_fn(width * free, width * free, |row, column| {
            let (a, b) = (row / width, column / width);
            let (a, b, row, column) = if a >= b {
                (a, b, row % width, column % width)
            } else {
                (b, a, column % width, row % width)
            };
            self.squares[a * (a + 1) / 2 + b][column * width + row]
        });
        let norm = hessian.norm();
        let Some(cholesky) = Cholesky::new(hessian) else {
            return false;
        };
        // The trace of the inverse bounds its norm.
        let inverse_norm = inverse_square(cholesky.l_dirty());
        let size = (width * free) as f64;
        let lost = size * f64::EPSILON * norm * inverse_norm;
        let gradient = nalgebra::DVector::from_vec(self.gradient);
        let blocks = self.design.blocks() as f64;
        let rounding = (blocks + 2.0 * BLOCK as f64) * f64::EPSILON * self.terms;
        let step = cholesky.solve(&gradient).norm() * (1.0 + 100.0 * lost) + inverse_norm * rounding;
        let Some(half) = cholesky.l_dirty().solve_lower_triangular(&gradient) else { return false };
        let decrement = half.norm() + inverse_norm.sqrt() * rounding;
        let classes = (free + 1) as f64;
        // The solution must have some correct digits, or the first bound is invalid. The second needs the size
        // of the decrement only.
        let first = lost < 1e-3 && 2.0 * self.longest * step < 0.5;
        first || (lost < 0.1 && (classes / self.rarest).sqrt() * decrement < 0.25)
    }
}

/// Returns the sum of the squared entries of the inverse of a lower triangle.
fn inverse_square(triangle: &DMatrix<f64>) -> f64 {
    let size = triangle.nrows();
    let mut column = vec![0.0; size];
    let mut sum = 0.0;
    for first in 0..size {
        column[first..].fill(0.0);
        column[first] = 1.0;
        for j in first..size {
            let entries = &triangle.as_slice()[j * size..][..size];
            column[j] /= entries[j];
            let entry = column[j];
            sum += entry * entry;
            axpy(-entry, &entries[j + 1..], &mut column[j + 1..]);
        }
    }
    sum
}
