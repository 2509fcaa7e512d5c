//! The doors at prediction: rows that reach the model in another form than in training, and decisions that
//! are never made.

mod batch;
mod level;
mod paths;

pub use batch::compare_batch;
pub use level::examine_contour;
pub use paths::compare_paths;
