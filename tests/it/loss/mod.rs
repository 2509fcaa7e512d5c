//! Losses: values, gradients and curvatures of every loss, and the digits of both tails.

mod every_loss;
mod tails;
