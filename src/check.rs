//! The checks at every public boundary, written once.

use nalgebra::DMatrixView;

use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::is_finite;

/// `found` must be `expected`.
pub(crate) fn count(
    argument: &'static str,
    axis: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::ShapeMismatch { argument, axis, expected, found }) }
}

/// `indices` must be below `count`; `axis` says of what, in the singular.
pub(crate) fn indices(
    argument: &'static str,
    axis: &'static str,
    indices: &[usize],
    count: usize,
) -> Result<(), Error> {
    match indices.iter().find(|&&index| index >= count) {
        Some(&index) => Err(Error::NoSuchIndex { argument, axis, index, count }),
        None => Ok(()),
    }
}

/// Every entry must be finite; the error names the first that is not, row by row.
pub(crate) fn finite<'a, T: Real>(
    argument: &'static str,
    x: impl Into<DMatrixView<'a, T>>,
) -> Result<(), Error> {
    let x = x.into();
    if is_finite(&x) {
        return Ok(());
    }
    let first = (0..x.nrows()).find_map(|row| {
        let column = (0..x.ncols()).find(|&column| !x[(row, column)].is_finite())?;
        Some(Error::NotFinite { argument, row, column, name: None, value: x[(row, column)].as_f64() })
    });
    first.map_or(Ok(()), Err)
}

/// A matrix to fit: not empty, and finite.
pub(crate) fn training_matrix<'a, T: Real>(x: impl Into<DMatrixView<'a, T>>) -> Result<(), Error> {
    let x = x.into();
    for (axis, count) in [("rows", x.nrows()), ("columns", x.ncols())] {
        if count == 0 {
            return Err(Error::Empty { argument: "x", axis });
        }
    }
    finite("x", x)
}

/// The scores of a model: finite input may still lead out of the range of the number type.
pub(crate) fn scores<'a, T: Real>(scores: impl Into<DMatrixView<'a, T>>) -> Result<(), Error> {
    let scores = scores.into();
    if is_finite(&scores) {
        return Ok(());
    }
    let row = (0..scores.nrows()).find(|&row| scores.row(row).iter().any(|z| !z.is_finite()));
    row.map_or(Ok(()), |row| Err(Error::Overflow { row }))
}

/// Sample weights for `rows` rows: finite, not negative, with a positive normal sum, which is returned.
pub(crate) fn weights<T: Real>(weights: Option<&[T]>, rows: usize) -> Result<f64, Error> {
    let Some(weights) = weights else { return Ok(rows as f64) };
    count("weights", "entries", rows, weights.len())?;
    if let Some((row, w)) = weights.iter().enumerate().find(|(_, w)| !w.is_finite() || **w < T::zero()) {
        return Err(Error::InvalidWeight { row, value: w.as_f64() });
    }
    let sum: f64 = weights.iter().map(|w| w.as_f64()).sum();
    let normal = T::of(sum).is_finite() && T::of(sum) >= T::MIN_POSITIVE;
    if normal { Ok(sum) } else { Err(Error::InvalidWeightSum { sum }) }
}

/// A hyper-parameter within its range.
pub(crate) fn parameter(
    name: &'static str,
    value: f64,
    valid: bool,
    requires: &'static str,
) -> Result<(), Error> {
    if valid { Ok(()) } else { Err(Error::InvalidParameter { name, value, requires }) }
}

/// A finite hyper-parameter that is at least zero.
pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<(), Error> {
    parameter(name, value, value >= 0.0 && value.is_finite(), "finite and at least 0")
}

/// A finite hyper-parameter above zero.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    parameter(name, value, value > 0.0 && value.is_finite(), "finite and above 0")
}

/// A hyper-parameter from 0 to 1, 1 excluded.
pub(crate) fn fraction(name: &'static str, value: f64) -> Result<(), Error> {
    parameter(name, value, (0.0..1.0).contains(&value), "at least 0 and below 1")
}

/// The columns of a layer that keeps their number: at least 1, and few enough that a few parameters for each can be
/// addressed.
pub(crate) fn width(width: usize) -> Result<usize, Error> {
    parameter("width", width as f64, width > 0, "at least 1")?;
    let addressable = width <= isize::MAX as usize / (8 * size_of::<f64>());
    parameter("width", width as f64, addressable, "addressable").map(|()| width)
}
