//! Derivatives checked against finite differences, and mistakes that the check must find.

mod derivatives;
mod gradients;
mod planted_bugs;
