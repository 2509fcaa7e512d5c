//! Dropout, normalisation, residual blocks and chains of mixed layers, through the public interface.

mod activations;
mod gradients;
mod kit;
mod normalisation;
mod obligations;
mod training;
