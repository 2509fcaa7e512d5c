//! What is measured about rows and class indices, once.

use super::classes::ClassCounts;
use super::columns::Redundant;
use super::conflicts::Conflicts;
use super::finite::{Measurable, NotFinite};
use super::leaks::Leak;
use super::lengths::EqualLengths;
use super::scaling::Scaling;
use super::terms::Terms;
use crate::doctor::finding::Finding;
use crate::examples::ClassExamples;
use crate::preprocess::Moments;
use crate::rows::Rows;
use crate::scalar::Real;

/// What is measured about rows and class indices: a few numbers and short lists.
///
/// Rows of weight 0 do not count. Classes are counted over all other rows; everything else is measured on
/// those without an entry that is not finite.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DataEvidence {
    pub(crate) columns: usize,
    pub(crate) not_finite: Option<NotFinite>,
    pub(crate) classes: ClassCounts,
    /// `None` if no row is finite, or if numbers overflow. So are the following.
    pub(crate) redundant: Option<Redundant>,
    pub(crate) scaling: Option<Scaling>,
    pub(crate) leak: Option<Leak>,
    pub(crate) conflicts: Option<Conflicts>,
    pub(crate) lengths: Option<EqualLengths>,
}

impl DataEvidence {
    /// Measures rows with their class indices, which are below `count`, and their weights.
    ///
    /// The lengths must agree. Weights must be finite and not negative.
    pub(crate) fn measure<T: Real>(
        x: Rows<'_, T>,
        classes: &[usize],
        count: usize,
        weights: Option<&[T]>,
    ) -> Self {
        debug_assert_eq!(x.nrows(), classes.len());
        let counts = ClassCounts::new(classes, count, weights);
        let measurable = Measurable::new(x, weights);
        let mut evidence = DataEvidence {
            columns: x.ncols(),
            not_finite: measurable.not_finite.clone(),
            classes: counts,
            redundant: None,
            scaling: None,
            leak: None,
            conflicts: None,
            lengths: None,
        };
        match (&measurable.copy, &measurable.kept) {
            (Some(copy), Some(kept)) => {
                let classes: Vec<usize> = kept.iter().map(|&row| classes[row]).collect();
                let weights: Option<Vec<T>> = weights.map(|w| kept.iter().map(|&row| w[row]).collect());
                evidence.measure_finite(Rows::from(copy), &classes, count, weights.as_deref(), &measurable);
            }
            _ => evidence.measure_finite(x, classes, count, weights, &measurable),
        }
        evidence
    }

    /// Measures rows that are finite and count.
    fn measure_finite<T: Real>(
        &mut self,
        x: Rows<'_, T>,
        classes: &[usize],
        count: usize,
        weights: Option<&[T]>,
        measurable: &Measurable<T>,
    ) {
        let Ok(examples) = ClassExamples::new(x, classes, weights) else { return };
        let Ok(moments) = Moments::of(x, weights) else { return };
        let redundant = Redundant::new(examples, &moments);
        self.scaling = Scaling::new(examples, &moments, &redundant.constant);
        self.leak = Leak::find(x, classes, count, &redundant.constant, measurable.kept.is_none());
        self.redundant = Some(redundant);
        self.lengths = EqualLengths::find(x);
        self.conflicts = Conflicts::find(examples, count, |row| measurable.original(row));
    }

    /// Returns the number of rows that count.
    pub(crate) fn counted(&self) -> usize {
        self.classes.rows.iter().sum()
    }

    /// Returns the findings.
    pub(crate) fn findings(&self, terms: &Terms<'_>) -> Vec<Finding> {
        let mut findings = self.classes.findings(self.columns, terms);
        findings.extend(self.not_finite.as_ref().map(|found| found.finding("x", terms)));
        let redundant = self.redundant.as_ref();
        findings.extend(redundant.and_then(|redundant| redundant.finding(self.columns, terms)));
        let classes = self.classes.present();
        findings.extend(self.scaling.as_ref().and_then(|scaling| scaling.finding(classes, terms)));
        findings.extend(self.leak.as_ref().map(|leak| leak.finding(terms)));
        findings.extend(self.lengths.map(|lengths| lengths.finding(self.columns)));
        findings.extend(self.conflicts.as_ref().map(|conflicts| conflicts.finding(terms)));
        findings
    }
}
