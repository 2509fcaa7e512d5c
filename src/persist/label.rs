//! Labels in files.

use super::record::Record;
use crate::error::Error;
use crate::label::Label;
use crate::persist::file::invalid;

/// A label that can be stored in files, as a text with the name of its kind.
///
/// The trait is implemented for `bool`, `char`, integers, `String` and `&str`. A `&str` is stored as the same
/// kind as a `String`, and can be loaded only as a `String`, because a loaded label needs memory of its own.
///
/// # Implementing this trait
/// `from_text` returns the label from which `to_text` made the text. Types of the same kind use the same
/// texts, so that a model saved with one type can be loaded with the other.
///
/// # Examples
/// ```
/// use logit::persist::StoredLabel;
///
/// #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
/// enum Species {
///     Cat,
///     Dog,
/// }
///
/// impl StoredLabel for Species {
///     const KIND: &'static str = "species";
///     fn to_text(&self) -> String {
///         format!("{self:?}")
///     }
///     fn from_text(text: &str) -> Option<Self> {
///         [Species::Cat, Species::Dog]
///             .into_iter()
///             .find(|label| label.to_text() == text)
///     }
/// }
/// assert_eq!(Species::from_text(&Species::Dog.to_text()), Some(Species::Dog));
/// ```
pub trait StoredLabel: Label {
    /// The name of this kind of labels in files.
    const KIND: &'static str;

    /// Returns the text of the label.
    fn to_text(&self) -> String;

    /// Returns the label with this text, or `None` if there is no such label.
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! parsed {
    ($kind:literal: $($label:ty),*) => {
        $(impl StoredLabel for $label {
            const KIND: &'static str = $kind;

            fn to_text(&self) -> String {
                self.to_string()
            }
            fn from_text(text: &str) -> Option<Self> {
                // A number can be spelled in several ways, of which `to_text` writes only one.
                text.parse().ok().filter(|label: &Self| label.to_string() == text)
            }
        })*
    };
}

parsed!("integer": u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);
parsed!("bool": bool);
parsed!("char": char);

impl StoredLabel for String {
    const KIND: &'static str = "string";

    fn to_text(&self) -> String {
        self.clone()
    }
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl StoredLabel for &'static str {
    const KIND: &'static str = "string";

    fn to_text(&self) -> String {
        (*self).to_owned()
    }
    fn from_text(_text: &str) -> Option<Self> {
        None
    }
}

/// Returns how to load a file with labels of this kind.
fn advice(kind: &str) -> String {
    let label_type = match kind {
        "string" => "labels of type `String`",
        "integer" => "labels of an integer type, such as `i64`",
        "bool" => "labels of type `bool`",
        "char" => "labels of type `char`",
        _ => "labels of the type that it was saved with",
    };
    format!("load the model with {label_type}")
}

impl Record {
    /// Adds labels, such as the classes of a model.
    pub fn with_labels<L: StoredLabel>(self, name: &str, labels: &[L]) -> Self {
        let texts: Vec<String> = labels.iter().map(StoredLabel::to_text).collect();
        let part = Record::new(L::KIND).with_count("count", labels.len()).with_texts("texts", &texts);
        self.with_part(name, part)
    }

    /// Takes out labels, which must be distinct and in ascending order.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the labels are of another kind or not strictly ascending.
    pub fn take_labels<L: StoredLabel>(&mut self, name: &str) -> Result<Vec<L>, Error> {
        let part = self.take_part(name)?;
        if part.kind() != L::KIND {
            let (found, instead) = (part.kind(), advice(part.kind()));
            let expected = L::KIND;
            return Err(invalid(format!("it contains `{found}` where `{expected}` is expected: {instead}")));
        }
        let texts = part.read(|part| {
            let count = part.take_count("count")?;
            part.take_texts("texts", count)
        })?;
        let label = |text: &String| {
            let type_name = std::any::type_name::<L>();
            L::from_text(text).ok_or_else(|| {
                let hint = if type_name.starts_with('&') {
                    ": load the model with labels of type `String`"
                } else {
                    ""
                };
                invalid(format!("the label `{text}` cannot be read as `{type_name}`{hint}"))
            })
        };
        let labels = texts.iter().map(label).collect::<Result<Vec<L>, Error>>()?;
        match labels.windows(2).find(|pair| pair[0] >= pair[1]) {
            Some(pair) => Err(invalid(format!(
                "it has the label {:?} before {:?}: labels must be distinct and in ascending order",
                pair[0], pair[1]
            ))),
            None => Ok(labels),
        }
    }

    /// Takes out the classes of a classifier, which are at least two labels in ascending order.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] as [`take_labels`](Record::take_labels) does, and if there are fewer
    /// than two classes.
    pub fn take_classes<L: StoredLabel>(&mut self, name: &str) -> Result<Vec<L>, Error> {
        let classes = self.take_labels(name)?;
        if classes.len() < 2 {
            return Err(invalid(format!("it has {} classes, expected at least two", classes.len())));
        }
        Ok(classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_are_borrowed_cannot_be_read() {
        assert_eq!(<&'static str as StoredLabel>::from_text("a"), None);
        assert_eq!(String::from_text("a").as_deref(), Some("a"));
    }
}
