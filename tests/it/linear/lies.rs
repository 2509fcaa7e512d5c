//! The count of lies: reports of fits to hard problems against what is true of the models, with 32 digits.
//!
//! `--nocapture` prints the number of fits of each kind, and how many of them admit that they failed.

use std::collections::BTreeMap;
use std::fmt::Write;

use logit::{Error, FitReport, FittedLogistic, Penalty, Real, Solver, StopReason};

use super::hard::{Hard, Kind};
use super::truth::{Known, Scores, Truth};

/// Problems of each kind: with 15 kinds more than 500.
const PROBLEMS: u64 = 36;

/// Lies by kind, each with the fits that told it.
#[derive(Default)]
pub(super) struct Lies {
    pub(super) told: BTreeMap<&'static str, Vec<String>>,
    fits: usize,
    /// Fits that admit to have missed an optimum that exists.
    admitted: usize,
}

impl Lies {
    fn tell(&mut self, lie: &'static str, who: &str, detail: String) {
        self.told.entry(lie).or_default().push(format!("{who}: {detail}"));
    }

    /// The lies as text, with the first fits of each.
    pub(super) fn print(&self) -> String {
        let mut text = format!("{} fits, {} admit failure", self.fits, self.admitted);
        for (lie, who) in &self.told {
            write!(text, "\n{} x {lie}", who.len()).expect("memory");
            for who in who.iter().take(4) {
                write!(text, "\n    {who}").expect("memory");
            }
        }
        text
    }

    /// Fits a problem with every solver and judges the reports.
    pub(super) fn count(&mut self, hard: &Hard) {
        let mut known = Known::default();
        for solver in hard.solvers() {
            if hard.single {
                self.count_fit::<f32>(hard, solver, &mut known);
            } else {
                self.count_fit::<f64>(hard, solver, &mut known);
            }
        }
    }

    fn count_fit<T: Real>(&mut self, hard: &Hard, solver: Solver, known: &mut Known) {
        let who = hard.describe(solver);
        self.fits += 1;
        match hard.fit::<T>(solver) {
            Ok(model) => self.judge(hard, &model, &who, known),
            // Estimates of dependent columns do not exist with Jeffreys' penalty.
            Err(Error::Singular { .. }) if hard.problem.jeffreys => self.admitted += 1,
            Err(error) => self.tell("refused, although the data is good", &who, error.to_string()),
        }
    }

    fn judge<T: Real>(
        &mut self,
        hard: &Hard,
        model: &FittedLogistic<T, usize>,
        who: &str,
        known: &mut Known,
    ) {
        let report = model.report();
        let mut dropped = report.dependent_columns.clone();
        if hard.problem.intercept {
            dropped.extend(&report.constant_columns);
        }
        self.judge_columns(hard, model, who);
        if report.stop == StopReason::Separated {
            if hard.exists {
                self.tell("separated, although an optimum exists", who, line(report));
            }
            return;
        }
        let tolerance = hard.tolerance.unwrap_or(T::TOLERANCE);
        let truth = hard.problem.judge_beside(model, Scores::OfCoefficients, &dropped, known);
        let predicted = hard.problem.judge_beside(model, Scores::OfPredictions, &dropped, known);
        let allowed = |truth: &Truth| {
            let arithmetic = if report.rounding_limit.is_some() { truth.arithmetic } else { 0.0 };
            10.0 * tolerance.max(truth.decrement_rounding).max(arithmetic)
        };
        let detail = |truth: &Truth| format!("{}; {truth}", line(report));
        if report.converged() {
            if truth.decrement > allowed(&truth) {
                self.tell("converged, but the coefficients are no optimum", who, detail(&truth));
            }
            if predicted.decrement > allowed(&predicted) {
                self.tell("converged, but the predictions are no optimum", who, detail(&predicted));
            }
        } else if hard.shape.wide && report.stop == StopReason::SeparationUndecided {
            // A search for hundreds of parameters takes longer than the fit.
            self.admitted += 1;
        } else if hard.exists || !hard.has_free_columns() {
            if truth.decrement.max(predicted.decrement) < 0.1 * tolerance {
                self.tell("not converged at an optimum", who, detail(&truth));
            } else {
                self.admitted += 1;
            }
        }
        let rounding = 10.0 * truth.limit();
        match report.decrement {
            None if report.converged() => self.tell("no decrement", who, line(report)),
            None => {}
            // Far below the tolerance, digits of the decrement mean nothing.
            Some(found)
                if found < truth.decrement / 3.0
                    && truth.decrement > rounding.max(0.01 * tolerance.max(T::TOLERANCE)) =>
            {
                self.tell("a decrement that is too small", who, detail(&truth));
            }
            Some(_) => {}
        }
        let found = report.gradient_norm.unwrap_or(0.0);
        if found < truth.gradient_norm / 3.0 && truth.gradient_norm > 10.0 * truth.gradient_rounding {
            self.tell("a gradient that is too small", who, format!("{found:e} of {truth}"));
        }
    }

    /// Columns that are named have to be constant or dependent, and those that are have to be named.
    fn judge_columns<T: Real>(&mut self, hard: &Hard, model: &FittedLogistic<T, usize>, who: &str) {
        let report = model.report();
        let (constant, dependent) = (&report.constant_columns, &report.dependent_columns);
        // Far above what counts as dependent, far below what an analysis could miss.
        let limit = T::EPSILON.as_f64().powf(0.55);
        for &j in constant {
            let rest = hard.problem.variation(j);
            if rest > limit {
                self.tell("a column named constant that varies", who, format!("column {j}: {rest:e}"));
            }
        }
        for (&j, rest) in dependent.iter().zip(hard.problem.remainders(dependent)) {
            // Rounding of the entries, in units of the deviation, counts too.
            let rounding = 16.0 * T::EPSILON.as_f64() / hard.problem.variation(j);
            if rest > limit.max(rounding) {
                self.tell("a column named dependent that is not", who, format!("column {j}: {rest:e}"));
            }
        }
        if !report.converged() {
            return;
        }
        for j in hard.constant.iter().filter(|j| !constant.contains(j)) {
            self.tell("a constant column that is not named", who, format!("column {j}"));
        }
        let expected = if hard.penalty == Penalty::None { hard.dependent.as_slice() } else { &[] };
        for j in expected.iter().filter(|j| !dependent.contains(j)) {
            self.tell("a dependent column that is not named", who, format!("column {j}"));
        }
    }
}

/// A report in one line.
fn line(report: &FitReport) -> String {
    let FitReport { gradient_norm, rounding_limit, .. } = report;
    let text = report.to_string().replace('\n', "; ");
    format!(
        "{text}, gradient {:.1e}, limit {:.1e}",
        gradient_norm.unwrap_or(f64::NAN),
        rounding_limit.unwrap_or(0.0)
    )
}

fn assert_no_lies(kind: Kind) {
    let mut lies = Lies::default();
    for seed in 0..PROBLEMS {
        lies.count(&Hard::new(kind, seed));
    }
    if lies.told.is_empty() {
        println!("{kind:?}: {}", lies.print());
    }
    assert!(lies.told.is_empty(), "{kind:?}: {}", lies.print());
}

macro_rules! no_lies {
    ($($name:ident: $kind:ident,)*) => {
        $(#[test]
        fn $name() {
            assert_no_lies(Kind::$kind);
        })*
    };
}

no_lies! {
    plain_problems: Plain,
    nearly_separable_classes: NearlySeparable,
    weights_of_one_size: WeightsOfOneSize,
    weights_of_all_sizes: WeightsOfAllSizes,
    penalties_of_all_sizes: AnyLambda,
    columns_far_from_the_origin: FarFromTheOrigin,
    nearly_collinear_columns: NearlyCollinear,
    duplicate_columns: Duplicates,
    constant_columns: Constant,
    columns_that_are_constant_but_for_rounding: ConstantButForRounding,
    columns_in_all_units: Units,
    columns_in_small_units: SmallUnits,
    columns_in_large_units: LargeUnits,
    units_distances_and_collinearity_at_once: Mixed,
    the_penalty_of_jeffreys: Jeffreys,
}
