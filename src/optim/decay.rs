//! Weight decay in adaptive update rules.

use std::ops::Range;

use super::{Step, pieces};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// The kind of weight decay in an adaptive update rule.
///
/// Only the ranges of [`Step::decayed`] decay, so biases and the parameters of normalisation do not.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Decay {
    /// No weight decay.
    #[default]
    None,
    /// Decay added to the gradient, like an L2 penalty. The adaptive denominator therefore divides it too.
    Coupled(f64),
    /// Decay that multiplies p by 1 - rate * decay before the update, as in "AdamW" (Loshchilov and Hutter
    /// 2019).
    Decoupled(f64),
}

/// Converts a number to [`Decay::Coupled`], an L2 penalty, as in most libraries.
impl From<f64> for Decay {
    fn from(decay: f64) -> Self {
        Decay::Coupled(decay)
    }
}

impl Decay {
    pub(super) fn check(self) -> Result<(), Error> {
        match self {
            Decay::None => Ok(()),
            Decay::Coupled(decay) | Decay::Decoupled(decay) => check::not_negative("weight_decay", decay),
        }
    }

    /// Splits the parameters into pieces with equal decay. Yields the range of each piece, the multiple of p
    /// that is added to the gradient, and the factor that p is multiplied by.
    pub(super) fn pieces<'a, T: Real>(
        self,
        length: usize,
        step: Step<'a>,
    ) -> impl Iterator<Item = (Range<usize>, T, T)> + 'a {
        let (decay, decoupled) = match self {
            Decay::None => (0.0, false),
            Decay::Coupled(decay) => (decay, false),
            Decay::Decoupled(decay) => (decay, true),
        };
        pieces(0..length, decay, step.decayed).map(move |(piece, decay)| {
            let (added, kept) =
                if decoupled { (0.0, 1.0 - step.learning_rate * decay) } else { (decay, 1.0) };
            (piece, T::of(added), T::of(kept))
        })
    }
}

/// Generates the setter of the weight decay in the `impl` of a rule, which names the field that holds it.
macro_rules! weight_decay_setter {
    ($($field:ident).+) => {
        /// Sets the weight decay; a number means [`Decay::Coupled`](crate::optim::Decay::Coupled). Defaults
        /// to [`Decay::None`](crate::optim::Decay::None).
        pub fn weight_decay(mut self, decay: impl Into<$crate::optim::Decay>) -> Self {
            self.$($field).+ = decay.into();
            self
        }
    };
}
pub(super) use weight_decay_setter;
