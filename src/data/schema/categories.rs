//! The categories of a column.

use crate::preprocess::DropCategory;

/// The categories of a column in ascending order, and whether values may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) struct Categories {
    pub(in crate::data) names: Vec<String>,
    pub(in crate::data) missing: bool,
}

impl Categories {
    pub(in crate::data) fn code(&self, name: &str) -> Option<usize> {
        self.names.binary_search_by(|other| other.as_str().cmp(name)).ok()
    }

    /// Returns the number of categories at the front that have no column.
    fn dropped(&self, drop: DropCategory) -> usize {
        let all = self.names.len() + usize::from(self.missing);
        match drop {
            DropCategory::None => 0,
            DropCategory::First => usize::from(all > 0),
            DropCategory::FirstOfTwo => usize::from(all == 2),
        }
    }

    /// Returns the number of columns of the matrix that the column becomes.
    pub(super) fn columns(&self, drop: DropCategory) -> usize {
        self.names.len() + usize::from(self.missing) - self.dropped(drop)
    }

    /// Returns the names of the columns that the column becomes: one for each category, and one for missing
    /// values.
    pub(super) fn column_names(&self, column: &str, drop: DropCategory) -> Vec<String> {
        let known = self.names.iter().map(|category| format!("{column}={category}"));
        let missing = self.missing.then(|| format!("{column} is missing"));
        known.chain(missing).skip(self.dropped(drop)).collect()
    }

    /// Returns the index of the column that is 1 for a code, if there is one. Missing values (NaN) have the
    /// last column.
    pub(in crate::data) fn index(&self, code: f64, drop: DropCategory) -> Option<usize> {
        let index = match code {
            code if code.is_nan() => self.missing.then_some(self.names.len())?,
            // The code of an unknown category is below 0.
            code if code < 0.0 => return None,
            code => code as usize,
        };
        index.checked_sub(self.dropped(drop))
    }
}
