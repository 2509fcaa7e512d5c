//! An enum over all layers of this crate.

use std::ops::Range;

use nalgebra::DMatrix;

use super::{
    Activate, BatchNorm, Dense, Dropout, Layer, LayerNorm, LogSoftmax, PRelu, Residual, Sequential, Shape,
    Softmax, Tape, Tensor,
};
use crate::compiled::compiled;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::Strided;

impl From<Sequential<Dense>> for Sequential<AnyLayer> {
    fn from(dense: Sequential<Dense>) -> Self {
        Sequential { layers: dense.layers.into_iter().map(AnyLayer::Dense).collect() }
    }
}

/// Defines the enum over `$variant($layer)`, its conversions, and access to the layer inside.
macro_rules! any_layer {
    ($($(#[$doc:meta])* $variant:ident($layer:ty),)*) => {
        /// Any layer of this crate, as the element of networks of mixed layers.
        ///
        /// Unlike a boxed [`Layer`], it can be compared, cloned and inspected, and it works for every number
        /// type.
        ///
        /// # Examples
        /// ```
        /// use logit::nn::{AnyLayer, BatchNorm, Dense, Dropout, Residual, Sequential, Shape};
        /// use logit::Activation;
        ///
        /// let block = Sequential::<AnyLayer>::new(vec![
        ///     BatchNorm::new(32)?.into(),
        ///     Dense::new(32, 32)?.activation(Activation::Relu).into(),
        ///     Dropout::new(32, 0.2)?.into(),
        /// ])?;
        /// let network = Sequential::<AnyLayer>::new(vec![
        ///     Dense::new(8, 32)?.activation(Activation::Relu).into(),
        ///     Residual::new(block)?.into(),
        ///     Dense::new(32, 3)?.into(),
        /// ])?;
        /// assert_eq!(network.parameter_count(), 9 * 32 + (64 + 33 * 32) + 33 * 3);
        /// assert_eq!(network, network.clone());
        /// # Ok::<(), logit::Error>(())
        /// ```
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum AnyLayer {
            $($(#[$doc])* $variant($layer),)*
        }

        $(impl From<$layer> for AnyLayer {
            fn from(layer: $layer) -> Self {
                AnyLayer::$variant(layer)
            }
        })*

        impl AnyLayer {
            fn shape(&self) -> &dyn Shape {
                match self {
                    $(AnyLayer::$variant(layer) => layer,)*
                }
            }

            #[inline(never)]
            fn layer<T: Real>(&self) -> &dyn Layer<T> {
                match self {
                    $(AnyLayer::$variant(layer) => layer,)*
                }
            }
        }
    };
}

any_layer! {
    /// A fully connected layer.
    Dense(Dense),
    /// A dropout layer.
    Dropout(Dropout),
    /// An activation.
    Activate(Activate),
    /// A rectifier with learned slopes.
    PRelu(PRelu),
    /// The softmax of each row.
    Softmax(Softmax),
    /// The logarithm of the softmax of each row.
    LogSoftmax(LogSoftmax),
    /// Batch normalisation, which normalises columns.
    BatchNorm(BatchNorm),
    /// Layer normalisation, which normalises rows.
    LayerNorm(LayerNorm),
    /// A nested chain of layers.
    Sequential(Sequential<AnyLayer>),
    /// A residual connection around a chain of layers.
    Residual(Residual<Sequential<AnyLayer>>),
}

compiled!(T: AnyLayer::layer::<T> as fn(&_) -> &dyn Layer<T>);

impl Shape for AnyLayer {
    fn inputs(&self) -> usize {
        self.shape().inputs()
    }
    fn outputs(&self) -> usize {
        self.shape().outputs()
    }
    fn parameter_count(&self) -> usize {
        self.shape().parameter_count()
    }
    fn penalized(&self) -> Vec<Range<usize>> {
        self.shape().penalized()
    }
    fn tensors(&self) -> Vec<Tensor> {
        self.shape().tensors()
    }
    fn check(&self) -> Result<(), Error> {
        self.shape().check()
    }
    fn describe(&self) -> String {
        self.shape().describe()
    }
    fn settings(&self) -> String {
        self.shape().settings()
    }
    fn sublayers(&self) -> Vec<&dyn Shape> {
        self.shape().sublayers()
    }
}

impl<T: Real> Layer<T> for AnyLayer {
    fn init(&self, params: &mut [T], rng: &mut Rng) {
        self.layer().init(params, rng);
    }
    fn tape(&self, rows: usize) -> Tape<T> {
        self.layer().tape(rows)
    }
    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        self.layer().forward(params, x, tape);
    }
    fn backward(
        &self,
        params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        self.layer().backward(params, x, tape, grad, dx);
    }
    fn reads_samples(&self) -> bool {
        self.layer::<T>().reads_samples()
    }
    fn forward_samples(&self, params: &[T], samples: &DMatrix<T>, tape: &mut Tape<T>) {
        self.layer().forward_samples(params, samples, tape);
    }
    fn backward_samples(&self, params: &[T], samples: &DMatrix<T>, tape: &mut Tape<T>, grad: &mut [T]) {
        self.layer().backward_samples(params, samples, tape, grad);
    }
    fn sample_masks(&self, tape: &mut Tape<T>, rng: &mut Rng) {
        self.layer().sample_masks(tape, rng);
    }
    fn update_running_stats(&self, tape: &mut Tape<T>) {
        self.layer().update_running_stats(tape);
    }
}

/// A layer that can read rows of a larger matrix in place, so that a block of rows need not be copied.
pub(crate) trait ForwardRows<T: Real>: Layer<T> {
    /// Computes the output for the rows of `x` and writes it to `tape`; see [`Layer::forward`].
    fn forward_rows(&self, params: &[T], x: Strided<'_, T>, tape: &mut Tape<T>);
}

impl<T: Real> ForwardRows<T> for Dense {
    fn forward_rows(&self, params: &[T], x: Strided<'_, T>, tape: &mut Tape<T>) {
        Dense::forward_rows(self, params, x, tape);
    }
}

/// Dense layers read the rows in place; other layers get a copy.
impl<T: Real> ForwardRows<T> for AnyLayer {
    fn forward_rows(&self, params: &[T], x: Strided<'_, T>, tape: &mut Tape<T>) {
        match self {
            AnyLayer::Dense(dense) => dense.forward_rows(params, x, tape),
            AnyLayer::Sequential(chain) => chain.forward_rows(params, x, tape),
            other => other.forward(params, &x.to_matrix(), tape),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Activation;

    #[test]
    fn rows_of_a_larger_matrix_are_read_as_if_they_were_copied() {
        let x = DMatrix::from_fn(40, 3, |row, column| (7 * row + 5 * column) as f64 % 11.0 - 5.0);
        let (first, count) = (9, 17);
        let dense = || Dense::new(3, 3).unwrap().activation(Activation::Tanh);
        let nested = |layer: AnyLayer| Sequential::new(vec![layer, dense().into()]).unwrap();
        let starts: [AnyLayer; 6] = [
            dense().into(),
            BatchNorm::new(3).unwrap().into(),
            LayerNorm::new(3).unwrap().into(),
            nested(dense().into()).into(),
            nested(LayerNorm::new(3).unwrap().into()).into(),
            Residual::new(nested(dense().into())).unwrap().into(),
        ];
        for start in starts {
            let network = nested(start);
            let mut params = vec![0.0; network.parameter_count()];
            network.init(&mut params, &mut Rng::new(2));
            let mut tape = network.tape(count);
            network.forward_rows(&params, Strided::from(&x).rows(first, count), &mut tape);
            let wanted = network.apply(&params, &x.rows(first, count).into_owned()).unwrap();
            assert_eq!(tape.output(), &wanted, "{network:?}");
        }
    }
}
