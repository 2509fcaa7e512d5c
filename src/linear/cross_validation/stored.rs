//! Storage of cross-validated logistic regression models.

use nalgebra::DMatrix;

use super::fitted::{FittedLogisticCv, LambdaScore, Selection};
use crate::error::Error;
use crate::linear::path::FittedLogisticPath;
use crate::persist::file::invalid;
use crate::persist::{GoldenRows, Persist, Record, StoredLabel};
use crate::scalar::Real;

impl<T: Real, L: StoredLabel> Persist for FittedLogisticCv<T, L> {
    type Scalar = T;
    const KIND: &'static str = "cross-validated logistic regression";

    fn write_record(&self, record: Record) -> Record {
        let folds: Vec<f64> = self.scores.iter().flat_map(|score| score.folds.clone()).collect();
        let nonzero: Vec<usize> = self.scores.iter().map(|score| score.nonzero).collect();
        let converged: Vec<usize> = self.scores.iter().map(|score| usize::from(score.converged)).collect();
        record
            .with_array("fold_scores", &folds)
            .with_counts("nonzero", &nonzero)
            .with_counts("converged", &converged)
            .with_count("best", self.selection.best)
            .with_count("one_standard_error", self.selection.one_standard_error)
            .with_count("chosen", self.chosen)
            .with_flag("complete", self.complete)
            .with("path", &self.path)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let path: FittedLogisticPath<T, L> = record.take("path")?;
        // Scores may be infinite, or NaN where the metric is undefined.
        let (all, nonzero): (Vec<f64>, _) = (record.take_any("fold_scores")?, record.take_counts("nonzero")?);
        let converged = record.take_counts("converged")?;
        let (count, folds) = (path.len(), all.len() / path.len());
        if all.len() != count * folds || nonzero.len() != count || converged.len() != count {
            return Err(invalid(format!("it has {count} values of lambda but a different number of scores")));
        }
        if converged.iter().any(|&mark| mark > 1) || nonzero != path.nonzero() {
            return Err(invalid("its counts of nonzero columns or converged fits contradict its models"));
        }
        let score = |at: usize| {
            let folds = all[at * folds..(at + 1) * folds].to_vec();
            LambdaScore::new(path.lambdas()[at], folds, nonzero[at], converged[at] == 1)
        };
        let scores: Vec<LambdaScore> = (0..count).map(score).collect();
        let selection = Selection {
            best: record.take_count("best")?,
            one_standard_error: record.take_count("one_standard_error")?,
        };
        // Only the direction of the metric (whether higher is better) is not stored.
        if ![false, true].iter().any(|&greater| Selection::new(&scores, greater) == selection) {
            return Err(invalid("its best values of lambda do not match its scores"));
        }
        let chosen = record.take_count("chosen")?;
        if chosen != selection.best && chosen != selection.one_standard_error {
            return Err(invalid(format!(
                "its chosen value of lambda is number {chosen}, which no rule selects"
            )));
        }
        let complete = record.take_flag("complete")?;
        let model = path.models()[chosen].clone();
        Ok(FittedLogisticCv { path, model, scores, selection, chosen, complete })
    }

    fn golden_rows(&self, rows: Option<&DMatrix<T>>) -> Result<Option<GoldenRows>, Error> {
        GoldenRows::of(self, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::{LogisticPath, LogisticRegressionCv};
    use crate::prelude::*;

    /// Each list alone is too short.
    #[test]
    fn every_value_of_lambda_has_its_scores() {
        let iris = crate::data::iris();
        let model =
            LogisticRegressionCv::new(LogisticPath::l1().count(3)).fit(&iris, &iris.y).expect("a fit");
        let written = || model.write_record(Record::new("model"));
        let read = |record: &mut Record| FittedLogisticCv::<f64, String>::read_record(record);
        assert!(read(&mut written()).is_ok());
        let mut record = written();
        let scores: Vec<f64> = record.take_any("fold_scores").expect("scores");
        assert!(read(&mut record.with_array("fold_scores", &scores[1..])).is_err());
        for name in ["nonzero", "converged"] {
            let mut record = written();
            let counts = record.take_counts(name).expect("counts");
            assert!(read(&mut record.with_counts(name, &counts[1..])).is_err(), "{name}");
        }
    }
}
