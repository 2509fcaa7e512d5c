//! The centre and scale of each column, and whether it takes part.

use super::Coordinates;
use super::moments::{ColumnMoments, Moments};
use crate::linear::problem::Problem;
use crate::linear::rank::Rank;
use crate::scalar::{Real, is_constant};

/// The reciprocal of a typical p (1 - p), which is at most 1/4 and smaller for well-classified rows. On the
/// unscaled breast cancer data (`tests/it/oracle`) L-BFGS then needs hundreds of iterations. With the
/// variance alone it is still short of the optimum after thousands.
pub(in crate::linear) const SHARE: f64 = 8.0;

/// Columns whose sizes are within this factor of each other are scaled half-way (by the square root of their
/// size times a common size). Full scaling makes the penalty uneven along directions that the data does not
/// determine. No scaling leaves independent columns uneven. With full, half-way and no scaling, L-BFGS takes
/// 347, 105 and 69 iterations for 200,000 x 50 with 10 combinations of other columns and sizes from 1 to 9 (C
/// = 1), but 12, 20 and 44 for 40 independent columns with sizes from 1 to 5.
const ALIKE: f64 = 10.0;

/// The largest distance of a column's centre from the origin, in units of its spread, for which blocks are
/// used as they are. Beyond it, x w + b cancels, so scores and gradient lose digits that line searches need.
/// Blocks of rows are then centred and scaled before use.
const FAR: f64 = 30.0;

/// The smallest standard deviation of a column with weights, relative to the column's range, as a power of
/// the smallest normal number: its square must not underflow.
const NARROWEST: f64 = 0.45;

impl<T: Real> Coordinates<T> {
    /// Computes centres and scales, and decides which columns take part. The scale of a column is the root of
    /// its variance plus [`SHARE`] times the penalty, because the curvature of the objective is about
    /// (variance / `SHARE` + λ) / scale^2. All coordinates then have similar curvature, whether the loss or
    /// the penalty dominates. Without an intercept nothing can absorb a centre, so the mean square replaces
    /// the variance.
    pub(in crate::linear) fn new(problem: &Problem<'_, T>, columns: usize) -> Self {
        let Problem { rows, intercept, penalty, .. } = *problem;
        let balanced = penalty.l1.iter().map(|&l1| columns > 1 && l1 == 0.0).collect();
        let empty = Vec::with_capacity(rows.columns());
        let mut coordinates = Coordinates {
            center: empty.clone(),
            scale: empty,
            farthest: Vec::new(),
            squares: Vec::new(),
            part: Vec::new(),
            columns,
            intercept,
            balanced,
            far: false,
            constant: Vec::new(),
            rank: None,
            renewed: None,
        };
        for (moments, &l2) in Moments::of(&rows).columns().iter().zip(&penalty.l2) {
            let floor = T::of(SHARE.sqrt() * l2.sqrt());
            coordinates.push(Column::new(moments, intercept, floor));
        }
        coordinates.rank = Rank::new(problem, &coordinates);
        if coordinates.rank.is_none() && penalty.is_smooth() && !penalty.is_none() {
            even_out(&mut coordinates.scale);
        }
        let dependent: Vec<usize> = coordinates.dependent().collect();
        dependent.into_iter().for_each(|j| coordinates.part[j] = false);
        coordinates
    }

    /// Adds a column.
    fn push(&mut self, column: Column<T>) {
        let Column { center, scale, farthest, square, constant, far } = column;
        if constant {
            self.constant.push(self.center.len());
        }
        self.part.push(!constant);
        self.far |= far;
        self.center.push(center);
        self.scale.push(scale);
        self.farthest.push(farthest);
        self.squares.push(square);
    }
}

/// What [`Coordinates`] has for one column.
struct Column<T> {
    center: T,
    scale: T,
    farthest: f64,
    square: f64,
    constant: bool,
    /// Whether the centre is far from the origin.
    far: bool,
}

impl<T: Real> Column<T> {
    /// Decides about a column with these moments.
    fn new(moments: &ColumnMoments, intercept: bool, floor: T) -> Self {
        let (least, most, largest) = (moments.least, moments.most, moments.largest());
        let (mean, variance, center) = if (T::one() / T::of(largest)).is_finite() {
            let deviation = (moments.deviation() / largest).min(1.0);
            (moments.mean() / largest, deviation * deviation, moments.center())
        } else {
            (0.0, 0.0, T::zero())
        };
        let spread = T::of(if intercept { variance } else { variance + mean * mean }).sqrt();
        let range = most / largest - least / largest;
        let narrow = spread.as_f64() <= range * T::MIN_POSITIVE.as_f64().powf(NARROWEST);
        let constant = if intercept { is_constant::<T>(least, most) || narrow } else { spread == T::zero() };
        let (mean, largest) = (T::of(mean), T::of(largest));
        let deviation = spread * largest;
        let size =
            if floor == T::zero() { deviation } else { T::of(deviation.as_f64().hypot(floor.as_f64())) };
        // Below, the reciprocal of the scale overflows.
        let tiny = size <= T::of(4.0) * T::MIN_POSITIVE;
        let constant = constant || tiny;
        let scale = if constant { largest.max(T::one()) } else { size };
        Column {
            center: if intercept { center } else { T::zero() },
            scale,
            farthest: (largest / scale).as_f64(),
            square: if constant { 0.0 } else { (deviation / scale).as_f64().powi(2) },
            constant,
            far: intercept && !constant && mean.abs() > T::of(FAR) * spread,
        }
    }
}

/// Moves scales of similar size half-way towards the one in the middle.
fn even_out<T: Real>(scale: &mut [T]) {
    let Some(&first) = scale.first() else { return };
    let (low, high) = scale.iter().fold((first, first), |(low, high), &s| (low.min(s), high.max(s)));
    if high <= low * T::of(ALIKE) {
        let middle = (low * high).sqrt();
        scale.iter_mut().for_each(|s| *s = (*s * middle).sqrt());
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::super::tests::coordinates;
    use super::*;
    use crate::linear::problem::ColumnPenalty;
    use crate::rng::Rng;

    fn scales(x: &[f64], weights: Option<&[f64]>, l2: f64) -> Coordinates<f64> {
        let x = DMatrix::from_column_slice(x.len(), 1, x);
        coordinates(&x, weights, 2, &ColumnPenalty { l1: vec![0.0], l2: vec![l2] })
    }

    /// Whatever the sign of the entry that hardly counts.
    #[test]
    fn columns_that_vary_in_rows_of_no_weight_take_no_part() {
        for last in [-1.0, 0.5, 3.0] {
            let found = scales(&[1.0, 1.0, last], Some(&[1.0, 1.0, 1e-280]), 0.0);
            assert!(!found.takes_part(0), "{last}");
        }
        assert!(scales(&[1.0, 1.0, -1.0], Some(&[1.0, 1.0, 1e-270]), 0.0).takes_part(0));
    }

    /// The standard deviation of 1, 3, 5 and 7 is √5, and eight times a penalty of 0.5 is 4.
    #[test]
    fn a_scale_has_the_curvature_of_loss_and_penalty() {
        for (l2, square) in [(0.0, 5.0f64), (0.5, 9.0)] {
            // Columns of similar size are evened out only if there are too many for their rank.
            let found = scales(&[1.0, 3.0, 5.0, 7.0], None, l2);
            approx::assert_relative_eq!(found.scale[0], square.sqrt(), max_relative = 1e-15);
            approx::assert_relative_eq!(found.center[0], 4.0, max_relative = 1e-15);
            approx::assert_relative_eq!(found.mean_square(0), 5.0 / square, max_relative = 1e-15);
            approx::assert_relative_eq!(found.farthest(0), 7.0 / square.sqrt(), max_relative = 1e-15);
        }
    }

    #[test]
    fn columns_that_are_constant_in_effect_take_no_part() {
        let constant = |x: &[f64], weights: Option<&[f64]>| {
            let found = scales(x, weights, 0.0);
            assert_eq!(found.takes_part(0), found.constant.is_empty());
            !found.takes_part(0)
        };
        assert!(!constant(&[0.0, 1.0, 1.0], None) && constant(&[0.3, 0.1 + 0.2, 0.3], None));
        // The reciprocal of this deviation overflows.
        assert!(constant(&[0.0, 1e-308, 2e-308], None) && !constant(&[0.0, 1e-306, 2e-306], None));
        // The square of this one underflows.
        assert!(constant(&[1.0, 1.0, 2.0], Some(&[1.0, 1.0, 1e-290])));
        assert!(!constant(&[1.0, 1.0, 2.0], Some(&[1.0, 1.0, 1e-20])));
    }

    #[test]
    fn rows_without_weight_change_no_scale() {
        let found = scales(&[1.0, 3.0, 1e200, 5.0, 7.0], Some(&[2.0, 2.0, 0.0, 2.0, 2.0]), 0.0);
        approx::assert_relative_eq!(found.scale[0], 5f64.sqrt(), max_relative = 1e-14);
        approx::assert_relative_eq!(found.farthest(0), 7.0 / 5f64.sqrt(), max_relative = 1e-14);
    }

    #[test]
    fn columns_on_either_side_of_the_origin_may_be_far() {
        for side in [-1.0, 1.0] {
            let at = |distance: f64| scales(&[side * distance - 1.0, side * distance + 1.0], None, 0.0);
            assert!(at(31.0).far && !at(29.0).far, "{side}");
            approx::assert_relative_eq!(at(31.0).farthest(0), 32.0, max_relative = 1e-14);
        }
    }

    /// The middle of 1 and 4 is 2, and half-way is by square roots.
    #[test]
    fn similar_scales_are_moved_half_way() {
        let mut similar = [1.0, 4.0];
        even_out(&mut similar);
        approx::assert_relative_eq!(similar.as_slice(), [2f64.sqrt(), 8f64.sqrt()].as_slice());
        let mut uneven = [1.0, 11.0];
        even_out(&mut uneven);
        assert_eq!(uneven, [1.0, 11.0]);
        // More columns than rank is decided for.
        let mut rng = Rng::new(4);
        let x = DMatrix::from_fn(20, 300, |_, j| (1 + j % 3) as f64 * rng.standard_normal());
        let found = coordinates(&x, None, 2, &ColumnPenalty { l1: vec![0.0; 300], l2: vec![1e-3; 300] });
        let ratio = found.scale.iter().copied().fold(0.0, f64::max)
            / found.scale.iter().copied().fold(f64::INFINITY, f64::min);
        let deviation = |j: usize| x.column(j).variance().sqrt();
        let wanted = (0..300).map(deviation).fold(0.0, f64::max)
            / (0..300).map(deviation).fold(f64::INFINITY, f64::min);
        approx::assert_relative_eq!(ratio, wanted.sqrt(), max_relative = 0.02);
    }
}
