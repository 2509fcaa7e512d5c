//! The doctor's door for training runs: what is measured while a network trains, and what follows from it.

mod classes;
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

pub use fit::WatchOptions;
