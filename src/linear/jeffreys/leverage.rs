//! Quadratic forms of the rows of `x` in a matrix of the size of the information.

use nalgebra::DMatrix;

use crate::linear::coordinates::Coordinates;
use crate::linear::objective::LogisticObjective;
use crate::linear::rows::Chunk;
use crate::scalar::Real;
use crate::scalar::{Strided, Workspace, product};

/// Scratch memory for the forms of a block of rows.
#[derive(Default)]
pub(super) struct Leverage<T: Real> {
    rows: Vec<T>,
    image: Vec<T>,
    workspace: Workspace<T>,
}

impl<T: Real> Leverage<T> {
    /// Writes x̃ᵀ B x̃ for some rows and each of `blocks`, row after row.
    pub(super) fn forms(
        &mut self,
        rows: &Chunk<'_, T>,
        coordinates: &Coordinates<T>,
        blocks: &[DMatrix<T>],
        out: &mut [T],
    ) {
        let (count, width) = (rows.len(), blocks.first().map_or(0, DMatrix::ncols));
        coordinates.scale_rows(rows, &mut self.rows);
        self.rows.resize(count * width, T::one());
        self.image.resize(count * width, T::zero());
        let mut form = vec![T::zero(); count];
        for (pair, block) in blocks.iter().enumerate() {
            let rows = Strided::columns(&self.rows, count, width);
            product(rows, Strided::from(block), (&mut self.image, count), false, &mut self.workspace);
            form.fill(T::zero());
            for (image, x) in self.image.chunks_exact(count).zip(self.rows.chunks_exact(count)) {
                for ((q, &image), &x) in form.iter_mut().zip(image).zip(x) {
                    *q += image * x;
                }
            }
            let places = out.iter_mut().skip(pair).step_by(blocks.len());
            places.zip(&form).for_each(|(out, &q)| *out = q);
        }
    }
}

/// Returns the blocks of a matrix for each pair b >= c of score columns, terms x terms.
pub(super) fn blocks<T: Real>(objective: &LogisticObjective<'_, T>, matrix: &DMatrix<T>) -> Vec<DMatrix<T>> {
    let (columns, width) = (objective.coordinates.columns, objective.width());
    let pairs = (0..columns).flat_map(|b| (0..=b).map(move |c| (b, c)));
    let block = |(b, c)| {
        DMatrix::from_fn(width, width, |i, j| matrix[(objective.index(i, b), objective.index(j, c))])
    };
    pairs.map(block).collect()
}
