#![cfg_attr(feature = "csv", doc = include_str!("../../docs/guide.md"))]
#![cfg_attr(
    not(feature = "csv"),
    doc = "From a CSV file to a saved, calibrated model. This page needs the feature `csv`, which its code uses."
)]

/// A page of `docs` as a module. Its pictures are embedded, because rustdoc copies no files: a definition of each link,
/// which comes before that of the page and therefore wins. `tests/it/guide.rs` writes them.
macro_rules! page {
    ($(#[$condition:meta])* $name:ident, $path:literal $(, $picture:literal)*) => {
        $(#[$condition])*
        $(#[cfg_attr(doc, doc = include_str!(concat!("../../docs/images/embedded/", $picture, ".md")))])*
        #[doc = include_str!(concat!("../../docs/", $path))]
        pub mod $name {}
    };
}

pub mod questions;

page!(conventions, "conventions.md");
page!(logistic, "logistic.md");
page!(model_files, "model_files.md");
page!(networks, "networks.md");
page!(
    #[cfg(feature = "plot")]
    pictures,
    "pictures.md",
    "regions",
    "boundary",
    "slice",
    "surface",
    "loss",
    "curves",
    "roc",
    "precision_recall",
    "calibration",
    "confusion",
    "coefficients",
    "intervals",
    "weights",
    "learning_curve",
    "validation_curve",
    "learning_rates"
);
