//! The setters that kinds of drawn data share.

/// Documented setters of the fields `noise`, `shuffle` and `seed`. Each takes the words in which kinds differ: what noise
/// is added to, the order of rows that are not shuffled, what the seed decides.
macro_rules! setters {
    ($($setting:ident: $words:literal),+) => { $(setters!(@$setting $words);)+ };
    (@noise $to:literal) => {
        #[doc = concat!("The standard deviation of the normal noise that is added to ", $to, ". Defaults to 0.")]
        pub fn noise(mut self, standard_deviation: f64) -> Self {
            self.noise = standard_deviation;
            self
        }
    };
    (@shuffle $order:literal) => {
        #[doc = concat!("Whether rows are in random order, and not ", $order, ". Defaults to `true`.")]
        pub fn shuffle(mut self, shuffle: bool) -> Self {
            self.shuffle = shuffle;
            self
        }
    };
    (@seed $decides:literal) => {
        #[doc = concat!("The seed of ", $decides, ". Defaults to 0.")]
        pub fn seed(mut self, seed: u64) -> Self {
            self.seed = seed;
            self
        }
    };
}

pub(super) use setters;
