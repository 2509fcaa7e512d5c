//! The doctor's door for training runs: what is measured while a network trains, and what follows from it.

mod attention;
mod classes;
mod controls;
mod decided;
mod evidence;
mod fit;
mod gradient;
mod losses;
mod outcome;
mod outputs;
mod probe;
mod rules;
mod starts;
mod trial;
mod units;
mod view;
mod watch;

pub(super) use attention::Visit;
pub(super) use decided::{Decided, decided, of_stop};
pub use fit::WatchOptions;
