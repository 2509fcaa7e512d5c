//! Decision boundaries: properties of lines, and answers for whatever is asked.

mod classes;
mod grids;
mod kit;
mod level_sets;
mod linear;
mod nearest;
mod refusals;
mod slices;
