//! Cluster centres on the corners of a cube.

use std::collections::BTreeSet;

use nalgebra::DMatrix;

use crate::rng::Rng;

/// Returns whether a cube of `dimensions` dimensions has at least `clusters` corners.
pub(super) fn fit(clusters: usize, dimensions: usize) -> bool {
    u32::try_from(dimensions)
        .ok()
        .and_then(|d| 1usize.checked_shl(d))
        .is_none_or(|corners| clusters <= corners)
}

/// Returns distinct corners of the cube from -`half_edge` to `half_edge`, in random order, one per row.
///
/// Corners are drawn until they are distinct. Drawing all corners of a cube takes a few times as many draws
/// as it has corners.
pub(super) fn corners(clusters: usize, dimensions: usize, half_edge: f64, rng: &mut Rng) -> DMatrix<f64> {
    let (mut seen, mut centers) = (BTreeSet::new(), DMatrix::zeros(clusters, dimensions));
    while seen.len() < clusters {
        let corner: Vec<bool> = (0..dimensions).map(|_| rng.below(2) == 1).collect();
        let row = seen.len();
        if seen.insert(corner.clone()) {
            for (column, high) in corner.into_iter().enumerate() {
                centers[(row, column)] = if high { half_edge } else { -half_edge };
            }
        }
    }
    centers
}

/// Moves the centres off the corners.
///
/// Each centre is scaled towards the origin by a random factor, and each dimension by another.
pub(super) fn scatter(centers: &mut DMatrix<f64>, rng: &mut Rng) {
    for mut row in centers.row_iter_mut() {
        row *= rng.uniform(0.0, 1.0);
    }
    for mut column in centers.column_iter_mut() {
        column *= rng.uniform(0.0, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_corners_of_a_cube_can_be_drawn() {
        let centers = corners(8, 3, 2.0, &mut Rng::new(1));
        let rows: BTreeSet<Vec<i64>> =
            centers.row_iter().map(|row| row.iter().map(|&v| v as i64).collect()).collect();
        assert_eq!(rows.len(), 8);
        assert!(centers.iter().all(|v| v.abs() == 2.0));
        assert!(fit(8, 3) && !fit(9, 3) && fit(usize::MAX, 64) && fit(usize::MAX, 1000));
    }
}
