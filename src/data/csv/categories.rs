//! The categories of a column.

use std::collections::BTreeMap;

use crate::preprocess::DropCategory;

/// The categories of a column in ascending order, and whether values may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Categories {
    pub(super) names: Vec<String>,
    pub(super) missing: bool,
}

impl Categories {
    pub(super) fn code(&self, name: &str) -> Option<usize> {
        self.names.binary_search_by(|other| other.as_str().cmp(name)).ok()
    }

    /// How many categories at the front have no column.
    fn dropped(&self, drop: DropCategory) -> usize {
        let all = self.names.len() + usize::from(self.missing);
        match drop {
            DropCategory::None => 0,
            DropCategory::First => usize::from(all > 0),
            DropCategory::FirstOfTwo => usize::from(all == 2),
        }
    }

    /// The names of the columns that come of a column: one for each category, and one for missing values.
    pub(super) fn column_names(&self, column: &str, drop: DropCategory) -> Vec<String> {
        let known = self.names.iter().map(|category| format!("{column}={category}"));
        let missing = self.missing.then(|| format!("{column} is missing"));
        known.chain(missing).skip(self.dropped(drop)).collect()
    }

    /// Which of these columns a code is 1 in, if any; missing values (NaN) have the last.
    pub(super) fn index(&self, code: f64, drop: DropCategory) -> Option<usize> {
        let index = match code {
            code if code.is_nan() => self.missing.then_some(self.names.len())?,
            // What is not known has a code below 0.
            code if code < 0.0 => return None,
            code => code as usize,
        };
        index.checked_sub(self.dropped(drop))
    }
}

/// Categories in the order in which they were seen, with their codes.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<String, usize>);

impl Seen {
    /// The code of a category; `None` if it would be one more than `most`.
    pub(super) fn code(&mut self, name: &str, most: usize) -> Option<usize> {
        if let Some(&code) = self.0.get(name) {
            return Some(code);
        }
        let code = self.0.len();
        (code < most).then(|| {
            self.0.insert(name.to_owned(), code);
            code
        })
    }

    /// The categories in ascending order; `codes` become their indices.
    pub(super) fn sorted(self, codes: &mut [f64]) -> Categories {
        let mut index = vec![0.0; self.0.len()];
        for (rank, &code) in self.0.values().enumerate() {
            index[code] = rank as f64;
        }
        for code in codes.iter_mut().filter(|code| !code.is_nan()) {
            *code = index[*code as usize];
        }
        let missing = codes.iter().any(|code| code.is_nan());
        Categories { names: self.0.into_keys().collect(), missing }
    }
}
