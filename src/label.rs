//! Labels of any ordered type, and their encoding as class indices.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Debug;

use crate::error::Error;

/// A class label: any type with a total order, such as `bool`, an integer, `&str`, `String` or an enum.
///
/// The trait is implemented for all types that satisfy its bounds. Classes are the sorted distinct labels, so
/// -1/+1, 0/1, `false`/`true` and `"no"`/`"yes"` pose the same problem and give the same model. Floats are
/// not labels, because NaN has no place in a total order. Convert them to integers first. Labels are
/// `'static`, because models outlive the data. Convert a `&str` that borrows from a file or a table to a
/// `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a class label",
    note = "labels need `Ord + Clone + Debug + Send + Sync + 'static`: use bool, integers, strings or an enum that derives them",
    note = "floats have no total order: convert 0.0/1.0 labels with `v > 0.5` or `v as i64`"
)]
pub trait Label: Ord + Clone + Debug + Send + Sync + 'static {}

impl<L: Ord + Clone + Debug + Send + Sync + 'static> Label for L {}

/// The sorted distinct labels, and the class index of each row. Rows of weight zero do not define classes.
pub(crate) struct Encoded<L> {
    pub(crate) classes: Vec<L>,
    pub(crate) indices: Vec<usize>,
}

/// Returns the sorted distinct labels.
pub(crate) fn distinct<'a, L: Label + 'a>(labels: impl Iterator<Item = &'a L>) -> Vec<L> {
    labels.collect::<BTreeSet<&L>>().into_iter().cloned().collect()
}

/// Encodes `y` as indices into its sorted distinct labels, of which there must be at least two.
///
/// Only rows for which `counts(row)` is true define classes. Other rows whose label is not a class get class
/// 0, which has no effect because their weight is zero.
pub(crate) fn encode<L: Label>(y: &[L], counts: impl Fn(usize) -> bool) -> Result<Encoded<L>, Error> {
    let distinct: BTreeSet<&L> =
        y.iter().enumerate().filter(|(row, _)| counts(*row)).map(|(_, l)| l).collect();
    let classes = several(distinct.into_iter().cloned().collect())?;
    let indices = y.iter().map(|label| classes.binary_search(label).unwrap_or(0)).collect();
    Ok(Encoded { classes, indices })
}

/// Returns the classes if there are at least two.
pub(crate) fn several<L: Label>(classes: Vec<L>) -> Result<Vec<L>, Error> {
    match classes.as_slice() {
        [] => Err(Error::Empty { argument: "y", axis: "labels" }),
        [only] => Err(Error::OneClass { label: format!("{only:?}") }),
        _ => Ok(classes),
    }
}

/// Returns the class index of every label of `y`, or an error for a label that is not in `classes`.
pub(crate) fn indices<L: Label>(classes: &[L], y: &[L]) -> Result<Vec<usize>, Error> {
    y.iter()
        .enumerate()
        .map(|(row, label)| {
            classes.binary_search(label).map_err(|_| Error::UnknownLabel {
                row,
                label: format!("{label:?}"),
                classes: classes.len(),
            })
        })
        .collect()
}

/// Returns the text of a label, if it is of a string type.
pub(crate) fn text<L: Label>(label: &L) -> Option<&str> {
    let label: &dyn Any = label;
    let borrowed = label.downcast_ref::<&'static str>().copied();
    borrowed
        .or_else(|| label.downcast_ref::<String>().map(String::as_str))
        .or_else(|| label.downcast_ref::<Cow<'static, str>>().map(|text| &**text))
        .or_else(|| label.downcast_ref::<Box<str>>().map(|text| &**text))
        .or_else(|| label.downcast_ref::<std::sync::Arc<str>>().map(|text| &**text))
}

/// Returns the value of a label, if it is an integer that fits into `i128`.
pub(crate) fn integer<L: Label>(label: &L) -> Option<i128> {
    let label: &dyn Any = label;
    macro_rules! value_of {
        ($($type:ty),*) => {
            None$(.or_else(|| label.downcast_ref::<$type>().and_then(|&value| i128::try_from(value).ok())))*
        };
    }
    value_of!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize)
}

/// Returns a label as text: strings without quotes, everything else as `Debug` shows it.
pub(crate) fn plain<L: Label>(label: &L) -> String {
    let text = format!("{label:?}");
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_sorted_and_zero_weight_rows_define_none() {
        let y = ["b", "z", "a", "b"];
        let encoded = encode(&y, |row| row != 1).unwrap();
        assert_eq!(encoded.classes, ["a", "b"]);
        assert_eq!([encoded.indices[0], encoded.indices[2], encoded.indices[3]], [1, 0, 1]);
    }

    #[test]
    fn one_class_is_an_error_that_names_it() {
        let error = encode(&[7, 7], |_| true).err().unwrap();
        assert!(error.to_string().contains('7'), "{error}");
        assert!(matches!(encode(&[1, 2], |row| row == 0), Err(Error::OneClass { .. })));
    }

    #[test]
    fn an_unknown_label_is_named_with_its_row() {
        let error = indices(&[1, 3], &[3, 2]).unwrap_err();
        assert_eq!(error, Error::UnknownLabel { row: 1, label: "2".into(), classes: 2 });
    }
}
