//! Reusable memory for predictions.

use std::any::Any;
use std::fmt;

use crate::scalar::{Real, Strided, Workspace, product};

/// Reusable memory for predictions, which the caller keeps between calls.
///
/// The methods that predict a single row take it as an argument, and do not allocate once it has grown. One
/// value can be used for any number of models in turn. Each thread needs its own.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Scratch, data};
///
/// let iris = data::iris();
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y)?;
/// let mut scratch = Scratch::new();
/// let mut probabilities = [0.0; 3];
/// model.probabilities_row(&[5.1, 3.5, 1.4, 0.2], &mut probabilities, &mut scratch)?;
/// assert!(probabilities[0] > 0.9);
/// assert_eq!(*model.predict_row(&[5.1, 3.5, 1.4, 0.2], &mut scratch)?, "setosa");
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Default)]
pub struct Scratch<T> {
    buffers: Vec<Vec<T>>,
    workspace: Workspace<T>,
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

impl<T: Real> Scratch<T> {
    /// Creates scratch memory, which is empty at first.
    pub fn new() -> Self {
        Scratch::default()
    }

    /// Takes a buffer of `length` zeros. Return it with [`give_back`](Scratch::give_back), so that the next
    /// call can reuse it.
    pub fn take(&mut self, length: usize) -> Vec<T> {
        let mut buffer = self.buffers.pop().unwrap_or_default();
        buffer.clear();
        buffer.resize(length, T::zero());
        buffer
    }

    /// Returns a buffer that was taken with [`take`](Scratch::take).
    pub fn give_back(&mut self, buffer: Vec<T>) {
        self.buffers.push(buffer);
    }

    /// Writes the matrix product of two operands to `out`, column by column.
    pub(crate) fn product(&mut self, a: Strided<'_, T>, b: Strided<'_, T>, out: &mut [T]) {
        product(a, b, (out, a.height()), false, &mut self.workspace);
    }

    /// Calls `with` with rows for a matrix product. A single row is copied if its entries are not contiguous,
    /// so that products of rows and of copies of rows are summed in the same order.
    pub(crate) fn with_row_contiguous<A>(
        &mut self,
        x: Strided<'_, T>,
        with: impl FnOnce(Strided<'_, T>, &mut Workspace<T>) -> A,
    ) -> A {
        if !x.is_scattered_row() {
            return with(x, &mut self.workspace);
        }
        let mut row = self.take(x.width());
        x.copy_row_to(&mut row);
        let result = with(Strided::columns(&row, 1, row.len()), &mut self.workspace);
        self.give_back(row);
        result
    }

    /// Takes out a kept value of type `V` for which `fits` is true. [Keep](Scratch::keep) it again after use.
    pub(crate) fn take_kept<V: Any>(&mut self, fits: impl Fn(&V) -> bool) -> Option<Box<V>> {
        let fitting = |kept: &Box<dyn Any + Send + Sync>| kept.downcast_ref::<V>().is_some_and(&fits);
        let at = self.kept.iter().rposition(fitting)?;
        let kept: Box<dyn Any> = self.kept.swap_remove(at);
        kept.downcast().ok()
    }

    /// Drops the kept values of type `V` for which `useless` is true.
    pub(crate) fn forget_kept<V: Any>(&mut self, useless: impl Fn(&V) -> bool) {
        self.kept.retain(|kept| !kept.downcast_ref::<V>().is_some_and(&useless));
    }

    /// Keeps a value for later calls.
    pub(crate) fn keep<V: Any + Send + Sync>(&mut self, value: Box<V>) {
        self.kept.push(value);
    }
}

impl<T> fmt::Debug for Scratch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch")
            .field("buffers", &self.buffers.len())
            .field("kept", &self.kept.len())
            .finish()
    }
}
