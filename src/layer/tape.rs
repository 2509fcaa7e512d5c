//! The memory of one pass over a batch.

use nalgebra::DMatrix;

use crate::kernel::Workspace;
use crate::real::Real;

/// All memory that a [`Layer`](crate::Layer) needs for a batch of a given number of rows: its output, the gradient
/// with respect to that output, whatever it has to remember between the two passes, and the tapes of the layers
/// inside it.
///
/// Made once per batch size by [`Layer::tape`](crate::Layer::tape) and reused for every step.
///
/// ```
/// use logit::Tape;
///
/// // An output of 15 x 3 and one remembered matrix of 15 x 4.
/// let mut tape = Tape::<f64>::new(15, 3).with_buffer(15, 4);
/// assert_eq!(tape.output().shape(), (15, 3));
/// let parts = tape.parts();
/// parts.buffers[0].fill(1.0);
/// ```
#[derive(Debug, Clone)]
pub struct Tape<T> {
    output: DMatrix<T>,
    output_gradient: DMatrix<T>,
    buffers: Vec<DMatrix<T>>,
    children: Vec<Tape<T>>,
    pub(crate) workspace: Workspace<T>,
}

/// The parts of a [`Tape`], borrowed at the same time.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts<'a, T> {
    /// The output of the layer, rows x outputs.
    pub output: &'a mut DMatrix<T>,
    /// The gradient of the loss with respect to the output, of the same shape.
    pub output_gradient: &'a mut DMatrix<T>,
    /// The matrices asked for with [`Tape::with_buffer`], in that order.
    pub buffers: &'a mut [DMatrix<T>],
    pub(crate) workspace: &'a mut Workspace<T>,
}

impl<T: Real> Tape<T> {
    /// A tape with an output of `rows` x `outputs`, and its gradient.
    pub fn new(rows: usize, outputs: usize) -> Self {
        Tape {
            output: DMatrix::zeros(rows, outputs),
            output_gradient: DMatrix::zeros(rows, outputs),
            buffers: Vec::new(),
            children: Vec::new(),
            workspace: Workspace::default(),
        }
    }

    /// Adds a matrix of `rows` x `columns` for what the layer has to remember.
    pub fn with_buffer(mut self, rows: usize, columns: usize) -> Self {
        self.buffers.push(DMatrix::zeros(rows, columns));
        self
    }

    /// The tapes of layers that run one after the other; the output is that of the last.
    pub fn chain(children: Vec<Tape<T>>) -> Self {
        Tape { children, ..Tape::new(0, 0) }
    }

    /// The output of the last forward pass.
    pub fn output(&self) -> &DMatrix<T> {
        self.children.last().map_or(&self.output, Tape::output)
    }

    /// The output, to be written by a forward pass.
    pub fn output_mut(&mut self) -> &mut DMatrix<T> {
        self.parts().output
    }

    /// The gradient of the loss with respect to the output.
    pub fn output_gradient(&self) -> &DMatrix<T> {
        self.children.last().map_or(&self.output_gradient, Tape::output_gradient)
    }

    /// The gradient with respect to the output, to be written before a backward pass.
    pub fn output_gradient_mut(&mut self) -> &mut DMatrix<T> {
        self.parts().output_gradient
    }

    /// The output to read and its gradient to write: what a loss needs.
    pub fn split(&mut self) -> (&DMatrix<T>, &mut DMatrix<T>) {
        let parts = self.parts();
        (parts.output, parts.output_gradient)
    }

    /// Everything at once; of a chain, the parts of its last layer.
    pub fn parts(&mut self) -> Parts<'_, T> {
        match self.children.last_mut() {
            Some(last) => last.parts(),
            None => Parts {
                output: &mut self.output,
                output_gradient: &mut self.output_gradient,
                buffers: &mut self.buffers,
                workspace: &mut self.workspace,
            },
        }
    }

    /// The tapes that [`chain`](Tape::chain) was given.
    pub fn children_mut(&mut self) -> &mut [Tape<T>] {
        &mut self.children
    }
}
