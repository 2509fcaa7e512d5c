//! What a search found, in files.

use nalgebra::DMatrix;

use super::cross_validation::{mean, standard_error};
use super::fold_stops::FoldStops;
use super::search::{Candidate, FittedSearch};
use super::settings::StoredSettings;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{GoldenRows, Persist, Record};

impl<P: StoredSettings, C: Persist + Classifier<C::Scalar>> Persist for FittedSearch<P, C> {
    type Scalar = C::Scalar;

    fn to_record(&self) -> Record {
        let scores: Vec<f64> = self.table.iter().flat_map(|candidate| candidate.scores.clone()).collect();
        let stops: Vec<String> = self.table.iter().map(|candidate| candidate.stops.keys()).collect();
        let record = Record::new("search")
            .with_count("candidates", self.table.len())
            .with_count("best", self.best)
            .with_array("scores", &scores)
            .with_texts("stops", &stops)
            .with_part("classifier", self.model.to_record());
        self.table.iter().enumerate().fold(record, |record, (index, candidate)| {
            record.with_part(&format!("settings_{index}"), candidate.settings.to_settings())
        })
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("search")?;
        let (count, best) = (record.take_count("candidates")?, record.take_count("best")?);
        if best >= count {
            return Err(invalid(format!("its best settings are number {best} of {count}")));
        }
        // Scores of metrics may be infinite, and NaN where they are not defined.
        let all: Vec<f64> = record.take_any("scores")?;
        let splits = all.len() / count;
        if splits == 0 || Some(all.len()) != count.checked_mul(splits) {
            return Err(invalid(format!("it has {count} settings and {} scores", all.len())));
        }
        let stops = record.take_texts("stops", count)?;
        let mut table = Vec::new();
        for ((index, scores), stops) in all.chunks_exact(splits).enumerate().zip(stops) {
            let settings = P::from_settings(record.take_part(&format!("settings_{index}"))?)?;
            let (mean, standard_error) = (mean(scores), standard_error(scores));
            let stops = FoldStops::from_keys(&stops)
                .ok_or_else(|| invalid(format!("`{stops}` are no reasons to stop")))?;
            table.push(Candidate { settings, scores: scores.to_vec(), mean, standard_error, stops });
        }
        let model = C::from_record(record.take_part("classifier")?)?;
        record.finish()?;
        Ok(FittedSearch { table, best, model })
    }

    fn golden_rows(&self, rows: Option<&DMatrix<C::Scalar>>) -> Result<Option<GoldenRows>, Error> {
        self.model.golden_rows(rows)
    }
}
