//! Short fits that try changes.

use nalgebra::DMatrix;

use super::classes::Classes;
use super::controls::Controls;
use super::evidence::Evidence;
use super::losses::LossEvidence;
use super::outcome::Outcome;
use super::outputs::{OutputEvidence, fresh_statistics};
use super::starts::{fair, weights_of};
use super::trial::{Change, Judged, TrialEvidence};
use super::view::{View, spread};
use super::watch::norm_of;
use crate::doctor::settings::Doctor;
use crate::examples::CheckedExamples;
use crate::layer::{Activation, Dense, Layer, Sequential, groups};
use crate::preprocess::StandardScaler;
use crate::report::StopReason;
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::train::{NetworkFit, Remade, Weights};
use crate::transformer::{TransformExt, Transformer};

/// The skill from which nothing is tried.
const GOOD: f64 = 0.9;
/// The largest number of rows of a short fit, and of rows to judge it by.
const ROWS: usize = 3000;
/// The least number of rows to hold some out, and of held-out rows to judge by.
const LEAST: usize = 40;
/// The least number of steps and of epochs of a short fit.
const STEPS: usize = 200;
const EPOCHS: usize = 3;
/// The number of steps of a short fit to a run that took as many.
const MOST_STEPS: usize = 400;
/// The factors on the learning rate.
const FACTORS: [f64; 7] = [1e-1, 1e1, 1e-2, 1e2, 1e-3, 1e3, 1e4];
/// Further factors for runs that are far worse than a constant.
const SMALLER: [f64; 3] = [1e-4, 1e-5, 1e-7];
/// The skill below which a run has learnt nothing.
const NO_SKILL: f64 = 0.1;
/// The skill below which a run is far worse than a constant.
const FAR: f64 = -4.0;

/// Tries changes on three quarters of the rows, and judges them on the others, until the budget is used up.
pub(crate) fn probe<T: Real>(
    doctor: &Doctor,
    evidence: &Evidence,
    fit: NetworkFit<'_, T>,
    end: Weights<'_, T>,
    first: &[T],
) -> (Vec<TrialEvidence>, Option<Controls>) {
    let mut trials = Vec::new();
    let finite = evidence.end.outcome.skill.is_finite() && end.params.iter().all(|p| p.is_finite());
    if doctor.probe == 0 {
        return (trials, None);
    }
    let good = finite && evidence.end.outcome.skill > GOOD;
    // What was learnt may be worth nothing for other rows.
    let judges = fit.held.filter(|held| good && held.counted().len() >= LEAST);
    if good && judges.is_none() {
        return (trials, None);
    }
    let Some(mut probe) = Probe::new(doctor, evidence, fit, judges, end, first) else {
        return (trials, None);
    };
    if good {
        trials.extend(probe.tried(Change::Columns).flatten());
        return (trials, None);
    }
    let settings = &evidence.settings;
    let mut changes = vec![Change::Start, Change::Columns];
    let penalized = settings.l2 > 0.0 || settings.decays;
    if penalized {
        changes.push(Change::Penalty);
    }
    if settings.l2 > 0.0 {
        changes.push(Change::LowPenalty);
    }
    if settings.weighted {
        changes.push(Change::Weights);
    }
    if settings.scheduled {
        changes.push(Change::Schedule);
    }
    if settings.in_order {
        changes.push(Change::Shuffle);
    }
    if evidence.stop != StopReason::Converged {
        changes.push(Change::Steps);
    }
    if settings.rate.is_some() {
        changes.extend(FACTORS.map(Change::Rate));
        if !finite || evidence.end.outcome.skill < FAR {
            changes.extend(SMALLER.map(Change::Rate));
        }
    }
    changes.extend([Change::Activation, Change::Wide]);
    trials.extend(changes.into_iter().map_while(|change| probe.tried(change)).flatten());
    // Two changes at once are only tried if no single one helps.
    if settings.rate.is_some() && trials.iter().all(|trial: &TrialEvidence| trial.gain() < 0.1) {
        let mut both = [1e1, 1e2, 1e3, 1e-1].map(Change::StartAndRate).to_vec();
        if penalized {
            both.extend([1e2, 1e4, 1e-2].map(Change::PenaltyAndRate));
        }
        both.extend([1e1, 1e3, 1e-2].map(Change::ColumnsAndRate));
        both.extend([1e-1, 1e-2].map(Change::ActivationAndRate));
        trials.extend(both.into_iter().map_while(|change| probe.tried(change)).flatten());
    }
    let helpless = finite && evidence.end.outcome.skill < NO_SKILL;
    let controls =
        if helpless && trials.iter().all(|trial| trial.gain() < 0.1) { probe.controls() } else { None };
    (trials, controls)
}

struct Probe<'a, T: Real> {
    fit: NetworkFit<'a, T>,
    end: Weights<'a, T>,
    first: &'a [T],
    seed: u64,
    threshold: f64,
    steps: usize,
    budget: usize,
    /// The rows to train on, and those to judge by.
    learnt: View<'a, T>,
    judged: View<'a, T>,
    losses: LossEvidence,
    judged_classes: Classes<T>,
    before: Judged,
    /// The rows to judge by without their weights, if they differ, and the outcome of the run on them.
    plain: Option<(Plain<'a, T>, Judged)>,
}

/// Rows that are judged without their weights.
struct Plain<'a, T: Real> {
    view: View<'a, T>,
    classes: Classes<T>,
}

impl<'a, T: Real> Plain<'a, T> {
    fn new(judged: &View<'a, T>) -> Option<Self> {
        let rows = judged.rows.examples();
        let rows = CheckedExamples::new(rows.x, rows.targets, None).ok()?;
        let view = View::new(judged.network, judged.loss, rows, ROWS).ok()?;
        let classes = Classes::new(rows.targets, None, judged.network.outputs())?;
        Some(Plain { view, classes })
    }
}

impl<'a, T: Real> Probe<'a, T> {
    fn new(
        doctor: &Doctor,
        evidence: &Evidence,
        fit: NetworkFit<'a, T>,
        judges: Option<CheckedExamples<'a, T>>,
        end: Weights<'a, T>,
        first: &'a [T],
    ) -> Option<Self> {
        let NetworkFit { network, loss, examples, .. } = fit;
        let counted = examples.counted();
        let part = |judged: bool| -> Vec<usize> {
            let few = counted.len() < LEAST;
            let mut order = counted.clone();
            Rng::new(doctor.seed.wrapping_add(1)).shuffle(&mut order);
            let cut = if few { 0 } else { order.len() / 4 };
            let mut rows = if judged && !few { order[..cut].to_vec() } else { order[cut..].to_vec() };
            rows.sort_unstable();
            spread(&rows, ROWS)
        };
        let view = |rows: &[usize]| {
            let rows = examples.select(rows).ok()?;
            View::new(network, loss, rows.examples(), ROWS).ok()
        };
        let (learnt, judged) = match judges {
            None => (view(&part(false))?, view(&part(true))?),
            Some(judges) => (view(&counted)?, View::new(network, loss, judges, ROWS).ok()?),
        };
        let rows = learnt.rows.examples();
        let classes = Classes::new(rows.targets, rows.weights, network.outputs())?;
        let few = View::new(network, loss, rows, 32).ok()?;
        let outputs = OutputEvidence::measure(&few);
        let losses = LossEvidence::measure(loss, &classes, &outputs);
        let rows = judged.rows.examples();
        let judged_classes = Classes::new(rows.targets, rows.weights, network.outputs())?;
        let mut probe = Probe {
            fit,
            end,
            first,
            seed: doctor.seed,
            threshold: doctor.threshold,
            steps: STEPS.max((evidence.course.steps as usize).min(MOST_STEPS)),
            budget: doctor.probe,
            learnt,
            judged,
            losses,
            judged_classes,
            before: Judged { loss: f64::NAN, skill: f64::NAN, balanced: f64::NAN },
            plain: None,
        };
        if evidence.settings.weighted {
            let plain = Plain::new(&probe.judged)?;
            let before = probe.judge_plainly(&plain, fit.network, end);
            probe.plain = Some((plain, before));
        }
        probe.before = probe.judge(fit.network, end, None);
        Some(probe)
    }

    /// Tries a change. `None` once the budget is used up; an inner `None` if the fit failed.
    fn tried(&mut self, change: Change) -> Option<Option<TrialEvidence>> {
        let rows = self.learnt.count();
        let steps = self.steps.max(EPOCHS * rows / self.fit.method.steps_of(rows, 1).max(1));
        let cost = self.fit.method.steps_of(rows, steps);
        self.budget = self.budget.checked_sub(cost)?;
        Some(self.trial(change, steps))
    }

    /// Makes the control fits, if the budget allows them.
    fn controls(&mut self) -> Option<Controls> {
        let rows = self.learnt.count();
        self.budget = self.budget.checked_sub(Controls::cost(&self.fit, rows, self.steps))?;
        Controls::measure(&self.fit, &self.learnt.rows, self.first, (self.steps, self.seed))
    }

    fn trial(&self, change: Change, steps: usize) -> Option<TrialEvidence> {
        let given = self.learnt.rows.examples();
        let standardized =
            matches!(change, Change::Columns | Change::ColumnsAndRate(_)).then(|| self.standardized());
        let standardized = match standardized {
            Some(None) => return None,
            Some(both) => both,
            None => None,
        };
        let mut examples = given;
        if let Some((learnt, _)) = &standardized {
            examples = CheckedExamples::new(Rows::from(learnt), given.targets, given.weights).ok()?;
        }
        if change == Change::Weights {
            examples = CheckedExamples::new(examples.x, examples.targets, None).ok()?;
        }
        let other = match change {
            Change::Activation | Change::ActivationAndRate(_) => Some(self.perceptron(None)?),
            Change::Wide => Some(self.perceptron(Some(&[32, 32]))?),
            _ => None,
        };
        let network: &dyn Layer<T> = match &other {
            Some(other) => other,
            None => self.fit.network,
        };
        let goes_on = change == Change::Steps;
        let params = match change {
            Change::Start
            | Change::StartAndRate(_)
            | Change::Activation
            | Change::ActivationAndRate(_)
            | Change::Wide => fair(network, self.seed.wrapping_add(11)),
            Change::Steps => self.end.params.to_vec(),
            _ => self.first.to_vec(),
        };
        let rate = match change {
            Change::Rate(factor)
            | Change::StartAndRate(factor)
            | Change::PenaltyAndRate(factor)
            | Change::ActivationAndRate(factor)
            | Change::ColumnsAndRate(factor) => factor,
            _ => 1.0,
        };
        let fresh = fresh_statistics(network);
        let x = standardized.as_ref().map(|(_, judged)| judged);
        let untrained = self.judge(network, Weights { params: &params, statistics: &fresh }, x);
        let remade = Remade {
            network,
            loss: self.fit.loss,
            examples,
            params,
            statistics: if goes_on { self.end.statistics.to_vec() } else { fresh },
            rate,
            penalty: match change {
                Change::Penalty | Change::PenaltyAndRate(_) => 0.0,
                Change::LowPenalty => 1e-3,
                _ => 1.0,
            },
            without_schedule: change == Change::Schedule,
            shuffled: change == Change::Shuffle,
            steps,
        };
        let (params, statistics) = self.fit.method.again(remade)?;
        let end = Weights { params: &params, statistics: &statistics };
        let (with, before) = match &self.plain {
            Some((plain, before)) if change == Change::Weights => {
                (self.judge_plainly(plain, network, end), *before)
            }
            _ => (self.judge(network, end, x), self.before),
        };
        let found = TrialEvidence {
            change,
            steps: steps as u64,
            rows: self.judged.count(),
            norm: norm_of(network, &params),
            with,
            untrained,
            before,
        };
        with.skill.is_finite().then_some(found)
    }

    /// Judges a network on the rows to judge by, or on `x` in their place.
    fn judge(&self, network: &dyn Layer<T>, weights: Weights<'_, T>, x: Option<&DMatrix<T>>) -> Judged {
        let outcome = self.outcome(&self.judged, &self.judged_classes, network, weights, x);
        // The weights of rows are part of the loss that is asked for.
        let skill = if self.plain.is_some() { outcome.likelihood_skill } else { outcome.skill };
        Judged { loss: outcome.loss, skill, balanced: outcome.balanced() }
    }

    /// Judges the probabilities of a network on rows without their weights.
    fn judge_plainly(&self, plain: &Plain<'_, T>, network: &dyn Layer<T>, weights: Weights<'_, T>) -> Judged {
        let outcome = self.outcome(&plain.view, &plain.classes, network, weights, None);
        Judged { loss: outcome.loss, skill: outcome.likelihood_skill, balanced: outcome.balanced() }
    }

    fn outcome(
        &self,
        view: &View<'_, T>,
        classes: &Classes<T>,
        network: &dyn Layer<T>,
        weights: Weights<'_, T>,
        x: Option<&DMatrix<T>>,
    ) -> Outcome {
        let mut tape = network.tape(view.count());
        if tape.statistic_count() == weights.statistics.len() {
            tape.load_statistics(weights.statistics);
        }
        network.forward(weights.params, x.unwrap_or(view.x()), &mut tape);
        Outcome::of(view, tape.output(), Some(classes), &self.losses, self.threshold)
    }

    /// Returns a network of fully connected layers with rectifiers, with these hidden layers or those of the
    /// given network. `None` if the given network has no hidden layers to copy.
    fn perceptron(&self, hidden: Option<&[usize]>) -> Option<Sequential<Dense>> {
        let network = self.fit.network;
        let own: Vec<usize> = groups(&network)
            .iter()
            .filter(|group| weights_of(group).is_some())
            .map(|group| group.layer.outputs())
            .collect();
        let hidden = match hidden {
            Some(hidden) => hidden,
            None if own.len() > 1 => &own[..own.len() - 1],
            None => return None,
        };
        let sizes: Vec<usize> =
            [network.inputs()].into_iter().chain(hidden.iter().copied()).chain([network.outputs()]).collect();
        Sequential::perceptron(&sizes, Activation::Relu).ok()
    }

    /// Returns the columns of the rows to train on and of those to judge by, standardised by the first.
    fn standardized(&self) -> Option<(DMatrix<T>, DMatrix<T>)> {
        let scaler = StandardScaler::new().fit(self.learnt.x()).ok()?;
        Some((scaler.transform(self.learnt.x()).ok()?, scaler.transform(self.judged.x()).ok()?))
    }
}
