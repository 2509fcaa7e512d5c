//! The same work for many numbers, on all threads if the feature `rayon` is on. Results are in order, so that nobody can
//! tell.

#[cfg(feature = "rayon")]
pub(super) fn map<R: Send>(count: usize, of: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    use rayon::prelude::*;
    (0..count).into_par_iter().map(of).collect()
}

#[cfg(not(feature = "rayon"))]
pub(super) fn map<R: Send>(count: usize, of: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    (0..count).map(of).collect()
}
