//! What a finished run has reached, in numbers.

use std::fmt;

use logit::nn::Loss;
use nalgebra::DMatrix;

use super::data_schema::Plot;
use super::prepare::{Outcome, Prepared};

/// The measured facts of a run.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// 1 - (loss of the predictions) / (loss of the class frequencies), on training and test rows.
    pub(crate) skill: f64,
    pub(crate) test_skill: f64,
    pub(crate) accuracy: f64,
    pub(crate) test_accuracy: f64,
    /// The accuracy on the test rows on their serving path.
    pub(crate) served_accuracy: f64,
    /// The largest change of a probability on that path, over the training rows.
    pub(crate) serving_gap: f64,
    /// The smallest and the largest probability of the last class.
    pub(crate) range: (f64, f64),
    /// The same on the grid of the picture, with its level.
    pub(crate) plot: Option<((f64, f64), f64)>,
    pub(crate) stop: String,
}

impl Facts {
    pub(crate) fn new(prepared: &Prepared, end: &Outcome) -> Self {
        let Prepared { built, threshold, .. } = prepared;
        let of = |x: &DMatrix<f64>| probabilities(prepared, end, x);
        let (train, test) = (of(&built.train.x), of(&built.test.x));
        let floor = entropy(&built.train.y, built.classes);
        let skill =
            |p: &DMatrix<f64>, y: &[usize]| if floor > 0.0 { 1.0 - log_loss(p, y) / floor } else { 0.0 };
        let last = train.column(train.ncols().saturating_sub(1));
        Facts {
            skill: skill(&train, &built.train.y),
            test_skill: skill(&test, &built.test.y),
            accuracy: accuracy(&train, &built.train.y, *threshold),
            test_accuracy: accuracy(&test, &built.test.y, *threshold),
            served_accuracy: accuracy(&of(&prepared.served_test), &built.test.y, *threshold),
            serving_gap: (of(&prepared.served) - &train).amax(),
            range: (last.min(), last.max()),
            plot: prepared.plot.as_ref().map(|plot| {
                let p = of(&grid(plot, &built.train.x));
                ((p.column(1).min(), p.column(1).max()), plot.level)
            }),
            stop: format!("{:?} after {}", end.report.stop, end.report.iterations),
        }
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "skill {:.4}, {:.4} on test rows; ", self.skill, self.test_skill)?;
        write!(f, "accuracy {:.4}, {:.4} on test rows, ", self.accuracy, self.test_accuracy)?;
        write!(f, "{:.4} served; serving gap {:.3}; ", self.served_accuracy, self.serving_gap)?;
        write!(f, "probabilities {:.4} to {:.4}; ", self.range.0, self.range.1)?;
        if let Some(((low, high), level)) = self.plot {
            write!(f, "{low:.4} to {high:.4} in the picture, level {level}; ")?;
        }
        f.write_str(&self.stop)
    }
}

/// Returns the points of a picture: two columns vary, and the others have their means.
pub(crate) fn grid(plot: &Plot, x: &DMatrix<f64>) -> DMatrix<f64> {
    const SIDE: usize = 40;
    let means = x.row_mean();
    let mut points = DMatrix::from_fn(SIDE * SIDE, x.ncols(), |_, column| means[column]);
    for (axis, &column) in plot.columns.iter().enumerate().filter(|(_, column)| **column < x.ncols()) {
        let (low, high) = (x.column(column).min(), x.column(column).max());
        let pad = plot.pad * (high - low);
        for point in 0..SIDE * SIDE {
            let place = if axis == 0 { point % SIDE } else { point / SIDE } as f64 / (SIDE - 1) as f64;
            points[(point, column)] = low - pad + place * (high - low + 2.0 * pad);
        }
    }
    points
}

/// Returns the probabilities that the user means, of any rows.
pub(crate) fn probabilities(prepared: &Prepared, end: &Outcome, x: &DMatrix<f64>) -> DMatrix<f64> {
    let scores = prepared.network.scores(&end.params, &end.statistics, x);
    let mut out = DMatrix::zeros(x.nrows(), prepared.built.classes.max(2));
    prepared.loss.probabilities(&scores, &mut out);
    out
}

/// Returns the mean negative log-probability of the classes.
fn log_loss(p: &DMatrix<f64>, y: &[usize]) -> f64 {
    let of_row = |(row, &class): (usize, &usize)| -p[(row, class)].clamp(1e-12, 1.0).ln();
    y.iter().enumerate().map(of_row).sum::<f64>() / y.len() as f64
}

/// Returns the loss of the predictor that always gives the class frequencies.
fn entropy(y: &[usize], classes: usize) -> f64 {
    let share = |class: usize| y.iter().filter(|&&other| other == class).count() as f64 / y.len() as f64;
    (0..classes).map(share).filter(|&share| share > 0.0).map(|share| -share * share.ln()).sum()
}

/// Returns the share of rows whose class is chosen; `threshold` is the cut for class 1 of two.
pub(crate) fn accuracy(p: &DMatrix<f64>, y: &[usize], threshold: f64) -> f64 {
    let decide = |row: usize| {
        if p.ncols() == 2 { usize::from(p[(row, 1)] > threshold) } else { p.row(row).transpose().argmax().0 }
    };
    y.iter().enumerate().filter(|&(row, &class)| decide(row) == class).count() as f64 / y.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    #[test]
    fn measures_are_those_of_their_definitions() {
        let (p, y) = (dmatrix![0.5, 0.5; 0.25, 0.75; 0.9, 0.1; 0.2, 0.8], [0, 1, 0, 0]);
        assert_eq!((accuracy(&p, &y, 0.5), accuracy(&p, &y, 0.8)), (0.75, 0.75));
        let three = dmatrix![0.2, 0.5, 0.3; 0.6, 0.3, 0.1];
        assert_eq!(accuracy(&three, &[1, 2], 0.9), 0.5);
        let wanted = -(0.5f64 * 0.75 * 0.9 * 0.2).ln() / 4.0;
        assert!((log_loss(&p, &y) - wanted).abs() < 1e-15);
        assert!((entropy(&[0, 1, 1, 0], 3) - 2f64.ln()).abs() < 1e-15);
    }
}
