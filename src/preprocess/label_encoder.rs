//! The encoding of labels as class indices.

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::label::{Label, distinct, indices};
use crate::scalar::Real;

/// An encoder of labels as indices into the ascending list of classes.
///
/// Classifiers encode labels themselves; the encoder is for your own code.
///
/// # Examples
/// ```
/// use logit::preprocess::LabelEncoder;
///
/// let encoder = LabelEncoder::new(&["b", "a", "b"])?;
/// assert_eq!(encoder.encode(&["a", "b"])?, [0, 1]);
/// assert_eq!(encoder.decode(&[1])?, ["b"]);
/// assert_eq!(encoder.one_hot::<f64>(&["a"])?, nalgebra::dmatrix![1.0, 0.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelEncoder<L> {
    pub(super) classes: Vec<L>,
}

impl<L: Label> LabelEncoder<L> {
    /// Creates an encoder whose classes are the distinct labels of `y`.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if `y` has no labels.
    pub fn new(y: &[L]) -> Result<Self, Error> {
        if y.is_empty() {
            return Err(Error::Empty { argument: "y", axis: "labels" });
        }
        Ok(LabelEncoder { classes: distinct(y.iter()) })
    }

    /// Returns the classes in ascending order.
    pub fn classes(&self) -> &[L] {
        &self.classes
    }

    /// Returns the class index of each label.
    ///
    /// # Errors
    /// Returns [`Error::UnknownLabel`] if a label is not one of the classes.
    pub fn encode(&self, y: &[L]) -> Result<Vec<usize>, Error> {
        indices(&self.classes, y)
    }

    /// Returns the label of each class index.
    ///
    /// # Errors
    /// Returns [`Error::UnknownLabel`] if an index is not below the number of classes.
    pub fn decode(&self, indices: &[usize]) -> Result<Vec<L>, Error> {
        let label = |(row, &index): (usize, &usize)| {
            let unknown =
                || Error::UnknownLabel { row, label: index.to_string(), classes: self.classes.len() };
            self.classes.get(index).cloned().ok_or_else(unknown)
        };
        indices.iter().enumerate().map(label).collect()
    }

    /// Returns a row for each label, with 1 in the column of its class and 0 elsewhere, n x K.
    ///
    /// # Errors
    /// Returns [`Error::UnknownLabel`] if a label is not one of the classes, and [`Error::OutOfMemory`] if
    /// the result is too large.
    pub fn one_hot<T: Real>(&self, y: &[L]) -> Result<DMatrix<T>, Error> {
        check::room::<T>("the one-hot rows", y.len(), self.classes.len())?;
        let mut rows = DMatrix::zeros(y.len(), self.classes.len());
        for (row, class) in self.encode(y)?.into_iter().enumerate() {
            rows[(row, class)] = T::one();
        }
        Ok(rows)
    }
}
