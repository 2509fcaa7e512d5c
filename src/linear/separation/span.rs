//! Subspaces represented by orthonormal bases.

use super::budget::Budget;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::{axpy, dot};

/// A subspace with an orthonormal basis.
#[derive(Debug, Clone)]
pub(super) struct Span {
    size: usize,
    /// The basis vectors, one after the other.
    basis: Vec<f64>,
}

impl Span {
    /// Creates the zero subspace of vectors of length `size`.
    pub(super) fn new(size: usize) -> Self {
        Span { size: size.max(1), basis: Vec::new() }
    }

    pub(super) fn dimension(&self) -> usize {
        self.basis.len() / self.size
    }

    pub(super) fn vectors(&self) -> impl Iterator<Item = &[f64]> {
        self.basis.chunks_exact(self.size)
    }

    /// Subtracts from `vector` its projection on the subspace, twice, which makes the rest orthogonal up to
    /// rounding errors.
    pub(super) fn remove(&self, vector: &mut [f64]) {
        for _ in 0..2 {
            for q in self.vectors() {
                axpy(-dot(q, vector), q, vector);
            }
        }
    }

    /// Adds the directions of `vectors` outside the subspace, longest first, as long as they are longer than
    /// `negligible`.
    ///
    /// # Errors
    /// Returns an error if the budget does not suffice.
    pub(super) fn extend(
        &mut self,
        mut vectors: Vec<Vec<f64>>,
        negligible: f64,
        budget: &mut Budget<'_>,
    ) -> Result<(), Error> {
        for vector in &mut vectors {
            budget.spend(4 * self.basis.len())?;
            self.remove(vector);
        }
        while let Some((at, length)) = longest(&vectors) {
            if length <= negligible || self.dimension() == self.size {
                break;
            }
            budget.spend(4 * self.basis.len() + 3 * vectors.len() * self.size)?;
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
        Ok(())
    }

    /// Returns the orthogonal complement, computed from random vectors, a few more than its dimension.
    fn complement(&self, budget: &mut Budget<'_>) -> Result<Span, Error> {
        let mut rng = Rng::new(0);
        let count = self.size - self.dimension();
        let mut draw = || (0..self.size).map(|_| rng.standard_normal()).collect();
        let vectors = (0..count + 4).map(|_| draw()).collect();
        let mut whole = self.clone();
        whole.extend(vectors, 1e-8, budget)?;
        Ok(Span { size: self.size, basis: whole.basis.split_off(self.basis.len()) })
    }
}

/// Measures the parts of vectors outside a subspace with the smaller of two bases: that of the subspace or of
/// its complement.
#[derive(Debug, Clone)]
pub(super) struct Outside {
    span: Span,
    complement: Option<Span>,
    /// The number of multiplications per measurement.
    pub(super) work: usize,
}

impl Outside {
    pub(super) fn new(span: &Span, budget: &mut Budget<'_>) -> Result<Self, Error> {
        let complement =
            if 2 * span.dimension() >= span.size { Some(span.complement(budget)?) } else { None };
        let complement = complement.filter(|rest| rest.dimension() + span.dimension() == span.size);
        let work = span.size * complement.as_ref().map_or(4 * span.dimension(), Span::dimension);
        Ok(Outside { span: span.clone(), complement, work })
    }

    /// Returns the subspace.
    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Returns the length of the part of `vector` outside the subspace. Overwrites `vector`.
    pub(super) fn length(&self, vector: &mut [f64]) -> f64 {
        match &self.complement {
            Some(complement) => complement.vectors().map(|q| dot(q, vector).powi(2)).sum::<f64>().sqrt(),
            None => {
                self.span.remove(vector);
                dot(vector, vector).sqrt()
            }
        }
    }
}

fn longest(vectors: &[Vec<f64>]) -> Option<(usize, f64)> {
    let lengths = vectors.iter().map(|vector| dot(vector, vector).sqrt()).enumerate();
    lengths.max_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    #[test]
    fn bases_are_orthonormal_and_complements_complete_them() {
        let mut rng = Rng::new(4);
        let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.standard_normal()).collect() };
        let (a, b) = (draw(7), draw(7));
        let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 1e6 * a - b).collect();
        let mut span = Span::new(7);
        let mut observer = || ControlFlow::Continue(());
        let mut budget = Budget::new(100_000, &mut observer);
        span.extend(vec![a.clone(), b.clone(), sum], 1e-8, &mut budget).unwrap();
        assert_eq!(span.dimension(), 2);
        let complement = span.complement(&mut budget).unwrap();
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
        // Either basis measures the same.
        let other = draw(7);
        let [less, more] = [&span, &complement].map(|span| Outside::new(span, &mut budget).unwrap());
        let [few, many] = [&less, &more].map(|outside| outside.length(&mut other.clone()));
        approx::assert_relative_eq!(few.hypot(many), dot(&other, &other).sqrt(), max_relative = 1e-14);
        assert!(less.complement.is_none() && more.complement.is_some());
        let mut short = Budget::new(10, &mut observer);
        assert!(Outside::new(&complement, &mut short).is_err());
    }
}
