//! The losses of programs, on whatever the network emits.

use logit::nn::{Gradient, Loss, Targets};
use nalgebra::DMatrix;

use super::formulas::{at_least, binary, cross_entropy, log_sum_exp, sigmoid, softmax, softplus};
use super::layers::{ends_with_scores, is_fused};
use super::model_schema::{GradientFault, LossKind, Output};
use super::program::Program;

/// The loss of a program. It accepts any target, as a formula written by hand does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UserLoss {
    kind: LossKind,
    output: Output,
    /// Whether the loss applies the output activation, because the network ends with scores.
    applies_output: bool,
    /// Whether the loss is computed from the scores, without probabilities in between.
    fused: bool,
    /// The distance from 0 and 1 at which probabilities are clipped before the logarithm.
    clip: f64,
    units: usize,
    /// The unit of class 0.
    first_unit: usize,
    fault: Option<GradientFault>,
    /// A factor on the loss: the mean weight of the training rows, which a trainer divides weights by.
    scale: f64,
}

/// Replaces the scores of a row by what an output layer emits.
pub(crate) fn emit(output: Output, out: &mut [f64]) {
    match output {
        Output::Logits => {}
        Output::Sigmoid => out.iter_mut().for_each(|z| *z = sigmoid(*z)),
        Output::Relu => out.iter_mut().for_each(|z| *z = if *z < 0.0 { 0.0 } else { *z }),
        Output::Tanh => out.iter_mut().for_each(|z| *z = z.tanh()),
        Output::Softmax => softmax(out),
        Output::LogSoftmax => {
            let log = log_sum_exp(out);
            out.iter_mut().for_each(|z| *z -= log);
        }
    }
}

impl UserLoss {
    pub(crate) fn new(program: &Program, classes: usize, scale: f64) -> Self {
        let model = &program.model;
        let from_one = program.labels.coding == "1..K" && model.units > classes;
        UserLoss {
            kind: model.loss,
            output: model.output,
            applies_output: ends_with_scores(program),
            fused: is_fused(model),
            clip: if model.unprotected_log { 0.0 } else { 1e-12 },
            units: model.units,
            first_unit: usize::from(from_one),
            fault: program.gradient_fault,
            scale,
        }
    }

    /// Writes what the network is meant to emit for a row of its output.
    fn emitted(&self, row: &[f64], out: &mut [f64]) {
        out.copy_from_slice(row);
        if !self.applies_output {
            return;
        }
        emit(self.output, out);
    }

    /// Returns the loss of a row, and writes its derivative in what the loss is fed with.
    fn of_row(&self, q: &[f64], y: &[f64], slope: &mut [f64]) -> f64 {
        let each = q.iter().zip(y).zip(slope.iter_mut());
        match self.kind {
            LossKind::CeLogits => cross_entropy(q, y, slope),
            LossKind::BceLogits => each.map(|((&q, &y), slope)| binary(q, y, slope)).sum(),
            LossKind::Pm1Logits => each
                .map(|((&q, &y), slope)| {
                    *slope = -y * sigmoid(-y * q);
                    softplus(-y * q)
                })
                .sum(),
            LossKind::CeProbs => each
                .map(|((&q, &y), slope)| {
                    *slope = 0.0;
                    if y == 0.0 {
                        return 0.0;
                    }
                    let p = at_least(q, self.clip);
                    *slope = -y / p;
                    -y * p.ln()
                })
                .sum(),
            LossKind::BceProbs => each
                .map(|((&q, &y), slope)| {
                    let p = at_least(q, self.clip);
                    let p = if p > 1.0 - self.clip { 1.0 - self.clip } else { p };
                    *slope = if self.clip > 0.0 && p != q { 0.0 } else { (1.0 - y) / (1.0 - p) - y / p };
                    -(y * p.ln() + (1.0 - y) * (1.0 - p).ln())
                })
                .sum(),
            LossKind::Mse => {
                let units = self.units as f64;
                each.map(|((&q, &y), slope)| {
                    *slope = 2.0 * (q - y) / units;
                    (q - y) * (q - y) / units
                })
                .sum()
            }
        }
    }

    /// Returns the loss of a row of scores, and writes its derivative in the scores.
    fn of_scores(&self, z: &[f64], q: &[f64], y: &[f64], slope: &mut [f64]) -> f64 {
        match self.kind {
            LossKind::BceProbs if self.fused => {
                z.iter().zip(y).zip(slope).map(|((&z, &y), slope)| binary(z, y, slope)).sum()
            }
            LossKind::CeProbs if self.fused => cross_entropy(z, y, slope),
            _ => {
                let value = self.of_row(q, y, slope);
                self.through_output(z, q, slope);
                value
            }
        }
    }

    /// Multiplies a derivative in the emitted numbers by that of the output activation.
    fn through_output(&self, z: &[f64], q: &[f64], slope: &mut [f64]) {
        let sum: f64 = slope.iter().sum();
        let dot: f64 = slope.iter().zip(q).map(|(g, q)| g * q).sum();
        for ((g, &q), &z) in slope.iter_mut().zip(q).zip(z) {
            *g = match self.output {
                Output::Logits => *g,
                Output::Sigmoid => *g * q * (1.0 - q),
                Output::Softmax => q * (*g - dot),
                Output::LogSoftmax => *g - q.exp() * sum,
                Output::Relu => {
                    if z > 0.0 {
                        *g
                    } else {
                        0.0
                    }
                }
                Output::Tanh => *g * (1.0 - q * q),
            };
        }
    }

    /// Changes the derivative in the scores as the fault of the program does.
    fn spoil(&self, z: &[f64], q: &[f64], y: &[f64], slope: &mut [f64]) {
        for (((g, &z), &q), &y) in slope.iter_mut().zip(z).zip(q).zip(y) {
            *g = match self.fault {
                Some(GradientFault::Pm1FormulaOn01) => -y * sigmoid(-y * z),
                Some(GradientFault::KeepPOneMinusP) => *g * sigmoid(z) * sigmoid(-z),
                Some(GradientFault::AbsoluteError) => g.abs(),
                Some(GradientFault::NoOutputDerivative) => 2.0 * (q - y) / self.units as f64,
                _ => *g,
            };
        }
    }
}

impl Loss<f64> for UserLoss {
    fn score_columns(&self, classes: usize) -> usize {
        if self.units == 1 { 1 } else { classes }
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn accumulate(
        &self,
        scores: &DMatrix<f64>,
        targets: Targets<'_, f64>,
        weights: Option<&[f64]>,
        mut gradient: Option<Gradient<'_, f64>>,
    ) -> f64 {
        let (rows, units) = scores.shape();
        let mut buffers = vec![0.0; 4 * units];
        let (z, rest) = buffers.split_at_mut(units);
        let (q, rest) = rest.split_at_mut(units);
        let (y, slope) = rest.split_at_mut(units);
        let mut sum = 0.0;
        for row in 0..rows {
            let weight = self.scale * weights.map_or(1.0, |weights| weights[row]);
            for unit in 0..units {
                z[unit] = scores[(row, unit)];
                y[unit] = targets.value(row, unit, units);
            }
            self.emitted(z, q);
            let value =
                if self.applies_output { self.of_scores(z, q, y, slope) } else { self.of_row(q, y, slope) };
            if weight != 0.0 {
                sum += weight * value;
            }
            let Some(gradient) = &mut gradient else { continue };
            self.spoil(z, q, y, slope);
            let factor = match self.fault {
                Some(GradientFault::LastRowOnly) => {
                    if row + 1 == rows {
                        1.0
                    } else {
                        0.0
                    }
                }
                _ => gradient.scale * weight,
            };
            for (unit, slope) in slope.iter().enumerate() {
                gradient.out[(row, unit)] = if factor == 0.0 { 0.0 } else { factor * slope };
            }
        }
        sum
    }

    /// Writes the probabilities that the user means.
    fn probabilities(&self, scores: &DMatrix<f64>, out: &mut DMatrix<f64>) {
        let units = scores.ncols();
        let mut p = vec![0.0; units];
        for row in 0..scores.nrows() {
            let z: Vec<f64> = scores.row(row).iter().copied().collect();
            self.emitted(&z, &mut p);
            let binary = units == 1;
            if binary {
                p[0] = self.of_one_unit(p[0]);
            } else {
                self.of_units(&mut p);
            }
            p.iter_mut()
                .filter(|p| p.is_nan())
                .for_each(|p| *p = if binary { 0.5 } else { 1.0 / units as f64 });
            for class in 0..out.ncols() {
                out[(row, class)] = match class {
                    0 if binary => 1.0 - p[0],
                    1 if binary => p[0],
                    _ if binary => 0.0,
                    _ => p.get(self.first_unit + class).copied().unwrap_or(0.0),
                };
            }
        }
    }
}

impl UserLoss {
    fn of_one_unit(&self, q: f64) -> f64 {
        match (self.output, self.kind) {
            (Output::Sigmoid, _) => q,
            (Output::Softmax, _) => 1.0,
            (Output::Tanh, _) => (q + 1.0) / 2.0,
            (_, LossKind::BceLogits | LossKind::Pm1Logits) => sigmoid(q),
            _ => q.clamp(0.0, 1.0),
        }
    }

    fn of_units(&self, q: &mut [f64]) {
        let smallest = match (self.output, self.kind) {
            (Output::Softmax, _) => return,
            (Output::LogSoftmax, _) => return q.iter_mut().for_each(|q| *q = q.exp()),
            (Output::Sigmoid, _) => 1e-12,
            (_, LossKind::Mse) => {
                q.iter_mut().for_each(|q| *q = q.clamp(1e-6, 1.0));
                0.0
            }
            (_, LossKind::BceLogits) => {
                q.iter_mut().for_each(|q| *q = sigmoid(*q));
                1e-300
            }
            _ => return softmax(q),
        };
        let sum = q.iter().sum::<f64>().max(smallest);
        q.iter_mut().for_each(|q| *q /= sum);
    }
}
