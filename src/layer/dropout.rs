//! Dropout: random entries are set to zero in training.

use nalgebra::DMatrix;

use super::width::keeps_width;
use super::{Layer, Mode, Shape, Tape};
use crate::check;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// A layer that drops each entry of its input with a given probability in training.
///
/// # Formula
/// In [`Mode::Train`], y = m x, where m is 0 with probability p and 1 / (1 - p) otherwise.
/// [`Layer::sample_masks`] draws m for each entry. The mean of y over all masks is x. In [`Mode::Evaluate`],
/// y = x. A tape drops nothing until a mask is drawn for it.
///
/// An infinite entry that is dropped becomes NaN, not zero, so that a diverging network does not look
/// healthy.
///
/// # Shapes
/// Input and output are rows x width. There are no parameters.
///
/// # References
/// Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a simple way to prevent neural
/// networks from overfitting", Journal of Machine Learning Research 15, 2014.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Dropout, Layer, Mode};
/// use logit::Rng;
///
/// let layer = Dropout::new(4, 0.5)?;
/// let x = dmatrix![1.0, 2.0, 3.0, 4.0];
/// assert_eq!(layer.apply(&[], &x)?, x);
///
/// let mut tape = layer.tape(1);
/// tape.set_mode(Mode::Train);
/// layer.sample_masks(&mut tape, &mut Rng::new(7));
/// layer.forward(&[], &x, &mut tape);
/// assert!(x.iter().zip(tape.output()).all(|(x, y)| *y == 0.0 || *y == 2.0 * x));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    pub(super) width: usize,
    pub(super) probability: f64,
}

impl Dropout {
    /// Creates a layer of `width` columns that drops each entry with this probability, at least 0 and
    /// below 1.
    ///
    /// Usual probabilities are 0.5 between wide layers and 0.1 to 0.2 on inputs. [`Shape::check`] checks the
    /// probability.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `width` is zero or more than memory can address.
    pub fn new(width: usize, probability: f64) -> Result<Self, Error> {
        Ok(Dropout { width: check::width(width)?, probability })
    }

    /// Returns the probability that an entry is dropped.
    pub fn probability(&self) -> f64 {
        self.probability
    }

    /// Writes a given mask to `tape`, where [`Layer::sample_masks`] draws a random one.
    ///
    /// `keeps(row, column)` returns whether to keep the entry. It is called for each row and column, column
    /// by column.
    ///
    /// # Panics
    /// May panic if `tape` was not created by a dropout layer.
    pub fn set_mask<T: Real>(&self, tape: &mut Tape<T>, mut keeps: impl FnMut(usize, usize) -> bool) {
        let scale = T::of(1.0 / (1.0 - self.probability));
        let mask = &mut tape.borrow_parts().buffers[MASK];
        let rows = mask.nrows().max(1);
        for (column, factors) in mask.as_mut_slice().chunks_exact_mut(rows).enumerate() {
            for (row, factor) in factors.iter_mut().enumerate() {
                *factor = if keeps(row, column) { scale } else { T::zero() };
            }
        }
    }
}

/// The index of the buffer that holds the factor of each entry.
const MASK: usize = 0;

impl Shape for Dropout {
    keeps_width!(without parameters);
    fn check(&self) -> Result<(), Error> {
        check::fraction("probability", self.probability)
    }
    fn describe(&self) -> String {
        format!("Dropout {}", self.probability)
    }
}

impl<T: Real> Layer<T> for Dropout {
    fn init(&self, _params: &mut [T], _rng: &mut Rng) {}

    fn tape(&self, rows: usize) -> Tape<T> {
        let mut tape = Tape::new(rows, self.width).with_buffer(rows, self.width);
        tape.borrow_parts().buffers[MASK].fill(T::one());
        tape
    }

    fn forward(&self, _params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        let parts = tape.borrow_parts();
        masked(parts.mode, x, &parts.buffers[MASK], parts.output);
    }

    fn backward(
        &self,
        _params: &[T],
        _x: &DMatrix<T>,
        tape: &mut Tape<T>,
        _grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        let parts = tape.borrow_parts();
        if let Some(dx) = dx {
            masked(parts.mode, parts.output_gradient, &parts.buffers[MASK], dx);
        }
    }

    fn sample_masks(&self, tape: &mut Tape<T>, rng: &mut Rng) {
        self.set_mask(tape, |_, _| rng.uniform(0.0, 1.0) >= self.probability);
    }
}

/// Multiplies `from` by the mask, in both passes: the layer is linear.
fn masked<T: Real>(mode: Mode, from: &DMatrix<T>, mask: &DMatrix<T>, to: &mut DMatrix<T>) {
    if mode == Mode::Evaluate {
        return to.copy_from(from);
    }
    assert_eq!(from.shape(), mask.shape(), "the rows and columns of a dropout layer");
    let (from, mask, to) = (from.as_slice(), mask.as_slice(), to.as_mut_slice());
    vectorize(
        #[inline(always)]
        || {
            for ((to, &from), &factor) in to.iter_mut().zip(from).zip(mask) {
                *to = from * factor;
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A given seed must reproduce the same training run in every release.
    #[test]
    fn the_mask_of_a_seed_is_pinned() {
        let layer = Dropout::new(2, 0.25).unwrap();
        let mut tape: Tape<f64> = layer.tape(4);
        layer.sample_masks(&mut tape, &mut Rng::new(3));
        let kept = tape.borrow_parts().buffers[MASK].map(|factor| factor != 0.0);
        assert_eq!(kept.as_slice(), PINNED);
    }
    const PINNED: [bool; 8] = [false, true, true, true, true, false, false, true];

    #[test]
    fn the_share_and_the_size_of_what_is_kept_are_those_of_the_definition() {
        for probability in [0.0, 0.1, 0.5, 0.9] {
            let layer = Dropout::new(50, probability).unwrap();
            let mut tape: Tape<f64> = layer.tape(400);
            layer.sample_masks(&mut tape, &mut Rng::new(11));
            let mask = &tape.borrow_parts().buffers[MASK];
            let kept = mask.iter().filter(|factor| **factor != 0.0).count() as f64;
            // Four standard deviations.
            let spread = 4.0 * (20_000.0 * probability * (1.0 - probability)).sqrt();
            assert!((kept - 20_000.0 * (1.0 - probability)).abs() <= spread, "{probability}: {kept}");
            assert!(mask.iter().all(|factor| *factor == 0.0 || *factor == 1.0 / (1.0 - probability)));
        }
    }

    #[test]
    fn probabilities_outside_of_zero_to_one_are_refused() {
        for probability in [-0.1, 1.0, 1.5, f64::NAN, f64::INFINITY] {
            let error = Dropout::new(3, probability).unwrap().check().unwrap_err().to_string();
            assert!(
                error.starts_with("`probability` is ") && error.ends_with("at least 0 and below 1"),
                "{error}"
            );
        }
        assert_eq!(Dropout::new(0, 0.5).unwrap_err().to_string(), "`width` is 0, but must be at least 1");
        assert!(Dropout::new(usize::MAX, 0.5).is_err());
    }
}
