//! Clopper-Pearson intervals of shares.

use std::fmt;

/// A share of a number of cases, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    pub(crate) count: usize,
    pub(crate) of: usize,
}

impl Share {
    /// Counts the cases that fulfil the condition.
    pub(crate) fn of<A>(cases: &[A], condition: impl Fn(&A) -> bool) -> Self {
        Share { count: cases.iter().filter(|case| condition(case)).count(), of: cases.len() }
    }

    /// Returns the exact interval: the shares that do not make the count too unlikely on either side.
    pub(crate) fn interval(self) -> (f64, f64) {
        let Share { count, of } = self;
        let low = if count == 0 { 0.0 } else { root(|share| at_least(of, count, share) - 0.025) };
        let high = if count == of { 1.0 } else { root(|share| at_least(of, count + 1, share) - 0.975) };
        (low, high)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Share { count, of } = *self;
        if of == 0 {
            return f.write_str("none");
        }
        let (low, high) = self.interval();
        let share = 100.0 * count as f64 / of as f64;
        write!(f, "{count}/{of} = {share:.1} % ({:.1} to {:.1})", 100.0 * low, 100.0 * high)
    }
}

/// Returns the probability of at least `count` of `trials` successes.
fn at_least(trials: usize, count: usize, share: f64) -> f64 {
    let mut log_choose = 0.0;
    let mut sum = 0.0;
    for successes in 0..=trials {
        if successes > 0 {
            log_choose += ((trials - successes + 1) as f64 / successes as f64).ln();
        }
        if successes >= count {
            let failures = (trials - successes) as f64;
            sum += (log_choose + successes as f64 * share.ln() + failures * (-share).ln_1p()).exp();
        }
    }
    sum
}

/// Returns the root of an increasing function between 0 and 1.
fn root(function: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if function(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_beta_distribution() {
        for (count, of, low, high) in [
            // Beta quantiles of SciPy.
            (0, 10, 0.0, 0.3084971078187607),
            (10, 10, 0.6915028921812392, 1.0),
            (3, 20, 0.0320709371854637, 0.37892682654531396),
            (97, 128, 0.6741888755525784, 0.8291319048396787),
        ] {
            let found = Share { count, of }.interval();
            assert!((found.0 - low).abs() < 1e-9 && (found.1 - high).abs() < 1e-9, "{count}/{of}: {found:?}");
        }
    }

    #[test]
    fn a_share_of_nothing_has_no_interval() {
        assert_eq!(Share { count: 0, of: 0 }.to_string(), "none");
        assert_eq!(Share { count: 1, of: 1 }.to_string(), "1/1 = 100.0 % (2.5 to 100.0)");
    }
}
