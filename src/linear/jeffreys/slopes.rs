//! The derivatives of ½ ln det I in the scores of a row.

use nalgebra::DMatrixView;

use crate::scalar::Real;

/// The slopes s_a = Σ_bc ∂W_bc/∂z_a Q_bc of one row, and how they change with the scores.
///
/// # Formula
/// s_a = p_a (Q_aa - Σ_b p_b Q_bb - 2 (Q p)_a + 2 pᵀQ p). Where the probabilities change by ṗ and the forms
/// by Q̇, the product rule gives the change of s_a. For one score column with the probabilities q and p,
/// s = (q - p) p q Q.
#[derive(Default)]
pub(super) struct Slopes<T> {
    /// p: of each score column; of both classes if there is one column.
    probabilities: Vec<T>,
    /// Q_bc for b >= c.
    forms: Vec<T>,
    columns: usize,
    /// Q p.
    image: Vec<T>,
    /// ṗ.
    moves: Vec<T>,
    /// Q ṗ + Q̇ p.
    moved: Vec<T>,
    slopes: Vec<T>,
}

/// Q_bc from the lower triangle.
fn form<T: Real>(forms: &[T], b: usize, c: usize) -> T {
    forms[b.max(c) * (b.max(c) + 1) / 2 + b.min(c)]
}

impl<T: Real> Slopes<T> {
    /// Selects a row of a block, from the probabilities and forms of the block.
    pub(super) fn load(
        &mut self,
        probabilities: DMatrixView<'_, T>,
        forms: &[T],
        row: usize,
        columns: usize,
    ) {
        self.columns = columns;
        self.probabilities.clear();
        self.probabilities.extend((0..probabilities.ncols()).map(|class| probabilities[(row, class)]));
        let pairs = columns * (columns + 1) / 2;
        self.forms.clear();
        self.forms.extend_from_slice(&forms[row * pairs..(row + 1) * pairs]);
    }

    /// Computes Q p, and returns Σ_b p_b Q_bb and pᵀQ p.
    fn means(&mut self) -> (T, T) {
        let Slopes { probabilities, forms, columns, image, .. } = self;
        image.clear();
        image.extend(
            (0..*columns)
                .map(|b| (0..*columns).fold(T::zero(), |sum, c| sum + form(forms, b, c) * probabilities[c])),
        );
        let diagonal = (0..*columns).fold(T::zero(), |sum, b| sum + probabilities[b] * form(forms, b, b));
        let whole = image.iter().zip(probabilities).fold(T::zero(), |sum, (&r, &mut p)| sum + r * p);
        (diagonal, whole)
    }

    /// Returns s.
    pub(super) fn of_row(&mut self) -> &[T] {
        self.slopes.clear();
        if self.columns == 1 {
            let (q, p) = (self.probabilities[0], self.probabilities[1]);
            self.slopes.push((q - p) * p * q * self.forms[0]);
            return &self.slopes;
        }
        let two = T::of(2.0);
        let (diagonal, whole) = self.means();
        let Slopes { probabilities, forms, columns, image, slopes, .. } = self;
        slopes.extend(
            (0..*columns)
                .map(|a| probabilities[a] * (form(forms, a, a) - diagonal - two * image[a] + two * whole)),
        );
        slopes
    }

    /// Returns the change of s where the scores change by `scores` and Q changes by `change`.
    pub(super) fn change(&mut self, scores: impl Fn(usize) -> T, change: &[T]) -> &[T] {
        let two = T::of(2.0);
        self.slopes.clear();
        if self.columns == 1 {
            let (q, p) = (self.probabilities[0], self.probabilities[1]);
            let (variance, skew, score) = (p * q, q - p, scores(0));
            let bend = skew * skew - two * variance;
            self.slopes.push(variance * (bend * score * self.forms[0] + skew * change[0]));
            return &self.slopes;
        }
        let (diagonal, whole) = self.means();
        let Slopes { probabilities: p, forms, columns, image, moves, moved, slopes } = self;
        let mean = (0..*columns).fold(T::zero(), |sum, b| sum + p[b] * scores(b));
        moves.clear();
        moves.extend((0..*columns).map(|b| p[b] * (scores(b) - mean)));
        moved.clear();
        moved.extend((0..*columns).map(|b| {
            (0..*columns)
                .fold(T::zero(), |sum, c| sum + form(forms, b, c) * moves[c] + form(change, b, c) * p[c])
        }));
        let (mut diagonal_moved, mut whole_moved) = (T::zero(), T::zero());
        for b in 0..*columns {
            diagonal_moved += moves[b] * form(forms, b, b) + p[b] * form(change, b, b);
            whole_moved += moves[b] * image[b] + p[b] * moved[b];
        }
        slopes.extend((0..*columns).map(|a| {
            moves[a] * (form(forms, a, a) - diagonal - two * image[a] + two * whole)
                + p[a] * (form(change, a, a) - diagonal_moved - two * moved[a] + two * whole_moved)
        }));
        slopes
    }
}
