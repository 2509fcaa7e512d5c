//! Short fits that try changes.

use nalgebra::DMatrix;

use super::classes::Classes;
use super::evidence::Evidence;
use super::losses::LossEvidence;
use super::outputs::OutputEvidence;
use super::scale::standardized;
use super::trial::{Change, TrialEvidence};
use super::view::{View, Weights, spread};
use super::watch::Given;
use crate::doctor::settings::Doctor;
use crate::examples::CheckedExamples;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::rng::Rng;
use crate::rows::Rows;
use crate::scalar::Real;

/// A network, its loss and the rows of a fit.
#[derive(Clone, Copy)]
pub(crate) struct Outline<'a, T: Real> {
    pub(crate) network: &'a dyn Layer<T>,
    pub(crate) loss: &'a dyn Loss<T>,
    pub(crate) examples: CheckedExamples<'a, T>,
}

/// A short fit with changes.
pub(crate) struct Remade<'a, T: Real> {
    pub(crate) outline: Outline<'a, T>,
    pub(crate) params: Vec<T>,
    /// The running statistics to start from; `None` for fresh ones.
    pub(crate) statistics: Option<Vec<T>>,
    /// The factor on the learning rate.
    pub(crate) rate: f64,
    pub(crate) without_penalty: bool,
    pub(crate) steps: usize,
}

/// A way to train that can be repeated with changes.
pub(crate) trait Method<T: Real> {
    /// Returns the number of row gradients of so many steps on so many rows.
    fn steps_of(&self, rows: usize, steps: usize) -> usize;

    /// Trains, and returns the parameters and running statistics at the end; `None` if that fails.
    fn again(&self, remade: Remade<'_, T>) -> Option<(Vec<T>, Vec<T>)>;
}

/// The skill from which nothing is tried.
const GOOD: f64 = 0.9;
/// The largest number of rows of a short fit, and of rows to judge it by.
const ROWS: usize = 3000;
/// The least number of steps and of epochs of a short fit.
const STEPS: usize = 200;
const EPOCHS: usize = 3;
/// The factors on the learning rate.
const FACTORS: [f64; 7] = [1e-1, 1e1, 1e-2, 1e2, 1e-3, 1e3, 1e4];

/// Tries changes on three quarters of the rows, and judges them on the others, until the budget is used up.
pub(crate) fn probe<T: Real>(
    doctor: &Doctor,
    evidence: &Evidence,
    given: Given<'_, T>,
    method: &dyn Method<T>,
    end: Weights<'_, T>,
    first: &[T],
) -> Vec<TrialEvidence> {
    let mut trials = Vec::new();
    let finite = evidence.end.outcome.skill.is_finite() && end.params.iter().all(|p| p.is_finite());
    if doctor.probe == 0 || finite && evidence.end.outcome.skill > GOOD {
        return trials;
    }
    let Some(mut probe) = Probe::new(doctor, given, method, end, first) else { return trials };
    let settings = &evidence.settings;
    let mut changes = vec![Change::Start, Change::Columns];
    if settings.l2 > 0.0 {
        changes.push(Change::Penalty);
    }
    if settings.weighted {
        changes.push(Change::Weights);
    }
    changes.push(Change::Steps);
    if settings.rate.is_some() {
        changes.extend(FACTORS.map(Change::Rate));
    }
    trials.extend(changes.into_iter().map_while(|change| probe.tried(change)).flatten());
    // Two changes at once are only tried if no single one helps.
    if settings.rate.is_some() && trials.iter().all(|trial: &TrialEvidence| trial.gain() < 0.1) {
        let both = [1e1, 1e2, 1e3, 1e-1].map(Change::StartAndRate);
        trials.extend(both.into_iter().map_while(|change| probe.tried(change)).flatten());
    }
    trials
}

struct Probe<'a, T: Real> {
    given: Given<'a, T>,
    method: &'a dyn Method<T>,
    end: Weights<'a, T>,
    first: &'a [T],
    seed: u64,
    budget: usize,
    /// The rows to train on, and those to judge by.
    learnt: View<'a, T>,
    judged: View<'a, T>,
    losses: LossEvidence,
    before: (f64, f64),
}

impl<'a, T: Real> Probe<'a, T> {
    fn new(
        doctor: &Doctor,
        given: Given<'a, T>,
        method: &'a dyn Method<T>,
        end: Weights<'a, T>,
        first: &'a [T],
    ) -> Option<Self> {
        let Given { network, loss, examples, .. } = given;
        let counted = examples.counted();
        let part = |judged: bool| -> Vec<usize> {
            let few = counted.len() < 40;
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
        let (learnt, judged) = (view(&part(false))?, view(&part(true))?);
        let rows = learnt.rows.examples();
        let classes = Classes::new(rows.targets, rows.weights, network.outputs())?;
        let few = View::new(network, loss, rows, 32).ok()?;
        let outputs = OutputEvidence::measure(&few);
        let losses = LossEvidence::measure(loss, &classes, &outputs);
        let mut probe = Probe {
            given,
            method,
            end,
            first,
            seed: doctor.seed,
            budget: doctor.probe,
            learnt,
            judged,
            losses,
            before: (f64::NAN, f64::NAN),
        };
        probe.before = probe.judge(end, None);
        Some(probe)
    }

    /// Tries a change. `None` once the budget is used up; an inner `None` if the fit failed.
    fn tried(&mut self, change: Change) -> Option<Option<TrialEvidence>> {
        let rows = self.learnt.count();
        let steps = STEPS.max(EPOCHS * rows / self.method.steps_of(rows, 1).max(1));
        let cost = self.method.steps_of(rows, steps);
        self.budget = self.budget.checked_sub(cost)?;
        Some(self.trial(change, steps))
    }

    fn trial(&self, change: Change, steps: usize) -> Option<TrialEvidence> {
        let given = self.learnt.rows.examples();
        let standardized = (change == Change::Columns).then(|| self.standardized());
        let mut examples = given;
        if let Some((learnt, _)) = &standardized {
            examples = CheckedExamples::new(Rows::from(learnt), given.targets, given.weights).ok()?;
        }
        if change == Change::Weights {
            examples = CheckedExamples::new(examples.x, examples.targets, None).ok()?;
        }
        let goes_on = change == Change::Steps;
        let params = match change {
            Change::Start | Change::StartAndRate(_) => self.drawn(),
            Change::Steps => self.end.params.to_vec(),
            _ => self.first.to_vec(),
        };
        let rate = match change {
            Change::Rate(factor) | Change::StartAndRate(factor) => factor,
            _ => 1.0,
        };
        let outline = Outline { network: self.given.network, loss: self.given.loss, examples };
        let remade = Remade {
            outline,
            params,
            statistics: goes_on.then(|| self.end.statistics.to_vec()),
            rate,
            without_penalty: change == Change::Penalty,
            steps,
        };
        let (params, statistics) = self.method.again(remade)?;
        let weights = Weights { params: &params, statistics: &statistics };
        let (loss, skill) = self.judge(weights, standardized.as_ref().map(|(_, judged)| judged));
        let (loss_before, skill_before) = self.before;
        let found = TrialEvidence { change, steps: steps as u64, loss, skill, loss_before, skill_before };
        skill.is_finite().then_some(found)
    }

    /// Returns the loss and the skill on the rows to judge by.
    fn judge(&self, weights: Weights<'_, T>, x: Option<&DMatrix<T>>) -> (f64, f64) {
        let scores = match x {
            None => self.judged.forward(weights).output().clone(),
            Some(x) => {
                let mut tape = self.given.network.tape(x.nrows());
                if tape.statistic_count() == weights.statistics.len() {
                    tape.load_statistics(weights.statistics);
                }
                self.given.network.forward(weights.params, x, &mut tape);
                tape.output().clone()
            }
        };
        let loss = self.judged.mean_loss(&scores);
        (loss, self.losses.skill(loss))
    }

    /// Returns parameters that the layers draw.
    fn drawn(&self) -> Vec<T> {
        let mut params = vec![T::zero(); self.first.len()];
        self.given.network.init(&mut params, &mut Rng::new(self.seed.wrapping_add(11)));
        params
    }

    /// Returns the columns of the rows to train on and of those to judge by, standardised together.
    fn standardized(&self) -> (DMatrix<T>, DMatrix<T>) {
        let (above, below) = (self.learnt.x(), self.judged.x());
        let mut all = DMatrix::<f64>::zeros(above.nrows() + below.nrows(), above.ncols());
        all.rows_mut(0, above.nrows()).copy_from(&above.map(|v| v.as_f64()));
        all.rows_mut(above.nrows(), below.nrows()).copy_from(&below.map(|v| v.as_f64()));
        let all = standardized(&all).map(T::of);
        (all.rows(0, above.nrows()).into_owned(), all.rows(above.nrows(), below.nrows()).into_owned())
    }
}
