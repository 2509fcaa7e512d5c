//! Chains of layers.

use std::ops::Range;

use nalgebra::DMatrix;

use super::any::ForwardRows;
use super::{Activation, Dense, Layer, Shape, Tape};
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::Strided;

/// A chain of layers, which is itself a [`Layer`], so that chains nest.
///
/// `Sequential<Dense>` is the multi-layer perceptron, without dynamic dispatch.
/// `Sequential<Box<dyn Layer<f64>>>` takes layers of any type, including your own.
///
/// # Shapes
/// The outputs of each layer are the inputs of the next. The parameters are those of the first layer, then
/// those of the second, and so on.
///
/// # Examples
/// ```
/// use logit::nn::{Dense, Layer, Sequential, Shape};
/// use logit::Activation;
///
/// let network = Sequential::new(vec![
///     Dense::new(2, 3)?.activation(Activation::Relu),
///     Dense::new(3, 1)?,
/// ])?;
/// assert_eq!(network.parameter_count(), 13);
///
/// let boxed: Vec<Box<dyn Layer<f64>>> =
///     vec![Box::new(network), Box::new(Dense::new(1, 4)?)];
/// assert_eq!(Sequential::new(boxed)?.outputs(), 4);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sequential<L> {
    pub(super) layers: Vec<L>,
}

impl<L: Shape> Sequential<L> {
    /// Creates a chain of `layers`, first to last.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if there are no layers, [`Error::LayerMismatch`] if a layer does not have as
    /// many inputs as the previous one has outputs, and [`Error::InvalidParameter`] if there are more
    /// parameters than memory can address.
    pub fn new(layers: Vec<L>) -> Result<Self, Error> {
        if layers.is_empty() {
            return Err(Error::Empty { argument: "layers", axis: "entries" });
        }
        for (index, pair) in layers.windows(2).enumerate() {
            let (outputs, inputs) = (pair[0].outputs(), pair[1].inputs());
            if outputs != inputs {
                let [before, layer] = [&pair[0], &pair[1]].map(Shape::describe);
                return Err(Error::LayerMismatch { index: index + 1, layer, inputs, before, outputs });
            }
        }
        let count = layers.iter().try_fold(0usize, |sum, layer| sum.checked_add(layer.parameter_count()));
        if count.is_none_or(|count| count > isize::MAX as usize / size_of::<f64>()) {
            let value = layers.iter().map(|layer| layer.parameter_count() as f64).sum();
            return Err(Error::InvalidParameter { name: "parameters", value, requires: "addressable" });
        }
        Ok(Sequential { layers })
    }

    /// Returns the layers, first to last.
    pub fn layers(&self) -> &[L] {
        &self.layers
    }

    /// Returns the range of the parameters of each layer.
    pub fn parameter_ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.layers.iter().scan(0, |start, layer| {
            let range = *start..*start + layer.parameter_count();
            *start = range.end;
            Some(range)
        })
    }
}

impl Sequential<Dense> {
    /// Creates a multi-layer perceptron with the given numbers of columns.
    ///
    /// `sizes` holds the number of columns of the input, of each hidden layer and of the output. The hidden
    /// layers use `activation`. The output layer has none, because losses take raw scores.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a size is zero or there are more parameters than memory can
    /// address, and [`Error::Empty`] if there are fewer than two sizes.
    ///
    /// ```
    /// use logit::nn::{Sequential, Shape};
    /// use logit::Activation;
    /// let network = Sequential::perceptron(&[784, 100, 10], Activation::Relu)?;
    /// assert_eq!(network.parameter_count(), 79_510);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn perceptron(sizes: &[usize], activation: Activation) -> Result<Self, Error> {
        let last = sizes.len().saturating_sub(2);
        let layer = |(index, pair): (usize, &[usize])| {
            let activation = if index == last { Activation::Identity } else { activation };
            Ok(Dense::new(pair[0], pair[1])?.activation(activation))
        };
        Sequential::new(sizes.windows(2).enumerate().map(layer).collect::<Result<_, Error>>()?)
    }
}

impl<L: Shape> Shape for Sequential<L> {
    fn inputs(&self) -> usize {
        self.layers.first().map_or(0, Shape::inputs)
    }
    fn outputs(&self) -> usize {
        self.layers.last().map_or(0, Shape::outputs)
    }
    fn parameter_count(&self) -> usize {
        self.layers.iter().map(Shape::parameter_count).sum()
    }
    fn penalized(&self) -> Vec<Range<usize>> {
        let shifted = |(layer, range): (&L, Range<usize>)| {
            let start = range.start;
            layer.penalized().into_iter().map(move |r| start + r.start..start + r.end)
        };
        self.layers.iter().zip(self.parameter_ranges()).flat_map(shifted).collect()
    }
    fn sublayers(&self) -> Vec<&dyn Shape> {
        self.layers.iter().map(|layer| layer as &dyn Shape).collect()
    }
}

impl<T: Real, L: Layer<T>> Layer<T> for Sequential<L> {
    fn init(&self, params: &mut [T], rng: &mut Rng) {
        for (layer, range) in self.layers.iter().zip(self.parameter_ranges()) {
            layer.init(&mut params[range], rng);
        }
    }

    fn tape(&self, rows: usize) -> Tape<T> {
        Tape::chain(self.layers.iter().map(|layer| layer.tape(rows)).collect())
    }

    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        self.forward_with(params, tape, |first, params, tape| first.forward(params, x, tape));
    }

    fn backward(
        &self,
        params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        self.backward_with(params, tape, grad, |first, params, tape, grad| {
            first.backward(params, x, tape, grad, dx);
        });
    }

    fn reads_samples(&self) -> bool {
        self.layers.first().is_some_and(Layer::reads_samples)
    }

    fn forward_samples(&self, params: &[T], samples: &DMatrix<T>, tape: &mut Tape<T>) {
        self.forward_with(params, tape, |first, params, tape| first.forward_samples(params, samples, tape));
    }

    fn backward_samples(&self, params: &[T], samples: &DMatrix<T>, tape: &mut Tape<T>, grad: &mut [T]) {
        self.backward_with(params, tape, grad, |first, params, tape, grad| {
            first.backward_samples(params, samples, tape, grad);
        });
    }

    fn sample_masks(&self, tape: &mut Tape<T>, rng: &mut Rng) {
        self.layers.iter().zip(tape.children_mut()).for_each(|(layer, tape)| layer.sample_masks(tape, rng));
    }

    fn update_running_stats(&self, tape: &mut Tape<T>) {
        self.layers
            .iter()
            .zip(tape.children_mut())
            .for_each(|(layer, tape)| layer.update_running_stats(tape));
    }
}

/// The two passes, with a closure for the pass of the first layer over the input.
impl<L> Sequential<L> {
    fn forward_with<T: Real>(
        &self,
        params: &[T],
        tape: &mut Tape<T>,
        input: impl FnOnce(&L, &[T], &mut Tape<T>),
    ) where
        L: Layer<T>,
    {
        let Some(first) = self.layers.first() else { return };
        let mut end = first.parameter_count();
        input(first, &params[..end], &mut tape.children_mut()[0]);
        for (index, layer) in self.layers.iter().enumerate().skip(1) {
            let range = end..end + layer.parameter_count();
            end = range.end;
            let (before, after) = tape.children_mut().split_at_mut(index);
            layer.forward(&params[range], before[index - 1].output(), &mut after[0]);
        }
    }

    fn backward_with<T: Real>(
        &self,
        params: &[T],
        tape: &mut Tape<T>,
        grad: &mut [T],
        input: impl FnOnce(&L, &[T], &mut Tape<T>, &mut [T]),
    ) where
        L: Layer<T>,
    {
        let mut end = self.parameter_count();
        for (index, layer) in self.layers.iter().enumerate().skip(1).rev() {
            let range = end - layer.parameter_count()..end;
            end = range.start;
            let (before, after) = tape.children_mut().split_at_mut(index);
            // The gradient with respect to the input of a layer is the gradient with respect to the previous
            // output.
            let (x, dx) = before[index - 1].split();
            layer.backward(&params[range.clone()], x, &mut after[0], &mut grad[range], Some(dx));
        }
        if let (Some(first), Some(tape)) = (self.layers.first(), tape.children_mut().first_mut()) {
            input(first, &params[..end], tape, &mut grad[..end]);
        }
    }
}

/// The forward pass on rows of a larger matrix, which are read in place, so that a block of rows need not be
/// copied.
impl<L> Sequential<L> {
    pub(crate) fn forward_rows<T: Real>(&self, params: &[T], x: Strided<'_, T>, tape: &mut Tape<T>)
    where
        L: ForwardRows<T>,
    {
        self.forward_with(params, tape, |first, params, tape| first.forward_rows(params, x, tape));
    }
}
