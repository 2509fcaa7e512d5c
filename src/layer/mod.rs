//! Layers: differentiable maps from rows to rows, and the chain of them that is a network.
//!
//! A layer is a value that describes an architecture. It holds no weights, no activations and no state, so it is
//! shared freely between threads; weights live in one flat vector that the caller owns, and everything that a pass
//! over a batch has to remember lives in a [`Tape`] that the caller owns too.

mod activate;
mod activation;
mod dense;
mod initializer;
mod log_softmax;
mod prelu;
mod sequential;
mod softmax;
mod tape;

use std::ops::Range;

use nalgebra::DMatrix;

pub use activate::Activate;
pub use activation::Activation;
pub use dense::Dense;
pub use initializer::Initializer;
pub use log_softmax::LogSoftmax;
pub use prelu::PRelu;
pub use sequential::Sequential;
pub use softmax::Softmax;
pub use tape::{Parts, Tape};

use crate::check;
use crate::error::Error;
use crate::real::Real;
use crate::rng::Rng;

/// The sizes of a layer, free of the scalar type.
///
/// ```
/// use logit::{Activation, Dense, Shape};
///
/// let layer = Dense::new(64, 10)?.activation(Activation::Relu);
/// assert_eq!((layer.inputs(), layer.outputs(), layer.parameter_count()), (64, 10, 650));
/// # Ok::<(), logit::Error>(())
/// ```
pub trait Shape {
    /// Columns of the input.
    fn inputs(&self) -> usize;

    /// Columns of the output.
    fn outputs(&self) -> usize;

    /// How many numbers the layer learns: the length of its `params` and `grad` slices.
    fn parameter_count(&self) -> usize;

    /// The parameters that penalties and weight decay apply to, as ascending ranges of `params`.
    ///
    /// Defaults to all of them. Layers with biases leave those out: shrinking a bias pulls predictions towards
    /// nothing in particular.
    fn penalized(&self) -> Vec<Range<usize>> {
        match self.parameter_count() {
            0 => Vec::new(),
            count => std::iter::once(0..count).collect(),
        }
    }
}

/// A differentiable map from rows to rows.
///
/// A training step calls [`forward`](Layer::forward), lets a [`Loss`](crate::Loss) write the gradient with respect
/// to the output into the tape, and calls [`backward`](Layer::backward).
///
/// # What an implementor owes
/// - Every method is a pure function of its arguments: calling it twice gives the same bits.
/// - `forward` overwrites [`Tape::output`] and keeps in the tape's buffers whatever `backward` needs.
/// - `backward` *overwrites* `grad` and `dx` (it does not add to them), reads the output's gradient from the tape
///   and leaves it as it is. `dx` is `None` for the first layer of a network, where nobody needs it.
/// - Neither allocates: all memory comes from `tape`, which is made once per batch size.
/// - NaN in gives NaN out: a layer must not turn a non-finite number into a finite one.
///
/// [`GradCheck`](crate::GradCheck) proves all of this except the allocations.
///
/// # Panics
/// `forward` and `backward` may panic when a slice or matrix does not have the size that [`Shape`] and the tape
/// promise. [`apply`](Layer::apply) checks them and returns an [`Error`] instead.
///
/// # Examples
/// The smallest complete layer: y = s x with one learned scale s.
/// ```
/// use nalgebra::DMatrix;
/// use logit::{GradCheck, Layer, Real, Rng, Shape, Tape};
///
/// struct Scale {
///     width: usize,
/// }
/// impl Shape for Scale {
///     fn inputs(&self) -> usize {
///         self.width
///     }
///     fn outputs(&self) -> usize {
///         self.width
///     }
///     fn parameter_count(&self) -> usize {
///         1
///     }
/// }
/// impl<T: Real> Layer<T> for Scale {
///     fn init(&self, params: &mut [T], _rng: &mut Rng) {
///         params[0] = T::one();
///     }
///     fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
///         tape.output_mut().copy_from(x);
///         *tape.output_mut() *= params[0];
///     }
///     fn backward(
///         &self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>, grad: &mut [T], dx: Option<&mut DMatrix<T>>,
///     ) {
///         grad[0] = x.dot(tape.output_gradient());
///         if let Some(dx) = dx {
///             dx.copy_from(tape.output_gradient());
///             *dx *= params[0];
///         }
///     }
/// }
///
/// let x = DMatrix::from_fn(4, 3, |i, j| (i + 2 * j) as f64 - 2.5);
/// GradCheck::new().layer(&Scale { width: 3 }, &[0.7], &x).expect("the derivative is right");
/// ```
pub trait Layer<T: Real>: Shape + Send + Sync {
    /// Writes initial values into `params`, which has [`parameter_count`](Shape::parameter_count) entries.
    fn init(&self, params: &mut [T], rng: &mut Rng);

    /// All memory that a batch of `rows` rows needs. Defaults to an output of [`outputs`](Shape::outputs) columns
    /// with its gradient.
    fn tape(&self, rows: usize) -> Tape<T> {
        Tape::new(rows, self.outputs())
    }

    /// Computes the output of the rows of `x` (rows x inputs) into `tape`.
    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>);

    /// Computes, from [`Tape::output_gradient`], the gradients with respect to `params` and to `x`.
    ///
    /// `params`, `x` and `tape` are those of the preceding `forward`.
    fn backward(
        &self,
        params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    );

    /// The output for `x`, in memory of its own.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] when `params` or the columns of `x` do not fit the layer.
    fn apply(&self, params: &[T], x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check::count("params", "parameters", self.parameter_count(), params.len())?;
        check::count("x", "columns", self.inputs(), x.ncols())?;
        let mut tape = self.tape(x.nrows());
        self.forward(params, x, &mut tape);
        Ok(tape.output().clone())
    }
}

impl<S: Shape + ?Sized> Shape for Box<S> {
    fn inputs(&self) -> usize {
        (**self).inputs()
    }
    fn outputs(&self) -> usize {
        (**self).outputs()
    }
    fn parameter_count(&self) -> usize {
        (**self).parameter_count()
    }
    fn penalized(&self) -> Vec<Range<usize>> {
        (**self).penalized()
    }
}

impl<T: Real, L: Layer<T> + ?Sized> Layer<T> for Box<L> {
    fn init(&self, params: &mut [T], rng: &mut Rng) {
        (**self).init(params, rng);
    }
    fn tape(&self, rows: usize) -> Tape<T> {
        (**self).tape(rows)
    }
    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        (**self).forward(params, x, tape);
    }
    fn backward(
        &self,
        params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        (**self).backward(params, x, tape, grad, dx);
    }
}
