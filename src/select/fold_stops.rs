//! Why the fits to folds stopped.

use std::fmt;

use crate::error::Error;
use crate::report::StopReason;

/// The reasons why the fits to folds stopped.
///
/// A reason is `None` for a classifier without a [report](crate::Classifier::report). The
/// [`Display`](fmt::Display) names the folds, counted from 0, whose fits did not
/// [converge](crate::FitReport::converged).
///
/// ```
/// use logit::metrics::LogLoss;
/// use logit::select::Splitter;
/// use logit::{CrossValidation, LogisticRegression, Penalty, StopReason, data};
///
/// let iris = data::iris();
/// let validation = CrossValidation::new(Splitter::Consecutive { k: 5 })
///     .metric("log-loss", LogLoss);
/// let found =
///     validation.run(&LogisticRegression::new(Penalty::c(1.0)), &iris.x, &iris.y)?;
/// assert_eq!(found.stops().reasons(), [Some(StopReason::Converged); 5]);
/// assert_eq!(found.stops().to_string(), "all 5 fits converged");
///
/// let hurried = LogisticRegression::new(Penalty::c(1.0)).max_iterations(1);
/// let found = validation.run(&hurried, &iris.x, &iris.y)?;
/// let wanted =
///     "5 of 5 fits did not converge: folds 0, 1, 2, 3, 4 (iteration limit reached)";
/// assert_eq!(found.stops().to_string(), wanted);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoldStops(Vec<Option<StopReason>>);

impl FoldStops {
    /// Returns the reason of each fold, in order.
    pub fn reasons(&self) -> &[Option<StopReason>] {
        &self.0
    }

    /// Returns the folds, counted from 0, whose report has a reason other than [`StopReason::Converged`].
    pub fn unconverged(&self) -> Vec<usize> {
        self.stopped().map(|(fold, _)| fold).collect()
    }

    /// Returns the folds that stopped for a reason other than convergence.
    fn stopped(&self) -> impl Iterator<Item = (usize, StopReason)> {
        let with_reason = |(fold, reason): (usize, &Option<StopReason>)| Some((fold, (*reason)?));
        let folds = self.0.iter().enumerate().filter_map(with_reason);
        folds.filter(|(_, reason)| *reason != StopReason::Converged)
    }

    /// Returns the number of converged fits, as "4/5"; "-" if no fit has a report.
    pub(super) fn share(&self) -> String {
        if self.0.iter().all(Option::is_none) {
            return "-".to_owned();
        }
        let converged = self.0.iter().filter(|reason| **reason == Some(StopReason::Converged));
        format!("{}/{}", converged.count(), self.0.len())
    }

    /// Returns the reasons as one text, for files.
    pub(crate) fn keys(&self) -> String {
        let keys: Vec<&str> = self.0.iter().map(|reason| reason.map_or(UNKNOWN, StopReason::key)).collect();
        keys.join(" ")
    }

    /// Parses the reasons from a text that [`keys`](Self::keys) returned.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the text has an unknown reason.
    pub(crate) fn from_keys(text: &str) -> Result<Self, Error> {
        let reason = |key| if key == UNKNOWN { Ok(None) } else { StopReason::from_key(key).map(Some) };
        text.split(' ').filter(|key| !key.is_empty()).map(reason).collect()
    }
}

/// The key of a fit without a report, in files.
const UNKNOWN: &str = "unknown";

impl FromIterator<Option<StopReason>> for FoldStops {
    fn from_iter<I: IntoIterator<Item = Option<StopReason>>>(reasons: I) -> Self {
        FoldStops(reasons.into_iter().collect())
    }
}

impl fmt::Display for FoldStops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let mut reasons: Vec<(StopReason, Vec<String>)> = Vec::new();
        for (fold, reason) in self.stopped() {
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, folds)) => folds.push(fold.to_string()),
                None => reasons.push((reason, vec![fold.to_string()])),
            }
        }
        let reported = self.0.iter().flatten().count();
        let stopped: usize = reasons.iter().map(|(_, folds)| folds.len()).sum();
        match (count, reported, stopped) {
            (0, ..) => return write!(f, "no fits to folds"),
            (_, 0, _) => return write!(f, "none of {count} fits has a report"),
            (_, _, 0) if reported == count => return write!(f, "all {count} fits converged"),
            (_, _, 0) => return write!(f, "{reported} of {count} fits converged, the others have no report"),
            _ => {}
        }
        write!(f, "{stopped} of {count} fits did not converge")?;
        for (index, (reason, folds)) in reasons.iter().enumerate() {
            let mark = if index == 0 { ':' } else { ';' };
            let noun = if folds.len() == 1 { "fold" } else { "folds" };
            write!(f, "{mark} {noun} {} ({reason})", folds.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops(reasons: &[Option<StopReason>]) -> FoldStops {
        reasons.iter().copied().collect()
    }

    #[test]
    fn folds_are_named_by_reason() {
        use StopReason::{Converged, IterationLimit, Stalled};
        let some = stops(&[Some(Converged), Some(Stalled), None, Some(IterationLimit), Some(IterationLimit)]);
        let wanted = "3 of 5 fits did not converge: fold 1 (stalled: no step improves the objective at this precision); \
                      folds 3, 4 (iteration limit reached)";
        assert_eq!((some.to_string().as_str(), some.share().as_str()), (wanted, "1/5"));
        assert_eq!(some.unconverged(), [1, 3, 4]);
        let unknown = stops(&[None; 2]);
        assert_eq!(
            (unknown.to_string().as_str(), unknown.share().as_str()),
            ("none of 2 fits has a report", "-")
        );
        assert!(unknown.unconverged().is_empty());
        let half = "1 of 2 fits converged, the others have no report";
        assert_eq!(stops(&[Some(Converged), None]).to_string(), half);
        assert_eq!(stops(&[]).to_string(), "no fits to folds");
    }

    #[test]
    fn texts_come_back() {
        let all = stops(&[Some(StopReason::Converged), None, Some(StopReason::Diverged)]);
        assert_eq!(FoldStops::from_keys(&all.keys()), Ok(all));
        assert_eq!(FoldStops::from_keys(&FoldStops::default().keys()), Ok(FoldStops::default()));
        assert!(matches!(FoldStops::from_keys("converged hopeful"), Err(Error::InvalidFile { .. })));
    }
}
