//! The score: how often the first finding is the cause, and how often a healthy run raises an alarm.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use logit::doctor::{Code, Severity};

use super::interval::Share;
use super::program::Answer;

/// The findings about one program, beside what is known about it.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) answer: Answer,
    /// The codes that each finding stands for, and how serious it is.
    pub(crate) findings: Vec<(Vec<Code>, Severity)>,
    pub(crate) time: Duration,
}

/// The truth of programs without a fault.
const HEALTHY: &str = "healthy";
/// Findings that are independent of training: true remarks may come before them.
const INDEPENDENT: [&str; 5] = ["D19", "D20", "D22", "D23", "D25"];
/// Findings that need more than the training run, which have lines of their own.
const APART: [&str; 3] = ["D03", "D19", "D25"];

impl Judged {
    pub(crate) fn is_healthy(&self) -> bool {
        self.answer.truth == HEALTHY
    }

    fn is_also_true(&self, codes: &[Code]) -> bool {
        codes.iter().any(|code| self.answer.also_true.iter().any(|other| other == code.id()))
    }

    fn is_right(&self, codes: &[Code]) -> bool {
        self.is_the_truth(codes)
            || codes.iter().any(|code| self.answer.acceptable.iter().any(|other| other == code.id()))
    }

    fn is_the_truth(&self, codes: &[Code]) -> bool {
        codes.iter().any(|code| self.answer.truth == code.id())
    }

    /// Returns the first finding that counts.
    pub(crate) fn first(&self) -> Option<&[Code]> {
        let skips = INDEPENDENT.contains(&self.answer.truth.as_str());
        let mut each = self.findings.iter().map(|(codes, _)| codes.as_slice());
        each.find(|codes| !skips || self.is_right(codes) || !self.is_also_true(codes))
    }

    /// Returns whether the first finding is the cause, or one that an expert accepts.
    pub(crate) fn is_top(&self) -> bool {
        self.first().is_some_and(|codes| self.is_right(codes))
    }

    fn is_exact(&self) -> bool {
        self.first().is_some_and(|codes| self.is_the_truth(codes))
    }

    fn is_hit(&self) -> bool {
        self.findings.iter().any(|(codes, _)| self.is_right(codes))
    }

    /// Returns whether a finding is at least this serious; `tolerant` leaves out those that are true.
    pub(crate) fn alarms(&self, least: Severity, tolerant: bool) -> bool {
        self.findings
            .iter()
            .any(|(codes, severity)| *severity >= least && !(tolerant && self.is_also_true(codes)))
    }
}

/// The score of a tool on some programs, as a table.
#[derive(Debug)]
pub(crate) struct Score<'a>(pub(crate) &'a [Judged]);

impl fmt::Display for Score<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (healthy, faulty): (Vec<&Judged>, Vec<&Judged>) =
            self.0.iter().partition(|judged| judged.is_healthy());
        let causes: BTreeSet<&str> = faulty.iter().map(|judged| judged.answer.truth.as_str()).collect();
        for cause in causes {
            let of_cause: Vec<&Judged> = faulty.iter().copied().filter(|j| j.answer.truth == cause).collect();
            faults(f, cause, &of_cause)?;
        }
        let apart = |judged: &&Judged| APART.contains(&judged.answer.truth.as_str());
        let (seen, main): (Vec<&Judged>, Vec<&Judged>) = faulty.iter().copied().partition(apart);
        faults(f, "all", &faulty)?;
        faults(f, &format!("{} only", APART.join(", ")), &seen)?;
        faults(f, &format!("without {}", APART.join(", ")), &main)?;
        for (least, name) in [(Severity::Warning, "warnings or errors"), (Severity::Error, "errors")] {
            for (tolerant, which) in [(false, "strict"), (true, "true remarks tolerated")] {
                let share = Share::of(&healthy, |judged| judged.alarms(least, tolerant));
                writeln!(f, "healthy with {name}, {which}: {share}")?;
            }
        }
        let total: Duration = self.0.iter().map(|judged| judged.time).sum();
        let longest = self.0.iter().max_by_key(|judged| judged.time);
        write!(f, "time: {:.1} s for {} programs", total.as_secs_f64(), self.0.len())?;
        match longest {
            Some(Judged { answer, time, .. }) => {
                write!(f, ", at most {:.2} s ({})", time.as_secs_f64(), answer.id)
            }
            None => Ok(()),
        }
    }
}

fn faults(f: &mut fmt::Formatter<'_>, name: &str, judged: &[&Judged]) -> fmt::Result {
    writeln!(
        f,
        "{name}: top-1 {}; exact {}; any {}",
        Share::of(judged, |judged| judged.is_top()),
        Share::of(judged, |judged| judged.is_exact()),
        Share::of(judged, |judged| judged.is_hit())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(truth: &str, acceptable: &[&str], also_true: &[&str], findings: &[(&str, Severity)]) -> Judged {
        let answer = json!({"id": "x", "truth": truth, "acceptable": acceptable, "also_true": also_true});
        Judged {
            answer: serde_json::from_value(answer).unwrap(),
            findings: findings
                .iter()
                .map(|(ids, severity)| {
                    (ids.split('/').map(|id| Code::from_id(id).unwrap()).collect(), *severity)
                })
                .collect(),
            time: Duration::from_millis(1500),
        }
    }

    fn counts(judged: &Judged) -> [bool; 3] {
        [judged.is_top(), judged.is_exact(), judged.is_hit()]
    }

    #[test]
    fn the_first_finding_counts() {
        use Severity::{Error, Info, Warning};
        let of = |found: &[(&str, Severity)]| counts(&judged("D06", &["D10"], &["D13"], found));
        assert_eq!(of(&[("D06", Error), ("D10", Error)]), [true, true, true]);
        assert_eq!(of(&[("D10", Info)]), [true, false, true]);
        assert_eq!(of(&[("D13", Warning), ("D06", Warning)]), [false, false, true]);
        assert_eq!(of(&[("D01", Warning)]), [false; 3]);
        assert_eq!(of(&[]), [false; 3]);
    }

    #[test]
    fn true_remarks_are_skipped_before_independent_findings() {
        use Severity::{Info, Warning};
        let found = [("D13", Info), ("D20", Warning)];
        assert_eq!(counts(&judged("D20", &[], &["D13"], &found)), [true; 3]);
        assert_eq!(counts(&judged("D20", &[], &[], &found)), [false, false, true]);
        assert_eq!(counts(&judged("D21", &["D20"], &["D13"], &found)), [false, false, true]);
    }

    #[test]
    fn a_finding_can_stand_for_several_codes() {
        use Severity::Warning;
        let of = |found: &[(&str, Severity)]| counts(&judged("D20", &["D07"], &["D13"], found));
        assert_eq!(of(&[("D06/D20", Warning)]), [true; 3]);
        assert_eq!(of(&[("D06/D07", Warning)]), [true, false, true]);
        assert_eq!(of(&[("D13/D20", Warning)]), [true; 3]);
        assert_eq!(of(&[("D13/D06", Warning), ("D20", Warning)]), [true; 3]);
        assert_eq!(of(&[("D05/D06", Warning), ("D20", Warning)]), [false, false, true]);
        let healthy = judged("healthy", &[], &["D06"], &[("D08/D06", Warning)]);
        assert_eq!([true, false].map(|tolerant| healthy.alarms(Warning, tolerant)), [false, true]);
    }

    #[test]
    fn the_table_has_alarms_by_severity() {
        use Severity::{Error, Info, Warning};
        let all = [
            judged("healthy", &[], &[], &[("D20", Info)]),
            judged("healthy", &[], &["D20"], &[("D20", Warning)]),
            judged("healthy", &[], &[], &[("D20", Warning)]),
            judged("healthy", &[], &["D06"], &[("D20", Info), ("D06", Error)]),
            judged("D03", &[], &[], &[("D03", Error)]),
            judged("D05", &["D06"], &[], &[("D06", Error)]),
        ];
        let table = Score(&all).to_string();
        for line in [
            "D05: top-1 1/1 = 100.0 % (2.5 to 100.0); exact 0/1 = 0.0 % (0.0 to 97.5); any 1/1",
            "all: top-1 2/2 = 100.0 % (15.8 to 100.0); exact 1/2",
            "without D03, D19, D25: top-1 1/1 = 100.0 % (2.5 to 100.0); exact 0/1",
            "healthy with warnings or errors, strict: 3/4 = 75.0 %",
            "healthy with warnings or errors, true remarks tolerated: 1/4 = 25.0 %",
            "healthy with errors, strict: 1/4",
            "healthy with errors, true remarks tolerated: 0/4",
            "time: 9.0 s for 6 programs",
        ] {
            assert!(table.contains(line), "{line} in\n{table}");
        }
    }
}
