//! Transformers: alone, by column, and with classes.

mod column_transformer;
mod constant_columns;
mod every_transformer;
mod imputing;
mod principal_components;
mod scaling;
mod supervised;
