//! The number types of arrays in files.

use std::fmt;

/// A number type of arrays in files.
///
/// It is public in a private module, so that it seals [`Real`](crate::Real) without appearing in it.
pub trait Element: Copy + Sized + 'static {
    /// The name of the type in files.
    const KIND: Kind;
    /// Returns an array of this type as a value that does not depend on the type.
    fn values(array: &[Self]) -> Values<'_>;
    /// Decodes little-endian bytes into numbers.
    fn decode(bytes: &[u8]) -> impl ExactSizeIterator<Item = Self> + Clone;
    /// Returns an owned array of this type as a value that does not depend on the type.
    fn store(array: Vec<Self>) -> Stored;
    /// Returns the stored array.
    ///
    /// # Errors
    /// Returns `stored` unchanged if it holds another type.
    fn unstore(stored: Stored) -> Result<Vec<Self>, Stored>;
}

/// The number type of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
pub enum Kind {
    /// Bytes.
    U8,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `u64`.
    U64,
}

impl Kind {
    /// Returns the size of a number in bytes.
    pub(crate) fn size(self) -> usize {
        match self {
            Kind::U8 => 1,
            Kind::F32 => 4,
            Kind::F64 | Kind::U64 => 8,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

macro_rules! elements {
    ($($type:ty, $kind:ident;)*) => {
        /// A borrowed array of any of the types.
        #[derive(Debug, Clone, Copy)]
        pub enum Values<'a> {
            $(
                #[doc = concat!("An array of `", stringify!($type), "`.")]
                $kind(&'a [$type]),
            )*
        }

        /// An owned array of any of the types.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Stored {
            $(
                #[doc = concat!("An array of `", stringify!($type), "`.")]
                $kind(Vec<$type>),
            )*
        }

        impl Stored {
            /// Borrows the array.
            pub(crate) fn values(&self) -> Values<'_> {
                match self {
                    $(Stored::$kind(array) => Values::$kind(array),)*
                }
            }

            /// Decodes little-endian bytes into numbers of this type.
            pub(crate) fn decode(kind: Kind, bytes: &[u8]) -> Stored {
                match kind {
                    $(Kind::$kind => Stored::$kind(<$type as Element>::decode(bytes).collect()),)*
                }
            }
        }

        impl Values<'_> {
            /// Returns the type of the numbers.
            pub(crate) fn kind(self) -> Kind {
                match self {
                    $(Values::$kind(_) => Kind::$kind,)*
                }
            }

            /// Returns the number of entries.
            pub(crate) fn count(self) -> usize {
                match self {
                    $(Values::$kind(array) => array.len(),)*
                }
            }

            /// Appends the numbers to `bytes`, little-endian.
            pub(crate) fn encode(self, bytes: &mut Vec<u8>) {
                match self {
                    $(Values::$kind(array) => bytes.extend(array.iter().flat_map(|v| v.to_le_bytes())),)*
                }
            }
        }

        $(impl Element for $type {
            const KIND: Kind = Kind::$kind;

            fn values(array: &[Self]) -> Values<'_> {
                Values::$kind(array)
            }

            fn decode(bytes: &[u8]) -> impl ExactSizeIterator<Item = Self> + Clone {
                bytes.as_chunks().0.iter().map(|bytes| <$type>::from_le_bytes(*bytes))
            }

            fn store(array: Vec<Self>) -> Stored {
                Stored::$kind(array)
            }

            fn unstore(stored: Stored) -> Result<Vec<Self>, Stored> {
                match stored {
                    Stored::$kind(array) => Ok(array),
                    other => Err(other),
                }
            }
        })*
    };
}

elements! {
    u8, U8;
    f32, F32;
    f64, F64;
    u64, U64;
}
