//! Layers: differentiable maps from rows to rows, and the chain of them that is a network.
//!
//! A layer is a value that describes an architecture. It holds no weights, no activations and no state, so it is
//! shared freely between threads; weights live in one flat vector that the caller owns, and everything that a pass
//! over a batch has to remember lives in a [`Tape`] that the caller owns too.

mod activate;
mod activation;
mod affine;
mod any;
mod batch_norm;
mod dense;
mod dropout;
mod initializer;
mod layer_norm;
mod log_softmax;
mod prelu;
mod residual;
mod sequential;
mod softmax;
mod stored;
mod summary;
mod tape;
mod tensor;
mod width;

use std::ops::Range;

use nalgebra::DMatrix;

pub use activate::Activate;
pub use activation::Activation;
pub use any::AnyLayer;
pub use batch_norm::BatchNorm;
pub use dense::Dense;
pub use dropout::Dropout;
pub use initializer::Initializer;
pub use layer_norm::LayerNorm;
pub use log_softmax::LogSoftmax;
pub use prelu::PRelu;
pub use residual::Residual;
pub use sequential::Sequential;
pub use softmax::Softmax;
pub use summary::Summary;
pub use tape::{Mode, Tape, TapeParts};
pub use tensor::Tensor;

use crate::check;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;

/// The sizes of a layer, free of the scalar type.
///
/// ```
/// use logit::nn::{Dense, Shape};
/// use logit::Activation;
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

    /// The names and shapes of the parameters, in the order of `params`. [`GradCheck`](crate::GradCheck) uses them to
    /// say which entry of which tensor is wrong.
    ///
    /// Defaults to none, which leaves the parameters without names; those of layers in
    /// [`sublayers`](Shape::sublayers) are taken from there.
    fn tensors(&self) -> Vec<Tensor> {
        Vec::new()
    }

    /// Whether the settings of the layer, and of those it is made of, can be used. This is the one moment at which they are
    /// checked: constructors refuse sizes only, and setters take everything. Trainers, [`Layer::apply`] and
    /// [`GradCheck`](crate::GradCheck) ask before they start. Defaults to asking the layers inside.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for the first that cannot.
    fn check(&self) -> Result<(), Error> {
        self.sublayers().into_iter().try_for_each(Shape::check)
    }

    /// What the layer is, in a few words. Defaults to the name of the type.
    fn describe(&self) -> String {
        let name = std::any::type_name::<Self>();
        let name = name.split('<').next().unwrap_or(name);
        name.rsplit("::").next().unwrap_or(name).to_owned()
    }

    /// The layers that this one is made of, in the order of their parameters. Defaults to none.
    fn sublayers(&self) -> Vec<&dyn Shape> {
        Vec::new()
    }
}

/// The innermost layers that have parameters, with the range of their parameters.
pub(crate) fn groups(shape: &dyn Shape) -> Vec<Group<'_>> {
    fn collect<'a>(layer: &'a dyn Shape, start: usize, groups: &mut Vec<Group<'a>>) {
        let parts = layer.sublayers();
        let range = start..start + layer.parameter_count();
        if parts.is_empty() && !range.is_empty() {
            groups.push(Group { layer, range });
            return;
        }
        let mut start = start;
        for part in parts {
            collect(part, start, groups);
            start += part.parameter_count();
        }
    }
    let mut groups = Vec::new();
    collect(shape, 0, &mut groups);
    groups
}

/// A layer that is not made of others, and where its parameters lie.
pub(crate) struct Group<'a> {
    pub(crate) layer: &'a dyn Shape,
    pub(crate) range: Range<usize>,
}

/// A differentiable map from rows to rows.
///
/// A training step calls [`forward`](Layer::forward), lets a [`Loss`](crate::nn::Loss) write the gradient with respect
/// to the output into the tape, and calls [`backward`](Layer::backward).
///
/// # What an implementor owes
/// - Every method is a pure function of its arguments: calling it twice gives the same bits.
/// - `forward` overwrites [`Tape::output`] and keeps in the tape's buffers whatever `backward` needs.
/// - `backward` *overwrites* `grad` and `dx` (it does not add to them), reads the output's gradient from the tape
///   and leaves it as it is. `dx` is `None` for the first layer of a network, where nobody needs it.
/// - Neither allocates: all memory comes from `tape`, which is made once per batch size.
/// - What differs between training and prediction asks [`Tape::mode`]; what is random is drawn by
///   [`sample_masks`](Layer::sample_masks), not by `forward`; what outlives a batch is updated by [`update_running_stats`](Layer::update_running_stats).
/// - NaN in gives NaN out: an output that depends on an input is not finite when that input is NaN. (`f64::max` takes the
///   number of a number and NaN: `if z < 0.0 { 0.0 } else { z }` is a rectifier, `z.max(0.0)` is not.)
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
/// use logit::nn::{Layer, Shape, Tape};
/// use logit::{GradCheck, Real, Rng};
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

    /// Draws what is random in a training step, such as dropout masks, into `tape`. Called once before the forward
    /// pass of each step of training, never for predictions. Defaults to nothing.
    fn sample_masks(&self, _tape: &mut Tape<T>, _rng: &mut Rng) {}

    /// Folds what the last forward pass saw into the running statistics of `tape`. Called once after the forward pass
    /// of each step of training, never for predictions. Defaults to nothing.
    fn update_running_stats(&self, _tape: &mut Tape<T>) {}

    /// The output for `x`, in memory of its own, in [`Mode::Evaluate`] and with the initial running statistics.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] when `params` or the columns of `x` do not fit the layer, and those of
    /// [`Shape::check`].
    fn apply(&self, params: &[T], x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.check()?;
        check::count("params", "parameters", self.parameter_count(), params.len())?;
        check::count("x", "columns", self.inputs(), x.ncols())?;
        let mut tape = self.tape(x.nrows());
        self.forward(params, x, &mut tape);
        Ok(tape.output().clone())
    }
}

/// A layer behind a pointer is a layer too.
macro_rules! through {
    ($($pointer:ty),*) => {
        $(
impl<S: Shape + ?Sized> Shape for $pointer {
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
    fn tensors(&self) -> Vec<Tensor> {
        (**self).tensors()
    }
    fn check(&self) -> Result<(), Error> {
        (**self).check()
    }
    fn describe(&self) -> String {
        (**self).describe()
    }
    fn sublayers(&self) -> Vec<&dyn Shape> {
        (**self).sublayers()
    }
}

impl<T: Real, S: Layer<T> + ?Sized> Layer<T> for $pointer {
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
    fn sample_masks(&self, tape: &mut Tape<T>, rng: &mut Rng) {
        (**self).sample_masks(tape, rng);
    }
    fn update_running_stats(&self, tape: &mut Tape<T>) {
        (**self).update_running_stats(tape);
    }
}
        )*
    };
}
through!(Box<S>, &S, std::sync::Arc<S>);
