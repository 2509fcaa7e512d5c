//! Which outputs a network can emit, whatever its parameters.

use nalgebra::DMatrix;

use super::starts::fair;
use super::view::View;
use crate::layer::{Layer, Tape};
use crate::rng::Rng;
use crate::scalar::Real;
use crate::train::Weights;

/// The range of the outputs of a network over very different parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutputEvidence {
    pub(crate) columns: usize,
    /// Whether all outputs are from 0 to 1.
    pub(crate) within_unit: bool,
    /// Whether all outputs are from -1 to 1, and some are negative.
    pub(crate) within_symmetric: bool,
    /// Whether all outputs are at least 0 and many are exactly 0.
    pub(crate) rectified: bool,
    /// Whether each row that is finite sums to 1.
    pub(crate) sums_to_one: bool,
    /// Whether the outputs are the same for all parameters and rows.
    pub(crate) constant: bool,
}

/// The factors on drawn parameters: outputs that stay in a range although these are large are squashed.
const FACTORS: [f64; 3] = [1.0, 30.0, 1000.0];

impl OutputEvidence {
    /// Runs the network with drawn parameters, times large factors.
    pub(crate) fn measure<T: Real>(view: &View<'_, T>) -> Self {
        let network = view.network;
        let outputs: Vec<DMatrix<T>> =
            at_many_parameters(view).into_iter().map(|tape| tape.output().clone()).collect();
        let values = || outputs.iter().flat_map(DMatrix::iter).map(|v| v.as_f64()).filter(|v| v.is_finite());
        let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let zeros = values().filter(|&v| v == 0.0).count() as f64 / values().count().max(1) as f64;
        let slack = 1e-6;
        let within_unit = low >= -slack && high <= 1.0 + slack;
        // Softmax without care is NaN for large scores.
        let sums = outputs.iter().flat_map(|m| (0..m.nrows()).map(move |row| m.row(row).sum().as_f64()));
        let mut sums = sums.filter(|sum| sum.is_finite());
        OutputEvidence {
            columns: network.outputs(),
            within_unit,
            within_symmetric: !within_unit && low >= -1.0 - slack && high <= 1.0 + slack,
            rectified: !within_unit && low >= 0.0 && zeros > 0.1,
            sums_to_one: network.outputs() > 1 && sums.all(|sum| (sum - 1.0).abs() <= 1e-4),
            constant: low == high && outputs.iter().all(|output| output.iter().all(|v| v.is_finite())),
        }
    }
}

/// Runs the network with drawn parameters, times large factors.
pub(crate) fn at_many_parameters<T: Real>(view: &View<'_, T>) -> Vec<Tape<T>> {
    let network = view.network;
    let statistics = fresh_statistics(network);
    let at = |(seed, factor): (usize, f64)| {
        let mut params = fair(network, seed as u64 + 1);
        let mut rng = Rng::new(seed as u64 + 1);
        // Parameters that start as constants, such as biases, vary as well.
        params.iter_mut().for_each(|p| *p = T::of(factor) * (*p + T::of(0.1 * rng.standard_normal())));
        view.forward(Weights { params: &params, statistics: &statistics })
    };
    FACTORS.into_iter().enumerate().map(at).collect()
}

/// Returns the initial running statistics of the network.
pub(crate) fn fresh_statistics<T: Real>(network: &dyn Layer<T>) -> Vec<T> {
    let tape = network.tape(0);
    let mut statistics = vec![T::zero(); tape.statistic_count()];
    tape.save_statistics(&mut statistics);
    statistics
}
