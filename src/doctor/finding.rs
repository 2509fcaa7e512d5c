//! One finding of the doctor.

use std::fmt;

use crate::code::Code;

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Severity {
    /// A remark: nothing has to change.
    Info,
    /// The result is likely to be worse than it could be.
    Warning,
    /// The result cannot be used.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// A number that a finding rests on.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Measurement {
    /// What was measured, such as "loss" or "largest recall".
    pub name: String,
    /// The value.
    #[cfg_attr(feature = "serde", serde(with = "super::serialization::number"))]
    pub value: f64,
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, short(self.value))
    }
}

/// Returns a number with at most four significant digits.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    if !(1e-3..1e6).contains(&size) {
        return format!("{value:.1e}");
    }
    let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A change that was tried in a short fit, and what it did to the loss.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Trial {
    /// The change, such as "learning rate x 1000 for 200 steps".
    pub change: String,
    /// The loss without the change.
    #[cfg_attr(feature = "serde", serde(with = "super::serialization::number"))]
    pub before: f64,
    /// The loss with the change.
    #[cfg_attr(feature = "serde", serde(with = "super::serialization::number"))]
    pub after: f64,
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "with {}, the loss is {} in place of {}",
            self.change,
            short(self.after),
            short(self.before)
        )
    }
}

/// A finding: what was seen, why it matters, and what to change.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Finding {
    /// The kind of finding.
    pub code: Code,
    /// How serious it is.
    pub severity: Severity,
    /// The numbers that it rests on.
    pub saw: Vec<Measurement>,
    /// What the numbers mean.
    pub why: String,
    /// What to change.
    pub change: String,
    /// A short fit that has shown that the change works; `None` if none was made.
    pub verified: Option<Trial>,
    /// The finding of the same diagnosis that explains this one.
    pub caused_by: Option<Code>,
}

impl Finding {
    /// Creates a finding without measurements.
    pub(crate) fn new(
        code: Code,
        severity: Severity,
        why: impl Into<String>,
        change: impl Into<String>,
    ) -> Self {
        Finding {
            code,
            severity,
            saw: Vec::new(),
            why: why.into(),
            change: change.into(),
            verified: None,
            caused_by: None,
        }
    }

    /// Returns whether it is more than a remark.
    pub(crate) fn is_warning(&self) -> bool {
        self.severity > Severity::Info
    }

    /// Adds a measurement.
    pub(crate) fn saw(mut self, name: impl Into<String>, value: f64) -> Self {
        self.saw.push(Measurement { name: name.into(), value });
        self
    }

    /// Sets the short fit that has shown that the change works.
    pub(crate) fn verified(mut self, trial: Trial) -> Self {
        self.verified = Some(trial);
        self
    }
}

/// Writes the title, what was seen, why, what to change, and what has been checked, one per line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { code, severity, saw, why, change, verified, caused_by } = self;
        write!(f, "{code} ({severity})")?;
        if let Some(cause) = caused_by {
            write!(f, ", caused by {}", cause.id())?;
        }
        if !saw.is_empty() {
            let numbers: Vec<String> = saw.iter().map(Measurement::to_string).collect();
            write!(f, "\n  saw: {}", numbers.join(", "))?;
        }
        write!(f, "\n  why: {why}\n  change: {change}")?;
        match verified {
            Some(trial) => write!(f, "\n  checked: {trial}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        for (value, text) in [
            (0.0, "0"),
            (3.0, "3"),
            (0.25, "0.25"),
            (1.23456, "1.235"),
            (12345.6, "12346"),
            (1e-7, "1.0e-7"),
            (-2.5e9, "-2.5e9"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn a_finding_is_a_few_lines() {
        let trial = Trial { change: "learning rate x 100".into(), before: 3.28, after: 1.12 };
        let finding =
            Finding::new(Code::LearningRateTooSmall, Severity::Warning, "steps are tiny", "use 0.1")
                .saw("step", 3e-7)
                .verified(trial);
        assert_eq!(
            finding.to_string(),
            "[D09] learning rate too small (warning)\n  saw: step 3.0e-7\n  why: steps are tiny\n  change: \
             use 0.1\n  checked: with learning rate x 100, the loss is 1.12 in place of 3.28"
        );
    }
}
