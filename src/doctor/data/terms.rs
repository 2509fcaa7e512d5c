//! Columns, classes and counts as texts, in the words of the caller.

use crate::column::shown;
use crate::error::counted;
use crate::label::{Label, plain};

/// The names that findings use.
pub(crate) struct Terms<'a> {
    columns: Option<&'a [String]>,
    class: &'a dyn Fn(usize) -> String,
}

impl<'a> Terms<'a> {
    /// Uses the names of columns, if there are any, and of classes.
    pub(crate) fn new(columns: Option<&'a [String]>, class: &'a dyn Fn(usize) -> String) -> Self {
        Terms { columns, class }
    }

    /// Returns a class with its label, such as "class `setosa`".
    pub(super) fn class(&self, class: usize) -> String {
        format!("class {}", (self.class)(class))
    }

    /// Returns the number of a column with its name, if it has one.
    fn number(&self, column: usize) -> String {
        let name = self.columns.and_then(|names| names.get(column));
        name.map_or_else(|| column.to_string(), |name| format!("{column} (`{}`)", shown(name)))
    }

    /// Returns a column with its name, such as "column 3 (`height`)".
    pub(crate) fn column(&self, column: usize) -> String {
        format!("column {}", self.number(column))
    }

    /// Returns the first of many columns with their names, such as "columns 1, 2, 3 and 5 more".
    pub(crate) fn columns(&self, columns: &[usize]) -> String {
        const LISTED: usize = 5;
        if let [only] = columns {
            return self.column(*only);
        }
        let listed: Vec<String> = columns.iter().take(LISTED).map(|&column| self.number(column)).collect();
        let more = match columns.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("columns {}{more}", listed.join(", "))
    }
}

/// Returns a label in quotes.
pub(super) fn label<L: Label>(label: &L) -> String {
    format!("`{}`", shown(&plain(label)))
}

/// Returns a number of rows, such as "1 row".
pub(super) fn rows(count: usize) -> String {
    counted(count, "rows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_classes_have_the_names_of_the_caller() {
        let names: Vec<String> = ["a", "b"].map(String::from).to_vec();
        let class = |class: usize| label(&["no", "yes"][class]);
        let terms = Terms::new(Some(&names), &class);
        assert_eq!(terms.columns(&[1]), "column 1 (`b`)");
        assert_eq!(terms.columns(&[0, 1]), "columns 0 (`a`), 1 (`b`)");
        assert_eq!(terms.class(1), "class `yes`");
        assert_eq!(Terms::new(None, &class).columns(&[1, 2, 3, 4, 5, 6]), "columns 1, 2, 3, 4, 5 and 1 more");
    }
}
