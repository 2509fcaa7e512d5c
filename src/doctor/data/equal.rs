//! Equal rows.

use std::cmp::Ordering;

use crate::rows::Rows;
use crate::scalar::{Real, columns};

/// The rows in an order in which equal rows are neighbours.
///
/// Rows are sorted by a hash of their entries and compared entry by entry only if their hashes are equal, so
/// the time is that of a pass over the entries and a sort. Memory is two numbers per row.
pub(super) struct EqualRows<'a, T: Real> {
    x: Rows<'a, T>,
    order: Vec<usize>,
}

impl<'a, T: Real> EqualRows<'a, T> {
    pub(super) fn new(x: Rows<'a, T>) -> Self {
        let mut hashes = vec![0u64; x.nrows()];
        for column in columns(&*x) {
            hashes.iter_mut().zip(column).for_each(|(hash, &v)| *hash = mixed(*hash, bits(v)));
        }
        let mut order: Vec<usize> = (0..x.nrows()).collect();
        order.sort_unstable_by(|&a, &b| {
            hashes[a].cmp(&hashes[b]).then_with(|| compare(x, a, b)).then(a.cmp(&b))
        });
        EqualRows { x, order }
    }

    /// Returns the groups of equal rows, each in ascending order.
    pub(super) fn groups(&self) -> impl Iterator<Item = &[usize]> {
        self.order.chunk_by(|&a, &b| compare(self.x, a, b) == Ordering::Equal)
    }
}

/// Returns the bits of a number. Zeros of both signs have the same, and so has every NaN.
pub(super) fn bits<T: Real>(value: T) -> u64 {
    let value = value.as_f64();
    if value == 0.0 {
        0
    } else if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

/// Returns the hash of an entry after those before it.
pub(super) fn mixed(hash: u64, bits: u64) -> u64 {
    // The golden ratio, as in Fibonacci hashing; the shift brings high bits down.
    let hash = (hash.rotate_left(7) ^ bits).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 32)
}

/// Compares two rows by the bits of their entries.
fn compare<T: Real>(x: Rows<'_, T>, a: usize, b: usize) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    (0..x.ncols())
        .map(|j| bits(x[(a, j)]).cmp(&bits(x[(b, j)])))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    #[test]
    fn groups_are_equal_rows() {
        let x = dmatrix![0.0, 1.0; 1.0, 0.0; -0.0, 1.0; f64::NAN, 2.0; 1.0, 0.5; f64::NAN, 2.0];
        let equal = EqualRows::new(Rows::from(&x));
        let mut groups: Vec<Vec<usize>> = equal.groups().map(<[usize]>::to_vec).collect();
        groups.sort();
        assert_eq!(groups, [vec![0, 2], vec![1], vec![3, 5], vec![4]]);
    }
}
