//! How weight decay enters an adaptive rule.

use std::ops::Range;

use super::{Step, pieces};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// How weight decay enters an adaptive update; only the ranges of [`Step::decayed`] decay, so biases and the
/// parameters of normalisation are spared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Decay {
    /// No weight decay.
    #[default]
    None,
    /// Added to the gradient, like an L2 penalty, and so divided by the adaptive denominator too.
    Coupled(f64),
    /// p is multiplied by 1 - rate * decay before the update: "AdamW", Loshchilov and Hutter (2019).
    Decoupled(f64),
}

/// A number is an L2 penalty, as in most libraries: [`Decay::Coupled`].
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

    /// Cuts the parameters into pieces with the same decay: the range, what of p is added to the gradient, and the
    /// factor that p is multiplied by.
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

/// Writes the setter of the weight decay into the `impl` of a rule, which says where it keeps it.
macro_rules! weight_decay_setter {
    ($($field:ident).+) => {
        /// The weight decay; a number is [`Decay::Coupled`](crate::optim::Decay::Coupled). Defaults to
        /// [`Decay::None`](crate::optim::Decay::None).
        pub fn weight_decay(mut self, decay: impl Into<$crate::optim::Decay>) -> Self {
            self.$($field).+ = decay.into();
            self
        }
    };
}
pub(super) use weight_decay_setter;
