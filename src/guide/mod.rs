#![cfg_attr(feature = "csv", doc = include_str!("../../docs/guide.md"))]
#![cfg_attr(
    not(feature = "csv"),
    doc = "From a file to a model that can be trusted: needs the feature `csv`, which reads its file."
)]

pub mod questions;

#[doc = include_str!("../../docs/conventions.md")]
pub mod conventions {}

#[doc = include_str!("../../docs/logistic.md")]
pub mod logistic {}

#[doc = include_str!("../../docs/model_files.md")]
pub mod model_files {}

#[doc = include_str!("../../docs/networks.md")]
pub mod networks {}

#[cfg(feature = "plot")]
#[doc = include_str!("../../docs/pictures.md")]
pub mod pictures {}
