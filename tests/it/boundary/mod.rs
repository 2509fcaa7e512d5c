//! Decision boundaries: properties of lines, and answers or errors for all arguments.

mod classes;
mod grids;
mod kit;
mod level_sets;
mod linear;
mod nearest;
mod refusals;
mod slices;
