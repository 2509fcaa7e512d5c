//! Preprocessing and pipelines.

#[path = "../common/mod.rs"]
mod common;
mod every_transformer;
mod imputing;
mod pipelines;
mod principal_components;
mod scaling;
