//! Claims of an example, which the example checks itself.

use std::error::Error;

/// The number of claims so far, and the number that did not hold.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    made: usize,
    broken: usize,
}

impl Claims {
    /// Prints `claim` and whether it holds.
    pub(crate) fn check(&mut self, holds: bool, claim: &str) {
        self.made += 1;
        self.broken += usize::from(!holds);
        println!("{} {claim}", if holds { "holds: " } else { "BROKEN:" });
    }

    /// Returns an error if a claim did not hold, so the example exits with a code other than 0.
    pub(crate) fn verdict(self) -> Result<(), Box<dyn Error>> {
        match self.broken {
            0 => Ok(()),
            broken => Err(format!("{broken} of {} claims do not hold", self.made).into()),
        }
    }
}
