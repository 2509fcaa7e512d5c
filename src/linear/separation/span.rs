//! Subspaces by orthonormal bases.

use crate::kernel::{axpy, dot};

/// A subspace, by an orthonormal basis.
#[derive(Debug, Clone)]
pub(super) struct Span {
    size: usize,
    /// One basis vector after the other.
    basis: Vec<f64>,
}

impl Span {
    /// The subspace of vectors of this length that holds only zero.
    pub(super) fn new(size: usize) -> Self {
        Span { size: size.max(1), basis: Vec::new() }
    }

    pub(super) fn dimension(&self) -> usize {
        self.basis.len() / self.size
    }

    pub(super) fn vectors(&self) -> impl Iterator<Item = &[f64]> {
        self.basis.chunks_exact(self.size)
    }

    /// Subtracts from `vector` its part in the subspace; twice, which makes the rest orthogonal to rounding.
    pub(super) fn remove(&self, vector: &mut [f64]) {
        for _ in 0..2 {
            for q in self.vectors() {
                axpy(-dot(q, vector), q, vector);
            }
        }
    }

    /// Adds the directions of `vectors` outside the subspace, largest first, as long as they are longer than
    /// `negligible`.
    pub(super) fn extend(&mut self, mut vectors: Vec<Vec<f64>>, negligible: f64) {
        vectors.iter_mut().for_each(|vector| self.remove(vector));
        while let Some((at, length)) = longest(&vectors) {
            if length <= negligible || self.dimension() == self.size {
                return;
            }
            let mut q = vectors.swap_remove(at);
            // Early subtractions left errors relative to the original length.
            self.remove(&mut q);
            let length = dot(&q, &q).sqrt();
            if length <= negligible {
                continue;
            }
            q.iter_mut().for_each(|q| *q /= length);
            vectors.iter_mut().for_each(|vector| axpy(-dot(&q, vector), &q, vector));
            self.basis.extend_from_slice(&q);
        }
    }

    /// The orthogonal complement.
    pub(super) fn complement(&self) -> Span {
        let unit = |j: usize| (0..self.size).map(|i| f64::from(u8::from(i == j))).collect();
        let mut whole = self.clone();
        // The largest of the remaining parts of the unit vectors is at least (remaining / size)^(1/2) long.
        whole.extend((0..self.size).map(unit).collect(), 1e-8);
        Span { size: self.size, basis: whole.basis.split_off(self.basis.len()) }
    }
}

fn longest(vectors: &[Vec<f64>]) -> Option<(usize, f64)> {
    let lengths = vectors.iter().map(|vector| dot(vector, vector).sqrt()).enumerate();
    lengths.max_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn bases_are_orthonormal_and_complements_complete_them() {
        let mut rng = Rng::new(4);
        let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.standard_normal()).collect() };
        let (a, b) = (draw(7), draw(7));
        let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 1e6 * a - b).collect();
        let mut span = Span::new(7);
        span.extend(vec![a.clone(), b.clone(), sum], 1e-8);
        assert_eq!(span.dimension(), 2);
        let complement = span.complement();
        assert_eq!(complement.dimension(), 5);
        let all: Vec<&[f64]> = span.vectors().chain(complement.vectors()).collect();
        for (i, p) in all.iter().enumerate() {
            for (j, q) in all.iter().enumerate() {
                let wanted = f64::from(u8::from(i == j));
                approx::assert_abs_diff_eq!(dot(p, q), wanted, epsilon = 1e-14);
            }
        }
        let mut rest = a.clone();
        span.remove(&mut rest);
        assert!(dot(&rest, &rest).sqrt() < 1e-14);
    }
}
