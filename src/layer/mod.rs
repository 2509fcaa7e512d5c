//! Layers: differentiable maps from rows to rows, and the networks that are chains of them.
//!
//! A layer is a value that describes an architecture. It holds no weights, no activations and no state, so
//! threads can share it freely. The weights live in one flat vector that the caller owns. Everything that a
//! pass over a batch has to remember lives in a [`Tape`], which the caller owns too.

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
use crate::error::{Error, type_name};
use crate::rng::Rng;
use crate::scalar::Real;

/// The sizes, settings and structure of a layer, independent of the number type.
///
/// ```
/// use logit::nn::{Dense, Shape};
/// use logit::Activation;
///
/// let layer = Dense::new(64, 10)?.activation(Activation::Relu);
/// assert_eq!(
///     (layer.inputs(), layer.outputs(), layer.parameter_count()),
///     (64, 10, 650)
/// );
/// # Ok::<(), logit::Error>(())
/// ```
pub trait Shape {
    /// Returns the number of columns of the input.
    fn inputs(&self) -> usize;

    /// Returns the number of columns of the output.
    fn outputs(&self) -> usize;

    /// Returns the number of learned parameters: the length of the `params` and `grad` slices of the layer.
    fn parameter_count(&self) -> usize;

    /// Returns the parameters that penalties and weight decay apply to, as ascending ranges of `params`.
    ///
    /// Layers with biases leave the biases out, because shrinking a bias pulls predictions towards an
    /// arbitrary value. Defaults to all parameters.
    fn penalized(&self) -> Vec<Range<usize>> {
        match self.parameter_count() {
            0 => Vec::new(),
            count => std::iter::once(0..count).collect(),
        }
    }

    /// Returns the names and shapes of the parameters, in the order of `params`.
    ///
    /// [`GradCheck`](crate::GradCheck) uses them to say which entry of which tensor is wrong. Defaults to no
    /// tensors: the parameters have no names, except those of the [`sublayers`](Shape::sublayers).
    fn tensors(&self) -> Vec<Tensor> {
        Vec::new()
    }

    /// Checks the settings of the layer and of its sublayers.
    ///
    /// This is the only place where settings are checked: constructors check sizes only, and setters accept
    /// any value. Trainers, [`Layer::apply`] and [`GradCheck`](crate::GradCheck) call it before they start.
    /// Defaults to checking the [`sublayers`](Shape::sublayers).
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] for the first setting that is out of range.
    fn check(&self) -> Result<(), Error> {
        self.sublayers().into_iter().try_for_each(Shape::check)
    }

    /// Returns a short description of the layer. Defaults to the name of its type.
    fn describe(&self) -> String {
        type_name::<Self>().to_owned()
    }

    /// Returns a description of the layer with all settings that decide what its parameters mean, except its
    /// sizes and its [`sublayers`](Shape::sublayers).
    ///
    /// A checkpoint stores it, and only layers with the same settings can resume the run. Defaults to
    /// [`describe`](Shape::describe).
    fn settings(&self) -> String {
        self.describe()
    }

    /// Returns the layers inside this one, in the order of their parameters. Defaults to none.
    fn sublayers(&self) -> Vec<&dyn Shape> {
        Vec::new()
    }
}

/// Returns the innermost layers that have parameters, with the ranges of their parameters.
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

/// A layer without sublayers, and the range of its parameters.
pub(crate) struct Group<'a> {
    pub(crate) layer: &'a dyn Shape,
    pub(crate) range: Range<usize>,
}

/// A differentiable map from rows to rows.
///
/// A training step calls [`forward`](Layer::forward), lets a [`Loss`](crate::nn::Loss) write the gradient
/// with respect to the output into the tape, and then calls [`backward`](Layer::backward).
///
/// # Implementing this trait
/// - Every method is a pure function of its arguments: calling it twice gives the same bits.
/// - `forward` overwrites [`Tape::output`] and stores everything that `backward` needs in the buffers of the
///   tape.
/// - `backward` *overwrites* `grad` and `dx` (it does not add to them). It reads the gradient of the output
///   from the tape and leaves it unchanged. It may be called twice after one `forward`, so it must not write
///   to a buffer that it reads: intermediate results need a buffer of their own
///   ([`Tape::with_buffer`]). `dx` is `None` for the first layer of a network, where no other
///   layer needs it.
/// - Neither pass allocates: all memory comes from `tape`, which is created once per batch size.
/// - Behaviour that differs between training and prediction depends on [`Tape::mode`]. Random numbers are
///   drawn by [`sample_masks`](Layer::sample_masks), not by `forward`. State that outlives a batch is updated
///   by [`update_running_stats`](Layer::update_running_stats).
/// - NaN propagates: an output that depends on an input is not finite if that input is NaN. (`f64::max` drops
///   NaN, so `z.max(0.0)` is not a valid rectifier, but `if z < 0.0 { 0.0 } else { z }` is.)
///
/// [`GradCheck`](crate::GradCheck) verifies all of these rules except the one about allocations.
///
/// # Panics
/// `forward` and `backward` may panic if a slice or matrix does not have the size given by [`Shape`] and the
/// tape. [`apply`](Layer::apply) checks the sizes and returns an [`Error`] instead.
///
/// # Examples
/// The smallest complete layer, y = s x with one learned scale s:
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
///         &self,
///         params: &[T],
///         x: &DMatrix<T>,
///         tape: &mut Tape<T>,
///         grad: &mut [T],
///         dx: Option<&mut DMatrix<T>>,
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
/// GradCheck::new()
///     .layer(&Scale { width: 3 }, &[0.7], &x)
///     .expect("the derivative is right");
/// ```
pub trait Layer<T: Real>: Shape + Send + Sync {
    /// Writes initial values into `params`, which has [`parameter_count`](Shape::parameter_count) entries.
    fn init(&self, params: &mut [T], rng: &mut Rng);

    /// Allocates the memory for a batch of `rows` rows.
    ///
    /// Defaults to an output of [`outputs`](Shape::outputs) columns and its gradient.
    fn tape(&self, rows: usize) -> Tape<T> {
        Tape::new(rows, self.outputs())
    }

    /// Computes the output (rows x outputs) for the rows of `x` (rows x inputs) and writes it to `tape`.
    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>);

    /// Computes the gradients with respect to `params` and `x` from [`Tape::output_gradient`], and writes
    /// them to `grad` and `dx`.
    ///
    /// `params`, `x` and `tape` are those of the preceding call of `forward`.
    fn backward(
        &self,
        params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    );

    /// Returns whether training shall pass the rows as columns of a matrix, to
    /// [`forward_samples`](Layer::forward_samples) and [`backward_samples`](Layer::backward_samples).
    ///
    /// Rows of a mini-batch are gathered from all over memory. A layer that reads each row in one piece saves
    /// their transposition. Defaults to `false`.
    fn reads_samples(&self) -> bool {
        false
    }

    /// Computes the same output as [`forward`](Layer::forward) for rows that are the columns of `samples`
    /// (inputs x rows).
    ///
    /// Defaults to `forward` on a transposed copy.
    fn forward_samples(&self, params: &[T], samples: &DMatrix<T>, tape: &mut Tape<T>) {
        self.forward(params, &samples.transpose(), tape);
    }

    /// Computes the gradient with respect to `params` as [`backward`](Layer::backward) does, for rows that
    /// are the columns of `samples` (inputs x rows).
    ///
    /// Defaults to `backward` on a transposed copy.
    fn backward_samples(&self, params: &[T], samples: &DMatrix<T>, tape: &mut Tape<T>, grad: &mut [T]) {
        self.backward(params, &samples.transpose(), tape, grad, None);
    }

    /// Draws the random numbers of a training pass, such as dropout masks, into `tape`.
    ///
    /// Training calls it once before each forward pass; prediction never does. Defaults to doing nothing.
    fn sample_masks(&self, _tape: &mut Tape<T>, _rng: &mut Rng) {}

    /// Updates the running statistics of `tape` with those of the last forward pass.
    ///
    /// Training calls it once after each forward pass; prediction never does. Defaults to doing nothing.
    fn update_running_stats(&self, _tape: &mut Tape<T>) {}

    /// Returns the output for `x` (rows x outputs), in [`Mode::Evaluate`] and with the initial running
    /// statistics.
    ///
    /// Allocates a tape of its own.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if `params` or the columns of `x` do not fit the layer, and the
    /// errors of [`Shape::check`].
    fn apply(&self, params: &[T], x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.check()?;
        check::count("params", "parameters", self.parameter_count(), params.len())?;
        check::count("x", "columns", self.inputs(), x.ncols())?;
        let mut tape = self.tape(x.nrows());
        self.forward(params, x, &mut tape);
        Ok(tape.output().clone())
    }
}

/// Implements [`Shape`] and [`Layer`] for pointers to layers.
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
    fn settings(&self) -> String {
        (**self).settings()
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
    fn reads_samples(&self) -> bool {
        (**self).reads_samples()
    }
    fn forward_samples(&self, params: &[T], samples: &DMatrix<T>, tape: &mut Tape<T>) {
        (**self).forward_samples(params, samples, tape);
    }
    fn backward_samples(&self, params: &[T], samples: &DMatrix<T>, tape: &mut Tape<T>, grad: &mut [T]) {
        (**self).backward_samples(params, samples, tape, grad);
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
