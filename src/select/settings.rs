//! Settings that were searched, in files.

use crate::error::Error;
use crate::persist::Record;
use crate::persist::file::invalid;

/// Settings of a [`Search`](crate::Search) that can be stored, so that what it found can be.
///
/// Implemented for numbers, `bool`, `char`, `String`, `&str` (which is loaded as `String` only), `Option`, `Vec` and tuples of
/// up to four. Where settings are of a type of your own, implement it, or store the model alone
/// ([`into_model`](crate::select::FittedSearch::into_model)). A [`Record`] stands for settings of any type, where nobody asks which.
///
/// # Implementing this trait
/// `from_settings` gives back what `to_settings` was made of, and refuses every other record.
///
/// # Examples
/// ```
/// use logit::persist::Record;
/// use logit::select::StoredSettings;
/// use logit::Error;
///
/// struct Width(usize);
///
/// impl StoredSettings for Width {
///     fn to_settings(&self) -> Record {
///         Record::new("width").with_count("units", self.0)
///     }
///     fn from_settings(record: Record) -> Result<Self, Error> {
///         let mut record = record.open("width")?;
///         let width = Width(record.take_count("units")?);
///         record.finish().map(|()| width)
///     }
/// }
/// let stored = (Width(3), 0.1, "relu".to_owned()).to_settings();
/// let (width, rate, name) = <(Width, f64, String)>::from_settings(stored)?;
/// assert_eq!((width.0, rate, name.as_str()), (3, 0.1, "relu"));
/// # Ok::<(), Error>(())
/// ```
pub trait StoredSettings: Sized {
    /// What they consist of.
    fn to_settings(&self) -> Record;

    /// The settings that consist of this.
    ///
    /// # Errors
    /// [`Error::InvalidFile`].
    fn from_settings(record: Record) -> Result<Self, Error>;
}

impl StoredSettings for Record {
    fn to_settings(&self) -> Record {
        self.clone()
    }
    fn from_settings(record: Record) -> Result<Self, Error> {
        Ok(record)
    }
}

/// Types whose values are written as people write them in Rust.
macro_rules! written {
    ($($kind:literal: $($type:ty),*;)*) => {
        $($(impl StoredSettings for $type {
            fn to_settings(&self) -> Record {
                Record::new($kind).with_text("value", &format!("{self}"))
            }

            fn from_settings(record: Record) -> Result<Self, Error> {
                let text = value(record, $kind)?;
                // Of several texts for a value only one is written.
                let read = text.parse().ok().filter(|value: &Self| format!("{value}") == text);
                read.ok_or_else(|| invalid(format!("`{text}` cannot be read as `{}`", stringify!($type))))
            }
        })*)*
    };
}

written! {
    "integer": u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize;
    "number": f32, f64;
    "flag": bool;
    "character": char;
    "text": String;
}

impl StoredSettings for &str {
    fn to_settings(&self) -> Record {
        Record::new("text").with_text("value", self)
    }

    /// # Errors
    /// Always: what is loaded needs memory of its own.
    fn from_settings(_record: Record) -> Result<Self, Error> {
        Err(invalid("its settings cannot be read as `&str`: load them as `String`"))
    }
}

fn value(record: Record, kind: &str) -> Result<String, Error> {
    let mut record = record.open(kind)?;
    let text = record.take_text("value")?;
    record.finish().map(|()| text)
}

impl<P: StoredSettings> StoredSettings for Option<P> {
    fn to_settings(&self) -> Record {
        match self {
            Some(settings) => Record::new("some").with_part("value", settings.to_settings()),
            None => Record::new("none"),
        }
    }

    fn from_settings(mut record: Record) -> Result<Self, Error> {
        if record.kind() == "none" {
            return record.finish().map(|()| None);
        }
        record = record.open("some")?;
        let settings = P::from_settings(record.take_part("value")?)?;
        record.finish().map(|()| Some(settings))
    }
}

impl<P: StoredSettings> StoredSettings for Vec<P> {
    fn to_settings(&self) -> Record {
        let record = Record::new("list").with_count("entries", self.len());
        self.iter().enumerate().fold(record, |record, (index, entry)| {
            record.with_part(&format!("entry_{index}"), entry.to_settings())
        })
    }

    fn from_settings(record: Record) -> Result<Self, Error> {
        let mut record = record.open("list")?;
        let mut entries = Vec::new();
        for index in 0..record.take_count("entries")? {
            entries.push(P::from_settings(record.take_part(&format!("entry_{index}"))?)?);
        }
        record.finish().map(|()| entries)
    }
}

macro_rules! tuples {
    ($($kind:literal: $($type:ident $part:literal $value:ident),*;)*) => {
        $(impl<$($type: StoredSettings),*> StoredSettings for ($($type,)*) {
            fn to_settings(&self) -> Record {
                let ($($value,)*) = self;
                Record::new($kind)$(.with_part($part, $value.to_settings()))*
            }

            fn from_settings(record: Record) -> Result<Self, Error> {
                let mut record = record.open($kind)?;
                $(let $value = $type::from_settings(record.take_part($part)?)?;)*
                record.finish().map(|()| ($($value,)*))
            }
        })*
    };
}

tuples! {
    "single": A "first" a;
    "pair": A "first" a, B "second" b;
    "triple": A "first" a, B "second" b, C "third" c;
    "quadruple": A "first" a, B "second" b, C "third" c, D "fourth" d;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returns<P: StoredSettings + PartialEq + std::fmt::Debug>(settings: P) {
        assert_eq!(P::from_settings(settings.to_settings()).unwrap(), settings);
    }

    #[test]
    fn settings_come_back() {
        returns((i64::MIN, u128::MAX, true, 'é'));
        returns((0.1f32, -0.0f64, f64::INFINITY));
        returns((vec![Some(3usize), None], (String::from("a\n\"b\""),)));
        returns((vec![f64::MIN_POSITIVE, 5e-324, 1e300, 0.1 + 0.2], Vec::<bool>::new()));
        assert!(f64::from_settings(f64::NAN.to_settings()).unwrap().is_nan());
    }

    #[test]
    fn other_settings_are_refused() {
        let refused = |result: Result<(), Error>| {
            assert!(matches!(result, Err(Error::InvalidFile { .. })), "{result:?}");
        };
        refused(u8::from_settings(300u16.to_settings()).map(|_| ()));
        refused(u8::from_settings(Record::new("integer").with_text("value", "+1")).map(|_| ()));
        refused(f64::from_settings(Record::new("number").with_text("value", "1e0")).map(|_| ()));
        refused(f64::from_settings(1u8.to_settings()).map(|_| ()));
        refused(<(u8, u8)>::from_settings((1u8, 2u8, 3u8).to_settings()).map(|_| ()));
        refused(<(u8, u8)>::from_settings((1u8, 2u8).to_settings().with_flag("more", true)).map(|_| ()));
        refused(Option::<u8>::from_settings(Record::new("none").with_flag("more", true)).map(|_| ()));
        refused(Vec::<u8>::from_settings(Record::new("list").with_count("entries", 1 << 60)).map(|_| ()));
        refused(<&str>::from_settings("text".to_settings()).map(|_| ()));
        assert_eq!(String::from_settings("text".to_settings()).unwrap(), "text");
    }
}
