//! The course of a watched run, at a few points.

use std::fmt;

use super::diagnosis::Diagnosis;
use super::finding::short;
use crate::train::Trained;

/// A run that the doctor watched: its result, what was found, and its course.
///
/// [`Doctor::fit`](crate::doctor::Doctor::fit) has an example.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Watched<T> {
    /// The result, the same as without the doctor.
    pub trained: Trained<T>,
    /// What was found.
    pub diagnosis: Diagnosis,
    /// The course of the run, for a picture (`plot::watched_run`, with the feature `plot`) or as text.
    pub trace: Trace,
}

/// The course of a run that the doctor watched, at about a dozen points, however long the run is.
///
/// Values are measured on the rows that the doctor looks at: all, or some thousand of them.
///
/// `Display` writes a table, with layers counted from 0 and without columns of zeros.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Trace {
    /// The mean loss of the best constant predictor; `None` if the targets are not classes.
    #[cfg_attr(feature = "serde", serde(with = "super::serialization::optional"))]
    pub constant_loss: Option<f64>,
    /// The descriptions of the layers that have parameters, as given by
    /// [`Shape::describe`](crate::nn::Shape::describe).
    pub layers: Vec<String>,
    /// The points, in order. The first is the start, at epoch 0; the last is the end.
    pub points: Vec<TracePoint>,
    /// The objective, with the penalty, after each iteration of a minimiser. Empty for a trainer, whose
    /// history has it.
    #[cfg_attr(feature = "serde", serde(with = "super::serialization::numbers"))]
    pub objective: Vec<f64>,
}

/// The state of a run after an epoch or iteration.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TracePoint {
    /// The number of epochs or iterations so far.
    pub epoch: usize,
    /// The mean loss, without the penalty.
    #[cfg_attr(feature = "serde", serde(with = "super::serialization::number"))]
    pub loss: f64,
    /// The mean loss on the held-out rows, if there are any.
    #[cfg_attr(feature = "serde", serde(with = "super::serialization::optional"))]
    pub held_out_loss: Option<f64>,
    /// For each layer that has parameters, the change of its parameters in the last step, relative to their
    /// size: see [`LayerUpdate::update_ratio`](crate::nn::LayerUpdate::update_ratio). Empty at the start, and
    /// for a minimiser.
    #[cfg_attr(feature = "serde", serde(with = "super::serialization::numbers"))]
    pub update_ratios: Vec<f64>,
    /// For each hidden layer, the share of units that are 0 for every row.
    #[cfg_attr(feature = "serde", serde(with = "super::serialization::numbers"))]
    pub dead: Vec<f64>,
    /// For each hidden layer, the share of outputs at the ends of the range of a bounded activation; 0 for
    /// other layers.
    #[cfg_attr(feature = "serde", serde(with = "super::serialization::numbers"))]
    pub saturated: Vec<f64>,
}

/// The values of a point by layer.
type Values = fn(&TracePoint) -> &Vec<f64>;
/// A column of the table: a name, the values of a point, and the layer.
type Column = (&'static str, Values, usize);

impl Trace {
    /// Returns the columns of the table by layer; those of zeros say nothing.
    fn columns(&self) -> Vec<Column> {
        let all: [(&'static str, Values); 3] = [
            ("update", |point| &point.update_ratios),
            ("dead", |point| &point.dead),
            ("saturated", |point| &point.saturated),
        ];
        let most = |of: Values| self.points.iter().map(|point| of(point).len()).max();
        let of_layers =
            |(name, of)| (0..most(of).unwrap_or(0)).map(move |layer| -> Column { (name, of, layer) });
        let says = |&(_, of, layer): &Column| {
            self.points.iter().any(|point| of(point).get(layer).is_some_and(|&value| value != 0.0))
        };
        all.into_iter().flat_map(of_layers).filter(says).collect()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held_out = self.points.iter().any(|point| point.held_out_loss.is_some());
        let columns = self.columns();
        let unit = if self.objective.is_empty() { "epoch" } else { "iteration" };
        write!(f, "{unit:>9} {:>11}", "loss")?;
        if held_out {
            write!(f, " {:>11}", "held-out")?;
        }
        for (name, _, layer) in &columns {
            write!(f, " {:>11}", format!("{name} {layer}"))?;
        }
        for point in &self.points {
            write!(f, "\n{:>9} {:>11}", point.epoch, short(point.loss))?;
            if held_out {
                write!(f, " {:>11}", point.held_out_loss.map_or(String::new(), short))?;
            }
            for &(_, of, layer) in &columns {
                write!(f, " {:>11}", of(point).get(layer).map_or(String::new(), |&value| short(value)))?;
            }
        }
        match self.constant_loss {
            Some(loss) => write!(f, "\n{:>9} {:>11}", "constant", short(loss)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_a_table() {
        let start = TracePoint { loss: 0.75, dead: vec![0.5], saturated: vec![0.0], ..TracePoint::default() };
        let end = TracePoint { epoch: 20, loss: 0.25, update_ratios: vec![1e-3, 2e-3], ..start.clone() };
        let trace =
            Trace { constant_loss: Some(0.693), points: vec![start, end], ..Trace::default() }.to_string();
        let lines: Vec<Vec<&str>> = trace.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0].join(" "), "epoch loss update 0 update 1 dead 0", "no zeros");
        assert_eq!(lines[1], ["0", "0.75", "0.5"]);
        assert_eq!(lines[2], ["20", "0.25", "0.001", "0.002", "0.5"]);
        assert_eq!(lines[3], ["constant", "0.693"]);
        assert!(trace.lines().skip(1).take(2).all(|line| line.len() == trace.lines().next().unwrap().len()));
    }
}
