//! The numbers that arrays in files are made of.

use std::fmt;

/// A number that arrays in files are made of.
///
/// Public in a private module: it seals [`Real`](crate::Real) without showing in it.
pub trait Element: Copy + Sized + 'static {
    /// What it is called in files.
    const KIND: Kind;
    /// An array of it, as a value that does not depend on the type.
    fn values(array: &[Self]) -> Values<'_>;
    /// The numbers in these bytes.
    fn decode(bytes: &[u8]) -> impl ExactSizeIterator<Item = Self> + Clone;
    /// An array of it that owns its memory, as a value that does not depend on the type.
    fn store(array: Vec<Self>) -> Stored;
    /// The array that is stored.
    ///
    /// # Errors
    /// For an array of another type, which is returned.
    fn unstore(stored: Stored) -> Result<Vec<Self>, Stored>;
}

/// The type of the numbers of an array.
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
    /// The size of a number in bytes.
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
        /// An array of any of the types.
        #[derive(Debug, Clone, Copy)]
        pub enum Values<'a> {
            $(
                #[doc = concat!("Of `", stringify!($type), "`.")]
                $kind(&'a [$type]),
            )*
        }

        /// An array of any of the types, with memory of its own.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Stored {
            $(
                #[doc = concat!("Of `", stringify!($type), "`.")]
                $kind(Vec<$type>),
            )*
        }

        impl Stored {
            /// The array, borrowed.
            pub(crate) fn values(&self) -> Values<'_> {
                match self {
                    $(Stored::$kind(array) => Values::$kind(array),)*
                }
            }

            /// The numbers of this type in these bytes.
            pub(crate) fn decode(kind: Kind, bytes: &[u8]) -> Stored {
                match kind {
                    $(Kind::$kind => Stored::$kind(<$type as Element>::decode(bytes).collect()),)*
                }
            }
        }

        impl Values<'_> {
            /// The type of the numbers.
            pub(crate) fn kind(self) -> Kind {
                match self {
                    $(Values::$kind(_) => Kind::$kind,)*
                }
            }

            /// How many there are.
            pub(crate) fn count(self) -> usize {
                match self {
                    $(Values::$kind(array) => array.len(),)*
                }
            }

            /// Appends them.
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
