//! Names and shapes of the tensors among a layer's parameters.

/// A named block of consecutive parameters: a matrix stored column by column.
///
/// [`Shape::tensors`](crate::nn::Shape::tensors) lists those of a layer, and
/// [`GradCheck`](crate::GradCheck) names them in its verdicts.
///
/// # Examples
/// ```
/// use logit::nn::{Dense, Shape, Tensor};
///
/// let layer = Dense::new(64, 10)?;
/// assert_eq!(
///     layer.tensors(),
///     [Tensor::new("weights", 64, 10), Tensor::new("bias", 1, 10)]
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tensor {
    /// The name, such as "weights".
    pub name: String,
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
}

impl Tensor {
    /// Creates a tensor of `rows` x `columns` parameters.
    pub fn new(name: impl Into<String>, rows: usize, columns: usize) -> Self {
        Tensor { name: name.into(), rows, columns }
    }

    /// Returns the number of entries; the largest `usize` if there are more.
    pub(crate) fn len(&self) -> usize {
        self.rows.saturating_mul(self.columns)
    }
}
