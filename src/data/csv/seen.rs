//! Categories learned while a table is read.

use std::collections::BTreeMap;

use crate::data::schema::Categories;

/// The categories seen so far, with codes in the order of first occurrence.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<String, usize>);

impl Seen {
    /// Returns the code of a category, or `None` if it is new and there are `most` categories already.
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

    /// Returns the categories in ascending order, and replaces each of `codes` by the index in this order.
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
