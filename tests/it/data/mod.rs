//! Data sets: bundled, read from files, made of rows and views, and drawn from seeds.

mod bundled;
#[cfg(feature = "csv")]
mod csv;
#[cfg(feature = "csv")]
mod csv_hostile;
mod generated;
mod generators;
mod idx;
mod idx_hostile;
#[cfg(feature = "csv")]
mod schema;
mod views;
