//! The memory of one pass over a batch.

use nalgebra::DMatrix;

use crate::scalar::Real;
use crate::scalar::Workspace;

/// The purpose of a pass: training or prediction. Dropout and batch normalisation behave differently in the
/// two.
///
/// Compare with `==`, as in `tape.mode() == Mode::Train`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Prediction: nothing is random, and normalisation uses running statistics.
    #[default]
    Evaluate,
    /// Training: masks are applied, and normalisation uses the statistics of the batch.
    Train,
}

/// The memory that a [`Layer`](crate::nn::Layer) needs for a batch of a given number of rows.
///
/// It holds the output of the layer, the gradient with respect to that output, everything that the layer has
/// to remember between the two passes, and the tapes of the layers inside it.
/// [`Layer::tape`](crate::nn::Layer::tape) creates it once per batch size, and every step reuses it.
///
/// It also holds what distinguishes training from prediction: the [`Mode`], masks (in buffers) and running
/// statistics. Running statistics outlive the batch; [`save_statistics`](Tape::save_statistics) and
/// [`load_statistics`](Tape::load_statistics) move them between tapes.
///
/// ```
/// use logit::nn::Tape;
///
/// // An output of 15 x 3 and one remembered matrix of 15 x 4.
/// let mut tape = Tape::<f64>::new(15, 3).with_buffer(15, 4);
/// assert_eq!(tape.output().shape(), (15, 3));
/// let parts = tape.borrow_parts();
/// parts.buffers[0].fill(1.0);
/// ```
#[derive(Debug, Clone)]
pub struct Tape<T> {
    output: DMatrix<T>,
    output_gradient: DMatrix<T>,
    buffers: Vec<DMatrix<T>>,
    statistics: Vec<T>,
    children: Vec<Tape<T>>,
    /// Whether the children run one after the other, so that the output is that of the last.
    chained: bool,
    mode: Mode,
    pub(crate) workspace: Workspace<T>,
}

/// The parts of a [`Tape`], borrowed at the same time.
#[derive(Debug)]
#[non_exhaustive]
pub struct TapeParts<'a, T> {
    /// The output of the layer, rows x outputs.
    pub output: &'a mut DMatrix<T>,
    /// The gradient of the loss with respect to the output, of the same shape.
    pub output_gradient: &'a mut DMatrix<T>,
    /// The matrices added with [`Tape::with_buffer`], in that order.
    pub buffers: &'a mut [DMatrix<T>],
    /// The running statistics set with [`Tape::with_statistics`].
    pub statistics: &'a mut [T],
    /// The tapes added with [`Tape::with_inside`], in that order.
    pub inside: &'a mut [Tape<T>],
    /// The purpose of the pass.
    pub mode: Mode,
    pub(crate) workspace: &'a mut Workspace<T>,
}

impl<T: Real> Tape<T> {
    /// Creates a tape with an output of `rows` x `outputs` and its gradient, in [`Mode::Evaluate`].
    pub fn new(rows: usize, outputs: usize) -> Self {
        Tape {
            output: DMatrix::zeros(rows, outputs),
            output_gradient: DMatrix::zeros(rows, outputs),
            buffers: Vec::new(),
            statistics: Vec::new(),
            children: Vec::new(),
            chained: false,
            mode: Mode::Evaluate,
            workspace: Workspace::default(),
        }
    }

    /// Adds a buffer of `rows` x `columns` for values that the layer has to remember.
    pub fn with_buffer(mut self, rows: usize, columns: usize) -> Self {
        self.buffers.push(DMatrix::zeros(rows, columns));
        self
    }

    /// Sets the initial values of running statistics, such as running means, which outlive the batch.
    pub fn with_statistics(mut self, statistics: Vec<T>) -> Self {
        self.statistics = statistics;
        self
    }

    /// Adds the tape of an inner layer. The output is still that of this tape.
    pub fn with_inside(mut self, tape: Tape<T>) -> Self {
        self.children.push(tape);
        self
    }

    /// Creates the tape of layers that run one after the other. Its output is that of the last layer.
    pub fn chain(children: Vec<Tape<T>>) -> Self {
        Tape { children, chained: true, ..Tape::new(0, 0) }
    }

    fn last_of_chain(&self) -> Option<&Tape<T>> {
        if self.chained { self.children.last() } else { None }
    }

    /// Returns the output of the last forward pass.
    pub fn output(&self) -> &DMatrix<T> {
        self.last_of_chain().map_or(&self.output, Tape::output)
    }

    /// Returns the output, for a forward pass to overwrite.
    pub fn output_mut(&mut self) -> &mut DMatrix<T> {
        self.borrow_parts().output
    }

    /// Returns the gradient of the loss with respect to the output.
    pub fn output_gradient(&self) -> &DMatrix<T> {
        self.last_of_chain().map_or(&self.output_gradient, Tape::output_gradient)
    }

    /// Returns the gradient with respect to the output, to be written before a backward pass.
    pub fn output_gradient_mut(&mut self) -> &mut DMatrix<T> {
        self.borrow_parts().output_gradient
    }

    /// Returns the output and, to write to, its gradient: the two that a loss needs.
    pub fn split(&mut self) -> (&DMatrix<T>, &mut DMatrix<T>) {
        let parts = self.borrow_parts();
        (parts.output, parts.output_gradient)
    }

    /// Borrows all parts of the tape at once. For a chain, these are the parts of its last layer.
    pub fn borrow_parts(&mut self) -> TapeParts<'_, T> {
        if self.chained && !self.children.is_empty() {
            let last = self.children.len() - 1;
            return self.children[last].borrow_parts();
        }
        TapeParts {
            output: &mut self.output,
            output_gradient: &mut self.output_gradient,
            buffers: &mut self.buffers,
            statistics: &mut self.statistics,
            inside: &mut self.children,
            mode: self.mode,
            workspace: &mut self.workspace,
        }
    }

    /// Returns the tapes that were given to [`chain`](Tape::chain) or [`with_inside`](Tape::with_inside).
    pub fn children_mut(&mut self) -> &mut [Tape<T>] {
        &mut self.children
    }

    /// Returns the purpose of passes over this tape.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Sets the purpose of passes over this tape and all tapes inside.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
        self.children.iter_mut().for_each(|child| child.set_mode(mode));
    }

    /// Returns the number of running statistics, here and in all tapes inside.
    pub fn statistic_count(&self) -> usize {
        self.statistics.len() + self.children.iter().map(Tape::statistic_count).sum::<usize>()
    }

    /// Copies all running statistics to `out`: those of this tape, then those of the tapes inside, in order.
    ///
    /// # Panics
    /// Panics if `out` does not have [`statistic_count`](Tape::statistic_count) entries.
    pub fn save_statistics(&self, out: &mut [T]) {
        assert_eq!(out.len(), self.statistic_count(), "entries for running statistics");
        let (own, mut rest) = out.split_at_mut(self.statistics.len());
        own.copy_from_slice(&self.statistics);
        for child in &self.children {
            let (of_child, after) = rest.split_at_mut(child.statistic_count());
            child.save_statistics(of_child);
            rest = after;
        }
    }

    /// Loads all running statistics from `values`, in the order of
    /// [`save_statistics`](Tape::save_statistics).
    ///
    /// # Panics
    /// Panics if `values` does not have [`statistic_count`](Tape::statistic_count) entries.
    pub fn load_statistics(&mut self, values: &[T]) {
        assert_eq!(values.len(), self.statistic_count(), "running statistics");
        let (own, mut rest) = values.split_at(self.statistics.len());
        self.statistics.copy_from_slice(own);
        for child in &mut self.children {
            let (of_child, after) = rest.split_at(child.statistic_count());
            child.load_statistics(of_child);
            rest = after;
        }
    }

    /// Returns the size in bytes of the matrices and running statistics of this tape and of all tapes inside.
    pub fn bytes(&self) -> usize {
        let matrices = self.buffers.iter().map(DMatrix::len).sum::<usize>();
        let own = self.output.len() + self.output_gradient.len() + matrices + self.statistics.len();
        own * size_of::<T>() + self.children.iter().map(Tape::bytes).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_and_mode_reach_every_tape_inside_and_come_back_in_order() {
        let inner = Tape::chain(vec![Tape::<f64>::new(2, 1).with_statistics(vec![2.0]), Tape::new(2, 1)]);
        let block = Tape::new(2, 1).with_statistics(vec![1.0]).with_inside(inner);
        let mut tape = Tape::chain(vec![block, Tape::new(2, 3).with_statistics(vec![3.0, 4.0])]);
        let mut saved = [0.0; 4];
        tape.save_statistics(&mut saved);
        assert_eq!(saved, [1.0, 2.0, 3.0, 4.0]);
        tape.load_statistics(&[5.0, 6.0, 7.0, 8.0]);
        assert_eq!(
            tape.children_mut()[0].children_mut()[0].children_mut()[0].borrow_parts().statistics,
            [6.0]
        );
        tape.set_mode(Mode::Train);
        assert_eq!(
            tape.children_mut()[0].children_mut()[0].children_mut()[1].borrow_parts().mode,
            Mode::Train
        );
    }

    #[test]
    fn a_chain_ends_with_its_last_layer_and_a_block_with_its_own_output() {
        let tape = Tape::chain(vec![Tape::<f32>::new(5, 7), Tape::new(5, 2)]);
        assert_eq!((tape.output().shape(), tape.bytes()), ((5, 2), 4 * 2 * 5 * 9));
        assert_eq!(Tape::<f32>::new(5, 3).with_inside(tape).output().shape(), (5, 3));
    }
}
