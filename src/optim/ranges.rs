//! Loops over parameters, on several threads where these are awake.

use std::ops::Range;

use crate::parallel::{ByRows, Entries, for_each, parts, workers_awake};

/// The number of parameters that a thread updates at a time: 32 to 64 KB of each vector.
const RANGE: usize = 8192;

/// The time of an update of a parameter, as a number of multiplications in a matrix product.
const OPERATIONS: f64 = 16.0;

/// Calls `each` with ranges of `count` parameters, and with what `sides` has for them.
#[inline(always)]
pub(super) fn by_ranges<P: ByRows>(count: usize, sides: P, each: impl Fn(Range<usize>, P) + Sync) {
    let workers = workers_awake(count.div_ceil(RANGE), OPERATIONS * count as f64);
    if workers < 2 {
        return each(0..count, sides);
    }
    for_each(&mut vec![(); workers], parts(count, RANGE, sides), |(), (range, sides)| each(range, sides));
}

/// Returns some parameters, or numbers that a rule keeps for them, to be cut into ranges.
pub(super) fn ranged<T>(values: &mut [T]) -> Entries<'_, T> {
    Entries::new(values, 1)
}
