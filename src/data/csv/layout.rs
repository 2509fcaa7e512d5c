//! What the columns of a table are read as.

use super::CsvReader;
use super::column::Head;
use crate::column::Column;
use crate::data::schema::{Categories, Position};
use crate::error::{Error, unsupported};

/// The positions of what is read.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// How many fields each line has.
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

/// What a feature is made of.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Numbers,
    /// Categories that are still to be learned, up to so many.
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
    /// As the settings of a reader say.
    pub(super) fn of(reader: &CsvReader, head: &Head) -> Result<Self, Error> {
        let find = |columns: &[Column]| -> Result<Vec<usize>, Error> {
            columns.iter().map(|column| head.find(column)).collect()
        };
        let label = reader.label.as_ref().map(|column| head.find(column)).transpose()?;
        let weights = reader.weights.as_ref().map(|column| head.find(column)).transpose()?;
        let taken = [label, weights];
        if label.is_some() && label == weights {
            return refuse("a column that holds both labels and weights", "name two columns");
        }
        let left_out = find(&reader.left_out)?;
        let all = || (0..head.width).filter(|&position| !taken.contains(&Some(position))).collect();
        let mut chosen = reader.columns.as_deref().map_or_else(|| Ok(all()), find)?;
        if chosen.iter().any(|&position| taken.contains(&Some(position))) {
            return refuse("labels or weights as features", "leave their column out of `columns`");
        }
        chosen.retain(|position| !left_out.contains(position));
        let mut distinct = chosen.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < chosen.len() {
            return refuse("a column twice", "name it once in `columns`");
        }
        if chosen.is_empty() {
            return Err(Error::Empty { argument: "columns", axis: "entries" });
        }
        let (categorical, coded) = (find(&reader.categorical)?, find(&reader.coded)?);
        if categorical.iter().any(|position| coded.contains(position)) {
            return refuse("a column both categorical and coded", "choose one");
        }
        if categorical.iter().chain(&coded).any(|position| distinct.binary_search(position).is_err()) {
            return refuse("categories in a column that is no feature", "choose it in `columns`");
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
        // Names must tell columns apart, so that other files can be read by them.
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
