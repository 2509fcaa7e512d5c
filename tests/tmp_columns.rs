//! Temporary.
#[path = "preprocessing/column_transformer.rs"]
mod column_transformer;
#[expect(dead_code, reason = "not every test needs all of it")]
#[path = "common/mod.rs"]
mod common;
#[path = "preprocessing/supervised.rs"]
mod supervised;
