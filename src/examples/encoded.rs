//! Checked rows with encoded labels, from which every fit of a classifier starts.

use std::borrow::Cow;

use super::{Checked, CheckedExamples, ClassExamples};
use crate::check;
use crate::class_weight::{ClassWeight, add_to_classes, times_class};
use crate::error::Error;
use crate::label::{Label, encode, indices};
use crate::parallel::{Tally, zeros};
use crate::rows::{Rows, block_rows};
use crate::scalar::Real;

/// Checked rows with their class indices and weights.
#[derive(Debug, Clone)]
pub(crate) struct EncodedExamples<'a, T: Real> {
    x: Rows<'a, T>,
    classes: Vec<usize>,
    /// Sample weights times class weights.
    weights: Option<Cow<'a, [T]>>,
    total_weight: f64,
}

/// Encoded examples, with their classes and class weights.
#[derive(Debug, Clone)]
pub(crate) struct Labelled<'a, T: Real, L> {
    pub(crate) examples: EncodedExamples<'a, T>,
    /// The distinct labels in ascending order.
    pub(crate) classes: Vec<L>,
    pub(crate) class_weights: Option<Vec<f64>>,
}

impl<'a, T: Real, L: Label> Labelled<'a, T, L> {
    /// Checks the arguments of a fit and encodes the labels.
    ///
    /// # Errors
    /// Returns an error for an empty or non-finite `x`, inconsistent sizes, invalid weights, and fewer than
    /// two classes with positive weight.
    pub(crate) fn new(
        x: Rows<'a, T>,
        y: &[L],
        weights: Option<&'a [T]>,
        class_weight: Option<&ClassWeight>,
    ) -> Result<Self, Error> {
        let total_weight = check_rows(x, y.len(), weights)?;
        let encoded = encode(y, |row| weights.is_none_or(|w| w[row] > T::zero()))?;
        let (classes, indices) = (encoded.classes.len(), &encoded.indices);
        let sums = || Ok(sums_of_classes(classes, indices, weights, block_rows::<T>(x.ncols())));
        let of_classes = |balance: &ClassWeight| balance.of_classes(&encoded.classes, sums);
        let class_weights = class_weight.map(of_classes).transpose()?;
        let examples =
            EncodedExamples::assemble(x, encoded.indices, weights, total_weight, class_weights.as_deref())?;
        Ok(Labelled { examples, classes: encoded.classes, class_weights })
    }
}

impl<'a, T: Real> EncodedExamples<'a, T> {
    /// Checks rows and encodes their labels for a model with these classes and class weights.
    ///
    /// # Errors
    /// Returns an error for an empty or non-finite `x`, inconsistent sizes, invalid weights, and labels that
    /// are not classes.
    pub(crate) fn of_classes<L: Label>(
        x: Rows<'a, T>,
        y: &[L],
        weights: Option<&'a [T]>,
        classes: &[L],
        class_weights: Option<&[f64]>,
    ) -> Result<Self, Error> {
        let total_weight = check_rows(x, y.len(), weights)?;
        Self::assemble(x, indices(classes, y)?, weights, total_weight, class_weights)
    }

    fn assemble(
        x: Rows<'a, T>,
        classes: Vec<usize>,
        weights: Option<&'a [T]>,
        total_weight: f64,
        class_weights: Option<&[f64]>,
    ) -> Result<Self, Error> {
        let weights = times_class(weights, &classes, class_weights);
        // Products of weights can overflow the number type.
        let total_weight = match class_weights {
            Some(_) => check::weights(weights.as_deref(), x.nrows())?,
            None => total_weight,
        };
        Ok(EncodedExamples { x, classes, weights, total_weight })
    }

    /// Returns the rows.
    pub(crate) fn x(&self) -> Rows<'a, T> {
        self.x
    }

    /// Returns the class index of each row. It is 0 for rows of weight zero whose label is not a class.
    pub(crate) fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// Consumes the examples and returns the class indices.
    pub(crate) fn into_classes(self) -> Vec<usize> {
        self.classes
    }

    /// Returns the sum of the weights, or the number of rows without weights.
    pub(crate) fn total_weight(&self) -> f64 {
        self.total_weight
    }

    /// Borrows the examples.
    pub(crate) fn examples(&self) -> ClassExamples<'_, T> {
        CheckedExamples {
            x: self.x,
            targets: &self.classes,
            weights: self.weights.as_deref(),
            total_weight: self.total_weight,
            checked: Checked,
        }
    }
}

/// Returns the sum of the weights of the rows of each class, along a tree with leaves of this size.
fn sums_of_classes<T: Real>(
    classes: usize,
    indices: &[usize],
    weights: Option<&[T]>,
    leaf: usize,
) -> Vec<f64> {
    let (rows, zero) = ((indices.len(), leaf), |old| zeros(old, classes));
    Tally::default().over(&mut [()], rows, (), zero, |(), range, sums, ()| {
        add_to_classes(&indices[range.clone()], weights.map(|weights| &weights[range]), sums);
    })
}

/// Checks rows, weights and the number of labels, and returns the sum of the weights.
fn check_rows<T: Real>(x: Rows<'_, T>, labels: usize, weights: Option<&[T]>) -> Result<f64, Error> {
    check::training_matrix(x)?;
    check::labels(x, labels)?;
    check::weights(weights, x.nrows())
}
