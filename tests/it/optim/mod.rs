//! Update rules, and minimisers of objectives.

mod levenberg_marquardt;
mod newton_cg;
mod solvers;
mod update_rules;
