//! What attends the fit of a network: it sees the network, each epoch and the end.

use std::any::Any;

use super::history::Epoch;
use super::repeat::Repeat;
use crate::error::Error;
use crate::examples::CheckedExamples;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::report::FitReport;
use crate::scalar::Real;

/// Parameters and running statistics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights<'a, T> {
    pub(crate) params: &'a [T],
    pub(crate) statistics: &'a [T],
}

/// The settings of a fit that its outcome depends on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// The rows of a batch; all rows for a minimiser.
    pub(crate) batch: usize,
    /// The largest number of epochs or iterations.
    pub(crate) limit: usize,
    /// λ of the penalty.
    pub(crate) l2: f64,
    /// Whether the update rule shrinks the weights itself.
    pub(crate) decays: bool,
    /// Whether the learning rate changes.
    pub(crate) scheduled: bool,
    /// Whether batches take the rows in the order that they were given in.
    pub(crate) in_order: bool,
    /// The base learning rate; `None` for a minimiser.
    pub(crate) rate: Option<f64>,
    /// Whether the rows have weights that differ.
    pub(crate) weighted: bool,
}

/// The fit of a network to rows.
#[derive(Clone, Copy)]
pub(crate) struct NetworkFit<'f, T: Real> {
    pub(crate) network: &'f dyn Layer<T>,
    pub(crate) loss: &'f dyn Loss<T>,
    pub(crate) examples: CheckedExamples<'f, T>,
    /// Rows that take no part in the fit.
    pub(crate) held: Option<CheckedExamples<'f, T>>,
    pub(crate) method: &'f dyn Repeat<T>,
}

/// What attends fits of networks.
pub(crate) trait Attendant<T: Real>: Any {
    /// Begins to attend a fit that starts at `start`.
    ///
    /// # Errors
    /// Returns the error of a measurement, which the fit itself would return too.
    fn begin<'f>(
        &'f mut self,
        fit: NetworkFit<'f, T>,
        start: Weights<'_, T>,
    ) -> Result<Box<dyn Attending<T> + 'f>, Error>;
}

/// What attends one fit.
pub(crate) trait Attending<T: Real> {
    /// Takes note of a step.
    fn step(&mut self, params: &[T]);

    /// Takes note of the end of an epoch.
    fn epoch(&mut self, epoch: &Epoch, weights: Weights<'_, T>);

    /// Takes note of the end of the fit.
    ///
    /// # Errors
    /// Returns the error of a measurement.
    fn finish(self: Box<Self>, report: &FitReport, weights: Weights<'_, T>) -> Result<(), Error>;
}

/// An attendant in the options of a fit.
pub(crate) struct Attendance<T: Real>(pub(crate) Box<dyn Attendant<T>>);

impl<T: Real> Attendance<T> {
    /// Begins to attend a fit if `options` name an attendant of networks of this number type.
    ///
    /// # Errors
    /// Returns the errors of [`Attendant::begin`].
    pub(crate) fn begin<'f>(
        options: Option<&'f mut dyn Any>,
        fit: NetworkFit<'f, T>,
        start: Weights<'_, T>,
    ) -> Result<Option<Box<dyn Attending<T> + 'f>>, Error> {
        let attendant = options.and_then(|options| options.downcast_mut::<Attendance<T>>());
        attendant.map(|Attendance(attendant)| attendant.begin(fit, start)).transpose()
    }
}
