//! Checks of losses.

use nalgebra::DMatrix;

use super::ledger::Entry;
use super::{Agreement, GradCheck, Mismatch, overwritten, unchanged};
use crate::error::unsupported;
use crate::loss::{Gradient, Loss, Targets};
use crate::rng::Rng;

impl GradCheck {
    /// Checks the gradient of a mean loss in every score.
    ///
    /// # Errors
    /// Returns a [`Mismatch`] that names the failed check.
    pub fn loss<L: Loss<f64> + ?Sized>(
        &self,
        loss: &L,
        scores: &DMatrix<f64>,
        targets: Targets<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<Agreement, Mismatch> {
        let mut ledger = self.ledger()?;
        ledger.rows = Some(scores.nrows());
        let mut gradient = scores.map(|_| f64::NAN);
        let value = loss.mean_and_gradient(scores, targets, weights, &mut gradient)?;
        overwritten("the gradient", gradient.as_slice())?;
        unchanged("the value without a gradient", &[value], &[loss.mean(scores, targets, weights)?])?;
        let mut moved = scores.clone();
        for index in self.chosen(scores.len(), &mut Rng::new(self.seed)) {
            let numeric = self.numeric(scores[index], |z| {
                moved[index] = z;
                loss.mean(&moved, targets, weights).unwrap_or(f64::NAN)
            });
            moved[index] = scores[index];
            let (row, column) = (index % scores.nrows(), index / scores.nrows());
            ledger.record(Entry::Score(row, column), gradient[index], numeric);
        }
        ledger.verdict()
    }

    /// Checks the curvature of a loss in its scores against differences of the gradient, row by row.
    ///
    /// It also checks that the loss overwrites the matrix. Use it for losses whose curvature is their second
    /// derivative. An approximation, such as the Gauss-Newton matrix, differs from it by design.
    ///
    /// # Errors
    /// Returns a [`Mismatch`] that names the failed check, and [`Mismatch::Invalid`] if the loss has no
    /// curvature.
    pub fn loss_curvature<L: Loss<f64> + ?Sized>(
        &self,
        loss: &L,
        scores: &DMatrix<f64>,
        targets: Targets<'_, f64>,
    ) -> Result<Agreement, Mismatch> {
        let (mut ledger, columns) = (self.ledger()?, scores.ncols());
        loss.mean(scores, targets, None)?;
        let mut curvature = DMatrix::zeros(columns, columns);
        let (mut moved, mut gradient) = (DMatrix::zeros(1, columns), DMatrix::zeros(1, columns));
        for row in self.chosen(scores.nrows(), &mut Rng::new(self.seed)) {
            curvature.fill(f64::NAN);
            if !loss.curvature(scores, targets, row, &mut curvature) {
                return Err(unsupported(
                    "a check of its curvature",
                    "the loss",
                    "its `curvature` returns false",
                )
                .into());
            }
            overwritten("the curvature", curvature.as_slice())?;
            moved.row_mut(0).copy_from(&scores.row(row));
            let values;
            let alone = match &targets {
                Targets::Classes(classes) => Targets::Classes(&classes[row..=row]),
                Targets::Values(all) => {
                    values = all.rows(row, 1).into_owned();
                    Targets::Values(&values)
                }
            };
            for (i, j) in (0..columns).flat_map(|j| (0..columns).map(move |i| (i, j))) {
                let numeric = self.numeric(scores[(row, j)], |z| {
                    moved[j] = z;
                    let out = Gradient { scale: 1.0, out: &mut gradient };
                    loss.accumulate(&moved, alone, None, Some(out));
                    gradient[i]
                });
                moved[j] = scores[(row, j)];
                ledger.record(Entry::Curvature(row, i, j), curvature[(i, j)], numeric);
            }
        }
        ledger.verdict()
    }
}
