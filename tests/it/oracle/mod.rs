//! The crate against numbers that others computed: mpmath, PyTorch, JAX, scikit-learn, statsmodels and
//! contourpy.
//!
//! `data/` holds one file of reference numbers per module below; each names its sources and versions in
//! `source` and explains itself in `schema`. Numbers have 17 digits and round-trip to `f64`. Every test
//! counts the cases that it compared, so that none is left out unnoticed, and skips only what the crate does
//! not have.

mod activations;
mod boundaries;
mod calibration;
mod class_metrics;
mod compare;
mod curves;
mod json;
mod logistic;
mod losses;
mod metrics;
mod networks;
mod optimizers;
mod preprocessing;
mod schedules;
mod splits;
