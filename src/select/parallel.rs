//! A map over indices that uses all threads with the feature `rayon`. Results are in order, with and without
//! it.

#[cfg(feature = "rayon")]
pub(super) fn map<R: Send>(count: usize, of: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    use rayon::prelude::*;
    (0..count).into_par_iter().map(of).collect()
}

#[cfg(not(feature = "rayon"))]
pub(super) fn map<R: Send>(count: usize, of: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    (0..count).map(of).collect()
}
