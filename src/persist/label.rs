//! Labels in files.

use super::record::Record;
use crate::error::Error;
use crate::label::Label;
use crate::persist::file::invalid;

/// A label that can be stored: as a text, with the name of its kind.
///
/// Implemented for `bool`, `char`, integers, `String`, and `&str`, which is stored as the same kind as `String` and loaded as
/// `String` only: what is loaded needs memory of its own.
///
/// # What an implementor owes
/// `from_text` gives back what `to_text` was made of. Types of the same kind have the same texts, so that a model saved with
/// one can be loaded with the other.
///
/// # Examples
/// ```
/// use logit::persist::StoredLabel;
///
/// #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
/// enum Species { Cat, Dog }
///
/// impl StoredLabel for Species {
///     const KIND: &'static str = "species";
///     fn to_text(&self) -> String {
///         format!("{self:?}")
///     }
///     fn from_text(text: &str) -> Option<Self> {
///         [Species::Cat, Species::Dog].into_iter().find(|label| label.to_text() == text)
///     }
/// }
/// assert_eq!(Species::from_text(&Species::Dog.to_text()), Some(Species::Dog));
/// ```
pub trait StoredLabel: Label {
    /// What files call labels of this type.
    const KIND: &'static str;

    /// The label as a text.
    fn to_text(&self) -> String;

    /// The label that the text is of; `None` if it is of none.
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
                // Of several texts for a number only one is written.
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

impl Record {
    /// Adds labels, such as the classes of a model.
    pub fn with_labels<L: StoredLabel>(self, name: &str, labels: &[L]) -> Self {
        let texts: Vec<String> = labels.iter().map(StoredLabel::to_text).collect();
        let part = Record::new(L::KIND).with_count("count", labels.len()).with_texts("texts", &texts);
        self.with_part(name, part)
    }

    /// Takes out labels, distinct and in ascending order.
    ///
    /// # Errors
    /// [`Error::InvalidFile`] for labels of another kind, and if they are not strictly ascending.
    pub fn take_labels<L: StoredLabel>(&mut self, name: &str) -> Result<Vec<L>, Error> {
        let texts = self.take_part(name)?.open(L::KIND)?.read(|part| {
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

    /// Takes out the classes of a classifier: [`take_labels`](Record::take_labels), at least two.
    ///
    /// # Errors
    /// As there.
    pub fn take_classes<L: StoredLabel>(&mut self, name: &str) -> Result<Vec<L>, Error> {
        let classes = self.take_labels(name)?;
        if classes.len() < 2 {
            return Err(invalid(format!("it has {} classes, wanted at least two", classes.len())));
        }
        Ok(classes)
    }
}
