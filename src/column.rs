//! Which column of a table is meant.

use crate::error::Error;

/// A column of a table: by its name, or by its position, from 0.
///
/// ```
/// use logit::preprocess::Column;
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
    /// The position of the column among `count`, which have these names if they are known.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] for a column that does not exist; [`Error::ColumnNames`] for a name where the columns have
    /// none, and for one that two columns have.
    pub(crate) fn position(&self, names: Option<&[String]>, count: usize) -> Result<usize, Error> {
        let unknown = |column: String| Error::UnknownColumn { column, columns: listed(names, count) };
        let name = match self {
            Column::Position(position) if *position < count => return Ok(*position),
            Column::Position(position) => return Err(unknown(format!("{position} (from 0)"))),
            Column::Name(name) => name,
        };
        let Some(names) = names else {
            let reason = format!(
                "the column `{name}` is chosen by its name, but the rows have no names: fit to a Dataset or to \
                 Rows::with_names, or choose it by its position"
            );
            return Err(Error::ColumnNames { reason });
        };
        let mut found = names.iter().enumerate().filter(|(_, other)| *other == name).map(|(index, _)| index);
        match (found.next(), found.next()) {
            (Some(position), None) => Ok(position),
            (None, _) => Err(unknown(format!("`{name}`"))),
            (Some(_), Some(_)) => {
                let reason = format!("two columns have the name `{name}`: choose one by its position");
                Err(Error::ColumnNames { reason })
            }
        }
    }
}

/// The columns of a table as an error lists them.
fn listed(names: Option<&[String]>, count: usize) -> String {
    match names {
        None => format!("{count} columns and no names"),
        Some(names) => quoted(names.iter()),
    }
}

/// The first names in quotes, and how many more there are.
pub(crate) fn quoted<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    const MOST: usize = 10;
    let count = names.len();
    let told: Vec<String> = names.take(MOST).map(|name| format!("`{name}`")).collect();
    let more = if count > MOST { format!(" and {} more", count - MOST) } else { String::new() };
    told.join(", ") + &more
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
        assert_eq!(error.to_string(), "no column 7 (from 0) in the table, which has 2 columns and no names");
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
