//! Decision boundaries: properties of lines, and answers for whatever is asked.

mod classes;
#[path = "../common/fixed_network.rs"]
mod fixed_network;
mod grids;
mod kit;
mod level_sets;
mod linear;
mod nearest;
mod refusals;
mod slices;
