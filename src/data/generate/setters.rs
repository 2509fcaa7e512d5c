//! Setters shared by the generators.

/// Defines documented setters of the fields `noise`, `shuffle` and `seed`.
///
/// Each takes the words that differ between generators: what noise is added to, the order of rows that are
/// not shuffled, and what the seed determines.
macro_rules! setters {
    ($($setting:ident: $words:literal),+) => { $(setters!(@$setting $words);)+ };
    (@noise $to:literal) => {
        #[doc = concat!("Sets the standard deviation of the normal noise added to ", $to, ". Defaults to 0.")]
        pub fn noise(mut self, standard_deviation: f64) -> Self {
            self.noise = standard_deviation;
            self
        }
    };
    (@shuffle $order:literal) => {
        #[doc = concat!("Sets whether rows are shuffled; otherwise they are ", $order, ". Defaults to `true`.")]
        pub fn shuffle(mut self, shuffle: bool) -> Self {
            self.shuffle = shuffle;
            self
        }
    };
    (@seed $decides:literal) => {
        #[doc = concat!("Sets the seed of ", $decides, ". Defaults to 0.")]
        pub fn seed(mut self, seed: u64) -> Self {
            self.seed = seed;
            self
        }
    };
}

pub(super) use setters;
