//! One fit of a network that the doctor attends.

use super::probe::probe;
use super::rules;
use super::watch::Watch;
use crate::doctor::diagnosis::Diagnosis;
use crate::doctor::settings::Doctor;
use crate::doctor::trace::Trace;
use crate::error::Error;
use crate::report::FitReport;
use crate::scalar::Real;
use crate::train::{Attendant, Attending, Epoch, NetworkFit, Weights};

/// One fit of a network that the doctor attends.
pub(super) struct Attention<'f, T: Real> {
    doctor: Doctor,
    fit: NetworkFit<'f, T>,
    watch: Watch<'f, T>,
    first: Vec<T>,
    steps: u64,
}

impl<'f, T: Real> Attention<'f, T> {
    /// Measures the network where the fit starts.
    pub(super) fn begin(
        doctor: &Doctor,
        fit: NetworkFit<'f, T>,
        start: Weights<'_, T>,
    ) -> Result<Self, Error> {
        let settings = fit.method.settings(&fit.examples);
        let watch = Watch::start(fit, settings, doctor.threshold, start)?;
        Ok(Attention { doctor: doctor.clone(), fit, watch, first: start.params.to_vec(), steps: 0 })
    }

    /// Takes note of a step.
    pub(super) fn step(&mut self, params: &[T]) {
        self.steps += 1;
        if self.steps == 1 {
            self.watch.first_step(params);
        }
    }

    /// Takes note of the end of an epoch.
    pub(super) fn epoch(&mut self, epoch: &Epoch, weights: Weights<'_, T>) {
        let ratios = epoch.updates.iter().map(|update| update.update_ratio);
        let ratio = ratios.filter(|ratio| ratio.is_finite()).reduce(f64::max);
        self.watch.updates(&epoch.updates);
        self.watch.epoch(epoch.number, epoch.learning_rate, ratio, weights);
    }

    /// Measures the network at the end, tries changes, and says what was found.
    pub(super) fn finish(
        self,
        report: &FitReport,
        weights: Weights<'_, T>,
    ) -> Result<(Diagnosis, Trace), Error> {
        let Attention { doctor, fit, watch, first, steps } = self;
        // A minimiser reports no steps while it runs.
        let steps = steps.max(report.iterations as u64 * u64::from(steps == 0));
        let (mut evidence, _) = watch.finish(report, steps, weights)?;
        (evidence.trials, evidence.controls) = probe(&doctor, &evidence, fit, weights, &first);
        let diagnosis = rules::diagnose(&evidence);
        Ok((diagnosis, evidence.trace))
    }
}

/// The doctor in the options of a fit, and what was found of its networks.
pub(in crate::doctor) struct Visit {
    pub(in crate::doctor) doctor: Doctor,
    pub(in crate::doctor) found: Vec<Diagnosis>,
}

impl<T: Real> Attendant<T> for Visit {
    fn begin<'f>(
        &'f mut self,
        fit: NetworkFit<'f, T>,
        start: Weights<'_, T>,
    ) -> Result<Box<dyn Attending<T> + 'f>, Error> {
        let attention = Attention::begin(&self.doctor, fit, start)?;
        Ok(Box::new(Noted { attention, found: &mut self.found }))
    }
}

/// One of the fits of a visit.
struct Noted<'f, T: Real> {
    attention: Attention<'f, T>,
    found: &'f mut Vec<Diagnosis>,
}

impl<T: Real> Attending<T> for Noted<'_, T> {
    fn step(&mut self, params: &[T]) {
        self.attention.step(params);
    }

    fn epoch(&mut self, epoch: &Epoch, weights: Weights<'_, T>) {
        self.attention.epoch(epoch, weights);
    }

    fn finish(self: Box<Self>, report: &FitReport, weights: Weights<'_, T>) -> Result<(), Error> {
        let (diagnosis, _) = self.attention.finish(report, weights)?;
        self.found.push(diagnosis);
        Ok(())
    }
}
