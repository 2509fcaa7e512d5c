//! The units of the hidden layers: dead, saturated, identical or correlated.

use nalgebra::DMatrix;

use super::starts::weights_of;
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

/// Returns the evidence of each hidden layer: those whose output another layer reads.
pub(crate) fn layers<T: Real>(tape: &mut Tape<T>) -> Vec<LayerEvidence> {
    let mut outputs = Vec::new();
    collect(tape, &mut outputs);
    outputs.pop();
    outputs.iter().map(of_output).collect()
}

/// Returns for each hidden layer the share of dead units and that of saturated outputs, in one cheap pass.
pub(crate) fn unusable<T: Real>(tape: &mut Tape<T>) -> (Vec<f64>, Vec<f64>) {
    fn collect<T: Real>(tape: &mut Tape<T>, found: &mut Vec<(f64, f64)>) {
        if tape.children_mut().is_empty() {
            found.push((dead(tape.output()), saturated(tape.output())));
            return;
        }
        tape.children_mut().iter_mut().for_each(|child| collect(child, found));
    }
    let mut found = Vec::new();
    collect(tape, &mut found);
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

fn of_output<T: Real>(output: &DMatrix<T>) -> LayerEvidence {
    let units = output.ncols();
    let ends = |unit: usize| range(output.column(unit).iter().copied());
    let constant = (0..units).map(ends).filter(|(l, h)| h - l <= 1e-12 * l.abs().max(h.abs())).count();
    LayerEvidence {
        units,
        dead: dead(output),
        constant: constant as f64 / units.max(1) as f64,
        saturated: saturated(output),
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
fn saturated<T: Real>(output: &DMatrix<T>) -> f64 {
    // Most rectifiers have an output beyond 1 among the first.
    if output.iter().any(|v| v.as_f64().abs() > 1.0) {
        return 0.0;
    }
    let low = range(output.iter().copied()).0;
    let near = |test: fn(f64) -> bool| {
        output.iter().filter(|v| test(v.as_f64())).count() as f64 / output.len().max(1) as f64
    };
    if low < 0.0 {
        return near(|v| v.abs() > 0.9866);
    }
    // Sigmoid outputs are inside of 0 to 1, or round to the ends; those of rectifiers are rarely at 1.
    let squashed = low > 0.0 || near(|v| v >= 0.9933) > 0.05;
    if squashed { near(|v| !(0.0067..=0.9933).contains(&v)) } else { 0.0 }
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
    use crate::layer::{Activation, Sequential, Shape};
    use crate::rng::Rng;

    #[test]
    fn dead_and_saturated_units_are_counted() {
        let rectified = of_output(&dmatrix![0.0, 1.0, 0.0, 2.0; 0.0, 3.0, 0.5, 2.0]);
        assert_eq!((rectified.dead, rectified.constant, rectified.saturated), (0.25, 0.5, 0.0));
        let squashed = of_output(&dmatrix![0.001, 0.5; 0.999, 0.6]);
        assert_eq!(squashed.saturated, 0.5);
        assert_eq!(of_output(&dmatrix![-0.999, 0.5; 0.2, 0.6]).saturated, 0.25);
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
