// All pages are always shown. Their code is tested only if the features that it needs are enabled.
#![cfg_attr(not(doctest), doc = include_str!("links.md"))]
#![cfg_attr(any(not(doctest), feature = "csv"), doc = include_str!("../../docs/guide.md"))]

/// A page of `docs` as a module, with the features that its code needs and the pictures that it shows.
///
/// In Markdown the first definition of a link wins. So definitions that stand before a page replace those at
/// its end: pictures are embedded, because rustdoc copies no files (`tests/it/guide.rs` writes
/// `docs/images/embedded`), and links between pages lead to modules.
macro_rules! page {
    ($([$($feature:literal),+])? $name:ident, $path:literal $(, $picture:literal)*) => {
        #[cfg_attr(not(doctest), doc = include_str!("links.md"))]
        $(#[cfg_attr(all(doc, not(doctest)), doc = include_str!(concat!("../../docs/images/embedded/", $picture, ".md")))])*
        #[cfg_attr(any(not(doctest), all($($(feature = $feature),+)?)), doc = include_str!(concat!("../../docs/", $path)))]
        pub mod $name {}
    };
}

pub mod questions;

page!(conventions, "conventions.md");
page!(doctor, "doctor.md");
page!(logistic, "logistic.md");
page!(["csv", "serde"] model_files, "model_files.md");
page!(networks, "networks.md");
page!(
    ["plot"] pictures,
    "pictures.md",
    "regions",
    "boundary",
    "slice",
    "surface",
    "loss",
    "metrics",
    "curves",
    "watched",
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
