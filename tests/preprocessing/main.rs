//! Preprocessing and pipelines.

mod column_transformer;
#[path = "../common/mod.rs"]
mod common;
mod every_transformer;
mod imputing;
mod pipelines;
mod principal_components;
mod scaling;
mod supervised;
