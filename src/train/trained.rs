//! The result of a training run.

use nalgebra::DMatrix;

use super::history::History;
use crate::check;
use crate::error::Error;
use crate::layer::Layer;
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::Real;

/// The result of a training run: the parameters, the report and the history.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Trained<T> {
    /// All parameters of the network.
    pub params: Vec<T>,
    /// The running statistics of the normalisation layers, if there are any.
    pub statistics: Vec<T>,
    /// The report of the training run.
    pub report: FitReport,
    /// The history of the training run, epoch by epoch.
    pub history: History,
}

impl<T: Real> Trained<T> {
    /// Wraps known parameters that do not come from a training run.
    ///
    /// The result has no running statistics and no history. The stop reason of its report is
    /// [`Given`](crate::StopReason::Given).
    pub fn from_parameters(params: impl Into<Vec<T>>) -> Self {
        let (report, history) = (FitReport::given(), History::default());
        Trained { params: params.into(), statistics: Vec::new(), report, history }
    }

    /// Returns the scores (n x outputs) of the rows of `x` (n x inputs) under the trained network.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the network has another size or `x` has the wrong number of
    /// columns, [`Error::NotFinite`] if `x` has an entry that is not finite, and [`Error::Overflow`] if
    /// finite input leads out of the range of the number type.
    pub fn scores<'a, N: Layer<T> + ?Sized>(
        &self,
        network: &N,
        x: impl Into<Rows<'a, T>>,
    ) -> Result<DMatrix<T>, Error> {
        let x = x.into();
        check::count("params", "parameters", network.parameter_count(), self.params.len())?;
        check::count("x", "columns", network.inputs(), x.ncols())?;
        check::finite("x", x)?;
        let mut tape = network.tape(x.nrows());
        check::count("network", "running statistics", self.statistics.len(), tape.statistic_count())?;
        tape.load_statistics(&self.statistics);
        network.forward(&self.params, &x.clone_owned(), &mut tape);
        check::scores(tape.output())?;
        Ok(tape.output().clone())
    }
}
