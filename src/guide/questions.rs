//! Five questions that people have asked about classifiers: what was asked, what went wrong, and the answer.
//!
//! Each has an example of its name that repeats it, prints what is claimed here, and fails if a claim does not hold.

#[doc = include_str!("../../docs/questions/decision_line.md")]
pub mod decision_line {}

#[doc = include_str!("../../docs/questions/label_encoding.md")]
pub mod label_encoding {}

#[doc = include_str!("../../docs/questions/logistic_regression.md")]
pub mod logistic_regression {}

#[doc = include_str!("../../docs/questions/mnist_sigmoid.md")]
pub mod mnist_sigmoid {}

#[doc = include_str!("../../docs/questions/relu_decision_regions.md")]
pub mod relu_decision_regions {}
