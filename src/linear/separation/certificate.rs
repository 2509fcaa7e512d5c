//! A proof, from a converged fit, that the maximum-likelihood estimate exists.

use nalgebra::{Cholesky, DMatrix};

use super::budget::Budget;
use super::design::{BLOCK, Block, Design};
use super::estimate::Estimate;
use crate::error::Error;
use crate::linear::rows::Chunk;
use crate::parallel::wire::wire;
use crate::parallel::{Sum, Tally, resized, zeros};
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
///
/// A bound of H is tried first, because it is small whatever the number of classes. The second derivative of
/// a row's loss is at least p_ir min_k p_ik for the class r whose parameters are fixed at zero, so H is at
/// least M = Σ u_i p_ir min_k p_ik x_i x_iᵀ for every other class, the decrement is at most √(Σ_k g_kᵀM⁻¹g_k),
/// and |τ_i| at most √(x_iᵀM⁻¹x_i) times that.
pub(super) fn estimate_exists<T: Real>(
    design: &Design<'_, T>,
    estimate: &Estimate<'_, T>,
    budget: &mut Budget<'_>,
) -> Result<bool, Error> {
    let several = design.score_columns > 1;
    if several && Pass::new(design, Curvature::Bounded).proves(estimate, budget)? {
        return Ok(true);
    }
    Pass::new(design, Curvature::Exact).proves(estimate, budget)
}

/// What a pass sums up for the second derivative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curvature {
    /// The bound M for more than two classes.
    Bounded,
    /// A matrix for each pair of classes.
    Exact,
}

/// A pass over the rows, which sums up the gradient and the second derivative for all classes but one.
struct Pass<'d, 'a, T: Real> {
    design: &'d Design<'a, T>,
    curvature: Curvature,
    /// The columns that take part, and the intercept.
    kept: Vec<usize>,
    /// The classes with parameters in this parametrisation: the second of two, or all but the last.
    free: Vec<usize>,
}

/// Sums over some rows.
struct Sums {
    gradient: Vec<f64>,
    /// A square matrix for each pair of free classes, the first index not below the second; or one bound.
    squares: Vec<f64>,
    /// The length of the longest row.
    longest: f64,
    /// The sum of the absolute values of the gradient's terms.
    terms: f64,
    /// The smallest weighted probability u p of a row that counts, over all classes; zero if one is not positive.
    rarest: f64,
}

wire!(Sums { gradient, squares, longest, terms, rarest });

impl Sum for Sums {
    fn add(&mut self, next: &Self) {
        self.gradient.add(&next.gradient);
        self.squares.add(&next.squares);
        self.longest = self.longest.max(next.longest);
        self.terms += next.terms;
        self.rarest = self.rarest.min(next.rarest);
    }
}

/// Scratch memory of a thread.
#[derive(Default)]
struct Scratch {
    block: Block,
    /// The probabilities of a block, class by class.
    probabilities: Vec<f64>,
    weighted: Vec<f64>,
    workspace: Workspace<f64>,
}

impl<'d, 'a, T: Real> Pass<'d, 'a, T> {
    fn new(design: &'d Design<'a, T>, curvature: Curvature) -> Self {
        let free: Vec<usize> =
            if design.score_columns == 1 { vec![1] } else { (0..design.score_columns - 1).collect() };
        Pass { design, curvature, kept: design.kept(), free }
    }

    /// Returns sums of nothing, in the memory of old ones.
    fn empty(&self, old: Option<Sums>) -> Sums {
        let width = self.kept.len();
        let pairs = match self.curvature {
            Curvature::Bounded => 1,
            Curvature::Exact => self.free.len() * (self.free.len() + 1) / 2,
        };
        let (gradient, squares) = old.map(|old| (old.gradient, old.squares)).unzip();
        Sums {
            gradient: zeros(gradient, width * self.free.len()),
            squares: zeros(squares, pairs * width * width),
            longest: 0.0,
            terms: 0.0,
            rarest: f64::INFINITY,
        }
    }

    /// Returns whether the sums over all rows prove that the estimate exists.
    fn proves(self, estimate: &Estimate<'_, T>, budget: &mut Budget<'_>) -> Result<bool, Error> {
        let (design, width, free) = (self.design, self.kept.len(), self.free.len());
        let size = if self.curvature == Curvature::Exact { width.saturating_mul(free) } else { width };
        // The product of matrices is fast. A triangle is computed and inverted once.
        let row = (size.saturating_mul(size) / 8).saturating_add(design.size());
        let rows = design.count();
        let inverse = size.saturating_mul(size).saturating_mul(size) / 3;
        let work = rows.saturating_mul(row);
        if size == 0 || free == 0 || !budget.affords(work.saturating_add(inverse)) {
            return Ok(false);
        }
        budget.spend(work)?;
        let leaf = design.rows.wide_leaf();
        let mut workers: Vec<Scratch> = Vec::new();
        let workers = resized(&mut workers, design.rows.workers(leaf, row), Scratch::default);
        let (tally, zero) = (&mut Tally::default(), |old| self.empty(old));
        let sums = design.rows.sum(tally, workers, (leaf, BLOCK), (), zero, |scratch, chunk, sums, ()| {
            self.add(chunk, estimate, scratch, sums);
        });
        budget.spend(inverse)?;
        Ok(sums.rarest > 0.0 && self.leaves_nothing(&sums))
    }

    /// Computes the probabilities of a block of rows. Returns `false` if one is zero or NaN.
    fn probabilities(&self, chunk: &Chunk<'_, T>, estimate: &Estimate<'_, T>, out: &mut Vec<f64>) -> bool {
        let Estimate { slopes, intercepts, beside } = *estimate;
        let (count, all, first) = (chunk.len(), chunk.with_all_columns(), chunk.places().start);
        // For two classes the first has score zero.
        let single = self.design.score_columns == 1;
        let classes = self.design.score_columns + usize::from(single);
        out.clear();
        out.resize(count * classes, 0.0);
        let scores = &mut out[if single { count } else { 0 }..];
        for (k, scores) in scores.chunks_exact_mut(count).enumerate() {
            scores.fill(intercepts.get(k).map_or(0.0, |b| b.as_f64()));
            let mut add = |w: T, x: &[T]| {
                scores.iter_mut().zip(x).for_each(|(z, x)| *z += w.as_f64() * x.as_f64());
            };
            slopes.column(k).iter().enumerate().for_each(|(j, &w)| add(w, chunk.column(j)));
            if let Some(beside) = beside {
                let others = beside.column(k);
                let others = others.iter().enumerate().filter(|(_, w)| !w.is_zero());
                others.for_each(|(j, &w)| add(w, all.column(j)));
            }
            if let Some(offset) = chunk.offset() {
                add(T::one(), column(&offset, k));
            }
        }
        for i in 0..count {
            let at = |k: usize| k * count + i;
            if !self.design.counts(first + i) {
                (0..classes).for_each(|k| out[at(k)] = 0.0);
                continue;
            }
            let largest = (0..classes).fold(f64::NEG_INFINITY, |m, k| m.max(out[at(k)]));
            (0..classes).for_each(|k| out[at(k)] = (out[at(k)] - largest).exp());
            let sum: f64 = (0..classes).map(|k| out[at(k)]).sum();
            (0..classes).for_each(|k| out[at(k)] /= sum);
            if !(0..classes).all(|k| out[at(k)] > 0.0) {
                return false;
            }
        }
        true
    }

    /// Adds a block's contribution to the gradient and the second derivative.
    fn add(&self, chunk: &Chunk<'_, T>, estimate: &Estimate<'_, T>, scratch: &mut Scratch, sums: &mut Sums) {
        let Scratch { block, probabilities, weighted, workspace } = scratch;
        self.design.fill_from(chunk, block);
        if !self.probabilities(chunk, estimate, probabilities) {
            sums.rarest = 0.0;
            return;
        }
        let (width, count) = (self.kept.len(), block.count);
        for (at, &j) in self.kept.iter().enumerate().filter(|&(at, &j)| at != j) {
            block.units.copy_within(j * count..(j + 1) * count, at * count);
        }
        block.units.truncate(width * count);
        // Undo the normalisation, and set rows without weight to zero.
        let weights: Vec<f64> = (0..count).map(|i| self.design.share(chunk, i)).collect();
        for column in block.units.chunks_exact_mut(count) {
            column.iter_mut().zip(&block.sizes).for_each(|(x, size)| *x *= size);
        }
        sums.longest = block.sizes.iter().fold(sums.longest, |m, &size| m.max(size));
        let rarest = (0..probabilities.len()).filter(|at| weights[at % count] > 0.0);
        let rarest = rarest.map(|at| weights[at % count] * probabilities[at]);
        sums.rarest = rarest.fold(sums.rarest, f64::min);
        let mut residual = vec![0.0; count];
        let mut curvatures = Vec::with_capacity(count);
        // Adds Σ c_i x_i x_iᵀ over the rows of the block to a matrix.
        let mut add_square = |curvatures: &[f64], square: &mut [f64]| {
            weighted.clear();
            for column in block.units.chunks_exact(count) {
                weighted.extend(column.iter().zip(curvatures).map(|(x, c)| x * c));
            }
            let left = Strided::columns(&block.units, count, width).transposed();
            product(left, Strided::columns(weighted, count, width), (square, width), true, workspace);
        };
        let mut squares = sums.squares.chunks_exact_mut(width * width);
        for a in 0..self.free.len() {
            let k = self.free[a];
            let p = &probabilities[k * count..][..count];
            for (i, residual) in residual.iter_mut().enumerate() {
                let wanted = f64::from(u8::from(chunk.targets()[i] == k));
                *residual = weights[i] * (p[i] - wanted);
                sums.terms += residual.abs() * block.sizes[i];
            }
            let columns = block.units.chunks_exact(count);
            for (g, column) in sums.gradient[a * width..][..width].iter_mut().zip(columns) {
                *g += dot(column, &residual);
            }
            let pairs = if self.curvature == Curvature::Exact { a + 1 } else { 0 };
            for (b, square) in (0..pairs).zip(&mut squares) {
                let l = self.free[b];
                let q = &probabilities[l * count..][..count];
                let own = f64::from(u8::from(k == l));
                let terms = p.iter().zip(q).zip(&weights);
                curvatures.clear();
                curvatures.extend(terms.map(|((p, q), u)| u * p * (own - q)));
                add_square(&curvatures, square);
            }
        }
        if let (Curvature::Bounded, Some(square)) = (self.curvature, squares.next()) {
            let fixed = self.free.len();
            let at = |k: usize, i: usize| probabilities[k * count + i];
            let least = |i: usize| (0..fixed).map(|k| at(k, i)).fold(f64::INFINITY, f64::min);
            curvatures.clear();
            curvatures.extend(weights.iter().enumerate().map(|(i, u)| u * at(fixed, i) * least(i)));
            add_square(&curvatures, square);
        }
    }

    /// Returns whether positive multipliers exist despite rounding errors.
    fn leaves_nothing(&self, sums: &Sums) -> bool {
        let (width, free) = (self.kept.len(), self.free.len());
        let exact = self.curvature == Curvature::Exact;
        let blocks = self.design.blocks() as f64;
        let rounding = (blocks + 2.0 * BLOCK as f64) * f64::EPSILON * sums.terms;
        let free = if exact { free } else { 1 };
        let hessian = DMatrix::from_fn(width * free, width * free, |row, column| {
            let (a, b) = (row / width, column / width);
            let (a, b, row, column) = if a >= b {
                (a, b, row % width, column % width)
            } else {
                (b, a, column % width, row % width)
            };
            sums.squares[(a * (a + 1) / 2 + b) * width * width + column * width + row]
        });
        let norm = hessian.norm();
        let Some(cholesky) = Cholesky::new(hessian) else {
            return false;
        };
        // The trace of the inverse bounds its norm.
        let inverse_norm = inverse_square(cholesky.l_dirty());
        let size = (width * free) as f64;
        let lost = size * f64::EPSILON * norm * inverse_norm;
        let mut half = DMatrix::from_vec(width * free, self.free.len().div_ceil(free), sums.gradient.clone());
        let solution = if exact { cholesky.solve(&half).norm() } else { f64::INFINITY };
        if !cholesky.l_dirty().solve_lower_triangular_mut(&mut half) {
            return false;
        }
        let decrement = half.norm() + inverse_norm.sqrt() * rounding;
        let step = solution * (1.0 + 100.0 * lost) + inverse_norm * rounding;
        let step = step.min(inverse_norm.sqrt() * decrement * (1.0 + 100.0 * lost));
        let classes = (self.free.len() + 1) as f64;
        // The solution must have some correct digits, or the first bound is invalid. The second needs the size
        // of the decrement only.
        let first = lost < 1e-3 && 2.0 * sums.longest * step < 0.5;
        first || (lost < 0.1 && (classes / sums.rarest).sqrt() * decrement < 0.25)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::ClassExamples;

    /// A gradient of zero proves nothing if the second derivative has no digits in some direction.
    #[test]
    fn a_second_derivative_without_digits_proves_nothing() {
        let (x, classes) = (nalgebra::dmatrix![1.0; -1.0; 2.0; 0.5], [0, 1, 1, 0]);
        let design = Design::new(ClassExamples::new((&x).into(), &classes, None).unwrap().into(), 2, true);
        for (smallest, proved) in [(1.0, true), (1e-6, true), (1e-16, false)] {
            let pass = Pass::new(&design, Curvature::Exact);
            let sums = Sums {
                gradient: vec![0.0; 2],
                squares: vec![1.0, 0.0, 0.0, smallest],
                longest: 1.0,
                terms: 0.0,
                rarest: 0.1,
            };
            assert_eq!(pass.leaves_nothing(&sums), proved, "{smallest}");
        }
    }
}
