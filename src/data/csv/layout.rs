//! The way in which each column of a table is read.

use super::CsvReader;
use super::column::Head;
use crate::column::Column;
use crate::data::schema::{Categories, Position};
use crate::error::{Error, unsupported};

/// The columns that are read, with their positions.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The number of fields of each line.
    pub(super) width: usize,
    pub(super) features: Vec<Feature>,
    pub(super) label: Option<Position>,
    pub(super) weights: Option<Position>,
}

#[derive(Debug, Clone)]
pub(super) struct Feature {
    pub(super) place: Position,
    pub(super) source: Source,
}

/// The kind of text that a feature is read from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Numbers,
    /// Categories that are still to be learned, at most `most` of them.
    NewCategories {
        most: usize,
        coded: bool,
    },
    KnownCategories {
        categories: Categories,
        coded: bool,
    },
}

impl Layout {
    /// Returns the layout that the settings of a reader give.
    pub(super) fn of(reader: &CsvReader, head: &Head) -> Result<Self, Error> {
        let find = |columns: &[Column]| -> Result<Vec<usize>, Error> {
            columns.iter().map(|column| head.find(column)).collect()
        };
        let label = reader.label.as_ref().map(|column| head.find(column)).transpose()?;
        let weights = reader.weights.as_ref().map(|column| head.find(column)).transpose()?;
        let taken = [label, weights];
        if label.is_some() && label == weights {
            return refuse("a column that holds both labels and weights", "use two different columns");
        }
        let left_out = find(&reader.left_out)?;
        let all = || (0..head.width).filter(|&position| !taken.contains(&Some(position))).collect();
        let mut chosen = reader.columns.as_deref().map_or_else(|| Ok(all()), find)?;
        if chosen.iter().any(|&position| taken.contains(&Some(position))) {
            return refuse("labels or weights as features", "remove their column from `columns`");
        }
        chosen.retain(|position| !left_out.contains(position));
        let mut distinct = chosen.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < chosen.len() {
            return refuse("a column that is listed twice", "list it once in `columns`");
        }
        if chosen.is_empty() {
            return Err(Error::Empty { argument: "columns", axis: "entries" });
        }
        let (categorical, coded) = (find(&reader.categorical)?, find(&reader.coded)?);
        if categorical.iter().any(|position| coded.contains(position)) {
            return refuse("a column that is both categorical and coded", "list it in one of the two");
        }
        if categorical.iter().chain(&coded).any(|position| distinct.binary_search(position).is_err()) {
            let instead = "add it to the features, or do not list it in `categorical` or `coded`";
            return refuse("categories in a column that is not a feature", instead);
        }
        let place = |position| Position { position, name: head.name(position) };
        let feature = |position| {
            let most = reader.max_categories;
            let source = if categorical.contains(&position) {
                Source::NewCategories { most, coded: false }
            } else if coded.contains(&position) {
                Source::NewCategories { most, coded: true }
            } else {
                Source::Numbers
            };
            Feature { place: place(position), source }
        };
        // Names must be distinct, so that columns of other files can be found by them.
        for &position in distinct.iter().chain(taken.iter().flatten()) {
            head.named(&head.name(position))?;
        }
        Ok(Layout {
            width: head.width,
            features: chosen.into_iter().map(feature).collect(),
            label: label.map(place),
            weights: weights.map(place),
        })
    }
}

fn refuse<A>(what: &'static str, instead: &'static str) -> Result<A, Error> {
    Err(unsupported(what, "CsvReader", instead))
}
