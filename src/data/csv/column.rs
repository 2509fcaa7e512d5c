//! Look-up of columns by name or position.

use crate::column::{Column, listed, shown};
use crate::error::Error;

/// The columns of a table: their names, if it has a header, and their number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// The line of the header.
    pub(super) line: u64,
    pub(super) names: Option<Vec<String>>,
    pub(super) width: usize,
}

impl Head {
    /// Returns the name of a column, for features and errors; without a header, its position.
    pub(super) fn name(&self, position: usize) -> String {
        self.names.as_ref().map_or_else(|| position.to_string(), |names| names[position].clone())
    }

    /// Returns the position of a column.
    pub(super) fn find(&self, column: &Column) -> Result<usize, Error> {
        match column {
            Column::Name(name) => self.named(name)?.ok_or_else(|| self.unknown(format!("`{}`", shown(name)))),
            Column::Position(position) if *position < self.width => Ok(*position),
            Column::Position(position) => Err(self.unknown(format!("{position} (from 0)"))),
        }
    }

    /// Returns the position of the column with this name, if there is one.
    ///
    /// # Errors
    /// Returns [`Error::InvalidLine`] if two columns have the name.
    pub(super) fn named(&self, name: &str) -> Result<Option<usize>, Error> {
        let names = self.names.as_deref().unwrap_or_default();
        let mut found = names.iter().enumerate().filter(|(_, other)| *other == name).map(|(index, _)| index);
        let first = found.next();
        if found.next().is_some() {
            let reason = format!("two columns have the name `{}`: rename one of them", shown(name));
            return Err(Error::InvalidLine { line: self.line, reason });
        }
        Ok(first)
    }

    fn unknown(&self, column: String) -> Error {
        let columns = listed(self.names.as_deref().unwrap_or_default(), self.width);
        Error::UnknownColumn { column, columns }
    }
}
