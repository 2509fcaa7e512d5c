//! A seeded random number generator with the same numbers on every platform.

use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

/// A seeded random number generator, for initial weights and shuffles.
///
/// The algorithm is fixed to xoshiro256++ (Blackman and Vigna, 2019), so a seed gives the same numbers in
/// every release. This crate has no global generator and no other source of randomness.
///
/// ```
/// use logit::Rng;
///
/// let (mut a, mut b) = (Rng::new(7), Rng::new(7));
/// assert_eq!(a.uniform(-1.0, 1.0), b.uniform(-1.0, 1.0));
/// let mut rows = [0, 1, 2, 3];
/// a.shuffle(&mut rows);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// Creates a generator from a seed.
    pub fn new(seed: u64) -> Self {
        Rng(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Creates the generator for one event of a run, such as the shuffle before an epoch. It depends only on
    /// the seed, the stream and the index, so a run can resume at any event without a saved state.
    pub(crate) fn at(seed: u64, stream: u64, index: u64) -> Self {
        Rng::new(mix(mix(mix(seed) ^ stream) ^ index))
    }

    /// Splits off an independent generator and advances this one.
    pub fn split(&mut self) -> Self {
        let child = Rng(self.0.clone());
        self.0.jump();
        child
    }

    /// Draws a number uniformly from `low` (included) to `high` (excluded).
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    /// Draws a number from the normal distribution with mean 0 and standard deviation 1.
    pub fn standard_normal(&mut self) -> f64 {
        self.0.sample(StandardNormal)
    }

    /// Draws an integer uniformly from 0 to `bound` (excluded). Returns 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { self.0.random_range(0..bound as u64) as usize }
    }

    /// Shuffles `items` (Fisher-Yates).
    pub fn shuffle<A>(&mut self, items: &mut [A]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Applies a bijection that maps neighbouring integers far apart: one step of SplitMix64 (Steele, Lea and
/// Flood, 2014) and its finaliser.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A saved seed must stand for the same model in every release: these numbers may never change.
    #[test]
    fn the_numbers_of_a_seed_are_pinned() {
        let mut rng = Rng::new(42);
        let drawn = [rng.uniform(0.0, 1.0), rng.standard_normal(), rng.uniform(-1.0, 1.0)];
        let mut order = [0, 1, 2, 3, 4, 5, 6, 7];
        rng.shuffle(&mut order);
        assert_eq!((drawn, order), (PINNED, ORDER));
    }
    const PINNED: [f64; 3] = [0.8143051451229099, -0.514962928147295, 0.9677883363549775];
    const ORDER: [usize; 8] = [6, 1, 4, 2, 0, 3, 7, 5];

    #[test]
    fn every_event_of_a_run_has_numbers_of_its_own() {
        let first = |seed, stream, index| Rng::at(seed, stream, index).uniform(0.0, 1.0).to_bits();
        assert_eq!(first(3, 1, 2), first(3, 1, 2));
        let mut all: Vec<u64> = (0..8)
            .flat_map(|seed| {
                (0..8).flat_map(move |stream| (0..8).map(move |index| first(seed, stream, index)))
            })
            .collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 512);
        // Pinned, as those of a seed are.
        assert_eq!(Rng::at(42, 1, 7).below(1_000_000), AT);
    }
    const AT: usize = 487_502;

    #[test]
    fn split_gives_independent_streams() {
        let mut parent = Rng::new(1);
        let mut child = parent.split();
        assert_ne!(parent.uniform(0.0, 1.0), child.uniform(0.0, 1.0));
        assert_eq!(Rng::new(1).split().uniform(0.0, 1.0), Rng::new(1).uniform(0.0, 1.0));
    }

    #[test]
    fn below_covers_its_range_and_nothing_else() {
        let mut rng = Rng::new(3);
        let mut seen = [0usize; 5];
        (0..5000).for_each(|_| seen[rng.below(5)] += 1);
        assert!(seen.iter().all(|&n| (800..1200).contains(&n)), "{seen:?}");
        assert_eq!(rng.below(0), 0);
    }
}
