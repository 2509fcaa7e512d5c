//! Generators of data sets: the same seed gives the same rows in every release.
//!
//! Each generator is a plain value of settings with a method `generate`. Points come from one stream of
//! random numbers, and noise and row order from others. More noise therefore moves the same points further,
//! in the same order.

mod blobs;
mod circles;
mod classification;
mod clusters;
mod gaussian_mixture;
mod gaussian_quantiles;
mod moons;
mod multi_label;
mod setters;
mod spirals;
mod xor;

pub use blobs::Blobs;
pub use circles::Circles;
pub use classification::Classification;
pub use gaussian_mixture::{Component, GaussianMixture};
pub use gaussian_quantiles::GaussianQuantiles;
pub use moons::Moons;
pub use multi_label::MultiLabel;
pub use spirals::Spirals;
pub use xor::Xor;

use nalgebra::DMatrix;

use self::setters::setters;
use super::Dataset;
use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::rng::Rng;

/// The stream of a seed that noise is drawn from. Points are drawn from the seed's own stream.
const NOISE: u64 = 0x6e6f_6973;
/// The stream of a seed that the order of rows is drawn from.
const ORDER: u64 = 0x6f72_6465;

/// Checks that the matrix has rows and columns, and that there is memory for it and a copy.
fn check_sizes(rows: usize, features: usize) -> Result<(), Error> {
    check::parameter("rows", rows as f64, rows > 0, "at least 1")?;
    check::parameter("features", features as f64, features > 0, "at least 1")?;
    let addressable = rows.checked_mul(features).is_some_and(|count| count <= isize::MAX as usize / 64);
    check::parameter("rows", rows as f64, addressable, "few enough for the matrix to be addressable")?;
    check::room::<f64>("the rows and a copy of them", rows, features.saturating_mul(2))
}

/// Checks that there are at least two classes and at least as many rows.
fn check_classes(classes: usize, rows: usize) -> Result<(), Error> {
    let valid = (2..=rows).contains(&classes);
    check::parameter("classes", classes as f64, valid, "at least 2 and at most the number of rows")
}

/// Adds independent normal numbers with this standard deviation.
fn add_noise(x: &mut DMatrix<f64>, standard_deviation: f64, seed: u64) {
    let mut rng = Rng::at(seed, NOISE, 0);
    for row in 0..x.nrows() {
        for column in 0..x.ncols() {
            x[(row, column)] += standard_deviation * rng.standard_normal();
        }
    }
}

/// Returns the data set with these column names; its rows are shuffled by the seed `shuffle`, if there is
/// one.
fn finished<L: Label>(
    x: DMatrix<f64>,
    y: Vec<L>,
    names: impl IntoIterator<Item = String>,
    shuffle: Option<u64>,
) -> Result<Dataset<L>, Error> {
    let set = Dataset::new(x, y)?.with_feature_names(names)?;
    let Some(seed) = shuffle else { return Ok(set) };
    let mut order: Vec<usize> = (0..set.y.len()).collect();
    Rng::at(seed, ORDER, 0).shuffle(&mut order);
    set.rows(&order)
}

/// Returns the names of the axes: `x0`, `x1` and so on.
fn axes(features: usize) -> impl Iterator<Item = String> {
    (0..features).map(|axis| format!("x{axis}"))
}

/// Splits `total` rows in proportion to `weights`.
///
/// Exact shares are rounded down, and the remaining rows go to the largest remainders, the first in a tie.
fn apportion(total: usize, weights: &[f64]) -> Vec<usize> {
    let sum: f64 = weights.iter().sum();
    let exact: Vec<f64> = weights.iter().map(|weight| weight / sum * total as f64).collect();
    let mut counts: Vec<usize> = exact.iter().map(|share| share.floor() as usize).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()));
    // Rounding may raise the sum of the shares slightly above the total, but never by a whole row.
    let missing = total.saturating_sub(counts.iter().sum());
    order.iter().cycle().take(missing).for_each(|&part| counts[part] += 1);
    counts
}

/// Returns the labels 0, 1 and so on, with `counts` rows each, one class after the other.
fn labels(counts: &[usize]) -> Vec<usize> {
    counts.iter().enumerate().flat_map(|(class, &count)| std::iter::repeat_n(class, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_are_proportional() {
        assert_eq!(apportion(10, &[1.0, 1.0, 1.0]), [4, 3, 3]);
        assert_eq!(apportion(7, &[0.5, 0.25, 0.25]), [3, 2, 2]);
        assert_eq!(apportion(100, &[9.0, 1.0]), [90, 10]);
        assert_eq!(apportion(2, &[1.0, 0.0, 3.0]), [1, 0, 1]);
        assert_eq!(labels(&[2, 0, 1]), [0, 0, 2]);
    }
}
