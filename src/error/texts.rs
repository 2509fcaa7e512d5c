//! Parts of messages.

use std::ops::Range;

/// Returns how much memory a number of entries takes, as a part of a message.
pub(super) fn of_memory(rows: usize, columns: usize, bytes: u64) -> String {
    let size = bytes as f64 / f64::from(1 << 30);
    format!("{rows} x {columns} entries ({size:.1} GiB), which is more memory than there is")
}

/// Returns the valid indices of an axis, as the end of a message.
pub(super) fn indices_of(axis: &str, count: usize) -> String {
    let plural = if axis.ends_with('s') { format!("{axis}es") } else { format!("{axis}s") };
    match count {
        0 => format!("there are no {plural}"),
        1 => format!("the only {axis} is 0"),
        _ => format!("there are only {count} {plural} (0 to {})", count - 1),
    }
}

/// Returns a range of rows as a part of a message.
pub(super) fn rows_of(rows: &Range<usize>) -> String {
    match rows.len() {
        0 => "no rows".to_owned(),
        1 => format!("row {}", rows.start),
        _ => format!("rows {} to {}", rows.start, rows.end - 1),
    }
}

/// Returns a count with its noun, which is in the singular for a count of 1: "2 entries", "1 entry".
pub(crate) fn counted(count: usize, plural: &str) -> String {
    match (count, plural.strip_suffix("ies"), plural.strip_suffix('s')) {
        (1, Some(stem), _) => format!("1 {stem}y"),
        (1, None, Some(singular)) => format!("1 {singular}"),
        _ => format!("{count} {plural}"),
    }
}

/// Returns the beginning of a sentence about columns that are constant or dependent, or nothing.
pub(super) fn undetermined(columns: &[usize], names: &[String]) -> String {
    let [first, others @ ..] = columns else { return String::new() };
    let name = |at: usize, column: usize| format!("{column}{}", in_brackets(&names.get(at).cloned()));
    if others.is_empty() {
        let first = name(0, *first);
        return format!("column {first} of `x` is constant or depends on columns before it: ");
    }
    let list: Vec<String> = columns.iter().enumerate().map(|(at, &column)| name(at, column)).collect();
    format!("columns {} of `x` are constant or depend on columns before them: ", list.join(", "))
}

/// Returns the name of a column in brackets, to follow its number, or nothing.
pub(super) fn in_brackets(name: &Option<String>) -> String {
    name.as_ref().map_or_else(String::new, |name| format!(" (`{name}`)"))
}
