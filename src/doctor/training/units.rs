//! The units of the hidden layers: dead, saturated, identical or correlated.

use nalgebra::DMatrix;

use super::outputs::at_many_parameters;
use super::starts::weights_of;
use super::view::View;
use crate::layer::{Group, Layer, Tape, groups};
use crate::scalar::Real;

/// What the units of one hidden layer do over some rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LayerEvidence {
    /// The number of units.
    pub(crate) units: usize,
    /// The share of units that are 0 for every row.
    pub(crate) dead: f64,
    /// The share of units that have the same value for every row.
    pub(crate) constant: f64,
    /// The share of outputs at the ends of the range of a bounded activation: within 0.67 % of it for outputs
    /// from 0 to 1, within 1.34 % for outputs from -1 to 1; 0 for other layers.
    pub(crate) saturated: f64,
    /// The mean correlation of pairs of units.
    pub(crate) correlation: f64,
}

/// The range that the outputs of a layer stay in, whatever the parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Squash {
    /// From 0 to 1.
    Unit,
    /// From -1 to 1.
    Symmetric,
    /// No such range.
    None,
}

/// Returns the range of each hidden layer.
pub(crate) fn squashes<T: Real>(few: &View<'_, T>) -> Vec<Squash> {
    let mut runs: Vec<Vec<DMatrix<T>>> = at_many_parameters(few).iter_mut().map(hidden).collect();
    let first = runs.pop().unwrap_or_default();
    let range = |layer: usize| {
        let all = runs.iter().chain([&first]).filter_map(|run| run.get(layer));
        let values = all.flat_map(DMatrix::iter).map(|v| v.as_f64()).filter(|v| v.is_finite());
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        match (low >= 0.0, low >= -1.0, high <= 1.0) {
            (true, _, true) => Squash::Unit,
            (_, true, true) => Squash::Symmetric,
            _ => Squash::None,
        }
    };
    (0..first.len()).map(range).collect()
}

/// Returns the evidence of each hidden layer.
pub(crate) fn layers<T: Real>(tape: &mut Tape<T>, squashes: &[Squash]) -> Vec<LayerEvidence> {
    hidden(tape).iter().zip(squashes).map(|(output, squash)| of_output(output, *squash)).collect()
}

/// Returns the outputs of the hidden layers: those that another layer reads.
fn hidden<T: Real>(tape: &mut Tape<T>) -> Vec<DMatrix<T>> {
    let mut outputs = Vec::new();
    collect(tape, &mut outputs);
    outputs.pop();
    outputs
}

/// Returns for each hidden layer the share of dead units and that of saturated outputs, in one cheap pass.
pub(crate) fn unusable<T: Real>(tape: &mut Tape<T>, squashes: &[Squash]) -> (Vec<f64>, Vec<f64>) {
    fn collect<T: Real>(tape: &mut Tape<T>, squashes: &[Squash], found: &mut Vec<(f64, f64)>) {
        if tape.children_mut().is_empty() {
            let squash = squashes.get(found.len()).copied().unwrap_or(Squash::None);
            found.push((dead(tape.output()), saturated(tape.output(), squash)));
            return;
        }
        tape.children_mut().iter_mut().for_each(|child| collect(child, squashes, found));
    }
    let mut found = Vec::new();
    collect(tape, squashes, &mut found);
    found.pop();
    found.into_iter().unzip()
}

/// Collects the outputs of the innermost layers, in order.
fn collect<T: Real>(tape: &mut Tape<T>, outputs: &mut Vec<DMatrix<T>>) {
    if tape.children_mut().is_empty() {
        outputs.push(tape.output().clone());
        return;
    }
    for child in tape.children_mut() {
        collect(child, outputs);
    }
}

/// The largest number of units whose correlations are measured.
const CORRELATED: usize = 64;

fn of_output<T: Real>(output: &DMatrix<T>, squash: Squash) -> LayerEvidence {
    let units = output.ncols();
    let ends = |unit: usize| range(output.column(unit).iter().copied());
    let constant = (0..units).map(ends).filter(|(l, h)| h - l <= 1e-12 * l.abs().max(h.abs())).count();
    LayerEvidence {
        units,
        dead: dead(output),
        constant: constant as f64 / units.max(1) as f64,
        saturated: saturated(output, squash),
        correlation: correlation(output),
    }
}

/// Returns the smallest and the largest of some values.
fn range<T: Real>(values: impl Iterator<Item = T>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v.as_f64()), h.max(v.as_f64())))
}

/// Returns the share of units that are 0 for every row.
fn dead<T: Real>(output: &DMatrix<T>) -> f64 {
    let dead = output.column_iter().filter(|unit| unit.iter().all(|v| *v == T::zero()));
    dead.count() as f64 / output.ncols().max(1) as f64
}

/// Returns the share of outputs at the ends of the range of a bounded activation.
fn saturated<T: Real>(output: &DMatrix<T>, squash: Squash) -> f64 {
    let near = |test: fn(f64) -> bool| {
        output.iter().filter(|v| test(v.as_f64())).count() as f64 / output.len().max(1) as f64
    };
    match squash {
        Squash::Unit => near(|v| !(0.0067..=0.9933).contains(&v)),
        Squash::Symmetric => near(|v| v.abs() > 0.9866),
        Squash::None => 0.0,
    }
}

/// Returns the mean correlation over pairs of units that vary: the variance of the sum of standardised units
/// gives it in one pass.
fn correlation<T: Real>(output: &DMatrix<T>) -> f64 {
    let rows = output.nrows();
    let mut sum = vec![0.0; rows];
    let mut count = 0.0;
    for unit in 0..output.ncols().min(CORRELATED) {
        let values: Vec<f64> = output.column(unit).iter().map(|v| v.as_f64()).collect();
        let mean = values.iter().sum::<f64>() / rows as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / rows as f64;
        if variance.sqrt() > 1e-12 * mean.abs().max(1e-300) {
            count += 1.0;
            sum.iter_mut().zip(&values).for_each(|(s, v)| *s += (v - mean) / variance.sqrt());
        }
    }
    let square = sum.iter().map(|s| s * s).sum::<f64>() / rows.max(1) as f64;
    if count > 1.0 { (square - count) / (count * (count - 1.0)) } else { 0.0 }
}

/// Returns for each layer with a weight matrix how far its units are apart at these parameters: the largest
/// distance of a unit's weights from their mean over units, relative to the largest weights. The last layer
/// is left out. 0 means that all units are identical.
pub(crate) fn spreads<T: Real>(network: &dyn Layer<T>, params: &[T]) -> Vec<f64> {
    let groups = groups(&network);
    let matrices: Vec<f64> = groups.iter().filter_map(|group| spread(group, params)).collect();
    matrices.split_last().map_or(Vec::new(), |(_, hidden)| hidden.to_vec())
}

fn spread<T: Real>(group: &Group<'_>, params: &[T]) -> Option<f64> {
    let (rows, columns) = weights_of(group)?;
    let values = &params[group.range.start..group.range.start + rows * columns];
    let matrix = DMatrix::from_fn(rows, columns, |i, j| values[j * rows + i].as_f64());
    let largest = matrix.amax();
    if columns < 2 {
        return Some(1.0);
    }
    if largest == 0.0 {
        return Some(0.0);
    }
    let mean = matrix.column_mean();
    let apart = matrix.column_iter().map(|column| (column - &mean).amax()).fold(0.0, f64::max);
    Some(apart / largest)
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;
    use crate::examples::{Examples, Targets};
    use crate::layer::{Activation, Sequential, Shape};
    use crate::loss::BinaryCrossEntropy;
    use crate::rng::Rng;

    #[test]
    fn dead_and_saturated_units_are_counted() {
        let rectified = of_output(&dmatrix![0.0, 1.0, 0.0, 2.0; 0.0, 3.0, 0.5, 2.0], Squash::None);
        assert_eq!((rectified.dead, rectified.constant, rectified.saturated), (0.25, 0.5, 0.0));
        let squashed = of_output(&dmatrix![0.001, 0.5; 0.999, 0.6], Squash::Unit);
        assert_eq!(squashed.saturated, 0.5);
        assert_eq!(of_output(&dmatrix![-0.999, 0.5; 0.2, 0.6], Squash::Symmetric).saturated, 0.25);
    }

    #[test]
    fn the_range_of_a_layer_does_not_depend_on_its_parameters() {
        let x = DMatrix::from_fn(20, 3, |row, column| ((row * 3 + column) as f64).sin());
        let classes = [0, 1].repeat(10);
        let examples = Examples::new(&x, Targets::Classes(&classes)).checked().unwrap();
        for (activation, range) in [
            (Activation::Sigmoid, Squash::Unit),
            (Activation::Tanh, Squash::Symmetric),
            (Activation::Relu, Squash::None),
            (Activation::Silu, Squash::None),
        ] {
            let network = Sequential::perceptron(&[3, 4, 4, 1], activation).unwrap();
            let view = View::new(&network, &BinaryCrossEntropy, examples, 64).unwrap();
            assert_eq!(squashes(&view), [range; 2], "{activation:?}");
        }
    }

    #[test]
    fn equal_units_are_correlated() {
        let column = |row: usize| (row as f64 * 1.7).sin();
        let equal = DMatrix::from_fn(20, 3, |row, unit| column(row) * (unit + 1) as f64);
        assert!((correlation(&equal) - 1.0).abs() < 1e-12);
        let opposite =
            DMatrix::from_fn(20, 2, |row, unit| if unit == 0 { column(row) } else { -column(row) });
        assert!((correlation(&opposite) + 1.0).abs() < 1e-12);
    }

    #[test]
    fn units_of_one_value_have_no_spread() {
        let network = Sequential::perceptron(&[3, 4, 2], Activation::Relu).unwrap();
        let mut params = vec![0.25f64; network.parameter_count()];
        assert_eq!(spreads(&network, &params), [0.0]);
        Layer::<f64>::init(&network, &mut params, &mut Rng::new(1));
        assert!(spreads(&network, &params)[0] > 0.1);
    }
}
