//! References to columns of a table.

use crate::error::Error;

/// A reference to a column of a table, by its name or by its position, from 0.
///
/// ```
/// use logit::data::Column;
///
/// assert_eq!(Column::from("island"), Column::Name("island".to_owned()));
/// assert_eq!(Column::from(2), Column::Position(2));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// The column with this name.
    Name(String),
    /// The column at this position, from 0.
    Position(usize),
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Column::Name(name.to_owned())
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Column::Name(name)
    }
}

impl From<&String> for Column {
    fn from(name: &String) -> Self {
        Column::Name(name.clone())
    }
}

impl From<usize> for Column {
    fn from(position: usize) -> Self {
        Column::Position(position)
    }
}

impl Column {
    /// Returns the position of the column among `count` columns with these names, if they are known.
    ///
    /// # Errors
    /// Returns [`Error::UnknownColumn`] for a column that does not exist, and [`Error::ColumnNames`] for a
    /// name if the columns have no names or if two columns have this name.
    pub(crate) fn position(&self, names: Option<&[String]>, count: usize) -> Result<usize, Error> {
        match self {
            Column::Position(position) if *position < count => Ok(*position),
            Column::Position(position) => {
                let columns = listed(names.unwrap_or_default(), count);
                Err(Error::UnknownColumn { column: format!("{position} (from 0)"), columns })
            }
            Column::Name(name) => match names {
                Some(names) => position_of(name, names, count),
                None => {
                    let reason = format!(
                        "the column `{}` is selected by its name, but the rows have no names: fit to a \
                         Dataset with names or to Rows::with_names, or select it by its position",
                        shown(name)
                    );
                    Err(Error::ColumnNames { reason })
                }
            },
        }
    }
}

/// Returns the position of the only column with this name.
///
/// # Errors
/// Returns [`Error::UnknownColumn`] if no column has this name, and [`Error::ColumnNames`] if several have
/// it.
pub(crate) fn position_of(name: &str, names: &[String], columns: usize) -> Result<usize, Error> {
    let mut found = names.iter().enumerate().filter(|(_, other)| *other == name);
    match (found.next(), found.next()) {
        (Some((position, _)), None) => Ok(position),
        (Some(_), Some(_)) => {
            let reason = format!("two columns have the name `{}`: select one by its position", shown(name));
            Err(Error::ColumnNames { reason })
        }
        (None, _) => Err(unknown(name, names, columns)),
    }
}

/// Returns the error for a name that no column has.
pub(crate) fn unknown<S: AsRef<str>>(name: &str, names: &[S], columns: usize) -> Error {
    Error::UnknownColumn { column: format!("`{}`", shown(name)), columns: listed(names, columns) }
}

/// Lists the names of the columns, or the first of many names, or the number of unnamed columns.
pub(crate) fn listed<S: AsRef<str>>(names: &[S], columns: usize) -> String {
    const LISTED: usize = 10;
    if names.is_empty() {
        return format!("{columns} unnamed columns");
    }
    let first: Vec<String> =
        names.iter().take(LISTED).map(|name| format!("`{}`", shown(name.as_ref()))).collect();
    let more = match names.len().checked_sub(LISTED) {
        Some(more @ 1..) => format!(" and {more} more"),
        _ => String::new(),
    };
    first.join(", ") + &more
}

/// Returns the text, cut off if it is long.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
        names.map(str::to_owned).to_vec()
    }

    #[test]
    fn columns_are_found_by_name_and_by_position() {
        let names = names(["a", "b", "b"]);
        let find = |column: Column| column.position(Some(&names), 3);
        assert_eq!((find("a".into()), find(2.into())), (Ok(0), Ok(2)));
        assert_eq!(
            find("c".into()).unwrap_err().to_string(),
            "no column `c` in the table, which has `a`, `b`, `b`"
        );
        assert!(matches!(find("b".into()), Err(Error::ColumnNames { .. })));
        assert!(matches!(find(3.into()), Err(Error::UnknownColumn { .. })));
        let error = Column::from(7).position(None, 2).unwrap_err();
        assert_eq!(error.to_string(), "no column 7 (from 0) in the table, which has 2 unnamed columns");
    }

    #[test]
    fn names_need_names() {
        let error = Column::from("a").position(None, 2).unwrap_err();
        assert!(error.to_string().contains("the rows have no names"), "{error}");
    }

    #[test]
    fn long_lists_are_cut() {
        let many: Vec<String> = (0..12).map(|index| index.to_string()).collect();
        let error = Column::from("a").position(Some(&many), 12).unwrap_err();
        assert!(error.to_string().ends_with("`9` and 2 more"), "{error}");
    }
}
