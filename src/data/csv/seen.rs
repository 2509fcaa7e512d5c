//! Categories that are learned while a table is read.

use std::collections::BTreeMap;

use crate::data::schema::Categories;

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
