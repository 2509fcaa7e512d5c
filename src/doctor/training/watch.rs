//! The measurements during a run.

use super::classes::Classes;
use super::evidence::{ClassEvidence, Course, CoursePoint, Evidence, Held, Moment};
use super::gradient::GradientEvidence;
use super::losses::LossEvidence;
use super::outcome::Outcome;
use super::outputs::OutputEvidence;
use super::units::{Squash, layers, spreads, squashes, unusable};
use super::view::View;
use crate::doctor::data::Scaling;
use crate::doctor::trace::{Trace, TracePoint};
use crate::error::Error;
use crate::estimator::Estimator;
use crate::examples::ClassExamples;
use crate::layer::{Layer, groups};
use crate::linear::LogisticRegression;
use crate::optim::{Objective, norm};
use crate::penalty::{Penalty, add_l2_gradient_of, l2_of};
use crate::preprocess::Moments;
use crate::report::{FitReport, StopReason};
use crate::rows::Rows;
use crate::scalar::{Real, max_abs};
use crate::train::{LayerUpdate, NetworkFit, NetworkObjective, Settings, Weights};

/// The largest number of rows for the checks of the loss, the outputs and the gradient.
const FEW: usize = 64;
/// The least number of rows on which a run is measured, if there are as many.
const LEAST: usize = 256;
/// The largest number of rows on which a run is measured.
const MOST: usize = 4096;
/// The largest number of points of the course.
const POINTS: usize = 12;
/// The share of the passes of a run that its measurements may add.
const SHARE: f64 = 0.05;
/// The passes over the measured rows that the measurements cost, with copies, scales and the course.
const PASSES: f64 = 50.0;
/// The number of iterations that a minimiser is expected to take, if its limit is not lower.
const ITERATIONS: usize = 30;
/// The share of rows on their side from which classes may be separable.
const NEARLY: f64 = 0.95;
/// The largest number of rows whose scales are measured.
const SCALED: usize = 512;

/// A run that is being measured.
pub(crate) struct Watch<'a, T: Real> {
    view: View<'a, T>,
    held: Option<View<'a, T>>,
    classes: Option<Classes<T>>,
    held_classes: Option<Classes<T>>,
    losses: Option<LossEvidence>,
    outputs: OutputEvidence,
    squashes: Vec<Squash>,
    gradient: Option<GradientEvidence>,
    settings: Settings,
    threshold: f64,
    first_params: Vec<T>,
    start: Option<Moment>,
    course: Course,
    trace: Trace,
    /// The updates of the last step of a trainer that is known.
    updates: Vec<LayerUpdate>,
    scaling: Option<Scaling>,
}

impl<'a, T: Real> Watch<'a, T> {
    /// Checks the network, the loss and the targets, and measures the network at `weights`, where the run
    /// starts.
    pub(crate) fn start(
        fit: NetworkFit<'a, T>,
        settings: Settings,
        threshold: f64,
        weights: Weights<'_, T>,
    ) -> Result<Self, Error> {
        let NetworkFit { network, loss, examples, held, .. } = fit;
        let all = examples.counted().len();
        let expected = if settings.rate.is_none() { ITERATIONS } else { usize::MAX };
        let passes = all as f64 * settings.limit.min(expected) as f64 * 3.0;
        let affordable = (SHARE * passes / PASSES) as usize;
        let limit = affordable.clamp(LEAST, MOST);
        let view = View::new(network, loss, examples, limit)?;
        let few = View::new(network, loss, examples, FEW)?;
        let targets = view.rows.examples();
        let classes = Classes::new(targets.targets, targets.weights, network.outputs());
        let held = held.map(|held| View::new(network, loss, held, limit)).transpose()?;
        let held_classes = held.as_ref().and_then(|held| {
            let rows = held.rows.examples();
            Classes::new(rows.targets, rows.weights, network.outputs())
        });
        let outputs = OutputEvidence::measure(&few);
        let losses = classes.as_ref().map(|classes| LossEvidence::measure(loss, classes, &outputs));
        let gradient = GradientEvidence::measure(&few)?;
        let mut watch = Watch {
            scaling: scaling(&View::new(network, loss, view.rows.examples(), SCALED)?)?,
            view,
            held,
            classes,
            held_classes,
            losses,
            outputs,
            squashes: squashes(&few),
            gradient,
            settings,
            threshold,
            first_params: weights.params.to_vec(),
            start: None,
            course: Course::default(),
            trace: Trace::default(),
            updates: Vec::new(),
        };
        watch.trace.constant_loss = watch.losses.as_ref().map(|losses| losses.constant);
        watch.trace.layers = groups(&network).iter().map(|group| group.layer.describe()).collect();
        watch.start = Some(watch.moment(weights, true)?);
        watch.point(0, weights);
        Ok(watch)
    }

    /// Takes note of the first step.
    pub(crate) fn first_step(&mut self, params: &[T]) {
        let ratio = |range: std::ops::Range<usize>| {
            let before = &self.first_params[range.clone()];
            let change: Vec<T> =
                params[range].iter().zip(before).map(|(&after, &before)| after - before).collect();
            norm(&change) / norm(before)
        };
        let ratios = groups(&self.view.network).into_iter().map(|group| ratio(group.range));
        self.course.first_ratio = ratios.filter(|ratio| ratio.is_finite()).reduce(f64::max);
    }

    /// Takes note of the last step of an epoch.
    pub(crate) fn updates(&mut self, updates: &[LayerUpdate]) {
        updates.clone_into(&mut self.updates);
    }

    /// Takes note of the end of an epoch or iteration.
    pub(crate) fn epoch(&mut self, epoch: usize, rate: f64, ratio: Option<f64>, weights: Weights<'_, T>) {
        self.course.ratios.extend(ratio);
        let (low, high) = self.course.rates.unwrap_or((rate, rate));
        self.course.rates = Some((low.min(rate), high.max(rate)));
        if due(epoch, self.settings.limit) {
            self.point(epoch, weights);
        }
    }

    /// Measures the network at the end of the run.
    pub(crate) fn finish(
        mut self,
        report: &FitReport,
        steps: u64,
        weights: Weights<'_, T>,
    ) -> Result<(Evidence, View<'a, T>), Error> {
        self.course.steps = steps;
        self.course.objective.clone_from(&report.objective_curve);
        if self.course.points.last().is_some_and(|point| point.epoch < report.iterations) {
            self.point(report.iterations, weights);
        }
        let end = self.moment(weights, false)?;
        let held = self.held.as_ref().map(|held| {
            let tape = held.forward(weights);
            let outcome = self.outcome(held, tape.output(), self.held_classes.as_ref());
            let points = self.course.points.iter().filter_map(|point| Some((point.held_loss?, point.epoch)));
            let best = points.min_by(|a, b| a.0.total_cmp(&b.0));
            Held { rows: held.count(), outcome, best }
        });
        let start = self.start.take().unwrap_or_else(|| end.clone());
        let separable = self.is_separable(&end);
        let evidence = Evidence {
            classes: self.classes.as_ref().map(ClassEvidence::of),
            losses: self.losses,
            outputs: self.outputs,
            gradient: self.gradient,
            settings: self.settings,
            start,
            course: self.course,
            end,
            held,
            separable,
            stop: report.stop,
            divergence: report.divergence,
            scaling: self.scaling,
            trials: Vec::new(),
            controls: None,
            trace: self.trace,
        };
        Ok((evidence, self.view))
    }

    /// Asks for a direction that separates the classes if training itself has all but found one.
    fn is_separable(&self, end: &Moment) -> bool {
        let free = end.layers.is_empty() && self.settings.l2 == 0.0 && !self.settings.decays;
        let Some(classes) = self.classes.as_ref().filter(|_| free && end.outcome.accuracy >= NEARLY) else {
            return false;
        };
        let model = LogisticRegression::new(Penalty::None).fit(self.view.x(), &classes.of_row);
        model.is_ok_and(|model| model.report().stop == StopReason::Separated)
    }

    fn outcome(
        &self,
        view: &View<'_, T>,
        scores: &nalgebra::DMatrix<T>,
        classes: Option<&Classes<T>>,
    ) -> Outcome {
        let unknown = LossEvidence {
            constant: f64::NAN,
            floor: f64::NAN,
            floor_in_unit: f64::NAN,
            floor_in_symmetric: f64::NAN,
            at_one: f64::NAN,
            lowest: Vec::new(),
            flat: Vec::new(),
            swapped: Vec::new(),
            expects: super::losses::Expects::Either,
            consistent: true,
        };
        Outcome::of(view, scores, classes, self.losses.as_ref().unwrap_or(&unknown), self.threshold)
    }

    fn point(&mut self, epoch: usize, weights: Weights<'_, T>) {
        let mut tape = self.view.forward(weights);
        let loss = self.view.mean_loss(tape.output());
        let held_loss = self.held.as_ref().map(|held| held.mean_loss(held.forward(weights).output()));
        self.course.points.push(CoursePoint { epoch, loss, norm: self.norm(weights.params), held_loss });
        let (dead, saturated) = unusable(&mut tape, &self.squashes);
        let update_ratios = self.updates.iter().map(|update| update.update_ratio).collect();
        let point = TracePoint { epoch, loss, held_out_loss: held_loss, update_ratios, dead, saturated };
        self.trace.points.push(point);
    }

    fn norm(&self, params: &[T]) -> f64 {
        norm_of(self.view.network, params)
    }

    fn moment(&self, weights: Weights<'_, T>, training: bool) -> Result<Moment, Error> {
        let network = self.view.network;
        let mut tape =
            if training { self.view.forward_in_training(weights) } else { self.view.forward(weights) };
        let outcome = self.outcome(&self.view, tape.output(), self.classes.as_ref());
        let layers = layers(&mut tape, &self.squashes);
        let mut objective =
            NetworkObjective::on_checked(network, self.view.loss, self.view.rows.examples(), 0.0)?;
        let mut gradient = vec![T::zero(); weights.params.len()];
        objective.evaluate(weights.params, &mut gradient);
        let gradients = groups(&network)
            .into_iter()
            .map(|group| norm(&gradient[group.range.clone()]) / (group.range.len() as f64).sqrt())
            .collect();
        let penalized = network.penalized();
        add_l2_gradient_of(self.settings.l2, &penalized, weights.params, &mut gradient);
        Ok(Moment {
            outcome,
            layers,
            spreads: spreads(network, weights.params),
            gradients,
            largest_gradient: max_abs(&gradient),
            penalty: l2_of(self.settings.l2, &penalized, weights.params),
            norm: self.norm(weights.params),
        })
    }
}

/// Returns the norm of the penalised parameters.
pub(crate) fn norm_of<T: Real>(network: &dyn Layer<T>, params: &[T]) -> f64 {
    let squares = network.penalized().into_iter().map(|range| norm(&params[range]).powi(2));
    squares.sum::<f64>().sqrt()
}

/// Returns the scales of the columns.
fn scaling<T: Real>(view: &View<'_, T>) -> Result<Option<Scaling>, Error> {
    let (x, classes) = (Rows::from(view.x()), vec![0; view.count()]);
    let examples = ClassExamples::new(x, &classes, view.rows.examples().weights)?;
    let Ok(moments) = Moments::of(x, examples.weights) else { return Ok(None) };
    let constant = moments.constant();
    let constant: Vec<usize> = (0..x.ncols()).filter(|&column| constant[column]).collect();
    Ok(Scaling::new(examples, &moments, &constant))
}

/// Returns whether the course is measured after this epoch: after 1, 2, 3, 5, 8 and so on, up to `limit`.
fn due(epoch: usize, limit: usize) -> bool {
    if limit <= POINTS || epoch == limit {
        return true;
    }
    let step = (limit as f64).powf(1.0 / POINTS as f64).max(1.3);
    let place = |epoch: usize| ((epoch as f64).ln() / step.ln()).floor();
    epoch == 1 || place(epoch) > place(epoch - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_course_has_few_points() {
        for limit in [1, 5, 12, 13, 100, 10_000] {
            let points: Vec<usize> = (1..=limit).filter(|&epoch| due(epoch, limit)).collect();
            assert!(points.len() <= POINTS + 6, "{limit}: {points:?}");
            assert_eq!((points[0], *points.last().unwrap()), (1, limit));
        }
    }
}
