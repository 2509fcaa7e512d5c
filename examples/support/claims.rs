//! What an example claims, checked by the example itself.

use std::error::Error;

/// Claims that were made so far, and how many of them did not hold.
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

    /// An error if any claim was broken, so that the example ends with another exit code than 0.
    pub(crate) fn verdict(self) -> Result<(), Box<dyn Error>> {
        match self.broken {
            0 => Ok(()),
            broken => Err(format!("{broken} of {} claims do not hold", self.made).into()),
        }
    }
}
