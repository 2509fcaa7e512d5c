//! What the fuzz targets do with bytes. The tests of the crate do the same with bytes that once did harm.

mod files;
mod fits;
mod tables;

pub use files::{checkpoint, json, load, load_predict, save_load_save};
pub use fits::fit;
pub use tables::{csv, idx};
