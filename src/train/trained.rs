//! What a training run leaves.

use nalgebra::DMatrix;

use super::history::History;
use crate::check;
use crate::error::Error;
use crate::layer::Layer;
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::Real;

/// The parameters that a training run ended with, and its account.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Trained<T> {
    /// All parameters of the network.
    pub params: Vec<T>,
    /// The running statistics of its normalisation layers, if it has any.
    pub statistics: Vec<T>,
    /// How training went.
    pub report: FitReport,
    /// The same epoch by epoch.
    pub history: History,
}

impl<T: Real> Trained<T> {
    /// Known parameters that no run left, without running statistics and history; the report says
    /// [`Given`](crate::StopReason::Given).
    pub fn from_parameters(params: impl Into<Vec<T>>) -> Self {
        let (report, history) = (FitReport::given(), History::default());
        Trained { params: params.into(), statistics: Vec::new(), report, history }
    }

    /// The scores of the rows of `x` (n x inputs) under the network that was trained.
    ///
    /// # Errors
    /// For a network of another size, the wrong number of columns, numbers that are not finite, and
    /// [`Error::Overflow`] when finite input leads out of the range of the number type.
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
